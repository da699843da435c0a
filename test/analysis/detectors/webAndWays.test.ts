/** http-flood, slow-dos, service-enumeration, traceroute, tcp-anomaly, malformed-traffic and ics-write: each where it fires, and a near miss. */
import fs from 'node:fs';
import { describe, expect, test } from 'vitest';
import type { ModbusMessage } from '../../../src/pcap/dissectors/modbus.ts';
import { icsWrite } from '../../../src/analysis/detectors/registry.ts';
import { checkFilter } from '../../../src/analysis/filtering.ts';
import { analyzeCapture, findingsOf, sample } from '../../support/analyzeCapture.ts';
import { CLIENT, dialogue, lookUps, SERVER, web } from '../../support/dialogue.ts';
import { DNP3, ENIP, IEC104, S7 } from '../../support/icsConversations.ts';
import { MessageDriver } from '../../support/messageDriver.ts';
import { controlFrames } from '../../pcap/dissectors/frames/control.ts';
import { ACK, FIN, ipBytes, PacketBuilder, PSH, RST, SYN, tcpBytes, udpBytes } from '../../support/packetBuilder.ts';

/** A sample, packed or not. */
const recorded = (name: string): string => sample(fs.existsSync(sample(`${name}.pcap`)) ? `${name}.pcap` : `${name}.pcap.gz`);
const run = async (capture: string | Uint8Array, detector: string) => findingsOf(await analyzeCapture(capture), detector);

describe('http-flood', () => {
  const asked = (count: number, page: (i: number) => string, gap: number): Uint8Array =>
    dialogue(Array.from({ length: count }, (_, i) => web(page(i))).flat(), { gap }).bytes();
  test('the same page with a random query', async () => {
    const [finding, ...others] = await run(
      asked(1200, (i) => `/?x=${i}`, 0.002),
      'http-flood',
    );
    expect(others).toEqual([]);
    expect(finding).toMatchObject({
      severity: 'medium',
      subjects: [
        { role: 'attacker', address: CLIENT },
        { role: 'victim', address: SERVER, port: 80 },
      ],
    });
    expect(checkFilter(finding!.evidence.filter)).toMatchObject({ ok: true });
  });
  test('a service that calls another over one connection has less weight', async () => {
    expect(
      await run(
        asked(1200, () => '/rpc', 0.002),
        'http-flood',
      ),
    ).toMatchObject([{ severity: 'low' }]);
  });
  test('pages with random names, each over a connection of its own, have less weight', async () => {
    const builder = new PacketBuilder();
    for (let i = 0; i < 1200; i++) dialogue(web(`/${(i * 7919).toString(36)}q`), { builder, clientPort: 10_000 + i, gap: 0.0005 });
    expect(await run(builder.bytes(), 'http-flood')).toMatchObject([{ severity: 'low' }]);
  });
  test('one address that says to be ever another browser, with a query of its own each time (HULK, GoldenEye)', async () => {
    const hulk = (count: number, agents: number, page: (i: number) => string): Uint8Array => {
      const builder = new PacketBuilder();
      for (let i = 0; i < count; i++)
        dialogue(web(page(i), { headers: `Host: a\r\nUser-Agent: Mozilla/5.0 (X11; rv:${i % agents}.0)\r\n` }), {
          builder,
          clientPort: 10_000 + i,
          gap: 0.003,
        });
      return builder.bytes();
    };
    const random = (i: number): string => `/?${(i * 7919).toString(36)}=${(i * 104_729).toString(36)}`;
    expect(await run(hulk(300, 20, random), 'http-flood')).toMatchObject([
      { severity: 'medium', subjects: [{ role: 'attacker', address: CLIENT }, {}] },
    ]);
    // A program that asks for one thing after the other, and people behind one address that read.
    expect(await run(hulk(300, 1, random), 'http-flood')).toEqual([]);
    expect(
      await run(
        hulk(300, 20, (i) => `/page/${i}?id=${i}`),
        'http-flood',
      ),
    ).toEqual([]);
  });
  test('recorded with ApacheBench', async () => expect(await run(recorded('http-flood'), 'http-flood')).toHaveLength(1));
  test('silent on a crawler, and on a page that asks every second', async () => {
    expect(
      await run(
        asked(1200, (i) => `/page/${i}`, 0.002),
        'http-flood',
      ),
    ).toEqual([]);
    expect(
      await run(
        asked(200, () => '/news', 0.5),
        'http-flood',
      ),
    ).toEqual([]);
  });
});

