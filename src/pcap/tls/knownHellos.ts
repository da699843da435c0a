/**
 * ClientHellos that offer what one before offered, in the same order: programs say the same in every connection, apart from random numbers, keys and the server's
 * name. What was read of the first is taken for the others; the table is bounded, and a newer offer takes the place of an older one.
 */
import { EXTENSION, parseClientHello, readServerName, type ClientHello } from './hello.ts';
import { Reader } from './reader.ts';

const SLOTS = 1024,
  /** Longest offer that is kept, in words of two bytes. */
  LONGEST = 384;

interface Known {
  readonly offer: Uint16Array;
  readonly hello: ClientHello;
}

const known: (Known | undefined)[] = new Array<undefined>(SLOTS).fill(undefined);
/** The offer being read: all that `ClientHello` holds but the server's name. */
const words = new Uint16Array(LONGEST);
let sni: string | null = null;

/** What `parseClientHello` says of `[offset, end)`. */
export function clientHelloAt(bytes: Uint8Array, offset: number, end: number): ClientHello {
  const length = readOffer(bytes, offset, Math.min(end, bytes.length));
  if (length === 0) return parseClientHello(bytes, offset, end);
  let h = length;
  for (let i = 0; i < length; i++) h = Math.imul(h ^ words[i]!, 0x9e3779b1) ^ (h >>> 15);
  const slot = (h ^ (h >>> 13)) & (SLOTS - 1),
    there = known[slot];
  if (there !== undefined && isSame(there.offer, length)) return there.hello.sni === sni ? there.hello : { ...there.hello, sni };
  const hello = parseClientHello(bytes, offset, end);
  known[slot] = { offer: words.slice(0, length), hello };
  return hello;
}

function isSame(offer: Uint16Array, length: number): boolean {
  if (offer.length !== length) return false;
  for (let i = 0; i < length; i++) if (offer[i] !== words[i]) return false;
  return true;
}

/** Fills `words` and `sni`; returns the length, 0 for a hello that is too long, or shorter than its lengths say. */
function readOffer(bytes: Uint8Array, offset: number, end: number): number {
  sni = null;
  const u16 = (at: number): number => bytes[at]! * 256 + bytes[at + 1]!;
  let at = offset + 34;
  if (at >= end) return 0;
  words[0] = u16(offset);
  words[1] = bytes[at]!;
  at += 1 + bytes[at]!;
  if (at + 2 > end) return 0;
  const suites = u16(at);
  at += 2;
  if (at + suites + 1 > end || suites >= LONGEST) return 0;
  words[2] = suites;
  let count = 3;
  for (const to = at + suites; at + 2 <= to; at += 2) words[count++] = u16(at);
  at += suites & 1;
  at += 1 + bytes[at]!;
  if (at === end) return count;
  if (at + 2 > end) return 0;
  const extensionsEnd = at + 2 + u16(at);
  if (extensionsEnd > end) return 0;
  for (at += 2; extensionsEnd - at >= 4;) {
    const type = u16(at),
      from = at + 4,
      to = from + u16(at + 2);
    if (to > extensionsEnd || count + 2 + ((to - from + 1) >> 1) > LONGEST) return 0;
    words[count++] = type;
    if (type === EXTENSION.serverName) sni ??= readServerName(new Reader(bytes, from, to));
    else if (isOffer(type)) {
      words[count++] = to - from;
      for (let i = from; i < to; i += 2) words[count++] = bytes[i]! * 256 + (i + 1 < to ? bytes[i + 1]! : 0);
    }
    at = to;
  }
  return count;
}

/** Extensions whose content is read. */
function isOffer(type: number): boolean {
  return (
    type === EXTENSION.supportedGroups ||
    type === EXTENSION.pointFormats ||
    type === EXTENSION.signatureAlgorithms ||
    type === EXTENSION.alpn ||
    type === EXTENSION.supportedVersions
  );
}
