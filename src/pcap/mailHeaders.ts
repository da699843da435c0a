/** The headers of an Internet message, RFC 5322: what a mail says of itself, from its first bytes. */
import { afterLine, decodeBase64, lineTextEnd, textAt } from './text.ts';

export interface MailHeaders {
  readonly from: string | null;
  readonly to: string | null;
  readonly subject: string | null;
  readonly date: string | null;
  readonly messageId: string | null;
  readonly mailer: string | null;
  readonly contentType: string | null;
}

const KEYS: Readonly<Record<string, keyof MailHeaders>> = {
  from: 'from',
  to: 'to',
  subject: 'subject',
  date: 'date',
  'message-id': 'messageId',
  'x-mailer': 'mailer',
  'user-agent': 'mailer',
  'content-type': 'contentType',
};
const MAX_LINES = 256,
  MAX_VALUE = 512;

/** Reads the header lines at `[offset, end)` up to the empty one; folded lines are put together. */
export function readMailHeaders(bytes: Uint8Array, offset: number, end: number): MailHeaders {
  const found: Partial<Record<keyof MailHeaders, string>> = {};
  let key: keyof MailHeaders | undefined;
  for (let at = offset, lines = 0; at < end && lines < MAX_LINES; lines++) {
    const line = afterLine(bytes, at, end),
      after = line < 0 ? end : line,
      text = textAt(bytes, at, lineTextEnd(bytes, at, after), 2048);
    at = after;
    if (text === '') break;
    if (text.startsWith(' ') || text.startsWith('\t')) {
      if (key !== undefined) found[key] = `${found[key] ?? ''} ${text.trim()}`.slice(0, MAX_VALUE);
      continue;
    }
    const colon = text.indexOf(':');
    key = colon < 0 ? undefined : KEYS[text.slice(0, colon).trimEnd().toLowerCase()];
    // The first of several counts: later ones are what forgers add.
    if (key !== undefined && found[key] !== undefined) key = undefined;
    if (key !== undefined)
      found[key] = text
        .slice(colon + 1)
        .trim()
        .slice(0, MAX_VALUE);
  }
  const value = (name: keyof MailHeaders): string | null => (found[name] === undefined ? null : decodeWords(found[name]));
  return {
    from: value('from'),
    to: value('to'),
    subject: value('subject'),
    date: value('date'),
    messageId: value('messageId'),
    mailer: value('mailer'),
    contentType: value('contentType'),
  };
}

/** `=?UTF-8?B?...?=` and `=?...?Q?...?=`, RFC 2047; other character sets than UTF-8 and Latin-1 stay as they are. */
export function decodeWords(text: string): string {
  return text
    .replace(/\?=\s+=\?/g, '?==?')
    .replace(/=\?([\w-]+)\?([bq])\?([^? ]*)\?=/gi, (whole, charset: string, encoding: string, body: string) => {
      const bytes = encoding.toLowerCase() === 'b' ? decodeBase64(body) : quoted(body);
      if (/^(utf-8|us-ascii)$/i.test(charset)) return textAt(bytes, 0, bytes.length);
      return /^(iso-8859-1|iso-8859-15|windows-1252)$/i.test(charset) ? String.fromCharCode(...bytes) : whole;
    });
}

function quoted(body: string): Uint8Array {
  const text = body.replaceAll('_', ' ').replace(/=([0-9a-f]{2})/gi, (_whole, digits: string) => String.fromCharCode(parseInt(digits, 16)));
  return Uint8Array.from(text, (character) => character.charCodeAt(0) & 255);
}
