/** What each capture's page was showing, kept with the workspace so that it is there again after a reload. */

/** The part of `vscode.Memento` that is needed. */
export interface Storage {
  get(key: string): unknown;
  update(key: string, value: unknown): PromiseLike<void>;
}

export interface KeptByAddress {
  /** Keeps what is known of `from`, a capture or a folder of them, under `to` as well: the renaming may yet fail. */
  renamed(from: string, to: string): Promise<void>;
}

const KEY = 'pageStates';
const MOST_CAPTURES = 50;
const MOST_CHARACTERS = 64 * 1024;

type Entry = readonly [capture: string, state: unknown];

export interface PageStates extends KeptByAddress {
  /** The last saved state, or null. */
  load(capture: string): unknown;
  /** Keeps `state`, plain JSON of at most 64 Ki characters; the states of the captures used longest ago make room. */
  save(capture: string, state: unknown): Promise<void>;
}

/** What an address becomes when `from`, a file or a folder, is renamed; null for one that is not concerned. */
export function renamedAddress(address: string, from: string, to: string): string | null {
  return address === from || address.startsWith(`${from}/`) ? to + address.slice(from.length) : null;
}

export function pageStates(storage: Storage): PageStates {
  const read = (): readonly Entry[] => {
    const stored = storage.get(KEY);
    return Array.isArray(stored) ? (stored as unknown[]).filter(isEntry) : [];
  };
  return {
    load: (capture) => read().find(([key]) => key === capture)?.[1] ?? null,
    async save(capture, state) {
      const characters = JSON.stringify(state)?.length ?? 0;
      if (characters > MOST_CHARACTERS) throw new Error(`The page's state of ${characters} characters is over the limit of ${MOST_CHARACTERS}.`);
      const others = read().filter(([key]) => key !== capture);
      await storage.update(KEY, [[capture, state], ...others].slice(0, MOST_CAPTURES));
    },
    async renamed(from, to) {
      const all = read(),
        moved = new Map(
          all.flatMap(([key, state]) => {
            const address = renamedAddress(key, from, to);
            return address === null ? [] : [[address, state] as const];
          }),
        );
      if (moved.size > 0) await storage.update(KEY, [...moved, ...all.filter(([key]) => !moved.has(key))].slice(0, MOST_CAPTURES));
    },
  };
}

function isEntry(value: unknown): value is Entry {
  return Array.isArray(value) && value.length === 2 && typeof value[0] === 'string';
}
