/** The pass that fills the steps of a graph: over the index where all packets count, else over the file. */
import type { ByteSource } from '../pcap/byteSource.ts';
import type { CaptureFormat } from '../pcap/captureFormat.ts';
import type { CatalogEntry } from './displayFilter/catalog.ts';
import type { Selection } from './engineApi.ts';
import { knownFilter, selectFrames, walkMatches, type SelectOptions } from './filtering.ts';
import { GraphSteps, spanOf, type GraphMeasure } from './graphs.ts';
import { INDEX_HAS_TIME, type PacketIndex } from './packetIndex.ts';
import { isMeasured, numberOf, wantedFields } from './readFields.ts';

/** By its name; null for none. Throws with one sentence where there is no such field. */
export function graphField(name: string): CatalogEntry | null {
  if (name === '') return null;
  const wanted = wantedFields([name]);
  if (!wanted.ok) throw new Error(wanted.message);
  return wanted.entries[0]!;
}

/** Throws with one sentence where there is no such field, or its values cannot be measured so. */
export function checkMeasure(name: string, measure: Exclude<GraphMeasure, 'packets' | 'bytes'>): void {
  const field = graphField(name.trim());
  if (field === null) throw new Error('A field is needed, such as dns.time or tcp.window_size.');
  if (measure !== 'count' && !isMeasured(field)) throw new Error(`${field.name} is neither a number nor a length of time: it can only be counted.`);
}

/** Steps of the frames that a selection chooses among the first so many: of a field's values, or (null) of the frames and their bytes. */
export async function drawSteps(
  source: ByteSource,
  format: CaptureFormat,
  index: PacketIndex,
  frames: number,
  { filter, timeRange, hidesSecrets }: Selection,
  field: CatalogEntry | null,
  options: SelectOptions,
): Promise<GraphSteps> {
  const steps = new GraphSteps(spanOf(index, frames, timeRange), field?.kind === 'duration'),
    take = (frame: number, value: number): void => {
      if (frame <= frames && (index.flags(frame - 1) & INDEX_HAS_TIME) !== 0) steps.add(frame, index.time(frame - 1), value);
    };
  if (field !== null) {
    const isNumber = isMeasured(field);
    await walkMatches(source, format, knownFilter(filter), { ...options, hidesSecrets, fields: [field] }, ({ frame }, [slot]) => {
      // What is counted says nothing of itself.
      for (let i = 0; i < slot!.count; i++) take(frame, isNumber ? numberOf(slot!, i) : 1);
    });
    return steps;
  }
  const chosen = filter.trim() === '' ? null : await selectFrames(source, format, filter, undefined, { ...options, hidesSecrets });
  for (let frame = 1; frame <= frames; frame++) if (chosen?.has(frame) !== false) take(frame, index.originalLength(frame - 1));
  return steps;
}
