/** Remote procedure calls of Windows, DCE 1.1 (C706 chapter 12) with [MS-RPCE]: over TCP, and in the pipes of SMB. Which interface is bound, and what is called of it. */
import { OPERATIONS, RPC_INTERFACES } from '../rpcInterfaces.ts';
import { NEED_MORE, NOT_MINE, defineFields, messageKind, type Direction, type Dissector, type FieldSink, type Message } from '../dissector.ts';
import type { Question } from '../exchanges.ts';
import { enterInside } from '../handOver.ts';
import { clientCredentialIsZero, ndrRids, ndrStrings } from '../ndr.ts';
import type { Packet } from '../packet.ts';
import { readNtlm } from './ntlmssp.ts';
import * as rpcLayers from './rpcLayers.ts';

const TYPES: Readonly<Record<number, string>> = {
  0: 'Request',
  2: 'Response',
  3: 'Fault',
  11: 'Bind',
  12: 'Bind_ack',
  13: 'Bind_nak',
  14: 'Alter_context',
  15: 'Alter_context_resp',
  16: 'AUTH3',
  17: 'Shutdown',
  18: 'Co_cancel',
  19: 'Orphaned',
};

const f = defineFields({
  responseIn: { name: 'dcerpc.response_in', label: 'Response in frame', type: 'uint', related: 'later' },
  responseTo: { name: 'dcerpc.request_in', label: 'Request in frame', type: 'uint', related: 'earlier' },
  time: { name: 'dcerpc.time', label: 'Time from request', type: 'duration', related: 'earlier' },
  type: { name: 'dcerpc.pkt_type', label: 'Packet type', type: 'uint', values: TYPES },
  length: { name: 'dcerpc.cn_frag_len', label: 'Frag Length', type: 'uint' },
  authLength: { name: 'dcerpc.cn_auth_len', label: 'Auth Length', type: 'uint' },
  callId: { name: 'dcerpc.cn_call_id', label: 'Call ID', type: 'uint' },
  context: { name: 'dcerpc.cn_ctx_id', label: 'Context ID', type: 'uint' },
  interface: { name: 'dcerpc.cn_bind_to_uuid', label: 'Interface UUID', type: 'string' },
  opnum: { name: 'dcerpc.opnum', label: 'Opnum', type: 'uint' },
  status: { name: 'dcerpc.cn_status', label: 'Status', type: 'uint', base: 'hex' },
});

export interface RpcMessage extends Message {
  readonly kind: 'rpc';
  readonly type: 'bind' | 'request' | 'response' | 'fault';
  /** `svcctl`, or the UUID of an interface without a name here. */
  readonly interface: string;
  /** -1 for a bind. */
  readonly opnum: number;
  /** `CreateServiceW` where known. */
  readonly operation: string | null;
  /** First texts of a request that is in clear and of interest. */
  readonly strings: readonly string[];
  /** The call is sealed: nothing but its number can be read. */
  readonly sealed: boolean;
  /** NetrServerAuthenticate with a client credential of zeros: Zerologon, CVE-2020-1472. */
  readonly zeroCredential: boolean;
  /** Last four bytes of a response: what most calls return, 0 for success; -1 where not seen. */
  readonly returned: number;
}
export const rpcMessage = messageKind<RpcMessage>('rpc');

/** The names of accounts are asked for by their numbers: a call of LsarLookupSids, or a further fragment of one. */
export interface RpcSidsMessage extends Message {
  readonly kind: 'rpc-sids';
  /** How many the call asks for; 0 in its further fragments. */
  readonly asked: number;
  /** The relative identifiers that could be read, as in `[MS-LSAT]` some of those asked for. */
  readonly rids: readonly number[];
}
export const rpcSidsMessage = messageKind<RpcSidsMessage>('rpc-sids');

const HEADER = 16,
  KEEP_BYTES = 2048,
  REQUEST = 0,
  RESPONSE = 2,
  FAULT = 3,
  BIND = 11,
  ALTER = 14,
  MOST_CONTEXTS = 32,
  MOST_CALLS = 64,
  PRIVACY = 6,
  LAST_FRAGMENT = 2,
  LOOKUP_SIDS_3 = 76,
  POLICY_HANDLE = 20,
  /** That one call may ask for ([MS-LSAT] section 2.2.17). */
  MOST_SIDS = 20_480;

