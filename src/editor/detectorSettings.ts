/** The settings `netsec.detectors.*`: every detector has some, so they also say which detectors there are. */
import * as vscode from 'vscode';

/** Options by detector id. VS Code hands out settings as proxies, which do not pass into a thread. */
export function detectorSettings(uri: vscode.Uri): Readonly<Record<string, unknown>> {
  return JSON.parse(JSON.stringify(vscode.workspace.getConfiguration('netsec', uri).get('detectors', {}))) as Record<string, unknown>;
}
