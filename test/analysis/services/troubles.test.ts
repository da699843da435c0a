/** What did not work well, in the report: on samples against what tshark says of them, and where nothing may be claimed. */
import { describe, expect, test } from 'vitest';
import { Analysis } from '../../../src/analysis/engine.ts';
import type { Report } from '../../../src/analysis/report.ts';
import { makeReport } from '../../../src/analysis/makeReport.ts';
import { bufferSource } from '../../../src/pcap/byteSource.ts';
import { sniffBytes } from '../../../src/pcap/openCapture.ts';
import { analyzeCapture, sample } from '../../support/analyzeCapture.ts';
import { bytesOf, dnsBytes } from '../../support/dialogue.ts';
import { ACK, FIN, PacketBuilder, PSH, RST, SYN } from '../../support/packetBuilder.ts';
import { CLIENT, connection, HANDSHAKE, SERVER } from '../../support/services.ts';

const brief = ({ troubles }: Report): unknown =>
  troubles.map(({ id, problems }) => [id, problems.map(({ kind, times, of, frame }) => [kind, times, of, frame])]);
const GET = bytesOf('GET / HTTP/1.1\r\nHost: a\r\n\r\n'),
  OK = bytesOf('HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok'),
  FAILED = bytesOf('HTTP/1.1 503 Service Unavailable\r\nContent-Length: 0\r\n\r\n');

describe('samples', () => {
  // Counts and frames are those of tshark -Y "tcp.dstport == 8443 && tcp.flags == 2", "dhcp.option.dhcp == 6", "tls.alert_message.desc == 48",
  // "http.response.code == 404", "dns.flags.rcode == 2 && ip.src == 192.0.2.53" and "tcp.analysis.retransmission".
  test.each([
    ['dead-port-retries.pcap', 'tcp 192.168.10.30 8443', [['failed', 40, 40, null]]],
    ['dhcp-two-servers.pcap', 'udp 192.168.10.1 67', [['errors', 2, 4, 9]]],
    ['web-browsing.pcap', 'tcp 10.20.0.11 443', [['failed', 1, 4, 277]]],
    ['web-proxy.pcap', 'tcp 10.20.0.12 80', [['errors', 6, 6, 111]]],
    [
      'dns-random-names.pcap',
      'udp 192.0.2.53 53',
      [
        ['errors', 47, 301, 12],
        ['slow', 8, 147, 752],
      ],
    ],
    ['lossy-download.pcap', 'tcp 10.20.0.10 80', [['loss', 12, 237, null]]],
  ])('%s', async (name, id, problems) => {
    const { troubles } = await analyzeCapture(sample(name));
    expect(troubles.find((one) => one.id === id)?.problems.map(({ kind, times, of, frame }) => [kind, times, of, frame])).toEqual(problems);
  });

  test.each(['scan-syn.pcap', 'scan-udp.pcap', 'scan-connect.pcap', 'scan-slow.pcap', 'flood-syn-spoofed.pcap', 'dns-amplification.pcap'])(
    '%s: what somebody did who is accused is no trouble of a service',
    async (name) => {
      const report = await analyzeCapture(sample(name));
      expect([report.findings.length > 0, brief(report)]).toEqual([true, []]);
    },
  );

  test.each(['busy-services.pcap', 'http-flood.pcap.gz', 'share-work.pcap', 'vlan-qinq.pcap', 'one-way.pcap'])(
    '%s: nothing is wrong',
    async (name) => {
      expect(brief(await analyzeCapture(sample(name)))).toEqual([]);
    },
  );
});

describe('the headline', () => {
  test('tells the worst of it where there is no finding', async () => {
    const { headline } = await analyzeCapture(sample('web-proxy.pcap'));
    expect(headline).toMatch(/ HTTP at 10\.20\.0\.12 port 80: all 6 requests were answered with an error \(404\)\.$/);
  });

  test('tells the finding where there is one', async () => {
    const { headline, troubles } = await analyzeCapture(sample('dns-random-names.pcap'));
    expect([troubles.length > 0, headline.includes('answered with an error')]).toEqual([true, false]);
  });
});

