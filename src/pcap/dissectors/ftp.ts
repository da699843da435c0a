/** File Transfer Protocol, RFC 959, with RFC 2428 (IPv6) and RFC 4217 (TLS). Commands, replies, and where data connections go. */
import { formatIpv6 } from '../addresses.ts';
import { defineFields, messageKind, NOT_MINE, type Direction, type Dissector, type FieldSink, type Message, type Recognised } from '../dissector.ts';
import { dissectInner, finishInner, handOver, stepInner, type HandOver } from '../handOver.ts';
import { MAX_LINE, stepLine } from '../lines.ts';
import type { FtpSetup } from '../ftpDataEnds.ts';
import { loginAnswered, loginRefused, newAttempt, secretSent, type LoginAttempt } from '../login.ts';
import type { Packet } from '../packet.ts';
import { afterLine, beginsAsReply, beginsWithOne, decimalAt, findByte, lineTextEnd, MAX_TEXT, SPACE, textAt } from '../text.ts';

const f = defineFields({
  request: { name: 'ftp.request', label: 'Request', type: 'boolean' },
  command: { name: 'ftp.request.command', label: 'Request command', type: 'string' },
  argument: { name: 'ftp.request.arg', label: 'Request arg', type: 'string' },
  response: { name: 'ftp.response', label: 'Response', type: 'boolean' },
  code: { name: 'ftp.response.code', label: 'Response code', type: 'uint' },
  responseArgument: { name: 'ftp.response.arg', label: 'Response arg', type: 'string' },
  passiveIp: { name: 'ftp.passive.ip', label: 'Passive IP address', type: 'ipv4' },
  passivePort: { name: 'ftp.passive.port', label: 'Passive port', type: 'uint' },
  activeIp: { name: 'ftp.active.cip', label: 'Active IP address', type: 'ipv4' },
  activePort: { name: 'ftp.active.port', label: 'Active port', type: 'uint' },
  extendedPassivePort: { name: 'ftp.epsv.port', label: 'Extended passive port', type: 'uint' },
  extendedActivePort: { name: 'ftp.eprt.port', label: 'Extended active port', type: 'uint' },
});

export interface FtpCommandMessage extends Message {
  readonly kind: 'ftp-command';
  /** Upper case, `RETR`. */
  readonly command: string;
  /** Empty for passwords and other secrets. */
  readonly argument: string;
  /** Who is logged in, or is about to be. */
  readonly user: string | null;
}
export const ftpCommandMessage = messageKind<FtpCommandMessage>('ftp-command');

/** A reply's last line. */
export interface FtpReplyMessage extends Message {
  readonly kind: 'ftp-reply';
  readonly code: number;
  readonly text: string;
  /** The command it answers, null for the greeting. */
  readonly command: string | null;
  readonly user: string | null;
}
export const ftpReplyMessage = messageKind<FtpReplyMessage>('ftp-reply');

/** A data connection to come is `ftp-data`: it goes to this address and port. */
export interface FtpDataMessage extends Message {
  readonly kind: 'ftp-data';
  /** Passive: the client connects to the server. */
  readonly passive: boolean;
  /** Dotted or colon text; null where it is the address of the server (EPSV). */
  readonly address: string | null;
  readonly port: number;
}
export const ftpDataMessage = messageKind<FtpDataMessage>('ftp-data');

const PORT = 21,
  /** Those of RFC 959, 2228, 2389 and 7151 that need nobody to be logged in, and those that come first where a login is skipped. */
  FIRST_COMMANDS = [
    ...[
      'USER',
      'PASS',
      'ACCT',
      'REIN',
      'QUIT',
      'HELP',
      'NOOP',
      'SYST',
      'STAT',
      'FEAT',
      'OPTS',
      'AUTH',
      'ADAT',
      'PBSZ',
      'PROT',
      'CCC',
      'HOST',
      'LANG',
      'CLNT',
    ],
    ...[
      'CWD',
      'CDUP',
      'PWD',
      'XPWD',
      'TYPE',
      'MODE',
      'STRU',
      'PORT',
      'EPRT',
      'PASV',
      'EPSV',
      'LIST',
      'NLST',
      'MLSD',
      'RETR',
      'STOR',
      'SITE',
      'SIZE',
      'MDTM',
    ],
  ];
