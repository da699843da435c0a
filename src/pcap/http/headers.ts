/** The head of an HTTP/1 message as offsets, RFC 9112 sections 2 to 5. Lines may end in LF alone, as servers have to accept. */
import { afterLine, CR, findByte, LF, lineTextEnd, matchPrefix, SPACE, skipBlanks, startsWithWord, trimEnd } from '../text.ts';

const TAB = 9;

/** A request or status line. What reads one returns the same object, refilled: copy what is to stay. */
export interface StartLine {
  isResponse: boolean;
  /** Start of the line, behind empty lines before it (RFC 9112 section 2.2). */
  start: number;
  /** Method, target and version; or version, code and phrase: `[from, to)` each. */
  first: number;
  firstEnd: number;
  second: number;
  secondEnd: number;
  third: number;
  thirdEnd: number;
  /** Behind the line's LF. */
  after: number;
}

/** Longest method or version word. */
const MAX_WORD = 32;
/** Longest head that is read, and so the longest start line: servers refuse longer targets (RFC 9112 section 3 recommends at least 8,000). */
export const MAX_HEAD = 65_536;

/** First offset in `[from, to)` that is not part of an empty line. */
export function skipEmptyLines(bytes: Uint8Array, from: number, to: number): number {
  let at = from;
  while (at < to && (bytes[at] === CR || bytes[at] === LF)) at += 1;
  return at;
}

/** Says whether `[offset, end)` begins with an HTTP/1 request or status line, looking no further than it must. */
export function looksLikeStartLine(bytes: Uint8Array, offset: number, end: number): 'yes' | 'no' | 'more' {
  const start = skipEmptyLines(bytes, offset, Math.min(end, offset + 8));
  if (start === end) return 'more';
  if (start - offset >= 8) return 'no';
  const wordEnd = Math.min(end, start + MAX_WORD + 1);
  let at = start;
  while (at < wordEnd && isTokenByte(bytes[at]!)) at += 1;
  // "HTTP/1.1 200": the slash is no token byte, so a status line stops here.
  if (at < end && bytes[at] === 0x2f) return statusLine(bytes, start, at, end);
  if (at === end && at - start <= MAX_WORD) return 'more';
  if (at === start || at >= wordEnd || bytes[at] !== SPACE) return 'no';
  const target = at + 1;
  for (let i = target; i < end; i++) {
    const byte = bytes[i]!;
    if (byte === LF) {
      const lineEnd = lineTextEnd(bytes, target, i + 1);
      return endsWithVersion(bytes, target, lineEnd) || isSimpleRequest(bytes, start, at, lineEnd) ? 'yes' : 'no';
    }
    // Targets are often raw UTF-8, but no control characters: binary protocols end here.
    if (byte < 32 && byte !== CR && byte !== 9) return 'no';
    if (i - target > MAX_HEAD) return 'no';
  }
  return 'more';
}

const METHODS: readonly string[] = [
  'GET',
  'POST',
  'HEAD',
  'PUT',
  'DELETE',
  'OPTIONS',
  'PATCH',
  'CONNECT',
  'TRACE',
  'PROPFIND',
  'REPORT',
  'NOTIFY',
  'SUBSCRIBE',
];
/** A start line longer than this is taken at its first word. */
const PATIENCE = 256;

/** `looksLikeStartLine` for the beginning of a stream: long targets must not keep it undecided. */
export function recogniseHttp(bytes: Uint8Array, offset: number, end: number): 'yes' | 'no' | 'more' {
  const answer = looksLikeStartLine(bytes, offset, end);
  return answer === 'more' && end - offset >= PATIENCE && METHODS.some((method) => matchPrefix(bytes, offset, end, `${method} `) === 'yes')
    ? 'yes'
    : answer;
}

function statusLine(bytes: Uint8Array, start: number, slash: number, end: number): 'yes' | 'no' | 'more' {
  if (slash - start !== 4 || bytes[start] !== 72 || bytes[start + 1] !== 84 || bytes[start + 2] !== 84 || bytes[start + 3] !== 80) return 'no';
  // HTTP/1.1 SP 200
  if (end - slash > 1 && bytes[slash + 1] !== 49) return 'no';
  if (end - slash > 2 && bytes[slash + 2] !== 46) return 'no';
  if (end - slash > 4 && bytes[slash + 4] !== SPACE) return 'no';
  for (let at = slash + 5; at < Math.min(end, slash + 8); at++) if (!isDigit(bytes[at]!)) return 'no';
  return end - slash >= 8 ? 'yes' : 'more';
}

function endsWithVersion(bytes: Uint8Array, from: number, to: number): boolean {
  const end = trimEnd(bytes, from, to),
    at = end - 8;
  // SP HTTP/1.x
  return (
    at > from &&
    bytes[at - 1] === SPACE &&
    bytes[at] === 72 &&
    bytes[at + 1] === 84 &&
    bytes[at + 2] === 84 &&
    bytes[at + 3] === 80 &&
    bytes[at + 4] === 0x2f &&
    bytes[at + 5] === 49 &&
    bytes[at + 6] === 46 &&
    isDigit(bytes[at + 7]!)
  );
}

/** HTTP/0.9, "GET /x" and nothing else (RFC 1945 section 4.1). */
function isSimpleRequest(bytes: Uint8Array, start: number, methodEnd: number, lineEnd: number): boolean {
  const target = methodEnd + 1;
  return (
    methodEnd - start === 3 &&
    bytes[start] === 71 &&
    bytes[start + 1] === 69 &&
    bytes[start + 2] === 84 &&
    bytes[target] === 0x2f &&
    findByte(bytes, SPACE, target, lineEnd) === lineEnd
  );
}

