/** PPP over Ethernet, RFC 2516: its discovery, and the session that carries PPP. */
import { defineFields, type Dissector } from '../dissector.ts';

const CODES: Readonly<Record<number, string>> = {
  0x00: 'Session Data',
  0x07: 'Active Discovery Offer (PADO)',
  0x09: 'Active Discovery Initiation (PADI)',
  0x19: 'Active Discovery Request (PADR)',
  0x65: 'Active Discovery Session-confirmation (PADS)',
  0xa7: 'Active Discovery Terminate (PADT)',
};

const header = defineFields({
  version: { name: 'pppoe.version', label: 'Version', type: 'uint' },
  type: { name: 'pppoe.type', label: 'Type', type: 'uint' },
  code: { name: 'pppoe.code', label: 'Code', type: 'uint', base: 'hex', values: CODES },
  session: { name: 'pppoe.session_id', label: 'Session ID', type: 'uint', base: 'hex' },
  length: { name: 'pppoe.payload_length', label: 'Payload Length', type: 'uint' },
});

const tags = defineFields({
  tag: {
    name: 'pppoed.tag',
    label: 'Tag',
    type: 'uint',
    base: 'hex',
    values: {
      0x0000: 'End-Of-List',
      0x0101: 'Service-Name',
      0x0102: 'AC-Name',
      0x0103: 'Host-Uniq',
      0x0104: 'AC-Cookie',
      0x0105: 'Vendor-Specific',
      0x0110: 'Relay-Session-Id',
      0x0120: 'PPP-Max-Payload',
      0x0201: 'Service-Name-Error',
      0x0202: 'AC-System-Error',
      0x0203: 'Generic-Error',
    },
  },
  serviceName: { name: 'pppoed.tags.service_name', label: 'Service-Name', type: 'string' },
  acName: { name: 'pppoed.tags.ac_name', label: 'AC-Name', type: 'string' },
});

const HEADER = 6,
  SERVICE_NAME = 0x0101,
  AC_NAME = 0x0102;

function pppoe(id: string, name: string, isSession: boolean, on: Dissector['on']): Dissector {
  const self: Dissector = {
    id,
    name,
    fields: isSession ? header : { ...header, ...tags },
    on,
    dissect(p, offset, end, sink) {
      if (!p.has(HEADER, offset, end)) return;
      const view = p.view,
        code = view.getUint8(offset + 1),
        length = view.getUint16(offset + 4),
        payload = offset + HEADER;
      const to = Math.min(end, payload + length);
      if (payload + length < p.wireEnd) p.wireEnd = payload + length;
      if (sink !== null) {
        sink.layer(self, offset, isSession ? HEADER : to - offset);
        sink.add(header.version, offset, 1, view.getUint8(offset) >> 4);
        sink.add(header.type, offset, 1, view.getUint8(offset) & 15);
        sink.add(header.code, offset + 1, 1);
        sink.add(header.session, offset + 2, 2);
        sink.add(header.length, offset + 4, 2);
        sink.info(isSession ? 'PPPoES' : 'PPPoED', CODES[code] ?? `code 0x${code.toString(16)}`);
      }
      if (isSession) p.nextById('ppp', payload, to);
      else if (sink !== null) {
        for (let at = payload; at + 4 <= to;) {
          const type = view.getUint16(at),
            size = view.getUint16(at + 2);
          if (at + 4 + size > to) return;
          sink.add(tags.tag, at, 4 + size, type);
          if (type === SERVICE_NAME) sink.add(tags.serviceName, at + 4, size);
          else if (type === AC_NAME) sink.add(tags.acName, at + 4, size);
          if (type === 0) return;
          at += 4 + size;
        }
      }
    },
  };
  return self;
}

export const pppoeDiscovery: Dissector = pppoe('pppoed', 'PPP-over-Ethernet Discovery', false, [{ table: 'ethertype', value: 0x8863 }]);
export const pppoeSession: Dissector = pppoe('pppoes', 'PPP-over-Ethernet Session', true, [
  { table: 'ethertype', value: 0x8864 },
  { table: 'linktype', value: 51 },
]);
