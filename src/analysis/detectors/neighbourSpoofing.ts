/**
 * What is told of a machine that claims another's address, by ARP or by Neighbor Discovery: both claim it in turn, it answers unasked, it asks for the
 * address that it says is its own, or it tells hosts that every address they want is taken.
 */
import * as z from 'zod';
import { formatMac } from '../../pcap/addresses.ts';
import { countText, plural } from '../describe.ts';
import type { FindingDraft } from '../detector.ts';
import { confidenceOf, MOST_EVIDENCE, overThreshold, Span } from './measures.ts';
import { keepsAnnouncing, LEAST_ANNOUNCED, LEAST_REPEATED, type Address, type NeighbourClaims, type Owner, type Station } from './neighbourClaims.ts';

export const claimOptions = z.object({
  changes: z
    .int()
    .min(1)
    .default(2)
    .describe('How often two machines must take an address from each other within the window: a host that changed its card does so once (changes)'),
  windowSeconds: z.number().positive().default(300).describe('Time within which the one must claim the address after the other (seconds)'),
  unaskedReplies: z
    .int()
    .min(2)
    .default(20)
    .describe('Replies that nobody asked for, by one machine for one address, that suffice without a rival (replies)'),
  announcements: z.int().min(5).default(100).describe('Announcements by one machine within ten seconds (frames)'),
  denials: z
    .int()
    .min(2)
    .default(3)
    .describe('Addresses that are said to be taken when others ask whether they are free, and does not use (addresses)'),
});
type ClaimOptions = z.output<typeof claimOptions>;

export const ANNOUNCE_SECONDS = 10;
const MOST_NAMED = 5,
  /** Replies that nobody asked for to believe that a machine takes an address that packets found elsewhere. One may be an answer whose question was lost. */
  LEAST_UNASKED = 3,
  LEAST_ASKING = 3;

/** How one protocol is spoken of. */
export interface ClaimWords {
  /** `ARP`, `Neighbor Discovery`. */
  readonly protocol: string;
  readonly reply: string;
  readonly announcement: string;
  addressText(ip: number): string;
  claimFilter(addresses: readonly string[], mac: string): string;
  macFilter(mac: string): string;
  readonly attack: string;
  readonly guard: string;
}

/** Why one machine is believed to claim what is not its own. */
interface Case {
  readonly address: Address;
  readonly claimant: Owner;
  readonly rival: Owner | null;
  /** The machine that has the address, where only its packets say so. */
  readonly place: number | null;
  readonly reason:
    | 'takes turns'
    | 'takes over'
    | 'contradicts itself'
    | 'insists'
    | 'against traffic'
    | 'draws traffic'
    | 'asks in its name'
    | 'keeps announcing'
    | 'announces and draws';
}

/** The findings of all that was claimed. */
export function claimFindings(values: ClaimOptions, claims: NeighbourClaims, words: ClaimWords): FindingDraft[] {
  const byClaimant = new Map<number, Case[]>(),
    denied: Denied[] = [];
  for (const address of claims.addresses.values()) {
    if (claims.shared.has(address.ip)) continue;
    for (const owner of address.owners)
      if (owner.denials > 0 && owner.denials === owner.claims && !claims.isPlace(address, owner.mac)) denied.push({ address, owner });
    const one = caseOf(values, claims, address);
    if (one === null) continue;
    const known = byClaimant.get(one.claimant.mac);
    if (known === undefined) byClaimant.set(one.claimant.mac, [one]);
    else known.push(one);
  }
  const findings: FindingDraft[] = [...byClaimant.values()].map((cases) => draft(values, claims, cases, words));
  // The card is one of many where it is invented each time.
  if (new Set(denied.map(({ address }) => address)).size >= values.denials) findings.push(draftDenial(values, denied, words));
  for (const station of claims.stations.values())
    if (station.announcements.most >= values.announcements) findings.push(draftFlood(values, station, words));
  return findings;
}

