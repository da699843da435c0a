/**
 * Two captures side by side: a document that nobody writes, shown as a Markdown preview. A preview follows neither commands nor addresses of our own, but links to
 * files beside the document; so a place in a capture is such a file, whose editor opens the capture there and goes away.
 */
import * as vscode from 'vscode';
import { recordedMs } from '../analysis/captureFiles.ts';
import type { Place } from '../analysis/comparedLists.ts';
import { compareSides, limitComparison, readSide, type ComparedSide } from '../analysis/comparison.ts';
import { comparisonMarkdown } from '../analysis/exports/comparisonText.ts';
import { CallCancelled } from '../analysis/rpc.ts';
import type { CaptureEditors } from './captureEditor.ts';
import type { CaptureLibrary } from './captureLibrary.ts';
import { uriOf } from './commands.ts';
import { nameOf } from './openCapture.ts';
import { whenComplete, type Sessions } from './sessions.ts';
import { bytesInWords, timeInWords } from './words.ts';

const SCHEME = 'netsec-comparison';
const PLACE_VIEW = 'netsec.place';
const PLACE_ENDING = '.netsec-place';
/** Rows of each list; the command line has all. */
const MOST_ROWS = 50;
const MOST_KEPT = 10;

export interface ComparisonContext {
  readonly editors: CaptureEditors;
  readonly library: CaptureLibrary;
  readonly sessions: Sessions;
}

type Pair = readonly [first: vscode.Uri, second: vscode.Uri];
type Sides = readonly [first: ComparedSide, second: ComparedSide];

export function registerComparisons(context: ComparisonContext): { dispose(): unknown }[] {
  const texts = new Map<string, string>(),
    changed = new vscode.EventEmitter<vscode.Uri>();

  async function read(pair: Pair, signal?: AbortSignal, onProgress?: (name: string) => void): Promise<Sides> {
    onProgress?.(nameOf(pair[0]));
    const first = await sideOf(pair[0], context.sessions, signal);
    onProgress?.(nameOf(pair[1]));
    return [first, await sideOf(pair[1], context.sessions, signal)];
  }

  function write(pair: Pair, [first, second]: Sides): string {
    const isSame = pair[0].toString() === pair[1].toString(),
      comparison = limitComparison(compareSides(first, second, { isSame }), MOST_ROWS);
    return comparisonMarkdown(comparison, (side, label, place) => `[${label}](${placeLink(pair[side === 'first' ? 0 : 1], place)})`);
  }

  async function ordered(
    pair: Pair,
    signal: AbortSignal,
    onProgress: (name: string) => void,
  ): Promise<{ readonly pair: Pair; readonly text: string }> {
    const [first, second] = await read(pair, signal, onProgress);
    if (!isOlder(second, first)) return { pair, text: write(pair, [first, second]) };
    const turned: Pair = [pair[1], pair[0]];
    return { pair: turned, text: write(turned, [second, first]) };
  }

  async function show(given: Pair): Promise<void> {
    const made = await vscode.window.withProgress(
      { location: vscode.ProgressLocation.Notification, title: 'Comparing captures', cancellable: true },
      (progress, token) => {
        const controller = new AbortController();
        token.onCancellationRequested(() => controller.abort());
        return ordered(given, controller.signal, (name) => progress.report({ message: name })).catch((error: unknown) => {
          if (controller.signal.aborted) return null;
          throw error;
        });
      },
    );
    if (made === null) return;
    const uri = documentUri(made.pair);
    texts.set(uri.toString(), made.text);
    for (const old of texts.keys()) {
      if (texts.size <= MOST_KEPT) break;
      texts.delete(old);
    }
    changed.fire(uri);
    // A preview in front shows this one instead; two of the same text side by side help nobody.
    const inFront = vscode.window.tabGroups.activeTabGroup.activeTab?.input,
      isHere = inFront === undefined || isPreview(inFront);
    try {
      await vscode.commands.executeCommand(isHere ? 'markdown.showPreview' : 'markdown.showPreviewToSide', uri);
    } catch {
      // Somebody may have turned the preview off.
      await vscode.window.showTextDocument(uri, { viewColumn: isHere ? vscode.ViewColumn.Active : vscode.ViewColumn.Beside });
    }
  }

  const commands: Readonly<Record<string, (...args: unknown[]) => Promise<void>>> = {
    compareCaptures: async () => {
      const first = context.editors.inFront()?.uri ?? (await pick(context, 'Compare captures: the first', []));
      await compareWith(first);
    },
    compareWith: async (target) => compareWith(uriOf(target)),
    // Menus hand over what was clicked, then all that is selected.
    compareSelected: async (clicked, selected) => {
      const targets = (Array.isArray(selected) ? (selected as unknown[]) : [clicked]).flatMap((target) => uriOf(target) ?? []);
      const [one, other] = targets;
      if (one === undefined || other === undefined || targets.length > 2)
        throw new Error(`Select two captures to compare; ${targets.length} ${targets.length === 1 ? 'is' : 'are'} selected.`);
      await show([one, other]);
    },
  };

  async function compareWith(one: vscode.Uri | undefined): Promise<void> {
    const other = one === undefined ? undefined : await pick(context, `Compare ${nameOf(one)} with`, [one]);
    if (one !== undefined && other !== undefined) await show([one, other]);
  }

  return [
    changed,
    vscode.workspace.registerTextDocumentContentProvider(SCHEME, {
      onDidChange: changed.event,
      // After a reload of the window it is made again.
      provideTextDocumentContent: async (uri) => {
        const pair = pairOf(uri);
        return texts.get(uri.toString()) ?? write(pair, await read(pair));
      },
    }),
    vscode.window.registerCustomEditorProvider(PLACE_VIEW, placeEditor()),
    ...Object.entries(commands).map(([name, run]) =>
      vscode.commands.registerCommand(`netsec.${name}`, async (...args: unknown[]) => {
        try {
          await run(...args);
        } catch (error) {
          if (error instanceof CallCancelled) return;
          void vscode.window.showErrorMessage(`Netsec: ${error instanceof Error ? error.message : String(error)}`);
        }
      }),
    ),
  ];
}

