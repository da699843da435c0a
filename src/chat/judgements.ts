/** What a text says of how bad something is, and which protocol it is: words that are claims only where they are said of something. */
import { SEVERITIES } from '../analysis/report.ts';
import type { Claim } from './claims.ts';
import type { Facts } from './facts.ts';
import type { Statement } from './statements.ts';
import { ALSO, touches, type Subjects } from './statementSubjects.ts';
import type { Check } from './verify.ts';

type Judgement = Extract<Claim, { kind: 'severity' | 'risk' | 'protocol' }>;

const GRADE = '(critical|high|medium|low|info|informational)';
const MARKUP = String.raw`[*_\x60"“]{0,3}`;
/** "severity: high", "rated high", "[HIGH]", "a high-severity finding", "- **High** - ...". */
const SEVERITY = [
  new RegExp(
    String.raw`\b(?:severity|rated|graded|classified as|ranked|rate (?:this|it)(?: as)?|priority)\b${MARKUP}\s?(?:is|was|of|as|[:=(|–-])?${MARKUP}\s{0,2}${MARKUP}${GRADE}\b`,
    'gi',
  ),
  new RegExp(String.raw`\b${GRADE}${MARKUP}[ -](?:in )?(?:severity|priority)\b`, 'gi'),
  new RegExp(String.raw`[[(]${MARKUP}${GRADE}${MARKUP}(?:[\])]|,|;)`, 'gi'),
  new RegExp(String.raw`^\s*(?:(?:[-*+•]|\d{1,2}[.)])\s+)?${MARKUP}${GRADE}${MARKUP}\s?(?::|–|—|-\s|,)`, 'gi'),
];
const RISK = [
  new RegExp(
    String.raw`\brisk(?: level| score)?${MARKUP}(?: of (?:this|the) capture)? ?(?:is|was|[:=])${MARKUP}\s{0,2}${MARKUP}(?:rated |at |overall )?${MARKUP}${GRADE}\b`,
    'gi',
  ),
  new RegExp(String.raw`\brisk\b[^.;\n]{0,30}?\d{1,3}\s?(?:/|of|out of)\s?100\)?,?\s?\(?${MARKUP}${GRADE}\b`, 'gi'),
  new RegExp(String.raw`\b${GRADE}[ -]risk\b(?! (?:of|that))`, 'gi'),
];
/** What a capture can be said to hold. Those that are also plain words are left out. */
const PROTOCOLS =
  /\b(?:tcp|udp|sctp|icmp|icmpv6|arp|dns|mdns|llmnr|nbns|dhcp|dhcpv6|http|https|http2|http\/2|tls|dtls|ssl|quic|ssh|telnet|ftp|tftp|smtp|pop3?|imap|smb2?|rdp|vnc|ntp|snmp|syslog|sip|rtp|rtcp|mqtt|modbus|mbtcp|ldap|kerberos|mysql|postgresql|pgsql|redis|mongodb|radius|igmp|ospf|bgp|rip|gre|vxlan|bittorrent|ssdp|netbios|nbss|dnp3|s7comm|cassandra|memcached|ipsec|wireguard|openvpn)\b/gi;
const NOT =
  /\b(?:no|not|none|never|without|neither|nor|instead|rather|unlike|if|could|may|might|would|should|than|such as|e\.g|like|example|use|prefer|disable|block|whether|any|looks?|expect\w*|absent|absence|lack\w*|missing|didn't|wasn't|isn't|don't|doesn't|hidden|inside|possibl\w+|perhaps|instance)\b/i;

export function judgementsIn(statement: Statement, claims: readonly Claim[], { strong }: Subjects): Judgement[] {
  const { text } = statement,
    found: Judgement[] = [];
  const isFree = (from: number, to: number): boolean => ![...claims, ...found].some((other) => from < other.to && other.from < to);
  const add = (kind: 'severity' | 'risk', match: RegExpExecArray): void => {
    const word = match[1]!,
      from = match.index + match[0].toLowerCase().lastIndexOf(word.toLowerCase());
    if (isFree(from, from + word.length))
      found.push({ kind, from, to: from + word.length, word: word.toLowerCase().replace('informational', 'info') });
  };
  for (const pattern of RISK) for (const match of text.matchAll(pattern)) add('risk', match);
  for (const pattern of SEVERITY) for (const match of text.matchAll(pattern)) add('severity', match);
  if (statement.kind === 'row')
    for (const match of text.matchAll(new RegExp(String.raw`\|\s{0,3}${MARKUP}${GRADE}${MARKUP}\s{0,3}(?=\|)`, 'gi')))
      if (/severity|rating|priority/i.test(statement.titleAt(match.index + 1))) add('severity', match);
  // A protocol is a claim where an amount is given for it.
  const isCounted = claims.some(
    (claim) => claim.kind === 'number' && (claim.unit === 'packets' || claim.unit === 'bytes' || claim.unit === 'percent'),
  );
  if (isCounted || strong.length > 0)
    for (const match of text.matchAll(PROTOCOLS)) {
      const to = match.index + match[0].length,
        before = text.slice(Math.max(0, match.index - 40), match.index);
      const isSaid =
        strong.length === 0 || /\b(?:over|via|using|uses?|used|speaks?|spoke|is|was|through|tunn?els?|by|an?|in)[\s`*]{1,4}$/i.test(before);
      if (isSaid && isFree(match.index, to) && !NOT.test(text) && !/[\w./-]$/.test(before) && !/^[\w/-]|^\.\w|^ ?\d/.test(text.slice(to, to + 2)))
        found.push({ kind: 'protocol', from: match.index, to, word: match[0].toLowerCase() });
    }
  return found;
}

export function isJudged({ kind, word }: Judgement, check: Check): boolean {
  const { facts, subjects, statement } = check;
  if (kind === 'protocol') return isSpoken(word, facts);
  if (kind === 'risk')
    return facts.risks.size === 0 || facts.risks.has(word) || facts.severities.some(({ value }) => value === word && subjectsMeant(check).length > 0);
  if (facts.severities.length === 0) return true;
  const meant = subjectsMeant(check),
    own = facts.severities.filter(({ about }) => touches(about, meant));
  if (own.length > 0) return own.some(({ value }) => value === word);
  const isWorst = /\b(?:worst|highest|most (?:serious|severe)|top|maximum)\b/i.test(statement.text);
  if (isWorst) return word === worstOf(facts);
  return facts.severities.some(({ value }) => value === word);

  function subjectsMeant(of: Check): readonly string[] {
    const { exclusive, phrases, addresses } = of.subjects;
    if (exclusive.length > 0) return exclusive;
    if (phrases.length > 0) return longest(phrases);
    const { lead } = of.statement;
    return addresses.length > 0 ? addresses : subjects.strong.length > 0 ? subjects.strong.map((each) => each.word) : lead;
  }
}

/** A title may be quoted that has another in it. */
function longest(phrases: readonly string[]): readonly string[] {
  return phrases.filter((phrase) => !phrases.some((other) => other !== phrase && other.includes(phrase)));
}

function worstOf({ severities }: Facts): string | undefined {
  return SEVERITIES.findLast((each) => severities.some(({ value }) => value === each));
}

/** Some result has it, by one of its names. */
function isSpoken(word: string, { subjects, said }: Facts): boolean {
  return [word, ...(ALSO[word] ?? []), ...Object.keys(ALSO).filter((other) => ALSO[other]!.includes(word))].some(
    (each) => subjects.has(each) || said.has(each),
  );
}