function caseOf(values: ClaimOptions, claims: NeighbourClaims, address: Address): Case | null {
  const { stations } = claims,
    { owners, changes } = address,
    hasOthers = ({ mac }: Owner): boolean => (stations.get(mac)?.own.size ?? 0) > 1;
  const contradicting = owners.find(({ contradiction, asking, unasked }) => contradiction > 0 && asking + unasked > 0);
  if (contradicting !== undefined && hasOthers(contradicting))
    return {
      address,
      claimant: contradicting,
      rival: owners.find((one) => one !== contradicting) ?? null,
      place: null,
      reason: 'contradicts itself',
    };
  if (owners.length > 1 && changes > 0) {
    // The one that came later, that nobody asked, or that is somebody else besides.
    const weight = (owner: Owner): number =>
      Math.min(owner.unasked, 10) * 2 + (hasOthers(owner) ? 4 : 0) + (owner.givenBack > 0 ? 20 : 0) + owners.indexOf(owner);
    const [claimant, rival] = [...owners].sort((a, b) => weight(b) - weight(a));
    if (changes >= values.changes) return { address, claimant: claimant!, rival: rival!, place: null, reason: 'takes turns' };
    if (
      (owners.indexOf(claimant!) > 0 && hasOthers(claimant!) && claimant!.unasked > 0) ||
      // The true owner was asked, and came later because nobody had.
      (claimant!.unasked >= LEAST_UNASKED && rival!.unasked === 0)
    )
      return { address, claimant: claimant!, rival: rival!, place: null, reason: 'takes over' };
    // Nobody told the owner, who is still there: a new card would be alone, and a fail-over announced.
    const quiet = owners
      .slice(1)
      .find(
        ({ asking, announced, firstTime }) => asking >= LEAST_ASKING && announced === 0 && (stations.get(owners[0]!.mac)?.lastTime ?? 0) > firstTime,
      );
    if (quiet !== undefined) return { address, claimant: quiet, rival: owners[0]!, place: null, reason: 'asks in its name' };
    const repeating = owners.slice(1).find(keepsAnnouncing);
    if (repeating !== undefined) return { address, claimant: repeating, rival: owners[0]!, place: null, reason: 'keeps announcing' };
  }
  const insisting = owners.find((owner) => owner.unasked >= values.unaskedReplies && owner.unasked * 2 >= owner.claims && hasOthers(owner));
  if (insisting !== undefined) return { address, claimant: insisting, rival: null, place: null, reason: 'insists' };
  const against = owners.find((owner) => owner.unasked >= LEAST_UNASKED && owner.unasked * 2 >= owner.claims),
    place = against === undefined ? null : claims.otherPlace(address, against.mac);
  if (place !== null) return { address, claimant: against!, rival: null, place, reason: 'against traffic' };
  // Whoever takes an address over says so; this one only asks in its name, and packets go where it wants.
  const drawing = owners.find(({ asking, announced, claims: all }) => asking >= LEAST_ASKING && announced === 0 && asking * 2 >= all),
    way = drawing === undefined ? null : claims.wayBefore(address, drawing.mac);
  if (way !== null && hasOthers(drawing!)) return { address, claimant: drawing!, rival: null, place: way, reason: 'draws traffic' };
  // The true gateway need not speak by ARP: what it carried goes elsewhere.
  const announcing = owners.length === 1 && keepsAnnouncing(owners[0]!) ? owners[0]! : undefined,
    station = announcing === undefined ? undefined : stations.get(announcing.mac);
  return station === undefined || station.drawn.length === 0
    ? null
    : { address, claimant: announcing!, rival: null, place: station.drawnFrom, reason: 'announces and draws' };
}

