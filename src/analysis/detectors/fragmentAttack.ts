/**
 * Fragments that no honest sender makes: overlapping (teardrop; RFC 5722), too small to hold a header (RFC 1858), or reaching beyond the longest datagram
 * (ping of death). They crash old systems, or show a firewall another packet than the host behind it. ATT&CK T1499.004. Floods of single pieces: fragmentFloods.ts.
 */
import * as z from 'zod';
import { formatIpv4 } from '../../pcap/addresses.ts';
import type { FragmentAnomaly } from '../../pcap/ipReassembly.ts';
import { NET_DST, NET_FLAGS, NET_FRAGMENT, NET_SRC, NET_STRIDE, NET_VERSION } from '../../pcap/packet.ts';
import type { CaptureState } from '../captureState.ts';
import { coverage, examinedAll, unreadableFrames } from '../coverage.ts';
import { plural } from '../describe.ts';
import { defineDetector, type FindingDraft } from '../detector.ts';
import { checksumTrustOf } from './checksumTrust.ts';
import { FragmentFloods } from './fragmentFloods.ts';
import { confidenceOf, MOST_EVIDENCE, overThreshold, Span } from './measures.ts';

const options = z.object({
  overlapping: z.int().min(1).default(1).describe('Fragments of one sender to one receiver that overlap others before they are reported (fragments)'),
  tiny: z
    .int()
    .min(1)
    .default(3)
    .describe('Fragments below 48 bytes, the last ones excepted, that one sender must send to one receiver before they are reported (fragments)'),
  tooLong: z.int().min(1).default(1).describe('Fragments that reach beyond the longest datagram before they are reported (fragments)'),
  unfinished: z
    .int()
    .min(50)
    .default(1000)
    .describe('Datagrams that begin with a fragment within ten seconds, and of which at most a fifth becomes whole, for one receiver (datagrams)'),
});
type Options = z.output<typeof options>;

type Technique = 'overlap' | 'tiny' | 'too-long';
const TECHNIQUES: readonly Technique[] = ['overlap', 'tiny', 'too-long'];
const MOST_PAIRS = 1000,
  FLOOD_SECONDS = 10;

/** Odd fragments of one kind from one address to another. */
interface Series {
  readonly technique: Technique;
  readonly version: number;
  readonly source: number;
  readonly target: number;
  readonly frames: number[];
  readonly flows: number[];
  readonly span: Span;
  total: number;
  differing: number;
}

export const fragmentAttack = defineDetector({
  id: 'fragment-attack',
  title: 'Fragment attack',
  tier: 1,
  deed: 'sent {what} to {whom}',
  description:
    'Fragments of a datagram overlap, are too small to hold its header, reach beyond the longest datagram there can be, or pour in without ever becoming one. Scanners and test tools make them to get past firewalls; a broken sender or a copy damaged on its way is rare but possible.',
  options,
  create(_, state) {
    const series = new Map<string, Series>(),
      trust = checksumTrustOf(state),
      seen: { kind: FragmentAnomaly['kind']; firstFrame: number }[] = [];
    let isBounded = false,
      pending = 0;
    // Said in the middle of dissection; kept until the packet is whole.
    state.packet.fragments.onAnomaly = ({ kind, firstFrame }) => {
      if (seen.length < 16) seen.push({ kind, firstFrame });
      pending = seen.length;
    };
    const floods = new FragmentFloods(state, FLOOD_SECONDS),
      { packet } = state;
    packet.fragments.onBegun = (position) => {
      const at = fragmentHeader(state);
      if (at >= 0) floods.begun(packet, at, position);
    };
    packet.fragments.onWhole = () => {
      const at = fragmentHeader(state);
      if (at >= 0) floods.whole(packet, at);
    };
    return {
      onPacket(p, flow) {
        if (trust.isSampling) trust.sample(p);
        if (pending === 0) return;
        if (!trust.isDamaged(p)) for (const { kind, firstFrame } of seen) if (!note(series, state, kind, firstFrame, flow)) isBounded = true;
        seen.length = pending = 0;
      },
      evaluate(values) {
        const findings = [...series.values()]
          .filter((one) => one.total >= thresholdOf(values, one.technique))
          .map((one) => draft(values, state, one));
        findings.push(...floods.findings(values.unfinished));
        const limits = unreadableFrames(state);
        if (isBounded || floods.isBounded) limits.push(`More than ${MOST_PAIRS} pairs of addresses exchanged odd fragments; some were left out.`);
        return { findings, coverage: coverage(examinedAll(state), limits) };
      },
    };
  },
});

function thresholdOf(values: Options, technique: Technique): number {
  return technique === 'overlap' ? values.overlapping : technique === 'tiny' ? values.tiny : values.tooLong;
}

