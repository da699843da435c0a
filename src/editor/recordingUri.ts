/** Several files of one recording opened as one capture share an address of their own, which names them all and survives a reload. */
import * as vscode from 'vscode';
import { joinedName } from '../analysis/engineApi.ts';

export const RECORDING_SCHEME = 'netsec-recording';
const MOST_FILES = 10_000;

/** The path is that of the first file, with how many there are in its name; the query holds the paths. */
export function recordingUri(files: readonly vscode.Uri[]): vscode.Uri {
  const [first] = files;
  if (first === undefined) throw new Error('a recording has files');
  const names = files.map(({ path }) => path.slice(path.lastIndexOf('/') + 1));
  return vscode.Uri.joinPath(first, '..', joinedName(names)).with({
    scheme: RECORDING_SCHEME,
    query: JSON.stringify(files.map(({ fsPath }) => fsPath)),
  });
}

/** Paths of the files that such an address names. Throws for one that nobody of us made. */
export function filesOfRecording({ query }: vscode.Uri): string[] {
  let files: unknown;
  try {
    files = JSON.parse(query);
  } catch {
    files = null;
  }
  if (!Array.isArray(files) || files.length > MOST_FILES || !files.every((file) => typeof file === 'string'))
    throw new Error('This address names no files of a recording.');
  return files;
}

/** Those of them that are there: a ring that is being written loses its oldest. All of them where none is, so that whoever opens them can say so. */
export async function filesThatAreLeft(uri: vscode.Uri): Promise<string[]> {
  const files = filesOfRecording(uri),
    left = await Promise.all(files.map((file) => isThere(file)));
  return left.includes(true) ? files.filter((_, i) => left[i]) : files;
}

async function isThere(file: string): Promise<boolean> {
  try {
    await vscode.workspace.fs.stat(vscode.Uri.file(file));
    return true;
  } catch {
    return false;
  }
}
