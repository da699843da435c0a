/** One question to a language model: what it is told, which tools it has, and its answer made harmless and checked on its way to the reader. */
import type { CaptureStore } from '../analysis/captureStore.ts';
import type { Tool } from '../analysis/tool.ts';
import * as toolRegistry from '../analysis/tools/registry.ts';
import * as recordingTools from '../live/tools/registry.ts';
import type { ChatHost, ChatRequest } from './answerRequest.ts';
import { checkedStream, type CheckedStream, type SentBack } from './checkedStream.ts';
import { converse, type Outcome } from './conversation.ts';
import { correct } from './correction.ts';
import { guard, type Guard } from './guard.ts';
import { lookingText, MOST_ATTACHED } from './looking.ts';
import { ModelFailure, type AnsweringModel, type ModelClient, type ModelMessage } from './modelClient.ts';
import { learning, toolsFor } from './privacy.ts';
import { privateClient, TOKENS_EXPLAINED } from './privateClient.ts';
import { systemPrompt } from './prompt.ts';
import { safeMarkdownStream } from './safeMarkdown.ts';
import { seenCaptures } from './seenCaptures.ts';

/** Not all there are: `follow_stream` gives payload, which the consent promises not to send; what has an effect is offered where the user is asked each time. */
const analysisTools = Object.values<Tool>(toolRegistry).filter(({ name }) => name !== 'follow_stream');

const HISTORY_CHARACTERS = 20_000;

export interface Asked {
  readonly outcome: Outcome;
  /** What came of holding the answer against the results; safe Markdown. */
  readonly check: string;
  /** What tried to steer it, and was stopped; safe Markdown, empty where nothing did. */
  readonly warning: string;
  /** Whether anything of an answer was shown. */
  readonly wrote: boolean;
  /** What the tools gave back, in order. */
  readonly results: readonly unknown[];
  /** The capture that was opened last; null where none was. */
  readonly capture: string | null;
}

export async function askModel(question: string, { history, earlier }: ChatRequest, host: ChatHost, model: AnsweringModel): Promise<Asked> {
  const { looking, recorder } = host,
    results: unknown[] = [];
  let wrote = false;
  const shown = safeMarkdownStream((markdown) => {
    wrote ||= markdown.trim() !== '';
    host.show(markdown);
  });
  const saver = host.writesFiles === true ? host.saveFile : undefined,
    saveFile = saver === undefined ? undefined : async (name: string, content: string) => (await saver(name, content))?.name ?? null;
  const told = lookingText(looking);
  const checked = checkedStream(shown.write, `${question} ${told}`, earlier ?? []);
  const names = host.names(),
    seen = seenCaptures(host.captures, []),
    captures = names === null ? seen.captures : learning(seen.captures, names),
    watch = guard();
  watch.look('your question', question);
  for (const { text } of history) watch.look('an earlier turn of this chat', text);
  watch.look('what you are looking at', told);
  if (names !== null) await learnWhatIsLookedAt(learning(host.quiet ?? host.captures, names), host);
  if (host.signal.aborted) return { outcome: NOTHING_SENT, check: '', warning: '', wrote, results, capture: null };
  const outcome = await converse({
    client: privateClient(model.client, names, model.onSent),
    system: names === null ? systemPrompt(host.reader) : `${systemPrompt(host.reader)}\n\n${TOKENS_EXPLAINED}`,
    messages: [
      ...historyMessages(history),
      { role: 'user', parts: [{ kind: 'text', text: `${question.slice(0, 20_000)}${told === '' ? '' : `\n\n${told}`}` }] },
    ],
    tools: toolsFor(host.privacy, [
      ...analysisTools.filter(({ effect }) => effect === undefined || saveFile !== undefined),
      ...(recorder === undefined ? [] : Object.values<Tool>(recordingTools)),
    ]),
    captures,
    ...(saveFile === undefined ? {} : { saveFile }),
    ...(recorder === undefined ? {} : { recorder }),
    signal: host.signal,
    onText: (text) => {
      watch.wrote(text);
      checked.write(text);
    },
    onRefused: watch.refused,
    onResult: (output, tool) => {
      results.push(output);
      watch.look(`the result of \`${tool}\``, output);
      checked.learn(output);
    },
    onProgress: host.progress,
  });
  if (!host.signal.aborted) {
    checked.end();
    shown.end();
  }
  const sentBack = await sendBack(outcome, checked, privateClient(model.client, names, model.onSent), watch, host);
  return {
    outcome: sentBack.outcome,
    check: checked.summary(sentBack.after),
    warning: watch.notice(),
    wrote,
    results,
    capture: seen.opened().at(-1) ?? null,
  };
}

/** Once, and where the user wants it; what the model says of it is not asked again. */
async function sendBack(
  outcome: Outcome,
  checked: CheckedStream,
  client: ModelClient,
  watch: Guard,
  { signal, corrects }: ChatHost,
): Promise<{ readonly outcome: Outcome; readonly after: SentBack }> {
  const { statements, results, facts } = checked.unproven();
  if (outcome.kind !== 'answered' || statements.length === 0 || results.length === 0 || corrects === false || signal.aborted)
    return { outcome, after: null };
  // Without a word of progress: Chat folds away the text before it, which is the answer.
  try {
    const { corrected, usage } = await correct(statements, results, facts, client, signal);
    for (const { instead } of corrected) watch.wrote(`${instead ?? ''}\n`);
    const { inputTokens, cachedTokens, outputTokens, rounds, toolCalls } = outcome.usage;
    return {
      outcome: {
        ...outcome,
        usage: { inputTokens: inputTokens + usage.inputTokens, cachedTokens: cachedTokens + usage.cachedTokens, outputTokens: outputTokens + usage.outputTokens, rounds: rounds + 1, toolCalls }, // prettier-ignore
      },
      after: signal.aborted ? null : corrected,
    };
  } catch (error) {
    if (!signal.aborted && !(error instanceof ModelFailure)) throw error;
    return { outcome, after: signal.aborted ? null : 'failed' };
  }
}

const NOTHING_SENT: Outcome = {
  kind: 'cancelled',
  message: 'Cancelled. Nothing was sent.',
  usage: { inputTokens: 0, cachedTokens: 0, outputTokens: 0, rounds: 0, toolCalls: 0 },
};

/** The question may name a host or a user of the captures in front: those have to be known before it is sent. */
async function learnWhatIsLookedAt(captures: CaptureStore, { looking, signal, progress }: ChatHost): Promise<void> {
  await captures.list();
  for (const name of new Set([looking.capture ?? 'latest', ...looking.attached.slice(0, MOST_ATTACHED)])) {
    const found = await captures.resolve(name),
      file = found.ok ? found.files[0] : undefined;
    if (signal.aborted) return;
    if (file === undefined) continue;
    progress('Reading the capture');
    try {
      const opened = await captures.open(file, signal);
      if (opened.ok) opened.capture.release();
    } catch (error) {
      if (!signal.aborted) throw error;
    }
  }
}

/** The newest turns that fit, beginning with the user's: a model takes turns only in turn. */
function historyMessages(history: ChatRequest['history']): ModelMessage[] {
  const kept: ModelMessage[] = [];
  let left = HISTORY_CHARACTERS;
  for (const { role, text } of history.toReversed()) {
    left -= text.length;
    if (left < 0) break;
    if (text.trim() !== '') kept.unshift({ role, parts: [{ kind: 'text', text }] });
  }
  const first = kept.findIndex(({ role }) => role === 'user');
  return first < 0 ? [] : kept.slice(first);
}
