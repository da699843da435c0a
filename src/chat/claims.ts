/** Claims in a text that can be held against data: numbers with units, addresses, names, ports, times, frames. Pure; takes time in proportion to the text. */
import { isFieldName } from './fieldNames.ts';
import { numbersIn, type NumberClaim } from './numberClaims.ts';
import { timesIn, type TimeOfDay } from './timeClaims.ts';

export type { Unit } from './numberClaims.ts';

export interface Place {
  /** In the text, half-open. */
  readonly from: number;
  readonly to: number;
}
export type Claim = Place &
  (
    | NumberClaim
    | { readonly kind: 'frame' | 'port'; readonly value: number; readonly last?: number; readonly orCount?: boolean }
    | { readonly kind: 'address' | 'name'; readonly word: string; readonly bits?: number }
    | { readonly kind: 'severity' | 'risk' | 'protocol'; readonly word: string }
    | { readonly kind: 'time'; readonly word: string; readonly time: TimeOfDay }
  );

const MAC = /(?<![\w:-])[0-9a-f]{2}(?:([:-])[0-9a-f]{2})(?:\1[0-9a-f]{2}){4}(?![\w-]|:[\w:])/gi;
const IPV4 = /(?<![\w.])(\d{1,3}(?:\.\d{1,3}){3})(?:\/(\d{1,2})\b)?(?!\w|\.\d|\.in-addr)/g;
const IPV6 =
  /(?<![\w:.])(?:[0-9a-f]{1,4}:){2,7}[0-9a-f]{0,4}(?::[0-9a-f]{1,4}){0,6}(?!\w|:[\w:])|(?<![\w:.])(?:[0-9a-f]{1,4}(?::[0-9a-f]{1,4}){0,6})?::(?:[0-9a-f]{1,4}(?::[0-9a-f]{1,4}){0,6})?(?!\w|:[\w:])/gi;
