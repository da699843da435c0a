/** Everything of Chat that VS Code is told at the start. */
import * as vscode from 'vscode';
import type { CaptureStore } from '../analysis/captureStore.ts';
import type { PageCommand } from '../analysis/engineApi.ts';
import type { PlainRecorder } from '../live/askingRecorder.ts';
import { claude as claudeOf } from './claudeSettings.vscode.ts';
import { ledger } from './ledger.ts';
import { languageModel, VENDOR } from './languageModel.vscode.ts';
import { EVIDENCE_COMMAND, evidencePlace, type EvidencePlace } from './links.ts';
import { chatParticipant } from './participant.vscode.ts';

export interface ChatParts {
  readonly captures: CaptureStore;
  /** The capture in front, and what its page last saved. */
  readonly inFront: () => { readonly uri: vscode.Uri; readonly state: unknown } | null;
  /** Opens a capture, or brings it to the front, and gives its page a command. */
  readonly show: (uri: vscode.Uri, command?: PageCommand, column?: vscode.ViewColumn) => Promise<void>;
  readonly recorder: PlainRecorder;
}

export function registerChat(context: vscode.ExtensionContext, parts: ChatParts): { dispose(): unknown }[] {
  const claude = claudeOf(context);
  const sent = ledger(),
    sentUri = vscode.Uri.parse('netsec-sent:/What%20was%20sent.txt');
  const sentChanged = new vscode.EventEmitter<vscode.Uri>();
  const registered = [
    claude,
    sentChanged,
    vscode.workspace.registerTextDocumentContentProvider(sentUri.scheme, {
      onDidChange: sentChanged.event,
      provideTextDocumentContent: () => sent.text(),
    }),
    vscode.commands.registerCommand('netsec.setAnthropicApiKey', () => claude.askForKey()),
    vscode.commands.registerCommand('netsec.chooseModel', () => claude.askForModel()),
    vscode.commands.registerCommand('netsec.showWhatWasSent', async () => {
      // A document of its own that nobody can save: closing it asks nothing.
      sentChanged.fire(sentUri);
      await vscode.window.showTextDocument(await vscode.workspace.openTextDocument(sentUri));
    }),
    vscode.commands.registerCommand(EVIDENCE_COMMAND, (argument: unknown, column: unknown) => openEvidence(argument, parts.show, column)),
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

/** A click on a link of an answer, or of a comparison, which says where beside it. Either may be older than the file. */
async function openEvidence(argument: unknown, show: ChatParts['show'], column: unknown): Promise<void> {
  const place = evidencePlace(argument);
  try {
    if (place === null) throw new Error('This link leads nowhere.');
    const uri = vscode.Uri.parse(place.capture, true);
    await vscode.workspace.fs.stat(uri);
    await show(uri, pageCommand(place), columnOf(column));
  } catch (error) {
    const why =
      error instanceof vscode.FileSystemError ? 'The capture is no longer where it was.' : error instanceof Error ? error.message : String(error);
    void vscode.window.showErrorMessage(`Netsec: ${why}`);
  }
}

function columnOf(value: unknown): vscode.ViewColumn | undefined {
  return Object.values(vscode.ViewColumn).find((each): each is vscode.ViewColumn => typeof each === 'number' && each === value);
}

function pageCommand({ frame, finding, host, flow, filter }: EvidencePlace): PageCommand | undefined {
  if (frame !== undefined) return { kind: 'goToPacket', frame };
  if (finding !== undefined) return { kind: 'showFinding', id: finding };
  if (host !== undefined) return { kind: 'showHost', address: host };
  if (filter !== undefined) return { kind: 'setFilter', filter };
  return flow === undefined ? undefined : { kind: 'showFlow', id: flow };
}
