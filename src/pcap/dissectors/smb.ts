/** SMB version 1, [MS-CIFS] section 2.2: log-ons, shares, names of files and what they begin with, transactions and the RPC in pipes. */
import { defineFields, type Dissector, type FieldSink } from '../dissector.ts';
import { errorAnswered } from '../errorAnswer.ts';
import { enterLayer } from '../handOver.ts';
import { secretSent } from '../login.ts';
import type { Packet } from '../packet.ts';
import { dissectSmbDatagram, NT_STATUS_CODES } from '../smbDatagram.ts';
import {
  fileChanged,
  fileClosed,
  fileRead,
  fileWritten,
  isNtError,
  NT_STATUS,
  openFile,
  rememberFile,
  rememberRead,
  rememberRequest,
  sessionAnswered,
  takeContent,
  treeAnswered,
  type SmbNegotiatedMessage,
  type SmbState,
  type SmbTransactionMessage,
} from '../smbMessages.ts';
import { findByte, textAt, utf16At } from '../text.ts';
import { readPipe } from './dcerpc.ts';
import { readNtlm, type NtlmMessage } from './ntlmssp.ts';

const COMMANDS: Readonly<Record<number, string>> = {
  0x00: 'Create Directory',
  0x02: 'Open',
  0x04: 'Close',
  0x06: 'Delete',
  0x07: 'Rename',
  0x08: 'Query Information',
  0x0a: 'Read',
  0x0b: 'Write',
  0x10: 'Check Directory',
  0x1d: 'Write Raw',
  0x24: 'Locking AndX',
  0x25: 'Trans',
  0x2b: 'Echo',
  0x2d: 'Open AndX',
  0x2e: 'Read AndX',
  0x2f: 'Write AndX',
  0x32: 'Trans2',
  0x33: 'Trans2 Secondary',
  0x34: 'Find Close2',
  0x71: 'Tree Disconnect',
  0x72: 'Negotiate Protocol',
  0x73: 'Session Setup AndX',
  0x74: 'Logoff AndX',
  0x75: 'Tree Connect AndX',
  0xa0: 'NT Trans',
  0xa1: 'NT Trans Secondary',
  0xa2: 'NT Create AndX',
  0xa4: 'NT Cancel',
};

const f = defineFields({
  responseIn: { name: 'smb.response_in', label: 'Response in', type: 'uint', related: 'later' },
  responseTo: { name: 'smb.response_to', label: 'Response to', type: 'uint', related: 'earlier' },
  time: { name: 'smb.time', label: 'Time from request', type: 'duration', related: 'earlier' },
  command: { name: 'smb.cmd', label: 'SMB Command', type: 'uint', base: 'hex', values: COMMANDS },
  status: { name: 'smb.nt_status', label: 'NT Status', type: 'uint', base: 'hex', values: NT_STATUS },
  response: { name: 'smb.flags.response', label: 'Request/Response', type: 'boolean' },
  treeId: { name: 'smb.tid', label: 'Tree ID', type: 'uint' },
  userId: { name: 'smb.uid', label: 'User ID', type: 'uint' },
  multiplexId: { name: 'smb.mid', label: 'Multiplex ID', type: 'uint' },
  signatures: { name: 'smb.sm.signatures', label: 'Signatures enabled', type: 'boolean' },
  required: { name: 'smb.sm.sig_required', label: 'Signatures required', type: 'boolean' },
  account: { name: 'smb.account', label: 'Account', type: 'string' },
  path: { name: 'smb.path', label: 'Path', type: 'string' },
  file: { name: 'smb.file', label: 'File Name', type: 'string' },
  subcommand: { name: 'smb.trans2.cmd', label: 'Subcommand', type: 'uint', base: 'hex' },
});

export const smb: Dissector = {
  id: 'smb',
  name: 'SMB (Server Message Block Protocol)',
  fields: f,
  on: [],
  application: true,
  givesWayTo: ['smb2'],
  dissect: (p, offset, end, sink) => dissectSmbDatagram(p, smb, f, offset, end, sink),
};

