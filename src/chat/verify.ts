/** Holds each claim of a model's text against the tool results of its conversation, and marks those that nothing in them bears out. */
import { claimsIn, type Claim, type Place } from './claims.ts';
import { endsOf } from './factKeys.ts';
import { ANYTHING, type Facts } from './facts.ts';
import { isJudged, judgementsIn } from './judgements.ts';
import { numberIsBorneOut } from './numberCheck.ts';
import { isAdvice } from './numberSense.ts';
import { glossOf, languageOf, type Gloss, type Language } from './otherLanguages.ts';
import { rolesIn, type Relation, type WordClaim } from './relations.ts';
import { isAddress, subjectsOf, touches, type Subjects } from './statementSubjects.ts';
import { statementsOf, surroundings, type Statement, type Surroundings } from './statements.ts';
import { isTime } from './timeClaims.ts';

export interface Verified {
  readonly text: string;
  readonly claims: number;
  /** As they stand in the text. */
  readonly unchecked: readonly string[];
  /** The sentences, items and rows that these stand in. */
  readonly statements: readonly string[];
}

export const MARK = ' (?)';

/** `around`: what stood before, for a text that comes in pieces. */
export function verify(text: string, facts: Facts, around: Surroundings = surroundings()): Verified {
  const unchecked: string[] = [],
    statements: string[] = [];
  let total = 0,
    marked = '';
  // A statement of three words tells no language; what it stands in does.
  around.language = languageOf(text, around.language);
  for (const statement of statementsOf(text, around)) {
    const { claims, bad, swapped, about, place } = readingOf(statement, facts, around);
    statement.about(about);
    total += claims.length;
    if (bad.size > 0) statements.push(statement.text);
    let at = 0;
    for (const claim of claims) {
      const { from, to } = place(claim);
      marked += statement.text.slice(at, to);
      at = to;
      if (!bad.has(claim)) continue;
      marked += MARK;
      unchecked.push(swapped.has(claim) ? statement.text.trim() : statement.text.slice(from, to));
    }
    marked += statement.text.slice(at);
  }
  return { text: marked, claims: total, unchecked, statements };
}

interface Reading {
  readonly claims: readonly Claim[];
  readonly bad: ReadonlySet<Claim>;
  readonly swapped: ReadonlySet<Claim>;
  readonly about: readonly string[];
  /** Of a claim in the statement as it was written. */
  readonly place: (claim: Claim) => Place;
}

/** `12.483` may be twelve thousand or twelve: in another language than English what holds is what was meant. */
function readingOf(statement: Statement, facts: Facts, around: Surroundings): Reading {
  const language = languageOf(statement.text, around.language);
  if (language === 'english') return readAs(statement, facts);
  let best: Reading | null = null;
  for (const figures of [true, false]) {
    const gloss = glossOf(statement.text, language, figures);
    const reading = gloss === null ? readAs(statement, facts) : throughGloss(statement, facts, gloss, language);
    if (best === null || reading.bad.size < best.bad.size) best = reading;
    if (best.bad.size === 0) break;
  }
  return best!;
}

function throughGloss(statement: Statement, facts: Facts, gloss: Gloss, language: Language): Reading {
  const titleAt = (at: number): string => {
    const title = statement.titleAt(gloss.from(at));
    return glossOf(title, language, false)?.text ?? title;
  };
  const reading = readAs({ ...statement, text: gloss.text, titleAt }, facts);
  return { ...reading, place: ({ from, to }) => ({ from: gloss.from(from), to: gloss.to(to) }) };
}

function readAs(statement: Statement, facts: Facts): Reading {
  const isOrder = isAdvice(statement.text);
  let claims = claimsIn(statement.text).map((claim) => ofItsColumn(claim, statement));
  const subjects = subjectsOf(statement, claims, facts);
  claims = [...claims, ...judgementsIn(statement, claims, subjects)].sort((a, b) => a.from - b.from);
  if (isOrder) claims = claims.filter((claim) => !isOnlyAdvice(claim, subjects) || isBorneOut(claim, { statement, claims, subjects, facts }));
  const bad = new Set<Claim>(claims.filter((claim) => !isBorneOut(claim, { statement, claims, subjects, facts }))),
    swapped = swappedIn(statement, claims, subjects.relations, facts);
  for (const claim of swapped) bad.add(claim);
  return {
    claims,
    bad,
    swapped,
    about: subjects.strong.length > 0 ? subjects.strong.map(({ word }) => word) : subjects.phrases,
    place: (claim) => claim,
  };
}

