/** SMB versions 2 and 3, [MS-SMB2] section 2.2: log-ons, shares, names of files and the RPC in pipes. What is read and written is passed over. */
import { describeReferral } from '../dfsReferral.ts';
import type { Dissector, FieldSink } from '../dissector.ts';
import { errorAnswered } from '../errorAnswer.ts';
import { enterLayer } from '../handOver.ts';
import { secretSent } from '../login.ts';
import type { Packet } from '../packet.ts';
import { COMMANDS, smb2Fields as f } from '../smb2Fields.ts';
import {
  fileChanged,
  fileClosed,
  fileRead,
  fileWritten,
  isNtError,
  NT_STATUS,
  openFile,
  type OpenFile,
  rememberFile,
  rememberRead,
  rememberRequest,
  sessionAnswered,
  takeContent,
  treeAnswered,
  type SmbNegotiatedMessage,
  type SmbState,
} from '../smbMessages.ts';
import { utf16At } from '../text.ts';
import { readPipe } from './dcerpc.ts';
import { readNtlm } from './ntlmssp.ts';

export const smb2: Dissector = { id: 'smb2', name: 'SMB2 (Server Message Block Protocol version 2)', fields: f, on: [], application: true };

const HEADER = 64,
  /** As far as the flags: the command, the status and the direction. */
  CUT_HEADER = 20,
  MOST_COMPOUNDED = 32,
  NEGOTIATE = 0,
  SESSION_SETUP = 1,
  TREE_CONNECT = 3,
  CREATE = 5,
  CLOSE = 6,
  READ = 8,
  WRITE = 9,
  IOCTL = 11,
  /** Structure size of its answer. */
  IOCTL_RESPONSE = 49,
  FIND = 14,
  GET_INFO = 16,
  SET_INFO = 17,
  /** What information is about: a file, not a volume or its security. */
  OF_FILE = 1,
  /** Information classes of files ([MS-FSCC] section 2.4): a new name, all there is, and that it goes. */
  RENAME = 10,
  ALL = 18,
  DISPOSITION = 13,
  DISPOSITION_EX = 64,
  DELETE_ON_CLOSE = 0x1000,
  COMPOUND_ID = 0xffffffff,
  GET_REFERRALS = 0x00060194,
  TRANSCEIVE = 0x0011c017,
  VALIDATE_NEGOTIATE = 0x00140204,
  RESPONSE = 1,
  PENDING = 0x103,
  UNASKED = 0xffffffffffffffffn,
  ASYNC = 2,
  SIGNED = 8;

/** Whether the message at `at` is one whose bulk is a file's content: only its head is of interest. */
export function isBulk2(bytes: Uint8Array, at: number): boolean {
  const command = bytes[at + 12]! | (bytes[at + 13]! << 8);
  return (command === READ && (bytes[at + 16]! & RESPONSE) !== 0) || (command === WRITE && (bytes[at + 16]! & RESPONSE) === 0);
}

/** The messages in `[at, end)`: one, or several that were compounded. */
export function readSmb2(p: Packet, at: number, end: number, state: SmbState, sink: FieldSink | null): void {
  state.related = null;
  if (!p.has(HEADER, at, end)) {
    describeCut(p, at, end, sink);
    return;
  }
  for (let i = 0; i < MOST_COMPOUNDED && end - at >= HEADER; i++) {
    const next = p.view.getUint32(at + 20, true),
      to = next >= HEADER && next < end - at ? at + next : end;
    enterLayer(p, smb2.id);
    readOne(p, at, to, state, sink);
    if (next < HEADER || next >= end - at) return;
    at += next;
  }
}

