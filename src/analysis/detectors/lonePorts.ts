/** Addresses that try one or two ports of a host each, as a botnet does whose members share a scan out, or a scanner behind a pool of proxies. */
import type { CaptureState } from '../captureState.ts';
import * as F from '../flowTable.ts';
import { endKey, gatherHot } from './hotFlows.ts';
import { KIND, probeOf, SYN } from './portScanProbes.ts';

const MOST_TARGETS = 64,
  MOST_SOURCES = 5000,
  PROTOCOL_TCP = 6;
/** Scans ask services, which have low numbers; of a flood's ports, which are any, one in 64 is below 1024. */
const LEAST_SERVICES_PERCENT = 10;

/** One address at one host: the row of the first probe of each port, and connections that came about. */
export interface Knocker {
  readonly ports: Map<number, number>;
  worked: number;
}

/** By host, of those that at least `least` probes went to. */
export function knockersByTarget({ flows }: CaptureState, least: number): readonly (readonly Knocker[])[] {
  const { ints } = flows,
    { groups } = gatherHot<Map<number, Knocker>>(flows, {
      least,
      mostGroups: MOST_TARGETS,
      key: (row) => ((ints[row * F.INTS + F.META]! & F.META_PROTOCOL) === PROTOCOL_TCP ? endKey(flows, row, F.B) : NaN),
      weight: (row) => ((probeOf(flows, row) & KIND) === SYN ? 1 : 0),
      create: () => new Map(),
      add: (sources, row) => {
        const source = endKey(flows, row, F.A);
        let knocker = sources.get(source);
        if (knocker === undefined) {
          if (sources.size >= MOST_SOURCES) return;
          sources.set(source, (knocker = { ports: new Map(), worked: 0 }));
        }
        const port = ints[row * F.INTS + F.PORTS]! & 0xffff;
        if ((probeOf(flows, row) & KIND) !== SYN) knocker.worked++;
        else if (!knocker.ports.has(port)) knocker.ports.set(port, row);
      },
    });
  return groups.map((sources) => [...sources.values()]);
}

/** Whether ports are those that somebody would scan, and not any. */
export function areServices(ports: readonly number[]): boolean {
  return ports.filter((port) => port < 1024).length * 100 >= ports.length * LEAST_SERVICES_PERCENT;
}
