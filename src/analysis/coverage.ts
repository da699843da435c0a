/** What a detector can say of its own reach: what it looked at, and which facts about the capture kept it from more. */
import { describeUnknown, LINKTYPE } from '../pcap/tables.ts';
import type { CaptureState } from './captureState.ts';
import { bytesText, countText, plural } from './describe.ts';
import type { CoverageDraft } from './detector.ts';
import { timestamp } from './time.ts';

/** The whole capture as read so far; `flows` is the number of flows a detector could judge. */
export function examinedAll(state: CaptureState, flows = state.flows.count): CoverageDraft['examined'] {
  return {
    packets: state.packets,
    flows,
    bytes: state.originalBytes,
    from: timestamp(state.startSeconds, state.startNanoseconds),
    to: timestamp(state.endSeconds, state.endNanoseconds),
    ipv4: state.ipv4Packets,
    ipv6: state.ipv6Packets,
  };
}

/** Sentences about frames whose network headers nobody could read. */
export function unreadableFrames(state: CaptureState): string[] {
  const limits: string[] = [];
  for (const [key, frames] of state.packet.unknown) {
    if (Math.floor(key / 65536) === LINKTYPE)
      limits.push(`${plural(frames, 'frame')} of ${describeUnknown(LINKTYPE, key % 65536)} could not be read.`);
  }
  const { evicted } = state.packet.fragments;
  if (evicted > 0) limits.push(`${plural(evicted, 'fragmented datagram')} could not be put together: too many were open at once.`);
  return limits;
}

/** Sentences about what connections carried that is not in the capture, for who judges by contents. */
export function missingContents(state: CaptureState): string[] {
  const { cutContents, cutContentBytes, tcpGapBytes } = state;
  return [
    ...(cutContents === 0
      ? []
      : [
          `${plural(cutContents, 'frame')} ${cutContents === 1 ? 'was' : 'were'} cut while capturing: ${bytesText(cutContentBytes)} of what ${cutContents === 1 ? 'it' : 'they'} carried ${cutContentBytes === 1 ? 'was' : 'were'} not seen.`,
        ]),
    ...(tcpGapBytes <= 0 ? [] : [`${bytesText(tcpGapBytes)} of TCP data ${tcpGapBytes === 1 ? 'was' : 'were'} never captured.`]),
  ];
}

/** `clean` without limits, else `partial` with their sentences; `skipped` where there was nothing to look at. */
export function coverage(examined: CoverageDraft['examined'], limits: readonly string[]): CoverageDraft {
  return { examined, status: limits.length > 0 ? 'partial' : 'clean', why: limits.join(' ') };
}

/** `1-5, 22, 80 and 12 more`: sorted numbers as ranges, at most `most` of them. */
export function numberRanges(sorted: readonly number[], most = 40): string {
  const ranges: string[] = [];
  let shown = 0;
  for (let i = 0; i < sorted.length && ranges.length < most;) {
    let end = i;
    while (end + 1 < sorted.length && sorted[end + 1] === sorted[end]! + 1) end++;
    ranges.push(end === i ? String(sorted[i]) : end === i + 1 ? `${sorted[i]}, ${sorted[end]}` : `${sorted[i]}-${sorted[end]}`);
    shown += end - i + 1;
    i = end + 1;
  }
  return shown < sorted.length ? `${ranges.join(', ')} and ${countText(sorted.length - shown)} more` : ranges.join(', ');
}
