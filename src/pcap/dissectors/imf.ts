/** Internet Message Format, RFC 5322: the header of a mail, whoever carries it. Who reads the mail says it, as a layer of its own. */
import { defineFields, type Dissector, type Field, type FieldSink } from '../dissector.ts';
import { behindFolds, nextHeader, type HeaderLine } from '../http/headers.ts';
import { decodeWords } from '../mailHeaders.ts';
import { describeMedia, isMediaWanted, MEDIA_IDS } from '../media/describeMedia.ts';
import { behindHead } from '../multipart.ts';
import { lineTextEnd, textAt } from '../text.ts';

const f = defineFields({
  date: { name: 'imf.date', label: 'Date', type: 'string' },
  from: { name: 'imf.from', label: 'From', type: 'string' },
  sender: { name: 'imf.sender', label: 'Sender', type: 'string' },
  replyTo: { name: 'imf.reply_to', label: 'Reply-To', type: 'string' },
  to: { name: 'imf.to', label: 'To', type: 'string' },
  cc: { name: 'imf.cc', label: 'Cc', type: 'string' },
  bcc: { name: 'imf.bcc', label: 'Bcc', type: 'string' },
  subject: { name: 'imf.subject', label: 'Subject', type: 'string' },
  messageId: { name: 'imf.message_id', label: 'Message-ID', type: 'string' },
  inReplyTo: { name: 'imf.in_reply_to', label: 'In-Reply-To', type: 'string' },
  references: { name: 'imf.references', label: 'References', type: 'string' },
  contentType: { name: 'imf.content.type', label: 'Content-Type', type: 'string' },
});

const HEADERS: ReadonlyMap<string, Field> = new Map(Object.values(f).map((field) => [field.label.toLowerCase(), field]));
const MOST_LINES = 256;

/** Ids of what who says a mail says besides, for a dissector's `says`. */
export const MAIL_IDS: readonly string[] = ['imf', ...MEDIA_IDS];

export const imf: Dissector = { id: 'imf', name: 'Internet Message Format', fields: f, on: [], isOffPath: true };

/**
 * Says the header at `[offset, end)`, up to the empty line, and the parts behind it. A value that is folded keeps its line ends, as in Wireshark. Returns what its
 * column has: who wrote about what, as it is written; empty where neither is said.
 */
export function describeMail(bytes: Uint8Array, offset: number, end: number, sink: FieldSink): string {
  const header: HeaderLine = { name: 0, nameEnd: 0, value: 0, valueEnd: 0, after: 0 };
  sink.layer(imf, offset, end - offset);
  const words: string[] = [];
  let at = offset,
    type = '';
  for (let lines = 0; lines < MOST_LINES && nextHeader(bytes, at, end, header); lines++) {
    const { name, nameEnd, value } = header,
      after = behindFolds(bytes, header.after, end);
    const field = HEADERS.get(textAt(bytes, name, nameEnd, 64).toLowerCase()),
      valueEnd = lineTextEnd(bytes, value, after);
    if (field !== undefined && value <= valueEnd) {
      const text = textAt(bytes, value, valueEnd);
      sink.add(field, value, valueEnd - value, decodeWords(text));
      if (field === f.contentType) type = text;
      else if (field === f.from || field === f.subject) words.push(`${field.label.toLowerCase()}: ${text}`);
    }
    at = after;
  }
  // The bodies of mails are told in their parts alone.
  if (/^multipart\//i.test(type) && isMediaWanted(type, sink)) describeMedia(bytes, behindHead(bytes, at, end), end, type, sink);
  return words.join(', ');
}