const HEADER = 32,
  MOST_CHAINED = 8,
  TRANS = 0x25,
  CLOSE = 0x04,
  READ = 0x2e,
  WRITE = 0x2f,
  TRANS2 = 0x32,
  TRANS2_SECONDARY = 0x33,
  NEGOTIATE = 0x72,
  SESSION_SETUP = 0x73,
  TREE_CONNECT = 0x75,
  NT_TRANS = 0xa0,
  NT_TRANS_SECONDARY = 0xa1,
  NT_CREATE = 0xa2,
  DELETE = 0x06,
  RENAME = 0x07,
  TRANSACT_PIPE = 0x26;
/** Commands that another may follow in the same message. */
const CHAINED = new Set([0x24, 0x2d, READ, WRITE, SESSION_SETUP, 0x74, TREE_CONNECT, NT_CREATE]);
const TRANSACTIONS = new Set([TRANS, TRANS2, TRANS2_SECONDARY, NT_TRANS, NT_TRANS_SECONDARY]);

/** Commands that go on with the one before, and are not answered by themselves. */
const SECONDARY = new Set([0x26, 0x33, 0xa1]);

/** Whether the message at `at` is one whose bulk is a file's content: only its head is of interest. */
export function isBulk1(bytes: Uint8Array, at: number): boolean {
  const isResponse = (bytes[at + 9]! & 0x80) !== 0;
  return bytes[at + 4] === (isResponse ? READ : WRITE) || (!isResponse && bytes[at + 4] === TRANS2_SECONDARY);
}

/** The parts of one command in a message: where its words and its bytes are. */
interface Block {
  readonly command: number;
  readonly words: number;
  readonly wordBytes: number;
  readonly data: number;
  readonly to: number;
}

export function readSmb1(p: Packet, at: number, end: number, state: SmbState, sink: FieldSink | null): void {
  enterLayer(p, smb.id);
  const { bytes, view } = p,
    isResponse = (bytes[at + 9]! & 0x80) !== 0,
    status = isResponse ? view.getUint32(at + 5, true) : 0,
    first = bytes[at + 4]!;
  if (sink !== null) {
    sink.layer(smb, at, end - at);
    sink.add(f.command, at + 4, 1);
    if ((view.getUint16(at + 10, true) & NT_STATUS_CODES) !== 0) sink.add(f.status, at + 5, 4, view.getUint32(at + 5, true));
    sink.add(f.response, at + 9, 1, isResponse);
    const treeId = view.getUint16(at + 24, true),
      share = state.shares.get(treeId);
    sink.add(f.treeId, at + 24, 2, treeId);
    if (share !== undefined) sink.add(f.path, at + 24, 2, share);
    sink.add(f.userId, at + 28, 2, view.getUint16(at + 28, true));
    sink.add(f.multiplexId, at + 30, 2, view.getUint16(at + 30, true));
    // By the process and multiplex ids; an exchange of several messages has one answer.
    const name = `smb ${view.getUint32(at + 26, true) & 0xffff} ${view.getUint16(at + 30, true)}`;
    if (isResponse) p.exchanges.answerAgain(p, name, f, at, sink);
    else if (!SECONDARY.has(first)) p.exchanges.ask(p, name, f, at, sink);
    sink.info(
      'SMB',
      `${COMMANDS[first] ?? `command 0x${first.toString(16)}`} ${isResponse ? 'Response' : 'Request'}${status === 0 ? '' : `, ${NT_STATUS[status] ?? `0x${status.toString(16)}`}`}`,
    );
  }
  if (isNtError(status) && (view.getUint16(at + 10, true) & NT_STATUS_CODES) !== 0) errorAnswered(p, 'smb', status);
  let command = first;
  let from = at + HEADER;
  for (let i = 0; i < MOST_CHAINED && from < end; i++) {
    const wordBytes = 2 * bytes[from]!,
      counted = from + 1 + wordBytes;
    if (counted > end) return;
    const data = Math.min(end, counted + 2),
      to = counted + 2 <= end ? Math.min(end, data + view.getUint16(counted, true)) : end;
    // The command that follows, 0xff for none.
    if (CHAINED.has(command) && wordBytes >= 4) sink?.add(f.command, from + 1, 1);
    const block: Block = { command, words: from + 1, wordBytes, data, to };
    const next = CHAINED.has(command) && wordBytes >= 4 && bytes[from + 1] !== 0xff ? at + view.getUint16(from + 3, true) : 0,
      isLast = next <= from || next >= end;
    // The server stops at the first of a chain that fails: those before it worked ([MS-CIFS] section 3.2.5.1.4).
    if (isResponse) readResponse(p, at, end, block, isLast ? status : 0, state, sink);
    else readRequest(p, at, end, block, state, sink);
    if (isLast) return;
    command = bytes[from + 1]!;
    from = next;
  }
}