/** What is left of a header that the snap length cut: the protocol, and where it reaches that far which command. */
function describeCut(p: Packet, at: number, end: number, sink: FieldSink | null): void {
  enterLayer(p, smb2.id);
  if (sink === null) return;
  sink.layer(smb2, at, end - at);
  if (end - at < CUT_HEADER) {
    sink.info('SMB2', '');
    return;
  }
  const command = p.view.getUint16(at + 12, true),
    isResponse = (p.view.getUint32(at + 16, true) & RESPONSE) !== 0;
  sink.add(f.command, at + 12, 2, command);
  if (isResponse) sink.add(f.status, at + 8, 4, p.view.getUint32(at + 8, true));
  sink.add(f.response, at + 16, 4, isResponse);
  sink.info('SMB2', `${COMMANDS[command] ?? `command ${command}`} ${isResponse ? 'Response' : 'Request'}`);
}

function readOne(p: Packet, at: number, end: number, state: SmbState, sink: FieldSink | null): void {
  const { view } = p,
    command = view.getUint16(at + 12, true),
    flags = view.getUint32(at + 16, true),
    isResponse = (flags & RESPONSE) !== 0,
    status = isResponse ? view.getUint32(at + 8, true) : 0,
    treeId = (flags & ASYNC) === 0 ? view.getUint32(at + 36, true) : 0;
  if (sink !== null) {
    sink.layer(smb2, at, end - at);
    sink.add(f.command, at + 12, 2, command);
    if (isResponse) sink.add(f.status, at + 8, 4, status);
    sink.add(f.response, at + 16, 4, isResponse);
    sink.add(f.signed, at + 16, 4, (flags & SIGNED) !== 0);
    sink.add(f.messageId, at + 24, 8, view.getBigUint64(at + 24, true));
    if (sink.wantsRelated) describeExchange(p, at, isResponse, status, sink);
    if ((flags & ASYNC) === 0) sink.add(f.treeId, at + 36, 4, treeId);
    const share = state.shares.get(treeId);
    if (share !== undefined && (flags & ASYNC) === 0 && command !== TREE_CONNECT) sink.add(f.tree, at + 36, 4, share);
    sink.info(
      'SMB2',
      `${COMMANDS[command] ?? `command ${command}`} ${isResponse ? 'Response' : 'Request'}${status === 0 ? '' : `, ${NT_STATUS[status] ?? `0x${status.toString(16)}`}`}`,
    );
  }
  if (isNtError(status)) errorAnswered(p, 'smb', status);
  if (isResponse) readResponse(p, at, end, command, status, treeId, state, sink);
  else readRequest(p, at, end, command, treeId, state, sink);
}

/** By the message id. What is pending is answered again. */
function describeExchange(p: Packet, at: number, isResponse: boolean, status: number, sink: FieldSink): void {
  const id = p.view.getBigUint64(at + 24, true),
    name = `smb2 ${id}`;
  // Breaks of a lease or lock come unasked.
  if (id === UNASKED) return;
  if (isResponse) p.exchanges.answerAgain(p, name, f, at, sink, status !== PENDING);
  else p.exchanges.ask(p, name, f, at, sink);
}

