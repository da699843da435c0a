/** Find in Packets as the page knows it: what was looked for, what came of it, and the way to the next. */
import type { PacketFound, PacketSearch, Progress, Selection, Sort } from '../src/analysis/engineApi.ts';
import type { Engine } from './engine.ts';

export interface FoundIn {
  readonly selection: Selection;
  readonly sort: Sort | null;
}

export class PacketFinding {
  /** What the last search came to; null before there was one, and while one is under way. */
  found: PacketFound | 'none' | null = null;
  problem = '';
  progress: Progress | null = null;
  private readonly engine: Engine;
  private readonly changed: () => void;
  private asking: AbortController | null = null;

  constructor(engine: Engine, changed: () => void) {
    this.engine = engine;
    this.changed = changed;
    engine.onEvent((event) => {
      if (event.kind !== 'progress' || event.progress.phase !== 'finding') return;
      this.progress = event.progress;
      this.changed();
    });
  }

  get isBusy(): boolean {
    return this.asking !== null;
  }

  /** The next match, or null where there is none, something is wrong, or another search has taken its place. */
  async next({ selection, sort }: FoundIn, search: PacketSearch): Promise<PacketFound | null> {
    this.stop();
    if (search.text.trim() === '') return null;
    const controller = new AbortController();
    this.asking = controller;
    this.changed();
    try {
      const found = await this.engine.call('findPacket', { selection, sort, search }, controller.signal);
      if (controller.signal.aborted) return null;
      this.found = found ?? 'none';
      return found;
    } catch (error) {
      if (!controller.signal.aborted) this.problem = error instanceof Error ? error.message : String(error);
      return null;
    } finally {
      if (this.asking === controller) this.end();
    }
  }

  /** Gives up what is under way and forgets what came of the last: something else is looked for. */
  stop(): void {
    this.asking?.abort();
    this.found = null;
    this.problem = '';
    this.end();
  }

  private end(): void {
    this.asking = null;
    this.progress = null;
    this.changed();
  }
}
