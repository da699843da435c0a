/** Connections at regular intervals are told, with jitter too; what is irregular, regular by design or one long flow is not. */
import { describe, expect, test } from 'vitest';
import { NET_PROTOCOL } from '../../../src/pcap/packet.ts';
import type { TlsServerNameMessage } from '../../../src/pcap/tls/messages.ts';
import { beaconing } from '../../../src/analysis/detectors/registry.ts';
import { beaconScore } from '../../../src/analysis/detectors/beaconScore.ts';
import { checkFilter } from '../../../src/analysis/filtering.ts';
import * as F from '../../../src/analysis/flowTable.ts';
import { analyzeCapture, findingsOf, hasShared, sample, shared } from '../../support/analyzeCapture.ts';
import { confidenceSum, MessageDriver } from '../../support/messageDriver.ts';
import { ACK, PacketBuilder, PSH, SYN } from '../../support/packetBuilder.ts';

const A = '10.0.0.5',
  B = '203.0.113.50';

/** Numbers from 0 to 1, always the same. */
function chance(seed = 7): () => number {
  let state = seed;
  return () => (state = (Math.imul(state, 1_664_525) + 1_013_904_223) >>> 0) / 2 ** 32;
}

function calls(
  count: number,
  gap: (i: number) => number,
  more: Parameters<MessageDriver['flow']>[4] = {},
  port = 8443,
  service = 'tls',
  server = B,
): MessageDriver {
  const driver = new MessageDriver(beaconing);
  for (let i = 0; i < count; i++) {
    driver.flow(A, server, port, service, more);
    driver.wait(gap(i));
  }
  return driver;
}

describe('on ports that are open everywhere', () => {
  test.each([22, 25, 53, 110, 123, 143, 465, 587, 853, 993, 995])('what is not said there by those who belong to port %i is told', (port) => {
    expect(calls(40, () => 60, {}, port, 'http').findings).toHaveLength(1);
    expect(calls(40, () => 60, {}, port, '').findings).toHaveLength(1);
    // Heard in one direction, it may be anything.
    expect(calls(40, () => 60, { bytes: [0, 500] }, port, '').findings).toEqual([]);
  });

  test.each([
    [22, 'ssh'],
    [25, 'smtp'],
    [53, 'dns'],
    [123, 'ntp'],
    [143, 'imap'],
    [853, 'tls'],
    [993, 'tls'],
  ])('port %i: %s is not', (port, service) => expect(calls(40, () => 60, {}, port, service).findings).toEqual([]));
});

