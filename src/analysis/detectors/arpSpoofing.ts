/**
 * ARP spoofing: a machine says that somebody else's address is its own, so that what is meant for the other comes to it first. ATT&CK T1557.002,
 * ARP Cache Poisoning. Seen by two machines that take an address from each other, by answers nobody asked for, or by a machine that contradicts itself.
 */
import * as z from 'zod';
import { formatIpv4, formatMac } from '../../pcap/addresses.ts';
import { arpMessage } from '../../pcap/dissectors/arp.ts';
import { redundancyMessage } from '../../pcap/dissectors/redundancy.ts';
import type { CaptureState } from '../captureState.ts';
import { coverage, examinedAll, unreadableFrames } from '../coverage.ts';
import { countText, plural } from '../describe.ts';
import { defineDetector, type DetectorRun, type FindingDraft } from '../detector.ts';
import { ArpClaims, type Address, type Owner, type Station } from './arpClaims.ts';
import { confidenceOf, MOST_EVIDENCE, overThreshold } from './measures.ts';

const options = z.object({
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
  announcements: z.int().min(5).default(100).describe('Announcements (gratuitous ARP) by one machine within ten seconds (frames)'),
});
type Options = z.output<typeof options>;

const ANNOUNCE_SECONDS = 10,
  MOST_NAMED = 5,
  MOST_SHARED = 1000,
  /** Replies that nobody asked for to believe that a machine takes an address that packets found elsewhere. One may be an answer whose question was lost. */
  LEAST_UNASKED = 3;

/** Why one machine is believed to claim what is not its own. */
interface Case {
  readonly address: Address;
  readonly claimant: Owner;
  readonly rival: Owner | null;
  /** The machine that has the address, where only its packets say so. */
  readonly place: number | null;
  readonly reason: 'takes turns' | 'takes over' | 'contradicts itself' | 'insists' | 'against traffic';
}

export const arpSpoofing = defineDetector({
  id: 'arp-spoofing',
  title: 'ARP spoofing',
  tier: 1,
  deed: 'posed as {whom} by ARP',
  description:
    'A machine claims an address of another by ARP: both claim it in turn, it answers unasked, or it asks for an address that it says is its own. Two machines set to one address by mistake, a second network card and fail-over without a shared MAC address can look like it.',
  options,
  messages: [arpMessage.kind, redundancyMessage.kind],
  collecting: ['windowSeconds'],
  create(collecting, state) {
    const claims = new ArpClaims(state, collecting.windowSeconds, ANNOUNCE_SECONDS);
    let flows = 0;
    return {
      // Only the first packet of a conversation: enough to know who has an address, without ARP.
      onPacket(p, flow) {
        if (flow < flows) return;
        flows = flow + 1;
        claims.began(p);
      },
      onMessage(message, _flow, p) {
        if (arpMessage.is(message)) claims.add(message, p);
        else if (redundancyMessage.is(message)) for (const ip of message.addresses) if (claims.shared.size < MOST_SHARED) claims.shared.add(ip);
      },
      evaluate: (values) => evaluate(values, state, claims),
    };
  },
});

function evaluate(values: Options, state: CaptureState, claims: ArpClaims): ReturnType<DetectorRun['evaluate']> {
  const byClaimant = new Map<number, Case[]>();
  for (const address of claims.addresses.values()) {
    if (claims.shared.has(address.ip)) continue;
    const one = caseOf(values, claims, address);
    if (one === null) continue;
    const known = byClaimant.get(one.claimant.mac);
    if (known === undefined) byClaimant.set(one.claimant.mac, [one]);
    else known.push(one);
  }
  const findings: FindingDraft[] = [...byClaimant.values()].map((cases) => draft(values, claims, cases));
  for (const station of claims.stations.values()) if (station.announcements.most >= values.announcements) findings.push(draftFlood(values, station));
  const limits = unreadableFrames(state);
  if (claims.isBounded) limits.push('More addresses were claimed by ARP than are followed; some were left out.');
  return { findings, coverage: coverage(examinedAll(state), limits) };
}

