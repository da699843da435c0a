/** The TCP half of the graphs view: which conversation, which direction, which chart, and what its colours mean. */
import { html, nothing, type TemplateResult } from 'lit';
import { EVERYTHING, type TcpGraph } from '../../src/analysis/engineApi.ts';
import type { Conversation } from '../../src/analysis/report.ts';
import '../components/tcpGraph.ts';
import { emptyState, icon, segments, skeleton } from '../components/bits.ts';
import type { TcpChart, TcpGraphConfig } from '../components/tcpGraph.ts';
import type { TimeRange } from '../components/timeSurface.ts';
import { formatBytes, formatDuration, plural } from '../format.ts';
import type { Store } from '../store.ts';

export interface RememberedTcp {
  /** `tcp:3`; empty for the largest. */
  readonly flow: string;
  readonly chart: TcpChart;
  /** Which of the two sends; empty for the one that sends more. */
  readonly sender: 'a' | 'b' | '';
}

export const TCP_DEFAULTS: RememberedTcp = { flow: '', chart: 'sequence', sender: '' };
/** Conversations that are offered, the largest. */
const OFFERED = 200;

const CHARTS: readonly { readonly id: TcpChart; readonly title: string }[] = [
  { id: 'sequence', title: 'Sequence numbers' },
  { id: 'roundTrip', title: 'Round trips' },
  { id: 'throughput', title: 'Throughput' },
  { id: 'window', title: 'Window' },
];

const LEGENDS: Readonly<Record<TcpChart, readonly (readonly [string, string])[]>> = {
  sequence: [
    ['s0', 'sent'],
    ['bad', 'sent again, out of order, or reset'],
    ['s1', 'acknowledged'],
    ['s4', 'may be sent'],
  ],
  roundTrip: [['s0', 'from a segment to its acknowledgment']],
  throughput: [['s0', 'bytes in a second, those sent again included']],
  window: [
    ['s0', 'bytes in flight'],
    ['s4', 'window of the receiver'],
    ['bad', 'closed'],
  ],
};

/** What was asked of the engine last. */
class Drawn {
  graph: TcpGraph | null = null;
  problem = '';
  loading = false;
  conversations: readonly Conversation[] = [];
  zoom: TimeRange | null = null;
  pending: TimeRange | null = null;
  #flow = '';
  #revision = -1;
  #listed = -1;
  #asking: AbortController | null = null;

