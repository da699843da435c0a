/** Bundles the page and its fake host, serves them on loopback under the same Content-Security-Policy the editor uses, and opens Chromium. */
import { build, type Plugin } from 'esbuild';
import fs from 'node:fs';
import http from 'node:http';
import os from 'node:os';
import path from 'node:path';
import { chromium, type Browser, type BrowserContext, type Page } from 'playwright-core';

const root = path.resolve(import.meta.dirname, '../../..');
const CHROMIUM = process.env['CHROMIUM'] ?? '/usr/bin/chromium';
const ARGUMENTS = [
  '--no-sandbox',
  '--disable-gpu',
  '--disable-quic',
  '--disable-dev-shm-usage',
  '--no-first-run',
  '--disable-background-networking',
  '--disable-component-update',
  '--disable-sync',
  '--disable-extensions',
  '--force-color-profile=srgb',
  '--disable-lcd-text',
  '--font-render-hinting=none',
];

export const chromiumIsHere = fs.existsSync(CHROMIUM);

const TYPES: Readonly<Record<string, string>> = { '.js': 'text/javascript', '.css': 'text/css', '.ttf': 'font/ttf' };

/** As the editor's host writes it; the nonce is the only script source, styles come from files only. */
const HTML = `<!doctype html><html><head><meta charset="utf-8">
<meta http-equiv="Content-Security-Policy" content="default-src 'none'; script-src 'nonce-test'; style-src 'self'; font-src 'self'; img-src 'self'">
<link rel="stylesheet" href="/webview.css"></head><body><script nonce="test" src="/page.js"></script><script nonce="test" src="/webview.js"></script></body></html>`;

export interface Harness {
  readonly url: string;
  readonly browser: Browser;
  /** A fresh page at this address, `view=packets&theme=light`. Waits until the page has numbers unless told not to. */
  open(
    query?: string,
    options?: { width?: number; height?: number; wait?: boolean; scale?: number },
  ): Promise<{ page: Page; context: BrowserContext; problems: string[] }>;
  close(): Promise<void>;
}

export async function startHarness(): Promise<Harness> {
  const folder = fs.mkdtempSync(path.join(os.tmpdir(), 'netsec-page-'));
  const { usedIconsOnly } = (await import(path.join(root, 'esbuild.mjs'))) as { usedIconsOnly: Plugin };
  await build({
    absWorkingDir: root,
    bundle: true,
    minify: process.env['NETSEC_READABLE'] === undefined,
    entryPoints: { webview: 'media/main.ts', page: 'test/webview/harness/page.ts' },
    outdir: folder,
    format: 'iife',
    target: 'es2023',
    tsconfig: 'tsconfig.webview.json',
    plugins: [usedIconsOnly],
    assetNames: '[name]',
    logLevel: 'warning',
  });
  const server = http.createServer((request, response) => {
    const name = path.basename(new URL(request.url ?? '/', 'http://localhost').pathname);
    const file = path.join(folder, name);
    if (name === '') response.writeHead(200, { 'content-type': 'text/html' }).end(HTML);
    else if (fs.existsSync(file))
      response.writeHead(200, { 'content-type': TYPES[path.extname(name)] ?? 'application/octet-stream' }).end(fs.readFileSync(file));
    else response.writeHead(404).end();
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const address = server.address();
  if (address === null || typeof address === 'string') throw new Error('the harness has no port');
  const url = `http://127.0.0.1:${String(address.port)}/`;
  const browser = await chromium.launch({ executablePath: CHROMIUM, args: ARGUMENTS });
  return {
    url,
    browser,
    async open(query = '', { width = 1280, height = 860, wait = true, scale = 1 } = {}) {
      const context = await browser.newContext({
        viewport: { width, height },
        reducedMotion: 'reduce',
        locale: 'en-US',
        timezoneId: 'UTC',
        deviceScaleFactor: scale,
      });
      const page = await context.newPage();
      const problems: string[] = [];
      // A blocked style or script is a console error: the policy is part of what is tested.
      page.on('console', (message) => message.type() === 'error' && !message.location().url.endsWith('favicon.ico') && problems.push(message.text()));
      page.on('pageerror', (error) => problems.push(String(error)));
      await page.goto(`${url}?${query}`);
      if (wait)
        await page.waitForFunction(
          () =>
            document.querySelector('main') !== null &&
            document.querySelector('.side .n') !== null &&
            document.querySelector('main')?.getAttribute('aria-busy') === 'false',
        );
      return { page, context, problems };
    },
    async close() {
      await browser.close();
      await new Promise((resolve) => server.close(resolve));
      fs.rmSync(folder, { recursive: true, force: true });
    },
  };
}
