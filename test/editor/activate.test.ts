/** activate() registers and does nothing else: what it would need for more is not there, or says that it was asked. */
import Module from 'node:module';
import path from 'node:path';
import vm from 'node:vm';
import { build } from 'esbuild';
import { beforeAll, describe, expect, test } from 'vitest';

const ROOT = path.resolve(import.meta.dirname, '../..');

interface Extension {
  activate(context: unknown): void;
}

/** VS Code with the parts that registering needs. Reading anything through it, or through Node, is written down. */
class FakeVscode {
  readonly registered: string[] = [];
  readonly touched: string[] = [];
  readonly warmedUp: string[] = [];
  readonly executed: unknown[][] = [];
  readonly api = {
    Uri: {
      joinPath: (base: { fsPath: string }, ...parts: string[]) => ({ fsPath: path.join(base.fsPath, ...parts) }),
      parse: (text: string) => ({ scheme: text.slice(0, text.indexOf(':')) }),
    },
    EventEmitter: class {
      event = (): { dispose(): void } => ({ dispose: () => undefined });
      // Views say a moment later that they changed; on a slow machine the test is still there.
      fire = (): void => undefined;
    },
    RelativePattern: class {
      readonly kind = 'pattern';
    },
    workspace: {
      workspaceFolders: [{ uri: { fsPath: '/captures' } }],
      fs: this.#forbidden('workspace.fs'),
      getConfiguration: () => ({ get: (_name: string, standard: unknown) => standard }),
      isTrusted: true,
      registerFileSystemProvider: (scheme: string) => this.#register(`files ${scheme}`),
      registerTextDocumentContentProvider: (scheme: string) => this.#register(`documents ${scheme}`),
      createFileSystemWatcher: () => this.#watcher(),
      onDidChangeWorkspaceFolders: () => this.#disposable(),
      onDidChangeConfiguration: () => this.#disposable(),
      onWillRenameFiles: () => this.#register('renaming'),
      onDidGrantWorkspaceTrust: () => this.#disposable(),
    },
    window: {
      registerCustomEditorProvider: (id: string) => this.#register(`editor ${id}`),
      createTreeView: (id: string) => ({ ...this.#register(`view ${id}`), onDidChangeVisibility: () => this.#disposable() }),
      registerFileDecorationProvider: () => this.#register('decorations'),
    },
    commands: {
      registerCommand: (id: string) => this.#register(`command ${id}`),
      executeCommand: (id: string, ...args: unknown[]) => Promise.resolve(this.executed.push([id, ...args])),
    },
    languages: { createDiagnosticCollection: (name: string) => this.#register(`problems ${name}`) },
    DiagnosticSeverity: {},
    lm: {
      registerMcpServerDefinitionProvider: (id: string) => this.#register(`mcp ${id}`),
      registerTool: (name: string) => this.#register(`tool ${name}`),
      registerLanguageModelChatProvider: (vendor: string) => this.#register(`language models ${vendor}`),
      selectChatModels: ({ vendor }: { vendor: string }) => Promise.resolve(this.warmedUp.push(vendor)),
    },
    chat: { createChatParticipant: (id: string) => this.#register(`participant ${id}`) },
  };

  #disposable(): { dispose(): void } {
    return { dispose: () => undefined };
  }
  #watcher(): object {
    const on = (): { dispose(): void } => this.#disposable();
    return { onDidCreate: on, onDidChange: on, onDidDelete: on, dispose: () => undefined };
  }
  #register(what: string): { dispose(): void } {
    this.registered.push(what);
    return this.#disposable();
  }
  #forbidden(what: string): object {
    return new Proxy({}, { get: (_target, name) => this.touched.push(`${what}.${String(name)}`) });
  }
}

describe('activating the extension', () => {
  let code = '';
  const fake = new FakeVscode();

  beforeAll(async () => {
    const { outputFiles } = await build({
      entryPoints: [path.join(ROOT, 'src/extension.ts')],
      bundle: true,
      write: false,
      platform: 'node',
      format: 'cjs',
      external: ['vscode'],
    });
    code = outputFiles[0]!.text;
    const required: string[] = [];
    const real = Module.createRequire(import.meta.url);
    const forbidding = (name: string): unknown => {
      required.push(name);
      if (name === 'vscode') return fake.api;
      const module = real(name) as object;
      if (!/^(?:node:)?(?:worker_threads|fs|fs\/promises|child_process|http|https|net)$/.test(name)) return module;
      return new Proxy(module, { get: (_target, member) => fake.touched.push(`${name}.${String(member)}`) });
    };
    const module = { exports: {} as Extension };
    // The bundle as VS Code's extension host loads it, with our require in its hand.
    const run = vm.compileFunction(code, ['require', 'module', 'exports']) as (require: unknown, module: unknown, exports: unknown) => void;
    run(forbidding, module, module.exports);
    fake.touched.length = 0;
    module.exports.activate({
      extensionUri: { fsPath: ROOT },
      workspaceState: new Proxy({}, { get: () => fake.touched.push('workspaceState') }),
      globalState: new Proxy({}, { get: () => fake.touched.push('globalState') }),
      secrets: new Proxy({}, { get: () => fake.touched.push('secrets') }),
      subscriptions: [],
    });
  });

  test('registers the editor, the view, the MCP server and every command of the manifest', async () => {
    const { default: manifest } = (await import('../../package.json')) as {
      default: { contributes: { commands: { command: string }[]; mcpServerDefinitionProviders: { id: string }[] } };
    };
    expect(fake.registered).toEqual(expect.arrayContaining(['editor netsec.capture', 'view netsec.captures', 'renaming']));
    expect(fake.registered.filter((each) => each.startsWith('mcp '))).toEqual(
      manifest.contributes.mcpServerDefinitionProviders.map(({ id }) => `mcp ${id}`),
    );
    expect(fake.registered.filter((each) => each.startsWith('command ')).sort()).toEqual(
      manifest.contributes.commands.map(({ command }) => `command ${command}`).sort(),
    );
  });

  test('registers @netsec and its language model, and asks for that model once, without which the first question would fail', async () => {
    const { default: manifest } = (await import('../../package.json')) as {
      default: { contributes: { chatParticipants: { id: string }[]; languageModelChatProviders: { vendor: string }[] } };
    };
    const { chatParticipants, languageModelChatProviders } = manifest.contributes;
    expect(fake.registered).toEqual(
      expect.arrayContaining([
        ...chatParticipants.map(({ id }) => `participant ${id}`),
        ...languageModelChatProviders.map(({ vendor }) => `language models ${vendor}`),
      ]),
    );
    expect(fake.warmedUp).toEqual(['netsec']);
  });

  test('registers every language-model tool of the manifest, and tells how the analysis tools reach agents', async () => {
    const { default: manifest } = (await import('../../package.json')) as {
      default: { contributes: { languageModelTools: { name: string }[] } };
    };
    expect(fake.registered.filter((each) => each.startsWith('tool ')).sort()).toEqual(
      manifest.contributes.languageModelTools.map(({ name }) => `tool ${name}`).sort(),
    );
    expect(fake.executed).toEqual([['setContext', 'netsec.agentToolsVia', 'mcp']]);
  });

  test('reads no file, starts no thread and no program, and looks at nothing that was stored', () => {
    expect(fake.touched).toEqual([]);
  });
});
