/** The captures in the captures folders of the workspace, read through VS Code, and the news when they change. */
import * as vscode from 'vscode';
import { isCaptureName, newestFirst, type CaptureFile } from '../analysis/captureFiles.ts';

export interface CaptureEntry {
  readonly uri: vscode.Uri;
  readonly file: CaptureFile;
}

export interface CaptureLibrary {
  /** Newest first. Folders that do not exist hold no captures. */
  list(): Promise<CaptureEntry[]>;
  readonly onDidChange: vscode.Event<void>;
  /** Tells that something may have changed. */
  refresh(): void;
  dispose(): void;
}

/** Files being recorded change many times a second; the tree need not. */
const SETTLE_MS = 300;

export function captureLibrary(): CaptureLibrary {
  const changed = new vscode.EventEmitter<void>();
  let watchers: vscode.Disposable[] = [];
  let timer: NodeJS.Timeout | undefined;

  const refresh = (): void => {
    timer ??= setTimeout(() => {
      timer = undefined;
      changed.fire();
    }, SETTLE_MS);
  };
  const stopWatching = (): void => {
    for (const watcher of watchers) watcher.dispose();
    watchers = [];
  };
  const watch = (): void => {
    stopWatching();
    watchers = capturesFolders().flatMap((folder) => {
      const watcher = vscode.workspace.createFileSystemWatcher(new vscode.RelativePattern(folder, '*'));
      return [watcher, watcher.onDidCreate(refresh), watcher.onDidChange(refresh), watcher.onDidDelete(refresh)];
    });
  };
  const rewatch = (): void => {
    watch();
    refresh();
  };
  const listening = [
    vscode.workspace.onDidChangeWorkspaceFolders(rewatch),
    vscode.workspace.onDidChangeConfiguration((event) => {
      if (event.affectsConfiguration('netsec.capturesFolders')) rewatch();
    }),
  ];
  watch();

  return {
    async list() {
      const found = await Promise.all(capturesFolders().map(capturesIn));
      // Two settings may name the same folder.
      const byLocation = new Map(found.flat().map((entry) => [entry.file.location, entry]));
      return newestFirst([...byLocation.values()].map(({ file }) => file)).map((file) => byLocation.get(file.location)!);
    },
    onDidChange: changed.event,
    refresh,
    dispose() {
      clearTimeout(timer);
      stopWatching();
      for (const each of listening) each.dispose();
      changed.dispose();
    },
  };
}

/** The folders of the setting `netsec.capturesFolders`, for every folder of the workspace. */
export function capturesFolders(): vscode.Uri[] {
  return (vscode.workspace.workspaceFolders ?? []).flatMap((workspaceFolder) =>
    vscode.workspace
      .getConfiguration('netsec', workspaceFolder.uri)
      .get<readonly string[]>('capturesFolders', ['captures'])
      .filter((folder) => typeof folder === 'string' && folder !== '')
      .map((folder) =>
        isAbsolute(folder) ? workspaceFolder.uri.with({ path: asUriPath(folder) }) : vscode.Uri.joinPath(workspaceFolder.uri, folder),
      ),
  );
}

function isAbsolute(folder: string): boolean {
  return folder.startsWith('/') || /^[a-z]:[\\/]/i.test(folder);
}

function asUriPath(folder: string): string {
  const forward = folder.replaceAll('\\', '/');
  return forward.startsWith('/') ? forward : `/${forward}`;
}

async function capturesIn(folder: vscode.Uri): Promise<CaptureEntry[]> {
  let entries: [string, vscode.FileType][];
  try {
    entries = await vscode.workspace.fs.readDirectory(folder);
  } catch {
    return [];
  }
  // A link counts as what it leads to, hence the bit test.
  const files = entries.filter(([name, type]) => (type & vscode.FileType.File) !== 0 && isCaptureName(name));
  const found = await Promise.all(files.map(([name]) => captureEntry(vscode.Uri.joinPath(folder, name), name)));
  return found.filter((entry) => entry !== null);
}

async function captureEntry(uri: vscode.Uri, name: string): Promise<CaptureEntry | null> {
  try {
    const { size, mtime } = await vscode.workspace.fs.stat(uri);
    return { uri, file: { location: uri.toString(), name, bytes: size, modifiedMs: mtime } };
  } catch {
    // Gone since it was listed.
    return null;
  }
}
