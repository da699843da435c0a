/**
 * Distributed scan: several addresses share the ports of one host among them, each port tried once; or they try the same ports at the same moment, as
 * nmap does with decoys (https://nmap.org/book/man-bypass-firewalls-ids.html, -D). ATT&CK T1046, Network Service Discovery. Strangers that scan on their
 * own account meet on the popular ports, at different times: that is neither.
 */
import * as z from 'zod';
import type { CaptureState } from '../captureState.ts';
import { flowAddress } from '../conversations.ts';
import { coverage, examinedAll, numberRanges, unreadableFrames } from '../coverage.ts';
import { durationText, plural } from '../describe.ts';
import { defineDetector, type DetectorRun, type FindingDraft } from '../detector.ts';
import * as F from '../flowTable.ts';
import { oneWayConnections } from '../oneWay.ts';
import type { Subject } from '../report.ts';
import { areServices, knockersByTarget, type Knocker } from './lonePorts.ts';
import { gatherPairs, FIN, NULL, SYN, XMAS, type Pair } from './portScanProbes.ts';
import { flowStart } from './measures.ts';
import { addressFilter, confidenceOf, Evidence } from './watched.ts';

const options = z.object({
  sources: z.int().min(2).default(5).describe('Addresses that must share the work, each with at least three ports (addresses)'),
  ports: z.int().min(6).max(65_535).default(30).describe('Ports of one host that they must try in vain together (ports)'),
  windowMinutes: z.number().positive().default(10).describe('Time within which they must do it (minutes)'),
  decoyPorts: z
    .int()
    .min(5)
    .max(65_535)
    .default(15)
    .describe('Ports that two addresses must try at the same moment to be called decoys of one scan (ports)'),
});
type Options = z.output<typeof options>;

const LEAST_PORTS_EACH = 3,
  /** Attempts per port, all addresses together: nearly every port is tried by one of them only. */
  MOST_OVERLAP = 1.1,
  LEAST_FAILED_SHARE = 0.8,
  /** A scanner sends the probes of all its decoys in one go. */
  DECOY_SECONDS = 0.2,
  DECOY_SHARE = 0.8,
  MOST_DECOYS = 128,
  MOST_FINDINGS = 100;
const KINDS = [SYN, FIN, NULL, XMAS];

/** Addresses with fewer ports each must try more ports together, and faster: strangers knock now and then. */
const LONE_PORTS = 50,
  LONE_SECONDS = 60;

/** What one address tried of one host. */
type Scanner = Readonly<Knocker>;

/** How many addresses, each with how many ports, must try how many together within which time. */
interface Sharing {
  readonly sources: number;
  readonly portsEach: number;
  readonly ports: number;
  readonly seconds: number;
}

export const distributedScan = defineDetector({
  id: 'distributed-scan',
  title: 'Distributed scan and decoys',
  tier: 2,
  deed: 'shared a scan of {whom}',
  description:
    'Several addresses try closed or silent ports of one host and share them among each other, or try the same ports at the same moment because one scanner hides among decoys. Vulnerability scanners with several engines do the former.',
  options,
  create: (_, state) => ({ evaluate: (values) => evaluate(values, state) }),
});