/** False when there is no room. */
function note(all: Map<string, Series>, state: CaptureState, kind: FragmentAnomaly['kind'], firstFrame: number, flow: number): boolean {
  const p = state.packet,
    at = fragmentHeader(state);
  if (at < 0) return true;
  const technique = kind === 'overlap-differs' ? 'overlap' : kind,
    version = p.net[at + NET_VERSION]!,
    source = p.net[at + NET_SRC]!,
    target = p.net[at + NET_DST]!;
  const key = `${TECHNIQUES.indexOf(technique)} ${version} ${source} ${target}`;
  let one = all.get(key);
  if (one === undefined) {
    if (all.size >= MOST_PAIRS) return false;
    all.set(key, (one = { technique, version, source, target, frames: [], flows: [], span: new Span(), total: 0, differing: 0 }));
  }
  one.total++;
  if (kind === 'overlap-differs') one.differing++;
  one.span.addPacket(p);
  for (const frame of technique === 'overlap' ? [firstFrame, p.frame] : [p.frame])
    if (one.frames.length < MOST_EVIDENCE && !one.frames.includes(frame)) one.frames.push(frame);
  if (flow >= 0 && one.flows.length < MOST_EVIDENCE && !one.flows.includes(flow)) one.flows.push(flow);
  return true;
}

/** The innermost header whose datagram came in pieces. */
function fragmentHeader({ packet: { net, netCount } }: CaptureState): number {
  for (let level = netCount - 1; level >= 0; level--) if ((net[level * NET_STRIDE + NET_FLAGS]! & NET_FRAGMENT) !== 0) return level * NET_STRIDE;
  return -1;
}

const TEXTS: Readonly<Record<Technique, { title: string; text: string; alternative: string; recommendation: string }>> = {
  overlap: {
    title: 'Overlapping fragments',
    text: 'They claim bytes that an earlier fragment of the same datagram had brought. Systems differ in which of them they believe, and old ones crash (teardrop)',
    alternative: 'A sender that numbers its datagrams too fast, so that pieces of two of them mix.',
    recommendation:
      'Drop overlapping fragments at the firewall (RFC 5722 demands it for IPv6), and check that the receiver is still well and up to date.',
  },
  tiny: {
    title: 'Tiny fragments',
    text: 'They are smaller than any link would make them, so that the header of TCP or UDP is spread over several. Filters that look at one packet at a time miss it (RFC 1858)',
    alternative: 'A test of a firewall, or a scanner that splits its probes (nmap -f), agreed or not.',
    recommendation:
      'Let the firewall put fragments together before it judges them, and find out what the sender wanted: look for scans and exploits from it.',
  },
  'too-long': {
    title: 'Fragments beyond the longest datagram',
    text: 'Put together, the datagram would be longer than 65,535 bytes. Old systems write beyond their memory and crash (ping of death)',
    alternative: 'A program that sends more than fits and a system that does not stop it.',
    recommendation: 'Drop such fragments at the firewall, and check that the receiver is still well and up to date.',
  },
};

function draft(values: Options, state: CaptureState, one: Series): FindingDraft {
  const { technique, total } = one,
    text = TEXTS[technique],
    threshold = thresholdOf(values, technique);
  const address = (value: number): string => (one.version === 6 ? state.packet.ipv6.textOf(value) : formatIpv4(value)),
    source = address(one.source),
    target = address(one.target);
  const { confidence, parts } = confidenceOf([
    { name: 'no link or system makes such fragments', value: technique === 'tiny' ? 55 : 70 },
    overThreshold(total, threshold, 15),
    { name: 'what overlaps differs', value: one.differing > 0 ? 15 : 0 },
    { name: 'IPv6 forbids overlaps', value: technique === 'overlap' && one.version === 6 ? 10 : 0 },
  ]);
  const fragments = one.version === 6 ? 'ipv6.fraghdr' : '(ip.flags.mf == 1 || ip.frag_offset > 0)',
    ip = one.version === 6 ? 'ipv6' : 'ip';
  return {
    technique,
    what: text.title.toLowerCase(),
    severity: technique === 'tiny' && total < threshold * 4 ? 'low' : 'medium',
    confidence,
    title: `${text.title} from ${source} to ${target}`,
    description: `${plural(total, 'fragment')} of ${source} to ${target} (threshold ${threshold}). ${text.text}.`,
    subjects: [
      { role: 'attacker', address: source },
      { role: 'victim', address: target },
    ],
    firstSeen: one.span.from,
    lastSeen: one.span.to,
    indicators: [
      {
        name: technique === 'overlap' ? 'overlapping fragments' : technique === 'tiny' ? 'tiny fragments' : 'fragments beyond the end',
        value: total,
        threshold,
        unit: 'fragments',
      },
      ...(technique === 'overlap' ? [{ name: 'of them with other bytes than before', value: one.differing, unit: 'fragments' }] : []),
      ...parts,
    ],
    alternatives: [text.alternative, `The sender's address may be invented: nothing has to come back to ${source}.`],
    frames: [...one.frames].sort((a, b) => a - b),
    framesTotal: Math.max(total, one.frames.length),
    flows: one.flows,
    filter: `${ip}.src == ${source} && ${ip}.dst == ${target} && ${fragments}`,
    attack: technique === 'tiny' ? ['T1562.004', 'T1499.004'] : ['T1499.004'],
    recommendation: text.recommendation,
  };
}
