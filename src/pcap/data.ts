/** Payload that no dissector takes: Wireshark's `data`. */
import { defineFields, type Dissector } from './dissector.ts';

const f = defineFields({
  data: { name: 'data.data', label: 'Data', type: 'bytes' },
  length: { name: 'data.len', label: 'Length', type: 'uint' },
});

export const dataDissector: Dissector = {
  id: 'data',
  name: 'Data',
  fields: f,
  on: [],
  dissect(_p, offset, end, sink) {
    if (sink === null) return;
    sink.layer(dataDissector, offset, end - offset, `Data (${end - offset} bytes)`);
    sink.add(f.data, offset, end - offset);
    sink.add(f.length, offset, 0, end - offset);
  },
};
