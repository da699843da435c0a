/** One window of a real VS Code with our extension in it, on a folder of its own, with a clean profile. */
import { spawnSync } from 'node:child_process';
import fs from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { _electron, chromium, type Browser, type BrowserContext, type Page } from 'playwright-core';
import { describe, inject } from 'vitest';
import type * as vscodeApi from 'vscode';
import { installVsix, profileFolders, startVscodeServer, type VscodeServer } from '../../../scripts/vscodeServer.mts';
import type { VscodeUnderTest } from './globalSetup.ts';
import { runCommand } from './workbench.ts';

const ROOT = path.resolve(import.meta.dirname, '../../..');
const REMOTE_CONTROL = path.join(import.meta.dirname, 'remoteControl');

/** Quiet, fast and the same every time. */
const SETTINGS = {
  'workbench.startupEditor': 'none',
  'workbench.tips.enabled': false,
  'workbench.enableExperiments': false,
  'workbench.reduceMotion': 'on',
  'workbench.colorTheme': 'Default Light Modern',
  'telemetry.telemetryLevel': 'off',
  'update.mode': 'none',
  'extensions.autoUpdate': false,
  'extensions.autoCheckUpdates': false,
  'extensions.ignoreRecommendations': true,
  'security.workspace.trust.enabled': false,
  'git.enabled': false,
  'typescript.tsserver.enable': false,
  'files.simpleDialog.enable': true,
  'window.dialogStyle': 'custom',
  'chat.disableAIFeatures': true,
  'workbench.secondarySideBar.defaultVisibility': 'hidden',
} as const;

/** A step of a person's takes well under a second; a busy machine gets a lot more. */
const STEP_TIMEOUT_MS = 30_000;

export interface WindowOptions {
  /** The folder that is opened. */
  readonly folder: string;
  /** Install this package instead of loading the extension from the project. */
  readonly vsix?: string;
  readonly settings?: Readonly<Record<string, unknown>>;
  readonly viewport?: { readonly width: number; readonly height: number };
  /** Built-in extensions to switch on that a fresh profile keeps off, such as `GitHub.copilot-chat` with its agent mode. */
  readonly enabledExtensions?: readonly string[];
  /** Folders of further test-only extensions. */
  readonly testExtensions?: readonly string[];
}

export interface VscodeWindow {
  readonly page: Page;
  /** What was written to the consoles of the window and its pages. */
  readonly consoleLines: readonly string[];
  /** Runs a function in the extension host. It sees its two parameters and nothing of the test around it. */
  host<A, R>(run: (vscode: typeof vscodeApi, args: A) => PromiseLike<R> | R, args?: A): Promise<R>;
  /** Reloads the window, as Developer: Reload Window does, and waits until it is there again. */
  reload(): Promise<void>;
  close(): Promise<void>;
}

export function vscodeUnderTest(): VscodeUnderTest {
  return inject('vscodeUnderTest');
}

/** `describe` for tests that need a real VS Code; globalSetup has said loudly why there is none, and failed in CI. */
export const describeInVscode = describe.skipIf(inject('vscodeUnderTest').kind === 'none');

/** A folder of its own with copies of these files below `captures/`; removed by `removeFolder`. */
export function workspaceWith(files: readonly string[]): string {
  const folder = fs.mkdtempSync(path.join(os.tmpdir(), 'netsec-workspace-'));
  fs.mkdirSync(path.join(folder, 'captures'));
  for (const file of files) fs.cpSync(file, path.join(folder, 'captures', path.basename(file)), { preserveTimestamps: true });
  return folder;
}

export function removeFolder(folder: string | undefined): void {
  if (folder !== undefined) fs.rmSync(folder, { recursive: true, force: true, maxRetries: 3 });
}

