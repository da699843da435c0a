/** What people install: the package, in a VS Code that has seen nothing of this project. */
import { execFileSync } from 'node:child_process';
import fs from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { pcapRecords } from './support/pcapFile.ts';
import { describeInVscode, openVscode, removeFolder, workspaceWith, type VscodeWindow } from './support/vscodeWindow.ts';
import { openCapture } from './support/workbench.ts';

const ROOT = path.resolve(import.meta.dirname, '../..');
const SAMPLE = path.join(ROOT, 'captures/dns.pcap');

describeInVscode('the package', () => {
  const scratch = fs.mkdtempSync(path.join(os.tmpdir(), 'netsec-package-'));
  const vsix = path.join(scratch, 'netsec.vsix');
  let window: VscodeWindow | undefined;
  let folder: string | undefined;

  beforeAll(() => {
    // globalSetup has built dist/.
    execFileSync(process.execPath, ['scripts/package.mts', vsix], { cwd: ROOT, stdio: 'pipe' });
  });
  afterAll(async () => {
    await window?.close();
    removeFolder(folder);
    removeFolder(scratch);
  });

  test('is under two megabytes', () => {
    expect(fs.statSync(vsix).size).toBeLessThan(2_000_000);
  });

  test('installs in a clean VS Code and opens a capture', async () => {
    folder = workspaceWith([SAMPLE]);
    window = await openVscode({ folder, vsix });
    const page = await openCapture(window, path.join(folder, 'captures/dns.pcap'));
    await page.locator('body[data-ready="1"]').waitFor();
    await expect.poll(() => page.getByTestId('kpi-packets').innerText()).toContain(String(pcapRecords(SAMPLE).length));
    const installed = await window.host((vscode) => vscode.extensions.getExtension('netsec.netsec')?.extensionPath ?? '');
    expect(installed).not.toContain(ROOT);
  });
});
