/** The whole pipeline on one page: bytes -> packets -> layers -> flows -> messages and findings -> a state that a report is made of. */
import type { Ipv6Table } from '../pcap/addresses.ts';
import { sourceUpTo, type ByteSource } from '../pcap/byteSource.ts';
import type { CaptureFormat, Damage } from '../pcap/captureFormat.ts';
import { CaptureScan, type ScanOptions } from '../pcap/captureReader.ts';
import { createTables, decode } from '../pcap/decode.ts';
import type { FieldSink, Message } from '../pcap/dissector.ts';
import type { FileTaker } from '../pcap/fileTaker.ts';
import { NET_FLAGS, NET_FRAGMENT, Packet } from '../pcap/packet.ts';
import { CaptureState } from './captureState.ts';
import { collectNames, NAMING_KINDS } from './collectNames.ts';
import type { Detector, DetectorRun } from './detector.ts';
import { FileWatch } from './fileTransfers.ts';
import { FlowPass, type PassListener } from './flowPass.ts';
import type { IntelEntry } from './intelEntries.ts';
import { SERVICE_MESSAGES, ServiceWatch } from './services/serviceTimes.ts';
import { TLS_ESTABLISHED } from './services/serviceTls.ts';
import { INDEX_CUT, INDEX_FRAGMENT, INDEX_FROM_RESPONDER, INDEX_HAS_TIME, INDEX_MALFORMED, PacketIndex } from './packetIndex.ts';

export interface AnalysisOptions {
  /** Keep columns over all frames, for the packet list. */
  readonly index?: boolean;
  /** Detectors with their options; none for passes that only look for fields. */
  readonly detectors?: readonly { readonly detector: Detector; readonly options: Readonly<Record<string, unknown>> }[];
  /** Entries of the user's own lists, for the detectors that compare. */
  readonly intel?: readonly IntelEntry[] | undefined;
  /** Frames that count; the others are walked through for the state they carry, but are not counted. */
  readonly select?: ((frame: number) => boolean) | undefined;
  /** Takes the fields of every frame; makes the pass as deep as it can be. */
  readonly sink?: FieldSink | undefined;
  /** Hears messages beside the detectors, of all frames, chosen or not. */
  readonly listen?: { readonly messages: readonly string[]; readonly to: (state: CaptureState) => Pick<DetectorRun, 'onMessage'> } | undefined;
  /** Also how services answer is heard, of the frames that count. */
  readonly services?: boolean;
  /** Takes the content of files that are transferred, of all frames. */
  readonly files?: FileTaker | undefined;
  /** Numbers of IPv6 addresses, where those of another pass are to be the same. */
  readonly ipv6?: Ipv6Table | undefined;
  /** A pass that only looks for fields: names are not gathered, and nobody hears messages. */
  readonly isForFields?: boolean;
  /** After each frame was dissected and counted. */
  readonly onFrame?: ((p: Packet, pass: FlowPass) => void) | undefined;
}

export interface RunningDetector {
  readonly detector: Detector;
  /** Those of the reading. */
  readonly options: Readonly<Record<string, unknown>>;
  readonly run: DetectorRun;
}

/** One pass over one capture, kept so that it can go on when the file grows. */
export class Analysis {
  readonly state: CaptureState;
  readonly index: PacketIndex | null;
  readonly detectors: readonly RunningDetector[];
  /** Null where nobody asked for it. */
  readonly services: ServiceWatch | null;
  readonly #scan: CaptureScan;
  readonly #packet: Packet;
  readonly #pass: FlowPass;
  readonly #onFrame: () => void;
  readonly #files: { readonly pass: Analysis; readonly watch: FileWatch } | null;
  #isGrowing = false;

