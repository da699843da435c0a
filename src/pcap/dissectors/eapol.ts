/** 802.1X: EAP over LAN (IEEE 802.1X clause 11), and the Extensible Authentication Protocol it carries (RFC 3748). */
import { defineFields, type Dissector } from '../dissector.ts';
import { textAt } from '../text.ts';

const EAP_PACKET = 0,
  START = 1,
  KEY = 3;
const TYPES: Readonly<Record<number, string>> = {
  [EAP_PACKET]: 'EAP Packet',
  [START]: 'Start',
  2: 'Logoff',
  [KEY]: 'Key',
  4: 'Encapsulated ASF Alert',
  5: 'MKA',
};

const eapolFields = defineFields({
  version: { name: 'eapol.version', label: 'Version', type: 'uint' },
  type: { name: 'eapol.type', label: 'Type', type: 'uint', values: TYPES },
  length: { name: 'eapol.len', label: 'Length', type: 'uint' },
  keyDescriptor: {
    name: 'eapol.keydes.type',
    label: 'Key Descriptor Type',
    type: 'uint',
    values: { 1: 'RC4 Descriptor', 2: 'EAPOL RSN Key', 254: 'EAPOL WPA Key' },
  },
  replayCounter: { name: 'eapol.keydes.replay_counter', label: 'Replay Counter', type: 'uint64' },
});

const HEADER = 4;

export const eapol: Dissector = {
  id: 'eapol',
  name: '802.1X Authentication',
  fields: eapolFields,
  on: [{ table: 'ethertype', value: 0x888e }],
  dissect(p, offset, end, sink) {
    if (!p.has(HEADER, offset, end)) return;
    const view = p.view,
      type = view.getUint8(offset + 1),
      length = view.getUint16(offset + 2),
      body = offset + HEADER,
      bodyEnd = Math.min(end, body + length);
    if (sink !== null) {
      sink.layer(eapol, offset, bodyEnd - offset);
      sink.add(eapolFields.version, offset, 1);
      sink.add(eapolFields.type, offset + 1, 1);
      sink.add(eapolFields.length, offset + 2, 2);
      if (type === KEY && bodyEnd - body >= 13) {
        sink.add(eapolFields.keyDescriptor, body, 1);
        sink.add(eapolFields.replayCounter, body + 5, 8);
      }
      sink.info('EAPOL', TYPES[type] ?? `type ${type}`);
    }
    if (body + length < p.wireEnd) p.wireEnd = body + length;
    if (type === EAP_PACKET) p.nextById('eap', body, bodyEnd);
  },
};

const CODES: Readonly<Record<number, string>> = { 1: 'Request', 2: 'Response', 3: 'Success', 4: 'Failure', 5: 'Initiate', 6: 'Finish' };
const METHODS: Readonly<Record<number, string>> = {
  1: 'Identity',
  2: 'Notification',
  3: 'Legacy Nak',
  4: 'MD5-Challenge',
  5: 'One-Time Password',
  6: 'Generic Token Card',
  13: 'TLS',
  17: 'Cisco LEAP',
  18: 'SIM',
  21: 'Tunneled TLS',
  23: 'AKA',
  25: 'Protected EAP',
  26: 'MS-Authentication',
  43: 'FAST',
  52: 'PWD',
};

const f = defineFields({
  code: { name: 'eap.code', label: 'Code', type: 'uint', values: CODES },
  id: { name: 'eap.id', label: 'Id', type: 'uint' },
  length: { name: 'eap.len', label: 'Length', type: 'uint' },
  type: { name: 'eap.type', label: 'Type', type: 'uint', values: METHODS },
  identity: { name: 'eap.identity', label: 'Identity', type: 'string' },
});

const IDENTITY = 1,
  RESPONSE = 2;

export const eap: Dissector = {
  id: 'eap',
  name: 'Extensible Authentication Protocol',
  fields: f,
  on: [{ table: 'ppp.protocol', value: 0xc227 }],
  dissect(p, offset, end, sink) {
    if (!p.has(HEADER, offset, end) || sink === null) return;
    const view = p.view,
      code = view.getUint8(offset),
      length = view.getUint16(offset + 2),
      bodyEnd = Math.min(end, offset + Math.max(length, HEADER));
    sink.layer(eap, offset, bodyEnd - offset);
    sink.add(f.code, offset, 1);
    sink.add(f.id, offset + 1, 1);
    sink.add(f.length, offset + 2, 2);
    let info = CODES[code] ?? `code ${code}`;
    if (bodyEnd > offset + HEADER) {
      const type = view.getUint8(offset + HEADER);
      sink.add(f.type, offset + HEADER, 1);
      info += `, ${METHODS[type] ?? `type ${type}`}`;
      if (type === IDENTITY && code === RESPONSE && bodyEnd > offset + 5) {
        sink.add(f.identity, offset + 5, bodyEnd - offset - 5);
        info += ` ${textAt(p.bytes, offset + 5, bodyEnd)}`;
      }
    }
    sink.info('EAP', info);
  },
};
