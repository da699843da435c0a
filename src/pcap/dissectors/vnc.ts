/** VNC: the Remote Framebuffer protocol, RFC 6143, as far as its login. What follows is passed over. */
import { defineFields, messageKind, NEED_MORE, NOT_MINE, type Direction, type Dissector, type FieldSink, type Message } from '../dissector.ts';
import { dissectInner, finishInner, handOver, stepInner, type HandOver } from '../handOver.ts';
import { loginAnswered, newAttempt, secretSent, type LoginAttempt, type LoginMessage } from '../login.ts';
import type { Packet } from '../packet.ts';
import { matchPrefix, textAt } from '../text.ts';

const SECURITY: Readonly<Record<number, string>> = {
  0: 'Invalid',
  1: 'None',
  2: 'VNC',
  5: 'RA2',
  6: 'RA2ne',
  16: 'Tight',
  17: 'Ultra',
  18: 'TLS',
  19: 'VeNCrypt',
  20: 'GTK-VNC SASL',
  30: 'Apple Remote Desktop',
};

const f = defineFields({
  serverVersion: { name: 'vnc.server_proto_ver', label: 'Server protocol version', type: 'string' },
  clientVersion: { name: 'vnc.client_proto_ver', label: 'Client protocol version', type: 'string' },
  typeCount: { name: 'vnc.num_security_types', label: 'Number of security types', type: 'uint' },
  type: { name: 'vnc.security_type', label: 'Security type', type: 'uint', values: SECURITY },
  serverType: { name: 'vnc.server_security_type', label: 'Security type', type: 'uint', values: SECURITY },
  chosen: { name: 'vnc.client_security_type', label: 'Security type selected', type: 'uint', values: SECURITY },
  challenge: { name: 'vnc.auth_challenge', label: 'Authentication challenge', type: 'bytes' },
  response: { name: 'vnc.auth_response', label: 'Authentication response', type: 'bytes' },
  result: { name: 'vnc.auth_result', label: 'Authentication result', type: 'uint', values: { 0: 'OK', 1: 'Failed' } },
  error: { name: 'vnc.auth_error', label: 'Authentication error', type: 'string' },
});

/** The security type that both sides settled on, and whether the session came to be. */
export interface VncSecurityMessage extends Message {
  readonly kind: 'vnc-security';
  /** RFC 6143 section 7.1.2: 1 none, 2 VNC's challenge. */
  readonly security: number;
}
export const vncSecurityMessage = messageKind<VncSecurityMessage>('vnc-security');

const VERSION_BYTES = 12,
  CHALLENGE_BYTES = 16,
  NONE = 1,
  VNC = 2,
  KEEP_BYTES = 512,
  MAX_REASON = 4096;

type Phase = 'version' | 'types' | 'choice' | 'challenge' | 'response' | 'result' | 'reason' | 'session';

interface VncState {
  readonly attempt: LoginAttempt;
  server: -1 | Direction;
  /** 3, 7 or 8: the client's word counts. */
  minor: number;
  /** What comes next; both sides take turns until the session begins. */
  phase: Phase;
  security: number;
  rest: HandOver | null;
  readonly inner: [boolean, boolean];
  /** The server has said which version it speaks. */
  hasVersion: boolean;
}

export const vnc: Dissector = {
  id: 'vnc',
  name: 'Virtual Network Computing',
  fields: f,
  on: [{ table: 'tcp.port', value: 5900 }],
  application: true,
  stream: {
    /** `RFB 003.008\n` */
    recognise(bytes, offset, end) {
      const answer = matchPrefix(bytes, offset, end, 'RFB 00');
      if (answer !== 'yes') return answer;
      if (end - offset < VERSION_BYTES) return 'more';
      return /^RFB \d{3}\.\d{3}\n$/.test(textAt(bytes, offset, offset + VERSION_BYTES)) ? 'yes' : 'no';
    },
    open: (): VncState => ({
      attempt: newAttempt(),
      server: -1,
      minor: 0,
      phase: 'version',
      security: 0,
      rest: null,
      inner: [false, false],
      hasVersion: false,
    }),
    keepBytes: KEEP_BYTES,
    step: stepVnc,
    dissect: dissectVnc,
    finish: (direction, state: VncState) => state.inner[direction] && state.rest !== null && finishInner(direction, state.rest),
  },
};

function stepVnc(p: Packet, bytes: Uint8Array, offset: number, end: number, direction: Direction, state: VncState): number {
  state.inner[direction] = state.rest !== null;
  if (state.rest !== null) return stepInner(p, bytes, offset, end, direction, state.rest, 'vnc');
  p.pduComplete = true;
  if (state.server < 0) state.server = direction;
  const isServer = direction === state.server,
    left = end - offset,
    fixed = (length: number): number => (left < length ? NEED_MORE : length);
  switch (state.phase) {
    case 'version':
      // A server that has had enough says so at once, in the manner of version 3.3: no type, and why.
      if (isServer && state.hasVersion) return left < 8 ? NEED_MORE : 8 + Math.min(MAX_REASON, u32(bytes, offset + 4));
      return fixed(VERSION_BYTES);
    case 'types': {
      if (!isServer) return left;
      if (state.minor < 7) return fixed(4);
      const count = bytes[offset]!;
      // No type at all: the reason why.
      if (count > 0) return fixed(1 + count);
      return left < 5 ? NEED_MORE : Math.min(5 + MAX_REASON, 5 + u32(bytes, offset + 1));
    }
    case 'choice':
      return isServer ? left : 1;
    case 'challenge':
      return isServer ? fixed(CHALLENGE_BYTES) : left;
    case 'response':
      return isServer ? left : fixed(CHALLENGE_BYTES);
    case 'result':
      return isServer ? fixed(4) : left;
    case 'reason':
      return !isServer ? left : left < 4 ? NEED_MORE : Math.min(4 + MAX_REASON, 4 + u32(bytes, offset));
    case 'session':
      return left > 0 ? left : NOT_MINE;
  }
}

