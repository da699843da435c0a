/**
 * The table: rows drawn only where they are seen, so a list of millions costs as much as a screenful. Row selection and copying, one
 * context menu; worked by keyboard as an ARIA grid. Its head is gridHead.ts.
 */
import { html, nothing, render } from 'lit';
import { formatCount } from '../format.ts';
import type { Menu } from '../menu.ts';
import type { PagedRows } from '../pagedRows.ts';
import { movedTo, physicalHeight, resized, scrolledTo, topToReveal, virtualTop, visibleRows, type ScrollMap } from '../virtualScroll.ts';
import { openMenu } from './contextMenu.ts';
import { columnTemplate, fittingColumns, neededWidth, spacing, type Column } from './gridColumns.ts';
import { GridHead, type GridHeadConfig } from './gridHead.ts';

export interface GridConfig<Row> extends GridHeadConfig<Row> {
  readonly label: string;
  readonly testId: string;
  readonly rowTestId: string;
  readonly rowHeight: number;
  readonly rows: PagedRows<Row>;
  /** Row to select when it changes; -1 for none. */
  readonly selected: number;
  readonly total: boolean;
  readonly rowClass?: (row: Row) => string;
  readonly onSelect: (row: Row, index: number) => void;
  readonly onOpen: (row: Row) => void;
  /** `column`: the one that was clicked; null by keyboard. */
  readonly menu: (row: Row, from: number, to: number, column: string | null) => Menu;
  readonly onCopy: (from: number, to: number) => void;
}

let gridCount = 0;
/** Room the vertical scroll bar takes from the columns. */
const SCROLLBAR = 14;

export class NetsecGrid<Row = unknown> extends HTMLElement {
  private current: GridConfig<Row> | null = null;
  private map: ScrollMap = { rowHeight: 22, rows: 0, viewport: 0, offset: 0, physical: 0 };
  private readonly idPrefix = `g${String(gridCount++)}`;
  private scroller: HTMLElement | null = null;
  private body: HTMLElement | null = null;
  private shown: readonly Column<Row>[] = [];
  private readonly drawn = new Map<number, HTMLElement>();
  private active = -1;
  private anchor = -1;
  /** A row that was chosen from outside before there were rows, or room for them: its place may be known before the list is. */
  private toReveal = -1;
  private readonly head = new GridHead<Row>(this, () => this.draw());
  private settle: ReturnType<typeof setTimeout> | undefined;
  private ignoreScroll = false;
  private readonly resizing = new ResizeObserver(() => this.draw());

  set config(config: GridConfig<Row>) {
    const before = this.current;
    this.current = config;
    config.rows.arrived = () => this.pagesArrived();
    if (before !== null && before.rows !== config.rows) this.map = { ...this.map, offset: 0, physical: 0 };
    if (before?.selected !== config.selected && config.selected !== this.active) {
      this.active = config.selected;
      this.anchor = config.selected;
      this.toReveal = config.selected;
    }
    if (this.isConnected) this.draw();
  }

  connectedCallback(): void {
    this.resizing.observe(this);
    this.toReveal = this.active;
    this.draw();
  }

  disconnectedCallback(): void {
    this.resizing.disconnect();
    clearTimeout(this.settle);
  }

  override focus(): void {
    this.scroller?.focus();
  }

