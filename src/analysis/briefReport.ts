/**
 * A Report made short for a model: what matters most first, row by row, until the room is full. No number is changed; lists become shorter and long
 * texts are cut. What was left out is said, with the call that gives it.
 */
import type { ConversationLayer, Coverage, Finding, Incident, Report, ServiceTrouble } from './report.ts';

export interface BriefReport {
  readonly report: Report;
  /** Findings that are not in it whole, a line each, worst first. */
  readonly alsoFound: readonly string[];
  readonly others: readonly OtherCapture[];
  /** One sentence for each list that is not whole. */
  readonly leftOut: readonly string[];
}

export interface OtherCapture {
  readonly name: string;
  readonly packets: number;
  readonly headline: string;
  readonly status: string;
  readonly statusText: string;
  readonly findings: readonly string[];
  readonly problem: string | null;
}

/** 2,500 tokens of three bytes, less the fence around a result. */
export const BRIEF_BYTES = 7200;
/** Kept for the sentences about what was left out. */
const NOTES_BYTES = 900;
/** In the order they are filled: most rows of each, and up to which part of the room. */
const SHARES = {
  findings: { most: 10, upTo: 0.64 },
  alsoFound: { most: 15, upTo: 0.78 },
  others: { most: 10, upTo: 0.85 },
  incidents: { most: 3, upTo: 0.85 },
  troubles: { most: 4, upTo: 0.87 },
  breakdown: { most: 8, upTo: 0.88 },
  coverage: { most: 4, upTo: 0.88 },
  endpoints: { most: 5, upTo: 0.94 },
  conversations: { most: 4, upTo: 0.97 },
  protocols: { most: 12, upTo: 1 },
} as const;

export function briefReport(report: Report, others: readonly OtherCapture[], maxBytes = BRIEF_BYTES): BriefReport {
  const room = maxBytes - NOTES_BYTES,
    leftOut: string[] = [];
  const brief = {
    ...report,
    producer: { ...report.producer, options: {} },
    capture: { ...report.capture, file: cut(report.capture.file, 200), interfaces: report.capture.interfaces.slice(0, 1).map(shortInterface) },
    headline: cut(report.headline, 300),
    statusText: cut(report.statusText, 300),
    quality: {
      ...report.quality,
      unknown: report.quality.unknown.slice(0, 3).map(({ what, packets }) => ({ what: cut(what, 80), packets })),
      boundsReached: report.quality.boundsReached.slice(0, 3).map((text) => cut(text, 120)),
    },
    risk: { ...report.risk, because: report.risk.because.slice(0, 3).map((text) => cut(text, 120)) },
    timeline: { ...report.timeline, series: [] },
    hierarchy: [],
    indicatorsOfCompromise: [],
    findings: [] as Finding[],
    incidents: [] as Incident[],
    troubles: [] as ServiceTrouble[],
    breakdown: [] as Report['breakdown'][number][],
    coverage: [] as Coverage[],
    endpoints: [] as Report['endpoints'][number][],
    conversations: [] as Report['conversations'][number][],
    protocols: [] as Report['protocols'][number][],
  };
  const shownOthers: OtherCapture[] = [],
    alsoFound: string[] = [];
  let used = sizeOf({ ...brief, others: [], leftOut: [] });

  function fill<T>(name: keyof typeof SHARES, into: T[], rows: readonly T[], total: number, more: string): void {
    const { most, upTo } = SHARES[name];
    for (const row of rows.slice(0, most)) {
      const size = sizeOf(row) + 1;
      if (used + size > room * upTo) break;
      into.push(row);
      used += size;
    }
    if (into.length < total) leftOut.push(`${name}: ${into.length} of ${total}; ${more}.`);
  }
  const totals = (list: 'conversations' | 'endpoints', shown: number): number => Math.max(report.totals[list] ?? 0, shown);

  fill(
    'findings',
    brief.findings,
    report.findings.map(shortFinding),
    Math.max(report.totals['findings'] ?? 0, report.findings.length),
    'those in alsoFound come whole from explain_finding',
  );
  const further = report.findings.slice(brief.findings.length).map(({ severity, title, id }) => `${severity}: ${cut(title, 120)} (${id})`);
  fill('alsoFound', alsoFound, further, further.length, 'list_findings has all');
  fill('others', shownOthers, others.map(shortOther), others.length, 'name one as capture');
  fill('incidents', brief.incidents, report.incidents.map(shortIncident), report.incidents.length, 'give a limit');
  fill(
    'troubles',
    brief.troubles,
    report.troubles.map(shortTrouble),
    Math.max(report.totals['troubles'] ?? 0, report.troubles.length),
    'get_statistics of services has all',
  );
  fill('breakdown', brief.breakdown, report.breakdown, report.breakdown.length, 'get_statistics has all');
  const notWhole = report.coverage.filter(({ status }) => status === 'partial' || status === 'skipped').map(shortCoverage);
  fill('coverage', brief.coverage, notWhole, notWhole.length, 'checks that did not see everything; give a limit');
  fill('endpoints', brief.endpoints, byLayer(report.endpoints, HOSTS).map(shortEndpoint), totals('endpoints', 0), 'get_statistics of hosts has all');
  fill(
    'conversations',
    brief.conversations,
    byLayer(report.conversations, TALKS).map((row) => ({ ...row, via: row.via.slice(0, 3) })),
    totals('conversations', 0),
    'list_conversations has all',
  );
  fill('protocols', brief.protocols, report.protocols, report.protocols.length, 'get_statistics has all');
  leftOut.push(
    'hierarchy, timeline series, settings and clean checks are left out; get_timeline has the timeline. A larger "limit" gives the whole report.',
  );
  return { report: brief, alsoFound, others: shownOthers, leftOut };
}

