/** What limits what can be said: cut frames, gaps, encryption, our own bounds, checks that did not run. In plain sentences, with their frames. */
import { html, nothing } from 'lit';
import type { Report } from '../../src/analysis/report.ts';
import { icon, type Content } from '../components/bits.ts';
import { formatBytes, formatCount, formatShare, plural } from '../format.ts';
import type { Store } from '../store.ts';

interface Note {
  readonly icon: string;
  readonly text: string;
  readonly link?: Content;
}

function notes(store: Store, report: Report): readonly Note[] {
  const { capture, quality } = report;
  const frames = (count: number, filter: string): Content =>
    html`<button class="lk nw" @click=${() => store.showPackets(filter)}>${plural(count, 'frame')}</button>`;
  const list: Note[] = [];
  if (capture.truncated !== null) list.push({ icon: 'screen-cut', text: `The file is cut short: ${capture.truncated.message}` });
  const overlapping = (capture.parts ?? []).filter(({ overlapSeconds }) => overlapSeconds > 0);
  if (overlapping.length > 0)
    list.push({
      icon: 'history',
      text: `${plural(overlapping.length, 'file')} of this recording ${overlapping.length === 1 ? 'begins' : 'begin'} before the files before ${overlapping.length === 1 ? 'it' : 'them'} end: times go back at ${overlapping
        .slice(0, 3)
        .map(({ file }) => file)
        .join(', ')}${overlapping.length > 3 ? ' ...' : ''}.`,
    });
  if (quality.snappedPackets > 0) {
    list.push({
      icon: 'screen-cut',
      text: `${formatBytes(quality.missingBytes)} missing from ${plural(quality.snappedPackets, 'frame')} that ${quality.snappedPackets === 1 ? 'was' : 'were'} cut while capturing. What they carried was checked in part.`,
      link: frames(quality.snappedPackets, 'frame.cap_len < frame.len'),
    });
  }
  if (quality.droppedByCapture !== null && quality.droppedByCapture > 0)
    list.push({
      icon: 'debug-disconnect',
      text: `${plural(quality.droppedByCapture, 'packet')} dropped by the capturing program: not in this file at all.`,
    });
  // Gaps that later segments filled hide nothing.
  if (quality.tcpGapBytes > 0)
    list.push({
      icon: 'debug-disconnect',
      text: `${formatBytes(quality.tcpGapBytes)} of TCP data never captured, in ${plural(quality.tcpGaps, 'gap')}.`,
    });
  if (quality.oneWayConversations > 0)
    list.push({ icon: 'arrow-swap', text: `${plural(quality.oneWayConversations, 'TCP conversation')} seen in one direction only.` });
  if (quality.encryptedBytes > 0)
    list.push({
      icon: 'lock',
      text: `${formatBytes(quality.encryptedBytes)} (${formatShare(quality.encryptedBytes, capture.originalBytes)}) encrypted. Names, certificates and timing were checked, not what was said.${
        quality.openedConversations > 0 ? ` What TLS keys opened was read, in ${plural(quality.openedConversations, 'conversation')}.` : ''
      }`,
    });
  if (quality.malformedPackets > 0)
    list.push({
      icon: 'warning',
      text: `${plural(quality.malformedPackets, 'frame')} malformed; read up to the damage.`,
      link: frames(quality.malformedPackets, '_ws.malformed'),
    });
  if (quality.incompleteFragments > 0)
    list.push({ icon: 'screen-cut', text: `${plural(quality.incompleteFragments, 'IP fragment')} without the rest of their packet.` });
  if (quality.duplicatePackets > 0) list.push({ icon: 'copy', text: `${plural(quality.duplicatePackets, 'frame')} captured twice.` });
  if (quality.timeJumpsBack > 0)
    list.push({
      icon: 'history',
      text: `Time jumps back ${quality.timeJumpsBack === 1 ? 'once' : `${formatCount(quality.timeJumpsBack)} times`}; the order of events may be wrong there.`,
    });
  for (const unknown of quality.unknown.slice(0, 3))
    list.push({ icon: 'question', text: `${unknown.what}: ${plural(unknown.packets, 'frame')} not understood.` });
  if (quality.unknown.length > 3)
    list.push({ icon: 'question', text: `${plural(quality.unknown.length - 3, 'more kind')} of frames not understood.` });
  for (const bound of quality.boundsReached) list.push({ icon: 'info', text: bound });
  return list;
}

function checks(store: Store, report: Report): Note {
  const count = (status: string): number => report.coverage.filter((row) => row.status === status).length;
  const [clean, found, partial, skipped] = ['clean', 'found', 'partial', 'skipped'].map(count) as [number, number, number, number];
  const text = `${plural(report.coverage.length, 'check')}: ${formatCount(clean)} clean, ${formatCount(found)} found something, ${formatCount(partial)} partial, ${formatCount(skipped)} skipped.`;
  return {
    icon: 'checklist',
    text,
    link: html`<button class="lk nw" @click=${() => store.go({ view: 'findings', views: store.viewsWith('findings', { chosen: 'checks' }) })}>
      All checks
    </button>`,
  };
}

export function notExamined(store: Store, report: Report) {
  const all = [...notes(store, report), checks(store, report)];
  return html`<ul class="notes" data-testid="not-examined">
    ${all.length === 1 && store.complete ? html`<li class="note">${icon('check')}<span>Every byte of every frame was there to be read.</span></li>` : nothing}
    ${all.map((note) => html`<li class="note">${icon(note.icon)}<span>${note.text}</span>${note.link ?? nothing}</li>`)}
  </ul>`;
}
