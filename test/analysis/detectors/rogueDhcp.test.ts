/** Second servers, starvation and floods of refusals are found; a relay, a shared service and ordinary clients are not. */
import { describe, expect, test } from 'vitest';
import { checkFilter } from '../../../src/analysis/filtering.ts';
import { analyzeCapture, findingsOf, hasShared, indicator, sample, shared } from '../../support/analyzeCapture.ts';
import { ipBytes, PacketBuilder, udpBytes } from '../../support/packetBuilder.ts';

const DISCOVER = 1,
  OFFER = 2,
  REQUEST = 3,
  CONFIRM = 5,
  REFUSE = 6;
const run = async (capture: string | Uint8Array) => findingsOf(await analyzeCapture(capture), 'rogue-dhcp');
const octets = (address: string): number[] => address.split('.').map(Number);

/** Addresses of a manufacturer: the bit of those that somebody made up is not set. */
const macOf = (client: number, first = 0): number[] => [first, 0x16, 0x36, 1, client >> 8, client & 255];

const EVERYBODY = new Array<number>(6).fill(255),
  SERVER_MAC = [0, 0x16, 0x36, 0, 0, 1],
  INTRUDER_MAC = [0, 0x16, 0x36, 0x66, 0x66, 0x66];

interface Words {
  readonly id: number;
  readonly client: number;
  readonly server?: string;
  readonly yours?: string;
  readonly gateway?: string;
  readonly names?: string;
  readonly relay?: string;
  readonly from?: string;
  /** MAC address of the frame. */
  readonly mac?: readonly number[];
  /** First octet of the client's address; 2 where no manufacturer gave it. */
  readonly first?: number;
}

/** One message, RFC 2131 section 2, with its options of RFC 2132. */
function dhcp(builder: PacketBuilder, type: number, { id, client, server, yours, gateway, names, relay, from, mac, first }: Words): PacketBuilder {
  const isReply = server !== undefined && type !== REQUEST,
    bytes = new Uint8Array(300);
  bytes.set([isReply ? 2 : 1, 1, 6, 0, 0, 0, id >> 8, id & 255]);
  if (yours !== undefined) bytes.set(octets(yours), 16);
  if (relay !== undefined) bytes.set(octets(relay), 24);
  bytes.set(macOf(client, first), 28);
  const option = (code: number, address: string | undefined): number[] => (address === undefined ? [] : [code, 4, ...octets(address)]);
  bytes.set(
    [
      0x63,
      0x82,
      0x53,
      0x63,
      53,
      1,
      type,
      ...option(54, server),
      ...(isReply ? option(1, '255.255.255.0') : []),
      ...option(3, gateway),
      ...option(6, names),
      255,
    ],
    236,
  );
  const ends = isReply
    ? { from: from ?? server, to: '255.255.255.255', sourcePort: 67, destinationPort: 68 }
    : { from: '0.0.0.0', to: '255.255.255.255', sourcePort: 68, destinationPort: 67 };
  const packet = ipBytes({ ...ends, protocol: 17, payload: udpBytes({ ...ends, payload: bytes }) }),
    sender = mac ?? (isReply ? SERVER_MAC : macOf(client, first));
  return builder.frame(Uint8Array.from([...EVERYBODY, ...sender, 8, 0, ...packet])).wait(0.1);
}

/** Question, offer, request and confirmation, as far as the server has something. */
function lease(builder: PacketBuilder, client: number, { isServed = true, relay }: { isServed?: boolean; relay?: string } = {}): PacketBuilder {
  const words = { id: client, client, ...(relay === undefined ? {} : { relay }) },
    answer = { ...words, server: '10.0.0.1', yours: addressOf(client), gateway: '10.0.0.1', names: '10.0.0.1' };
  dhcp(builder, DISCOVER, words);
  if (!isServed) return builder;
  dhcp(builder, OFFER, answer);
  dhcp(builder, REQUEST, { ...words, server: '10.0.0.1' });
  return dhcp(builder, CONFIRM, answer);
}
const addressOf = (client: number): string => `10.0.${client >> 8}.${client & 255}`;

