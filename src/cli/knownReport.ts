/** Reports of captures that were read before: what `netsec analyze` takes from the user's cache and puts there. */
import { judgementKey, type JudgedBy } from '../analysis/judgedBy.node.ts';
import { KEPT_ROWS, limitReport } from '../analysis/limitReport.ts';
import type { Report } from '../analysis/report.ts';
import { placeOf, usersReportCache, type FilePlace, type ReportCache } from '../analysis/reportCache.node.ts';
import { isSpooled } from './spool.ts';

export interface KnownReport {
  /** With `limit` rows, and all findings there are; null when it has to be read. */
  readonly report: Report | null;
  readonly findings: Report['findings'];
  /** Keeps what was found out instead. */
  keep(report: Report): Promise<void>;
}

const NOTHING: KnownReport = { report: null, findings: [], keep: () => Promise.resolve() };

/** Looks it up without opening the capture. */
export async function knownReport(
  file: string,
  judged: JudgedBy,
  { limit, use }: { readonly limit: number; readonly use: boolean },
): Promise<KnownReport> {
  const cache = use && !isSpooled(file) ? usersReportCache() : null,
    place = cache === null ? null : await placeOf(file);
  if (cache === null || place === null) return NOTHING;
  const key = judgementKey(judged, undefined),
    kept = await cache.atPlace(place, key),
    isWhole = kept !== null && kept.findings.length >= (kept.totals['findings'] ?? 0),
    limited = kept !== null && isWhole ? limitReport(kept, KEPT_ROWS, limit) : null;
  const report = limited === null ? null : withLimit(limited, limit);
  return { report, findings: kept?.findings ?? [], keep: (read) => keep(file, { cache, place, key }, read) };
}

async function keep(
  file: string,
  { cache, place, key }: { readonly cache: ReportCache; readonly place: FilePlace; readonly key: string },
  report: Report,
): Promise<void> {
  // A file that changed while it was read: nobody knows which of the two this is the report of.
  if ((await placeOf(file))?.id === place.id) await cache.keep(place, key, report);
}

/** The report says how many rows were asked for. `limit` stands first, as `makeReport` writes it. */
export function withLimit(report: Report, limit: number): Report {
  const said = { limit: Number.isFinite(limit) ? limit : 'all' };
  return { ...report, producer: { ...report.producer, options: { ...said, ...report.producer.options } } };
}
