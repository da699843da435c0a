/** *Open Recording as One Capture*: which files belong together, and what VS Code is told of them. */
import * as vscode from 'vscode';
import { isCaptureName } from '../analysis/captureFiles.ts';
import { ringStem } from '../analysis/ringFiles.ts';
import type { CaptureEditors } from './captureEditor.ts';
import type { CaptureEntry, CaptureLibrary } from './captureLibrary.ts';
import { filesThatAreLeft, recordingUri } from './recordingUri.ts';
import { countInWords } from './words.ts';

/** Tells VS Code what it asks of every address: how large, and how new. Nothing is read or written through it. */
export function recordingFiles(): vscode.FileSystemProvider {
  const refuse = (): never => {
    throw vscode.FileSystemError.NoPermissions('A recording of several files is read file by file.');
  };
  return {
    onDidChangeFile: new vscode.EventEmitter<vscode.FileChangeEvent[]>().event,
    watch: () => new vscode.Disposable(() => undefined),
    async stat(uri) {
      const stats = await Promise.all((await filesThatAreLeft(uri)).map((file) => vscode.workspace.fs.stat(vscode.Uri.file(file))));
      return {
        type: vscode.FileType.File,
        ctime: Math.min(...stats.map(({ ctime }) => ctime)),
        mtime: Math.max(...stats.map(({ mtime }) => mtime)),
        size: stats.reduce((sum, { size }) => sum + size, 0),
        permissions: vscode.FilePermission.Readonly,
      };
    },
    readDirectory: refuse,
    createDirectory: refuse,
    readFile: refuse,
    writeFile: refuse,
    delete: refuse,
    rename: refuse,
  };
}

/** What was selected; of one file, all of its ring; without any, the rings of the captures folders to choose from. */
export async function openTogether(selected: readonly vscode.Uri[], library: CaptureLibrary, editors: CaptureEditors): Promise<void> {
  if (selected.some(({ scheme }) => scheme !== 'file')) throw new Error('Only files on this machine can be opened together.');
  const [one, ...others] = selected;
  const files = one === undefined ? await pickRing(await library.list()) : others.length > 0 ? selected : await ringOf(one);
  if (files === undefined) return;
  if (files.length < 2) throw new Error('This is the only file of its recording. Select several captures, then open them as one.');
  await editors.show(recordingUri(files), { kind: 'show', view: 'overview' });
}

async function ringOf(file: vscode.Uri): Promise<vscode.Uri[]> {
  const folder = vscode.Uri.joinPath(file, '..'),
    name = file.path.slice(file.path.lastIndexOf('/') + 1),
    stem = ringStem(name);
  if (stem === null) return [file];
  const names = (await vscode.workspace.fs.readDirectory(folder)).map(([each]) => each);
  return names
    .filter((each) => isCaptureName(each) && ringStem(each) === stem)
    .sort()
    .map((each) => vscode.Uri.joinPath(folder, each));
}

async function pickRing(entries: readonly CaptureEntry[]): Promise<vscode.Uri[] | undefined> {
  const rings = new Map<string, vscode.Uri[]>();
  for (const { uri, file } of entries) {
    const stem = uri.scheme === 'file' ? ringStem(file.name) : null;
    if (stem === null) continue;
    const key = vscode.Uri.joinPath(uri, '..', stem).toString();
    rings.set(key, [...(rings.get(key) ?? []), uri]);
  }
  const { language } = vscode.env,
    items = [...rings.values()]
      .filter((files) => files.length > 1)
      .map((files) => {
        const inOrder = [...files].sort((a, b) => (a.path < b.path ? -1 : 1));
        const [first] = inOrder;
        return {
          label: ringStem(first!.path.slice(first!.path.lastIndexOf('/') + 1)) ?? '',
          description: countInWords(files.length, 'file', 'files', language),
          files: inOrder,
        };
      });
  if (items.length === 0)
    throw new Error(
      'There is no recording of several files in the captures folders. Select captures in the Captures view or the Explorer, then open them as one.',
    );
  return (await vscode.window.showQuickPick(items, { title: 'Open Recording as One Capture', placeHolder: 'Which recording' }))?.files;
}
