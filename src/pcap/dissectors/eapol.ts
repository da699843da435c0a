/** 802.1X: EAP over LAN (IEEE 802.1X clause 11) with the keys of 802.11 (IEEE 802.11 12.7.2), and the Extensible Authentication Protocol it carries (RFC 3748). */
import { formatMac } from '../addresses.ts';
import { defineFields, messageKind, type Dissector, type FieldSink, type Message } from '../dissector.ts';
import { MAC_DST_HIGH, MAC_DST_LOW, MAC_SRC_HIGH, MAC_SRC_LOW, MAC_STRIDE, type Packet } from '../packet.ts';
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
  messageNumber: { name: 'wlan_rsna_eapol.keydes.msgnr', label: 'Message number', type: 'uint' },
  keyInformation: { name: 'wlan_rsna_eapol.keydes.key_info', label: 'Key Information', type: 'uint', base: 'hex' },
  keyNonce: { name: 'wlan_rsna_eapol.keydes.nonce', label: 'WPA Key Nonce', type: 'bytes' },
  keyDataLength: { name: 'wlan_rsna_eapol.keydes.data_len', label: 'WPA Key Data Length', type: 'uint' },
  pmkid: { name: 'wlan.rsn.ie.pmkid', label: 'PMKID', type: 'bytes' },
});

/** A frame of 802.1X that begins or ends a login, or carries a key; addresses as MAC text. */
export interface EapolMessage extends Message {
  readonly kind: 'eapol';
  readonly source: string;
  readonly destination: string;
  /** 1 start, 2 logoff, 3 key. */
  readonly type: number;
  /** Of keys: which message of the four-way handshake, 0 for others. */
  readonly number: number;
  /** Of the first message: it names the key by an identifier (PMKID), from which a password can be guessed. */
  readonly hasPmkid: boolean;
}
export const eapolMessage = messageKind<EapolMessage>('eapol');

const HEADER = 4;
/** Of the key's information. */
const PAIRWISE = 0x08,
  ACKNOWLEDGE = 0x80,
  INTEGRITY = 0x100,
  SECURE = 0x200,
  REQUEST = 0x800,
  ENCRYPTED = 0x1000;
const RSN_KEY = 2,
  WPA_KEY = 254,
  NONCE = 13,
  NONCE_BYTES = 32,
  /** Before the key's data, with an integrity code of 16 bytes. */
  KEY_FIXED = 95,
  DATA_LENGTH = 93;
/** Key data is a list of elements; that of the PMKID is a vendor's, of IEEE 802.11 itself. */
const VENDOR = 221,
  PMKID_ELEMENT = 0x000fac04,
  PMKID_BYTES = 16;

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
      if (type === KEY && bodyEnd - body >= 13) describeKey(p, body, bodyEnd, sink);
      const number = type === KEY ? messageNumber(p, body, bodyEnd) : 0;
      sink.info('EAPOL', number > 0 ? `Key (Message ${number} of 4)` : (TYPES[type] ?? `type ${type}`));
    }
    if (body + length < p.wireEnd) p.wireEnd = body + length;
    if (type >= START && type <= KEY && p.hears('eapol')) say(p, type, body, bodyEnd);
    if (type === EAP_PACKET) p.nextById('eap', body, bodyEnd);
  },
};

/** The four messages are told by what they carry (IEEE 802.11 12.7.6): the answers of the station are not acknowledged, and only its first one holds data or is not yet secure. */
function messageNumber(p: Packet, body: number, bodyEnd: number): number {
  if (bodyEnd - body < KEY_FIXED) return 0;
  const { view } = p,
    descriptor = view.getUint8(body);
  if (descriptor !== RSN_KEY && descriptor !== WPA_KEY) return 0;
  const information = view.getUint16(body + 1);
  if ((information & PAIRWISE) === 0 || (information & REQUEST) !== 0) return 0;
  if ((information & ACKNOWLEDGE) !== 0) return (information & INTEGRITY) === 0 ? 1 : 3;
  return (information & SECURE) === 0 && view.getUint16(body + DATA_LENGTH) > 0 ? 2 : 4;
}

