/**
 * The one place where the page keeps what it knows and where the reader is: the capture's reports, one selection
 * (filter + time range) for all views, the open view, what each view remembers, and the way back.
 */
import { EVERYTHING, type GraphSeries, type PageStart, type Progress, type Selection } from '../src/analysis/engineApi.ts';
import type { Report } from '../src/analysis/report.ts';
import type { Engine, PageEvent } from './engine.ts';
import { formatCount, setLocale, setReach } from './format.ts';
import { pausedEngine, Pausing } from './pausing.ts';

/** Where the reader is; Back returns to the one before. */
export interface Place {
  readonly view: string;
  readonly selection: Selection;
  /** What each view remembers, plain JSON. */
  readonly views: Readonly<Record<string, unknown>>;
  /** Conversation whose stream is open beneath the view. */
  readonly stream: string | null;
}

const START: Place = { view: 'overview', selection: EVERYTHING, views: {}, stream: null };
/** Rows of each list in the report: enough for the overview, every finding, and the names of the busiest hosts. */
const REPORT_ROWS = 500;
const HISTORY = 50;

export interface Persistence {
  readonly load: () => unknown;
  readonly save: (state: unknown) => void;
}

export class Store {
  readonly engine: Engine;
  readonly pausing = new Pausing();
  start: PageStart | null = null;
  progress: Progress | null = null;
  complete = false;
  /** Why the file cannot be read, or no further. */
  failure: string | null = null;
  /** That the file is not there any more; what was read of it is. */
  gone: string | null = null;
  /** Everything read so far. */
  whole: Report | null = null;
  /** Under the selection; an older one while `busy`. */
  report: Report | null = null;
  /** Under the filter but over all of the time, for the chart one selects a range in. */
  overTime: Report | null = null;
  reportFailure: string | null = null;
  busy = false;
  place: Place = START;
  recentFilters: readonly string[] = [];
  /** Counts up when lists must be asked for again: more packets were read. */
  revision = 0;
  /** Said once by screen readers. */
  announcement = '';
  /** Shown for a moment, and said. */
  notice = '';
  private noticeTimer: ReturnType<typeof setTimeout> | undefined;
  private readonly history: Place[] = [];
  private readonly listeners = new Set<() => void>();
  private readonly persistence: Persistence;
  private loading: AbortController | null = null;
  private again = false;
  private scheduled = false;
  private saveTimer: ReturnType<typeof setTimeout> | undefined;

  constructor(engine: Engine, persistence: Persistence) {
    this.engine = pausedEngine(engine, this.pausing);
    this.persistence = persistence;
  }

  subscribe(listener: () => void): () => void {
    this.listeners.add(listener);
    return () => this.listeners.delete(listener);
  }

  /** Tells all views, once per microtask however often something changed. */
  changed(): void {
    if (this.scheduled) return;
    this.scheduled = true;
    queueMicrotask(() => {
      this.scheduled = false;
      for (const listener of this.listeners) listener();
    });
  }

  get selected(): boolean {
    return this.place.selection.filter !== '' || this.place.selection.timeRange !== null;
  }

  /** Nothing of it could be read; who read some and stopped has that. */
  get isUnreadable(): boolean {
    return this.failure !== null && this.pausing.packets === 0;
  }

  get canGoBack(): boolean {
    return this.history.length > 0;
  }

  say(text: string): void {
    this.notice = text;
    clearTimeout(this.noticeTimer);
    this.noticeTimer = setTimeout(() => {
      this.notice = '';
      this.changed();
    }, 5000);
    this.changed();
  }

  // Where the reader is

  go(change: Partial<Place>): void {
    const next = { ...this.place, ...change };
    this.history.push(this.place);
    if (this.history.length > HISTORY) this.history.shift();
    this.arrive(next);
  }

  back(): void {
    const previous = this.history.pop();
    if (previous !== undefined) this.arrive(previous);
  }

  private arrive(next: Place): void {
    const asked = next.selection !== this.place.selection;
    this.place = next;
    if (asked) {
      const { filter } = next.selection;
      if (filter !== '') this.recentFilters = [filter, ...this.recentFilters.filter((other) => other !== filter)].slice(0, 12);
      this.revision++;
      void this.load();
    }
    this.keep();
    this.changed();
  }

  select(change: Partial<Selection>, view = this.place.view): void {
    this.go({ selection: { ...this.place.selection, ...change }, view });
  }

