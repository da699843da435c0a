/** A view of the page: one file defines it, one line in registry.ts admits it, nothing else names it. */
import type { TemplateResult } from 'lit';
import type { Report } from '../../src/analysis/report.ts';
import type { Store } from '../store.ts';

export interface View {
  readonly id: string;
  readonly title: string;
  /** Name of a codicon. */
  readonly icon: string;
  readonly order: number;
  /** The view scrolls inside itself (tables, master and detail) instead of as one page. */
  readonly fixed: boolean;
  /** Number beside its name; null for none. `report` is under the selection. */
  readonly count: (report: Report) => number | null;
  /** The number stays visible when only icons fit. */
  readonly countMatters?: boolean;
  readonly render: (store: Store) => TemplateResult;
}
