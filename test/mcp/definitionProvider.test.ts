/** What VS Code is told to start, for which folders. */
import { beforeEach, expect, test, vi } from 'vitest';
import type * as vscode from 'vscode';

interface Definition {
  readonly label: string;
  readonly command: string;
  readonly args: readonly string[];
  readonly env: Readonly<Record<string, string>>;
  readonly version: string;
}
interface Provider {
  onDidChangeMcpServerDefinitions(listener: () => void): void;
  provideMcpServerDefinitions(): Definition[];
}

const fake = vi.hoisted(() => {
  const listeners: (() => void)[] = [];
  const on = (listener: () => void): { dispose(): void } => {
    listeners.push(listener);
    return { dispose: () => listeners.splice(listeners.indexOf(listener), 1) };
  };
  return { listeners, on, providers: [] as unknown[], folders: [] as unknown[], trusted: true };
});

vi.mock('vscode', () => ({
  EventEmitter: class {
    readonly #listeners: (() => void)[] = [];
    event = (listener: () => void): number => this.#listeners.push(listener);
    fire = (): void => this.#listeners.forEach((listener) => listener());
    dispose = (): void => undefined;
  },
  McpStdioServerDefinition: class {
    readonly kind = 'stdio';
    constructor(label: string, command: string, args: string[], env: unknown, version: string) {
      Object.assign(this, { label, command, args, env, version });
    }
  },
  workspace: {
    get workspaceFolders() {
      return fake.folders;
    },
    get isTrusted() {
      return fake.trusted;
    },
    onDidChangeWorkspaceFolders: fake.on,
    onDidGrantWorkspaceTrust: fake.on,
    onDidChangeConfiguration: (listener: (event: object) => void) => fake.on(() => listener({ affectsConfiguration: () => true })),
  },
  lm: {
    registerMcpServerDefinitionProvider: (_id: string, provider: unknown) => {
      fake.providers.push(provider);
      return { dispose: () => undefined };
    },
  },
}));

const uri = (fsPath: string, scheme = 'file'): vscode.Uri => ({ scheme, fsPath }) as unknown as vscode.Uri;

async function provider(): Promise<Provider> {
  const { registerMcpServer } = await import('../../src/mcp/definitionProvider.vscode.ts');
  registerMcpServer({
    serverFile: '/extension/dist/mcp.mjs',
    capturesFolders: () => [uri('/work/captures'), uri('/elsewhere')],
    keepsReports: () => true,
  });
  return fake.providers.at(-1) as Provider;
}

beforeEach(() => {
  fake.folders = [{ uri: uri('/work') }];
  fake.trusted = true;
});

test("the server runs with VS Code's own Node over the captures folders and the workspace", async () => {
  expect((await provider()).provideMcpServerDefinitions()).toEqual([
    expect.objectContaining({
      label: 'Netsec',
      command: process.execPath,
      args: ['/extension/dist/mcp.mjs', '--no-recording', '--root', '/work/captures', '--root', '/elsewhere', '--root', '/work'],
      env: { ELECTRON_RUN_AS_NODE: '1' },
      version: '0.0.0-test',
    }),
  ]);
});

test('a workspace that is not trusted opens nothing but itself', async () => {
  fake.trusted = false;
  expect((await provider()).provideMcpServerDefinitions()[0]?.args).toEqual(['/extension/dist/mcp.mjs', '--no-recording', '--root', '/work']);
});

test('where there are no files on disk there is no server', async () => {
  const { registerMcpServer } = await import('../../src/mcp/definitionProvider.vscode.ts');
  fake.folders = [{ uri: uri('/work', 'vscode-vfs') }];
  registerMcpServer({ serverFile: '/extension/dist/mcp.mjs', capturesFolders: () => [], keepsReports: () => false });
  expect((fake.providers.at(-1) as Provider).provideMcpServerDefinitions()).toEqual([]);
});

test('the server keeps no reports where the setting says so', async () => {
  const { registerMcpServer } = await import('../../src/mcp/definitionProvider.vscode.ts');
  fake.folders = [{ uri: uri('/work') }];
  registerMcpServer({ serverFile: '/mcp.mjs', capturesFolders: () => [], keepsReports: () => false });
  expect((fake.providers.at(-1) as Provider).provideMcpServerDefinitions()[0]?.args).toEqual([
    '/mcp.mjs',
    '--no-recording',
    '--no-cache',
    '--root',
    '/work',
  ]);
});

test('VS Code asks again when folders, settings or trust change', async () => {
  const before = fake.listeners.length,
    asked = vi.fn();
  (await provider()).onDidChangeMcpServerDefinitions(asked);
  for (const listener of fake.listeners.slice(before)) listener();
  expect(asked).toHaveBeenCalledTimes(3);
});