function u32(bytes: Uint8Array, at: number): number {
  return bytes[at]! * 2 ** 24 + (bytes[at + 1]! << 16) + (bytes[at + 2]! << 8) + bytes[at + 3]!;
}

function dissectVnc(p: Packet, offset: number, end: number, direction: Direction, state: VncState, sink: FieldSink | null): void {
  if (state.inner[direction]) {
    if (state.rest !== null) dissectInner(p, offset, end, direction, state.rest, sink);
    return;
  }
  const isServer = direction === state.server,
    { phase } = state;
  sink?.layer(vnc, offset, end - offset);
  if (phase === 'version') readVersion(p, offset, end, isServer, state, sink);
  else if (phase === 'types' && isServer) readTypes(p, offset, end, state, sink);
  else if (phase === 'choice' && !isServer) {
    sink?.add(f.chosen, offset, 1);
    sink?.info('VNC', 'Authentication type selected by client');
    choose(p, p.bytes[offset]!, state);
  } else if (phase === 'challenge' && isServer) {
    sink?.add(f.challenge, offset, end - offset);
    sink?.info('VNC', 'Authentication challenge from server');
    state.phase = 'response';
  } else if (phase === 'response' && !isServer) {
    sink?.add(f.response, offset, end - offset);
    sink?.info('VNC', 'Authentication response from client');
    state.phase = 'result';
    // DES of the challenge under the password's first eight letters: found by trying, not read.
    secretSent(p, 'vnc', state.attempt, 'VNC', false);
  } else if (phase === 'result' && isServer) {
    const isRefused = u32(p.bytes, offset) !== 0;
    sink?.add(f.result, offset, 4);
    sink?.info('VNC', 'Authentication result');
    loginAnswered(p, 'vnc', state.attempt, !isRefused);
    state.phase = !isRefused ? 'session' : state.minor >= 8 ? 'reason' : 'session';
  } else if (phase === 'reason' && isServer) {
    sink?.add(f.error, offset + 4, end - offset - 4);
    sink?.info('VNC', 'Authentication failure reason');
    state.phase = 'session';
  } else sink?.info('VNC', isServer ? 'Server data' : 'Client data');
}

function readVersion(p: Packet, offset: number, end: number, isServer: boolean, state: VncState, sink: FieldSink | null): void {
  if (isServer && state.hasVersion) {
    sink?.add(f.error, offset + 8, Math.max(0, end - offset - 8));
    sink?.info('VNC', 'Server refuses the connection');
    sayLockedOut(p, offset + 8, end);
    state.phase = 'session';
    return;
  }
  if (isServer) state.hasVersion = true;
  const version = textAt(p.bytes, offset + 4, end - 1);
  sink?.add(isServer ? f.serverVersion : f.clientVersion, offset + 4, end - offset - 5);
  sink?.info('VNC', `${isServer ? 'Server' : 'Client'} protocol version: ${version}`);
  if (isServer) return;
  const minor = Number(version.slice(4));
  state.minor = minor >= 8 ? 8 : minor === 7 ? 7 : 3;
  state.phase = 'types';
}

/** "Too many security failures" (RealVNC, TigerVNC), "Too many authentication failures" (others): who is locked out was refused before. */
function sayLockedOut(p: Packet, from: number, to: number): void {
  if (!p.hears('login') || !/too many .*fail/i.test(textAt(p.bytes, from, to))) return;
  p.emit({
    kind: 'login',
    frame: p.frame,
    protocol: 'vnc',
    user: null,
    mechanism: 'VNC',
    secretInClear: false,
    result: 'rejected',
    attemptFrame: p.frame,
  } satisfies LoginMessage);
}

function readTypes(p: Packet, offset: number, end: number, state: VncState, sink: FieldSink | null): void {
  const { bytes } = p;
  sink?.info('VNC', 'Security types supported');
  if (state.minor < 7) {
    sink?.add(f.serverType, offset, 4);
    return choose(p, u32(bytes, offset), state);
  }
  const count = bytes[offset]!;
  sink?.add(f.typeCount, offset, 1);
  if (sink !== null && count > 0) for (let at = offset + 1; at < Math.min(end, offset + 1 + count); at++) sink.add(f.type, at, 1);
  if (count === 0) sayLockedOut(p, offset + 5, end);
  state.phase = count === 0 ? 'session' : 'choice';
}

function choose(p: Packet, security: number, state: VncState): void {
  state.security = security;
  if (p.hears('vnc-security')) p.emit({ kind: 'vnc-security', frame: p.frame, security } satisfies VncSecurityMessage);
  if (security === VNC) state.phase = 'challenge';
  else if (security === NONE) state.phase = state.minor >= 8 ? 'result' : 'session';
  // VeNCrypt settles more in clear before its TLS; ciphertext says nothing in any case.
  else if (security === 18) state.rest = handOver('tls');
  else state.phase = 'session';
}
