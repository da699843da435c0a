/** Findings in groups: by the incident they belong to, by severity, or by who acts. What somebody expects stands last, whatever the grouping. */
import type { Finding, Incident, Report, Subject } from '../../src/analysis/report.ts';
import { severityWord } from '../components/bits.ts';
import type { Store } from '../store.ts';
import { bySeverity } from './findingRows.ts';

export const GROUPINGS = [
  { id: 'incident', title: 'Incident' },
  { id: 'severity', title: 'Severity' },
  { id: 'host', title: 'Host' },
] as const;
export type Grouping = (typeof GROUPINGS)[number]['id'];

export interface Group {
  readonly title: string;
  readonly incident: Incident | null;
  readonly findings: readonly Finding[];
}

/** Who acts in a finding: the attacker, else the first one named. */
export function actorOf(finding: Finding): Subject | undefined {
  return finding.subjects.find(({ role }) => role === 'attacker') ?? finding.subjects.find(({ role }) => role !== 'victim') ?? finding.subjects[0];
}

function matches(store: Store, finding: Finding, search: string): boolean {
  const { title, description, detector, severity, attack, tactics, id, subjects } = finding;
  const words = subjects.flatMap((subject) => [subject.address, subject.name ?? store.nameOf(subject.address), subject.role]);
  const all = [title, description, detector, severity, id, ...attack, ...tactics, ...words].join('\n').toLowerCase();
  return search
    .toLowerCase()
    .split(/\s+/)
    .every((word) => all.includes(word));
}

/** Groups with at least one finding that holds all words of `search`; the gravest group first. */
export function groupsOf(store: Store, report: Report, by: Grouping, search: string): readonly Group[] {
  const found = bySeverity(report.findings).filter((finding) => matches(store, finding, search));
  const open = found.filter(({ expected }) => expected === null);
  const expected = found.filter((finding) => finding.expected !== null);
  const groups = by === 'incident' ? byIncident(report, open) : byTitle(open, (finding) => titleOf(store, by, finding));
  return expected.length === 0 ? groups : [...groups, { title: 'Expected', incident: null, findings: expected }];
}

function byIncident({ incidents }: Report, findings: readonly Finding[]): readonly Group[] {
  const known = new Map(findings.map((finding) => [finding.id, finding]));
  const groups = incidents.map((incident, index): Group => ({
    title: `Incident ${String(index + 1)}`,
    incident,
    findings: incident.findings.flatMap((id) => known.get(id) ?? []),
  }));
  const told = new Set(incidents.flatMap((incident) => incident.findings));
  const alone = findings.filter(({ id }) => !told.has(id));
  return [...groups, { title: incidents.length === 0 ? 'Findings' : 'On their own', incident: null, findings: alone }].filter(
    (group) => group.findings.length > 0,
  );
}

function byTitle(findings: readonly Finding[], titleOf: (finding: Finding) => string): readonly Group[] {
  const groups = new Map<string, Finding[]>();
  for (const finding of findings) {
    const title = titleOf(finding);
    const group = groups.get(title);
    if (group === undefined) groups.set(title, [finding]);
    else group.push(finding);
  }
  return [...groups].map(([title, list]) => ({ title, incident: null, findings: list }));
}

function titleOf(store: Store, by: 'severity' | 'host', finding: Finding): string {
  if (by === 'severity') return severityWord(finding.severity);
  const actor = actorOf(finding);
  if (actor === undefined) return 'The capture as a whole';
  const name = actor.name ?? store.nameOf(actor.address);
  return name === '' ? actor.address : `${actor.address} ${name}`;
}
