/**
 * What keeps this capture from telling everything: data it missed, frames it cut, one direction only, copies, a clock that steps back, an end in the middle.
 * No attack: information that says how far the other findings, and their absence, can be trusted.
 */
import * as z from 'zod';
import { linkTypeName } from '../../pcap/linkTypes.ts';
import type { Packet } from '../../pcap/packet.ts';
import type { CaptureState } from '../captureState.ts';
import { coverage, examinedAll, unreadableFrames } from '../coverage.ts';
import { bytesText, countText, durationText, plural } from '../describe.ts';
import { defineDetector, type DetectorRun, type FindingDraft } from '../detector.ts';
import * as F from '../flowTable.ts';
import { safeText } from '../exports/safeText.ts';
import { oneWayConnections } from '../oneWay.ts';
import type { Indicator } from '../report.ts';
import { secondsBetween, timestamp } from '../time.ts';
import { DuplicateFrames } from './duplicateFrames.ts';

const options = z.object({
  missedSegments: z
    .int()
    .min(1)
    .default(3)
    .describe('Acknowledgements of data that was never captured from which the capture counts as lossy (frames)'),
  duplicatePercent: z
    .number()
    .min(0)
    .max(100)
    .default(1)
    .describe('Share of frames captured twice from which it is worth a note (percent of frames)'),
  duplicateFrames: z.int().min(1).default(5).describe('Frames captured twice from which it is worth a note (frames)'),
  clockStepMs: z
    .number()
    .min(0)
    .default(10)
    .describe('Step back in time between neighbouring frames from which the clock, not the order of writing, is in doubt (milliseconds)'),
});
type Options = z.output<typeof options>;

const MOST_FRAMES = 100;

export const captureQuality = defineDetector({
  id: 'capture-quality',
  title: 'Capture quality',
  tier: 1,
  deed: 'was captured incompletely',
  description:
    'What the capture does not hold or holds twice: lost, cut, one-way or repeated frames, clock steps, a damaged file. Ordinary causes are a busy capturing machine, a snap length, a tap of one direction or a mirror port; each limits what can be concluded.',
  options,
  collecting: ['clockStepMs'],
  create(collecting, state) {
    const seen = new Seen(collecting.clockStepMs);
    return {
      onPacket(p) {
        seen.onPacket(p);
        if (!seen.duplicates.onPacket(p)) return;
        state.duplicatePackets++;
        if (p.isMalformed && seen.duplicates.isOfWhole) state.lastCutCopy = p.frame;
      },
      evaluate: (values) => evaluate(values, state, seen),
    };
  },
});

/** What only the frames themselves tell. */
class Seen {
  readonly duplicates = new DuplicateFrames();
  readonly cutFrames: number[] = [];
  longestCapture = 0;
  readonly backFrames: number[] = [];
  stepsBack = 0;
  largestStep = 0;
  readonly #clockStepMs: number;
  #seconds = -Infinity;
  #nanoseconds = 0;

  constructor(clockStepMs: number) {
    this.#clockStepMs = clockStepMs;
  }

