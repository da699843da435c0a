/** The rules that would mark a finding as expected, from the narrowest to the widest: for all of it, or for one of those it tells of. */
import { addressesOf, expectedParts, isHostName, parseNetwork, type AllowConditions, type AllowRule, type ExpectedParts } from './allowRules.ts';
import { plural } from './describe.ts';
import type { FindingPart, Subject } from './report.ts';

/** What of a finding decides which rules fit. */
export interface ToExpect {
  readonly detector: string;
  readonly subjects: readonly Subject[];
  readonly parts?: readonly Pick<FindingPart, 'label' | 'subjects'>[] | undefined;
}

export interface ExpectChoice {
  /** `finding`: no more than it, `part`: one of its parts, `wider`: also what may come. */
  readonly scope: 'finding' | 'part' | 'wider';
  /** What is expected then, `192.168.10.101`; untrusted text. */
  readonly label: string;
  /** The rule in words, `smbv1 by 192.168.10.101`; untrusted text. */
  readonly rule: string;
  readonly conditions: AllowConditions;
}

/** Addresses of a list that are named in words. */
const MOST_NAMED = 3;

/** Each of them holds for what it says; those of one scope stand together. Labels and names come from packets. */
export function expectChoices({ detector, subjects, parts = [] }: ToExpect): ExpectChoice[] {
  const isOne = parts.length < 2,
    // One that is left of several is told as the whole was, by its own subjects.
    finding = isOne ? { detector, subjects: parts[0]?.subjects ?? subjects } : { detector, subjects, parts },
    actors = distinct((isOne ? [finding] : parts).flatMap((one) => actorsOf(one.subjects))),
    [narrowest, ...others] = rulesFor(detector, actors),
    anybody = { detector },
    everything = typeof narrowest?.address === 'string' ? [withoutDetector(narrowest)] : [];
  const all = parts.length === 2 ? 'both parts of the finding' : `all ${plural(parts.length, 'part')} of the finding`;
  const holds = ({ conditions }: ExpectChoice): boolean => covered(finding, conditions).expected !== null,
    wholes = narrowest === undefined ? [] : [choice('finding', isOne ? wordsOf(narrowest) : all, narrowest)],
    wider = [...others, ...everything, anybody].map((conditions) => choice('wider', wordsOf(conditions), conditions));
  return [...wholes.filter(holds), ...(isOne ? [] : partChoices(finding, parts)), ...wider.filter(holds)];
}

/** For whoever acts: by address, by name where there is one, and by the network around. */
function rulesFor(detector: string, actors: readonly Subject[]): AllowConditions[] {
  const [first] = actors;
  if (first === undefined) return [];
  const addresses = [...new Set(actors.map(({ address }) => address))],
    networks = new Set(addresses.map(networkOf)),
    [network] = networks,
    // Without it a rule looks only at those who act.
    role = actors.every((one) => one.role === 'victim') ? { role: first.role } : {},
    { name } = first;
  return [
    { detector, address: addresses.length === 1 ? first.address : addresses, ...role },
    ...(addresses.length === 1 && name !== undefined && isHostName(name) ? [{ detector, name, ...role }] : []),
    ...(networks.size === 1 && typeof network === 'string' ? [{ detector, network, ...role }] : []),
  ];
}

/** For each part the rule about one address that holds for it and for the fewest of the others; parts that no such rule tells from all others have none. */
function partChoices(finding: ToExpect, parts: NonNullable<ToExpect['parts']>): ExpectChoice[] {
  const { detector } = finding,
    told = new Map<string, ExpectChoice>();
  for (const part of parts) {
    const hasAttacker = part.subjects.some(({ role }) => role === 'attacker');
    let best: { readonly conditions: AllowConditions; readonly labels: readonly string[] } | null = null;
    for (const { role, address } of distinct(part.subjects)) {
      const isNamed = role === 'victim' || (hasAttacker && role !== 'attacker'),
        conditions = { detector, address, ...(isNamed ? { role } : {}) },
        those = covered(finding, conditions).covered.map((one) => one.part);
      if (those.includes(part) && those.length < Math.min(parts.length, best?.labels.length ?? Infinity))
        best = { conditions, labels: those.map(({ label }) => label) };
    }
    if (best !== null) told.set(JSON.stringify(best.conditions), choice('part', [...new Set(best.labels)].join(', '), best.conditions));
  }
  return [...told.values()];
}

function covered(finding: ToExpect, conditions: AllowConditions): ExpectedParts<NonNullable<ToExpect['parts']>[number]> {
  const rule: AllowRule = { id: 'offered', reason: 'offered', ...conditions };
  return expectedParts(finding, [rule], '');
}

const choice = (scope: ExpectChoice['scope'], label: string, conditions: AllowConditions): ExpectChoice => ({
  scope,
  label,
  rule: wordsOf(conditions),
  conditions,
});

function withoutDetector({ address, role }: AllowConditions): AllowConditions {
  return { ...(address === undefined ? {} : { address }), ...(role === undefined ? {} : { role }) };
}

function wordsOf(conditions: AllowConditions): string {
  const { detector = 'everything', network, name, role } = conditions,
    addresses = addressesOf(conditions),
    more = addresses.length - MOST_NAMED,
    whom =
      network ??
      name ??
      (more > 1 ? `${addresses.slice(0, MOST_NAMED).join(', ')} and ${more} more` : addresses.join(', ').replace(/, (?=[^,]*$)/, ' and '));
  if (whom === '') return `${detector} by anybody`;
  return role === undefined
    ? `${detector} by ${whom}`
    : role === 'victim'
      ? `${detector} against ${whom}, by anybody`
      : `${detector} with ${whom} as ${role}`;
}

/** Who acts in a finding: every attacker, as a rule for one of several holds for none of them; else the first one named. */
function actorsOf(subjects: readonly Subject[]): readonly Subject[] {
  const attackers = subjects.filter(({ role }) => role === 'attacker');
  return attackers.length > 0 ? attackers : [subjects.find(({ role }) => role !== 'victim') ?? subjects[0] ?? []].flat();
}

function distinct(subjects: readonly Subject[]): Subject[] {
  return [...new Map(subjects.map((subject) => [`${subject.role} ${subject.address}`, subject])).values()];
}

/** The /24 or /64 an address lies in; null for what is no IP address. */
function networkOf(address: string): string | null {
  const v4 = parseNetwork(`${address}/24`);
  if (v4?.bytes.length === 4) return `${v4.bytes.slice(0, 3).join('.')}.0/24`;
  const v6 = parseNetwork(`${address}/64`);
  if (v6?.bytes.length !== 16) return null;
  const groups = [0, 2, 4, 6].map((at) => ((v6.bytes[at]! << 8) | v6.bytes[at + 1]!).toString(16));
  return `${groups.join(':')}::/64`;
}
