/** `npm run thrift`: writes docs/thrift.md, what the ten standard questions cost a model here and with two peers. Needs tshark. */
import { build } from 'esbuild';
import fs from 'node:fs';
import path from 'node:path';
import { pathToFileURL } from 'node:url';
import type { thriftMarkdown } from '../test/chat/support/thriftTable.ts';

const root = path.join(import.meta.dirname, '..'),
  bundle = path.join(root, '.cache/thrift/thrift.mjs');
await build({
  entryPoints: [path.join(root, 'test/chat/support/thriftTable.ts')],
  outfile: bundle,
  bundle: true,
  format: 'esm',
  platform: 'node',
  logLevel: 'warning',
  define: { NETSEC_VERSION: '"0.0.0"' },
  banner: { js: "import { createRequire } from 'node:module'; const require = createRequire(import.meta.url);" },
});
const table = (await import(pathToFileURL(bundle).href)) as { readonly thriftMarkdown: typeof thriftMarkdown };
fs.writeFileSync(path.join(root, 'docs/thrift.md'), await table.thriftMarkdown(path.join(root, 'captures')));
