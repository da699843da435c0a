/** The Captures view: every capture of the captures folders, newest first, with what an analysis found in it. */
import * as vscode from 'vscode';
import { safeText } from '../analysis/exports/safeText.ts';
import { recordedMs, type CaptureFile } from '../analysis/captureFiles.ts';
import type { Severity } from '../analysis/report.ts';
import { VIEW_TYPE } from './captureEditor.ts';
import type { CaptureEntry, CaptureLibrary } from './captureLibrary.ts';
import { hasFailed, type CaptureResult, type CaptureSummary, type Summaries } from './summaries.ts';
import { bytesInWords, countInWords, shortTime, timeInWords } from './words.ts';

/** Our own scheme, so that the badges stay in this view instead of marking the Explorer too. */
const BADGE_SCHEME = 'netsec-capture';

/** Theme colours of the five levels. */
const SEVERITY_COLORS: Readonly<Record<Severity, string>> = {
  info: 'descriptionForeground',
  low: 'charts.blue',
  medium: 'list.warningForeground',
  high: 'list.errorForeground',
  critical: 'list.errorForeground',
};

/** One object for as long as the capture is listed: VS Code knows a row by it. */
interface CaptureRow extends CaptureEntry {
  file: CaptureFile;
}

export interface CapturesTree extends vscode.TreeDataProvider<CaptureEntry>, vscode.FileDecorationProvider {
  dispose(): void;
}

export function capturesTree(library: CaptureLibrary, summaries: Summaries): CapturesTree {
  const changed = new vscode.EventEmitter<CaptureRow[] | undefined>();
  const badgesChanged = new vscode.EventEmitter<vscode.Uri[]>();
  let rows: readonly CaptureRow[] | null = null;
  /** What each row said last. */
  const said = new WeakMap<CaptureRow, string>();
  const listening = library.onDidChange(() => {
    if (rows !== null) void update(rows);
  });

  async function list(known: readonly CaptureRow[]): Promise<readonly CaptureRow[]> {
    const byLocation = new Map(known.map((row) => [row.file.location, row]));
    return (await library.list()).map(({ uri, file }) => {
      const row = byLocation.get(file.location) ?? { uri, file };
      row.file = file;
      return row;
    });
  }

  /**
   * Only rows that say something else are told of. Of a tree that is told of as a whole VS Code knows no row until it has asked for them all again, and while a
   * capture is being recorded a menu would reach its command without what was selected.
   */
  async function update(before: readonly CaptureRow[]): Promise<void> {
    const now = await list(before);
    rows = now;
    const changedRows = now.filter((row) => said.get(row) !== saying(row));
    badgesChanged.fire(changedRows.map(badgeUri));
    if (now.length !== before.length || now.some((row, i) => row !== before[i])) changed.fire(undefined);
    else if (changedRows.length > 0) changed.fire(changedRows);
  }

  const saying = (row: CaptureRow): string => JSON.stringify([row.file, summaries.of(row.file)]);

  return {
    onDidChangeTreeData: changed.event,
    onDidChangeFileDecorations: badgesChanged.event,
    async getChildren(parent) {
      if (parent !== undefined) return [];
      return [...(rows ??= await list([]))];
    },
    getTreeItem(entry) {
      said.set(entry, saying(entry));
      return treeItem(entry, summaries.of(entry.file));
    },
    provideFileDecoration(uri) {
      const row = uri.scheme === BADGE_SCHEME ? rows?.find(({ file }) => file.location === uri.query) : undefined;
      const summary = row === undefined ? undefined : summaries.of(row.file);
      if (summary === undefined || hasFailed(summary) || summary.worst === null) return undefined;
      // VS Code shows two characters at most.
      const badge = summary.findings > 99 ? '9+' : String(summary.findings);
      return new vscode.FileDecoration(badge, findingsInWords(summary), new vscode.ThemeColor(SEVERITY_COLORS[summary.worst]));
    },
    dispose() {
      listening.dispose();
      changed.dispose();
      badgesChanged.dispose();
    },
  };
}

function badgeUri({ uri, file }: CaptureEntry): vscode.Uri {
  return vscode.Uri.from({ scheme: BADGE_SCHEME, path: uri.path, query: file.location });
}

function treeItem(entry: CaptureEntry, result: CaptureResult | undefined): vscode.TreeItem {
  const { language } = vscode.env;
  const { file, uri } = entry;
  const size = bytesInWords(file.bytes, language);
  const time = timeInWords(recordedMs(file), language);
  const failed = result !== undefined && hasFailed(result) ? safeText(result.failed, 1000) : null,
    summary = result === undefined || hasFailed(result) ? undefined : result;
  const facts = failed !== null ? ['cannot be read'] : summary === undefined ? [] : [countInWords(summary.packets, 'packet', 'packets', language)];
  // What turns the order of letters around in a name would turn the whole row.
  const item = new vscode.TreeItem(safeText(file.name, 300));
  item.id = file.location;
  item.resourceUri = badgeUri(entry);
  item.description = [shortTime(recordedMs(file), Date.now(), language), size, ...facts].join(' · ');
  item.iconPath =
    failed === null ? new vscode.ThemeIcon('pulse') : new vscode.ThemeIcon('circle-slash', new vscode.ThemeColor('descriptionForeground'));
  item.contextValue = 'capture';
  item.tooltip = [
    safeText(uri.scheme === 'file' ? uri.fsPath : uri.toString(true), 1000),
    time,
    // What was found is said by the badge, whose words VS Code adds.
    ...(failed !== null
      ? [failed]
      : summary === undefined
        ? ['Not analysed yet']
        : [...(summary.headline === null ? [] : [summary.headline]), ...(summary.worst === null ? [findingsInWords(summary)] : [])]),
  ].join('\n');
  item.command = { command: 'vscode.openWith', title: 'Open', arguments: [uri, VIEW_TYPE] };
  item.accessibilityInformation = {
    label: [
      safeText(file.name, 300),
      size,
      time,
      ...facts,
      ...(failed !== null ? [failed] : summary === undefined ? ['not analysed yet'] : [findingsInWords(summary)]),
    ].join(', '),
  };
  return item;
}

export function findingsInWords({ findings, worst }: CaptureSummary): string {
  if (worst === null) return 'No findings';
  return `${countInWords(findings, 'finding', 'findings', vscode.env.language)}, at worst ${worst}`;
}
