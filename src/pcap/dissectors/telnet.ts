/** Telnet, RFC 854: option negotiation and text. Logins are told by the prompts of the server. */
import { defineFields, messageKind, type Direction, type Dissector, type FieldSink, type Message } from '../dissector.ts';
import { loginAnswered, newAttempt, secretSent, type LoginAttempt } from '../login.ts';
import type { Packet } from '../packet.ts';
import { fromServer } from '../roles.ts';
import { textAt } from '../text.ts';

const COMMANDS: Readonly<Record<number, string>> = {
  240: 'Suboption End',
  241: 'No Operation',
  242: 'Data Mark',
  243: 'Break',
  244: 'Interrupt Process',
  245: 'Abort Output',
  246: 'Are You There?',
  247: 'Erase Character',
  248: 'Erase Line',
  249: 'Go Ahead',
  250: 'Suboption',
  251: 'Will',
  252: "Won't",
  253: 'Do',
  254: "Don't",
};
const OPTIONS: Readonly<Record<number, string>> = {
  0: 'Binary Transmission',
  1: 'Echo',
  3: 'Suppress Go Ahead',
  5: 'Status',
  6: 'Timing Mark',
  24: 'Terminal Type',
  31: 'Negotiate About Window Size',
  32: 'Terminal Speed',
  33: 'Remote Flow Control',
  34: 'Linemode',
  35: 'X Display Location',
  36: 'Environment Option',
  37: 'Authentication Option',
  38: 'Encryption Option',
  39: 'New Environment Option',
};

const f = defineFields({
  command: { name: 'telnet.cmd', label: 'Command', type: 'uint', values: COMMANDS },
  option: { name: 'telnet.subcmd', label: 'Subcommand', type: 'uint', values: OPTIONS },
  data: { name: 'telnet.data', label: 'Data', type: 'string' },
});

/** A line the client typed; never the answer to a password prompt. */
export interface TelnetLineMessage extends Message {
  readonly kind: 'telnet-line';
  readonly text: string;
}
export const telnetLineMessage = messageKind<TelnetLineMessage>('telnet-line');

const PORT = 23,
  IAC = 255,
  SUBOPTION = 250,
  SUBOPTION_END = 240;
const MAX_LINE = 256;

/** Where one direction is in its bytes: text, behind IAC, behind a verb, in a suboption, behind IAC in one, where one begins. */
const TEXT = 0,
  COMMAND = 1,
  OPTION = 2,
  INSIDE = 3,
  INSIDE_COMMAND = 4,
  SUBOPTION_NAME = 5;

interface TelnetState {
  readonly phase: [number, number];
  readonly attempt: LoginAttempt;
  /** What the server wrote since its last line break, and whether a verdict was looked for since the secret. */
  serverLine: string;
  clientLine: string;
  /** The server's line when the client began to type. */
  prompt: string;
}

export const telnet: Dissector = {
  id: 'telnet',
  name: 'Telnet',
  fields: f,
  on: [{ table: 'tcp.port', value: PORT }],
  application: true,
  stream: {
    recognise(bytes, offset, end, _direction, sourcePort, destinationPort, isBeginning) {
      if (end === offset) return 'more';
      // It may begin with any text, so that on its port it is what is left when no other protocol's marks are there.
      if (sourcePort === PORT || destinationPort === PORT) return isBeginning === true && bytes[offset] !== IAC ? 'likely' : 'yes';
      if (bytes[offset] !== IAC) return 'no';
      if (end - offset < 3) return 'more';
      // Elsewhere: IAC, a verb, an option that exists.
      return bytes[offset + 1]! > SUBOPTION && bytes[offset + 1]! < IAC && OPTIONS[bytes[offset + 2]!] !== undefined ? 'yes' : 'no';
    },
    open: (): TelnetState => ({ phase: [TEXT, TEXT], attempt: newAttempt(), serverLine: '', clientLine: '', prompt: '' }),
    keepBytes: 4096,
    // Every segment is shown as it comes; what spans segments is in the state.
    step(p, _bytes, offset, end) {
      p.pduComplete = true;
      return end - offset;
    },
    // The login under way goes on behind what was cut.
    cut: () => false,
    dissect: dissectTelnet,
  },
};

