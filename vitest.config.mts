/** Two runs: `unit` is everything that needs no VS Code, `integration` drives a real one and so runs file by file. */
import os from 'node:os';
import { defineConfig } from 'vitest/config';
import { LongestFirst } from './scripts/longestFirst.mts';
import { SecondTries } from './scripts/secondTries.mts';

const results = process.env['NETSEC_TEST_RESULTS'];
// On two cores vitest would use one.
const workers = Math.max(2, os.availableParallelism() - 1);
const run = process.env['npm_lifecycle_event']?.replace('test:', '') ?? 'tests';

function jsonTo(outputFile: string): ['json', { outputFile: string }] {
  return ['json', { outputFile }];
}

/**
 * Tests of the engine alone, of which nothing is left behind in a process: under `npm run test:unit` the files of a worker share the engine that the first has loaded, which
 * takes longer than most of them. A file by itself is one of `unit`.
 */
const ENGINE = run === 'unit' ? ['test/analysis/detectors/**/*.test.ts', 'test/pcap/**/*.test.ts'] : [];

const UNIT = {
  // A page in Chromium beside a full machine.
  expect: { poll: { timeout: 10_000 } },
  testTimeout: 30_000,
  // The golden and truth tests read captures of several megabytes.
  hookTimeout: 120_000,
};

export default defineConfig({
  define: { NETSEC_VERSION: JSON.stringify('0.0.0-test') },
  test: {
    // Programs under test neither find nor leave reports on the disk of who runs them.
    env: { NETSEC_CACHE: 'off' },
    maxWorkers: workers,
    sequence: { sequencer: LongestFirst },
    retry: process.env['CI'] === undefined ? 0 : 1,
    // CI adds up the results of both runs.
    reporters: ['default', new SecondTries(), ...(results === undefined ? [] : [jsonTo(`${results}/${run}.json`)])],
    projects: [
      {
        extends: true,
        test: {
          ...UNIT,
          name: 'unit',
          include: ['test/**/*.test.ts'],
          exclude: ['test/integration/**', ...ENGINE],
          // After them: a worker that takes turns with others would have to load the engine anew.
          sequence: { groupOrder: 1 },
        },
      },
      {
        extends: true,
        test: { ...UNIT, name: 'unit-engine', include: ENGINE, isolate: false, setupFiles: ['test/support/noPlatform.ts'] },
      },
      {
        extends: true,
        test: {
          name: 'integration',
          include: ['test/integration/**/*.test.ts'],
          globalSetup: ['test/integration/support/globalSetup.ts'],
          fileParallelism: false,
          // What a person would wait for before they doubt, on a busy machine.
          expect: { poll: { timeout: 20_000 } },
          testTimeout: 120_000,
          hookTimeout: 120_000,
        },
      },
    ],
  },
});
