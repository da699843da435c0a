/** What the packet list is sorted by when it is sorted by a field: of each frame a number, by the first value that it says. */
import type { ByteSource } from '../pcap/byteSource.ts';
import type { CaptureFormat } from '../pcap/captureFormat.ts';
import { knownFilter, walkMatches } from './filtering.ts';
import { isMeasured, numberOf, readFields, wantedFields } from './readFields.ts';
import { sortableAddress } from './tableQueries.ts';

/** Texts that are told apart, and how much of each: an attacker can make every one another. */
const MOST_TEXTS = 200_000,
  MOST_CHARACTERS = 256;

/** NaN for frames without a value; null where there is no such field. Numbers are in their order, addresses in theirs, and others in that of the alphabet. */
export async function fieldKeys(source: ByteSource, format: CaptureFormat, name: string, frames: number): Promise<Float64Array | null> {
  const wanted = wantedFields([name]),
    entry = wanted.ok ? wanted.entries[0] : undefined;
  if (entry === undefined) return null;
  const keys = new Float64Array(frames).fill(NaN),
    isNumber = isMeasured(entry) || entry.kind === 'none',
    isAddress = entry.kind === 'ipv4' || entry.kind === 'ipv6',
    places = new Map<string, number>();
  if (isNumber) {
    await walkMatches(source, format, knownFilter(''), { fields: [entry] }, ({ frame }, [slot]) => {
      if (slot!.count > 0 && frame <= frames) keys[frame - 1] = entry.kind === 'none' ? 1 : numberOf(slot!, 0);
    });
    return keys;
  }
  // Secrets are not shown by their order: what is hidden in the list is equal here.
  const options = { filter: '', fields: [entry], showSecrets: false, pace: () => Promise.resolve() };
  await readFields(source, format, options, ({ frame, values: [said] }) => {
    const text = said?.[0];
    if (text === undefined || frame > frames) return;
    const sortable = isAddress ? sortableAddress(text) : text.slice(0, MOST_CHARACTERS);
    let place = places.get(sortable);
    if (place === undefined) {
      place = Math.min(places.size, MOST_TEXTS);
      if (places.size < MOST_TEXTS) places.set(sortable, place);
    }
    keys[frame - 1] = place;
  });
  rankTexts(keys, places);
  return keys;
}

/** Puts in place of the order in which texts were met that of the alphabet; those beyond the bound come last. */
function rankTexts(keys: Float64Array, places: ReadonlyMap<string, number>): void {
  const ranks = new Float64Array(places.size + 1).fill(places.size);
  [...places.keys()].sort().forEach((text, rank) => (ranks[places.get(text)!] = rank));
  for (let i = 0; i < keys.length; i++) if (!Number.isNaN(keys[i]!)) keys[i] = ranks[keys[i]!]!;
}
