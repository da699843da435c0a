/** Files that are read one after the other, of which only the few used last are open. A file that was exchanged meanwhile is not read any more. */
import { stat } from 'node:fs/promises';
import { openFile } from './byteSource.node.ts';
import type { ByteSource } from './byteSource.ts';
import { onDisk } from './diskName.node.ts';

const MOST_OPEN = 8;

export interface FilePool {
  /** Throws what the system says when the file is not there. */
  source(path: string): Promise<ByteSource>;
  close(): Promise<void>;
}

export function filePool(): FilePool {
  /** Used last, last. */
  const open = new Map<string, Promise<ByteSource>>();
  const closing = new Set<Promise<unknown>>();

  function use(path: string): Promise<ByteSource> {
    const known = open.get(path) ?? openFile(path);
    open.delete(path);
    open.set(path, known);
    known.catch(() => open.delete(path));
    for (const [oldest, source] of open) {
      if (open.size <= MOST_OPEN) break;
      open.delete(oldest);
      const done = source.then((one) => one.close()).catch(() => undefined);
      closing.add(done);
      void done.then(() => closing.delete(done));
    }
    return known;
  }

  return {
    async source(path) {
      const first = await stat(onDisk(path));
      let size = first.size;
      const isSame = async (): Promise<boolean> => {
        if (open.has(path)) return true;
        const now = await stat(onDisk(path)).catch(() => null);
        return now !== null && now.ino === first.ino && now.dev === first.dev;
      };
      return {
        get size() {
          return size;
        },
        async read(into, offset, length, position) {
          return (await isSame()) ? (await use(path)).read(into, offset, length, position) : 0;
        },
        async refresh() {
          if (await isSame()) size = await (await use(path)).refresh();
          return size;
        },
        close: () => Promise.resolve(),
      };
    },
    async close() {
      const all = [...open.values()];
      open.clear();
      await Promise.all([...all.map((source) => source.then((one) => one.close()).catch(() => undefined)), ...closing]);
    },
  };
}
