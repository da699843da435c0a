/** The relations that hold between the numbers of a report, beside its schema. */
import { reportSchema } from '../../src/analysis/tools/reportSchema.ts';
import type { Report } from '../../src/analysis/report.ts';

/** Everything that is wrong with a report, one line each. It is looked at as a program sees it: after JSON. */
export function reportProblems(report: Report): string[] {
  const seen: unknown = JSON.parse(JSON.stringify(report));
  const parsed = reportSchema.safeParse(seen);
  const problems = parsed.success ? [] : parsed.error.issues.map(({ path, message }) => `${path.join('.')}: ${message}`);
  const sum = (rows: readonly { readonly packets: number; readonly bytes: number }[], key: 'packets' | 'bytes'): number =>
    rows.reduce((total, row) => total + row[key], 0);
  const { capture: file, breakdown, endpoints, totals } = report;
  if (sum(breakdown, 'packets') !== file.packets) problems.push(`the breakdown counts ${sum(breakdown, 'packets')} of ${file.packets} packets`);
  if (sum(breakdown, 'bytes') !== file.originalBytes) problems.push(`the breakdown counts ${sum(breakdown, 'bytes')} of ${file.originalBytes} bytes`);
  const byInterface = file.interfaces.reduce((total, { packets }) => total + packets, 0);
  if (byInterface !== file.packets) problems.push(`the interfaces count ${byInterface} of ${file.packets} packets`);
  for (const row of endpoints) {
    if (row.packets !== row.packetsSent + row.packetsReceived || row.bytes !== row.bytesSent + row.bytesReceived) {
      problems.push(`endpoint ${row.layer} ${row.address}: the sum is not what was sent and received`);
    }
  }
  for (const list of ['conversations', 'endpoints', 'findings'] as const) {
    if ((totals[list] ?? -1) < report[list].length)
      problems.push(`totals.${list} is ${totals[list] ?? 'missing'}, and ${report[list].length} are listed`);
  }
  for (const { id, evidence } of report.findings) {
    if (evidence.frames.some((frame, i) => frame > file.packets || frame <= (evidence.frames[i - 1] ?? 0))) {
      problems.push(`${id}: evidence frames must ascend and exist`);
    }
  }
  const known = new Set(report.findings.map(({ id }) => id));
  for (const { id, findings, timeline } of report.incidents) {
    if (timeline.some(({ finding }) => !findings.includes(finding))) problems.push(`${id}: the timeline names findings that are not in it`);
    if (known.size === totals['findings'] && findings.some((one) => !known.has(one))) problems.push(`${id}: names findings that are not there`);
  }
  return problems;
}
