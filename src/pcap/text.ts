/** Text in bytes off the wire: every read is bounded, no input throws. */
const decoder = new TextDecoder('utf-8', { ignoreBOM: true }),
  utf16 = new TextDecoder('utf-16le', { ignoreBOM: true });

export const LF = 10,
  CR = 13,
  SPACE = 32;

/** Longest text that a message carries of one value, in bytes. */
export const MAX_TEXT = 1024;

/** `[from, to)` as text, its first `maxBytes` if longer; what is not UTF-8 reads as U+FFFD. */
export function textAt(bytes: Uint8Array, from: number, to: number, maxBytes = MAX_TEXT): string {
  const end = Math.min(to, from + maxBytes, bytes.length);
  if (end - from > 64) return decoder.decode(bytes.subarray(from, end));
  // Short plain ASCII, as names and words are, is quicker made here than by a call into the host.
  let text = '';
  for (let at = from; at < end; at++) {
    const byte = bytes[at]!;
    if (byte >= 128) return decoder.decode(bytes.subarray(from, end));
    text += String.fromCharCode(byte);
  }
  return text;
}

/** Short texts that were met lately, each in one place by its bytes. */
const PLACES = 4096,
  LONGEST_KNOWN = 64;
const knownTexts: string[] = new Array<string>(PLACES).fill(''),
  knownLengths = new Uint8Array(PLACES),
  knownBytes = new Uint8Array(PLACES * LONGEST_KNOWN);

/**
 * As `textAt`, for what is said again and again, such as names of hosts: what was met lately is not made a second time, and costs no memory. Not for secrets: what
 * is met stays here.
 */
export function knownText(bytes: Uint8Array, from: number, to: number, maxBytes = MAX_TEXT): string {
  const end = Math.min(to, from + maxBytes, bytes.length),
    length = end - from;
  if (length <= 1 || length > LONGEST_KNOWN) return textAt(bytes, from, end);
  let h = length;
  for (let at = from; at < end; at++) h = Math.imul(h ^ bytes[at]!, 0x01000193);
  const place = (h ^ (h >>> 15)) & (PLACES - 1),
    kept = place * LONGEST_KNOWN;
  if (knownLengths[place] === length) {
    let i = 0;
    while (i < length && knownBytes[kept + i] === bytes[from + i]) i++;
    if (i === length) return knownTexts[place]!;
  }
  for (let i = 0; i < length; i++) knownBytes[kept + i] = bytes[from + i]!;
  knownLengths[place] = length;
  return (knownTexts[place] = textAt(bytes, from, end));
}

/** `[from, to)` as UTF-16LE, its first `maxBytes` if longer; half a surrogate reads as U+FFFD. */
export function utf16At(bytes: Uint8Array, from: number, to: number, maxBytes = 2 * MAX_TEXT): string {
  return utf16.decode(bytes.subarray(from, Math.max(from, Math.min(to, from + maxBytes, bytes.length))));
}

/** Offset behind the next LF in `[from, to)`, or -1. */
export function afterLine(bytes: Uint8Array, from: number, to: number): number {
  for (let at = from; at < to; at++) if (bytes[at] === LF) return at + 1;
  return -1;
}

/** Where the text of a line ends whose LF, if it has one, ends at `after`: without CR LF or LF. */
export function lineTextEnd(bytes: Uint8Array, from: number, after: number): number {
  let end = after;
  if (end > from && bytes[end - 1] === LF) end -= 1;
  if (end > from && bytes[end - 1] === CR) end -= 1;
  return end;
}

/** First offset in `[from, to)` that is no space or tab. */
export function skipBlanks(bytes: Uint8Array, from: number, to: number): number {
  let at = from;
  while (at < to && (bytes[at] === SPACE || bytes[at] === 9)) at += 1;
  return at;
}

/** End of `[from, to)` without trailing spaces and tabs. */
export function trimEnd(bytes: Uint8Array, from: number, to: number): number {
  let end = to;
  while (end > from && (bytes[end - 1] === SPACE || bytes[end - 1] === 9)) end -= 1;
  return end;
}

/** Offset of the first `byte` in `[from, to)`, or `to`. */
export function findByte(bytes: Uint8Array, byte: number, from: number, to: number): number {
  for (let at = from; at < to; at++) if (bytes[at] === byte) return at;
  return to;
}

/** Whether `[from, to)` begins with `word` (ASCII, upper case) in any case. */
export function startsWithWord(bytes: Uint8Array, from: number, to: number, word: string): boolean {
  if (to - from < word.length) return false;
  for (let i = 0; i < word.length; i++) {
    const byte = bytes[from + i]!;
    if ((byte >= 97 && byte <= 122 ? byte - 32 : byte) !== word.charCodeAt(i)) return false;
  }
  return true;
}

/** How `[from, to)` compares with an exact ASCII prefix: it begins with it, cannot, or is too short to say. */
export function matchPrefix(bytes: Uint8Array, from: number, to: number, prefix: string): 'yes' | 'no' | 'more' {
  const length = Math.min(prefix.length, to - from);
  for (let i = 0; i < length; i++) if (bytes[from + i] !== prefix.charCodeAt(i)) return 'no';
  return length === prefix.length ? 'yes' : 'more';
}

/** Whether `[from, to)` begins with one of these words, in upper case, and the word ends there; `more` where it is only a beginning of one. */
export function beginsWithOne(bytes: Uint8Array, from: number, to: number, words: readonly string[]): 'yes' | 'no' | 'more' {
  let more = false;
  for (const word of words) {
    const length = Math.min(word.length, to - from);
    if (!startsWithWord(bytes, from, to, word.slice(0, length))) continue;
    if (to - from <= word.length) {
      more = true;
      continue;
    }
    const after = bytes[from + word.length]!;
    if (after === 32 || after === 13 || after === 10) return 'yes';
  }
  return more ? 'more' : 'no';
}

/** Three digits and a space or a dash, as FTP and SMTP reply. */
export function beginsAsReply(bytes: Uint8Array, from: number, to: number): 'yes' | 'no' | 'more' {
  for (let i = 0; i < Math.min(3, to - from); i++) if (bytes[from + i]! < 48 || bytes[from + i]! > 57) return 'no';
  if (to - from < 4) return 'more';
  return bytes[from + 3] === 32 || bytes[from + 3] === 45 ? 'yes' : 'no';
}

/** The decimal digits `[from, to)` as a number, or -1 if they are none or more than a double holds exactly. */
export function decimalAt(bytes: Uint8Array, from: number, to: number): number {
  if (to <= from || to - from > 15) return -1;
  let value = 0;
  for (let at = from; at < to; at++) {
    const digit = bytes[at]! - 48;
    if (digit < 0 || digit > 9) return -1;
    value = value * 10 + digit;
  }
  return value;
}

/** Bytes in base64, read leniently: what is no base64 ends it. Returns at most `maxBytes`. */
export function decodeBase64(text: string, maxBytes = MAX_TEXT): Uint8Array {
  const out = new Uint8Array(Math.min(maxBytes, Math.floor((text.length * 3) / 4) + 3));
  let bits = 0,
    held = 0,
    length = 0;
  for (let i = 0; i < text.length && length < out.length; i++) {
    const value = BASE64.indexOf(text[i]!);
    if (value < 0) break;
    held = ((held << 6) | value) & 0xffffff;
    bits += 6;
    if (bits < 8) continue;
    bits -= 8;
    out[length++] = (held >> bits) & 255;
  }
  return out.subarray(0, Math.min(length, maxBytes));
}
const BASE64 = 'ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/';
