/** Values written in a filter, read as the type that they are compared with. */
import type { Operand, Span } from './ast.ts';
import { FilterError } from './ast.ts';
import type { CatalogEntry, Kind } from './catalog.ts';
import { parseIpv4, parseIpv6 } from '../../pcap/addressText.ts';
import { parseTime } from './timeLiterals.ts';
import { ByteRange, Network, textOfBytes, type Value } from './values.ts';

export type Literal = Extract<Operand, { type: 'word' | 'string' | 'character' }>;

/** How a literal is read: by kind, and by the field on the other side where there is one. */
export interface Expected {
  readonly kind: Kind;
  readonly entry: CatalogEntry | null;
}

/** Throws FilterError when the literal is no value of that kind. */
export function readLiteral(literal: Literal, expected: Expected): Value {
  const { kind, entry } = expected;
  switch (kind) {
    case 'number':
      return numberLiteral(literal, entry);
    case 'duration':
      return durationLiteral(literal);
    case 'time':
      return timeLiteral(literal);
    case 'string':
      return literal.type === 'word'
        ? literal.text
        : literal.type === 'character'
          ? String.fromCharCode(literal.value)
          : textOfBytes(Uint8Array.from(literal.bytes));
    case 'bytes':
    case 'protocol':
      return bytesLiteral(literal);
    case 'ether': {
      const { bytes } = literal.type === 'string' ? notAString(literal, 'a MAC address') : bytesLiteral(literal);
      if (bytes.length !== 6)
        throw new FilterError(
          `${describe(literal)} is not a MAC address: it has ${bytes.length} ${bytes.length === 1 ? 'byte' : 'bytes'}, not 6`,
          literal.span,
        );
      return bytes.reduce((value, byte) => value * 256 + byte, 0);
    }
    case 'ipv4':
      return networkLiteral(literal, 32, 'an IPv4 address', parseIpv4);
    case 'ipv6':
      return networkLiteral(literal, 128, 'an IPv6 address', (text) => {
        const bytes = parseIpv6(text);
        return bytes === null ? null : new ByteRange(bytes);
      });
    case 'none':
      throw new FilterError(`${entry?.name ?? 'This field'} has no value to compare with; name it alone to ask for its presence`, literal.span);
  }
}

export function describe(literal: Literal): string {
  if (literal.type === 'word') return `"${literal.text}"`;
  return literal.type === 'string' ? `"${textOfBytes(Uint8Array.from(literal.bytes))}"` : `'${String.fromCharCode(literal.value)}'`;
}

function notAString(literal: Literal, what: string): never {
  throw new FilterError(`${describe(literal)} is a string, not ${what}; write it without quotes`, literal.span);
}

function numberLiteral(literal: Literal, entry: CatalogEntry | null): number | bigint {
  if (literal.type === 'character') return literal.value;
  const text = literal.type === 'word' ? literal.text : textOfBytes(Uint8Array.from(literal.bytes));
  if (literal.type === 'word') {
    const value = parseNumber(text, entry?.type === 'float' || entry === null);
    if (value !== null) return entry?.type === 'boolean' ? (Number(value) === 0 ? 0 : 1) : value;
  }
  const word = text.toLowerCase();
  if (entry?.type === 'boolean') {
    if (word === 'true' || word === 'set') return 1;
    if (word === 'false' || word === 'not set') return 0;
    throw new FilterError(`${describe(literal)} is not a truth value; write True, False, 1 or 0`, literal.span);
  }
  if (entry?.values !== undefined) {
    const found = Object.entries(entry.values).find(([, name]) => name.toLowerCase() === word);
    if (found !== undefined) return Number(found[0]);
    throw new FilterError(`${describe(literal)} cannot be found among the possible values for ${entry.name}`, literal.span);
  }
  if (literal.type === 'string') notAString(literal, 'a number');
  throw new FilterError(`${describe(literal)} is not a valid number`, literal.span);
}

