/** How messages of Kerberos begin, RFC 4120 section 5.4: an application tag that is their type, a sequence, and in it version 5. */
import { BER_INTEGER, BER_SEQUENCE, berElement, readBer } from '../ber.ts';
import { BerWalk } from '../berWalk.ts';
import type { Recognised } from '../dissector.ts';
import { TYPES } from './fields.ts';

/** Bytes that tell a message: three heads and the version. */
export const KERBEROS_HEAD = 17;
const APPLICATION = 0x60,
  CONTEXT = 0xa0,
  VERSION = 5;
/** What clients and servers send each other, and in which part its version is; the rest is carried by other protocols. */
const VERSION_PART: Readonly<Record<number, number>> = { 10: 1, 11: 0, 12: 1, 13: 0, 30: 0 };

const element = berElement(),
  sequence = berElement(),
  version = berElement(),
  walk = new BerWalk();

export function looksLikeKerberos(bytes: Uint8Array, offset: number, end: number): boolean {
  if (!readBer(bytes, offset, end, element) || TYPES[element.tag - APPLICATION] === undefined) return false;
  if (!readBer(bytes, element.from, end, sequence) || sequence.tag !== BER_SEQUENCE) return false;
  if (!readBer(bytes, sequence.from, end, version) || (version.tag !== CONTEXT && version.tag !== CONTEXT + 1)) return false;
  return version.from + 2 < end && bytes[version.from] === BER_INTEGER && bytes[version.from + 2] === VERSION;
}

/** Whether what begins with `[offset, end)` can hardly be anything else, on whatever port: it ends at `to`, to the byte, and its type is said once more behind the version. */
export function startsKerberos(bytes: Uint8Array, offset: number, end: number, to: number): Recognised {
  if (offset >= end) return 'more';
  const type = bytes[offset]! - APPLICATION,
    part = VERSION_PART[type];
  if (part === undefined) return 'no';
  const first = CONTEXT + part;
  return walk
    .start(bytes, offset, end, to)
    .enterLast(APPLICATION + type)
    .enterLast(BER_SEQUENCE)
    .exactly([first, 3, BER_INTEGER, 1, VERSION, first + 1, 3, BER_INTEGER, 1, type]).answer;
}
