/** What the packets view knows: the list under the selection, the chosen packet's details, and which of its fields is looked at. */
import type { FieldNode, PacketDetail, PacketRow, Selection, Sort } from '../src/analysis/engineApi.ts';
import { fieldAt, pathsTo } from './components/detailsTree.ts';
import { PacketFinding } from './packetFinding.ts';
import { PagedRows } from './pagedRows.ts';
import type { Store } from './store.ts';

export interface PacketsState {
  readonly frame: number;
  readonly column: string;
  readonly descending: boolean;
  readonly open: readonly string[];
  readonly widths: Readonly<Record<string, number>>;
  readonly hidden: readonly string[];
  /** Fields that the reader wants to see as columns. */
  readonly fields: readonly string[];
  readonly splitList: number;
  /** What is looked for, and whether the bar for it is there. */
  readonly find: string;
  readonly findBy: string;
  readonly isFinding: boolean;
  readonly splitBytes: number;
}

/** `column` empty: the order of the file. */
export const PACKETS_STATE: PacketsState = {
  frame: 0,
  column: '',
  descending: false,
  open: [],
  widths: {},
  hidden: [],
  fields: [],
  splitList: 54,
  find: '',
  findBy: 'text',
  isFinding: false,
  // Share of the details; sixteen bytes with their text fit beside them in a window of common width.
  splitBytes: 41,
};

export class PacketModel {
  readonly rows: PagedRows<PacketRow>;
  readonly finding: PacketFinding;
  /** Position of the chosen frame in the list, -1 while it is looked up and when it is not in it. */
  index = -1;
  /** The engine has answered that the chosen frame is not in the list. */
  absent = false;
  detail: PacketDetail | null = null;
  field: FieldNode | null = null;
  /** Which of the byte sources is shown. */
  source = 0;
  problem = '';
  private readonly store: Store;
  private key = '';
  private revision = -1;
  private located = '';
  private locatedAt = -1;
  private shown = 0;
  private shownAt = -1;
  private locating: AbortController | null = null;
  private reading: AbortController | null = null;

  constructor(store: Store) {
    this.store = store;
    this.finding = new PacketFinding(store.engine, () => store.changed());
    this.rows = new PagedRows<PacketRow>(
      () => Promise.reject(new Error('nothing was asked yet')),
      () => store.changed(),
      100,
      60,
    );
  }

  /** Called at every render. */
  use(selection: Selection, state: PacketsState): void {
    const sort: Sort | null = state.column === '' ? null : { column: state.column, descending: state.descending };
    const key = JSON.stringify([selection, sort, state.fields]);
    if (key !== this.key) {
      this.key = key;
      this.index = -1;
      this.absent = false;
      this.located = '';
      this.rows.reset(({ offset, limit }, signal) =>
        this.store.engine.call('packets', { selection, sort, offset, limit, fields: state.fields }, signal),
      );
    } else if (this.revision !== this.store.revision) this.rows.refresh();
    this.revision = this.store.revision;
    const first = this.rows.get(0);
    // With nothing chosen yet, half of the view would be empty.
    if (state.frame === 0 && first !== undefined && !this.rows.loading) queueMicrotask(() => this.choose(first, 0));
    if (state.frame > 0) {
      // A link opens a capture at a frame that may not have been read yet: what was missing is asked for again when there is more.
      const isLost = this.absent && this.locatedAt !== this.revision,
        isUnread = this.detail === null && this.shownAt !== this.revision;
      if (isLost || this.located !== `${key} ${String(state.frame)}`) void this.locate(selection, sort, state.frame, key);
      if (isUnread || this.shown !== state.frame) void this.read(state.frame);
    }
  }

  /** The reader chose a row of the list: its place is known, it need not be looked up. */
  choose(row: Pick<PacketRow, 'frame'>, index: number): void {
    this.index = index;
    this.absent = false;
    this.located = `${this.key} ${String(row.frame)}`;
    this.locating?.abort();
    this.store.remember('packets', { frame: row.frame });
  }

  /** On to the next packet that matches; its place in the list comes with it. */
  async findNext(backwards: boolean): Promise<void> {
    const { store } = this,
      { selection } = store.place,
      { frame, column, descending, find, findBy } = store.remembered<PacketsState>('packets', PACKETS_STATE),
      sort = column === '' ? null : { column, descending },
      by = findBy === 'filter' || findBy === 'bytes' ? findBy : 'text';
    const found = await this.finding.next({ selection, sort }, { by, text: find, from: frame, backwards });
    // The list may be another by now: then the frame is looked up in it.
    if (found === null) return;
    if (selection === store.place.selection) this.choose(found, found.index);
    else store.remember('packets', { frame: found.frame });
  }

  private async locate(selection: Selection, sort: Sort | null, frame: number, key: string): Promise<void> {
    const place = `${key} ${String(frame)}`;
    if (place !== this.located) this.absent = false;
    this.located = place;
    this.locatedAt = this.revision;
    this.locating?.abort();
    const controller = new AbortController();
    this.locating = controller;
    try {
      const index = await this.store.engine.call('indexOfFrame', { selection, sort, frame }, controller.signal);
      if (controller.signal.aborted || (this.index === index && this.absent === index < 0)) return;
      this.index = index;
      this.absent = index < 0;
      this.store.changed();
    } catch {
      // Without a place in the list the details are still shown.
    }
  }

  /** Details of the chosen frame; while an arrow key is held down only the last one is waited for. */
  private async read(frame: number): Promise<void> {
    this.shown = frame;
    this.shownAt = this.revision;
    this.reading?.abort();
    const controller = new AbortController();
    this.reading = controller;
    try {
      const detail = await this.store.engine.call('packet', { frame }, controller.signal);
      if (controller.signal.aborted) return;
      const wanted = this.field;
      this.detail = detail;
      this.problem = detail === null ? `Frame ${String(frame)} ${this.store.complete ? 'is not in this capture' : 'has not been read yet'}.` : '';
      this.source = 0;
      // The same field of the next packet stays selected, so that one can compare.
      this.field = wanted === null || detail === null ? null : find(detail.tree, wanted.name);
    } catch (error) {
      if (controller.signal.aborted) return;
      this.detail = null;
      this.problem = error instanceof Error ? error.message : String(error);
    }
    this.store.changed();
  }

  select(field: FieldNode): void {
    this.field = field;
    if (field.length > 0) this.source = field.source;
    this.store.changed();
  }

  /** A byte was chosen: the smallest field around it, with the tree opened down to it. */
  selectByte(at: number, open: readonly string[]): void {
    if (this.detail === null) return;
    const field = fieldAt(this.detail.tree, this.source, at);
    if (field === null || field === this.field) return;
    this.field = field;
    const paths = pathsTo(this.detail.tree, field) ?? [];
    if (paths.some((path) => !open.includes(path))) this.store.remember('packets', { open: [...new Set([...open, ...paths])] });
    this.store.changed();
  }

  show(source: number): void {
    this.source = source;
    this.store.changed();
  }
}

function find(nodes: readonly FieldNode[], name: string): FieldNode | null {
  if (name === '') return null;
  for (const node of nodes) {
    if (node.name === name) return node;
    const below = find(node.children, name);
    if (below !== null) return below;
  }
  return null;
}
