/** How services answer: against tshark's fields on samples, and on conversations of our own making. */
import { describe, expect, test } from 'vitest';
import type { Service, ServicesPage, ServiceTimes } from '../../../src/analysis/engineApi.ts';
import { questionIn } from '../../../src/analysis/services/serviceQuestions.ts';
import { analyzeCapture, sample } from '../../support/analyzeCapture.ts';
import { bytesOf, dnsBytes } from '../../support/dialogue.ts';
import { ACK, FIN, PacketBuilder, PSH, RST, SYN } from '../../support/packetBuilder.ts';
import { CLIENT, connection, HANDSHAKE, SERVER, servicesOf, type Step } from '../../support/services.ts';
import { tsharkFields, tsharkVersion } from '../../support/tshark.ts';

const brief = (times: ServiceTimes | null): readonly number[] | null =>
  times === null ? null : [times.count, ...[times.median, times.p95, times.max].map((seconds) => Math.round(seconds * 1e6)), times.maxFrame];

describe('the story of npm start', () => {
  // tshark -T fields -e tcp.analysis.initial_rtt, -e dns.time, and of TCP the times from tcp.len > 0 of the client to the next of the server.
  test.each([
    ['tcp 10.20.0.10 80', 8, [8, 14721, 17928, 17928, 267], [13, 14942, 19510, 19510, 201]],
    ['tcp 10.20.0.10 443', 5, [5, 14691, 29065, 29065, 38], [21, 14787, 18004, 18793, 43]],
    ['tcp 10.20.0.20 22', 2, [1, 29164, 29164, 29164, 36], [13, 16622, 51903, 51903, 88]],
    ['udp 192.168.10.1 53', null, null, [62, 145, 554, 1588, 1041]],
  ] as const)('%s', async (id, connections, connect, answer) => {
    const { rows } = await servicesOf(sample('capture_20261123_022453.pcap')),
      row = rows.find((one) => one.id === id)!;
    expect([row.connections, brief(row.connect), brief(row.answer)]).toEqual([connections, connect, answer]);
  });

  test('says what came of requests, and lists no port that a scan found closed', async () => {
    const { rows, limits } = await servicesOf(sample('capture_20261123_022453.pcap')),
      web = rows.find(({ id }) => id === 'tcp 10.20.0.10 80')!,
      dns = rows.find(({ id }) => id === 'udp 192.168.10.1 53')!;
    // tshark: http.response.code, dns.flags.rcode.
    expect([web.requests, web.errors, web.outcomes.map(({ kind, what, times }) => [kind, what, times])]).toEqual([
      13,
      1,
      [
        ['answer', '200', 10],
        ['answer', '301', 1],
        ['error', '404', 1],
        ['answer', '206', 1],
      ],
    ]);
    expect([dns.requests, dns.unansweredRequests, dns.errors]).toEqual([62, 0, 4]);
    expect(rows.length).toBe(10);
    expect(limits).toEqual([expect.stringMatching(/^19\d ports of 10\.20\.0\.20 that let nobody in are not listed/)]);
  });

  test('under a filter only what is selected counts', async () => {
    const { rows } = await servicesOf(sample('capture_20261123_022453.pcap'), 'dns');
    expect(rows.map(({ id, answer }) => [id, answer?.count])).toEqual([['udp 192.168.10.1 53', 62]]);
  });
});