const SECRETS = new Set(['PASS', 'ACCT', 'ADAT']),
  /** Commands that a file is transferred for; listings are none. */
  TRANSFERS = new Set(['RETR', 'STOR', 'STOU', 'APPE']);

/** What servers say of a wrong password, to tell it from "530 Please login with USER and PASS". */
const LOGIN_FAILED = /incorrect|denied|fail|invalid|cannot log/i;

interface FtpState {
  readonly attempt: LoginAttempt;
  command: string | null;
  /** Where the next data connection goes. */
  announced: { readonly address: string | null; readonly port: number } | null;
  /** What announced it, until the next command is known. */
  setup: FtpSetup | null;
  /** TLS, from the acceptance of AUTH on. */
  rest: HandOver | null;
  readonly inner: [boolean, boolean];
}

export const ftp: Dissector = {
  id: 'ftp',
  name: 'File Transfer Protocol (FTP)',
  fields: f,
  says: [],
  on: [{ table: 'tcp.port', value: PORT }],
  application: true,
  stream: {
    handsOn: (_p, state: FtpState) => state.rest !== null,
    recognise: recogniseFtp,
    open: (): FtpState => ({ attempt: newAttempt(), command: null, announced: null, setup: null, rest: null, inner: [false, false] }),
    keepBytes: MAX_LINE,
    step(p, bytes, offset, end, direction, state: FtpState) {
      state.inner[direction] = state.rest !== null;
      if (state.rest !== null) return stepInner(p, bytes, offset, end, direction, state.rest, 'ftp');
      return isText(bytes[offset]!) ? stepLine(p, bytes, offset, end) : NOT_MINE;
    },
    // Of a line that was cut its beginning says what it is; the login under way goes on.
    cut: (_bytes, _offset, _end, _direction, state: FtpState) => state.rest === null,
    resume: (_direction, state: FtpState) => state.rest === null,
    dissect: dissectFtp,
    finish: (direction, state: FtpState) => state.inner[direction] && state.rest !== null && finishInner(direction, state.rest),
  },
};

/** Lines begin with a command, a code, or (within a long reply) a space; Telnet's interrupts come before ABOR. */
function isText(byte: number): boolean {
  return byte >= 32 ? byte < 127 || byte >= 0xf0 : byte === 9 || byte === 10 || byte === 13;
}

function recogniseFtp(
  bytes: Uint8Array,
  offset: number,
  end: number,
  _direction: Direction,
  sourcePort: number,
  destinationPort: number,
  isBeginning?: boolean,
): Recognised {
  if (end === offset) return 'more';
  const first = bytes[offset]!;
  if (isBeginning === true && sourcePort === PORT) {
    const answer = beginsAsReply(bytes, offset, end);
    return answer === 'yes' ? 'likely' : answer;
  }
  if (isBeginning === true && destinationPort === PORT) return beginsWithOne(bytes, offset, end, FIRST_COMMANDS);
  if (sourcePort === PORT) return first >= 49 && first <= 54 ? 'yes' : 'no';
  if (destinationPort === PORT) return (first >= 65 && first <= 90) || (first >= 97 && first <= 122) ? 'yes' : 'no';
  // Elsewhere a greeting has to say so: "220 ProFTPD Server ready."
  for (let i = 0; i < 3; i++) {
    if (offset + i >= end) return 'more';
    if (bytes[offset + i] !== '220'.charCodeAt(i)) return 'no';
  }
  const after = afterLine(bytes, offset, Math.min(end, offset + 400));
  if (after < 0) return end - offset >= 400 ? 'no' : 'more';
  return /^220[ -].*ftp/i.test(textAt(bytes, offset, after)) ? 'yes' : 'no';
}