/** Asks by ARP for the gateway, RFC 826. */
function uses(builder: PacketBuilder, client: number): PacketBuilder {
  const mac = macOf(client),
    arp = [0, 1, 8, 0, 6, 4, 0, 1, ...mac, ...octets(addressOf(client)), 0, 0, 0, 0, 0, 0, 10, 0, 0, 1];
  return builder.frame(Uint8Array.from([...EVERYBODY, ...mac, 8, 6, ...arp]));
}

describe('is found', () => {
  test('a second server that sends clients to itself', async () => {
    const builder = new PacketBuilder();
    for (let i = 1; i <= 3; i++) {
      dhcp(builder, DISCOVER, { id: i, client: i });
      dhcp(builder, OFFER, { id: i, client: i, server: '10.0.0.1', yours: `10.0.0.${100 + i}`, gateway: '10.0.0.1', names: '10.0.0.1' });
      dhcp(builder, OFFER, { id: i, client: i, server: '10.0.0.66', yours: `10.0.0.${200 + i}`, gateway: '10.0.0.66', names: '10.0.0.66' });
    }
    const [finding, ...others] = await run(builder.bytes());
    expect(others).toEqual([]);
    expect(finding).toMatchObject({
      severity: 'high',
      attack: ['T1557.003'],
      subjects: [
        { role: 'server', address: '10.0.0.1' },
        { role: 'server', address: '10.0.0.66' },
      ],
    });
    expect(indicator(finding!, 'questions that both answered')).toBe(3);
    expect(finding!.evidence.frames).toEqual([2, 3, 5, 6, 8, 9]);
    expect(checkFilter(finding!.evidence.filter).ok).toBe(true);
  });

  test('a second server that only ever answers other clients, in the same network', async () => {
    const builder = new PacketBuilder();
    dhcp(builder, CONFIRM, { id: 1, client: 1, server: '10.0.0.1', yours: '10.0.0.101', gateway: '10.0.0.1', names: '10.0.0.1' });
    dhcp(builder, CONFIRM, { id: 2, client: 2, server: '10.0.0.66', yours: '10.0.0.201', gateway: '10.0.0.66', names: '10.0.0.66' });
    expect(await run(builder.bytes())).toHaveLength(1);
  });

  // atk6-flood_dhcpc6 of thc-ipv6 3.8 solicits like this, a new DUID of link layer and time each (RFC 8415 section 11.2); tshark: dhcpv6.msgtype == 1.
  test('starvation of a server of IPv6; a few machines that ask again and again are none', async () => {
    const solicit = (clients: number, times: number): Uint8Array => {
      const builder = new PacketBuilder();
      for (let i = 0; i < clients * times; i++) {
        const n = i % clients;
        const duid = [0, 1, 0, 14, 0, 1, 0, 1, 0xc6, n >> 8, n & 255, 0, 0, 0, 0, 0, 0, 0],
          identity = [0, 3, 0, 12, 0x67, 0x73, 0x4a, 0, 0, 0, 0, 0, 0, 0, 0, 0];
        const payload = Uint8Array.from([1, 0, i >> 8, i & 255, ...duid, ...identity]);
        builder.udp({ from: 'fe80::66', to: 'ff02::1:2', sourcePort: 546, destinationPort: 547, payload }).wait(0.01);
      }
      return builder.bytes();
    };
    const [finding, ...others] = await run(solicit(400, 1));
    expect(others).toEqual([]);
    expect(finding).toMatchObject({ severity: 'high', evidence: { framesTotal: 400 } });
    expect(finding!.title).toContain('400 different clients ask for an address by DHCPv6');
    expect(checkFilter(finding!.evidence.filter).ok).toBe(true);
    expect(await run(solicit(20, 20))).toEqual([]);
  });

  test('starvation by invented clients', async () => {
    const builder = new PacketBuilder();
    for (let i = 1; i <= 400; i++) dhcp(builder, DISCOVER, { id: i, client: i });
    const [finding, ...others] = await run(builder.bytes());
    expect(others).toEqual([]);
    expect(finding?.severity).toBe('high');
    expect(indicator(finding!, 'clients')).toBe(400);
    expect(checkFilter(finding!.evidence.filter).ok).toBe(true);
  });

  // yersinia and dhcpstarv send all their questions from one network card, dhcpig from the addresses it invents (RFC 2131 section 3.1 for the exchange).
  test('starvation at one question a second, in the names of others, whom it tells', async () => {
    const builder = new PacketBuilder();
    for (let i = 1; i <= 120; i++) dhcp(builder, DISCOVER, { id: i, client: i, first: 2, mac: INTRUDER_MAC }).wait(0.9);
    const [finding, ...others] = await run(builder.bytes());
    expect(others).toEqual([]);
    expect(finding).toMatchObject({
      severity: 'high',
      subjects: [{ role: 'attacker', address: '00:16:36:66:66:66' }],
      evidence: { framesTotal: 120 },
    });
    expect(finding!.title).toContain('120 of them within 1 h 00 m');
  });

  test('starvation by fewer clients, all of whom one card names', async () => {
    const asked = async (count: number, mac?: typeof INTRUDER_MAC) => {
      const builder = new PacketBuilder();
      for (let i = 1; i <= count; i++) dhcp(builder, DISCOVER, { id: i, client: i, first: 2, ...(mac === undefined ? {} : { mac }) }).wait(0.5);
      return run(builder.bytes());
    };
    expect(await asked(30, INTRUDER_MAC)).toMatchObject([{ severity: 'high', subjects: [{ role: 'attacker', address: '00:16:36:66:66:66' }] }]);
    expect(await asked(30)).toEqual([]);
    expect(await asked(12, INTRUDER_MAC)).toEqual([]);
  });

  test('starvation at one lease a second, in frames of the invented clients, until the server has no more', async () => {
    const builder = new PacketBuilder();
    for (let i = 1; i <= 200; i++) lease(builder, i, { isServed: i <= 100 }).wait(0.6);
    const [finding, ...others] = await run(builder.bytes());
    expect(others).toEqual([]);
    expect(finding).toMatchObject({ severity: 'high', subjects: [] });
    expect(indicator(finding!, 'new clients that got nothing at the end')).toBe(100);
  });

  test('starvation by leases that nobody uses, beside clients that use theirs', async () => {
    const builder = new PacketBuilder();
    for (let i = 1; i <= 5; i++) uses(lease(builder, 1000 + i), 1000 + i);
    for (let i = 1; i <= 120; i++) lease(builder, i).wait(2);
    const [finding, ...others] = await run(builder.bytes());
    expect(others).toEqual([]);
    expect(finding).toMatchObject({ severity: 'medium' });
    expect([indicator(finding!, 'leases that nobody uses'), indicator(finding!, 'clients that use their lease')]).toEqual([120, 5]);
  });

  test('a flood of refusals', async () => {
    const builder = new PacketBuilder();
    for (let i = 1; i <= 30; i++) dhcp(builder, REFUSE, { id: i, client: i, server: '10.0.0.66' });
    const [finding] = await run(builder.bytes());
    expect(finding?.subjects).toEqual([{ role: 'attacker', address: '10.0.0.66' }]);
    expect(checkFilter(finding!.evidence.filter).ok).toBe(true);
  });

  test.each([
    ['from its own address', '10.0.0.66', '10.0.0.66', 'ip.src == 10.0.0.66'],
    ['from the address of the server', '10.0.0.1', '00:16:36:66:66:66', 'dhcp.option.dhcp_server_id == 10.0.0.1 && eth.src == 00:16:36:66:66:66'],
  ])('who refuses in the name of the server, %s, is told and the server is not', async (_, from, attacker, filter) => {
    const builder = new PacketBuilder();
    for (let i = 1; i <= 3; i++) lease(builder, i);
    for (let i = 1; i <= 30; i++) dhcp(builder, REFUSE, { id: i, client: i, server: '10.0.0.1', from, mac: INTRUDER_MAC });
    const [finding, ...others] = await run(builder.bytes());
    expect(others).toEqual([]);
    expect(finding?.subjects).toEqual([
      { role: 'attacker', address: attacker },
      { role: 'spoofed', address: '10.0.0.1' },
    ]);
    expect(finding!.evidence).toMatchObject({ framesTotal: 30, filter: `dhcp.option.dhcp == 6 && ${filter}` });
    expect(checkFilter(finding!.evidence.filter).ok).toBe(true);
    expect(indicator(finding!, 'MAC address of the sender')).toBe('00:16:36:66:66:66');
    expect(finding!.confidence).toBeGreaterThan(80);
  });
});

