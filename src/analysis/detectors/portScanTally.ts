/** What the probes between two addresses learned, port by port. */
import type * as F from '../flowTable.ts';
import { CLOSED, FILTERED, HALF_OPEN, probedPort, probeOutcome } from './portScanProbes.ts';

export interface PortTally {
  readonly closed: readonly number[];
  readonly filtered: readonly number[];
  /** Answered, and then left alone. */
  readonly halfOpen: readonly number[];
  /** Closed and filtered together. */
  readonly failed: number;
  /** Ports that were not among the failed and let the source in. */
  readonly completed: number;
  /** Flow row of the first attempt at each port that counts. */
  readonly first: readonly number[];
}

/** Written for each port and wiped after each pair: one array serves them all. */
const best = new Uint8Array(65_536);
const firstRow = new Int32Array(65_536);

/** Ports of `rows` by their best outcome. `open` are ports where a connection came about; above 1023 none counts beside FTP, whose data ports come and go. */
export function tallyPorts(flows: F.FlowTable, rows: readonly number[], open: ReadonlySet<number>, hasFtp: boolean): PortTally {
  const ports: number[] = [];
  for (const row of rows) {
    const port = probedPort(flows, row),
      outcome = probeOutcome(flows, row);
    if (hasFtp && port > 1023) continue;
    if (best[port] === 0) {
      ports.push(port);
      firstRow[port] = row;
    }
    if (outcome === HALF_OPEN || best[port] === 0 || (outcome === CLOSED && best[port] === FILTERED)) best[port] = outcome;
  }
  ports.sort((a, b) => a - b);
  const of = (outcome: number): number[] => ports.filter((port) => best[port] === outcome && (outcome === HALF_OPEN || !open.has(port)));
  const closed = of(CLOSED),
    filtered = of(FILTERED),
    halfOpen = of(HALF_OPEN);
  const first = [...closed, ...filtered, ...halfOpen].map((port) => firstRow[port]!);
  let completed = 0;
  for (const port of open) if (best[port] !== HALF_OPEN) completed++;
  for (const port of ports) best[port] = 0;
  return { closed, filtered, halfOpen, failed: closed.length + filtered.length, completed, first };
}
