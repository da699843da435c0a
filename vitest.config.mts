/** Two runs: `unit` is everything that needs no VS Code, `integration` drives a real one and so runs file by file. */
import os from 'node:os';
import { defineConfig } from 'vitest/config';
import { LongestFirst } from './scripts/longestFirst.mts';
import { SecondTries } from './scripts/secondTries.mts';

const results = process.env['NETSEC_TEST_RESULTS'];
const run = process.env['npm_lifecycle_event']?.replace('test:', '') ?? 'tests';

function jsonTo(outputFile: string): ['json', { outputFile: string }] {
  return ['json', { outputFile }];
}

export default defineConfig({
  define: { NETSEC_VERSION: JSON.stringify('0.0.0-test') },
  test: {
    // Programs under test neither find nor leave reports on the disk of who runs them.
    env: { NETSEC_CACHE: 'off' },
    // On two cores vitest would use one.
    maxWorkers: Math.max(2, os.availableParallelism() - 1),
    sequence: { sequencer: LongestFirst },
    retry: process.env['CI'] === undefined ? 0 : 1,
    // CI adds up the results of both runs.
    reporters: ['default', new SecondTries(), ...(results === undefined ? [] : [jsonTo(`${results}/${run}.json`)])],
    projects: [
      {
        extends: true,
        test: {
          name: 'unit',
          include: ['test/**/*.test.ts'],
          exclude: ['test/integration/**'],
          // A page in Chromium beside a full machine.
          expect: { poll: { timeout: 10_000 } },
          testTimeout: 30_000,
          // The golden and truth tests read captures of several megabytes.
          hookTimeout: 120_000,
        },
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
