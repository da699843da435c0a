/** Two captures compared from the palette and from the Captures view, read as a person reads them, and followed back into the captures. */
import fs from 'node:fs';
import path from 'node:path';
import type { FrameLocator } from 'playwright-core';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { pcapRecords } from './support/pcapFile.ts';
import { describeInVscode, openVscode, removeFolder, workspaceWith, type VscodeWindow } from './support/vscodeWindow.ts';
import { chooseFromMenu, closeEditors, quickPickRows, runCommand, THEMES } from './support/workbench.ts';

const ROOT = path.resolve(import.meta.dirname, '../..'),
  SCREENSHOTS = path.join(ROOT, 'docs/screenshots');
const sample = (name: string): string => path.join(ROOT, 'captures', name);
/** A day apart; their packets were recorded on one network. */
const BEFORE = 'web-browsing.pcap',
  AFTER = 'break-in.pcap.gz',
  EVIL = 'a[b](http:x)`<img src=y>.pcap';

const COMPARISON = 'h1:has-text("Comparison of two captures")';

describeInVscode('two captures', () => {
  let window: VscodeWindow;
  let folder: string;
  const rows = (): ReturnType<VscodeWindow['page']['locator']> => window.page.locator('.pane-body .monaco-list-row[role="treeitem"]:visible');
  /** Of the pages on the screen, the one that holds this. */
  const pageWith = async (selector: string): Promise<FrameLocator> => {
    const all = window.page.locator('iframe.webview.ready:visible');
    let found: FrameLocator | undefined;
    await expect
      .poll(async () => {
        for (let i = 0; i < (await all.count()); i++) {
          const page = all.nth(i).contentFrame().frameLocator('iframe#active-frame');
          if ((await page.locator(selector).count()) > 0) found = page;
        }
        return found !== undefined;
      })
      .toBe(true);
    return found!;
  };
  const offered = async (): Promise<string[]> =>
    (await quickPickRows(window.page).locator('.label-name').allInnerTexts()).map((label) => label.trim());

  beforeAll(async () => {
    folder = workspaceWith([sample(BEFORE), sample(AFTER)]);
    for (const [name, day] of [
      [BEFORE, '2026-01-01T10:00:00Z'],
      [AFTER, '2026-01-02T10:00:00Z'],
    ] as const)
      fs.utimesSync(path.join(folder, 'captures', name), new Date(day), new Date(day));
    window = await openVscode({ folder });
    await window.page.locator('.activitybar .action-item a[aria-label="Netsec"]').click();
    await rows().nth(1).waitFor();
  });
  afterAll(async () => {
    await window?.close();
    removeFolder(folder);
  });

  test('from the palette: the older is the first, whichever is named first', async () => {
    await runCommand(window.page, 'Netsec: Compare Captures...');
    await expect.poll(offered).toEqual([AFTER, BEFORE, 'Another capture...']);
    await quickPickRows(window.page).filter({ hasText: AFTER }).click();
    await expect.poll(offered).toEqual([BEFORE, 'Another capture...']);
    await quickPickRows(window.page).filter({ hasText: BEFORE }).click();
    const comparison = await pageWith(COMPARISON);
    const packets = pcapRecords(sample(BEFORE)).length.toLocaleString('en-US');
    const text = (await comparison.locator('body').innerText()).replace(/\s+/g, ' ');
    expect(text).toContain(`- first ${BEFORE}`);
    expect(text).toContain(`+ second ${AFTER}`);
    // capinfos -c: 449 and 9,982 packets.
    expect([packets, text.includes('Packets 449 9,982 +9,533')]).toEqual(['449', true]);
    expect(text).toMatch(/\+ 192\.168\.10\.24 logs in at 10\.20\.0\.20 over SSH after 31 failed attempts high, 73 % sure finding, frame 777/);
    await expect(window.page.locator('.tab.active').innerText()).resolves.toContain(`${BEFORE} and ${AFTER}`);
  });

  test('its links open the captures beside it, at the packet, the address and what a filter selects', async () => {
    const comparison = await pageWith(COMPARISON);
    await comparison.getByRole('link', { name: 'frame 777', exact: true }).first().click();
    await window.page.locator('.tab.active', { hasText: /^break-in\.pcap\.gz/ }).waitFor();
    // Two pages are on the screen now: the comparison stays.
    await expect.poll(() => window.page.locator('iframe.webview.ready:visible').count()).toBe(2);
    const capture = '[data-testid="nav-packets"]';
    await expect.poll(async () => (await pageWith(capture)).locator('body').innerText()).toMatch(/Details\s+frame 777/);
    if (process.env['NETSEC_SCREENSHOTS'] === '1')
      for (const theme of ['light', 'dark'] as const) {
        await window.host(async (vscode, name) => {
          await vscode.workspace.getConfiguration('workbench').update('colorTheme', name, vscode.ConfigurationTarget.Global);
        }, THEMES[theme].name);
        await pageWith(`body[data-vscode-theme-kind="${THEMES[theme].kind}"]:has(${capture})`);
        await window.page.mouse.move(750, 2);
        await window.page.screenshot({ path: path.join(SCREENSHOTS, `comparison-${theme}.png`) });
      }
    await (await pageWith(COMPARISON)).getByRole('link', { name: 'packets', exact: true }).first().click();
    await expect.poll(async () => (await pageWith(capture)).getByTestId('filter-input').inputValue()).toMatch(/ip\.addr/);
    await expect.poll(() => window.page.locator('.tab', { hasText: 'netsec-place' }).count()).toBe(0);
    // A link is opened where the focus was, which may still be the capture's column.
    const link = await (await pageWith(COMPARISON)).getByRole('link', { name: 'frame 45', exact: true }).first().getAttribute('data-href');
    await window.host(async (vscode, place) => {
      const uri = vscode.Uri.from({ scheme: 'netsec-comparison', path: `/${place}` });
      await vscode.commands.executeCommand('vscode.openWith', uri, 'netsec.place', vscode.ViewColumn.Two);
    }, link!);
    await expect.poll(async () => (await pageWith(capture)).locator('body').innerText()).toMatch(/Details\s+frame 45\b/);
    await expect.poll(() => window.page.locator('.tab', { hasText: /^break-in\.pcap\.gz/ }).count()).toBe(1);
    await closeEditors(window);
  });

  test('from the Captures view: the two that are selected', async () => {
    await rows().filter({ hasText: BEFORE }).click();
    await rows()
      .filter({ hasText: AFTER })
      .click({ modifiers: ['Control'] });
    await chooseFromMenu(rows().filter({ hasText: AFTER }), 'Compare Captures');
    const comparison = await pageWith(COMPARISON);
    expect((await comparison.locator('body').innerText()).replace(/\s+/g, ' ')).toContain(`- first ${BEFORE}`);
    await closeEditors(window);
  });

  test('one with another: the others are offered, and a name that looks like Markdown is only a name', async () => {
    fs.copyFileSync(sample('dns.pcap'), path.join(folder, 'captures', EVIL));
    await rows().filter({ hasText: EVIL }).click();
    await closeEditors(window);
    await chooseFromMenu(rows().filter({ hasText: EVIL }), 'Compare with...');
    await quickPickRows(window.page).filter({ hasText: BEFORE }).click();
    const comparison = await pageWith(COMPARISON);
    await expect.poll(async () => (await comparison.locator('body').innerText()).replace(/\s+/g, ' ')).toContain(`+ second ${EVIL}`);
    // It is there, so what is not there will not come.
    await expect.poll(() => comparison.locator('img').count()).toBe(0);
    await expect.poll(() => comparison.locator('a[href^="http"]').count()).toBe(0);
    await closeEditors(window);
  });

  test('what is no capture is said in a sentence', async () => {
    const broken = path.join(folder, 'captures/broken.pcap');
    fs.writeFileSync(broken, 'these are words\n'.repeat(20));
    await window.host(
      async (vscode, files) => {
        await vscode.commands.executeCommand(
          'netsec.compareSelected',
          null,
          files.map((file) => vscode.Uri.file(file)),
        );
      },
      [broken, path.join(folder, 'captures', BEFORE)],
    );
    await window.page.locator('.notifications-toasts', { hasText: /broken\.pcap/ }).waitFor();
    await window.host(async (vscode, file) => {
      await vscode.commands.executeCommand('netsec.compareSelected', vscode.Uri.file(file), [vscode.Uri.file(file)]);
    }, broken);
    await window.page.locator('.notifications-toasts', { hasText: 'Select two captures to compare; 1 is selected.' }).waitFor();
  });
});
