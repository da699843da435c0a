/** The display filter as the session uses it: checked, completed, and run over a capture. */
import type { ByteSource } from '../pcap/byteSource.ts';
import type { CaptureFormat, Damage } from '../pcap/captureFormat.ts';
import { CaptureScan } from '../pcap/captureReader.ts';
import { createTables, decode } from '../pcap/decode.ts';
import type { FieldSink } from '../pcap/dissector.ts';
import { tcp } from '../pcap/dissectors/tcp.ts';
import { udp } from '../pcap/dissectors/udp.ts';
import type { FrameContext } from '../pcap/frameFields.ts';
import { Packet } from '../pcap/packet.ts';
import { Analysis } from './analyze.ts';
import { createCatalog, type CatalogEntry, type FieldCatalog } from './displayFilter/catalog.ts';
import type { FieldCollector } from './displayFilter/collector.ts';
import { complete, type Completions } from './displayFilter/complete.ts';
import { fromCaptureSyntax } from './displayFilter/captureSyntax.ts';
import { compileFilter, type DisplayFilter } from './displayFilter/displayFilter.ts';
import type { Slot } from './displayFilter/slots.ts';
import type { FilterCheck, Selection } from './engineApi.ts';
import { foresee } from './laterAnswers.ts';
import { FrameSelection } from './frameSelection.ts';
import { tcpPieceFields, tellsPieces } from './tcpPieces.ts';
import { tcpAnalysisFields, tcpFlowFields, tcpRelatedFields, udpFlowFields } from './tcpFields.ts';

let catalog: FieldCatalog | undefined;

/** Every name a filter may use; made when the first filter is. */
export function filterCatalog(): FieldCatalog {
  return (catalog ??= createCatalog([
    {
      protocol: tcp,
      fields: [
        ...Object.values(tcpFlowFields),
        ...Object.values(tcpRelatedFields),
        ...Object.values(tcpPieceFields),
        ...tcpAnalysisFields.map(({ field }) => field),
      ],
    },
    { protocol: udp, fields: Object.values(udpFlowFields) },
  ]));
}

export function checkFilter(text: string): FilterCheck {
  const result = compileFilter(text, filterCatalog());
  if (result.ok) return { ok: true, fields: result.filter.fields };
  const meant = fromCaptureSyntax(text);
  return meant === null || !compileFilter(meant, filterCatalog()).ok
    ? result
    : { ...result, message: `${result.message}; as a display filter it is ${meant}` };
}

export function completeFilter(text: string, cursor: number): Completions {
  return complete(text, cursor, filterCatalog());
}

/** A filter that is known to be one; throws with its error message. */
export function knownFilter(text: string): DisplayFilter {
  const result = compileFilter(text, filterCatalog());
  if (!result.ok) throw new Error(result.message);
  return result.filter;
}

/** What is selected and matches this filter as well. */
export function within(selection: Selection, filter: string): Selection {
  const chosen = selection.filter.trim(),
    added = filter.trim();
  return { ...selection, filter: chosen === '' ? added : added === '' ? chosen : `(${chosen}) && (${added})` };
}

export interface SelectOptions {
  /** Compares what those are told from whom secrets are hidden. */
  readonly hidesSecrets?: boolean | undefined;
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
  const selection = new FrameSelection();
  await walkMatches(source, format, knownFilter(text), options, ({ frame }) => {
    if (inRange === undefined || inRange(frame)) selection.add(frame);
  });
  return selection;
}

/** Sees all that the frames of a walk say, beside the filter. */
export interface Witness {
  /** Takes what is said, and hands it on to the other. */
  beside(other: FieldSink | null): FieldSink;
  /** A frame is about to be walked, the first once the packet is made. */
  begin(p: Packet): void;
}

export interface WalkOptions extends SelectOptions {
  /** Whose values are given to `onMatch`. */
  readonly fields?: readonly CatalogEntry[];
  readonly witness?: Witness | null;
  /** Awaited between blocks of the file. */
  readonly pace?: () => Promise<void>;
}

/** How far a walk came. */
export interface WalkEnd {
  readonly damage: Damage | null;
  readonly frames: number;
  /** Bytes of the file. */
  readonly position: number;
}

/**
 * Calls `onMatch` for each frame that matches, in order, with the values of the fields that are asked for, which hold until it returns. Walks no deeper than filter and
 * fields ask for, and has nobody else's fields said.
 */
export async function walkMatches(
  source: ByteSource,
  format: CaptureFormat,
  asked: DisplayFilter,
  { fields = [], witness = null, hidesSecrets = false, ...options }: WalkOptions,
  onMatch: (p: Packet, values: readonly Slot[]) => void,
): Promise<WalkEnd> {
  const filter = hidesSecrets ? asked.withoutSecrets() : asked,
    context = new PassContext(format.id === 'pcapng'),
    collector: FieldCollector = filter.createCollector(fields, (values) => onMatch(packet, values)),
    sink = witness === null ? collector.sink : witness.beside(collector.sink);
  const check = (p: Packet): void => {
    context.begin(p);
    collector.matches(context);
    context.end(p);
    witness?.begin(p);
  };
  const isDeep = witness !== null || filter.depth === 'streams' || fields.some(({ depth }) => depth === 'streams'),
    analysis = isDeep ? new Analysis(source, format, { sink: sink ?? undefined, onFrame: check, isForFields: true }) : null,
    packet = analysis?.state.packet ?? new Packet(createTables());
  collector.attach(packet);
  witness?.begin(packet);
  packet.followsPieces = tellsPieces(collector);
  await foresee(packet, analysis?.state ?? null, collector, source, format, options);
  if (analysis !== null) {
    await analysis.advance(options);
    return analysis;
  }
  const scan = new CaptureScan(source, format);
  await scan.advance(
    packet,
    () => {
      decode(packet, sink);
      check(packet);
    },
    options,
  );
  return { damage: scan.damage, frames: packet.frame, position: scan.position };
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
