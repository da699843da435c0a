/** Every view in every theme: accessible by axe's measure, and pictured for docs/ when NETSEC_SCREENSHOTS=1. */
import fs from 'node:fs';
import path from 'node:path';
import type { FrameLocator } from 'playwright-core';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { describeInVscode, openVscode, removeFolder, workspaceWith, type VscodeWindow } from './support/vscodeWindow.ts';
import { captureFrame, openCapture, seriousAccessibilityProblems, switchTheme, THEMES } from './support/workbench.ts';

const ROOT = path.resolve(import.meta.dirname, '../..');
const SCREENSHOTS = path.join(ROOT, 'docs/screenshots');
/** The sample that `npm start` shows; its name holds the time it was recorded. */
const STORY = fs.readdirSync(path.join(ROOT, 'captures')).find((name) => /^capture_.*\.pcap$/.test(name)) ?? 'scan-syn.pcap';

const VIEWS = ['overview', 'findings', 'protocols', 'conversations', 'endpoints', 'services', 'graphs', 'files', 'packets'] as const;
const PICTURED: readonly string[] = ['light', 'dark'];

describeInVscode('the views', () => {
  let window: VscodeWindow;
  let folder: string;
  let page: FrameLocator;

  beforeAll(async () => {
    folder = workspaceWith([STORY, 'web-browsing.pcap', 'dns.pcap'].map((name) => path.join(ROOT, 'captures', name)));
    window = await openVscode({ folder });
    await window.page.locator('.activitybar .action-item a[aria-label="Netsec"]').click();
    page = await openCapture(window, path.join(folder, 'captures', STORY));
    await page.locator('body[data-ready="1"]').waitFor();
  });
  afterAll(async () => {
    await window?.close();
    removeFolder(folder);
  });

  async function show(view: (typeof VIEWS)[number]): Promise<void> {
    await page.getByTestId(`nav-${view}`).click();
    await page.getByTestId(`view-${view}`).waitFor();
    // Choose something, so that its details are looked at too.
    if (view === 'findings') await page.getByTestId('finding').first().click();
    if (view === 'protocols') {
      await page.locator('[data-path$="/http"]').first().click();
      await page.getByTestId('messages-row').filter({ hasText: 'GET' }).first().waitFor();
    }
    if (view === 'packets') await page.getByTestId('packet-row').nth(3).click();
    if (view === 'services') await page.getByTestId('services-row').filter({ hasText: '10.20.0.10:80' }).first().click();
    if (view === 'graphs') await page.getByTestId('graph').waitFor();
    if (view === 'files') await page.getByTestId('files-row').filter({ hasText: 'logo.png' }).first().click();
    if (view === 'conversations') await page.getByTestId('conversations-row').first().click();
    await page.locator('main[aria-busy="false"]').waitFor();
  }

  describe.each(Object.keys(THEMES) as (keyof typeof THEMES)[])('in the theme %s', (theme) => {
    beforeAll(async () => {
      await switchTheme(window, theme);
    });

    test.each(VIEWS)('%s has nothing serious to say to axe', async (view) => {
      await show(view);
      expect(await seriousAccessibilityProblems(await captureFrame(window.page))).toEqual([]);
      if (process.env['NETSEC_SCREENSHOTS'] === '1' && PICTURED.includes(theme)) {
        fs.mkdirSync(SCREENSHOTS, { recursive: true });
        // Away from everything that answers to the mouse.
        await window.page.mouse.move(750, 2);
        await window.page.screenshot({ path: path.join(SCREENSHOTS, `${view}-${theme}.png`) });
      }
    });
  });
});
