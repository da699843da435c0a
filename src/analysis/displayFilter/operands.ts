/** Operands of a test: checked against the catalog, and turned into functions that give their values in the frame at hand. */
import type { ArithmeticOp, Operand, SliceRange } from './ast.ts';
import { FilterError } from './ast.ts';
import type { CatalogEntry, FieldCatalog, Kind } from './catalog.ts';
import { compileCall } from './functions.ts';
import { describe, readLiteral, type Expected, type Literal } from './literals.ts';
import { Slot } from './slots.ts';
import { suggestion } from './suggestion.ts';
import { ByteRange, NO_VALUES, toRange, type Value, type Values } from './values.ts';

export interface CompiledOperand {
  readonly kind: Kind;
  /** The field or protocol itself; null for what is made of fields. */
  readonly entry: CatalogEntry | null;
  readonly isLiteral: boolean;
  /** Presence cannot be asked of a function's result. */
  readonly isCall: boolean;
  /** Presence of arithmetic means that it is not zero. */
  readonly isArithmetic: boolean;
  readonly values: () => Values;
}

/** Slots of one compiled filter, by field. */
export class Scope {
  readonly catalog: FieldCatalog;
  readonly slots = new Map<CatalogEntry, Slot>();

  constructor(catalog: FieldCatalog) {
    this.catalog = catalog;
  }

  slot(entry: CatalogEntry): Slot {
    let slot = this.slots.get(entry);
    if (slot === undefined) this.slots.set(entry, (slot = new Slot(entry)));
    return slot;
  }
}

/** Compiles an operand. With `expected`, words that are no field are read as values of that kind; without, they are mistakes. */
export function compileOperand(operand: Operand, scope: Scope, expected: Expected | null): CompiledOperand {
  switch (operand.type) {
    case 'word': {
      const entry = scope.catalog.find(operand.text);
      if (entry !== undefined) return fieldOperand(scope.slot(entry), entry);
      return literalOperand(operand, scope, expected);
    }
    case 'string':
    case 'character':
      return literalOperand(operand, scope, expected);
    case 'call':
      return compileCall(operand, scope);
    case 'slice':
      return sliceOperand(operand.operand, operand.ranges, scope);
    case 'layer':
      return layerOperand(operand.operand, operand.ranges, scope);
    case 'negate':
      return negateOperand(operand, scope, expected);
    case 'arithmetic':
      return arithmeticOperand(operand, scope, expected);
  }
}

function fieldOperand(slot: Slot, entry: CatalogEntry): CompiledOperand {
  return { kind: entry.kind, entry, isLiteral: false, isCall: false, isArithmetic: false, values: () => slot };
}

/** A value that does not change with the frame. */
export function constant(kind: Kind, value: Value): CompiledOperand {
  const values: Values = { count: 1, items: [value] };
  return { kind, entry: null, isLiteral: true, isCall: false, isArithmetic: false, values: () => values };
}

export function computed(kind: Kind, values: () => Values, parts: Partial<CompiledOperand> = {}): CompiledOperand {
  return { kind, entry: null, isLiteral: false, isCall: false, isArithmetic: false, ...parts, values };
}

function literalOperand(literal: Literal, scope: Scope, expected: Expected | null): CompiledOperand {
  if (expected !== null) return constant(expected.kind, readLiteral(literal, expected));
  throw new FilterError(
    `${describe(literal)} is neither a field nor a protocol name${literal.type === 'word' ? suggestion(literal.text, scope.catalog) : ''}`,
    literal.span,
  );
}

/** Uses a protocol for more than its presence: then its bytes are wanted. */
export function wantBytes(operand: CompiledOperand, scope: Scope): void {
  if (operand.entry?.kind === 'protocol') scope.slot(operand.entry).presenceOnly = false;
}

const SLICEABLE: ReadonlySet<Kind> = new Set<Kind>(['bytes', 'string', 'protocol', 'ether', 'ipv4', 'ipv6']);

