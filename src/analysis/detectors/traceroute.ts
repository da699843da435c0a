/**
 * Traceroute: routers on the way say that packets of one source to one destination ran out of hops, one router after the other. How people and programs find faults.
 * Packets that were sent with hops enough, and run out of them at one router, go round in a loop.
 */
import * as z from 'zod';
import { formatIpv4 } from '../../pcap/addresses.ts';
import { NET_DST, NET_SRC, NET_STRIDE, NET_VERSION } from '../../pcap/packet.ts';
import type { CaptureState } from '../captureState.ts';
import { coverage, examinedAll, unreadableFrames } from '../coverage.ts';
import { countText, plural } from '../describe.ts';
import { defineDetector, type FindingDraft } from '../detector.ts';
import * as F from '../flowTable.ts';
import type { Subject } from '../report.ts';
import { wordedDraft, type SightingWords } from './sightings.ts';
import { addressFilter, Evidence, Watched } from './watched.ts';

const options = z.object({
  answers: z.int().min(2).default(2).describe('Answers of routers that packets of one source to one destination ran out of hops (messages)'),
  destinations: z.int().min(2).default(5).describe('Destinations from which on all the ways that one source traces are told as one (addresses)'),
});

type Options = z.output<typeof options>;

const MOST_WAYS = 5000,
  MOST_ROUTERS = 64,
  EXCEEDED = 11,
  EXCEEDED_V6 = 3,
  EXCEEDED_FILTER = `((icmp.type == ${EXCEEDED} && icmp.code == 0) || (icmpv6.type == ${EXCEEDED_V6} && icmpv6.code == 0))`,
  FRAMES_OF_EACH = 3;

interface Way {
  readonly source: string;
  readonly destination: string;
  readonly routers: Set<number>;
  readonly evidence: Evidence;
  /** Of the packets that ran out of hops, some were seen to leave with few, or with as many as others. */
  isTraced: boolean;
  isOrdinary: boolean;
  /** The router that said so first. */
  readonly router: string;
}

export const traceroute = defineDetector({
  id: 'traceroute',
  title: 'Traceroute',
  tier: 3,
  deed: 'traced the way to {whom}',
  description:
    'A host finds out which routers lie on the way to another by packets that live for one hop, two hops and so on. Administrators and programs do so to find faults; loops of routers look alike, but come from the same two.',
  options,
  create(_, state) {
    const ways = new Watched<string, Way>(MOST_WAYS);
    return {
      onOtherPacket(p) {
        if (p.icmp < 0 || p.netCount < 2) return;
        // The error is of the IP version of what it quotes, whatever tunnel it came through.
        const { net } = p,
          at = (p.netCount - 1) * NET_STRIDE,
          isV6 = net[at + NET_VERSION] === 6;
        // Code 0: out of hops. Code 1 says that pieces of a datagram did not arrive in time (RFC 792, RFC 4443 section 3.3).
        if (p.icmp !== (isV6 ? EXCEEDED_V6 : EXCEEDED) << 8) return;
        const text = (value: number): string => (isV6 ? p.ipv6.textOf(value) : formatIpv4(value)),
          source = text(net[at + NET_SRC]!),
          destination = text(net[at + NET_DST]!),
          outer = at - NET_STRIDE;
        // What is said to another than the sender proves nothing about the sender, whose address may be invented.
        if (net[outer + NET_DST] !== net[at + NET_SRC]) return;
        const way = ways.of(`${source} ${destination}`, () => ({
          ...{ source, destination, routers: new Set<number>(), evidence: new Evidence(), isTraced: false, isOrdinary: false },
          router: text(net[outer + NET_SRC]!),
        }));
        if (way === undefined) return;
        const row = state.flows.findOf(net, at);
        if (row >= 0) {
          if ((state.flows.ints[row * F.INTS + F.FLAGS]! & F.LOW_TTL) !== 0) way.isTraced = true;
          else way.isOrdinary = true;
        }
        if (way.routers.size < MOST_ROUTERS) way.routers.add(net[at - NET_STRIDE + NET_SRC]!);
        way.evidence.add(p, -1);
      },
      evaluate(values) {
        const traced = [...ways.values].filter(({ evidence }) => evidence.framesTotal >= values.answers),
          bySource = new Map<string, Way[]>();
        const traces = traced.filter(isTrace),
          loops = traced.filter((way) => !isTrace(way));
        for (const way of traces) {
          const same = bySource.get(way.source);
          if (same === undefined) bySource.set(way.source, [way]);
          else same.push(way);
        }
        return {
          findings: [
            ...loops.map((way) => loop(values, state, way)),
            ...[...bySource.values()].flatMap((same) =>
              same.length >= values.destinations ? [manyWays(values, state, same)] : same.map((way) => oneWay(values, state, way)),
            ),
          ],
          coverage: coverage(examinedAll(state), [...unreadableFrames(state), ...ways.limits('ways')]),
        };
      },
    };
  },
});

/** In a loop a packet ends at one of its routers, mostly two. */
const isTrace = ({ routers, isTraced, isOrdinary }: Way): boolean => isTraced || routers.size > (isOrdinary ? 2 : 1);

