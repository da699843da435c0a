/** A form as browsers send it, application/x-www-form-urlencoded (URL Standard, section 5). Who reads the message says it, as a layer of its own. */
import { defineFields, type Dissector, type FieldSink } from '../dissector.ts';
import { findByte, textAt } from '../text.ts';

const f = defineFields({
  key: { name: 'urlencoded-form.key', label: 'Key', type: 'string' },
  value: { name: 'urlencoded-form.value', label: 'Value', type: 'string' },
});

export const urlencodedForm: Dissector = { id: 'urlencoded-form', name: 'HTML Form URL Encoded', fields: f, on: [], isOffPath: true };

const AMPERSAND = 0x26,
  EQUALS = 0x3d,
  PLUS = 0x2b,
  PERCENT = 0x25,
  MOST_PAIRS = 5000,
  LONGEST = 65_536;

/** Says the pairs in `[from, to)` of `bytes`. */
export function describeForm(bytes: Uint8Array, from: number, to: number, sink: FieldSink): void {
  sink.layer(urlencodedForm, from, to - from);
  for (let at = from, pairs = 0; at < to && pairs < MOST_PAIRS; pairs++) {
    const end = findByte(bytes, AMPERSAND, at, to),
      equals = findByte(bytes, EQUALS, at, end);
    if (end > at) {
      sink.add(f.key, at, equals - at, formText(bytes, at, equals));
      sink.open();
      const value = Math.min(end, equals + 1);
      sink.add(f.value, value, end - value, formText(bytes, value, end));
      sink.close();
    }
    at = end + 1;
  }
}

function formText(bytes: Uint8Array, from: number, to: number): string {
  const end = Math.min(to, from + LONGEST),
    plain = new Uint8Array(end - from);
  let length = 0;
  for (let at = from; at < end; at++) {
    const byte = bytes[at]!,
      high = byte === PERCENT && at + 2 < end ? hexDigit(bytes[at + 1]!) : -1,
      low = high < 0 ? -1 : hexDigit(bytes[at + 2]!);
    if (low >= 0) at += 2;
    plain[length++] = low >= 0 ? high * 16 + low : byte === PLUS ? 0x20 : byte;
  }
  return textAt(plain, 0, length, LONGEST);
}

function hexDigit(byte: number): number {
  if (byte >= 48 && byte <= 57) return byte - 48;
  const lower = byte | 32;
  return lower >= 97 && lower <= 102 ? lower - 87 : -1;
}
