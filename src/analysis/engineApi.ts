/**
 * What the engine offers across a boundary: every method takes and returns plain, structured-cloneable values.
 * The host talks to the worker with it, the webview to the host, tests to both. `rpc.ts` carries it.
 */
import type { FieldNode } from '../pcap/fieldTree.ts';
import type { AllowRule } from './allowRules.ts';
import type { FileContents, FileRow, Service, TransferredFile } from './passRows.ts';
import type { GraphLine, GraphScale, GraphSeries } from './graphs.ts';
import type { HostStory } from './hostStory.ts';
import type { Inventory } from './inventory.ts';
import type { ConversationLayer, Conversation, Endpoint, Finding, Report, Severity, Timestamp } from './report.ts';

import type { TcpGraph } from './tcpGraph.ts';

export { failedConnections, waysOfFailing } from './passRows.ts';
export type { FileContents, FileRow, Service, ServiceAnswer, ServiceOutcome, ServiceTimes, TransferredFile } from './passRows.ts';
export * from './tcpMarks.ts';
export type { FieldNode, GraphLine, GraphScale, GraphSeries, HostStory, TcpGraph };

/** What all views of one capture are looking at: one display filter and one time range. */
export interface Selection {
  /** Display filter in Wireshark's syntax; empty for everything. */
  readonly filter: string;
  /** Seconds since the capture's start time, half-open `[from, to)`; null for all of it. */
  readonly timeRange: { readonly from: number; readonly to: number } | null;
  /** Only the first so many frames, as if no more had been read: who has paused a growing capture sees no newer ones. Absent for all. */
  readonly frames?: number;
  /** The filter compares what those are told from whom secrets are hidden: it would tell them otherwise, letter by letter. */
  readonly hidesSecrets?: true;
}

export const EVERYTHING: Selection = { filter: '', timeRange: null };

export interface Progress {
  readonly phase: 'inflating' | 'reading' | 'filtering' | 'finding';
  readonly bytesDone: number;
  readonly bytesTotal: number;
  readonly packets: number;
}

/** A window on a longer list, after sorting and searching. */
export interface Page<Row> {
  readonly offset: number;
  readonly rows: readonly Row[];
  /** Rows that match the search. */
  readonly total: number;
  /** Rows before the search. */
  readonly totalUnfiltered: number;
}

export interface Sort {
  readonly column: string;
  readonly descending: boolean;
}

export interface TableQuery {
  readonly selection: Selection;
  readonly search: string;
  readonly sort: Sort | null;
  readonly offset: number;
  readonly limit: number;
}

export interface ConversationsQuery extends TableQuery {
  readonly layer: ConversationLayer;
}

export type EndpointsQuery = ConversationsQuery;

export interface PacketsQuery {
  readonly selection: Selection;
  /** Columns `number | time | source | destination | protocol | length`; null is file order. */
  readonly sort: Sort | null;
  readonly offset: number;
  readonly limit: number;
  /** Fields whose values the rows should hold, by name. */
  readonly fields?: readonly string[];
}

export interface ServicesPage extends Page<Service> {
  /** Sentences about what was not followed. */
  readonly limits: readonly string[];
}

export interface FilesPage extends Page<FileRow> {
  /** Sentences about what was not followed. */
  readonly limits: readonly string[];
}

/** One line of the packet list. All text is untrusted. */
export interface PacketRow {
  readonly frame: number;
  readonly time: Timestamp;
  /** Seconds since the first frame; null without time. */
  readonly relativeSeconds: number | null;
  readonly source: string;
  readonly destination: string;
  /** Upper-case name as Wireshark's Protocol column has it, `TCP`, `TLSv1.3`. */
  readonly protocol: string;
  readonly length: number;
  readonly info: string;
  /** Id of the innermost tcp/udp/ip conversation of the frame, for Follow Stream; null where there is none. */
  readonly flow: string | null;
  /** Highest severity of the findings this frame is evidence of. */
  readonly severity: Severity | null;
  readonly malformed: boolean;
  /** What it says in each of the fields that were asked for, all texts that differ. */
  readonly values?: readonly (readonly string[])[];
}