function isDigit(byte: number): boolean {
  return byte >= 48 && byte <= 57;
}

/** Letters, digits, `-`, `_`: all methods in use; a token may hold more (RFC 9110 section 5.6.2), binary data would too. */
function isTokenByte(byte: number): boolean {
  return (byte >= 65 && byte <= 90) || (byte >= 97 && byte <= 122) || isDigit(byte) || byte === 45 || byte === 95;
}

/** Splits the start line of a head that begins at `offset`; null if it is none or not complete. */
export function readStartLine(bytes: Uint8Array, offset: number, end: number): StartLine | null {
  return looksLikeStartLine(bytes, offset, end) === 'yes' ? splitStartLine(bytes, offset, end) : null;
}

const startLine: StartLine = { isResponse: false, start: 0, first: 0, firstEnd: 0, second: 0, secondEnd: 0, third: 0, thirdEnd: 0, after: 0 };

/** The parts of a line that `looksLikeStartLine` has accepted. */
export function splitStartLine(bytes: Uint8Array, offset: number, end: number): StartLine {
  const start = skipEmptyLines(bytes, offset, end),
    found = afterLine(bytes, start, end),
    after = found < 0 ? end : found;
  const textEnd = trimEnd(bytes, start, lineTextEnd(bytes, start, after));
  const isResponse = bytes[start] === 72 && bytes[start + 4] === 0x2f;
  const firstEnd = findByte(bytes, SPACE, start, textEnd),
    second = skipBlanks(bytes, firstEnd, textEnd);
  startLine.isResponse = isResponse;
  startLine.start = startLine.first = start;
  startLine.firstEnd = firstEnd;
  startLine.second = second;
  if (isResponse) {
    startLine.secondEnd = findByte(bytes, SPACE, second, textEnd);
    startLine.third = Math.min(textEnd, startLine.secondEnd + 1);
  } else {
    // The version is the last word: targets of attackers hold spaces. HTTP/0.9 has none.
    startLine.third = endsWithVersion(bytes, second, textEnd) ? textEnd - 8 : textEnd;
    startLine.secondEnd = trimEnd(bytes, second, startLine.third);
  }
  startLine.thirdEnd = textEnd;
  startLine.after = after;
  return startLine;
}

/** Offset behind the empty line that ends a head, or -1. `from` may be any offset of the head already searched up to. */
export function findHeadEnd(bytes: Uint8Array, from: number, to: number): number {
  for (let at = from; at < to; at++) {
    if (bytes[at] !== LF) continue;
    if (bytes[at + 1] === LF && at + 1 < to) return at + 2;
    if (bytes[at + 1] === CR && bytes[at + 2] === LF && at + 2 < to) return at + 3;
  }
  return -1;
}

/** One header line: `[name, nameEnd)` and `[value, valueEnd)`, and where the next begins. Refilled by `nextHeader`. */
export interface HeaderLine {
  name: number;
  nameEnd: number;
  value: number;
  valueEnd: number;
  after: number;
}

/** Reads the header line at `offset` into `line`; false at the end of the head. Lines without a colon read as a name. */
export function nextHeader(bytes: Uint8Array, offset: number, end: number, line: HeaderLine): boolean {
  if (offset >= end) return false;
  const found = afterLine(bytes, offset, end),
    after = found < 0 ? end : found;
  const textEnd = lineTextEnd(bytes, offset, after);
  if (textEnd === offset) return false;
  const colon = findByte(bytes, 58, offset, textEnd);
  line.name = offset;
  line.nameEnd = trimEnd(bytes, offset, colon);
  line.value = skipBlanks(bytes, Math.min(colon + 1, textEnd), textEnd);
  line.valueEnd = trimEnd(bytes, line.value, textEnd);
  line.after = after;
  return true;
}

/** Offset behind the lines that go on with the header line before `after` (RFC 5322 section 2.2.3): they begin with a blank. */
export function behindFolds(bytes: Uint8Array, after: number, end: number): number {
  let at = after;
  while (at < end && (bytes[at] === SPACE || bytes[at] === TAB)) {
    const next = afterLine(bytes, at, end),
      behind = next < 0 ? end : next;
    if (lineTextEnd(bytes, at, behind) === at) break;
    at = behind;
  }
  return at;
}

/** Headers that hold a key or a token and nothing else, as interfaces for programs ask for them: no RFC names them. */
export const KEY_HEADERS: readonly string[] = ['x-api-key', 'api-key', 'apikey', 'x-auth-token', 'x-access-token', 'x-vault-token', 'private-token'];
const KEY_WORDS = KEY_HEADERS.map((name) => `${name.toUpperCase()}:`);

/** Whether the line at `at` hands over a key. Looks at two letters of nearly every line: `x-`, `ap` and `pr` begin these. */
export function isKeyLine(bytes: Uint8Array, at: number, end: number): boolean {
  const first = bytes[at]! | 32,
    second = bytes[at + 1]! | 32;
  if (first === 0x78 ? second !== 0x2d : first === 0x61 ? second !== 0x70 : first !== 0x70 || second !== 0x72) return false;
  for (const word of KEY_WORDS) if (startsWithWord(bytes, at, end, word)) return true;
  return false;
}
