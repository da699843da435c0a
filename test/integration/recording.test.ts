/** Recording as a person does it: start, see it count, see it live, stop. On loopback, with datagrams of our own, to nobody else. */
import dgram from 'node:dgram';
import fs from 'node:fs';
import net from 'node:net';
import path from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { pcapRecords } from './support/pcapFile.ts';
import { recordingMissing as missing } from './support/recordingMissing.ts';
import { describeInVscode, openVscode, removeFolder, workspaceWith, type VscodeWindow } from './support/vscodeWindow.ts';
import { capturePage, quickPickRows, runCommand, switchTheme } from './support/workbench.ts';
import { processesWith } from '../support/processes.ts';

if (missing !== null) console.warn(`NOT RUN: recording in the editor: ${missing}`);
// `.ci/run` installs what is needed and is root: there, a test that did not run is a failure.
if (missing !== null && process.env['CI'] !== undefined) throw new Error(`recording in the editor could not be tested: ${missing}`);

const PINGS = 12;
/** Ports where nothing listens, below those that the system gives out. */
const FIRST_PORT = 21_000,
  SCANNED = 240;

describeInVscode('recording', () => {
  let window: VscodeWindow;
  let folder: string;
  /** Answers each ping. */
  const host = dgram.createSocket('udp4', (message, from) => host.send(message, from.port, from.address));
  const captures = (): string[] => fs.readdirSync(path.join(folder, 'captures')).filter((name) => name.startsWith('capture_'));
  const input = (): ReturnType<VscodeWindow['page']['locator']> => window.page.locator('.quick-input-widget:visible .quick-input-box input');
  const counter = (): ReturnType<VscodeWindow['page']['locator']> => window.page.locator('.statusbar-item[id$="netsec.recording"]');

  beforeAll(async () => {
    if (missing !== null) return;
    await new Promise<void>((resolve) => host.bind(0, '127.0.0.1', resolve));
    folder = workspaceWith([]);
    window = await openVscode({ folder, settings: { 'chat.disableAIFeatures': false }, viewport: { width: 1500, height: 950 } });
    await window.page.locator('.activitybar .action-item a[aria-label="Netsec"]').click();
  });
  afterAll(async () => {
    host.close();
    await window?.close();
    removeFolder(folder);
  });

  async function startRecording(filter: string): Promise<void> {
    await runCommand(window.page, 'Netsec: Start Capture');
    await quickPickRows(window.page).filter({ hasText: '127.0.0.1' }).first().click();
    await window.page.locator('.quick-input-widget:visible', { hasText: 'Record only these packets' }).waitFor();
    await input().fill(filter);
    await input().press('Enter');
    await quickPickRows(window.page).filter({ hasText: 'When I stop it' }).first().click();
    await counter().filter({ hasText: '0 packets' }).waitFor();
  }

  /** Asks closed ports of this machine, [from, to) of those of the scan; each answers with a reset. */
  async function knock(from: number, to: number): Promise<void> {
    for (let i = from; i < to; i++)
      await new Promise<void>((resolve) => {
        const socket = net.connect({ host: '127.0.0.2', localAddress: '127.0.0.1', port: FIRST_PORT + i });
        for (const event of ['error', 'connect']) socket.once(event, () => resolve(void socket.destroy()));
      });
  }

  async function ping(): Promise<void> {
    const sender = dgram.createSocket('udp4');
    for (let i = 0; i < PINGS; i++) {
      sender.send(`ping ${i}`, host.address().port, '127.0.0.1');
      await sleep(50);
    }
    sender.close();
  }

  test.skipIf(missing !== null)('is started, counted, followed in the editor, and stopped', { timeout: 60_000 }, async () => {
    await startRecording(`udp port ${host.address().port}`);
    const page = capturePage(window.page);
    await page.locator('body[data-ready="1"]').waitFor();
    await ping();
    await counter()
      .filter({ hasText: `${2 * PINGS} packets` })
      .waitFor();
    await expect.poll(() => counter().innerText()).toMatch(/^\s*24 packets, \d+\/s(, 0 dropped)?, 0:\d\d\s*$/);
    await expect.poll(() => page.getByTestId('kpi-packets').innerText(), { timeout: 15_000 }).toContain(String(2 * PINGS));
    await runCommand(window.page, 'Netsec: Stop Capture');
    await counter().waitFor({ state: 'detached' });
    const [name = '', ...others] = captures();
    expect(others).toEqual([]);
    await window.page.locator('.tab.active', { hasText: name }).waitFor();
    expect(pcapRecords(path.join(folder, 'captures', name))).toHaveLength(2 * PINGS);
  });

  test.skipIf(missing !== null)(
    'shows a finding as it happens, stands still when it is paused, and is what @netsec is asked about',
    { timeout: 120_000 },
    async () => {
      await startRecording(`tcp portrange ${FIRST_PORT}-${FIRST_PORT + SCANNED - 1}`);
      const page = capturePage(window.page);
      await page.locator('body[data-ready="1"]').waitFor();
      await knock(0, SCANNED / 2);
      // While it is recorded.
      await page.getByTestId('finding-rows').locator('li', { hasText: '127.0.0.2' }).first().waitFor();
      await expect.poll(() => page.getByTestId('kpi-packets').innerText(), { timeout: 15_000 }).toBe(String(SCANNED));
      if (process.env['NETSEC_SCREENSHOTS'] === '1') await pictures(window);
      await page.getByTestId('pause').click();
      await knock(SCANNED / 2, SCANNED);
      await expect
        .poll(() => page.getByTestId('paused').innerText(), { timeout: 15_000 })
        .toContain(`Paused at ${SCANNED} packets, ${SCANNED} newer`);
      await expect.poll(() => page.getByTestId('kpi-packets').innerText()).toBe(String(SCANNED));
      await page.getByTestId('pause').click();
      await expect.poll(() => page.getByTestId('kpi-packets').innerText()).toBe(String(2 * SCANNED));
      await runCommand(window.page, 'Netsec: Stop Capture');
      await counter().waitFor({ state: 'detached' });
      const name = captures().sort().at(-1) ?? '';
      await window.host(async (vscode) => {
        await vscode.commands.executeCommand('workbench.action.chat.open', { query: '@netsec analyze latest' });
      });
      const response = window.page.locator('.interactive-item-container.interactive-response').last();
      await response.filter({ hasText: name }).waitFor({ timeout: 30_000 });
      await expect.poll(() => response.innerText(), { timeout: 30_000 }).toContain('127.0.0.1 tried 240 TCP ports on 127.0.0.2');
    },
  );

  test.skipIf(missing !== null)('keeps what it has and leaves no process behind when the extension host is killed', { timeout: 60_000 }, async () => {
    const filter = `udp port ${host.address().port}`,
      before = captures();
    await startRecording(filter);
    await ping();
    await counter()
      .filter({ hasText: `${2 * PINGS} packets` })
      .waitFor();
    // netsec capture and the program that it runs.
    expect(processesWith(filter)).toHaveLength(2);
    await window.host(() => process.kill(process.pid, 'SIGKILL')).catch(() => undefined);
    await expect.poll(() => processesWith(filter), { timeout: 15_000 }).toEqual([]);
    const name = captures().find((each) => !before.includes(each)) ?? '';
    expect(pcapRecords(path.join(folder, 'captures', name))).toHaveLength(2 * PINGS);
  });
});

async function pictures(window: VscodeWindow): Promise<void> {
  for (const theme of ['light', 'dark'] as const) {
    await switchTheme(window, theme);
    await window.page.mouse.move(750, 2);
    await sleep(1500);
    await window.page.screenshot({ path: path.resolve(import.meta.dirname, `../../docs/screenshots/recording-${theme}.png`) });
  }
}