export interface RpcState {
  /** Interface by context. */
  readonly contexts: Map<number, string>;
  /** Calls that wait for their answer: interface and number. */
  readonly calls: Map<number, { readonly name: string; readonly opnum: number; readonly question: Question | null }>;
}
export const newRpcState = (): RpcState => ({ contexts: new Map(), calls: new Map() });

export const dcerpc: Dissector = {
  id: 'dcerpc',
  name: 'Distributed Computing Environment / Remote Procedure Call (DCE/RPC)',
  fields: f,
  on: [{ table: 'tcp.port', value: 135 }],
  application: true,
  stream: {
    recognise(bytes, offset, end) {
      const length = Math.min(end - offset, 8);
      // Version 5.0, a bind or its like first: connections begin with one, on ports that are given out as needed.
      if (length > 0 && bytes[offset] !== 5) return 'no';
      if (length > 1 && bytes[offset + 1]! > 1) return 'no';
      if (length > 2 && TYPES[bytes[offset + 2]!] === undefined) return 'no';
      if (length > 4 && bytes[offset + 4] !== 0x10 && bytes[offset + 4] !== 0) return 'no';
      if (length > 7 && (bytes[offset + 5] !== 0 || bytes[offset + 6] !== 0 || bytes[offset + 7] !== 0)) return 'no';
      if (length < 8 || end - offset < HEADER) return 'more';
      return isHeader(bytes, offset) ? 'yes' : 'no';
    },
    open: newRpcState,
    keepBytes: KEEP_BYTES,
    step(p, bytes, offset, end) {
      if (end - offset < HEADER) return NEED_MORE;
      if (!isHeader(bytes, offset)) return NOT_MINE;
      p.pduComplete = true;
      return fragmentLength(bytes, offset);
    },
    dissect: (p, offset, end, direction, state: RpcState, sink) => readRpc(p, offset, end, direction, state, sink),
  },
};

function fragmentLength(bytes: Uint8Array, at: number): number {
  return bytes[at + 4] === 0 ? (bytes[at + 8]! << 8) | bytes[at + 9]! : bytes[at + 8]! | (bytes[at + 9]! << 8);
}

function isHeader(bytes: Uint8Array, at: number): boolean {
  return (
    bytes[at] === 5 &&
    bytes[at + 1]! <= 1 &&
    TYPES[bytes[at + 2]!] !== undefined &&
    (bytes[at + 4] === 0x10 || bytes[at + 4] === 0) &&
    bytes[at + 5] === 0 &&
    fragmentLength(bytes, at) >= HEADER
  );
}

/** RPC in a pipe: the fragments in `[offset, end)`, if that is what they are. */
export function readPipe(p: Packet, offset: number, end: number, direction: Direction, state: RpcState, sink: FieldSink | null): void {
  let at = offset;
  for (let i = 0; i < 16 && end - at >= HEADER && isHeader(p.bytes, at); i++) {
    const length = fragmentLength(p.bytes, at);
    enterInside(p, dcerpc.id);
    readRpc(p, at, Math.min(end, at + length), direction, state, sink);
    at += length;
  }
}

function readRpc(p: Packet, offset: number, end: number, direction: Direction, state: RpcState, sink: FieldSink | null): void {
  if (end - offset < HEADER) return;
  const { bytes, view } = p,
    type = bytes[offset + 2]!,
    little = bytes[offset + 4] !== 0,
    length = fragmentLength(bytes, offset),
    authLength = view.getUint16(offset + 10, little),
    callId = view.getUint32(offset + 12, little);
  if (sink !== null) {
    sink.layer(dcerpc, offset, Math.min(end - offset, length));
    sink.add(f.type, offset + 2, 1);
    sink.add(f.length, offset + 8, 2, length);
    sink.add(f.authLength, offset + 10, 2, authLength);
    sink.add(f.callId, offset + 12, 4, callId);
    sink.info('DCERPC', `${TYPES[type] ?? type}: call_id: ${callId}`);
  }
  // The verifier stands at the end, with a header of eight bytes: its type and how much it protects.
  const verifier = offset + length - authLength - 8,
    hasVerifier = authLength > 0 && verifier >= offset + HEADER && verifier + 8 <= end,
    stubEnd = authLength > 0 ? Math.min(end, Math.max(offset + HEADER, verifier)) : Math.min(end, offset + length);
  if (type === BIND || type === ALTER) readBind(p, offset, stubEnd, little, state, sink);
  else if (type === REQUEST && end - offset >= 24)
    readRequest(p, offset, stubEnd, little, callId, state, sink, authLength > 0 && (!hasVerifier || bytes[verifier + 1] === PRIVACY));
  else if ((type === RESPONSE || type === FAULT) && end - offset >= 24 && direction >= 0)
    readAnswer(
      p,
      offset,
      stubEnd,
      little,
      callId,
      type,
      state,
      sink,
      authLength > 0 && (!hasVerifier || bytes[verifier + 1] === PRIVACY),
      length <= end - offset,
    );
  if (hasVerifier && type > FAULT) readNtlm(p, verifier + 8, Math.min(end, offset + length), 'dcerpc', sink);
}