function dissectFtp(p: Packet, offset: number, end: number, direction: Direction, state: FtpState, sink: FieldSink | null): void {
  if (state.inner[direction]) {
    if (state.rest !== null) dissectInner(p, offset, end, direction, state.rest, sink);
    return;
  }
  const { bytes } = p,
    to = lineTextEnd(bytes, offset, end);
  const code = decimalAt(bytes, offset, Math.min(to, offset + 3));
  if (sink !== null) {
    sink.layer(ftp, offset, end - offset);
    sink.info('FTP', `${isReply(bytes, offset, to, code) ? 'Response' : 'Request'}: ${textAt(bytes, offset, to)}`);
  }
  if (isReply(bytes, offset, to, code)) readReply(p, offset, to, code, state, sink);
  else if (isCommand(bytes, offset, to)) readCommand(p, offset, to, state, sink);
  else if (sink !== null) {
    // Each of the two is in every frame, true or false; as text only what holds is worth a line.
    if (!sink.wantsText) sink.add(f.request, offset, to - offset, false);
    sink.add(f.response, offset, to - offset, true);
    sink.add(f.responseArgument, offset, to - offset, textAt(bytes, offset, to));
  }
}

function isReply(bytes: Uint8Array, offset: number, to: number, code: number): boolean {
  return code >= 100 && code < 700 && (to - offset === 3 || bytes[offset + 3] === SPACE || bytes[offset + 3] === 45);
}

/** Three or four letters; some have an `X` before. */
function isCommand(bytes: Uint8Array, offset: number, to: number): boolean {
  const length = findByte(bytes, SPACE, offset, to) - offset;
  if (length < 3 || length > 5) return false;
  for (let at = offset; at < offset + length; at++) if (bytes[at]! < 65 || bytes[at]! > 122) return false;
  return true;
}

function readCommand(p: Packet, offset: number, to: number, state: FtpState, sink: FieldSink | null): void {
  const { bytes } = p,
    wordEnd = findByte(bytes, SPACE, offset, to),
    from = Math.min(to, wordEnd + 1);
  const command = textAt(bytes, offset, wordEnd).toUpperCase();
  state.command = command;
  if (state.setup !== null) {
    state.setup.command = textAt(bytes, offset, to);
    state.setup.commandFrame = p.frame;
    state.setup = null;
  }
  if (command === 'USER') state.attempt.user = textAt(bytes, from, to, 256);
  if (p.onMessage !== null) {
    p.emit({
      kind: 'ftp-command',
      frame: p.frame,
      command,
      argument: SECRETS.has(command) ? '' : textAt(bytes, from, to),
      user: state.attempt.user,
    } satisfies FtpCommandMessage);
  }
  if (command === 'PASS') secretSent(p, 'ftp', state.attempt, 'USER/PASS', true, textAt(bytes, from, to));
  if (sink !== null) {
    sink.add(f.request, offset, to - offset, true);
    if (!sink.wantsText) sink.add(f.response, offset, to - offset, false);
    sink.open();
    sink.add(f.command, offset, wordEnd - offset, textAt(bytes, offset, wordEnd));
    if (from < to) sink.add(f.argument, from, to - from, textAt(bytes, from, to));
    sink.close();
  }
  if (command === 'PORT' || command === 'EPRT') announce(p, state, command, textAt(bytes, from, to), from, to, sink);
  if (p.files !== null && state.announced !== null && TRANSFERS.has(command)) {
    const { address, port } = state.announced;
    p.files.expect(p, address, port, { carrier: 'ftp-data', name: from < to ? textAt(bytes, from, to) : null, size: null });
    state.announced = null;
  }
}