describe('slow-dos', () => {
  test('recorded with slowhttptest', async () => {
    const [finding, ...others] = await run(sample('slow-headers.pcap'), 'slow-dos');
    expect(others).toEqual([]);
    expect(finding).toMatchObject({ severity: 'high' });
    expect(checkFilter(finding!.evidence.filter)).toMatchObject({ ok: true });
  });
  test('silent on whole requests that are answered late, and found where the server says that it lost its patience', async () => {
    const late = new PacketBuilder(),
      slow = new PacketBuilder();
    for (let i = 0; i < 40; i++) {
      // All at once: each connection begins where the first one did.
      for (const [builder, request, answer] of [
        [late, 'GET /poll HTTP/1.1\r\nHost: a\r\n\r\n', 'HTTP/1.1 204 No Content\r\n\r\n'],
        [slow, 'POST /login HTTP/1.1\r\nHost: a\r\nContent-Length: 8192\r\n\r\n', 'HTTP/1.1 408 Request Timeout\r\nContent-Length: 0\r\n\r\n'],
      ] as const) {
        const there = { from: CLIENT, to: SERVER, sourcePort: 40_000 + i, destinationPort: 80 },
          back = { from: SERVER, to: CLIENT, sourcePort: 80, destinationPort: 40_000 + i },
          bytes = new TextEncoder().encode(request);
        builder
          .tcp({ ...there, flags: SYN, sequence: 1000 })
          .tcp({ ...back, flags: SYN | ACK, sequence: 5000, acknowledgment: 1001 })
          .tcp({ ...there, flags: ACK, sequence: 1001, acknowledgment: 5001 })
          .tcp({ ...there, flags: ACK | PSH, sequence: 1001, acknowledgment: 5001, payload: bytes });
        for (let k = 0; k < 3; k++)
          builder
            .wait(8)
            .tcp(
              builder === slow
                ? { ...there, flags: ACK | PSH, sequence: 1001 + bytes.length + k, acknowledgment: 5001, payload: Uint8Array.of(65) }
                : { ...there, flags: ACK, sequence: 1000 + bytes.length, acknowledgment: 5001 },
            );
        builder
          .tcp({
            ...back,
            flags: ACK | PSH,
            sequence: 5001,
            acknowledgment: 1001 + bytes.length + (builder === slow ? 3 : 0),
            payload: new TextEncoder().encode(answer),
          })
          .wait(-24);
      }
    }
    expect(await run(late.bytes(), 'slow-dos')).toEqual([]);
    expect(await run(slow.bytes(), 'slow-dos')).toMatchObject([{ severity: 'high' }]);
  });

  test('found in less time where the connections are very many, with a server that answers Bad Request when the client goes', async () => {
    const held = (connections: number, pieces: number): Uint8Array => {
      const builder = new PacketBuilder(),
        head = new TextEncoder().encode('GET / HTTP/1.1\r\nHost: a\r\n'),
        line = new TextEncoder().encode('X-a: b\r\n');
      for (let i = 0; i < connections; i++) {
        const there = { from: CLIENT, to: SERVER, sourcePort: 40_000 + i, destinationPort: 80 },
          back = { from: SERVER, to: CLIENT, sourcePort: 80, destinationPort: 40_000 + i };
        builder
          .tcp({ ...there, flags: SYN, sequence: 1000 })
          .tcp({ ...back, flags: SYN | ACK, sequence: 5000, acknowledgment: 1001 })
          .tcp({ ...there, flags: ACK, sequence: 1001, acknowledgment: 5001 })
          .tcp({ ...there, flags: ACK | PSH, sequence: 1001, acknowledgment: 5001, payload: head });
        let sequence = 1001 + head.length;
        for (let k = 0; k < pieces; k++, sequence += line.length)
          builder.wait(15 / pieces).tcp({ ...there, flags: ACK | PSH, sequence, acknowledgment: 5001, payload: line });
        if (pieces === 0) builder.wait(15);
        builder
          .tcp({ ...there, flags: FIN | ACK, sequence, acknowledgment: 5001 })
          .tcp({
            ...back,
            flags: ACK | PSH,
            sequence: 5001,
            acknowledgment: sequence + 1,
            payload: new TextEncoder().encode('HTTP/1.1 400 Bad Request\r\nConnection: close\r\n\r\n'),
          })
          .wait(-15);
      }
      return builder.bytes();
    };
    expect(await run(held(150, 3), 'slow-dos')).toMatchObject([{ severity: 'high', subjects: [{ address: CLIENT }, { address: SERVER }] }]);
    expect(await run(held(60, 3), 'slow-dos')).toEqual([]);
    // Opened in advance and used for nothing more.
    expect(await run(held(150, 0), 'slow-dos')).toEqual([]);
  });

  test('silent on long polling, and on one slow reader', async () => {
    const builder = new PacketBuilder();
    for (let i = 0; i < 6; i++) dialogue(web(`/poll?${i}`), { builder, clientPort: 40_000 + i, gap: 30 });
    expect(await run(builder.bytes(), 'slow-dos')).toEqual([]);
    expect(await run(sample('slow-reader.pcap'), 'slow-dos')).toEqual([]);
  });
});

