/**
 * One opened capture and everything asked of it. The first pass runs once; see SelectionViews for filters and time ranges. Independent of threads: the
 * worker and the command line both hold one.
 */
import type { ByteSource } from '../pcap/byteSource.ts';
import type { CaptureFormat } from '../pcap/captureFormat.ts';
import { Analysis } from './analyze.ts';
import { carriedFiles } from './carriedFiles.ts';
import { conversationRow, conversationTable } from './conversations.ts';
import { detectorsWithDefaults, optionsInForce } from './detectorOptions.ts';
import type { EngineEvent, EngineMethods, PacketsQuery, Progress, Selection } from './engineApi.ts';
import { evidenceFrames } from './evidenceFrames.ts';
import { reportExports, writeReport } from './exports/writeReport.ts';
import { checkFilter, completeFilter, within } from './filtering.ts';
import type { Judging } from './findings.ts';
import { followOpened, followStream } from './followStream.ts';
import { HOST_MESSAGES, HostFacts, LINKING_MESSAGES } from './hostFacts.ts';
import { hostFilter } from './hostFilter.ts';
import { hostStory, type HostStory } from './hostStory.ts';
import type { IntelEntry } from './intelEntries.ts';
import { judge, makeReport, type CaptureFile } from './makeReport.ts';
import { narrowFindings } from './narrowFindings.ts';
import type { PacketIndex } from './packetIndex.ts';
import { PacketRows } from './packetRows.ts';
import { CONVERSATION_LAYERS, type ConversationLayer, type Report } from './report.ts';
import { cancellable, type Handlers } from './rpc.ts';
import { PacketSearches } from './packetSearch.ts';
import { savePackets } from './savePackets.ts';
import { filesPage, servicesPage } from './tableQueries.ts';
import { tcpGraph } from './tcpGraph.ts';
import { SelectionViews, UPDATE_INTERVAL_MS } from './selectionViews.ts';
import { messagesFilter, tellingFields, type TellingField } from './tellingFields.ts';

const MAX_PAGE = 2000;
/** Conversations of one host that its story is made of; the largest. */
const MOST_OF_HOST = 10_000;

export interface SessionOptions {
  readonly version: string;
  readonly detectorOptions?: Readonly<Record<string, unknown>>;
  /** False for one that nobody asks for findings: reading takes a third of the time without detectors. */
  readonly judges?: boolean;
  /** Entries of the user's own lists. */
  readonly intel?: readonly IntelEntry[];
  readonly emit: (event: EngineEvent) => void;
  /** SHA-256 of the file's first `bytes` bytes, where there is a way to compute it. */
  readonly hash?: (bytes: number) => Promise<string | null>;
}

export class CaptureSession {
  readonly #source: ByteSource;
  readonly #format: CaptureFormat;
  readonly #file: CaptureFile;
  readonly #options: SessionOptions;
  readonly #analysis: Analysis;
  readonly #index: PacketIndex;
  readonly #rows: PacketRows;
  readonly #views: SelectionViews;
  readonly #searches = new PacketSearches();
  #judging: Judging = {};
  #isComplete = false;
  #framesTold = -1;
  /** Of the file when it had `bytes` bytes. */
  #hashed: { readonly bytes: number; readonly sha256: Promise<string | null> } | null = null;
  #sha256: { readonly bytes: number; readonly value: string | null } | null = null;