describe('requests', () => {
  test('that are answered with errors, and what else is wrong with the same service', async () => {
    const builder = new PacketBuilder();
    for (let at = 0; at < 5; at++)
      connection(
        builder,
        80,
        [
          ...HANDSHAKE,
          ['client', ACK | PSH, GET, at === 4 ? 4 : 0.01],
          ['server', ACK | PSH, at < 2 ? FAILED : OK, 0.01],
          ['client', FIN | ACK, 0, 0.01],
          ['server', FIN | ACK, 0, 0.01],
        ],
        40_000 + at,
      );
    const report = await analyzeCapture(builder.bytes());
    expect(report.troubles).toEqual([
      {
        ...{ id: `tcp ${SERVER} 80`, layer: 'tcp', address: SERVER, port: 80, title: `HTTP at ${SERVER} port 80`, names: [], service: 'http' },
        problems: [
          { kind: 'errors', times: 2, of: 5, text: '2 of 5 requests were answered with an error (503)', frame: 5 },
          { kind: 'slow', times: 1, of: 5, text: 'the slowest of 5 answers took 4.0 s', frame: 33 },
        ],
      },
    ]);
  });

  test('that nobody answers, unless the capture ended too soon to see it', async () => {
    const asked = (wait: number): Promise<Report> => {
      const builder = new PacketBuilder();
      connection(builder, 80, [...HANDSHAKE, ['client', ACK | PSH, GET, 0.01], ['server', ACK, 0, wait]]);
      return analyzeCapture(connection(builder, 80, HANDSHAKE, 40_001).bytes());
    };
    expect(brief(await asked(5))).toEqual([[`tcp ${SERVER} 80`, [['unanswered', 1, 1, null]]]]);
    expect(brief(await asked(0.2))).toEqual([]);
  });

  test('whose answer was broken off, and one that only ended otherwise than HTTP ends', async () => {
    const half = bytesOf('HTTP/1.1 200 OK\r\nContent-Length: 9000\r\n\r\nok'),
      ending = (flags: number): Promise<Report> => {
        const builder = connection(new PacketBuilder(), 80, [
          ...HANDSHAKE,
          ['client', ACK | PSH, GET, 0.01],
          ['server', ACK | PSH, half, 0.01],
          ['server', flags, 0, 0.01],
        ]);
        connection(builder, 80, [['client', (flags & RST) === 0 ? FIN | ACK : ACK, 0, 5]]);
        return analyzeCapture(connection(builder, 80, HANDSHAKE, 40_001).bytes());
      };
    expect((await ending(RST | ACK)).troubles[0]?.problems[0]?.text).toBe('the only request got no whole answer, though the answer had begun');
    expect(brief(await ending(FIN | ACK))).toEqual([]);
  });

  test('over DNS: silence and errors; a name that does not exist is an answer', async () => {
    const builder = new PacketBuilder();
    for (let id = 1; id <= 4; id++) {
      const ends = { from: CLIENT, to: SERVER, sourcePort: 50_000 + id, destinationPort: 53 };
      builder.udp({ ...ends, payload: dnsBytes(`n${id}.example`, { id }) }).wait(0.01);
      if (id < 3)
        builder
          .udp({
            from: SERVER,
            to: CLIENT,
            sourcePort: 53,
            destinationPort: 50_000 + id,
            payload: dnsBytes(`n${id}.example`, { id, response: true, code: id === 1 ? 2 : 3 }),
          })
          .wait(2);
    }
    builder.wait(3);
    const report = await analyzeCapture(connection(builder, 9999, HANDSHAKE).bytes());
    expect(brief(report)).toEqual([
      [
        `udp ${SERVER} 53`,
        [
          ['unanswered', 2, 4, null],
          ['errors', 1, 4, 2],
        ],
      ],
    ]);
  });
});

test('a capture that grows says the same in the end as one that was read at once', async () => {
  const builder = new PacketBuilder();
  for (let at = 0; at < 6; at++)
    connection(
      builder,
      80 + at,
      [
        ['client', SYN, 0, 0.01],
        ['server', RST | ACK, 0, 3],
      ],
      40_000 + at,
    );
  connection(builder, 80, [...HANDSHAKE, ['client', ACK | PSH, GET, 5], ['server', ACK | PSH, FAILED, 1]], 41_000);
  const bytes = builder.bytes();
  const read = async (steps: readonly number[]): Promise<Report['troubles']> => {
    let size = 0;
    const source = {
      ...bufferSource(bytes),
      get size() {
        return size;
      },
    };
    size = steps[0]!;
    const format = sniffBytes(bytes);
    if (format.kind !== 'capture') throw new Error('no capture');
    const analysis = new Analysis(source, format.format, { services: true });
    let troubles: Report['troubles'] = [];
    for (const step of steps) {
      size = step;
      await analysis.advance();
      ({ troubles } = makeReport(
        analysis,
        { name: 'a', fileBytes: size, format: 'pcap', compression: null, sha256: null, inflateStopped: null },
        { version: 'test' },
      ));
    }
    return troubles;
  };
  const atOnce = await read([bytes.length]);
  expect(atOnce.length).toBe(6);
  expect(await read([200, 400, 700, 900, bytes.length])).toEqual(atOnce);
});

test('while a capture is still being read nothing is claimed', async () => {
  const bytes = connection(new PacketBuilder(), 80, [
      ['client', SYN, 0, 0.01],
      ['server', RST | ACK, 0, 3],
    ]).bytes(),
    format = sniffBytes(bytes);
  if (format.kind !== 'capture') throw new Error('no capture');
  const analysis = new Analysis(bufferSource(bytes), format.format, { services: true });
  await analysis.advance();
  const file = { name: 'a', fileBytes: bytes.length, format: 'pcap', compression: null, sha256: null, inflateStopped: null };
  expect(makeReport(analysis, file, { version: 'test' }).troubles.length).toBe(1);
  expect(makeReport(analysis, file, { version: 'test', judging: { unread: 'the capture has not been read to its end' } }).troubles).toEqual([]);
});
