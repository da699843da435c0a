/** A report with fewer rows, the very one that would have been made with that limit: its lists are in order, so each shorter one is the beginning of a longer. */
import type { Report } from './report.ts';

/** Rows of each list in a report that is kept for the next time. */
export const KEPT_ROWS = 1000;

/** Null where `report`, which was made with `made` rows at most, does not hold enough of them. */
export function limitReport(report: Report, made: number, limit: number): Report | null {
  const { conversations, endpoints, troubles, findings, incidents, indicatorsOfCompromise } = report;
  const isWhole = [conversations, endpoints, troubles, findings, incidents, indicatorsOfCompromise].every(({ length }) => length < made);
  if (limit > made && !isWhole) return null;
  return {
    ...report,
    conversations: conversations.slice(0, limit),
    endpoints: endpoints.slice(0, limit),
    troubles: troubles.slice(0, limit),
    findings: findings.slice(0, limit),
    incidents: incidents.slice(0, limit),
    indicatorsOfCompromise: indicatorsOfCompromise.slice(0, limit),
  };
}
