/**
 * Remote Desktop, [MS-RDPBCGR]: TPKT (RFC 1006), COTP (X.224) and the negotiation in them - who asks for which protection, and what the server chooses.
 * At port 102 the same two carry S7comm. With TLS the stream goes on as TLS; with the standard security of old its first messages are read, for the marks of attacks.
 */
import { defineFields, messageKind, NEED_MORE, NOT_MINE, type Direction, type Dissector, type FieldSink, type Message } from '../dissector.ts';
import { dissectInner, enterLayer, finishInner, handOver, stepInner, type HandOver } from '../handOver.ts';
import type { Packet } from '../packet.ts';
import { afterLine, lineTextEnd, textAt } from '../text.ts';
import { dissectS7, S7_ID } from './s7comm.ts';

const PDUS: Readonly<Record<number, string>> = {
  0x80: 'DR Disconnect Request',
  0xd0: 'CC Connect Confirm',
  0xe0: 'CR Connect Request',
  0xf0: 'DT Data',
};
const NEGOTIATION: Readonly<Record<number, string>> = { 1: 'RDP Negotiation Request', 2: 'RDP Negotiation Response', 3: 'RDP Negotiation Failure' };
const SELECTED: Readonly<Record<number, string>> = {
  0: 'Standard RDP Security',
  1: 'TLS 1.0, 1.1 or 1.2',
  2: 'CredSSP',
  4: 'RDSTLS protocol',
  8: 'CredSSP with Early User Authorization Result PDU',
};
const FAILURES: Readonly<Record<number, string>> = {
  1: 'TLS required by server',
  2: 'TLS not allowed by server',
  3: 'TLS certificate not on server',
  4: 'Inconsistent flags',
  5: 'Server requires Enhanced RDP Security with CredSSP',
  6: 'Server requires Enhanced RDP Security with TLS and certificate-based client authentication',
};

const tpktFields = defineFields({
  version: { name: 'tpkt.version', label: 'Version', type: 'uint' },
  length: { name: 'tpkt.length', label: 'Length', type: 'uint' },
});
const cotpFields = defineFields({
  length: { name: 'cotp.li', label: 'Length', type: 'uint' },
  type: { name: 'cotp.type', label: 'PDU Type', type: 'uint', base: 'hex' },
  destination: { name: 'cotp.destref', label: 'Destination reference', type: 'uint', base: 'hex' },
  source: { name: 'cotp.srcref', label: 'Source reference', type: 'uint', base: 'hex' },
});
const f = defineFields({
  cookie: { name: 'rdp.rt_cookie', label: 'Routing Token/Cookie', type: 'string' },
  type: { name: 'rdp.neg_type', label: 'Type', type: 'uint', base: 'hex', values: NEGOTIATION },
  requested: { name: 'rdp.negReq.requestedProtocols', label: 'requestedProtocols', type: 'uint', base: 'hex' },
  selected: { name: 'rdp.negReq.selectedProtocol', label: 'selectedProtocol', type: 'uint', base: 'hex', values: SELECTED },
  failure: { name: 'rdp.negFailure.failureCode', label: 'failureCode', type: 'uint', values: FAILURES },
});

/** The client's request for a connection. */
export interface RdpRequestMessage extends Message {
  readonly kind: 'rdp-request';
  /** `mstshash`: a user's name, often cut to nine characters; null without. */
  readonly user: string | null;
  /** Bits: 1 TLS, 2 CredSSP (NLA), 8 CredSSP with early result; 0 where it offers none. */
  readonly requested: number;
}
export const rdpRequestMessage = messageKind<RdpRequestMessage>('rdp-request');

/** The server's choice. */
export interface RdpResponseMessage extends Message {
  readonly kind: 'rdp-response';
  /** 0 standard RDP security, 1 TLS, 2 or 8 CredSSP (NLA); null for a failure. */
  readonly selected: number | null;
  readonly requested: number;
  /** Failure code, 0 for none. */
  readonly failure: number;
}
export const rdpResponseMessage = messageKind<RdpResponseMessage>('rdp-response');

/** The channels that a client asks for, where no TLS hides it. */
export interface RdpChannelsMessage extends Message {
  readonly kind: 'rdp-channels';
  readonly names: readonly string[];
}
export const rdpChannelsMessage = messageKind<RdpChannelsMessage>('rdp-channels');

const PORT = 3389,
  /** Of ISO transport over TCP, RFC 2126; what is found there is S7comm. */
  ISO_PORT = 102,
  TPKT = 3,
  HEADER = 4,
  KEEP_BYTES = 2048,
  REQUEST = 0xe0,
  CONFIRM = 0xd0,
  DATA = 0xf0,
  FIXED = 7,
  EMPTY = 7,
  NEG_BYTES = 8,
  /** Parameters of X.224 have codes from here on (section 13.3.4); Remote Desktop has a cookie or a negotiation there. */
  FIRST_PARAMETER = 0xc0;

