/**
 * Smurf: pings to a broadcast address in the victim's name, so that every host of that network answers the victim (CERT CA-1998-01, RFC 2644); over IPv6 the
 * same with a group of all nodes. With UDP to echo or chargen it is called Fraggle: fraggle.ts. ATT&CK T1498.002, Reflection Amplification. Only ICMP echoes are looked at; other packets leave after one comparison.
 */
import * as z from 'zod';
import { formatIpv4 } from '../../pcap/addresses.ts';
import { NET_DST, NET_SRC, NET_STRIDE, NET_VERSION, type Packet } from '../../pcap/packet.ts';
import type { CaptureState } from '../captureState.ts';
import { coverage, examinedAll, unreadableFrames } from '../coverage.ts';
import { countText, plural } from '../describe.ts';
import { defineDetector, type FindingDraft } from '../detector.ts';
import { fraggles } from './fraggle.ts';
import { Addresses } from './hotFlows.ts';
import { addressFilter, Burst, confidenceOf, isGroup, isGroupFrame, MOST_EVIDENCE, overThreshold, packetTime, Span } from './measures.ts';

const options = z.object({
  requests: z.int().min(2).default(20).describe('Pings to a broadcast address in the name of one host within the window (pings)'),
  replies: z.int().min(10).default(100).describe('Ping replies that one host must get within the window without having asked (replies)'),
  repliers: z.int().min(2).default(5).describe('Hosts that these replies must come from (hosts)'),
  windowSeconds: z.number().positive().default(10).describe('Time within which they must come (seconds)'),
});
type Options = z.output<typeof options>;
type Collected = Pick<Options, 'windowSeconds'>;

const MOST_HOSTS = 4096,
  MOST_REPLIERS = 1000;
/** `icmp` of Packet: type * 256 + code. */
const REQUEST = 8 << 8,
  REPLY = 0,
  REQUEST_V6 = 128 << 8,
  REPLY_V6 = 129 << 8;

/** One host in whose name pings were sent, or to whom replies came. */
interface Host {
  readonly version: number;
  readonly address: number;
  readonly toAll: Burst;
  readonly unasked: Burst;
  readonly repliers: Addresses;
  readonly span: Span;
  readonly requestFrames: number[];
  readonly replyFrames: number[];
  readonly flows: number[];
  /** The address of many that was asked first. */
  group: number;
  isSure: boolean;
  requestsToAll: number;
  requestsToOne: number;
  replies: number;
  /** Pings that this host got in the name of a group: what answers them floods its own link (rsmurf6 of THC). */
  readonly inNameOfAll: Burst;
  requestsInNameOfAll: number;
  /** Of them in that of another group than the first: invented addresses hit some, as one in sixteen is a group's. */
  requestsInOtherNames: number;
  /** Replies from the supposed broadcast address itself: it is a host. */
  fromGroup: number;
}

export const smurf = defineDetector({
  id: 'smurf',
  title: 'Smurf attack',
  tier: 1,
  deed: 'flooded {whom} with answers to pings in its name',
  description:
    'Pings go to a broadcast address in the name of one host, so that all hosts of a network answer it at once, or such answers arrive unasked. An administrator who pings the broadcast address to see who is there causes a few of the same packets.',
  options,
  collecting: ['windowSeconds'],
  create(collecting, state) {
    const tally = new Tally(collecting, state);
    return {
      onOtherPacket(p, flow) {
        if (p.icmp >= 0) tally.add(p, flow);
      },
      evaluate(values) {
        const limits = unreadableFrames(state),
          findings: FindingDraft[] = [];
        findings.push(...fraggles(values, state));
        for (const host of tally.hosts()) {
          const one = judge(values, state, host),
            reverse = judgeReverse(values, state, host);
          if (one !== null) findings.push(one);
          if (reverse !== null) findings.push(reverse);
        }
        if (tally.isBounded) limits.push(`More than ${MOST_HOSTS} hosts took part in pings; some were left out.`);
        return { findings, coverage: coverage(examinedAll(state), limits) };
      },
    };
  },
});

class Tally {
  isBounded = false;
  readonly #v4 = new Map<number, Host>();
  readonly #v6 = new Map<number, Host>();
  readonly #values: Collected;
  readonly #state: CaptureState;

  constructor(values: Collected, state: CaptureState) {
    this.#values = values;
    this.#state = state;
  }

  *hosts(): Iterable<Host> {
    yield* this.#v4.values();
    yield* this.#v6.values();
  }

