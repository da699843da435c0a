/** What is said over SMB in either version, as detectors hear it, and what a connection remembers to say it: requests until they are answered, shares, open files. */
import { messageKind, type Message } from './dissector.ts';
import { NO_FILE } from './fileTaker.ts';
import type { FileStartMessage } from './fileStart.ts';
import { latin1, looksLikeProgram } from './http/messages.ts';
import { loginAnswered, newAttempt, type LoginAttempt } from './login.ts';
import type { Packet } from './packet.ts';
import { newRpcState, type RpcState } from './dissectors/dcerpc.ts';

/** The server's answer to a negotiation. */
export interface SmbNegotiatedMessage extends Message {
  readonly kind: 'smb-negotiated';
  /** 0x0311 for 3.1.1; 1 for version 1; 0 where the server wants none of version 1 that the client offers. */
  readonly dialect: number;
  readonly signingRequired: boolean;
}
export const smbNegotiatedMessage = messageKind<SmbNegotiatedMessage>('smb-negotiated');

/** A share was asked for: `\\server\ADMIN$`. */
export interface SmbTreeMessage extends Message {
  readonly kind: 'smb-tree';
  readonly path: string;
  readonly status: number;
}
export const smbTreeMessage = messageKind<SmbTreeMessage>('smb-tree');

/** The beginning of a file or what comes first of it is written. */
export interface SmbWriteMessage extends Message {
  readonly kind: 'smb-write';
  readonly share: string;
  readonly path: string;
  /** What is written begins with `MZ`, as programs of Windows do. */
  readonly isProgram: boolean;
  /** The first bytes of the file, one character each, at most 256; none where what stands further behind is written first. */
  readonly start: string;
}
export const smbWriteMessage = messageKind<SmbWriteMessage>('smb-write');

/** A file was renamed or deleted. */
export interface SmbFileMessage extends Message {
  readonly kind: 'smb-file';
  readonly share: string;
  readonly path: string;
  /** Its new path in the share; null where it was deleted. */
  readonly to: string | null;
}
export const smbFileMessage = messageKind<SmbFileMessage>('smb-file');

/** A transaction of version 1. */
export interface SmbTransactionMessage extends Message {
  readonly kind: 'smb-transaction';
  readonly command: number;
  /** Function or subcommand; -1 where none is said. */
  readonly subcommand: number;
  readonly response: boolean;
  readonly status: number;
  readonly multiplexId: number;
  /** What the whole transaction is said to hold, in bytes. */
  readonly totalData: number;
}
export const smbTransactionMessage = messageKind<SmbTransactionMessage>('smb-transaction');

export interface OpenFile {
  readonly share: string;
  path: string;
  wasWritten: boolean;
  wasRead: boolean;
  rpc: RpcState | null;
  /** Bytes, where the server has said; null else. */
  size: number | null;
  /** What is read of it, and what is written, where somebody takes files. */
  readonly taken: { read: number; written: number };
}

/** A request that waits for its answer: a share, a name, or the file a call of RPC goes through. */
export interface SmbRequest {
  readonly command: number;
  readonly text: string;
  readonly share: string;
  readonly file: OpenFile | null;
  /** Where in the file is read. */
  readonly at?: number;
}

export interface SmbState {
  readonly requests: Map<number, SmbRequest>;
  readonly shares: Map<number, string>;
  readonly files: Map<number, OpenFile>;
  readonly attempt: LoginAttempt;
  /** What the compounded message before this one opens: those behind it have no other name for it. */
  related: OpenFile | null;
}

const MOST_REQUESTS = 128,
  MOST_SHARES = 64,
  MOST_FILES = 256,
  START_BYTES = 256;

export const newSmbState = (): SmbState => ({ requests: new Map(), shares: new Map(), files: new Map(), attempt: newAttempt(), related: null });

export const rememberRequest = (state: SmbState, id: number, request: SmbRequest): void => remember(state.requests, id, request, MOST_REQUESTS);
export const rememberShare = (state: SmbState, id: number, path: string): void => remember(state.shares, id, path, MOST_SHARES);

/** A file is open under `id`; in IPC$ it is a pipe. */
export function rememberFile(state: SmbState, id: number, { share, text }: SmbRequest, size: number | null = null): void {
  const file = openFile(share, text);
  file.size = size;
  remember(state.files, id, file, MOST_FILES);
}

/** Something is read of `file`, from `at` on. Of a pipe every answer counts, of a file the first, that with its beginning; who takes files wants all. */
export function rememberRead(p: Packet, state: SmbState, id: number, command: number, file: OpenFile | undefined, at: number): void {
  if (file !== undefined && (file.rpc !== null || p.files !== null || (at === 0 && !file.wasRead)))
    rememberRequest(state, id, { command, text: '', share: '', file, at });
}

/** Hands on `[from, to)`, which stand at `at` in `file`, to who takes files. */
export function takeContent(p: Packet, carrier: string, file: OpenFile, way: 'read' | 'written', at: number, from: number, to: number): void {
  const { files } = p;
  if (files === null || file.rpc !== null || to <= from) return;
  if (file.taken[way] === NO_FILE)
    file.taken[way] = files.begin(p, { carrier, name: file.path, host: file.share, size: way === 'read' ? file.size : null });
  files.take(p, file.taken[way], at, p.bytes, from, to);
}

/** `file` is closed: no more of it comes. */
export function fileClosed(p: Packet, state: SmbState, id: number): void {
  const taken = state.files.get(id)?.taken;
  state.files.delete(id);
  if (taken === undefined || p.files === null) return;
  for (const file of [taken.read, taken.written]) if (file !== NO_FILE) p.files.end(p, file, true);
}

