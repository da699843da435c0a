/** Everything of Chat that VS Code is told at the start. */
import * as vscode from 'vscode';
import type { CaptureStore } from '../analysis/captureStore.ts';
import { claude as claudeOf } from './claudeSettings.vscode.ts';
import { ledger } from './ledger.ts';
import { languageModel, VENDOR } from './languageModel.vscode.ts';
import { chatParticipant } from './participant.vscode.ts';

export interface ChatParts {
  readonly captures: CaptureStore;
  /** Name of the capture in front. */
  readonly current: () => string | null;
}

export function registerChat(context: vscode.ExtensionContext, parts: ChatParts): vscode.Disposable[] {
  const claude = claudeOf(context);
  const sent = ledger();
  const registered = [
    claude,
    vscode.commands.registerCommand('netsec.setAnthropicApiKey', () => claude.askForKey()),
    vscode.commands.registerCommand('netsec.showWhatWasSent', async () => {
      await vscode.window.showTextDocument(await vscode.workspace.openTextDocument({ language: 'plaintext', content: sent.text() }));
    }),
    languageModel(claude),
    chatParticipant({
      ...parts,
      claude,
      ledger: sent,
      memory: context.workspaceState,
      icon: vscode.Uri.joinPath(context.extensionUri, 'media/icon.png'),
    }),
  ];
  // Until somebody asks for models VS Code believes that there are none, and the first message to @netsec fails.
  void vscode.lm.selectChatModels({ vendor: VENDOR });
  return registered;
}