const REASONS: Readonly<Record<Case['reason'], readonly [text: string, points: number]>> = {
  'takes turns': ['another machine claims the address in turn', 50],
  'takes over': ['it takes the address from another machine, unasked', 45],
  'contradicts itself': ['it asks who has the address that it claims', 65],
  'against traffic': ['it repeats a claim that nobody asked for, while packets found the address elsewhere', 50],
  insists: ['it repeats a claim that nobody asked for', 45],
  'draws traffic': ['it asks in the name of the address, and packets to the address turned to it', 50],
  'asks in its name': ['it asks in the name of an address whose owner is still there', 55],
  'keeps announcing': ['it announces again and again that the address of another machine is its own', 40],
  'announces and draws': ['it announces an address again and again, and packets to others turned to it', 45],
};

function macText(mac: number): string {
  return formatMac(Math.floor(mac / 4_294_967_296), mac | 0);
}

function draft(values: ClaimOptions, { stations }: NeighbourClaims, cases: readonly Case[], words: ClaimWords): FindingDraft {
  const first = [...cases].sort((a, b) => REASONS[b.reason][1] - REASONS[a.reason][1])[0]!,
    { claimant, address, rival, place, reason } = first;
  const mac = macText(claimant.mac),
    ip = words.addressText(address.ip),
    ips = cases.map((one) => words.addressText(one.address.ip));
  const changes = cases.reduce((sum, one) => sum + one.address.changes, 0),
    unasked = cases.reduce((sum, one) => sum + one.claimant.unasked, 0),
    contradictions = cases.reduce((sum, one) => sum + one.claimant.contradiction, 0);
  const own = [...(stations.get(claimant.mac)?.own ?? [])].filter((one) => !cases.some((other) => other.address.ip === one));
  const claims = cases.reduce((sum, one) => sum + one.claimant.claims, 0);
  const { confidence, parts } = confidenceOf([
    { name: REASONS[reason][0], value: REASONS[reason][1] },
    { name: `${words.reply} that nobody asked for`, value: Math.min(15, unasked * 3) },
    { name: 'it has an address of its own besides', value: own.length > 0 ? 10 : 0 },
    { name: 'it gave the address back in the name of its owner', value: cases.some((one) => one.claimant.givenBack > 0) ? 20 : 0 },
    { name: 'it claims several addresses of others', value: cases.length > 1 ? 10 : 0 },
    { name: 'again and again', value: reason === 'takes turns' ? overThreshold(changes, values.changes, 10).value : 0 },
    {
      name: 'only when asked, as a second card of the same machine would',
      value: unasked === 0 && contradictions === 0 && claimant.asking * 2 < claims ? -10 : 0,
    },
  ]);
  const frames = [
    ...new Set(
      cases.flatMap((one) => [
        ...one.claimant.frames,
        ...(one.rival?.frames.slice(0, 10) ?? []),
        ...one.address.frames,
        ...(one.reason === 'announces and draws' ? (stations.get(one.claimant.mac)?.drawn ?? []) : []),
      ]),
    ),
  ].sort((a, b) => a - b);
  const span = address.span,
    rivals =
      rival !== null
        ? ` ${macText(rival.mac)} claims ${ip} too.`
        : reason === 'announces and draws'
          ? ` Packets to others that went to ${macText(place!)} before go to it since.`
          : place !== null
            ? ` Packets of ${ip} came from or went to ${macText(place)}.`
            : '';
  const [measured, threshold, name] =
    reason === 'takes turns'
      ? [changes, values.changes, 'changes of owner']
      : reason === 'insists'
        ? [unasked, values.unaskedReplies, `${words.reply} that nobody asked for`]
        : reason === 'against traffic'
          ? [unasked, LEAST_UNASKED, `${words.reply} that nobody asked for`]
          : reason === 'takes over'
            ? [unasked, 1, `${words.reply} that nobody asked for`]
            : reason === 'draws traffic' || reason === 'asks in its name'
              ? [claimant.asking, LEAST_ASKING, 'questions in the name of the address']
              : reason === 'keeps announcing' || reason === 'announces and draws'
                ? [claimant.announced, claimant.repeated >= LEAST_REPEATED ? LEAST_REPEATED + 1 : LEAST_ANNOUNCED, 'announcements']
                : [contradictions, 1, 'questions for an address that it claims'];
  // Machines that take an address over from each other announce it, and that is all.
  const onlyAnnounced =
    reason === 'keeps announcing' ||
    reason === 'announces and draws' ||
    (reason === 'takes turns' && unasked === 0 && contradictions === 0 && changes < 2 * values.changes && claimant.announced * 2 >= claimant.claims);
  return {
    technique: 'claim',
    severity: onlyAnnounced
      ? 'low'
      : reason === 'contradicts itself' || (unasked >= LEAST_UNASKED && (rival !== null || place !== null)) || cases.length > 1
        ? 'high'
        : 'medium',
    confidence,
    title: `${words.protocol} spoofing: ${mac} claims ${ips.length === 1 ? ip : `${ips.length} addresses`}${ips.length === 1 ? '' : `, ${ip} among them`}, ${reason === 'announces and draws' ? 'and takes packets that went to another machine before' : `which ${rival === null ? (place === null ? 'seems not its own' : 'is that of another machine') : `${ips.length === 1 ? 'another machine claims' : 'others claim'} too`}`}`,
    description: `${mac}${own.length > 0 ? `, known as ${own.slice(0, 3).map(words.addressText).join(', ')},` : ''} said ${plural(claims, 'time')} that ${ips.slice(0, MOST_NAMED).join(', ')}${ips.length > MOST_NAMED ? ` and ${ips.length - MOST_NAMED} more` : ''} ${ips.length === 1 ? 'is' : 'are'} at its own MAC address: ${countText(measured)} ${measured === 1 ? oneOf(name) : name} (threshold ${threshold}).${rivals}`,
    subjects: [{ role: 'attacker', address: mac }, ...ips.slice(0, MOST_NAMED).map((one) => ({ role: 'victim' as const, address: one }))],
    firstSeen: span.from,
    lastSeen: span.to,
    indicators: [
      { name, value: measured, threshold },
      { name: 'claims', value: claims, unit: 'frames' },
      { name: 'addresses claimed', value: ips.length },
      { name: `${words.reply} to hosts that had not asked`, value: unasked },
      ...(rival === null ? [] : [{ name: 'rival', value: macText(rival.mac) }]),
      ...(own.length > 0 ? [{ name: 'other addresses of the machine', value: own.slice(0, MOST_NAMED).map(words.addressText).join(', ') }] : []),
      ...parts,
    ],
    alternatives: [
      'Two machines were given the same address by mistake.',
      'One machine with two network cards in the same network, or a virtual machine that moved.',
      'Fail-over between two machines that does not use a shared MAC address, or a router that answers for others.',
    ],
    frames: frames.slice(0, MOST_EVIDENCE),
    framesTotal: Math.max(claims, frames.length),
    flows: [],
    filter: words.claimFilter(ips.slice(0, MOST_NAMED), mac),
    attack: [words.attack],
    recommendation: `Find the machine with the MAC address ${mac} in the MAC address tables of the switches, and ask what it runs. Turn on ${words.guard} on the switches; treat passwords that went over plain protocols meanwhile as known.`,
  };
}

