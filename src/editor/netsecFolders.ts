/**
 * `.netsec` of a capture, found as the command line and the MCP server find it: the nearest one in the capture's folder or above it that holds what is
 * asked for. Watched, so that open captures are judged by what holds now.
 */
import * as vscode from 'vscode';

const MOST_FOLDERS = 64,
  SETTLE_MS = 100;

export interface NetsecFolders {
  /** The nearest `.netsec/<name>` in the capture's folder or above it. */
  nearest(capture: vscode.Uri, name: string): Promise<vscode.Uri | undefined>;
  /** Something under some `.netsec` changed; told once for changes that come together. */
  readonly onDidChange: vscode.Event<void>;
  /** Tells it at once: what we wrote ourselves. */
  changed(): void;
  dispose(): void;
}

export function netsecFolders(): NetsecFolders {
  const emitter = new vscode.EventEmitter<void>();
  let timer: NodeJS.Timeout | undefined;
  let inWorkspace: vscode.Disposable[] = [];
  /** Found above captures that lie in no folder of the workspace. */
  const outside = new Map<string, vscode.Disposable[]>();

  const soon = (): void => {
    clearTimeout(timer);
    timer = setTimeout(() => emitter.fire(), SETTLE_MS);
  };
  const watchPattern = (base: vscode.Uri, pattern: string): vscode.Disposable[] => {
    const watcher = vscode.workspace.createFileSystemWatcher(new vscode.RelativePattern(base, pattern));
    return [watcher, watcher.onDidCreate(soon), watcher.onDidChange(soon), watcher.onDidDelete(soon)];
  };
  const watchWorkspace = (): void => {
    for (const each of inWorkspace) each.dispose();
    inWorkspace = (vscode.workspace.workspaceFolders ?? []).flatMap(({ uri }) => watchPattern(uri, '**/.netsec/**'));
  };
  const folders = vscode.workspace.onDidChangeWorkspaceFolders(() => {
    watchWorkspace();
    soon();
  });
  watchWorkspace();

  return {
    async nearest(capture, name) {
      let folder = vscode.Uri.joinPath(capture, '..');
      for (let i = 0; i < MOST_FOLDERS; i++) {
        const netsec = vscode.Uri.joinPath(folder, '.netsec'),
          found = vscode.Uri.joinPath(netsec, name);
        if (await isThere(found)) {
          const key = netsec.toString();
          if (vscode.workspace.getWorkspaceFolder(netsec) === undefined && !outside.has(key)) outside.set(key, watchPattern(netsec, '**'));
          return found;
        }
        const above = vscode.Uri.joinPath(folder, '..');
        if (above.path === folder.path) return undefined;
        folder = above;
      }
      return undefined;
    },
    onDidChange: emitter.event,
    changed: () => emitter.fire(),
    dispose() {
      clearTimeout(timer);
      for (const each of [...inWorkspace, ...[...outside.values()].flat()]) each.dispose();
      folders.dispose();
      emitter.dispose();
    },
  };
}

async function isThere(uri: vscode.Uri): Promise<boolean> {
  try {
    await vscode.workspace.fs.stat(uri);
    return true;
  } catch {
    return false;
  }
}
