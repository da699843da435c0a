/** Holds each claim of a model's text against the tool results of its conversation, and marks those that nothing in them bears out. */
import { claimsIn, type Claim } from './claims.ts';
import type { Facts, NumberFact } from './facts.ts';

export interface Verified {
  readonly text: string;
  readonly claims: number;
  /** As they stand in the text. */
  readonly unchecked: readonly string[];
}

export const MARK = ' (?)';

/** Who does something to whom, between two addresses. */
const ACTED = /\b(?:attack|scann?|flood|prob|brute|guess|sweep|swept|exploit|spoof|target)\w*/i;
const BEGAN = /\b(?:connect|contact|ask|quer|request|log(?:s|ged|ging)? in|open|talk|visit|download|call)\w*|→|->/i;
const PASSIVE = /\b(?:was|were|is|been|being|are|got)\b[^.;]{0,60}\bby\b/i;
const SENT = /\bsent\b|\bsends\b/i;
const ROLE = /\b(attacker|victim|client|server)\b/i;

export function verify(text: string, facts: Facts): Verified {
  const unchecked: string[] = [];
  let total = 0,
    marked = '';
  for (const sentence of sentencesOf(text)) {
    const claims = claimsIn(sentence);
    const about = new Set(
      [...claims.flatMap((claim) => ('word' in claim ? [claim.word] : [])), ...wordsOf(sentence)].filter((word) => facts.subjects.has(word)),
    );
    const bad = new Set<Claim>(claims.filter((claim) => !isBorneOut(claim, about, sentence, claims, facts)));
    const swapped = swappedIn(sentence, claims, facts);
    if (swapped !== null) bad.add(swapped);
    total += claims.length;
    let at = 0;
    for (const claim of claims) {
      marked += sentence.slice(at, claim.to);
      at = claim.to;
      if (!bad.has(claim)) continue;
      marked += MARK;
      unchecked.push(claim === swapped ? sentence.trim() : sentence.slice(claim.from, claim.to));
    }
    marked += sentence.slice(at);
  }
  return { text: marked, claims: total, unchecked };
}

function isBorneOut(claim: Claim, about: ReadonlySet<string>, sentence: string, claims: readonly Claim[], facts: Facts): boolean {
  switch (claim.kind) {
    case 'frame':
      return facts.frames.has(claim.value);
    case 'port':
      return facts.ports.has(claim.value);
    case 'address':
    case 'name':
      return facts.words.has(claim.word);
    case 'time':
      return [...facts.words].some((word) => word.includes(claim.word) || word.replace('t', ' ').includes(claim.word));
    case 'number': {
      const [first, second] = addressesOf(claims);
      const way = SENT.test(sentence) && first !== undefined && second !== undefined ? `${first.word} ${second.word}` : null;
      return facts.numbers.some(
        (fact) => fits(claim, fact) && isOf(fact, about) && (way === null || fact.direction === undefined || fact.direction.join(' ') === way),
      );
    }
  }
}

function fits(claim: Extract<Claim, { kind: 'number' }>, { value, unit }: NumberFact): boolean {
  return unit === claim.unit && Math.abs(value - claim.value) <= claim.tolerance;
}

/** Of a record that the sentence is about; all it names together, where it names two ends. */
function isOf({ about: record }: NumberFact, about: ReadonlySet<string>): boolean {
  if (about.size === 0 || record.size === 0) return true;
  for (const each of about) if (record.has(each)) return true;
  return false;
}

type AddressClaim = Extract<Claim, { kind: 'address' | 'name' | 'time' }>;

function addressesOf(claims: readonly Claim[]): AddressClaim[] {
  return claims.filter((claim): claim is AddressClaim => claim.kind === 'address');
}

/** The address in the wrong role, or null. */
function swappedIn(sentence: string, claims: readonly Claim[], facts: Facts): Claim | null {
  const addresses = addressesOf(claims);
  for (const address of addresses) {
    const before = /\b(attacker|victim|client|server)\b\W{0,3}(?:is|was|at|:)?\W{0,3}$/i.exec(sentence.slice(0, address.from))?.[1],
      after = /^\W{0,3}\s*(?:is|was|as|,)?\s*(?:the|an?)?\s*(attacker|victim|client|server)\b/i.exec(sentence.slice(address.to))?.[1],
      role = (before ?? after)?.toLowerCase(),
      known = facts.roles.get(address.word);
    if (role !== undefined && ROLE.test(role) && known !== undefined && known.size > 0 && !known.has(role)) return address;
  }
  const [first, second] = addresses;
  if (first === undefined || second === undefined || first.word === second.word) return null;
  const between = sentence.slice(first.to, second.from),
    isPassive = PASSIVE.test(between);
  const pair = isPassive ? `${second.word} ${first.word}` : `${first.word} ${second.word}`,
    reverse = isPassive ? `${first.word} ${second.word}` : `${second.word} ${first.word}`;
  if (ACTED.test(between)) return facts.acts.has(pair) ? null : facts.acts.has(reverse) || !facts.talks.has(pair) ? first : null;
  if (BEGAN.test(between))
    return !facts.talks.has(pair) && !facts.acts.has(pair) && (facts.talks.has(reverse) || facts.acts.has(reverse)) ? first : null;
  return null;
}

/** Kept whole, so that together they are the text. */
function sentencesOf(text: string): string[] {
  return text.split(/(?<=[.!?;]\s)(?=\S)|(?<=\n)/);
}

function wordsOf(text: string): string[] {
  return text.toLowerCase().split(/[^\p{L}\p{N}_.:-]+/u);
}
