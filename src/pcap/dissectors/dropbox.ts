/** Dropbox LAN sync discovery: JSON broadcast to port 17500, which tells the folders a machine shares. */
import { defineFields, type Dissector } from '../dissector.ts';
import { matchPrefix, textAt } from '../text.ts';
import { describeJson } from './json.ts';

const f = defineFields({
  text: { name: 'db-lsp.text', label: 'Text', type: 'string' },
});

export const dropbox: Dissector = {
  id: 'db-lsp-disc',
  name: 'Dropbox LAN sync Discovery Protocol',
  fields: f,
  on: [{ table: 'udp.port', value: 17500 }],
  application: true,
  recognise: (p, offset, end) => matchPrefix(p.bytes, offset, end, '{"') === 'yes',
  dissect(p, offset, end, sink) {
    if (sink === null) return;
    sink.layer(dropbox, offset, end - offset);
    sink.add(f.text, offset, end - offset);
    sink.info('DB-LSP-DISC/JSON', textAt(p.bytes, offset, end, 200));
    if (sink.wantsCostly !== undefined) describeJson(p.bytes, offset, end, sink);
  },
};
