/** The palette's commands. Each catches once, here, and says in one sentence what went wrong. */
import * as vscode from 'vscode';
import { recordedMs } from '../analysis/captureFiles.ts';
import { EVERYTHING, type PageCommand } from '../analysis/engineApi.ts';
import { SEVERITIES } from '../analysis/report.ts';
import { CallCancelled } from '../analysis/rpc.ts';
import { analyzeCapture } from './analyses.ts';
import type { CaptureEditors, OpenEditor } from './captureEditor.ts';
import type { CaptureEntry, CaptureLibrary } from './captureLibrary.ts';
import { fileCommands } from './fileCommands.ts';
import { findingsInWords } from './capturesTree.ts';
import { addKeyLog } from './keyLogs.ts';
import type { NetsecFolders } from './netsecFolders.ts';
import { nameOf } from './openCapture.ts';
import { openTogether } from './recordings.ts';
import type { Sessions } from './sessions.ts';
import { hasFailed, type CaptureResult, type CaptureSummary, type Summaries } from './summaries.ts';
import { bytesInWords, countInWords, timeInWords } from './words.ts';

export interface CommandContext {
  readonly editors: CaptureEditors;
  readonly library: CaptureLibrary;
  readonly sessions: Sessions;
  readonly summaries: Summaries;
  readonly netsec: NetsecFolders;
}

export function registerCommands(context: CommandContext): vscode.Disposable[] {
  const { editors, library } = context;
  const commands: Record<string, (...args: unknown[]) => Promise<void>> = {
    openCapture: async () => {
      for (const uri of (await askForCaptures()) ?? []) await editors.show(uri);
    },
    listCaptures: async () => {
      const picked = await pickCapture(context);
      if (picked !== undefined) await editors.show(picked);
    },
    analyzeLatest: async () => {
      const [latest] = await library.list();
      if (latest === undefined) await sayNoCaptures();
      else await editors.show(latest.uri, { kind: 'show', view: 'overview' });
    },
    analyzeAll: () => analyzeAll(context),
    analyzeFile: async (target) => {
      const uri = uriOf(target) ?? (await askForCaptures())?.[0];
      if (uri !== undefined) await editors.show(uri, { kind: 'show', view: 'overview' });
    },
    // Menus hand over what was clicked, then all that is selected.
    openTogether: async (clicked, selected) => {
      await openTogether(chosenOf(clicked, selected), library, editors);
    },
    goToPacket: async (frame) => {
      await goToPacket(activeEditor(editors), typeof frame === 'number' ? frame : undefined);
    },
    find: () => tellActive(editors, { kind: 'find' }),
    findNext: () => tellActive(editors, { kind: 'findNext', backwards: false }),
    findPrevious: () => tellActive(editors, { kind: 'findNext', backwards: true }),
    // The page knows which filter and time range it is showing, and calls back with them.
    exportReport: () => tellActive(editors, { kind: 'exportReport' }),
    savePackets: () => tellActive(editors, { kind: 'savePackets' }),
    addKeyLog: async (target) => {
      await addKeyLog(uriOf(target) ?? activeEditor(editors).uri, context.netsec);
    },
    togglePause: () => tellActive(editors, { kind: 'togglePause' }),
    refreshCaptures: async () => {
      library.refresh();
      await Promise.resolve();
    },
  };
  for (const [name, run] of Object.entries(fileCommands(context)))
    commands[name] = async (clicked, selected) => {
      const uris = chosenOf(clicked, selected);
      if (uris.length > 0) await run(uris);
    };
  return Object.entries(commands).map(([name, run]) =>
    vscode.commands.registerCommand(`netsec.${name}`, async (...args: unknown[]) => {
      try {
        await run(...args);
      } catch (error) {
        if (error instanceof CallCancelled) return;
        void vscode.window.showErrorMessage(`Netsec: ${error instanceof Error ? error.message : String(error)}`);
      }
    }),
  );
}

function tellActive(editors: CaptureEditors, command: PageCommand): Promise<void> {
  activeEditor(editors).send(command);
  return Promise.resolve();
}

function activeEditor(editors: CaptureEditors): OpenEditor {
  const editor = editors.active();
  if (editor === undefined) throw new Error('Open a capture first, then run this command again.');
  return editor;
}

/** What a menu hands over: a file of the Explorer or an entry of the Captures view. */
export function uriOf(target: unknown): vscode.Uri | undefined {
  if (target instanceof vscode.Uri) return target;
  const entry = target as Partial<CaptureEntry> | undefined;
  return entry?.uri instanceof vscode.Uri ? entry.uri : undefined;
}

/** All that is selected where what was clicked is among it, as menus hand it over. */
function chosenOf(clicked: unknown, selected: unknown): vscode.Uri[] {
  const targets = Array.isArray(selected) && selected.length > 0 ? (selected as unknown[]) : [clicked];
  return targets.flatMap((target) => uriOf(target) ?? []);
}

async function askForCaptures(): Promise<vscode.Uri[] | undefined> {
  return vscode.window.showOpenDialog({
    title: 'Open Capture',
    openLabel: 'Open Capture',
    filters: { 'Packet captures': ['pcap', 'pcapng', 'cap', 'snoop', 'gz', 'zst'], 'All files': ['*'] },
  });
}

async function sayNoCaptures(): Promise<void> {
  const answer = await vscode.window.showInformationMessage(
    'There is no capture in the captures folders of this workspace yet.',
    'Open Capture...',
    'Change Folders',
  );
  if (answer === 'Open Capture...') await vscode.commands.executeCommand('netsec.openCapture');
  if (answer === 'Change Folders') await vscode.commands.executeCommand('workbench.action.openSettings', 'netsec.capturesFolders');
}

