/** Broadcasts by the hundreds a second that drown all else are told; what a network says to all of its hosts is not. */
import { expect, test } from 'vitest';
import { checkFilter } from '../../../src/analysis/filtering.ts';
import { analyzeCapture, findingsOf } from '../../support/analyzeCapture.ts';
import { PacketBuilder } from '../../support/packetBuilder.ts';

const frame = (source: number, isForAll: boolean): Uint8Array =>
  Uint8Array.from([
    ...(isForAll ? [255, 255, 255, 255, 255, 255] : [2, 0, 0, 0, 0, 1]),
    2,
    0,
    0,
    0,
    0,
    source,
    0x88,
    0xb5,
    ...new Array<number>(46).fill(0),
  ]);
const run = async (builder: PacketBuilder) => findingsOf(await analyzeCapture(builder.bytes()), 'broadcast-storm');

test('a loop between switches', async () => {
  const builder = new PacketBuilder().frame(frame(9, false)).wait(1);
  for (let i = 0; i < 3000; i++) builder.frame(frame(3 + (i % 3), true)).wait(0.001);
  const [finding, ...others] = await run(builder);
  expect(others).toEqual([]);
  expect(finding).toMatchObject({
    severity: 'low',
    subjects: [{ address: '02:00:00:00:00:03' }],
    evidence: { framesTotal: 3000, frames: [2, 3, 4] },
  });
  expect(checkFilter(finding!.evidence.filter)).toMatchObject({ ok: true });
  // One frame of 3,001 went to one host.
  expect(finding!.title).toMatch(/, 99 % of all$/);
});

// Ethernet addresses of 224.0.0.251 (RFC 1112 section 6.4) and of a group that television is sent to.
test.each([
  ['a loop of mDNS', [1, 0, 0x5e, 0, 0, 0xfb], 1],
  ['a channel of television', [1, 0, 0x5e, 1, 2, 3], 0],
] as const)('%s', async (_, group, count) => {
  const builder = new PacketBuilder(),
    bytes = Uint8Array.from([...group, ...frame(3, true).subarray(6)]);
  for (let i = 0; i < 6000; i++) builder.frame(bytes).wait(0.001);
  const findings = await run(builder);
  expect(findings).toHaveLength(count);
  for (const finding of findings) expect(checkFilter(finding.evidence.filter)).toMatchObject({ ok: true });
});

test('a network that announces itself', async () => {
  const slow = new PacketBuilder();
  for (let i = 0; i < 3000; i++) slow.frame(frame(3 + (i % 50), true)).wait(0.02);
  expect(await run(slow)).toEqual([]);
  const busy = new PacketBuilder();
  for (let i = 0; i < 6000; i++) busy.frame(frame(3 + (i % 3), i % 3 === 0)).wait(0.001);
  expect(await run(busy)).toEqual([]);
});
