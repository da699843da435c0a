/** Remote Authentication Dial In User Service, RFC 2865, its accounting (RFC 2866) and dynamic authorization (RFC 5176). */
import { defineFields, type Dissector, type Field, type FieldSink } from '../dissector.ts';
import type { Packet } from '../packet.ts';
import { hexBytes } from '../fieldValue.ts';
import { textAt } from '../text.ts';

const CODES: Readonly<Record<number, string>> = {
  1: 'Access-Request',
  2: 'Access-Accept',
  3: 'Access-Reject',
  4: 'Accounting-Request',
  5: 'Accounting-Response',
  11: 'Access-Challenge',
  12: 'Status-Server',
  13: 'Status-Client',
  40: 'Disconnect-Request',
  41: 'Disconnect-ACK',
  42: 'Disconnect-NAK',
  43: 'CoA-Request',
  44: 'CoA-ACK',
  45: 'CoA-NAK',
};
const USER_NAME = 1;
const ATTRIBUTES: Readonly<Record<number, string>> = {
  [USER_NAME]: 'User-Name',
  2: 'User-Password',
  3: 'CHAP-Password',
  4: 'NAS-IP-Address',
  5: 'NAS-Port',
  6: 'Service-Type',
  8: 'Framed-IP-Address',
  18: 'Reply-Message',
  24: 'State',
  25: 'Class',
  26: 'Vendor-Specific',
  30: 'Called-Station-Id',
  31: 'Calling-Station-Id',
  32: 'NAS-Identifier',
  40: 'Acct-Status-Type',
  44: 'Acct-Session-Id',
  61: 'NAS-Port-Type',
  79: 'EAP-Message',
  80: 'Message-Authenticator',
};

const f = defineFields({
  code: { name: 'radius.code', label: 'Code', type: 'uint', values: CODES },
  id: { name: 'radius.id', label: 'Packet identifier', type: 'uint' },
  length: { name: 'radius.length', label: 'Length', type: 'uint' },
  authenticator: { name: 'radius.authenticator', label: 'Authenticator', type: 'bytes' },
  responseIn: { name: 'radius.rspframe', label: 'Response Frame', type: 'uint', related: 'later' },
  responseTo: { name: 'radius.reqframe', label: 'Request Frame', type: 'uint', related: 'earlier' },
  time: { name: 'radius.time', label: 'Time from request', type: 'duration', related: 'earlier' },
  attribute: { name: 'radius.avp.type', label: 'Type', type: 'uint', values: ATTRIBUTES },
  userName: { name: 'radius.User_Name', label: 'User-Name', type: 'string' },
  nasAddress: { name: 'radius.NAS_IP_Address', label: 'NAS-IP-Address', type: 'ipv4' },
  framedAddress: { name: 'radius.Framed_IP_Address', label: 'Framed-IP-Address', type: 'ipv4' },
  replyMessage: { name: 'radius.Reply_Message', label: 'Reply-Message', type: 'string' },
  calledStation: { name: 'radius.Called_Station_Id', label: 'Called-Station-Id', type: 'string' },
  callingStation: { name: 'radius.Calling_Station_Id', label: 'Calling-Station-Id', type: 'string' },
  nasIdentifier: { name: 'radius.NAS_Identifier', label: 'NAS-Identifier', type: 'string' },
});

const FIELDS: Readonly<Record<number, Field>> = {
  [USER_NAME]: f.userName,
  4: f.nasAddress,
  8: f.framedAddress,
  18: f.replyMessage,
  30: f.calledStation,
  31: f.callingStation,
  32: f.nasIdentifier,
};
const HEADER = 20,
  REQUESTS = new Set([1, 4, 40, 43]);

export const radius: Dissector = {
  id: 'radius',
  name: 'RADIUS Protocol',
  fields: f,
  on: [1645, 1646, 1700, 1812, 1813, 3799].map((value) => ({ table: 'udp.port', value })),
  application: true,
  recognise(p, offset, end) {
    if (end - offset < 4 || CODES[p.view.getUint8(offset)] === undefined) return false;
    const length = p.view.getUint16(offset + 2);
    return length >= HEADER && offset + length <= p.wireEnd;
  },
  dissect(p, offset, end, sink) {
    if (sink === null || !p.has(HEADER, offset, end)) return;
    const code = p.view.getUint8(offset),
      to = Math.min(end, offset + p.view.getUint16(offset + 2));
    sink.layer(radius, offset, to - offset);
    sink.add(f.code, offset, 1);
    sink.add(f.id, offset + 1, 1);
    sink.add(f.length, offset + 2, 2);
    sink.add(f.authenticator, offset + 4, 16);
    describeExchange(p, code, offset, sink);
    const user = describeAttributes(p, offset + HEADER, to, sink);
    sink.info('RADIUS', `${CODES[code] ?? `code ${code}`} id=${p.view.getUint8(offset + 1)}${user === '' ? '' : ` ${user}`}`);
  },
};

/** The request that each answer is to. */
const ANSWERED: Readonly<Record<number, number>> = { 2: 1, 3: 1, 11: 1, 5: 4, 41: 40, 42: 40, 44: 43, 45: 43 };

/** By its identifier (RFC 2865 section 3). A request with the authenticator of the one before was sent again, and is no new one. */
function describeExchange(p: Packet, code: number, offset: number, sink: FieldSink): void {
  if (!sink.wantsRelated) return;
  const asked = ANSWERED[code],
    name = `radius ${asked ?? code} ${p.view.getUint8(offset + 1)}`;
  if (asked !== undefined) p.exchanges.answerAgain(p, name, f, offset, sink);
  else if (REQUESTS.has(code)) {
    const authenticator = hexBytes(p.bytes.subarray(offset + 4, offset + HEADER), '');
    if (p.exchanges.find(p, name, false)?.content !== authenticator) p.exchanges.ask(p, name, f, offset, sink, authenticator);
  }
}

/** Returns the user's name. */
function describeAttributes(p: Packet, offset: number, end: number, sink: FieldSink): string {
  let user = '';
  for (let at = offset; at + 2 <= end;) {
    const type = p.view.getUint8(at),
      length = p.view.getUint8(at + 1),
      field = FIELDS[type];
    if (length < 2 || at + length > end) return user;
    sink.add(f.attribute, at, length, type);
    if (field !== undefined && (field.type === 'string' || length === 6)) {
      sink.open();
      sink.add(field, at + 2, length - 2);
      sink.close();
    }
    if (type === USER_NAME) user = textAt(p.bytes, at + 2, at + length);
    at += length;
  }
  return user;
}
