/** Steps of protocols that are made of lines (FTP, SMTP, POP, IMAP), and of mails in them that end with a line of a single dot. */
import { NEED_MORE, NOT_MINE } from './dissector.ts';
import type { Packet } from './packet.ts';
import { afterLine, CR, LF } from './text.ts';

/** Longest line that is read; RFC 5321 section 4.5.3.1 asks for 1,000, SASL answers (RFC 4954 section 4) may have 12,288. */
export const MAX_LINE = 12_288;

/** One line is one PDU. */
export function stepLine(p: Packet, bytes: Uint8Array, offset: number, end: number): number {
  const after = afterLine(bytes, offset, Math.min(end, offset + MAX_LINE));
  if (after < 0) return end - offset >= MAX_LINE ? NOT_MINE : NEED_MORE;
  p.pduComplete = true;
  return after - offset;
}

/** A text under way that a line of one dot ends, RFC 5321 section 4.5.2 and RFC 1939 section 3. */
export interface DotText {
  /** Nothing of it was passed yet: the dot may come at once. */
  fresh: boolean;
  /** Bytes without the dot's line. */
  length: number;
}

export function dotText(): DotText {
  return { fresh: true, length: 0 };
}

/** Passes over as much of the text as is there; the PDU is complete behind the line of one dot. */
export function stepDotText(p: Packet, bytes: Uint8Array, offset: number, end: number, text: DotText): number {
  p.pduComplete = false;
  let at = offset;
  for (; at < end; at++) {
    const first = at === offset && text.fresh;
    if (!first && bytes[at] !== LF) continue;
    let dot = afterDot(bytes, first ? at : at + 1, end);
    if (first && dot < 0 && bytes[at] === LF) dot = afterDot(bytes, at + 1, end);
    if (dot > 0) {
      p.pduComplete = true;
      text.length += (first && dot - at <= 3 && bytes[at] !== LF ? at : at + 1) - offset;
      return dot - offset;
    }
    // Too few bytes to tell: they wait, from the line's beginning on.
    if (dot === 0) break;
  }
  if (at === offset) return NEED_MORE;
  text.fresh = false;
  text.length += at - offset;
  return at - offset;
}

/** Offset behind ". CR LF" or ". LF" at `at`; 0 if too few bytes are there to tell, -1 if it is something else. */
function afterDot(bytes: Uint8Array, at: number, end: number): number {
  if (at >= end) return 0;
  if (bytes[at] !== 0x2e) return -1;
  if (at + 1 >= end) return 0;
  if (bytes[at + 1] === LF) return at + 2;
  if (bytes[at + 1] !== CR) return -1;
  if (at + 2 >= end) return 0;
  return bytes[at + 2] === LF ? at + 3 : -1;
}

/** Where a text ends that is kept as `[offset, end)`, before the line of one dot if that is there. */
export function textBeforeDot(bytes: Uint8Array, offset: number, end: number): number {
  const dot = end - 5;
  return dot >= offset && bytes[dot] === CR && bytes[dot + 1] === LF && afterDot(bytes, dot + 2, end) === end ? dot : end;
}
