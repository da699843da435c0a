/**
 * `.netsec` of a capture, found as the command line and the MCP server find it: the nearest one in the capture's folder or above it that holds what is
 * asked for. Watched, so that open captures are judged by what holds now.
 */
import * as vscode from 'vscode';

const MOST_FOLDERS = 64,
  SETTLE_MS = 100,
  LOOK_MS = 2000,
  JUDGED_BY = ['allow.yaml', 'intel', 'keys'];

export interface NetsecFolders {
  /** The nearest `.netsec/<name>` in the capture's folder or above it; watched from now on. */
  nearest(capture: vscode.Uri, name: string): Promise<vscode.Uri | undefined>;
  /** Watches all that the capture is judged by, as far as it is there. */
  watch(capture: vscode.Uri): Promise<void>;
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
  /**
   * Folders that were found, each watched by itself: those of captures outside the workspace, and all others too, because the watch of the workspace
   * misses what happens in a folder that was made right after the one that holds it.
   */
  const found = new Map<string, vscode.Disposable[]>();

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
  /** When what was found changed last: VS Code's watches fall silent now and then, and nobody is told. */
  const changedAt = new Map<string, number | undefined>();
  let looking: NodeJS.Timeout | undefined;
  const look = async (): Promise<void> => {
    for (const [key, before] of changedAt) {
      const at = await changeTime(vscode.Uri.parse(key));
      changedAt.set(key, at);
      if (before !== undefined && before !== at) soon();
    }
  };
  const lookAt = (uri: vscode.Uri): void => {
    const key = uri.toString();
    if (changedAt.has(key)) return;
    changedAt.set(key, undefined);
    looking ??= setInterval(() => void look(), LOOK_MS);
    void look();
  };
  const watchFolder = (folder: vscode.Uri): void => {
    const key = folder.toString();
    if (!found.has(key)) found.set(key, watchPattern(folder, '*'));
  };
  const folders = vscode.workspace.onDidChangeWorkspaceFolders(() => {
    watchWorkspace();
    soon();
  });
  watchWorkspace();

  async function nearest(capture: vscode.Uri, name: string): Promise<vscode.Uri | undefined> {
    let folder = vscode.Uri.joinPath(capture, '..');
    for (let i = 0; i < MOST_FOLDERS; i++) {
      const netsec = vscode.Uri.joinPath(folder, '.netsec'),
        here = vscode.Uri.joinPath(netsec, name),
        type = await typeOf(here);
      if (type !== undefined) {
        lookAt(netsec);
        lookAt(here);
        watchFolder(netsec);
        if ((type & vscode.FileType.Directory) !== 0) watchFolder(here);
        return here;
      }
      const above = vscode.Uri.joinPath(folder, '..');
      if (above.path === folder.path) return undefined;
      folder = above;
    }
    return undefined;
  }

  return {
    nearest,
    async watch(capture) {
      await Promise.all(JUDGED_BY.map((name) => nearest(capture, name)));
    },
    onDidChange: emitter.event,
    changed: () => emitter.fire(),
    dispose() {
      clearTimeout(timer);
      clearInterval(looking);
      for (const each of [...inWorkspace, ...[...found.values()].flat()]) each.dispose();
      folders.dispose();
      emitter.dispose();
    },
  };
}

async function typeOf(uri: vscode.Uri): Promise<vscode.FileType | undefined> {
  try {
    return (await vscode.workspace.fs.stat(uri)).type;
  } catch {
    return undefined;
  }
}

/** Of a folder: when something was added to it or taken away. 0 for what is gone. */
async function changeTime(uri: vscode.Uri): Promise<number> {
  try {
    return (await vscode.workspace.fs.stat(uri)).mtime;
  } catch {
    return 0;
  }
}