  add(p: Packet, flow: number): void {
    const { icmp, net } = p,
      isRequest = icmp === REQUEST || icmp === REQUEST_V6;
    if (flow < 0 || (!isRequest && icmp !== REPLY && icmp !== REPLY_V6)) return;
    const at = (p.netCount - 1) * NET_STRIDE,
      version = net[at + NET_VERSION]!,
      source = net[at + NET_SRC]!,
      target = net[at + NET_DST]!;
    // No packet has a group as its sender (RFC 4291 section 2.7, RFC 1122 section 3.2.1.3).
    const isReverse = isRequest && isGroup(this.#state, version, source);
    const host = this.#host(version, isRequest && !isReverse ? source : target);
    if (host === undefined) return;
    const time = packetTime(this.#state, p);
    let frames: number[] | null = null;
    if (!isRequest) {
      host.replies++;
      host.repliers.add(source, flow);
      if (source === host.group) host.fromGroup++;
      // One ping to all may earn any number of replies: those are its amplification, and not unasked.
      if (host.replies > host.requestsToOne) host.unasked.add(time);
      frames = host.replyFrames;
    } else if (isReverse) {
      if (host.requestsInNameOfAll === 0) host.group = source;
      else if (source !== host.group) host.requestsInOtherNames++;
      host.requestsInNameOfAll++;
      host.inNameOfAll.add(time);
      frames = host.requestFrames;
    } else if (isToAll(p, version, target)) {
      if (host.requestsToAll === 0) host.group = target;
      host.isSure ||= isGroupFrame(p);
      host.requestsToAll++;
      host.toAll.add(time);
      frames = host.requestFrames;
    } else host.requestsToOne++;
    if (frames === null) return;
    host.span.addPacket(p);
    if (frames.length >= MOST_EVIDENCE) return;
    frames.push(p.frame);
    if (host.flows.length < MOST_EVIDENCE && !host.flows.includes(flow)) host.flows.push(flow);
  }

  #host(version: number, address: number): Host | undefined {
    const map = version === 6 ? this.#v6 : this.#v4;
    const known = map.get(address);
    if (known !== undefined) return known;
    if (map.size >= MOST_HOSTS) {
      for (const [key, { requestsToAll, unasked }] of map) if (requestsToAll === 0 && unasked.most < 5) map.delete(key);
      if (map.size >= MOST_HOSTS) {
        this.isBounded = true;
        return undefined;
      }
    }
    const seconds = this.#values.windowSeconds;
    const host: Host = {
      version,
      address,
      toAll: new Burst(seconds),
      unasked: new Burst(seconds),
      inNameOfAll: new Burst(seconds),
      requestsInNameOfAll: 0,
      requestsInOtherNames: 0,
      repliers: new Addresses(MOST_REPLIERS),
      span: new Span(),
      requestFrames: [],
      replyFrames: [],
      flows: [],
      group: 0,
      isSure: false,
      requestsToAll: 0,
      requestsToOne: 0,
      replies: 0,
      fromGroup: 0,
    };
    map.set(address, host);
    return host;
  }
}

/** To everybody: the frame says so, or the address is the highest or lowest of a network of 256. */
function isToAll(p: Packet, version: number, target: number): boolean {
  if (isGroupFrame(p)) return true;
  if (version === 6) return false;
  return (target & 255) === 255 || ((target & 255) === 0 && target !== 0);
}

/** Each host that answers floods all of its link, in the attacker's stead. */
function judgeReverse(values: Options, state: CaptureState, host: Host): FindingDraft | null {
  const asked = host.inNameOfAll.most;
  if (asked < values.requests || host.requestsInOtherNames * 2 > host.requestsInNameOfAll) return null;
  const isV6 = host.version === 6,
    text = (address: number): string => (isV6 ? state.packet.ipv6.textOf(address) : formatIpv4(address)),
    address = text(host.address),
    group = text(host.group),
    { confidence, parts } = confidenceOf([
      { name: 'pings in the name of a group, which no host is', value: 70 },
      overThreshold(asked, values.requests, 20),
    ]);
  return {
    technique: 'reverse',
    severity: 'medium',
    confidence,
    title: `Smurf turned round: ${plural(host.requestsInNameOfAll, 'ping')} to ${address} in the name of ${group}`,
    description: `${countText(asked)} pings within ${values.windowSeconds} s (threshold ${values.requests}) reached ${address} as if ${group} had sent them: a host that answers floods its whole link.`,
    subjects: [{ role: 'victim', address }],
    firstSeen: host.span.from,
    lastSeen: host.span.to,
    indicators: [{ name: 'pings in the name of a group in a window', value: asked, threshold: values.requests, unit: 'pings' }, ...parts],
    alternatives: ['A broken program that makes packets of its own.'],
    frames: host.requestFrames,
    framesTotal: host.requestsInNameOfAll,
    flows: host.flows,
    filter: `${addressFilter('src', group)} && ${addressFilter('dst', address)} && ${isV6 ? 'icmpv6.type == 128' : 'icmp.type == 8'}`,
    attack: ['T1498.002'],
    recommendation: `Let routers and hosts drop packets whose source is a group. Who sent them, the MAC address in these frames tells; update ${address} if it answered.`,
  };
}

function judge(values: Options, state: CaptureState, host: Host): FindingDraft | null {
  const { version, requestsToAll, replies, repliers } = host,
    address = version === 6 ? state.packet.ipv6.textOf(host.address) : formatIpv4(host.address),
    isV6 = version === 6;
  const isBroadcast = requestsToAll > 0 && host.fromGroup === 0,
    asked = host.toAll.most;
  const isMany = isBroadcast && asked >= values.requests,
    isAmplified = isBroadcast && requestsToAll >= 5 && repliers.count >= values.repliers;
  const isUnasked = host.unasked.most >= values.replies && repliers.count >= values.repliers;
  if (!isMany && !isAmplified && !isUnasked) return null;
  const byRequests = isMany || isAmplified,
    group = version === 6 ? state.packet.ipv6.textOf(host.group) : formatIpv4(host.group);
  const { confidence, parts } = confidenceOf([
    {
      name: isMany
        ? 'pings to a broadcast address, over the threshold'
        : isUnasked
          ? 'replies without a question, over the threshold'
          : 'some pings to a broadcast address',
      value: isMany || isUnasked ? 50 : 35,
    },
    isMany ? overThreshold(asked, values.requests, 15) : isUnasked ? overThreshold(host.unasked.most, values.replies, 15) : { name: '', value: 0 },
    { name: 'the frames go to all hosts of the link', value: byRequests && host.isSure ? 15 : 0 },
    { name: 'several hosts answer', value: repliers.count >= values.repliers ? 15 : 0 },
  ]);
  const icmp = isV6 ? 'icmpv6' : 'icmp',
    request = isV6 ? 128 : 8,
    reply = isV6 ? 129 : 0;
  const frames = [...new Set([...(byRequests ? host.requestFrames : []), ...host.replyFrames])].sort((a, b) => a - b).slice(0, MOST_EVIDENCE);
  return {
    technique: 'echo',
    severity: isMany || isUnasked ? 'medium' : 'low',
    confidence,
    title: byRequests
      ? `Smurf: ${plural(requestsToAll, 'ping')} to ${group} in the name of ${address}`
      : `Smurf: ${plural(replies, 'ping reply', 'ping replies')} to ${address} that it had not asked for`,
    description: byRequests
      ? `${countText(asked)} pings within ${values.windowSeconds} s (threshold ${values.requests}) went to ${group}, where every host may answer ${address}; ${countText(replies)} answers of ${plural(repliers.count, 'host')} were captured.`
      : `${countText(host.unasked.most)} replies of ${plural(repliers.count, 'host')} within ${values.windowSeconds} s (threshold ${values.replies}) came to ${address}, which had sent ${plural(host.requestsToOne, 'ping')}.`,
    subjects: [{ role: 'victim', address }],
    firstSeen: host.span.from,
    lastSeen: host.span.to,
    indicators: [
      ...(byRequests ? [{ name: 'pings to a broadcast address in a window', value: asked, threshold: values.requests, unit: 'pings' }] : []),
      ...(isUnasked
        ? [{ name: 'replies without a question in a window', value: host.unasked.most, threshold: values.replies, unit: 'replies' }]
        : []),
      { name: 'replies', value: replies, unit: 'replies' },
      { name: 'hosts that replied', value: repliers.count, threshold: values.repliers, unit: 'hosts' },
      ...parts,
    ],
    alternatives: [
      byRequests
        ? `Somebody at ${address} pings the broadcast address to see which hosts are there.`
        : `${address} did ask, but its pings took a way that was not captured.`,
      ...(byRequests && !host.isSure ? [`${group} may be a single host of a larger network that does not answer.`] : []),
    ],
    frames,
    framesTotal: (byRequests ? requestsToAll : 0) + replies,
    flows: host.flows,
    filter: byRequests
      ? `(${addressFilter('src', address)} && ${addressFilter('dst', group)} && ${icmp}.type == ${request}) || (${addressFilter('dst', address)} && ${icmp}.type == ${reply})`
      : `${addressFilter('dst', address)} && ${icmp}.type == ${reply}`,
    attack: ['T1498.002'],
    recommendation: `Let routers drop packets to broadcast addresses of their networks (RFC 2644) and packets with invented sources (RFC 2827). Whether ${address} itself sent the pings, its MAC address in these frames tells.`,
  };
}