function readRequest(p: Packet, at: number, end: number, command: number, treeId: number, state: SmbState, sink: FieldSink | null): void {
  const { view } = p,
    body = at + HEADER,
    id = view.getUint32(at + 24, true),
    size = end - body;
  if (command === NEGOTIATE && size >= 36) {
    if (sink === null) return;
    describeSecurityMode(view.getUint8(body + 4), body + 4, sink);
    const count = view.getUint16(body + 2, true);
    for (let i = 0, dialect = body + 36; i < count && dialect + 2 <= end; i++, dialect += 2)
      sink.add(f.dialect, dialect, 2, view.getUint16(dialect, true));
  } else if (command === SESSION_SETUP && size >= 16) {
    if (sink !== null) describeSecurityMode(view.getUint8(body + 3), body + 3, sink);
    const login = readToken(p, at, end, body + 12, sink);
    if (login !== null && login.version > 0) {
      state.attempt.user = login.user;
      secretSent(p, 'smb2', state.attempt, 'NTLM', false);
    }
  } else if (command === TREE_CONNECT && size >= 8) {
    const text = nameAt(p, at, end, body + 4);
    rememberRequest(state, id, { command, text, share: '', file: null });
    sink?.add(f.tree, body + 4, 4, text);
    sink?.info('SMB2', `Tree Connect Request, Tree: '${text}'`);
  } else if (command === CREATE && size >= 48) {
    const text = nameAt(p, at, end, body + 44);
    rememberRequest(state, id, { command, text, share: state.shares.get(treeId) ?? '', file: null });
    state.related = openFile(state.shares.get(treeId) ?? '', text);
    if ((view.getUint32(body + 40, true) & DELETE_ON_CLOSE) !== 0)
      rememberRequest(state, id, { command, text, share: state.related.share, file: state.related });
    sink?.add(f.disposition, body + 36, 4, view.getUint32(body + 36, true));
    sink?.add(f.filename, body + 44, 4, text);
    sink?.info('SMB2', `Create Request, File: ${text}`);
  } else if (command === CLOSE && size >= 24) {
    fileClosed(p, state, fileId(view, body + 8));
  } else if (command === SET_INFO && size >= 32) {
    const file = fileOf(view, body + 16, state),
      kind = view.getUint8(body + 3),
      from = at + view.getUint16(body + 8, true);
    if (sink !== null && kind === RENAME && view.getUint8(body + 2) === OF_FILE && from >= body && from + 20 <= end)
      sink.add(f.filename, from + 20, 0, newName(p, from, end));
    if (file === undefined || view.getUint8(body + 2) !== OF_FILE || from < body + 32) return;
    if (kind === RENAME && from + 20 <= end) {
      rememberRequest(state, id, { command, text: newName(p, from, end).replace(/^\\/, ''), share: file.share, file });
    } else if ((kind === DISPOSITION || kind === DISPOSITION_EX) && from < end && (view.getUint8(from) & 1) !== 0)
      rememberRequest(state, id, { command, text: '', share: file.share, file });
  } else if (command === GET_INFO && size >= 24) {
    if (sink !== null && view.getUint8(body + 2) === OF_FILE && view.getUint8(body + 3) === ALL)
      rememberRequest(state, id, { command, text: '', share: '', file: null });
  } else if (command === FIND && size >= 32) {
    // The kind of its answer's entries, and where they are.
    if (sink !== null) rememberRequest(state, id, { command, text: String(view.getUint8(body + 2)), share: '', file: null });
    sink?.add(f.pattern, body + 24, 4, nameAt(p, at, end, body + 24));
  } else if (command === READ && size >= 32) {
    rememberRead(p, state, id, command, state.files.get(fileId(view, body + 16)), numberAt(view, body + 8));
    sink?.add(f.readLength, body + 4, 4, view.getUint32(body + 4, true));
    sink?.add(f.fileOffset, body + 8, 8, view.getBigUint64(body + 8, true));
  } else if (command === WRITE && size >= 32) {
    const from = at + view.getUint16(body + 2, true),
      length = view.getUint32(body + 4, true),
      file = fileOf(view, body + 16, state);
    sink?.add(f.writeLength, body + 4, 4, length);
    sink?.add(f.fileOffset, body + 8, 8, view.getBigUint64(body + 8, true));
    if (file === undefined || from < body) return;
    const offset = numberAt(view, body + 8),
      to = Math.min(end, from + length);
    takeContent(p, 'smb2', file, 'written', offset, from, to);
    if (file.rpc !== null) readPipe(p, from, to, 0, file.rpc, sink);
    else fileWritten(p, file, from, to, offset === 0);
  } else if (command === IOCTL && size >= 32) {
    const code = view.getUint32(body + 4, true),
      file = state.files.get(fileId(view, body + 8));
    sink?.add(f.function, body + 4, 4, code);
    if (code === VALIDATE_NEGOTIATE && sink !== null) describeNegotiation(p, at + view.getUint32(body + 24, true), end, true, sink);
    if (code === GET_REFERRALS && sink !== null)
      describeReferral(p, at + view.getUint32(body + 24, true), view.getUint32(body + 28, true), end, sink);
    if (code !== TRANSCEIVE || file === undefined || file.rpc === null) return;
    rememberRequest(state, id, { command, text: '', share: '', file });
    const from = at + view.getUint32(body + 24, true);
    if (from >= body) readPipe(p, from, Math.min(end, from + view.getUint32(body + 28, true)), 0, file.rpc, sink);
  }
}