describe.runIf(tsharkVersion() !== null)('as tshark measures', () => {
  test.each(['lossy-download', 'busy-services', 'guessed-passwords', 'ipv6', 'ftp', 'web-browsing'])('%s', async (name) => {
    const file = sample(`${name}.pcap`),
      wanted = new Map<string, { connect: number[]; answer: number[] }>(),
      ends = new Map<string, readonly [string, string, string]>(),
      asked = new Map<string, number>(),
      connected = new Set<string>();
    const of = (id: string): { connect: number[]; answer: number[] } => {
      let one = wanted.get(id);
      if (one === undefined) wanted.set(id, (one = { connect: [], answer: [] }));
      return one;
    };
    const names = [
      'frame.time_relative',
      'ip.src',
      'ipv6.src',
      'ip.dst',
      'ipv6.dst',
      'tcp.stream',
      'tcp.srcport',
      'tcp.dstport',
      'tcp.len',
      'tls.record.content_type',
    ];
    const marks = ['retransmission', 'out_of_order', 'keep_alive', 'zero_window_probe'].map((mark) => `tcp.analysis.${mark}`);
    const fields = [...names, 'tcp.analysis.initial_rtt', 'dns.time', 'udp.srcport', ...marks];
    for (const [time, ip4, ip6, to4, to6, stream, port, toPort, length, record, roundTrip, dnsTime, udpPort, ...bad] of tsharkFields(file, fields)) {
      const from = ip4 === '' ? ip6! : ip4!;
      if (dnsTime !== '' && udpPort !== '') of(`udp ${from} ${udpPort!}`).answer.push(Number(dnsTime));
      if (stream === '') continue;
      if (!ends.has(stream!)) ends.set(stream!, [from, port!, `tcp ${to4 === '' ? to6! : to4!} ${toPort!}`]);
      const [client, clientPort, id] = ends.get(stream!)!;
      if (roundTrip !== '' && !connected.has(stream!)) {
        connected.add(stream!);
        of(id).connect.push(Number(roundTrip));
      }
      // A segment with an alert alone, 21, neither asks nor answers.
      if (Number(length) === 0 || record === '21' || bad.some((mark) => mark !== '')) continue;
      if (from === client && port === clientPort) asked.set(stream!, Number(time));
      else if (asked.has(stream!)) {
        of(id).answer.push(Number(time) - asked.get(stream!)!);
        asked.delete(stream!);
      }
    }
    const { rows } = await servicesOf(file),
      measured = rows.filter(({ layer, service }) => layer === 'tcp' || service === 'dns');
    expect(measured.length).toBeGreaterThan(0);
    for (const row of measured) {
      const { connect, answer } = wanted.get(row.id) ?? { connect: [], answer: [] };
      expectTimes(row.connect, connect, `${row.id} connect`);
      expectTimes(row.answer, answer, `${row.id} answer`);
    }
  });
});

/** tshark's time_relative has six decimals or nine, as the file. */
function expectTimes(ours: ServiceTimes | null, theirs: readonly number[], what: string): void {
  const sorted = [...theirs].sort((a, b) => a - b);
  expect(ours?.count ?? 0, what).toBe(sorted.length);
  if (ours === null) return;
  expect(ours.max, what).toBeCloseTo(sorted.at(-1)!, 5);
  expect(ours.median, what).toBeCloseTo(sorted[Math.ceil(0.5 * sorted.length) - 1]!, 5);
  expect(ours.p95, what).toBeCloseTo(sorted[Math.ceil(0.95 * sorted.length) - 1]!, 5);
}

const only = async (builder: PacketBuilder): Promise<Service> => {
  const { rows } = await servicesOf(builder.bytes());
  expect(rows.length).toBe(1);
  return rows[0]!;
};

describe('connections', () => {
  test('that are refused, not answered, and reset by the server', async () => {
    const builder = new PacketBuilder();
    connection(
      builder,
      80,
      [
        ['client', SYN, 0, 0.01],
        ['server', RST | ACK, 0, 0.1],
      ],
      40_001,
    );
    connection(builder, 80, [['client', SYN, 0, 1]], 40_002);
    connection(builder, 80, [...HANDSHAKE, ['client', PSH | ACK, 50, 0.3], ['server', RST | ACK, 0, 0.1]], 40_003);
    connection(builder, 80, HANDSHAKE, 40_004);
    expect(await only(builder)).toMatchObject({ connections: 4, refused: 1, unanswered: 1, reset: 1, clients: 1, answer: null });
  });

  test('the time of a handshake is that from the last SYN to the ACK, of an answer that to its first segment', async () => {
    const row = await only(
      connection(new PacketBuilder(), 3306, [
        ...HANDSHAKE,
        ['client', PSH | ACK, 100, 0.01],
        ['client', PSH | ACK, 20, 0.25],
        ['server', ACK, 0, 0.05],
        ['server', PSH | ACK, 1000, 0.2],
        ['server', PSH | ACK, 1000, 1],
        ['client', PSH | ACK, 10, 0.04],
        ['server', PSH | ACK, 10, 0],
      ]),
    );
    expect(brief(row.connect)).toEqual([1, 25_000, 25_000, 25_000, 3]);
    expect(brief(row.answer)).toEqual([2, 40_000, 300_000, 300_000, 7]);
    expect(row.slowest.map(({ frame, seconds }) => [frame, Math.round(seconds * 1000)])).toEqual([
      [7, 300],
      [10, 40],
    ]);
  });

  test('what a server says first is no answer, and data that are sent again ask nothing anew', async () => {
    const builder = connection(new PacketBuilder(), 25, [...HANDSHAKE, ['server', PSH | ACK, 30, 0.1], ['client', PSH | ACK, 10, 0.5]]);
    builder.again().wait(0.5);
    builder.tcp({
      from: SERVER,
      to: CLIENT,
      sourcePort: 25,
      destinationPort: 40_000,
      flags: PSH | ACK,
      sequence: 5031,
      acknowledgment: 1011,
      payload: new Uint8Array(5),
    });
    const row = await only(builder);
    expect(brief(row.answer)).toEqual([1, 1_000_000, 1_000_000, 1_000_000, 7]);
    expect(row.retransmissions).toBe(1);
  });

  test('a capture that begins with an answer knows the server by its port', async () => {
    const row = await only(
      connection(new PacketBuilder(), 443, [
        ['server', PSH | ACK, 500, 0.1],
        ['client', PSH | ACK, 100, 0.03],
        ['server', PSH | ACK, 500, 0.1],
      ]),
    );
    expect(row).toMatchObject({ id: `tcp ${SERVER} 443`, connections: 1, refused: 0, unanswered: 0 });
    expect(brief(row.answer)).toEqual([1, 30_000, 30_000, 30_000, 3]);
  });

  test('eight closed ports are services that may not run, more a scan', async () => {
    const scanned = (ports: number): Promise<ServicesPage> => {
      const builder = new PacketBuilder();
      for (let port = 1; port <= ports; port++)
        connection(builder, port, [
          ['client', SYN, 0, 0.01],
          ['server', RST | ACK, 0, 0.01],
        ]);
      return servicesOf(builder.bytes());
    };
    expect(await scanned(8)).toMatchObject({ total: 8, limits: [] });
    expect(await scanned(9)).toMatchObject({ total: 0, limits: [expect.stringContaining(`9 ports of ${SERVER}`) as string] });
  });
});

