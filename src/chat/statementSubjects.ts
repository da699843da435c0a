/** What a statement is about: the addresses, names, frames and conversations it names, and the protocols and titles. */
import type { Claim } from './claims.ts';
import type { About, Facts } from './facts.ts';
import { relationsIn, type Relation } from './relations.ts';
import type { Statement } from './statements.ts';

export interface Subject {
  readonly word: string;
  /** Where it stands. */
  readonly at: number;
}

export interface Subjects {
  /** Addresses, names, frames, ids: nothing else can be meant by them. In their order. */
  readonly strong: readonly Subject[];
  readonly addresses: readonly string[];
  /** Protocols, services, kinds: words that may also be used in passing. */
  readonly weak: readonly string[];
  /** Common words that are subjects of records: they may be meant, and need not. */
  readonly common: readonly string[];
  /** Titles of findings, and other phrases of results, that are quoted. */
  readonly phrases: readonly string[];
  /** A packet, a conversation or a finding that is named by its number: only its own record counts. */
  readonly exclusive: readonly string[];
  readonly relations: readonly Relation[];
  /** The two ends that the statement is about together. */
  readonly pair: readonly [string, string] | null;
}

/** Also plain English, or in every sentence about packets. */
const COMMON =
  /^(?:data|frames?|ip|eth|packets?|files?|other|unknown|total|clean|name|names|user|users|time|service|host|server|client|attacker|victim|the|a|in|of|to|on|at|is|found|info|type|source|destination|value|capture|finding|findings|text|short|normal|not|no|set|error|query|response|image|media|http\/1\.1)$/;
const ID = /^(?:eth|wlan|ip|ipv6|tcp|udp|sctp):\d+$|-[0-9a-f]{8}$/;

export function subjectsOf({ text, kind }: Statement, claims: readonly Claim[], facts: Facts): Subjects {
  const strong: Subject[] = [],
    lower = text.toLowerCase();
  for (const claim of claims) {
    if (claim.kind === 'address' || claim.kind === 'name') strong.push({ word: claim.word, at: claim.from });
    else if (claim.kind === 'frame' && claim.last === undefined && facts.subjects.has(`frame ${claim.value}`))
      strong.push({ word: `frame ${claim.value}`, at: claim.from });
  }
  for (const match of lower.matchAll(/[a-z][a-z0-9-]{2,60}-[0-9a-f]{8}\b/g))
    if (facts.subjects.has(match[0])) strong.push({ word: match[0], at: match.index });
  strong.sort((a, b) => a.at - b.at);
  const weak = new Set<string>(),
    common: string[] = [];
  for (const word of lower.split(/[^\p{L}\p{N}_.:/-]+/u)) {
    const bare = word.replace(/[.:]+$/, '');
    for (const each of [bare, ...(ALSO[bare] ?? [])])
      if (facts.subjects.has(each) && !strong.some((one) => one.word === each)) {
        if (COMMON.test(each)) common.push(each);
        else weak.add(each);
      }
  }
  // "data: 12 packets", "| data | 12 |": at its beginning a common word is a subject, too.
  const first = /^\W*([\p{L}\p{N}_.-]+)\W*(?:[:|–—]|-\s)/u.exec(lower)?.[1];
  if ((kind === 'item' || kind === 'row') && first !== undefined && facts.subjects.has(first)) weak.add(first);
  const phrases = facts.phrases.filter((phrase) => lower.includes(phrase));
  const relations = relationsIn(text, claims),
    [only] = relations;
  const addresses = [...new Set(claims.flatMap((claim) => (claim.kind === 'address' ? [claim.word] : [])))];
  const isPair =
    only !== undefined && addresses.length === 2 && relations.every(({ from, to }) => addresses.includes(from) && addresses.includes(to));
  const leading = strong[0];
  const exclusive = strong
    .filter(
      ({ word, at }) =>
        ID.test(word) || (word.startsWith('frame ') && at === leading!.at && facts.frames.get(Number(word.slice(6)))?.some((each) => each.isPacket)),
    )
    .map(({ word }) => word);
  return { strong, addresses, weak: [...weak], common, phrases, exclusive, relations, pair: isPair ? [addresses[0]!, addresses[1]!] : null };
}

/** What people call protocols, and what results call them. */
export const ALSO: Readonly<Record<string, readonly string[]>> = {
  https: ['tls'],
  ssl: ['tls'],
  postgresql: ['pgsql'],
  postgres: ['pgsql'],
  redis: ['resp'],
  smb: ['smb2'],
  pop3: ['pop'],
  http: ['http2', 'http3'],
  'http/2': ['http2'],
  'http/3': ['http3', 'quic'],
  ping: ['icmp'],
  ftp: ['ftp-data'],
  ipv4: ['ip'],
  ethernet: ['eth'],
};

export function touches(about: About, words: readonly string[]): boolean {
  return words.some((word) => about.has(word));
}

export function isAddress(word: string): boolean {
  return /^\d{1,3}(?:\.\d{1,3}){3}$/.test(word) || /^[0-9a-f]*:[0-9a-f]*:[0-9a-f:.]*$/.test(word);
}
