/** The head of a table: sorting, and columns to resize, hide and put back; by pointer, and by keyboard with the arrow keys, Alt to resize. */
import { html, nothing, type TemplateResult } from 'lit';
import { openMenu } from './contextMenu.ts';
import { MIN_COLUMN, type Column, type GridLayout } from './gridColumns.ts';

export interface GridSort {
  readonly column: string;
  readonly descending: boolean;
}

export interface GridHeadConfig<Row> {
  /** All columns, hidden ones and those that do not fit included. */
  readonly columns: readonly Column<Row>[];
  readonly layout: GridLayout;
  readonly sort: GridSort | null;
  readonly onSort: (sort: GridSort) => void;
  readonly onLayout: (layout: GridLayout) => void;
}

export class GridHead<Row> {
  private shown: readonly Column<Row>[] = [];
  private current: GridHeadConfig<Row> | null = null;
  private focused = 0;
  private readonly grid: HTMLElement;
  private readonly redraw: () => void;

  constructor(grid: HTMLElement, redraw: () => void) {
    this.grid = grid;
    this.redraw = redraw;
  }

  cells(shown: readonly Column<Row>[], config: GridHeadConfig<Row>): TemplateResult[] {
    this.shown = shown;
    this.current = config;
    const { sort } = config;
    const sorted = (column: Column<Row>): boolean => sort !== null && sort.column === column.sort;
    const direction = sort?.descending === true ? 'down' : 'up';
    return shown.map(
      (column, index) =>
        html`<div
          role="columnheader"
          class=${column.end === true ? 'end' : ''}
          aria-colindex=${index + 1}
          aria-sort=${sorted(column) ? (direction === 'down' ? 'descending' : 'ascending') : nothing}
          @contextmenu=${(event: MouseEvent) => this.openColumnMenu(event, column)}
        >
          <button
            data-column=${column.id}
            tabindex=${index === this.focused ? 0 : -1}
            title=${column.label ?? column.title}
            @click=${() => this.sortBy(column)}
          >
            ${column.title === '' ? html`<span class="vh">${column.label}</span>` : html`<span class="ell">${column.title}</span>`}${
              sorted(column) ? html`<i class="codicon codicon-arrow-${direction}" aria-hidden="true"></i>` : nothing
            }</button
          ><span class="g-resize" @pointerdown=${(event: PointerEvent) => this.startResize(event, column)}></span>
        </div>`,
    );
  }

  readonly onKey = (event: KeyboardEvent): void => {
    const cell = (event.target as Element).closest('[role=columnheader]');
    this.focused = Math.max(0, Number(cell?.getAttribute('aria-colindex') ?? 1) - 1);
    const column = this.shown[this.focused];
    const step = { ArrowRight: 1, ArrowLeft: -1 }[event.key];
    if (column === undefined) return;
    if (step !== undefined && event.altKey) this.resize(column, this.widthOf(column) + step * 10);
    else if (step !== undefined) {
      this.focused = Math.max(0, Math.min(this.focused + step, this.shown.length - 1));
      this.redraw();
      this.grid.querySelectorAll<HTMLElement>('.g-head button')[this.focused]?.focus();
    } else if (event.key === 'ArrowDown') this.grid.focus();
    else if (event.key === 'ContextMenu' || (event.key === 'F10' && event.shiftKey)) this.openColumnMenu(event, column);
    else return;
    event.preventDefault();
    event.stopPropagation();
  };

  private sortBy(column: Column<Row>): void {
    const config = this.current;
    if (config === null || column.sort === null) return;
    const same = config.sort?.column === column.sort;
    config.onSort({ column: column.sort, descending: same ? !config.sort?.descending : column.descendingFirst === true });
  }

  private openColumnMenu(event: MouseEvent | KeyboardEvent, column: Column<Row>): void {
    const config = this.current;
    if (config === null) return;
    event.preventDefault();
    event.stopPropagation();
    const { layout, columns } = config;
    const toggle = (one: Column<Row>) => ({
      label: one.label ?? one.title,
      checked: !layout.hidden.includes(one.id),
      run: () =>
        config.onLayout({
          ...layout,
          hidden: layout.hidden.includes(one.id) ? layout.hidden.filter((id) => id !== one.id) : [...layout.hidden, one.id],
        }),
    });
    const sorts = column.sort;
    const first =
      sorts === null
        ? []
        : [
            { label: 'Sort Ascending', run: () => config.onSort({ column: sorts, descending: false }) },
            { label: 'Sort Descending', run: () => config.onSort({ column: sorts, descending: true }) },
          ];
    openMenu(
      [
        first,
        columns.filter((one) => one.drop > 0).map(toggle),
        [{ label: 'Reset Columns', run: () => config.onLayout({ widths: {}, hidden: [] }) }],
      ],
      event instanceof MouseEvent ? { x: event.clientX, y: event.clientY } : (event.target as HTMLElement),
    );
  }

  private widthOf(column: Column<Row>): number {
    const index = this.shown.indexOf(column);
    return this.grid.querySelectorAll<HTMLElement>('.g-head [role=columnheader]')[index]?.offsetWidth ?? column.width;
  }

  private resize(column: Column<Row>, width: number): void {
    const config = this.current;
    if (config === null) return;
    config.onLayout({ ...config.layout, widths: { ...config.layout.widths, [column.id]: Math.max(MIN_COLUMN, Math.round(width)) } });
  }

  private startResize(event: PointerEvent, column: Column<Row>): void {
    event.preventDefault();
    const handle = event.currentTarget as HTMLElement;
    handle.setPointerCapture(event.pointerId);
    const start = { x: event.clientX, width: this.widthOf(column) };
    const sign = getComputedStyle(this.grid).direction === 'rtl' ? -1 : 1;
    const move = (moved: PointerEvent): void => this.resize(column, start.width + (moved.clientX - start.x) * sign);
    const done = (): void => {
      handle.removeEventListener('pointermove', move);
      handle.removeEventListener('pointerup', done);
      handle.removeEventListener('pointercancel', done);
    };
    handle.addEventListener('pointermove', move);
    handle.addEventListener('pointerup', done);
    handle.addEventListener('pointercancel', done);
  }
}