export async function openVscode(options: WindowOptions): Promise<VscodeWindow> {
  const profile = fs.mkdtempSync(path.join(os.tmpdir(), 'netsec-vscode-'));
  const under = vscodeUnderTest();
  if (under.kind === 'none') throw new Error('there is no VS Code to open');
  try {
    return under.kind === 'desktop' ? await onDesktop(under, profile, options) : await onServer(under, profile, options);
  } catch (error) {
    removeFolder(profile);
    throw error;
  }
}

async function onServer(under: VscodeUnderTest & { kind: 'server' }, profile: string, options: WindowOptions): Promise<VscodeWindow> {
  const portFile = path.join(profile, 'remote-control.port');
  const { extensions } = profileFolders(profile);
  if (options.vsix !== undefined) installVsix(under, profile, options.vsix);
  let server: VscodeServer | undefined;
  let browser: Browser | undefined;
  try {
    fs.mkdirSync(extensions, { recursive: true });
    server = await startVscodeServer(under, {
      profile,
      token: null,
      settings: { ...SETTINGS, ...options.settings },
      home: profileFolders(profile).home,
      env: { NETSEC_TEST_PORT_FILE: portFile },
    });
    browser = await chromium.launch({ executablePath: under.chromium, args: BROWSER_FLAGS });
    const context = await browser.newContext({
      viewport: options.viewport ?? { width: 1500, height: 950 },
      reducedMotion: 'reduce',
      locale: 'en-US',
      timezoneId: 'UTC',
    });
    const development = [...(options.vsix === undefined ? [ROOT] : []), REMOTE_CONTROL, ...(options.testExtensions ?? [])];
    const { page, consoleLines } = await openPage(context, server.url, options.folder, { development, enabled: options.enabledExtensions ?? [] });
    const running = { server, browser };
    return {
      page,
      consoleLines,
      host: remoteControl(portFile),
      async reload() {
        await reloadWindow(page, portFile);
      },
      async close() {
        await running.browser.close();
        await running.server.stop();
        removeFolder(profile);
      },
    };
  } catch (error) {
    await browser?.close();
    await server?.stop();
    throw error;
  }
}

const BROWSER_FLAGS = [
  ...['--no-sandbox', '--disable-gpu', '--disable-quic', '--disable-dev-shm-usage', '--no-first-run', '--disable-background-networking'],
  ...['--disable-component-update', '--disable-sync', '--force-color-profile=srgb', '--disable-lcd-text', '--font-render-hinting=none'],
];

async function openPage(
  context: BrowserContext,
  url: string,
  folder: string,
  { development, enabled }: { readonly development: readonly string[]; readonly enabled: readonly string[] },
): Promise<{ page: Page; consoleLines: string[] }> {
  await context.grantPermissions(['clipboard-read', 'clipboard-write'], { origin: url });
  const page = await context.newPage();
  page.setDefaultTimeout(STEP_TIMEOUT_MS);
  const consoleLines: string[] = [];
  page.on('console', (message) => consoleLines.push(`[${message.type()}] ${message.text()}`));
  page.on('pageerror', (error) => consoleLines.push(`[pageerror] ${error.message}`));
  // Nothing leaves the machine; calls that would fail slowly fail at once.
  await page.route(
    ({ hostname, protocol }) => hostname !== '127.0.0.1' && protocol.startsWith('http'),
    (route) => route.abort(),
  );
  // Extensions under development are part of the settings embedded in the page. They are changed when the workbench reads them: a page
  // answered through route() has no address space, and Chromium then refuses its socket to loopback.
  const extensions = development.map((each) => ({ scheme: 'vscode-remote', authority: new URL(url).host, path: each }));
  const added = { developmentOptions: { extensions }, ...(enabled.length === 0 ? {} : { enabledExtensions: enabled }) };
  await page.addInitScript((options) => {
    if (window !== window.top) return;
    const original = Element.prototype.getAttribute;
    Element.prototype.getAttribute = function (name: string): string | null {
      const value = original.call(this, name);
      if (name !== 'data-settings' || this.id !== 'vscode-workbench-web-configuration' || value === null) return value;
      return JSON.stringify({ ...(JSON.parse(value) as object), ...options });
    };
  }, added);
  await page.goto(`${url}/?folder=${encodeURIComponent(folder)}`, { waitUntil: 'commit' });
  await workbenchReady(page);
  return { page, consoleLines };
}

