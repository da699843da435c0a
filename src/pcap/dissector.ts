/**
 * What a protocol is made of. One file under `dissectors/` defines one `Dissector`; one line in `dissectors/registry.ts`
 * admits it; its `on` bindings say what it sits on, so no table elsewhere names it.
 */
import type { Packet } from './packet.ts';

/** How a field's bytes read as a value; also what its display filter accepts. */
export type FieldType =
  | 'uint'
  | 'int'
  | 'uint64'
  | 'float'
  | 'boolean'
  | 'string'
  | 'bytes'
  | 'ether'
  | 'ipv4'
  | 'ipv6'
  /** Nanoseconds since the epoch as bigint, and a span in seconds as number. */
  | 'time'
  | 'duration'
  /** A protocol or a mere heading: present or not. */
  | 'none';

export type FieldValue = number | bigint | string | boolean | Uint8Array;

/** A field of a protocol. `name` is Wireshark's display-filter name. */
export interface Field {
  readonly name: string;
  readonly label: string;
  readonly type: FieldType;
  /** Further names that select it, as `ip.addr` does `ip.src` and `ip.dst`. */
  readonly aliases?: readonly string[];
  /** Words for numbers: shown beside the number, and accepted by the filter. */
  readonly values?: Readonly<Record<number, string>>;
  readonly base?: 'dec' | 'hex';
  /** Shown after the number, `ms`. */
  readonly unit?: string;
  /** Relates the frame to others of its conversation, and is only said to sinks that want it (`wantsRelated`). `later`: to one that comes after it. */
  readonly related?: 'earlier' | 'later';
}

/** Gives the compiler the literal keys, so that a misspelt field does not compile. */
export function defineFields<K extends string>(fields: Record<K, Field>): Readonly<Record<K, Field>> {
  return fields;
}

/**
 * Where a dissector's findings about one packet go when somebody looks: the details tree, the filter, the packet list.
 * In the first pass there is none (`null`), and dissectors skip everything that only serves it.
 */
export interface FieldSink {
  /** False for sinks that never show text: do not compose any for them. */
  readonly wantsText: boolean;
  /** Whether `related` fields are taken: what they need is remembered from frame to frame only where they are. */
  readonly wantsRelated: boolean;
  /** Whether a field or a layer is taken that costs more to make than all else of a frame: the status of a checksum, an unpacked body. Left out, none is. */
  readonly wantsCostly?: (wanted: Field | Dissector) => boolean;
  /** False where nothing is taken of what this dissector says, as its `says` has it: it is walked as if nobody looked. */
  takes(dissector: Dissector): boolean;
  /** Opens a protocol beside the previous one; its fields follow. Offsets count in the current bytes of the packet. */
  layer(protocol: Dissector, offset: number, length: number, text?: string): void;
  /**
   * Adds a field of the open layer. Without a value it is read from the bytes by the field's type
   * (unsigned numbers big-endian, strings as UTF-8 with replacement). `text` overrides how it reads.
   */
  add(field: Field, offset: number, length: number, value?: FieldValue, text?: string): void;
  /** Opens the last layer of this protocol again: what is known of it when those within it were read. */
  reopen(protocol: Dissector): void;
  /** Makes what follows children of the field added last, until `close()`. */
  open(): void;
  close(): void;
  /** The line of the packet list; the innermost layer that speaks wins. `protocol` as Wireshark's column: `TCP`, `TLSv1.3`. */
  info(protocol: string, text: string): void;
  /** A fact about malformed or remarkable bytes, shown where it was met. */
  note(severity: 'note' | 'warning' | 'error', text: string, offset: number, length: number): void;
}

/** What a dissector sits on. `value` is the number in that field of the layer below. */
export type Binding =
  | { readonly table: TableName; readonly value: number }
  /** Asked by content when no number leads anywhere. */
  | { readonly table: 'udp.heuristic' | 'tcp.heuristic'; readonly value?: never };

/** The numbered hand-over points between layers; names are Wireshark's dissector tables, and `linktype` is the LINKTYPE_ number of a capture file. */
export const TABLE_NAMES = [
  'linktype',
  'ethertype',
  'ip.proto',
  'udp.port',
  'tcp.port',
  'llc.dsap',
  'ppp.protocol',
  'sctp.port',
  'llc.cisco_pid',
] as const;
export type TableName = (typeof TABLE_NAMES)[number];