function readBind(p: Packet, offset: number, end: number, little: boolean, state: RpcState, sink: FieldSink | null): void {
  const { bytes, view } = p;
  if (end - offset < 28) return;
  let at = offset + 28;
  for (let left = Math.min(bytes[offset + 24]!, MOST_CONTEXTS); left > 0 && end - at >= 24; left--) {
    const id = view.getUint16(at, little),
      uuid = uuidAt(view, at + 4, little),
      name = RPC_INTERFACES[uuid] ?? uuid;
    if (sink !== null) {
      sink.add(f.context, at, 2, id);
      sink.add(f.interface, at + 4, 16, uuid);
      sink.info('DCERPC', `${TYPES[bytes[offset + 2]!]}: ${name}`);
    }
    // One interface is offered in several encodings.
    if (p.hears('rpc') && ![...state.contexts.values()].includes(name)) say(p, 'bind', name, -1, [], false, false, -1);
    if (state.contexts.size < MOST_CONTEXTS || state.contexts.has(id)) state.contexts.set(id, name);
    at += 24 + 20 * bytes[at + 2]!;
  }
}

function readRequest(
  p: Packet,
  offset: number,
  stubEnd: number,
  little: boolean,
  callId: number,
  state: RpcState,
  sink: FieldSink | null,
  sealed: boolean,
): void {
  const { bytes, view } = p,
    flags = bytes[offset + 3]!,
    context = view.getUint16(offset + 20, little),
    opnum = view.getUint16(offset + 22, little),
    name = state.contexts.get(context) ?? 'unknown',
    stub = offset + 24 + ((flags & 0x80) !== 0 ? 16 : 0);
  if (sink !== null) {
    sink.add(f.context, offset + 20, 2, context);
    sink.add(f.opnum, offset + 22, 2, opnum);
    sink.info('DCERPC', `${name} ${OPERATIONS[name]?.[opnum] ?? `opnum ${opnum}`} request`);
  }
  const isFirst = (flags & 1) !== 0;
  if (name === 'lsarpc' && !sealed && little && p.hears('rpc-sids') && OPERATIONS['lsarpc']?.[opnum] !== undefined)
    saySids(p, opnum, isFirst, stub, stubEnd);
  // Later fragments of the same call say nothing new otherwise.
  if (!isFirst) return;
  if (state.calls.size >= MOST_CALLS) state.calls.clear();
  const question = sink?.wantsRelated === true ? p.exchanges.questionOf(p) : null;
  if (question !== null) p.exchanges.sayAnswer(`dcerpc ${callId}`, p.frame, f.responseIn, offset, sink!);
  state.calls.set(callId, { name, opnum, question });
  if (sink !== null) sayInterface(name, opnum, stub, stubEnd, sink);
  if (!p.hears('rpc')) return;
  const operation = OPERATIONS[name]?.[opnum];
  const isAuthenticate = name === 'netlogon' && operation !== undefined && operation.startsWith('NetrServerAuthenticate');
  say(
    p,
    'request',
    name,
    opnum,
    operation === undefined || sealed || !little ? [] : ndrStrings(bytes, view, stub, stubEnd, operation.endsWith('A') ? 1 : 2),
    sealed,
    isAuthenticate && !sealed && little && clientCredentialIsZero(bytes, view, stub, stubEnd),
    -1,
  );
}

function sayInterface(name: string, opnum: number, stub: number, stubEnd: number, sink: FieldSink): void {
  const layer = LAYERS.get(name);
  if (layer === undefined || stub > stubEnd) return;
  sink.layer(layer, stub, stubEnd - stub);
  sink.add(layer.fields.opnum, stub, 0, opnum);
}

