/** TLS ClientHello and ServerHello, RFC 8446 section 4.1; SNI from RFC 6066 section 3, ALPN from RFC 7301. Pure: also for QUIC and DTLS. */
import { knownText, textAt } from '../text.ts';
import { Reader } from './reader.ts';

/** What carries a hello, as JA4 writes it: TLS over TCP, QUIC, DTLS. */
export type Transport = 't' | 'q' | 'd';

export interface ClientHello {
  /** As in the hello's own field: 0x0303 for TLS 1.2 and 1.3. */
  readonly legacyVersion: number;
  /** In the order sent, GREASE included; 24-bit numbers where an SSLv2 hello offers SSLv2 kinds. */
  readonly suites: readonly number[];
  readonly extensions: readonly number[];
  readonly sni: string | null;
  readonly alpn: readonly string[];
  /** Bytes of the first ALPN name, as JA4 looks at them; null without. */
  readonly firstAlpn: Uint8Array | null;
  /** From supported_versions; empty below TLS 1.3. */
  readonly versions: readonly number[];
  readonly groups: readonly number[];
  readonly pointFormats: readonly number[];
  readonly signatureAlgorithms: readonly number[];
  readonly sessionIdLength: number;
  /** The hello is shorter than its lengths say. */
  readonly short: boolean;
}

export interface ServerHello {
  readonly legacyVersion: number;
  /** The version in force: supported_versions where given. */
  readonly version: number;
  readonly suite: number;
  readonly extensions: readonly number[];
  readonly alpn: string | null;
  readonly helloRetryRequest: boolean;
  readonly short: boolean;
}

/** No real hello comes near; an attacker's may hold 32,767. */
const MAX_LIST = 1024;
const MAX_ALPN = 32;

export const EXTENSION = {
  serverName: 0,
  supportedGroups: 10,
  pointFormats: 11,
  signatureAlgorithms: 13,
  useSrtp: 14,
  alpn: 16,
  supportedVersions: 43,
  connectionId: 54,
} as const;

/** Reserved values that clients sprinkle in, RFC 8701: 0x0a0a, 0x1a1a ... 0xfafa. */
export function isGrease(value: number): boolean {
  return (value & 0x0f0f) === 0x0a0a && value >> 8 === (value & 0xff);
}

/** Reads the body of a ClientHello, `[offset, end)` behind the handshake header; that of DTLS has a cookie (RFC 6347 section 4.2.1). */
export function parseClientHello(bytes: Uint8Array, offset: number, end: number, hasCookie = false): ClientHello {
  const r = new Reader(bytes, offset, end);
  const legacyVersion = r.u16();
  r.skip(32);
  const sessionIdLength = r.u8();
  r.skip(sessionIdLength);
  if (hasCookie) r.skip(r.u8());
  const suites = numbers(r.take(r.u16()), 2);
  r.skip(r.u8());
  const hello = {
    legacyVersion,
    suites,
    extensions: [] as number[],
    sni: null as string | null,
    alpn: [] as string[],
    firstAlpn: null as Uint8Array | null,
    versions: [] as number[],
    groups: [] as number[],
    pointFormats: [] as number[],
    signatureAlgorithms: [] as number[],
    sessionIdLength,
    short: false,
  };
  eachExtension(r, (type, body) => {
    hello.extensions.push(type);
    if (type === EXTENSION.serverName) hello.sni ??= readServerName(body);
    else if (type === EXTENSION.supportedGroups) hello.groups = numbers(body.take(body.u16()), 2);
    else if (type === EXTENSION.pointFormats) hello.pointFormats = numbers(body.take(body.u8()), 1);
    else if (type === EXTENSION.signatureAlgorithms) hello.signatureAlgorithms = numbers(body.take(body.u16()), 2);
    else if (type === EXTENSION.supportedVersions) hello.versions = numbers(body.take(body.u8()), 2);
    else if (type === EXTENSION.alpn) {
      const list = body.take(body.u16());
      while (list.left > 0 && hello.alpn.length < MAX_ALPN) {
        const name = list.take(list.u8());
        hello.firstAlpn ??= bytes.slice(name.at, name.end);
        hello.alpn.push(textAt(bytes, name.at, name.end, 255));
      }
    }
  });
  hello.short = r.short;
  return hello;
}

/** Reads an SSLv2 ClientHello, `[offset, end)` behind the two bytes of length; RFC 6101 appendix E.1. */
export function parseSsl2ClientHello(bytes: Uint8Array, offset: number, end: number): ClientHello {
  const r = new Reader(bytes, offset + 1, end),
    legacyVersion = r.u16(),
    specLength = r.u16(),
    sessionIdLength = r.u16();
  r.skip(2);
  const suites = numbers(r.take(specLength), 3);
  return {
    legacyVersion,
    suites,
    extensions: [],
    sni: null,
    alpn: [],
    firstAlpn: null,
    versions: [],
    groups: [],
    pointFormats: [],
    signatureAlgorithms: [],
    sessionIdLength,
    short: r.short,
  };
}