function sliceOperand(operand: Operand, ranges: readonly SliceRange[], scope: Scope): CompiledOperand {
  for (const range of ranges) checkRange(range);
  const inner = compileOperand(operand, scope, null);
  if (!SLICEABLE.has(inner.kind))
    throw new FilterError(`${inner.entry?.name ?? 'This'} has no bytes to take a slice of; mask a number with &`, operand.span);
  wantBytes(inner, scope);
  return computed('bytes', () => {
    const { count, items } = inner.values();
    const slices: Value[] = [];
    for (let i = 0; i < count; i++) {
      const slice = takeSlice(toRange(items[i]!, inner.kind), ranges);
      if (slice !== null) slices.push(slice);
    }
    return slices.length === 0 ? NO_VALUES : { count: slices.length, items: slices };
  });
}

function checkRange(range: SliceRange): void {
  const fail = (why: string): never => {
    throw new FilterError(`This range is not valid because ${why}`, range.span);
  };
  if (range.last !== undefined) {
    if (range.start < 0 !== range.last < 0) fail(`${range.start} and ${range.last} have different signs`);
    if (range.start > range.last) fail(`${range.start} is greater than ${range.last}`);
  } else if (range.length !== null && range.length !== undefined && range.length <= 0) fail(`its length ${range.length} is not positive`);
}

/** Null when a part of it is not there: then the value does not count. */
function takeSlice(range: ByteRange, ranges: readonly SliceRange[]): ByteRange | null {
  const size = range.end - range.start;
  let joined: number[] | null = null,
    single: ByteRange | null = null;
  for (const { start, length, last } of ranges) {
    const from = start < 0 ? size + start : start;
    const to = last !== undefined ? (last < 0 ? size + last : last) + 1 : length === null || length === undefined ? size : from + length;
    if (from < 0 || from >= size || to > size || to <= from) return null;
    if (ranges.length === 1) single = new ByteRange(range.bytes, range.start + from, range.start + to);
    else joined = [...(joined ?? []), ...range.bytes.subarray(range.start + from, range.start + to)];
  }
  return joined === null ? single : new ByteRange(Uint8Array.from(joined));
}

function layerOperand(operand: Operand, ranges: readonly SliceRange[], scope: Scope): CompiledOperand {
  const inner = compileOperand(operand, scope, null);
  if (inner.entry === null) throw new FilterError('# chooses a layer of a field or protocol', operand.span);
  for (const range of ranges) {
    if (range.start < 1 || (range.last !== undefined && range.last < range.start))
      throw new FilterError('Layers are counted from 1 outwards in', range.span);
  }
  const slot = scope.slot(inner.entry);
  slot.wantsLayers = true;
  slot.presenceOnly = false;
  const wanted = (layer: number): boolean =>
    ranges.some(
      ({ start, length, last }) => layer >= start && layer <= (last ?? (length === null || length === undefined ? Infinity : start + length - 1)),
    );
  return computed(inner.kind, () => {
    const items: Value[] = [];
    for (let i = 0; i < slot.count; i++) if (wanted(slot.layers[i] ?? 1)) items.push(slot.items[i]!);
    return { count: items.length, items };
  });
}

function negateOperand(operand: Operand & { type: 'negate' }, scope: Scope, expected: Expected | null): CompiledOperand {
  const inner = compileOperand(operand.operand, scope, expected);
  if (inner.kind !== 'number' && inner.kind !== 'duration') throw new FilterError('Only numbers can be negated', operand.span);
  const negative = (value: Value): Value => (typeof value === 'bigint' ? -value : -Number(value));
  if (inner.isLiteral) return constant(inner.kind, negative(inner.values().items[0]!));
  return computed(
    inner.kind,
    () => {
      const { count, items } = inner.values();
      return { count, items: items.slice(0, count).map(negative) };
    },
    { isArithmetic: true },
  );
}

