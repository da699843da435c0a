/** Configuration Testing Protocol of Ethernet version 2 (DIX Ethernet specification, chapter 8): Cisco switches send it to find loops. */
import { defineFields, type Dissector } from '../dissector.ts';

const REPLY = 1,
  FUNCTIONS: Readonly<Record<number, string>> = { [REPLY]: 'Reply', 2: 'Forward Data' };

const f = defineFields({
  skipCount: { name: 'loop.skipcount', label: 'skipCount', type: 'uint' },
  function: { name: 'loop.function', label: 'Function', type: 'uint', values: FUNCTIONS },
  receipt: { name: 'loop.receipt_number', label: 'Receipt number', type: 'uint' },
});

export const loop: Dissector = {
  id: 'loop',
  name: 'Configuration Test Protocol (loopback)',
  fields: f,
  on: [{ table: 'ethertype', value: 0x9000 }],
  dissect(p, offset, end, sink) {
    if (!p.has(4, offset, end)) return;
    // Unlike everything else on Ethernet these numbers are little-endian.
    const skip = p.view.getUint16(offset, true),
      what = p.view.getUint16(offset + 2, true),
      length = what === REPLY && end - offset >= 6 ? 6 : 4;
    if (sink !== null) {
      sink.layer(loop, offset, length);
      sink.add(f.skipCount, offset, 2, skip);
      sink.add(f.function, offset + 2, 2, what);
      if (length === 6) sink.add(f.receipt, offset + 4, 2, p.view.getUint16(offset + 4, true));
      sink.info('LOOP', FUNCTIONS[what] ?? `function ${what}`);
    }
    p.carryData(offset + length, end);
  },
};