  private draw(): void {
    const config = this.current;
    if (config === null) return;
    const total = config.rows.total ?? 0;
    const available = this.clientWidth - SCROLLBAR;
    const { gap, start, end } = spacing(available);
    this.shown = fittingColumns(config.columns, config.layout, available);
    render(this.frame(config, total), this);
    this.scroller = this.querySelector('.g-scroll');
    this.body = this.querySelector('.g-body');
    if (this.scroller === null || this.body === null) return;
    this.scroller.style.setProperty('--cols', columnTemplate(this.shown, config.layout));
    this.scroller.style.setProperty('--min', `${String(neededWidth(this.shown, config.layout, available))}px`);
    this.scroller.style.setProperty('--gap', `${String(gap)}px`);
    this.scroller.style.setProperty('--start', `${String(start)}px`);
    this.scroller.style.setProperty('--end', `${String(end)}px`);
    this.scroller.style.setProperty('--row', `${String(config.rowHeight)}px`);
    const chrome = (this.querySelector<HTMLElement>('.g-head')?.offsetHeight ?? 0) + (this.querySelector<HTMLElement>('.g-foot')?.offsetHeight ?? 0);
    const viewport = Math.max(0, this.scroller.clientHeight - chrome);
    if (total !== this.map.rows || viewport !== this.map.viewport || config.rowHeight !== this.map.rowHeight) {
      this.map = resized({ ...this.map, rowHeight: config.rowHeight }, total, viewport);
    }
    this.body.style.height = `${String(physicalHeight(this.map))}px`;
    this.scrollPhysically();
    this.drawRows(true);
    if (this.toReveal < 0 || this.toReveal >= total || viewport === 0) return;
    const index = this.toReveal;
    this.toReveal = -1;
    this.reveal(index, true);
  }

  private frame(config: GridConfig<Row>, total: number) {
    return html`<div
      class="g-scroll"
      role="grid"
      tabindex="0"
      data-testid=${config.testId}
      aria-label=${config.label}
      aria-rowcount=${total + 1 + (config.total ? 1 : 0)}
      aria-colcount=${this.shown.length}
      aria-multiselectable="true"
      aria-busy=${config.rows.loading}
      @scroll=${this.onScroll}
      @keydown=${this.onKey}
      @focus=${this.onFocus}
      @click=${this.onClick}
      @dblclick=${this.onDoubleClick}
      @contextmenu=${this.onContextMenu}
      @pointerover=${this.onPointerOver}
    >
      <div class="g-head" role="rowgroup">
        <div class="g-row" role="row" aria-rowindex="1" @keydown=${this.head.onKey}>${this.head.cells(this.shown, config)}</div>
      </div>
      <div class="g-body" role="rowgroup"></div>
      ${
        config.total
          ? html`<div class="g-foot" role="rowgroup">
              <div class="g-row" role="row" aria-rowindex=${total + 2} data-testid="${config.testId}-total">
                ${this.shown.map(
                  (column, index) =>
                    html`<div role="gridcell" class=${column.end === true ? 'end' : ''} aria-colindex=${index + 1}>${column.total?.() ?? ''}</div>`,
                )}
              </div>
            </div>`
          : nothing
      }
    </div>`;
  }

  /**
   * Rows keep their element while they are seen; the ones scrolled away are handed to the ones scrolled in, where they are
   * in the document: moving them would cost a layout of each. Their order is put right when the scrolling stops.
   */
  private drawRows(all: boolean): void {
    const config = this.current;
    const { body } = this;
    if (config === null || body === null) return;
    const { from, to } = visibleRows(this.map);
    config.rows.need(from, to);
    const free: HTMLElement[] = [];
    for (const [index, element] of this.drawn) {
      if (index >= from && index < to) continue;
      this.drawn.delete(index);
      free.push(element);
    }
    for (let index = from; index < to; index++) {
      let element = this.drawn.get(index);
      const fresh = element === undefined;
      if (element === undefined) {
        element = free.pop();
        if (element === undefined) {
          element = this.makeRow(config);
          body.append(element);
        }
        this.drawn.set(index, element);
      }
      if (fresh || all) this.fillRow(config, element, index);
    }
    for (const element of free) element.remove();
    if (all) this.orderRows();
    const row = this.active >= from && this.active < to ? `${this.idPrefix}-${String(this.active)}` : null;
    if (row === null) this.scroller?.removeAttribute('aria-activedescendant');
    else this.scroller?.setAttribute('aria-activedescendant', row);
  }