/** What both ends say again of their negotiation once they can sign it ([MS-SMB2] sections 2.2.31.4 and 2.2.32.6). */
function describeNegotiation(p: Packet, from: number, end: number, isRequest: boolean, sink: FieldSink): void {
  const { view } = p,
    dialects = from + (isRequest ? 24 : 22);
  if (dialects + 2 > end) return;
  describeSecurityMode(view.getUint8(from + 20), from + 20, sink);
  const count = isRequest ? view.getUint16(from + 22, true) : 1;
  for (let i = 0, at = dialects; i < count && at + 2 <= end; i++, at += 2) sink.add(f.dialect, at, 2, view.getUint16(at, true));
}

function describeSecurityMode(mode: number, at: number, sink: FieldSink): void {
  sink.add(f.signingEnabled, at, 1, (mode & 1) !== 0);
  sink.add(f.signingRequired, at, 1, (mode & 2) !== 0);
}

function readResponse(
  p: Packet,
  at: number,
  end: number,
  command: number,
  status: number,
  treeId: number,
  state: SmbState,
  sink: FieldSink | null,
): void {
  const { view } = p,
    body = at + HEADER,
    id = view.getUint32(at + 24, true),
    size = end - body;
  if (command === NEGOTIATE && status === 0 && size >= 6) {
    const mode = view.getUint16(body + 2, true),
      dialect = view.getUint16(body + 4, true);
    if (sink !== null) describeSecurityMode(mode, body + 2, sink);
    sink?.add(f.dialect, body + 4, 2, dialect);
    if (p.hears('smb-negotiated'))
      p.emit({ kind: 'smb-negotiated', frame: p.frame, dialect, signingRequired: (mode & 2) !== 0 } satisfies SmbNegotiatedMessage);
    return;
  }
  if (command === SESSION_SETUP) {
    if (size >= 8) readToken(p, at, end, body + 4, sink);
    // SMB2_SESSION_FLAG_IS_GUEST and IS_NULL, [MS-SMB2] section 2.2.6.
    sessionAnswered(p, 'smb2', state, status, size >= 4 && (view.getUint16(body + 2, true) & 3) !== 0);
    return;
  }
  // Pending ones are answered again.
  const request = status === PENDING ? undefined : state.requests.get(id);
  // An answer that only tells of an error is shorter.
  if (command === IOCTL && sink !== null && size >= 40 && view.getUint16(body, true) === IOCTL_RESPONSE) {
    const code = view.getUint32(body + 4, true);
    sink.add(f.function, body + 4, 4, code);
    if (code === VALIDATE_NEGOTIATE) describeNegotiation(p, at + view.getUint32(body + 32, true), end, false, sink);
  }
  if (request === undefined || request.command !== command) return;
  state.requests.delete(id);
  if (command === FIND && status === 0 && size >= 8 && sink !== null) describeListing(p, at, end, body, Number(request.text), sink);
  if (command === GET_INFO && status === 0 && size >= 8 && sink !== null) {
    const from = at + view.getUint16(body + 2, true) + NAME_IN_ALL,
      to = Math.min(end, from + (from >= body + NAME_IN_ALL && from <= end ? view.getUint32(from - 4, true) : 0));
    if (to > from) sink.add(f.filename, from, to - from, utf16At(p.bytes, from, to, 1024));
  }
  if (command === TREE_CONNECT) treeAnswered(p, state, treeId, request, status);
  else if (command === SET_INFO && status === 0 && request.file !== null) fileChanged(p, request.file, request.text === '' ? null : request.text);
  else if (command === CREATE && status === 0 && size >= 80) {
    rememberFile(state, fileId(view, body + 64), request, numberAt(view, body + 48));
    if (request.file !== null) fileChanged(p, request.file, null);
  } else if (command === READ && size >= 16 && request.file !== null) {
    const from = at + view.getUint8(body + 2),
      to = Math.min(end, from + view.getUint32(body + 4, true));
    if (from < body) return;
    if (request.file.rpc !== null) readPipe(p, from, to, 1, request.file.rpc, sink);
    else if (status === 0) {
      takeContent(p, 'smb2', request.file, 'read', request.at ?? 0, from, to);
      fileRead(p, 'smb2', request.file, from, to);
    }
  } else if (command === IOCTL && size >= 40 && request.file !== null && request.file.rpc !== null) {
    const from = at + view.getUint32(body + 32, true);
    if (from >= body) readPipe(p, from, Math.min(end, from + view.getUint32(body + 36, true)), 1, request.file.rpc, sink);
  }
}

