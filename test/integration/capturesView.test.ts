/** The Captures view and the palette, as a person meets them. */
import fs from 'node:fs';
import path from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { describeInVscode, openVscode, removeFolder, workspaceWith, type VscodeWindow } from './support/vscodeWindow.ts';
import { pcapRecords } from './support/pcapFile.ts';
import { capturePage, closeEditors, quickPickRows, runCommand } from './support/workbench.ts';

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
    await expect.poll(() => rows().first().getAttribute('aria-label')).toContain('capture_20991231_235959.pcap');
    fs.rmSync(added);
    await rows().filter({ hasText: 'capture_20991231_235959.pcap' }).waitFor({ state: 'detached' });
  });

  test('the palette lists the same captures in the same order', async () => {
    await runCommand(window.page, 'Netsec: List Captures');
    await quickPickRows(window.page).filter({ hasText: 'ping-traceroute.pcap' }).waitFor();
    await expect.poll(() => quickPickRows(window.page).locator('.label-name').allInnerTexts()).toEqual(['dns.pcap', 'ping-traceroute.pcap']);
    await window.page.keyboard.press('Escape');
  });

  test('opens a capture with the keyboard, and knows what is in it from then on', async () => {
    await rows().filter({ hasText: 'dns.pcap' }).click();
    await capturePage(window.page).locator('body[data-ready="1"]').waitFor();
    const packets = pcapRecords(sample('dns.pcap')).length;
    await expect.poll(() => rows().filter({ hasText: 'dns.pcap' }).getAttribute('aria-label')).toMatch(new RegExp(`, ${packets} packets, `));
  });

  test('analyses all captures and offers them, worst first', async () => {
    fs.copyFileSync(sample('scan-syn.pcap'), path.join(folder, 'captures/scan-syn.pcap'));
    await rows().filter({ hasText: 'scan-syn.pcap' }).waitFor();
    await runCommand(window.page, 'Netsec: Analyze All Captures');
    await window.page.locator('.quick-input-widget:visible .quick-input-title', { hasText: 'All 3 captures analysed' }).waitFor({ timeout: 30_000 });
    await expect.poll(() => quickPickRows(window.page).first().innerText()).toMatch(/scan-syn\.pcap[\s\S]*finding/);
    await quickPickRows(window.page).first().click();
    await capturePage(window.page).getByTestId('finding-rows').getByText('192.168.10.66').first().waitFor();
    await expect.poll(() => rows().filter({ hasText: 'scan-syn.pcap' }).getAttribute('aria-label')).toMatch(/at worst (low|medium|high|critical)/);
  });

  test('a file that cannot be read comes last and says so in the tree; the list is to be had again without reading', async () => {
    const broken = path.join(folder, 'captures/broken.pcap');
    fs.writeFileSync(broken, 'this is no capture, whatever it is called');
    await rows().filter({ hasText: 'broken.pcap' }).waitFor();
    const title = window.page.locator('.quick-input-widget:visible .quick-input-title');
    for (const _ of ['read', 'known']) {
      await runCommand(window.page, 'Netsec: Analyze All Captures');
      await title.filter({ hasText: '3 of 4 captures analysed, 1 could not be read, worst first' }).waitFor({ timeout: 30_000 });
      const listed = await quickPickRows(window.page).allInnerTexts();
      expect([listed[0], listed.at(-2), listed.at(-1)]).toEqual([
        expect.stringContaining('scan-syn.pcap'),
        expect.stringContaining('broken.pcap'),
        expect.stringContaining('Analyse All Again'),
      ]);
      await window.page.keyboard.press('Escape');
    }
    await expect.poll(() => rows().filter({ hasText: 'broken.pcap' }).getAttribute('aria-label')).toMatch(/, cannot be read, /);
    fs.rmSync(broken);
    await rows().filter({ hasText: 'broken.pcap' }).waitFor({ state: 'detached' });
  });

  test('analyses the latest capture', async () => {
    const latest = path.join(folder, 'captures/capture_20991231_235959.pcap');
    fs.copyFileSync(sample('ping-traceroute.pcap'), latest);
    await runCommand(window.page, 'Netsec: Analyze Latest Capture');
    await window.page.locator('.tab.active', { hasText: 'capture_20991231_235959.pcap' }).waitFor();
    fs.rmSync(latest);
  });

  test('every command of the manifest is there, under the name Netsec', async () => {
    const { contributes } = JSON.parse(fs.readFileSync(path.resolve(import.meta.dirname, '../../package.json'), 'utf8')) as {
      contributes: { commands: { command: string; category: string }[] };
    };
    const known = await window.host((vscode) => vscode.commands.getCommands(true));
    expect(contributes.commands.filter(({ command, category }) => !known.includes(command) || category !== 'Netsec')).toEqual([]);
  });

  test('says in words what to do when a command needs a capture and none is open', async () => {
    await closeEditors(window);
    await window.host(async (vscode) => {
      await vscode.commands.executeCommand('netsec.goToPacket');
    });
    await window.page.locator('.notifications-toasts', { hasText: 'Open a capture first, then run this command again.' }).waitFor();
  });
});

describeInVscode('a workspace without captures', () => {
  test('is met with what to do', async () => {
    const folder = workspaceWith([]);
    const window = await openVscode({ folder });
    try {
      await window.page.locator('.activitybar .action-item a[aria-label="Netsec"]').click();
      await window.page.locator('.welcome-view', { hasText: 'No captures found in the captures folders' }).waitFor();
    } finally {
      await window.close();
      removeFolder(folder);
    }
  });
});
