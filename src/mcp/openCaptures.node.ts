/** The captures that one server opens, whatever it is asked over: those under the folders of its arguments and, where it takes them, of its client. */
import fs from 'node:fs/promises';
import path from 'node:path';
import { nodeCaptureStore } from '../analysis/captureStore.node.ts';
import { usersReportCache } from '../analysis/reportCache.node.ts';
import { VERSION } from '../analysis/version.ts';
import type { ClientRoots } from './clientRoots.node.ts';
import type { ReadingListener } from './reading.ts';
import { reportsFolder } from './reportsFolder.node.ts';
import { insideRoots } from './roots.node.ts';
import type { McpServerOptions } from './server.ts';
import { sessionRecorder } from './sessionRecorder.node.ts';

export interface CapturesOptions {
  /** `--root`. */
  readonly roots: readonly string[];
  /** False with `--no-cache`. */
  readonly cache: boolean;
  /** False with `--no-recording`. */
  readonly recording: boolean;
}

export interface OpenCaptures {
  /** Absolute paths of `--root`. */
  readonly named: readonly string[];
  readonly offered: Required<Pick<McpServerOptions, 'captures' | 'onReading' | 'reports' | 'recorder'>>;
  alsoIn(roots: ClientRoots): void;
  /** Closes what is open. */
  close(): Promise<void>;
}

export function openCaptures({ roots, cache, recording }: CapturesOptions): OpenCaptures {
  const named = [...new Set(roots.map((root) => path.resolve(root)))],
    listeners = new Set<ReadingListener>();
  let others: ClientRoots | null = null;
  const all = async (): Promise<readonly string[]> => [...new Set([...named, ...((await others?.folders()) ?? [])])];
  const store = nodeCaptureStore({
    folders: async () => withCapturesFolders(await all()),
    version: VERSION,
    cache: cache ? usersReportCache() : null,
    onProgress: (...reading) => {
      for (const listener of listeners) listener(...reading);
    },
  });
  const firstRoot = async (): Promise<string> => {
    const [first] = await all();
    if (first === undefined) throw new Error('there is no folder to write into');
    return first;
  };
  return {
    named,
    offered: {
      captures: insideRoots(store, all),
      onReading: (listener) => {
        listeners.add(listener);
        return () => listeners.delete(listener);
      },
      reports: {
        place: async () => reportsFolder(await firstRoot()).place,
        write: async (name, content) => reportsFolder(await firstRoot()).write(name, content),
      },
      recorder: recording ? () => sessionRecorder(firstRoot) : undefined,
    },
    alsoIn(client) {
      others = client;
    },
    close: () => store.dispose(),
  };
}

/** A root is often the folder of a project, whose captures lie in `captures`. */
async function withCapturesFolders(roots: readonly string[]): Promise<readonly string[]> {
  const inner = await Promise.all(
    roots.map(async (root) => {
      const folder = path.join(root, 'captures');
      return (await fs.stat(folder).catch(() => null))?.isDirectory() === true ? [root, folder] : [root];
    }),
  );
  return inner.flat();
}
