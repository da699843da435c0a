#!/usr/bin/env node
/** The first view and the scrolling of large captures in the real VS Code, judged: for a machine with nothing else to do. */
import { spawnSync } from 'node:child_process';
import { fileURLToPath } from 'node:url';

const vitest = fileURLToPath(new URL('../node_modules/vitest/vitest.mjs', import.meta.url));
const { status } = spawnSync(process.execPath, [vitest, 'run', '--project', 'integration', 'test/integration/speed.test.ts'], {
  stdio: 'inherit',
  cwd: fileURLToPath(new URL('..', import.meta.url)),
  env: { ...process.env, NETSEC_SPEED: '1' },
});
process.exitCode = status ?? 1;
