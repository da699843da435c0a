/** The functions of the filter language. */
import type { Operand } from './ast.ts';
import { FilterError } from './ast.ts';
import type { Kind } from './catalog.ts';
import { compileOperand, computed, wantBytes, type CompiledOperand, type Scope } from './operands.ts';
import { asText, comparison, NO_VALUES, toRange, toText, type Value, type Values } from './values.ts';

type Call = Operand & { type: 'call' };

interface FilterFunction {
  /** For completion. */
  readonly label: string;
  readonly compile: (call: Call, scope: Scope) => CompiledOperand;
}

export const FUNCTIONS: Readonly<Record<string, FilterFunction>> = {
  upper: { label: 'Text in capital letters', compile: (call, scope) => textFunction(call, scope, (text) => text.toUpperCase()) },
  lower: { label: 'Text in small letters', compile: (call, scope) => textFunction(call, scope, (text) => text.toLowerCase()) },
  len: { label: 'Length in bytes', compile: lengthOf },
  count: { label: 'How often a field occurs in the frame', compile: countOf },
  string: { label: 'A number or address as text', compile: stringOf },
  max: { label: 'The greatest value', compile: (call, scope) => extreme(call, scope, 1) },
  min: { label: 'The least value', compile: (call, scope) => extreme(call, scope, -1) },
  abs: { label: 'A number without its sign', compile: absolute },
};

export function compileCall(call: Call, scope: Scope): CompiledOperand {
  const found = Object.hasOwn(FUNCTIONS, call.name) ? FUNCTIONS[call.name] : undefined;
  if (found === undefined) throw new FilterError(`Function "${call.name}" does not exist`, call.nameSpan);
  if (call.args.length === 0 || (call.args.length > 1 && call.name !== 'max' && call.name !== 'min')) {
    throw new FilterError(
      `${call.name}() takes ${call.name === 'max' || call.name === 'min' ? 'at least one argument' : 'one argument'}, not ${call.args.length}`,
      call.span,
    );
  }
  return found.compile(call, scope);
}

function argument(call: Call, scope: Scope): CompiledOperand {
  return compileOperand(call.args[0]!, scope, null);
}

function result(kind: Kind, values: () => Values): CompiledOperand {
  return computed(kind, values, { isCall: true });
}

/** A result per value. */
function mapped(kind: Kind, inner: CompiledOperand, change: (value: Value) => Value): CompiledOperand {
  return result(kind, () => {
    const { count, items } = inner.values();
    return count === 0 ? NO_VALUES : { count, items: items.slice(0, count).map(change) };
  });
}

function wrongArgument(call: Call, inner: CompiledOperand, what: string): FilterError {
  return new FilterError(`${inner.entry?.name ?? 'This argument'} is not ${what}, which ${call.name}() needs`, call.args[0]!.span);
}

function textFunction(call: Call, scope: Scope, change: (text: string) => string): CompiledOperand {
  const inner = argument(call, scope);
  if (inner.kind !== 'string') throw wrongArgument(call, inner, 'text');
  return mapped('string', inner, (value) => change(asText(value)));
}

function lengthOf(call: Call, scope: Scope): CompiledOperand {
  const inner = argument(call, scope);
  if (inner.kind === 'number' || inner.kind === 'duration' || inner.kind === 'time' || inner.kind === 'none')
    throw wrongArgument(call, inner, 'text or bytes');
  wantBytes(inner, scope);
  return mapped('number', inner, (value) => {
    const range = toRange(value, inner.kind);
    return range.end - range.start;
  });
}

/** Without any there is no count: `count(http.host) == 0` holds nowhere, as in Wireshark. */
function countOf(call: Call, scope: Scope): CompiledOperand {
  const inner = argument(call, scope);
  if (inner.entry === null) throw wrongArgument(call, inner, 'a field');
  wantBytes(inner, scope);
  return result('number', () => {
    const { count } = inner.values();
    return count === 0 ? NO_VALUES : { count: 1, items: [count] };
  });
}

function stringOf(call: Call, scope: Scope): CompiledOperand {
  const inner = argument(call, scope);
  if (inner.entry?.type === 'boolean' || !['number', 'ipv4', 'ipv6', 'ether'].includes(inner.kind))
    throw wrongArgument(call, inner, 'a number or an address');
  return mapped('string', inner, (value) => toText(value, inner.kind) ?? '');
}

function absolute(call: Call, scope: Scope): CompiledOperand {
  const inner = argument(call, scope);
  if (inner.kind !== 'number' && inner.kind !== 'duration') throw wrongArgument(call, inner, 'a number');
  return mapped(inner.kind, inner, (value) => (typeof value === 'bigint' ? (value < 0n ? -value : value) : Math.abs(Number(value))));
}

/** Of all values of all arguments; those that are not in the frame do not count. */
function extreme(call: Call, scope: Scope, sign: 1 | -1): CompiledOperand {
  const first = argument(call, scope);
  wantBytes(first, scope);
  if (first.isLiteral || first.kind === 'none') throw wrongArgument(call, first, 'a field');
  const rest = call.args.slice(1).map((operand) => {
    const other = compileOperand(operand, scope, { kind: first.kind, entry: first.entry });
    if (other.kind !== first.kind) throw new FilterError(`The arguments of ${call.name}() must be of one type`, operand.span);
    wantBytes(other, scope);
    return other;
  });
  const compare = comparison(first.kind),
    all = [first, ...rest];
  return result(first.kind, () => {
    let best: Value | null = null;
    for (const operand of all) {
      const { count, items } = operand.values();
      for (let i = 0; i < count; i++) if (best === null || compare(items[i]!, best) * sign > 0) best = items[i]!;
    }
    return best === null ? NO_VALUES : { count: 1, items: [best] };
  });
}
