/** Writes a Report in one of the registered formats. */
import type { ExportRequest } from '../engineApi.ts';
import type { Report } from '../report.ts';
import * as registry from './registry.ts';
import type { ExportOptions, ReportExport } from './reportExport.ts';

export const reportExports: readonly ReportExport[] = Object.values(registry);

export function writeReport(report: Report, format: ExportRequest['format'], options: ExportOptions = {}): string {
  const found = reportExports.find(({ id }) => id === format);
  if (found === undefined) throw new Error(`no export is called ${JSON.stringify(format)}`);
  return found.write(report, options);
}
