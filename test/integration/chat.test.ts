/** @netsec in the Chat of a real VS Code, with no account: without a key, with the model chosen in Chat, and with Claude, whom a test plays on loopback. */
import fs from 'node:fs';
import path from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import type { Locator } from 'playwright-core';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { MockClaude } from '../chat/support/mockClaude.ts';
import { describeInVscode, openVscode, removeFolder, workspaceWith, type VscodeWindow } from './support/vscodeWindow.ts';
import { capturePage, closeEditors, openCapture, quickPickRows, runCommand } from './support/workbench.ts';

const ROOT = path.resolve(import.meta.dirname, '../..');
const CAPTURES = path.join(ROOT, 'captures');
/** Where pictures for the documentation go, when they are wanted. */
const SCREENSHOTS = process.env['NETSEC_SCREENSHOTS'] === '1' ? path.join(ROOT, 'docs/screenshots') : null;
const KEY = 'sk-ant-test-0123456789abcdef';

/** What the scan's capture holds, by `node dist/cli.mjs analyze captures/scan-syn.pcap`: its first probe is frame 5. */
const SCANNER = '192.168.10.66';

describeInVscode('@netsec', () => {
  let window: VscodeWindow;
  let folder: string;
  const claude = new MockClaude();

  beforeAll(async () => {
    await claude.start();
    folder = workspaceWith([path.join(CAPTURES, 'dns.pcap'), path.join(CAPTURES, 'scan-syn.pcap')]);
    // The newest is the scan, whatever order they were checked out in.
    fs.utimesSync(path.join(folder, 'captures/dns.pcap'), 1_700_000_000, 1_700_000_000);
    window = await openVscode({
      folder,
      settings: { 'chat.disableAIFeatures': false, 'netsec.anthropicBaseUrl': claude.url },
      testExtensions: [path.join(import.meta.dirname, 'support/mockModel')],
      viewport: { width: 1720, height: 1000 },
    });
  });
  afterAll(async () => {
    await window?.close();
    await claude.stop();
    removeFolder(folder);
  });

  /** In a chat of its own. */
  async function say(text: string): Promise<Locator> {
    const { page } = window;
    await window.host(async (vscode) => {
      await vscode.commands.executeCommand('workbench.action.chat.open');
      await vscode.commands.executeCommand('workbench.action.chat.newChat');
    });
    const responses = page.locator('.interactive-item-container.interactive-response');
    await expect.poll(() => responses.count()).toBe(0);
    const input = page.locator('.interactive-session .interactive-input-part .monaco-editor').first();
    await input.click();
    await page.keyboard.press('Control+A');
    await page.keyboard.type(text, { delay: 5 });
    // Enter belongs to the suggestions while they are open.
    await sleep(500);
    if (await page.locator('.suggest-widget.visible').isVisible()) await page.keyboard.press('Escape');
    await page.keyboard.press('Enter');
    await responses.first().waitFor();
    return responses.last();
  }

  /** As in the picker below the input. */
  async function chooseModel(model: { readonly vendor: string; readonly id: string; readonly family: string }): Promise<void> {
    await window.host(async (vscode, wanted) => {
      await vscode.lm.selectChatModels({ vendor: wanted.vendor });
      await vscode.commands.executeCommand('workbench.action.chat.open');
      await vscode.commands.executeCommand('workbench.action.chat.changeModel', wanted);
    }, model);
  }

  /** Scrolls the chat, which does so by itself only with the wheel, until a person could click there; then does it. */
  async function clickIn(target: Locator): Promise<void> {
    const { page } = window,
      list = page.locator('.interactive-session .interactive-list').first();
    for (let tries = 0; tries < 60; tries++) {
      const [at, around] = [await target.boundingBox(), await list.boundingBox()];
      if (at === null || around === null) throw new Error('there is nothing to be clicked');
      const above = around.y + 70 - at.y,
        below = at.y + at.height - (around.y + around.height - 10);
      if (above <= 0 && below <= 0) break;
      await page.mouse.move(around.x + around.width / 2, around.y + around.height / 2);
      await page.mouse.wheel(0, above > 0 ? -Math.min(400, above + 20) : Math.min(400, below + 20));
      await sleep(100);
    }
    await target.click();
  }

  /** Clicks a link of an answer, and expects the editor at this packet. */
  async function follow(response: Locator, label: string, frame: number): Promise<void> {
    await clickIn(response.getByRole('link', { name: label, exact: true }).first());
    const page = capturePage(window.page);
    await page.getByTestId('view-packets').waitFor();
    await expect.poll(() => page.getByTestId('detail-frame').innerText()).toContain(String(frame));
  }

  /** As somebody would lay it out who reads an answer beside the packets. */
  async function layOut(): Promise<void> {
    if (SCREENSHOTS === null) return;
    const { page } = window;
    await window.host(async (vscode) => {
      await vscode.commands.executeCommand('workbench.action.closeSidebar');
    });
    const chat = await page.locator('.part.auxiliarybar').boundingBox(),
      sashes = await Promise.all((await page.locator('.monaco-sash.vertical').all()).map((sash) => sash.boundingBox()));
    const away = (box: (typeof sashes)[number]): number => (box === null ? Infinity : Math.abs(box.x + box.width / 2 - chat!.x)),
      sash = sashes.sort((a, b) => away(a) - away(b))[0]!;
    await page.mouse.move(sash.x + sash.width / 2, 500);
    await page.mouse.down();
    await page.mouse.move(1240, 500, { steps: 8 });
    await page.mouse.up();
  }

  async function picture(name: string): Promise<void> {
    if (SCREENSHOTS === null) return;
    await sleep(1000);
    await window.page.mouse.move(750, 2);
    await window.page.screenshot({ path: path.join(SCREENSHOTS, `${name}.png`) });
  }

  test('"analyze latest" without a key shows the built-in summary at the first try; a frame in it opens the editor at that packet', async () => {
    // Asking for our model here would do what activate() has to do for the first question to be answered.
    await expect.poll(() => window.host((vscode) => vscode.extensions.getExtension('netsec.netsec')?.isActive)).toBe(true);
    const response = await say('@netsec analyze latest');
    await response.getByText('This is the built-in summary').waitFor({ timeout: 60_000 });
    const text = await response.innerText();
    expect(text).toContain('scan-syn.pcap');
    expect(text).toMatch(/Security status[\s\S]*Findings[\s\S]*frames 5, 8[\s\S]*What to do/);
    await follow(response, '8', 8);
    // One paragraph per line of the summary: pieces of a stream are one text.
    await expect.poll(() => response.locator('.rendered-markdown').count()).toBeLessThanOrEqual(2);
    await layOut();
    await picture('chat-built-in-light');
  });

  test('its follow-ups explain the gravest finding, whose link opens the finding', async () => {
    await window.page
      .locator('.interactive-session')
      .locator('a, .monaco-button')
      .filter({ hasText: /^Explain: / })
      .last()
      .click();
    const response = window.page.locator('.interactive-item-container.interactive-response').last();
    await response.getByText('What was measured').waitFor();
    await clickIn(response.getByRole('link', { name: 'open finding' }).first());
    await capturePage(window.page).getByTestId('view-findings').waitFor();
    await capturePage(window.page).getByTestId('finding-detail').waitFor();
  });

  test('a frame of another capture than the visible one opens the right one', async () => {
    await openCapture(window, path.join(folder, 'captures/dns.pcap'));
    const response = await say('@netsec /explain frame 12 of scan-syn.pcap');
    await response.getByText('This is the built-in summary').waitFor();
    await follow(response, 'Frame 12', 12);
    expect(await window.host((vscode) => vscode.window.tabGroups.activeTabGroup.activeTab?.label)).toBe('scan-syn.pcap');
    // And without a name it is the one in front.
    await openCapture(window, path.join(folder, 'captures/dns.pcap'));
    const second = await say('@netsec /explain frame 3');
    await second.getByText('This is the built-in summary').waitFor();
    await expect.poll(() => second.innerText()).toMatch(/DNS/);
    await closeEditors(window);
  });

  test('a capture that is attached is the one that is meant, wherever it lies', async () => {
    const elsewhere = path.join(folder, 'elsewhere.pcap');
    fs.copyFileSync(path.join(CAPTURES, 'ftp.pcap'), elsewhere);
    await window.host(async (vscode, file) => {
      await vscode.commands.executeCommand('workbench.action.chat.open');
      await vscode.commands.executeCommand('workbench.action.chat.newChat');
      await vscode.commands.executeCommand('workbench.action.chat.open', { query: '@netsec /analyze ', attachFiles: [vscode.Uri.file(file)] });
    }, elsewhere);
    const response = window.page.locator('.interactive-item-container.interactive-response').last();
    await response.getByText('This is the built-in summary').waitFor({ timeout: 60_000 });
    await expect.poll(() => response.innerText()).toMatch(/elsewhere\.pcap[\s\S]*FTP/);
  });

  test('"/report" writes the file and opens it', async () => {
    const response = await say('@netsec /report of scan-syn.pcap');
    await response.getByRole('button', { name: 'Open Report' }).waitFor({ timeout: 60_000 });
    await clickIn(response.getByRole('button', { name: 'Open Report' }));
    expect(fs.readFileSync(path.join(folder, 'reports/scan-syn-report.md'), 'utf8')).toContain('# Netsec report: scan-syn.pcap');
    await expect.poll(() => window.host((vscode) => vscode.window.activeTextEditor?.document.uri.path)).toMatch(/scan-syn-report\.md$/);
    await closeEditors(window);
  });

  test('without a key the model chosen in Chat answers, after consent, told of tokens only', async () => {
    await chooseModel({ vendor: 'netsec-tests', id: 'mock-1', family: 'mock' });
    const response = await say(`@netsec who is ${SCANNER}, and what did it do?`);
    const dialog = window.page.locator('.monaco-dialog-box');
    await dialog.waitFor();
    await expect.poll(() => dialog.innerText()).toMatch(/to Mock One of netsec-tests, the model chosen in Chat[\s\S]*replaced by tokens/);
    await dialog.getByRole('button', { name: 'Send' }).click();
    await response.getByText('It is the model chosen in Chat').waitFor();
    await expect
      .poll(() => response.innerText())
      .toMatch(
        new RegExp(`The mock says that ${SCANNER.replaceAll('.', '\\.')} scanned, see \\(frame 5\\)\\.[\\s\\S]*Mock One, 2 requests, 1 tool call\\.`),
      );
    const requests = await window.host(() => (globalThis as unknown as { mockModelRequests: { sent: string; tools: string[] }[] }).mockModelRequests);
    expect(requests).toHaveLength(2);
    expect(requests[0]!.tools).toContain('list_findings');
    expect(JSON.stringify(requests)).toMatch(/HOST_\d/);
    expect(JSON.stringify(requests)).not.toMatch(/192\.168\.|scan-syn/);
    await follow(response, 'frame 5', 5);
    await closeEditors(window);
  });

  test('with a key Claude answers, streamed and checked; a frame in it opens the editor at that packet', async () => {
    await runCommand(window.page, 'Netsec: Set Anthropic API Key');
    const input = window.page.locator('.quick-input-widget:visible .quick-input-box input');
    await input.fill(KEY);
    await input.press('Enter');
    await window.page.locator('.notifications-toasts').getByText('was saved').waitFor();
    await runCommand(window.page, 'Notifications: Clear All Notifications');
    await runCommand(window.page, 'Netsec: Choose Claude Model');
    await quickPickRows(window.page).filter({ hasText: 'claude-big' }).click();
    claude.turn = (n) => {
      if (n === 1) return { text: 'I will look at the newest capture.', tools: [{ name: 'analyze_network', input: { capture: 'latest' } }] };
      const sent = JSON.stringify(claude.messageRequests().at(-1)?.body.messages);
      const [scanner = 'nobody', target = 'nobody'] = [...sent.matchAll(/(?:attacker|victim)[^H]{1,40}(HOST_\d+)/g)].map((match) => match[1]!);
      return {
        text: [
          `**One device tried the doors of another.** ${scanner} tried 129 TCP ports on ${target} in 1.1 s [frame 5], which is how one looks for a way in.`,
          `**What this is.** A short capture of 269 packets between 2 addresses, nearly all of it TCP.`,
          `**Security status.** A port scan, of medium severity; risk 35 of 100.`,
          `- It knocked at one door after the other [frames 5, 8, 11], and completed no connection.\n- The scan has the marks of Nmap [frame 12]. 412 passwords were tried.`,
          `**What to do.** Find out who runs ${scanner}, and whether this was agreed. If not, block it and look at what it did next.`,
        ].join('\n\n'),
      };
    };
    await chooseModel({ vendor: 'netsec', id: 'netsec-claude', family: 'claude' });
    const response = await say('@netsec analyze latest');
    const dialog = window.page.locator('.monaco-dialog-box');
    await dialog.waitFor();
    await expect.poll(() => dialog.innerText()).toContain('to Claude at 127.0.0.1');
    await dialog.getByRole('button', { name: 'Send' }).click();
    await response.getByText('tokens read').waitFor();
    const text = await response.innerText();
    expect(text).toContain(`${SCANNER} tried 129 TCP ports on 192.168.10.30`);
    expect(text).toMatch(/412(?: passwords)? \(\?\)[\s\S]*1 of \d+ claims could not be checked/);
    // The third asks it to correct what nothing bears out; it says the same again, which is not shown.
    expect(text).toMatch(/sent back to the model once/);
    expect(claude.messageRequests().map(({ body }) => body.model)).toEqual(['claude-big', 'claude-big', 'claude-big']);
    expect(JSON.stringify(claude.messageRequests().map(({ body }) => body.messages))).not.toMatch(/192\.168\.|scan-syn/);
    await follow(response, 'frame 5', 5);
    await picture('chat-light');
    if (SCREENSHOTS !== null) {
      await window.host(async (vscode) => {
        await vscode.workspace.getConfiguration('workbench').update('colorTheme', 'Default Dark Modern', vscode.ConfigurationTarget.Global);
      });
      await capturePage(window.page).locator('body[data-vscode-theme-kind="vscode-dark"]').waitFor();
      await picture('chat-dark');
    }
  });

  test('an address in an answer shows that host', async () => {
    const response = window.page.locator('.interactive-item-container.interactive-response').last();
    await clickIn(response.getByRole('link', { name: SCANNER, exact: true }).first());
    await capturePage(window.page).getByTestId('host-page').waitFor();
    await expect.poll(() => capturePage(window.page).getByTestId('host-page').getAttribute('data-host')).toBe(SCANNER);
  });

  test('Stop ends the request at once, and nothing is sent or shown after it', async () => {
    claude.turn = () => ({ text: 'I am thinking about 10.0.0.99 and', hang: true });
    const before = claude.messageRequests().length,
      left = claude.left,
      response = await say('@netsec which host is the loudest, and why?');
    await response.getByText('I am thinking').waitFor();
    const stop = window.page.locator('.interactive-input-part:visible .codicon-stop-circle').first();
    await stop.click();
    await expect.poll(() => claude.left).toBe(left + 1);
    await stop.waitFor({ state: 'hidden' });
    const shown = await response.innerText();
    await sleep(2000);
    expect(claude.messageRequests()).toHaveLength(before + 1);
    await expect.poll(() => response.innerText()).toBe(shown);
    expect(shown).not.toMatch(/claims|built-in summary|tokens read/);
  });
});
