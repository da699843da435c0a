/** The Monitor view: the captures that were looked at, newest news first, and below each what was found in it and when. */
import * as vscode from 'vscode';
import type { AllowRule } from '../analysis/allowRules.ts';
import { baseName } from '../analysis/engineApi.ts';
import { SEVERITIES, type Severity } from '../analysis/report.ts';
import type { MonitoredFile, MonitorModel } from './monitorModel.ts';
import { seenUnder, type SeenInFile } from './seenInFile.ts';
import type { MonitorResult } from './sharedResults.ts';

interface FileRow {
  readonly about: MonitoredFile;
  readonly findings: readonly SeenInFile[];
}

export type MonitorRow = FileRow | SeenInFile;

const ICONS: Readonly<Record<Severity, readonly [icon: string, color: string]>> = {
  info: ['info', 'descriptionForeground'],
  low: ['info', 'charts.blue'],
  medium: ['warning', 'list.warningForeground'],
  high: ['warning', 'list.errorForeground'],
  critical: ['error', 'list.errorForeground'],
};

export interface MonitorTree extends vscode.TreeDataProvider<MonitorRow> {
  refresh(): void;
  dispose(): void;
}

export function monitorTree(model: () => MonitorModel | null, rulesFor: (capture: vscode.Uri) => Promise<readonly AllowRule[]>): MonitorTree {
  const changed = new vscode.EventEmitter<void>();
  return {
    onDidChangeTreeData: changed.event,
    refresh: () => changed.fire(),
    dispose: () => changed.dispose(),
    async getChildren(parent) {
      if (parent !== undefined) return 'about' in parent ? [...parent.findings] : [];
      return Promise.all((model()?.files() ?? []).map((about) => fileRow(about, rulesFor)));
    },
    getTreeItem: (row) => ('about' in row ? fileItem(row) : findingItem(row)),
  };
}

/** The allow-list may have changed since the file was read. */
export async function fileRow(about: MonitoredFile, rulesFor: (capture: vscode.Uri) => Promise<readonly AllowRule[]>): Promise<FileRow> {
  const rules = about.findings.length === 0 ? [] : await rulesFor(vscode.Uri.file(about.file)).catch(() => []),
    today = new Date().toISOString().slice(0, 10);
  const findings = about.findings.map((finding) => seenUnder(about.file, finding, rules, today));
  const open = findings.filter(({ expected }) => expected === null),
    severityOf = ({ finding }: SeenInFile): number => SEVERITIES.indexOf(finding.severity);
  return { about, findings: [...open.sort((a, b) => severityOf(b) - severityOf(a)), ...findings.filter(({ expected }) => expected !== null)] };
}

const expectedIn = ({ findings }: FileRow): number => findings.filter(({ expected }) => expected !== null).length;

export function resultOf(row: FileRow): MonitorResult {
  const { about, findings } = row;
  return {
    packets: about.packets,
    findings: Math.max(0, about.findingsTotal - expectedIn(row)),
    worst: findings.find((each) => each.expected === null)?.finding.severity ?? null,
  };
}

function fileItem(row: FileRow): vscode.TreeItem {
  const { about, findings } = row,
    { language } = vscode.env,
    count = (value: number, one: string, many: string): string => `${value.toLocaleString(language)} ${value === 1 ? one : many}`,
    { findings: open, worst } = resultOf(row),
    expected = expectedIn(row);
  const item = new vscode.TreeItem(
    baseName(about.file),
    findings.length === 0
      ? vscode.TreeItemCollapsibleState.None
      : worst === null || worst === 'info'
        ? vscode.TreeItemCollapsibleState.Collapsed
        : vscode.TreeItemCollapsibleState.Expanded,
  );
  const result =
    about.state === 'failed'
      ? 'cannot be read'
      : about.state === 'reading'
        ? 'being read'
        : open === 0
          ? 'nothing found'
          : count(open, 'finding', 'findings');
  const parts = [result, ...(about.state === 'read' ? [count(about.packets, 'packet', 'packets')] : [])];
  // VS Code keeps what it once knew of a row: one that gets its first findings is to open by itself.
  item.id = `${about.file}\n${item.collapsibleState ?? 0}`;
  item.description = parts.join(' · ');
  item.iconPath =
    about.state === 'reading'
      ? new vscode.ThemeIcon('sync~spin')
      : about.state === 'failed'
        ? new vscode.ThemeIcon('circle-slash')
        : worst === null
          ? new vscode.ThemeIcon('pass')
          : severityIcon(worst);
  item.tooltip = [about.file, ...parts, ...(expected === 0 ? [] : [`${count(expected, 'finding is', 'findings are')} expected`]), about.problem ?? '']
    .filter((line) => line !== '')
    .join('\n');
  item.contextValue = 'monitoredFile';
  if (about.state !== 'failed') item.command = { command: 'netsec.showSeen', title: 'Open', arguments: [{ file: about.file, finding: null }] };
  item.accessibilityInformation = { label: [baseName(about.file), ...parts, about.problem ?? ''].filter((part) => part !== '').join(', ') };
  return item;
}

function findingItem(row: SeenInFile): vscode.TreeItem {
  const { file, finding, expected, covered } = row,
    { language } = vscode.env,
    when = whenSeen(finding.seenMs, language),
    frame = finding.frame === null ? [] : [`frame ${finding.frame.toLocaleString(language)}`];
  const item = new vscode.TreeItem(finding.title);
  item.id = `${file}\n${finding.id}`;
  const isPartly = expected === null && covered.length > 0,
    some = `${covered.length} of ${covered.length + (finding.parts?.length ?? 0)} expected`;
  item.description = expected !== null ? `expected: ${expected.reason}` : isPartly ? `${some} · ${when}` : when;
  item.iconPath =
    expected === null ? severityIcon(finding.severity) : new vscode.ThemeIcon('bell-slash', new vscode.ThemeColor('descriptionForeground'));
  item.tooltip = [
    finding.title,
    `${finding.severity}, seen ${new Date(finding.seenMs).toLocaleString(language)}`,
    [file, ...frame].join(', '),
    ...(expected === null ? [] : [`Expected: ${expected.reason}`]),
    ...(isPartly
      ? [
          `Left: ${(finding.parts ?? []).map(({ label }) => label).join(', ')}`,
          ...covered.map((one) => `Expected: ${one.part.label} (${one.expected.reason})`),
        ]
      : []),
  ].join('\n');
  item.contextValue = expected === null ? 'seenFinding' : 'expectedFinding';
  item.command = { command: 'netsec.showSeen', title: 'Show', arguments: [row] };
  item.accessibilityInformation = {
    label: [finding.severity, finding.title, ...frame, when, ...(expected !== null ? ['expected'] : isPartly ? [some] : [])].join(', '),
  };
  return item;
}

function severityIcon(severity: Severity): vscode.ThemeIcon {
  const [icon, color] = ICONS[severity];
  return new vscode.ThemeIcon(icon, new vscode.ThemeColor(color));
}

/** The time for today, else the day. */
function whenSeen(ms: number, language: string): string {
  const then = new Date(ms),
    options: Intl.DateTimeFormatOptions =
      then.toDateString() === new Date().toDateString()
        ? { timeStyle: 'short' }
        : { day: 'numeric', month: 'short', hour: 'numeric', minute: '2-digit' };
  return new Intl.DateTimeFormat(language, options).format(then);
}