describe('service-enumeration', () => {
  // What `gobuster dns` and `dnsrecon -t brt` do with their lists of words.
  const missing = (name: (i: number) => string, gap = 0.05): Uint8Array => {
    const builder = new PacketBuilder();
    for (let i = 0; i < 150; i++) {
      const labels = name(i)
          .split('.')
          .flatMap((label) => [label.length, ...new TextEncoder().encode(label)]),
        message = (flags: number): Uint8Array => Uint8Array.from([0, i, flags >> 8, flags & 255, 0, 1, 0, 0, 0, 0, 0, 0, ...labels, 0, 0, 1, 0, 1]);
      builder
        .udp({ from: CLIENT, to: SERVER, sourcePort: 20_000 + i, destinationPort: 53, payload: message(0x0100) })
        .udp({ from: SERVER, to: CLIENT, sourcePort: 53, destinationPort: 20_000 + i, payload: message(0x8183) })
        .wait(gap);
    }
    return builder.bytes();
  };
  const word = (i: number): string => `mail${i}`;
  test('guessed hosts of a domain', async () => {
    const [finding, ...others] = await run(
      missing((i) => `${word(i)}.example.com`),
      'service-enumeration',
    );
    expect(others).toEqual([]);
    expect(finding).toMatchObject({
      severity: 'low',
      subjects: [
        { role: 'attacker', address: CLIENT },
        { role: 'victim', address: SERVER, port: 53 },
      ],
    });
    expect(checkFilter(finding!.evidence.filter)).toMatchObject({ ok: true });
  });
  test.each([
    ['block lists of mail servers', (i: number) => `${i}.2.0.192.zen.example.org`, 0.05],
    ['block lists of domains', (i: number) => `shop${i}.com.dbl.example.org`, 0.05],
    ['domains that are gone, each asked for once', (i: number) => `www.shop${i}.com`, 0.05],
    ['hosts of a domain that were renamed, over an hour', (i: number) => `${word(i)}.example.com`, 20],
  ])('silent on %s', async (_, name, gap) => expect(await run(missing(name, gap), 'service-enumeration')).toEqual([]));

  test('guessed pages, recorded with dirb', async () =>
    expect(await run(sample('dirb.pcap'), 'service-enumeration')).toMatchObject([{ severity: 'medium' }]));
  const asked = (paths: readonly (readonly [string, boolean])[]): PacketBuilder =>
      dialogue(
        paths.flatMap(([path, isThere]) => web(path, isThere ? {} : { status: '404 Not Found' })),
        { gap: 0.005 },
      ),
    missing404 = (count: number, path: (i: number) => string): (readonly [string, boolean])[] =>
      Array.from({ length: count }, (_, i) => [path(i), false]);
  // Words of dirb's common.txt, in its order, among others.
  test('pages of a list, few and under the name of a browser', async () => {
    const words = ['admin', 'backup', 'cgi-bin', '.git/HEAD', 'phpmyadmin', 'server-status', 'wp-admin', 'old.zip'];
    expect(await run(asked(missing404(60, (i) => `/${words[i] ?? `word${i}`}`)).bytes(), 'service-enumeration')).toMatchObject([
      {
        severity: 'medium',
        subjects: [
          { role: 'attacker', address: CLIENT },
          { role: 'victim', address: SERVER, port: 80 },
        ],
      },
    ]);
  });
  test.each([
    ['pages of a site that was moved', missing404(60, (i) => `/products/${i}/admin-guide`)],
    ['a gallery without its pictures', missing404(300, (i) => `/gallery/picture-${i}.jpg`)],
    [
      'a crawler that finds more pages than it misses',
      missing404(250, (i) => `/news/${i}`).flatMap((one) => [one, [`${one[0]}/all`, true], ['/', true]] as const),
    ],
  ])('%s: with little weight', async (_what, paths) =>
    expect(await run(asked(paths).bytes(), 'service-enumeration')).toMatchObject([{ severity: 'low' }]),
  );
  test('users of a mail server', async () => {
    const lines = ['root', 'admin', 'www', 'bob', 'alice', 'mallory'].flatMap((user) => [
      ['client', `VRFY ${user}\r\n`] as const,
      ['server', '252 2.0.0 maybe\r\n'] as const,
    ]);
    expect(
      await run(
        dialogue([['server', '220 mail ESMTP\r\n'], ['client', 'EHLO x\r\n'], ['server', '250 mail\r\n'], ...lines], { port: 25 }).bytes(),
        'service-enumeration',
      ),
    ).toMatchObject([{ severity: 'low' }]);
  });
  /** RFC 1350: read requests from a port each, answered from a port of the server's own by an error, or by the whole file in one block. */
  function overTftp(files: number, refused: number, error = 1): Uint8Array {
    const builder = new PacketBuilder();
    for (let i = 0; i < files; i++) {
      const ends = { from: CLIENT, to: SERVER, sourcePort: 40_000 + i, destinationPort: 69 };
      builder.udp({ ...ends, payload: Buffer.from(`\0\x01pxelinux.cfg/${i}\0octet\0`, 'latin1') });
      const answer = i < refused ? `\0\x05\0${String.fromCharCode(error)}no\0` : '\0\x03\0\x01DEFAULT linux';
      builder
        .udp({ from: SERVER, to: CLIENT, sourcePort: 33_000 + i, destinationPort: ends.sourcePort, payload: Buffer.from(answer, 'latin1') })
        .wait(0.05);
    }
    return builder.bytes();
  }
  test('guessed names of files at a TFTP server', async () => {
    const findings = await run(overTftp(40, 39), 'service-enumeration');
    expect(findings).toMatchObject([
      {
        severity: 'low',
        title: `${CLIENT} asks ${SERVER} port 69 for files of a TFTP server by guessing their names: 39 files`,
        subjects: [
          { role: 'attacker', address: CLIENT },
          { role: 'victim', address: SERVER, port: 69 },
        ],
      },
    ]);
    expect(checkFilter(findings[0]!.evidence.filter).ok).toBe(true);
    expect(await run(overTftp(40, 40, 2), 'service-enumeration')).toHaveLength(1);
  });
  test.each<[string, Parameters<typeof overTftp>]>([
    ['a machine that boots from the network: eleven names until one is there', [12, 11]],
    ['a device that fetches all it has', [60, 10]],
    ['a disk that is full', [40, 40, 3]],
  ])('silent on %s', async (_, how) => expect(await run(overTftp(...how), 'service-enumeration')).toEqual([]));

  test('a zone', async () => expect(await run(lookUps(['example.org'], { type: 252 }).bytes(), 'service-enumeration')).toHaveLength(1));
  test('names of the addresses of a network, by IPv4 and IPv6; not those of whoever calls, from all over the world', async () => {
    const asked = (name: (i: number) => string) =>
        run(
          lookUps(
            Array.from({ length: 120 }, (_, i) => name(i)),
            { type: 12 },
          ).bytes(),
          'service-enumeration',
        ),
      nibbles = (host: number, network: number): string =>
        [...(host.toString(16).padStart(16, '0') + network.toString(16).padStart(8, '0') + '8bd01002')].join('.');
    expect(await asked((i) => `${i}.2.0.192.in-addr.arpa`)).toMatchObject([
      { severity: 'low', title: expect.stringContaining('the names of many addresses: 120') as string },
    ]);
    expect(await asked((i) => `${nibbles(i, 7)}.ip6.arpa`)).toHaveLength(1);
    expect(await asked((i) => `${i % 250}.${(i * 37) % 251}.${(i * 91) % 241}.${(i * 13) % 200}.in-addr.arpa`)).toEqual([]);
    expect(await asked((i) => `${nibbles(i, i * 7919)}.ip6.arpa`)).toEqual([]);
  });
  test('silent on a few broken links, a mail, and a few reverse look-ups', async () => {
    expect(
      await run(dialogue(Array.from({ length: 20 }, (_, i) => web(`/${i}`, { status: '404 Not Found' })).flat()).bytes(), 'service-enumeration'),
    ).toEqual([]);
    expect(await run(sample('smtp.pcap'), 'service-enumeration')).toEqual([]);
    expect(
      await run(
        lookUps(
          Array.from({ length: 20 }, (_, i) => `${i}.2.0.192.in-addr.arpa`),
          { type: 12 },
        ).bytes(),
        'service-enumeration',
      ),
    ).toEqual([]);
  });
});

