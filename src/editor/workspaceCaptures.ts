/** The captures of the workspace as tools and Chat see them: those of the captures folders, and those that are open. They share the editor's engines. */
import * as vscode from 'vscode';
import { newestFirst, type CaptureFile } from '../analysis/captureFiles.ts';
import { resolveAmong, type CaptureStore, type Listed, type Opened } from '../analysis/captureStore.ts';
import type { CaptureLibrary } from './captureLibrary.ts';
import { nameOf } from './openCapture.ts';
import { whenComplete, type Sessions } from './sessions.ts';

const WHERE = 'the captures folders of this workspace';

export function workspaceCaptures({ library, sessions }: { readonly library: CaptureLibrary; readonly sessions: Sessions }): CaptureStore {
  async function list(): Promise<{ readonly ok: true; readonly files: readonly CaptureFile[] }> {
    return { ok: true, files: (await library.list()).map(({ file }) => file) };
  }

  /** Open captures may lie outside of the folders; the user opened them, so they can be asked about. */
  async function opened(known: readonly CaptureFile[]): Promise<CaptureFile[]> {
    const others = sessions.openKeys().filter((key) => known.every(({ location }) => location !== key));
    const files = await Promise.all(
      others.map(async (location) => {
        const uri = vscode.Uri.parse(location, true);
        try {
          const { size, mtime } = await vscode.workspace.fs.stat(uri);
          return { location, name: nameOf(uri), bytes: size, modifiedMs: mtime };
        } catch {
          return null;
        }
      }),
    );
    return files.filter((file) => file !== null);
  }

  async function resolve(which: string): Promise<Listed> {
    const { files } = await list();
    const found = resolveAmong(files, which, WHERE);
    if (found.ok) return found;
    const others = await opened(files);
    return others.length === 0 ? found : resolveAmong(newestFirst([...files, ...others]), which, WHERE);
  }

  async function open(file: CaptureFile, signal?: AbortSignal): Promise<Opened> {
    const lease = sessions.acquire(file.location);
    try {
      await whenComplete(lease.session, signal);
      return { ok: true, capture: { call: lease.session.call, release: lease.release } };
    } catch (error) {
      lease.release();
      signal?.throwIfAborted();
      return { ok: false, message: error instanceof Error ? error.message : String(error) };
    }
  }

  return { list, resolve, open };
}
