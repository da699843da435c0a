/**
 * Builds everything that is shipped into dist/: one bundle per place where code runs, nothing left to install.
 * `node esbuild.mjs` for a release build, `--dev` adds source maps and keeps names readable.
 */
import { build } from 'esbuild';
import { execFileSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import fs from 'node:fs';
import path from 'node:path';
import subsetFont from 'subset-font';

const root = import.meta.dirname;
const dev = process.argv.includes('--dev');

/** Sources made from other sources (filter grammar, tables) come first. */
export function generateSources() {
  const generator = path.join(root, 'scripts/generate.mjs');
  if (fs.existsSync(generator)) execFileSync(process.execPath, [generator], { stdio: 'inherit', cwd: root });
}

/** Of all that the reports come from, so that reports kept by another build are not taken for this one's. */
function fingerprint() {
  const hash = createHash('sha256');
  for (const folder of ['src/pcap', 'src/analysis'])
    for (const name of fs.readdirSync(path.join(root, folder), { recursive: true }).sort())
      if (name.endsWith('.ts')) hash.update(`${name}\n`).update(fs.readFileSync(path.join(root, folder, name)));
  return hash.digest('hex').slice(0, 16);
}

const { version } = JSON.parse(fs.readFileSync(path.join(root, 'package.json'), 'utf8'));

/** @type {import('esbuild').BuildOptions} */
const common = {
  bundle: true,
  minify: !dev,
  // Class and function names are part of error messages people report.
  keepNames: false,
  sourcemap: dev,
  legalComments: 'none',
  logLevel: 'warning',
  absWorkingDir: root,
  define: { NETSEC_VERSION: JSON.stringify(version) },
};

/** ES modules still meet CommonJS packages that call require(). */
const requireForEsm = "import { createRequire as netsecCreateRequire } from 'node:module'; const require = netsecCreateRequire(import.meta.url);";

/**
 * The extension has its dissectors in the worker. Of the display filter it needs the names alone, as they are on the day it is built: a list that was
 * kept in a file would have to be edited with each new field.
 */
const fieldNamesOnly = {
  name: 'field-names-only',
  setup(bundle) {
    bundle.onLoad({ filter: /[\\/]src[\\/]chat[\\/]fieldNames\.ts$/ }, async () => {
      const made = await build({
        stdin: { contents: "export { filterCatalog } from './src/analysis/filtering.ts';", resolveDir: root, loader: 'ts' },
        bundle: true,
        platform: 'node',
        format: 'esm',
        define: common.define,
        write: false,
      });
      const { filterCatalog } = await import(`data:text/javascript;base64,${Buffer.from(made.outputFiles[0].contents).toString('base64')}`);
      const names = [...filterCatalog().entries].map(({ name }) => name).join(' ');
      return {
        contents: `const names = new Set(${JSON.stringify(names)}.toLowerCase().split(' ')); export const isFieldName = (name) => names.has(name);`,
        loader: 'js',
      };
    });
  },
};

/** The SDK loads a JSON schema validator of 120 kB at once, for what a user typed into an elicitation; we look at the one box there is ourselves. */
const noSchemaValidator = {
  name: 'no-schema-validator',
  setup({ onLoad }) {
    onLoad({ filter: /@modelcontextprotocol[\\/]sdk[\\/].*ajv-provider\.js$/ }, () => ({
      contents: 'export class AjvJsonSchemaValidator {}',
      loader: 'js',
    }));
  },
};

/** Of VS Code's icons, 500 and 60 kB packed, the page has those that its style sheet names. */
export const usedIconsOnly = {
  name: 'used-icons-only',
  setup({ onLoad }) {
    onLoad({ filter: /codicon\.ttf$/ }, async ({ path: file }) => {
      const used = [...fs.readFileSync(path.join(root, 'media/icons.css'), 'utf8').matchAll(/content: '\\([0-9a-f]+)'/g)];
      const contents = await subsetFont(fs.readFileSync(file), used.map(([, code]) => String.fromCodePoint(Number.parseInt(code, 16))).join(''), {
        targetFormat: 'truetype',
      });
      return { contents, loader: 'file' };
    });
  },
};

/** @type {import('esbuild').BuildOptions} */
const program = { platform: 'node', format: 'esm', target: 'node20', banner: { js: requireForEsm }, plugins: [noSchemaValidator] };

/**
 * The command line, the MCP server and the editor's thread all hold the engine; it is shipped once.
 * @type {import('esbuild').BuildOptions}
 */
const programs = {
  ...program,
  entryPoints: { cliMain: 'src/cli/main.node.ts', mcpMain: 'src/mcp/main.node.ts', workerMain: 'src/analysis/worker.node.ts' },
  outdir: 'dist',
  outExtension: { '.js': '.mjs' },
  splitting: true,
  chunkNames: 'shared-[hash]',
};

/** @type {import('esbuild').BuildOptions[]} */
const bundles = [
  // VS Code 1.138 runs extensions in Node 24; the command line and its worker promise Node 20.
  {
    entryPoints: ['src/extension.ts'],
    outfile: 'dist/extension.js',
    platform: 'node',
    format: 'cjs',
    target: 'node22',
    external: ['vscode'],
    plugins: [fieldNamesOnly],
  },
  // What is started is small: it says where compiled code is kept, before the rest is read.
  { ...program, entryPoints: ['src/cli/start.node.ts'], outfile: 'dist/cli.mjs', banner: { js: '#!/usr/bin/env node' } },
  { ...program, entryPoints: ['src/mcp/start.node.ts'], outfile: 'dist/mcp.mjs' },
  { ...program, entryPoints: ['src/analysis/workerStart.node.ts'], outfile: 'dist/worker.mjs' },
  programs,
  {
    entryPoints: { webview: 'media/main.ts' },
    outdir: 'dist',
    platform: 'browser',
    format: 'iife',
    target: 'es2023',
    tsconfig: 'tsconfig.webview.json',
    plugins: [usedIconsOnly],
    assetNames: '[name]',
  },
];

/** For tests: the extension as it is shipped, with what went into it. */
export async function extensionBundle() {
  return build({ ...common, ...bundles[0], write: false, metafile: true });
}

/** For tests: what the programs share, with names that can be read. */
export async function programsBundle() {
  return build({ ...common, ...programs, minify: false, write: false, metafile: true });
}

const entryFile = (bundle) => Object.values(bundle.entryPoints)[0];

export async function buildAll() {
  generateSources();
  fs.mkdirSync(path.join(root, 'dist'), { recursive: true });
  for (const old of fs.readdirSync(path.join(root, 'dist')).filter((name) => /^shared-\w+\.mjs$/.test(name))) fs.rmSync(path.join(root, 'dist', old));
  // An entry point that is not written yet is no error: the others can be used without it.
  const present = bundles.filter((bundle) => fs.existsSync(path.join(root, entryFile(bundle))));
  const define = { ...common.define, NETSEC_BUILD: JSON.stringify(fingerprint()) };
  await Promise.all(present.map((bundle) => build({ ...common, define, ...bundle })));
  const cli = path.join(root, 'dist/cli.mjs');
  if (fs.existsSync(cli)) fs.chmodSync(cli, 0o755);
}

if (process.argv[1] === import.meta.filename) await buildAll();
