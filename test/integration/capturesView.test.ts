/** The Captures view and the palette, as a person meets them. */
import fs from 'node:fs';
import path from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { describeInVscode, openVscode, removeFolder, workspaceWith, type VscodeWindow } from './support/vscodeWindow.ts';
import { quickPickRows, runCommand } from './support/workbench.ts';

const CAPTURES = path.resolve(import.meta.dirname, '../../captures');
const sample = (name: string): string => path.join(CAPTURES, name);

describeInVscode('the Captures view', () => {
  let window: VscodeWindow;
  let folder: string;
  const rows = (): ReturnType<VscodeWindow['page']['locator']> => window.page.locator('.pane-body .monaco-list-row[role="treeitem"]:visible');

  beforeAll(async () => {
    folder = workspaceWith([sample('dns.pcap'), sample('ping-traceroute.pcap')]);
    fs.utimesSync(path.join(folder, 'captures/dns.pcap'), new Date('2026-01-02T10:00:00Z'), new Date('2026-01-02T10:00:00Z'));
    fs.utimesSync(path.join(folder, 'captures/ping-traceroute.pcap'), new Date('2026-01-01T10:00:00Z'), new Date('2026-01-01T10:00:00Z'));
    fs.writeFileSync(path.join(folder, 'captures/notes.md'), 'no capture');
    window = await openVscode({ folder });
    await window.page.locator('.activitybar .action-item a[aria-label="Netsec"]').click();
  });
  afterAll(async () => {
    await window?.close();
    removeFolder(folder);
  });

  test('lists the captures of the folder, newest first, with size and time, and nothing else', async () => {
    await rows().first().waitFor();
    const labels = await rows().evaluateAll((all) => all.map((row) => row.getAttribute('aria-label')));
    expect(labels).toHaveLength(2);
    expect(labels[0]).toMatch(/^dns\.pcap, [\d.]+ kB, Jan 2, 2026, 10:00 AM, not analysed yet/);
    expect(labels[1]).toMatch(/^ping-traceroute\.pcap, /);
  });

  test('shows a capture that is added while it is open, and drops one that is deleted', async () => {
    const added = path.join(folder, 'captures/capture_20991231_235959.pcap');
    fs.copyFileSync(sample('dns.pcap'), added);
    await rows().filter({ hasText: 'capture_20991231_235959.pcap' }).waitFor();
    expect(await rows().first().getAttribute('aria-label')).toContain('capture_20991231_235959.pcap');
    fs.rmSync(added);
    await rows().filter({ hasText: 'capture_20991231_235959.pcap' }).waitFor({ state: 'detached' });
  });

  test('the palette lists the same captures in the same order', async () => {
    await runCommand(window.page, 'Netsec: List Captures');
    await quickPickRows(window.page).filter({ hasText: 'ping-traceroute.pcap' }).waitFor();
    expect(await quickPickRows(window.page).locator('.label-name').allInnerTexts()).toEqual(['dns.pcap', 'ping-traceroute.pcap']);
    await window.page.keyboard.press('Escape');
  });
});