describe('traceroute', () => {
  const exceeded = (routers: readonly string[], code = 0): Uint8Array => {
    const builder = new PacketBuilder(),
      quote = ipBytes({
        from: CLIENT,
        to: SERVER,
        protocol: 17,
        payload: udpBytes({ from: CLIENT, to: SERVER, sourcePort: 40_000, destinationPort: 33_434 }),
      });
    for (const from of routers) builder.icmpError({ from, to: CLIENT, type: 11, code, quote }).wait(0.1);
    return builder.bytes();
  };
  test('one router after the other', async () => {
    const [finding, ...others] = await run(exceeded(['10.0.0.1', '192.0.2.1', '198.51.100.1']), 'traceroute');
    expect(others).toEqual([]);
    expect(finding).toMatchObject({ severity: 'info', subjects: [{ address: CLIENT }, { address: SERVER }] });
    expect(checkFilter(finding!.evidence.filter)).toMatchObject({ ok: true });
  });
  test('one finding for a program that traces the ways to many', async () => {
    const builder = new PacketBuilder();
    for (let i = 1; i <= 30; i++) {
      const to = `198.51.100.${i}`,
        quote = ipBytes({ from: CLIENT, to, protocol: 17, payload: udpBytes({ from: CLIENT, to, sourcePort: 40_000, destinationPort: 33_434 }) });
      for (const from of ['10.0.0.1', '192.0.2.1', `192.0.2.${i + 1}`]) builder.icmpError({ from, to: CLIENT, type: 11, code: 0, quote }).wait(0.1);
    }
    const [finding, ...others] = await run(builder.bytes(), 'traceroute');
    expect(others).toEqual([]);
    expect(finding).toMatchObject({ severity: 'info', subjects: [{ role: 'client', address: CLIENT }], evidence: { framesTotal: 90 } });
    expect(finding!.title).toBe(`${CLIENT} traces the ways to 30 addresses`);
    expect(checkFilter(finding!.evidence.filter)).toMatchObject({ ok: true });
  });
  test('packets that leave with hops enough and end at one router, or at two in turn, go round in a loop', async () => {
    for (const routers of [['10.0.0.1'], ['10.0.0.1', '10.0.0.2']]) {
      const builder = new PacketBuilder(),
        sent = { from: CLIENT, to: '10.99.1.1', ttl: 64, sourcePort: 40_000, destinationPort: 8080, flags: SYN };
      const quote = ipBytes({ from: sent.from, to: sent.to, protocol: 6, payload: tcpBytes(sent) });
      for (let i = 0; i < 4; i++)
        builder
          .tcp(sent)
          .wait(0.1)
          .icmpError({ from: routers[i % routers.length]!, to: CLIENT, type: 11, code: 0, quote })
          .wait(1);
      const [finding, ...others] = await run(builder.bytes(), 'traceroute');
      expect(others).toEqual([]);
      expect(finding).toMatchObject({
        severity: 'info',
        title: `Packets of ${CLIENT} to 10.99.1.1 run out of hops at 10.0.0.1`,
        attack: [],
        evidence: { framesTotal: 4 },
      });
      expect(checkFilter(finding!.evidence.filter)).toMatchObject({ ok: true });
    }
  });
  test('silent on what is said to another than the sender, whose address may be invented', async () => {
    const builder = new PacketBuilder(),
      quote = ipBytes({
        from: SERVER,
        to: '198.51.100.7',
        protocol: 17,
        payload: udpBytes({ from: SERVER, to: '198.51.100.7', sourcePort: 53, destinationPort: 53 }),
      });
    for (const from of ['10.0.0.1', '192.0.2.1', '198.51.100.1']) builder.icmpError({ from, to: CLIENT, type: 11, code: 0, quote }).wait(0.1);
    expect(await run(builder.bytes(), 'traceroute')).toEqual([]);
  });
  test('recorded', async () => expect((await run(sample('ping-traceroute.pcap'), 'traceroute')).length).toBeGreaterThan(0));
  test('silent on datagrams whose pieces did not all arrive, which is another code of the same message (RFC 792)', async () =>
    expect(await run(exceeded(['10.0.0.1', '192.0.2.1', '198.51.100.1'], 1), 'traceroute')).toEqual([]));
  test('silent on a single one', async () => expect(await run(exceeded(['10.0.0.1']), 'traceroute')).toEqual([]));
});

