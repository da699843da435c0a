/**
 * Floods of fragments of which no datagram becomes whole: all first ones, all middle ones or all last ones. The receiver keeps each until it loses patience, and
 * its memory for them fills up (RFC 1858, RFC 8900 section 3.7). A capture filter by port sees only first fragments, which carry the ports.
 */
import { formatIpv4 } from '../../pcap/addresses.ts';
import { NET_DST, NET_SRC, NET_VERSION, type Packet } from '../../pcap/packet.ts';
import type { CaptureState } from '../captureState.ts';
import { countText } from '../describe.ts';
import type { FindingDraft } from '../detector.ts';
import { MANY_SOURCES } from './floodTally.ts';
import { addressFilter, Burst, confidenceOf, MOST_EVIDENCE, overThreshold, packetTime, Span } from './measures.ts';

const MOST_TARGETS = 1000,
  MOST_SOURCES = 1000,
  FEW_SOURCES = 5;

interface Target {
  readonly version: number;
  readonly address: number;
  readonly sources: Set<number>;
  readonly burst: Burst;
  readonly span: Span;
  readonly frames: number[];
  begun: number;
  /** Of them with another fragment than the first. */
  headless: number;
  whole: number;
}

export class FragmentFloods {
  readonly #targets = new Map<string, Target>();
  readonly #state: CaptureState;
  readonly #windowSeconds: number;
  isBounded = false;

  constructor(state: CaptureState, windowSeconds: number) {
    this.#state = state;
    this.#windowSeconds = windowSeconds;
  }

  /** A datagram begins with the fragment at `position`; its header is at `at` of the packet's. */
  begun(p: Packet, at: number, position: number): void {
    const target = this.#target(p, at);
    if (target === undefined) return;
    target.begun++;
    if (position > 0) target.headless++;
    if (target.sources.size < MOST_SOURCES) target.sources.add(p.net[at + NET_SRC]!);
    target.burst.add(packetTime(this.#state, p));
    target.span.addPacket(p);
    if (target.frames.length < MOST_EVIDENCE) target.frames.push(p.frame);
  }

  whole(p: Packet, at: number): void {
    const target = this.#target(p, at);
    if (target !== undefined) target.whole++;
  }

  #target({ net }: Packet, at: number): Target | undefined {
    const version = net[at + NET_VERSION]!,
      address = net[at + NET_DST]!,
      key = `${version} ${address}`;
    let target = this.#targets.get(key);
    if (target !== undefined) return target;
    if (this.#targets.size >= MOST_TARGETS) {
      this.isBounded = true;
      return undefined;
    }
    target = {
      version,
      address,
      sources: new Set(),
      burst: new Burst(this.#windowSeconds),
      span: new Span(),
      frames: [],
      begun: 0,
      headless: 0,
      whole: 0,
    };
    this.#targets.set(key, target);
    return target;
  }

  /** Nothing where frames were cut: of a datagram only its short last piece may then be whole. */
  findings(least: number): FindingDraft[] {
    if (this.#state.snappedPackets > 0) return [];
    return [...this.#targets.values()]
      .filter(({ burst, begun, whole }) => burst.most >= least && whole * 5 <= begun)
      .map((target) => draft(this.#state, target, least, this.#windowSeconds));
  }
}

function draft(state: CaptureState, target: Target, least: number, windowSeconds: number): FindingDraft {
  const { version, burst, sources, begun, headless, whole, span, frames } = target,
    text = (value: number): string => (version === 6 ? state.packet.ipv6.textOf(value) : formatIpv4(value)),
    address = text(target.address),
    few = sources.size <= FEW_SOURCES,
    addresses = few ? [...sources].map(text) : [],
    isHeadless = headless * 5 >= begun * 4,
    // A filter by port lets first fragments through, of conversations that are in order.
    mayBeFiltered = headless * 5 < begun && sources.size < MANY_SOURCES,
    { confidence, parts } = confidenceOf([
      { name: 'datagrams that never become whole, over the threshold', value: 50 },
      overThreshold(burst.most, least, 15),
      { name: 'their beginning never comes', value: isHeadless ? 15 : 0 },
      { name: 'from many addresses', value: sources.size >= MANY_SOURCES ? 12 : 0 },
      { name: 'first fragments alone, as a capture filter by port leaves them', value: mayBeFiltered ? -20 : 0 },
    ]);
  return {
    technique: 'flood',
    what: 'fragments that never become whole',
    severity: mayBeFiltered ? 'low' : burst.most >= least * 10 ? 'high' : 'medium',
    confidence,
    title: `Fragment flood on ${address}: ${countText(begun - whole)} datagrams of which only ${isHeadless ? 'later' : 'single'} pieces come, from ${few ? addresses.join(', ') : `${sources.size >= MOST_SOURCES ? 'at least ' : ''}${countText(sources.size)} addresses`}`,
    description: `${countText(burst.most)} datagrams began within ${windowSeconds} s (threshold ${countText(least)}) with a fragment for ${address}; of ${countText(begun)} in all, ${countText(whole)} became whole and ${countText(headless)} began without their first piece. The receiver has to keep each for a while.`,
    subjects: [...addresses.map((one) => ({ role: 'attacker' as const, address: one })), { role: 'victim', address }],
    firstSeen: span.from,
    lastSeen: span.to,
    indicators: [
      { name: 'unfinished datagrams in a window', value: burst.most, threshold: least, unit: 'datagrams' },
      { name: 'datagrams begun', value: begun, unit: 'datagrams' },
      { name: 'of them whole', value: whole, unit: 'datagrams' },
      { name: 'of them without a beginning', value: headless, unit: 'datagrams' },
      { name: sources.size >= MOST_SOURCES ? 'sources, at least' : 'sources', value: sources.size },
      ...parts,
    ],
    alternatives: [
      'A capture filter, or a mirror port that gets a part of the packets: the other fragments may have gone another way.',
      `The senders' addresses may be invented: nothing has to come back to them.`,
    ],
    frames,
    framesTotal: begun,
    flows: [],
    filter: `${addressFilter('dst', address)} && ${version === 6 ? 'ipv6.fraghdr' : '(ip.flags.mf == 1 || ip.frag_offset > 0)'}`,
    attack: ['T1499.001'],
    recommendation: `Limit fragments in front of ${address}, and the memory and time its system spends on them.`,
  };
}
