/** TLS key logs of a capture: put where the engine finds them, in `.netsec/keys`, and kept out of version control. */
import * as vscode from 'vscode';
import { posix } from 'node:path';
import { KeyLog } from '../pcap/tls/keyLog.ts';
import type { NetsecFolders } from './netsecFolders.ts';

const FOLDER = 'keys',
  MOST_BYTES = 128 * 1024 * 1024;

/** Asks for a key log and adds it to those of the capture, which is read again with it. */
export async function addKeyLog(capture: vscode.Uri, netsec: NetsecFolders): Promise<void> {
  const [picked] =
    (await vscode.window.showOpenDialog({
      title: 'TLS Key Log (SSLKEYLOGFILE)',
      openLabel: 'Add Key Log',
      filters: { 'Key logs': ['log', 'keys', 'txt', 'keylog'], 'All files': ['*'] },
    })) ?? [];
  if (picked === undefined) return;
  const secrets = await secretsIn(picked);
  const folder = (await netsec.nearest(capture, FOLDER)) ?? vscode.Uri.joinPath(capture, '..', '.netsec', FOLDER),
    target = vscode.Uri.joinPath(folder, posix.basename(picked.path));
  await vscode.workspace.fs.createDirectory(folder);
  await keepOutOfVersionControl(folder);
  if (target.toString() !== picked.toString()) await vscode.workspace.fs.copy(picked, target, { overwrite: true });
  netsec.changed();
  void vscode.window.showInformationMessage(
    `${secrets.toLocaleString(vscode.env.language)} TLS ${secrets === 1 ? 'secret' : 'secrets'} added to ${vscode.workspace.asRelativePath(folder)}: the connections they belong to are opened, here and on the command line. Delete the file to close them again.`,
  );
}

/** Throws a sentence for a person where there are none. */
async function secretsIn(file: vscode.Uri): Promise<number> {
  const { size } = await vscode.workspace.fs.stat(file);
  if (size > MOST_BYTES) throw new Error(`${posix.basename(file.path)} is larger than ${MOST_BYTES / 1024 / 1024} MiB, more than any key log has.`);
  const keys = new KeyLog();
  keys.add(new TextDecoder('latin1').decode(await vscode.workspace.fs.readFile(file)));
  if (keys.size === 0)
    throw new Error(
      `${posix.basename(file.path)} holds no TLS secrets. A key log has lines such as CLIENT_RANDOM and two long hexadecimal numbers; browsers, curl and others write it where SSLKEYLOGFILE says.`,
    );
  return keys.size;
}

/** Who has the keys reads what was said: they must not be pushed by mistake. */
async function keepOutOfVersionControl(folder: vscode.Uri): Promise<void> {
  const ignore = vscode.Uri.joinPath(folder, '.gitignore');
  try {
    await vscode.workspace.fs.stat(ignore);
  } catch {
    await vscode.workspace.fs.writeFile(ignore, new TextEncoder().encode('*\n'));
  }
}
