/** Where /report writes: into the folder `reports` of the workspace. It asks where there is no workspace, and before anything would be written over. */
import * as vscode from 'vscode';
import type { SaveFile } from './command.ts';

const FOLDER = 'reports';

/** The save dialog and not the answer of a model decides; `name` has no path in it. */
export const saveReport: SaveFile = async (name, content) => {
  const [workspace] = vscode.workspace.workspaceFolders ?? [],
    usual = workspace === undefined ? null : vscode.Uri.joinPath(workspace.uri, FOLDER, name);
  const target = usual !== null && !(await exists(usual)) ? usual : await vscode.window.showSaveDialog(usual === null ? {} : { defaultUri: usual });
  if (target === undefined) return null;
  await vscode.workspace.fs.createDirectory(vscode.Uri.joinPath(target, '..'));
  await vscode.workspace.fs.writeFile(target, new TextEncoder().encode(content));
  return { name: vscode.workspace.asRelativePath(target, false), location: target.toString() };
};

async function exists(uri: vscode.Uri): Promise<boolean> {
  try {
    await vscode.workspace.fs.stat(uri);
    return true;
  } catch {
    return false;
  }
}
