/** What the readable exports say, before it is laid out: key figures, shares, the busiest devices, and what could not be examined. */
import { activityOf, bytesText, countText, durationText, partNotes, plural, protocolLabel } from '../describe.ts';
import type { Endpoint, Report, Timestamp } from '../report.ts';
import { percentages, percentText } from './percentages.ts';
import { safeText } from './safeText.ts';

const MAX_PROTOCOLS = 8;
const MAX_DEVICES = 8;
const MAX_SKIPPED = 5;
const MAX_UNKNOWN = 3;
const MAX_TOGETHER = 3;

export interface ShareRow {
  readonly label: string;
  /** What people call it, `web browsing`; empty where the label says it best. */
  readonly meaning: string;
  readonly packets: number;
  readonly bytes: number;
  /** `45 %`. The rows of one table add up to 100 in each of the two columns. */
  readonly packetShare: string;
  readonly byteShare: string;
}

/** The breakdown, most bytes first; what is beyond the eighth row is one row `Other`. */
export function protocolShares(report: Report): readonly ShareRow[] {
  const { breakdown } = report;
  const shown = breakdown.slice(0, breakdown.length > MAX_PROTOCOLS ? MAX_PROTOCOLS - 1 : MAX_PROTOCOLS),
    rest = breakdown.slice(shown.length);
  const rows = shown.map(({ name, packets, bytes }) => ({ label: safeText(protocolLabel(name)), meaning: activityOf(name) ?? '', packets, bytes }));
  if (rest.length > 0)
    rows.push({ label: 'Other', meaning: plural(rest.length, 'more protocol'), packets: sum(rest, 'packets'), bytes: sum(rest, 'bytes') });
  const packetShares = percentages(rows.map(({ packets }) => packets)),
    byteShares = percentages(rows.map(({ bytes }) => bytes));
  return rows.map((row, i) => ({
    ...row,
    packetShare: percentText(packetShares[i] ?? 0, row.packets),
    byteShare: percentText(byteShares[i] ?? 0, row.bytes),
  }));
}

function sum(rows: Report['breakdown'], key: 'packets' | 'bytes'): number {
  return rows.reduce((total, row) => total + row[key], 0);
}

export interface Devices {
  /** `IP address` or, below IP, `station`. */
  readonly kind: string;
  readonly rows: readonly Endpoint[];
  /** How many there are in all. */
  readonly total: number;
}

/** The addresses with most bytes; headers inside tunnels do not count again. */
export function mostActive(report: Report): Devices {
  const outer = report.endpoints.filter(({ depth }) => depth === 0);
  const total = (...layers: readonly string[]): number => layers.reduce((count, layer) => count + (report.totals[`endpoints.${layer}`] ?? 0), 0);
  const addresses = outer.filter(({ layer }) => layer === 'ip' || layer === 'ipv6');
  if (addresses.length > 0) return { kind: 'address', rows: addresses.slice(0, MAX_DEVICES), total: total('ip', 'ipv6') };
  return {
    kind: 'station',
    rows: outer.filter(({ layer }) => layer === 'eth' || layer === 'wlan').slice(0, MAX_DEVICES),
    total: total('eth', 'wlan'),
  };
}

/** What did not work, a line for each service: its title, the name of its address, and what was wrong. */
export function troubleLines({ troubles }: Report, most: number): readonly string[] {
  return troubles.slice(0, most).map(({ title, names: [name], problems }) => {
    const said = problems.map(({ text, frame }) => (frame === null ? text : `${text} [frame ${countText(frame)}]`));
    return safeText(`${title}${name === undefined ? '' : ` (${safeText(name, 60)})`}: ${said.join('; ')}.`, 600);
  });
}

/** How many more there are, in words; empty where there are none. */
export function moreTroubles({ troubles, totals }: Report, most: number): string {
  const more = (totals['troubles'] ?? troubles.length) - Math.min(most, troubles.length);
  return more <= 0 ? '' : `and ${plural(more, 'more service')}`;
}

/** Name and value of what a person asks first about a capture. */
export function keyFigures(report: Report): readonly (readonly [name: string, value: string])[] {
  const { capture } = report;
  const format = [capture.format, ...(capture.compression === null ? [] : [`in ${capture.compression}`])].join(' ');
  const snapped = capture.capturedBytes === capture.originalBytes ? '' : `, ${bytesText(capture.capturedBytes)} of it captured`;
  return [
    ['File', `${safeText(capture.file, 300)} (${format}, ${bytesText(capture.fileBytes)})`],
    ['Packets', `${countText(capture.packets)}${capture.packets === 0 ? '' : `, ${bytesText(capture.originalBytes)} on the wire${snapped}`}`],
    ['Time', timeText(report)],
    ...(capture.linkTypes.length === 0 ? [] : [['Link', linkText(report)] as const]),
  ];
}

