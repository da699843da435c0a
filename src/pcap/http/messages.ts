/** What HTTP says, as detectors and statistics consume it. Secrets stay behind: only who, by which scheme, and that there was one. */
import { messageKind, type Message } from '../dissector.ts';
import type { Packet } from '../packet.ts';
import { gunzipStart } from '../platform.ts';
import { secretTag } from '../secretTag.ts';
import { decodeBase64, findByte, MAX_TEXT, startsWithWord, textAt } from '../text.ts';
import type { Header } from './headerLines.ts';
import { isKeyLine, nextHeader, type HeaderLine } from './headers.ts';

export interface HttpCredentials {
  /** `Basic`, `Digest`, `Bearer`, `NTLM` ..., `key` for a header that holds one, or `form` for a posted login form. */
  readonly scheme: string;
  readonly user: string | null;
  readonly passwordPresent: boolean;
  /**
   * Of a form and of Basic: `secretTag`, for counting different passwords. Absent of what has blanks or is long in a form: that is text, or an attack on the form itself.
   */
  readonly passwordTag?: number;
  /** Of a form: it was JSON, as programs send it too. */
  readonly isJson?: true;
}

/** Where a message lies in `bytes`: its header lines `[headFrom, headTo)`, and `[bodyFrom, bodyTo)`, what was kept of a body, at least its first `MAX_BODY_START` bytes. */
export interface MessagePlace {
  readonly bytes: Uint8Array;
  readonly headFrom: number;
  readonly headTo: number;
  readonly bodyFrom: number;
  readonly bodyTo: number;
  /** End of what was kept of the message; a body in chunks has more than one up to there. */
  readonly end?: number;
  readonly isChunked?: boolean;
  /** Of HTTP/1, the second word of the start line: a request's target. */
  readonly second?: number;
  readonly secondEnd?: number;
}

interface HttpMessage extends Message {
  /** `1.1`, `2` */
  readonly version: string;
  /** Of HTTP/2: the stream that a request shares with its response, as several are under way at once, and begin in one frame. */
  readonly stream?: number;
  readonly contentType: string | null;
  readonly contentEncoding: string | null;
  /** Bytes of the body without chunk lines, as transferred. */
  readonly bodyLength: number;
  /** The body's first bytes, one character each; of a login form without the values of its passwords. */
  readonly bodyStart: string;
  /** Where it lies while it is being told: for a look before texts are made of it. Absent from messages that were made by hand. */
  readonly place?: MessagePlace;
  /** Of a body that looks like a program (`looksLikeProgram`) and was seen whole; else null. */
  readonly bodySha256: string | null;
  /** The first 64 header lines; values of credentials and cookies are empty. */
  readonly headers: readonly Header[];
}

export interface HttpRequestMessage extends HttpMessage {
  readonly kind: 'http-request';
  readonly method: string;
  /** The request target as sent, at most 8,192 bytes. */
  readonly uri: string;
  /** Where the address is among those met lately (`UriJudge`), -1 for one that is not kept; not there in messages that are made elsewhere. */
  readonly uriPlace?: number;
  readonly host: string | null;
  readonly userAgent: string | null;
  readonly referer: string | null;
  readonly credentials: HttpCredentials | null;
}
export const httpRequestMessage = messageKind<HttpRequestMessage>('http-request');

export interface HttpResponseMessage extends HttpMessage {
  readonly kind: 'http-response';
  readonly status: number;
  readonly phrase: string;
  readonly server: string | null;
  readonly location: string | null;
  /** Scheme of WWW-Authenticate. */
  readonly authenticate: string | null;
  /** The request it answers; frame 0 and null where that was not seen. */
  readonly requestFrame: number;
  readonly method: string | null;
  readonly uri: string | null;
  readonly host: string | null;
}
export const httpResponseMessage = messageKind<HttpResponseMessage>('http-response');

/** Whoever asked breaks off the stream of the question: RST_STREAM, RFC 9113 section 6.4. */
export interface HttpCancelMessage extends Message {
  readonly kind: 'http-cancel';
  /** The response had begun. */
  readonly isAnswered: boolean;
  /** Since the question, NaN without times. */
  readonly seconds: number;
}
export const httpCancelMessage = messageKind<HttpCancelMessage>('http-cancel');

