/** Monitoring in VS Code: `netsec watch` over the captures folders while the setting says so, its view, and one notification for what is severe. */
import * as vscode from 'vscode';
import type { AllowRule } from '../analysis/allowRules.ts';
import { SEVERITIES } from '../analysis/report.ts';
import { startCli, type CliProcess } from './cliProcess.node.ts';
import type { MonitorEvent } from './monitor.node.ts';
import { inANotification, MonitorModel, newsInWords, worthTelling, type News, type NotifyFrom } from './monitorModel.ts';
import { fileRow, monitorTree, resultOf, type MonitorRow } from './monitorTree.vscode.ts';
import type { SeenFinding } from './seenFinding.ts';
import type { SeenInFile } from './seenInFile.ts';
import { shareResults, type MonitorResult } from './sharedResults.ts';

export interface MonitorContext {
  /** Path of dist/cli.mjs. */
  readonly cli: string;
  readonly capturesFolders: () => readonly vscode.Uri[];
  readonly detectorOptions: (folder: vscode.Uri) => Readonly<Record<string, unknown>>;
  readonly allow: {
    rulesFor(capture: vscode.Uri): Promise<readonly AllowRule[]>;
    expect(capture: vscode.Uri, finding: SeenFinding): Promise<boolean>;
    readonly onDidChange: vscode.Event<void>;
  };
  /** Opens a capture in the editor, at a finding or at its overview. */
  readonly show: (uri: vscode.Uri, finding: string | null) => Promise<void>;
  /** Told what was found in a capture, and again when that is judged otherwise. */
  readonly share: (uri: vscode.Uri, result: MonitorResult) => Promise<void>;
  /** Of the workspace; undefined where no folder is open. */
  readonly storageFolder: vscode.Uri | undefined;
  readonly memory: vscode.Memento;
}

const SECTION = 'netsec.monitor';
const TOLD = 'netsec.monitor.told';
const MOST_TOLD = 2000;
/** The findings of one reading come together; they are told together. */
const GATHER_MS = 500;
const DRAW_MS = 250;
const RESTART_MS = [2000, 10_000, 60_000];

export function registerMonitor(context: MonitorContext): { dispose(): void }[] {
  let process: CliProcess | null = null,
    running = '',
    failures = 0,
    model: MonitorModel | null = null,
    unseen = 0;
  let gathered: News[] = [],
    gathering: NodeJS.Timeout | undefined,
    drawing: NodeJS.Timeout | undefined,
    restarting: NodeJS.Timeout | undefined;
  /** Read when there is something to tell: starting VS Code must not pay for it. */
  let told: Set<string> | undefined;
  const tree = monitorTree(
    () => model,
    (uri) => context.allow.rulesFor(uri),
  );
  const shared = shareResults({
    files: () => model?.files() ?? [],
    resultOf: async (about) => resultOf(await fileRow(about, (uri) => context.allow.rulesFor(uri))),
    share: (file, result) => context.share(vscode.Uri.file(file), result),
  });
  const view = vscode.window.createTreeView<MonitorRow>('netsec.monitor', { treeDataProvider: tree, showCollapseAll: true });

  const settings = (): vscode.WorkspaceConfiguration => vscode.workspace.getConfiguration(SECTION);
  const draw = (): void => {
    drawing ??= setTimeout(() => {
      drawing = undefined;
      tree.refresh();
      view.badge = unseen === 0 ? undefined : { value: unseen, tooltip: `${unseen} new ${unseen === 1 ? 'finding' : 'findings'}` };
    }, DRAW_MS);
  };

  /** The command line of the monitor that ought to run, null for none. */
  const wanted = (): readonly [string, ...string[]] | null => {
    const folders = context.capturesFolders().filter(({ scheme }) => scheme === 'file');
    // A folder that is not trusted must not choose what is read in the background.
    if (!settings().get('enabled', false) || !vscode.workspace.isTrusted || folders.length === 0) return null;
    return [
      'watch',
      ...(context.storageFolder?.scheme === 'file' ? [`--index=${vscode.Uri.joinPath(context.storageFolder, 'known-captures.json').fsPath}`] : []),
      `--detectors=${JSON.stringify(context.detectorOptions(folders[0]!))}`,
      '--',
      ...new Set(folders.map(({ fsPath }) => fsPath)),
    ];
  };

  const follow = (): void => {
    const command = wanted(),
      key = JSON.stringify(command);
    if (key === running) return;
    running = key;
    failures = 0;
    stop();
    if (command !== null) start(command);
    draw();
  };

  function start(command: readonly [string, ...string[]]): void {
    const fresh = new MonitorModel();
    model = fresh;
    view.message = '';
    const mine = startCli(context.cli, command, (event) => {
      if (process === mine) take(fresh, event as MonitorEvent);
    });
    process = mine;
    void mine.done.then(({ words }) => {
      if (process !== mine) return;
      process = null;
      const waitMs = RESTART_MS[failures++];
      const why = words.trim().split('\n').at(-1) ?? '';
      view.message = `Monitoring stopped${why === '' ? '' : `: ${why.slice(0, 300)}`}${waitMs === undefined ? '' : ' It starts again by itself.'}`;
      if (waitMs !== undefined) restarting = setTimeout(() => start(command), waitMs);
    });
  }

  function stop(): void {
    clearTimeout(restarting);
    const ending = process;
    process = null;
    ending?.stop();
    model = null;
    unseen = 0;
    view.message = '';
  }

  function take(into: MonitorModel, event: MonitorEvent): void {
    const news = into.take(event, Date.now());
    if (news !== null) gathered.push(news);
    if (event.kind === 'file') shared.changed(event.file);
    if (event.kind === 'caught-up') failures = 0;
    draw();
    if (gathered.length > 0 && (into.hasCaughtUp || event.kind === 'caught-up')) gathering ??= setTimeout(tell, GATHER_MS);
  }

  function tell(): void {
    gathering = undefined;
    const news = gathered;
    gathered = [];
    if (!view.visible) unseen += news.filter(({ finding }) => SEVERITIES.indexOf(finding.severity) >= SEVERITIES.indexOf('medium')).length;
    draw();
    told ??= new Set(context.memory.get<readonly string[]>(TOLD, []));
    const worth = worthTelling(news, {
      from: settings().get<NotifyFrom>('notifyFrom', 'medium'),
      muted: new Set(settings().get<readonly string[]>('muted', [])),
      told,
    });
    if (worth.length === 0) return;
    void context.memory.update(TOLD, [...told].slice(-MOST_TOLD));
    // What lay there before is one piece of news, however many files it is in.
    const groups = new Map<string, News[]>();
    for (const one of worth) {
      const group = one.isBacklog ? '' : one.file;
      groups.set(group, [...(groups.get(group) ?? []), one]);
    }
    for (const group of groups.values()) void notify(group, context, mute);
  }

  const mute = async (detector: string): Promise<void> => {
    const before = settings().get<readonly string[]>('muted', []);
    await settings().update('muted', [...new Set([...before, detector])].sort(), vscode.ConfigurationTarget.Workspace);
  };
  const expect = async (row: unknown): Promise<void> => {
    const seen = seenIn(row);
    if (seen !== null) await context.allow.expect(vscode.Uri.file(seen.file), seen.finding);
  };

  const listening = [
    vscode.workspace.onDidChangeConfiguration((event) => {
      if (['netsec.monitor.enabled', 'netsec.capturesFolders', 'netsec.detectors'].some((name) => event.affectsConfiguration(name))) follow();
    }),
    vscode.workspace.onDidChangeWorkspaceFolders(follow),
    vscode.workspace.onDidGrantWorkspaceTrust(follow),
    context.allow.onDidChange(() => {
      draw();
      shared.changed();
    }),
    view.onDidChangeVisibility(({ visible }) => {
      if (visible) unseen = 0;
      draw();
    }),
    command('startMonitoring', () => turn(true)),
    command('stopMonitoring', () => turn(false)),
    command('showSeen', (row) => {
      // A click tells a file, its menu the row.
      const shown = row as
        { readonly file: string; readonly finding: { readonly id: string } | null } | { readonly about: { readonly file: string } };
      return 'about' in shown
        ? context.show(vscode.Uri.file(shown.about.file), null)
        : context.show(vscode.Uri.file(shown.file), shown.finding?.id ?? null);
    }),
    command('expectSeen', expect),
    command('muteSeen', async (row) => {
      const seen = seenIn(row);
      if (seen !== null) await mute(seen.finding.detector);
    }),
  ];
  follow();
  return [
    ...listening,
    view,
    tree,
    shared,
    {
      dispose() {
        stop();
        for (const timer of [gathering, drawing]) clearTimeout(timer);
      },
    },
  ];
}

