/** Values of fields: read from the bytes by type, shown to a person, and written as a display filter. */
import { formatIpv4, formatIpv6 } from './addresses.ts';
import type { Field, FieldValue } from './dissector.ts';
import { formatAbsoluteTime, formatIsoTime } from './timeText.ts';

const utf8 = new TextDecoder('utf-8');

/** Bytes of a value that are shown; the rest are an ellipsis. */
const SHOWN_BYTES = 32;
/** Longest value that is offered as a filter: a longer one selects by presence. */
const FILTER_BYTES = 64,
  FILTER_CHARACTERS = 256;

/** The value of `[offset, offset + length)` by the field's type: numbers big-endian and unsigned unless `int`. */
export function readValue(field: Field, bytes: Uint8Array, offset: number, length: number): FieldValue {
  switch (field.type) {
    case 'uint':
      return readUnsigned(bytes, offset, length);
    case 'int':
      return signed(readUnsigned(bytes, offset, length), length);
    case 'uint64':
      return readBigUnsigned(bytes, offset, length);
    case 'boolean':
      return readUnsigned(bytes, offset, length) !== 0;
    case 'ipv4':
      return readUnsigned(bytes, offset, Math.min(length, 4));
    case 'string':
      return utf8.decode(bytes.subarray(offset, offset + length));
    case 'bytes':
    case 'ether':
    case 'ipv6':
      return bytes.subarray(offset, offset + length);
    case 'float':
    case 'duration':
      return length === 8 || length === 4 ? readFloat(bytes, offset, length) : readUnsigned(bytes, offset, length);
    case 'time':
      return readBigUnsigned(bytes, offset, length);
    case 'none':
      return true;
  }
}

/** Big-endian; exact up to 6 bytes. */
export function readUnsigned(bytes: Uint8Array, offset: number, length: number): number {
  let value = 0;
  for (let i = offset; i < offset + length; i++) value = value * 256 + (bytes[i] ?? 0);
  return value;
}

function signed(value: number, length: number): number {
  const limit = 2 ** (length * 8 - 1);
  return length > 0 && length <= 6 && value >= limit ? value - 2 * limit : value;
}

function readBigUnsigned(bytes: Uint8Array, offset: number, length: number): bigint {
  let value = 0n;
  for (let i = offset; i < offset + Math.min(length, 16); i++) value = (value << 8n) | BigInt(bytes[i] ?? 0);
  return value;
}

function readFloat(bytes: Uint8Array, offset: number, length: number): number {
  if (offset + length > bytes.length) return NaN;
  const view = new DataView(bytes.buffer, bytes.byteOffset + offset, length);
  return length === 8 ? view.getFloat64(0) : view.getFloat32(0);
}

/** A value as a person reads it: `6 (TCP)`, `0x0800`, `1460 bytes`, `02:00:00:00:00:01`. */
export function formatValue(field: Field, value: FieldValue, length: number): string {
  const text = plainText(field, value, length);
  const name = typeof value === 'number' || typeof value === 'boolean' ? field.values?.[Number(value)] : undefined;
  const unit = field.unit === undefined ? '' : ` ${field.unit}`;
  return name === undefined ? `${text}${unit}` : `${text} (${name})${unit}`;
}

function plainText(field: Field, value: FieldValue, length: number): string {
  switch (field.type) {
    case 'none':
      return '';
    case 'boolean':
      return Boolean(value) ? (isFlag(field) ? 'Set' : 'True') : isFlag(field) ? 'Not set' : 'False';
    case 'uint':
    case 'int':
    case 'uint64':
    case 'float':
      return field.base === 'hex' ? hexNumber(value, length) : String(value);
    case 'string':
      return String(value);
    case 'ipv4':
      return typeof value === 'number' ? formatIpv4(value) : String(value);
    case 'ipv6':
      return value instanceof Uint8Array ? formatIpv6(value, 0) : String(value);
    case 'ether':
      return value instanceof Uint8Array ? hexBytes(value, ':') : String(value);
    case 'bytes':
      return value instanceof Uint8Array
        ? value.length > SHOWN_BYTES
          ? `${hexBytes(value.subarray(0, SHOWN_BYTES), '')}…`
          : hexBytes(value, '')
        : String(value);
    case 'time':
      return typeof value === 'bigint' ? formatAbsoluteTime(value) : String(value);
    case 'duration':
      return typeof value === 'number' ? `${formatSeconds(value)} seconds` : String(value);
  }
}

function isFlag(field: Field): boolean {
  return /\.flags?\./.test(field.name);
}

function hexNumber(value: FieldValue, length: number): string {
  return typeof value === 'number' || typeof value === 'bigint' ? `0x${value.toString(16).padStart(Math.max(2, length * 2), '0')}` : String(value);
}

export function hexBytes(bytes: Uint8Array, separator: string): string {
  return Array.from(bytes, (byte) => byte.toString(16).padStart(2, '0')).join(separator);
}

/** Seconds with nine decimals, as Wireshark has spans of time. */
export function formatSeconds(seconds: number): string {
  return Number.isFinite(seconds) ? seconds.toFixed(9) : String(seconds);
}

/** Display filter that selects packets with this value of this field; presence alone where the value cannot be written. */
export function filterFor(field: Field, value: FieldValue, length: number): string {
  const literal = filterLiteral(field, value, length);
  return literal === null ? field.name : `${field.name} == ${literal}`;
}

function filterLiteral(field: Field, value: FieldValue, length: number): string | null {
  switch (field.type) {
    case 'none':
      return null;
    case 'boolean':
      return Boolean(value) ? '1' : '0';
    case 'duration':
      return typeof value === 'number' && Number.isFinite(value) ? formatSeconds(value) : null;
    case 'float':
      return typeof value === 'number' && Number.isFinite(value) ? String(value) : null;
    case 'time':
      return typeof value === 'bigint' ? `"${formatIsoTime(value)}"` : null;
    case 'string':
      return String(value).length <= FILTER_CHARACTERS ? quote(String(value)) : null;
    case 'bytes':
      return value instanceof Uint8Array && value.length > 0 && value.length <= FILTER_BYTES ? hexBytes(value, ':') : null;
    case 'ipv6':
      return value instanceof Uint8Array && value.length === 16 ? plainText(field, value, length) : null;
    case 'ether':
      return value instanceof Uint8Array && value.length === 6 ? plainText(field, value, length) : null;
    case 'uint':
    case 'int':
    case 'uint64':
    case 'ipv4':
      return plainText(field, value, length);
  }
}

/** A string literal of the filter language, in which nothing hides or turns the direction of writing. */
export function quote(text: string): string {
  return `"${text.replace(/[\\"]/g, '\\$&').replace(/[\p{Cc}\p{Cf}\p{Co}\p{Cs}\p{Zl}\p{Zp}]/gu, quoted)}"`;
}

function quoted(character: string): string {
  const code = character.codePointAt(0)!,
    hex = code.toString(16);
  return code < 0x80 ? `\\x${hex.padStart(2, '0')}` : code < 0x10000 ? `\\u${hex.padStart(4, '0')}` : `\\U${hex.padStart(8, '0')}`;
}
