/** Tests of a filter: types checked, turned into closures over the slots. */
import type { ComparisonOp, Operand, Quantifier, SetElement, Span, Test } from './ast.ts';
import { FilterError } from './ast.ts';
import type { Kind } from './catalog.ts';
import { compileOperand, isZero, wantBytes, type CompiledOperand, type Scope } from './operands.ts';
import { Regex } from './regex.ts';
import { RegexError } from './regexParser.ts';
import type { Expected } from './literals.ts';
import { asText, ByteRange, comparison, containsBytes, Network, textOfBytes, toRange, type Compare, type Value, type Values } from './values.ts';

export type Predicate = () => boolean;

export function compileTest(test: Test, scope: Scope): Predicate {
  switch (test.type) {
    case 'and': {
      const items = test.items.map((item) => compileTest(item, scope));
      return () => {
        for (let i = 0; i < items.length; i++) if (!items[i]!()) return false;
        return true;
      };
    }
    case 'or': {
      const items = test.items.map((item) => compileTest(item, scope));
      return () => {
        for (let i = 0; i < items.length; i++) if (items[i]!()) return true;
        return false;
      };
    }
    case 'xor': {
      const items = test.items.map((item) => compileTest(item, scope));
      return () => items.reduce((odd, item) => item() !== odd, false);
    }
    case 'not': {
      const item = compileTest(test.item, scope);
      return () => !item();
    }
    case 'exists':
      return exists(test.operand, scope);
    case 'compare':
      return compareSteps(test, scope);
    case 'in':
      return membership(test, scope);
    case 'contains':
      return contains(test, scope);
    case 'matches':
      return matches(test, scope);
  }
}

function exists(operand: Operand, scope: Scope): Predicate {
  const compiled = compileOperand(operand, scope, null);
  if (compiled.isCall) throw new FilterError('The result of a function must be compared with something', operand.span);
  const { values } = compiled;
  if (!compiled.isArithmetic) return () => values().count > 0;
  return () => {
    const { count, items } = values();
    for (let i = 0; i < count; i++) if (!isZero(items[i]!)) return true;
    return false;
  };
}

/** The left side of a relation: a field, or made of fields. */
function leftSide(operand: Operand, scope: Scope, relation: string): CompiledOperand {
  const isWord = operand.type === 'word',
    looksLikeField = isWord && /^[a-z_][\w-]*(?:\.[\w-]+)*$/i.test(operand.text) && !/^(?:[0-9a-f]{2})+$/i.test(operand.text);
  if ((isWord && !looksLikeField && scope.catalog.find(operand.text) === undefined) || operand.type === 'string' || operand.type === 'character') {
    throw new FilterError(`The left side of ${relation} must be a field or a function`, operand.span);
  }
  const compiled = compileOperand(operand, scope, null);
  if (compiled.kind === 'none')
    throw new FilterError(`${compiled.entry?.name ?? 'This field'} has no value to compare; name it alone to ask for its presence`, operand.span);
  wantBytes(compiled, scope);
  return compiled;
}

const SYMBOLS: Readonly<Record<ComparisonOp, string>> = {
  any_eq: '==',
  all_eq: '===',
  any_ne: '!==',
  all_ne: '!=',
  gt: '>',
  ge: '>=',
  lt: '<',
  le: '<=',
};

/** `a < b < c` is `a < b and b < c`. */
function compareSteps(test: Test & { type: 'compare' }, scope: Scope): Predicate {
  const steps: Predicate[] = [];
  let left = test.left;
  for (const { op, right } of test.steps) {
    steps.push(compareTwo(leftSide(left, scope, `"${SYMBOLS[op]}"`), op, right, test.quantifier, scope));
    left = right;
  }
  return steps.length === 1 ? steps[0]! : () => steps.every((step) => step());
}

function expectedFrom(operand: CompiledOperand): Expected {
  return { kind: operand.kind, entry: operand.entry };
}

/** Kinds that have bytes and compare as such when they differ. */
const BYTES: ReadonlySet<Kind> = new Set<Kind>(['bytes', 'protocol', 'ether', 'ipv6']);

/** Compiles the right side for a left one; the kind in which both can be compared. */
function rightSide(left: CompiledOperand, operand: Operand, scope: Scope): { readonly right: CompiledOperand; readonly kind: Kind } {
  // A slice of text is bytes, and text where a string is on the other side: both read the same.
  const right = compileOperand(operand, scope, expectedFrom(left));
  wantBytes(right, scope);
  if (right.kind === left.kind) return { right, kind: left.kind };
  if (
    right.kind !== 'none' &&
    ((BYTES.has(left.kind) && BYTES.has(right.kind)) ||
      (left.kind === 'bytes' && right.kind === 'string') ||
      (left.kind === 'string' && right.kind === 'bytes'))
  )
    return { right, kind: 'bytes' };
  throw new FilterError(`${nameOf(left, 'The left side')} and ${nameOf(right, 'the right side')} are not of compatible types`, operand.span);
}

function nameOf(operand: CompiledOperand, otherwise: string): string {
  return operand.entry?.name ?? otherwise;
}

/** The comparison of values as they are, or of their bytes where the two sides are of different kinds. */
function comparerFor(left: CompiledOperand, right: CompiledOperand, kind: Kind): Compare {
  const compare = comparison(kind);
  if (left.kind === kind && right.kind === kind) return compare;
  return (a, b) => compare(toRange(a, left.kind), toRange(b, right.kind));
}

const HOLDS: Readonly<Record<ComparisonOp, (order: number) => boolean>> = {
  any_eq: (order) => order === 0,
  all_eq: (order) => order === 0,
  any_ne: (order) => order !== 0,
  all_ne: (order) => order !== 0,
  gt: (order) => order > 0,
  ge: (order) => order >= 0,
  lt: (order) => order < 0,
  le: (order) => order <= 0,
};