describe('tcp-anomaly', () => {
  const reset = (ttl: number): Uint8Array => {
    const back = { from: SERVER, to: CLIENT, sourcePort: 80, destinationPort: 40_000, ttl: 50 };
    return dialogue([['client', 'GET / HTTP/1.1\r\nHost: a\r\n\r\n']])
      .tcp({ ...back, ttl, flags: RST | ACK, sequence: 5001, acknowledgment: 1028 })
      .tcp({ ...back, flags: PSH | ACK, sequence: 5001, acknowledgment: 1028, payload: new Uint8Array(40).fill(65) })
      .bytes();
  };
  test('a reset from elsewhere', async () => {
    const [finding, ...others] = await run(reset(90), 'tcp-anomaly');
    expect(others).toEqual([]);
    expect(finding).toMatchObject({ severity: 'low' });
    expect(checkFilter(finding!.evidence.filter)).toMatchObject({ ok: true });
  });
  test('flags that exclude each other', async () => {
    const builder = new PacketBuilder();
    for (let i = 0; i < 6; i++) builder.tcp({ from: CLIENT, to: SERVER, sourcePort: 40_000 + i, destinationPort: 80, flags: SYN | 1 });
    expect(await run(builder.bytes(), 'tcp-anomaly')).toHaveLength(1);
  });
  test('silent on test T3 of nmap, SYN, FIN, PSH and URG (nmap.org/book/osdetect-methods.html): os-fingerprinting tells it', async () => {
    const builder = new PacketBuilder();
    for (let i = 0; i < 20; i++) builder.tcp({ from: CLIENT, to: SERVER, sourcePort: 40_000 + i, destinationPort: 80, flags: SYN | 1 | 8 | 32 });
    expect(await run(builder.bytes(), 'tcp-anomaly')).toEqual([]);
  });
  test('silent on data of the same host on its way, and on how connections end', async () => {
    expect(await run(reset(50), 'tcp-anomaly')).toEqual([]);
    expect(await run(sample('tcp-endings.pcap'), 'tcp-anomaly')).toEqual([]);
  });
});

