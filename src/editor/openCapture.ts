/** From a URI to an engine: files are read by the worker itself, everything else is read once through VS Code. */
import * as vscode from 'vscode';
import type { EngineSession } from '../analysis/engineApi.ts';
import { startEngine } from './engineWorker.ts';
import { detectorSettings } from './detectorSettings.ts';
import { lazySession } from './lazySession.ts';
import { filesThatAreLeft, RECORDING_SCHEME } from './recordingUri.ts';

/** What VS Code hands over in one piece has to fit into memory twice for a moment. */
const LARGEST_VIRTUAL_FILE_BYTES = 512 * 1024 * 1024;

/** Whatever goes wrong on the way is told by the session, so that the page can say it. */
export function openCapture(uri: vscode.Uri, workerFile: string): EngineSession {
  return lazySession(start(uri, workerFile));
}

async function start(uri: vscode.Uri, workerFile: string): Promise<EngineSession> {
  const settings = vscode.workspace.getConfiguration('netsec', uri);
  const follow = settings.get('followGrowingFiles', true);
  const detectorOptions = detectorSettings(uri);
  if (uri.scheme === 'file') return startEngine(workerFile, { location: { kind: 'path', path: uri.fsPath }, follow, detectorOptions });
  if (uri.scheme === RECORDING_SCHEME)
    return startEngine(workerFile, { location: { kind: 'together', paths: await filesThatAreLeft(uri) }, follow, detectorOptions });
  const bytes = await readThroughVscode(uri);
  return startEngine(workerFile, { location: { kind: 'bytes', name: nameOf(uri), bytes }, follow: false, detectorOptions });
}

/** The last part of the path: what a person calls the file. */
export function nameOf(uri: vscode.Uri): string {
  return uri.path.slice(uri.path.lastIndexOf('/') + 1);
}

async function readThroughVscode(uri: vscode.Uri): Promise<Uint8Array> {
  let bytes: Uint8Array;
  try {
    const { size } = await vscode.workspace.fs.stat(uri);
    if (size > LARGEST_VIRTUAL_FILE_BYTES) throw new Error('it is larger than 512 MB; save it to disk and open it from there');
    bytes = await vscode.workspace.fs.readFile(uri);
  } catch (error) {
    throw new Error(`${nameOf(uri)} cannot be read: ${error instanceof Error ? error.message : String(error)}.`, { cause: error });
  }
  return bytes;
}