export const openFile = (share: string, path: string): OpenFile => ({
  share,
  path,
  wasWritten: false,
  wasRead: false,
  rpc: /\\IPC\$$/i.test(share) ? newRpcState() : null,
  size: null,
  taken: { read: NO_FILE, written: NO_FILE },
});

/** Maps keep the order of insertion: the oldest goes. */
function remember<T>(map: Map<number, T>, id: number, value: T, most: number): void {
  map.delete(id);
  if (map.size >= most) for (const oldest of map.keys()) if (map.size >= most) map.delete(oldest);
  map.set(id, value);
}

export function treeAnswered(p: Packet, state: SmbState, treeId: number, { text }: SmbRequest, status: number): void {
  if (status === 0) rememberShare(state, treeId, text);
  if (p.hears('smb-tree')) p.emit({ kind: 'smb-tree', frame: p.frame, path: text, status } satisfies SmbTreeMessage);
}

/** Something is written into `file`, first of all what `[from, to)` holds: its beginning, or what stands further behind. */
export function fileWritten(p: Packet, file: OpenFile, from: number, to: number, isStart = true): void {
  if (file.wasWritten || file.rpc !== null) return;
  file.wasWritten = true;
  if (!p.hears('smb-write')) return;
  const isProgram = to - from >= 2 && p.bytes[from] === 0x4d && p.bytes[from + 1] === 0x5a;
  p.emit({
    kind: 'smb-write',
    frame: p.frame,
    share: file.share,
    path: file.path,
    isProgram,
    start: isStart ? latin1(p.bytes, from, to, START_BYTES) : '',
  } satisfies SmbWriteMessage);
}

/** The server has renamed `file`, or deleted it where `to` is null. */
export function fileChanged(p: Packet, file: OpenFile, to: string | null): void {
  if (file.rpc !== null) return;
  const { share, path } = file;
  if (to !== null) file.path = to;
  if (p.hears('smb-file')) p.emit({ kind: 'smb-file', frame: p.frame, share, path, to } satisfies SmbFileMessage);
}

/** The beginning of `file` is read: what `[from, to)` begins with. Of programs only it is said what they are. */
export function fileRead(p: Packet, carrier: string, file: OpenFile, from: number, to: number): void {
  if (file.wasRead || file.rpc !== null) return;
  file.wasRead = true;
  if (!p.hears('file-start') || !looksLikeProgram(p.bytes, from, to)) return;
  p.emit({
    kind: 'file-start',
    frame: p.frame,
    carrier,
    name: file.path.slice(file.path.lastIndexOf('\\') + 1),
    start: latin1(p.bytes, from, to),
  } satisfies FileStartMessage);
}

const MORE_PROCESSING = 0xc0000016;
/** NT status of log-ons that were refused for who it was or what the password was ([MS-ERREF] section 2.3.1). */
const REFUSED = new Set([
  0xc0000064, 0xc000006a, 0xc000006d, 0xc000006e, 0xc000006f, 0xc0000070, 0xc0000071, 0xc0000072, 0xc0000193, 0xc0000224, 0xc0000234,
]);

/** The server's answer to a session setup. Who is let in as a guest has proved no password: it was not looked at, or was not that of a user. */
export function sessionAnswered(p: Packet, protocol: string, state: SmbState, status: number, isGuest: boolean): void {
  if (status === MORE_PROCESSING) return;
  if ((status === 0 && !isGuest) || REFUSED.has(status)) loginAnswered(p, protocol, state.attempt, status === 0);
  else state.attempt.frame = 0;
}

/** [MS-ERREF] section 2.3: the two highest bits of an error are set; others succeed, inform or warn. */
export const isNtError = (status: number): boolean => status >>> 30 === 3;

export const NT_STATUS: Readonly<Record<number, string>> = {
  0: 'STATUS_SUCCESS',
  0x103: 'STATUS_PENDING',
  0x80000005: 'STATUS_BUFFER_OVERFLOW',
  0x80000006: 'STATUS_NO_MORE_FILES',
  0xc0000002: 'STATUS_NOT_IMPLEMENTED',
  0xc000000d: 'STATUS_INVALID_PARAMETER',
  0xc0000016: 'STATUS_MORE_PROCESSING_REQUIRED',
  0xc0000022: 'STATUS_ACCESS_DENIED',
  0xc0000034: 'STATUS_OBJECT_NAME_NOT_FOUND',
  0xc0000035: 'STATUS_OBJECT_NAME_COLLISION',
  0xc0000064: 'STATUS_NO_SUCH_USER',
  0xc000006a: 'STATUS_WRONG_PASSWORD',
  0xc000006d: 'STATUS_LOGON_FAILURE',
  0xc000006e: 'STATUS_ACCOUNT_RESTRICTION',
  0xc0000071: 'STATUS_PASSWORD_EXPIRED',
  0xc0000072: 'STATUS_ACCOUNT_DISABLED',
  0xc00000ba: 'STATUS_FILE_IS_A_DIRECTORY',
  0xc00000bb: 'STATUS_NOT_SUPPORTED',
  0xc00000cc: 'STATUS_BAD_NETWORK_NAME',
  0xc0000205: 'STATUS_INSUFF_SERVER_RESOURCES',
  0xc0000224: 'STATUS_PASSWORD_MUST_CHANGE',
  0xc0000234: 'STATUS_ACCOUNT_LOCKED_OUT',
};