const HOSTS: readonly ConversationLayer[] = ['ip', 'ipv6'];
const TALKS: readonly ConversationLayer[] = ['tcp', 'udp', 'sctp'];

/** Those of the layers that people ask about; where there are none, whatever there is. Most bytes first. */
function byLayer<T extends { readonly layer: ConversationLayer }>(rows: readonly T[], layers: readonly ConversationLayer[]): readonly T[] {
  const wanted = rows.filter(({ layer }) => layers.includes(layer));
  return (wanted.length > 0 ? wanted : rows).toSorted((a, b) => bytesOf(b) - bytesOf(a));
}

function bytesOf(row: object): number {
  const { bytes, bytesAToB = 0, bytesBToA = 0 } = row as { readonly bytes?: number; readonly bytesAToB?: number; readonly bytesBToA?: number };
  return bytes ?? bytesAToB + bytesBToA;
}

function shortFinding(finding: Finding): Finding {
  // Who belongs to it stands in its title, its description and its subjects.
  const { parts: _parts, evidence, ...rest } = finding;
  return {
    ...rest,
    title: cut(finding.title, 200),
    description: cut(finding.description, 400),
    subjects: finding.subjects.slice(0, 5).map((subject) => ({ ...subject, ...(subject.name === undefined ? {} : { name: cut(subject.name, 80) }) })),
    indicators: finding.indicators
      .filter(({ name }) => !name.startsWith('confidence: '))
      .slice(0, 4)
      .map((each) => ({ ...each, name: cut(each.name, 80), value: typeof each.value === 'string' ? cut(each.value, 100) : each.value })),
    alternatives: finding.alternatives.slice(0, 2).map((text) => cut(text, 160)),
    evidence: { ...evidence, frames: evidence.frames.slice(0, 5), flows: evidence.flows.slice(0, 2), filter: cut(evidence.filter, 200) },
    recommendation: cut(finding.recommendation, 250),
  };
}

function shortIncident(incident: Incident): Incident {
  return {
    ...incident,
    title: cut(incident.title, 200),
    hosts: incident.hosts.slice(0, 3),
    findings: incident.findings.slice(0, 4),
    // The titles of its findings, once more.
    timeline: [],
  };
}

function shortTrouble(trouble: ServiceTrouble): ServiceTrouble {
  return {
    ...trouble,
    names: trouble.names.slice(0, 1).map((name) => cut(name, 80)),
    problems: trouble.problems.slice(0, 3).map((problem) => ({ ...problem, text: cut(problem.text, 160) })),
  };
}

function shortOther(other: OtherCapture): OtherCapture {
  return {
    ...other,
    name: cut(other.name, 120),
    headline: cut(other.headline, 120),
    statusText: cut(other.statusText, 100),
    findings: other.findings.slice(0, 2).map((text) => cut(text, 120)),
    problem: other.problem === null ? null : cut(other.problem, 120),
  };
}

function shortInterface(each: Report['capture']['interfaces'][number]): Report['capture']['interfaces'][number] {
  return { ...each, name: each.name === null ? null : cut(each.name, 60) };
}

function shortEndpoint(row: Report['endpoints'][number]): Report['endpoints'][number] {
  return { ...row, names: row.names.slice(0, 2).map((name) => cut(name, 80)) };
}

function shortCoverage(row: Coverage): Coverage {
  return { ...row, why: cut(row.why, 160) };
}

/** Bytes as a model gets it: `<` is written as an escape, see resultText. */
function sizeOf(value: unknown): number {
  return new TextEncoder().encode(JSON.stringify(value).replaceAll('<', '\\u003c')).length;
}

/** Never in the middle of a character of two halves. */
function cut(text: string, most: number): string {
  return text.length <= most ? text : `${text.slice(0, most).replace(/[\ud800-\udbff]$/, '')}…`;
}
