/** `.netsec/allow.yaml` of a capture: read, changed for the user, and given to every open capture at once. */
import * as vscode from 'vscode';
import { addAllowRule, parseAllowFile, removeAllowRule } from '../analysis/allowFile.ts';
import type { AllowRule } from '../analysis/allowRules.ts';
import { safeText } from '../analysis/exports/safeText.ts';
import { expectChoices, type ExpectChoice, type ToExpect } from '../analysis/expectChoices.ts';
import { detectorSettings } from './detectorSettings.ts';
import type { NetsecFolders } from './netsecFolders.ts';

const FILE = 'allow.yaml';

export interface AllowList {
  /** The rules of the nearest list in the capture's folder or above it. */
  rulesFor(capture: vscode.Uri): Promise<readonly AllowRule[]>;
  /** Asks what of a finding is expected and why, then adds a rule; false when the user cancels. */
  expect(capture: vscode.Uri, finding: ToExpect): Promise<boolean>;
  forget(capture: vscode.Uri, rule: string): Promise<void>;
  readonly onDidChange: vscode.Event<void>;
}

export function allowList(netsec: NetsecFolders): AllowList {
  /** What was complained about last, so that a mistake is told once. */
  const told = new Map<string, string>();

  /** Where a rule is written: into the list that holds for the capture, else into a new one of its workspace folder, else beside it. */
  async function fileToChange(capture: vscode.Uri): Promise<vscode.Uri> {
    const folder = vscode.workspace.getWorkspaceFolder(capture)?.uri ?? vscode.Uri.joinPath(capture, '..');
    return (await netsec.nearest(capture, FILE)) ?? vscode.Uri.joinPath(folder, '.netsec', FILE);
  }

  async function change(capture: vscode.Uri, edit: (text: string) => string): Promise<void> {
    const file = await fileToChange(capture);
    const before = await read(file);
    const after = edit(before);
    if (after === before) return;
    await vscode.workspace.fs.writeFile(file, new TextEncoder().encode(after));
    netsec.changed();
  }

  return {
    async rulesFor(capture) {
      const file = await netsec.nearest(capture, FILE);
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
    async expect(capture, finding) {
      const chosen = await choose(expectChoices(finding));
      if (chosen === undefined) return false;
      const reason = await vscode.window.showInputBox({
        title: 'Mark as Expected',
        ignoreFocusOut: true,
        prompt: `Why is this expected? Kept in .netsec/allow.yaml with the rule for ${chosen.rule}.`,
        placeHolder: 'Our own inventory scanner',
      });
      if (reason === undefined) return false;
      const today = new Date().toISOString().slice(0, 10);
      await change(capture, (text) =>
        addAllowRule(text, { ...chosen.conditions, reason: reason.trim() === '' ? `Marked in the editor on ${today}` : reason.trim().slice(0, 300) }),
      );
      return true;
    },
    forget: (capture, rule) => change(capture, (text) => removeAllowRule(text, rule)),
    onDidChange: netsec.onDidChange,
  };
}

const SCOPES = { finding: 'This finding', part: 'One part of it', wider: 'More' } satisfies Record<ExpectChoice['scope'], string>;

async function choose(choices: readonly ExpectChoice[]): Promise<ExpectChoice | undefined> {
  const items = choices.flatMap((choice, i) => {
    const { scope, label, rule } = choice,
      words = label === rule ? `Expect ${rule}` : scope === 'part' ? `Expect only ${label}` : `Expect ${label}`;
    return [
      ...(scope === choices[i - 1]?.scope ? [] : [{ label: SCOPES[scope], kind: vscode.QuickPickItemKind.Separator }]),
      { label: plain(words), ...(label === rule ? {} : { description: plain(rule) }), choice },
    ] as (vscode.QuickPickItem & { readonly choice?: ExpectChoice })[];
  });
  // Asked from the page, whose focus may come late and would close the list.
  const options = { title: 'Mark as Expected', placeHolder: 'What is expected', matchOnDescription: true, ignoreFocusOut: true };
  return (await vscode.window.showQuickPick(items, options))?.choice;
}

/** VS Code draws `$(name)` as an icon, and names come from packets. */
function plain(text: string): string {
  return safeText(text, 200).replaceAll('$(', '$ (');
}

async function read(file: vscode.Uri): Promise<string> {
  try {
    return new TextDecoder().decode(await vscode.workspace.fs.readFile(file));
  } catch {
    // Not there: nothing is expected.
    return '';
  }
}