function caseOf(values: Options, claims: ArpClaims, address: Address): Case | null {
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
    if (claimant!.unasked > 0 && hasOthers(claimant!) && owners.indexOf(claimant!) > 0)
      return { address, claimant: claimant!, rival: rival!, place: null, reason: 'takes over' };
  }
  const insisting = owners.find((owner) => owner.unasked >= values.unaskedReplies && owner.unasked * 2 >= owner.claims && hasOthers(owner));
  if (insisting !== undefined) return { address, claimant: insisting, rival: null, place: null, reason: 'insists' };
  const against = owners.find((owner) => owner.unasked >= LEAST_UNASKED && owner.unasked * 2 >= owner.claims),
    place = against === undefined ? null : claims.otherPlace(address, against.mac);
  return place === null ? null : { address, claimant: against!, rival: null, place, reason: 'against traffic' };
}

const REASONS: Readonly<Record<Case['reason'], readonly [text: string, points: number]>> = {
  'takes turns': ['another machine claims the address in turn', 50],
  'takes over': ['it takes the address from another machine, unasked', 45],
  'contradicts itself': ['it asks who has the address that it claims', 65],
  'against traffic': ['it repeats a claim that nobody asked for, while packets found the address elsewhere', 50],
  insists: ['it repeats a claim that nobody asked for', 45],
};

function macText(mac: number): string {
  return formatMac(Math.floor(mac / 4_294_967_296), mac | 0);
}

