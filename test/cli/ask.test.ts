/** `netsec ask` as it is shipped: with a key, without one, without consent, without a network. The server is on loopback. */
import { spawn, spawnSync } from 'node:child_process';
import fs from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { terminalMarkdown } from '../../src/cli/terminalMarkdown.ts';
import { MockClaude } from '../chat/support/mockClaude.ts';
import { buildCli } from './support/buildCli.ts';
import { netsec, ROOT, SAMPLES } from './support/capture.ts';

const KEY = 'sk-ant-test-0123456789abcdef',
  SCAN = path.join(SAMPLES, 'scan-syn.pcap');
const mock = new MockClaude();
let home: string;
beforeAll(async () => {
  await mock.start();
  home = fs.mkdtempSync(path.join(os.tmpdir(), 'netsec-ask-'));
});
afterAll(async () => {
  await mock.stop();
  fs.rmSync(home, { recursive: true, force: true });
});

const ask = (args: readonly string[], key = KEY): ReturnType<typeof netsec> =>
  netsec(['ask', ...args, '--base-url', mock.url, '--quiet'], { env: { ANTHROPIC_API_KEY: key, XDG_CONFIG_HOME: home } });

interface Asked {
  readonly answeredBy: string;
  readonly answer: string;
  readonly capture: string;
  readonly sent: { readonly requests: number; readonly bytes: number };
}

describe('with a key', () => {
  test('Claude answers with tools and pseudonyms, and what it says is checked', async () => {
    mock.requests.length = mock.bodies.length = 0;
    mock.turn = (n) => {
      if (n === 1) return { tools: [{ name: 'list_findings', input: {} }] };
      if (n === 3) return { text: '1. withdraw' };
      const attacker = /attacker (HOST_\d+)/.exec(mock.bodies.at(-1) ?? '')?.[1] ?? 'nobody';
      return { text: `**It was ${attacker}**, with 77,777 packets.` };
    };
    const { status, stdout } = await ask(['who scanned?', SCAN, '--yes', '--json']);
    const told = JSON.parse(stdout) as Asked;
    expect(status).toBe(0);
    expect(told).toMatchObject({ answeredBy: 'claude', capture: 'scan-syn.pcap', sent: { requests: 3 } });
    expect(told.answer).toMatch(/It was 192\.168\.10\.66.*77,777 \(\?\) packets[\s\S]*1 of 2 claims could not be checked[\s\S]*Taken back/);
    expect(mock.bodies.join()).not.toMatch(/192\.168\.|scan-syn/);
    expect(mock.requests.flatMap(({ body }) => body.tools?.map(({ name }) => name) ?? [])).not.toContain('write_report');
  });

  test('what is marked is not sent back where that is not wanted', async () => {
    mock.requests.length = mock.bodies.length = 0;
    mock.turn = (n) => (n === 1 ? { tools: [{ name: 'list_findings', input: {} }] } : { text: 'It was 77,777 packets.' });
    const told = JSON.parse((await ask(['who scanned?', SCAN, '--yes', '--json', '--no-correction'])).stdout) as Asked;
    expect(told).toMatchObject({ sent: { requests: 2 } });
    expect(told.answer).toMatch(/77,777 \(\?\) packets/);
  });

  test('and nobody there to agree, nothing is sent', async () => {
    mock.requests.length = 0;
    const { stdout, stderr } = await ask(['who scanned?', SCAN]);
    expect(mock.requests).toEqual([]);
    expect(stderr).toContain('add --yes');
    expect(stdout).toMatch(/Nothing was sent to Claude[\s\S]*built-in summary/);
    expect(fs.readdirSync(home)).toEqual([]);
  });

  test('and an address that is not encrypted, nothing is asked', async () => {
    const { status, stderr } = await netsec(['ask', 'x', SCAN, '--base-url', 'http://evil.example'], { env: { ANTHROPIC_API_KEY: KEY } });
    expect([status, stderr]).toEqual([2, '--base-url wants an address that begins with https://.\n']);
  });
});

const hasScript = spawnSync('script', ['--version']).status === 0;
if (!hasScript) console.warn('script (util-linux) is not installed: the question of netsec ask was NOT tested on a terminal.');
if (!hasScript && process.env['CI'] !== undefined) throw new Error('script (util-linux) is not installed here to test a terminal with');

