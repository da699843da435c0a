/** What the head of an HTTP message says of the file that its body is. */
import type { FileHead } from '../fileTaker.ts';
import { decimalAt, textAt } from '../text.ts';
import { nextHeader, type HeaderLine, type StartLine } from './headers.ts';
import { headerValue, MAX_URI } from './messages.ts';
import type { PendingRequest } from './pending.ts';

/** Longest name that is kept. */
const MAX_NAME = 255,
  MAX_LINES = 128;

/** `size` is that of the body, null where only its end tells; `request` is the one that it belongs to, or that it answers. */
export function bodyHead(
  bytes: Uint8Array,
  line: StartLine,
  headEnd: number,
  request: PendingRequest | null,
  size: number | null,
  carrier = 'http',
): FileHead {
  const headers = headersOf(bytes, line.after, headEnd),
    disposition = headerValue(headers, 'content-disposition'),
    range = line.isResponse && decimalAt(bytes, line.second, line.secondEnd) === 206 ? headerValue(headers, 'content-range') : null;
  return {
    carrier,
    name: line.isResponse ? (request === null || request.uri === '' ? null : request.uri) : textAt(bytes, line.second, line.secondEnd, MAX_URI),
    fileName: disposition === null ? null : nameIn(disposition, 'filename'),
    host: line.isResponse ? (request?.host ?? null) : headerValue(headers, 'host'),
    contentType: headerValue(headers, 'content-type'),
    encoding: headerValue(headers, 'content-encoding'),
    size,
    part: range === null ? null : partOf(range),
  };
}

function headersOf(bytes: Uint8Array, from: number, to: number): [name: string, value: string][] {
  const line: HeaderLine = { name: 0, nameEnd: 0, value: 0, valueEnd: 0, after: 0 },
    found: [string, string][] = [];
  for (let at = from; found.length < MAX_LINES && nextHeader(bytes, at, to, line); at = line.after) {
    const name = textAt(bytes, line.name, line.nameEnd, 64).toLowerCase();
    if (name.startsWith('content-') || name === 'host') found.push([name, textAt(bytes, line.value, line.valueEnd, 1024)]);
  }
  return found;
}

/**
 * A file's name in a header line: `filename` of Content-Disposition (RFC 6266), `name` of the Content-Type of a part of a mail; with a star it has a character set before it
 * (RFC 2231 section 4). Null without.
 */
export function nameIn(value: string, parameter: 'filename' | 'name'): string | null {
  const [extended, plain] = PARAMETERS[parameter],
    coded = extended.exec(value)?.[1];
  if (coded !== undefined) return percentDecoded(coded).slice(0, MAX_NAME);
  const match = plain.exec(value),
    // Old browsers send paths with plain backslashes.
    name = match?.[1]?.replace(/\\(["\\])/g, '$1') ?? match?.[2];
  return name === undefined || name === '' ? null : name.slice(0, MAX_NAME);
}

const PARAMETERS = {
  filename: [/;\s*filename\*=\s*"?(?:[\w-]*'[\w-]*')?([^;"\r\n]+)/i, /;\s*filename\s*=\s*(?:"((?:[^"\\\r\n]|\\.)*)"|([^;\s"]+))/i],
  name: [/;\s*name\*=\s*"?(?:[\w-]*'[\w-]*')?([^;"\r\n]+)/i, /;\s*name\s*=\s*(?:"((?:[^"\\\r\n]|\\.)*)"|([^;\s"]+))/i],
} as const;

export function percentDecoded(text: string): string {
  try {
    return decodeURIComponent(text);
  } catch {
    return text;
  }
}

/** `bytes 0-499/1234`, RFC 9110 section 14.4; several parts at once (`multipart/byteranges`) have none. */
function partOf(range: string): { from: number; total: number | null } | null {
  const match = /^bytes\s+(\d{1,15})-(\d{1,15})\/(\d{1,15}|\*)/i.exec(range);
  if (match === null) return null;
  const from = Number(match[1]),
    total = match[3] === '*' ? null : Number(match[3]);
  return from === 0 && total === Number(match[2]) + 1 ? null : { from, total };
}
