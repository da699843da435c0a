/** TLS keys in a real VS Code: a key log is added to an open capture, what TLS carried is there, and gone again with the file. */
import fs from 'node:fs';
import path from 'node:path';
import type { FrameLocator } from 'playwright-core';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { splitSecrets } from '../support/splitSecrets.ts';
import { describeInVscode, openVscode, removeFolder, workspaceWith, type VscodeWindow } from './support/vscodeWindow.ts';
import { captureFrame, chooseFile, openCapture, runCommand, seriousAccessibilityProblems, switchTheme } from './support/workbench.ts';

const ROOT = path.resolve(import.meta.dirname, '../..'),
  SCREENSHOTS = path.join(ROOT, 'docs/screenshots');

describeInVscode('TLS keys', () => {
  let window: VscodeWindow, folder: string, page: FrameLocator, keyFile: string;
  const list = (): Promise<string> => page.getByTestId('view-findings').innerText();

  beforeAll(async () => {
    folder = workspaceWith([path.join(ROOT, 'captures/dns.pcap')]);
    const { capture, keyLog } = splitSecrets(path.join(ROOT, 'captures/web-tls-keys.pcapng')),
      file = path.join(folder, 'captures/web-tls.pcapng');
    fs.writeFileSync(file, capture);
    fs.mkdirSync(path.join(folder, 'elsewhere'));
    keyFile = path.join(folder, 'elsewhere/sslkeys.log');
    fs.writeFileSync(keyFile, keyLog);
    window = await openVscode({ folder });
    page = await openCapture(window, file);
    await page.locator('main[aria-busy="false"]').waitFor();
    await page.getByTestId('nav-findings').click();
  });
  afterAll(async () => {
    await window?.close();
    removeFolder(folder);
  });

  test('a key log that is added opens what TLS carried, while the capture stays open', async () => {
    expect(await list()).not.toMatch(/Log4Shell/);
    await runCommand(window.page, 'Netsec: Add TLS Key Log...');
    await chooseFile(window.page, keyFile, 'Add Key Log');
    await expect.poll(list).toMatch(/Log4Shell/);
    const kept = path.join(folder, 'captures/.netsec/keys');
    expect(fs.readdirSync(kept).sort()).toEqual(['.gitignore', 'sslkeys.log']);
    expect(fs.readFileSync(path.join(kept, '.gitignore'), 'utf8')).toBe('*\n');
  });

  test('the stream of a request within TLS is followed opened, and as it was sent', async () => {
    await page.getByTestId('nav-packets').click();
    await page.getByTestId('filter-input').fill('http.request.uri == "/products.json"');
    await page.getByTestId('filter-input').press('Enter');
    await expect.poll(() => page.getByTestId('packet-row').count()).toBe(1);
    await page.getByTestId('packet-row').first().click();
    await page.getByTestId('packet-follow').click();
    const content = page.getByTestId('stream-content');
    await expect.poll(() => content.innerText()).toMatch(/GET \/products\.json HTTP\/1\.1/);
    expect(await seriousAccessibilityProblems(await captureFrame(window.page))).toEqual([]);
    if (process.env['NETSEC_SCREENSHOTS'] === '1')
      for (const theme of ['light', 'dark'] as const) {
        await switchTheme(window, theme);
        await window.page.mouse.move(750, 2);
        await window.page.screenshot({ path: path.join(SCREENSHOTS, `tls-keys-${theme}.png`) });
      }
    await page.getByTestId('stream-sent').click();
    await expect.poll(() => content.innerText()).not.toMatch(/GET \/products/);
    await page.getByTestId('stream-opened').click();
    await expect.poll(() => content.innerText()).toMatch(/GET \/products/);
    await page.getByTestId('stream-close').click();
    await page.getByTestId('filter-input').fill('');
    await page.getByTestId('filter-input').press('Enter');
  });

  test('without the file nothing is opened any more', async () => {
    await page.getByTestId('nav-findings').click();
    fs.rmSync(path.join(folder, 'captures/.netsec/keys/sslkeys.log'), { force: true });
    await expect.poll(list).not.toMatch(/Log4Shell/);
  });

  test('keys that others put there are used as well, in folders that were made in one go', async () => {
    const netsec = path.join(folder, 'captures/.netsec'),
      log = path.join(netsec, 'keys/others.log');
    fs.rmSync(netsec, { recursive: true, force: true });
    fs.mkdirSync(path.dirname(log), { recursive: true });
    await new Promise((resolve) => setTimeout(resolve, 1000));
    fs.copyFileSync(keyFile, log);
    await expect.poll(list).toMatch(/Log4Shell/);
    fs.rmSync(log);
    await expect.poll(list).not.toMatch(/Log4Shell/);
  });
});
