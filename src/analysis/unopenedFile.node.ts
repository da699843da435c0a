/** Files that cannot be opened yet: without a byte, as `tcpdump -w` leaves them until its first flush, with half a header, or not there. */
import { statSync } from 'node:fs';
import { setTimeout as sleep } from 'node:timers/promises';
import { onDisk } from '../pcap/diskName.node.ts';

export interface UnopenedFiles {
  /** Resolves once they are not any more what they were when they were looked at last; throws when aborted. */
  changed(): Promise<void>;
}

/** Looked at now, so before somebody tries to open them: what is written while that fails is a change. */
export function unopenedFiles(paths: readonly string[], intervalMs: number, signal: AbortSignal): UnopenedFiles {
  let seen = stampOf(paths);
  return {
    async changed() {
      const before = seen;
      while (seen === before) {
        await sleep(intervalMs, undefined, { signal, ref: false });
        seen = stampOf(paths);
      }
    },
  };
}

function stampOf(paths: readonly string[]): string {
  return paths
    .map((path) => {
      try {
        const { dev, ino, size, mtimeMs, ctimeMs } = statSync(onDisk(path));
        // The time of the last change of any kind, so that a permission that is given is one.
        return `${dev}:${ino}:${size}:${mtimeMs}:${ctimeMs}`;
      } catch {
        return '';
      }
    })
    .join('\n');
}
