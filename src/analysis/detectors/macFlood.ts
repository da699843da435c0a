/**
 * MAC flooding: frames with ever new source addresses fill the table of a switch, until it sends all traffic to all ports and anybody can listen.
 * Captures between routers have few addresses; those of large networks have many, but each of them says more than a word.
 */
import * as z from 'zod';
import { formatMac } from '../../pcap/addresses.ts';
import { MAC_ETHERNET } from '../../pcap/packet.ts';
import { timestamp } from '../time.ts';
import type { CaptureState } from '../captureState.ts';
import { coverage, examinedAll, unreadableFrames } from '../coverage.ts';
import { countText } from '../describe.ts';
import { defineDetector, type FindingDraft } from '../detector.ts';
import { MAC_TIMES, MAC_WORDS } from '../macTable.ts';
import { confidenceOf } from './watched.ts';

const options = z.object({
  addresses: z.int().min(50).default(1000).describe('Source addresses that send one or two frames each (addresses)'),
  perSecond: z.number().min(1).default(50).describe('New addresses per second, on average (addresses per second)'),
  sharePercent: z.number().min(10).max(100).default(80).describe('Share of all source addresses that they must be (percent)'),
});
type Options = z.output<typeof options>;

const FEW_FRAMES = 2,
  MOST_FRAMES = 100;
/** Tunnels of switches number their networks. Mirai floods hosts with frames in GRE without a number (greeth): these reach no switch. */
const PLAIN_GRE = 'gre';

export const macFlood = defineDetector({
  id: 'mac-flood',
  title: 'MAC flooding',
  tier: 2,
  deed: 'flooded switches with made-up addresses',
  description:
    'Frames come from ever new MAC addresses, each used once or twice, as tools send them that fill the tables of switches. Tests of switches do the same on purpose.',
  options,
  create: (_, state) => ({
    evaluate(values) {
      const finding = judge(values, state);
      return { findings: finding === null ? [] : [finding], coverage: coverage(examinedAll(state), unreadableFrames(state)) };
    },
  }),
});

function judge(values: Options, state: CaptureState): FindingDraft | null {
  const { macs } = state,
    frames = new Map<number, number>(),
    first = new Map<number, number>(),
    isPlainGre = state.packet.vias.includes(PLAIN_GRE);
  if (macs.count < values.addresses) return null;
  for (let row = 0; row < macs.count; row++) {
    const at = row * MAC_WORDS;
    const kind = macs.keys[at + 4]!;
    if ((kind & 1) !== MAC_ETHERNET || (kind >> 1 > 0 && isPlainGre)) continue;
    const source = (macs.keys[at]! & 0xffff) * 2 ** 32 + (macs.keys[at + 1]! >>> 0);
    frames.set(source, (frames.get(source) ?? 0) + macs.packets[row]!);
    first.set(source, Math.min(first.get(source) ?? Infinity, row));
  }
  const fleeting = [...frames].filter(([, count]) => count <= FEW_FRAMES).map(([source]) => first.get(source)!);
  if (fleeting.length < values.addresses || fleeting.length * 100 < frames.size * values.sharePercent) return null;
  let from = Infinity,
    to = -Infinity;
  for (const row of fleeting) {
    const seconds = macs.times[row * MAC_TIMES]! + macs.times[row * MAC_TIMES + 1]! / 1e9;
    if (Number.isNaN(seconds)) continue;
    from = Math.min(from, seconds);
    to = Math.max(to, seconds);
  }
  const span = Math.max(1, to - from),
    rate = fleeting.length / span;
  if (rate < values.perSecond) return null;
  const [row = 0] = fleeting,
    example = formatMac(macs.keys[row * MAC_WORDS]!, macs.keys[row * MAC_WORDS + 1]!),
    numbers = fleeting.map((one) => macs.firstFrame[one]!).sort((a, b) => a - b);
  const { confidence, indicators } = confidenceOf([
    ['addresses that come once and never again', 65],
    ['many times the threshold', Math.min(20, 5 * Math.log2(fleeting.length / values.addresses))],
    ['nearly all addresses are such', fleeting.length * 100 >= frames.size * 95 ? 8 : 0],
  ]);
  const when = (seconds: number) => (Number.isFinite(seconds) ? timestamp(Math.floor(seconds), 0) : null);
  return {
    technique: 'macof',
    severity: 'high',
    confidence,
    title: `${countText(fleeting.length)} made-up MAC addresses flood the network`,
    description: `${countText(fleeting.length)} of ${countText(frames.size)} source addresses (threshold ${countText(values.addresses)}) sent one or two frames each, ${countText(Math.round(rate))} new ones a second (threshold ${values.perSecond}).`,
    subjects: [{ role: 'spoofed', address: example }],
    firstSeen: when(from),
    lastSeen: when(to),
    frames: numbers.slice(0, MOST_FRAMES),
    framesTotal: fleeting.length,
    flows: [],
    indicators: [
      { name: 'fleeting addresses', value: fleeting.length, threshold: values.addresses },
      { name: 'new addresses per second', value: Number(rate.toPrecision(3)), threshold: values.perSecond },
      ...indicators,
    ],
    alternatives: ['A test of a switch, or phones that change their address at every step.'],
    filter: 'eth',
    attack: ['T1499', 'T1040'],
    recommendation: 'Limit the addresses per port of the switch (port security), and find the port that this came from.',
  };
}
