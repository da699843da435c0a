/** JSON, RFC 8259: the body of a message, whoever carries it. Who reads the message says it, as a layer of its own. */
import { defineFields, type Dissector, type Field, type FieldSink } from '../dissector.ts';
import { jsonEnd, JsonWalk } from '../media/json.ts';

const f = defineFields({
  object: { name: 'json.object', label: 'Object', type: 'none' },
  array: { name: 'json.array', label: 'Array', type: 'none' },
  member: { name: 'json.member', label: 'Member', type: 'string' },
  key: { name: 'json.key', label: 'Key', type: 'string' },
  path: { name: 'json.path', label: 'Path', type: 'string' },
  pathWithValue: { name: 'json.path_with_value', label: 'Path with value', type: 'string' },
  memberWithValue: { name: 'json.member_with_value', label: 'Member with value', type: 'string' },
  text: { name: 'json.value.string', label: 'String value', type: 'string' },
  number: { name: 'json.value.number', label: 'Number value', type: 'string' },
  false: { name: 'json.value.false', label: 'False value', type: 'none' },
  true: { name: 'json.value.true', label: 'True value', type: 'none' },
  null: { name: 'json.value.null', label: 'Null value', type: 'none' },
});

export const json: Dissector = { id: 'json', name: 'JavaScript Object Notation', fields: f, on: [], isOffPath: true };

/** Values of one body that are told; longest path that is. */
const MOST_VALUES = 10_000,
  LONGEST_PATH = 1024;
const WORDS: Readonly<Record<string, Field>> = { t: f.true, f: f.false, n: f.null };

/** Says what is in `[from, to)` of `bytes`; what is no whole JSON is a layer without fields, as in Wireshark. */
export function describeJson(bytes: Uint8Array, from: number, to: number, sink: FieldSink): void {
  sink.layer(json, from, to - from);
  if (jsonEnd(bytes, from, to) < 0) return;
  const path: string[] = [];
  let values = 0,
    opened = 0;
  const tell = (field: Field, at: number, length: number, text: string): void => {
    const named = `${path.at(-1) ?? ''}:${text}`;
    if (path.length > 0) {
      sink.add(f.pathWithValue, at, length, `${pathOf(path)}:${text}`);
      sink.add(f.memberWithValue, at, length, named);
    }
    sink.add(field, at, length, field.type === 'none' ? true : text);
  };
  new JsonWalk(bytes, from, to, {
    begin(isArray, at) {
      sink.add(isArray ? f.array : f.object, at, 1);
      sink.open();
      opened++;
      if (isArray) path.push('[]');
      return ++values < MOST_VALUES;
    },
    end(isArray) {
      sink.close();
      opened--;
      if (isArray) path.pop();
    },
    member(key, at, length) {
      sink.add(f.member, at, length, key);
      sink.open();
      opened++;
      path.push(key);
    },
    memberEnd(key, at, length) {
      sink.add(f.key, at, length, key);
      sink.add(f.path, at, length, pathOf(path));
      sink.close();
      opened--;
      path.pop();
    },
    text(text, at, length) {
      tell(f.text, at, length, text);
      return ++values < MOST_VALUES;
    },
    word(text, at, length) {
      tell(WORDS[text[0] ?? ''] ?? f.number, at, length, text);
      return ++values < MOST_VALUES;
    },
  }).run();
  // Of more values than are told the last are left open.
  for (; opened > 0; opened--) sink.close();
}

function pathOf(path: readonly string[]): string {
  let text = '';
  for (let i = 0; i < path.length && text.length < LONGEST_PATH; i++) text += `/${path[i]!}`;
  return text.slice(0, LONGEST_PATH);
}