describe('malformed-traffic', () => {
  const short = (cut: boolean): Uint8Array => {
    const builder = new PacketBuilder(cut ? 38 : undefined);
    for (let i = 0; i < 30; i++) {
      const bytes = tcpBytes({ from: CLIENT, to: SERVER, sourcePort: 40_000, destinationPort: 80, flags: ACK });
      builder.ip({ from: CLIENT, to: SERVER, protocol: 6, payload: cut ? bytes : bytes.slice(0, 8) });
    }
    return builder.bytes();
  };
  test('headers that end too early', async () => {
    const [finding, ...others] = await run(short(false), 'malformed-traffic');
    expect(others).toEqual([]);
    expect(finding).toMatchObject({ severity: 'low', evidence: { framesTotal: 30 } });
    expect(checkFilter(finding!.evidence.filter)).toMatchObject({ ok: true });
  });
  test('silent on frames too short to say who sent them', async () => {
    const builder = new PacketBuilder();
    for (let i = 0; i < 30; i++) builder.frame(new Uint8Array(i % 12));
    expect(await run(builder.bytes(), 'malformed-traffic')).toEqual([]);
  });
  // As in a public capture (`creds__telnet`): some frames come a second time a millisecond later, 66 bytes of them without a word that they were longer.
  test('silent on cut copies of whole frames, not on a packet that is sent malformed twice', async () => {
    const mirrored = (cutFirst: boolean): Uint8Array => {
      const builder = new PacketBuilder();
      for (let i = 0; i < 10; i++) {
        const whole = ipBytes({
            from: CLIENT,
            to: SERVER,
            protocol: 6,
            identification: 100 + i,
            payload: tcpBytes({
              from: CLIENT,
              to: SERVER,
              sourcePort: 40_000,
              destinationPort: 7777,
              flags: PSH | ACK,
              sequence: 1 + 85 * i,
              payload: new Uint8Array(85).fill(97),
            }),
          }),
          frame = (bytes: Uint8Array): Uint8Array => Uint8Array.from([2, 0, 0, 0, 0, 2, 2, 0, 0, 0, 0, 1, 8, 0, ...bytes]);
        builder
          .frame(frame(cutFirst ? whole.slice(0, 52) : whole))
          .wait(0.001)
          .frame(frame(whole.slice(0, 52)))
          .wait(1);
      }
      return builder.bytes();
    };
    expect(await run(mirrored(false), 'malformed-traffic')).toEqual([]);
    expect(await run(mirrored(true), 'malformed-traffic')).toMatchObject([{ evidence: { framesTotal: 20 } }]);
  });
  test('Bad Neighbor: name servers of an even length', async () => {
    // RFC 8106 section 5.1: type 25, length in units of 8 bytes; CVE-2020-16898 needs it even.
    const advertisement = (units: number): Uint8Array =>
      Uint8Array.from([
        134,
        0,
        0,
        0,
        64,
        0,
        7,
        8,
        ...new Array<number>(8).fill(0),
        25,
        units,
        0,
        0,
        0,
        0,
        7,
        8,
        ...new Array<number>(units * 8 - 8).fill(1),
      ]);
    const sent = (units: number) =>
      new PacketBuilder().ip({ from: 'fe80::1', to: 'fe80::2', protocol: 58, ttl: 255, payload: advertisement(units) }).bytes();
    expect(await run(sent(4), 'malformed-traffic')).toMatchObject([{ severity: 'high' }]);
    expect(await run(sent(3), 'malformed-traffic')).toEqual([]);
  });
  test('silent on frames that were cut in capturing', async () => expect(await run(short(true), 'malformed-traffic')).toEqual([]));
});