/** What to look for in the rows of a packet list, and from where. */
export interface PacketSearch {
  /** A text in the row, capitals or not; a display filter; or bytes, `47 45 54` or a text, wherever they stand in the frame. */
  readonly by: 'text' | 'filter' | 'bytes';
  readonly text: string;
  /** The frame to go on from; 0 for the beginning. */
  readonly from: number;
  readonly backwards: boolean;
}

export interface PacketFound {
  readonly frame: number;
  /** Its position in the list. */
  readonly index: number;
  /** Which of the matches in the list it is, from 1. */
  readonly place: number;
  readonly count: number;
}

/** A message of a protocol: the packet it is in, or that completes it. */
export interface MessageRow extends PacketRow {
  /** What it says in each column, all texts that differ. */
  readonly values: readonly (readonly string[])[];
}

export interface MessagesQuery extends Omit<PacketsQuery, 'fields'> {
  /** A name that filters know, `dns`. */
  readonly protocol: string;
}

export interface MessagesPage extends Page<MessageRow> {
  /** Titles of the columns of `values`; none where the info line says as much. */
  readonly columns: readonly string[];
  /** Display filter that selects these messages, without the selection's own. */
  readonly filter: string;
}

export interface PacketDetail {
  readonly row: PacketRow;
  readonly tree: readonly FieldNode[];
  /** The frame's captured bytes first, then what was reassembled from several frames. */
  readonly sources: readonly { readonly name: string; readonly bytes: Uint8Array }[];
}

export type FilterCheck =
  | { readonly ok: true; readonly fields: readonly string[] }
  /** `column` counts characters from 0; `length` is at least 1. */
  | { readonly ok: false; readonly message: string; readonly column: number; readonly length: number };

export interface FilterCompletion {
  readonly name: string;
  readonly label: string;
  readonly type: string;
}

export interface StreamQuery {
  /** Conversation id, `tcp:3` or `udp:0`. */
  readonly flow: string;
  /** Skip this many chunks. */
  readonly offset: number;
  /** At most this many bytes of payload are returned. */
  readonly maxBytes: number;
  /** The bytes that were sent, where keys open what they carried. */
  readonly asSent?: boolean;
}

export interface StreamChunk {
  readonly frame: number;
  readonly direction: 'a-to-b' | 'b-to-a';
  readonly time: Timestamp;
  readonly bytes: Uint8Array;
  /** Bytes known to be missing right before this chunk. */
  readonly missingBefore: number;
}

export interface StreamPage {
  readonly conversation: Conversation;
  /** What TLS carried, opened with keys, instead of what was sent. */
  readonly isOpened: boolean;
  readonly chunks: readonly StreamChunk[];
  readonly nextOffset: number | null;
  readonly bytesAToB: number;
  readonly bytesBToA: number;
}

/** Opening one capture: by path in Node, by bytes where the file system is not ours, several files of one recording together. */
export type CaptureLocation =
  | { readonly kind: 'path'; readonly path: string }
  | { readonly kind: 'bytes'; readonly name: string; readonly bytes: Uint8Array }
  /** The files of one recording as one capture; in the order of their first packets, whatever the order here. */
  | { readonly kind: 'together'; readonly paths: readonly string[] };

/** The last part of a path, however its system separates them. */
export const baseName = (path: string): string => path.slice(Math.max(path.lastIndexOf('/'), path.lastIndexOf('\\')) + 1);

/** What a person calls it: the name of its file, or of its first file and how many there are. */
export function locationName(location: CaptureLocation): string {
  switch (location.kind) {
    case 'path':
      return baseName(location.path);
    case 'bytes':
      return location.name;
    case 'together':
      return joinedName(location.paths.map(baseName));
  }
}

/** `capture_20261123_022453_00001.pcap and 2 more`. */
export function joinedName(names: readonly string[]): string {
  return names.length < 2 ? (names[0] ?? '') : `${names[0] ?? ''} and ${names.length - 1} more`;
}

export interface ExportRequest {
  readonly selection: Selection;
  readonly format: 'json' | 'markdown' | 'csv' | 'text' | 'html' | 'sarif';
}

/** A format of reports as people choose it. */
export interface ExportFormat {
  readonly id: ExportRequest['format'];
  readonly label: string;
  /** What it is good for, a few words. */
  readonly description: string;
  /** Of the file, without a dot. */
  readonly extension: string;
}

/** A capture file in memory. */
export interface SavedPackets {
  readonly bytes: Uint8Array;
  readonly packets: number;
  readonly extension: 'pcap' | 'pcapng';
}

