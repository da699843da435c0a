/** Numbers with what they count or measure, in figures and in words: `about 1.2 MB`, `1.2k packets`, `2 m 04 s`, `twelve hosts`, `a third of the traffic`. */
import { nounOf, type Noun } from './nouns.ts';

export type Unit = 'bytes' | 'packets' | 'seconds' | 'percent' | 'count' | 'bytesPerSecond' | 'packetsPerSecond';

export interface NumberClaim {
  readonly kind: 'number';
  readonly value: number;
  readonly unit: Unit;
  readonly tolerance: number;
  /** "more than", "at most", or a range: what it may be instead, both included. */
  readonly within?: readonly [least: number, most: number];
  /** What is counted, where the text says one of the kinds that are known. */
  readonly noun: Noun | null;
  /** Neither a unit nor a word says what it is. */
  readonly isBare: boolean;
}

type Found = NumberClaim & { readonly from: number; readonly to: number };

const SCALES: Readonly<Record<string, readonly [unit: Unit, scale: number]>> = {
  byte: ['bytes', 1],
  bytes: ['bytes', 1],
  octets: ['bytes', 1],
  b: ['bytes', 1],
  kb: ['bytes', 1e3],
  mb: ['bytes', 1e6],
  gb: ['bytes', 1e9],
  tb: ['bytes', 1e12],
  kib: ['bytes', 1024],
  mib: ['bytes', 1024 ** 2],
  gib: ['bytes', 1024 ** 3],
  kilobyte: ['bytes', 1e3],
  kilobytes: ['bytes', 1e3],
  megabyte: ['bytes', 1e6],
  megabytes: ['bytes', 1e6],
  gigabytes: ['bytes', 1e9],
  kbit: ['bytes', 125],
  mbit: ['bytes', 125e3],
  gbit: ['bytes', 125e6],
  bit: ['bytes', 0.125],
  bits: ['bytes', 0.125],
  kbps: ['bytesPerSecond', 125],
  mbps: ['bytesPerSecond', 125e3],
  gbps: ['bytesPerSecond', 125e6],
  bps: ['bytesPerSecond', 0.125],
  pps: ['packetsPerSecond', 1],
  ns: ['seconds', 1e-9],
  us: ['seconds', 1e-6],
  µs: ['seconds', 1e-6],
  μs: ['seconds', 1e-6],
  microseconds: ['seconds', 1e-6],
  ms: ['seconds', 1e-3],
  msec: ['seconds', 1e-3],
  millisecond: ['seconds', 1e-3],
  milliseconds: ['seconds', 1e-3],
  s: ['seconds', 1],
  sec: ['seconds', 1],
  secs: ['seconds', 1],
  second: ['seconds', 1],
  seconds: ['seconds', 1],
  m: ['seconds', 60],
  min: ['seconds', 60],
  mins: ['seconds', 60],
  minute: ['seconds', 60],
  minutes: ['seconds', 60],
  h: ['seconds', 3600],
  hr: ['seconds', 3600],
  hrs: ['seconds', 3600],
  hour: ['seconds', 3600],
  hours: ['seconds', 3600],
  d: ['seconds', 86_400],
  day: ['seconds', 86_400],
  days: ['seconds', 86_400],
  '%': ['percent', 1],
  percent: ['percent', 1],
  pct: ['percent', 1],
};
const MULTIPLES: Readonly<Record<string, number>> = { k: 1e3, K: 1e3, M: 1e6, G: 1e9, thousand: 1e3, million: 1e6, billion: 1e9 };
const SMALL = ['zero one two three four five six seven eight nine ten eleven twelve thirteen fourteen fifteen sixteen seventeen eighteen nineteen'];
const ONES = SMALL[0]!.split(' '),
  TENS = 'twenty thirty forty fifty sixty seventy eighty ninety'.split(' ');

