/** The header fields of a block of HTTP/2, RFC 7541, each where it lies and how it was written. */
import type { Field, FieldSink } from '../dissector.ts';
import type { Packet } from '../packet.ts';
import type { ReadBlock } from './connection.ts';
import { addHeaderValue, shownText, unescaped, valueOf } from './describe.ts';
import { http2Fields as f } from './fields.ts';
import { INDEXED, NEVER_INDEXED, TABLE_SIZE, WITH_INDEXING, type HeaderField } from './hpack.ts';

const HEADER_FIELDS: ReadonlyMap<string, Field> = new Map(
  Object.values(f)
    .filter(({ name, label }) => name === `http2.headers.${label.replace(':', '').replaceAll('-', '_')}`)
    .map((field) => [field.label, field]),
);

/** The fields of a block where it lies: those of one that was put together are bytes of their own. */
export function describeBlock(p: Packet, read: ReadBlock, sink: FieldSink): void {
  const { bytes, view, source } = p;
  if (read.bytes !== bytes) {
    p.bytes = read.bytes;
    p.view = new DataView(read.bytes.buffer, read.bytes.byteOffset, read.bytes.byteLength);
    p.source = p.sources.push({ name: `Header block (${read.to} bytes)`, bytes: read.bytes });
  }
  describeFields(p, read, sink);
  p.bytes = bytes;
  p.view = view;
  p.source = source;
}

function describeFields(p: Packet, { block, from, to, isCut }: ReadBlock, sink: FieldSink): void {
  const { fields, error } = block,
    counted = fields.filter(({ kind }) => kind !== TABLE_SIZE);
  // Wireshark counts four bytes of length before each text.
  sink.add(
    f.headerLength,
    from,
    to - from,
    counted.reduce((sum, { name, value }) => sum + (name?.length ?? 0) + (value?.length ?? 0) + 8, 0),
  );
  sink.add(f.headerCount, from, to - from, fields.length);
  for (const field of fields) describeField(field, sink);
  const uri = fullUri(fields);
  if (uri !== '') sink.add(f.fullUri, from, to - from, uri);
  if (block.isCut) sink.note('note', 'Further header fields are not shown', from, to - from);
  if (isCut) sink.note('note', 'Packet size limited during capture', from, to - from);
  if (error !== null) p.malformed(`header block: ${error.text}`, error.at, to);
}

function describeField({ kind, from, to, index, name, value }: HeaderField, sink: FieldSink): void {
  const length = to - from;
  if (kind === TABLE_SIZE) {
    sink.add(f.sizeUpdate, from, length);
    sink.open();
    sink.add(f.sizeUpdateSize, from, length, index);
    sink.close();
    return;
  }
  const nameText = name === null ? null : shownText(name),
    valueText = value === null ? null : shownText(value);
  sink.add(f.header, from, length, undefined, sink.wantsText ? `${nameText ?? UNKNOWN}: ${valueText ?? UNKNOWN}` : undefined);
  sink.open();
  if (name !== null) {
    sink.add(f.nameLength, from, length, name.length);
    sink.add(f.name, from, length, nameText!);
  }
  if (value !== null) {
    sink.add(f.valueLength, from, length, value.length);
    sink.add(f.value, from, length, valueText!);
    addHeaderValue(nameText === null ? undefined : HEADER_FIELDS.get(nameText), value, valueText!, from, length, sink);
    sink.add(f.unescaped, from, length, unescaped(valueText!));
  }
  sink.add(f.representation, from, length, representationOf(kind, index));
  if (index > 0) sink.add(f.index, from, length, index);
  if (name === null || value === null) sink.note('note', 'Said before what was captured, or before a gap in it', from, length);
  sink.close();
}

const UNKNOWN = '<unknown>';

function representationOf(kind: number, index: number): string {
  if (kind === INDEXED) return 'Indexed Header Field';
  const how = kind === WITH_INDEXING ? 'with Incremental Indexing' : kind === NEVER_INDEXED ? 'never Indexed' : 'without Indexing';
  return `Literal Header Field ${how} - ${index > 0 ? 'Indexed' : 'New'} Name`;
}

function fullUri(fields: readonly HeaderField[]): string {
  const [scheme, authority, path] = [valueOf(fields, ':scheme'), valueOf(fields, ':authority'), valueOf(fields, ':path')];
  return scheme === null || authority === null || path === null ? '' : `${scheme}://${authority}${path}`;
}