  /** What a view remembers, with defaults for what is missing or of another kind (state may be from an older version). */
  remembered<T extends object>(view: string, defaults: T): T {
    const saved = this.place.views[view];
    if (typeof saved !== 'object' || saved === null) return defaults;
    const merged = { ...defaults } as Record<string, unknown>;
    for (const [key, value] of Object.entries(saved)) {
      const standard = merged[key];
      if (Object.hasOwn(merged, key) && (standard === null || (typeof value === typeof standard && value !== null))) merged[key] = value;
    }
    return merged as T;
  }

  /** Remembers without a step in the history: a sort, a width, a selected row. */
  remember(view: string, patch: object): void {
    this.place = { ...this.place, views: this.viewsWith(view, patch) };
    this.keep();
    this.changed();
  }

  viewsWith(view: string, patch: object): Place['views'] {
    const saved = this.place.views[view];
    return { ...this.place.views, [view]: { ...(typeof saved === 'object' ? saved : {}), ...patch } };
  }

  // What the host tells

  receive(event: PageEvent): void {
    switch (event.kind) {
      case 'start':
        this.start = event.start;
        setLocale(event.start.locale);
        this.restore(this.persistence.load() ?? event.start.state);
        // A page hidden right after a change had no time to tell its host; this one does.
        this.keep();
        void this.load();
        break;
      case 'progress':
        // Of a search it is told where one searches.
        if (this.pausing.frames === null && event.progress.phase !== 'finding') this.progress = event.progress;
        break;
      case 'updated':
        if (!this.pausing.told(event.packets, event.complete)) break;
        this.complete = event.complete;
        if (event.complete) {
          this.progress = null;
          this.announcement = `${formatCount(event.packets)} packets read`;
        }
        this.failure = null;
        this.revision++;
        void this.load();
        break;
      case 'restarted':
        this.complete = false;
        this.pausing.restarted();
        // The frame that was looked at is another one now, or none.
        this.place = { ...this.place, views: this.viewsWith('packets', { frame: 0 }) };
        this.say(event.message);
        break;
      case 'gone':
        this.gone = event.message;
        break;
      case 'failed':
        this.failure = event.message;
        this.progress = null;
        break;
      case 'show':
        this.go({ view: event.view });
        break;
      case 'goToPacket':
        this.showPacket(event.frame);
        break;
      case 'showFinding':
        this.showFinding(event.id);
        break;
      case 'showHost':
        this.go({ view: 'endpoints', views: this.viewsWith('endpoints', { host: event.address }) });
        break;
      case 'showFlow':
        this.showFlow(event.id);
        break;
      case 'setFilter':
        this.select({ filter: event.filter });
        break;
      case 'find':
      case 'findNext':
        // Where that is belongs to the page; see main.ts.
        break;
      case 'togglePause':
        if (this.pausing.grows) this.togglePause();
        else this.say('This capture has not grown since it was opened: there is nothing to pause.');
        break;
      case 'exportReport':
      case 'savePackets':
        this.engine.call(event.kind, { selection: this.place.selection }).catch((error: unknown) => this.say(String(error)));
        break;
    }
    this.changed();
  }

  /** The page stands still at what it shows, or follows again from what there is by now. */
  togglePause(): void {
    const { pausing } = this;
    pausing.frames = pausing.frames === null ? (this.whole?.capture.packets ?? pausing.packets) : null;
    this.announcement =
      pausing.frames === null
        ? `Following again, ${formatCount(pausing.packets)} packets`
        : `Paused at ${formatCount(pausing.frames)} packets. Recording and analysis go on.`;
    this.revision++;
    this.keep();
    void this.load();
    this.changed();
  }

  showPacket(frame: number): void {
    this.go({ view: 'packets', views: this.viewsWith('packets', { frame }) });
  }

  showFinding(id: string): void {
    this.go({ view: 'findings', views: this.viewsWith('findings', { chosen: id }) });
  }

  /** The table it stands in, and beneath it what was said, where that can be followed. */
  showFlow(id: string): void {
    const layer = id.slice(0, id.indexOf(':'));
    const stream = layer === 'tcp' || layer === 'udp' ? id : null;
    this.go({ view: 'conversations', views: this.viewsWith('conversations', { layer, search: '' }), stream });
  }

  /** A conversation in its table, chosen. */
  showConversation(id: string): void {
    this.go({ ...this.unfiltered('conversations', { layer: id.slice(0, id.indexOf(':')), chosen: id }), stream: null });
  }