const NAME = /(?<![\w.@/-])[a-z0-9_](?:[a-z0-9_-]{0,62})(?:\.[a-z0-9_-]{1,63}){0,40}\.[a-z][a-z0-9-]{1,23}(?![\w-]|\.\w)/gi;
/** `user "anna"`, `computer DESKTOP-7`: names without dots are claims only where something says that they are names. */
const SAID_NAME =
  /\b(?:users?|user ?names?|accounts?|log-?ins?|host ?names?|computers?|machines?|work ?stations?|named|called|known as|name is|logged in as|as user)\b:?[ \t]{1,3}(?:is |was )?[`"'“*]{0,3}([\p{L}\p{N}_][\p{L}\p{N}_$\\@-]{1,63})/giu;
/** Words in quotes or code, or with what no word of a sentence has in it, are meant as names. */
const NAME_LIKE = /[\d_$\\]|-.*[A-Z\d]|[A-Z]{2}/;

const LIST = String.raw`(?:\s*(?:,|,? ?\band\b|,? ?\bor\b|&|–|-|\bto\b|\bthrough\b|…|\.\.)\s*(?:frames? |packets? |ports? )?[#\x60*]{0,2}(?:\d{1,3}(?:,\d{3})+|\d{1,9})(?![\w%]|[.,:]\d|\s?(?:%|[kMG]?i?B\b|bytes|packets|seconds|ms\b|s\b|times|hosts|ports|frames|connections|conversations)))`;
const FRAME = new RegExp(
  String.raw`\b(?:frames?(?:\s+(?:numbers?|no\.?|nos\.?|nr\.?))?(?:\s+|:\s*|\s*#\s*)|packets?\s+(?:(?:numbers?|nos?\.?|nr\.?)\s*#?|#)\s*|packet\s+|packets\s+(?=\d[\d,]*\s*(?:–|-|to|through|and)\s*\d))(\d{1,3}(?:,\d{3})+(?!\d)|\d{1,9})(?![\w%]|\.\d)${LIST}{0,60}|\bframe\.number\s*==\s*(\d{1,9})\b|(?<![\w&])#(\d{1,9})\b`,
  'gi',
);
const PORT = new RegExp(
  String.raw`\b(?:ports?)(?:\s+(?:numbers?|no\.?))?(?:\s+|:?[*_\x60]{0,3}\s*\(?|\s*==\s*|\s*#\s*|\s*=\s*)(?:(?:tcp|udp)[/ ])?(?:\x60|\*\*)?(\d{1,5})(?![\d%]|[.,]\d)${LIST}{0,60}|\b(?:tcp|udp|sctp)/(\d{1,5})\b|(?<![\w.])(\d{1,5})/(?:tcp|udp|sctp)\b|(?<=\d\.\d{1,3}[\x60"*]{0,3}|:[0-9a-f]{1,4}[\x60"*]{1,3}|\]|[a-z0-9-]\.[a-z]{2,24}[\x60"]?):(\d{1,5})(?![\d:])`,
  'gi',
);
/** Ids of conversations. */
const FLOW = /\b(?:eth|wlan|ip|ipv6|tcp|udp|sctp):\d{1,9}\b/g;
/** Ids of findings; those that are shown as such are claims. */
const FINDING = /(\bfinding[\s`*]{1,4})?\b[a-z][a-z0-9-]{2,60}-[0-9a-f]{8}\b(?!-)/g;
/** `fd00::1:40000`: five digits are no part of an address. */
const IPV6_PORT = /(?<![\w:.])((?:[0-9a-f]{0,4}:){2,7}[0-9a-f]{1,4})[`*]{0,3}:(\d{5})(?![\w:])/gi;
/** Numbers in these are no measurements. */
const NO_NUMBER =
  /\bT\d{4}(?:\.\d{3})?\b|(?<![\w.-])(?:TLS|SSL|HTTP|SMB|SNMP|IPv|version|v|RFC|SHA|MD|AES|UTF|RSA|Windows|Layer|Level|step|top|CVE|section|Class|Wi-?Fi|IEEE)[ /-]?v?\d+(?:[.-]\d+)*\b(?!-?\w|\.[a-z])|\bCVE-\d{4}-\d{1,7}\b|^\s*(?:[-*]\s+)?\d{1,2}[.)]\s|\b\d+(?:st|nd|rd|th)\b|\b24\/7\b|(?:of|out of|\/)\s?100(?!\d|[.,]\d|\s?(?:%|[a-z]))|\b0x[0-9a-f]+\b/gim;

export function claimsIn(text: string): Claim[] {
  const claims: Claim[] = [],
    taken = new Uint8Array(text.length);
  const free = (from: number, to: number): boolean => {
    for (let i = from; i < to; i++) if (taken[i] === 1) return false;
    return true;
  };
  const each = (pattern: RegExp, use: (match: RegExpExecArray) => Claim | readonly Claim[] | null): void => {
    for (const match of text.matchAll(pattern)) {
      const to = match.index + match[0].length;
      if (!free(match.index, to)) continue;
      const found = use(match);
      if (found !== null) claims.push(...(Array.isArray(found) ? (found as readonly Claim[]) : [found as Claim]));
      taken.fill(1, match.index, to);
    }
  };
  const place = (match: RegExpExecArray): Place => ({ from: match.index, to: match.index + match[0].length });
  each(FINDING, (m) => (m[1] === undefined ? null : { from: m.index + m[1].length, to: m.index + m[0].length, kind: 'name', word: m[0].slice(m[1].length).toLowerCase() })); // prettier-ignore
  each(NO_NUMBER, () => null);
  each(IPV6_PORT, (m) => [
    { from: m.index, to: m.index + m[1]!.length, kind: 'address', word: m[1]!.toLowerCase() },
    { from: m.index + m[0].length - m[2]!.length, to: m.index + m[0].length, kind: 'port', value: Number(m[2]) },
  ]);
  for (const found of timesIn(text)) {
    if (!free(found.from, found.to)) continue;
    claims.push({ ...found, kind: 'time' });
    taken.fill(1, found.from, found.to);
  }
  each(MAC, (m) => ({ ...place(m), kind: 'address', word: m[0].toLowerCase().replaceAll('-', ':') }));
  each(IPV6, (m) =>
    m[0].length < 3 && !/^[\s`*|]$/.test(text[m.index - 1] ?? ' ') ? null : { ...place(m), kind: 'address', word: m[0].toLowerCase() },
  );
  each(IPV4, (m) => ({ ...place(m), kind: 'address', word: m[1]!, ...(m[2] === undefined ? {} : { bits: Number(m[2]) }) }));
  each(NAME, (m) => (isFieldName(m[0].toLowerCase()) || /^netsec\./i.test(m[0]) ? null : { ...place(m), kind: 'name', word: m[0].toLowerCase() }));
  each(FLOW, (m) => ({ ...place(m), kind: 'name', word: m[0].toLowerCase() }));
  each(FRAME, (m) => listOf(m, 'frame'));
  each(PORT, (m) => listOf(m, 'port'));
  for (const match of text.matchAll(SAID_NAME)) {
    const name = match[1]!.replace(/[-\\@]+$/, ''),
      from = match.index + match[0].length - match[1]!.length;
    const isQuoted = /[`"'“*]$/.test(match[0].slice(0, match[0].length - match[1]!.length));
    if ((!isQuoted && !NAME_LIKE.test(name)) || /^\d+$/.test(name) || !free(from, from + name.length)) continue;
    claims.push({ from, to: from + name.length, kind: 'name', word: name.toLowerCase() });
    taken.fill(1, from, from + name.length);
  }
  for (const found of numbersIn(text, (from, to) => free(from, to))) {
    claims.push(found);
    taken.fill(1, found.from, found.to);
  }
  return claims.sort((a, b) => a.from - b.from);
}

/** `frames 3, 7-9 and 12`: each number is a claim, a range is one with its two ends. "Ports: 60" may also say how many. */
function listOf(match: RegExpExecArray, kind: 'frame' | 'port'): Claim[] {
  const found: (Place & { kind: 'frame' | 'port'; value: number; last?: number })[] = [];
  let joined = '';
  for (const part of match[0].matchAll(/\d{1,3}(?:,\d{3})+(?!\d)|\d{1,9}/g)) {
    const value = Number(part[0].replaceAll(',', '')),
      from = match.index + part.index,
      before = match[0].slice(joined.length, part.index);
    const last = found.at(-1);
    if (last !== undefined && /^\s*(?:–|-|\bto\b|\bthrough\b|…|\.\.)\s*$/.test(before) && value > last.value)
      found[found.length - 1] = { ...last, last: value, to: from + part[0].length };
    else found.push({ from: found.length === 0 ? match.index : from, to: from + part[0].length, kind, value });
    joined = match[0].slice(0, part.index + part[0].length);
  }
  const [only] = found;
  return found.length === 1 && only!.last === undefined && /^(?:ports|frames)\s*:/i.test(match[0]) ? [{ ...only!, orCount: true }] : found;
}
