/** What a person does in the window: commands, dialogs, the capture editor's page. */
import fs from 'node:fs';
import { createRequire } from 'node:module';
import { setTimeout as sleep } from 'node:timers/promises';
import type { Frame, FrameLocator, Locator, Page } from 'playwright-core';
import type { VscodeWindow } from './vscodeWindow.ts';

/** Runs a command from the palette by its title, e.g. `Netsec: List Captures`. */
export async function runCommand(page: Page, title: string): Promise<void> {
  await page.keyboard.press('F1');
  const input = page.locator('.quick-input-widget:visible .quick-input-box input');
  await input.fill(`>${title}`);
  await page.locator('.quick-input-widget:visible .quick-input-list .monaco-list-row').filter({ hasText: title }).first().click();
}

/** The lines of the list that is open in the quick input. */
export function quickPickRows(page: Page): ReturnType<Page['locator']> {
  return page.locator('.quick-input-widget:visible .quick-input-list .monaco-list-row');
}

/**
 * Right-clicks a row and chooses from its menu. A menu ignores a mouse button let go within 100 ms of its coming, and goes when an editor that is opening takes the
 * focus: it is opened and clicked until it went by a click.
 */
export async function chooseFromMenu(row: Locator, item: string): Promise<void> {
  const entries = row.page().locator('.monaco-menu .action-item'),
    wanted = entries.filter({ hasText: item }).first();
  const happens = (action: Promise<void>): Promise<boolean> =>
    action.then(
      () => true,
      () => false,
    );
  for (let isClicked = false, deadline = Date.now() + 20_000; ; await sleep(200)) {
    const isOpen = (await entries.count()) > 0;
    if (isClicked && !isOpen) return;
    if (Date.now() > deadline) throw new Error(`the menu does not let ${item} be chosen`);
    if (!isOpen && !(await happens(row.click({ button: 'right', timeout: 5000 })))) continue;
    isClicked = (await happens(wanted.click({ timeout: 1000 }))) || isClicked;
  }
}

/** Opens a file as a click in the Explorer does: in the editor that is the default for its name. */
export async function openCapture(window: VscodeWindow, file: string): Promise<FrameLocator> {
  await window.host(async (vscode, path) => {
    // Not as a preview, which the next file opened would replace.
    await vscode.commands.executeCommand('vscode.open', vscode.Uri.file(path), { preview: false });
  }, file);
  const page = capturePage(window.page);
  await page.locator('body').waitFor();
  return page;
}

/** The page of the visible capture editor. */
export function capturePage(page: Page): FrameLocator {
  return page.locator('iframe.webview.ready:visible').first().contentFrame().locator('iframe#active-frame').contentFrame();
}

/** The same as a frame, to evaluate scripts in. */
export async function captureFrame(page: Page): Promise<Frame> {
  for (const deadline = Date.now() + 15_000; ; await sleep(50)) {
    const inner = await capturePage(page).locator('body').elementHandle({ timeout: 15_000 });
    const frame = await inner?.ownerFrame();
    if (frame !== null && frame !== undefined) return frame;
    if (Date.now() > deadline) throw new Error('the capture editor shows no page');
  }
}

export interface AxeViolation {
  readonly id: string;
  readonly impact: string | null;
  readonly nodes: readonly string[];
}

interface AxeResult {
  readonly passes: readonly unknown[];
  readonly violations: readonly { readonly id: string; readonly impact: string | null; readonly nodes: readonly { readonly html: string }[] }[];
}

/** What axe finds in the page and calls serious or critical. */
export async function seriousAccessibilityProblems(frame: Frame): Promise<AxeViolation[]> {
  const source = fs.readFileSync(createRequire(import.meta.url).resolve('axe-core/axe.min.js'), 'utf8');
  // Evaluated rather than added as a script, which the page's policy would refuse.
  await frame.evaluate(source);
  const found = await frame.evaluate<AxeResult>('axe.run(document, { resultTypes: ["violations"] })');
  // Finding nothing counts only if something was looked at.
  if (found.passes.length < 5) throw new Error(`axe passed only ${found.passes.length} rules; was the page there?`);
  return found.violations
    .filter(({ impact }) => impact === 'serious' || impact === 'critical')
    .map(({ id, impact, nodes }) => ({ id, impact, nodes: nodes.slice(0, 5).map((node) => node.html.slice(0, 200)) }));
}

export const THEMES = {
  light: { name: 'Default Light Modern', kind: 'vscode-light' },
  dark: { name: 'Default Dark Modern', kind: 'vscode-dark' },
  'high-contrast': { name: 'Default High Contrast', kind: 'vscode-high-contrast' },
  'high-contrast-light': { name: 'Default High Contrast Light', kind: 'vscode-high-contrast-light' },
} as const;

/** Switches the colour theme and waits until the page wears it. */
export async function switchTheme(window: VscodeWindow, theme: keyof typeof THEMES): Promise<void> {
  const { name, kind } = THEMES[theme];
  await window.host(async (vscode, wanted) => {
    await vscode.workspace.getConfiguration('workbench').update('colorTheme', wanted, vscode.ConfigurationTarget.Global);
  }, name);
  await capturePage(window.page).locator(`body[data-vscode-theme-kind="${kind}"]`).waitFor();
}

/** Answers the dialog that is open and asks for a file, by its button. */
export async function chooseFile(page: Page, file: string, button: string): Promise<void> {
  const dialog = page.locator('.quick-input-widget:visible').filter({ has: page.getByText(button, { exact: true }) });
  await dialog.waitFor();
  const input = dialog.locator('.quick-input-box input');
  // The dialog looks at the folder first, then writes its own suggestion over what was typed too early.
  for (let tries = 0; tries < 30 && (await dialog.isVisible()); tries++) {
    if ((await input.inputValue()) !== file) {
      await input.fill(file);
      await sleep(300);
      continue;
    }
    await input.press('Enter', { timeout: 2000 }).catch(() => undefined);
    await sleep(300);
  }
  await dialog.waitFor({ state: 'hidden' });
}

/** Answers the save dialog that is open. */
export function saveAs(page: Page, file: string): Promise<void> {
  return chooseFile(page, file, 'OK');
}

export async function closeEditors(window: VscodeWindow): Promise<void> {
  await window.host(async (vscode) => {
    await vscode.commands.executeCommand('workbench.action.closeAllEditors');
  });
}