function evaluate(values: Options, state: CaptureState): ReturnType<DetectorRun['evaluate']> {
  const gathered = gatherPairs(state, LEAST_PORTS_EACH),
    targets = new Map<number, Scanner[]>(),
    limits = unreadableFrames(state);
  for (const pair of gathered.pairs) {
    const ports = firstProbes(state, pair),
      [row] = ports.values();
    if (row === undefined || ports.size < LEAST_PORTS_EACH) continue;
    const at = row * F.INTS,
      key = state.flows.ints[at + F.B]! * 4096 + (state.flows.ints[at + F.META]! >>> 8),
      known = targets.get(key);
    const scanner = { ports, worked: pair.openTcp.size };
    if (known === undefined) targets.set(key, [scanner]);
    else known.push(scanner);
  }
  const findings: FindingDraft[] = [],
    sharing: Sharing = { sources: values.sources, portsEach: LEAST_PORTS_EACH, ports: values.ports, seconds: values.windowMinutes * 60 },
    lone: Sharing = { sources: LONE_PORTS / 2, portsEach: 1, ports: Math.max(LONE_PORTS, values.ports), seconds: LONE_SECONDS };
  for (const scanners of targets.values()) {
    const decoys = decoyGroups(values, state, scanners);
    for (const group of decoys) findings.push(draft(values, state, group, probesOf(group), 'decoys'));
    const others = scanners.filter((one) => !decoys.some((group) => group.includes(one))),
      shared = sharedPorts(sharing, state, others);
    if (shared !== null) findings.push(draft(values, state, shared.scanners, shared.rows, 'shared', sharing));
  }
  for (const knockers of knockersByTarget(state, lone.ports)) {
    const shared = sharedPorts(
      lone,
      state,
      knockers.filter(({ ports }) => ports.size > 0 && ports.size < LEAST_PORTS_EACH),
    );
    if (shared !== null && areServices(portsOf(state, shared.rows)))
      findings.push(draft(values, state, shared.scanners, shared.rows, 'shared', lone));
  }
  if (gathered.isBounded) limits.push('More pairs of addresses looked suspicious than are followed; some were left out.');
  const oneWay = oneWayConnections(state.flows, state.packets);
  if (oneWay.isNotable) limits.push(`${plural(oneWay.connections, 'TCP connection was', 'TCP connections were')} captured in one direction only.`);
  if (findings.length > MOST_FINDINGS) limits.push(`Of ${findings.length} distributed scans ${MOST_FINDINGS} are shown.`);
  return { findings: findings.slice(0, MOST_FINDINGS), coverage: coverage(examinedAll(state, gathered.judged), limits) };
}

function firstProbes({ flows }: CaptureState, pair: Pair): Map<number, number> {
  const ports = new Map<number, number>();
  for (const kind of KINDS) {
    for (const row of pair.probes[kind] ?? []) {
      const port = flows.ints[row * F.INTS + F.PORTS]! & 0xffff;
      if (!ports.has(port)) ports.set(port, row);
    }
  }
  return ports;
}

function portsOf({ flows }: CaptureState, rows: readonly number[]): number[] {
  return [...new Set(rows.map((row) => flows.ints[row * F.INTS + F.PORTS]! & 0xffff))].sort((a, b) => a - b);
}

const probesOf = (scanners: readonly Scanner[]): number[] => scanners.flatMap(({ ports }) => [...ports.values()]).sort((a, b) => a - b);

/** Addresses that try the same ports at the same moments. */
function decoyGroups(values: Options, state: CaptureState, scanners: readonly Scanner[]): Scanner[][] {
  let left = scanners.filter(({ ports }) => ports.size >= values.decoyPorts).slice(0, MOST_DECOYS);
  const groups: Scanner[][] = [];
  while (left.length > 1) {
    const [first, ...rest] = left as [Scanner, ...Scanner[]],
      group = [first, ...rest.filter((other) => areTogether(state, first, other))];
    if (group.length > 1) groups.push(group);
    left = rest.filter((one) => !group.includes(one));
  }
  return groups;
}

function areTogether(state: CaptureState, a: Scanner, b: Scanner): boolean {
  let together = 0;
  for (const [port, row] of a.ports) {
    const other = b.ports.get(port);
    // Without times nothing is known to be at the same moment.
    if (other !== undefined && Math.abs(flowStart(state, row) - flowStart(state, other)) <= DECOY_SECONDS) together++;
  }
  return together >= DECOY_SHARE * Math.max(a.ports.size, b.ports.size);
}