/** Somebody logs in over HTTP: made for such requests only, so that watching for them does not cost a look at every head. */
export interface HttpCredentialsMessage extends Message, HttpCredentials {
  readonly kind: 'http-credentials';
  readonly host: string | null;
}
export const httpCredentialsMessage = messageKind<HttpCredentialsMessage>('http-credentials');

/** What a request and its response have in common within their connection. */
export function exchangeOf(message: HttpRequestMessage | HttpResponseMessage): string {
  return `${message.kind === 'http-request' ? message.frame : message.requestFrame} ${message.stream ?? 0}`;
}

export const MAX_URI = 8192;
/** Longest token of an Authorization header that is decoded; one of NTLM has hundreds of bytes. */
const MAX_TOKEN = 4096;
/** What is shorter guards nothing. */
const SHORTEST_KEY = 8;
/** How much of a body a message holds. */
export const MAX_BODY_START = 512;
/** How far a posted form is searched for a login. */
export const MAX_FORM = 4096;

/** The first value of a header, `name` in lower case. */
export function headerValue(headers: readonly Header[], name: string): string | null {
  for (const header of headers) if ((header[2] ?? header[0].toLowerCase()) === name) return header[1];
  return null;
}

/** Who logs in by the Authorization or Proxy-Authorization header of a head. */
export function readAuthorization(bytes: Uint8Array, offset: number, end: number): HttpCredentials | null {
  const line: HeaderLine = { name: 0, nameEnd: 0, value: 0, valueEnd: 0, after: 0 };
  for (let at = offset; nextHeader(bytes, at, end, line); at = line.after) {
    if (!startsWithWord(bytes, line.name, line.nameEnd, 'AUTHORIZATION') && !startsWithWord(bytes, line.name, line.nameEnd, 'PROXY-AUTHORIZATION'))
      continue;
    const schemeEnd = findByte(bytes, 32, line.value, line.valueEnd),
      scheme = textAt(bytes, line.value, schemeEnd, 32);
    const value = textAt(bytes, schemeEnd, line.valueEnd).trim();
    switch (scheme.toLowerCase()) {
      case 'basic': {
        const [user, password] = splitBasic(value);
        return { scheme, user, passwordPresent: password !== '', ...(password === '' ? {} : { passwordTag: secretTag(password) }) };
      }
      case 'digest':
        return { scheme, user: /username="([^"]*)"/i.exec(value)?.[1] ?? null, passwordPresent: value !== '' };
      default:
        return { scheme, user: null, passwordPresent: value !== '' };
    }
  }
  return null;
}

/** The key by which a program logs in, in a header of its own (`KEY_HEADERS`). */
export function readKey(bytes: Uint8Array, offset: number, end: number): HttpCredentials | null {
  const line: HeaderLine = { name: 0, nameEnd: 0, value: 0, valueEnd: 0, after: 0 };
  for (let at = offset; nextHeader(bytes, at, end, line); at = line.after)
    if (line.valueEnd - line.value >= SHORTEST_KEY && isKeyLine(bytes, at, end)) return { scheme: 'key', user: null, passwordPresent: true };
  return null;
}

const TOKEN_HEADERS = ['AUTHORIZATION', 'PROXY-AUTHORIZATION', 'WWW-AUTHENTICATE', 'PROXY-AUTHENTICATE'];

/** The token that a head logs in with, or asks for a login with, decoded from base 64; empty without. */
export function authorizationToken(bytes: Uint8Array, offset: number, end: number): Uint8Array {
  const line: HeaderLine = { name: 0, nameEnd: 0, value: 0, valueEnd: 0, after: 0 };
  for (let at = offset; nextHeader(bytes, at, end, line); at = line.after) {
    if (!TOKEN_HEADERS.some((header) => startsWithWord(bytes, line.name, line.nameEnd, header))) continue;
    const token = textAt(bytes, findByte(bytes, 32, line.value, line.valueEnd), line.valueEnd, MAX_TOKEN).trim();
    // Servers name schemes without a token, too.
    if (token !== '') return decodeBase64(token, MAX_TOKEN);
  }
  return new Uint8Array(0);
}

