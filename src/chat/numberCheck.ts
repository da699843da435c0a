/** Whether a number in a statement is one that a result gives for what the statement is about. */
import type { Claim } from './claims.ts';
import { followsFromOthers } from './derivedNumbers.ts';
import type { NumberFact } from './facts.ts';
import { besideOf, isCounter, isCounterOf, wayOf, type Way } from './numberSense.ts';
import { isAddress } from './statementSubjects.ts';
import type { Check } from './verify.ts';

type NumberClaimAt = Extract<Claim, { kind: 'number' }>;

/** Of the capture as a whole. */
const WHOLE =
  /\b(?:captures?|captured|files?|trace|recording|overall|altogether|in all|in total|a total|total(?:s|ing|led)?|whole|entire|everything|all)\b/i;
/** One of several records, without its name. */
const ONE_OF =
  /\b(?:conversation|connection|flow|session|stream|finding|alert|attack|scan|flood|transfer|download|upload|peer|host|device|client|server|attacker|victim|each|step|interval|bin|per|max|min|average|message|quer|request|lookup|answer|guess|login|attempt|port|name|one|another|other|second|third|next|first|last|packet \d|check|\w{3,}est|most|least|more|top|incident|threshold|after|within|every|times)\b|\w{3,}est\b/i;

export function numberIsBorneOut(claim: NumberClaimAt, check: Check): boolean {
  const { facts, statement } = check,
    around = aroundOf(claim, check),
    way = wayOf(claim, statement, check.claims),
    beside = besideOf(claim, statement, check.claims);
  const isPossible = (fact: NumberFact): boolean =>
    (fits(claim, fact) || (claim.unit === 'packets' && fact.unit === 'count' && fact.value === claim.value && isCounterOf(fact, beside))) &&
    isSame(claim, fact, { around, way }, check) &&
    (claim.unit === 'percent' || isCounter(fact, beside, facts.numbers));
  const possible = facts.numbers.filter(isPossible),
    found = ofItself(claim, possible, check);
  return (found.length > 0 && isOfSubjects(claim, found, around, check)) || followsFromOthers(claim, check);
}

/** Where a record counts all of a host or of a protocol, the count of one of its conversations is not of the host. */
function ofItself(claim: NumberClaimAt, possible: readonly NumberFact[], { facts, statement, subjects, claims }: Check): readonly NumberFact[] {
  const { unit } = claim;
  if ((unit !== 'packets' && unit !== 'bytes') || subjects.exclusive.length > 0) return possible;
  const { strong, weak } = subjects,
    [only] = strong,
    word =
      strong.length === 0 ? nearestWeak(claim, check0(statement.text, weak)) : strong.every((each) => each.word === only!.word) ? only!.word : null;
  if (word === null || word === undefined || (strong.length > 0 && weak.length > 0)) return possible;
  if (!facts.numbers.some((fact) => fact.own === word && fact.unit === unit)) return possible;
  if (PART_OF.test(statement.text) || claims.some(({ kind }) => kind === 'port')) return possible;
  return possible.filter((fact) => fact.own === word || !fact.about.has(word) || (fact.direction === undefined && fact.sense !== 'total' && fact.own === undefined && strong.length > 0)); // prettier-ignore
}
const PART_OF =
  /\b(?:conversations?|connections?|flows?|sessions?|streams?|transfers?|downloads?|largest|biggest|longest|busiest|peers?|with|to|from|queries|requests?|messages?|answers?|ports?|finding|evidence|probes?|of which)\b|→|->/i;

function check0(text: string, weak: readonly string[]): readonly { readonly word: string; readonly at: number }[] {
  const lower = text.toLowerCase();
  return weak.map((word) => ({ word, at: lower.indexOf(word) })).sort((a, b) => a.at - b.at);
}

/** The protocol that stands last before a number, or first behind it. */
function nearestWeak({ from }: NumberClaimAt, weak: readonly { readonly word: string; readonly at: number }[]): string | undefined {
  return weak.findLast(({ at }) => at >= 0 && at < from)?.word ?? weak.find(({ at }) => at > from)?.word ?? weak[0]?.word;
}

