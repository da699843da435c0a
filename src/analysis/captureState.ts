/** What a pass has counted so far: the flows and tallies that the report, the statistics and the detectors read. */
import type { Damage, InterfaceInfo } from '../pcap/captureFormat.ts';
import type { Packet } from '../pcap/packet.ts';
import type { DissectorTables } from '../pcap/tables.ts';
import { AddressNames } from './addressNames.ts';
import { FlowTable } from './flowTable.ts';
import { HistoryTrie } from './history.ts';
import type { IntelEntry } from './intelEntries.ts';
import { MacTable } from './macTable.ts';
import { TimelineCounts } from './timelineCounts.ts';

const INITIAL_PATHS = 64;

/** Who called whom, as texts. */
export interface Ends {
  readonly client: string;
  readonly server: string;
  readonly serverPort: number;
}

export interface KeyedEnds extends Ends {
  /** One text of all three, which is made when the first asks for it. */
  readonly key: string;
}

export class FlowEnds implements KeyedEnds {
  readonly client: string;
  readonly server: string;
  readonly serverPort: number;
  #key: string | null = null;

  constructor(client: string, server: string, serverPort: number) {
    this.client = client;
    this.server = server;
    this.serverPort = serverPort;
  }

  get key(): string {
    return (this.#key ??= `${this.client} ${this.server} ${this.serverPort}`);
  }
}

export class CaptureState {
  readonly flows = new FlowTable();
  /** The rows as an earlier pass knew them at its end, where somebody asks for what only the end tells; null without. */
  foreseen: FlowTable | null = null;
  readonly histories = new HistoryTrie();
  readonly macs = new MacTable();
  readonly timeline = new TimelineCounts();
  readonly names = new AddressNames();
  readonly tables: DissectorTables;
  /** The reusable packet of the pass: addresses and tunnel labels are texts of its tables. */
  readonly packet: Packet;

  /** Frames counted, those a selection leaves out excepted. */
  packets = 0;
  originalBytes = 0;
  capturedBytes = 0;
  snappedPackets = 0;
  missingBytes = 0;
  malformedPackets = 0;
  timedPackets = 0;
  ipv4Packets = 0;
  ipv6Packets = 0;
  timeJumpsBack = 0;
  timeOrdered = true;
  /** Earliest and latest time; seconds are NaN before the first timed frame. */
  startSeconds = NaN;
  startNanoseconds = 0;
  endSeconds = NaN;
  endNanoseconds = 0;
  /** Time of the first timed frame: what relative times count from. */
  firstSeconds = NaN;
  firstNanoseconds = 0;
  encryptedBytes = 0;
  /** Frames that were cut in capturing within what TCP, UDP or SCTP carried, and bytes of it that are not there, but for ciphertext. */
  cutContents = 0;
  cutContentBytes = 0;
  tcpRetransmissions = 0;
  tcpOutOfOrder = 0;
  tcpGaps = 0;
  tcpGapBytes = 0;
  /** Of the gaps, those whose data arrived although the capture does not hold it. */
  tcpAcknowledgedUnseen = 0;
  /** The first hundred frames that acknowledge such data. */
  readonly unseenFrames: number[] = [];
  tcpZeroWindows = 0;
  tcpResets = 0;
  duplicatePackets = 0;
  /** The last malformed frame that is the copy of a whole one: what captured it cut it. */
  lastCutCopy = 0;
  /** Streams whose reassembly was stopped to bound memory. */
  streamsGivenUp = 0;
  /** Rows of the flow table whose contents keys from outside opened. */
  readonly openedFlows = new Set<number>();
  /** Of a connection that has moved to other addresses or ports: the row of its flow there -> that of the one before. */
  readonly movedFrom = new Map<number, number>();
  /** Per path: frames, bytes; and of those the frames without a transport flow. */
  pathPackets = new Float64Array(INITIAL_PATHS);
  pathBytes = new Float64Array(INITIAL_PATHS);
  pathLoosePackets = new Float64Array(INITIAL_PATHS);
  pathLooseBytes = new Float64Array(INITIAL_PATHS);
  interfaces: readonly InterfaceInfo[] = [];
  /** The user's own lists of what is known to be bad. */
  intel: readonly IntelEntry[] = [];
  /** Why and where reading stopped before the end of the file, as of the last time it was read. */
  damage: Damage | null = null;
  /** Transfers that were not at their end where reading has come to, where a detector asks for files. */
  filesUnderWay = 0;
  /** Frames per interface under a selection. */
  linkTypes = new Set<number>();
  /** The ends of the flow that was asked for last, see `endsOf`. */
  lastEnds: { readonly flow: number; readonly ends: KeyedEnds } | null = null;
  /** Bounds of our own that were reached, in plain sentences. */
  readonly boundsReached = new Set<string>();

  constructor(packet: Packet) {
    this.packet = packet;
    this.tables = packet.tables;
  }

  growPaths(path: number): void {
    const grow = (values: Float64Array): Float64Array<ArrayBuffer> => {
      const grown = new Float64Array(Math.max(path + 1, values.length * 2));
      grown.set(values);
      return grown;
    };
    this.pathPackets = grow(this.pathPackets);
    this.pathBytes = grow(this.pathBytes);
    this.pathLoosePackets = grow(this.pathLoosePackets);
    this.pathLooseBytes = grow(this.pathLooseBytes);
  }
}
