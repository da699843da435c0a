/** What each capture's page was showing, kept with the workspace so that it is there again after a reload. */

/** The part of `vscode.Memento` that is needed. */
export interface Storage {
  get(key: string): unknown;
  update(key: string, value: unknown): PromiseLike<void>;
}

const KEY = 'pageStates';
const MOST_CAPTURES = 50;
const MOST_CHARACTERS = 64 * 1024;

type Entry = readonly [capture: string, state: unknown];

export interface PageStates {
  /** The last saved state, or null. */
  load(capture: string): unknown;
  /** Keeps `state`, plain JSON of at most 64 Ki characters; the states of the captures used longest ago make room. */
  save(capture: string, state: unknown): Promise<void>;
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
  };
}

function isEntry(value: unknown): value is Entry {
  return Array.isArray(value) && value.length === 2 && typeof value[0] === 'string';
}
