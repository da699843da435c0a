/** What people paste into other clients starts the server, also after the extension was updated. */
import { spawn } from 'node:child_process';
import fs from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { afterAll, beforeAll, beforeEach, describe, expect, test, vi } from 'vitest';
import type * as vscode from 'vscode';
import { CLIENT_CONFIGURATIONS } from '../../src/mcp/clientConfigurations.ts';
import { launcherSource } from '../../src/mcp/launcher.ts';
import { buildMcp } from './support/mcpProgram.ts';

interface Fake {
  readonly commands: Map<string, () => Promise<void>>;
  picked: string | undefined;
  copied: string;
  said: string;
  folders: readonly unknown[];
}
const fake = vi.hoisted((): Fake => ({ commands: new Map(), picked: 'json', copied: '', said: '', folders: [] }));

vi.mock('vscode', async () => {
  const files = await import('node:fs/promises');
  return {
    Uri: { joinPath: (uri: { fsPath: string }, name: string) => ({ scheme: 'file', fsPath: `${uri.fsPath}/${name}` }) },
    commands: {
      registerCommand: (id: string, run: () => Promise<void>) => {
        fake.commands.set(id, run);
        return { dispose: () => undefined };
      },
    },
    env: { clipboard: { writeText: (text: string) => Promise.resolve(void (fake.copied = text)) } },
    window: {
      showQuickPick: (items: { id: string }[]) => Promise.resolve(items.find(({ id }) => id === fake.picked)),
      showInformationMessage: (text: string) => Promise.resolve(void (fake.said = text)),
    },
    workspace: {
      get workspaceFolders() {
        return fake.folders;
      },
      fs: {
        createDirectory: (uri: { fsPath: string }) => files.mkdir(uri.fsPath, { recursive: true }),
        writeFile: (uri: { fsPath: string }, content: Uint8Array) => files.writeFile(uri.fsPath, content),
      },
    },
  };
});

let folder = '';
const at = (...parts: string[]): string => path.join(folder, ...parts),
  uri = (fsPath: string): vscode.Uri => ({ scheme: 'file', fsPath }) as unknown as vscode.Uri;

/** As VS Code keeps one version of the extension. */
async function install(name: string): Promise<string> {
  fs.mkdirSync(at('extensions', name, 'dist'), { recursive: true });
  fs.copyFileSync(await buildMcp(), at('extensions', name, 'dist/mcp.mjs'));
  return at('extensions', name, 'dist/mcp.mjs');
}

async function run(
  command: string,
  args: readonly string[],
  env: Readonly<Record<string, string>>,
): Promise<{ readonly code: number | null; readonly stdout: string; readonly stderr: string }> {
  const child = spawn(command, args, { stdio: ['ignore', 'pipe', 'pipe'], env: { ...process.env, ...env } });
  let stdout = '',
    stderr = '';
  child.stdout.on('data', (data: Buffer) => (stdout += data.toString()));
  child.stderr.on('data', (data: Buffer) => (stderr += data.toString()));
  return { code: await new Promise((resolve) => child.on('close', resolve)), stdout, stderr };
}

beforeAll(async () => {
  folder = fs.mkdtempSync(path.join(os.tmpdir(), 'netsec-copy-'));
  const serverFile = await install('netsec.netsec-0.1.0'),
    { registerCopyConfiguration } = await import('../../src/mcp/copyConfiguration.vscode.ts');
  registerCopyConfiguration({
    serverFile,
    storage: uri(at('global storage')),
    extensionId: () => 'netsec.netsec',
    capturesFolders: () => [uri(at("it's here/captures"))],
  });
});
afterAll(() => fs.rmSync(folder, { recursive: true, force: true }));
beforeEach(() => {
  Object.assign(fake, { picked: 'json', copied: '', said: '', folders: [{ uri: uri(at('work')) }, { uri: { scheme: 'vscode-vfs', fsPath: '/x' } }] });
});

