/** Data hidden in NTP is told; what clients and servers of time really say is not. Layout: RFC 5905 section 7.3. */
import { describe, expect, test } from 'vitest';
import { checkFilter } from '../../../src/analysis/filtering.ts';
import { analyzeCapture, findingsOf, sample } from '../../support/analyzeCapture.ts';
import { PacketBuilder } from '../../support/packetBuilder.ts';

const A = '10.0.0.5',
  B = '203.0.113.7',
  /** 2026-01-01 in seconds since 1900. */
  NOW = 3_976_214_400;

interface Told {
  readonly reference?: (i: number) => number;
  readonly behind?: (i: number) => readonly number[];
  /** Seconds of the server's receive and transmit stamps. */
  readonly stamps?: (i: number) => readonly [number, number];
}

function message(first: number, stratum: number, reference: number, receive: number, transmit: number, behind: readonly number[] = []): Uint8Array {
  const bytes = new Uint8Array(48 + behind.length),
    view = new DataView(bytes.buffer);
  bytes.set([first, stratum, 6, 0xe8]);
  view.setUint32(12, reference);
  view.setUint32(32, receive);
  view.setUint32(40, transmit);
  bytes.set(behind, 48);
  return bytes;
}

async function asked(count: number, { reference = () => 0, behind = () => [], stamps = (i) => [NOW + i, NOW + i] }: Told) {
  const builder = new PacketBuilder();
  for (let i = 0; i < count; i++) {
    const ports = { sourcePort: 40_000 + i, destinationPort: 123 };
    builder.udp({ from: A, to: B, ...ports, payload: message(0x23, 0, reference(i), 0, NOW + i, behind(i)) });
    builder.udp({ from: B, to: A, sourcePort: 123, destinationPort: ports.sourcePort, payload: message(0x24, 2, 0x0a010203, ...stamps(i)) }).wait(2);
  }
  return findingsOf(await analyzeCapture(builder.bytes()), 'data-exfiltration');
}
const text = (i: number): readonly number[] => Array.from('what nobody needs to know of', (character) => (character.charCodeAt(0) + i) & 255);
const scattered = (i: number): number => Math.imul(i + 1, 0x9e3779b1) >>> 0;

describe('is told', () => {
  test.each<[string, Told, number]>([
    ['behind the header', { behind: text }, 1],
    ['in reference ids that never stay', { reference: scattered }, 1],
    ['in stamps that are no times', { stamps: (i) => [scattered(i), scattered(i + 7) ^ 0x40000000] }, 2],
  ])('%s', async (_, what, frame) => {
    const [finding, ...others] = await asked(30, what);
    expect(others).toEqual([]);
    expect(finding).toMatchObject({
      severity: 'medium',
      subjects: [
        { role: 'client', address: A },
        { role: 'server', address: B, port: 123 },
      ],
      evidence: { flows: expect.arrayContaining(['udp:0']) as unknown },
    });
    expect(finding!.evidence.frames[0]).toBe(frame);
    expect(checkFilter(finding!.evidence.filter)).toMatchObject({ ok: true });
  });
});

describe('is silent on', () => {
  // A key number and SHA-1; RFC 7822 and RFC 8915: a unique identifier, then a cookie.
  const code = (): readonly number[] => [0, 0, 0, 1, ...new Array<number>(20).fill(7)],
    nts = (i: number): readonly number[] => [1, 4, 0, 36, ...new Array<number>(32).fill(i), 2, 4, 0, 104, ...new Array<number>(100).fill(i * 3)];
  test.each<[string, Told]>([
    ['questions and answers', {}],
    ['authentication codes', { behind: code }],
    ['NTS', { behind: nts }],
    ['a client that names its own source, and changes it once', { reference: (i) => (i < 20 ? 0x0a010101 : 0x0a010102) }],
    ['interleaved answers of chrony, whose transmit stamp is of the answer before', { stamps: (i) => [NOW + i, NOW + i - 1024] }],
  ])('%s', async (_, what) => expect(await asked(30, what)).toEqual([]));
  test('a few odd ones', async () => expect(await asked(6, { behind: text })).toEqual([]));
  test('chrony, recorded', async () => expect(findingsOf(await analyzeCapture(sample('dhcp-ntp.pcap')), 'data-exfiltration')).toEqual([]));
});
