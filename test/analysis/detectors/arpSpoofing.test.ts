/** Machines that claim addresses of others are found; a new card, fail-over with shared MAC addresses and ordinary ARP are not. */
import { describe, expect, test } from 'vitest';
import type { Finding } from '../../../src/analysis/report.ts';
import { checkFilter } from '../../../src/analysis/filtering.ts';
import { analyzeCapture, findingsOf, hasShared, indicator, sample, shared } from '../../support/analyzeCapture.ts';
import { carriedIn } from '../../support/carriedIn.ts';
import { PacketBuilder } from '../../support/packetBuilder.ts';

const GATEWAY = '10.0.0.1',
  VICTIM = '10.0.0.30',
  EVIL = '10.0.0.66';
const macOf = (last: number): number[] => [2, 0, 0, 0, 0, last];
const run = async (capture: string | Uint8Array) => findingsOf(await analyzeCapture(capture), 'arp-spoofing');

function arp(builder: PacketBuilder, opcode: number, mac: readonly number[], sender: string, target: string): PacketBuilder {
  const octets = (address: string): number[] => address.split('.').map(Number);
  return builder.frame(
    Uint8Array.from([
      ...(opcode === 1 ? new Array<number>(6).fill(255) : macOf(99)),
      ...mac,
      8,
      6,
      0,
      1,
      8,
      0,
      6,
      4,
      0,
      opcode,
      ...mac,
      ...octets(sender),
      0,
      0,
      0,
      0,
      0,
      0,
      ...octets(target),
    ]),
  );
}
const ask = (builder: PacketBuilder, mac: number, sender: string, target: string): PacketBuilder => arp(builder, 1, macOf(mac), sender, target);
const reply = (builder: PacketBuilder, mac: number, sender: string, target: string): PacketBuilder => arp(builder, 2, macOf(mac), sender, target);

const octetsOf = (address: string): number[] => address.split('.').map(Number);

/** An IPv4 packet between two cards. */
function packet(
  builder: PacketBuilder,
  [from, source]: readonly [mac: number, ip: string],
  [to, destination]: readonly [mac: number, ip: string],
  protocol = 1,
  payload: readonly number[] = [8, 0, 0, 0, 0, 1, 0, 1],
): PacketBuilder {
  const header = [0x45, 0, 0, 20 + payload.length, 0, 1, 0, 0, 64, protocol, 0, 0, ...octetsOf(source), ...octetsOf(destination)];
  return builder.frame(Uint8Array.from([...macOf(to), ...macOf(from), 8, 0, ...header, ...payload]));
}

describe('as the victim alone sees it', () => {
  const before = (): PacketBuilder => packet(new PacketBuilder(), [30, VICTIM], [1, GATEWAY]).wait(1);
  test('unasked replies, while packets had found the gateway elsewhere', async () => {
    const builder = before();
    for (let i = 0; i < 4; i++) reply(builder, 66, GATEWAY, VICTIM).wait(2);
    expect(await run(builder.bytes())).toMatchObject([
      {
        severity: 'high',
        subjects: [
          { role: 'attacker', address: '02:00:00:00:00:42' },
          { role: 'victim', address: GATEWAY },
        ],
        evidence: { frames: [2, 3, 4, 5] },
      },
    ]);
  });
  test('also in what a mirror port sends on', async () => {
    const builder = before();
    for (let i = 0; i < 4; i++) reply(builder, 66, GATEWAY, VICTIM).wait(2);
    const [without] = await run(builder.bytes()),
      [found] = await run(carriedIn('geneve', builder.bytes()));
    expect(found).toMatchObject({ severity: 'high', title: without!.title, description: without!.description });
  });
  test('also where the attacker had asked for the gateway itself, as ettercap does', async () => {
    const builder = ask(before(), 66, EVIL, GATEWAY);
    for (let i = 0; i < 4; i++) reply(builder.wait(1), 66, GATEWAY, VICTIM);
    expect(await run(builder.bytes())).toHaveLength(1);
  });
  test.each([
    ['a host that announces itself after its card was changed', (builder: PacketBuilder) => reply(builder, 66, GATEWAY, GATEWAY)],
    ['a host that answers when it is asked', (builder: PacketBuilder) => reply(ask(builder, 30, VICTIM, GATEWAY), 66, GATEWAY, VICTIM)],
  ])('not %s', async (_what, say) => {
    const builder = before();
    for (let i = 0; i < 6; i++) say(builder).wait(10);
    expect(await run(builder.bytes())).toEqual([]);
  });
});