function isOfSubjects(claim: NumberClaimAt, found: readonly NumberFact[], around: string, check: Check): boolean {
  const { facts, statement, subjects } = check;
  const isOf = (words: readonly string[]) => (fact: NumberFact) => words.some((word) => fact.about.has(word));
  const { exclusive, pair, strong, weak, common, phrases } = subjects;
  if (exclusive.length > 0) return found.some((fact) => isOf(exclusive)(fact) || (fact.level === 'whole' && WHOLE.test(around)));
  if (strong.length > 0) {
    const isWhole =
      found.some(({ level }) => level === 'whole') &&
      (strong.every(({ word }) => !isAddress(word)) || claim.unit === 'percent' || WHOLE.test(statement.text) || isOfWhole(claim, statement.text));

    if (pair !== null && isOfPair(claim, check) && hasPairFacts(claim, pair, check)) return isWhole || found.some(({ about }) => pair.every((end) => about.has(end)) && isAtPorts(about, check)); // prettier-ignore
    const before = strong.filter(({ at }) => at < claim.from),
      nearest = before.at(-1) ?? strong[0]!;
    const candidates =
      statement.kind === 'row'
        ? strong.map(({ word }) => word)
        : isBeside(nearest.at, claim, statement.text)
          ? [nearest.word]
          : [nearest.word, before[0]?.word ?? nearest.word];
    const all = statement.kind === 'row' ? strong.filter(({ word }) => !word.startsWith('frame ')).map(({ word }) => word) : [];
    if (all.length > 1 && facts.numbers.some(({ about, unit }) => unit === claim.unit && all.every((word) => about.has(word)))) return isWhole || found.some(({ about }) => all.every((word) => about.has(word)) && isAtPorts(about, check)); // prettier-ignore
    return isWhole || found.some((fact) => fact.level !== 'part' && (isOf(candidates)(fact) || isOf(phrases)(fact)));
  }
  if (weak.length > 1 && isMeasure(claim)) {
    const near = nearestWeak(claim, check0(statement.text, weak));
    if (near !== undefined && facts.numbers.some((fact) => fact.own === near && fact.unit === claim.unit))
      return found.some((fact) => fact.about.has(near) || isOf(phrases)(fact) || (fact.level === 'whole' && (WHOLE.test(around) || isOfWhole(claim, statement.text)))); // prettier-ignore
  }
  if (found.some(isOf(phrases)) || found.some(isOf(common)) || (claim.unit === 'count' && found.some(isOf(weak)))) return true;
  const { lead } = statement;
  if (weak.length > 0 && isMeasure(claim)) return found.some((fact) => isOf(weak)(fact) || isOf(phrases)(fact) || (fact.level === 'whole' && (WHOLE.test(around) || isOfWhole(claim, statement.text))) || (lead.length > 0 && isOf(lead)(fact))); // prettier-ignore
  if (lead.length > 0) {
    if (found.some((fact) => isOf(lead)(fact) || fact.level === 'whole')) return true;
    return ONE_OF.test(statement.text) && !/^\s*(?:[-*+•]\s+)?(?:it|its|this|that|he|she|they|the (?:host|address|device|machine))\b/i.test(statement.text) && statement.kind === 'sentence'; // prettier-ignore
  }
  if (found.some(({ level, sense }) => level === 'whole' || sense === 'offset')) return true;
  if (claim.unit === 'count') return claim.isBare || ONE_OF.test(statement.text);
  return ONE_OF.test(statement.text) && !WHOLE.test(around);
}

function isMeasure({ unit }: NumberClaimAt): boolean {
  return unit === 'packets' || unit === 'bytes' || unit === 'percent';
}

