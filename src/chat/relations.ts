/** Who a text says did something to whom, and which part it gives to an address. English as people write it, taken as far as its order of words is clear. */
import type { Claim } from './claims.ts';

export interface Relation {
  /** `act`: an attack; `begin`: it asked or connected; `move`: something went there; `reply`: it answered; `arrow`, `other`: any of these; `both`: no direction. */
  readonly kind: 'act' | 'begin' | 'move' | 'reply' | 'arrow' | 'other' | 'both';
  readonly from: string;
  readonly to: string;
  /** What is marked where it is wrong. */
  readonly claim: Claim;
}

export interface RoleClaim {
  readonly role: Role;
  readonly claim: WordClaim;
}

export type Role = 'attacker' | 'victim' | 'client' | 'server' | 'source' | 'destination';
export type WordClaim = Extract<Claim, { kind: 'address' | 'name' }>;

const ACT =
  /\b(?:attack|scann?(?:s|ed|ing)?\b|flood|prob(?:e|ing)|brute|guess|sweep|swept|exploit|spoof|target|hammer|bombard|hit\b|hits\b|struck|strik|assail|assault|raid|compromis|hack|infect|poison|overwhelm|went after|goes after|going after|took aim|broke into|break into|spray|crack|breach|harass|pound|tried (?:to log|passwords)|knock)\w*/i;
const BEGIN =
  /\b(?:connect|contact|ask|quer(?:y|ie)|request|log(?:s|ged|ging)? (?:in|on)|open|talk(?:s|ed|ing)? to|sp(?:eaks?|oke) to|visit|download|call(?:s|ed)?\b|initiat|reach(?:es|ed)? out|dial|start|establish|fetch|look(?:s|ed)? up|approach|consult|poll|turn(?:s|ed)? to|began|begin|set(?:s)? up|browse|retriev)\w*/i;
const REPLY =
  /\b(?:answer|repl(?:y|ie)|respon[ds]|return|serv(?:e|ed|es|ing)\b|accept|refus|reject|reset|acknowledg|redirect|den(?:y|ied)|sends? back|sent back)\w*/i;
const MOVE =
  /\b(?:sen[dt]s?|sending|transmit|transfer|push|upload|pass(?:es|ed)|deliver|stream|emit|ship|forward|wrote|flow(?:s|ed)|went|goes|travel)\w*/i;
const GOT = /\b(?:receiv|got|gets|get|heard|took|takes|accepted|collected|obtain)\w*\b[^.;]*\bfrom\b/i;
const SYMMETRIC = /↔|<-+>|⇄|\bwith\b|\bexchang|\bcommunicat|\bbetween\b|\btogether\b|\brespectively\b/i;
const NEW_CLAUSE =
  /(?:,|\band\b|\bor\b|&|\/|\bwhile\b|\bbut\b|\bwhereas\b|\bplus\b|\bas well as\b|\bthan\b|\bvs\.?|\bversus\b)\s*(?:the |that |those )?(?:\w+ )?$/i;
const BY = /\bby\s+(?:the |an? )?(?:\w+ ){0,3}$/i;
const NO_VERB =
  /^(?:is|was|has|had|does|as|its|this|uses|used|resolves|resolved|means|equals|named|called|addresses|belongs|maps|shares|being|packets|bytes|seconds|minutes|times|ports|plus|across|towards|address|hosts|addressed|has|names|known|also)$/i;

/** Relations between addresses that stand next to each other. */
export function relationsIn(text: string, claims: readonly Claim[]): Relation[] {
  const ends = claims.filter((claim): claim is WordClaim => claim.kind === 'address' || claim.kind === 'name'),
    found: Relation[] = [];
  for (let i = 0; i + 1 < ends.length; i++) {
    const [a, b] = [ends[i]!, ends[i + 1]!];
    if (a.word === b.word || a.kind !== b.kind) continue;
    const made = between(text, a, b);
    if (made === null) continue;
    const [from, to] = made.isReversed ? [b, a] : [a, b];
    found.push({ kind: made.kind, from: from.word, to: to.word, claim: a });
  }
  return found;
}

