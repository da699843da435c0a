/** Attachments of an Internet message in base 64 (RFC 2045 section 6.8), by their first bytes: what lies in the part of a mail that was kept. */
import { decodeBase64, textAt } from './text.ts';

export interface Attachment {
  readonly name: string | null;
  /** The first bytes, one character each. */
  readonly start: string;
}

const MOST = 8,
  MOST_HEAD = 1024,
  MOST_CODED = 684,
  LEAST_CODED = 40;
/** Where the head of a part ends and lines of base 64 begin. */
const BEGINNING = /\n\r?\n([A-Za-z0-9+/]{40,}={0,2}\r?(?:\n|$))/g,
  NAME = /\b(?:file)?name="?([^"\r\n;]{1,120})/i;

/** At most eight, in their order. */
export function readAttachments(bytes: Uint8Array, from: number, to: number): Attachment[] {
  const text = textAt(bytes, from, to, to - from),
    found: Attachment[] = [];
  BEGINNING.lastIndex = 0;
  for (let match = BEGINNING.exec(text); match !== null && found.length < MOST; match = BEGINNING.exec(text)) {
    const head = text.slice(Math.max(0, match.index - MOST_HEAD), match.index),
      part = head.slice(head.lastIndexOf('\n--') + 1);
    if (!/content-transfer-encoding:\s*base64/i.test(part)) continue;
    const begin = match.index + match[0].length - match[1]!.length,
      coded = text.slice(begin, begin + MOST_CODED + 64).replace(/\r?\n/g, '');
    if (coded.length < LEAST_CODED) continue;
    const start = decodeBase64(coded.slice(0, MOST_CODED), 512);
    found.push({ name: NAME.exec(part)?.[1] ?? null, start: String.fromCharCode(...start) });
  }
  return found;
}
