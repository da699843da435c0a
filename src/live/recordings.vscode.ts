/** *Start Capture* and *Stop Capture*: one recording at a time in each window, its progress in the status bar, its file open in the editor while it grows. */
import * as vscode from 'vscode';
import type { RecordingState } from '../analysis/toolRecorder.ts';
import type { PlainRecorder } from './askingRecorder.ts';
import { OneRecording } from './oneRecording.node.ts';
import { requestOf } from './recordingStates.ts';
import type { RecorderEnd, RecordingRequest } from './recorder.node.ts';
import { askWhatToRecord } from './recordingQuestions.vscode.ts';
import { progressInWords, timeTaken } from './progressInWords.ts';
import type { RecordingStatus } from './record.node.ts';
import { wouldRecord } from './wouldRecord.node.ts';

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
  /** Without asking: whoever hands it to a tool asks first. */
  readonly recorder: PlainRecorder;
  readonly registered: { dispose(): void }[];
}

export function registerRecordings({ cli, capturesFolders, show, storage }: RecordingsContext): Recordings {
  const recording = new OneRecording(cli);
  let bar: vscode.StatusBarItem | null = null;

  const open = async (file: string): Promise<void> => {
    try {
      await show(vscode.Uri.file(file));
    } catch (error) {
      sayError(error);
    }
  };

  const start = async (): Promise<void> => {
    folderToRecordInto(capturesFolders());
    mustBeIdle(recording);
    const asked = await askWhatToRecord(storage.get<string>(LAST_INTERFACE));
    if (asked === undefined) return;
    if (asked.interface !== '') await storage.update(LAST_INTERFACE, asked.interface);
    await begin(asked);
  };

  /** Resolves when it has begun, or has ended before it did. */
  const begin = async (asked: Omit<RecordingRequest, 'folder'>): Promise<RecordingState> => {
    const settings = vscode.workspace.getConfiguration('netsec.recording'),
      folder = folderToRecordInto(capturesFolders());
    await vscode.workspace.fs.createDirectory(folder);
    // Somebody may have answered the questions twice.
    mustBeIdle(recording);
    const mine = statusBar();
    bar = mine;
    setRunning(true);
    let shown: string | null = null;
    const request: RecordingRequest = {
      ...asked,
      folder: folder.fsPath,
      format: settings.get('format', 'pcap'),
      ring: settings.get('ring', '').trim(),
      keepFree: settings.get('keepFree', '').trim(),
    };
    return recording.start(request, {
      onStatus(status) {
        if (status.state === 'recording') draw(mine, status);
        // With its first bytes it is a capture; the editor follows it from then on, and the next file of a ring when that begins.
        if (shown === status.file || status.file === null || status.bytes === 0) return;
        shown = status.file;
        void open(status.file);
      },
      onEnd(end) {
        mine.dispose();
        setRunning(false);
        sayEnd(end);
        if (end.status !== null && end.status.file !== null) void open(end.status.file);
      },
    });
  };

  const stop = async (): Promise<void> => {
    if (!recording.isRunning) throw new Error('Nothing is being recorded in this window.');
    await recording.stop();
  };

  const recorder: PlainRecorder = {
    async prepare(wish) {
      return { wish: await wouldRecord(wish), folder: folderToRecordInto(capturesFolders()).fsPath };
    },
    begin: ({ wish }) => begin(requestOf(wish, '')),
    get isRecording() {
      return recording.isRunning;
    },
    end: () => recording.stop(),
    status: () => recording.state,
  };
  const registered = [
    command('netsec.startCapture', start),
    command('netsec.stopCapture', stop),
    {
      dispose: () => {
        recording.dispose();
        bar?.dispose();
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

function mustBeIdle({ isRunning }: OneRecording): void {
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