function dissectTelnet(p: Packet, offset: number, end: number, direction: Direction, state: TelnetState, sink: FieldSink | null): void {
  const { bytes } = p,
    server = fromServer(p, direction, PORT),
    { phase } = state;
  if (sink !== null) {
    sink.layer(telnet, offset, end - offset);
    sink.info('TELNET', 'Telnet Data ...');
  }
  let textStart = -1;
  for (let at = offset; at < end; at++) {
    const byte = bytes[at]!;
    if (phase[direction] === TEXT) {
      if (byte !== IAC) {
        if (textStart < 0) textStart = at;
        if (server) serverCharacter(p, byte, state);
        else clientCharacter(p, byte, state);
        if (byte === 10) textStart = showText(p, textStart, at + 1, sink);
        continue;
      }
      textStart = showText(p, textStart, at, sink);
      phase[direction] = COMMAND;
    } else phase[direction] = command(byte, at, phase[direction], sink);
  }
  showText(p, textStart, end, sink);
}

/** Takes a byte outside of text; returns the phase behind it. */
function command(byte: number, at: number, phase: number, sink: FieldSink | null): number {
  switch (phase) {
    case COMMAND:
      // A doubled IAC is a character of text that no prompt holds.
      if (byte === IAC) return TEXT;
      sink?.add(f.command, at, 1, byte);
      return byte === SUBOPTION ? SUBOPTION_NAME : byte > SUBOPTION && byte < IAC ? OPTION : TEXT;
    case OPTION:
      sink?.add(f.option, at, 1, byte);
      return TEXT;
    case SUBOPTION_NAME:
      if (byte === IAC) return INSIDE_COMMAND;
      sink?.add(f.option, at, 1, byte);
      return INSIDE;
    case INSIDE:
      return byte === IAC ? INSIDE_COMMAND : INSIDE;
    default:
      if (byte !== SUBOPTION_END) return INSIDE;
      sink?.add(f.command, at, 1, byte);
      return TEXT;
  }
}

function showText(p: Packet, from: number, to: number, sink: FieldSink | null): number {
  if (sink !== null && from >= 0 && from < to) sink.add(f.data, from, to - from, textAt(p.bytes, from, to));
  return -1;
}

const USER_PROMPT = /(?:login|user ?name|user|account)\s*:/i,
  SECRET_PROMPT = /(?:password|passcode|passwd|pin)\b[^:]*:/i;
const REFUSED = /incorrect|fail|denied|invalid|bad |wrong/i,
  // A percent sign is a prompt behind the name of a host; Cisco's complaints begin with one (% Bad passwords, % Login invalid).
  WELCOME = /last login|welcome|[$#>] ?$|\S% ?$/i;

function serverCharacter(p: Packet, byte: number, state: TelnetState): void {
  if (byte === 13 || byte === 0) return;
  if (byte !== 10 && state.serverLine.length < MAX_LINE) state.serverLine += String.fromCharCode(byte);
  const { attempt, serverLine } = state;
  if (attempt.frame > 0) {
    // Who is asked once more was refused: for the name, or, where there is none (Cisco's lines), for the password alone.
    if (
      REFUSED.test(serverLine) ||
      (byte === 58 && (SECRET_PROMPT.test(serverLine) || (USER_PROMPT.test(serverLine) && !/last login:/i.test(serverLine))))
    )
      loginAnswered(p, 'telnet', attempt, false);
    else if (WELCOME.test(serverLine)) loginAnswered(p, 'telnet', attempt, true);
  }
  if (byte === 10) state.serverLine = '';
}

function clientCharacter(p: Packet, byte: number, state: TelnetState): void {
  if (byte === 0) return;
  if (byte !== 13 && byte !== 10) {
    if (state.clientLine === '') state.prompt = state.serverLine;
    // Backspace and delete take back.
    if (byte === 8 || byte === 127) state.clientLine = state.clientLine.slice(0, -1);
    else if (state.clientLine.length < MAX_LINE) state.clientLine += String.fromCharCode(byte);
    return;
  }
  const line = state.clientLine,
    { prompt } = state;
  state.clientLine = '';
  if (line === '') return;
  // The server's echo of a line break ends its line; some echo nothing.
  state.serverLine = '';
  if (SECRET_PROMPT.test(prompt)) {
    secretSent(p, 'telnet', state.attempt, 'login', true, line);
    return;
  }
  if (USER_PROMPT.test(prompt)) state.attempt.user = line;
  if (p.hears('telnet-line')) p.emit({ kind: 'telnet-line', frame: p.frame, text: line } satisfies TelnetLineMessage);
}