/** What was found of the user's own lists, `.netsec/intel`. */
export interface ListsRead {
  readonly files: number;
  readonly entries: number;
  /** Sentences about lines and files that could not be read. */
  readonly problems: readonly string[];
}

/** Method name -> [parameters, result]. One entry is one RPC; a session is one opened capture. */
export interface EngineMethods {
  /** The Report of what has been read so far, under a selection; lists are cut to `limit` rows. */
  report: [{ readonly selection: Selection; readonly limit: number }, Report];
  conversations: [ConversationsQuery, Page<Conversation>];
  /** Those with these ids, `tcp:3`, in this order. */
  conversationsById: [{ readonly selection: Selection; readonly ids: readonly string[] }, readonly Conversation[]];
  endpoints: [EndpointsQuery, Page<Endpoint>];
  /** How services answer, in a pass over the selection that is made when it is asked for first. */
  services: [TableQuery, ServicesPage];
  /** One line of a graph over time, in a pass over the selection that is made when it is asked for first. Throws for a filter or field that is none. */
  graph: [GraphScale & { readonly selection: Selection; readonly series: GraphSeries }, GraphLine];
  /** What the segments of a TCP conversation say, for graphs; null where there is no such conversation. */
  tcpGraph: [{ readonly flow: string }, TcpGraph | null];
  /** What hosts asked for and said of themselves, in a pass over the selection that is made when it is asked for first. */
  inventory: [{ readonly selection: Selection }, Inventory];
  /** The files that were transferred, in a pass over the selection that is made when they are asked for first. */
  files: [TableQuery, FilesPage];
  /** Those of the files that these conversations carried. */
  carriedFiles: [{ readonly selection: Selection; readonly flows: readonly string[] }, readonly FileRow[]];
  /** What these files hold, with zeros where bytes are missing; those that together do not fit in `maxBytes` are not there. */
  fileContents: [{ readonly selection: Selection; readonly ids: readonly string[]; readonly maxBytes: number }, readonly FileContents[]];
  /** The story of one address under a selection, lists cut to `limit` rows; null where it has no packets there. Throws for what is no address. */
  host: [{ readonly address: string; readonly selection: Selection; readonly limit: number }, HostStory | null];
  packets: [PacketsQuery, Page<PacketRow>];
  /** The messages of one protocol in the columns that tell most of it. Throws for a name that filters do not know. */
  messages: [MessagesQuery, MessagesPage];
  /** Position of a frame in the list a query describes, or -1. */
  indexOfFrame: [{ readonly selection: Selection; readonly sort: Sort | null; readonly frame: number }, number];
  /** The next packet of a list that matches, around its ends; null where none does. Throws what is wrong with what is looked for. */
  findPacket: [{ readonly selection: Selection; readonly sort: Sort | null; readonly search: PacketSearch }, PacketFound | null];
  packet: [{ readonly frame: number }, PacketDetail | null];
  checkFilter: [{ readonly text: string }, FilterCheck];
  completeFilter: [{ readonly text: string; readonly cursor: number }, { readonly from: number; readonly items: readonly FilterCompletion[] }];
  followStream: [StreamQuery, StreamPage | null];
  /** The formats of `exportReport`. */
  exportFormats: [null, readonly ExportFormat[]];
  /** Holds the SHA-256 of the file where that can be read. */
  exportReport: [ExportRequest, string];
  /** Judges everything again under this allow-list, without reading; an `updated` event follows. */
  setAllowRules: [{ readonly rules: readonly AllowRule[] }, null];
  /**
   * What-if: thresholds by detector id, instead of the settings'; `{}` for the defaults, null for the settings again. Judged from what was collected.
   * `needsReading` names what takes effect only when the capture is opened anew, `port-scan.windowHours`. An `updated` event follows.
   */
  setDetectorOptions: [{ readonly values: Readonly<Record<string, unknown>> | null }, { readonly needsReading: readonly string[] }];
  /**
   * Looks for the user's own lists again, where the session reads them from a folder; where they changed, the capture is read again under them, which an
   * `updated` event ends. Until then the old results hold.
   */
  rereadLists: [null, ListsRead];
  /** The selected packets as a pcap file (nanosecond, or pcapng when link types differ); at most `maxBytes`, else an error that says so. */
  savePackets: [{ readonly selection: Selection; readonly maxBytes: number }, SavedPackets];
  /** The packets that the findings under a selection name as evidence, at most 100 of each, in the same way. */
  saveEvidence: [{ readonly selection: Selection; readonly maxBytes: number }, SavedPackets];
}