/** They were sent as any others, and one router, mostly one of two that send them to each other, is where they end. */
function loop(values: Options, state: CaptureState, way: Way): FindingDraft {
  const { source, destination, router, evidence } = way;
  return wayDraft(state, way, {
    technique: 'loop',
    severity: 'info',
    parts: [
      ['a router says that packets ran out of hops', 50],
      ['again and again', Math.min(20, 5 * (evidence.framesTotal - values.answers))],
    ],
    title: `Packets of ${source} to ${destination} run out of hops at ${router}`,
    description: `${router} said in ${plural(evidence.framesTotal, 'message')} (threshold ${values.answers}) that packets of ${source} to ${destination} ran out of hops. None of them was seen to leave with few: they go round in a loop of routers, and do not arrive.`,
    indicators: [
      { name: 'answers', value: evidence.framesTotal, threshold: values.answers },
      { name: 'router', value: router },
    ],
    alternatives: ['Somebody traces the way, from a point that this capture does not see.'],
    attack: [],
    deed: 'had packets go round in a loop[ to {whom}]',
    recommendation: `Look at the routes of ${router} and its neighbours to ${destination}: two of them send it to each other.`,
    together: {
      key: `loop ${source} ${router}`,
      label: destination,
      note: plural(evidence.framesTotal, 'message'),
      words: (all) => ({
        title: `Packets of ${source} to ${all.hosts('server', 'host')} run out of hops at ${router}`,
        description: `${router} said that packets of ${source} ran out of hops, which were sent with hops enough, on the ways to`,
        recommendation: `Look at the routes of ${router} and its neighbours to these addresses: two of them send packets to each other.`,
      }),
    },
  });
}

function oneWay(values: Options, state: CaptureState, way: Way): FindingDraft {
  const { source, destination, routers, evidence } = way;
  return wayDraft(state, way, {
    technique: 'time-exceeded',
    severity: 'info',
    parts: [
      ['routers on the way say that packets ran out of hops', 50],
      ['several of them, one after the other', Math.min(30, 8 * (routers.size - 1))],
    ],
    title: `${source} traces the way to ${destination}`,
    description: `${plural(routers.size, 'router')} said in ${plural(evidence.framesTotal, 'message')} (threshold ${values.answers}) that packets of ${source} to ${destination} ran out of hops.`,
    indicators: [
      { name: 'answers', value: evidence.framesTotal, threshold: values.answers },
      { name: 'routers', value: routers.size },
    ],
    alternatives: ['Somebody who looks for a fault, or a program that measures ways.'],
    attack: ['T1016'],
    recommendation: 'Nothing by itself; look what else the host asked about the network.',
    together: {
      key: source,
      label: destination,
      note: plural(routers.size, 'router'),
      words: (all) => ({
        title: `${source} traces the ways to ${all.hosts('server', 'host')}`,
        description: `Routers said that packets of ${source} ran out of hops, on the ways to`,
        recommendation: 'Nothing by itself; look what else the host asked about the network.',
      }),
    },
  });
}

/** What is said of the packets of one address to another. */
function wayDraft(state: CaptureState, { source, destination, evidence }: Way, words: SightingWords): FindingDraft {
  const subjects: readonly Subject[] = [
    { role: 'client', address: source },
    { role: 'server', address: destination },
  ];
  return wordedDraft(state, subjects, evidence, `${addressFilter(source, destination)} && ${EXCEEDED_FILTER}`, words);
}

/** One who traces the ways to many, as programs do that measure a network. */
function manyWays(values: Options, state: CaptureState, ways: readonly Way[]): FindingDraft {
  const [{ source } = { source: '' }] = ways,
    routers = new Set<number>(),
    evidence = new Evidence();
  for (const way of ways) {
    for (const router of way.routers) routers.add(router);
    evidence.include(way.evidence, FRAMES_OF_EACH);
  }
  const answers = evidence.framesTotal;
  return wordedDraft(state, [{ role: 'client', address: source }], evidence, `${addressFilter(source)} && ${EXCEEDED_FILTER}`, {
    technique: 'many-ways',
    severity: 'info',
    parts: [
      ['routers on the way say that packets ran out of hops', 50],
      ['to many destinations', 25],
    ],
    title: `${source} traces the ways to ${countText(ways.length)} addresses`,
    description: `${plural(routers.size, 'router')} said in ${plural(answers, 'message')} that packets of ${source} ran out of hops, on the ways to ${countText(ways.length)} addresses (threshold ${values.destinations}).`,
    indicators: [
      { name: 'destinations', value: ways.length, threshold: values.destinations, unit: 'addresses' },
      {
        name: 'first of them',
        value: ways
          .slice(0, 10)
          .map(({ destination }) => destination)
          .join(', '),
      },
      { name: 'answers', value: answers, threshold: values.answers },
      { name: 'routers', value: routers.size },
    ],
    alternatives: ['A program that measures the network, or watches over lines.', 'A loop of routers, in which packets to many addresses end.'],
    attack: ['T1016'],
    recommendation: `Find out which program on ${source} does it. If nobody knows it, look what else the host asked about the network.`,
  });
}
