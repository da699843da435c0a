/**
 * Servers of DHCPv6 that do not belong there are told: a second one, one that nobody told hosts to ask, and one that makes itself the resolver, as mitm6 does (its
 * README: it answers with link-local addresses, `fe80::` and the host's IPv4 address, and names itself). Messages after RFC 8415 sections 16 and 21, RFC 3646 section 3 and
 * RFC 4861 section 4.2.
 */
import { describe, expect, test } from 'vitest';
import { checkFilter } from '../../../src/analysis/filtering.ts';
import { analyzeCapture, findingsOf } from '../../support/analyzeCapture.ts';
import { ipv6Address, PacketBuilder } from '../../support/packetBuilder.ts';

const ROUTER = 'fe80::1',
  HOST = 'fe80::a',
  SERVER = 'fe80::53',
  OTHER = 'fe80::66';

const option = (code: number, bytes: readonly number[]): number[] => [0, code, bytes.length >> 8, bytes.length & 255, ...bytes],
  duid = (last: number): number[] => [0, 3, 0, 1, 2, 0, 0, 0, 0, last];

interface Answer {
  readonly from: string;
  readonly lease: string;
  readonly resolver: string;
  readonly transaction?: number;
  readonly client?: number;
}
function answer(builder: PacketBuilder, { from, lease, resolver, transaction = 7, client = 1 }: Answer): void {
  const payload = Uint8Array.from([
    2,
    0,
    0,
    transaction,
    ...option(1, duid(client)),
    ...option(2, duid(ipv6Address(from)[15]!)),
    ...option(3, [0, 0, 0, 1, 0, 0, 0, 200, 0, 0, 0, 250, ...option(5, [...ipv6Address(lease), 0, 0, 1, 44, 0, 0, 1, 44])]),
    ...option(23, [...ipv6Address(resolver)]),
  ]);
  builder.udp({ from, to: HOST, sourcePort: 547, destinationPort: 546, payload }).wait(0.05);
}

/** A router advertisement with its flags (M is 0x80), or one of nobody's way out (lifetime 0). */
function advertise(builder: PacketBuilder, flags: number, lifetime = 1800, from = ROUTER): void {
  builder
    .ip({
      from,
      to: 'ff02::1',
      protocol: 58,
      payload: Uint8Array.from([134, 0, 0, 0, 64, flags, lifetime >> 8, lifetime & 255, 0, 0, 0, 0, 0, 0, 0, 0]),
    })
    .wait(1);
}

const run = async (builder: PacketBuilder, detector: string) => findingsOf(await analyzeCapture(builder.bytes()), detector);

describe('two servers that answer one client', () => {
  test('with different resolvers', async () => {
    const builder = new PacketBuilder();
    answer(builder, { from: SERVER, lease: 'fd00:10::50', resolver: 'fd00:10::53' });
    answer(builder, { from: OTHER, lease: 'fd00:66::50', resolver: 'fd00:66::66' });
    const [finding, ...others] = await run(builder, 'rogue-dhcp');
    expect(others).toEqual([]);
    expect(finding).toMatchObject({
      severity: 'high',
      attack: ['T1557.003'],
      subjects: [
        { role: 'server', address: SERVER },
        { role: 'server', address: OTHER },
      ],
      evidence: { frames: [1, 2] },
    });
    expect(finding!.description).toContain('fd00:66::66');
    expect(checkFilter(finding!.evidence.filter).ok).toBe(true);
  });

  test('with the same: they share the work', async () => {
    const builder = new PacketBuilder();
    for (const from of [SERVER, OTHER]) answer(builder, { from, lease: 'fd00:10::50', resolver: 'fd00:10::53' });
    expect(await run(builder, 'rogue-dhcp')).toMatchObject([{ severity: 'low' }]);
  });

  test('silent on servers that answer different clients', async () => {
    const builder = new PacketBuilder();
    answer(builder, { from: SERVER, lease: 'fd00:10::50', resolver: 'fd00:10::53' });
    answer(builder, { from: OTHER, lease: 'fd00:66::50', resolver: 'fd00:66::66', client: 2, transaction: 9 });
    expect(await run(builder, 'rogue-dhcp')).toEqual([]);
  });
});

describe('a server that makes itself the resolver', () => {
  test('with link-local addresses, as mitm6 without advertisements', async () => {
    const builder = new PacketBuilder();
    answer(builder, { from: OTHER, lease: 'fe80::10:0:0:5', resolver: OTHER });
    const [finding, ...others] = await run(builder, 'rogue-router');
    expect(others).toEqual([]);
    expect(finding).toMatchObject({ severity: 'medium', subjects: [{ role: 'attacker', address: OTHER }], evidence: { frames: [1] } });
    expect(checkFilter(finding!.evidence.filter).ok).toBe(true);
  });

  test('with addresses of the network, beside a router', async () => {
    const builder = new PacketBuilder();
    advertise(builder, 0x80);
    answer(builder, { from: OTHER, lease: 'fd00:10::50', resolver: OTHER });
    expect(await run(builder, 'rogue-router')).toMatchObject([{ severity: 'medium', subjects: [{ address: OTHER }] }]);
  });

  test('where no router was heard: perhaps a small router itself', async () => {
    const builder = new PacketBuilder();
    answer(builder, { from: OTHER, lease: 'fd00:10::50', resolver: OTHER });
    expect(await run(builder, 'rogue-router')).toMatchObject([{ severity: 'low' }]);
  });

  test('silent on the router that is all of it', async () => {
    const builder = new PacketBuilder();
    advertise(builder, 0x80);
    answer(builder, { from: ROUTER, lease: 'fd00:10::50', resolver: ROUTER });
    expect(await run(builder, 'rogue-router')).toEqual([]);
  });
});

describe('a server that no router told hosts to ask', () => {
  const withFlags = async (flags: number) => {
    const builder = new PacketBuilder();
    advertise(builder, flags);
    answer(builder, { from: SERVER, lease: 'fd00:10::50', resolver: 'fd00:10::53' });
    return run(builder, 'rogue-router');
  };
  test('is told, with little weight', async () => expect(await withFlags(0)).toMatchObject([{ severity: 'low', subjects: [{ address: SERVER }] }]));
  test.each([0x80, 0x40])('is not told where advertisements have the flag 0x%s', async (flags) => expect(await withFlags(flags)).toEqual([]));
});