describe('is told', () => {
  // As Cobalt Strike calls home over HTTP: a result is posted in a connection of its own, right behind the question for work.
  test('connections that begin together as one call, in one number', () => {
    const driver = new MessageDriver(beaconing);
    for (let i = 0; i < 24; i++) {
      driver.flow(A, B, 8443, 'tls', {});
      driver.wait(i % 6 === 0 ? 0.002 : 0);
      if (i % 6 === 0) driver.flow(A, B, 8443, 'tls', {});
      driver.wait(4);
    }
    const [finding, ...others] = driver.findings;
    expect(others).toEqual([]);
    expect(finding!.title).toMatch(/, 24 times$/);
    expect(finding!.description).toMatch(/^28 connections in 24 calls began 4\.0 s apart/);
    expect(finding!.indicators).toContainEqual({ name: 'calls', value: 24, threshold: 12, unit: 'calls' });
    expect(finding!.indicators).toContainEqual({ name: 'connections in them', value: 28, unit: 'connections' });
    expect(finding!.framesTotal).toBe(28);
  });

  test.each([
    ['to the second', 0],
    ['with 10 % jitter', 0.1],
    ['with 30 % jitter', 0.3],
    ['with 50 % jitter', 0.5],
  ] as const)('every minute %s', (_name, jitter) => {
    const random = chance(),
      driver = calls(60, () => 60 * (1 - jitter / 2 + jitter * random())),
      [finding, ...others] = driver.findings;
    expect(others).toEqual([]);
    expect(finding).toMatchObject({
      severity: 'medium',
      framesTotal: 60,
      subjects: [
        { role: 'client', address: A },
        { role: 'server', address: B, port: 8443 },
      ],
    });
    expect(finding!.confidence).toBe(confidenceSum(finding!));
    expect(checkFilter(finding!.filter)).toMatchObject({ ok: true });
    expect(driver.findings[0]).toEqual(finding);
  });

  // A few random intervals always lean to a side; Cobalt Strike takes up to the jitter off its sleep (sleep 60 20).
  test.each([0.1, 0.2, 0.3, 0.4])('thirty times a minute apart, whatever the dice say, jitter %f', (jitter) => {
    let told = 0;
    for (let seed = 1; seed <= 40; seed++) {
      const random = chance(seed * 7919);
      told += calls(30, () => 60 * (1 - jitter * random())).findings.length;
    }
    expect(told).toBeGreaterThanOrEqual(38);
  });

  test('forty times with half of the interval more or less, where each carries as much; not where times are up to chance', () => {
    let told = 0,
      random = chance(),
      byChance = 0;
    for (let seed = 1; seed <= 20; seed++) {
      random = chance(seed * 7919);
      told += calls(40, () => 60 * (0.5 + random())).findings.length;
      // The times of what happens at random, as clicks of many people do: a Poisson process.
      byChance += calls(40, () => -60 * Math.log(1 - random())).findings.length + calls(40, () => 120 * random()).findings.length;
    }
    expect(told).toBeGreaterThanOrEqual(18);
    expect(byChance).toBe(0);
  });

  test('agents that call one server inside at the same interval, as one; few of them, or outside, one by one', () => {
    const agents = (clients: number, server: string) => {
      const driver = new MessageDriver(beaconing);
      for (let i = 0; i < 40; i++)
        for (let client = 1; client <= clients; client++) {
          driver.flow(`10.0.1.${client}`, server, 10_051, 'data');
          driver.wait(120 / clients);
        }
      return driver.findings;
    };
    const [finding, ...others] = agents(7, '10.0.0.9');
    expect(others).toEqual([]);
    expect(finding).toMatchObject({ severity: 'low', title: '7 machines call 10.0.0.9 port 10051 every 2 m 00 s', framesTotal: 280 });
    expect(finding!.subjects).toHaveLength(8);
    expect(finding!.confidence).toBe(confidenceSum(finding!));
    expect(checkFilter(finding!.filter)).toMatchObject({ ok: true });
    expect(agents(2, '10.0.0.9')).toHaveLength(2);
    expect(agents(4, B).map(({ severity }) => severity)).toEqual(['medium', 'medium', 'medium', 'medium']);
  });

  describe('one that asks many inside at the same interval', () => {
    /** As Prometheus scrapes its targets, Kubernetes probes its pods and HAProxy checks its servers: a connection to each, again and again. */
    const monitored = (pairs: readonly (readonly [string, string, number])[], more: Parameters<MessageDriver['flow']>[4] = {}) => {
      const driver = new MessageDriver(beaconing);
      for (let i = 0; i < 30; i++)
        for (const [client, server, port] of pairs) {
          driver.flow(client, server, port, 'http', more);
          driver.wait(15 / pairs.length);
        }
      return driver.findings;
    };
    const targets = (count: number, port = (_: number) => 9100, network = '10.3.0') =>
      Array.from({ length: count }, (_, i) => ['10.1.0.8', `${network}.${i + 1}`, port(i)] as const);

    test.each([
      ['thirty exporters', targets(30), '10.1.0.8 calls 30 machines inside port 9100 every 15.0 s'],
      ['exporters at several ports', targets(6, (i) => 9100 + (i % 2)), '10.1.0.8 calls 6 machines inside every 15.0 s'],
    ] as const)('is told once, for information: %s', (_name, pairs, title) => {
      const [finding, ...others] = monitored(pairs);
      expect(others).toEqual([]);
      expect(finding).toMatchObject({ severity: 'info', title, framesTotal: 30 * pairs.length });
      expect(finding!.confidence).toBe(confidenceSum(finding!));
      expect(checkFilter(finding!.filter)).toMatchObject({ ok: true });
    });
    test('as nodes that ask one another are', () => {
      const nodes = ['10.3.0.1', '10.3.0.2', '10.3.0.3'],
        pairs = nodes.flatMap((client) => nodes.filter((server) => server !== client).map((server) => [client, server, 8301] as const));
      expect(monitored(pairs)).toMatchObject([{ severity: 'info', title: '3 machines inside call one another port 8301 every 15.0 s' }]);
    });
    test('with the weight of any other where two are asked, as by machines that share a way out', () => {
      const pairs = ['10.3.0.1', '10.3.0.2', '10.3.0.3'].flatMap((client) =>
        ['10.3.0.8', '10.3.0.9'].map((server) => [client, server, 8443] as const),
      );
      expect(monitored(pairs)).toMatchObject([{ severity: 'low' }]);
    });
    test('not two of them, not outside, and not where nobody answers', () => {
      expect(monitored(targets(2)).map(({ severity }) => severity)).toEqual(['low', 'low']);
      expect(monitored(targets(4, () => 8443, '203.0.113')).map(({ severity }) => severity)).toEqual(['medium', 'medium', 'medium', 'medium']);
      expect(monitored(targets(4), { flags: F.HAS_TIME | F.SYN_A })).toMatchObject([{ severity: 'low' }]);
    });
  });

  test('every five seconds, over UDP from new ports', () =>
    expect(calls(40, () => 5, { protocol: 17 }, 4444, 'data').findings).toMatchObject([{ severity: 'medium' }]));

  test('a web server that somebody looked up, as apps and devices ask for news, with less weight', () => {
    const driver = calls(60, () => 60, {}, 443);
    expect(driver.findings).toMatchObject([{ severity: 'medium' }]);
    driver.state.names.add(B, 'api.thermostat.example', 'DNS');
    expect(driver.findings).toMatchObject([{ severity: 'low' }]);
  });

  test('a broker of things that somebody looked up, with less weight', () => {
    const driver = calls(60, () => 60, {}, 8883);
    driver.state.names.add(B, 'mqtt.thermostat.example', 'DNS');
    expect(driver.findings).toMatchObject([{ severity: 'low' }]);
  });

  test('inside of the network, with less weight', () =>
    expect(calls(40, () => 30, {}, 8443, 'tls', '10.0.0.9').findings).toMatchObject([{ severity: 'low' }]));

  test('one name over many addresses', () => {
    const driver = new MessageDriver(beaconing),
      { packet } = driver.state;
    packet.netCount = 1;
    packet.net[NET_PROTOCOL] = 6;
    for (let i = 0; i < 40; i++) {
      driver.say<TlsServerNameMessage>(driver.flow(A, `203.0.113.${10 + (i % 20)}`, 443, 'tls'), {
        kind: 'tls-server-name',
        name: 'cdn.evil.example',
      });
      driver.wait(60);
    }
    const [finding, ...others] = driver.findings;
    expect(others).toEqual([]);
    expect(finding!.title).toContain('cdn.evil.example every 1 m 00 s');
    expect(checkFilter(finding!.filter)).toMatchObject({ ok: true });
  });
});