test('redirects that the system of the attacker sends by itself, since it passes on what was meant for the gateway, are its own', async () => {
  const builder = ask(new PacketBuilder(), 66, EVIL, VICTIM);
  for (let i = 0; i < 3; i++) reply(builder.wait(1), 66, GATEWAY, VICTIM);
  // RFC 792: type 5, for a host; the gateway, then the packet that was passed on.
  const quote = [0x45, 0, 0, 28, 0, 1, 0, 0, 64, 1, 0, 0, ...octetsOf(VICTIM), ...octetsOf(GATEWAY), 8, 0, 0, 0, 0, 1, 0, 1];
  packet(builder, [66, EVIL], [30, VICTIM], 1, [5, 1, 0, 0, ...octetsOf(GATEWAY), ...quote]);
  expect(findingsOf(await analyzeCapture(builder.bytes()), 'rogue-router')).toMatchObject([
    { subjects: [{ role: 'attacker', address: EVIL }, { address: GATEWAY }] },
  ]);
});

describe('fail-over by the cards of the routers themselves, as keepalived does it', () => {
  const SHARED = '10.0.0.100';
  const failOver = (tells: boolean): PacketBuilder => {
    const builder = new PacketBuilder();
    for (const [mac, own] of [
      [11, '10.0.0.11'],
      [12, '10.0.0.12'],
      [11, '10.0.0.11'],
    ] as const) {
      ask(builder, mac, own, '10.0.0.5');
      // RFC 5798: version 2, router 51, priority 100, one address.
      if (tells) packet(builder, [mac, own], [99, '224.0.0.18'], 112, [0x21, 51, 100, 1, 0, 1, 0, 0, ...octetsOf(SHARED)]);
      for (let i = 0; i < 5; i++) reply(builder.wait(1), mac, SHARED, SHARED);
    }
    return builder;
  };
  test('is silent where VRRP says so, and little without', async () => {
    expect(await run(failOver(true).bytes())).toEqual([]);
    expect(await run(failOver(false).bytes())).toMatchObject([{ severity: 'low' }]);
  });
});

// arpspoof and bettercap announce every second or two, as long as they run; where the gateway itself is never asked for, only its packets say where it was.
describe('a machine that keeps announcing the gateway, which itself says nothing by ARP', () => {
  const OUTSIDE = '203.0.113.10',
    NEW_WAY = 66;
  function announced(times: number, seconds: number, turned: readonly [mac: number, ip: string], claimed = GATEWAY): Promise<Finding[]> {
    const builder = packet(new PacketBuilder(), [30, VICTIM], [1, turned[1]]).wait(1);
    for (let i = 0; i < times; i++) {
      ask(builder, NEW_WAY, claimed, claimed).wait(seconds / 2);
      packet(builder, [30, VICTIM], turned).wait(seconds / 2);
    }
    return run(builder.bytes());
  }

  test('is told with little weight where the packets to others turn to it', async () => {
    const [finding, ...others] = await announced(6, 2, [NEW_WAY, OUTSIDE]);
    expect(others).toEqual([]);
    expect(finding).toMatchObject({
      severity: 'low',
      subjects: [
        { role: 'attacker', address: '02:00:00:00:00:42' },
        { role: 'victim', address: GATEWAY },
      ],
    });
    expect(indicator(finding!, 'announcements')).toBe(6);
    expect(finding!.description).toContain('02:00:00:00:00:01');
  });
  test('and where it spoke by ARP, without them', async () => {
    const builder = reply(ask(new PacketBuilder(), 30, VICTIM, GATEWAY), 1, GATEWAY, VICTIM).wait(1);
    for (let i = 0; i < 6; i++) ask(builder, NEW_WAY, GATEWAY, GATEWAY).wait(2);
    expect(await run(builder.bytes())).toMatchObject([{ severity: 'low', subjects: [{ address: '02:00:00:00:00:42' }, { address: GATEWAY }] }]);
  });
  test.each<[string, number, number, readonly [number, string], string?]>([
    ['a fail-over that announces for five seconds', 6, 1, [NEW_WAY, OUTSIDE]],
    ['a machine that says twice that it is there, as RFC 5227 has it', 2, 2, [NEW_WAY, OUTSIDE]],
    ['packets that keep their way', 6, 2, [1, OUTSIDE]],
    ['an address of its own that moved to it', 6, 2, [NEW_WAY, '10.0.0.80'], '10.0.0.80'],
  ])('not: %s', async (_, times, seconds, turned, claimed) => expect(await announced(times, seconds, turned, claimed)).toEqual([]));
});

