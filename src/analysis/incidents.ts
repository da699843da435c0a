/**
 * Findings that belong together become one incident: what one attacker did, and what a host did after it had been attacked. Scan, then guessed
 * passwords, then a success, then an upload read as one story. Findings that somebody expects, and mere facts, are left out.
 */
import { TACTICS, tacticsOf } from './attackTactics.ts';
import { incidentTitle, type Deed, type Told } from './incidentTitle.ts';
import { SEVERITIES, type Finding, type Incident, type IncidentHost, type Subject } from './report.ts';
import { sha256Hex } from './sha256.ts';

/** What is further apart is another story. */
const MOST_GAP_MS = 24 * 3600 * 1000;
/** Findings that are looked at, the gravest first; incidents in a report; hosts and steps of one incident. */
const MOST_FINDINGS = 2000,
  MOST_INCIDENTS = 200,
  MOST_HOSTS = 100,
  MOST_STEPS = 500;

/** A client is an actor of its own accord only where it serves one of these: every browser with weak TLS is a client too. */
const ACTING = new Set<string>(['Execution', 'Lateral Movement', 'Command and Control', 'Exfiltration']);

/** By id of the finding, how it is told. */
type Deeds = ReadonlyMap<string, Deed & Pick<Told, 'what'>>;

interface Step {
  readonly finding: Finding;
  readonly from: number;
  readonly to: number;
}

/** `findings` gravest first, as the report has them. The gravest incident first; ids depend on where an incident begins, so they survive its growth. */
export function incidentsOf(findings: readonly Finding[], deeds: Deeds = new Map()): Incident[] {
  const steps = findings
    .filter(({ expected, severity }) => expected === null && severity !== 'info')
    .slice(0, MOST_FINDINGS)
    .map((finding): Step => ({ finding, from: timeOf(finding.firstSeen), to: timeOf(finding.lastSeen) }))
    .sort(
      (a, b) =>
        a.from - b.from || (a.finding.evidence.frames[0] ?? 0) - (b.finding.evidence.frames[0] ?? 0) || (a.finding.id < b.finding.id ? -1 : 1),
    );
  const groups = new Groups(steps.length);
  /** The last step in which an address acted, or was attacked. */
  const acted = new Map<string, number>(),
    suffered = new Map<string, number>();
  const link = (known: number | undefined, i: number): void => {
    if (known !== undefined && steps[i]!.from - steps[known]!.to <= MOST_GAP_MS) groups.join(known, i);
  };
  steps.forEach(({ finding }, i) => {
    for (const address of actorsOf(finding)) {
      link(acted.get(address), i);
      link(suffered.get(address), i);
      const before = acted.get(address);
      if (before === undefined || steps[before]!.to <= steps[i]!.to) acted.set(address, i);
    }
    for (const { role, address } of finding.subjects) if (role === 'victim') suffered.set(address, i);
  });
  const members = new Map<number, Step[]>();
  steps.forEach((step, i) => {
    const group = groups.of(i),
      list = members.get(group);
    if (list === undefined) members.set(group, [step]);
    else list.push(step);
  });
  return [...members.values()]
    .filter(({ length }) => length > 1)
    .map((steps) => incident(steps, deeds))
    .sort((a, b) => rank(b) - rank(a) || b.confidence - a.confidence || b.findings.length - a.findings.length || (a.id < b.id ? -1 : 1))
    .slice(0, MOST_INCIDENTS);
}

const rank = ({ severity }: Pick<Finding, 'severity'>): number => SEVERITIES.indexOf(severity);

/** Without a time, everything is at once. */
function timeOf(text: string | null): number {
  const time = text === null ? NaN : Date.parse(`${text.slice(0, -7)}Z`);
  return Number.isNaN(time) ? 0 : time;
}

function actorsOf(finding: Finding): readonly string[] {
  const attackers = finding.subjects.filter(({ role }) => role === 'attacker');
  if (attackers.length > 0) return attackers.map(({ address }) => address);
  if (!finding.tactics.some((tactic) => ACTING.has(tactic))) return [];
  return finding.subjects.filter(({ role }) => role === 'client').map(({ address }) => address);
}

function incident(steps: readonly Step[], deeds: Deeds): Incident {
  const worst = Math.max(...steps.map(({ finding }) => rank(finding))),
    serving = new Set(steps.flatMap(({ finding }) => tacticsOf(finding.attack)));
  const ends = steps.map(({ finding }) => finding.lastSeen).filter((time) => time !== null);
  const latest = steps.reduce((best, step) => (step.to > best.to ? step : best), steps[0]!);
  return {
    id: `incident-${sha256Hex(steps[0]!.finding.id).slice(0, 8)}`,
    title: incidentTitle(steps.map((step) => told(step, deeds))),
    severity: SEVERITIES[worst]!,
    confidence: Math.max(...steps.filter(({ finding }) => rank(finding) === worst).map(({ finding }) => finding.confidence)),
    hosts: hostsOf(steps),
    findings: steps.map(({ finding }) => finding.id),
    firstSeen: steps[0]!.finding.firstSeen,
    lastSeen: ends.length === 0 ? null : latest.finding.lastSeen,
    tactics: TACTICS.filter((tactic) => serving.has(tactic)),
    timeline: steps.slice(0, MOST_STEPS).map(({ finding }) => ({
      time: finding.firstSeen,
      frame: finding.evidence.frames[0] ?? null,
      finding: finding.id,
      severity: finding.severity,
      title: finding.title,
      tactics: finding.tactics,
    })),
  };
}

function told({ finding, from, to }: Step, deeds: Deeds): Told {
  const inRole = (role: Subject['role']): string[] => finding.subjects.filter((one) => one.role === role).map(({ address }) => address);
  const victims = inRole('victim');
  return {
    ...(deeds.get(finding.id) ?? { deed: `set off ${finding.detector}[ at {whom}]` }),
    detector: finding.detector,
    actors: [...new Set(actorsOf(finding))],
    whom: [...new Set(victims.length > 0 ? victims : inRole('server'))],
    from,
    to,
    rank: rank(finding),
  };
}

function hostsOf(steps: readonly Step[]): IncidentHost[] {
  const hosts = new Map<string, { roles: Set<Subject['role']>; name: string | null }>();
  for (const { finding } of steps) {
    for (const { role, address, name } of finding.subjects) {
      let host = hosts.get(address);
      if (host === undefined) {
        if (hosts.size >= MOST_HOSTS) continue;
        hosts.set(address, (host = { roles: new Set(), name: null }));
      }
      host.roles.add(role);
      host.name ??= name ?? null;
    }
  }
  return [...hosts].map(([address, { roles, name }]) => ({ address, roles: [...roles], name }));
}

/** Sets that are joined: union and find, with halved paths. */
class Groups {
  readonly #parent: Int32Array;

  constructor(count: number) {
    this.#parent = Int32Array.from({ length: count }, (_, i) => i);
  }

  of(i: number): number {
    const parent = this.#parent;
    while (parent[i] !== i) i = parent[i] = parent[parent[i]!]!;
    return i;
  }

  join(a: number, b: number): void {
    this.#parent[this.of(b)] = this.of(a);
  }
}
