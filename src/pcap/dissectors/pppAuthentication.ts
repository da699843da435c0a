/** How the ends of a PPP link prove who they are: PAP with the password in the clear (RFC 1334), CHAP by a hash (RFC 1994). */
import { defineFields, type Dissector } from '../dissector.ts';
import { textAt } from '../text.ts';

const PAP_CODES: Readonly<Record<number, string>> = { 1: 'Authenticate-Request', 2: 'Authenticate-Ack', 3: 'Authenticate-Nak' };

const papFields = defineFields({
  code: { name: 'pap.code', label: 'Code', type: 'uint', values: PAP_CODES },
  identifier: { name: 'pap.identifier', label: 'Identifier', type: 'uint' },
  length: { name: 'pap.length', label: 'Length', type: 'uint' },
  peerId: { name: 'pap.peer_id', label: 'Peer-ID', type: 'string' },
  password: { name: 'pap.password', label: 'Password', type: 'string' },
  message: { name: 'pap.message', label: 'Message', type: 'string' },
});

const HEADER = 4;

export const pap: Dissector = {
  id: 'pap',
  name: 'PPP Password Authentication Protocol',
  fields: papFields,
  on: [{ table: 'ppp.protocol', value: 0xc023 }],
  application: true,
  dissect(p, offset, end, sink) {
    if (!p.has(HEADER + 1, offset, end) || sink === null) return;
    const view = p.view,
      code = view.getUint8(offset),
      to = Math.min(end, offset + Math.max(HEADER, view.getUint16(offset + 2)));
    sink.layer(pap, offset, to - offset);
    sink.add(papFields.code, offset, 1);
    sink.add(papFields.identifier, offset + 1, 1);
    sink.add(papFields.length, offset + 2, 2);
    const name = offset + HEADER + 1,
      nameEnd = name + view.getUint8(offset + HEADER);
    let info = PAP_CODES[code] ?? `code ${code}`;
    if (nameEnd <= to) {
      sink.add(code === 1 ? papFields.peerId : papFields.message, name, nameEnd - name);
      info += code === 1 ? ` (Peer-ID='${textAt(p.bytes, name, nameEnd)}')` : '';
      if (code === 1 && nameEnd < to) {
        const passwordEnd = Math.min(to, nameEnd + 1 + view.getUint8(nameEnd));
        sink.add(papFields.password, nameEnd + 1, passwordEnd - nameEnd - 1);
      }
    }
    sink.info('PPP PAP', info);
  },
};

const CHAP_CODES: Readonly<Record<number, string>> = { 1: 'Challenge', 2: 'Response', 3: 'Success', 4: 'Failure' };

const f = defineFields({
  code: { name: 'chap.code', label: 'Code', type: 'uint', values: CHAP_CODES },
  identifier: { name: 'chap.identifier', label: 'Identifier', type: 'uint' },
  length: { name: 'chap.length', label: 'Length', type: 'uint' },
  valueSize: { name: 'chap.value_size', label: 'Value Size', type: 'uint' },
  value: { name: 'chap.value', label: 'Value', type: 'bytes' },
  name: { name: 'chap.name', label: 'Name', type: 'string' },
  message: { name: 'chap.message', label: 'Message', type: 'string' },
});

export const chap: Dissector = {
  id: 'chap',
  name: 'PPP Challenge Handshake Authentication Protocol',
  fields: f,
  on: [{ table: 'ppp.protocol', value: 0xc223 }],
  application: true,
  dissect(p, offset, end, sink) {
    if (!p.has(HEADER, offset, end) || sink === null) return;
    const view = p.view,
      code = view.getUint8(offset),
      to = Math.min(end, offset + Math.max(HEADER, view.getUint16(offset + 2)));
    sink.layer(chap, offset, to - offset);
    sink.add(f.code, offset, 1);
    sink.add(f.identifier, offset + 1, 1);
    sink.add(f.length, offset + 2, 2);
    let info = CHAP_CODES[code] ?? `code ${code}`;
    if (code > 2) sink.add(f.message, offset + HEADER, to - offset - HEADER);
    else if (to > offset + HEADER) {
      const value = offset + HEADER + 1,
        valueEnd = Math.min(to, value + view.getUint8(offset + HEADER));
      sink.add(f.valueSize, offset + HEADER, 1);
      sink.add(f.value, value, valueEnd - value);
      sink.add(f.name, valueEnd, to - valueEnd);
      info += ` (NAME='${textAt(p.bytes, valueEnd, to)}')`;
    }
    sink.info('PPP CHAP', info);
  },
};