function readReply(p: Packet, offset: number, to: number, code: number, state: FtpState, sink: FieldSink | null): void {
  const { bytes } = p,
    from = Math.min(to, offset + 4),
    text = textAt(bytes, from, to, MAX_TEXT);
  if (sink !== null) {
    if (!sink.wantsText) sink.add(f.request, offset, to - offset, false);
    sink.add(f.response, offset, to - offset, true);
    sink.open();
    sink.add(f.code, offset, 3, code);
    if (from < to) sink.add(f.responseArgument, from, to - from, text);
    sink.close();
  }
  // "220-" goes on.
  if (bytes[offset + 3] === 45) return;
  if (p.hears('ftp-reply'))
    p.emit({ kind: 'ftp-reply', frame: p.frame, code, text, command: state.command, user: state.attempt.user } satisfies FtpReplyMessage);
  if (code === 227) announce(p, state, 'PASV', text, from, to, sink);
  else if (code === 229) announce(p, state, 'EPSV', text, from, to, sink);
  else if (code === 234 && (state.command === 'AUTH' || state.command === null)) state.rest = handOver('tls');
  if (code === 230 || code === 232) loginAnswered(p, 'ftp', state.attempt, true);
  else if (code === 530 && state.command === null && LOGIN_FAILED.test(text)) loginRefused(p, 'ftp', state.attempt);
  else if (code === 530 || code === 421 || (state.command === 'PASS' && code >= 400)) loginAnswered(p, 'ftp', state.attempt, false);
}

/** `h1,h2,h3,h4,p1,p2` of PORT and 227; `|1|192.0.2.1|6275|` of EPRT; `(|||6446|)` of 229. */
function announce(
  p: Packet,
  state: FtpState,
  command: 'PORT' | 'EPRT' | 'PASV' | 'EPSV',
  text: string,
  from: number,
  to: number,
  sink: FieldSink | null,
): void {
  const passive = command === 'PASV' || command === 'EPSV';
  let address: string | null,
    port: number,
    number: number | null = null;
  if (command === 'PORT' || command === 'PASV') {
    const numbers = /(\d{1,3}),(\d{1,3}),(\d{1,3}),(\d{1,3}),(\d{1,3}),(\d{1,3})/.exec(text)?.slice(1).map(Number);
    if (numbers === undefined || numbers.some((number) => number > 255)) return;
    address = numbers.slice(0, 4).join('.');
    port = numbers[4]! * 256 + numbers[5]!;
    number = ((numbers[0]! << 24) | (numbers[1]! << 16) | (numbers[2]! << 8) | numbers[3]!) >>> 0;
    sink?.add(passive ? f.passiveIp : f.activeIp, from, to - from, number, address);
    sink?.add(passive ? f.passivePort : f.activePort, from, to - from, port);
  } else {
    const match = command === 'EPSV' ? /\((.)\1\1(\d{1,5})\1\)/.exec(text) : /^(.)[12]\1([0-9A-Fa-f.:]{2,45})\1(\d{1,5})\1/.exec(text);
    if (match === null) return;
    address = command === 'EPSV' ? null : match[2]!.includes(':') ? normaliseIpv6(match[2]!) : match[2]!;
    port = Number(command === 'EPSV' ? match[2] : match[3]);
    if (port > 65535) return;
    sink?.add(passive ? f.extendedPassivePort : f.extendedActivePort, from, to - from, port);
  }
  state.announced = { address, port };
  state.setup = p.ftpData.learn(p, number, port, command === 'EPSV' ? 'EPASV' : command);
  if (p.hears('ftp-data')) p.emit({ kind: 'ftp-data', frame: p.frame, passive, address, port } satisfies FtpDataMessage);
}

/** As our own reports write addresses; the text itself if it is none. */
function normaliseIpv6(text: string): string {
  const [head = '', tail] = text.toLowerCase().split('::'),
    words = (part: string): string[] => (part === '' ? [] : part.split(':'));
  const before = words(head),
    after = words(tail ?? ''),
    missing = 8 - before.length - after.length;
  if (text.includes('.') || missing < 0 || (tail === undefined && missing !== 0)) return text;
  const bytes = new Uint8Array(16);
  [...before, ...new Array<string>(missing).fill('0'), ...after].forEach((word, i) => {
    const value = parseInt(word, 16) & 0xffff;
    bytes[i * 2] = value >> 8;
    bytes[i * 2 + 1] = value & 255;
  });
  return formatIpv6(bytes, 0);
}