/** The window in which most ports were shared out; null when there is none with enough. */
function sharedPorts(
  { sources, portsEach, ports: least, seconds }: Sharing,
  state: CaptureState,
  scanners: readonly Scanner[],
): { readonly scanners: readonly Scanner[]; readonly rows: readonly number[] } | null {
  if (scanners.length < sources) return null;
  const probes = scanners
    .flatMap((scanner) => [...scanner.ports].map(([port, row]) => ({ scanner, port, row, time: flowStart(state, row) })))
    .filter(({ time }) => !Number.isNaN(time))
    .sort((a, b) => a.time - b.time);
  const byPort = new Map<number, number>(),
    bySource = new Map<Scanner, number>();
  let best: { from: number; to: number; ports: number } | null = null,
    able = 0;
  for (let from = 0, to = 0; to < probes.length; to++) {
    const { port, scanner, time } = probes[to]!,
      count = (bySource.get(scanner) ?? 0) + 1;
    byPort.set(port, (byPort.get(port) ?? 0) + 1);
    bySource.set(scanner, count);
    if (count === portsEach) able++;
    for (; time - probes[from]!.time > seconds; from++) {
      const old = probes[from]!,
        rest = byPort.get(old.port)! - 1,
        restOf = bySource.get(old.scanner)! - 1;
      if (rest === 0) byPort.delete(old.port);
      else byPort.set(old.port, rest);
      bySource.set(old.scanner, restOf);
      if (restOf === portsEach - 1) able--;
    }
    const ports = byPort.size;
    if (able >= sources && ports >= least && to - from + 1 <= ports * MOST_OVERLAP && ports > (best?.ports ?? 0)) best = { from, to, ports };
  }
  if (best === null) return null;
  const within = probes.slice(best.from, best.to + 1),
    involved = [...new Set(within.map(({ scanner }) => scanner))],
    worked = involved.reduce((sum, one) => sum + one.worked, 0);
  return within.length < LEAST_FAILED_SHARE * (within.length + worked) ? null : { scanners: involved, rows: within.map(({ row }) => row) };
}

function draft(
  values: Options,
  state: CaptureState,
  scanners: readonly Scanner[],
  rows: readonly number[],
  technique: 'decoys' | 'shared',
  { sources, ports: least, seconds }: Sharing = { sources: 2, portsEach: values.decoyPorts, ports: values.decoyPorts, seconds: DECOY_SECONDS },
): FindingDraft {
  const { ints } = state.flows,
    evidence = new Evidence(),
    target = flowAddress(state, rows[0]!, F.B),
    ports = portsOf(state, rows),
    isDecoys = technique === 'decoys';
  for (const row of rows) evidence.addRow(state.flows, row);
  // Only who really sent a SYN gets its answer, and resets what it never asked its own stack for.
  const reacted = scanners.filter(({ ports: own }) => [...own.values()].some((row) => isReset(ints[row * F.INTS + F.FLAGS]!))),
    real = isDecoys && reacted.length === 1 ? reacted[0] : undefined;
  const { confidence, indicators } = confidenceOf([
    [isDecoys ? 'the same ports at the same moment' : 'nearly every port was tried by one address only', 70],
    ['more addresses than needed', Math.min(10, 2 * (scanners.length - sources))],
    ['one of them alone takes notice of answers', real === undefined ? 0 : 15],
  ]);
  const subjects = scanners.slice(0, 50).map((scanner): Subject => {
    const [row] = scanner.ports.values();
    return { role: real !== undefined && scanner !== real ? 'spoofed' : 'attacker', address: flowAddress(state, row!, F.A) };
  });
  return {
    technique,
    ...(isDecoys ? { deed: 'scanned {whom} behind decoys' } : {}),
    severity: 'medium',
    confidence,
    title: isDecoys
      ? `A scan of ${target} hides among ${plural(scanners.length, 'address', 'addresses')}`
      : `${plural(scanners.length, 'address', 'addresses')} share a scan of ${target}`,
    description: isDecoys
      ? `${plural(scanners.length, 'address', 'addresses')} tried the same ports of ${target} within ${DECOY_SECONDS} s of each other: ${plural(ports.length, 'port')} (threshold ${values.decoyPorts}). That is one scanner with decoys.`
      : `${plural(scanners.length, 'address', 'addresses')} (threshold ${sources}) tried ${plural(ports.length, 'port')} of ${target} in vain (threshold ${least}) within ${durationText(seconds)}, and hardly any port twice.`,
    subjects: [...subjects, { role: 'victim', address: target }],
    ...evidence.proof,
    indicators: [
      { name: 'addresses', value: scanners.length, threshold: sources },
      { name: 'ports', value: ports.length, threshold: least },
      { name: 'ports tried', value: numberRanges(ports) },
      ...indicators,
    ],
    alternatives: ['A vulnerability scanner of your own with several engines.', 'A test of a load balancer or of a firewall from several hosts.'],
    filter: `${addressFilter(target)} && tcp`,
    attack: ['T1046'],
    recommendation: isDecoys
      ? 'Look for the one sender by its MAC address or its TTL; block by what is scanned, since the decoys may be innocent.'
      : `Look for what these addresses have in common, and see that ${target} offers only what it should.`,
  };
}

const isReset = (flags: number): boolean => (flags & F.SYN_ACK_B) !== 0 && (flags & F.RST_A) !== 0;
