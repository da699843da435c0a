/** Teardrop, tiny fragments and the ping of death are found; ordinary fragmentation, copies and cut frames are not. */
import { describe, expect, test } from 'vitest';
import { checkFilter } from '../../../src/analysis/filtering.ts';
import { analyzeCapture, findingsOf, hasShared, indicator, sample, shared } from '../../support/analyzeCapture.ts';
import { ipBytes, PacketBuilder, udpBytes } from '../../support/packetBuilder.ts';

const A = '10.0.0.66',
  B = '10.0.0.30';
const run = async (capture: string | Uint8Array) => findingsOf(await analyzeCapture(capture), 'fragment-attack');

/** One IPv4 fragment; `position` in bytes. */
function fragment(builder: PacketBuilder, position: number, more: boolean, payload: Uint8Array, identification = 7): PacketBuilder {
  const bytes = ipBytes({ from: A, to: B, protocol: 17, payload, identification }),
    view = new DataView(bytes.buffer);
  view.setUint16(6, (more ? 0x2000 : 0) | (position / 8));
  return builder.frame(Uint8Array.from([2, 0, 0, 0, 0, 2, 2, 0, 0, 0, 0, 1, 8, 0, ...bytes]));
}

/** One IPv6 fragment of a UDP datagram. */
function fragment6(builder: PacketBuilder, position: number, more: boolean, payload: Uint8Array): PacketBuilder {
  const header = [17, 0, (position >> 8) & 255, (position & 0xf8) | (more ? 1 : 0), 0, 0, 0, 9];
  return builder.ip({ from: 'fd00::66', to: 'fd00::30', protocol: 44, payload: Uint8Array.from([...header, ...payload]) });
}
const datagram = (length: number): Uint8Array =>
  udpBytes({ from: A, to: B, sourcePort: 5000, destinationPort: 6000, payload: new Uint8Array(length - 8).fill(1) });

describe('is an attack', () => {
  test('teardrop: the second fragment lies within the first', async () => {
    const builder = new PacketBuilder();
    fragment(builder, 0, true, datagram(64));
    fragment(builder, 24, false, new Uint8Array(8).fill(9));
    const [finding, ...others] = await run(builder.bytes());
    expect(others).toEqual([]);
    expect(finding).toMatchObject({
      severity: 'medium',
      subjects: [
        { role: 'attacker', address: A },
        { role: 'victim', address: B },
      ],
    });
    expect(finding!.evidence.frames).toEqual([1, 2]);
    expect(indicator(finding!, 'of them with other bytes than before')).toBe(1);
    expect(checkFilter(finding!.evidence.filter).ok).toBe(true);
  });

  test('overlaps over IPv6', async () => {
    const builder = new PacketBuilder();
    fragment6(builder, 0, true, datagram(1232));
    fragment6(builder, 1000, false, new Uint8Array(400).fill(1));
    const [finding] = await run(builder.bytes());
    expect(finding?.subjects[0]).toEqual({ role: 'attacker', address: 'fd00::66' });
    expect(checkFilter(finding!.evidence.filter).ok).toBe(true);
  });

  test('a header spread over fragments of eight bytes', async () => {
    const builder = new PacketBuilder();
    for (let i = 0; i < 8; i++)
      for (const position of [0, 8, 16]) fragment(builder, position, position < 16, new Uint8Array(8).fill(position), 100 + i);
    const [finding] = await run(builder.bytes());
    expect(finding?.title).toContain('Tiny');
    expect(indicator(finding!, 'tiny fragments')).toBe(16);
  });

  test('a ping of death: the last fragment ends beyond 65,535 bytes', async () => {
    const builder = new PacketBuilder();
    fragment(builder, 0, true, datagram(1480));
    fragment(builder, 65_120, false, new Uint8Array(400));
    const [finding] = await run(builder.bytes());
    expect(finding?.title).toContain('beyond the longest');
  });
});

describe('is silent on', () => {
  test('ordinary fragments, in any order, the largest datagram there can be, and exact copies', async () => {
    const builder = new PacketBuilder(),
      whole = datagram(65_515);
    for (const order of [1, -1]) {
      const positions = Array.from({ length: 45 }, (_, i) => i * 1480);
      for (const position of order > 0 ? positions : positions.reverse()) {
        fragment(builder, position, position + 1480 < whole.length, whole.subarray(position, position + 1480), 50 + order);
        if (position === 2960) builder.again();
      }
    }
    fragment6(builder, 0, true, datagram(1232));
    fragment6(builder, 1232, false, new Uint8Array(20));
    expect(await run(builder.bytes())).toEqual([]);
  });

  test('fragments that the capture cut', async () => {
    const builder = new PacketBuilder(60);
    for (let i = 0; i < 10; i++) for (const position of [0, 1480]) fragment(builder, position, position === 0, datagram(1480), i);
    expect(await run(builder.bytes())).toEqual([]);
  });

  test.each(['web-browsing.pcap', 'ping-traceroute.pcap', 'snapped-96.pcap', 'vxlan.pcap', 'scan-syn.pcap'])('%s', async (name) => {
    expect(await run(sample(name))).toEqual([]);
  });
});

describe.skipIf(!hasShared)('the labelled captures of others', () => {
  test.each(['frag__teardrop.pcap', 'frag__frag-1.pcap'])('%s is an attack', async (name) => {
    expect((await run(shared(name))).length).toBeGreaterThan(0);
  });

  test.each(['format__gtp1_gn_normal_incl_fragmentation.pcap', 'format__ipv6-http-atomic-frag.pcap', 'benign__sumstat.pcap', 'benign__sip.pcap'])(
    '%s is none',
    async (name) => {
      expect(await run(shared(name))).toEqual([]);
    },
  );
});

describe('fragments that never become whole', () => {
  const pieces = (count: number, position: (i: number) => number, gap = 0.002): PacketBuilder => {
    const builder = new PacketBuilder();
    for (let i = 0; i < count; i++) fragment(builder, position(i), true, new Uint8Array(800).fill(1), i).wait(gap);
    return builder;
  };
  test('are a flood, all of them from the middle', async () => {
    const [finding, ...others] = await run(pieces(1500, () => 1480).bytes());
    expect(others).toEqual([]);
    expect(finding).toMatchObject({
      severity: 'medium',
      subjects: [
        { role: 'attacker', address: A },
        { role: 'victim', address: B },
      ],
    });
    expect(checkFilter(finding!.evidence.filter).ok).toBe(true);
  });
  test('have little weight where all are the first ones: a capture filter by port leaves these', async () => {
    expect(await run(pieces(1500, () => 0).bytes())).toMatchObject([{ severity: 'low' }]);
  });
  test('silent where they come slowly, and where the rest follows, also in reverse', async () => {
    expect(await run(pieces(1500, () => 1480, 0.1).bytes())).toEqual([]);
    const builder = new PacketBuilder();
    for (let i = 0; i < 1200; i++) {
      const whole = datagram(1600);
      fragment(builder, 1480, false, whole.slice(1480), i);
      fragment(builder, 0, true, whole.slice(0, 1480), i).wait(0.001);
    }
    expect(await run(builder.bytes())).toEqual([]);
  });
  test('silent where frames are cut: only short last pieces are then whole', async () => {
    const builder = new PacketBuilder(300);
    for (let i = 0; i < 1200; i++) {
      const whole = datagram(1600);
      fragment(builder, 0, true, whole.slice(0, 1480), i);
      fragment(builder, 1480, false, whole.slice(1480), i).wait(0.001);
    }
    expect(await run(builder.bytes())).toEqual([]);
  });
});
