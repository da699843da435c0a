/**
 * ICMP flood: pings, or other ICMP messages nobody asked for, pour in on one host faster than any test of a line needs (ping flood, BlackNurse).
 * ATT&CK T1498.001, Direct Network Flood. Flows do not tell ICMP types, so messages are looked at one by one; other packets leave after one comparison.
 */
import * as z from 'zod';
import { formatIpv4 } from '../../pcap/addresses.ts';
import { NET_DST, NET_SRC, NET_STRIDE, NET_VERSION, type Packet } from '../../pcap/packet.ts';
import type { CaptureState } from '../captureState.ts';
import { flowAddress } from '../conversations.ts';
import { coverage, examinedAll, unreadableFrames } from '../coverage.ts';
import { countText, durationText } from '../describe.ts';
import { defineDetector, type FindingDraft } from '../detector.ts';
import * as F from '../flowTable.ts';
import { Addresses } from './hotFlows.ts';
import { addressFilter, Burst, confidenceOf, isGroup, isGroupFrame, MOST_EVIDENCE, overThreshold, packetTime, rateOf, Span } from './measures.ts';

const options = z.object({
  requests: z.int().min(10).default(300).describe('Echo (ping), timestamp and mask requests that one host must get within the window (messages)'),
  errors: z
    .int()
    .min(10)
    .default(1000)
    .describe('ICMP errors that one host must get within the window, without having sent as many packets (messages)'),
  windowSeconds: z.number().positive().default(10).describe('Time within which these messages must come (seconds)'),
});
type Options = z.output<typeof options>;
type Collected = Pick<Options, 'windowSeconds' | 'requests'>;

const MOST_TARGETS = 4096,
  MOST_SOURCES = 2000,
  /** Pings of one host within the window, and in all, that are those of somebody who watches. */
  MOST_OF_WATCHER = 50,
  LEAST_OF_WATCHER = 5,
  /** Pings to all in one name within the window, as `smurf` has them by default. */
  SMURF_PINGS = 20;
/** Type * 256 of the messages that ask, and of those that answer. */
const REQUESTS = new Set([8, 13, 15, 17, 128]),
  REPLIES = new Set([0, 14, 16, 18, 129]),
  ERRORS = new Set([3, 4, 5, 11, 12]);
const ERRORS_V6 = new Set([1, 2, 3, 4]);

type Technique = 'requests' | 'errors';

interface Target {
  readonly technique: Technique;
  readonly version: number;
  readonly address: number;
  readonly sources: Addresses;
  readonly burst: Burst;
  readonly span: Span;
  readonly frames: number[];
  readonly flows: number[];
  messages: number;
  answered: number;
  /** In frames to everybody. */
  toAll: number;
  /** In the name of a group of hosts. */
  fromAll: number;
}

export const icmpFlood = defineDetector({
  id: 'icmp-flood',
  title: 'ICMP flood',
  tier: 1,
  deed: 'flooded {whom} with ICMP',
  description:
    'Pings or ICMP errors pour in on one host at a rate that fills its line or keeps it busy, and most of them are not answered. A flood ping or a load test by an administrator looks the same; errors also come back to whoever sends much to closed ports.',
  options,
  collecting: ['windowSeconds', 'requests'],
  create(collecting, state) {
    const tally = new Tally(collecting, state);
    return {
      onOtherPacket(p, flow) {
        if (p.icmp >= 0) tally.add(p, flow);
      },
      evaluate(values) {
        const limits = unreadableFrames(state),
          findings: FindingDraft[] = [];
        for (const target of tally.targets()) {
          const least = target.technique === 'requests' ? values.requests : values.errors;
          if (target.burst.most >= least && !isEarned(state, target) && !isSmurf(target)) findings.push(draft(values, state, target, least));
        }
        if (tally.isBounded) limits.push(`More than ${MOST_TARGETS} hosts got ICMP messages at a rate; some were left out.`);
        return { findings, coverage: coverage(examinedAll(state), limits) };
      },
    };
  },
});

