/** The captures that one request has to do with: those the user points at come first, and whatever is listed or opened is remembered for links. */
import type { CaptureFile } from '../analysis/captureFiles.ts';
import type { CaptureStore } from '../analysis/captureStore.ts';

export interface SeenCaptures {
  readonly captures: CaptureStore;
  /** The same; opening one here says nothing about what an answer is about. */
  readonly quiet: CaptureStore;
  /** Where a capture of this name lies, if this request met it. */
  locationOf(name: string): string | undefined;
  /** Names of all that were met. */
  names(): readonly string[];
  /** Names of those that were opened, in that order. */
  opened(): readonly string[];
}

/** `pointedAt` may lie outside of the captures folders, and stand before captures of the same name in there. */
export function seenCaptures(captures: CaptureStore, pointedAt: readonly CaptureFile[]): SeenCaptures {
  const seen = new Map(pointedAt.map(({ name, location }) => [name, location])),
    opened = new Set<string>();
  const see = <T extends Awaited<ReturnType<CaptureStore['list']>>>(listed: T): T => {
    if (listed.ok) for (const { name, location } of listed.files) if (!seen.has(name)) seen.set(name, location);
    return listed;
  };
  const quiet: CaptureStore = {
    list: async () => see(await captures.list()),
    async resolve(which) {
      const wanted = which.trim(),
        mine = pointedAt.find(({ name }) => name === wanted) ?? pointedAt.find(({ name }) => name.toLowerCase() === wanted.toLowerCase());
      return mine === undefined ? see(await captures.resolve(which)) : { ok: true, files: [mine] };
    },
    open: (file, signal) => captures.open(file, signal),
  };
  return {
    quiet,
    captures: {
      ...quiet,
      open(file, signal) {
        seen.set(file.name, file.location);
        opened.add(file.name);
        return captures.open(file, signal);
      },
    },
    locationOf: (name) => seen.get(name),
    names: () => [...seen.keys()],
    opened: () => [...opened],
  };
}