  constructor(source: ByteSource, format: CaptureFormat, options: AnalysisOptions = {}) {
    this.#scan = new CaptureScan(source, format);
    this.#packet = new Packet(createTables(), options.ipv6);
    this.state = new CaptureState(this.#packet);
    if (options.intel !== undefined) this.state.intel = options.intel;
    this.index = options.index === true ? new PacketIndex() : null;
    const state = this.state;
    this.detectors = (options.detectors ?? []).map(({ detector, options: values }) => ({
      detector,
      options: values,
      run: detector.create(values, state),
    }));
    this.services = options.services === true ? new ServiceWatch(state) : null;
    this.#packet.files = options.files ?? null;
    this.#files = this.#filePass(source, format);
    this.#pass = new FlowPass(state, options.isForFields === true ? {} : this.#listener(options));
    this.#onFrame = this.#frameHandler(options);
  }

  get damage(): Damage | null {
    const { damage } = this.#scan;
    return this.#isGrowing && damage?.isUnfinished === true ? null : damage;
  }

  /** The last record is not whole. */
  get isUnfinished(): boolean {
    return this.#scan.damage?.isUnfinished === true;
  }

  /** Whether the file is still being written: then a last record that is not whole yet is no damage. */
  set isGrowing(value: boolean) {
    this.#isGrowing = value;
    this.state.damage = this.damage;
  }

  /** Frames read, whether or not a selection counts them. */
  get frames(): number {
    return this.#packet.frame;
  }

  /** The walk over the file, for reading single frames again. */
  get scan(): CaptureScan {
    return this.#scan;
  }

  /** Bytes of the file read so far. */
  get position(): number {
    return this.#scan.position;
  }

  /** Reads on to the current end of the source; throws when aborted, and what was read before stays. */
  async advance(options: ScanOptions = {}): Promise<void> {
    // The list grows while it is read; a report of what has been read so far, or of an interrupted pass, needs it too.
    this.state.interfaces = this.#scan.interfaces;
    await this.#scan.advance(this.#packet, this.#onFrame, options);
    this.state.damage = this.damage;
    if (this.#files === null) return;
    const { pass, watch } = this.#files;
    await pass.advance(options);
    this.state.filesUnderWay = watch.underWay;
  }

  #frameHandler(options: AnalysisOptions): () => void {
    const p = this.#packet,
      pass = this.#pass,
      { index, state, services } = this,
      sink = options.sink ?? null;
    const { select, onFrame } = options;
    // The plain pass has a body of its own: it asks nothing on every frame.
    if (index === null && select === undefined && onFrame === undefined) {
      if (services === null)
        return () => {
          pass.flow = -1;
          decode(p, sink);
          pass.count(p, sink);
        };
      return () => {
        pass.flow = -1;
        decode(p, sink);
        pass.count(p, sink);
        services.onFrame(p, pass);
      };
    }
    return () => {
      pass.flow = -1;
      decode(p, sink);
      if (select !== undefined && !select(p.frame)) {
        pass.passOver(p, sink);
        return;
      }
      pass.count(p, sink);
      if (index !== null) {
        const flags =
          (p.isMalformed ? INDEX_MALFORMED : 0) |
          (p.hasTime ? INDEX_HAS_TIME : 0) |
          (p.isCut ? INDEX_CUT : 0) |
          (p.netCount > 0 && (p.net[NET_FLAGS]! & NET_FRAGMENT) !== 0 ? INDEX_FRAGMENT : 0) |
          (pass.direction === 1 ? INDEX_FROM_RESPONDER : 0);
        const time = p.hasTime ? p.timeSeconds - state.firstSeconds + (p.timeNanoseconds - state.firstNanoseconds) / 1e9 : NaN;
        index.add(p.fileOffset, p.originalLength, p.path, pass.flow, flags, time);
      }
      services?.onFrame(p, pass);
      onFrame?.(p, pass);
    };
  }

  /**
   * Only where a detector asks for files, as far as was read here. A pass of its own: whoever takes files has streams read to the last byte, which would change what
   * the others hear.
   */
  #filePass(source: ByteSource, format: CaptureFormat): { readonly pass: Analysis; readonly watch: FileWatch } | null {
    const listeners = this.detectors.flatMap(({ run }) => run.files ?? []);
    if (listeners.length === 0) return null;
    const hashes = [...new Set(listeners.flatMap((one) => one.hashes))],
      watch = new FileWatch({ listener: { hashes, onFile: (file) => listeners.forEach(({ onFile }) => onFile(file)) } }),
      soFar = sourceUpTo(source, () => this.position);
    return { pass: new Analysis(soFar, format, { files: watch, ipv6: this.#packet.ipv6 }), watch };
  }

  /** Joins what the detectors ask for into one listener per event. */
  #listener({ listen, select }: AnalysisOptions): PassListener {
    const runs = this.detectors.map(({ run }) => run),
      packets = runs.flatMap(({ onPacket }) => onPacket ?? []),
      others = runs.flatMap(({ onOtherPacket }) => onOtherPacket ?? []),
      openings = runs.flatMap(({ onFlowOpened }) => onFlowOpened ?? []);
    const byKind = new Map<string, MessageHandler[]>();
    const add = (kinds: readonly string[], handler: MessageHandler | undefined): void => {
      if (handler === undefined) return;
      for (const kind of kinds) byKind.set(kind, [...(byKind.get(kind) ?? []), handler]);
    };
    const { state } = this;
    add(NAMING_KINDS, (message, flow) => collectNames(message, flow, state));
    for (const { detector, run } of this.detectors) add(detector.messages ?? [], run.onMessage);
    if (listen !== undefined) add(listen.messages, listen.to(state).onMessage);
    const { services } = this;
    if (services !== null)
      add(SERVICE_MESSAGES, (message, flow, p) => {
        // Where the frame that tells it is left out of a selection, a handshake was completed nevertheless.
        if (select === undefined || message.kind === TLS_ESTABLISHED || select(message.frame)) services.onMessage(message, flow, p);
      });
    this.#packet.wanted = new Set(byKind.keys());
    return {
      onPacket: packets.length === 0 ? undefined : inTurn(packets),
      onOtherPacket: others.length === 0 ? undefined : inTurn(others),
      onFlowOpened: openings.length === 0 ? undefined : inTurn(openings),
      onMessage: (message: Message, flow: number, p: Packet) => {
        const handlers = byKind.get(message.kind);
        if (handlers !== undefined) for (let i = 0; i < handlers.length; i++) handlers[i]!(message, flow, p);
      },
    };
  }
}

type MessageHandler = NonNullable<DetectorRun['onMessage']>;

const nobody = (): void => undefined;

/** Calls all of them. The first eight are written out: where always the same function is called, V8 makes one of it and what calls it. */
function inTurn<First, Second>(calls: readonly ((first: First, second: Second) => void)[]): (first: First, second: Second) => void {
  const [a = nobody, b = nobody, c = nobody, d = nobody, e = nobody, f = nobody, g = nobody, h = nobody, ...rest] = calls;
  return (first, second) => {
    a(first, second);
    b(first, second);
    c(first, second);
    d(first, second);
    e(first, second);
    f(first, second);
    g(first, second);
    h(first, second);
    for (let i = 0; i < rest.length; i++) rest[i]!(first, second);
  };
}
