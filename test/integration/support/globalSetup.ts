/** Finds a real VS Code before the integration tests run: a desktop one, else the server and a Chromium. */
import { execFileSync } from 'node:child_process';
import path from 'node:path';
import { chromium } from 'playwright-core';
import type { TestProject } from 'vitest/node';
import { downloadAndUnzipVSCode } from '@vscode/test-electron';
import { provideChromium } from '../../../scripts/chromium.mts';
import { installVscodeServer, mayHaveDesktop } from '../../../scripts/vscodeServer.mts';

/** The version of `engines.vscode`: the oldest we promise to run in. */
const DESKTOP_VERSION = '1.138.0';

export type VscodeUnderTest =
  | { readonly kind: 'desktop'; readonly executable: string }
  | { readonly kind: 'server'; readonly main: string; readonly chromium: string }
  | { readonly kind: 'none' };

declare module 'vitest' {
  export interface ProvidedContext {
    vscodeUnderTest: VscodeUnderTest;
  }
}

export default async function setup(project: TestProject): Promise<void> {
  const cache = path.join(project.config.root, '.cache');
  execFileSync(process.execPath, ['esbuild.mjs'], { cwd: project.config.root, stdio: 'inherit' });
  project.provide('vscodeUnderTest', await findVscode(cache));
}

async function findVscode(cache: string): Promise<VscodeUnderTest> {
  const problems: string[] = [];
  const note = (what: string, error: unknown): void => void problems.push(`${what}: ${error instanceof Error ? error.message : String(error)}`);

  const named = process.env['VSCODE_TEST_EXECUTABLE'];
  if (named !== undefined && named !== '') return { kind: 'desktop', executable: named };
  if (mayHaveDesktop()) {
    try {
      const executable = await downloadAndUnzipVSCode({ version: DESKTOP_VERSION, cachePath: path.join(cache, 'vscode-desktop'), timeout: 15_000 });
      return { kind: 'desktop', executable };
    } catch (error) {
      note('desktop VS Code', error);
    }
  }
  try {
    const { main } = await installVscodeServer(cache, console.log);
    const browser = await provideChromium(cache, console.log);
    // One that misses a library of the system is found out here, in words, and not in every test.
    await (await chromium.launch({ executablePath: browser, args: ['--no-sandbox'] })).close();
    return { kind: 'server', main, chromium: browser };
  } catch (error) {
    note('VS Code server with Chromium', error);
  }
  const message = `NO REAL VS CODE TO TEST IN, so the integration tests did not run.\n  ${problems.join('\n  ')}`;
  if ((process.env['CI'] ?? '') !== '') throw new Error(message);
  console.error(`\n${'!'.repeat(100)}\n${message}\n${'!'.repeat(100)}\n`);
  return { kind: 'none' };
}
