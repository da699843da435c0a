/** Files that cannot be opened yet: without a byte, as `tcpdump -w` leaves them until its first flush, with half a header, or not there. */
import { stat } from 'node:fs/promises';
import { setTimeout as sleep } from 'node:timers/promises';

export interface UnopenedFiles {
  /** Resolves once they are not any more what they were when they were looked at last; throws when aborted. */
  changed(): Promise<void>;
}

/** Looked at from now on; a stat costs microseconds. */
export function unopenedFiles(paths: readonly string[], intervalMs: number, signal: AbortSignal): UnopenedFiles {
  let before = stampOf(paths);
  return {
    async changed() {
      for (;;) {
        await sleep(intervalMs, undefined, { signal, ref: false });
        const was = await before,
          now = await stampOf(paths);
        before = Promise.resolve(now);
        if (now !== was) return;
      }
    },
  };
}

async function stampOf(paths: readonly string[]): Promise<string> {
  const stamps = paths.map(async (path) => {
    const there = await stat(path).catch(() => null);
    // The time of the last change of any kind, so that a permission that is given is one.
    return there === null ? '' : `${there.dev}:${there.ino}:${there.size}:${there.mtimeMs}:${there.ctimeMs}`;
  });
  return (await Promise.all(stamps)).join('\n');
}
