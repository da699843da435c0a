/** Header fields of HTTP/3 for whoever looks at them. */
import type { Field, FieldSink } from '../dissector.ts';
import { addHeaderValue, shownText } from '../http2/describe.ts';
import type { HeaderBlock } from '../http2/hpack.ts';
import { http3Fields as f } from './fields.ts';

export { gistOf } from '../http2/describe.ts';

const HEADER_FIELDS: ReadonlyMap<string, Field> = new Map(
  Object.values(f)
    .filter(({ name, label }) => name === `http3.headers.${label.replace(':', '').replaceAll('-', '_')}`)
    .map((field) => [field.label, field]),
);

const UNKNOWN = '<unknown>';

export function describeFields({ fields, isCut }: HeaderBlock, from: number, to: number, sink: FieldSink): void {
  sink.add(f.headerCount, from, to - from, fields.length);
  for (const { name, value, from: at, to: end } of fields) {
    const length = end - at,
      nameText = name === null ? null : shownText(name),
      valueText = value === null ? null : shownText(value);
    sink.add(f.header, at, length, undefined, sink.wantsText ? `${nameText ?? UNKNOWN}: ${valueText ?? UNKNOWN}` : undefined);
    sink.open();
    if (nameText !== null) sink.add(f.headerName, at, length, nameText);
    if (value !== null && valueText !== null) {
      sink.add(f.headerValue, at, length, valueText);
      addHeaderValue(nameText === null ? undefined : HEADER_FIELDS.get(nameText), value, valueText, at, length, sink);
    }
    if (name === null || value === null) sink.note('note', 'Said before a gap', at, length);
    sink.close();
  }
  if (isCut) sink.note('note', 'Further header fields are not shown', from, to - from);
}
