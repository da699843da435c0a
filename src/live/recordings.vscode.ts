/** *Start Capture* and *Stop Capture*: one recording at a time in each window, its progress in the status bar, its file open in the editor while it grows. */
import * as vscode from 'vscode';
import { startRecorder, type Recorder, type RecorderEnd } from './recorder.node.ts';
import { askWhatToRecord } from './recordingQuestions.vscode.ts';
import { progressInWords, timeTaken } from './progressInWords.ts';
import type { RecordingStatus } from './record.node.ts';

export interface RecordingsContext {
  /** Path of dist/cli.mjs. */
  readonly cli: string;
  readonly capturesFolders: () => readonly vscode.Uri[];
  /** Opens a capture in the editor, or brings it to the front. */
  readonly show: (uri: vscode.Uri) => Promise<void>;
  readonly storage: vscode.Memento;
}

const LAST_INTERFACE = 'netsec.lastInterface';
const RUNNING = 'netsec.recording';

export function registerRecordings({ cli, capturesFolders, show, storage }: RecordingsContext): { dispose(): void }[] {
  let running: { readonly recorder: Recorder; readonly bar: vscode.StatusBarItem } | null = null;

  const open = async (file: string): Promise<void> => {
    try {
      await show(vscode.Uri.file(file));
    } catch (error) {
      sayError(error);
    }
  };

  const start = async (): Promise<void> => {
    const folder = folderToRecordInto(capturesFolders());
    mustBeIdle(running !== null);
    const asked = await askWhatToRecord(storage.get<string>(LAST_INTERFACE));
    if (asked === undefined) return;
    await storage.update(LAST_INTERFACE, asked.interface);
    await vscode.workspace.fs.createDirectory(folder);
    // Somebody may have answered the questions twice.
    mustBeIdle(running !== null);
    const bar = statusBar();
    let shown: string | null = null;
    const recorder = startRecorder(cli, { ...asked, folder: folder.fsPath }, (status) => {
      if (status.state === 'recording') draw(bar, status, asked.interface);
      // With its first bytes it is a capture; the editor follows it from then on.
      if (shown !== null || status.file === null || status.bytes === 0) return;
      shown = status.file;
      void open(status.file);
    });
    running = { recorder, bar };
    setRunning(true);
    void recorder.done.then(async (end) => {
      running = null;
      bar.dispose();
      setRunning(false);
      sayEnd(end, asked.interface);
      if (end.status !== null && end.status.file !== null) await open(end.status.file);
    });
  };

  const stop = async (): Promise<void> => {
    if (running === null) throw new Error('Nothing is being recorded in this window.');
    running.recorder.stop();
    await running.recorder.done;
  };

  return [
    command('netsec.startCapture', start),
    command('netsec.stopCapture', stop),
    {
      dispose: () => {
        running?.recorder.stop();
        running?.bar.dispose();
      },
    },
  ];
}

function command(id: string, run: () => Promise<void>): vscode.Disposable {
  return vscode.commands.registerCommand(id, async () => {
    try {
      await run();
    } catch (error) {
      sayError(error);
    }
  });
}

function sayError(error: unknown): void {
  void vscode.window.showErrorMessage(`Netsec: ${error instanceof Error ? error.message : String(error)}`);
}

function setRunning(value: boolean): void {
  void vscode.commands.executeCommand('setContext', RUNNING, value);
}

function mustBeIdle(isRunning: boolean): void {
  if (isRunning) throw new Error('A capture is being recorded already. Stop it first: Netsec: Stop Capture.');
}

/** A folder that is not trusted must not choose where we write: its settings name the captures folder. */
function folderToRecordInto(folders: readonly vscode.Uri[]): vscode.Uri {
  if (!vscode.workspace.isTrusted)
    throw new Error('Captures are recorded in trusted folders only. Trust this one first: Workspaces: Manage Workspace Trust.');
  const folder = folders.find(({ scheme }) => scheme === 'file');
  if (folder === undefined) throw new Error('Open a folder first: captures are recorded into its captures folder.');
  return folder;
}

function statusBar(): vscode.StatusBarItem {
  const bar = vscode.window.createStatusBarItem('netsec.recording', vscode.StatusBarAlignment.Left, 1000);
  bar.name = 'Netsec Recording';
  bar.command = 'netsec.stopCapture';
  bar.text = '$(record) Starting to record';
  bar.show();
  return bar;
}

function draw(bar: vscode.StatusBarItem, status: RecordingStatus, name: string): void {
  const words = progressInWords(status, vscode.env.language);
  bar.text = `$(record) ${words}`;
  bar.tooltip = `Netsec records on ${name}. Click to stop and open the result.`;
  bar.accessibilityInformation = { label: `Recording on ${name}: ${words}. Stop` };
  bar.backgroundColor = (status.dropped ?? 0) > 0 ? new vscode.ThemeColor('statusBarItem.warningBackground') : undefined;
}

function sayEnd({ status, problem }: RecorderEnd, name: string): void {
  if (problem !== null) void vscode.window.showErrorMessage(`Netsec: ${problem}`);
  else if (status?.packets === 0)
    void vscode.window.showWarningMessage(
      `Netsec: no packet was recorded on ${name} in ${timeTaken(status.elapsedSeconds)}. Is it the right interface, and does the filter let packets through?`,
    );
}
