/** Monitoring as a person meets it: turned on in its view, told of what is found, asked what to do about it, and still there after a restart. */
import fs from 'node:fs';
import path from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { describeInVscode, openVscode, removeFolder, workspaceWith, type VscodeWindow } from './support/vscodeWindow.ts';
import { capturePage, closeEditors, THEMES } from './support/workbench.ts';

const CAPTURES = path.resolve(import.meta.dirname, '../../captures');
const sample = (name: string): string => path.join(CAPTURES, name);

describeInVscode('monitoring', () => {
  let window: VscodeWindow;
  let folder: string;
  type Located = ReturnType<VscodeWindow['page']['locator']>;
  const pane = (): Located => window.page.locator('.pane', { has: window.page.locator('.pane-header', { hasText: 'Monitor' }) });
  const rows = (): Located => pane().locator('.monaco-list-row[role="treeitem"]:visible');
  const toast = (text: string | RegExp): Located => window.page.locator('.notifications-toasts .notification-list-item', { hasText: text });

  beforeAll(async () => {
    folder = workspaceWith([sample('dns.pcap'), sample('scan-syn.pcap')]);
    window = await openVscode({ folder });
    await window.page.locator('.activitybar .action-item a[aria-label="Netsec"]').click();
  });
  afterAll(async () => {
    await window?.close();
    removeFolder(folder);
  });

  test('is off until somebody turns it on, and then looks at what is there', { timeout: 60_000 }, async () => {
    await pane().locator('.welcome-view', { hasText: 'New and growing captures can be watched' }).waitFor();
    expect(watchers(folder)).toEqual([]);
    await pane().locator('.welcome-view .monaco-button', { hasText: 'Start Monitoring' }).click();
    await rows().filter({ hasText: 'scan-syn.pcap' }).waitFor();
    await expect.poll(() => rows().filter({ hasText: 'dns.pcap' }).getAttribute('aria-label')).toMatch(/^dns\.pcap, nothing found, \d+ packets/);
    // tshark -r scan-syn.pcap: 192.168.10.66 sends the SYNs.
    await expect
      .poll(() => rows().filter({ hasText: '192.168.10.66' }).first().getAttribute('aria-label'))
      .toMatch(/^medium, .*192\.168\.10\.66.*frame \d+/);
    // The view above must not say that nobody has looked at it.
    const listed = window.page
      .locator('.pane', { has: window.page.locator('.pane-header', { hasText: 'Captures' }) })
      .locator('.monaco-list-row[role="treeitem"]:visible', { hasText: 'scan-syn.pcap' });
    await expect.poll(() => listed.first().getAttribute('aria-label')).toMatch(/ packets, 2 findings, at worst medium/);
    // What lay there before is told in one sentence.
    await toast(/192\.168\.10\.66.*\(medium\).*scan-syn\.pcap/).waitFor();
    expect(watchers(folder)).toHaveLength(1);
  });

  test('tells of a finding in a capture that grows, once, and shows it', { timeout: 60_000 }, async () => {
    await window.host((vscode) => vscode.commands.executeCommand('notifications.clearAll'));
    await rows().filter({ hasText: 'scan-syn.pcap' }).click();
    await capturePage(window.page).locator('body[data-ready="1"]').waitFor();
    const bytes = fs.readFileSync(sample('scan-fin.pcap')),
      growing = path.join(folder, 'captures/capture_20991231_235959.pcap');
    for (let at = 0; at < bytes.length; at += Math.ceil(bytes.length / 4)) {
      fs.appendFileSync(growing, bytes.subarray(at, at + Math.ceil(bytes.length / 4)));
      await sleep(1200);
    }
    const told = toast(/capture_20991231_235959\.pcap/);
    await told.waitFor();
    await expect.poll(() => told.count()).toBe(1);
    await expect.poll(() => rows().first().getAttribute('aria-label')).toContain('capture_20991231_235959.pcap');
    if (process.env['NETSEC_SCREENSHOTS'] === '1') await pictures(window);
    await told.locator('.monaco-button', { hasText: /^Show$/ }).click();
    await window.page.locator('.tab.active', { hasText: 'capture_20991231_235959.pcap' }).waitFor();
    await capturePage(window.page).locator('[data-testid="finding-detail"]', { hasText: '192.168.10.66' }).first().waitFor();
  });

  test('a click opens the finding; marking it as expected takes it out of the count', { timeout: 60_000 }, async () => {
    await closeEditors(window);
    await rows().filter({ hasText: '192.168.10.66' }).last().click();
    await capturePage(window.page).locator('[data-testid="finding-detail"]', { hasText: '192.168.10.66' }).first().waitFor();
    const row = rows().filter({ hasText: 'tried 129 TCP ports' });
    await row.hover();
    await row.locator('.action-label[aria-label="Mark as Expected..."]').click();
    await window.page.locator('.quick-input-widget:visible .monaco-list-row', { hasText: /^Expect port-scan by 192\.168\.10\.66/ }).click();
    await window.page.locator('.quick-input-widget:visible input[placeholder*="inventory"]').fill('Our own scanner');
    await window.page.keyboard.press('Enter');
    await rows().filter({ hasText: 'expected: Our own scanner' }).first().waitFor();
    expect(fs.readFileSync(path.join(folder, '.netsec/allow.yaml'), 'utf8')).toContain('Our own scanner');
  });

  test('after a restart the view is there again, nothing is told twice, and the process of before is gone', { timeout: 90_000 }, async () => {
    // What is quiet for five seconds is remembered.
    await sleep(7000);
    const before = watchers(folder);
    await window.host((vscode) => vscode.commands.executeCommand('notifications.clearAll'));
    await window.reload();
    await window.page.locator('.pane-header', { hasText: 'Monitor' }).waitFor();
    await rows().filter({ hasText: 'capture_20991231_235959.pcap' }).waitFor();
    await rows().filter({ hasText: 'expected: Our own scanner' }).first().waitFor();
    await sleep(2000);
    await expect.poll(() => toast(/scan-syn|capture_20991231/).count()).toBe(0);
    await expect.poll(() => watchers(folder).filter((pid) => before.includes(pid)), { timeout: 15_000 }).toEqual([]);
  });

  test('ends when it is turned off, and leaves no process behind', { timeout: 60_000 }, async () => {
    await window.host((vscode) => vscode.commands.executeCommand('netsec.stopMonitoring'));
    await pane().locator('.welcome-view', { hasText: 'New and growing captures can be watched' }).waitFor();
    await expect.poll(() => watchers(folder), { timeout: 15_000 }).toEqual([]);
  });
});

async function pictures(window: VscodeWindow): Promise<void> {
  for (const theme of ['light', 'dark'] as const) {
    await window.host(async (vscode, name) => {
      await vscode.workspace.getConfiguration('workbench').update('colorTheme', name, vscode.ConfigurationTarget.Global);
    }, THEMES[theme].name);
    await sleep(1500);
    await window.page.screenshot({ path: path.resolve(import.meta.dirname, `../../docs/screenshots/monitor-${theme}.png`) });
  }
}

/** Process ids of `netsec watch` over this folder. */
function watchers(folder: string): string[] {
  return fs.readdirSync('/proc').filter((name) => {
    try {
      const words = /^\d+$/.test(name) ? fs.readFileSync(`/proc/${name}/cmdline`, 'utf8').split('\0') : [];
      return words.includes('watch') && words.includes(path.join(folder, 'captures'));
    } catch {
      // Ended since it was listed.
      return false;
    }
  });
}