async function turn(on: boolean): Promise<void> {
  const inWorkspace = vscode.workspace.workspaceFolders !== undefined;
  if (!inWorkspace) throw new Error('Open a folder first: its captures folder is what is monitored.');
  await vscode.workspace.getConfiguration(SECTION).update('enabled', on, vscode.ConfigurationTarget.Workspace);
}

async function notify(news: readonly News[], context: MonitorContext, mute: (detector: string) => Promise<void>): Promise<void> {
  const [worst] = [...news].sort((a, b) => SEVERITIES.indexOf(b.finding.severity) - SEVERITIES.indexOf(a.finding.severity));
  if (worst === undefined) return;
  const files = new Set(news.map(({ file }) => file)).size,
    show = files === 1 ? 'Show' : 'Show Monitor',
    buttons = news.length === 1 ? [show, 'Mark as Expected', 'Mute'] : [show];
  const say = SEVERITIES.indexOf(worst.finding.severity) >= SEVERITIES.indexOf('high') ? 'showWarningMessage' : 'showInformationMessage';
  const answer = await vscode.window[say](`Netsec: ${newsInWords(news)}`, ...buttons);
  try {
    if (answer === 'Show') await context.show(vscode.Uri.file(worst.file), worst.finding.id);
    else if (answer === 'Show Monitor') await vscode.commands.executeCommand('netsec.monitor.focus');
    else if (answer === 'Mark as Expected') await context.allow.expect(vscode.Uri.file(worst.file), worst.finding);
    else if (answer === 'Mute') await mute(worst.finding.detector);
  } catch (error) {
    void vscode.window.showErrorMessage(`Netsec: ${inANotification(error instanceof Error ? error.message : String(error))}`);
  }
}

function seenIn(row: unknown): SeenInFile | null {
  return typeof row === 'object' && row !== null && 'finding' in row && row.finding !== null ? (row as SeenInFile) : null;
}

function command(name: string, run: (argument: unknown) => Promise<void>): vscode.Disposable {
  return vscode.commands.registerCommand(`netsec.${name}`, async (argument: unknown) => {
    try {
      await run(argument);
    } catch (error) {
      void vscode.window.showErrorMessage(`Netsec: ${inANotification(error instanceof Error ? error.message : String(error))}`);
    }
  });
}