/** Result of `StreamDissector.step`: more bytes are needed at this point before anything can be said. */
export const NEED_MORE = 0;
/** Result of `StreamDissector.step`: this is not (or no longer) this protocol; the rest of the stream is not looked at. */
export const NOT_MINE = -1;

/**
 * `more`: too few bytes to say. `likely`: its port speaks for it and nothing against it, but others, whose marks are in the bytes, are to be asked first: whatever
 * listens behind a well-known port, an attacker chooses.
 */
export type Recognised = 'yes' | 'likely' | 'no' | 'more';

/** Which way a stream's bytes flow: 0 from the originator, 1 to it. */
export type Direction = 0 | 1;

/**
 * A protocol over a byte stream (TCP). The stream is a row of PDUs; a PDU is passed in steps, so that a body of gigabytes
 * is skipped, not stored. State of one direction lives in what `open()` returns; it must be bounded.
 */
export interface StreamDissector<State = unknown> {
  /**
   * Says by content whether the first bytes of a direction, `[offset, end)`, are this protocol. A protocol whose first words are not telling answers `yes` only on its
   * own ports. With `isBeginning` they are the first that the connection carried in this direction, so that a protocol which begins with marks has to show them; else
   * they may be of its middle, where a port may decide.
   */
  recognise(
    bytes: Uint8Array,
    offset: number,
    end: number,
    direction: Direction,
    sourcePort: number,
    destinationPort: number,
    isBeginning?: boolean,
  ): Recognised;
  /** State shared by both directions of one stream. */
  open(): State;
  /** Whether this stream is, or may turn into, one of another protocol, which it gives the sink to. Without this function it never does. */
  handsOn?(p: Packet, state: State): boolean;
  /** Leading bytes of a PDU that `dissect` wants to see when it spans segments; the rest may be missing. */
  readonly keepBytes: number;
  /**
   * How many bytes from `offset` on belong to the current PDU's next step: a count (may reach beyond `end`), NEED_MORE, or
   * NOT_MINE. Sets `p.pduComplete` true when the PDU ends with this step, and may lower `p.pduKeep` when less than `keepBytes` will be looked at.
   */
  step(p: Packet, bytes: Uint8Array, offset: number, end: number, direction: Direction, state: State): number;
  /**
   * Called once per PDU in the frame that completes it. `[offset, end)` of `p.bytes` holds the PDU, or its first
   * `keepBytes` if it spanned segments. Emits messages (`p.emit`) and, when somebody looks, fields.
   */
  dissect(p: Packet, offset: number, end: number, direction: Direction, state: State, sink: FieldSink | null): void;
  /**
   * While somebody takes files (`p.files`): the next bytes of what the last step passes over, `[from, to)` of `bytes`, each once and in order. Null where these
   * `to - from` bytes are missing.
   */
  passed?(p: Packet, bytes: Uint8Array | null, from: number, to: number, direction: Direction, state: State): void;
  /** For protocols that turn into PDUs which say nothing to anybody, as ciphertext does. */
  readonly bulk?: {
    /** Whether this direction has come to that point, at the boundary of a PDU; `p` knows who listens. */
    ready(p: Packet, direction: Direction, state: State): boolean;
    /**
     * Passes over whole PDUs from `offset` on; needs no state. Returns the offset behind the last of them, beyond `end` when it goes on in later segments, or the
     * offset of a PDU that must be looked at.
     */
    passOver(bytes: Uint8Array, offset: number, end: number): number;
  };
  /**
   * The bytes behind `[offset, end)`, which are what there is of the current PDU, were not captured. Returns whether that can be dissected as it is, and makes the
   * state ready for it, and for another beginning in this direction; without this function the state is opened anew there.
   */
  cut?(bytes: Uint8Array, offset: number, end: number, direction: Direction, state: State): boolean;
  /**
   * Bytes of this direction are missing, and the stream goes on at a recognised beginning. Returns whether the state still serves there; without this function it is
   * opened anew.
   */
  resume?(direction: Direction, state: State): boolean;
  /** The stream ended in this direction (FIN, RST, end of capture): a PDU that lasts until close is complete. Returns whether there is one to dissect. */
  finish?(direction: Direction, state: State): boolean;
}

/** Takes the stream that lies within the stream at hand, as within a TLS connection whose keys are known. */
export interface StreamCarrier {
  /** Hands on its next bytes, `[offset, end)` of `p.bytes`. */
  carry(p: Packet, direction: Direction, offset: number, end: number, sink: FieldSink | null): void;
  /** Some of its bytes are missing. */
  lose(p: Packet, direction: Direction): void;
}