function arithmeticOperand(operand: Operand & { type: 'arithmetic' }, scope: Scope, expected: Expected | null): CompiledOperand {
  const { op } = operand;
  // The kind of a literal follows from the other side: `1 + frame.len`, `frame.len + 1`.
  const rightFirst = expected === null && isPlainLiteral(operand.left, scope);
  const hint = expected === null ? null : numeric(expected);
  const first = compileOperand(rightFirst ? operand.right : operand.left, scope, hint);
  wantBytes(first, scope);
  const kind = first.kind === 'protocol' ? 'bytes' : first.kind;
  checkArithmetic(op, kind, first.entry, operand);
  const second = compileOperand(rightFirst ? operand.left : operand.right, scope, {
    kind,
    entry: first.entry?.type === 'float' ? first.entry : null,
  });
  wantBytes(second, scope);
  if ((second.kind === 'protocol' ? 'bytes' : second.kind) !== kind) throw new FilterError('Both sides must be of one type', operand.span);
  const [left, right] = rightFirst ? [second, first] : [first, second];
  return computed(kind, () => combine(op, kind, left.values(), right.values()), { isArithmetic: true });
}

function numeric(expected: Expected): Expected {
  return { kind: expected.kind, entry: expected.entry?.type === 'float' ? expected.entry : null };
}

function isPlainLiteral(operand: Operand, scope: Scope): boolean {
  return operand.type === 'string' || operand.type === 'character' || (operand.type === 'word' && scope.catalog.find(operand.text) === undefined);
}

function checkArithmetic(op: ArithmeticOp, kind: Kind, entry: CatalogEntry | null, operand: Operand): void {
  const fine =
    op === '&'
      ? (kind === 'number' && entry?.type !== 'boolean' && entry?.type !== 'float') ||
        kind === 'bytes' ||
        kind === 'ether' ||
        kind === 'ipv4' ||
        kind === 'ipv6'
      : kind === 'number'
        ? entry?.type !== 'boolean'
        : kind === 'duration' && (op === '+' || op === '-');
  if (!fine) throw new FilterError(`${entry?.name ?? 'This value'} cannot be used with ${op}`, operand.span);
}

/** Every value of the left with every value of the right. What has no result (division by zero) is left out. */
function combine(op: ArithmeticOp, kind: Kind, left: Values, right: Values): Values {
  const items: Value[] = [];
  for (let i = 0; i < left.count; i++) {
    for (let j = 0; j < right.count; j++) {
      const value =
        kind === 'number' || kind === 'duration' ? calculate(op, left.items[i]!, right.items[j]!) : mask(left.items[i]!, right.items[j]!, kind);
      if (value !== null) items.push(value);
    }
  }
  return { count: items.length, items };
}

function calculate(op: ArithmeticOp, left: Value, right: Value): number | null {
  const a = Number(left),
    b = Number(right);
  switch (op) {
    case '&':
      return a <= 0x7fffffff && b <= 0x7fffffff ? a & b : Number(BigInt.asUintN(64, BigInt(Math.trunc(a)) & BigInt(Math.trunc(b))));
    case '+':
      return a + b;
    case '-':
      return a - b;
    case '*':
      return a * b;
    case '/':
      return b === 0 ? null : Number.isInteger(a) && Number.isInteger(b) ? Math.trunc(a / b) : a / b;
    case '%':
      return b === 0 ? null : a % b;
  }
}

/** Masks bytes with bytes; of different lengths there is no result. */
function mask(left: Value, right: Value, kind: Kind): Value | null {
  const a = toRange(left, kind),
    b = toRange(right, kind),
    length = a.end - a.start;
  if (b.end - b.start !== length) return null;
  const bytes = Uint8Array.from({ length }, (_, i) => a.bytes[a.start + i]! & b.bytes[b.start + i]!);
  return kind === 'ether' || kind === 'ipv4' ? bytes.reduce((value, byte) => value * 256 + byte, 0) : new ByteRange(bytes);
}

export function isZero(value: Value): boolean {
  if (value instanceof ByteRange) return value.bytes.subarray(value.start, value.end).every((byte) => byte === 0);
  return value === 0 || value === 0n;
}