class Tally {
  isBounded = false;
  /** By technique and family, so that keys are plain 32-bit numbers. */
  readonly #maps: readonly Map<number, Target>[] = [new Map(), new Map(), new Map(), new Map()];
  readonly #values: Collected;
  readonly #state: CaptureState;

  constructor(values: Collected, state: CaptureState) {
    this.#values = values;
    this.#state = state;
  }

  *targets(): Iterable<Target> {
    for (const map of this.#maps) yield* map.values();
  }

  add(p: Packet, flow: number): void {
    if (flow < 0) return;
    const type = p.icmp >> 8;
    // The innermost header carries a request or its answer; before what an error quotes comes the header of the error.
    const { net } = p,
      isV6 = net[(p.netCount - 1) * NET_STRIDE + NET_VERSION] === 6;
    const isError = isV6 ? ERRORS_V6.has(type) : ERRORS.has(type);
    const at = (isError && p.netCount > 1 ? p.netCount - 2 : p.netCount - 1) * NET_STRIDE;
    if (REPLIES.has(type)) {
      const target = this.#maps[isV6 ? 1 : 0]!.get(net[at + NET_SRC]!);
      if (target !== undefined) target.answered++;
      return;
    }
    if (!isError && !REQUESTS.has(type)) return;
    const version = net[at + NET_VERSION]!,
      address = net[at + NET_DST]!,
      map = this.#maps[(isError ? 2 : 0) + (version === 6 ? 1 : 0)]!;
    let target = map.get(address);
    if (target === undefined) {
      if (map.size >= MOST_TARGETS && !this.#forget(map)) return;
      target = {
        technique: isError ? 'errors' : 'requests',
        version,
        address,
        sources: new Addresses(MOST_SOURCES),
        burst: new Burst(this.#values.windowSeconds),
        span: new Span(),
        frames: [],
        flows: [],
        messages: 0,
        answered: 0,
        toAll: 0,
        fromAll: 0,
      };
      map.set(address, target);
    }
    target.messages++;
    if (isGroupFrame(p)) target.toAll++;
    if (isGroup(this.#state, version, net[at + NET_SRC]!)) target.fromAll++;
    target.burst.add(packetTime(this.#state, p));
    target.sources.add(net[at + NET_SRC]!, flow);
    target.span.addPacket(p);
    if (target.frames.length < MOST_EVIDENCE) {
      target.frames.push(p.frame);
      if (!target.flows.includes(flow)) target.flows.push(flow);
    }
  }

  /** Makes room: whoever got few so far is one of many that were asked once. */
  #forget(map: Map<number, Target>): boolean {
    for (const [address, { burst }] of map) if (burst.most < this.#values.requests / 10) map.delete(address);
    if (map.size < MOST_TARGETS) return true;
    this.isBounded = true;
    return false;
  }
}

/** Errors come back to whoever sends to nobody: a scanner, a flooder, a program in a loop. Those are no flood against it. */
function isEarned({ flows: { ints, count } }: CaptureState, { technique, address, version, messages }: Target): boolean {
  if (technique !== 'errors') return false;
  let sent = 0;
  for (let row = 0; row < count; row++) {
    const at = row * F.INTS;
    if (((ints[at + F.META]! & F.META_IPV6) !== 0) !== (version === 6)) continue;
    if (ints[at] === address) sent += ints[at + F.PACKETS_A]!;
    else if (ints[at + F.B] === address) sent += ints[at + F.PACKETS_B]!;
  }
  return sent * 2 >= messages;
}

/**
 * Pings of a few to everybody harm those in whose name they are sent, pings in the name of everybody the link of the host that answers: both are told as
 * `smurf`. What many send to all is a flood of the link.
 */
function isSmurf({ technique, messages, toAll, fromAll, sources, burst }: Target): boolean {
  return technique === 'requests' && (fromAll * 2 > messages || (toAll * 2 > messages && burst.most >= sources.count * SMURF_PINGS));
}

function draft(values: Options, state: CaptureState, target: Target, threshold: number): FindingDraft {
  const {
      technique,
      messages,
      answered,
      sources,
      burst: { most },
      span,
      version,
    } = target,
    isErrors = technique === 'errors';
  const address = version === 6 ? state.packet.ipv6.textOf(target.address) : formatIpv4(target.address),
    few = sources.count <= 5;
  const answeredShare = isErrors ? 0 : Math.min(100, Math.round((100 * answered) / messages)),
    // Hosts that watch a gateway all ask it, again and again, at leisure; invented addresses ask once.
    isWatched = answeredShare >= 80 && most <= sources.count * MOST_OF_WATCHER && messages >= sources.count * LEAST_OF_WATCHER,
    isTest = isWatched || (answeredShare >= 80 && few && most < threshold * 10);
  const { confidence, parts } = confidenceOf([
    { name: 'over the threshold', value: 45 },
    overThreshold(most, threshold),
    { name: 'most of it was not answered', value: answeredShare < 20 ? 15 : answeredShare < 80 ? 5 : -15 },
    { name: 'from many addresses', value: few ? 0 : 12 },
    { name: 'the host had not sent what would earn errors', value: isErrors ? 10 : 0 },
  ]);
  const addresses = few ? sources.first.map((row) => otherEnd(state, row, target.address)) : [],
    seconds = span.seconds,
    rate = rateOf(messages, seconds),
    icmp = version === 6 ? 'icmpv6' : 'icmp';
  const what = isErrors ? 'ICMP errors' : 'pings',
    types = [...(isErrors ? (version === 6 ? ERRORS_V6 : ERRORS) : version === 6 ? [128] : [8, 13, 15, 17])].join(', ');
  return {
    technique,
    severity: isTest ? 'low' : most >= threshold * 30 ? 'high' : 'medium',
    confidence,
    title: `ICMP flood: ${countText(messages)} ${what} to ${address}${few ? ` from ${addresses.join(', ')}` : ` from ${sources.isFull ? 'more than ' : ''}${countText(sources.count)} addresses`}`,
    description: `${countText(most)} ${what} came within ${values.windowSeconds} s (threshold ${threshold}), ${countText(messages)} in all${seconds === null ? '' : ` in ${durationText(seconds)}`}; ${isErrors ? `${address} had not sent as many packets that could have caused them` : `${answeredShare} % were answered`}.`,
    subjects: [{ role: 'victim', address }, ...addresses.map((one) => ({ role: 'attacker' as const, address: one }))],
    firstSeen: span.from,
    lastSeen: span.to,
    indicators: [
      { name: `${what} in a window`, value: most, threshold, unit: 'messages' },
      { name: 'messages in all', value: messages, unit: 'messages' },
      ...(isErrors ? [] : [{ name: 'share answered', value: answeredShare, unit: '%' }]),
      { name: sources.isFull ? 'sources, at least' : 'sources', value: sources.count },
      ...(rate === null ? [] : [{ name: 'rate', value: rate, unit: 'messages/s' }]),
      ...parts,
    ],
    alternatives: [
      isErrors
        ? 'Answers to packets that somebody else sent in the name of this host (backscatter).'
        : 'A flood ping or a load test of your own, or monitoring with a far too short interval.',
      ...(few ? [] : ['The sources may be invented: whoever owns these addresses need not be involved.']),
    ],
    frames: target.frames,
    framesTotal: messages,
    flows: target.flows,
    filter: `${addressFilter('dst', address)} && ${icmp}.type in {${types}}`,
    attack: ['T1498.001'],
    recommendation: `Limit the rate of ICMP before ${address}, not on it, and let the provider filter if the line itself is full. Ask who runs the sources whether it was a test.`,
  };
}

function otherEnd(state: CaptureState, row: number, address: number): string {
  return flowAddress(state, row, state.flows.ints[row * F.INTS + F.A] === address ? F.B : F.A);
}