/** Several commands of one message share an id; what waits is told apart by the command. */
const requestId = (view: DataView, at: number, command: number): number => view.getUint16(at + 30, true) * 256 + command;

function readRequest(
  p: Packet,
  at: number,
  end: number,
  { command, words, wordBytes, data, to }: Block,
  state: SmbState,
  sink: FieldSink | null,
): void {
  const { view } = p,
    isUnicode = (view.getUint16(at + 10, true) & 0x8000) !== 0,
    share = (): string => state.shares.get(view.getUint16(at + 24, true)) ?? '',
    id = requestId(view, at, command);
  if (command === SESSION_SETUP && wordBytes === 24) {
    const login = readNtlm(p, data, Math.min(to, data + view.getUint16(words + 14, true)), smb.id, sink);
    if (login !== null && login.version > 0) {
      state.attempt.user = login.user;
      secretSent(p, smb.id, state.attempt, 'NTLM', false);
    }
  } else if (command === SESSION_SETUP && wordBytes === 26) readOldLogin(p, at, words, data, to, isUnicode, state, sink);
  else if (command === TREE_CONNECT && wordBytes >= 8) {
    const text = textOf(p, at, data + view.getUint16(words + 6, true), to, isUnicode);
    rememberRequest(state, id, { command, text, share: '', file: null });
    sink?.add(f.path, data, Math.max(0, to - data), text);
    sink?.info('SMB', `Tree Connect AndX Request, Path: ${text}`);
  } else if (command === NT_CREATE && wordBytes >= 48) {
    const text = textOf(p, at, data, to, isUnicode).replace(/^\\/, '');
    rememberRequest(state, id, { command, text, share: share(), file: null });
    sink?.add(f.file, data, Math.max(0, to - data), text);
    sink?.info('SMB', `NT Create AndX Request, Path: ${text}`);
  } else if ((command === RENAME || command === DELETE) && wordBytes >= 2) {
    const names = namesOf(p, at, data, to, isUnicode);
    rememberRequest(state, id, { command, text: names.join('\0'), share: share(), file: null });
    sink?.add(f.file, data, Math.max(0, to - data), names.join(' to '));
    sink?.info('SMB', `${COMMANDS[command] ?? ''} Request, Path: ${names.join(' to ')}`);
  } else if (command === READ && wordBytes >= 20) {
    const high = wordBytes >= 24 ? view.getUint32(words + 20, true) & 0x1fffff : 0;
    rememberRead(p, state, id, command, state.files.get(view.getUint16(words + 4, true)), view.getUint32(words + 6, true) + high * 2 ** 32);
  } else if (command === WRITE && wordBytes >= 24) {
    const file = state.files.get(view.getUint16(words + 4, true)),
      from = at + view.getUint16(words + 22, true),
      stop = Math.min(end, from + view.getUint16(words + 20, true) + (view.getUint16(words + 18, true) << 16)),
      high = wordBytes >= 28 ? view.getUint32(words + 24, true) & 0x1fffff : 0;
    if (file === undefined || from < data) return;
    takeContent(p, smb.id, file, 'written', view.getUint32(words + 6, true) + high * 2 ** 32, from, stop);
    if (file.rpc !== null) readPipe(p, from, stop, 0, file.rpc, sink);
    else fileWritten(p, file, from, stop);
  } else if (command === CLOSE && wordBytes >= 6) {
    fileClosed(p, state, view.getUint16(words, true));
  } else if (TRANSACTIONS.has(command)) readTransaction(p, at, end, command, words, wordBytes, state, sink);
}

