/**
 * Findings that an analyst would write in one line become one: twelve servers that do not require signatures are one thing to do, and not twelve. Each part
 * was judged by itself, and by the allow-list, before: a rule for one of the servers takes out that one. What proves each of them stays.
 */
import { tacticsOf } from './attackTactics.ts';
import { plural } from './describe.ts';
import type { Detector, FindingDraft } from './detector.ts';
import { SEVERITIES, type Finding, type Indicator, type Subject } from './report.ts';

/** Says with which others of its detector a finding is told: with those of the same `key`. */
export interface Together {
  readonly key: string;
  /** What tells it from the others in a list, `10.0.0.9 port 445`. */
  readonly label: string;
  /** A few words about it alone, behind its label. */
  readonly note?: string;
  /** How two or more are told; behind the description stands the list of them, unless `isListed` is false. */
  readonly words: (all: Several) => {
    readonly title: string;
    readonly description: string;
    readonly recommendation: string;
    readonly what?: string;
    readonly isListed?: boolean;
  };
}

/** The parts in the order of their first frames, at least two. */
export interface Several {
  readonly parts: readonly FindingDraft[];
  /** `10.0.0.9`, `10.0.0.8 and 10.0.0.9`, `12 servers`: those in these roles, each once. */
  hosts(role: Subject['role'], one?: string, many?: string): string;
}

/** One finding before it is gathered. */
export interface Part {
  readonly detector: Detector;
  readonly finding: Finding;
  readonly draft: FindingDraft;
}

/** Parts in one finding: each keeps two of the hundred frames. What is more makes another finding. */
const MOST_PARTS = 50,
  MOST_FRAMES = 100,
  MOST_FLOWS = 1000,
  MOST_LISTED = 12,
  MOST_INDICATORS = 100;

/** In the order of the first of each. `finding.expected` is settled: what is expected is told apart. */
export function gatherFindings(parts: readonly Part[]): Part[] {
  const groups = new Map<string, Part[]>(),
    all: Part[][] = [];
  for (const part of parts) {
    const { finding, draft } = part;
    if (draft.together === undefined) {
      all.push([part]);
      continue;
    }
    const key = JSON.stringify([finding.detector, draft.together.key, finding.expected?.rule ?? null]),
      group = groups.get(key);
    if (group !== undefined) group.push(part);
    else {
      const made = [part];
      groups.set(key, made);
      all.push(made);
    }
  }
  return all.flatMap((group) => {
    if (group.length === 1) return group;
    const sorted = group.sort((a, b) => firstFrame(a) - firstFrame(b) || (a.finding.id < b.finding.id ? -1 : 1)),
      told: Part[] = [];
    for (let from = 0; from < sorted.length; from += MOST_PARTS) told.push(oneOf(sorted.slice(from, from + MOST_PARTS)));
    return told;
  });
}

const firstFrame = ({ finding }: Part): number => finding.evidence.frames[0] ?? 0;

/** Its id is that of the first part, so it survives when more join. */
function oneOf(parts: readonly Part[]): Part {
  const first = parts[0]!;
  if (parts.length === 1) return first;
  const findings = parts.map(({ finding }) => finding),
    { what, isListed = true, ...words } = first.draft.together!.words(several(parts.map(({ draft }) => draft))),
    attack = distinct(findings.flatMap((finding) => finding.attack)),
    worst = Math.max(...findings.map(({ severity }) => SEVERITIES.indexOf(severity))),
    surest = findings.filter(({ severity }) => SEVERITIES.indexOf(severity) === worst).reduce((a, b) => (b.confidence > a.confidence ? b : a));
  const finding: Finding = {
    ...first.finding,
    severity: SEVERITIES[worst]!,
    confidence: surest.confidence,
    ...words,
    description: isListed ? `${words.description} ${listOf(parts)}.` : words.description,
    subjects: distinct(
      findings.flatMap(({ subjects }) => subjects),
      ({ role, address, port }) => `${role} ${address} ${port ?? ''}`,
    ),
    firstSeen: earliest(findings.map(({ firstSeen }) => firstSeen)),
    lastSeen: latest(findings.map(({ lastSeen }) => lastSeen)),
    indicators: indicatorsOf(parts, surest),
    alternatives: distinct(findings.flatMap(({ alternatives }) => alternatives)),
    attack,
    tactics: tacticsOf(attack),
    evidence: evidenceOf(findings),
    parts: parts.map(({ finding: { id, severity, confidence, subjects, evidence }, draft }) => ({
      id,
      label: draft.together!.label,
      severity,
      confidence,
      subjects,
      frame: evidence.frames[0] ?? null,
    })),
  };
  const observables = parts.flatMap(({ draft }) => draft.observables ?? []);
  return {
    detector: first.detector,
    finding,
    draft: { ...first.draft, ...(what === undefined ? {} : { what }), ...(observables.length === 0 ? {} : { observables }) },
  };
}