/** Decimal, octal (`017`), `0x` or `0b`; with a point only where fractions can be. Beyond 2^53 a bigint. */
export function parseNumber(text: string, fraction: boolean): number | bigint | null {
  if (/^(?:0x[0-9a-f]{1,16}|0b[01]{1,64})$/i.test(text)) return exact(BigInt(text));
  if (/^0[0-7]{1,22}$/.test(text)) return exact(BigInt(`0o${text.slice(1)}`));
  if (/^(?:0|[1-9][0-9]{0,19})$/.test(text)) return exact(BigInt(text));
  return fraction && /^[0-9]*\.?[0-9]+(?:e[+-]?[0-9]{1,3})?$/i.test(text) ? Number(text) : null;
}

/** Whole numbers that a double holds are numbers, so that equal values are identical. */
export function exact(value: bigint): number | bigint {
  return value <= 9007199254740991n && value >= -9007199254740991n ? Number(value) : value;
}

const NANOSECONDS = 1e9;

function durationLiteral(literal: Literal): number {
  const text = literal.type === 'word' ? literal.text : '';
  const seconds = /^[0-9]*\.?[0-9]+(?:e[+-]?[0-9]{1,3})?(?=s?$)/i.exec(text)?.[0];
  if (seconds === undefined) throw new FilterError(`${describe(literal)} is not a number of seconds`, literal.span);
  return Math.round(Number(seconds) * NANOSECONDS);
}

function timeLiteral(literal: Literal): bigint {
  const text = literal.type === 'word' ? literal.text : literal.type === 'string' ? textOfBytes(Uint8Array.from(literal.bytes)) : '';
  const time = parseTime(text);
  if (time === null)
    throw new FilterError(`${describe(literal)} is not a point in time; write "2026-11-23 08:55:44.123Z" or seconds since 1970`, literal.span);
  return time;
}

/** A CIDR prefix, or one address. */
function networkLiteral(
  literal: Literal,
  width: number,
  what: string,
  parse: (text: string) => number | ByteRange | null,
): number | ByteRange | Network {
  if (literal.type !== 'word') return notAString(literal, what);
  const [text = '', suffix] = literal.text.split('/');
  const address = parse(text);
  if (address === null) throw new FilterError(`${describe(literal)} is not ${what}`, literal.span);
  if (suffix === undefined) return address;
  const bits = Number(suffix);
  if (!(bits <= width)) throw new FilterError(`A prefix of ${what} has at most ${width} bits, not ${suffix}`, suffixSpan(literal.span, suffix));
  return new Network(address, bits);
}

function suffixSpan(span: Span, suffix: string): Span {
  return { start: span.end - suffix.length, end: span.end };
}

function bytesLiteral(literal: Literal): ByteRange {
  if (literal.type === 'character') return new ByteRange(Uint8Array.of(literal.value));
  if (literal.type === 'string') return new ByteRange(Uint8Array.from(literal.bytes));
  const bytes = parseBytes(literal.text);
  if (bytes === null) throw new FilterError(`${describe(literal)} is not a valid byte string`, literal.span);
  return new ByteRange(bytes);
}

/** `00:1a:2b`, `0.1.a`, `aa-bb`, `ffff.ffff.ffff`, `001a2b`, or one byte as `0x47`. */
function parseBytes(text: string): Uint8Array | null {
  const single = /^0x([0-9a-f]{1,2})$/i.exec(text);
  if (single !== null) return Uint8Array.of(parseInt(single[1] ?? '', 16));
  const digits = /^[0-9a-f]{1,4}(?:([:.-])[0-9a-f]{1,4}(?:\1[0-9a-f]{1,4})*)?$/i.test(text)
    ? text.split(/[:.-]/)
    : /^[0-9a-f]+$/i.test(text)
      ? [text]
      : null;
  if (digits === null) return null;
  // `ffff.ffff` has two bytes per group; else a group is one byte, and only a row without separators has more.
  if (digits.length > 1 && !digits.every((group) => group.length <= 2) && !digits.every((group) => group.length === 4)) return null;
  const bytes: number[] = [];
  for (const group of digits) for (let i = 0; i < group.length; i += 2) bytes.push(parseInt(group.slice(i, i + 2), 16));
  return Uint8Array.from(bytes);
}
