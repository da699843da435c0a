/** One detector fed with messages by hand: flows between two addresses, and what is said on them when. */
import { createTables } from '../../src/pcap/decode.ts';
import type { Message } from '../../src/pcap/dissector.ts';
import { Packet } from '../../src/pcap/packet.ts';
import { CaptureState } from '../../src/analysis/captureState.ts';
import type { CoverageDraft, Detector, DetectorRun, FindingDraft } from '../../src/analysis/detector.ts';
import * as F from '../../src/analysis/flowTable.ts';

/** 2026-01-01T00:00:00Z */
const START = 1_767_225_600;

export class MessageDriver {
  readonly state = new CaptureState(new Packet(createTables()));
  readonly run: DetectorRun;
  readonly #options: Readonly<Record<string, unknown>>;
  /** Seconds since the start. */
  now = 0;

  constructor(detector: Pick<Detector, 'options' | 'create'>, options: Readonly<Record<string, unknown>> = {}) {
    this.#options = detector.options.parse(options);
    this.run = detector.create(this.#options, this.state);
  }

  /** A TCP connection (or another protocol's flow) with data both ways, over IPv4; returns its row. */
  flow(
    client: string,
    server: string,
    port: number,
    service?: string,
    more: {
      readonly clientPort?: number;
      readonly protocol?: number;
      readonly seconds?: number;
      readonly bytes?: readonly [number, number];
      readonly flags?: number;
    } = {},
  ): number {
    const { flows, packet, tables } = this.state,
      number = (address: string): number => address.split('.').reduce((sum, part) => (sum << 8) | Number(part), 0);
    const row = flows.add(number(client), number(server), more.clientPort ?? 40_000 + flows.count, port, more.protocol ?? 6),
      at = row * F.INTS,
      dat = row * F.DOUBLES,
      [toServer, toClient] = more.bytes ?? [500, 500];
    flows.ints[at + F.FIRST_FRAME] = ++packet.frame;
    flows.ints[at + F.FLAGS] = more.flags ?? F.HAS_TIME | F.SYN_A | F.SYN_ACK_B | F.DATA_A | F.DATA_B;
    flows.ints[at + F.PACKETS_A] = flows.ints[at + F.PACKETS_B] = 5;
    const columns: readonly (readonly [number, number])[] = [
      [F.BYTES_A, toServer + 270],
      [F.BYTES_B, toClient + 270],
      [F.PAYLOAD_A, toServer],
      [F.PAYLOAD_B, toClient],
      [F.START, START + Math.floor(this.now)],
      [F.END, START + Math.floor(this.now + (more.seconds ?? 1))],
    ];
    for (const [column, value] of columns) flows.doubles[dat + column] = value;
    const { state } = this;
    state.timedPackets++;
    if (Number.isNaN(state.startSeconds)) state.startSeconds = START + Math.floor(this.now);
    state.endSeconds = START + Math.ceil(this.now + (more.seconds ?? 1));
    flows.ints[at + F.START_NS] = Math.round((this.now % 1) * 1e9);
    flows.ints[at + F.END_NS] = Math.round(((this.now + (more.seconds ?? 1)) % 1) * 1e9);
    if (service !== undefined) flows.ints[at + F.SERVICE] = (tables.byId(service)?.index ?? -1) + 1;
    return row;
  }

  /** Says something in a frame of its own. */
  say<M extends Message>(flow: number, message: Omit<M, 'frame'>): this {
    const p = this.state.packet;
    p.frame++;
    p.hasTime = true;
    p.timeSeconds = START + Math.floor(this.now);
    p.timeNanoseconds = Math.round((this.now % 1) * 1e9);
    this.run.onMessage?.({ ...message, frame: p.frame }, flow, p);
    return this;
  }

  wait(seconds: number): this {
    this.now += seconds;
    return this;
  }

  /** Without `together`, whose functions are new each time: how findings are gathered has a test of its own. */
  get findings(): readonly Omit<FindingDraft, 'together'>[] {
    return this.run.evaluate(this.#options).findings.map(({ together: _together, ...draft }) => draft);
  }

  get coverage(): CoverageDraft {
    return this.run.evaluate(this.#options).coverage;
  }
}

/** What the parts of the confidence add up to. */
export function confidenceSum({ indicators }: Pick<FindingDraft, 'indicators'>): number {
  return indicators.filter(({ name }) => name.startsWith('confidence: ')).reduce((sum, { value }) => sum + Number(value), 0);
}