function readTransaction(
  p: Packet,
  at: number,
  end: number,
  command: number,
  words: number,
  wordBytes: number,
  state: SmbState,
  sink: FieldSink | null,
): void {
  const { view } = p;
  let subcommand = -1,
    totalData = 0;
  if ((command === TRANS || command === TRANS2) && wordBytes >= 28) {
    totalData = view.getUint16(words + 2, true);
    if (wordBytes >= 30) subcommand = view.getUint16(words + 28, true);
    if (command === TRANS2 && subcommand >= 0 && sink !== null) {
      sink.add(f.subcommand, words + 28, 2, subcommand);
      rememberRequest(state, requestId(view, at, command), { command, text: String(subcommand), share: '', file: null });
    }
    const file = command === TRANS && subcommand === TRANSACT_PIPE && wordBytes >= 32 ? state.files.get(view.getUint16(words + 30, true)) : undefined;
    if (file !== undefined && file.rpc !== null) {
      rememberRequest(state, requestId(view, at, command), { command, text: '', share: '', file });
      const from = at + view.getUint16(words + 24, true);
      if (from > words) readPipe(p, from, Math.min(end, from + view.getUint16(words + 22, true)), 0, file.rpc, sink);
    }
  } else if (command === NT_TRANS && wordBytes >= 38) {
    totalData = view.getUint32(words + 7, true);
    subcommand = view.getUint16(words + 36, true);
  }
  say(p, at, command, subcommand, false, 0, totalData);
}

function say(p: Packet, at: number, command: number, subcommand: number, response: boolean, status: number, totalData: number): void {
  if (!p.hears('smb-transaction')) return;
  const multiplexId = p.view.getUint16(at + 30, true);
  p.emit({ kind: 'smb-transaction', frame: p.frame, command, subcommand, response, status, multiplexId, totalData } satisfies SmbTransactionMessage);
}

/** "None of these", [MS-CIFS] section 2.2.4.52.2. */
const NO_DIALECT = 0xffff;

