/** A connection of hours with little data is told, at low severity; short ones, busy ones and unanswered ones are not. */
import { expect, test } from 'vitest';
import { checkFilter } from '../../../src/analysis/filtering.ts';
import { analyzeCapture, findingsOf, indicator } from '../../support/analyzeCapture.ts';
import { PacketBuilder, SYN } from '../../support/packetBuilder.ts';

const A = '192.168.10.5',
  B = '198.51.100.9';
const ACK = 16,
  PSH = 8;

/** A question and an answer every `seconds`, as many times as said. */
function session(rounds: number, seconds: number, bytes: number, isAnswered = true): Uint8Array {
  const there = { from: A, to: B, sourcePort: 50_000, destinationPort: 8443 },
    back = { from: B, to: A, sourcePort: 8443, destinationPort: 50_000 };
  const builder = new PacketBuilder().tcp({ ...there, flags: SYN, sequence: 0 });
  for (let i = 0; i < rounds; i++) {
    builder.tcp({ ...there, flags: PSH | ACK, sequence: 1 + i * bytes, payload: new Uint8Array(bytes) });
    if (isAnswered) builder.tcp({ ...back, flags: PSH | ACK, sequence: 1 + i * bytes, payload: new Uint8Array(bytes) });
    builder.wait(seconds);
  }
  return builder.bytes();
}
const run = async (capture: Uint8Array) => findingsOf(await analyzeCapture(capture), 'long-connection');

test('five hours with a few bytes a minute', async () => {
  const [finding, ...others] = await run(session(301, 60, 10));
  expect(others).toEqual([]);
  expect(finding).toMatchObject({
    severity: 'low',
    subjects: [
      { role: 'client', address: A },
      { role: 'server', address: B, port: 8443 },
    ],
  });
  // 301 rounds, a minute apart: the last begins after 300 minutes.
  expect(indicator(finding!, 'duration')).toBe(18_000);
  expect(finding!.evidence.frames).toEqual([1]);
  expect(checkFilter(finding!.evidence.filter).ok).toBe(true);
});

test('silent on an hour, on a busy connection, and where nobody answers', async () => {
  expect(await run(session(60, 60, 10))).toEqual([]);
  expect(await run(session(301, 60, 40_000 / 1.25))).toEqual([]);
  expect(await run(session(301, 60, 10, false))).toEqual([]);
});

test('silent where a clock was set by years', async () => {
  expect(await run(session(2, 6 * 365 * 86_400, 10))).toEqual([]);
  expect(await run(session(2, 4 * 365 * 86_400, 10))).toHaveLength(1);
});

test('coverage says that a short capture cannot show one', async () => {
  const { coverage } = await analyzeCapture(session(5, 60, 10));
  expect(coverage.find(({ detector }) => detector === 'long-connection')).toMatchObject({
    status: 'partial',
    why: 'The capture is shorter than the 4 hours after which a connection is called long.',
  });
});