/** Sent as the random of a ServerHello that is a HelloRetryRequest: SHA-256 of that name (RFC 8446 section 4.1.3), its first word. */
const RETRY_RANDOM = 0xcf21ad74;

/** Reads the body of a ServerHello, `[offset, end)` behind the handshake header. */
export function parseServerHello(bytes: Uint8Array, offset: number, end: number): ServerHello {
  const r = new Reader(bytes, offset, end);
  const legacyVersion = r.u16(),
    random = r.u32();
  r.skip(28);
  r.skip(r.u8());
  const suite = r.u16();
  r.skip(1);
  let version = legacyVersion,
    alpn: string | null = null;
  const extensions: number[] = [];
  eachExtension(r, (type, body) => {
    extensions.push(type);
    if (type === EXTENSION.supportedVersions) version = body.u16();
    else if (type === EXTENSION.alpn) {
      const list = body.take(body.u16()),
        name = list.take(list.u8());
      alpn = textAt(bytes, name.at, name.end, 255);
    }
  });
  return { legacyVersion, version, suite, extensions, alpn, helloRetryRequest: random === RETRY_RANDOM, short: r.short };
}

/** The newest of these versions, GREASE aside; 0 of none. The numbers of DTLS count down. */
export function newestVersion(versions: readonly number[]): number {
  return versions.reduce((newest, version) => (isGrease(version) || (newest !== 0 && ageOf(version) >= ageOf(newest)) ? newest : version), 0);
}

const FIRST_OF_DTLS = 0xfe00;

function ageOf(version: number): number {
  return version >= FIRST_OF_DTLS ? version - 0x10000 : -version;
}

/** Walks the extensions that follow, if any do. */
export function eachExtension(r: Reader, visit: (type: number, body: Reader) => void): void {
  // None at all is how SSL 3 ends.
  if (r.left === 0) return;
  const list = r.take(r.u16());
  for (let count = 0; list.left >= 4 && count < MAX_LIST; count++) {
    const type = list.u16();
    visit(type, list.take(list.u16()));
  }
}

export function readServerName(body: Reader): string | null {
  const list = body.take(body.u16());
  while (list.left >= 3) {
    const type = list.u8(),
      name = list.take(list.u16());
    if (type === 0) return knownText(name.bytes, name.at, name.end, 255);
  }
  return null;
}

function numbers(list: Reader, width: 1 | 2 | 3): number[] {
  const values: number[] = [];
  while (list.left >= width && values.length < MAX_LIST) values.push(width === 1 ? list.u8() : width === 2 ? list.u16() : list.u24());
  return values;
}

const MAX_SERVER_NAME = 255;

/** The host name of a ClientHello's server_name extension (RFC 6066 section 3) without reading the rest; null if it has none. */
export function serverNameOf(bytes: Uint8Array, body: number, end: number): string | null {
  const u16 = (at: number): number => bytes[at]! * 256 + bytes[at + 1]!;
  // Version and random, session id, suites, compression methods.
  let at = body + 34;
  if (at >= end) return null;
  at += 1 + bytes[at]!;
  if (at + 2 > end) return null;
  at += 2 + u16(at);
  if (at >= end) return null;
  at += 1 + bytes[at]!;
  if (at + 2 > end) return null;
  const extensionsEnd = Math.min(end, at + 2 + u16(at));
  for (at += 2; at + 4 <= extensionsEnd; at += 4 + u16(at + 2)) {
    if (u16(at) !== 0) continue;
    const nameLength = at + 9 <= extensionsEnd && bytes[at + 6] === 0 ? u16(at + 7) : 0;
    return nameLength > 0 && at + 9 + nameLength <= extensionsEnd ? knownText(bytes, at + 9, at + 9 + Math.min(nameLength, MAX_SERVER_NAME)) : null;
  }
  return null;
}

/** The protocols that the body of EncryptedExtensions names: the one that the server took. */
export function alpnOf(bytes: Uint8Array, body: number, end: number): readonly string[] {
  const names: string[] = [];
  eachExtension(new Reader(bytes, body, end), (type, content) => {
    if (type !== EXTENSION.alpn || names.length > 0) return;
    const list = content.take(content.u16()),
      name = list.take(list.u8());
    names.push(textAt(bytes, name.at, name.end, 255));
  });
  return names;
}

/**
 * Bytes of the connection id that the sender of a hello of DTLS wants in what it receives (RFC 9146 section 3); -1 where it does not say. `[body, end)` is what
 * follows the handshake header.
 */
export function connectionIdLengthOf(bytes: Uint8Array, body: number, end: number, isClient: boolean): number {
  const r = new Reader(bytes, body, end);
  r.skip(34);
  r.skip(r.u8());
  if (isClient) {
    r.skip(r.u8());
    r.skip(r.u16());
    r.skip(r.u8());
  } else r.skip(3);
  let length = -1;
  eachExtension(r, (type, content) => {
    if (type === EXTENSION.connectionId) length = content.u8();
  });
  return length;
}