describe('is silent on', () => {
  test('somebody who browses, however often one looks', () => {
    let told = 0;
    for (let seed = 1; seed <= 100; seed++) {
      const random = chance(seed * 104_729);
      told += calls(40, () => -Math.log(1 - random()) * 20, {}, 443).findings.length;
    }
    expect(told).toBe(0);
  });
  test('somebody who browses', () => {
    const random = chance();
    expect(calls(200, () => -Math.log(1 - random()) * 20, {}, 443).findings).toEqual([]);
  });
  test('pages of many connections, now and then', () => {
    const random = chance(3);
    expect(calls(200, (i) => (i % 8 === 7 ? 20 + 200 * random() : 0.05), {}, 443).findings).toEqual([]);
  });
  test('a program at work, many times a second', () => expect(calls(500, () => 0.7, {}, 443).findings).toEqual([]));
  test('a few connections, and a short time', () => {
    expect(calls(8, () => 60).findings).toEqual([]);
    expect(calls(20, () => 2).findings).toEqual([]);
  });
  // RITA scores such a row 50 % at most, "low": it is seen in one hour of a day. Pages ask for news each second; whoever works at a shell waits no shorter.
  test('calls a second apart for half a minute, as a page asks for news; for minutes, at an address that nobody looked up, they are told', () => {
    expect(calls(25, () => 1).findings).toEqual([]);
    expect(calls(25, () => 1, {}, 443).findings).toEqual([]);
    expect(calls(180, () => 1.01)).toMatchObject({ findings: [{ severity: 'medium' }] });
    expect(calls(180, () => 0.5).findings).toEqual([]);
  });
  test.each([
    ['ntp', 123, 17],
    ['dns', 53, 17],
    ['imap', 143, 6],
    ['tls', 993, 6],
    ['ssh', 2222, 6],
  ] as const)('%s on %i', (service, port, protocol) => expect(calls(100, () => 64, { protocol }, port, service).findings).toEqual([]));
  test('announcements to a group', () => expect(calls(100, () => 30, { protocol: 17 }, 9999, 'data', '239.1.2.3').findings).toEqual([]));
  test('connections whose beginning is not in the capture', () =>
    expect(calls(60, () => 60, { flags: F.HAS_TIME | F.DATA_A | F.DATA_B }).findings).toEqual([]));

  test('keep-alives of one long flow', async () => {
    const builder = new PacketBuilder(),
      there = { from: A, to: B, sourcePort: 40_000, destinationPort: 443 },
      back = { from: B, to: A, sourcePort: 443, destinationPort: 40_000 };
    builder.tcp({ ...there, flags: SYN }).tcp({ ...back, flags: SYN | ACK, sequence: 5000, acknowledgment: 1001 });
    for (let i = 0; i < 100; i++)
      builder
        .wait(30)
        .tcp({ ...there, flags: PSH | ACK, sequence: 1001 + i, acknowledgment: 5001, payload: new Uint8Array(1) })
        .tcp({ ...back, flags: ACK, sequence: 5001, acknowledgment: 1002 + i });
    expect(findingsOf(await analyzeCapture(builder.bytes()), 'beaconing')).toEqual([]);
  });

  test.each(['web-browsing.pcap', 'dhcp-ntp.pcap', 'dead-port-retries.pcap', 'busy-services.pcap', 'scan-slow.pcap'])('%s', async (name) =>
    expect(findingsOf(await analyzeCapture(sample(name)), 'beaconing').filter(({ severity }) => severity !== 'low')).toEqual([]),
  );
});

