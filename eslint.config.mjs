/** What the compiler cannot see. The import rules are the architecture of docs/architecture.md; their messages say why. */
import tseslint from 'typescript-eslint';

const noVscode = {
  name: 'vscode',
  message: 'Only src/extension.ts, src/editor and the named adapters know VS Code: everything else also runs in a terminal, a worker and a test.',
};
const noNode = {
  regex: '^node:|^(fs|path|os|crypto|zlib|worker_threads|child_process|stream|buffer|util)$',
  message: 'The engine runs wherever JavaScript runs. Put what needs Node into a file ending .node.ts and hand it in through Platform.',
};
const shells = {
  regex: '/(editor|live|chat|mcp|cli)/',
  message: 'The engine does not know its shells (pcap <- analysis <- editor, live, chat, mcp, cli).',
};
const analysis = {
  regex: '/analysis/',
  message: 'src/pcap turns bytes into packets and layers; what they mean is decided in src/analysis, which imports it.',
};
const engineBeyondTypes = {
  regex: '/src/(?!analysis/(engineApi|report|rpc)\\.ts$)',
  message: 'The page gets everything through the calls of engineApi.ts: it may know engineApi.ts, report.ts and rpc.ts, nothing else of src.',
};
const nodeFiles = ['**/*.node.ts'];

/** Rules on imports for some files. */
function imports(files, ignores, { paths = [], patterns = [] }) {
  return { files, ignores, rules: { '@typescript-eslint/no-restricted-imports': ['error', { paths, patterns }] } };
}

export default tseslint.config(
  { ignores: ['dist/', '.cache/', 'node_modules/', 'docs/', 'captures/', '**/*.generated.*', 'coverage/'] },
  {
    files: ['src/**/*.ts', 'media/**/*.ts', 'test/**/*.ts', 'bench/**/*.ts', 'scripts/**/*.mts', 'vitest.config.mts'],
    extends: [tseslint.configs.strictTypeChecked],
    languageOptions: {
      parserOptions: { project: ['tsconfig.host.json', 'tsconfig.webview.json', 'tsconfig.test.json'], tsconfigRootDir: import.meta.dirname },
    },
    rules: {
      '@typescript-eslint/consistent-type-imports': 'error',
      '@typescript-eslint/switch-exhaustiveness-check': ['error', { considerDefaultExhaustiveForUnions: true }],
      '@typescript-eslint/restrict-template-expressions': ['error', { allowNumber: true, allowBoolean: true }],
      // `return done();` and `for (;; await sleep(50))` read well enough.
      '@typescript-eslint/no-confusing-void-expression': 'off',
      '@typescript-eslint/no-unused-vars': ['error', { argsIgnorePattern: '^_', varsIgnorePattern: '^_' }],
      // Typed arrays under noUncheckedIndexedAccess: on the hot path the bound was checked a line above, once for many reads.
      '@typescript-eslint/no-non-null-assertion': 'off',
      // Registries read with `import * as` and data from outside make many checks look unnecessary that are not.
      '@typescript-eslint/no-unnecessary-condition': 'off',
      // Our objects are literals full of functions that know no `this`.
      '@typescript-eslint/unbound-method': 'off',
      '@typescript-eslint/unified-signatures': 'off',
      '@typescript-eslint/no-unnecessary-type-parameters': 'off',
      eqeqeq: ['error', 'always', { null: 'ignore' }],
      'no-console': 'off',
    },
  },
  // Hex literals are taken apart by spreading in tests; there is no emoji in them.
  { files: ['test/**/*.ts'], rules: { '@typescript-eslint/no-misused-spread': 'off' } },
  {
    files: ['test/webview/**/*.ts', 'test/integration/**/*.ts'],
    rules: {
      'no-restricted-syntax': [
        'error',
        {
          selector:
            "CallExpression[callee.name='expect'] > AwaitExpression > CallExpression[callee.property.name=/^(innerText|allInnerTexts|textContent|count|getAttribute|inputValue)$/]",
          message: 'A page draws when it can: a single look is a race. Write `await expect.poll(() => …)`.',
        },
        {
          selector: "MemberExpression[object.name='vi'][property.name='waitFor']",
          message: 'It gives up after a second. Write `await eventually(() => …)`.',
        },
      ],
    },
  },
  { files: ['**/*.mjs'], extends: [tseslint.configs.recommended] },

  imports(['src/pcap/**/*.ts'], nodeFiles, { paths: [noVscode], patterns: [noNode, shells, analysis] }),
  imports(['src/pcap/**/*.node.ts'], [], { paths: [noVscode], patterns: [shells, analysis] }),
  imports(['src/analysis/**/*.ts'], nodeFiles, { paths: [noVscode], patterns: [noNode, shells] }),
  imports(['src/analysis/**/*.node.ts'], [], { paths: [noVscode], patterns: [shells] }),
  imports(['src/live/**/*.ts', 'src/chat/**/*.ts', 'src/mcp/**/*.ts', 'src/cli/**/*.ts'], ['src/**/*.vscode.ts'], { paths: [noVscode] }),
  imports(['media/**/*.ts'], [], { paths: [noVscode], patterns: [noNode, engineBeyondTypes] }),
);
