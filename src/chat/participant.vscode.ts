/** @netsec in VS Code's Chat: hands requests over, and shows what comes back. */
import * as vscode from 'vscode';
import type { CaptureStore } from '../analysis/captureStore.ts';
import { answerRequest, type ChatRequest, type ChatResult } from './answerRequest.ts';
import type { Claude } from './claudeSettings.vscode.ts';
import type { Ledger } from './ledger.ts';
import { EXPLAIN_FOR, type ExplainFor } from './prompt.ts';
import { pseudonyms, type Pseudonyms } from './pseudonyms.ts';

export interface ParticipantContext {
  readonly captures: CaptureStore;
  /** Name of the capture in front. */
  readonly current: () => string | null;
  readonly claude: Claude;
  readonly icon: vscode.Uri;
  readonly ledger: Ledger;
  readonly memory: vscode.Memento;
}

/** As in package.json. */
const ID = 'netsec.analyst';

export function chatParticipant(context: ParticipantContext): vscode.ChatParticipant {
  const participant = vscode.chat.createChatParticipant(ID, async (request, chat, response, token) => {
    const controller = new AbortController();
    const listening = token.onCancellationRequested(() => controller.abort());
    if (token.isCancellationRequested) controller.abort();
    const privacy = context.claude.privacy(),
      names = privacy === 'full' ? null : namesOf(context.memory, privacy === 'metadata');
    try {
      const result = await answerRequest(
        { command: request.command, prompt: request.prompt, history: historyOf(chat.history) },
        {
          captures: context.captures,
          current: referredTo(request) ?? context.current(),
          reader: reader(),
          privacy,
          names: () => names,
          onSent: context.ledger.to(context.claude.receiver(), privacy),
          signal: controller.signal,
          show: (markdown) => response.markdown(markdown),
          progress: (text) => response.progress(text),
          key: () => context.claude.key(),
          consent: () => context.claude.consent(),
          client: (key) => context.claude.client(key),
        },
      );
      buttons(result, response);
      return { metadata: { followUps: result.followUps } };
    } catch (error) {
      // The one place where a request ends that nobody foresaw.
      return { errorDetails: { message: error instanceof Error ? error.message : String(error) } };
    } finally {
      listening.dispose();
      // The same tokens in the next question, also after a restart.
      if (names !== null) await context.memory.update(TABLE, [...names.table]);
    }
  });
  participant.iconPath = context.icon;
  participant.followupProvider = {
    provideFollowups: ({ metadata }) => (metadata?.['followUps'] ?? []) as vscode.ChatFollowup[],
  };
  return participant;
}

const TABLE = 'chat.pseudonyms';

function namesOf(memory: vscode.Memento, all: boolean): Pseudonyms {
  const also = vscode.workspace.getConfiguration('netsec').get<unknown>('privacyAddresses');
  const kept = memory.get<unknown>(TABLE);
  return pseudonyms(
    { all, also: Array.isArray(also) ? also.filter((each) => typeof each === 'string') : [] },
    Array.isArray(kept) ? (kept as [string, string][]) : [],
  );
}

/** Buttons are ours alone: nothing that a model or a packet says becomes one. */
function buttons({ capture, offerKey }: ChatResult, response: vscode.ChatResponseStream): void {
  if (capture !== null)
    response.button({ command: 'netsec.analyzeFile', title: 'Open Capture', arguments: [vscode.Uri.parse(capture.location, true)] });
  if (offerKey) response.button({ command: 'netsec.setAnthropicApiKey', title: 'Set Anthropic API Key' });
}

/** The name of the file that was attached with #. */
function referredTo({ references }: vscode.ChatRequest): string | null {
  for (const { value } of references) {
    const uri = value instanceof vscode.Uri ? value : value instanceof vscode.Location ? value.uri : null;
    if (uri !== null) return uri.path.slice(uri.path.lastIndexOf('/') + 1);
  }
  return null;
}

function reader(): ExplainFor {
  const setting = vscode.workspace.getConfiguration('netsec').get<unknown>('explainFor');
  return EXPLAIN_FOR.find((each) => each === setting) ?? 'everyone';
}

function historyOf(turns: vscode.ChatContext['history']): ChatRequest['history'] {
  return turns.map((turn) => {
    if (turn instanceof vscode.ChatRequestTurn)
      return { role: 'user', text: [turn.command === undefined ? '' : `/${turn.command}`, turn.prompt].join(' ').trim() };
    const text = turn.response.map((part) => (part instanceof vscode.ChatResponseMarkdownPart ? part.value.value : '')).join('');
    return { role: 'assistant', text };
  });
}
