/** Character Generator, RFC 864: lines of printable characters to anything sent. Kept alive by those who flood with it. */
import { defineFields, type Dissector } from '../dissector.ts';

const f = defineFields({
  data: { name: 'chargen.data', label: 'Data', type: 'string' },
});

const LOOKED_AT = 72;

export const chargen: Dissector = {
  id: 'chargen',
  name: 'Character Generator Protocol',
  fields: f,
  on: [{ table: 'udp.port', value: 19 }],
  application: true,
  recognise(p, offset, end) {
    for (let at = offset; at < Math.min(end, offset + LOOKED_AT); at++) {
      const byte = p.bytes[at]!;
      if ((byte < 32 || byte > 126) && byte !== 10 && byte !== 13) return false;
    }
    return true;
  },
  dissect(_p, offset, end, sink) {
    if (sink === null) return;
    sink.layer(chargen, offset, end - offset);
    sink.add(f.data, offset, end - offset);
    sink.info('Chargen', `${end - offset} bytes`);
  },
};