function draftFlood(values: ClaimOptions, station: Station, words: ClaimWords): FindingDraft {
  const mac = macText(station.mac),
    most = station.announcements.most,
    { confidence, parts } = confidenceOf([
      { name: 'over the threshold', value: 45 },
      overThreshold(most, values.announcements),
      { name: 'for many addresses', value: station.own.size >= 20 ? 15 : 0 },
    ]);
  return {
    technique: 'announcements',
    deed: `flooded the network with announcements by ${words.protocol}`,
    severity: 'medium',
    confidence,
    title: `${mac} floods the network with ${countText(station.announced)} announcements of ${plural(station.own.size, 'address', 'addresses')}`,
    description: `${countText(most)} ${words.announcement} of ${mac} came within ${ANNOUNCE_SECONDS} s (threshold ${values.announcements}). Each makes all hosts of the network note ${mac} for an address.`,
    subjects: [{ role: 'attacker', address: mac }],
    firstSeen: station.span.from,
    lastSeen: station.span.to,
    indicators: [
      { name: 'announcements in ten seconds', value: most, threshold: values.announcements, unit: 'frames' },
      { name: 'announcements', value: station.announced, unit: 'frames' },
      { name: 'addresses', value: station.own.size },
      ...parts,
    ],
    alternatives: ['A load balancer or cluster that takes over many addresses at once.', 'A faulty network card or driver.'],
    frames: station.frames,
    framesTotal: station.announced,
    flows: [],
    filter: words.macFilter(mac),
    attack: [words.attack, 'T1498'],
    recommendation: `Find the machine with the MAC address ${mac} in the MAC address tables of the switches; limit the rate of ${words.protocol} on its port.`,
  };
}