  /** Document order is reading order, for screen readers. */
  private orderRows(): void {
    const { body } = this;
    if (body === null) return;
    let previous: Element | null = null;
    for (const [, element] of [...this.drawn].sort(([a], [b]) => a - b)) {
      const expected: Element | null = previous === null ? body.firstElementChild : previous.nextElementSibling;
      if (expected !== element) body.insertBefore(element, expected);
      previous = element;
    }
  }

  private makeRow(config: GridConfig<Row>): HTMLElement {
    const element = document.createElement('div');
    element.setAttribute('role', 'row');
    element.dataset['testid'] = config.rowTestId;
    return element;
  }

  private fillRow(config: GridConfig<Row>, element: HTMLElement, index: number): void {
    const row = config.rows.get(index);
    const [low, high] = this.range();
    const selected = index >= low && index <= high;
    element.id = `${this.idPrefix}-${String(index)}`;
    const classes = `g-row${selected ? ' sel' : ''}${index === this.active ? ' active' : ''}${row === undefined ? ' pending' : (config.rowClass?.(row) ?? '')}`;
    if (element.className !== classes) element.className = classes;
    element.style.top = `${String(index * config.rowHeight - this.map.offset)}px`;
    element.dataset['i'] = String(index);
    element.setAttribute('aria-rowindex', String(index + 2));
    if (element.getAttribute('aria-selected') !== String(selected)) element.setAttribute('aria-selected', String(selected));
    render(
      this.shown.map(
        (column, at) =>
          html`<div role="gridcell" aria-colindex=${at + 1} class=${column.end === true ? 'end' : ''}>
            ${row === undefined ? nothing : column.cell(row)}
          </div>`,
      ),
      element,
    );
  }

  private range(): readonly [number, number] {
    return this.active < 0 ? [0, -1] : [Math.min(this.active, this.anchor), Math.max(this.active, this.anchor)];
  }

  // Scrolling

  private scrollPhysically(): void {
    if (this.scroller === null || Math.abs(this.scroller.scrollTop - this.map.physical) < 1) return;
    this.ignoreScroll = true;
    this.scroller.scrollTop = this.map.physical;
  }

  private readonly onScroll = (): void => {
    if (this.scroller === null) return;
    if (this.ignoreScroll) {
      this.ignoreScroll = false;
      return;
    }
    const { offset } = this.map;
    this.map = scrolledTo(this.map, this.scroller.scrollTop);
    this.drawRows(this.map.offset !== offset);
    // Small steps drift from where the thumb should be; put right when nobody is looking.
    clearTimeout(this.settle);
    this.settle = setTimeout(() => {
      this.orderRows();
      const settled = movedTo(this.map, virtualTop(this.map));
      if (settled.offset === this.map.offset) return;
      this.map = settled;
      this.scrollPhysically();
      this.drawRows(true);
    }, 200);
  };

  private reveal(index: number, center = false): void {
    const top = topToReveal(this.map, index);
    if (top === virtualTop(this.map)) return;
    const middle = index * this.map.rowHeight - this.map.viewport / 2;
    const near = Math.abs(top - virtualTop(this.map)) < this.map.viewport;
    this.map = movedTo(this.map, center && !near ? middle : top);
    this.scrollPhysically();
    this.drawRows(true);
  }

  // Selecting and opening

  private select(index: number, extend: boolean): void {
    const config = this.current;
    const total = config?.rows.total ?? 0;
    // Rows that wait for another list to come are not those of it.
    if (config === null || total === 0 || config.rows.loading) return;
    this.active = Math.max(0, Math.min(index, total - 1));
    if (!extend) this.anchor = this.active;
    this.reveal(this.active);
    this.drawRows(true);
    this.tellSelected();
  }

  /** The row may still be on its way when an arrow key is held down. */
  private tellSelected(): void {
    const config = this.current;
    const index = this.active;
    const row = config?.rows.get(index);
    if (config === null || row === undefined) {
      this.toTell = index;
      return;
    }
    this.toTell = -1;
    config.onSelect(row, index);
  }

  private toTell = -1;

