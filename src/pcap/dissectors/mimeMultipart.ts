/** A message in several parts, RFC 2046 section 5.1, as forms with files are posted (RFC 7578): the heads of its parts. Who reads the message says it, as a layer of its own. */
import { defineFields, type Dissector, type Field, type FieldSink } from '../dissector.ts';
import { behindFolds, nextHeader, type HeaderLine } from '../http/headers.ts';
import { behindHead, boundaryOf, placesOfParts } from '../multipart.ts';
import { lineTextEnd, textAt } from '../text.ts';

const f = defineFields({
  type: { name: 'mime_multipart.type', label: 'Type', type: 'string' },
  preamble: { name: 'mime_multipart.preamble', label: 'Preamble', type: 'bytes' },
  firstBoundary: { name: 'mime_multipart.first_boundary', label: 'First boundary', type: 'string' },
  part: { name: 'mime_multipart.part', label: 'Encapsulated multipart part', type: 'string' },
  description: { name: 'mime_multipart.header.content-description', label: 'Content-Description', type: 'string' },
  disposition: { name: 'mime_multipart.header.content-disposition', label: 'Content-Disposition', type: 'string' },
  encoding: { name: 'mime_multipart.header.content-encoding', label: 'Content-Encoding', type: 'string' },
  id: { name: 'mime_multipart.header.content-id', label: 'Content-Id', type: 'string' },
  language: { name: 'mime_multipart.header.content-language', label: 'Content-Language', type: 'string' },
  length: { name: 'mime_multipart.header.content-length', label: 'Content-Length', type: 'string' },
  transferEncoding: { name: 'mime_multipart.header.content-transfer-encoding', label: 'Content-Transfer-Encoding', type: 'string' },
  contentType: { name: 'mime_multipart.header.content-type', label: 'Content-Type', type: 'string' },
  boundary: { name: 'mime_multipart.boundary', label: 'Boundary', type: 'string' },
  lastBoundary: { name: 'mime_multipart.last_boundary', label: 'Last boundary', type: 'string' },
  trailer: { name: 'mime_multipart.trailer', label: 'Trailer', type: 'bytes' },
});

export const mimeMultipart: Dissector = { id: 'mime_multipart', name: 'MIME Multipart Media Encapsulation', fields: f, on: [], isOffPath: true };

const HEADERS: ReadonlyMap<string, Field> = new Map(
  Object.values(f)
    .filter(({ name }) => name.startsWith('mime_multipart.header.'))
    .map((field) => [field.label.toLowerCase(), field]),
);
const MOST_PARTS = 100,
  MOST_LINES = 64,
  /** As in Wireshark lines that were folded are one, blanks are one, and there are none around separators; what is quoted stays. */
  BLANKS = /"(?:[^"\\]|\\.)*"|\s*([;,=:])\s*|\s+/g;

/** Says the parts in `[from, to)` of `bytes`; `within` reads the body of one, by its content type. */
export function describeMultipart(
  bytes: Uint8Array,
  from: number,
  to: number,
  contentType: string,
  sink: FieldSink,
  within: (from: number, to: number, contentType: string) => void,
): void {
  const boundary = boundaryOf(contentType);
  if (boundary === null) return;
  sink.layer(mimeMultipart, from, to - from);
  sink.add(f.type, from, 0, contentType.split(';', 1)[0]!.trim());
  const { parts, behind } = placesOfParts(bytes, from, to, boundary, MOST_PARTS);
  parts.forEach((part, i) => {
    // What lies within was a layer of its own.
    if (i > 0) sink.reopen(mimeMultipart);
    else if (part.mark > from) sink.add(f.preamble, from, breakBehind(bytes, part.mark, part.from) - from);
    const marked = i === 0 ? breakBehind(bytes, part.mark, part.from) : part.mark;
    sink.add(i === 0 ? f.firstBoundary : f.boundary, marked, part.from - marked);
    sink.add(f.part, part.from, part.to - part.from, '');
    sink.open();
    const bodyFrom = behindHead(bytes, part.from, part.to),
      type = describeHead(bytes, part.from, bodyFrom, sink);
    sink.close();
    within(bodyFrom, part.to, type);
  });
  const last = parts.at(-1);
  if (behind < 0 || last === undefined) return;
  sink.reopen(mimeMultipart);
  sink.add(f.lastBoundary, last.to, behind - last.to);
  if (behind < to) sink.add(f.trailer, behind, to - behind);
}

/** The line break before the first boundary ends the preamble. */
function breakBehind(bytes: Uint8Array, mark: number, end: number): number {
  let at = mark;
  while (at < end && (bytes[at] === 10 || bytes[at] === 13)) at++;
  return at;
}

/** Returns the content type. */
function describeHead(bytes: Uint8Array, from: number, to: number, sink: FieldSink): string {
  const header: HeaderLine = { name: 0, nameEnd: 0, value: 0, valueEnd: 0, after: 0 };
  let type = '';
  for (let at = from, lines = 0; lines < MOST_LINES && nextHeader(bytes, at, to, header); lines++) {
    at = behindFolds(bytes, header.after, to);
    const field = HEADERS.get(textAt(bytes, header.name, header.nameEnd, 64).toLowerCase());
    if (field === undefined) continue;
    const end = Math.max(header.value, lineTextEnd(bytes, header.value, at)),
      value = textAt(bytes, header.value, end)
        .replace(BLANKS, (all, separator: string | undefined) => (all.startsWith('"') ? all : (separator ?? ' ')))
        .trimEnd();
    sink.add(field, header.value, end - header.value, value);
    if (field === f.contentType) type = value;
  }
  return type;
}