/** One connection in which the client says `bytes` bytes every `gap` seconds and is answered. */
function lasting(
  port: number,
  gap: (i: number) => number,
  { server = B, bytes = 7, count = 60, hello = new Uint8Array(0) }: { server?: string; bytes?: number; count?: number; hello?: Uint8Array } = {},
): Uint8Array {
  const builder = new PacketBuilder(),
    there = { from: A, to: server, sourcePort: 40_000, destinationPort: port },
    back = { from: server, to: A, sourcePort: port, destinationPort: 40_000 };
  builder.tcp({ ...there, flags: SYN, sequence: 1000 }).tcp({ ...back, flags: SYN | ACK, sequence: 5000, acknowledgment: 1001 });
  let sequence = 1001;
  for (let i = 0; i < count; i++) {
    const payload = i === 0 && hello.length > 0 ? hello : new Uint8Array(bytes).fill(0x81 + (i % 7));
    builder.wait(gap(i)).tcp({ ...there, flags: PSH | ACK, sequence, acknowledgment: 5001 + i * 4, payload });
    sequence += payload.length;
    builder.wait(0.05).tcp({ ...back, flags: PSH | ACK, sequence: 5001 + i * 4, acknowledgment: sequence, payload: new Uint8Array(4).fill(0x99) });
  }
  return builder.bytes();
}
/** Connections side by side, in each of which the client speaks every five seconds, and is answered or not. */
function together(ports: readonly number[], text: (i: number) => string, port = 8219, isAnswered = true): Uint8Array {
  const builder = new PacketBuilder(),
    sent = new Map<number, number>();
  for (let i = 0; i < 30; i++) {
    for (const from of ports) {
      const there = { from: A, to: B, sourcePort: from, destinationPort: port },
        back = { from: B, to: A, sourcePort: port, destinationPort: from },
        sequence = sent.get(from) ?? 1001,
        payload = text(i) === '' ? new Uint8Array(7).fill(0x81) : ascii(text(i));
      if (i === 0)
        builder
          .tcp({ ...there, flags: SYN, sequence: 1000 })
          .tcp({ ...back, flags: SYN | ACK, sequence: 5000, acknowledgment: 1001 })
          .tcp({ ...there, flags: ACK, sequence: 1001, acknowledgment: 5001 });
      builder.tcp({ ...there, flags: PSH | ACK, sequence, acknowledgment: isAnswered ? 5001 + i * 4 : 5001, payload });
      const acknowledgment = sequence + payload.length;
      sent.set(from, acknowledgment);
      builder.tcp({ ...back, flags: ACK | (isAnswered ? PSH : 0), sequence: isAnswered ? 5001 + i * 4 : 5001, acknowledgment, ...(isAnswered ? { payload: new Uint8Array(4).fill(0x99) } : {}) }); // prettier-ignore
    }
    builder.wait(5);
  }
  return builder.bytes();
}
const inOne = async (capture: Uint8Array) => findingsOf(await analyzeCapture(capture), 'beaconing');
const ascii = (text: string): Uint8Array => new TextEncoder().encode(text);