  constructor(source: ByteSource, format: CaptureFormat, file: CaptureFile, options: SessionOptions) {
    this.#source = source;
    this.#format = format;
    this.#file = file;
    this.#options = options;
    const judgedBy = { detectors: options.judges === false ? [] : detectorsWithDefaults(options.detectorOptions), intel: options.intel };
    this.#analysis = new Analysis(source, format, { index: true, services: true, ...judgedBy });
    this.#index = this.#analysis.index!;
    this.#views = new SelectionViews(source, format, this.#analysis, this.#index, {
      judgedBy,
      onProgress: this.#teller('filtering'),
    });
    this.#rows = new PacketRows(this.#analysis, this.#index);
  }

  /** Reads on to the current end of the file, telling of progress. Throws when aborted; what was read before stays. */
  async read(signal?: AbortSignal): Promise<void> {
    let toldAt = -Infinity;
    const { emit } = this.#options;
    await this.#analysis.advance({
      signal,
      onProgress: (bytesDone, bytesTotal) => {
        const now = performance.now();
        if (now - toldAt < UPDATE_INTERVAL_MS) return;
        toldAt = now;
        emit({ kind: 'progress', progress: { phase: 'reading', bytesDone, bytesTotal, packets: this.#analysis.frames } });
        this.#tell(false);
      },
    });
    this.#tell(true);
  }

  /** Tells how far a pass is, not at every step. */
  #teller(phase: Progress['phase']): (bytesDone: number, bytesTotal: number) => void {
    let toldAt = performance.now();
    return (bytesDone, bytesTotal) => {
      const now = performance.now();
      if (now - toldAt < UPDATE_INTERVAL_MS) return;
      toldAt = now;
      this.#options.emit({ kind: 'progress', progress: { phase, bytesDone, bytesTotal, packets: this.#analysis.frames } });
    };
  }

  /** Gives up every pass that is under way: nobody waits for it any more. Calls that do fail as cancelled. */
  stop(): void {
    this.#views.stop();
  }

  /** Says once more how much was read: views that knew another session ask again. */
  tellAgain(): void {
    this.#options.emit({ kind: 'updated', packets: this.#analysis.frames, complete: this.#isComplete });
  }

  /** Judges as the other does: it takes its place. */
  judgeLike(other: CaptureSession): void {
    this.#judging = other.#judging;
  }

  /** Computes the SHA-256 of the file as it is now, once; reports made from then on hold it. Takes a second reading, so nothing waits for it but exports. */
  async hash(): Promise<void> {
    const bytes = this.#fileBytes(),
      { hash } = this.#options;
    if (hash === undefined || this.#sha256?.bytes === bytes) return;
    if (this.#hashed?.bytes !== bytes) this.#hashed = { bytes, sha256: hash(bytes).catch(() => null) };
    const value = await this.#hashed.sha256;
    if (this.#sha256?.bytes === bytes) return;
    this.#sha256 = { bytes, value };
    this.#views.forgetReports();
  }

  #fileBytes(): number {
    return this.#file.compression === null ? this.#source.size : this.#file.fileBytes;
  }

  #tell(complete: boolean): void {
    const packets = this.#analysis.frames;
    if (packets === this.#framesTold && !complete) return;
    this.#framesTold = packets;
    // Whether there is an all-clear depends on it.
    if (complete !== this.#isComplete) this.#views.forgetReports();
    this.#isComplete = complete;
    this.#options.emit({ kind: 'updated', packets, complete });
  }

  /** The calls of the engine; see EngineMethods. */
  readonly handlers: Handlers<EngineMethods> = {
    report: ({ selection, limit }) => this.#report(selection, limit),
    conversations: async (query) => (await this.#views.of(query.selection)).tables.conversations(query),
    conversationsById: async ({ selection, ids }) => (await this.#views.of(selection)).tables.conversationsById(ids),
    endpoints: async (query) => (await this.#views.of(query.selection)).tables.endpoints(query),
    services: async (query) => servicesPage(await this.#views.services(query.selection), query),
    inventory: ({ selection }) => this.#views.inventory(selection),
    files: async (query) => filesPage(await this.#views.files(query.selection), query),
    carriedFiles: async ({ selection, flows }) => {
      const [{ tables }, { files }] = await Promise.all([this.#views.of(selection), this.#views.files(selection)]);
      return carriedFiles(tables.conversationsById(flows), files);
    },
    graph: ({ selection, series, ...scale }) => this.#views.graph(selection, series, scale),
    tcpGraph: async ({ flow }, signal) => {
      const row = /^tcp:\d+$/.test(flow) ? Number(flow.slice(4)) : NaN,
        table = conversationTable(this.#analysis.state, 'tcp');
      return row < table.count ? tcpGraph(this.#rows.source(), table.flows[row]!, conversationRow(this.#analysis.state, table, row), signal) : null;
    },
    fileContents: ({ selection, ids, maxBytes }, signal) => this.#views.fileContents(selection, ids, maxBytes, signal),
    host: async ({ address, selection, limit }, signal) => this.#host(address, selection, limit, signal),
    packets: async ({ fields = [], ...query }, signal) => {
      const { frames, ...page } = await this.#pageOf(query),
        columns = fields.map((name): TellingField => ({ title: name, names: [name] }));
      return { ...page, rows: await (columns.length === 0 ? this.#rows.rows(frames, signal) : this.#rows.messages(columns, frames, signal)) };
    },
    messages: async ({ protocol, ...query }, signal) => {
      const filter = messagesFilter(protocol),
        telling = tellingFields(protocol),
        { frames, ...page } = await this.#pageOf({ ...query, selection: within(query.selection, filter) });
      return { ...page, rows: await this.#rows.messages(telling, frames, signal), columns: telling.map(({ title }) => title), filter };
    },
    indexOfFrame: async ({ selection, sort, frame }) => {
      const order = await this.#views.order(selection, sort);
      if (order === null) return frame >= 1 && frame <= this.#views.framesOf(selection) ? frame - 1 : -1;
      return order.indexOf(frame);
    },
    findPacket: async ({ selection, sort, search }, signal) => {
      const frames = this.#views.framesOf(selection),
        list = { source: this.#views.readSoFar(frames), format: this.#format, frames, order: await this.#views.order(selection, sort) };
      return this.#searches.find(list, search, { signal, onProgress: this.#teller('finding') });
    },
    packet: ({ frame }) => this.#rows.detail(frame),
    checkFilter: ({ text }) => checkFilter(text),
    completeFilter: ({ text, cursor }) => completeFilter(text, cursor),
    followStream: async ({ flow, offset, maxBytes, asSent }, signal) => {
      const [layer, number] = flow.split(':'),
        row = Number(number),
        { state } = this.#analysis;
      if (!CONVERSATION_LAYERS.includes(layer as ConversationLayer) || !(layer === 'tcp' || layer === 'udp' || layer === 'sctp')) return null;
      const table = conversationTable(state, layer);
      if (!Number.isInteger(row) || row < 0 || row >= table.count) return null;
      const request = { flow: table.flows[row]!, conversation: conversationRow(state, table, row), offset, maxBytes };
      return state.openedFlows.has(request.flow) && asSent !== true
        ? followOpened(this.#rows.source(), request, signal)
        : followStream(this.#analysis.scan, this.#index, request, signal);
    },
    // They were given to it; whoever reads them from a folder makes another session.
    rereadLists: () => ({ files: 0, entries: this.#options.intel?.length ?? 0, problems: [] }),
    setAllowRules: ({ rules }) => {
      this.#judging = { ...this.#judging, allow: rules };
      this.#judgeAgain();
      return null;
    },
    setDetectorOptions: ({ values }) => {
      this.#judging = { ...this.#judging, detectorOptions: values ?? undefined };
      this.#judgeAgain();
      return {
        needsReading: this.#analysis.detectors.flatMap((running) =>
          optionsInForce(running, this.#judging.detectorOptions).needsReading.map((name) => `${running.detector.id}.${name}`),
        ),
      };
    },
    exportFormats: () => reportExports.map(({ id, label, description, extension }) => ({ id, label, description, extension })),
    exportReport: async ({ selection, format }) => {
      await this.hash();
      return writeReport(await this.#report(selection, Infinity), format);
    },
    savePackets: async ({ selection, maxBytes }, signal) => {
      return savePackets(this.#analysis, this.#index, this.#views.numbersOf(await this.#views.chosen(selection), selection), maxBytes, signal);
    },
    saveEvidence: async ({ selection, maxBytes }, signal) => {
      const { findings } = await this.#report(selection, Infinity);
      return savePackets(this.#analysis, this.#index, evidenceFrames(findings), maxBytes, signal);
    },
  };

  async #pageOf({
    selection,
    sort,
    offset,
    limit,
  }: PacketsQuery): Promise<{ frames: number[]; offset: number; total: number; totalUnfiltered: number }> {
    const order = await this.#views.order(selection, sort),
      all = this.#views.framesOf(selection),
      total = order?.length ?? all;
    const from = Math.max(0, Math.floor(offset)),
      to = Math.min(total, from + Math.min(MAX_PAGE, Math.max(0, Math.floor(limit))));
    return {
      frames: Array.from({ length: Math.max(0, to - from) }, (_, i) => (order === null ? from + i + 1 : order[from + i]!)),
      offset: from,
      total,
      totalUnfiltered: all,
    };
  }

  /** Whether the file is being written: then an incomplete record at its end is no damage. */
  set isGrowing(value: boolean) {
    const before = this.#analysis.damage;
    this.#analysis.isGrowing = value;
    if (this.#analysis.damage !== before) this.#judgeAgain();
  }

  /** The analyses stay; the reports made of them do not. */
  #judgeAgain(): void {
    this.#views.forgetReports();
    this.tellAgain();
  }

  async #report(selection: Selection, limit: number): Promise<Report> {
    const view = await this.#views.of(selection),
      whole = view.selection === null ? view : await this.#views.of({ ...selection, filter: '', timeRange: null });
    let report = view.reports.get(limit);
    if (report === undefined) {
      const fileBytes = this.#fileBytes(),
        sha256 = this.#sha256?.bytes === fileBytes ? this.#sha256.value : null,
        file = { ...this.#file, fileBytes, sha256 },
        judging = { ...this.#judging, unread: this.#isComplete ? undefined : 'the capture has not been read to its end' };
      whole.judgement ??= judge(whole.analysis, file, judging);
      const { analysis: by, judgement: all } = whole,
        judgement = view.selection === null ? all : narrowFindings(all, view.selection, view.analysis.state);
      report = makeReport(view.analysis, file, { version: this.#options.version, limit, judging, judged: { by, judgement } });
      view.reports.set(limit, report);
      if (view === whole) this.#rows.mark(all.findings);
    }
    return report;
  }

  async #host(address: string, selection: Selection, limit: number, signal: AbortSignal): Promise<HostStory | null> {
    const filter = hostFilter(address);
    if (filter === null) throw new Error(`${JSON.stringify(address.slice(0, 60))} is no IPv4, IPv6 or MAC address.`);
    const ofHost = within(selection, filter),
      [view, judged, own] = await Promise.all([this.#views.of(ofHost), this.#report(selection, Infinity), this.#report(ofHost, 0)]);
    const { tables } = view,
      frames = view.selection;
    if (own.capture.packets === 0 || frames === null) return null;
    // What it said of itself is heard in a pass of its own: only who looks at a host pays for it.
    let facts: HostFacts | undefined;
    const pass = new Analysis(this.#views.readSoFar(this.#views.framesOf(selection)), this.#format, {
      select: (frame) => frames.has(frame),
      listen: {
        messages: HOST_MESSAGES,
        to: (state) => {
          const collected = (facts = new HostFacts(address, state));
          return {
            onMessage: (message, flow, p) => {
              // Frames that say who has an address are not to or from it.
              if (frames.has(message.frame) || LINKING_MESSAGES.has(message.kind)) collected.onMessage(message, flow, p);
            },
          };
        },
      },
    });
    await cancellable(pass.advance({ signal }), signal);
    const layer = filter.slice(0, filter.indexOf('.')) as ConversationLayer,
      query = { selection, search: '', sort: null, offset: 0, limit: MOST_OF_HOST };
    return hostStory({
      address,
      filter,
      own,
      endpoint: tables.endpoints({ ...query, layer, search: address }).rows.filter((row) => row.address === address),
      between: tables.conversations({ ...query, layer }).rows,
      transports:
        layer === 'eth' ? [] : [...tables.conversations({ ...query, layer: 'tcp' }).rows, ...tables.conversations({ ...query, layer: 'udp' }).rows],
      facts: facts!,
      names: this.#analysis.state.names,
      judged,
      limit,
    });
  }
}