/** What a session tells without being asked. */
export type EngineEvent =
  | { readonly kind: 'progress'; readonly progress: Progress }
  /** New packets were read; views ask again. `complete`: all of the file as it is now. */
  | { readonly kind: 'updated'; readonly packets: number; readonly complete: boolean }
  /** The file was replaced or cut while it was open: all is read anew, and frame numbers mean other packets. One sentence for a person. */
  | { readonly kind: 'restarted'; readonly message: string }
  /** The file was deleted or moved while it was open, in one sentence for a person; null once it is there again. What was read of it holds. */
  | { readonly kind: 'gone'; readonly message: string | null }
  /** The file cannot be read at all; one sentence for a person. */
  | { readonly kind: 'failed'; readonly message: string };

/** The session as callers see it, whatever carries it. */
export interface EngineSession {
  call<M extends keyof EngineMethods>(method: M, params: EngineMethods[M][0], signal?: AbortSignal): Promise<EngineMethods[M][1]>;
  onEvent(listener: (event: EngineEvent) => void): () => void;
  dispose(): void;
}

/** What the editor's page asks of its host beside the engine's own methods. */
export interface HostMethods {
  /** Opens the save dialog and writes text or bytes; false when the user cancels. */
  saveFile: [{ readonly suggestedName: string; readonly content: string | Uint8Array }, boolean];
  copyText: [{ readonly text: string }, null];
  /** Asks the user what of it is expected and why, then keeps the rule in `.netsec/allow.yaml`; false when the user cancels. */
  markExpected: [{ readonly finding: Pick<Finding, 'detector' | 'subjects' | 'parts'> }, boolean];
  /** Takes a rule out of `.netsec/allow.yaml`. */
  unmarkExpected: [{ readonly rule: string }, null];
  /** Opens Chat with `@netsec` and this question typed in. */
  askNetsec: [{ readonly question: string }, null];
  /** Runs the palette's Export Report for this capture. */
  exportReport: [{ readonly selection: Selection }, null];
  /** Save Filtered Packets: asks where, then writes a capture file. */
  savePackets: [{ readonly selection: Selection }, null];
  /** Saves files that were transferred: one under a name that is asked for, several into a folder. Warns of what can run. */
  saveTransferred: [{ readonly files: readonly TransferredFile[] }, null];
  /** Keeps the page's state across reloads of the window (size-limited, plain JSON). */
  saveState: [{ readonly state: unknown }, null];
}

/** What the page is told at the start; `state` is what it saved last. */
export interface PageStart {
  readonly fileName: string;
  readonly fileBytes: number;
  readonly state: unknown;
  /** BCP 47 language for numbers and dates, VS Code's display language. */
  readonly locale: string;
  readonly settings: { readonly colorPackets: boolean };
}

/** Commands the host gives the page. */
export type PageCommand =
  | { readonly kind: 'show'; readonly view: string }
  | { readonly kind: 'goToPacket'; readonly frame: number }
  | { readonly kind: 'showFinding'; readonly id: string }
  | { readonly kind: 'showHost'; readonly address: string }
  | { readonly kind: 'showFlow'; readonly id: string }
  | { readonly kind: 'setFilter'; readonly filter: string }
  | { readonly kind: 'togglePause' }
  /** To look for something: where the reader is, else in the packets. */
  | { readonly kind: 'find' }
  | { readonly kind: 'findNext'; readonly backwards: boolean }
  /** Run from the palette: the page calls the host's method of this name with what it is showing. */
  | { readonly kind: 'exportReport' | 'savePackets' };

/** What the page hears from its host. A command is sent again, under the same number, until the page has said `followed`. */
export type HostEvent =
  | EngineEvent
  | { readonly kind: 'start'; readonly start: PageStart }
  | { readonly kind: 'command'; readonly number: number; readonly command: PageCommand };

/** What the page says without being asked: that it listens (it is answered with `start`), and which command it has followed. */
export type PageSaying = { readonly kind: 'ready' } | { readonly kind: 'followed'; readonly number: number };
