/** Which segments a message over TCP lies in, as Wireshark tells it of what it puts together: `tcp.segment`, `tcp.reassembled_in`. Kept while somebody asks. */
import { defineFields, type FieldSink } from '../pcap/dissector.ts';
import { tcp } from '../pcap/dissectors/tcp.ts';
import type { Packet } from '../pcap/packet.ts';
import type { FieldCollector } from './displayFilter/collector.ts';

export const tcpPieceFields = defineFields({
  segmentData: { name: 'tcp.segment_data', label: 'TCP segment data', type: 'bytes', related: 'earlier' },
  segments: { name: 'tcp.segments', label: 'Reassembled TCP Segments', type: 'none', related: 'earlier' },
  segment: { name: 'tcp.segment', label: 'TCP Segment', type: 'uint', related: 'earlier' },
  count: { name: 'tcp.segment.count', label: 'Segment count', type: 'uint', related: 'earlier' },
  length: { name: 'tcp.reassembled.length', label: 'Reassembled TCP length', type: 'uint', unit: 'bytes', related: 'earlier' },
  reassembledIn: { name: 'tcp.reassembled_in', label: 'Reassembled PDU in frame', type: 'uint', related: 'later' },
});
const f = tcpPieceFields;

/** Segments of one message that are told. */
const MOST_PIECES = 20_000;
/** What the exchanges of a pass know it by. */
const NAME = 'tcp.segment';

/** Whether a walk has to follow which segments belong together. */
export function tellsPieces(collector: FieldCollector): boolean {
  return Object.values(f).some((field) => collector.wantsCostly(field));
}

/** Of one direction: the frames that the message under way lies in so far. */
export class Pieces {
  #frames: number[] = [];
  #bytes = 0;
  /** Frame of the early segment whose turn has come, 0 while it is that of the frame at hand. */
  #early = 0;

  forget(): void {
    this.#frames = [];
    this.#bytes = 0;
  }

  /** What follows was in that frame, which came too early and has said so; 0: is in the frame at hand. */
  beOf(frame: number): void {
    this.#early = frame;
  }

  /** `[from, to)` of the frame's bytes belongs to a message that goes on. */
  goOn(p: Packet, from: number, to: number, sink: FieldSink | null): void {
    if (to <= from) return;
    this.#add(p, to - from);
    if (this.#early === 0) this.#sayPart(p, from, to, sink);
  }

  /** The frame's bytes have to wait for those before them. */
  beEarly(p: Packet, from: number, to: number, sink: FieldSink | null): void {
    if (to > from) this.#sayPart(p, from, to, sink);
  }

  /** The frame's bytes were there before. */
  beLate(from: number, to: number, sink: FieldSink | null): void {
    if (to <= from || !takesTcp(sink)) return;
    sink.reopen(tcp);
    sink.add(f.segmentData, from, to - from);
  }

  /** The message ends in this frame, whose `[from, to)` is its last part. */
  end(p: Packet, from: number, to: number, sink: FieldSink | null): void {
    const frames = this.#frames;
    if (frames.length === 0) return;
    const hasPart = to > from;
    if (hasPart) this.#add(p, to - from);
    for (const frame of frames) if (frame !== p.frame) p.exchanges.note(NAME, frame, p.frame);
    if (takesTcp(sink)) {
      sink.reopen(tcp);
      if (hasPart && this.#early === 0) sink.add(f.segmentData, from, to - from);
      sink.add(f.segments, from, 0);
      sink.open();
      for (const frame of frames) sink.add(f.segment, from, 0, frame);
      sink.add(f.count, from, 0, frames.length);
      sink.add(f.length, from, 0, this.#bytes);
      sink.close();
    }
    this.forget();
  }

  #add({ frame }: Packet, bytes: number): void {
    if (this.#frames.length < MOST_PIECES) this.#frames.push(this.#early > 0 ? this.#early : frame);
    this.#bytes += bytes;
  }

  #sayPart(p: Packet, from: number, to: number, sink: FieldSink | null): void {
    if (!takesTcp(sink)) return;
    sink.reopen(tcp);
    sink.add(f.segmentData, from, to - from);
    p.exchanges.sayAnswer(NAME, p.frame, f.reassembledIn, from, sink);
  }
}

function takesTcp(sink: FieldSink | null): sink is FieldSink {
  return sink !== null && sink.wantsRelated && sink.takes(tcp);
}
