/** Types of what scripts/generate.mjs makes of grammar.peggy. */
import type { Test } from './ast.ts';

export interface Location {
  readonly start: { readonly offset: number };
  readonly end: { readonly offset: number };
}

export class SyntaxError extends Error {
  /** What the parser looked for; null when the grammar said itself what is wrong. */
  readonly expected: readonly unknown[] | null;
  readonly location: Location;
}

/** Null for a filter of nothing but blanks. */
export function parse(text: string): Test | null;
