/** Packets of IPsec before encryption or after decryption, as the enc interface of the BSDs shows them (LINKTYPE_ENC). */
import { defineFields, type Dissector } from '../dissector.ts';
import { BSD_FAMILIES, nextAfterFamily } from './etherType.ts';

const f = defineFields({
  family: { name: 'enc.af', label: 'Address Family', type: 'uint', values: BSD_FAMILIES },
  spi: { name: 'enc.spi', label: 'SPI', type: 'uint', base: 'hex' },
  flags: { name: 'enc.flags', label: 'Flags', type: 'uint', base: 'hex' },
});

const HEADER = 12;

export const enc: Dissector = {
  id: 'enc',
  name: 'OpenBSD Encapsulating device',
  fields: f,
  on: [{ table: 'linktype', value: 109 }],
  dissect(p, offset, end, sink) {
    if (!p.has(HEADER, offset, end)) return;
    const big = p.view.getUint32(offset),
      little = p.view.getUint32(offset, true),
      // In the byte order of the machine that recorded: families are small numbers.
      family = Math.min(big, little),
      payload = offset + HEADER;
    if (sink !== null) {
      sink.layer(enc, offset, HEADER);
      sink.add(f.family, offset, 4, family);
      sink.add(f.spi, offset + 4, 4);
      sink.add(f.flags, offset + 8, 4, p.view.getUint32(offset + 8, little < big));
      sink.info('ENC', '');
    }
    nextAfterFamily(p, family, payload, end);
  },
};