async function pickCapture({ library, summaries }: CommandContext): Promise<vscode.Uri | undefined> {
  const entries = await library.list();
  if (entries.length === 0) {
    await sayNoCaptures();
    return undefined;
  }
  const { language } = vscode.env;
  const items = entries.map((entry) => {
    const summary = summaries.of(entry.file);
    return {
      label: entry.file.name,
      description: `${bytesInWords(entry.file.bytes, language)} · ${timeInWords(recordedMs(entry.file), language)}`,
      ...(summary === undefined ? {} : { detail: hasFailed(summary) ? summary.failed : inOneLine(summary) }),
      uri: entry.uri,
    };
  });
  return (await vscode.window.showQuickPick(items, { title: 'Captures, newest first', placeHolder: 'Open a capture', matchOnDetail: true }))?.uri;
}

async function goToPacket(editor: OpenEditor, wanted: number | undefined): Promise<void> {
  const query = { selection: EVERYTHING, sort: null, offset: 0, limit: 0 };
  const { totalUnfiltered: packets } = await editor.session.call('packets', query);
  const problem = (text: string): string | undefined => {
    const frame = Number(text);
    return Number.isInteger(frame) && frame >= 1 && frame <= packets
      ? undefined
      : `A whole number from 1 to ${packets.toLocaleString(vscode.env.language)}`;
  };
  const answer =
    wanted === undefined
      ? await vscode.window.showInputBox({
          title: 'Go to Packet',
          prompt: `Number of the packet, 1 to ${packets.toLocaleString(vscode.env.language)}`,
          validateInput: problem,
        })
      : String(wanted);
  if (answer === undefined) return;
  if (problem(answer) !== undefined) throw new Error(`${nameOf(editor.uri)} has no packet ${answer}; its packets are numbered 1 to ${packets}.`);
  editor.send({ kind: 'goToPacket', frame: Number(answer) });
}

interface Outcome {
  readonly entry: CaptureEntry;
  readonly result: CaptureResult;
}

/** One after the other: each analysis already uses a thread to the full. What is known of a file that has not changed is not read again, unless it is wished. */
async function analyzeAll(context: CommandContext, again = false): Promise<void> {
  const entries = await context.library.list();
  if (entries.length === 0) {
    await sayNoCaptures();
    return;
  }
  const outcomes: Outcome[] = [];
  await vscode.window.withProgress(
    { location: vscode.ProgressLocation.Notification, title: 'Analysing captures', cancellable: true },
    async (progress, token) => {
      const controller = new AbortController();
      token.onCancellationRequested(() => controller.abort());
      for (const entry of entries) {
        if (controller.signal.aborted) break;
        const known = again ? undefined : context.summaries.of(entry.file);
        // The monitor makes no headline.
        if (known !== undefined && (hasFailed(known) || known.headline !== null)) {
          outcomes.push({ entry, result: known });
          continue;
        }
        progress.report({ message: `${entry.file.name} (${outcomes.length + 1} of ${entries.length})`, increment: 100 / entries.length });
        try {
          outcomes.push({ entry, result: await analyzeCapture(entry.uri, context, controller.signal) });
        } catch (error) {
          if (!controller.signal.aborted) outcomes.push({ entry, result: { failed: error instanceof Error ? error.message : String(error) } });
        }
      }
    },
  );
  if (await showOutcomes(outcomes, entries.length, context.editors)) await analyzeAll(context, true);
}

/** True where all are to be analysed again. */
async function showOutcomes(outcomes: readonly Outcome[], wanted: number, editors: CaptureEditors): Promise<boolean> {
  if (outcomes.length === 0) return false;
  const failed = outcomes.filter(({ result }) => hasFailed(result)),
    analysed = outcomes.length - failed.length;
  const item = ({ entry, result }: Outcome): vscode.QuickPickItem & { readonly uri?: vscode.Uri } => ({
    label: entry.file.name,
    detail: hasFailed(result) ? result.failed : inOneLine(result),
    uri: entry.uri,
  });
  const again: vscode.QuickPickItem & { readonly uri?: vscode.Uri } = {
    label: '$(refresh) Analyse All Again',
    detail: 'What is listed here was found when each was analysed last. Run Analyze All Captures to have this list again.',
    alwaysShow: true,
  };
  const items = [
    ...outcomes
      .filter(({ result }) => !hasFailed(result))
      .sort((a, b) => rank(b) - rank(a))
      .map(item),
    ...(failed.length === 0 ? [] : [{ label: 'Could not be read', kind: vscode.QuickPickItemKind.Separator }, ...failed.map(item)]),
    { label: '', kind: vscode.QuickPickItemKind.Separator },
    again,
  ];
  const done = `${analysed === wanted ? `All ${wanted}` : `${analysed} of ${wanted}`} captures analysed${failed.length === 0 ? '' : `, ${failed.length} could not be read`}`;
  const picked = await vscode.window.showQuickPick(items, {
    title: `${done}, worst first`,
    placeHolder: 'Open a capture',
    matchOnDetail: true,
    ignoreFocusOut: true,
  });
  if (picked?.uri !== undefined) await editors.show(picked.uri, { kind: 'show', view: 'overview' });
  return picked === again;
}

const rank = ({ result }: Outcome): number => (hasFailed(result) || result.worst === null ? -1 : SEVERITIES.indexOf(result.worst));

function inOneLine(summary: CaptureSummary): string {
  const packets = countInWords(summary.packets, 'packet', 'packets', vscode.env.language);
  return [packets, findingsInWords(summary), ...(summary.headline === null ? [] : [summary.headline])].join(' · ');
}
