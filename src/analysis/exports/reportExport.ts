/** What an export is: one way to write a Report down. One file defines it, one line in `registry.ts` admits it. */
import type { ExportFormat } from '../engineApi.ts';
import type { Report } from '../report.ts';
import type { TextStyle } from './textLayout.ts';

/** The lists of a report that are tables. */
export const REPORT_LISTS = ['conversations', 'endpoints', 'findings', 'protocols', 'hierarchy', 'breakdown', 'coverage'] as const;
export type ReportList = (typeof REPORT_LISTS)[number];

export interface ExportOptions {
  /** Which list a table holds; conversations unless said otherwise. */
  readonly list?: ReportList | undefined;
  /** JSON on one line. */
  readonly compact?: boolean | undefined;
  /** What the terminal can show. */
  readonly style?: TextStyle | undefined;
}

export interface ReportExport extends ExportFormat {
  /** Pure; ends with a line end. Packet text in it is made harmless for where it will be read. */
  write(report: Report, options: ExportOptions): string;
}
