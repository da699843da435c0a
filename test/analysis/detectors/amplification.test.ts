/** Answers without questions, or out of all proportion, are found; ordinary look-ups, discovery and large signed answers are not. */
import { describe, expect, test } from 'vitest';
import { checkFilter } from '../../../src/analysis/filtering.ts';
import { analyzeCapture, findingsOf, hasShared, indicator, sample, shared } from '../../support/analyzeCapture.ts';
import { PacketBuilder } from '../../support/packetBuilder.ts';

const VICTIM = '10.0.0.30';
const run = async (capture: string | Uint8Array) => findingsOf(await analyzeCapture(capture), 'amplification');
const server = (i: number): string => `${20 + (i % 100)}.4.${i % 7}.${1 + (i % 200)}`;

describe('is an attack', () => {
  test.each([
    [123, 'NTP'],
    [53, 'DNS'],
    [1900, 'SSDP'],
    [11_211, 'memcached'],
  ])('answers from port %i that nobody asked for', async (port, name) => {
    const builder = new PacketBuilder();
    for (let i = 0; i < 400; i++)
      builder.udp({ from: server(i), to: VICTIM, sourcePort: port, destinationPort: 80, payload: new Uint8Array(440) }).wait(0.005);
    const [finding, ...others] = await run(builder.bytes());
    expect(others).toEqual([]);
    expect(finding).toMatchObject({ severity: 'medium', subjects: [{ role: 'victim', address: VICTIM }], attack: ['T1498.002'] });
    expect(finding!.title).toContain(`${name} amplification`);
    expect(indicator(finding!, 'answers without a question in a window')).toBe(400);
    expect(checkFilter(finding!.evidence.filter).ok).toBe(true);
  });

  test('small questions in the name of the victim, and large answers: seen beside the server', async () => {
    const builder = new PacketBuilder();
    for (let i = 0; i < 2000; i++) {
      const sourcePort = 1024 + i;
      builder.udp({ from: VICTIM, to: '10.0.0.53', sourcePort, destinationPort: 53, payload: new Uint8Array(40) });
      builder.udp({ from: '10.0.0.53', to: VICTIM, sourcePort: 53, destinationPort: sourcePort, payload: new Uint8Array(1400) }).wait(0.001);
    }
    const [finding] = await run(builder.bytes());
    expect(finding?.subjects).toEqual([
      { role: 'victim', address: VICTIM },
      { role: 'server', address: '10.0.0.53', port: 53 },
    ]);
    expect(indicator(finding!, 'factor')).toBe(35);
  });
});

describe('is silent on', () => {
  test('a resolver that was recorded in one direction only, as its answers are no larger than questions', async () => {
    const answers = (bytes: number): Uint8Array => {
      const builder = new PacketBuilder();
      for (let i = 0; i < 400; i++)
        builder.udp({ from: '10.0.0.53', to: VICTIM, sourcePort: 53, destinationPort: 20_000 + i, payload: new Uint8Array(bytes) }).wait(0.005);
      return builder.bytes();
    };
    expect(await run(answers(60))).toEqual([]);
    expect(await run(answers(600))).toHaveLength(1);
  });

  test('a download through OpenVPN', async () => {
    const builder = new PacketBuilder();
    for (let i = 0; i < 6000; i++) {
      builder.udp({ from: '203.0.113.5', to: VICTIM, sourcePort: 1194, destinationPort: 40_000, payload: new Uint8Array(1380) }).wait(0.001);
      if (i % 2 === 0) builder.udp({ from: VICTIM, to: '203.0.113.5', sourcePort: 40_000, destinationPort: 1194, payload: new Uint8Array(90) });
    }
    expect(await run(builder.bytes())).toEqual([]);
  });

  test('a resolver that asks hundreds of servers, some of whose signed answers are large', async () => {
    const builder = new PacketBuilder();
    for (let i = 0; i < 3000; i++) {
      const there = { from: VICTIM, to: server(i), sourcePort: 1024 + i, destinationPort: 53, payload: new Uint8Array(45) };
      builder
        .udp(there)
        .udp({ from: there.to, to: VICTIM, sourcePort: 53, destinationPort: there.sourcePort, payload: new Uint8Array(1200) })
        .wait(0.005);
    }
    expect(await run(builder.bytes())).toEqual([]);
  });

  test('neighbours that answer who asked all of them by mDNS', async () => {
    const builder = new PacketBuilder();
    for (let i = 0; i < 200; i++) {
      if (i % 20 === 0) builder.udp({ from: VICTIM, to: '224.0.0.251', sourcePort: 40_000, destinationPort: 5353, payload: new Uint8Array(40) });
      builder.udp({ from: `10.0.1.${1 + i}`, to: VICTIM, sourcePort: 5353, destinationPort: 40_000, payload: new Uint8Array(300) }).wait(0.01);
    }
    expect(await run(builder.bytes())).toEqual([]);
  });

  test('thousands of ordinary look-ups, and signed answers at a normal rate', async () => {
    const builder = new PacketBuilder();
    for (let i = 0; i < 3000; i++) {
      const sourcePort = 1024 + i,
        size = i % 10 === 0 ? 1200 : 200;
      builder.udp({ from: VICTIM, to: '10.0.0.53', sourcePort, destinationPort: 53, payload: new Uint8Array(40) });
      builder.udp({ from: '10.0.0.53', to: VICTIM, sourcePort: 53, destinationPort: sourcePort, payload: new Uint8Array(size) }).wait(0.01);
    }
    expect(await run(builder.bytes())).toEqual([]);
  });

  test('devices that answer a search by multicast', async () => {
    const builder = new PacketBuilder().udp({
      from: VICTIM,
      to: '239.255.255.250',
      sourcePort: 50_000,
      destinationPort: 1900,
      payload: new Uint8Array(100),
    });
    for (let i = 0; i < 400; i++)
      builder
        .udp({ from: `10.0.1.${1 + (i % 200)}`, to: VICTIM, sourcePort: 1900, destinationPort: 50_000, payload: new Uint8Array(350) })
        .wait(0.002);
    expect(await run(builder.bytes())).toEqual([]);
  });

  test.each(['dns.pcap', 'dhcp-ntp.pcap', 'web-browsing.pcap', 'busy-services.pcap', 'scan-udp.pcap'])('%s', async (name) => {
    expect(await run(sample(name))).toEqual([]);
  });
});

describe.skipIf(!hasShared)('the labelled captures of others', () => {
  test('answers of SNMP from everywhere', async () => {
    const [finding, ...others] = await run(shared('dos__amp.UDP.snmp.src161.pcapng'));
    expect(others).toEqual([]);
    expect(finding?.subjects).toEqual([{ role: 'victim', address: '10.10.10.10' }]);
    expect(finding?.title).toContain('SNMP');
  });

  test.each(['dns__dns-tunnel-iodine.pcap', 'benign__teams.pcap', 'benign__sumstat.pcap', 'benign__sip.pcap', 'benign__quic-mvfst-22.pcap'])(
    '%s is none',
    async (name) => {
      expect(await run(shared(name))).toEqual([]);
    },
  );
});