  onPacket(p: Packet): void {
    if (p.capturedLength < p.originalLength) {
      if (p.capturedLength > this.longestCapture) this.longestCapture = p.capturedLength;
      if (this.cutFrames.length < MOST_FRAMES) this.cutFrames.push(p.frame);
    }
    if (!p.hasTime) return;
    if (p.timeSeconds < this.#seconds || (p.timeSeconds === this.#seconds && p.timeNanoseconds < this.#nanoseconds)) this.#back(p);
    this.#seconds = p.timeSeconds;
    this.#nanoseconds = p.timeNanoseconds;
  }

  #back(p: Packet): void {
    const step = secondsBetween(p.timeSeconds, p.timeNanoseconds, this.#seconds, this.#nanoseconds);
    if (step * 1000 < this.#clockStepMs) return;
    this.stepsBack++;
    this.largestStep = Math.max(this.largestStep, step);
    if (this.backFrames.length < MOST_FRAMES) this.backFrames.push(p.frame);
  }
}

function evaluate(values: Options, state: CaptureState, seen: Seen): ReturnType<DetectorRun['evaluate']> {
  const findings = [
    missedData(values, state),
    dropped(state),
    cut(state, seen),
    oneWay(state),
    duplicates(values, state, seen),
    clockSteps(values, state, seen),
    damaged(state),
  ].filter((one) => one !== null);
  return { findings, coverage: coverage(examinedAll(state), unreadableFrames(state)) };
}

type Facts = Pick<
  FindingDraft,
  'technique' | 'confidence' | 'title' | 'description' | 'alternatives' | 'frames' | 'framesTotal' | 'filter' | 'recommendation'
> & { readonly indicators: readonly Indicator[]; readonly flows?: readonly number[] };

function note(state: CaptureState, facts: Facts): FindingDraft {
  return {
    severity: 'info',
    subjects: [],
    attack: [],
    flows: [],
    ...facts,
    firstSeen: timestamp(state.startSeconds, state.startNanoseconds),
    lastSeen: timestamp(state.endSeconds, state.endNanoseconds),
  };
}

function missedData(values: Options, state: CaptureState): FindingDraft | null {
  const missed = state.tcpAcknowledgedUnseen;
  if (missed < values.missedSegments) return null;
  const flows = flowsWith(state, F.MISSED_DATA);
  return note(state, {
    technique: 'loss',
    confidence: 90,
    title: `${plural(missed, 'acknowledgement')} ${missed === 1 ? 'confirms' : 'confirm'} data that the capture missed`,
    description: `${plural(missed, 'acknowledgement')} in ${plural(flows.total, 'connection')} ${missed === 1 ? 'confirms' : 'confirm'} data that is not in the capture (threshold ${values.missedSegments})${state.tcpGapBytes > 0 ? `; ${bytesText(state.tcpGapBytes)} are missing from streams that were read` : ''}. What was in it cannot be judged: files, logins and answers may be incomplete.`,
    indicators: [
      { name: 'acknowledgements of data not captured', value: missed, threshold: values.missedSegments, unit: 'frames' },
      { name: 'connections concerned', value: flows.total },
      { name: 'missing bytes', value: state.tcpGapBytes, unit: 'bytes' },
    ],
    alternatives: ['The capturing machine was too slow.', 'A part of the traffic took another way, past the point of capture.'],
    frames: state.unseenFrames,
    framesTotal: missed,
    flows: flows.rows,
    filter: 'tcp.analysis.ack_lost_segment',
    recommendation: 'Capture again with a larger buffer, a capture filter or a faster disk, if the missing parts matter.',
  });
}

function dropped(state: CaptureState): FindingDraft | null {
  const reports = state.interfaces.filter((one) => (one.dropped ?? 0) > 0),
    total = reports.reduce((sum, one) => sum + (one.dropped ?? 0), 0);
  if (total === 0) return null;
  const names = reports
    .slice(0, 5)
    .map((one) => `${safeText(one.name ?? linkTypeName(one.linkType), 60)}: ${countText(one.dropped ?? 0)}`)
    .join(', ');
  return note(state, {
    technique: 'dropped',
    confidence: 100,
    title: `The capturing program dropped ${plural(total, 'packet')}`,
    description: `The file itself says so (${names}), beside ${plural(state.packets, 'packet')} that it holds. Which packets they were is unknown: silence in this capture proves little.`,
    indicators: [
      { name: 'dropped packets', value: total, threshold: 1, unit: 'packets' },
      { name: 'share of all packets', value: Number(((100 * total) / (total + state.packets)).toPrecision(3)), unit: '%' },
    ],
    alternatives: [],
    frames: [],
    framesTotal: 0,
    filter: '',
    recommendation: 'Capture again with a larger buffer, a capture filter or a shorter snap length.',
  });
}

function cut(state: CaptureState, seen: Seen): FindingDraft | null {
  const frames = state.snappedPackets;
  if (frames === 0 || seen.cutFrames.length === 0) return null;
  const share = Math.round((100 * frames) / state.packets);
  return note(state, {
    technique: 'snapped',
    confidence: 100,
    title: `${plural(frames, 'frame')} (${share < 1 ? 'below 1' : share} %) ${frames === 1 ? 'was' : 'were'} cut when captured`,
    description: `At most ${plural(seen.longestCapture, 'byte')} of them were kept; ${bytesText(state.missingBytes)} are missing. Who talked to whom is complete and bytes are counted as they were on the wire, but contents beyond the cut cannot be judged.`,
    indicators: [
      { name: 'cut frames', value: frames, threshold: 1, unit: 'frames' },
      { name: 'bytes kept at most', value: seen.longestCapture, unit: 'bytes' },
      { name: 'missing bytes', value: state.missingBytes, unit: 'bytes' },
    ],
    alternatives: ['A snap length that somebody chose on purpose, to spare disk or privacy.'],
    frames: seen.cutFrames,
    framesTotal: frames,
    filter: 'frame.cap_len < frame.len',
    recommendation: 'Capture with the full length (tcpdump -s 0) where contents matter.',
  });
}

function oneWay(state: CaptureState): FindingDraft | null {
  const { connections, tcpConnections, isNotable } = oneWayConnections(state.flows, state.packets);
  if (!isNotable) return null;
  const flows = flowsWith(state, 0, (a, b) => (a > 1 && b === 0) || (a === 0 && b > 1));
  return note(state, {
    technique: 'one-way',
    confidence: 80,
    title: `${plural(connections, 'TCP connection')} of ${countText(tcpConnections)} ${connections === 1 ? 'was' : 'were'} captured in one direction only`,
    description:
      'One side speaks and acknowledges what the other said, but the other is not in the capture. What seems unanswered may be unseen: judgements that rest on missing answers are weaker, and half of the contents is missing.',
    indicators: [
      { name: 'one-way connections', value: connections, threshold: 1 },
      { name: 'TCP connections', value: tcpConnections },
    ],
    alternatives: [
      'A tap or mirror port set to one direction.',
      'Asymmetric routing: answers took another way.',
      'The capture began or ended in the middle of these connections.',
    ],
    frames: flows.frames,
    framesTotal: flows.total,
    flows: flows.rows,
    filter: 'tcp',
    recommendation: 'Check that the tap or mirror port delivers both directions.',
  });
}

function duplicates(values: Options, state: CaptureState, seen: Seen): FindingDraft | null {
  const { count, frames } = seen.duplicates,
    share = (100 * count) / Math.max(1, state.packets);
  if (count < values.duplicateFrames || share < values.duplicatePercent) return null;
  return note(state, {
    technique: 'duplicates',
    confidence: 85,
    title: `${plural(count, 'frame')} (${Math.round(share)} %) ${count === 1 ? 'was' : 'were'} captured twice`,
    description: `The same IP packets appear again within moments (threshold ${values.duplicatePercent} % of the frames), as when a mirror port or the "any" interface sees a packet come and go. Packets and bytes are counted as captured, so volumes are overstated; retransmissions may be copies.`,
    indicators: [
      { name: 'repeated frames', value: count, threshold: values.duplicateFrames, unit: 'frames' },
      { name: 'share of all frames', value: Number(share.toPrecision(3)), threshold: values.duplicatePercent, unit: '%' },
    ],
    alternatives: [
      'A network that really delivers packets twice: a loop, or a faulty switch.',
      'A program that sends the same datagram twice on purpose.',
    ],
    frames,
    framesTotal: count,
    filter: frames.length <= 20 ? `frame.number in {${frames.join(', ')}}` : 'ip || ipv6',
    recommendation: 'Mirror one direction or one interface only; editcap -d removes exact copies.',
  });
}

function clockSteps(values: Options, state: CaptureState, seen: Seen): FindingDraft | null {
  if (seen.stepsBack === 0) return null;
  return note(state, {
    technique: 'clock',
    confidence: 100,
    title: `The clock steps back ${plural(seen.stepsBack, 'time')}, by ${durationText(seen.largestStep)} at most`,
    description: `Frames are stored with times before the frame before them by ${values.clockStepMs} ms or more. Durations, rates and intervals around these frames are not reliable.`,
    indicators: [
      { name: 'steps back', value: seen.stepsBack, threshold: 1 },
      { name: 'largest step', value: seen.largestStep, threshold: values.clockStepMs / 1000, unit: 's' },
      { name: 'frames out of order by any amount', value: state.timeJumpsBack },
    ],
    alternatives: [
      'Several captures put one after the other instead of merged by time.',
      'Time synchronisation set the clock while capturing.',
      'Several interfaces or processors delivered their packets in turns.',
    ],
    frames: seen.backFrames,
    framesTotal: seen.stepsBack,
    filter: 'frame.time_delta < 0',
    recommendation: 'Sort the file by time (reordercap) before measuring intervals.',
  });
}

function damaged(state: CaptureState): FindingDraft | null {
  if (state.damage === null) return null;
  return note(state, {
    technique: 'truncated',
    confidence: 100,
    title: `The capture file is damaged after frame ${countText(state.packets)}`,
    description: `Reading stopped at byte ${countText(state.damage.offset)}: ${state.damage.message}. What came before is complete; what came after is unknown.`,
    indicators: [{ name: 'bytes read', value: state.damage.offset, unit: 'bytes' }],
    alternatives: ['The capture is still being written.', 'The disk was full, or the copy was interrupted.'],
    frames: state.packets > 0 ? [state.packets] : [],
    framesTotal: state.packets > 0 ? 1 : 0,
    filter: state.packets > 0 ? `frame.number == ${state.packets}` : '',
    recommendation: 'Copy the file again from where it was recorded; do not take its end for the end of the traffic.',
  });
}

/** TCP flows that have a flag or whose packets say so: the first hundred, their first frames, and how many there are. */
function flowsWith(
  { flows: { count, ints } }: CaptureState,
  flag: number,
  test: (a: number, b: number) => boolean = () => true,
): { readonly rows: number[]; readonly frames: number[]; readonly total: number } {
  const rows: number[] = [];
  let total = 0;
  for (let row = 0; row < count; row++) {
    const at = row * F.INTS;
    if (
      (ints[at + F.META]! & F.META_PROTOCOL) !== 6 ||
      (ints[at + F.FLAGS]! & flag) !== flag ||
      !test(ints[at + F.PACKETS_A]!, ints[at + F.PACKETS_B]!)
    )
      continue;
    total++;
    if (rows.length < MOST_FRAMES) rows.push(row);
  }
  return { rows, frames: rows.map((row) => ints[row * F.INTS + F.FIRST_FRAME]!), total };
}
