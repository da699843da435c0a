/** What header fields of HTTP/2 and HTTP/3 say, for whoever looks at them. */
import type { Field, FieldSink } from '../dissector.ts';
import { MAX_URI } from '../http/messages.ts';
import { decimalAt, textAt } from '../text.ts';
import type { HeaderField } from './hpack.ts';

export const shownText = (text: Uint8Array): string => textAt(text, 0, text.length, MAX_URI);

/** Adds the field that a header has of its own, if it has one: as text, or as the number that stands there. */
export function addHeaderValue(own: Field | undefined, value: Uint8Array, text: string, at: number, length: number, sink: FieldSink): void {
  if (own?.type === 'string') sink.add(own, at, length, text);
  else if (own !== undefined) {
    const number = decimalAt(value, 0, value.length);
    if (number >= 0) sink.add(own, at, length, own.type === 'uint64' ? BigInt(number) : number);
  }
}

/** With `%41` as what it stands for. */
export function unescaped(text: string): string {
  if (!text.includes('%')) return text;
  return text.replace(/(?:%[0-9a-f]{2})+/gi, (escaped) => {
    const bytes = Uint8Array.from(escaped.slice(1).split('%'), (digits) => parseInt(digits, 16));
    return textAt(bytes, 0, bytes.length, MAX_URI);
  });
}

/** What a block says in a few words: what is asked for, or the answer's status. */
export function gistOf(fields: readonly HeaderField[]): string {
  const [method, path, status] = [valueOf(fields, ':method'), valueOf(fields, ':path'), valueOf(fields, ':status')];
  return status ?? (method === null ? '' : `${method} ${path ?? valueOf(fields, ':authority') ?? ''}`);
}

export function valueOf(fields: readonly HeaderField[], name: string): string | null {
  for (const field of fields)
    if (field.name !== null && field.value !== null && field.name.length === name.length && shownText(field.name) === name)
      return shownText(field.value);
  return null;
}