/** A number under "Port" or "Frame" is one. */
function ofItsColumn(claim: Claim, { kind, titleAt }: Statement): Claim {
  if (kind !== 'row' || claim.kind !== 'number' || !claim.isBare || claim.tolerance > 0) return claim;
  const { from, to, value } = claim,
    title = titleAt(from);
  if (/\b(?:port|dport|sport)\b/i.test(title) && value < 65_536) return { kind: 'port', from, to, value };
  return /^(?:first |last )?(?:frame|no\.?|#|packet|packet (?:no\.?|number|#))$/i.test(title) ? { kind: 'frame', from, to, value } : claim;
}

/** What one is told to do has times and shares of its own: "within 24 hours". */
function isOnlyAdvice(claim: Claim, { addresses }: Subjects): boolean {
  if (claim.kind !== 'number') return false;
  return claim.unit === 'seconds' || claim.unit === 'percent' || (claim.unit === 'count' && addresses.length === 0);
}

export interface Check {
  readonly statement: Statement;
  readonly claims: readonly Claim[];
  readonly subjects: Subjects;
  readonly facts: Facts;
}

function isBorneOut(claim: Claim, check: Check): boolean {
  switch (claim.kind) {
    case 'frame':
      return endsOf(claim).every((frame) => isFrame(frame, check)) || (claim.orCount === true && isCount(claim.value, 'packets', claim, check));
    case 'port':
      return endsOf(claim).every((port) => isPort(port, claim, check)) || (claim.orCount === true && isCount(claim.value, 'count', claim, check));
    case 'address':
      return (
        check.facts.words.has(claim.word) ||
        isWithPort(claim.word, check.facts) ||
        (claim.bits !== undefined && isNetwork(claim.word, claim.bits, check.facts))
      );
    case 'name':
      return isName(claim.word, check);
    case 'time':
      return isMoment(claim, check);
    case 'severity':
    case 'risk':
    case 'protocol':
      return isJudged(claim, check);
    case 'number':
      return numberIsBorneOut(claim, check);
  }
}

function isCount(value: number, unit: 'packets' | 'count', { from, to }: Claim, check: Check): boolean {
  const noun = unit === 'packets' ? 'packet' : 'port';
  return numberIsBorneOut({ kind: 'number', from, to, value, unit, tolerance: 0, noun, isBare: false }, check);
}

/** Shown by a record that the statement is about. */
function isFrame(frame: number, { subjects, facts }: Check): boolean {
  const known = facts.frames.get(frame);
  if (known === undefined) return false;
  const { addresses, phrases, pair } = subjects;
  // What one packet is between is said by its own record.
  if (pair !== null && known.every(({ isPacket }) => isPacket))
    return known.some(({ about }) => about.size === 0 || pair.every((end) => about.has(end)));
  const wanted = addresses.length > 0 ? addresses : phrases;
  return wanted.length === 0 || known.some(({ about }) => about.size === 0 || touches(about, wanted));
}

function isPort(port: number, claim: Claim, { statement, claims, subjects, facts }: Check): boolean {
  const known = facts.ports.get(port);
  if (known === undefined) return false;
  const { text } = statement;
  // `10.0.0.5:80`, `10.0.0.5 port 80`, `port 80 of 10.0.0.5`.
  const owner = claims.find(
    (each): each is WordClaim =>
      each.kind === 'address' &&
      (each.from < claim.from
        ? /^\]?[`*"]{0,3}(?:,? ?(?:on|at)?(?: its)?(?: (?:tcp|udp))?)? *$/i.test(text.slice(each.to, claim.from)) &&
          !(subjects.relations.length > 0 && /\b(?:on|at)\b/i.test(text.slice(each.to, claim.from)))
        : /^[`*"]{0,3} (?:on|of|at) (?:the )?(?:\w+ )?[`*"[]{0,3}$/i.test(text.slice(claim.to, each.from))),
  )?.word;
  if (owner !== undefined)
    return known.some((fact) => fact.owner === owner || (fact.owner === null && (fact.about.size === 0 || fact.about.has(owner))));
  const { addresses, relations } = subjects;
  const [relation] = relations;
  if (
    relation !== undefined &&
    relations.length === 1 &&
    (relation.kind === 'begin' || relation.kind === 'act') &&
    relation.claim.from < claim.from
  ) {
    const isFrom = /\b(?:from|source|its)\s+(?:\w+ )?$/i.test(text.slice(Math.max(0, claim.from - 24), claim.from)),
      end = isFrom ? relation.from : relation.to;
    const both = known.filter(({ about }) => about.has(relation.from) && about.has(relation.to));
    if (both.length === 0 && isKnownPair([relation.from, relation.to], facts)) return false;
    if (both.length > 0) return both.some((fact) => fact.owner === null || (fact.owner === end && (isFrom || fact.isOriginator !== true)));
  }
  const wanted = addresses.length > 0 ? addresses : statement.lead;
  if (statement.kind === 'row' && addresses.length === 2 && isKnownPair(addresses, facts))
    return known.some(({ about }) => addresses.every((end) => about.has(end)));
  return (
    wanted.length === 0 ||
    known.some(({ about, owner: whose }) => about.size === 0 || touches(about, wanted) || (whose !== null && wanted.includes(whose)))
  );
}

/** Some conversation of the two is known with its ports. */
function isKnownPair(ends: readonly string[], { ports }: Facts): boolean {
  for (const facts of ports.values()) if (facts.some(({ about, owner }) => owner !== null && ends.every((end) => about.has(end)))) return true;
  return false;
}

/** Known, and of something that has to do with what else is named. */
function isName(word: string, { statement, claims, subjects, facts }: Check): boolean {
  const records = facts.words.get(word) ?? (word.includes('.') ? undefined : facts.said.has(word) ? [] : undefined);
  if (records === undefined) return word.includes('.') && [...facts.words.keys()].some((known) => known.endsWith(`.${word}`) || known === `${word}.`);
  const { addresses } = subjects;
  const others = records.flatMap((about) => [...about].filter(isAddress));
  if (addresses.length === 0 || others.length === 0 || records.includes(ANYTHING)) return true;
  if (isCalled(word, statement.text, claims)) return addresses.some((address) => others.includes(address));
  return addresses.some((address) => others.includes(address) || (facts.words.get(address) ?? []).some((about) => touches(about, others)));
}

/** "10.0.0.5 (a.example)", "a.example is 10.0.0.5": the name is said to be its own. */
function isCalled(word: string, text: string, claims: readonly Claim[]): boolean {
  const names = claims.filter((claim): claim is WordClaim => claim.kind === 'address' || claim.kind === 'name');
  return names.some((a, i) => {
    const b = names[i + 1];
    if (b === undefined || a.kind === b.kind || (a.word !== word && b.word !== word)) return false;
    return /^[`*"]{0,3}\s?(?:\((?:also )?(?:known as |named |called |i\.e\. |=)?|=|,? (?:also )?(?:known as|named|called)|is|was|is (?:called|named)|has the name|resolves to|goes by(?: the name)?(?: of)?|belongs to|stands for)\s?[`*"]{0,3}$/i.test(text.slice(a.to, b.from)); // prettier-ignore
  });
}

function isMoment(claim: Extract<Claim, { kind: 'time' }>, { statement, subjects, facts }: Check): boolean {
  const { text } = statement,
    before = `${statement.titleAt(claim.from)} ${text.slice(Math.max(0, claim.from - 28), claim.from)}`;
  const end = /\b(?:last|end(?:s|ed|ing)?|until|till|finish\w*|clos\w+|stop\w*|lasted)\b[^,;]*$/i.test(before)
    ? 'end'
    : !/(?:\bto|–|-)\s*$/i.test(before) && /\b(?:first|began|begins?|beginning|start\w*|since|open\w*|from)\b[^,;]*$/i.test(before)
      ? 'start'
      : null;
  const wanted = subjects.exclusive.length > 0 ? subjects.exclusive : subjects.addresses.length > 0 ? subjects.addresses : subjects.phrases;
  return facts.times.some(
    (fact) =>
      isTime(claim.time, fact) &&
      (end === null || fact.end === null || fact.end === end) &&
      (wanted.length === 0 || fact.about.size === 0 || touches(fact.about, wanted)),
  );
}

/** Addresses in the wrong role. */
function swappedIn(statement: Statement, claims: readonly Claim[], relations: readonly Relation[], facts: Facts): Set<Claim> {
  const swapped = new Set<Claim>();
  for (const { role, claim } of rolesIn(statement.text, claims, (each) => statement.titleAt(each.from))) {
    const known = facts.roles.get(claim.word);
    if (known !== undefined && !fitsRole(role, known, facts)) swapped.add(claim);
  }
  for (const { kind, from, to, claim } of relations) {
    const pair = `${from} ${to}`,
      reverse = `${to} ${from}`,
      { acts, talks, moves } = facts;
    const did = acts.has(pair) || talks.has(pair),
      suffered = acts.has(reverse) || talks.has(reverse);
    const amount = kind === 'arrow' ? claims.find((each) => each.kind === 'number' && (each.unit === 'bytes' || each.unit === 'packets')) : undefined;
    // Nothing went there, and the arrow says so.
    if (amount?.kind === 'number' && amount.value === 0) continue;
    const isWrong =
      kind === 'act'
        ? !acts.has(pair) && (acts.has(reverse) || (!talks.has(pair) && !moves.has(pair)))
        : kind === 'begin' || kind === 'other'
          ? !did && (suffered || (!moves.has(pair) && moves.has(reverse)))
          : kind === 'reply'
            ? !suffered && !moves.has(pair) && (did || moves.has(reverse))
            : kind === 'move'
              ? !moves.has(pair) && !did && (moves.has(reverse) || suffered)
              : kind === 'arrow' &&
                !did &&
                !(amount !== undefined && moves.has(pair)) &&
                !(moves.has(pair) && !suffered) &&
                (suffered || moves.has(reverse)) &&
                !movesOnly(pair, facts, statement);
    if (isWrong) swapped.add(claim);
  }
  return swapped;
}

/** An arrow with a frame beside it is about that packet, not about who began. */
function movesOnly(pair: string, { moves }: Facts, { text }: Statement): boolean {
  return moves.has(pair) && /\bframe|\bpacket|#\d/i.test(text);
}

function fitsRole(role: ReturnType<typeof rolesIn>[number]['role'], known: ReadonlySet<string>, { roles }: Facts): boolean {
  const any = (...names: string[]): boolean => names.some((name) => known.has(name));
  switch (role) {
    case 'attacker':
      return any('attacker', 'spoofed') || ![...roles.values()].some((each) => each.has('attacker'));
    case 'victim':
      return any('victim') || (!any('attacker') && (any('server', 'destination') || ![...roles.values()].some((each) => each.has('victim'))));
    case 'client':
      return any('client', 'attacker') || !any('server', 'victim');
    case 'server':
      return any('server', 'victim') || !any('client', 'attacker');
    case 'source':
      return any('source', 'client', 'attacker', 'spoofed') || !any('destination', 'server', 'victim');
    case 'destination':
      return any('destination', 'server', 'victim') || !any('source', 'client', 'attacker');
  }
}

/** `fd00::30:443`, without the brackets that would tell the port. */
function isWithPort(word: string, { words, ports }: Facts): boolean {
  const [, address = '', port = ''] = /^([0-9a-f:]*:[0-9a-f]+):(\d{1,5})$/.exec(word) ?? [];
  return words.has(address) && (ports.get(Number(port)) ?? []).some(({ owner }) => owner === address);
}

/** Whether a known address lies in the network; of version 4. */
function isNetwork(address: string, bits: number, { words }: Facts): boolean {
  const numberOf = (text: string): number => text.split('.').reduce((sum, part) => sum * 256 + Number(part), 0),
    size = 2 ** (32 - Math.min(bits, 32)),
    net = Math.floor(numberOf(address) / size);
  for (const word of words.keys()) if (/^\d{1,3}(?:\.\d{1,3}){3}$/.test(word) && Math.floor(numberOf(word) / size) === net) return true;
  return false;
}
