/** @netsec in the Chat of a real VS Code: no account, no key, no network. */
import path from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import type { Locator } from 'playwright-core';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { describeInVscode, openVscode, removeFolder, workspaceWith, type VscodeWindow } from './support/vscodeWindow.ts';
import { capturePage } from './support/workbench.ts';

const CAPTURES = path.resolve(import.meta.dirname, '../../captures');

describeInVscode('@netsec without a key', () => {
  let window: VscodeWindow;
  let folder: string;

  beforeAll(async () => {
    folder = workspaceWith([path.join(CAPTURES, 'scan-syn.pcap')]);
    window = await openVscode({ folder, settings: { 'chat.disableAIFeatures': false } });
  });
  afterAll(async () => {
    await window?.close();
    removeFolder(folder);
  });

  async function say(text: string): Promise<Locator> {
    const { page } = window;
    await window.host(async (vscode) => {
      await vscode.commands.executeCommand('workbench.action.chat.open');
    });
    const input = page.locator('.interactive-session .interactive-input-part .monaco-editor').first();
    await input.click();
    await page.keyboard.type(text, { delay: 5 });
    // Enter belongs to the suggestions while they are open.
    await sleep(500);
    if (await page.locator('.suggest-widget.visible').isVisible()) await page.keyboard.press('Escape');
    await page.keyboard.press('Enter');
    return page.locator('.interactive-item-container.interactive-response').last();
  }

  test('"@netsec analyze latest" shows the built-in summary at the first try, and its button opens the capture', async () => {
    // Asking for our model here would do what activate() has to do for the first question to be answered.
    await expect.poll(() => window.host((vscode) => vscode.extensions.getExtension('netsec.netsec')?.isActive)).toBe(true);
    const response = await say('@netsec analyze latest');
    await response.getByText('This is the built-in summary').waitFor({ timeout: 60_000 });
    const text = await response.innerText();
    expect(text).toContain('scan-syn.pcap');
    expect(text).toMatch(/Security status[\s\S]*Findings[\s\S]*\[frame \d+\][\s\S]*What to do/);
    await response.getByRole('button', { name: 'Open Capture' }).click();
    await capturePage(window.page).locator('body[data-ready="1"]').waitFor();
  });
});
