/** What the menu of a capture in the Captures view does with its file, in the words of VS Code's Explorer. */
import * as vscode from 'vscode';
import { EVERYTHING } from '../analysis/engineApi.ts';
import { VIEW_TYPE } from './captureEditor.ts';
import { exportReport } from './exports.ts';
import { nameOf } from './openCapture.ts';
import { whenComplete, type Sessions } from './sessions.ts';

export interface FileCommandContext {
  readonly sessions: Sessions;
}

/** By the command's name; each gets the files that were clicked or are selected, one at least. */
export function fileCommands({ sessions }: FileCommandContext): Readonly<Record<string, (uris: readonly vscode.Uri[]) => Promise<void>>> {
  return {
    openToSide: async (uris) => {
      // Also where it is open already, as in the Explorer.
      for (const uri of uris) await vscode.commands.executeCommand('vscode.openWith', uri, VIEW_TYPE, vscode.ViewColumn.Beside);
    },
    exportReportOf: async ([uri]) => {
      const { session, release } = sessions.acquire(uri!.toString());
      try {
        await whenComplete(session);
        await exportReport({ uri: uri!, session }, EVERYTHING);
      } finally {
        release();
      }
    },
    copyPath: async (uris) => {
      await vscode.env.clipboard.writeText(uris.map((uri) => (uri.scheme === 'file' ? uri.fsPath : uri.toString(true))).join('\n'));
    },
    revealCapture: async ([uri]) => {
      await vscode.commands.executeCommand('revealInExplorer', uri);
    },
    deleteCapture: deleteFiles,
  };
}

async function deleteFiles(uris: readonly vscode.Uri[]): Promise<void> {
  const what = uris.length === 1 ? nameOf(uris[0]!) : `these ${uris.length} captures`;
  if (!(await confirmed(`Move ${what} to the trash?`, uris, 'Move to Trash'))) return;
  try {
    for (const uri of uris) await vscode.workspace.fs.delete(uri, { useTrash: true });
  } catch (error) {
    // Remote file systems have no trash.
    const left = await existing(uris),
      why = error instanceof Error ? error.message : String(error);
    if (left.length > 0 && (await confirmed(`There is no trash for ${what}: ${why} Delete for good?`, left, 'Delete Permanently')))
      for (const uri of left) await vscode.workspace.fs.delete(uri);
  }
}

async function confirmed(question: string, uris: readonly vscode.Uri[], answer: string): Promise<boolean> {
  const detail = uris.map(nameOf).slice(0, 10).join('\n');
  return (await vscode.window.showWarningMessage(question, { modal: true, detail }, answer)) === answer;
}

async function existing(uris: readonly vscode.Uri[]): Promise<readonly vscode.Uri[]> {
  const there = await Promise.all(
    uris.map(async (uri) => {
      try {
        await vscode.workspace.fs.stat(uri);
        return true;
      } catch {
        return false;
      }
    }),
  );
  return uris.filter((_, at) => there[at]);
}