  /** A file that was transferred, chosen in the list. */
  showFile(id: string): void {
    this.go(this.unfiltered('files', { chosen: id }));
  }

  /** A view of everything: a row that a link leads to must be there whatever is selected. Back has the selection. */
  private unfiltered(view: string, patch: object): Partial<Place> {
    return { view, selection: this.selected ? EVERYTHING : this.place.selection, views: this.viewsWith(view, { search: '', ...patch }) };
  }

  /** These lines over time, in place of those that were drawn before: Back has them. */
  showOverTime(series: readonly GraphSeries[]): void {
    this.go({ view: 'graphs', views: this.viewsWith('graphs', { mode: 'time', series }) });
  }

  /** What the segments of a TCP conversation say over time. */
  showGraph(flow: string): void {
    this.go({ view: 'graphs', views: this.viewsWith('graphs', { mode: 'tcp', flow, sender: '' }) });
  }

  /** The packets behind a number. */
  showPackets(filter: string): void {
    this.select({ filter }, 'packets');
  }

  /** Names the capture itself gives an address. */
  nameOf(address: string): string {
    return this.names.get(address) ?? '';
  }

  private names = new Map<string, string>();

  // Reports

  /** Asks for the reports again; while an answer is on its way, one more request is remembered, not queued. */
  private async load(): Promise<void> {
    if (this.start === null) return;
    if (this.loading !== null && this.loadingFor === this.place.selection) {
      this.again = true;
      return;
    }
    this.loading?.abort();
    const controller = new AbortController();
    this.loading = controller;
    const { selection } = this.place;
    this.loadingFor = selection;
    this.again = false;
    this.busy = true;
    const ask = (wanted: Selection): Promise<Report> => this.engine.call('report', { selection: wanted, limit: REPORT_ROWS }, controller.signal);
    try {
      const whole = await ask(EVERYTHING);
      const overTime = selection.filter === '' ? whole : selection.timeRange === null ? null : await ask({ ...selection, timeRange: null });
      const report = this.selected ? await ask(selection) : whole;
      this.names = new Map(whole.endpoints.flatMap((endpoint) => (endpoint.names[0] === undefined ? [] : [[endpoint.address, endpoint.names[0]]])));
      this.whole = whole;
      // Of everything: a selection of an hour has the days of its capture.
      setReach(whole.capture.startTime, whole.capture.endTime);
      this.report = report;
      this.overTime = overTime ?? report;
      this.reportFailure = null;
    } catch (error) {
      if (controller.signal.aborted) return;
      this.reportFailure = error instanceof Error ? error.message : String(error);
    }
    this.loading = null;
    this.busy = false;
    // A filter was applied to the end.
    if (this.complete) this.progress = null;
    this.changed();
    if (this.again) void this.load();
  }

  private loadingFor: Selection | null = null;

  // State that survives a reload

  private restore(saved: unknown): void {
    if (typeof saved !== 'object' || saved === null) return;
    const { view, filter, timeRange, views, recentFilters, stream, paused } = saved as Record<string, unknown>;
    if (typeof paused === 'number') Object.assign(this.pausing, { frames: paused, grows: true });
    const range = timeRange as { from?: unknown; to?: unknown } | null | undefined;
    this.place = {
      view: typeof view === 'string' ? view : START.view,
      selection: {
        filter: typeof filter === 'string' ? filter : '',
        timeRange: typeof range?.from === 'number' && typeof range.to === 'number' ? { from: range.from, to: range.to } : null,
      },
      views: typeof views === 'object' && views !== null ? (views as Record<string, unknown>) : {},
      stream: typeof stream === 'string' ? stream : null,
    };
    if (Array.isArray(recentFilters)) this.recentFilters = recentFilters.filter((item): item is string => typeof item === 'string').slice(0, 12);
  }

  private keep(): void {
    const { view, selection, views, stream } = this.place;
    const state = { view, ...selection, views, stream, recentFilters: this.recentFilters };
    // A page that was hidden stands still where it stood; one that is opened anew follows.
    this.persistence.save({ ...state, paused: this.pausing.frames });
    clearTimeout(this.saveTimer);
    // The host writes to disk: not for every step of an arrow key.
    this.saveTimer = setTimeout(() => {
      this.engine.call('saveState', { state }).catch(() => undefined);
    }, 400);
  }
}