interface RdpState {
  requested: number;
  /** What the connection is for, told by its first message: S7comm's asks for it with parameters of X.224, as selectors of the transport. */
  carries: 'rdp' | 's7comm' | null;
  rest: HandOver | null;
  readonly inner: [boolean, boolean];
}

export const rdp: Dissector = { id: 'rdp', name: 'Remote Desktop Protocol', fields: f, on: [], application: true };
export const cotp: Dissector = { id: 'cotp', name: 'ISO 8073/X.224 COTP Connection-Oriented Transport Protocol', fields: cotpFields, on: [] };

export const tpkt: Dissector = {
  id: 'tpkt',
  name: 'TPKT - ISO on TCP - RFC1006',
  fields: tpktFields,
  on: [
    { table: 'tcp.port', value: PORT },
    { table: 'tcp.port', value: ISO_PORT },
  ],
  givesWayTo: ['rdp', 's7comm'],
  stream: {
    /** A request to connect that has a cookie, asks for protection, or comes to the port; the answer of a server there. */
    recognise(bytes, offset, end, _direction, sourcePort, destinationPort) {
      if (end === offset) return 'more';
      if (bytes[offset] !== TPKT) return 'no';
      if (end - offset < HEADER + FIXED) return 'more';
      const length = (bytes[offset + 2]! << 8) | bytes[offset + 3]!,
        type = bytes[offset + 5]!,
        isIso = sourcePort === ISO_PORT || destinationPort === ISO_PORT;
      // A conversation that was joined midway, maybe at an empty message that only acknowledges.
      if (isIso && type === DATA && bytes[offset + 1] === 0 && bytes[offset + 4] === 2) {
        const at = length === EMPTY ? offset + EMPTY : offset;
        if (end - at < HEADER + FIXED) return 'more';
        if (bytes[at] === TPKT && bytes[at + 5] === DATA && bytes[at + 7] === S7_ID) return 'yes';
      }
      if (bytes[offset + 1] !== 0 || length < HEADER + FIXED || length > 1024 || bytes[offset + 4] !== length - HEADER - 1) return 'no';
      if (type !== REQUEST && type !== CONFIRM) return 'no';
      if (isIso || sourcePort === PORT || destinationPort === PORT) return 'yes';
      if (end - offset < Math.min(length, 19)) return 'more';
      return textAt(bytes, offset + 11, offset + 18) === 'Cookie:' || (length === 19 && bytes[offset + 11] === 1 && bytes[offset + 13] === 8)
        ? 'yes'
        : 'no';
    },
    open: (): RdpState => ({ requested: 0, carries: null, rest: null, inner: [false, false] }),
    keepBytes: KEEP_BYTES,
    step(p, bytes, offset, end, direction, state: RdpState) {
      state.inner[direction] = state.rest !== null;
      if (state.rest !== null) return stepInner(p, bytes, offset, end, direction, state.rest, 'tpkt');
      if (end - offset < HEADER) return NEED_MORE;
      const length = (bytes[offset + 2]! << 8) | bytes[offset + 3]!;
      // Fast-path updates have heads of their own; by then all is said.
      if (bytes[offset] !== TPKT || length < HEADER + 3) return NOT_MINE;
      p.pduComplete = true;
      return length;
    },
    dissect: dissectTpkt,
    finish: (direction, state: RdpState) => state.inner[direction] && state.rest !== null && finishInner(direction, state.rest),
  },
};

function dissectTpkt(p: Packet, offset: number, end: number, direction: Direction, state: RdpState, sink: FieldSink | null): void {
  if (state.inner[direction]) {
    if (state.rest !== null) dissectInner(p, offset, end, direction, state.rest, sink);
    return;
  }
  const { bytes } = p,
    at = offset + HEADER,
    limit = Math.min(end, offset + KEEP_BYTES);
  if (at + 2 > limit) return;
  const type = bytes[at + 1]!,
    stop = Math.min(limit, at + 1 + bytes[at]!);
  enterLayer(p, 'cotp');
  if (sink !== null) {
    sink.layer(tpkt, offset, HEADER);
    sink.add(tpktFields.version, offset, 1);
    sink.add(tpktFields.length, offset + 2, 2);
    sink.layer(cotp, at, stop - at);
    sink.add(cotpFields.length, at, 1);
    sink.add(cotpFields.type, at + 1, 1, type >> 4);
    sink.info('COTP', PDUS[type] ?? `PDU 0x${type.toString(16)}`);
  }
  if (type === DATA) {
    if (stop < limit) state.carries ??= bytes[stop] === S7_ID ? 's7comm' : 'rdp';
    if (state.carries === 's7comm') {
      if (stop < limit && bytes[stop] === S7_ID) dissectS7(p, stop, limit, direction, sink);
    } else if (direction === 0 && p.hears('rdp-channels')) sayChannels(p, at + 3, limit);
  }
  if ((type !== REQUEST && type !== CONFIRM) || at + FIXED > stop) return;
  if (sink !== null) {
    sink.add(cotpFields.destination, at + 2, 2);
    sink.add(cotpFields.source, at + 4, 2);
  }
  if (state.carries !== 's7comm') state.carries = at + FIXED < stop && bytes[at + FIXED]! >= FIRST_PARAMETER ? 's7comm' : 'rdp';
  if (state.carries === 's7comm') return;
  enterLayer(p, 'rdp');
  sink?.layer(rdp, at + FIXED, stop - at - FIXED);
  if (type === REQUEST) readRequest(p, at + FIXED, stop, state, sink);
  else readConfirm(p, at + FIXED, stop, state, sink);
}