function compareTwo(left: CompiledOperand, op: ComparisonOp, operand: Operand, quantifier: Quantifier | null, scope: Scope): Predicate {
  const { right, kind } = rightSide(left, operand, scope);
  const all = quantifier === null ? op === 'all_eq' || op === 'all_ne' : quantifier === 'all';
  const compare = comparerFor(left, right, kind),
    holds = HOLDS[op];
  if (right.isLiteral) {
    const value = right.values().items[0]!;
    // What most filters consist of: some value of a field is this one.
    if (op === 'any_eq' && !all && isPlain(kind) && !(value instanceof Network)) return isAny(left.values, value);
    return some(left.values, (item) => holds(compare(item, value)), all);
  }
  return somePair(left.values, right.values, (a, b) => holds(compare(a, b)), all);
}

function isPlain(kind: Kind): boolean {
  return kind === 'number' || kind === 'ipv4' || kind === 'ether' || kind === 'string' || kind === 'duration' || kind === 'time';
}

function isAny(values: () => Values, value: Value): Predicate {
  return () => {
    const { count, items } = values();
    for (let i = 0; i < count; i++) if (items[i] === value) return true;
    return false;
  };
}

/** Whether some value, or all values, pass; never without any. */
function some(values: () => Values, passes: (value: Value) => boolean, all: boolean): Predicate {
  return () => {
    const { count, items } = values();
    for (let i = 0; i < count; i++) if (passes(items[i]!) !== all) return !all;
    return all && count > 0;
  };
}

function somePair(left: () => Values, right: () => Values, passes: (a: Value, b: Value) => boolean, all: boolean): Predicate {
  return () => {
    const a = left(),
      b = right();
    for (let i = 0; i < a.count; i++) for (let j = 0; j < b.count; j++) if (passes(a.items[i]!, b.items[j]!) !== all) return !all;
    return all && a.count > 0 && b.count > 0;
  };
}

function membership(test: Test & { type: 'in' }, scope: Scope): Predicate {
  const left = leftSide(test.left, scope, 'in');
  const members = test.set.map((element) => member(left, element, scope));
  const found = some(left.values, (value) => members.some((isMember) => isMember(value)), test.quantifier === 'all');
  return test.negated ? () => !found() : found;
}

function member(left: CompiledOperand, { from, to, span }: SetElement, scope: Scope): (value: Value) => boolean {
  const low = setValue(left, from, scope);
  if (to === null) {
    const { compare, value } = low;
    return (item) => compare(item, value) === 0;
  }
  const high = setValue(left, to, scope);
  if (low.compare(lowest(low.value), high.value) > 0) throw new FilterError('The range ends before it begins', span);
  return (item) => low.compare(item, low.value) >= 0 && high.compare(item, high.value) <= 0;
}

function lowest(value: Value): Value {
  return value instanceof Network ? value.address : value;
}

function setValue(left: CompiledOperand, operand: Operand, scope: Scope): { readonly value: Value; readonly compare: Compare } {
  const { right, kind } = rightSide(left, operand, scope);
  if (!right.isLiteral) throw new FilterError('A set consists of values, not of fields', operand.span);
  return { value: right.values().items[0]!, compare: comparerFor(left, right, kind) };
}

function contains(test: Test & { type: 'contains' | 'matches' }, scope: Scope): Predicate {
  const left = searchable(test.left, scope, 'contains'),
    { right } = rightSide(left, test.right, scope),
    all = test.quantifier === 'all';
  if (left.kind === 'string' && right.kind === 'string') return somePair(left.values, right.values, (a, b) => asText(a).includes(asText(b)), all);
  return somePair(
    left.values,
    right.values,
    (a, b) => {
      const range = toRange(a, left.kind);
      return containsBytes(range.bytes, range.start, range.searchEnd, toRange(b, right.kind));
    },
    all,
  );
}

const SEARCHABLE: ReadonlySet<Kind> = new Set<Kind>(['string', 'bytes', 'protocol', 'ether']);

function searchable(operand: Operand, scope: Scope, relation: string): CompiledOperand {
  const left = leftSide(operand, scope, relation);
  if (!SEARCHABLE.has(left.kind))
    throw new FilterError(
      `${nameOf(left, 'This')} is neither text nor bytes, so ${relation} cannot be asked of it; string() makes text of it`,
      operand.span,
    );
  // `eth.addr contains ff:ff` has fewer bytes than an address: the needle is read as bytes.
  return left.kind === 'ether' ? { ...left, kind: 'bytes', entry: null, values: asRanges(left) } : left;
}

function asRanges(operand: CompiledOperand): () => Values {
  return () => {
    const { count, items } = operand.values();
    return { count, items: items.slice(0, count).map((item) => toRange(item, operand.kind)) };
  };
}

function matches(test: Test & { type: 'contains' | 'matches' }, scope: Scope): Predicate {
  const left = searchable(test.left, scope, 'matches'),
    { right } = test;
  if (right.type !== 'string') throw new FilterError('matches needs a double-quoted string on its right', right.span);
  const regex = compileRegex(textOfBytes(Uint8Array.from(right.bytes)), right.span);
  return some(
    left.values,
    (value) => (value instanceof ByteRange ? regex.test(value.bytes, value.start, value.searchEnd) : regex.testText(asText(value))),
    test.quantifier === 'all',
  );
}

function compileRegex(source: string, span: Span): Regex {
  try {
    return new Regex(source);
  } catch (error) {
    if (error instanceof RegexError) throw new FilterError(`Regular expression: ${error.message}`, span);
    throw error;
  }
}
