/** NTLM, [MS-NLMP] section 2.2.1: the tokens that SMB, RPC, LDAP and (in base 64) HTTP carry, bare or inside SPNEGO. The response itself is measured, never kept. */
import { defineFields, messageKind, type Dissector, type FieldSink, type Message } from '../dissector.ts';
import { enterInside } from '../handOver.ts';
import type { Packet } from '../packet.ts';
import { textAt, utf16At } from '../text.ts';

const TYPES: Readonly<Record<number, string>> = { 1: 'NTLMSSP_NEGOTIATE', 2: 'NTLMSSP_CHALLENGE', 3: 'NTLMSSP_AUTH' };

const f = defineFields({
  type: { name: 'ntlmssp.messagetype', label: 'NTLM Message Type', type: 'uint', base: 'hex', values: TYPES },
  flags: { name: 'ntlmssp.negotiateflags', label: 'Negotiate Flags', type: 'uint', base: 'hex' },
  target: { name: 'ntlmssp.challenge.target_name', label: 'Target Name', type: 'string' },
  domain: { name: 'ntlmssp.auth.domain', label: 'Domain name', type: 'string' },
  user: { name: 'ntlmssp.auth.username', label: 'User name', type: 'string' },
  host: { name: 'ntlmssp.auth.hostname', label: 'Host name', type: 'string' },
});

/** An AUTHENTICATE message: somebody proves a password, and who hears it can try passwords against it. */
export interface NtlmMessage extends Message {
  readonly kind: 'ntlm';
  /** Protocol that carries it: `smb`, `smb2`, `dcerpc`, `ldap`, `http`. */
  readonly carrier: string;
  readonly domain: string;
  readonly user: string;
  readonly workstation: string;
  /** 1 also for its variant with session security; 0 where no response is sent, as for anonymous users. */
  readonly version: 0 | 1 | 2;
  /** NTLMv1 that mixes in a challenge of the client (NTLM2 session response): no ready-made tables, still DES. */
  readonly sessionSecurity: boolean;
}
export const ntlmMessage = messageKind<NtlmMessage>('ntlm');

/** A CHALLENGE message: eight bytes that a server makes up for one log-on, so that nobody can answer twice with the same response. */
export interface NtlmChallengeMessage extends Message {
  readonly kind: 'ntlm-challenge';
  readonly carrier: string;
  /** Sixteen hexadecimal digits. */
  readonly challenge: string;
}
export const ntlmChallengeMessage = messageKind<NtlmChallengeMessage>('ntlm-challenge');

export const ntlmssp: Dissector = { id: 'ntlmssp', name: 'NTLM Secure Service Provider', fields: f, on: [] };

const SIGNATURE = [0x4e, 0x54, 0x4c, 0x4d, 0x53, 0x53, 0x50, 0],
  UNICODE = 1,
  EXTENDED_SECURITY = 0x80000,
  V1_BYTES = 24,
  CHALLENGE_BYTES = 32,
  AUTHENTICATE_BYTES = 64;

/** Who logs in: `DOMAIN\user`, and whether a response was sent. */
export interface NtlmLogin {
  readonly user: string | null;
  readonly version: 0 | 1 | 2;
}

/** Reads the first token in `[from, to)`, and tells who authenticates; null where nobody does. */
export function readNtlm(p: Packet, from: number, to: number, carrier: string, sink: FieldSink | null): NtlmLogin | null {
  const { bytes, view } = p,
    at = findToken(bytes, from, to);
  if (at < 0 || to - at < 16) return null;
  enterInside(p, ntlmssp.id);
  const type = view.getUint32(at + 8, true);
  if (sink !== null) {
    sink.layer(ntlmssp, at, to - at);
    sink.add(f.type, at + 8, 4, type);
  }
  if (type === 2 && to - at >= CHALLENGE_BYTES) {
    sayChallenge(p, p, at, carrier);
    const flags = view.getUint32(at + 20, true);
    if (sink === null) return null;
    sink.add(f.target, at + 12, 8, valueAt(p, at, to, at + 12, (flags & UNICODE) !== 0));
    sink.add(f.flags, at + 20, 4, flags);
  } else if (type === 1) sink?.add(f.flags, at + 12, 4, view.getUint32(at + 12, true));
  if (type !== 3 || to - at < AUTHENTICATE_BYTES) return null;
  if (sink !== null) {
    const flags = view.getUint32(at + 60, true);
    for (const [offset, field] of [
      [28, f.domain],
      [36, f.user],
      [44, f.host],
    ] as const) {
      // Nothing is called NULL, as in Wireshark.
      sink.add(field, at + offset, 8, valueAt(p, at, to, at + offset, (flags & UNICODE) !== 0) || 'NULL');
    }
    sink.add(f.flags, at + 60, 4, flags);
  }
  return sayAuthenticate(p, p, at, to, carrier);
}