/** `A (60 packets)`, `A: 60 packets`. */
function isBeside(at: number, { from }: NumberClaimAt, text: string): boolean {
  return /^[^\s(]+[`*"\]]{0,3}\s?(?:\([^()]*|:\s|[–—-]\s|=\s?)[\w\s,.~*`]*$/.test(text.slice(at, from));
}

function fits({ value, unit, tolerance, within, isBare, noun }: NumberClaimAt, fact: NumberFact): boolean {
  const isUnit =
    fact.unit === unit ||
    // A number that says nothing of itself may be any.
    (isBare && tolerance === 0) ||
    // Each message is a packet; "12 times" counts either.
    (unit === 'count' && fact.unit === 'packets' && (noun === 'message' || noun === 'attempt'));
  if (!isUnit) return false;
  return within === undefined
    ? Math.abs(fact.value - value) <= tolerance + 1e-9 * Math.abs(value)
    : fact.value >= within[0] && fact.value <= within[1];
}

/** "of the 1,200 packets". */
function isOfWhole({ from }: NumberClaimAt, text: string): boolean {
  return /\bof (?:the |its |all )?$/i.test(text.slice(Math.max(0, from - 10), from));
}

/** Of the same kind: what is counted, and which way it went. */
function isSame(
  claim: NumberClaimAt,
  fact: NumberFact,
  { around, way }: { readonly around: string; readonly way: Way },
  { subjects, statement, facts }: Check,
): boolean {
  if (claim.unit === 'count' && claim.noun !== null && fact.unit !== 'packets' && (fact.nouns.length > 0 || STRICT.test(claim.noun)) && !fact.nouns.includes(claim.noun)) return false; // prettier-ignore
  const graded = /\b(critical|high|medium|low|info)\b/i.exec(around)?.[1]?.toLowerCase();
  if (claim.unit === 'count' && graded !== undefined && /^[\s*_`]*(?:of (?:them|these)|are|is|were|was|rated|of|with)?[\s*_`]*(?:are|is|rated)?[\s*_`]*(?:critical|high|medium|low|info)\b/i.test(statement.text.slice(claim.to))) return fact.about.has(graded) && fact.nouns.includes('finding'); // prettier-ignore
  // Addresses with their ports are no devices.
  if (/^endpoints(?:\.(?:tcp|udp|sctp))?$/.test(fact.key) && !/endpoint/i.test(statement.text) && facts.numbers.some(({ key }) => key === 'endpoints.ip' || key === 'endpoints.eth')) return false; // prettier-ignore
  if (claim.isBare && /\b(?:risk|score)\b/i.test(around) && statement.kind !== 'row') return fact.sense === 'score' || fact.key === 'score';

  if (fact.level === 'packet' && claim.noun !== null && !(claim.unit === 'bytes' && fact.unit === 'bytes')) return false;
  if (fact.sense === 'confidence' && !/sure|confiden|certain|likel|probab|points?\b/i.test(statement.text) && statement.kind !== 'row') return false;
  if (fact.sense === 'score' && !/risk|score/i.test(`${statement.text} ${statement.lead.join(' ')}`) && !claim.isBare) return false;
  if (fact.sense === 'step' && !/\bstep|interval|bin\b|every|resolution|slot|bucket/i.test(statement.text)) return false;
  if (fact.sense === 'offset' && !/\b(?:after|at|into|later|since|from|in|began|start\w*|until|offset|relative|\+)\b|\+/i.test(statement.text))
    return false;
  const isSent = way === 'sent';
  if (way !== null) {
    if (fact.sense === 'total' && !/\bboth\b|\btotal|\beach other/i.test(around)) return false;
    if (fact.sense === (isSent ? 'received' : 'sent') && !isTurned(statement.text)) return false;
  }
  if (fact.direction === undefined) return !(fact.sense === 'total' && subjects.pair !== null && subjects.relations[0]?.kind === 'move');
  const [relation] = subjects.relations;
  if (
    subjects.pair !== null &&
    relation !== undefined &&
    (relation.kind === 'move' || relation.kind === 'reply' || relation.kind === 'arrow') &&
    subjects.relations.length === 1
  ) {
    const isBack = /\b(?:back|in return|vice versa|other way|the reverse)\b/i.test(around) && !/^\s*sen[dt]s?\s+back/i.test(around);
    return isBack || fact.direction.join(' ') === `${relation.from} ${relation.to}`;
  }
  const named = subjects.addresses.length > 0 ? subjects.addresses : statement.lead;
  if (way === null || named.length === 0) return true;
  // Who the sentence begins with, or who was named last.
  const ends = subjects.strong.filter(({ word, at }) => at < claim.from && fact.direction!.includes(word)).map(({ word }) => word),
    known = ends.length > 0 ? [ends[0], ends.at(-1)] : [named.find((each) => fact.direction!.includes(each))];
  return known[0] === undefined || isTurned(statement.text) || known.includes(fact.direction[isSent ? 0 : 1]);
}

/** "was sent to X", "received by": the subject is at the other end than its verb says. */
function isTurned(text: string): boolean {
  return /\b(?:sent|transmitted|delivered|uploaded|shipped)\s+(?:back\s+)?to\b|\breceived (?:by|from)\b|\bsent by\b|\bdownloaded (?:by|from)\b/i.test(
    text,
  );
}

/** What is counted in only one way. */
const STRICT = /^(?:finding|check)$/;

/** The words that go with this number, and not with the one before or after. */
function aroundOf(claim: Claim, { statement, claims }: Check): string {
  const numbers = claims.filter(({ kind }) => kind === 'number'),
    at = numbers.indexOf(claim);
  const from = Math.max(numbers[at - 1]?.to ?? 0, claim.from - 80),
    to = Math.min(numbers[at + 1]?.from ?? statement.text.length, claim.to + 60);
  const before = statement.text.slice(from, claim.from),
    // After the next comma somebody else may be spoken of.
    after = statement.text.slice(claim.to, to).split(/[,;)]|\band\b|\bwhile\b|\bbut\b/)[0]!;
  return `${statement.titleAt(claim.from)} ${before} ${after}`;
}

/** The number stands in the clause that joins the two. */
function isOfPair(claim: Claim, { statement, subjects }: Check): boolean {
  const last = subjects.strong.filter(({ word }) => subjects.pair!.includes(word)).at(-1)!;
  const between = claim.from > last.at ? statement.text.slice(last.at, claim.from) : '';
  return !/\b(?:in all|overall|in total|altogether)\b/i.test(between);
}

function hasPairFacts(claim: NumberClaimAt, pair: readonly [string, string], { facts }: Check): boolean {
  return facts.numbers.some(({ about, unit, level }) => unit === claim.unit && level === 'record' && pair.every((end) => about.has(end)));
}

/** Where the statement names ports, of a record that has them. */
function isAtPorts(about: NumberFact['about'], { claims, facts }: Check): boolean {
  const ports = claims.flatMap((claim) => (claim.kind === 'port' ? (facts.ports.get(claim.value) ?? []) : []));
  return ports.length === 0 || ports.some((fact) => isPartOf(fact.about, about)) || !ports.some((fact) => fact.owner !== null);
}

/** Parts of a record are about what the record is about, and more. */
function isPartOf(record: NumberFact['about'], part: NumberFact['about']): boolean {
  for (const word of record) if (!part.has(word)) return false;
  return true;
}