  private pagesArrived(): void {
    this.draw();
    if (this.toTell >= 0 && this.toTell === this.active) this.tellSelected();
  }

  private readonly onFocus = (event: FocusEvent): void => {
    if (event.target === this.scroller && this.active < 0 && (this.current?.rows.total ?? 0) > 0) {
      this.active = this.anchor = visibleRows(this.map, 0).from;
      this.drawRows(true);
    }
  };

  private readonly onKey = (event: KeyboardEvent): void => {
    const config = this.current;
    if (config === null || event.target !== this.scroller) return;
    const page = Math.max(1, Math.floor(this.map.viewport / this.map.rowHeight) - 1);
    const total = config.rows.total ?? 0;
    const steps: Record<string, number> = {
      ArrowDown: this.active + 1,
      ArrowUp: this.active - 1,
      PageDown: this.active + page,
      PageUp: this.active - page,
      Home: 0,
      End: total - 1,
    };
    const to = steps[event.key];
    const row = config.rows.get(this.active);
    if (to !== undefined) this.select(to, event.shiftKey);
    else if (event.key === 'Enter' && row !== undefined) config.onOpen(row);
    else if (event.key === 'c' && (event.ctrlKey || event.metaKey) && this.active >= 0) this.copy();
    else if (event.key === 'a' && (event.ctrlKey || event.metaKey)) {
      this.anchor = 0;
      this.active = total - 1;
      this.drawRows(true);
    } else if ((event.key === 'ContextMenu' || (event.key === 'F10' && event.shiftKey)) && row !== undefined) {
      openMenu(this.menuAt(row, null), this.drawn.get(this.active) ?? this);
    } else return;
    event.preventDefault();
  };

  private copy(): void {
    const [low, high] = this.range();
    this.current?.onCopy(low, high + 1);
  }

  private menuAt(row: Row, column: string | null): Menu {
    const [low, high] = this.range();
    return this.current?.menu(row, low, high + 1, column) ?? [];
  }

  private indexOf(event: Event): number {
    const element = (event.target as Element).closest<HTMLElement>('[data-i]');
    return element === null ? -1 : Number(element.dataset['i']);
  }

  private columnOf(event: Event): Column<Row> | undefined {
    const cell = (event.target as Element).closest<HTMLElement>('.g-body [role=gridcell]');
    return this.shown[Number(cell?.getAttribute('aria-colindex') ?? 0) - 1];
  }

  /** Exact values are made when somebody points at a cell, not for every row that scrolls by. */
  private readonly onPointerOver = (event: PointerEvent): void => {
    const cell = (event.target as Element).closest<HTMLElement>('.g-body [role=gridcell]');
    const column = this.columnOf(event);
    const row = this.current?.rows.get(this.indexOf(event));
    if (cell !== null && column !== undefined && row !== undefined) cell.title = column.text(row);
  };

  private readonly onClick = (event: MouseEvent): void => {
    const index = this.indexOf(event);
    if (index >= 0 && (event.target as Element).closest('button') === null) this.select(index, event.shiftKey);
  };

  private readonly onDoubleClick = (event: MouseEvent): void => {
    const row = this.current?.rows.get(this.indexOf(event));
    if (row !== undefined) this.current?.onOpen(row);
  };

  private readonly onContextMenu = (event: MouseEvent): void => {
    const index = this.indexOf(event);
    const row = this.current?.rows.get(index);
    if (row === undefined) return;
    event.preventDefault();
    const [low, high] = this.range();
    if (index < low || index > high) this.select(index, false);
    openMenu(this.menuAt(row, this.columnOf(event)?.id ?? null), { x: event.clientX, y: event.clientY });
  };
}

customElements.define('netsec-grid', NetsecGrid);

/** `Conversation 3 of 5,000`, for what is said and what is written above a table. */
export function rowsOf(shown: number, all: number, what: string): string {
  return shown === all ? `${formatCount(all)} ${what}` : `${formatCount(shown)} of ${formatCount(all)} ${what}`;
}