const OWN_NAMES: Readonly<Record<string, string>> = { rpc_netlogon: 'netlogon', efs: 'efsrpc', epm: 'epmapper' };
/** By the names of `RPC_INTERFACES`, of which some are not Wireshark's. */
const LAYERS: ReadonlyMap<string, (typeof rpcLayers)['svcctl']> = new Map(
  Object.values(rpcLayers).map((layer) => [OWN_NAMES[layer.id] ?? layer.id, layer]),
);

/** A policy handle comes first, but for the third version of the call; then the number of SIDs ([MS-LSAT] sections 3.1.4.9 to 3.1.4.11). */
function saySids(p: Packet, opnum: number, isFirst: boolean, stub: number, stubEnd: number): void {
  const at = opnum === LOOKUP_SIDS_3 ? stub : stub + POLICY_HANDLE;
  if (isFirst && at + 4 > stubEnd) return;
  p.emit({
    kind: 'rpc-sids',
    frame: p.frame,
    asked: isFirst ? Math.min(p.view.getUint32(at, true), MOST_SIDS) : 0,
    rids: ndrRids(p.view, stub, stubEnd),
  } satisfies RpcSidsMessage);
}

function readAnswer(
  p: Packet,
  offset: number,
  stubEnd: number,
  little: boolean,
  callId: number,
  type: number,
  state: RpcState,
  sink: FieldSink | null,
  sealed: boolean,
  isWhole: boolean,
): void {
  const call = state.calls.get(callId),
    { view } = p;
  if (sink !== null && stubEnd - offset >= 22) {
    sink.add(f.context, offset + 20, 2, view.getUint16(offset + 20, little));
    if (call !== undefined) sink.add(f.opnum, offset, 0, call.opnum);
  }
  if (sink?.wantsRelated === true && call?.question != null) {
    p.exchanges.note(`dcerpc ${callId}`, call.question.frame, p.frame);
    p.exchanges.say(p, call.question, f, offset, sink);
  }
  if (sink !== null && call !== undefined && type === RESPONSE) sayInterface(call.name, call.opnum, offset + 24, stubEnd, sink);
  // What the call returns stands at the end of its last fragment.
  if (type === RESPONSE && (p.bytes[offset + 3]! & LAST_FRAGMENT) === 0) return;
  state.calls.delete(callId);
  if (sink !== null) {
    if (type === FAULT && stubEnd - offset >= 28) sink.add(f.status, offset + 24, 4, view.getUint32(offset + 24, little));
    if (call !== undefined)
      sink.info('DCERPC', `${call.name} ${OPERATIONS[call.name]?.[call.opnum] ?? `opnum ${call.opnum}`} ${type === FAULT ? 'fault' : 'response'}`);
  }
  if (call === undefined) return;
  let returned = -1;
  if (type === FAULT) returned = stubEnd - offset >= 28 ? view.getUint32(offset + 24, little) : -1;
  else if (!sealed && isWhole && stubEnd - offset >= 28) returned = view.getUint32(stubEnd - 4, little);
  say(p, type === FAULT ? 'fault' : 'response', call.name, call.opnum, [], sealed, false, returned);
}

function say(
  p: Packet,
  type: RpcMessage['type'],
  name: string,
  opnum: number,
  strings: readonly string[],
  sealed: boolean,
  zeroCredential: boolean,
  returned: number,
): void {
  if (!p.hears('rpc')) return;
  p.emit({
    kind: 'rpc',
    frame: p.frame,
    type,
    interface: name,
    opnum,
    operation: OPERATIONS[name]?.[opnum] ?? null,
    strings,
    sealed,
    zeroCredential,
    returned,
  } satisfies RpcMessage);
}

function uuidAt(view: DataView, at: number, little: boolean): string {
  const hex = (value: number, digits: number): string => value.toString(16).padStart(digits, '0');
  let rest = '';
  for (let i = 8; i < 16; i++) rest += `${i === 10 ? '-' : ''}${hex(view.getUint8(at + i), 2)}`;
  return `${hex(view.getUint32(at, little), 8)}-${hex(view.getUint16(at + 4, little), 4)}-${hex(view.getUint16(at + 6, little), 4)}-${rest}`;
}