const copy = (): Promise<void> => fake.commands.get('netsec.copyMcpConfiguration')!();

interface Server {
  readonly command: string;
  readonly args: readonly string[];
  readonly env: Readonly<Record<string, string>>;
}

test('the copied configuration starts the server over the folders of the workspace', async () => {
  await copy();
  const { command, args, env } = (JSON.parse(fake.copied) as { mcpServers: { netsec: Server } }).mcpServers.netsec;
  expect(args.slice(1)).toEqual(['--root', at("it's here/captures"), '--root', at('work')]);
  const started = await run(command, args, env);
  expect([started.code, started.stderr]).toEqual([0, expect.stringContaining(`serves the captures of ${at("it's here/captures")}, ${at('work')}`)]);
  expect(fake.said).toContain('Claude Desktop');
});

test('the command for Claude Code survives a shell', async () => {
  if (process.platform === 'win32') return;
  fake.picked = 'claude-code';
  await copy();
  // The shell says how it understands the words after "claude".
  const { stdout } = await run('/bin/sh', ['-c', `set -- ${fake.copied.trim()}; for word do printf '%s\\n' "$word"; done`], {});
  expect(stdout.trimEnd().split('\n')).toEqual([
    'claude',
    'mcp',
    'add',
    'netsec',
    '-e',
    'ELECTRON_RUN_AS_NODE=1',
    '--',
    process.execPath,
    at('global storage/netsec-mcp.mjs'),
    '--root',
    at("it's here/captures"),
    '--root',
    at('work'),
  ]);
});

test('nothing is copied, and nothing written, when nobody chooses', async () => {
  fake.picked = undefined;
  await copy();
  expect([fake.copied, fake.said]).toEqual(['', '']);
});

describe('after an update', () => {
  test('the launcher starts the version that is there', async () => {
    await copy();
    const { args } = (JSON.parse(fake.copied) as { mcpServers: { netsec: Server } }).mcpServers.netsec;
    fs.renameSync(at('extensions/netsec.netsec-0.1.0'), at('extensions/netsec.netsec-0.2.0'));
    await install('netsec.other-9.0.0');
    fs.mkdirSync(at('extensions/netsec.netsec-0.3.0-broken'));
    expect(await run(process.execPath, [args[0]!, '--version'], {})).toMatchObject({ code: 0, stdout: 'netsec 1.2.3\n' });
    fs.rmSync(at('extensions'), { recursive: true });
    expect(await run(process.execPath, [args[0]!, '--version'], {})).toMatchObject({
      code: 2,
      stdout: '',
      stderr: expect.stringContaining('Install it again') as unknown,
    });
  });
});

test.each(CLIENT_CONFIGURATIONS)('$label: quotes, spaces and backslashes are data', ({ id, text }) => {
  const started = {
    program: 'C:\\Program Files\\Code\\Code.exe',
    args: ['C:\\it\'s "me"\\netsec-mcp.mjs', '--root', 'C:\\a b'],
    env: { ELECTRON_RUN_AS_NODE: '1' },
  };
  const written = text(started, 'win32');
  if (id === 'json' || id === 'vscode') {
    const { mcpServers, servers } = JSON.parse(written) as { mcpServers?: { netsec: Server }; servers?: { netsec: Server } };
    expect((mcpServers ?? servers)!.netsec).toMatchObject({ command: started.program, args: started.args, env: started.env });
  } else if (id === 'codex') {
    expect(written).toContain('command = "C:\\\\Program Files\\\\Code\\\\Code.exe"\n');
    expect(written).toContain('"C:\\\\it\'s \\"me\\"\\\\netsec-mcp.mjs"');
  } else expect(written).toContain(`'C:\\it''s "me"\\netsec-mcp.mjs'`);
});

test('paths in the launcher are data, too', () => {
  const odd = 'C:\\x`${process.exit(9)}"\n\\mcp.mjs';
  expect(launcherSource(odd, 'netsec.netsec-')).toContain(JSON.stringify(odd));
});
