/** Thousands of damaged captures. NETSEC_MUTATIONS says how many, NETSEC_SEED where to begin; a failure names the seed that makes it again. */
import { describe, expect, test } from 'vitest';
import { random } from '../../support/random.ts';
import { examineBytes } from './examine.ts';
import { mutate } from './mutate.ts';
import { ownSamples, sharedSamples } from './samples.ts';

const TOTAL = Number(process.env['NETSEC_MUTATIONS'] ?? 2000);
const FIRST_SEED = Number(process.env['NETSEC_SEED'] ?? 1);
const CHUNKS = 20;
const MAX_BYTES = 12 << 10;

/** Tests of one part of the chunks, so that test files share the work: which of how many, counted from 0. */
export function damagedCaptures(part: number, parts: number): void {
  // The container matters less than what is in it, and compressed files break in the inflater.
  const samples = [...ownSamples, ...sharedSamples]
    .filter(({ name, bytes }) => !/\.(?:gz|zst)$/.test(name) && bytes.length > 0)
    .map(({ name, bytes }) => ({ name, bytes: bytes.subarray(0, MAX_BYTES) }));
  console.log(`${TOTAL} mutations of ${samples.length} captures, seeds from ${FIRST_SEED}: part ${part + 1} of ${parts}`);

  const perChunk = Math.ceil(TOTAL / CHUNKS);
  describe('damaged captures are read without an exception, and reported', () => {
    test.each(
      Array.from({ length: CHUNKS }, (_, chunk) => chunk)
        .filter((chunk) => chunk % parts === part)
        .map((chunk) => FIRST_SEED + chunk * perChunk),
    )('from seed %i', { timeout: 30_000 + perChunk * 1000 }, async (first) => {
      let read = 0;
      for (let seed = first; seed < Math.min(first + perChunk, FIRST_SEED + TOTAL); seed++) {
        const chance = random(seed),
          sample = chance.pick(samples),
          other = chance.pick(samples);
        const bytes = mutate(sample.bytes, chance, other.bytes);
        const examined = await examineBytes(sample.name, bytes, seed).catch((error: unknown) => {
          throw new Error(`seed ${seed} of ${sample.name} (NETSEC_SEED=${seed} NETSEC_MUTATIONS=1)`, { cause: error });
        });
        if (examined.ok && examined.report.capture.packets > 0) read += 1;
      }
      // A generator whose files are all refused would test nothing.
      if (perChunk >= 20) expect(read).toBeGreaterThan(perChunk / 2);
    });
  });
}
