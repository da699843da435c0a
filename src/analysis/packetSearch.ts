/**
 * Find in Packets: which frames have a text in their row of the list, match a display filter, or hold some bytes, and which of them comes next. One pass for each
 * thing that is looked for; going on from match to match costs none.
 */
import type { ByteSource } from '../pcap/byteSource.ts';
import type { CaptureFormat } from '../pcap/captureFormat.ts';
import type { Packet } from '../pcap/packet.ts';
import { columnAddresses, RowSink } from '../pcap/rowSink.ts';
import { Analysis } from './analyze.ts';
import type { PacketFound, PacketSearch } from './engineApi.ts';
import { checkFilter, selectFrames, type SelectOptions } from './filtering.ts';
import { FrameSelection } from './frameSelection.ts';

/** Searches whose matches are kept. */
const MOST_KEPT = 4;

/** The list that is searched: which frames there are, in which order. */
export interface SearchedList {
  readonly source: ByteSource;
  readonly format: CaptureFormat;
  /** Frames of the capture that there are. */
  readonly frames: number;
  /** Frames of the list in its order; null for all in that of the file. */
  readonly order: Uint32Array | null;
}

export class PacketSearches {
  readonly #kept = new Map<string, FrameSelection>();

  /** The next match before or behind a frame, around the ends of the list; null where nothing matches. Throws what is wrong with what is looked for, one sentence. */
  async find(list: SearchedList, search: PacketSearch, options: SelectOptions): Promise<PacketFound | null> {
    if (search.text.trim() === '') return null;
    return nextMatch(list, await this.#matches(list, search, options), search.from, search.backwards);
  }

  async #matches({ source, format, frames }: SearchedList, { by, text }: PacketSearch, options: SelectOptions): Promise<FrameSelection> {
    const key = JSON.stringify([by, text, frames]),
      known = this.#kept.get(key);
    if (known !== undefined) return known;
    const matches =
      by === 'text' ? await rowsWith(source, format, text, options) : await selectFrames(source, format, filterOf(by, text), undefined, options);
    this.#kept.set(key, matches);
    if (this.#kept.size > MOST_KEPT) this.#kept.delete(this.#kept.keys().next().value!);
    return matches;
  }
}

function filterOf(by: 'filter' | 'bytes', text: string): string {
  const filter = by === 'filter' ? text : bytesFilter(text),
    check = checkFilter(filter);
  if (!check.ok) throw new Error(check.message);
  return filter;
}

const HEX = /^(?:0x)?[0-9a-f]{2}(?:[\s:.-]?[0-9a-f]{2})*$/i;

/** `47 45 54`, `47:45:54` and `474554` are bytes; anything else is a text, as is what stands in quotes. */
export function bytesFilter(text: string): string {
  const trimmed = text.trim(),
    quoted = /^"(.*)"$/s.exec(trimmed)?.[1];
  if (quoted === undefined && HEX.test(trimmed)) {
    const digits = trimmed.replace(/^0x/i, '').replace(/[\s:.-]/g, '');
    return `frame contains ${digits.length === 2 ? `0x${digits}` : digits.replace(/..(?=.)/g, '$&:')}`;
  }
  return `frame contains ${JSON.stringify(quoted ?? trimmed)}`;
}

/** Frames whose row has the text in it, capitals or not: in the addresses, the protocol or what it says. */
async function rowsWith(source: ByteSource, format: CaptureFormat, text: string, options: SelectOptions): Promise<FrameSelection> {
  const found = new FrameSelection(),
    sink = new RowSink(),
    wanted = text.toLowerCase();
  const look = (p: Packet): void => {
    const { source: from, destination } = columnAddresses(p),
      protocol = sink.protocol === '' ? (p.tables.paths.topOf(p.path)?.id ?? '') : sink.protocol;
    if (`${from}\n${destination}\n${protocol}\n${sink.text}`.toLowerCase().includes(wanted)) found.add(p.frame);
    sink.reset(p);
  };
  const pass = new Analysis(source, format, { sink, onFrame: look, isForFields: true });
  sink.reset(pass.state.packet);
  await pass.advance(options);
  return found;
}

function nextMatch({ frames, order }: SearchedList, matches: FrameSelection, from: number, backwards: boolean): PacketFound | null {
  const length = order?.length ?? frames,
    frameAt = (index: number): number => (order === null ? index + 1 : order[index]!),
    start = order === null ? from - 1 : order.indexOf(from),
    step = backwards ? -1 : 1;
  let index = -1;
  // Around the ends, and to itself at last.
  for (let walked = 1, at = start === -1 && backwards ? length : start; walked <= length; walked++) {
    at = (at + step + length) % length;
    if (!matches.has(frameAt(at))) continue;
    index = at;
    break;
  }
  if (index === -1) return null;
  let count = 0,
    place = 0;
  for (let at = 0; at < length; at++) {
    if (!matches.has(frameAt(at))) continue;
    count++;
    if (at === index) place = count;
  }
  return { frame: frameAt(index), index, place, count };
}