/** A claim that did nothing but keep a host from an address. */
interface Denied {
  readonly address: Address;
  readonly owner: Owner;
}

/** A host that is told that its address is taken does not use it: told so each time, it stays without one. */
function draftDenial(values: ClaimOptions, denied: readonly Denied[], words: ClaimWords): FindingDraft {
  const addresses = [...new Set(denied.map(({ address }) => address))],
    macs = [...new Set(denied.map(({ owner }) => macText(owner.mac)))],
    isOne = macs.length === 1,
    frames = [...new Set(denied.flatMap(({ owner }) => owner.frames))].sort((a, b) => a - b),
    span = new Span(),
    { confidence, parts } = confidenceOf([
      { name: 'addresses are said to be taken that nobody uses', value: 60 },
      overThreshold(addresses.length, values.denials, 15),
    ]);
  for (const { span: one } of addresses) span.include(one);
  return {
    technique: 'denial',
    deed: `kept hosts from their addresses by ${words.protocol}`,
    severity: 'medium',
    confidence,
    title: `${isOne ? macs[0]! : plural(macs.length, 'MAC address', 'MAC addresses')} said of ${plural(addresses.length, 'address', 'addresses')} that ${addresses.length === 1 ? 'it is' : 'they are'} taken when hosts asked whether they are free`,
    description: `Hosts asked before they took ${addresses
      .slice(0, MOST_NAMED)
      .map(({ ip }) => words.addressText(ip))
      .join(', ')}${
      addresses.length > MOST_NAMED ? ' and others' : ''
    }; each time somebody said to have the address (threshold ${values.denials} addresses), though nothing else came from there or went there. A host that hears this goes without the address.`,
    subjects: macs.slice(0, MOST_NAMED).map((address) => ({ role: isOne ? ('attacker' as const) : ('spoofed' as const), address })),
    firstSeen: span.from,
    lastSeen: span.to,
    indicators: [
      { name: 'addresses denied', value: addresses.length, threshold: values.denials },
      { name: 'MAC addresses that deny', value: macs.length },
      ...parts,
    ],
    alternatives: ['A router that answers for others on all addresses by mistake, or a trap for scanners that takes free addresses.'],
    frames: frames.slice(0, MOST_EVIDENCE),
    framesTotal: frames.length,
    flows: [],
    filter: macs
      .slice(0, MOST_NAMED)
      .map((mac) => `(${words.macFilter(mac)})`)
      .join(' || '),
    attack: ['T1499', words.attack],
    recommendation: `Find the machine that answers in the MAC address tables of the switches; turn on ${words.guard}.`,
  };
}

/** `reply that nobody asked for`, of more than one. */
function oneOf(several: string): string {
  return several.replace(/\breplies\b/, 'reply').replace(/\b(advertisement|question|change|announcement)s\b/, '$1');
}
