/** *Start Capture* and *Stop Capture*: one recording at a time in each window, its progress in the status bar, its file open in the editor while it grows. */
import * as vscode from 'vscode';
import type { RecordingState, ToolRecorder } from '../analysis/toolRecorder.ts';
import { endOf, requestOf, stateOf } from './recordingStates.ts';
import { startRecorder, type Recorder, type RecorderEnd, type RecordingRequest } from './recorder.node.ts';
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

export interface Recordings {
  /** For tools whose call the user has agreed to: what VS Code asks before it runs one. */
  readonly recorder: ToolRecorder;
  readonly registered: { dispose(): void }[];
}

export function registerRecordings({ cli, capturesFolders, show, storage }: RecordingsContext): Recordings {
  let last: RecordingState | null = null;
  let running: { readonly recorder: Recorder; readonly bar: vscode.StatusBarItem } | null = null;

  const open = async (file: string): Promise<void> => {
    try {
      await show(vscode.Uri.file(file));
    } catch (error) {
      sayError(error);
    }
  };

  const start = async (): Promise<void> => {
    folderToRecordInto(capturesFolders());
    mustBeIdle(running !== null);
    const asked = await askWhatToRecord(storage.get<string>(LAST_INTERFACE));
    if (asked === undefined) return;
    await storage.update(LAST_INTERFACE, asked.interface);
    await begin(asked);
  };

  /** Resolves when it has begun, or has ended before it did. */
  const begin = async (asked: Omit<RecordingRequest, 'folder'>): Promise<void> => {
    const settings = vscode.workspace.getConfiguration('netsec.recording'),
      folder = folderToRecordInto(capturesFolders());
    await vscode.workspace.fs.createDirectory(folder);
    // Somebody may have answered the questions twice.
    mustBeIdle(running !== null);
    const bar = statusBar();
    let shown: string | null = null,
      begun = (): void => undefined;
    const hasBegun = new Promise<void>((resolve) => (begun = resolve));
    const request: RecordingRequest = {
      ...asked,
      folder: folder.fsPath,
      format: settings.get('format', 'pcap'),
      ring: settings.get('ring', '').trim(),
      keepFree: settings.get('keepFree', '').trim(),
    };
    const recorder = startRecorder(cli, request, (status) => {
      last = stateOf(status);
      begun();
      if (status.state === 'recording') draw(bar, status);
      // With its first bytes it is a capture; the editor follows it from then on, and the next file of a ring when that begins.
      if (shown === status.file || status.file === null || status.bytes === 0) return;
      shown = status.file;
      void open(status.file);
    });
    running = { recorder, bar };
    last = null;
    setRunning(true);
    const ended = recorder.done.then(async (end) => {
      running = null;
      last = endOf(end);
      bar.dispose();
      setRunning(false);
      sayEnd(end);
      if (end.status !== null && end.status.file !== null) await open(end.status.file);
    });
    await Promise.race([hasBegun, ended]);
  };

  const stop = async (): Promise<void> => {
    if (running === null) throw new Error('Nothing is being recorded in this window.');
    running.recorder.stop();
    await running.recorder.done;
  };

  const state = (): RecordingState => {
    if (last === null) throw new Error('The recording said nothing.');
    return last;
  };
  const recorder: ToolRecorder = {
    async start(wish) {
      await begin(requestOf(wish, ''));
      if (last?.state === 'stopped' && last.problem !== null && last.packets === 0) throw new Error(last.problem);
      return state();
    },
    async stop() {
      await stop();
      return state();
    },
    status: () => last,
  };
  const registered = [
    command('netsec.startCapture', start),
    command('netsec.stopCapture', stop),
    {
      dispose: () => {
        running?.recorder.stop();
        running?.bar.dispose();
      },
    },
  ];
  return { recorder, registered };
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

function draw(bar: vscode.StatusBarItem, status: RecordingStatus): void {
  const words = progressInWords(status, vscode.env.language);
  bar.text = `$(record) ${words}`;
  bar.tooltip = `Netsec records: ${status.source}. Click to stop and open the result.`;
  bar.accessibilityInformation = { label: `Recording, ${status.source}: ${words}. Stop` };
  bar.backgroundColor = (status.dropped ?? 0) > 0 ? new vscode.ThemeColor('statusBarItem.warningBackground') : undefined;
}

function sayEnd({ status, problem }: RecorderEnd): void {
  if (problem !== null) void vscode.window.showErrorMessage(`Netsec: ${problem}`);
  else if (status?.packets === 0)
    void vscode.window.showWarningMessage(
      `Netsec: no packet was recorded (${status.source}) in ${timeTaken(status.elapsedSeconds)}. Is it the right interface, and does the filter let packets through?`,
    );
}
