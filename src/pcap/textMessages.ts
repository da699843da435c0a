/** Messages of SIP (RFC 3261) and RTSP (RFC 2326) over a stream: a start line and headers as HTTP has them, and a body as long as these say. */
import { NEED_MORE, NOT_MINE, type Direction } from './dissector.ts';
import { findHeadEnd, nextHeader, type HeaderLine } from './http/headers.ts';
import type { Packet } from './packet.ts';
import { afterLine, decimalAt, lineTextEnd, matchPrefix, SPACE, startsWithWord } from './text.ts';

/** What tells the start lines of one protocol from those of the others. */
export interface StartLines {
  /** `SIP/2.0 `, how an answer begins. */
  readonly status: string;
  /** ` SIP/2.0`, how the first line of a request ends. */
  readonly version: string;
  /** How what is asked for begins. */
  readonly schemes: readonly string[];
  /** In headers of what names, in capitals, the length of the body stands. */
  readonly lengths: readonly string[];
}

const MAX_LINE = 2048,
  /** `GET_PARAMETER`, and more. */
  MAX_METHOD = 20,
  MAX_BODY = 1_048_576,
  UNDERSCORE = 0x5f;
/** Longest head that is waited for, and the most that is looked at of a message. */
export const MAX_MESSAGE_HEAD = 16_384;

/** A status line, or a method and what it asks for in one of the schemes; and its version, as far as it is there. */
export function looksLikeMessage(bytes: Uint8Array, offset: number, end: number, { status, version, schemes }: StartLines): 'yes' | 'no' | 'more' {
  const answer = matchPrefix(bytes, offset, end, status);
  if (answer !== 'no') return answer;
  let at = offset;
  while (at < end && at - offset <= MAX_METHOD && ((bytes[at]! >= 65 && bytes[at]! <= 90) || bytes[at] === UNDERSCORE)) at++;
  if (at === end) return at - offset <= MAX_METHOD ? 'more' : 'no';
  if (at === offset || bytes[at] !== SPACE) return 'no';
  const asked = schemes.map((scheme) => matchPrefix(bytes, at + 1, end, scheme));
  if (!asked.includes('yes')) return asked.includes('more') ? 'more' : 'no';
  const line = lineEnd(bytes, offset, end);
  if (line === offset) return end - offset < MAX_LINE ? 'more' : 'no';
  return endsWithVersion(bytes, offset, line, version) ? 'yes' : 'no';
}

/** Where the text of the first line ends; where it begins if it is not whole. */
export function lineEnd(bytes: Uint8Array, offset: number, end: number): number {
  const after = afterLine(bytes, offset, Math.min(end, offset + MAX_LINE));
  return after < 0 ? offset : lineTextEnd(bytes, offset, after);
}

export function endsWithVersion(bytes: Uint8Array, offset: number, line: number, version: string): boolean {
  return line - offset > version.length && matchPrefix(bytes, line - version.length, line, version) === 'yes';
}

/**
 * `StreamDissector.step` of the message that begins at `start`, behind empty lines that began at `offset`. `searched` is kept by the caller: how far each direction
 * was searched for the end of a head.
 */
export function stepMessage(
  p: Packet,
  bytes: Uint8Array,
  offset: number,
  start: number,
  end: number,
  direction: Direction,
  searched: [number, number],
  lines: StartLines,
): number {
  if (searched[direction] === 0 && looksLikeMessage(bytes, start, end, lines) === 'no') return NOT_MINE;
  const head = findHeadEnd(bytes, Math.max(start, offset + searched[direction] - 3), end);
  if (head < 0) {
    if (end - offset > MAX_MESSAGE_HEAD) return NOT_MINE;
    searched[direction] = end - offset;
    p.pduComplete = false;
    return NEED_MORE;
  }
  searched[direction] = 0;
  let body = -1;
  forEachHeader(bytes, start, head, (is, { value, valueEnd }) => {
    if (body < 0 && lines.lengths.some(is)) body = Math.max(0, decimalAt(bytes, value, valueEnd));
  });
  return body > MAX_BODY ? NOT_MINE : head - offset + Math.max(0, body);
}

/** Headers behind the first line of `[offset, end)`; `is` says whether one has a name, in capitals. */
export function forEachHeader(
  bytes: Uint8Array,
  offset: number,
  end: number,
  visit: (is: (name: string) => boolean, line: HeaderLine) => void,
): void {
  const header: HeaderLine = { name: 0, nameEnd: 0, value: 0, valueEnd: 0, after: 0 },
    is = (name: string): boolean => header.nameEnd - header.name === name.length && startsWithWord(bytes, header.name, header.nameEnd, name),
    first = afterLine(bytes, offset, end);
  for (let at = first < 0 ? end : first; nextHeader(bytes, at, end, header); at = header.after) visit(is, header);
}