describe('without a single reply', () => {
  const asksInItsName = (builder: PacketBuilder): PacketBuilder => {
    for (let i = 0; i < 4; i++) ask(builder, 66, GATEWAY, VICTIM).wait(1);
    return builder;
  };
  test('a machine that asks in the name of the gateway, which is still there', async () => {
    const builder = reply(ask(new PacketBuilder(), 30, VICTIM, GATEWAY), 1, GATEWAY, VICTIM).wait(1);
    ask(asksInItsName(builder), 1, '10.0.0.2', VICTIM);
    expect(await run(builder.bytes())).toMatchObject([{ severity: 'medium', subjects: [{ address: '02:00:00:00:00:42' }, { address: GATEWAY }] }]);
  });
  test('and, where the gateway never spoke by ARP, packets turn to it', async () => {
    const builder = packet(new PacketBuilder(), [30, VICTIM], [1, GATEWAY]).wait(1);
    ask(asksInItsName(ask(builder, 66, EVIL, '10.0.0.5')), 30, VICTIM, '10.0.0.7');
    packet(builder, [30, VICTIM], [66, GATEWAY], 17, [0, 53, 0, 53, 0, 8, 0, 0]);
    expect(await run(builder.bytes())).toMatchObject([{ subjects: [{ address: '02:00:00:00:00:42' }, { address: GATEWAY }] }]);
  });
  test('not a gateway with a new card, whose old one is silent', async () => {
    const builder = reply(ask(new PacketBuilder(), 30, VICTIM, GATEWAY), 1, GATEWAY, VICTIM).wait(30);
    expect(await run(asksInItsName(builder).bytes())).toEqual([]);
  });
});

describe('addresses that are refused to whoever wants them (RFC 5227)', () => {
  const refuse = (own: boolean): PacketBuilder => {
    const builder = new PacketBuilder();
    for (const last of [91, 92, 93, 94]) {
      if (own) ask(builder, 66, `10.0.0.${last}`, VICTIM).wait(5);
      ask(builder, 30, '0.0.0.0', `10.0.0.${last}`).wait(0.2);
      reply(builder, 66, `10.0.0.${last}`, '0.0.0.0').wait(5);
    }
    return builder;
  };
  test('are told, unless the one who refuses uses them', async () => {
    expect(await run(refuse(false).bytes())).toMatchObject([{ severity: 'medium', subjects: [{ role: 'attacker', address: '02:00:00:00:00:42' }] }]);
    expect(await run(refuse(true).bytes())).toEqual([]);
  });
});

