/** The files within a file: those of a form that was posted (RFC 7578), and the attachments of a mail (RFC 2045 and 2046). */
import { nameIn } from '../pcap/http/bodyFile.ts';
import { latin1 } from '../pcap/http/messages.ts';
import { decodeWords } from '../pcap/mailHeaders.ts';
import { behindHead, boundaryOf, placesOfParts } from '../pcap/multipart.ts';

export interface FilePart {
  readonly name: string | null;
  readonly contentType: string | null;
  readonly bytes: Uint8Array;
}

/** Parts of one file, and parts within parts. */
const MOST_PARTS = 100,
  MOST_DEPTH = 6,
  /** Longest head of a part. */
  MOST_HEAD = 16_384;

const LF = 10,
  CR = 13;

/** Files of a form: fields without a file name are none. `contentType` names the boundary. */
export function partsOfForm(bytes: Uint8Array, contentType: string): FilePart[] {
  const boundary = boundaryOf(contentType);
  if (boundary === null) return [];
  return placesOfParts(bytes, 0, bytes.length, boundary, MOST_PARTS).parts.flatMap(({ from, to }): FilePart[] => {
    const part = readPart(bytes, from, to),
      name = nameIn(part.disposition ?? '', 'filename');
    return name === null ? [] : [{ name, contentType: part.contentType, bytes: part.body }];
  });
}

/** The subject of a mail, and what it brings beside its text: parts with a name, or that are no text. */
export function partsOfMail(bytes: Uint8Array): { readonly subject: string | null; readonly parts: readonly FilePart[] } {
  const mail = readPart(bytes, 0, bytes.length),
    parts: FilePart[] = [];
  collect(mail, 0, parts);
  return { subject: mail.subject, parts };
}

function collect(part: Part, depth: number, into: FilePart[]): void {
  if (into.length >= MOST_PARTS) return;
  const { contentType } = part,
    type = contentType?.split(';')[0]!.trim().toLowerCase() ?? 'text/plain';
  const boundary = type.startsWith('multipart/') ? boundaryOf(contentType!) : null;
  if (boundary !== null) {
    if (depth < MOST_DEPTH)
      for (const { from, to } of placesOfParts(part.body, 0, part.body.length, boundary, MOST_PARTS).parts)
        collect(readPart(part.body, from, to), depth + 1, into);
    return;
  }
  const name = nameIn(part.disposition ?? '', 'filename') ?? nameIn(contentType ?? '', 'name');
  if (name === null && (depth === 0 || type.startsWith('text/'))) return;
  into.push({ name: name === null ? null : decodeWords(name), contentType, bytes: decoded(part) });
}

interface Part {
  readonly contentType: string | null;
  readonly disposition: string | null;
  readonly transferEncoding: string | null;
  readonly subject: string | null;
  readonly body: Uint8Array;
}

function readPart(bytes: Uint8Array, from: number, to: number): Part {
  const bodyFrom = behindHead(bytes, from, to),
    // Lines that go on are one.
    head = latin1(bytes, from, bodyFrom, MOST_HEAD).replace(/\r?\n[ \t]+/g, ' '),
    value = (name: string): string | null => new RegExp(`^${name}:[ \\t]*([^\\r\\n]*)`, 'im').exec(head)?.[1]?.trim() ?? null;
  const subject = value('Subject');
  return {
    contentType: value('Content-Type'),
    disposition: value('Content-Disposition'),
    transferEncoding: value('Content-Transfer-Encoding'),
    subject: subject === null ? null : decodeWords(subject),
    body: bytes.subarray(bodyFrom, to),
  };
}

function decoded({ transferEncoding, body }: Part): Uint8Array {
  switch (transferEncoding?.toLowerCase()) {
    case 'base64':
      return base64(body);
    case 'quoted-printable':
      return quotedPrintable(body);
    default:
      return body;
  }
}

/** RFC 2045 section 6.8: what is no letter of the alphabet is passed over, as line breaks are. */
function base64(body: Uint8Array): Uint8Array {
  const out = new Uint8Array(Math.ceil((body.length * 3) / 4));
  let bits = 0,
    held = 0,
    length = 0;
  for (const byte of body) {
    if (byte === PAD) break;
    const value = VALUES[byte]!;
    if (value > 63) continue;
    held = ((held << 6) | value) & 0xffffff;
    bits += 6;
    if (bits < 8) continue;
    bits -= 8;
    out[length++] = (held >> bits) & 255;
  }
  return out.subarray(0, length);
}

const PAD = 0x3d,
  VALUES = new Uint8Array(256).fill(255);
for (let value = 0; value < 64; value++) VALUES['ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/'.charCodeAt(value)] = value;

/** RFC 2045 section 6.7. */
function quotedPrintable(body: Uint8Array): Uint8Array {
  const out = new Uint8Array(body.length);
  let length = 0;
  for (let at = 0; at < body.length; at++) {
    if (body[at] !== 0x3d) {
      out[length++] = body[at]!;
      continue;
    }
    const end = body[at + 1] === CR ? at + 2 : at + 1;
    if (body[end] === LF) {
      at = end;
      continue;
    }
    const value = parseInt(String.fromCharCode(body[at + 1] ?? 0, body[at + 2] ?? 0), 16);
    if (Number.isNaN(value)) out[length++] = 0x3d;
    else {
      out[length++] = value;
      at += 2;
    }
  }
  return out.subarray(0, length);
}

/** A text whose lines were sent with a dot more where they begin with one, and that a line of one dot ends (RFC 5321 section 4.5.2). */
export function withoutDots(bytes: Uint8Array): Uint8Array {
  const out = new Uint8Array(bytes.length);
  let length = 0,
    isLineStart = true;
  for (let at = 0; at < bytes.length; at++) {
    const byte = bytes[at]!;
    if (isLineStart && byte === 0x2e) {
      const next = bytes[at + 1];
      if (next === LF || (next === CR && bytes[at + 2] === LF)) break;
      isLineStart = false;
      continue;
    }
    out[length++] = byte;
    isLineStart = byte === LF;
  }
  return out.subarray(0, length);
}
