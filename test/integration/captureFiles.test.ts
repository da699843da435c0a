/** What happens to the file of a capture that is open in a real VS Code, and what its page makes of it. */
import fs from 'node:fs';
import path from 'node:path';
import type { FrameLocator } from 'playwright-core';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { describeInVscode, openVscode, removeFolder, workspaceWith, type VscodeWindow } from './support/vscodeWindow.ts';
import { capturePage, openCapture } from './support/workbench.ts';

const DNS = path.resolve(import.meta.dirname, '../../captures/dns.pcap');

describeInVscode('the file of an open capture', () => {
  let window: VscodeWindow, folder: string, page: FrameLocator;
  const inFolder = (name: string): string => path.join(folder, 'captures', name);
  const text = async (id: string): Promise<string> => (await page.getByTestId(id).first().innerText()).trim();

  beforeAll(async () => {
    folder = workspaceWith([DNS]);
    window = await openVscode({ folder });
  });
  afterAll(async () => {
    await window?.close();
    removeFolder(folder);
  });

  test('that has no byte yet comes to life when it gets some', async () => {
    fs.writeFileSync(inFolder('late.pcap'), '');
    page = await openCapture(window, inFolder('late.pcap'));
    await expect.poll(() => text('failed')).toContain('late.pcap is empty');
    fs.appendFileSync(inFolder('late.pcap'), fs.readFileSync(DNS));
    // capinfos -c: 72.
    await expect.poll(() => text('kpi-packets')).toContain('72');
  });

  test('that is moved outside VS Code is said to be, until it is back', async () => {
    fs.renameSync(inFolder('late.pcap'), path.join(folder, 'elsewhere'));
    await expect.poll(() => text('gone')).toBe('late.pcap was deleted or moved. What was read before is still shown.');
    expect(await text('kpi-packets')).toContain('72');
    fs.renameSync(path.join(folder, 'elsewhere'), inFolder('late.pcap'));
    await expect.poll(() => page.getByTestId('gone').count()).toBe(0);
  });

  test('that is renamed in VS Code keeps what its page shows', async () => {
    page = await openCapture(window, inFolder('dns.pcap'));
    await page.getByTestId('nav-packets').click();
    await page.getByTestId('filter-input').fill('dns.flags.response == 1');
    await page.getByTestId('filter-input').press('Enter');
    // Rows of the list before stay until those of the filter are here.
    await expect.poll(() => text('packet-count')).toMatch(/^20 of 72 packets/);
    await page.getByTestId('packet-row').nth(2).click();
    await expect.poll(() => text('packet-count')).toBe('20 of 72 packets');
    await expect.poll(() => text('detail-frame')).toMatch(/^frame \d/);
    const before = [await text('detail-frame'), await text('packet-count')];
    // The page tells its host a moment later.
    await new Promise((resolve) => setTimeout(resolve, 1000));
    await window.host(
      async (vscode, [from, to]) => {
        const edit = new vscode.WorkspaceEdit();
        edit.renameFile(vscode.Uri.file(from!), vscode.Uri.file(to!));
        await vscode.workspace.applyEdit(edit);
      },
      [inFolder('dns.pcap'), inFolder('renamed.pcap')],
    );
    await expect.poll(() => window.host((vscode) => vscode.window.tabGroups.activeTabGroup.activeTab?.label)).toBe('renamed.pcap');
    page = capturePage(window.page);
    await expect.poll(async () => [await text('detail-frame'), await text('packet-count')]).toEqual(before);
    await expect.poll(() => page.getByTestId('filter-input').inputValue()).toBe('dns.flags.response == 1');
  });
});
