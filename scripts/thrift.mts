/** `npm run thrift`: writes docs/thrift.md, what the ten standard questions cost a model here and with two peers. Needs tshark. */
import fs from 'node:fs';
import path from 'node:path';
import type { thriftMarkdown } from '../test/chat/support/thriftTable.ts';
import { bundled, ROOT } from './bundled.mts';

const table = (await bundled('test/chat/support/thriftTable.ts')) as { readonly thriftMarkdown: typeof thriftMarkdown };
fs.writeFileSync(path.join(ROOT, 'docs/thrift.md'), await table.thriftMarkdown(path.join(ROOT, 'captures')));
