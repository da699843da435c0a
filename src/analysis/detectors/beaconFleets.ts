/**
 * Beacons that an analyst would tell in one line: agents that call the same server inside, a monitor that asks many hosts inside, nodes that ask one another,
 * each at the same interval; and several connections between the same two.
 */
import { isLocalAddress } from './watched.ts';

export interface Rhythm {
  readonly client: string;
  readonly server: string;
  readonly serverPort: number;
  readonly isTcp: boolean;
  /** Seconds. */
  readonly interval: number;
  /** A server that is known by its name only, and may be anywhere. */
  readonly isByName: boolean;
}

export interface Fleet<T> {
  readonly kind: 'pair' | 'agents' | 'monitor' | 'mesh';
  /** The most regular first, as they came; of every pair of addresses at least one. */
  readonly members: readonly T[];
  readonly clients: readonly string[];
  readonly servers: readonly string[];
  readonly ports: readonly number[];
}

/** Machines from which on the same interval makes them one system. Their intervals differ by what their clocks do. */
export const FLEET = 3;
const SAME_PERCENT = 5;

/** In the order of the first of each. */
export function fleetsOf<T>(all: readonly T[], rhythmOf: (one: T) => Rhythm): Fleet<T>[] {
  const pairs = new Map<string, { readonly rhythm: Rhythm; readonly members: T[] }>();
  for (const one of all) {
    const rhythm = rhythmOf(one),
      key = `${rhythm.client} ${rhythm.server} ${rhythm.serverPort} ${rhythm.isTcp} ${rhythm.isByName}`,
      pair = pairs.get(key);
    if (pair === undefined) pairs.set(key, { rhythm, members: [one] });
    else pair.members.push(one);
  }
  const groups = new Groups(),
    told = [...pairs.values()];
  for (const [i, { rhythm }] of told.entries()) {
    groups.add(i);
    if (rhythm.isByName || !isLocalAddress(rhythm.server)) continue;
    groups.join(`to ${rhythm.server} ${rhythm.serverPort} ${rhythm.isTcp}`, rhythm.interval, i);
    groups.join(`from ${rhythm.client} ${rhythm.isTcp}`, rhythm.interval, i);
  }
  const byRoot = new Map<number, typeof told>();
  for (const [i, pair] of told.entries()) {
    const root = groups.rootOf(i),
      same = byRoot.get(root);
    if (same === undefined) byRoot.set(root, [pair]);
    else same.push(pair);
  }
  return [...byRoot.values()].flatMap((same) => (same.length >= FLEET ? [fleet(same)] : same.map((one) => fleet([one]))));
}

function fleet<T>(pairs: readonly { readonly rhythm: Rhythm; readonly members: readonly T[] }[]): Fleet<T> {
  const distinct = <V>(of: (rhythm: Rhythm) => V): V[] => [...new Set(pairs.map(({ rhythm }) => of(rhythm)))],
    clients = distinct(({ client }) => client),
    servers = distinct(({ server }) => server);
  return {
    kind: pairs.length === 1 ? 'pair' : clients.length === 1 ? 'monitor' : servers.length === 1 ? 'agents' : 'mesh',
    members: pairs.flatMap(({ members }) => members),
    clients,
    servers,
    ports: distinct(({ serverPort }) => serverPort),
  };
}

/** Which belong together: of each key those with about the same interval, and whoever belongs to one of them. */
class Groups {
  readonly #parents: number[] = [];
  readonly #first = new Map<string, { readonly interval: number; readonly i: number }[]>();

  add(i: number): void {
    this.#parents[i] = i;
  }

  join(key: string, interval: number, i: number): void {
    let there = this.#first.get(key);
    if (there === undefined) this.#first.set(key, (there = []));
    const same = there.find((one) => Math.abs(one.interval - interval) * 100 <= SAME_PERCENT * one.interval);
    if (same === undefined) there.push({ interval, i });
    else this.#parents[this.rootOf(i)] = this.rootOf(same.i);
  }

  rootOf(i: number): number {
    let root = i;
    while (this.#parents[root] !== root) root = this.#parents[root]!;
    // Each is asked again: the way there is one step from now on.
    while (this.#parents[i] !== root) {
      const next = this.#parents[i]!;
      this.#parents[i] = root;
      i = next;
    }
    return root;
  }
}