describe('DNS', () => {
  const ask = (builder: PacketBuilder, id: number, code: number | null, times = 1): void => {
    for (let i = 0; i < times; i++)
      builder.udp({ from: CLIENT, to: SERVER, sourcePort: 5353 + id, destinationPort: 53, payload: dnsBytes('a.example.com', { id }) }).wait(0.2);
    if (code !== null)
      builder.udp({
        from: SERVER,
        to: CLIENT,
        sourcePort: 53,
        destinationPort: 5353 + id,
        payload: dnsBytes('a.example.com', { id, code, response: true }),
      });
  };
  test('a question that is asked again is one, waited for since its first', async () => {
    const builder = new PacketBuilder();
    ask(builder, 1, 0);
    ask(builder, 2, 2, 3);
    ask(builder, 3, 3);
    ask(builder, 4, null);
    const row = await only(builder);
    expect(row).toMatchObject({ service: 'dns', connections: null, requests: 4, unansweredRequests: 1, errors: 1 });
    expect(row.outcomes).toEqual(
      expect.arrayContaining([
        { kind: 'answer', what: 'No error', times: 1, frame: 2 },
        { kind: 'error', what: 'Server failure', times: 1, frame: 6 },
        { kind: 'answer', what: 'No such name', times: 1, frame: 8 },
      ]),
    );
    expect(brief(row.answer)).toEqual([3, 200_000, 600_000, 600_000, 6]);
    expect(row.slowest[0]).toMatchObject({ frame: 6, what: 'A a.example.com' });
  });
});

/** Of one connection to a web server. */
const web = (...steps: readonly Step[]): Promise<Service> => only(connection(new PacketBuilder(), 80, [...HANDSHAKE, ...steps]));
const asks = (path: string, wait = 0.1): Step => ['client', PSH | ACK, bytesOf(`GET ${path} HTTP/1.1\r\nHost: shop.example\r\n\r\n`), wait],
  says = (text: string, wait = 0): Step => ['server', PSH | ACK, bytesOf(text), wait];
const OK = 'HTTP/1.1 200 OK\r\nContent-Length: 4\r\n\r\n';

