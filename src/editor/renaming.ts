/** What is kept of a capture under its address goes with it when it is renamed or moved within VS Code. */
import * as vscode from 'vscode';
import type { KeptByAddress } from './pageState.ts';

/** Before the file is moved: right after it VS Code opens its editor anew, which asks for what was shown. */
export function keepThroughRenaming(kept: readonly KeptByAddress[]): vscode.Disposable {
  return vscode.workspace.onWillRenameFiles(({ files }) => {
    for (const { oldUri, newUri } of files)
      // Not kept is not shown; a file is renamed all the same.
      for (const each of kept) each.renamed(oldUri.toString(), newUri.toString()).catch(() => undefined);
  });
}