const COOKIE = /^Cookie: mstshash=(.*)$/;

function readRequest(p: Packet, offset: number, end: number, state: RdpState, sink: FieldSink | null): void {
  const { bytes, view } = p;
  let at = offset,
    user: string | null = null;
  const after = bytes[offset] === 1 ? -1 : afterLine(bytes, offset, end);
  if (after > 0) {
    const line = textAt(bytes, offset, lineTextEnd(bytes, offset, after), 256);
    sink?.add(f.cookie, offset, after - offset, line);
    user = COOKIE.exec(line)?.[1] ?? null;
    at = after;
  }
  if (at + NEG_BYTES <= end && bytes[at] === 1) {
    state.requested = view.getUint32(at + 4, true);
    sink?.add(f.type, at, 1);
    sink?.add(f.requested, at + 4, 4, state.requested);
  }
  sink?.info('RDP', `${user === null ? '' : `Cookie: mstshash=${user}, `}Negotiate Request`);
  if (p.hears('rdp-request')) p.emit({ kind: 'rdp-request', frame: p.frame, user, requested: state.requested } satisfies RdpRequestMessage);
}

/** Without a negotiation response, an old server takes the standard security ([MS-RDPBCGR] section 2.2.1.2). */
function readConfirm(p: Packet, offset: number, end: number, state: RdpState, sink: FieldSink | null): void {
  const { bytes, view } = p,
    type = offset + NEG_BYTES <= end ? bytes[offset]! : 2,
    value = offset + NEG_BYTES <= end ? view.getUint32(offset + 4, true) : 0,
    isFailure = type === 3;
  if (sink !== null && offset + NEG_BYTES <= end) {
    sink.add(f.type, offset, 1);
    sink.add(isFailure ? f.failure : f.selected, offset + 4, 4, value);
  }
  sink?.info('RDP', isFailure ? `Negotiate Failure ${FAILURES[value] ?? value}` : `Negotiate Response ${SELECTED[value] ?? value}`);
  if (p.hears('rdp-response'))
    p.emit({
      kind: 'rdp-response',
      frame: p.frame,
      selected: isFailure ? null : value,
      requested: state.requested,
      failure: isFailure ? value : 0,
    } satisfies RdpResponseMessage);
  if (!isFailure && value !== 0) state.rest = handOver('tls');
}

/** MCS Connect Initial is tag 101 of the application (T.125); in its user data a CS_NET block lists channels of 12 bytes each, [MS-RDPBCGR] section 2.2.1.3.4. */
const CONNECT_INITIAL = 0x7f65,
  CLIENT_NETWORK = 0xc003,
  CHANNEL_BYTES = 12,
  MOST_CHANNELS = 31;

function sayChannels(p: Packet, from: number, to: number): void {
  const { bytes, view } = p;
  if (from + 2 > to || view.getUint16(from) !== CONNECT_INITIAL) return;
  let at = keyAt(bytes, from, to);
  // The length of the blocks behind the key takes one byte or two (PER).
  if (at < 0 || at + 2 > to) return;
  at += (bytes[at]! & 0x80) !== 0 ? 2 : 1;
  while (at + 8 <= to) {
    const type = view.getUint16(at, true),
      length = view.getUint16(at + 2, true);
    if (length < 4) return;
    if (type === CLIENT_NETWORK) {
      const names: string[] = [],
        stop = Math.min(to, at + length);
      for (let entry = at + 8; entry + CHANNEL_BYTES <= stop && names.length < MOST_CHANNELS; entry += CHANNEL_BYTES)
        names.push(textAt(bytes, entry, entry + 8).split('\0')[0]!);
      p.emit({ kind: 'rdp-channels', frame: p.frame, names } satisfies RdpChannelsMessage);
      return;
    }
    at += length;
  }
}

/** Behind "Duca", the key under which Microsoft's user data stands in the conference request of T.124; -1 without. */
function keyAt(bytes: Uint8Array, from: number, to: number): number {
  for (let at = from; at + 4 <= to; at++)
    if (bytes[at] === 0x44 && bytes[at + 1] === 0x75 && bytes[at + 2] === 0x63 && bytes[at + 3] === 0x61) return at + 4;
  return -1;
}