async function sideOf(uri: vscode.Uri, sessions: Sessions, signal?: AbortSignal): Promise<ComparedSide> {
  const { session, release } = sessions.acquire(uri.toString());
  try {
    await whenComplete(session, signal);
    return await readSide(nameOf(uri), '', (method, params, abort) => session.call(method, params, abort), signal);
  } finally {
    release();
  }
}

/** What was, then what is: by the packets' times, which copying does not change. */
function isOlder({ report: { capture } }: ComparedSide, { report: { capture: other } }: ComparedSide): boolean {
  return capture.startTime !== null && other.startTime !== null && capture.startTime < other.startTime;
}

async function pick({ library }: ComparisonContext, title: string, without: readonly vscode.Uri[]): Promise<vscode.Uri | undefined> {
  const { language } = vscode.env,
    entries = (await library.list()).filter(({ uri }) => without.every((one) => one.toString() !== uri.toString()));
  const browse = { label: '$(folder-opened) Another capture...', description: '', uri: null };
  const items = [
    ...entries.map(({ uri, file }) => ({
      label: file.name,
      description: `${bytesInWords(file.bytes, language)} · ${timeInWords(recordedMs(file), language)}`,
      uri,
    })),
    browse,
  ];
  const picked = await vscode.window.showQuickPick(items, { title, placeHolder: 'Captures, newest first', ignoreFocusOut: true });
  if (picked === undefined) return undefined;
  if (picked.uri !== null) return picked.uri;
  return (await vscode.window.showOpenDialog({ title, openLabel: 'Compare' }))?.[0];
}

function documentUri([first, second]: Pair): vscode.Uri {
  return vscode.Uri.from({
    scheme: SCHEME,
    path: `/${nameOf(first)} and ${nameOf(second)}.md`,
    query: JSON.stringify([first.toString(), second.toString()]),
  });
}

function pairOf({ query }: vscode.Uri): Pair {
  const [first, second] = JSON.parse(query) as unknown[];
  if (typeof first !== 'string' || typeof second !== 'string') throw new Error('This address names no captures to compare.');
  return [vscode.Uri.parse(first, true), vscode.Uri.parse(second, true)];
}

/** Letters, digits, `-` and `_` only, whatever the place holds: it is a part of Markdown. */
function placeLink(capture: vscode.Uri, place: Partial<Place>): string {
  return Buffer.from(JSON.stringify({ ...place, capture: capture.toString() })).toString('base64url') + PLACE_ENDING;
}

function showsComparison({ input }: vscode.Tab): boolean {
  return isPreview(input) || (input instanceof vscode.TabInputText && input.uri.scheme === SCHEME);
}

function isPreview(input: unknown): boolean {
  return input instanceof vscode.TabInputWebview && input.viewType.endsWith('markdown.preview');
}

/** Opens the capture where the link says, beside the comparison, and closes itself. What the link may say is checked there. */
function placeEditor(): vscode.CustomReadonlyEditorProvider {
  return {
    openCustomDocument: (uri) => ({ uri, dispose: () => undefined }),
    async resolveCustomEditor({ uri }, panel) {
      const here = panel.viewColumn;
      panel.dispose();
      // A file of that name is none of ours.
      if (uri.scheme !== SCHEME) throw new Error('This is a link within a comparison of two captures.');
      const coded = nameOf(uri).slice(0, -PLACE_ENDING.length),
        { all } = vscode.window.tabGroups,
        // A link is opened where the focus was, which need not yet be where the comparison stands.
        other = all.find(({ tabs }) => !tabs.some(showsComparison)) ?? all.find(({ viewColumn }) => viewColumn !== here);
      let place: unknown = null;
      try {
        place = JSON.parse(Buffer.from(coded, 'base64url').toString());
      } catch {
        // The command says that it leads nowhere.
      }
      await vscode.commands.executeCommand('netsec.openEvidence', place, other?.viewColumn ?? vscode.ViewColumn.Beside);
    },
  };
}