describe('is spoofing', () => {
  test('a machine that tells the victim every two seconds to be the gateway', async () => {
    const builder = new PacketBuilder();
    ask(builder, 66, EVIL, '10.0.0.5');
    for (let i = 0; i < 20; i++) {
      reply(builder, 66, GATEWAY, VICTIM).wait(2);
      if (i % 5 === 0) reply(ask(builder, 30, VICTIM, GATEWAY), 1, GATEWAY, VICTIM);
    }
    const [finding, ...others] = await run(builder.bytes());
    expect(others).toEqual([]);
    expect(finding).toMatchObject({
      severity: 'high',
      attack: ['T1557.002'],
      subjects: [
        { role: 'attacker', address: '02:00:00:00:00:42' },
        { role: 'victim', address: GATEWAY },
      ],
    });
    expect(indicator(finding!, 'rival')).toBe('02:00:00:00:00:01');
    expect(finding!.confidence).toBeGreaterThanOrEqual(80);
    expect(checkFilter(finding!.evidence.filter).ok).toBe(true);
  });

  test('arpspoof between a person and the router: the attacker is blamed, not the card in whose name it puts the truth back at the end', async () => {
    const findings = await run(sample('arp-spoofing.pcap'));
    expect(findings).toHaveLength(1);
    // tshark: the MAC of the intruder sends frames 25 to 88 in its own name, and 119 to 126 with the MAC addresses of the true owners.
    expect(findings[0]!.subjects).toEqual([
      { role: 'attacker', address: '08:00:27:5e:66:66' },
      { role: 'victim', address: '192.168.10.1' },
      { role: 'victim', address: '192.168.10.21' },
    ]);
    expect(findings[0]!.severity).toBe('high');
    expect(findings[0]!.evidence.frames).toEqual(expect.arrayContaining([25, 26, 55, 56, 87, 88, 119, 126]));
  });

  test('both directions, of which the capture holds nothing but the replies', async () => {
    const builder = new PacketBuilder(),
      tell = (ip: string, [to, target]: readonly [number, string]): PacketBuilder =>
        builder.frame(
          Uint8Array.from([
            ...macOf(to),
            ...macOf(66),
            8,
            6,
            0,
            1,
            8,
            0,
            6,
            4,
            0,
            2,
            ...macOf(66),
            ...octetsOf(ip),
            ...macOf(to),
            ...octetsOf(target),
          ]),
        );
    for (let i = 0; i < 4; i++) {
      tell(GATEWAY, [30, VICTIM]);
      tell(VICTIM, [1, GATEWAY]).wait(2);
    }
    const [finding, ...others] = await run(builder.bytes());
    expect(others).toEqual([]);
    expect(finding).toMatchObject({
      severity: 'high',
      subjects: [{ role: 'attacker', address: '02:00:00:00:00:42' }, { role: 'victim' }, { role: 'victim' }],
    });
    expect(finding!.description).toMatch(/02:00:00:00:00:(?:01|1e)/);
    expect(checkFilter(finding!.evidence.filter)).toMatchObject({ ok: true });
  });

  test('both directions at once are one finding about one machine', async () => {
    const builder = new PacketBuilder();
    ask(builder, 66, EVIL, GATEWAY);
    reply(builder, 1, GATEWAY, EVIL).wait(1);
    reply(ask(builder, 66, EVIL, VICTIM), 30, VICTIM, EVIL).wait(10);
    for (let i = 0; i < 10; i++) reply(reply(builder, 66, GATEWAY, VICTIM), 66, VICTIM, GATEWAY).wait(2);
    const findings = await run(builder.bytes());
    expect(findings).toHaveLength(1);
    expect(indicator(findings[0]!, 'addresses claimed')).toBe(2);
  });

  test('a machine that asks for the address that it claims', async () => {
    const builder = new PacketBuilder();
    ask(builder, 66, GATEWAY, VICTIM).wait(1);
    ask(builder, 66, EVIL, GATEWAY);
    const [finding] = await run(builder.bytes());
    expect(finding?.evidence.frames).toEqual([1, 2]);
  });

  test('a flood of announcements', async () => {
    const builder = new PacketBuilder();
    for (let i = 0; i < 250; i++) arp(builder, 1, macOf(66), `10.0.0.${i}`, `10.0.0.${i}`).wait(0.01);
    const [finding, ...others] = await run(builder.bytes());
    expect(others).toEqual([]);
    expect(indicator(finding!, 'announcements in ten seconds')).toBe(250);
    expect(checkFilter(finding!.evidence.filter).ok).toBe(true);
  });
});

