/** `.netsec/allow.yaml` of each workspace folder: read, watched, changed for the user, and given to every open capture at once. */
import * as vscode from 'vscode';
import { addAllowRule, parseAllowFile, removeAllowRule, type AllowConditions } from '../analysis/allowFile.ts';
import type { AllowRule } from '../analysis/allowRules.ts';
import { detectorSettings } from './detectorSettings.ts';

const FILE = ['.netsec', 'allow.yaml'] as const;
const SETTLE_MS = 100;

export interface AllowList {
  /** The rules of the folder a capture lies in; of the first folder where it lies in none. */
  rulesFor(capture: vscode.Uri): Promise<readonly AllowRule[]>;
  /** Asks why, then adds a rule; false when the user cancels. */
  expect(capture: vscode.Uri, conditions: AllowConditions, what: string): Promise<boolean>;
  forget(capture: vscode.Uri, rule: string): Promise<void>;
  readonly onDidChange: vscode.Event<void>;
  dispose(): void;
}

export function allowList(): AllowList {
  const changed = new vscode.EventEmitter<void>();
  let watchers: vscode.Disposable[] = [];
  let timer: NodeJS.Timeout | undefined;
  /** What was complained about last, so that a mistake is told once. */
  const told = new Map<string, string>();

  const soon = (): void => {
    clearTimeout(timer);
    timer = setTimeout(() => changed.fire(), SETTLE_MS);
  };
  const stop = (): void => {
    for (const each of watchers) each.dispose();
    watchers = [];
  };
  const watch = (): void => {
    stop();
    watchers = (vscode.workspace.workspaceFolders ?? []).flatMap((folder) => {
      const watcher = vscode.workspace.createFileSystemWatcher(new vscode.RelativePattern(folder.uri, FILE.join('/')));
      return [watcher, watcher.onDidCreate(soon), watcher.onDidChange(soon), watcher.onDidDelete(soon)];
    });
  };
  const folders = vscode.workspace.onDidChangeWorkspaceFolders(() => {
    watch();
    soon();
  });
  watch();

  async function change(capture: vscode.Uri, edit: (text: string) => string): Promise<void> {
    const file = fileFor(capture);
    if (file === undefined) throw new Error('Open a folder first: what is expected is kept in its .netsec/allow.yaml');
    const before = await read(file);
    const after = edit(before);
    if (after === before) return;
    await vscode.workspace.fs.writeFile(file, new TextEncoder().encode(after));
    changed.fire();
  }

  return {
    async rulesFor(capture) {
      const file = fileFor(capture);
      if (file === undefined) return [];
      const { rules, problems } = parseAllowFile(await read(file), new Set(Object.keys(detectorSettings(capture))));
      const words = problems
        .slice(0, 3)
        .map(({ line, message }) => `line ${String(line)}: ${message}`)
        .join(' ');
      if (words !== '' && told.get(file.toString()) !== words) void vscode.window.showWarningMessage(`.netsec/allow.yaml: ${words}`);
      told.set(file.toString(), words);
      return rules;
    },
    async expect(capture, conditions, what) {
      const reason = await vscode.window.showInputBox({
        title: 'Mark as Expected',
        prompt: `Why is this expected? Kept in .netsec/allow.yaml with the rule for ${what}.`,
        placeHolder: 'Our own inventory scanner',
      });
      if (reason === undefined) return false;
      const today = new Date().toISOString().slice(0, 10);
      await change(capture, (text) =>
        addAllowRule(text, { ...conditions, reason: reason.trim() === '' ? `Marked in the editor on ${today}` : reason.trim().slice(0, 300) }),
      );
      return true;
    },
    forget: (capture, rule) => change(capture, (text) => removeAllowRule(text, rule)),
    onDidChange: changed.event,
    dispose() {
      clearTimeout(timer);
      stop();
      folders.dispose();
      changed.dispose();
    },
  };
}

function fileFor(capture: vscode.Uri): vscode.Uri | undefined {
  const folder = vscode.workspace.getWorkspaceFolder(capture) ?? vscode.workspace.workspaceFolders?.[0];
  return folder === undefined ? undefined : vscode.Uri.joinPath(folder.uri, ...FILE);
}

async function read(file: vscode.Uri): Promise<string> {
  try {
    return new TextDecoder().decode(await vscode.workspace.fs.readFile(file));
  } catch {
    // Not there: nothing is expected.
    return '';
  }
}