describe('requests over HTTP', () => {
  const told = ({ requests, unansweredRequests, unfinishedAnswers, answer, slowest }: Service): unknown => ({
    requests,
    unansweredRequests,
    unfinishedAnswers,
    times: answer?.count ?? 0,
    slowest: slowest.map(({ frame, what }) => [frame, what]),
  });

  // A path that drops full-sized packets: the head of the answer comes, its body never does.
  test('an answer that begins and stalls is none, and has no time', async () => {
    const row = await web(asks('/ok'), says(`${OK}good`, 1), asks('/big'), says('HTTP/1.1 200 OK\r\nContent-Length: 50000\r\n\r\n', 7), [
      'client',
      FIN | ACK,
      0,
      0,
    ]);
    expect(told(row)).toEqual({ requests: 2, unansweredRequests: 1, unfinishedAnswers: 1, times: 1, slowest: [[5, 'GET shop.example/ok']] });
  });

  test('one that comes in pieces counts from its first, once it is whole', async () => {
    const row = await web(asks('/ok', 0.25), says(OK, 3), says('go', 3), says('od'));
    expect(told(row)).toEqual({ requests: 1, unansweredRequests: 0, unfinishedAnswers: 0, times: 1, slowest: [[5, 'GET shop.example/ok']] });
    expect(brief(row.answer)).toEqual([1, 250_000, 250_000, 250_000, 5]);
  });

  test('one that never comes', async () => {
    expect(told(await web(asks('/never', 5), ['client', FIN | ACK, 0, 0]))).toEqual({
      requests: 1,
      unansweredRequests: 1,
      unfinishedAnswers: 0,
      times: 0,
      slowest: [],
    });
  });

  test('an answer ends with the connection where it has no length, and where the protocol changes', async () => {
    const whole = { requests: 1, unansweredRequests: 0, unfinishedAnswers: 0, times: 1, slowest: [[5, 'GET shop.example/a']] };
    const byEnd = await web(
      asks('/a'),
      says('HTTP/1.0 200 OK\r\n\r\nso far', 1),
      says(' so good', 1),
      ['server', FIN | ACK, 0, 0],
      ['client', ACK, 0, 0],
    );
    expect(told(byEnd)).toEqual(whole);
    const changed = await web(asks('/a'), says('HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n\r\n'));
    expect(told(changed)).toEqual(whole);
  });

  test('a response to what was asked before the capture began answers nothing else', async () => {
    const row = await only(connection(new PacketBuilder(), 80, [says(`${OK}good`, 1), asks('/never', 1)]));
    expect(row).toMatchObject({ requests: 1, unansweredRequests: 1 });
  });
});

test('columns sort, and what was not measured comes last either way', async () => {
  const builder = new PacketBuilder();
  connection(builder, 80, [...HANDSHAKE, ['client', PSH | ACK, 10, 0.5], ['server', PSH | ACK, 10, 0]]);
  connection(builder, 81, [...HANDSHAKE, ['client', PSH | ACK, 10, 0.9], ['server', PSH | ACK, 10, 0]]);
  connection(builder, 82, HANDSHAKE);
  const { rows } = await servicesOf(builder.bytes(), '', 'answerMax');
  expect(rows.map(({ port }) => port)).toEqual([81, 80, 82]);
});

test('hostile and damaged captures are no reason to fail', async () => {
  for (const name of ['hostile-text.pcap', 'flood-syn-spoofed.pcap']) {
    const { rows } = await servicesOf(sample(name));
    const report = await analyzeCapture(sample(name), { limit: 1 });
    expect(rows.reduce((sum, { packets }) => sum + packets, 0)).toBeLessThanOrEqual(report.capture.packets);
  }
});

// tshark -r logins-in-clear.pcap -Y 'frame.number == 75' -V; -r kerberos-tickets.pcap -Y 'kerberos.msg_type in {10, 12}' -T fields -e kerberos.SNameString
test('slow answers of directories and of ticket servers stand beside what was asked, and a log-on beside nothing', async () => {
  const { rows: directory } = await servicesOf(sample('logins-in-clear.pcap')),
    { rows: tickets } = await servicesOf(sample('kerberos-tickets.pcap')),
    slowest = (rows: typeof directory, id: string): unknown => rows.find((row) => row.id === id)?.slowest.map(({ frame, what }) => [frame, what]);
  expect(slowest(directory, 'tcp 10.20.0.20 389')).toContainEqual([76, 'search "dc=example,dc=com" (&(objectClass=inetOrgPerson)(uid=al*))']);
  // Frame 73 answers a bind.
  expect(slowest(directory, 'tcp 10.20.0.20 389')).toContainEqual([73, '']);
  expect(slowest(tickets, 'tcp 10.20.0.20 88')).toContainEqual([29, 'ticket for host/files.example.com@OFFICE.EXAMPLE.TEST']);
});

test.each(['mysql-query', 'pgsql-query', 'tds-query'])('statements of %s are told without what stands between quotes', (kind) => {
  const asked = { kind, frame: 1, query: "SELECT *\n FROM users WHERE name = 'o''brien' AND pw = 'it\\'s' LIMIT 5" };
  expect(questionIn(asked)).toBe("SELECT * FROM users WHERE name = '…' AND pw = '…' LIMIT 5");
  const cut = { ...asked, query: "SET PASSWORD = 'never ends" };
  expect(questionIn(cut)).toBe("SET PASSWORD = '…'");
});