  use(store: Store, flow: string): void {
    if (this.#listed !== store.revision) {
      this.#listed = store.revision;
      void this.#list(store);
    }
    // A conversation that grows faster than it is drawn is drawn again when what was asked for is there.
    if (flow === '' || (flow === this.#flow && (this.loading || this.#revision === store.revision))) return;
    if (flow !== this.#flow) this.zoom = this.pending = this.graph = null;
    this.#flow = flow;
    this.#revision = store.revision;
    this.#asking?.abort();
    this.#asking = new AbortController();
    void this.#ask(store, flow, this.#asking.signal);
  }

  async #list(store: Store): Promise<void> {
    try {
      const sort = { column: 'bytes', descending: true },
        selection = { ...EVERYTHING, ...(store.pausing.frames === null ? {} : { frames: store.pausing.frames }) },
        page = await store.engine.call('conversations', { layer: 'tcp', selection, search: '', sort, offset: 0, limit: OFFERED });
      this.conversations = page.rows;
    } catch (error) {
      this.problem = error instanceof Error ? error.message : String(error);
    }
    store.changed();
  }

  async #ask(store: Store, flow: string, signal: AbortSignal): Promise<void> {
    this.loading = true;
    this.problem = '';
    try {
      this.graph = await store.engine.call('tcpGraph', { flow }, signal);
      if (this.graph === null) this.problem = 'This capture has no such conversation.';
    } catch (error) {
      if (signal.aborted) return;
      this.problem = error instanceof Error ? error.message : String(error);
    }
    this.loading = false;
    store.changed();
  }
}

let drawn: Drawn | null = null;

const end = (address: string, port: number | null): string =>
  port === null ? address : address.includes(':') ? `[${address}]:${port}` : `${address}:${port}`;
const nameOf = ({ a, aPort, b, bPort }: Conversation): string => `${end(a, aPort)} → ${end(b, bPort)}`;

export function tcpGraph(store: Store, state: RememberedTcp): TemplateResult {
  const known = (drawn ??= new Drawn()),
    flow = state.flow === '' ? (known.conversations[0]?.id ?? '') : state.flow;
  known.use(store, flow);
  const { graph, conversations } = known;
  if (flow === '')
    return (store.report?.totals['conversations.tcp'] ?? 0) === 0 && store.complete
      ? emptyState('No TCP here.', 'This capture holds no TCP conversation.')
      : html`<div class="page" aria-busy="true">${skeleton(90, 80, 85)}</div>`;
  // What was kept may be of another version.
  const kind = Object.hasOwn(LEGENDS, state.chart) ? state.chart : TCP_DEFAULTS.chart,
    conversation = graph?.conversation ?? conversations.find(({ id }) => id === flow),
    sender = state.sender !== '' ? state.sender : (conversation?.bytesBToA ?? 0) > (conversation?.bytesAToB ?? 0) ? 'b' : 'a';
  return html`<div class="sub wrap">
      <label class="pick long"
        >Conversation
        <select
          data-testid="tcp-flow"
          @change=${(event: Event) => store.remember('graphs', { flow: (event.target as HTMLSelectElement).value, sender: '' })}
        >
          ${conversation === undefined || conversations.some(({ id }) => id === flow) ? nothing : html`<option value=${flow} selected>${nameOf(conversation)}</option>`}
          ${conversations.map((one) => html`<option value=${one.id} ?selected=${one.id === flow}>${nameOf(one)}, ${formatBytes(one.bytesAToB + one.bytesBToA)}</option>`)}
        </select></label
      >
      ${segments('Chart', CHARTS, kind, (chart) => store.remember('graphs', { chart }), 'tcp-chart')}
      ${
        conversation === undefined
          ? nothing
          : segments(
              'Whose bytes',
              [
                { id: 'a', title: html`${conversation.a} sends` },
                { id: 'b', title: html`${conversation.b} sends` },
              ],
              sender,
              (id) => store.remember('graphs', { sender: id }),
              'tcp-sender',
            )
      }
      <span class="sp"></span>
      ${conversation === undefined ? nothing : html`<button class="btn" @click=${() => store.go({ stream: flow })}>${icon('arrow-swap')}Follow stream</button>`}
    </div>
    ${graph === null ? waiting(known) : chart(store, known, graph, kind, sender)}`;
}

function waiting({ problem, loading }: Drawn): TemplateResult {
  return problem !== '' && !loading
    ? emptyState('It cannot be drawn.', problem)
    : html`<div class="graph" aria-busy="true">${skeleton(60, 90, 75)}</div>`;
}

function chart(store: Store, known: Drawn, graph: TcpGraph, kind: TcpChart, sender: 'a' | 'b'): TemplateResult {
  const { a, b } = graph.conversation,
    times = graph.seconds.filter((seconds) => !Number.isNaN(seconds)),
    from = times[0] ?? 0,
    to = times.reduce((last, seconds) => Math.max(last, seconds), from),
    all: TimeRange = { from, to: Math.max(to, from + 1e-6) };
  const apply = (): void => {
    known.zoom = known.pending ?? known.zoom;
    known.pending = null;
    store.changed();
  };
  const config: TcpGraphConfig = {
    label: `${CHARTS.find(({ id }) => id === kind)?.title ?? ''} of what ${sender === 'a' ? a : b} sends to ${sender === 'a' ? b : a}`,
    start: store.whole?.capture.startTime ?? null,
    domain: known.zoom ?? all,
    applied: null,
    pending: known.pending,
    graph,
    chart: kind,
    isFromB: sender === 'b',
    onPending: (range) => {
      known.pending = range;
      store.changed();
    },
    onApply: apply,
    onFrame: (frame) => store.showPacket(frame),
  };
  const { pending, zoom } = known;
  return html`<div class="sub wrap low">
      <span class="leg">${LEGENDS[kind].map(([color, words]) => html`<span class="nw"><span class="key ${color}"></span>${words}</span>`)}</span>
      <span class="sp"></span>
      ${
        pending === null
          ? html`<span class="muted">${plural(graph.frames.length, 'segment')}, ${formatDuration((zoom ?? all).to - (zoom ?? all).from)}</span>`
          : html`<button class="lk nw" data-testid="tcp-zoom" @click=${apply}>Zoom into ${formatDuration(pending.to - pending.from)}</button>`
      }
      ${
        zoom === null
          ? nothing
          : html`<button
              class="lk nw"
              data-testid="tcp-unzoom"
              @click=${() => {
                known.zoom = null;
                store.changed();
              }}
            >
              Show all of it
            </button>`
      }
    </div>
    <netsec-tcp-graph class="tl graph" data-testid="tcp-graph" .config=${config}></netsec-tcp-graph>
    ${graph.limits.length === 0 ? nothing : html`<p class="tablenotes muted">${graph.limits.join(' ')}</p>`}`;
}