/** Where a name stands in an entry of a listing, by the kind of entry ([MS-FSCC] section 2.4); its length is 60 bytes behind the entry's start, but for mere names. */
const NAME_AT: Readonly<Record<number, number>> = { 1: 64, 2: 68, 3: 94, 12: 12, 37: 104, 38: 80 };
const ONLY_NAMES = 12,
  NAME_IN_ALL = 100;

/** What a file is to be called, of a request that begins at `from`. */
function newName({ bytes, view }: Packet, from: number, end: number): string {
  return utf16At(bytes, from + 20, Math.min(end, from + 20 + view.getUint32(from + 16, true)), 1024);
}

/** Names of the files in the answer to a search. */
function describeListing(p: Packet, start: number, end: number, body: number, kind: number, sink: FieldSink): void {
  const { view } = p,
    nameAtOffset = NAME_AT[kind],
    from = start + view.getUint16(body + 2, true),
    to = Math.min(end, from + view.getUint32(body + 4, true));
  if (nameAtOffset === undefined || from < body) return;
  for (let at = from; at + nameAtOffset <= to;) {
    const next = view.getUint32(at, true),
      name = at + nameAtOffset,
      length = Math.min(view.getUint32(at + (kind === ONLY_NAMES ? 8 : 60), true), to - name);
    sink.add(f.filename, name, length, utf16At(p.bytes, name, name + length, 1024));
    if (next < nameAtOffset) return;
    at += next;
  }
}

/** The open file of an id, or the one that the message before opens. */
function fileOf(view: DataView, at: number, state: SmbState): OpenFile | undefined {
  if (view.getUint32(at, true) === COMPOUND_ID && view.getUint32(at + 4, true) === COMPOUND_ID) return state.related ?? undefined;
  return state.files.get(fileId(view, at));
}

/** An offset or a size, 64 bits of which a number holds 53. */
function numberAt(view: DataView, at: number): number {
  return view.getUint32(at, true) + (view.getUint32(at + 4, true) & 0x1fffff) * 2 ** 32;
}

/** The lower halves of a file id's two numbers, which are what servers count with. */
function fileId(view: DataView, at: number): number {
  return view.getUint32(at, true) + (view.getUint32(at + 8, true) & 0x1fffff) * 2 ** 32;
}

/** The security token that an offset and a length at `at` point at. */
function readToken(p: Packet, start: number, end: number, at: number, sink: FieldSink | null): ReturnType<typeof readNtlm> {
  const from = start + p.view.getUint16(at, true),
    to = Math.min(end, from + p.view.getUint16(at + 2, true));
  return from > at && from < to ? readNtlm(p, from, to, smb2.id, sink) : null;
}

function nameAt(p: Packet, start: number, end: number, at: number): string {
  const from = start + p.view.getUint16(at, true);
  return utf16At(p.bytes, from, Math.min(end, from + p.view.getUint16(at + 2, true)), 1024);
}
