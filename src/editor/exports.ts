/** Export Report and Save Filtered Packets: ask where, let the engine write it, say what was written. */
import * as vscode from 'vscode';
import type { EngineSession, ExportFormat, SavedPackets, Selection } from '../analysis/engineApi.ts';
import { nameOf } from './openCapture.ts';

/** The capture that is exported from. */
export interface ExportSource {
  readonly uri: vscode.Uri;
  readonly session: EngineSession;
}

/** Offered beside the formats of the report. */
const EVIDENCE = { label: 'Evidence packets', description: 'what proves the findings, as a capture', format: null } as const;

/** VS Code keeps a file it writes in memory. */
const MOST_SAVED_BYTES = 1024 * 1024 * 1024;

/** Asks for a format and a place. */
export async function exportReport(source: ExportSource, selection: Selection): Promise<void> {
  const formats = await source.session.call('exportFormats', null);
  const choices: readonly { label: string; description: string; format: ExportFormat | null }[] = [
    ...formats.map((format) => ({ label: format.label, description: format.description, format })),
    EVIDENCE,
  ];
  // Asked from the palette or the page, whose focus may come back late and would close the list.
  const choice = await vscode.window.showQuickPick(choices, {
    title: `Export the report of ${nameOf(source.uri)}`,
    placeHolder: 'Format',
    ignoreFocusOut: true,
  });
  if (choice === undefined) return;
  const { format } = choice;
  if (format === null) return saveEvidence(source, selection);
  const target = await askWhereToSave(source.uri, `${baseName(source.uri)}.report.${format.extension}`, { [format.label]: [format.extension] });
  if (target === undefined) return;
  const text = await withProgress(`Writing the report of ${nameOf(source.uri)}`, (signal) =>
    source.session.call('exportReport', { selection, format: format.id }, signal),
  );
  await vscode.workspace.fs.writeFile(target, new TextEncoder().encode(text));
  sayWritten(`The report was written to ${nameOf(target)}.`, target);
}

export async function savePackets(source: ExportSource, selection: Selection): Promise<void> {
  const saved = await withProgress(`Collecting packets of ${nameOf(source.uri)}`, (signal) =>
    source.session.call('savePackets', { selection, maxBytes: MOST_SAVED_BYTES }, signal),
  );
  await writePackets(source, saved, 'filtered', 'No packet passes the filter, so there is nothing to save.');
}

async function saveEvidence(source: ExportSource, selection: Selection): Promise<void> {
  const saved = await withProgress(`Collecting the evidence of ${nameOf(source.uri)}`, (signal) =>
    source.session.call('saveEvidence', { selection, maxBytes: MOST_SAVED_BYTES }, signal),
  );
  await writePackets(source, saved, 'evidence', 'There is no finding, so there is no evidence to save.');
}

async function writePackets(source: ExportSource, saved: SavedPackets, suffix: string, nothing: string): Promise<void> {
  if (saved.packets === 0) {
    void vscode.window.showInformationMessage(nothing);
    return;
  }
  const target = await askWhereToSave(source.uri, `${baseName(source.uri)}-${suffix}.${saved.extension}`, { 'Packet capture': [saved.extension] });
  if (target === undefined) return;
  await vscode.workspace.fs.writeFile(target, saved.bytes);
  const packets = saved.packets === 1 ? '1 packet was' : `${saved.packets.toLocaleString(vscode.env.language)} packets were`;
  sayWritten(`${packets} written to ${nameOf(target)}.`, target);
}

/** The save dialog, next to the capture where that is a place to save to. */
export async function askWhereToSave(capture: vscode.Uri, name: string, filters?: Record<string, string[]>): Promise<vscode.Uri | undefined> {
  const folder = capture.scheme === 'file' ? vscode.Uri.joinPath(capture, '..') : vscode.workspace.workspaceFolders?.[0]?.uri;
  const target = await vscode.window.showSaveDialog({
    ...(folder === undefined ? {} : { defaultUri: vscode.Uri.joinPath(folder, name) }),
    ...(filters === undefined ? {} : { filters }),
  });
  if (target?.toString() === capture.toString())
    throw new Error(`${nameOf(capture)} is the capture itself, which is not written over; choose another name`);
  return target;
}

/** `a.pcap.gz` -> `a`. */
function baseName(uri: vscode.Uri): string {
  return nameOf(uri).replace(/(?:\.(?:pcap|pcapng|cap|snoop))?(?:\.(?:gz|zst))?$/i, '');
}

export async function withProgress<T>(title: string, work: (signal: AbortSignal) => Promise<T>): Promise<T> {
  return vscode.window.withProgress({ location: vscode.ProgressLocation.Notification, title, cancellable: true }, async (_progress, token) => {
    const controller = new AbortController();
    token.onCancellationRequested(() => controller.abort());
    return work(controller.signal);
  });
}

/** Does not wait: the message may stand there as long as the person likes. */
function sayWritten(message: string, target: vscode.Uri): void {
  void vscode.window.showInformationMessage(message, 'Open').then(async (answer) => {
    if (answer !== undefined) await vscode.commands.executeCommand('vscode.open', target);
  });
}