const FIGURES =
  /(?<![\w.,])(\d{1,3}(?:[,\u00a0\u202f'’]\d{3})+(?!\d)|\d{1,15})(\.\d{1,9})?(?:(?:[ \u00a0](thousand|million|billion)\b)|[ ]?([kKMG])(?![\w]))?(?!\d)/g;
const PER_SECOND = /^[ \w*_`-]{0,20}?(?:packets?|frames?)[ \w*_`]{0,20}?(?:\/s\b| ?\b(?:per|a|each|every) second\b)/i;
const UNIT = /^[*_`]{0,3}[\s\u00a0-]?[*_`]{0,3}(per ?cent\b|%|[a-zµμ]+)(\/s\b|\/sec\b| ?(?:per|a) second\b)?/i;
const WORD_NUMBER = new RegExp(
  String.raw`\b(?:(half) a dozen|(a|one|two|three|four|five|six|seven|eight|nine) (hundred|dozen|thousand)(?: and)?(?: ((?:${TENS.join('|')})(?:[- ](?:${ONES.slice(1, 10).join('|')}))?|${ONES.slice(1).join('|')}))?|(${TENS.join('|')})(?:[- ](${ONES.slice(1, 10).join('|')}))?|(${ONES.join('|')}))\b`,
  'gi',
);
const FRACTION =
  /\b(?:(half)|(?:a|one)[- ](third|quarter|fifth|tenth)|(two)[- ]thirds|(three)[- ]quarters|(three)[- ]fifths|(four)[- ]fifths)\b(?=(?: of)?(?: (?:all|the|its|this|these|that|their|captured|total|whole|of|network))* (?:packets?|frames|bytes|traffic|data|volume|capture|it)\b)/gi;
const MORE =
    /(?:\b(?:more than|over|above|at least|just over|no (?:fewer|less) than|a (?:little|bit) (?:more than|over)|upwards? of|well over)|[>≥])\s*$/i,
  LESS = /(?:\b(?:less than|fewer than|under|below|at most|up to|nearly|almost|just under|close to|no more than|not quite|well under)|[<≤])\s*$/i,
  ABOUT = /(?:\b(?:about|around|roughly|approximately|approx\.?|some|circa|ca\.?|close to|or so|in the order of|an estimated|ish)|[~≈±])\s*$/i;
/** "25 times as many", "3x": the writer's own sum. */
const COMPARED = /^(?:x\b|\s?times (?:as|more|the|larger|higher|faster|bigger|its|that)\b)/i;
const ENDS_A_RANGE = /^\s?(?:–|—|-|\bto\b|\band\b|…|\.\.)\s?(?=\d)/;

export function numbersIn(text: string, isFree: (from: number, to: number) => boolean): Found[] {
  const found: Found[] = [];
  for (const match of text.matchAll(FIGURES)) {
    const from = match.index,
      to = from + match[0].length;
    if (!isFree(from, to) || (found.at(-1)?.to ?? 0) > from || COMPARED.test(text.slice(to, to + 24))) continue;
    found.push(figures(match, text, from, to));
  }
  joinDurations(found, text);
  joinRanges(found, text);
  const isNew = (from: number, to: number): boolean => isFree(from, to) && !found.some((other) => from < other.to && other.from < to);
  for (const match of text.matchAll(FRACTION)) {
    const to = match.index + match[0].length;
    if (!isNew(match.index, to)) continue;
    const [, half, part, two, three, threeFifths] = match;
    const value =
      half !== undefined ? 50 : part !== undefined ? { third: 100 / 3, quarter: 25, fifth: 20, tenth: 10 }[part.toLowerCase() as 'third'] : two !== undefined ? 200 / 3 : three !== undefined ? 75 : threeFifths !== undefined ? 60 : 80; // prettier-ignore
    found.push({
      from: match.index,
      to,
      ...vague({ value, tolerance: 3.5, unit: 'percent' }, text.slice(0, match.index)),
      noun: null,
      isBare: false,
    });
  }
  for (const match of text.matchAll(WORD_NUMBER)) {
    const to = match.index + match[0].length,
      value = inWords(match);
    // "these two hosts", "one of them", "no one": no counts.
    if (!isNew(match.index, to) || /\b(?:these|those|the|both|other|its|no|any|every|each|this|that)\s+$/i.test(text.slice(Math.max(0, match.index - 12), match.index))) continue; // prettier-ignore
    const after = /^\s?%/.test(text.slice(to, to + 2)) ? { unit: 'percent' as const, scale: 1, noun: null, to } : followedBy(text, to);
    if (after === null || (value === 1 && !/\b(?:only|just|exactly)\s+$/i.test(text.slice(Math.max(0, match.index - 12), match.index)))) continue;
    const isRate = after.unit === 'packets' && PER_SECOND.test(text.slice(to, to + 50));
    if (isRate) {
      found.push({ from: match.index, to: after.to, ...vague({ value, tolerance: 0.5001, unit: 'packetsPerSecond' }, text.slice(0, match.index)), noun: after.noun, isBare: false }); // prettier-ignore
      continue;
    }
    const scaled = { value: value * after.scale, tolerance: after.unit === 'seconds' ? 0.5001 * after.scale : 0, unit: after.unit };
    found.push({ from: match.index, to: after.to, ...vague(scaled, text.slice(0, match.index)), noun: after.noun, isBare: false });
  }
  return found;
}

function figures(match: RegExpExecArray, text: string, from: number, to: number): Found {
  const digits = match[1]!.replace(/\D/g, ''),
    multiple = MULTIPLES[match[3]?.toLowerCase() ?? match[4] ?? ''] ?? 1,
    decimals = (match[2]?.length ?? 1) - 1,
    written = Number(`${digits}${match[2] ?? ''}`);
  let unit: Unit = 'count',
    scale = 1,
    noun: Noun | null = null,
    isBare = false,
    end = to;
  const direct = UNIT.exec(text.slice(to, to + 40)),
    known = direct === null ? undefined : SCALES[direct[1]!.toLowerCase().replace(/^per ?cent$/, 'percent')];
  if (known !== undefined && isUnitHere(direct![1]!, known[0])) {
    [unit, scale] = known;
    end = to + direct![0].length;
    if (direct![2] !== undefined) unit = unit === 'bytes' ? 'bytesPerSecond' : unit;
  } else {
    const after = followedBy(text, to);
    if (after !== null) {
      ({ unit, noun, scale, to: end } = after);
      if (unit === 'packets' && PER_SECOND.test(text.slice(to, to + 40))) unit = 'packetsPerSecond';
    } else ({ unit, noun, isBare } = precededBy(text, from));
    // What is not told by its next words may stand in front of others: "300 (packets)".
  }
  const value = written * multiple * scale,
    isRounded =
      decimals > 0 ||
      multiple !== 1 ||
      scale !== 1 ||
      unit === 'seconds' ||
      unit === 'percent' ||
      unit === 'bytesPerSecond' ||
      unit === 'packetsPerSecond';
  const step = 10 ** -decimals * multiple * scale,
    zeros = /0*$/.exec(digits)![0].length;
  // "about 1,200" is what lies between 1,150 and 1,250, a tenth at most.
  const before = text.slice(Math.max(0, from - 30), from),
    isAbout = ABOUT.test(before) || /^\s?(?:or so|ish|-odd)\b/.test(text.slice(to, to + 8));
  const tolerance = isRounded ? 0.5001 * step : 0,
    wide = isAbout ? Math.max(tolerance, Math.min(decimals > 0 ? 0 : 0.5001 * 10 ** zeros * multiple * scale, value * 0.1), value * 0.03) : tolerance;
  return { from, to: end, ...vague({ value, tolerance: wide, unit }, before), noun, isBare };
}

/** A single letter is a unit only right behind its number, and no word of the sentence. */
function isUnitHere(word: string, unit: Unit): boolean {
  return word.length > 1 || unit === 'percent' || /^[bBsmhd]$/.test(word);
}

/** "more than" and "nearly" before it. */
function vague<T extends { readonly value: number; readonly tolerance: number; readonly unit: Unit }>(
  claim: T,
  before: string,
): Omit<NumberClaim, 'noun' | 'isBare'> {
  const { value, tolerance, unit } = claim,
    more = MORE.test(before),
    less = !more && LESS.test(before);
  // Whoever says "more than 1,000" does not mean 5,000; 1,900 may be meant.
  const step = /^[1-9]0+$/.test(String(value)) ? 10 ** (String(value).length - 1) : 0;
  const within: readonly [number, number] | undefined = more
    ? [value - tolerance, Math.max(value * 1.35, value + (unit === 'percent' ? 10 : step))]
    : less
      ? [Math.min(value * 0.8, value - (unit === 'percent' ? Math.min(value, 10) : 0)), value + tolerance]
      : undefined;
  return { kind: 'number', value, tolerance, unit, ...(within === undefined ? {} : { within }) };
}

const ENDS_PHRASE =
  /^(?:of|in|on|to|from|with|and|or|were|was|is|are|has|have|had|at|by|for|the|that|which|over|per|while|but|than|between|during|after|before|within|into|as|it|they|against|towards?|each|sent|received|made|went|came|shown|seen|being)$/i;
const MOST_WORDS = 4;

/** The unit or the thing counted, behind adjectives: `60 different TCP ports`. */
function followedBy(
  text: string,
  at: number,
): { readonly unit: Unit; readonly scale: number; readonly noun: Noun | null; readonly to: number } | null {
  let position = at;
  for (let words = 0; words < MOST_WORDS; words++) {
    const match = /^[*_`]{0,3}[\s\u00a0]{0,2}[-(*_`]{0,3}([\p{L}][\p{L}\p{N}/.'’-]{0,40})/u.exec(text.slice(position, position + 60));
    if (match === null) return null;
    const word = match[1]!.replace(/[.'’-]+$/, '');
    if (ENDS_PHRASE.test(word)) return null;
    position += match[0].length - (match[1]!.length - word.length);
    if (/^times?$/i.test(word)) return { unit: 'count', scale: 1, noun: 'attempt', to: position };
    const scale = word.length > 1 ? SCALES[word.toLowerCase()] : undefined;
    if (scale !== undefined) return { unit: scale[0], scale: scale[1], noun: null, to: position };
    for (const part of word.split(/[/-]/).toReversed()) {
      const noun = nounOf(part);
      // "60 TCP port scans", "3 DNS server replies": the last of a row of nouns is what is counted.
      if (noun !== null && followedByNoun(text, position)) continue;
      if (noun !== null) return { unit: noun === 'packet' ? 'packets' : 'count', scale: 1, noun, to: at };
    }
  }
  return null;
}

function followedByNoun(text: string, at: number): boolean {
  const next = /^ ([\p{L}]{3,30})/u.exec(text.slice(at, at + 34))?.[1];
  return next !== undefined && !ENDS_PHRASE.test(next) && nounOf(next) !== null && !/^(?:answers?|requests?|queries|talks?|replies|names?|attempts?|tries)$/i.test(next) && /s$/i.test(next); // prettier-ignore
}

/** `packets: 60`, `a packet count of 60`, `| Bytes sent | 60`. */
function precededBy(text: string, from: number): { readonly unit: Unit; readonly noun: Noun | null; readonly isBare: boolean } {
  const before =
    /([\p{L}][\p{L} ()*_`/-]{1,50}?)[`*_)]{0,3}\s*(?::|=|–|—|-|\||\bis\b|\bwas\b|\bwere\b|\bare\b|\bof\b|\bat\b|\breached\b|\bcame to\b|\btotal(?:l?ed|s)?\b|\bstands at\b|\bamount(?:s|ed)? to\b)[\s*_`]{0,3}(?:about |around |roughly |nearly |only |just |over |exactly |~|≈)?$/iu.exec(
      text.slice(Math.max(0, from - 70), from),
    )?.[1] ?? '';
  for (const word of before.split(/[^\p{L}]+/u).toReversed()) {
    const scale = word.length > 2 ? SCALES[word.toLowerCase()] : undefined;
    if (scale?.[0] === 'seconds' || scale?.[0] === 'bytes') return { unit: scale[0], noun: null, isBare: false };
    const noun = nounOf(word);
    if (noun === 'packet') return { unit: 'packets', noun, isBare: false };
    if (noun !== null && /s$/i.test(word)) return { unit: 'count', noun, isBare: false };
  }
  return { unit: 'count', noun: null, isBare: true };
}

/** `2 m 04 s`, `1 hour and 5 minutes`: one duration. */
function joinDurations(found: Found[], text: string): void {
  for (let i = 0; i + 1 < found.length;) {
    const a = found[i]!,
      b = found[i + 1]!;
    const between = text.slice(a.to, b.from);
    if (
      a.unit === 'seconds' &&
      b.unit === 'seconds' &&
      b.tolerance < a.tolerance &&
      a.value > b.value &&
      /^(?:,?\s|\s?and\s|,\sand\s|)$/.test(between)
    ) {
      const { within: _none, ...rest } = a;
      found.splice(i, 2, { ...rest, to: b.to, value: a.value + b.value, tolerance: Math.max(b.tolerance, b.tolerance * 2) });
    } else i++;
  }
}

/** `10-20 packets`, `between 1.1 and 1.3 MB`: what it is lies in between. */
function joinRanges(found: Found[], text: string): void {
  for (let i = 0; i + 1 < found.length; i++) {
    const a = found[i]!,
      b = found[i + 1]!,
      between = text.slice(a.to, b.from);
    if (!ENDS_A_RANGE.test(`${between}1`) || between.length > 5) continue;
    const isBetween = /\b(?:between|from)\s*$/i.test(text.slice(Math.max(0, a.from - 10), a.from));
    if (/and/.test(between) && !/\bbetween\s*$/i.test(text.slice(Math.max(0, a.from - 10), a.from))) continue;
    // The first has the unit of the second where it has none of its own.
    const ratio = b.value / Number(/[\d,.]+/.exec(text.slice(b.from, b.to))?.[0].replaceAll(',', '') ?? b.value),
      least = a.isBare ? a.value * ratio : a.value;
    if (!(a.isBare || a.unit === b.unit) || least >= b.value || (!isBetween && !a.isBare)) continue;
    const tolerance = a.isBare ? b.tolerance : a.tolerance;
    found.splice(i, 2, { ...b, from: a.from, value: least, tolerance, within: [least - tolerance, b.value + b.tolerance] });
  }
}

function inWords([, half, first, big, rest, tens, ones, small]: RegExpExecArray): number {
  if (half !== undefined) return 6;
  if (small !== undefined) return ONES.indexOf(small.toLowerCase());
  if (tens !== undefined) return underHundred(`${tens}${ones === undefined ? '' : `-${ones}`}`);
  const scale = { hundred: 100, dozen: 12, thousand: 1000 }[big!.toLowerCase() as 'hundred'],
    times = first!.toLowerCase() === 'a' ? 1 : ONES.indexOf(first!.toLowerCase());
  return times * scale + (rest === undefined ? 0 : underHundred(rest));
}

function underHundred(words: string): number {
  return words
    .toLowerCase()
    .split(/[- ]/)
    .reduce((sum, word) => sum + (TENS.includes(word) ? (TENS.indexOf(word) + 2) * 10 : Math.max(0, ONES.indexOf(word))), 0);
}
