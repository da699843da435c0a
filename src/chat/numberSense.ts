/** What the words around a number say of it: which way it went, which counter it is, whether it is advice. */
import type { Claim } from './claims.ts';
import type { NumberFact } from './facts.ts';
import type { Statement } from './statements.ts';

const SENT = String.raw`\bsen[dt]s?\b|\bsending\b|\btransmit|\bupload|\boutgoing|\boutbound|\bemit|\bpushed|\bshipped|\bgave\b|\bdeliver|\bout\b(?! of)|\bupstream\b|\buplink\b|\bcame\b|\borigina`,
  RECEIVED = String.raw`\breceiv|\bdownload|\bincoming|\binbound|\bgot\b|\btook in|\bheard|\bin return|\bcollected|\bdownstream\b|\bdownlink\b|\bobtained`;
const WAYS = new RegExp(`(${SENT})|(${RECEIVED})`, 'gi');
/** Right behind a number: "5 MB sent", "3 kB in". */
const AFTER = new RegExp(
  String.raw`^[\s*_\x60)]*(?:(?:packets|frames|bytes|data|traffic|of (?:data|traffic)|were|was|have been|being)\b[\s*_\x60]*)*(?:(${SENT}|\bup\b(?=[\s*_\x60)]*(?:[,.;|)\n/]|and\b|$)))|(${RECEIVED}|\bdown\b(?=[\s*_\x60)]*(?:[,.;|)\n]|and\b|$))|\bin\b(?=[\s*_\x60)]*(?:[,.;|)\n]|and\b|$))))(?!\s+(?:to|by|from)\b)`,
  'i',
);

export type Way = 'sent' | 'received' | null;

/** By the words that go with this number, and not with the one before or after. */
export function wayOf(claim: Claim, { text, titleAt }: Statement, claims: readonly Claim[]): Way {
  const numbers = claims.filter(({ kind }) => kind === 'number'),
    at = numbers.indexOf(claim),
    next = numbers[at + 1]?.from ?? text.length;
  const behind = AFTER.exec(text.slice(claim.to, claim.to + 50));
  if (behind !== null && claim.to + behind[0].length <= next) return behind[1] === undefined ? 'received' : 'sent';
  const title = lastWay(titleAt(claim.from));
  if (title !== null) return title;
  let from = Math.max(0, claim.from - 90);
  // Past numbers that are only joined to this one: "sent 12 packets and 3 kB".
  for (let i = at - 1; i >= 0; i--) {
    const before = numbers[i]!;
    if (before.to < from) break;
    if (/^[\s*_`]*(?:\(|,?\s*(?:and|or|making|i\.e\.|about|in|that is)[\s*_`]*(?:about\s+|roughly\s+|~\s*)?|[,/]\s*)$/i.test(text.slice(before.to, claim.from).replace(/^[^,/(]{0,20}?(?=\s*(?:,|\(|\band\b))/, '')) && lastWay(text.slice(before.to, claim.from)) === null) continue; // prettier-ignore
    from = before.to;
    break;
  }
  const way = lastWay(withoutTail(text.slice(from, claim.from)));
  if (way !== null) return way;
  const after = text.slice(claim.to, Math.min(next, claim.to + 60)).split(/[,;)|]|\band\b|\bwhile\b|\bbut\b/)[0]!;
  return lastWay(after);
}

/** What stands behind the number before, up to its comma, is of that one: "300 kB sent, 5 MB ...". */
function withoutTail(between: string): string {
  return between.replace(/^[\s*_`]*(?:(?:packets|frames|bytes)\s+)?(?:sent|received|out|in|up|down)\b[^,;]{0,12}?(?=,|;|\band\b)/i, '');
}

/** The last of the words; null where there is none, or both stand together: "sent and received". */
function lastWay(text: string): Way {
  let way: Way = null,
    end = -10;
  for (const match of text.matchAll(WAYS)) {
    const own = match[1] === undefined ? 'received' : 'sent';
    if (way !== null && way !== own && /^\s*(?:and|or|\/|,)\s*$/.test(text.slice(end, match.index).replace(/^\w*/, ''))) return null;
    way = own;
    end = match.index + match[0].length;
  }
  return way;
}

/** Counters that are told by one word; whoever says the word means the counter. */
const COUNTERS: readonly (readonly [said: RegExp, key: RegExp])[] = [
  [/retransmi/i, /retransmi/i],
  [/\bresets?\b|\bRST\b/i, /reset|rst/i],
  [/malformed|\bbroken packets|damaged/i, /malformed|damaged/i],
  [/out[- ]of[- ]order/i, /out.?of.?order/i],
  [/duplicate|captured twice/i, /duplicate|twice|repeated/i],
  [/zero[- ]windows?/i, /zero.?window/i],
  [/\bone[- ]way\b/i, /one.?way/i],
  [/\bthreshold\b/i, /threshold/i],
];

/** "12 segments out of order": what is counted are packets, and its counter does not say so. */
export function isCounterOf(fact: NumberFact, around: string): boolean {
  return COUNTERS.some(([said, key]) => said.test(around) && key.test(fact.key));
}

/** Whether the number may count what is named right beside it. */
export function isCounter(fact: NumberFact, around: string, facts: readonly NumberFact[]): boolean {
  return COUNTERS.every(
    ([said, key]) => !said.test(around) || key.test(fact.key) || fact.level === 'packet' || !facts.some((other) => key.test(other.key)),
  );
}

/** What stands right behind the number, or else right before it. */
export function besideOf(claim: Claim, { text, titleAt }: Statement, claims: readonly Claim[]): string {
  const numbers = claims.filter(({ kind }) => kind === 'number'),
    at = numbers.indexOf(claim);
  const after = text.slice(claim.to, Math.min(numbers[at + 1]?.from ?? text.length, claim.to + 45)).split(/[,;)|]|\band\b|\bwhile\b|\bbut\b/)[0]!,
    before = text
      .slice(Math.max(numbers[at - 1]?.to ?? 0, claim.from - 40), claim.from)
      .split(/[,;|]|\band\b|\bbut\b/)
      .at(-1)!;
  return COUNTERS.some(([said]) => said.test(after)) ? after : `${titleAt(claim.from)} ${before}`;
}

const ORDER =
  /^[\s\W\d]*(?:[\w -]{1,30}:\**\s+)?(?:(?:please|then|also|first|next|finally|otherwise|now|immediately|if [^,]{1,80}),? )*(?:block|check|look|ask|find|wait|keep|rotate|change|reset|disable|enable|turn|use|set|limit|restrict|isolate|quarantine|patch|update|upgrade|monitor|watch|review|verify|confirm|investigate|search|treat|close|remove|replace|consider|make sure|ensure|capture|record|retain|lower|raise|increase|reduce|allow|require|enforce|move|switch|install|run|apply|configure|schedule|repeat|do not|don't|never|always|avoid|contact|inform|tell|collect|alert|log|give|plan|force|prefer)\b/i;
const ADVICE =
  /\b(?:should|must|ought to|needs? to|recommend(?:ed)?|advis(?:e|able|ed)|best practice|typically|usually|normally|commonly|rule of thumb|by default)\b/i;

/** Says what to do, or how things are in general: its times and shares are of no capture. */
export function isAdvice(text: string): boolean {
  return ORDER.test(text) || ADVICE.test(text);
}
