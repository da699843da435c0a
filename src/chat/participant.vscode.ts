/** @netsec in VS Code's Chat: hands requests over, and shows what comes back. */
import * as vscode from 'vscode';
import type { CaptureFile } from '../analysis/captureFiles.ts';
import type { CaptureStore } from '../analysis/captureStore.ts';
import { askingRecorder, type PlainRecorder } from '../live/askingRecorder.ts';
import { askUser } from '../live/askUser.vscode.ts';
import { answerRequest, type ChatRequest, type ChatResult } from './answerRequest.ts';
import { chatModel } from './chatModel.vscode.ts';
import type { Claude } from './claudeSettings.vscode.ts';
import { keyNote } from './keyStore.ts';
import { VENDOR } from './languageModel.vscode.ts';
import type { Ledger } from './ledger.ts';
import { EVIDENCE_COMMAND, linkedStream, unlinked } from './links.ts';
import { AT_NOTHING, lookingAt, type Looking } from './looking.ts';
import type { AnsweringModel } from './modelClient.ts';
import type { Privacy } from './privacy.ts';
import { EXPLAIN_FOR, type ExplainFor } from './prompt.ts';
import { pseudonyms, type Pseudonyms } from './pseudonyms.ts';
import { safeMarkdown } from './safeMarkdown.ts';
import { resultMemory } from './resultMemory.ts';
import { saveReport } from './saveReport.vscode.ts';
import { seenCaptures } from './seenCaptures.ts';

export interface ParticipantContext {
  readonly captures: CaptureStore;
  /** The capture in front, and what its page last saved. */
  readonly inFront: () => { readonly uri: vscode.Uri; readonly state: unknown } | null;
  readonly claude: Claude;
  readonly icon: vscode.Uri;
  readonly ledger: Ledger;
  readonly memory: vscode.Memento;
  readonly recorder: PlainRecorder;
}

/** As in package.json. */
const ID = 'netsec.analyst';

