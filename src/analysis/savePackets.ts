/**
 * The selected packets as a capture file: classic pcap with nanoseconds, or pcapng when there are several interfaces or link types, or comments. Captured
 * and original lengths, times, interfaces and comments stay what they were.
 */
import { eachComment } from '../pcap/comments.ts';
import { createTables } from '../pcap/decode.ts';
import { Packet } from '../pcap/packet.ts';
import type { Analysis } from './analyze.ts';
import type { SavedPackets } from './engineApi.ts';
import type { PacketIndex } from './packetIndex.ts';

const PCAP_NANOSECONDS = 0xa1b23c4d,
  SNAP_LENGTH = 262_144;

/** Grows by doubling; refuses to go beyond a bound. */
class Output {
  bytes = new Uint8Array(65_536);
  length = 0;
  readonly #limit: number;

  constructor(limit: number) {
    this.#limit = limit;
  }

  /** Room for `count` more bytes; returns where they start. */
  take(count: number): { at: number; view: DataView } {
    const needed = this.length + count;
    if (needed > this.#limit)
      throw new Error(
        `The selected packets take more than ${Math.round(this.#limit / 1e6).toLocaleString('en-US')} MB. Narrow the filter or the time range and save in parts.`,
      );
    if (needed > this.bytes.length) {
      const grown = new Uint8Array(Math.max(needed, this.bytes.length * 2));
      grown.set(this.bytes.subarray(0, this.length));
      this.bytes = grown;
    }
    const at = this.length;
    this.length = needed;
    return { at, view: new DataView(this.bytes.buffer) };
  }
}

/** `frames` null is all of them. Throws with a sentence when the result would exceed `maxBytes`. */
export async function savePackets(
  analysis: Analysis,
  index: PacketIndex,
  frames: Uint32Array | null,
  maxBytes: number,
  signal?: AbortSignal,
): Promise<SavedPackets> {
  const { interfaces } = analysis.state;
  const asPcapng = interfaces.length > 1 || interfaces.some(({ name }) => name !== null) || analysis.scan.hasComments;
  const out = new Output(maxBytes),
    p = new Packet(createTables()),
    records = analysis.scan.records();
  if (asPcapng) writeSection(out, analysis);
  else writePcapHeader(out, interfaces[0]?.linkType ?? 1);
  const count = frames?.length ?? index.count;
  let packets = 0;
  for (let i = 0; i < count; i++) {
    if (signal?.aborted === true) throw new Error('cancelled');
    const frame = frames === null ? i + 1 : frames[i]!;
    if (!(await records.read(p, index.fileOffset(frame - 1)))) continue;
    if (asPcapng) writeBlock(out, p);
    else writeRecord(out, p);
    packets++;
  }
  return { bytes: out.bytes.slice(0, out.length), packets, extension: asPcapng ? 'pcapng' : 'pcap' };
}

function writePcapHeader(out: Output, linkType: number): void {
  const { at, view } = out.take(24);
  view.setUint32(at, PCAP_NANOSECONDS, true);
  view.setUint16(at + 4, 2, true);
  view.setUint16(at + 6, 4, true);
  view.setUint32(at + 16, SNAP_LENGTH, true);
  view.setUint32(at + 20, linkType, true);
}

function writeRecord(out: Output, p: Packet): void {
  const { at, view } = out.take(16 + p.capturedLength);
  view.setUint32(at, p.timeSeconds, true);
  view.setUint32(at + 4, p.timeNanoseconds, true);
  view.setUint32(at + 8, p.capturedLength, true);
  view.setUint32(at + 12, p.originalLength, true);
  out.bytes.set(p.bytes.subarray(p.start, p.end), at + 16);
}

const pad4 = (n: number): number => (n + 3) & ~3;

/** One section with every interface, named as before, counting nanoseconds. */
function writeSection(out: Output, analysis: Analysis): void {
  {
    const { at, view } = out.take(28);
    view.setUint32(at, 0x0a0d0d0a, true);
    view.setUint32(at + 4, 28, true);
    view.setUint32(at + 8, 0x1a2b3c4d, true);
    view.setUint16(at + 12, 1, true);
    view.setBigInt64(at + 16, -1n, true);
    view.setUint32(at + 24, 28, true);
  }
  for (const one of analysis.state.interfaces) {
    const name = new TextEncoder().encode(one.name ?? ''),
      nameSpace = name.length === 0 ? 0 : 4 + pad4(name.length),
      total = 20 + nameSpace + 8 + 4;
    const { at, view } = out.take(total);
    view.setUint32(at, 1, true);
    view.setUint32(at + 4, total, true);
    view.setUint16(at + 8, one.linkType, true);
    view.setUint32(at + 12, one.snapLength, true);
    if (nameSpace > 0) {
      view.setUint16(at + 16, 2, true);
      view.setUint16(at + 18, name.length, true);
      out.bytes.set(name, at + 20);
    }
    // if_tsresol: nanoseconds.
    const option = at + 16 + nameSpace;
    view.setUint16(option, 9, true);
    view.setUint16(option + 2, 1, true);
    view.setUint8(option + 4, 9);
    view.setUint32(at + total - 4, total, true);
  }
}

function writeBlock(out: Output, p: Packet): void {
  // Without a time a Simple Packet Block would lose the interface; the epoch's first moment says as much.
  const comments: { readonly from: number; readonly to: number }[] = [];
  if (p.optionsTo > 0) eachComment(p.view, p.optionsFrom, p.optionsTo, p.optionsLittleEndian, (from, to) => comments.push({ from, to }));
  const dataEnd = 28 + pad4(p.capturedLength),
    optionBytes = comments.length === 0 ? 0 : 4 + comments.reduce((sum, { from, to }) => sum + 4 + pad4(to - from), 0),
    total = dataEnd + optionBytes + 4,
    { at, view } = out.take(total);
  const time = p.hasTime ? BigInt(p.timeSeconds) * 1_000_000_000n + BigInt(p.timeNanoseconds) : 0n;
  view.setUint32(at, 6, true);
  view.setUint32(at + 4, total, true);
  view.setUint32(at + 8, p.interfaceId, true);
  view.setUint32(at + 12, Number((time >> 32n) & 0xffffffffn), true);
  view.setUint32(at + 16, Number(time & 0xffffffffn), true);
  view.setUint32(at + 20, p.capturedLength, true);
  view.setUint32(at + 24, p.originalLength, true);
  out.bytes.set(p.bytes.subarray(p.start, p.end), at + 28);
  let option = at + dataEnd;
  for (const { from, to } of comments) {
    view.setUint16(option, 1, true);
    view.setUint16(option + 2, to - from, true);
    out.bytes.set(p.bytes.subarray(from, to), option + 4);
    option += 4 + pad4(to - from);
  }
  view.setUint32(at + total - 4, total, true);
}