function readResponse(
  p: Packet,
  at: number,
  end: number,
  { command, words, wordBytes, data, to }: Block,
  status: number,
  state: SmbState,
  sink: FieldSink | null,
): void {
  const { view } = p;
  if (command === NEGOTIATE && wordBytes >= 26) {
    const mode = view.getUint8(words + 2),
      signingRequired = (mode & 8) !== 0;
    sink?.add(f.signatures, words + 2, 1, (mode & 4) !== 0);
    sink?.add(f.required, words + 2, 1, signingRequired);
    if (p.hears('smb-negotiated')) p.emit({ kind: 'smb-negotiated', frame: p.frame, dialect: 1, signingRequired } satisfies SmbNegotiatedMessage);
    return;
  }
  if (command === NEGOTIATE && wordBytes === 2 && view.getUint16(words, true) === NO_DIALECT) {
    if (p.hears('smb-negotiated'))
      p.emit({ kind: 'smb-negotiated', frame: p.frame, dialect: 0, signingRequired: false } satisfies SmbNegotiatedMessage);
    return;
  }
  if (command === SESSION_SETUP) {
    readNtlm(p, data, to, smb.id, sink);
    // SMB_SETUP_GUEST, [MS-CIFS] section 2.2.4.53.2.
    sessionAnswered(p, smb.id, state, status, wordBytes >= 6 && (view.getUint16(words + 4, true) & 1) !== 0);
    return;
  }
  if (TRANSACTIONS.has(command)) say(p, at, command, -1, true, status, 0);
  const id = requestId(view, at, command),
    request = state.requests.get(id);
  if (request === undefined) return;
  state.requests.delete(id);
  const rpc = request.file?.rpc ?? null;
  if (command === TRANS2) sink?.add(f.subcommand, words, 0, Number(request.text));
  if (command === TREE_CONNECT) {
    if (status === 0) sink?.add(f.path, at + 24, 2, request.text);
    treeAnswered(p, state, view.getUint16(at + 24, true), request, status);
  } else if (command === NT_CREATE && status === 0 && wordBytes >= 7) rememberFile(state, view.getUint16(words + 5, true), request);
  else if ((command === RENAME || command === DELETE) && status === 0) {
    const [from = '', target = ''] = request.text.split('\0');
    // With wildcards nobody says which files they were.
    if (from !== '' && !/[*?<>"]/.test(from)) fileChanged(p, openFile(request.share, from), command === DELETE ? null : target);
  } else if (command === READ && request.file !== null && wordBytes >= 14) {
    const from = at + view.getUint16(words + 12, true),
      high = wordBytes >= 18 ? view.getUint32(words + 14, true) & 0xff : 0,
      stop = Math.min(end, from + view.getUint16(words + 10, true) + high * 65_536);
    if (from <= words) return;
    if (rpc !== null) readPipe(p, from, stop, 1, rpc, sink);
    else if (status === 0) {
      takeContent(p, smb.id, request.file, 'read', request.at ?? 0, from, stop);
      fileRead(p, smb.id, request.file, from, stop);
    }
  } else if (command === TRANS && rpc !== null && wordBytes >= 16) {
    const from = at + view.getUint16(words + 14, true);
    if (from > words) readPipe(p, from, Math.min(end, from + view.getUint16(words + 12, true)), 1, rpc, sink);
  }
}

/** A log-on without extended security ([MS-CIFS] section 2.2.4.53): two responses, then account and domain. */
function readOldLogin(
  p: Packet,
  at: number,
  words: number,
  data: number,
  to: number,
  isUnicode: boolean,
  state: SmbState,
  sink: FieldSink | null,
): void {
  const { view } = p,
    oemBytes = view.getUint16(words + 14, true),
    ntBytes = view.getUint16(words + 16, true),
    from = data + oemBytes + ntBytes;
  if (from >= to) return;
  const user = textOf(p, at, from, to, isUnicode),
    behind = aligned(at, from, isUnicode) + (user.length + 1) * (isUnicode ? 2 : 1);
  const domain = behind < to ? textOf(p, at, behind, to, isUnicode) : '';
  sink?.add(f.account, from, to - from, user);
  if (user === '' || (oemBytes <= 1 && ntBytes <= 1)) return;
  state.attempt.user = domain === '' ? user : `${domain}\\${user}`;
  const version = ntBytes > 24 ? 2 : oemBytes === 24 || ntBytes === 24 ? 1 : 0;
  if (version > 0 && p.hears('ntlm'))
    p.emit({ kind: 'ntlm', frame: p.frame, carrier: smb.id, domain, user, workstation: '', version, sessionSecurity: false } satisfies NtlmMessage);
  secretSent(p, smb.id, state.attempt, 'NTLM', false);
}

/** The paths of a request that names one or two, each behind a byte that says what it is ([MS-CIFS] sections 2.2.4.7 and 2.2.4.8). */
function namesOf(p: Packet, start: number, data: number, to: number, isUnicode: boolean): string[] {
  const names: string[] = [];
  let from = data;
  while (names.length < 2 && from < to && p.bytes[from] === BUFFER_ASCII) {
    const at = aligned(start, from + 1, isUnicode),
      text = textOf(p, start, from + 1, to, isUnicode);
    names.push(text.replace(/^\\/, ''));
    from = at + (text.length + 1) * (isUnicode ? 2 : 1);
  }
  return names;
}
const BUFFER_ASCII = 4;

/** Unicode stands at even distances from the header. */
const aligned = (start: number, at: number, isUnicode: boolean): number => at + (isUnicode ? (at - start) & 1 : 0);

/** The text that begins at `at` and ends with NUL, or at `to`. */
function textOf(p: Packet, start: number, at: number, to: number, isUnicode: boolean): string {
  const { bytes } = p;
  if (!isUnicode) return textAt(bytes, at, findByte(bytes, 0, at, to), 512);
  const from = aligned(start, at, true);
  let end = from;
  while (end + 1 < to && (bytes[end] !== 0 || bytes[end + 1] !== 0)) end += 2;
  return utf16At(bytes, from, end, 1024);
}