export function chatParticipant(context: ParticipantContext): vscode.ChatParticipant {
  const results = resultMemory();
  const participant = vscode.chat.createChatParticipant(ID, async (request, chat, response, token) => {
    const controller = new AbortController(),
      { signal } = controller;
    const listening = token.onCancellationRequested(() => controller.abort());
    if (token.isCancellationRequested) controller.abort();
    const privacy = context.claude.privacy(),
      names = privacy === 'full' ? null : namesOf(context.memory, privacy === 'metadata');
    try {
      const { looking, pointedAt } = await lookedAt(request, context.inFront());
      const seen = seenCaptures(context.captures, pointedAt);
      const answer = linkedStream((markdown) => response.markdown(trusted(markdown)), { ...seen, current: looking.capture });
      const result = await answerRequest(
        { command: request.command, prompt: request.prompt, history: historyOf(chat.history), earlier: results.of(answersOf(chat.history)) },
        {
          captures: seen.captures,
          quiet: seen.quiet,
          looking,
          reader: reader(),
          corrects: vscode.workspace.getConfiguration('netsec').get('correctAnswers', true),
          privacy,
          names: () => names,
          signal,
          show: answer.write,
          progress: (text) => {
            answer.end();
            response.progress(text);
          },
          model: () => answeringModel(request.model, context, privacy),
          saveFile: saveReport,
          recorder: askingRecorder(context.recorder, askUser),
        },
      );
      if (signal.aborted) return { metadata: { followUps: [] } };
      answer.end();
      buttons(result, response);
      return { metadata: { followUps: result.followUps, results: results.keep(result.results) } };
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

/** Markdown in which our one command may be run by a click. */
function trusted(markdown: string): vscode.MarkdownString {
  const text = new vscode.MarkdownString(markdown);
  text.isTrusted = { enabledCommands: [EVIDENCE_COMMAND] };
  return text;
}

/** Claude where there is a key; else the model that is chosen in Chat, unless that is ours, which would need one. */
async function answeringModel(
  chosen: vscode.LanguageModelChat,
  { claude, ledger }: ParticipantContext,
  privacy: Privacy,
): Promise<AnsweringModel | null> {
  const key = await claude.key();
  if (key !== null) {
    const receiver = claude.receiver();
    return {
      name: 'Claude',
      note: keyNote(key),
      client: claude.client(key),
      consent: () => claude.consent(receiver),
      onSent: ledger.to(receiver, privacy),
    };
  }
  if (chosen.vendor === VENDOR) return null;
  const name = safeMarkdown(chosen.name.slice(0, 100)),
    receiver = `${chosen.name} of ${chosen.vendor}, the model chosen in Chat`;
  return {
    name,
    note: 'It is the model chosen in Chat.',
    client: chatModel(chosen),
    consent: () => claude.consent(receiver),
    onSent: ledger.to(receiver, privacy),
  };
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
function buttons({ capture, file, offerKey }: ChatResult, response: vscode.ChatResponseStream): void {
  if (file !== null) response.button({ command: 'vscode.open', title: 'Open Report', arguments: [vscode.Uri.parse(file.location, true)] });
  if (capture !== null)
    response.button({ command: 'netsec.analyzeFile', title: 'Open Capture', arguments: [vscode.Uri.parse(capture.location, true)] });
  if (offerKey) response.button({ command: 'netsec.setAnthropicApiKey', title: 'Set Anthropic API Key' });
}

interface LookedAt {
  readonly looking: Looking;
  /** The captures that were attached with #, and the one in front. */
  readonly pointedAt: readonly CaptureFile[];
}

/** What was attached stands before what happens to be open. */
async function lookedAt({ references }: vscode.ChatRequest, inFront: ReturnType<ParticipantContext['inFront']>): Promise<LookedAt> {
  const uris = references.flatMap(({ value }) => (value instanceof vscode.Uri ? [value] : value instanceof vscode.Location ? [value.uri] : []));
  const attached = (await Promise.all(uris.map(captureFile))).filter((file) => file !== null),
    front = inFront === null ? null : await captureFile(inFront.uri),
    [first] = attached;
  const at = front === null || inFront === null ? AT_NOTHING : lookingAt(front.name, inFront.state);
  const looking = first === undefined || first.location === front?.location ? at : { ...AT_NOTHING, capture: first.name };
  return { looking: { ...looking, attached: attached.map(({ name }) => name) }, pointedAt: [...attached, ...(front === null ? [] : [front])] };
}

async function captureFile(uri: vscode.Uri): Promise<CaptureFile | null> {
  try {
    const { size, mtime, type } = await vscode.workspace.fs.stat(uri);
    if ((type & vscode.FileType.File) === 0) return null;
    return { location: uri.toString(), name: uri.path.slice(uri.path.lastIndexOf('/') + 1), bytes: size, modifiedMs: mtime };
  } catch {
    // Attached to an earlier question, and gone since.
    return null;
  }
}

function reader(): ExplainFor {
  const setting = vscode.workspace.getConfiguration('netsec').get<unknown>('explainFor');
  return EXPLAIN_FOR.find((each) => each === setting) ?? 'everyone';
}

/** Ids of what earlier answers rest on. */
function answersOf(turns: vscode.ChatContext['history']): unknown[] {
  return turns.map((turn) => (turn instanceof vscode.ChatResponseTurn ? (turn.result.metadata?.['results'] as unknown) : undefined));
}

function historyOf(turns: vscode.ChatContext['history']): ChatRequest['history'] {
  return turns.map((turn) => {
    if (turn instanceof vscode.ChatRequestTurn)
      return { role: 'user', text: [turn.command === undefined ? '' : `/${turn.command}`, turn.prompt].join(' ').trim() };
    const text = turn.response.map((part) => (part instanceof vscode.ChatResponseMarkdownPart ? part.value.value : '')).join('');
    return { role: 'assistant', text: unlinked(text) };
  });
}
