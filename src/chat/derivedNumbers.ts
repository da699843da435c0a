/** Numbers that nobody counted, but that follow from others as the sentence says: sums, differences, averages, shares. */
import type { Claim } from './claims.ts';
import type { NumberFact } from './facts.ts';
import { wayOf } from './numberSense.ts';
import type { Check } from './verify.ts';

type NumberClaimAt = Extract<Claim, { kind: 'number' }>;

const SUM =
    /\b(?:together|combined|between them|between the two|sum|in all|jointly|add(?:s|ed|ing)? up|both|in total|a total|total(?:l?ing)?|overall|plus|altogether)\b|\+/i,
  DIFFERENCE =
    /\b(?:more|fewer|less|difference|leads?|ahead|exceed\w*|beyond|remaining|rest|others?|left|missing|gap|apart|later|after|before|earlier)\b/i,
  AVERAGE = /\b(?:average|averag\w+|mean|per|each|every|apiece|typical)\b/i;
/** Subjects whose values are added. */
const MOST = 4;

export function followsFromOthers(claim: NumberClaimAt, check: Check): boolean {
  const { claims, statement } = check,
    { text } = statement;
  const beside = claims.filter((each): each is NumberClaimAt => each.kind === 'number' && each !== claim && Math.abs(each.from - claim.from) < 300).slice(0, 20); // prettier-ignore
  if (claim.unit === 'percent') return isShare(claim, beside) || isShareOfRecords(claim, check);
  if (SUM.test(text) && (sums(beside, claim) || sums(valuesOfSubjects(claim, check), claim))) return true;
  if (DIFFERENCE.test(text) && (differ(beside, claim) || differ(valuesOfSubjects(claim, check), claim))) return true;
  return AVERAGE.test(text) && isAverage(claim, beside, check);
}

const is = ({ value, tolerance, within }: NumberClaimAt, made: number): boolean =>
  within === undefined ? Math.abs(made - value) <= tolerance + 1e-9 * Math.abs(value) : made >= within[0] && made <= within[1];

/** The quotient of two numbers beside it: they are claims of their own. */
function isShare(claim: NumberClaimAt, beside: readonly NumberClaimAt[]): boolean {
  const others = beside.filter(({ unit }) => unit !== 'percent');
  return others.some((part) => others.some((all) => all !== part && all.value > part.value && is(claim, (part.value / all.value) * 100)));
}

/** Of a number in the sentence and the whole capture, or of two subjects' shares together. */
function isShareOfRecords(claim: NumberClaimAt, check: Check): boolean {
  return SUM.test(check.statement.text) && sums(valuesOfSubjects(claim, check), claim);
}

function sums(parts: readonly Pick<NumberClaimAt, 'value' | 'unit'>[], claim: NumberClaimAt): boolean {
  const same = parts.filter(({ unit }) => unit === claim.unit).slice(0, 12);
  const add = (from: number, sum: number, used: number): boolean => {
    if (used > 1 && is(claim, sum)) return true;
    if (used >= MOST) return false;
    for (let i = from; i < same.length; i++) if (add(i + 1, sum + same[i]!.value, used + 1)) return true;
    return false;
  };
  return add(0, 0, 0);
}

function differ(parts: readonly Pick<NumberClaimAt, 'value' | 'unit'>[], claim: NumberClaimAt): boolean {
  const same = parts.filter(({ unit }) => unit === claim.unit).slice(0, 30);
  return same.some((a) => same.some((b) => a.value > b.value && is(claim, a.value - b.value)));
}

/** What each of the subjects of the statement has of its own in this unit, one value for each. */
function valuesOfSubjects(claim: NumberClaimAt, { statement, subjects, facts, claims }: Check): { value: number; unit: NumberClaimAt['unit'] }[] {
  const words = [...new Set([...subjects.strong.map(({ word }) => word), ...subjects.weak, ...subjects.common])],
    way = wayOf(claim, statement, claims);
  return words.slice(0, 8).flatMap((word) => {
    const values = facts.numbers.filter((fact) => fact.unit === claim.unit && fact.own === word && (way === null ? fact.sense === null || fact.sense === 'total' : fact.sense === way)); // prettier-ignore
    return [...new Set(values.map(({ value }) => value))].slice(0, 3).map((value) => ({ value, unit: claim.unit }));
  });
}

/** Bytes by packets, or packets and bytes by seconds, of one thing; or of two numbers beside it. */
function isAverage(claim: NumberClaimAt, beside: readonly NumberClaimAt[], { facts, subjects }: Check): boolean {
  const rounded = { ...claim, tolerance: Math.max(claim.tolerance, 0.5001) };
  if (beside.some((a) => beside.some((b) => a !== b && b.value > 0 && is(rounded, a.value / b.value)))) return true;
  const [upper, lower] =
    claim.unit === 'bytes' ? (['bytes', 'packets'] as const) : claim.unit === 'seconds' ? (['seconds', 'packets'] as const) : ([null, null] as const);
  if (upper === null) return false;
  const words = [...subjects.strong.map(({ word }) => word), ...subjects.weak];
  const isOf = (fact: NumberFact): boolean => (words.length === 0 ? fact.level === 'whole' : fact.own !== undefined && words.includes(fact.own));
  const values = (unit: NumberFact['unit']): NumberFact[] => facts.numbers.filter((fact) => fact.unit === unit && isOf(fact)).slice(0, 40);
  const below = values(lower);
  return values(upper).some((a) =>
    below.some((b) => b.value > 0 && a.own === b.own && (a.sense ?? '') === (b.sense ?? '') && is(rounded, a.value / b.value)),
  );
}
