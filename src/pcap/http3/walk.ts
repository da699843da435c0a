/** The fields of HTTP/3's frames and streams, as they are met in one piece of a stream. */
import type { Field, FieldSink } from '../dissector.ts';
import type { HeaderBlock } from '../http2/hpack.ts';
import type { Packet } from '../packet.ts';
import { variableBig, variableSize } from '../quic/fields.ts';
import { describeFields, gistOf } from './describe.ts';
import { DATA, FRAME_TYPES, http3Fields as f, SETTING_FIELDS } from './fields.ts';

/** What is said of one piece of a stream. Its layer is opened once something is whole. */
export class Walk {
  readonly words: string[] = [];
  readonly #p: Packet;
  readonly #sink: FieldSink | null;
  readonly #from: number;
  readonly #to: number;
  #isOpen = false;
  /** Where a DATA frame begins in this piece, -1 where in an earlier one. */
  #dataAt = -1;
  #dataLengthAt = -1;
  #dataPayload = -1;

  constructor(p: Packet, sink: FieldSink | null, from: number, to: number) {
    this.#p = p;
    this.#sink = sink;
    this.#from = from;
    this.#to = to;
  }

  /** The layer, and a word for the packet list. */
  say(word: string): void {
    const p = this.#p;
    if (word !== '' && this.#sink !== null) this.words.push(word);
    if (this.#isOpen) return;
    this.#isOpen = true;
    const http3 = p.tables.byId('http3')!;
    // Once for all streams of a packet: paths are few.
    if (p.tables.paths.topOf(p.path) !== http3.dissector) p.path = p.tables.paths.child(p.path, http3.index);
    this.#sink?.layer(http3.dissector, this.#from, this.#to - this.#from);
  }

  number(field: Field, at: number): void {
    this.say('');
    this.#sink?.add(field, at, variableSize(this.#p.bytes, at), variableBig(this.#p.bytes, at));
  }

  text(field: Field, from: number, to: number): void {
    if (to > from) this.#sink?.add(field, from, to - from);
  }

  frame(type: number, at: number, lengthAt: number, payload: number, end: number): void {
    this.say(FRAME_TYPES[type] ?? 'Unknown');
    this.number(f.frameType, at);
    this.number(f.frameLength, lengthAt);
    if (end > payload) this.#sink?.add(f.framePayload, payload, end - payload);
  }

  dataAt(at: number, lengthAt: number, payload: number): void {
    this.#dataAt = at;
    this.#dataLengthAt = lengthAt;
    this.#dataPayload = payload;
  }

  /** A DATA frame of `length` bytes ends with the `count` at `at`. */
  data(length: number, at: number, count: number): void {
    if (this.#dataAt >= 0) this.frame(DATA, this.#dataAt, this.#dataLengthAt, this.#dataPayload, at + count);
    else {
      this.say('DATA');
      this.#sink?.add(f.frameType, at, 0, BigInt(DATA));
      this.#sink?.add(f.frameLength, at, 0, BigInt(length));
    }
    this.#dataAt = -1;
  }

  setting(id: number, at: number, valueAt: number): void {
    const sink = this.#sink,
      { bytes } = this.#p;
    if (sink === null) return;
    const field = SETTING_FIELDS[id],
      size = variableSize(bytes, valueAt);
    sink.add(f.settings, at, valueAt + size - at);
    sink.open();
    this.number(f.settingsId, at);
    this.number(f.settingsValue, valueAt);
    if (field !== undefined) this.number(field, valueAt);
    sink.close();
  }

  fields(block: HeaderBlock, from: number, to: number): void {
    const sink = this.#sink;
    if (sink === null) return;
    const gist = gistOf(block.fields);
    if (gist !== '') this.words.push(`${this.words.pop() ?? ''}: ${gist}`);
    describeFields(block, from, to, sink);
  }
}