function timeText({ capture }: Report): string {
  const { startTime, endTime, durationSeconds } = capture;
  if (startTime === null || durationSeconds === null) return capture.packets === 0 ? 'no packets' : 'the packets carry no time';
  const sameDay = endTime?.slice(0, 10) === startTime.slice(0, 10);
  return `${clock(startTime)} to ${sameDay ? clock(endTime).slice(11) : clock(endTime)} UTC (${durationText(durationSeconds)})`;
}

/** `2025-10-14 09:11:40`. */
export function clock(time: Timestamp): string {
  return time === null ? '' : time.slice(0, 19).replace('T', ' ');
}

function linkText({ capture }: Report): string {
  const types = capture.linkTypes.map((name) => safeText(name)).join(', ');
  return capture.interfaces.length > 1 ? `${types} on ${plural(capture.interfaces.length, 'interface')}` : types;
}

/** What limits what can be said about this capture, in plain sentences. */
export function notExamined(report: Report): readonly string[] {
  const { capture, quality, coverage } = report,
    notes: string[] = [];
  const note = (count: number, text: () => string): void => {
    if (count > 0) notes.push(text());
  };
  if (capture.truncated !== null) notes.push(capture.truncated.message);
  notes.push(...partNotes(capture).map((text) => safeText(text)));
  note(
    quality.snappedPackets,
    () =>
      `${bytesText(quality.missingBytes)} are missing from ${plural(quality.snappedPackets, 'frame')} that ${were(quality.snappedPackets)} cut while capturing.`,
  );
  note(
    quality.droppedByCapture ?? 0,
    () => `${plural(quality.droppedByCapture ?? 0, 'packet')} ${were(quality.droppedByCapture ?? 0)} dropped by the capturing program.`,
  );
  note(
    quality.tcpGapBytes,
    () =>
      `${bytesText(quality.tcpGapBytes)} of TCP data ${quality.tcpGapBytes === 1 ? 'was' : 'were'} never captured, in ${plural(quality.tcpGaps, 'gap')}.`,
  );
  note(
    quality.oneWayConversations,
    () => `${plural(quality.oneWayConversations, 'TCP conversation')} ${were(quality.oneWayConversations)} seen in one direction only.`,
  );
  note(
    quality.encryptedBytes,
    () =>
      `${bytesText(quality.encryptedBytes)} are encrypted: judged by names, certificates and timing, not by what was said${
        quality.openedConversations > 0 ? `. What TLS keys opened was read, in ${plural(quality.openedConversations, 'conversation')}` : ''
      }.`,
  );
  note(
    quality.malformedPackets,
    () =>
      `${plural(quality.malformedPackets, 'frame')} ${quality.malformedPackets === 1 ? 'is' : 'are'} malformed, and ${were(quality.malformedPackets)} read up to the damage.`,
  );
  note(quality.incompleteFragments, () => `${plural(quality.incompleteFragments, 'IP fragment')} without the rest of the packet.`);
  note(quality.duplicatePackets, () => `${plural(quality.duplicatePackets, 'frame')} ${were(quality.duplicatePackets)} captured twice.`);
  note(quality.timeJumpsBack, () => `Time jumps back ${quality.timeJumpsBack === 1 ? 'once' : `${countText(quality.timeJumpsBack)} times`}.`);
  for (const { what, packets } of quality.unknown.slice(0, MAX_UNKNOWN))
    notes.push(`${safeText(what, 100)}: ${plural(packets, 'frame')} not understood.`);
  note(quality.unknown.length - MAX_UNKNOWN, () => `${plural(quality.unknown.length - MAX_UNKNOWN, 'more kind')} of frames not understood.`);
  for (const bound of quality.boundsReached) notes.push(safeText(bound, 300));
  const sameWhy = new Map<string, string[]>();
  for (const { detector, status, why } of coverage) if (status === 'partial') sameWhy.set(why, [...(sameWhy.get(why) ?? []), detector]);
  for (const [why, detectors] of sameWhy) notes.push(`${checksText(detectors)}: ${safeText(why, 300)}`);
  const skipped = capture.packets === 0 ? [] : coverage.filter(({ status }) => status === 'skipped');
  for (const { detector, why } of skipped.slice(0, MAX_SKIPPED)) notes.push(`${detector} was not run: ${safeText(why, 300)}`);
  note(skipped.length - MAX_SKIPPED, () => `${plural(skipped.length, 'check')} of ${coverage.length} were not run in all.`);
  return notes;
}

/** What limits many in the same way is said once. */
function checksText(detectors: readonly string[]): string {
  const more = detectors.length - MAX_TOGETHER;
  return more > 0 ? `${detectors.slice(0, MAX_TOGETHER).join(', ')} and ${plural(more, 'more check')}` : detectors.join(', ');
}

function were(count: number): string {
  return count === 1 ? 'was' : 'were';
}
