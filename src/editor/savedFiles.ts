/** Saves files that a capture saw pass. Such files may be malicious: what can run is asked about first, and nothing is opened. */
import * as vscode from 'vscode';
import { EVERYTHING, type TransferredFile } from '../analysis/engineApi.ts';
import { safeFileName, savedNames } from '../analysis/safeFileName.ts';
import { askWhereToSave, withProgress, type ExportSource } from './exports.ts';
import { nameOf } from './openCapture.ts';

/** What VS Code keeps in memory to write it. */
const MOST_SAVED_BYTES = 512 * 1024 * 1024;

export async function saveFiles(source: ExportSource, files: readonly TransferredFile[]): Promise<void> {
  const [first] = files;
  if (first === undefined || !(await isWanted(files))) return;
  if (files.length === 1) {
    const target = await askWhereToSave(source.uri, safeFileName(first.name));
    if (target === undefined) return;
    const content = (await contentsOf(source, files)).get(first.id);
    if (content === undefined) throw new Error(`${first.name} is too large to be saved from here; "netsec files --save" in a terminal saves it`);
    await vscode.workspace.fs.writeFile(target, content);
    void vscode.window.showInformationMessage(`${nameOf(target)} was saved as it is in the capture. Do not open it unless you trust it.`);
    return;
  }
  const chosen = await vscode.window.showOpenDialog({
    canSelectFiles: false,
    canSelectFolders: true,
    title: `Save ${files.length} files of ${nameOf(source.uri)} into a folder`,
    openLabel: 'Save Here',
  });
  const folder = chosen?.[0];
  if (folder === undefined) return;
  const contents = await contentsOf(source, files);
  const names = savedNames(files);
  let saved = 0,
    there = 0;
  for (const { id } of files) {
    const content = contents.get(id);
    if (content === undefined) continue;
    const target = vscode.Uri.joinPath(folder, names.get(id)!);
    if (await exists(target)) there++;
    else {
      await vscode.workspace.fs.writeFile(target, content);
      saved++;
    }
  }
  const large = files.length - saved - there;
  void vscode.window.showInformationMessage(
    `${saved} files were saved in ${nameOf(folder)}, each with its frame before its name.${there === 0 ? '' : ` ${there} are there already, and were left as they are.`}${large === 0 ? '' : ` ${large} are too large for one go.`}`,
  );
}

const exists = async (file: vscode.Uri): Promise<boolean> =>
  vscode.workspace.fs.stat(file).then(
    () => true,
    () => false,
  );

/** Files that can run are saved only by who says so. */
async function isWanted(files: readonly TransferredFile[]): Promise<boolean> {
  const programs = files.filter(({ isProgram }) => isProgram);
  if (programs.length === 0) return true;
  const [first] = programs,
    what =
      programs.length === 1 ? `"${safeFileName(first!.name)}" is a file that can run: ${first!.kind}.` : `${programs.length} of these files can run.`;
  const detail = 'It may be malicious, and a virus scanner may object. Netsec only writes it, and never opens it.';
  return (await vscode.window.showWarningMessage(what, { modal: true, detail }, 'Save Anyway')) === 'Save Anyway';
}

async function contentsOf(source: ExportSource, files: readonly TransferredFile[]): Promise<ReadonlyMap<string, Uint8Array>> {
  const contents = await withProgress(`Collecting files of ${nameOf(source.uri)}`, (signal) =>
    source.session.call('fileContents', { selection: EVERYTHING, ids: files.map(({ id }) => id), maxBytes: MOST_SAVED_BYTES }, signal),
  );
  return new Map(contents.map(({ id, bytes }) => [id, bytes]));
}
