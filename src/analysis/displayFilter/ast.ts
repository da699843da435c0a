/** What the grammar makes of a display filter's text. Positions count UTF-16 units from 0. */

export interface Span {
  readonly start: number;
  readonly end: number;
}

/** Bytes `[start, start + length)` or `[start, last]`, negative from the end; without both to the end. */
export interface SliceRange {
  readonly start: number;
  readonly length?: number | null;
  readonly last?: number;
  readonly span: Span;
}

export type Operand =
  /** A field or protocol, or a value without quotes. */
  | { readonly type: 'word'; readonly text: string; readonly span: Span }
  | { readonly type: 'string'; readonly bytes: readonly number[]; readonly raw: boolean; readonly span: Span }
  | { readonly type: 'character'; readonly value: number; readonly span: Span }
  | { readonly type: 'call'; readonly name: string; readonly nameSpan: Span; readonly args: readonly Operand[]; readonly span: Span }
  | { readonly type: 'slice' | 'layer'; readonly operand: Operand; readonly ranges: readonly SliceRange[]; readonly span: Span }
  | { readonly type: 'arithmetic'; readonly op: ArithmeticOp; readonly left: Operand; readonly right: Operand; readonly span: Span }
  | { readonly type: 'negate'; readonly operand: Operand; readonly span: Span };

export type ArithmeticOp = '&' | '+' | '-' | '*' | '/' | '%';
/** `any_eq` holds when some value of the left equals some of the right, `all_ne` when none does, and so on. */
export type ComparisonOp = 'any_eq' | 'all_eq' | 'any_ne' | 'all_ne' | 'gt' | 'ge' | 'lt' | 'le';
export type Quantifier = 'any' | 'all';

export interface SetElement {
  readonly from: Operand;
  /** The end of a range, inclusive; null for a single value. */
  readonly to: Operand | null;
  readonly span: Span;
}

export type Test =
  | { readonly type: 'or' | 'xor' | 'and'; readonly items: readonly Test[]; readonly span: Span }
  | { readonly type: 'not'; readonly item: Test; readonly span: Span }
  | { readonly type: 'exists'; readonly operand: Operand; readonly span: Span }
  | {
      readonly type: 'compare';
      readonly quantifier: Quantifier | null;
      readonly left: Operand;
      readonly steps: readonly { readonly op: ComparisonOp; readonly right: Operand }[];
      readonly span: Span;
    }
  | {
      readonly type: 'in';
      readonly quantifier: Quantifier | null;
      readonly negated: boolean;
      readonly left: Operand;
      readonly set: readonly SetElement[];
      readonly span: Span;
    }
  | {
      readonly type: 'contains' | 'matches';
      readonly quantifier: Quantifier | null;
      readonly left: Operand;
      readonly right: Operand;
      readonly span: Span;
    };

/** A mistake in a filter, where it is, and a sentence about it. Thrown inside of the compiler, a value outside. */
export class FilterError extends Error {
  readonly span: Span;

  constructor(message: string, span: Span) {
    super(message);
    this.span = span;
  }
}
