/** Lines of the packet list and the details of one packet, made when somebody looks. */
import { addFrame } from '../pcap/frameFields.ts';
import { FieldTree, type FieldNode } from '../pcap/fieldTree.ts';
import type { Packet } from '../pcap/packet.ts';
import { columnAddresses, RowSink } from '../pcap/rowSink.ts';
import type { Analysis } from './analyze.ts';
import type { MessageRow, PacketDetail, PacketRow } from './engineApi.ts';
import { filterCatalog } from './filtering.ts';
import { replayFlow, type Related, type ReplaySource } from './flowReplay.ts';
import * as F from './flowTable.ts';
import { INDEX_HAS_TIME, INDEX_MALFORMED, type PacketIndex } from './packetIndex.ts';
import type { Finding, Severity } from './report.ts';
import { SEVERITIES } from './report.ts';
import type { TellingField } from './tellingFields.ts';
import { secondsBetween, timestamp } from './time.ts';

const MAX_CACHED_ROWS = 4000;

export class PacketRows {
  readonly #analysis: Analysis;
  readonly #index: PacketIndex;
  readonly #cache = new Map<number, PacketRow>();
  #ordinals: Int32Array = new Int32Array(0);
  #severities = new Map<number, Severity>();

  constructor(analysis: Analysis, index: PacketIndex) {
    this.#analysis = analysis;
    this.#index = index;
  }

  /** The findings have changed: rows are marked anew, but not by those that somebody expects. */
  mark(findings: readonly Finding[]): void {
    const severities = new Map<number, Severity>();
    for (const { evidence, severity, expected } of findings) {
      if (expected !== null) continue;
      for (const frame of evidence.frames)
        if (SEVERITIES.indexOf(severity) > SEVERITIES.indexOf(severities.get(frame) ?? 'info') || !severities.has(frame))
          severities.set(frame, severity);
    }
    this.#severities = severities;
    this.#cache.clear();
  }