/** A protocol over the streams of one connection of QUIC. Its state lies in what `open()` returns, and is bounded. */
export interface StreamsDissector {
  /** Whether it goes by this name of ALPN. */
  speaks(alpn: string): boolean;
  open(): StreamsReader;
}

/** Reads the streams of one connection. */
export interface StreamsReader {
  /** `[from, to)` of `p.bytes` are the next bytes of the stream; with `isEnd` the last. */
  read(p: Packet, streamId: number, direction: Direction, from: number, to: number, isEnd: boolean, sink: FieldSink | null): void;
  /** The next `count` bytes are missing. Returns whether what comes behind them can be read. */
  skip(p: Packet, streamId: number, direction: Direction, count: number, sink: FieldSink | null): boolean;
  /** Its sender breaks the stream off. */
  reset(p: Packet, streamId: number, direction: Direction, sink: FieldSink | null): void;
  /** Nothing more is handed on of the stream, because of a bound. */
  lose(streamId: number, direction: Direction): void;
  /** Bytes that are kept of it until more comes. */
  keptOf(streamId: number, direction: Direction): number;
}

export interface Dissector {
  /** Wireshark's protocol name, `dns`: also its display filter. */
  readonly id: string;
  /** `Domain Name System`. */
  readonly name: string;
  readonly fields: Readonly<Record<string, Field>>;
  readonly on: readonly Binding[];
  /** True for protocols whose payload cannot be read without keys. */
  readonly encrypted?: boolean;
  /** True for protocols that are the service of a conversation (DNS, HTTP), not its carrier (IP, UDP). */
  readonly application?: boolean;
  /** True for what is told as a layer of its own but stands on no frame's path, as Wireshark has the interfaces of DCE/RPC. */
  readonly isOffPath?: boolean;
  /** Ids of those that its conversation is taken for once one of them was seen in it: SMB in a NetBIOS session, SMB 2 that SMB 1 asked for. */
  readonly givesWayTo?: readonly string[];
  /**
   * Ids of those whose fields it says besides its own, where what it carries is handed on by `p.next` or `stream.handsOn` alone: then it need not say anything to who
   * looks for none of them. Left out, it is always asked to.
   */
  readonly says?: readonly string[];
  /**
   * Reads the header at `[offset, end)` of `p.bytes`, and hands on what it carries with `p.next(...)`.
   * `end` is already cut to the captured bytes and to the outer length. Never throws for any bytes: says `p.malformed(...)` and returns.
   */
  dissect?(p: Packet, offset: number, end: number, sink: FieldSink | null): void;
  /** For datagram protocols that are told by content: asked before `dissect`; a port binding without it is taken at its word. */
  recognise?(p: Packet, offset: number, end: number): boolean;
  /** Asked instead of `recognise` where no port leads to this protocol (`udp.heuristic`): true only for what can hardly be anything else. */
  recogniseAnywhere?(p: Packet, offset: number, end: number): boolean;
  /** Asked instead of `recognise` in a conversation that is known to be this protocol's (`p.learned`). */
  belongs?(p: Packet, offset: number, end: number): boolean;
  // eslint-disable-next-line @typescript-eslint/no-explicit-any -- each protocol has its own state; the registry holds them all
  readonly stream?: StreamDissector<any>;
  readonly overQuic?: StreamsDissector;
}

/** `recognise` of a protocol with nothing telling enough to look for it on other ports than its own: `isOne` is asked once `least` bytes are there. */
export function onlyOnPort(
  port: number,
  least: number,
  isOne: (bytes: Uint8Array, offset: number, end: number) => boolean,
): StreamDissector['recognise'] {
  return (bytes, offset, end, _direction, sourcePort, destinationPort) => {
    if (sourcePort !== port && destinationPort !== port) return 'no';
    if (end - offset < least) return 'more';
    return isOne(bytes, offset, end) ? 'yes' : 'no';
  };
}

/** Something an application said, as detectors and statistics consume it. Each protocol defines and exports its own kinds. */
export interface Message {
  readonly kind: string;
  /** Frame that completed it. */
  readonly frame: number;
}

/** A typed handle on one kind of message: `export const dnsMessage = messageKind<DnsMessage>('dns')`. */
export interface MessageKind<M extends Message> {
  readonly kind: M['kind'];
  is(message: Message): message is M;
}

export function messageKind<M extends Message>(kind: M['kind']): MessageKind<M> {
  return { kind, is: (message): message is M => message.kind === kind };
}
