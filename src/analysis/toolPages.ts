/**
 * Pages of long lists for tools. A page's cursor counts for the same question about the same capture as it is now: with other arguments, another capture or one that
 * has changed it would go on in the middle of another list, and nobody would notice.
 */
import * as z from 'zod';
import type { CaptureFile } from './captureFiles.ts';
import { sha256Hex } from './sha256.ts';
import { ToolFailure } from './tool.ts';

export const cursorInput = z.string().max(100).default('').describe('"next" of a page');

/** What each page says about the rest. */
export const pageOutput = {
  total: z.number().describe('How many there are'),
  next: z.string().nullable().describe('Pass as "cursor", with the same arguments, for the next page; null at the end'),
};

export interface Page {
  /** Rows before this page. */
  readonly offset: number;
  /** The cursor of the page after this one; null at the end. */
  readonly next: (shown: number, total: number) => string | null;
}

/** How much is shown of it does not make it another question; the capture counts as the file that it stands for. */
const NO_QUESTION = new Set(['capture', 'cursor', 'limit', 'maxBytes']);
const DIGITS = 8;
const AGAIN = 'Call without "cursor" for the first page.';

/** `input` is what the tool got, parsed; `of` the capture, or the captures, that it pages through. Throws what is wrong with its cursor. */
export function pageOf(
  tool: string,
  input: Readonly<Record<string, unknown>> & { readonly cursor: string },
  of: CaptureFile | readonly CaptureFile[],
): Page {
  const question = Object.entries(input).filter(([name]) => !NO_QUESTION.has(name)),
    // A list stays what it is while a capture in it grows.
    content = 'location' in of ? [of.location, of.bytes, of.modifiedMs] : of.map(({ location }) => location);
  const write = (offset: number): string => [offset.toString(36), digest([tool, question, offset]), digest([content, offset])].join('.');
  const offset = offsetOf(input.cursor, write, 'location' in of ? 'another capture, or the capture has' : 'a list of captures that has');
  return { offset, next: (shown, total) => (shown > 0 && offset + shown < total ? write(offset + shown) : null) };
}

function offsetOf(cursor: string, write: (offset: number) => string, what: string): number {
  if (cursor === '') return 0;
  const parts = /^([0-9a-z]{1,9})\.([0-9a-f]{8})\.([0-9a-f]{8})$/.exec(cursor),
    offset = parts === null ? 0 : Number.parseInt(parts[1]!, 36);
  if (parts === null || offset === 0) throw new ToolFailure(`This is no cursor of a page. ${AGAIN}`);
  const [, question, capture] = write(offset).split('.');
  if (parts[2] !== question) throw new ToolFailure(`This cursor is of a call with other arguments: repeat those of the page before. ${AGAIN}`);
  if (parts[3] !== capture) throw new ToolFailure(`This cursor is of ${what} changed since that page was made. ${AGAIN}`);
  return offset;
}

function digest(value: unknown): string {
  return sha256Hex(JSON.stringify(value)).slice(0, DIGITS);
}
