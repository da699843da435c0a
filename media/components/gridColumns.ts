/** Which columns of a table fit, how wide they are, and the template CSS grid takes. */
import type { TemplateResult } from 'lit';

export interface Column<Row> {
  readonly id: string;
  readonly title: string;
  /** For screen readers and menus where the title is empty or short. */
  readonly label?: string;
  /** Pixels it needs at least. */
  readonly width: number;
  /** Pixels it reads well in, if more: others make way for that. */
  readonly readable?: number;
  /** Share of what is left over; 0 keeps it at its width. */
  readonly grow: number;
  readonly end?: boolean;
  /** Columns with the highest number go first when it is narrow; 0 stays. */
  readonly drop: number;
  /** Name the engine sorts by; null where it cannot. */
  readonly sort: string | null;
  /** First click sorts downwards: numbers. */
  readonly descendingFirst?: boolean;
  readonly cell: (row: Row) => TemplateResult | string;
  /** Exact text for the tooltip and for copying. */
  readonly text: (row: Row) => string;
  /** For the total row at the bottom. */
  readonly total?: () => TemplateResult | string;
}

/** What the reader changed about a table, kept with the view. */
export interface GridLayout {
  readonly widths: Readonly<Record<string, number>>;
  readonly hidden: readonly string[];
}

export const MIN_COLUMN = 28;
/** Space between columns and before the first and after the last: less of it where there is little. */
export function spacing(available: number): { readonly gap: number; readonly start: number; readonly end: number } {
  return available < 620 ? { gap: 8, start: 6, end: 8 } : { gap: 12, start: 12, end: 20 };
}

/** Pixels these columns need at least. */
export function neededWidth<Row>(columns: readonly Column<Row>[], layout: GridLayout, available: number): number {
  const { gap, start, end } = spacing(available);
  return columns.reduce((sum, column) => sum + (layout.widths[column.id] ?? column.width) + gap, start + end - gap);
}

export function fittingColumns<Row>(columns: readonly Column<Row>[], layout: GridLayout, available: number): readonly Column<Row>[] {
  let shown = columns.filter((column) => !layout.hidden.includes(column.id));
  const wished = (): number =>
    shown.reduce(
      (sum, { id, width, readable }) => sum + (layout.widths[id] === undefined ? Math.max(0, (readable ?? 0) - width) : 0),
      neededWidth(shown, layout, available),
    );
  while (wished() > available) {
    const last = shown.reduce<Column<Row> | null>((found, column) => (column.drop > (found?.drop ?? 0) ? column : found), null);
    if (last === null) break;
    shown = shown.filter((column) => column !== last);
  }
  return shown;
}

export function columnTemplate<Row>(columns: readonly Column<Row>[], layout: GridLayout): string {
  const anyGrows = columns.some((column) => column.grow > 0 && layout.widths[column.id] === undefined);
  const parts = columns.map((column) => {
    const width = layout.widths[column.id];
    if (width !== undefined) return `${String(width)}px`;
    return column.grow > 0 ? `minmax(${String(column.width)}px, ${String(column.grow)}fr)` : `${String(column.width)}px`;
  });
  // Once the reader has set every width, the rest of the line stays empty.
  return anyGrows ? parts.join(' ') : `${parts.join(' ')} minmax(0, 1fr)`;
}