  /** Rows of these frames, in their order. */
  async rows(frames: readonly number[], signal?: AbortSignal): Promise<PacketRow[]> {
    const sink = new RowSink();
    for (const [flow, list] of this.#byFlow(frames.filter((frame) => !this.#cache.has(frame)))) {
      await replayFlow(
        this.source(),
        flow,
        list,
        (p) => {
          sink.reset(p);
          return sink;
        },
        (p) => this.#remember(this.#row(p, sink.protocol, sink.text, flow)),
        signal,
      );
    }
    return frames.flatMap((frame) => this.#cache.get(frame) ?? []);
  }

  /** `rows` with what each frame says in these columns: frames are taken apart whole for it. */
  async messages(columns: readonly TellingField[], frames: readonly number[], signal?: AbortSignal): Promise<MessageRow[]> {
    const rows = new Map<number, MessageRow>();
    let tree: FieldTree | null = null;
    const related = columns.some(({ names }) => names.some(isToldLater)) ? 'later' : 'earlier';
    for (const [flow, list] of this.#byFlow(frames)) {
      await replayFlow(
        this.source(),
        flow,
        list,
        (p) => (tree = new FieldTree(p)),
        (p) => {
          if (tree !== null) rows.set(p.frame, { ...this.#row(p, tree.infoProtocol, tree.infoText, flow), values: valuesIn(tree.nodes, columns) });
        },
        signal,
        related,
      );
    }
    return frames.flatMap((frame) => rows.get(frame) ?? []);
  }

  /** Those of these frames that there are, ascending, by their flow: a conversation is walked through once. */
  #byFlow(frames: readonly number[]): ReadonlyMap<number, readonly number[]> {
    const byFlow = new Map<number, number[]>();
    for (const frame of frames) {
      if (frame < 1 || frame > this.#index.count) continue;
      const flow = this.#index.flow(frame - 1),
        list = byFlow.get(flow);
      if (list === undefined) byFlow.set(flow, [frame]);
      else list.push(frame);
    }
    for (const list of byFlow.values()) list.sort((a, b) => a - b);
    return byFlow;
  }

  /** Everything about one frame; null when there is no such frame. */
  async detail(frame: number): Promise<PacketDetail | null> {
    if (frame < 1 || frame > this.#index.count) return null;
    const flow = this.#index.flow(frame - 1),
      { state } = this.#analysis;
    const before = frame > 1 && (this.#index.flags(frame - 2) & INDEX_HAS_TIME) !== 0 ? this.#index.time(frame - 2) : NaN;
    let detail: PacketDetail | null = null,
      tree: FieldTree | null = null,
      asks = false;
    const take = async (related: Related): Promise<void> =>
      replayFlow(
        this.source(),
        flow,
        [frame],
        (p) => (tree = new FieldTree(p)),
        (p) => {
          if (tree === null) return;
          asks = p.exchanges.lastAsked === frame;
          const whole = Math.floor(before + state.firstNanoseconds / 1e9);
          addFrame(
            p,
            {
              firstSeconds: state.firstSeconds,
              firstNanoseconds: state.firstNanoseconds,
              previousSeconds: Number.isNaN(before) ? NaN : state.firstSeconds + whole,
              previousNanoseconds: Math.round((before + state.firstNanoseconds / 1e9 - whole) * 1e9),
              hasInterfaces: state.interfaces.length > 1 || state.interfaces[0]?.name != null,
            },
            tree,
          );
          const frameBytes = p.frameBytes.slice(p.start, p.end);
          detail = {
            row: this.#row(p, tree.infoProtocol, tree.infoText, flow),
            tree: tree.nodes,
            sources: [{ name: 'Frame', bytes: frameBytes }, ...p.sources.map(({ name, bytes }) => ({ name, bytes: bytes.slice() }))],
          };
        },
        undefined,
        related,
      );
    await take('earlier');
    // Where a question is answered is looked for behind it, of questions alone.
    if (asks) await take('later');
    return detail;
  }

  /** Id of the conversation of a flow row, for Follow Stream; null for flows without ports. */
  flowId(flow: number): string | null {
    if (flow < 0) return null;
    const protocol = this.#analysis.state.flows.ints[flow * F.INTS + F.META]! & F.META_PROTOCOL;
    const layer = protocol === F.PROTOCOL_TCP ? 'tcp' : protocol === F.PROTOCOL_UDP ? 'udp' : protocol === F.PROTOCOL_SCTP ? 'sctp' : null;
    return layer === null ? null : `${layer}:${this.#ordinal(flow)}`;
  }

  /** Number of a flow among those of its protocol, as conversations count. */
  #ordinal(flow: number): number {
    const { flows } = this.#analysis.state;
    if (flow >= this.#ordinals.length) {
      const ordinals = new Int32Array(flows.count),
        next = new Map<number, number>();
      for (let row = 0; row < flows.count; row++) {
        const protocol = flows.ints[row * F.INTS + F.META]! & F.META_PROTOCOL,
          ordinal = next.get(protocol) ?? 0;
        ordinals[row] = ordinal;
        next.set(protocol, ordinal + 1);
      }
      this.#ordinals = ordinals;
    }
    return this.#ordinals[flow] ?? -1;
  }

  /** What walking a flow once more needs. */
  source(): ReplaySource {
    const { state, scan } = this.#analysis;
    return {
      scan,
      index: this.#index,
      flows: state.flows,
      addresses: state.packet.ipv6,
      media: state.packet.media,
      ftpData: state.packet.ftpData,
      firstSeconds: state.firstSeconds,
      firstNanoseconds: state.firstNanoseconds,
      topProtocol: (frame) => state.tables.paths.topOf(this.#index.path(frame - 1))?.id,
      movedFrom: (flow) => state.movedFrom.get(flow),
      isOpened: (flow) => state.openedFlows.has(flow),
      streamNumber: (flow) => this.#ordinal(flow),
    };
  }

  #remember(row: PacketRow): void {
    if (this.#cache.size >= MAX_CACHED_ROWS) this.#cache.delete(this.#cache.keys().next().value ?? 0);
    this.#cache.set(row.frame, row);
  }

  #row(p: Packet, protocol: string, info: string, flow: number): PacketRow {
    const { state } = this.#analysis,
      { source, destination } = columnAddresses(p);
    const top = state.tables.paths.topOf(this.#index.path(p.frame - 1));
    return {
      frame: p.frame,
      time: p.hasTime ? timestamp(p.timeSeconds, p.timeNanoseconds) : null,
      relativeSeconds: p.hasTime ? secondsBetween(state.firstSeconds, state.firstNanoseconds, p.timeSeconds, p.timeNanoseconds) : null,
      source,
      destination,
      protocol: protocol === '' ? (top?.id ?? '').toUpperCase() : protocol,
      length: p.originalLength,
      info,
      flow: this.flowId(flow),
      severity: this.#severities.get(p.frame) ?? null,
      malformed: (this.#index.flags(p.frame - 1) & INDEX_MALFORMED) !== 0,
    };
  }
}

function isToldLater(name: string): boolean {
  return (
    filterCatalog()
      .find(name)
      ?.fields.some(({ related }) => related === 'later') === true
  );
}

/** An attacker's packet can say a field twenty thousand times; what is shown in one line is a few. */
const MOST_VALUES = 12,
  LONGEST_VALUE = 256;

/** What the tree says in each column. */
function valuesIn(tree: readonly FieldNode[], columns: readonly TellingField[]): (readonly string[])[] {
  const found = new Map<string, { readonly texts: string[]; readonly outermost: boolean; depth: number }>();
  for (const { names, outermost = false } of columns) for (const name of names) found.set(name, { texts: [], outermost, depth: Infinity });
  const visit = (nodes: readonly FieldNode[], depth: number): void => {
    for (const { name, text, children } of nodes) {
      const of = found.get(name);
      if (of !== undefined && text !== '' && !(of.outermost && depth > of.depth)) {
        if (of.outermost && depth < of.depth) of.texts.length = 0;
        of.depth = Math.min(of.depth, depth);
        const value = text.slice(0, LONGEST_VALUE);
        if (of.texts.length < MOST_VALUES && !of.texts.includes(value)) of.texts.push(value);
      }
      visit(children, depth + 1);
    }
  };
  visit(tree, 0);
  return columns.map(({ names, all = false, part, words = {} }) => {
    const said = names.map((name) => found.get(name)?.texts ?? []).filter((texts) => texts.length > 0),
      texts = all ? [...new Set(said.flat())] : (said[0] ?? []);
    return texts.map((text) => (Object.hasOwn(words, text) ? words[text]! : (part?.exec(text)?.[1] ?? text)));
  });
}