describe('within one connection', () => {
  test('a few bytes every five seconds in no known protocol', async () => {
    const random = chance(),
      [finding, ...others] = await inOne(lasting(8219, () => 5 + 0.2 * random()));
    expect(others).toEqual([]);
    expect(finding).toMatchObject({
      severity: 'low',
      subjects: [
        { role: 'client', address: A },
        { role: 'server', address: B, port: 8219 },
      ],
    });
    expect(finding!.evidence.frames).toEqual([1]);
    expect(finding!.confidence).toBe(confidenceSum(finding!));
    expect(checkFilter(finding!.evidence.filter)).toMatchObject({ ok: true });
  });
  test('a broker of things that somebody looked up, with less weight', () => {
    const driver = calls(60, () => 60, {}, 8883);
    driver.state.names.add(B, 'mqtt.thermostat.example', 'DNS');
    expect(driver.findings).toMatchObject([{ severity: 'low' }]);
  });

  test('several connections between the same two, as one', async () => {
    const findings = await inOne(together([40_000, 40_001, 40_002], () => ''));
    expect(findings).toMatchObject([{ severity: 'low', title: `${A} speaks every 5.0 s in 3 connections with ${B} port 8219` }]);
    expect(checkFilter(findings[0]!.evidence.filter)).toMatchObject({ ok: true });
  });
  // slowhttptest -H sends one more header line at each interval (here 5 s), in each of its connections.
  test('not where it is what keeps the connections of a slow denial of service alive; but where each is answered', async () => {
    const ports = Array.from({ length: 40 }, (_, i) => 40_000 + i),
      slow = await analyzeCapture(together(ports, (i) => (i === 0 ? 'GET / HTTP/1.1\r\nHost: a\r\n' : 'X-a: b\r\n'), 80, false));
    expect(slow.findings.map(({ detector }) => detector)).toContain('slow-dos');
    expect(findingsOf(slow, 'beaconing')).toEqual([]);
    expect(await inOne(together(ports, () => '', 8219, true))).toHaveLength(1);
  });

  test('inside of the network, with less weight', async () =>
    expect(await inOne(lasting(8219, () => 5, { server: '10.0.0.9' }))).toMatchObject([{ severity: 'low' }]));
  test.each([1883, 5228, 6379, 22, 502, 143])('silent on signs of life at port %i', async (port) =>
    expect(await inOne(lasting(port, () => 30))).toEqual([]),
  );
  test('silent on a person, on a stream, and on a short time', async () => {
    const random = chance(5);
    expect(await inOne(lasting(8219, () => -Math.log(1 - random()) * 8))).toEqual([]);
    expect(await inOne(lasting(8219, () => 5, { bytes: 8000 }))).toEqual([]);
    expect(await inOne(lasting(8219, () => 5, { count: 12 }))).toEqual([]);
  });
  // RFC 6455: after the answer to the upgrade, frames; the connection stays HTTP's.
  test('pings of a web socket are no more than low', async () => {
    const hello = ascii('GET /chat HTTP/1.1\r\nHost: chat.example\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n\r\n');
    expect((await inOne(lasting(80, () => 30, { hello }))).filter(({ severity }) => severity !== 'low')).toEqual([]);
  });
});

test.runIf(hasShared).each([
  ['c2__strrat-4423258f-59bc-4a88-bfec-d8ac08c88538.pcap', '192.168.100.11', '185.255.114.40', 8219],
  ['lateral__empire_psexec_dcerpc_tcp_svcctl_WORKSTATION5_2020-09-20121608.cap', '172.18.39.5', '10.10.10.5', 80],
])('recorded: %s', async (name, client, server, port) => {
  const findings = findingsOf(await analyzeCapture(shared(name)), 'beaconing');
  expect(findings.map(({ subjects }) => [subjects[0]!.address, subjects[1]!.address, subjects[1]!.port])).toEqual([[client, server, port]]);
});

test('the score tells a clock from chance', () => {
  const random = chance(),
    even = Array.from({ length: 50 }, (_, i) => i * 10),
    uneven = even.map(() => random() * 500).sort((a, b) => a - b),
    sizes = even.map(() => 300);
  expect(beaconScore(even, sizes, 500)).toMatchObject({ timing: 1, sizes: 1, duration: 1, interval: 10, deviation: 0, beats: 50 });
  expect(beaconScore(uneven, sizes, 500).timing).toBeLessThan(0.75);
  expect(beaconScore([], [], 0).total).toBeLessThan(0.6);
});

test.runIf(hasShared)('recorded: QuasarRAT', async () => {
  const findings = findingsOf(await analyzeCapture(shared('c2__09ffabf7-774a-43a3-8c97-68f2046fd385.pcap')), 'beaconing');
  expect(findings.map(({ subjects, evidence }) => [subjects[0]!.address, subjects[1]!.address, subjects[1]!.port, evidence.framesTotal])).toEqual([
    ['192.168.100.7', '86.136.67.231', 1337, 77],
  ]);
});