function between(text: string, a: WordClaim, b: WordClaim): { readonly kind: Relation['kind']; readonly isReversed: boolean } | null {
  const middle = text
      .slice(a.to, b.from)
      .replace(/\([^()]{0,80}\)|\[[^[\]]{0,40}\]/g, ' ')
      // IPv6 addresses stand in brackets where a port follows.
      .replace(/^\]?[`*"']{0,3}:\d{1,5}\b|^\]/, '')
      .replace(/\[$/, '')
      .replace(/[`*"]/g, ''),
    before = text
      .slice(Math.max(0, a.from - 80), a.from)
      .replace(/\[$/, '')
      .replace(/[`*"]/g, '');
  if (middle.length > 140 || /[;\n]|[.!?]\s/.test(middle)) return null;
  if (/→|⇒|➜|-+>|=>/.test(middle)) return { kind: 'arrow', isReversed: false };
  if (/←|⇐|<-+/.test(middle)) return { kind: 'arrow', isReversed: true };
  if (SYMMETRIC.test(middle) || /\bbetween\s+(?:the )?(?:\w+ )?$/i.test(before)) return { kind: 'both', isReversed: false };
  const bare = middle.trim().toLowerCase();
  // "from A to B", "A to B", "to B from A".
  const clause = before.split(/[.;:!?]\s/).at(-1)!;
  if (
    /^(?:port \d+ )?(?:to|towards?|into|against|at|on)(?: (?:the )?(?:\w+ )?)?$/.test(bare) ||
    /^(?:port \d+ )?to port \d+ (?:on|of|at)$/.test(bare)
  )
    return /\b(?:from|by)\s+(?:the )?(?:\w+ )?$/i.test(clause) ? { kind: kindOfNoun(clause), isReversed: false } : null;
  if (
    /^(?:on |port \d+ )*(?:from|by|(?:that )?(?:coming|came|comes|originat(?:ing|ed|es)|stem(?:s|med)|is|was|were|started|launched|carried out|run|made) (?:from|by))(?: the)?(?: \w+)?$/.test(
      bare,
    )
  )
    return /\b(?:on|of|to|against|at|towards?|into)\s+(?:the )?(?:\w+ )?$/i.test(clause) ? { kind: kindOfNoun(clause), isReversed: true } : null;
  const part = /\b(target|victim|attacker|aggressor|client|server)s? of\s+(?:the )?(?:\w+ )?$/i.exec(before)?.[1]?.toLowerCase();
  if (part !== undefined && /^\s*(?:\W|is|was|were|are)*\s*$/i.test(middle)) {
    const kind = part === 'client' || part === 'server' ? 'begin' : 'act';
    return { kind, isReversed: part === 'attacker' || part === 'aggressor' || part === 'client' };
  }
  if (NEW_CLAUSE.test(middle)) return null;
  const isPassive = BY.test(middle) || /\b(?:under (?:attack|fire)|victim of|target of|targeted|attacks?|scans?) (?:of|from|by)\b/i.test(middle);
  if (GOT.test(middle) && !ACT.test(middle) && !/\brequests?|\bquer/i.test(middle)) return { kind: 'move', isReversed: true };
  if (ACT.test(middle) || /'s (?:victim|target)/.test(middle)) return { kind: 'act', isReversed: isPassive };
  // "sends NTLMv2 responses to": what is sent, whoever began.
  if (/\b(?:sen[dt]s?|gives?|gave|hands?|handed)\b.*\b(?:responses?|answers?|replies)\b.*\bto\b/i.test(middle))
    return { kind: 'move', isReversed: isPassive };
  if (REPLY.test(middle)) return { kind: 'reply', isReversed: isPassive };
  if (BEGIN.test(middle)) return { kind: 'begin', isReversed: isPassive };
  if (MOVE.test(middle) && (/\bto\b|\btowards?\b/i.test(middle) || /\bsen[dt]s?\s*[`*]*$|\bsen[dt]s?\b/i.test(middle)))
    return { kind: 'move', isReversed: isPassive };
  const words = bare.split(/\s+/);
  const isVerb = words.some((word) => /^[a-z]{3,}(?:ed|es|s)$/.test(word) && !NO_VERB.test(word));
  return isVerb && bare.length <= 50 && !/[,\d]/.test(bare) && !/\b(?:is|are|resolves?|of|than)\b/.test(bare)
    ? { kind: 'other', isReversed: isPassive }
    : null;
}

function kindOfNoun(clause: string): Relation['kind'] {
  if (ACT.test(clause)) return 'act';
  if (/\b(?:connection|connect|request|quer|session|log-?ins?|lookup|question|call)/i.test(clause)) return 'begin';
  return 'move';
}

const ROLE_WORDS: Readonly<Record<string, Role>> = {
  attacker: 'attacker',
  attackers: 'attacker',
  aggressor: 'attacker',
  intruder: 'attacker',
  culprit: 'attacker',
  scanner: 'attacker',
  perpetrator: 'attacker',
  victim: 'victim',
  victims: 'victim',
  target: 'victim',
  client: 'client',
  initiator: 'client',
  originator: 'client',
  caller: 'client',
  server: 'server',
  responder: 'server',
  source: 'source',
  sender: 'source',
  destination: 'destination',
  receiver: 'destination',
  recipient: 'destination',
};
const ROLE = Object.keys(ROLE_WORDS).join('|');
const ROLE_BEFORE = new RegExp(
  String.raw`\b(${ROLE})(?:'s)?(?: (?:address|host|machine|ip|ip address|side|here|there|system|in this case))?\W{0,3}(?:\b(?:is|was|being|at)\b|[:=|])?\W{0,4}$`,
  'i',
);
const ROLE_AFTER = new RegExp(
  String.raw`^(?::\d{1,5})?[\x60*"]{0,3}\W{0,3}(?:is|was|as|,|acts? as|acted as|played|plays|being|turns out to be|turned out to be|had the role of|in the role of)?\s{0,2}(?:the|an?|our)?\s{0,2}(?:likely|probable|actual|real|only|main)?\s{0,2}(?:(?:role|part) of )?(?:the )?(${ROLE})\b(?!['’]s|\s{0,2}(?:[:=\x60]|is |was |at |address )?\s{0,2}[\d\x60[]|\s{1,2}(?:is|was|port|names?|hello))`,
  'i',
);

export function rolesIn(text: string, claims: readonly Claim[], heading: (claim: Claim) => string = () => ''): RoleClaim[] {
  return claims.flatMap((claim) => {
    if (claim.kind !== 'address') return [];
    const word =
      ROLE_BEFORE.exec(text.slice(Math.max(0, claim.from - 60), claim.from))?.[1] ??
      ROLE_AFTER.exec(text.slice(claim.to, claim.to + 80))?.[1] ??
      new RegExp(`^\\W*(${ROLE})\\b`, 'i').exec(heading(claim))?.[1];
    const role = word === undefined ? undefined : ROLE_WORDS[word.toLowerCase()];
    return role === undefined ? [] : [{ role, claim }];
  });
}
