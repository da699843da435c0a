/** The streams that lie within others: what a TLS connection carries, once keys open it, is recognised and read as any stream is. */
import type { Direction, FieldSink, StreamCarrier } from '../pcap/dissector.ts';
import type { Packet } from '../pcap/packet.ts';
import { deliver, type StreamListener } from './streamStart.ts';
import { dissectKept } from './streamWalk.ts';
import { loseThread, sinkOf, TcpStream } from './tcpStream.ts';

/** Protocols that have one port with TLS from the beginning, and another without: what they carry is recognised as on the latter. */
const CLEAR_PORTS: ReadonlyMap<number, number> = new Map([
  [443, 80],
  [465, 25],
  [636, 389],
  [853, 53],
  [989, 20],
  [990, 21],
  [992, 23],
  [993, 143],
  [994, 6667],
  [995, 110],
  [2376, 2375],
  [3269, 3268],
  [5061, 5060],
  [5671, 5672],
  [5986, 5985],
  [6514, 514],
  [8443, 8080],
  [8883, 1883],
]);

/** One for all streams of a pass: `of` says which it stands for. */
export class CarriedStreams implements StreamCarrier {
  readonly #listener: StreamListener;
  readonly #quiet: StreamListener;
  #stream: TcpStream | null = null;
  #flow = -1;
  #sourcePort = 0;
  #destinationPort = 0;

  constructor(listener: StreamListener) {
    this.#listener = listener;
    // The conversation stays one of what carries it: that is what went over the wire.
    this.#quiet = { ...listener, onRecognised: () => undefined, isWhole: () => false };
  }

  of(stream: TcpStream, flow: number, sourcePort: number, destinationPort: number): this {
    this.#stream = stream;
    this.#flow = flow;
    this.#sourcePort = sourcePort;
    this.#destinationPort = destinationPort;
    return this;
  }

  carry(p: Packet, direction: Direction, offset: number, end: number, sink: FieldSink | null): void {
    const stream = this.#stream;
    if (stream === null) return;
    if (stream.inner === null) {
      stream.inner = new TcpStream(this.#flow, true);
      this.#listener.onOpened(this.#flow);
    }
    const { inner } = stream,
      side = inner.sides[direction],
      sourcePort = CLEAR_PORTS.get(this.#sourcePort) ?? this.#sourcePort,
      destinationPort = CLEAR_PORTS.get(this.#destinationPort) ?? this.#destinationPort;
    side.started = true;
    p.onCarried?.(direction, p.bytes.subarray(offset, end));
    // Within it nothing is opened once more.
    p.carrier = null;
    deliver(p, inner, side, this.#flow, direction, offset, end, sourcePort, destinationPort, sink, this.#quiet);
    p.carrier = this;
  }

  lose(p: Packet, direction: Direction): void {
    const inner = this.#stream?.inner ?? null;
    if (inner === null) return;
    loseThread(inner, inner.sides[direction]);
    p.onCarried?.(direction, null);
  }

  /** The direction has ended: what lasts until then is complete. */
  end(p: Packet, direction: Direction, sink: FieldSink | null): void {
    const inner = this.#stream?.inner ?? null;
    if (inner?.dissector == null || inner.bound === null) return;
    const side = inner.sides[direction];
    if (side.done || inner.dissector.finish?.(direction, inner.state) !== true) return;
    p.isOpened = true;
    dissectKept(p, inner.bound, inner.dissector, inner, side, direction, sinkOf(p, inner, sink));
  }
}