describe('ics-write', () => {
  const said = (codes: readonly (readonly [client: string, code: number, subFunction?: number])[]) => {
    const driver = new MessageDriver(icsWrite),
      flows = new Map<string, number>();
    for (const [client, functionCode, subFunction = -1] of codes) {
      if (!flows.has(client)) flows.set(client, driver.flow(client, '10.0.0.3', 502, 'modbus'));
      driver.say<ModbusMessage>(flows.get(client)!, { kind: 'modbus', unit: 1, functionCode, subFunction, exceptionCode: null, direction: 0 });
    }
    return driver.findings;
  };
  test('a write, and more so by a second master that only writes', () => {
    expect(
      said([
        ['10.0.0.9', 3],
        ['10.0.0.9', 6],
      ]),
    ).toMatchObject([{ severity: 'low' }]);
    expect(
      said([
        ['10.0.0.9', 3],
        ['10.0.0.66', 5],
      ]),
    ).toMatchObject([{ severity: 'medium', subjects: [{ address: '10.0.0.66' }, { address: '10.0.0.3', port: 502 }] }]);
  });
  test('silent on reads', () =>
    expect(
      said([
        ['10.0.0.9', 1],
        ['10.0.0.9', 3],
        ['10.0.0.9', 4],
      ]),
    ).toEqual([]));
  test.each([
    ['S7comm', 102, S7, 'Write Var', 'PLC Stop'],
    ['DNP3', 20_000, DNP3, 'Direct Operate', 'Cold Restart'],
    ['IEC 60870-5-104', 2404, IEC104, 'Single command (C_SC_NA_1)', 'Reset process (C_RP_NA_1)'],
  ] as const)('%s: a write is a remark, stopping or restarting is more', async (protocol, port, lines, write, stop) => {
    const said = lines.map(([from, text]) => [from === '>' ? 'client' : 'server', String.fromCharCode(...Buffer.from(text, 'hex'))] as const),
      findings = await run(dialogue(said, { port }).bytes(), 'ics-write');
    expect(findings.map(({ severity, description }) => [severity, description])).toEqual([
      ['medium', `1 ${protocol} request (threshold 1) to ${SERVER} port ${port}: ${stop}.`],
      ['low', `1 ${protocol} request (threshold 1) to ${SERVER} port ${port}: ${write}.`],
    ]);
    for (const { subjects, evidence } of findings) {
      expect(subjects).toMatchObject([{ address: CLIENT }, { address: SERVER, port }]);
      expect(checkFilter(evidence.filter)).toMatchObject({ ok: true });
    }
    // Reading, starting and the clock alone are nothing.
    const harmless = said.filter((_, i) => !lines[i]![1].match(/f080320100000[67]|c0?c?2c2050c|c3c30d|2d0106|690106/));
    expect(await run(dialogue(harmless, { port }).bytes(), 'ics-write')).toEqual([]);
  });
  // Modbus Application Protocol 1.1b3 section 6.8.1; pymodbus 3.0.0 sent the same (tshark: modbus.diagnostic_code 1 and 4).
  test('Modbus: restarting communications and forcing a controller to listen only are more than a remark, other diagnostics nothing', () => {
    expect(said([['10.0.0.9', 8, 1], ['10.0.0.9', 8, 4]])).toMatchObject([{ severity: 'medium', technique: 'modbus-operate' }]); // prettier-ignore
    expect(said([['10.0.0.9', 8, 0], ['10.0.0.9', 8, 2], ['10.0.0.9', 8, 10]])).toEqual([]); // prettier-ignore
    expect(said([['10.0.0.9', 90, 0x41], ['10.0.0.9', 90, 0x22]])).toMatchObject([{ severity: 'medium', framesTotal: 1 }]); // prettier-ignore
  });
  test('EtherNet/IP: tags that are written are a remark, reset, stop and another mode are more; silent on reading', async () => {
    const lines = ENIP.map(([from, text]) => [from === '>' ? 'client' : 'server', String.fromCharCode(...Buffer.from(text, 'hex'))] as const),
      findings = await run(dialogue(lines, { port: 44_818 }).bytes(), 'ics-write');
    expect(findings.map(({ severity, description }) => [severity, description])).toEqual([
      ['medium', `3 EtherNet/IP requests (threshold 1) to ${SERVER} port 44818: Reset (Identity), Stop (class 0x64), Change CPU mode.`],
      [
        'low',
        `6 EtherNet/IP requests (threshold 1) to ${SERVER} port 44818: Write Tag PumpSpeed, Write Tag Valve1, Write Tag Valve2, Set Attribute Single (Identity, attribute 7).`,
      ],
    ]);
    // Frames of the dialogue are three more than those of its lines.
    expect(findings.map(({ evidence }) => evidence.frames)).toEqual([[20, 22, 24], [12, 16, 18, 26, 27]]); // prettier-ignore
    expect(await run(dialogue(lines.slice(0, 8), { port: 44_818 }).bytes(), 'ics-write')).toEqual([]);
  });
  test('BACnet and DNP3 over UDP: who writes, restarts or silences a device; silent on reading, subscribing and the clock', async () => {
    const frames = (what: RegExp) => {
      const builder = new PacketBuilder();
      for (const one of controlFrames) if (what.test(one.what)) builder.frame(Uint8Array.from(Buffer.from(one.frame, 'hex'))).wait(0.1);
      return builder.bytes();
    };
    expect((await run(frames(/BACnet/), 'ics-write')).map(({ severity, title }) => [severity, title])).toEqual([
      ['medium', '10.0.0.1 stops, starts or restarts the controller 10.0.0.2: 2 requests'],
      ['medium', '10.0.0.1 loads or deletes a program of the controller 10.0.0.2: 1 request'],
      ['low', '10.0.0.1 writes to the controller 10.0.0.2: 6 requests'],
    ]);
    const [restart] = await run(frames(/DNP3/), 'ics-write');
    expect(restart).toMatchObject({ severity: 'medium', subjects: [{ address: '10.0.0.1' }, { address: '10.0.0.2', port: 20_000 }] });
    for (const finding of await run(frames(/DNP3|BACnet/), 'ics-write')) expect(checkFilter(finding.evidence.filter)).toMatchObject({ ok: true });
    expect(await run(frames(/who|read|answer|subscribe|cyclic|forwarded/i), 'ics-write')).toEqual([]);
  });
  test('in building control, a device that only writes to another is no second master', async () => {
    const builder = new PacketBuilder(),
      payload = (what: string) => Uint8Array.from(Buffer.from(controlFrames.find((one) => one.what === what)!.frame, 'hex')).slice(42),
      say = (from: string, what: string) =>
        builder.udp({ from, to: '10.0.0.3', sourcePort: 47_808, destinationPort: 47_808, payload: payload(what) });
    say('10.0.0.9', 'BACnet: readProperty');
    say('10.0.0.7', 'BACnet: writeProperty with a priority');
    expect(await run(builder.bytes(), 'ics-write')).toMatchObject([
      { severity: 'low', subjects: [{ address: '10.0.0.7' }, { address: '10.0.0.3' }] },
    ]);
  });
});
