/** The display filter as the session uses it: checked, completed, and run over a capture. */
import type { ByteSource } from '../pcap/byteSource.ts';
import type { CaptureFormat } from '../pcap/captureFormat.ts';
import { CaptureScan } from '../pcap/captureReader.ts';
import { createTables, decode } from '../pcap/decode.ts';
import { tcp } from '../pcap/dissectors/tcp.ts';
import { udp } from '../pcap/dissectors/udp.ts';
import type { FrameContext } from '../pcap/frameFields.ts';
import { Packet } from '../pcap/packet.ts';
import { Analysis } from './analyze.ts';
import { createCatalog, type FieldCatalog } from './displayFilter/catalog.ts';
import { complete, type Completions } from './displayFilter/complete.ts';
import { compileFilter, type DisplayFilter } from './displayFilter/displayFilter.ts';
import type { FilterCheck, Selection } from './engineApi.ts';
import { foresee } from './laterAnswers.ts';
import { FrameSelection } from './frameSelection.ts';
import { tcpAnalysisFields, tcpFlowFields, tcpRelatedFields, udpFlowFields } from './tcpFields.ts';

let catalog: FieldCatalog | undefined;

/** Every name a filter may use; made when the first filter is. */
export function filterCatalog(): FieldCatalog {
  return (catalog ??= createCatalog([
    { protocol: tcp, fields: [...Object.values(tcpFlowFields), ...Object.values(tcpRelatedFields), ...tcpAnalysisFields.map(({ field }) => field)] },
    { protocol: udp, fields: Object.values(udpFlowFields) },
  ]));
}

export function checkFilter(text: string): FilterCheck {
  const result = compileFilter(text, filterCatalog());
  return result.ok ? { ok: true, fields: result.filter.fields } : result;
}

export function completeFilter(text: string, cursor: number): Completions {
  return complete(text, cursor, filterCatalog());
}

/** What is selected and matches this filter as well. */
export function within(selection: Selection, filter: string): Selection {
  const chosen = selection.filter.trim(),
    added = filter.trim();
  return { ...selection, filter: chosen === '' ? added : added === '' ? chosen : `(${chosen}) && (${added})` };
}

export interface SelectOptions {
  readonly signal?: AbortSignal | undefined;
  readonly onProgress?: ((bytesDone: number, bytesTotal: number) => void) | undefined;
}

/** Frames that match the filter (empty: all) and lie in the range. Throws with the filter's error message, and when aborted. */
export async function selectFrames(
  source: ByteSource,
  format: CaptureFormat,
  text: string,
  inRange: ((frame: number) => boolean) | undefined,
  options: SelectOptions,
): Promise<FrameSelection> {
  const result = compileFilter(text, filterCatalog());
  if (!result.ok) throw new Error(result.message);
  const selection = new FrameSelection(),
    { filter } = result;
  await runFilter(
    source,
    format,
    filter,
    (frame) => {
      if (inRange === undefined || inRange(frame)) selection.add(frame);
    },
    options,
  );
  return selection;
}

/** Calls `onMatch` for each frame that matches, in order. Walks no deeper than the filter asks for. */
async function runFilter(
  source: ByteSource,
  format: CaptureFormat,
  filter: DisplayFilter,
  onMatch: (frame: number) => void,
  options: SelectOptions,
): Promise<void> {
  const collector = filter.createCollector(),
    context = new PassContext(format.id === 'pcapng'),
    { sink } = collector;
  const check = (p: Packet): void => {
    context.begin(p);
    if (collector.matches(context)) onMatch(p.frame);
    context.end(p);
  };
  if (filter.depth === 'streams') {
    const analysis = new Analysis(source, format, { sink: sink ?? undefined, onFrame: check });
    collector.attach(analysis.state.packet);
    await foresee(analysis.state.packet, collector, source, format, options);
    await analysis.advance(options);
    return;
  }
  const p = new Packet(createTables()),
    scan = new CaptureScan(source, format);
  collector.attach(p);
  await foresee(p, collector, source, format, options);
  await scan.advance(
    p,
    () => {
      decode(p, sink);
      check(p);
    },
    options,
  );
}

/** The times that a frame's own fields relate to, kept from frame to frame. */
export class PassContext implements FrameContext {
  firstSeconds = NaN;
  firstNanoseconds = 0;
  previousSeconds = NaN;
  previousNanoseconds = 0;
  readonly hasInterfaces: boolean;

  constructor(hasInterfaces: boolean) {
    this.hasInterfaces = hasInterfaces;
  }

  begin(p: Packet): void {
    if (!p.hasTime || !Number.isNaN(this.firstSeconds)) return;
    this.firstSeconds = this.previousSeconds = p.timeSeconds;
    this.firstNanoseconds = this.previousNanoseconds = p.timeNanoseconds;
  }

  end(p: Packet): void {
    if (!p.hasTime) return;
    this.previousSeconds = p.timeSeconds;
    this.previousNanoseconds = p.timeNanoseconds;
  }
}