function draft(values: Options, { stations }: ArpClaims, cases: readonly Case[]): FindingDraft {
  const first = [...cases].sort((a, b) => REASONS[b.reason][1] - REASONS[a.reason][1])[0]!,
    { claimant, address, rival, place, reason } = first;
  const mac = macText(claimant.mac),
    ip = formatIpv4(address.ip),
    ips = cases.map((one) => formatIpv4(one.address.ip));
  const changes = cases.reduce((sum, one) => sum + one.address.changes, 0),
    unasked = cases.reduce((sum, one) => sum + one.claimant.unasked, 0),
    contradictions = cases.reduce((sum, one) => sum + one.claimant.contradiction, 0);
  const own = [...(stations.get(claimant.mac)?.own ?? [])].filter((one) => !cases.some((other) => other.address.ip === one));
  const { confidence, parts } = confidenceOf([
    { name: REASONS[reason][0], value: REASONS[reason][1] },
    { name: 'replies that nobody asked for', value: Math.min(15, unasked * 3) },
    { name: 'it has an address of its own besides', value: own.length > 0 ? 10 : 0 },
    { name: 'it gave the address back in the name of its owner', value: cases.some((one) => one.claimant.givenBack > 0) ? 20 : 0 },
    { name: 'it claims several addresses of others', value: cases.length > 1 ? 10 : 0 },
    { name: 'again and again', value: reason === 'takes turns' ? overThreshold(changes, values.changes, 10).value : 0 },
    { name: 'only when asked, as a second card of the same machine would', value: unasked === 0 && contradictions === 0 ? -10 : 0 },
  ]);
  const frames = [
    ...new Set(cases.flatMap((one) => [...one.claimant.frames, ...(one.rival?.frames.slice(0, 10) ?? []), ...one.address.frames])),
  ].sort((a, b) => a - b);
  const span = address.span,
    claims = cases.reduce((sum, one) => sum + one.claimant.claims, 0),
    rivals =
      rival !== null ? ` ${macText(rival.mac)} claims ${ip} too.` : place !== null ? ` Packets of ${ip} came from or went to ${macText(place)}.` : '';
  const [measured, threshold, name] =
    reason === 'takes turns'
      ? [changes, values.changes, 'changes of owner']
      : reason === 'insists'
        ? [unasked, values.unaskedReplies, 'replies that nobody asked for']
        : reason === 'against traffic'
          ? [unasked, LEAST_UNASKED, 'replies that nobody asked for']
          : reason === 'takes over'
            ? [unasked, 1, 'replies that nobody asked for']
            : [contradictions, 1, 'requests for an address that it claims'];
  // Machines that take an address over from each other announce it, and that is all.
  const onlyAnnounced =
    reason === 'takes turns' && unasked === 0 && contradictions === 0 && changes < 2 * values.changes && claimant.announced * 2 >= claimant.claims;
  return {
    technique: 'claim',
    severity: onlyAnnounced
      ? 'low'
      : reason === 'contradicts itself' || (unasked >= LEAST_UNASKED && (rival !== null || place !== null)) || cases.length > 1
        ? 'high'
        : 'medium',
    confidence,
    title: `ARP spoofing: ${mac} claims ${ips.length === 1 ? ip : `${ips.length} addresses`}${ips.length === 1 ? '' : `, ${ip} among them`}, which ${rival === null ? (place === null ? 'seems not its own' : 'is that of another machine') : `${ips.length === 1 ? 'another machine claims' : 'others claim'} too`}`,
    description: `${mac}${own.length > 0 ? `, known as ${own.slice(0, 3).map(formatIpv4).join(', ')},` : ''} said ${plural(claims, 'time')} that ${ips.slice(0, MOST_NAMED).join(', ')}${ips.length > MOST_NAMED ? ` and ${ips.length - MOST_NAMED} more` : ''} ${ips.length === 1 ? 'is' : 'are'} at its own MAC address: ${countText(measured)} ${name} (threshold ${threshold}).${rivals}`,
    subjects: [{ role: 'attacker', address: mac }, ...ips.slice(0, MOST_NAMED).map((one) => ({ role: 'victim' as const, address: one }))],
    firstSeen: span.from,
    lastSeen: span.to,
    indicators: [
      { name, value: measured, threshold },
      { name: 'claims', value: claims, unit: 'frames' },
      { name: 'addresses claimed', value: ips.length },
      { name: 'replies to hosts that had not asked', value: unasked },
      ...(rival === null ? [] : [{ name: 'rival', value: macText(rival.mac) }]),
      ...(own.length > 0 ? [{ name: 'other addresses of the machine', value: own.slice(0, MOST_NAMED).map(formatIpv4).join(', ') }] : []),
      ...parts,
    ],
    alternatives: [
      'Two machines were given the same address by mistake.',
      'One machine with two network cards in the same network, or a virtual machine that moved.',
      'Fail-over between two machines that does not use a shared MAC address, or a router that answers for others (proxy ARP).',
    ],
    frames: frames.slice(0, MOST_EVIDENCE),
    framesTotal: Math.max(claims, frames.length),
    flows: [],
    filter: `arp.src.proto_ipv4 in {${ips.slice(0, MOST_NAMED).join(', ')}} || (arp.src.hw_mac == ${mac} && arp.opcode == 1)`,
    attack: ['T1557.002'],
    recommendation: `Find the machine with the MAC address ${mac} in the MAC address tables of the switches, and ask what it runs. Turn on ARP inspection (with DHCP snooping) on the switches; treat passwords that went over plain protocols meanwhile as known.`,
  };
}

function draftFlood(values: Options, station: Station): FindingDraft {
  const mac = macText(station.mac),
    most = station.announcements.most,
    { confidence, parts } = confidenceOf([
      { name: 'over the threshold', value: 45 },
      overThreshold(most, values.announcements),
      { name: 'for many addresses', value: station.own.size >= 20 ? 15 : 0 },
    ]);
  return {
    technique: 'announcements',
    deed: 'flooded the network with ARP announcements',
    severity: 'medium',
    confidence,
    title: `${mac} floods the network with ${countText(station.announced)} announcements of ${plural(station.own.size, 'address', 'addresses')}`,
    description: `${countText(most)} gratuitous ARP frames of ${mac} came within ${ANNOUNCE_SECONDS} s (threshold ${values.announcements}). Each makes all hosts of the network note ${mac} for an address.`,
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
    filter: `arp && arp.src.hw_mac == ${mac}`,
    attack: ['T1557.002', 'T1498'],
    recommendation: `Find the machine with the MAC address ${mac} in the MAC address tables of the switches; limit the rate of ARP on its port.`,
  };
}
