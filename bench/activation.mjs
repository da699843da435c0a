/** What the extension costs when VS Code starts: loading its bundle, and activate(). `vscode` is a stand-in that accepts everything. */
import fs from 'node:fs';
import Module, { createRequire } from 'node:module';
import path from 'node:path';

const bundle = path.resolve(process.argv[2]);

/** Answers every property with itself, every call and `new` with another of its kind. */
function anything() {
  const target = function () {};
  return new Proxy(target, {
    get: (_, name) => (name === Symbol.toPrimitive ? () => '' : name === 'then' || name === Symbol.iterator ? undefined : anything()),
    apply: () => anything(),
    construct: () => anything(),
    set: () => true,
  });
}

/** The bundler copies what the module has, so it must have what the real one has, and no more: copying is a part of what is measured. */
const api = fs.readFileSync(createRequire(import.meta.url).resolve('@types/vscode/index.d.ts'), 'utf8');
const names = new Set([...api.matchAll(/^\texport (?:class|enum|namespace|const|function) (\w+)/gm)].map((match) => match[1]));
const vscode = Object.fromEntries([...names].map((name) => [name, anything()]));

// Settings that nobody has changed.
vscode.workspace = new Proxy(anything(), {
  get: (target, name) => (name === 'getConfiguration' ? () => ({ get: (_key, fallback) => fallback }) : target[name]),
});

const load = Module._load;
Module._load = (name, ...rest) => (name === 'vscode' ? vscode : load(name, ...rest));

const require = createRequire(import.meta.url);
const started = performance.now();
const extension = require(bundle);
const loaded = performance.now();
await extension.activate({
  subscriptions: [],
  extensionUri: anything(),
  extensionPath: path.dirname(bundle),
  workspaceState: { get: (_key, fallback) => fallback, update: async () => {}, keys: () => [] },
  globalState: anything(),
  secrets: anything(),
});
console.log(JSON.stringify({ loadMs: loaded - started, activateMs: performance.now() - loaded }));
process.exit(0);