/** `readNtlm` of a token that stood in base 64: HTTP, RFC 4559 and [MS-NTHT]. Nothing of it can be shown as fields of the frame. */
export function readNtlmToken(p: Packet, bytes: Uint8Array, carrier: string): NtlmLogin | null {
  const token = { bytes, view: new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength) },
    at = findToken(bytes, 0, bytes.length);
  if (at >= 0 && bytes.length - at >= CHALLENGE_BYTES && token.view.getUint32(at + 8, true) === 2) sayChallenge(p, token, at, carrier);
  if (at < 0 || bytes.length - at < AUTHENTICATE_BYTES || token.view.getUint32(at + 8, true) !== 3) return null;
  return sayAuthenticate(p, token, at, bytes.length, carrier);
}

type Bytes = Pick<Packet, 'bytes' | 'view'>;

/** A CHALLENGE message at `at`; its eight bytes stand behind the target's name and the flags. */
function sayChallenge(p: Packet, { view }: Bytes, at: number, carrier: string): void {
  if (!p.hears('ntlm-challenge')) return;
  const half = (from: number): string => view.getUint32(from).toString(16).padStart(8, '0');
  p.emit({ kind: 'ntlm-challenge', frame: p.frame, carrier, challenge: half(at + 24) + half(at + 28) } satisfies NtlmChallengeMessage);
}

/** An AUTHENTICATE message in `[at, to)`. */
function sayAuthenticate(p: Packet, token: Bytes, at: number, to: number, carrier: string): NtlmLogin {
  const { view } = token,
    flags = view.getUint32(at + 60, true),
    isUnicode = (flags & UNICODE) !== 0;
  const domain = valueAt(token, at, to, at + 28, isUnicode),
    user = valueAt(token, at, to, at + 36, isUnicode),
    workstation = valueAt(token, at, to, at + 44, isUnicode);
  const lmBytes = view.getUint16(at + 12, true),
    bytesOfResponse = view.getUint16(at + 20, true),
    version = bytesOfResponse > V1_BYTES ? 2 : bytesOfResponse === V1_BYTES || (bytesOfResponse === 0 && lmBytes === V1_BYTES) ? 1 : 0;
  if (p.hears('ntlm'))
    p.emit({
      kind: 'ntlm',
      frame: p.frame,
      carrier,
      domain,
      user,
      workstation,
      version,
      sessionSecurity: version === 1 && (flags & EXTENDED_SECURITY) !== 0,
    } satisfies NtlmMessage);
  return { user: user === '' ? null : domain === '' ? user : `${domain}\\${user}`, version };
}

function findToken(bytes: Uint8Array, from: number, to: number): number {
  for (let at = from; at + SIGNATURE.length <= to; at++) {
    if (bytes[at] === SIGNATURE[0] && SIGNATURE.every((byte, i) => bytes[at + i] === byte)) return at;
  }
  return -1;
}

/** Text that a length and an offset from the token's start point at; empty where they lead outside. */
function valueAt(p: Bytes, start: number, to: number, at: number, isUnicode: boolean): string {
  const length = p.view.getUint16(at, true),
    from = start + p.view.getUint32(at + 4, true);
  if (from + length > to) return '';
  return isUnicode ? utf16At(p.bytes, from, from + length, 512) : textAt(p.bytes, from, from + length, 256);
}
