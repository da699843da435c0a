/**
 * A broadcast storm: frames to everybody, hundreds a second and more than all other traffic together, as a loop between switches or a broken card makes them.
 * Every host must read them. Groups of the link itself, such as mDNS, count too: unlike groups that television is sent to, they never have much to say. Judged from the table of link-layer talkers alone.
 */
import * as z from 'zod';
import { formatMac } from '../../pcap/addresses.ts';
import type { CaptureState } from '../captureState.ts';
import { coverage, examinedAll, unreadableFrames } from '../coverage.ts';
import { countText, plural, wholePercent } from '../describe.ts';
import { defineDetector, type FindingDraft } from '../detector.ts';
import { MAC_TIMES, MAC_WORDS } from '../macTable.ts';
import { rateOf } from './measures.ts';
import { confidenceOf } from './watched.ts';
import { secondsBetween, timestamp } from '../time.ts';

const options = z.object({
  frames: z.int().min(100).default(2000).describe('Frames to everybody in the whole capture (frames)'),
  framesPerSecond: z.number().positive().default(500).describe('How many of them a second, on average while they last (frames)'),
  sharePercent: z.number().min(1).max(100).default(50).describe('Share of all frames that they must have (percent)'),
});
type Options = z.output<typeof options>;

const MOST_SENDERS = 10;

export const broadcastStorm = defineDetector({
  id: 'broadcast-storm',
  title: 'Broadcast storm',
  tier: 3,
  deed: 'flooded everybody with broadcasts',
  description:
    'Frames to everybody come by the hundreds a second and make up most of the traffic, as a loop between switches makes them. Sweeps by ARP and floods of DHCP are broadcasts too, and are told by what they ask.',
  options,
  create: (_, state) => ({
    evaluate(values) {
      const finding = judge(values, state);
      return { findings: finding === null ? [] : [finding], coverage: coverage(examinedAll(state), unreadableFrames(state)) };
    },
  }),
});

function judge(values: Options, state: CaptureState): FindingDraft | null {
  const { keys, packets, times, firstFrame, count } = state.macs,
    rows: number[] = [];
  let frames = 0,
    groups = 0,
    first = -1,
    last = -1;
  for (let row = 0; row < count; row++) {
    const at = row * MAC_WORDS;
    if (!isForAll(keys[at + 2]!, keys[at + 3]!)) continue;
    if (keys[at + 2] !== 0xffff) groups += packets[row]!;
    rows.push(row);
    frames += packets[row]!;
    if (Number.isNaN(times[row * MAC_TIMES]!)) continue;
    if (first < 0 || isBefore(times, row * MAC_TIMES, first)) first = row * MAC_TIMES;
    if (last < 0 || isBefore(times, last, row * MAC_TIMES + 2)) last = row * MAC_TIMES + 2;
  }
  if (frames < values.frames || frames * 100 < state.packets * values.sharePercent || first < 0) return null;
  const seconds = secondsBetween(times[first]!, times[first + 1]!, times[last]!, times[last + 1]!),
    rate = rateOf(frames, Math.max(seconds, 0.001))!;
  if (rate < values.framesPerSecond) return null;
  rows.sort((a, b) => packets[b]! - packets[a]!);
  const senders = rows.slice(0, MOST_SENDERS).map((row) => formatMac(keys[row * MAC_WORDS]!, keys[row * MAC_WORDS + 1]!)),
    share = wholePercent(frames, state.packets),
    { confidence, indicators } = confidenceOf([
      ['far more broadcasts than any network has', 55],
      ['many times the threshold', Math.max(0, Math.min(15, 5 * Math.log2(rate / values.framesPerSecond)))],
      ['nearly nothing else', share >= 90 ? 10 : 0],
    ]);
  return {
    technique: 'broadcast',
    severity: 'low',
    confidence,
    title: `Broadcast storm: ${countText(Math.round(rate))} frames to everybody a second, ${share} % of all`,
    description: `${countText(frames)} frames to everybody (threshold ${countText(values.frames)}), ${countText(Math.round(rate))} a second (threshold ${values.framesPerSecond}), ${share} % of all (threshold ${values.sharePercent} %), from ${plural(rows.length, 'sender')}.`,
    subjects: senders.slice(0, 1).map((address) => ({ role: 'attacker', address })),
    firstSeen: timestamp(times[first]!, times[first + 1]!),
    lastSeen: timestamp(times[last]!, times[last + 1]!),
    indicators: [
      { name: 'frames to everybody', value: frames, threshold: values.frames, unit: 'frames' },
      { name: 'a second', value: rate, threshold: values.framesPerSecond, unit: 'frames/s' },
      { name: 'share of all frames', value: share, threshold: values.sharePercent, unit: '%' },
      { name: 'senders', value: senders.join(', ') },
      ...indicators,
    ],
    alternatives: [
      'A loop between switches without a spanning tree.',
      'A sweep by ARP or a flood of DHCP, which other findings then tell.',
      'A broken network card.',
    ],
    frames: rows
      .slice(0, MOST_SENDERS)
      .map((row) => firstFrame[row]!)
      .sort((a, b) => a - b),
    framesTotal: frames,
    filter:
      groups > 0
        ? 'eth.dst[0:1] == ff || eth.dst[0:2] == 33:33 || eth.dst[0:3] == 01:00:5e || eth.dst[0:3] == 01:80:c2'
        : 'eth.dst == ff:ff:ff:ff:ff:ff',
    flows: [],
    attack: ['T1498'],
    recommendation: `Look for a loop at the switch to which ${senders[0]} is connected, and turn on its protection against loops and storms.`,
  };
}

/** Everybody, 224.0.0.0/24, SSDP, the switches' own groups, and of IPv6 the well-known and the solicited nodes': RFC 1112, RFC 2464, IEEE 802.1Q table 8-1. */
function isForAll(high: number, low: number): boolean {
  switch (high) {
    case 0xffff:
      return low === -1;
    case 0x0100:
      return low >>> 8 === 0x5e_0000 || low === 0x5e_7ffffa;
    case 0x3333:
      return low >>> 8 === 0 || low >>> 24 === 0xff;
    case 0x0180:
      return low >>> 24 === 0xc2;
    default:
      return false;
  }
}

function isBefore(times: Float64Array, one: number, other: number): boolean {
  return times[one]! < times[other]! || (times[one] === times[other] && times[one + 1]! < times[other + 1]!);
}