/** Where the PMKID of a first message is, -1 without one; one of zeros is none. */
function pmkidAt(p: Packet, body: number, bodyEnd: number): number {
  const { view } = p,
    end = Math.min(bodyEnd, body + KEY_FIXED + view.getUint16(body + DATA_LENGTH));
  if ((view.getUint16(body + 1) & ENCRYPTED) !== 0) return -1;
  for (let at = body + KEY_FIXED; at + 2 <= end; at += 2 + view.getUint8(at + 1)) {
    const value = at + 2;
    if (view.getUint8(at) !== VENDOR || view.getUint8(at + 1) < 4 + PMKID_BYTES || value + 4 + PMKID_BYTES > end) continue;
    if (view.getUint32(value) === PMKID_ELEMENT) return value + 4;
  }
  return -1;
}

function describeKey(p: Packet, body: number, bodyEnd: number, sink: FieldSink): void {
  const { view } = p,
    descriptor = view.getUint8(body);
  sink.add(eapolFields.keyDescriptor, body, 1);
  sink.add(eapolFields.replayCounter, body + 5, 8);
  if (bodyEnd - body < KEY_FIXED || (descriptor !== RSN_KEY && descriptor !== WPA_KEY)) return;
  const number = messageNumber(p, body, bodyEnd);
  if (number > 0) sink.add(eapolFields.messageNumber, body + 1, 2, number);
  sink.add(eapolFields.keyInformation, body + 1, 2);
  sink.add(eapolFields.keyNonce, body + NONCE, NONCE_BYTES);
  sink.add(eapolFields.keyDataLength, body + DATA_LENGTH, 2);
  const pmkid = number === 1 ? pmkidAt(p, body, bodyEnd) : -1;
  if (pmkid >= 0) sink.add(eapolFields.pmkid, pmkid, PMKID_BYTES);
}

function say(p: Packet, type: number, body: number, bodyEnd: number): void {
  const at = (p.macCount - 1) * MAC_STRIDE,
    { mac } = p,
    number = type === KEY ? messageNumber(p, body, bodyEnd) : 0,
    pmkid = number === 1 ? pmkidAt(p, body, bodyEnd) : -1;
  if (at < 0 || (type === KEY && number === 0)) return;
  p.emit({
    kind: 'eapol',
    frame: p.frame,
    source: formatMac(mac[at + MAC_SRC_HIGH]!, mac[at + MAC_SRC_LOW]!),
    destination: formatMac(mac[at + MAC_DST_HIGH]!, mac[at + MAC_DST_LOW]!),
    type,
    number,
    hasPmkid: pmkid >= 0 && p.bytes.subarray(pmkid, pmkid + PMKID_BYTES).some((byte) => byte !== 0),
  } satisfies EapolMessage);
}

const CODES: Readonly<Record<number, string>> = { 1: 'Request', 2: 'Response', 3: 'Success', 4: 'Failure', 5: 'Initiate', 6: 'Finish' };
const METHODS: Readonly<Record<number, string>> = {
  1: 'Identity',
  2: 'Notification',
  3: 'Legacy Nak (Response Only)',
  4: 'MD5-Challenge EAP (EAP-MD5-CHALLENGE)',
  5: 'One-Time Password EAP (EAP-OTP)',
  6: 'Generic Token Card EAP (EAP-GTC)',
  13: 'TLS EAP (EAP-TLS)',
  17: 'Cisco Wireless EAP / Lightweight EAP (EAP-LEAP)',
  18: 'GSM Subscriber Identity Modules EAP (EAP-SIM)',
  21: 'Tunneled TLS EAP (EAP-TTLS)',
  23: 'UMTS Authentication and Key Agreement EAP (EAP-AKA)',
  25: 'Protected EAP (EAP-PEAP)',
  26: 'MS-Authentication EAP (EAP-MS-AUTH)',
  43: 'Flexible Authentication via Secure Tunneling EAP (EAP-FAST)',
  52: 'Password EAP (EAP-pwd)',
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