/** As at a real terminal: `answer` is typed once it is asked. */
async function typed(answer: string): Promise<{ readonly screen: string; readonly status: number | null }> {
  const cli = await buildCli(),
    quote = (text: string): string => `'${text.replaceAll("'", `'\\''`)}'`,
    command = [process.execPath, cli, 'ask', 'who scanned?', SCAN, '--base-url', mock.url].map(quote).join(' ');
  const child = spawn('script', ['-qec', command, '/dev/null'], {
    env: { ...process.env, ANTHROPIC_API_KEY: KEY, XDG_CONFIG_HOME: fs.mkdtempSync(path.join(home, 'typed-')), NO_COLOR: '1', TERM: 'dumb' },
    stdio: ['pipe', 'pipe', 'inherit'],
  });
  let screen = '',
    isTyped = false;
  child.stdout.on('data', (data: Buffer) => {
    screen += data.toString();
    if (isTyped || !/Send this question[^\n]*\?[^\n]*$/.test(screen)) return;
    isTyped = true;
    child.stdin.write(answer);
  });
  const status = await new Promise<number | null>((resolve) => child.on('close', resolve));
  return { screen, status };
}

describe.skipIf(!hasScript)('at a terminal', () => {
  test('it is asked before anything is sent; a yes sends', async () => {
    mock.requests.length = mock.bodies.length = 0;
    mock.turn = (n) => (n === 1 ? { tools: [{ name: 'list_findings', input: {} }] } : { text: 'A scan.' });
    const { screen, status } = await typed('y\n');
    expect(screen).toMatch(
      /Never sent: the capture itself[\s\S]*Send this question and results of the analysis to Claude at 127\.0\.0\.1[\s\S]*A scan\./,
    );
    expect(status).toBe(0);
    expect(mock.messageRequests()).toHaveLength(2);
  }, 30_000);
  test.each([
    ['a no', 'n\n'],
    ['only the return key', '\n'],
    ['something else', 'what?\n'],
    ['the end of the input', '\u0004'],
  ])(
    '%s sends nothing, and the analysis answers',
    async (_, answer) => {
      mock.requests.length = 0;
      const { screen } = await typed(answer);
      expect(mock.requests).toEqual([]);
      expect(screen).toMatch(/Nothing was sent to Claude[\s\S]*built-in summary/);
    },
    30_000,
  );
  test('Ctrl+C sends nothing, and ends', async () => {
    mock.requests.length = 0;
    const { screen, status } = await typed('\u0003');
    expect(mock.requests).toEqual([]);
    expect(screen).not.toMatch(/built-in summary/);
    expect(status).not.toBe(0);
  }, 30_000);
});

describe('without a key', () => {
  test('the analysis answers', async () => {
    const { status, stdout } = await ask(['analyze latest', SCAN], '');
    expect(status).toBe(0);
    expect(stdout).toMatch(/192\.168\.10\.66[\s\S]*built-in summary/);
    expect(stdout).not.toMatch(/\*\*|&lt;|\\[_.]/);
  });
  test('as JSON, too', async () => {
    const { stdout } = await ask(['list captures', '--folder', SAMPLES, '--json'], '');
    expect(JSON.parse(stdout) as Asked).toMatchObject({ answeredBy: 'netsec', sent: { requests: 0, bytes: 0 } });
  });
});

test('what is no question, or no file, is said', async () => {
  expect((await ask([])).status).toBe(2);
  expect((await ask(['x', 'nowhere.pcap'])).status).toBe(3);
});

describe('without a network', () => {
  const canCut = spawnSync('unshare', ['-n', 'true']).status === 0;
  if (!canCut) console.warn('Namespaces cannot be made here: that an answer comes at once without a network was NOT tested whole.');
  if (!canCut && process.env['CI'] !== undefined) throw new Error('no namespace can be made here to test without a network');

  test.skipIf(!canCut)('the built-in answer comes at once, before any request is waited for', async () => {
    const cli = await buildCli();
    const run = (env: Readonly<Record<string, string>>): { readonly ms: number; readonly stdout: string } => {
      const begin = performance.now(),
        { stdout } = spawnSync('unshare', ['-n', process.execPath, cli, 'ask', 'analyze latest', SCAN, '--yes', '--quiet'], { cwd: ROOT, encoding: 'utf8', env: { ...process.env, ...env } }); // prettier-ignore
      return { ms: performance.now() - begin, stdout };
    };
    const without = run({ ANTHROPIC_API_KEY: '' }),
      cut = run({ ANTHROPIC_API_KEY: KEY });
    expect(cut.stdout).toMatch(/no network[\s\S]*192\.168\.10\.66[\s\S]*built-in summary/);
    // No slower than without a key, but for what a busy machine makes of it.
    expect(cut.ms).toBeLessThan(without.ms * 2 + 1500);
  });
});

test('Markdown reads as text, and nothing in it moves the cursor', () => {
  let shown = '';
  const out = terminalMarkdown({ width: 80, color: false, unicode: true }, (text) => (shown += text));
  for (const piece of ['**Bo', 'ld** a\\_b &lt;c&gt; `x_y`', '\n# Head\n', '*aside*\n', '\u001b[2J']) out.write(piece);
  out.end();
  expect(shown).toBe('Bold a_b <c> x_y\nHead\naside\n\\x1b[2J\n');
});