describe('is silent on', () => {
  test('a host that changed its network card, and announced itself', async () => {
    const builder = new PacketBuilder();
    for (let i = 0; i < 5; i++) reply(ask(builder, 1, GATEWAY, VICTIM), 30, VICTIM, GATEWAY).wait(30);
    arp(builder, 1, macOf(31), VICTIM, VICTIM);
    for (let i = 0; i < 5; i++) reply(ask(builder, 1, GATEWAY, VICTIM), 31, VICTIM, GATEWAY).wait(30);
    expect(await run(builder.bytes())).toEqual([]);
  });

  test.each([
    ['VRRP', [0, 0, 0x5e, 0, 1, 7]],
    ['HSRP', [0, 0, 0x0c, 7, 0xac, 7]],
    ['HSRP version 2', [0, 0, 0x0c, 0x9f, 0xf0, 7]],
    ['GLBP', [0, 7, 0xb4, 0, 1, 1]],
  ])('fail-over by %s', async (_name, shared) => {
    const builder = new PacketBuilder();
    for (let i = 0; i < 6; i++) {
      arp(builder, 2, shared, GATEWAY, GATEWAY).wait(1);
      arp(builder, 2, macOf(1 + (i % 2)), `10.0.0.${2 + (i % 2)}`, VICTIM);
      reply(ask(builder, 30, VICTIM, GATEWAY), 2, GATEWAY, VICTIM).wait(5);
    }
    expect(await run(builder.bytes())).toEqual([]);
  });

  // RFC 5227 section 2.1.1: a probe is answered within seconds, or the address is taken.
  test('hosts that ask for free addresses in a capture whose times go back', async () => {
    const builder = new PacketBuilder();
    for (let last = 10; last < 20; last++) {
      ask(builder, last, '0.0.0.0', `10.0.0.${last}`).wait(-30);
      reply(builder, last + 100, `10.0.0.${last}`, GATEWAY).wait(-30);
    }
    expect(await run(builder.bytes())).toEqual([]);
  });
  test('an address that goes to another host after its lease, and a router that answers for many', async () => {
    const builder = new PacketBuilder();
    reply(ask(builder, 1, GATEWAY, VICTIM), 30, VICTIM, GATEWAY).wait(4000);
    reply(ask(builder, 1, GATEWAY, VICTIM), 31, VICTIM, GATEWAY).wait(4000);
    for (let i = 2; i < 60; i++) reply(ask(builder, 30, VICTIM, `10.0.1.${i}`), 1, `10.0.1.${i}`, VICTIM).wait(0.1);
    expect(await run(builder.bytes())).toEqual([]);
  });

  test.each(['web-browsing.pcap', 'scan-syn.pcap', 'two-interfaces.pcapng', 'dhcp-ntp.pcap', 'vlan-qinq.pcap'])('%s', async (name) => {
    expect(await run(sample(name))).toEqual([]);
  });
});

describe.skipIf(!hasShared)('the labelled captures of others', () => {
  test.each([
    ['l2__arppoison.pcapng', '172.16.0.1'],
    ['l2__week5_shadow_device_arp_spoof.pcap', '10.0.1.11'],
  ])('%s: somebody claims %s', async (name, victim) => {
    const [finding, ...others] = await run(shared(name));
    expect(others).toEqual([]);
    expect(finding?.subjects.map(({ address }) => address)).toContain(victim);
  });

  test.each(['benign__wikipedia.pcap', 'benign__sumstat.pcap', 'frag__teardrop.pcap', 'benign__example.pcap'])('%s is none', async (name) => {
    expect(await run(shared(name))).toEqual([]);
  });
});