describe('does not suspect somebody else', () => {
  test.each([
    ['a server that answers from a second address', { from: '10.0.0.2' }],
    ['a server behind a relay', { from: '10.0.0.254', relay: '10.0.0.254' }],
  ])('of the refusals of %s', async (_, more) => {
    const builder = new PacketBuilder();
    for (let i = 1; i <= 3; i++)
      dhcp(builder, OFFER, { id: i, client: i, server: '10.0.0.1', yours: `10.0.0.${100 + i}`, gateway: '10.0.0.1', names: '10.0.0.1', ...more });
    for (let i = 1; i <= 30; i++) dhcp(builder, REFUSE, { id: i, client: i, server: '10.0.0.1', ...more });
    const [finding, ...others] = await run(builder.bytes());
    expect(others).toEqual([]);
    expect(finding!.subjects.map(({ role }) => role)).toEqual(['attacker']);
    expect(finding!.confidence).toBeLessThan(60);
  });
});

describe('is silent on', () => {
  test('a server and its relay, seen on both sides', async () => {
    const builder = new PacketBuilder();
    for (let i = 1; i <= 20; i++) {
      const words = { id: i, client: i, server: '10.9.0.1', yours: `10.0.0.${100 + i}`, gateway: '10.0.0.1', names: '10.9.0.1', relay: '10.0.0.1' };
      dhcp(builder, DISCOVER, { id: i, client: i });
      for (const type of [OFFER, CONFIRM]) dhcp(dhcp(builder, type, words), type, { ...words, from: '10.0.0.1' });
    }
    expect(await run(builder.bytes())).toEqual([]);
  });

  test('a building that starts after a power cut: clients that take their leases and use them, by ARP or in conversations', async () => {
    const builder = new PacketBuilder();
    for (let i = 1; i <= 150; i++) {
      lease(builder, i).wait(-0.2);
      if (i % 2 === 0) uses(builder, i);
      else builder.udp({ from: addressOf(i), to: '10.0.0.53', sourcePort: 50_000, destinationPort: 53 });
    }
    expect(await run(builder.bytes())).toEqual([]);
  });

  test('the same behind a relay, where the capture cannot show who uses a lease; and in a capture of DHCP alone', async () => {
    for (const more of [{ relay: '10.0.0.254' }, {}]) {
      const builder = new PacketBuilder();
      for (let i = 1; i <= 150; i++) lease(builder, i, more).wait(-0.2);
      expect(await run(builder.bytes())).toEqual([]);
    }
  });

  test('servers of different networks', async () => {
    const builder = new PacketBuilder();
    for (let net = 0; net < 5; net++)
      dhcp(builder, CONFIRM, {
        id: net,
        client: net,
        server: `10.0.${net}.1`,
        yours: `10.0.${net}.50`,
        gateway: `10.0.${net}.1`,
        names: '10.0.0.53',
      });
    expect(await run(builder.bytes())).toEqual([]);
  });

  test('clients that ask again and again, a few of them refused', async () => {
    const builder = new PacketBuilder();
    for (let i = 0; i < 300; i++) dhcp(builder, DISCOVER, { id: i, client: i % 20 }).wait(1);
    for (let i = 0; i < 5; i++) dhcp(builder, REFUSE, { id: i, client: i, server: '10.0.0.1' });
    expect(await run(builder.bytes())).toEqual([]);
  });

  test('two servers that share the work are a matter of low severity', async () => {
    const builder = new PacketBuilder();
    for (const [i, server] of ['10.0.0.2', '10.0.0.3'].entries())
      dhcp(builder, OFFER, { id: 1, client: 1, server, yours: `10.0.0.${100 + i}`, gateway: '10.0.0.1', names: '10.0.0.53' });
    expect((await run(builder.bytes())).map(({ severity }) => severity)).toEqual(['low']);
  });

  test.each(['dhcp-ntp.pcap', 'web-browsing.pcap'])('%s', async (name) => {
    expect(await run(sample(name))).toEqual([]);
  });

  test.skipIf(!hasShared).each(['benign__sumstat.pcap', 'benign__teams.pcap', 'l2__week5_shadow_device_arp_spoof.pcap'])('%s', async (name) => {
    expect(await run(shared(name))).toEqual([]);
  });
});