/** User and password of Basic credentials, RFC 7617. */
export function splitBasic(value: string): [user: string, password: string] {
  const decoded = decodeBase64(value),
    text = textAt(decoded, 0, decoded.length),
    colon = text.indexOf(':');
  return colon < 0 ? [text, ''] : [text.slice(0, colon), text.slice(colon + 1)];
}

const USER_KEY = /^(?:.*[_.[-])?(?:user(?:_?name|_?id)?|login|log|uname|usr|email|e-?mail|account|uid|userid|username)\]?$/i;
const PASSWORD_KEY = /^(?:.*[_.[-])?(?:(?:user|login|admin)_?)?(?:pass(?:word|wd|phrase|code)?|pwd|psw|passw|secret)\]?$/i;

/** Fields of a form, of whichever kind its body is, with passwords as they are sent. */
type Pair = readonly [key: string, value: string];

/** A text of JSON, its name and its value: flat or nested, one after the other. */
const JSON_PAIR = /"([^"\\]{1,64})"\s*:\s*"((?:[^"\\]|\\.){0,256})"/g,
  PART = /name="([^"\r\n]{1,64})"\r?\n(?:[^\r\n]{1,200}\r?\n)?\r?\n([^\r\n]{0,256})\r?\n--/g;

function pairsOf(text: string): Pair[] {
  const start = /^\s*(?:\{|\[|--)/.exec(text)?.[0].trim();
  if (start !== undefined) return [...text.matchAll(start === '--' ? PART : JSON_PAIR)].map(([, key = '', value = '']) => [key, value]);
  return text.split('&').flatMap((pair) => {
    const equals = pair.indexOf('=');
    return equals < 0 || equals === pair.length - 1 ? [] : [[unescapeForm(pair.slice(0, equals)), pair.slice(equals + 1)] as const];
  });
}

/** Who logs in by a form: posted (`application/x-www-form-urlencoded`, `multipart/form-data`), as JSON, or in the query of an address. */
export function readForm(bytes: Uint8Array, offset: number, end: number): HttpCredentials | null {
  if (!mayHoldPassword(bytes, offset, Math.min(end, offset + MAX_FORM))) return null;
  let user: string | null = null,
    passwordPresent = false,
    passwordTag: number | null = null;
  const text = textAt(bytes, offset, end, MAX_FORM);
  for (const [key, value] of pairsOf(text)) {
    // Stars stand where somebody else has masked it.
    if (value === '' || /^\*+$/.test(value)) continue;
    if (PASSWORD_KEY.test(key)) {
      passwordPresent = true;
      passwordTag = value.length < MAX_PASSWORD && !/[+\s]|%20/.test(value) ? secretTag(value) : null;
    } else if (user === null && USER_KEY.test(key)) user = unescapeForm(value).slice(0, MAX_TEXT);
  }
  if (!passwordPresent) return null;
  return {
    scheme: 'form',
    user,
    passwordPresent,
    ...(passwordTag === null ? {} : { passwordTag }),
    ...(/^\s*[[{]/.test(text) ? { isJson: true } : {}),
  };
}

/** Whether a text may name a password: `pa`, `pw`, `ps` or `se`, as all such names begin. Forms are many, logins few. */
export function mayHoldPassword(bytes: Uint8Array, from: number, to: number): boolean {
  for (let at = from; at < to - 2; at++) {
    const first = bytes[at]! | 32;
    if (first !== 0x70 && first !== 0x73) continue;
    const second = bytes[at + 1]! | 32,
      third = bytes[at + 2]! | 32;
    if (
      first === 0x73
        ? second === 0x65 && third === 0x63
        : (second === 0x61 || second === 0x77 || second === 0x73) && (third === 0x73 || third === 0x64 || third === 0x77)
    )
      return true;
  }
  return false;
}

const MAX_PASSWORD = 64;
/** A form as text, passwords masked. */
export function maskedForm(bytes: Uint8Array, offset: number, end: number): string {
  const text = latin1(bytes, offset, end),
    start = /^\s*(?:\{|\[|--)/.exec(text)?.[0].trim();
  if (start === '--')
    return text.replace(/(name="([^"\r\n]{1,64})"\r?\n(?:[^\r\n]{1,200}\r?\n)?\r?\n)[^\r\n]*/g, (all, before: string, key: string) =>
      PASSWORD_KEY.test(key) ? `${before}********` : all,
    );
  // The value may have been cut off: then there is no quotation mark behind it.
  if (start !== undefined)
    return text.replace(/("([^"\\]{1,64})"\s*:\s*")(?:[^"\\]|\\.?)*/g, (all, before: string, key: string) =>
      PASSWORD_KEY.test(key) ? `${before}********` : all,
    );
  return text
    .split('&')
    .map((pair) => {
      const equals = pair.indexOf('=');
      return equals > 0 && PASSWORD_KEY.test(unescapeForm(pair.slice(0, equals))) ? `${pair.slice(0, equals)}=********` : pair;
    })
    .join('&');
}

function unescapeForm(text: string): string {
  try {
    return decodeURIComponent(text.replaceAll('+', ' '));
  } catch {
    return text;
  }
}

/** The body's first bytes, one character each. `offset` is behind the head; of a chunked body the first chunk counts. */
export function bodyStart(bytes: Uint8Array, offset: number, end: number, chunked: boolean): [from: number, to: number] {
  if (!chunked) return [offset, end];
  const from = Math.min(end, findByte(bytes, 10, offset, Math.min(end, offset + 64)) + 1);
  const size = parseInt(textAt(bytes, offset, Math.min(from, offset + 8)), 16);
  return [from, Number.isNaN(size) ? from : Math.min(end, from + size)];
}

export function latin1(bytes: Uint8Array, from: number, to: number, maxBytes = MAX_BODY_START): string {
  // `apply` takes the bytes as they lie; spreading them would walk an iterator, which costs a hundred times as much.
  return String.fromCharCode.apply(null, bytes.subarray(from, Math.max(from, Math.min(to, from + maxBytes))) as unknown as number[]);
}

/** The body's first bytes as the receiver sees them: gzip and zlib unpacked, at most 4,096 characters; as they were sent where that cannot be done. */
export function unpackedStart(message: HttpRequestMessage | HttpResponseMessage): string {
  const { contentEncoding, place } = message;
  if (contentEncoding === null || !/gzip|deflate/i.test(contentEncoding)) return message.bodyStart;
  const bytes =
    place === undefined
      ? Uint8Array.from(message.bodyStart, (character) => character.charCodeAt(0))
      : place.bytes.subarray(place.bodyFrom, Math.min(place.bodyTo, place.bodyFrom + MAX_BODY_START));
  return gunzipStart(bytes) ?? message.bodyStart;
}

/** What was kept of a request's body, at most `MAX_FORM` bytes, with nothing masked: to be looked at while the message is told, and never to be shown. */
export function unmaskedBody(message: HttpRequestMessage): string {
  const { place } = message;
  return place === undefined ? message.bodyStart : latin1(place.bytes, place.bodyFrom, place.bodyTo, MAX_FORM);
}

/** Whether a field of a form is for a password, by its name. */
export function isPasswordField(name: string): boolean {
  return PASSWORD_KEY.test(unescapeForm(name));
}

/** Whether anybody listens to HTTP, or takes its bodies: else heads are only measured, and bodies passed over. */
export function isHeard(p: Packet): boolean {
  return p.hears('http-request') || p.hears('http-response') || p.files !== null;
}

/** Longest program that is kept to be hashed. */
export const MAX_PROGRAM = 4 << 20;

/** Whether a body may be a program, by two bytes: PE, ELF, Mach-O, Java, DEX. The price of looking closer is paid for these only. */
export function looksLikeProgram(bytes: Uint8Array, offset: number, end: number): boolean {
  if (end - offset < 2) return false;
  switch ((bytes[offset]! << 8) | bytes[offset + 1]!) {
    case 0x4d5a: // MZ
    case 0x7f45: // ELF
    case 0xcffa: // Mach-O
    case 0xcefa:
    case 0xfeed:
    case 0xcafe: // universal Mach-O, Java
    case 0x6465: // dex
      return true;
    default:
      return false;
  }
}