function several(parts: readonly FindingDraft[]): Several {
  return {
    parts,
    hosts(role, one = role, many = `${one}s`) {
      const addresses = distinct(
        parts.flatMap(({ subjects }) => subjects.filter((subject) => subject.role === role)),
        ({ address }) => address,
      ).map(({ address, name }) => (name === undefined ? address : `${name} (${address})`));
      return addresses.length <= 2 ? addresses.join(' and ') : plural(addresses.length, one, many);
    },
  };
}

function listOf(parts: readonly Part[]): string {
  const listed = parts.slice(0, MOST_LISTED).map(({ draft }) => {
    const { label, note } = draft.together!;
    return note === undefined ? label : `${label} (${note})`;
  });
  return `${listed.join(', ')}${parts.length > MOST_LISTED ? ` and ${parts.length - MOST_LISTED} more, which are among the indicators` : ''}`;
}

/** What was measured of each part, with its label; and why the surest is sure. Where that would be too much to read, the first measure of each. */
function indicatorsOf(parts: readonly Part[], surest: Finding): Indicator[] {
  const isConfidence = ({ name }: Indicator): boolean => name.startsWith('confidence: '),
    measured = parts.map(({ finding, draft }) => ({
      label: draft.together!.label,
      all: finding.indicators.filter((one) => !isConfidence(one)),
    })),
    most = measured.reduce((sum, { all }) => sum + all.length, 0) > MOST_INDICATORS ? 1 : Infinity;
  return [
    { name: 'told together', value: parts.length },
    ...distinct(
      measured.flatMap(({ label, all }) => all.slice(0, most).map((one) => ({ ...one, name: `${label}: ${one.name}` }))),
      ({ name, value }) => `${name} ${value}`,
    ),
    ...surest.indicators.filter(isConfidence),
  ];
}

function evidenceOf(findings: readonly Finding[]): Finding['evidence'] {
  const all = findings.map(({ evidence }) => evidence),
    every = distinct(all.flatMap(({ frames }) => frames)),
    isWhole = all.every(({ frames, framesTotal }) => frames.length === framesTotal);
  // Each has its place; then the first of all.
  const share = Math.floor(MOST_FRAMES / all.length),
    named = new Set(all.flatMap(({ frames }) => frames.slice(0, share)));
  for (const frame of every.sort((a, b) => a - b)) if (named.size < MOST_FRAMES) named.add(frame);
  return {
    frames: [...named].sort((a, b) => a - b),
    framesTotal: isWhole
      ? every.length
      : Math.max(
          every.length,
          all.reduce((sum, { framesTotal }) => sum + framesTotal, 0),
        ),
    filter: filterOf(distinct(all.map(({ filter }) => filter).filter((filter) => filter !== ''))),
    flows: distinct(all.flatMap(({ flows }) => flows)).slice(0, MOST_FLOWS),
  };
}

/** Any of them. Most begin with who it is, and go on alike: that is written once. */
function filterOf(filters: readonly string[]): string {
  if (filters.length < 2) return filters.join('');
  const split = filters.map((filter) => /^((?:ip|ipv6)\.addr == \S+) && (.*)$/.exec(filter)),
    rest = split[0]?.[2];
  return rest !== undefined && split.every((one) => one?.[2] === rest)
    ? `(${split.map((one) => one?.[1] ?? '').join(' || ')}) && ${rest}`
    : filters.map((filter) => `(${filter})`).join(' || ');
}

function earliest(times: readonly Finding['firstSeen'][]): Finding['firstSeen'] {
  return times.reduce((a, b) => (a === null || (b !== null && b < a) ? b : a), null);
}

function latest(times: readonly Finding['lastSeen'][]): Finding['lastSeen'] {
  return times.reduce((a, b) => (a === null || (b !== null && b > a) ? b : a), null);
}

function distinct<T>(all: readonly T[], keyOf: (one: T) => unknown = (one) => one): T[] {
  const known = new Map<unknown, T>();
  for (const one of all) {
    const key = keyOf(one);
    if (!known.has(key)) known.set(key, one);
  }
  return [...known.values()];
}
