/**
 * Paths of protocols (`eth/ip/tcp/http`) as small integers: a trie walked one step per layer, so that counting a frame in
 * every protocol and in the hierarchy costs one increment.
 */
import type { Dissector } from './dissector.ts';

/** Enough for every combination real traffic shows; nested tunnels made by an attacker stop growing it here. */
const MAX_PATHS = 4096;
const MAX_PROTOCOLS = 256;

export class ProtocolPaths {
  /** path * MAX_PROTOCOLS + protocol -> path, 0 where not met yet. Path 0 is the empty path. */
  #children = new Uint16Array(64 * MAX_PROTOCOLS);
  #parents: number[] = [0];
  #protocols: number[] = [-1];
  readonly #dissectors: readonly Dissector[];
  readonly #index = new Map<Dissector, number>();

  constructor(dissectors: readonly Dissector[]) {
    if (dissectors.length > MAX_PROTOCOLS) throw new Error(`${dissectors.length} protocols, room for ${MAX_PROTOCOLS}`);
    this.#dissectors = dissectors;
    dissectors.forEach((dissector, i) => this.#index.set(dissector, i));
  }

  get size(): number {
    return this.#parents.length;
  }

  indexOf(dissector: Dissector): number {
    const index = this.#index.get(dissector);
    if (index === undefined) throw new Error(`dissector ${dissector.id} is not in the registry`);
    return index;
  }

  /** The path one protocol deeper. */
  child(path: number, protocol: number): number {
    const known = this.#children[path * MAX_PROTOCOLS + protocol]!;
    return known !== 0 ? known : this.#add(path, protocol);
  }

  #add(path: number, protocol: number): number {
    const next = this.#parents.length;
    if (next >= MAX_PATHS) return path;
    if ((next + 1) * MAX_PROTOCOLS > this.#children.length) {
      const grown = new Uint16Array(this.#children.length * 2);
      grown.set(this.#children);
      this.#children = grown;
    }
    this.#children[path * MAX_PROTOCOLS + protocol] = next;
    this.#parents.push(path);
    this.#protocols.push(protocol);
    return next;
  }

  parentOf(path: number): number {
    return this.#parents[path] ?? 0;
  }

  /** The innermost protocol of a path; undefined for the empty one. */
  topOf(path: number): Dissector | undefined {
    return this.#dissectors[this.#protocols[path] ?? -1];
  }

  /** Protocols from the outside in. */
  protocolsOf(path: number): readonly Dissector[] {
    const protocols: Dissector[] = [];
    for (let at = path; at !== 0; at = this.parentOf(at)) {
      const top = this.topOf(at);
      if (top !== undefined) protocols.unshift(top);
    }
    return protocols;
  }
}
