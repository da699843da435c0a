/** The Captures view: every capture of the captures folders, newest first, with what an analysis found in it. */
import * as vscode from 'vscode';
import { recordedMs } from '../analysis/captureFiles.ts';
import type { Severity } from '../analysis/report.ts';
import { VIEW_TYPE } from './captureEditor.ts';
import type { CaptureEntry, CaptureLibrary } from './captureLibrary.ts';
import type { CaptureSummary, Summaries } from './summaries.ts';
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

export interface CapturesTree extends vscode.TreeDataProvider<CaptureEntry>, vscode.FileDecorationProvider {
  dispose(): void;
}

export function capturesTree(library: CaptureLibrary, summaries: Summaries): CapturesTree {
  const changed = new vscode.EventEmitter<void>();
  const badgesChanged = new vscode.EventEmitter<undefined>();
  let entries = new Map<string, CaptureEntry>();
  const listening = library.onDidChange(() => {
    changed.fire();
    badgesChanged.fire(undefined);
  });
  return {
    onDidChangeTreeData: changed.event,
    onDidChangeFileDecorations: badgesChanged.event,
    async getChildren(parent) {
      if (parent !== undefined) return [];
      const list = await library.list();
      entries = new Map(list.map((entry) => [badgeUri(entry).toString(), entry]));
      return list;
    },
    getTreeItem: (entry) => treeItem(entry, summaries.of(entry.file)),
    provideFileDecoration(uri) {
      const entry = uri.scheme === BADGE_SCHEME ? entries.get(uri.toString()) : undefined;
      const summary = entry === undefined ? undefined : summaries.of(entry.file);
      if (summary === undefined || summary.worst === null) return undefined;
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

function badgeUri({ uri }: CaptureEntry): vscode.Uri {
  return vscode.Uri.from({ scheme: BADGE_SCHEME, path: uri.path, query: uri.toString() });
}

function treeItem(entry: CaptureEntry, summary: CaptureSummary | undefined): vscode.TreeItem {
  const { language } = vscode.env;
  const { file, uri } = entry;
  const size = bytesInWords(file.bytes, language);
  const time = timeInWords(recordedMs(file), language);
  const packets = summary === undefined ? [] : [countInWords(summary.packets, 'packet', 'packets', language)];
  const item = new vscode.TreeItem(file.name);
  item.id = file.location;
  item.resourceUri = badgeUri(entry);
  item.description = [shortTime(recordedMs(file), Date.now(), language), size, ...packets].join(' · ');
  item.iconPath = new vscode.ThemeIcon('pulse');
  item.contextValue = 'capture';
  item.tooltip = [
    uri.scheme === 'file' ? uri.fsPath : uri.toString(true),
    time,
    ...(summary === undefined ? ['Not analysed yet'] : [summary.headline, findingsInWords(summary)]),
  ].join('\n');
  item.command = { command: 'vscode.openWith', title: 'Open', arguments: [uri, VIEW_TYPE] };
  item.accessibilityInformation = {
    label: [file.name, size, time, ...packets, ...(summary === undefined ? ['not analysed yet'] : [findingsInWords(summary)])].join(', '),
  };
  return item;
}

export function findingsInWords({ findings, worst }: CaptureSummary): string {
  if (worst === null) return 'No findings';
  return `${countInWords(findings, 'finding', 'findings', vscode.env.language)}, at worst ${worst}`;
}