async function onDesktop(under: VscodeUnderTest & { kind: 'desktop' }, profile: string, options: WindowOptions): Promise<VscodeWindow> {
  const portFile = path.join(profile, 'remote-control.port');
  const { user, extensions } = profileFolders(profile);
  fs.mkdirSync(path.join(user, 'User'), { recursive: true });
  fs.writeFileSync(path.join(user, 'User/settings.json'), JSON.stringify({ ...SETTINGS, ...options.settings }));
  const profileArgs = [`--user-data-dir=${user}`, `--extensions-dir=${extensions}`];
  if (options.vsix !== undefined) {
    const installed = spawnSync(under.executable, [...profileArgs, '--install-extension', options.vsix], { encoding: 'utf8' });
    if (installed.status !== 0) throw new Error(`the package could not be installed: ${installed.stderr}`);
  }
  const app = await _electron.launch({
    executablePath: under.executable,
    args: [
      ...profileArgs,
      ...(options.vsix === undefined ? [`--extensionDevelopmentPath=${ROOT}`] : []),
      ...(options.testExtensions ?? []).map((folder) => `--extensionDevelopmentPath=${folder}`),
      ...[`--extensionDevelopmentPath=${REMOTE_CONTROL}`, '--disable-workspace-trust', '--skip-welcome', '--skip-release-notes', options.folder],
    ],
    env: { ...(process.env as Record<string, string>), NETSEC_TEST_PORT_FILE: portFile },
  });
  const page = await app.firstWindow();
  page.setDefaultTimeout(STEP_TIMEOUT_MS);
  const consoleLines: string[] = [];
  page.on('console', (message) => consoleLines.push(`[${message.type()}] ${message.text()}`));
  await page.setViewportSize(options.viewport ?? { width: 1500, height: 950 });
  await workbenchReady(page);
  const host = remoteControl(portFile);
  return {
    page,
    consoleLines,
    host,
    async reload() {
      await reloadWindow(page, portFile);
    },
    async close() {
      await app.close();
      removeFolder(profile);
    },
  };
}

/** As a person does it: reloading the page from outside would not leave VS Code the time to write down what was open. */
async function reloadWindow(page: Page, portFile: string): Promise<void> {
  fs.rmSync(portFile, { force: true });
  const reloaded = page.waitForEvent('domcontentloaded');
  await runCommand(page, 'Developer: Reload Window');
  await reloaded;
  await workbenchReady(page);
}

async function workbenchReady(page: Page): Promise<void> {
  await page.locator('.monaco-workbench .part.statusbar .statusbar-item').first().waitFor({ timeout: 60_000 });
}

function remoteControl(portFile: string): VscodeWindow['host'] {
  return async <A, R>(run: (vscode: typeof vscodeApi, args: A) => PromiseLike<R> | R, args?: A): Promise<R> => {
    for (const deadline = Date.now() + 60_000; !fs.existsSync(portFile); await sleep(50)) {
      if (Date.now() > deadline) throw new Error('the extension host did not start within a minute');
    }
    const body = JSON.stringify({ code: `return (${run.toString()})(vscode, args)`, args });
    const response = await fetch(`http://127.0.0.1:${fs.readFileSync(portFile, 'utf8')}/`, {
      method: 'POST',
      body,
      signal: AbortSignal.timeout(60_000),
    });
    const answer = (await response.json()) as { ok: true; result: R } | { ok: false; message: string };
    if (!answer.ok) throw new Error(`in the extension host: ${answer.message}`);
    return answer.result;
  };
}
