/**
 * One request to @netsec, from what was typed to what is shown: a command, its model or its built-in answer, and a sentence for everything that
 * goes wrong. VS Code is on the other side of `ChatHost`, so that all of this runs in a test.
 */
import type { CaptureStore } from '../analysis/captureStore.ts';
import type { Tool } from '../analysis/tool.ts';
import * as toolRegistry from '../analysis/tools/registry.ts';
import { checkedStream } from './checkedStream.ts';
import type { Answer, ChatCommand, FollowUp } from './command.ts';
import * as commandRegistry from './commands/registry.ts';
import { converse, type Outcome } from './conversation.ts';
import { KEY_VARIABLE, type ApiKey } from './keyStore.ts';
import type { ModelClient, ModelMessage } from './modelClient.ts';
import { learning, toolsFor, type Privacy } from './privacy.ts';
import { privateClient, TOKENS_EXPLAINED, type OnSent } from './privateClient.ts';
import { systemPrompt, type ExplainFor } from './prompt.ts';
import type { Pseudonyms } from './pseudonyms.ts';
import { safeMarkdownStream } from './safeMarkdown.ts';
import { BUILT_IN } from './summary.ts';

export const chatCommands: readonly ChatCommand[] = Object.values(commandRegistry);
/** Not all there are: `follow_stream` gives payload, which the consent promises not to send, and what has an effect is left to the user. */
const analysisTools = Object.values<Tool>(toolRegistry).filter(({ name, effect }) => name !== 'follow_stream' && effect === undefined);

export interface ChatRequest {
  /** Without the slash; undefined for free text. */
  readonly command: string | undefined;
  readonly prompt: string;
  /** Earlier turns of this chat, oldest first, of which only text is kept. */
  readonly history: readonly { readonly role: 'user' | 'assistant'; readonly text: string }[];
}

export interface ChatHost {
  readonly captures: CaptureStore;
  readonly current: string | null;
  readonly reader: ExplainFor;
  readonly privacy: Privacy;
  /** The tokens of this workspace; null where everything is sent as it is. */
  names(): Pseudonyms | null;
  readonly onSent: OnSent;
  readonly signal: AbortSignal;
  /** Safe Markdown to append to the answer. */
  show(markdown: string): void;
  progress(text: string): void;
  key(): Promise<ApiKey | null>;
  /** Asks, where it was not asked before, whether questions may be sent. */
  consent(): Promise<boolean>;
  client(key: ApiKey): ModelClient;
}

export interface ChatResult {
  readonly capture: Answer['capture'];
  readonly followUps: readonly FollowUp[];
  /** The user should be offered to set a key. */
  readonly offerKey: boolean;
}

const HISTORY_CHARACTERS = 20_000;

export async function answerRequest(request: ChatRequest, host: ChatHost): Promise<ChatResult> {
  const { command, argument } = commandOf(request);
  const question = command === null ? request.prompt.trim() : command.question(argument, host.current);
  if (question === null) return builtIn(command, argument, host, '');
  const key = await host.key();
  if (key === null) return builtIn(command, argument, host, '', true);
  if (!(await host.consent())) return builtIn(command, argument, host, 'Nothing was sent to Claude.');
  if (host.signal.aborted) return NOTHING;
  const { outcome, check } = await ask(question, request, host, key);
  if (outcome.kind === 'answered') {
    host.show(`\n\n${check}\n\n${footer(outcome, key)}`);
    return { ...NOTHING, followUps: [{ command: 'analyze', prompt: 'all', label: 'Analyze all captures' }] };
  }
  if (outcome.kind === 'cancelled') return NOTHING;
  if (outcome.kind === 'failed') {
    // What the machine itself can say is still of use; the model may have stopped in the middle of a sentence.
    host.show('\n\n');
    return builtIn(command, argument, host, outcome.message, /Set Anthropic API Key/.test(outcome.message));
  }
  host.show(`\n\n${outcome.message}\n\n${check}\n\n${footer(outcome, key)}`);
  return NOTHING;
}

const NOTHING: ChatResult = { capture: null, followUps: [], offerKey: false };

/** The command that was typed or is meant by plain words, and what it is about; null for a question of its own. */
export function commandOf({ command, prompt }: Pick<ChatRequest, 'command' | 'prompt'>): {
  readonly command: ChatCommand | null;
  readonly argument: string;
} {
  const named = chatCommands.find(({ id }) => id === command);
  if (named !== undefined) return { command: named, argument: prompt.trim() };
  const words = prompt.trim().replace(/\s+/g, ' ').slice(0, 1000);
  for (const each of chatCommands) {
    const argument = each.argumentIn(words);
    if (argument !== null) return { command: each, argument };
  }
  return { command: null, argument: words };
}

async function ask(question: string, { history }: ChatRequest, host: ChatHost, key: ApiKey): Promise<Asked> {
  const shown = safeMarkdownStream(host.show),
    checked = checkedStream(shown.write, `${question} ${host.current ?? ''}`);
  const looking = host.current === null ? '' : `\n\n(The capture the user is looking at: ${JSON.stringify(host.current)})`;
  const names = host.names(),
    captures = names === null ? host.captures : learning(host.captures, names);
  if (names !== null) await learnWhatIsLookedAt(captures, host);
  if (host.signal.aborted) return { outcome: NOTHING_SENT, check: '' };
  const outcome = await converse({
    client: privateClient(host.client(key), names, host.onSent),
    system: names === null ? systemPrompt(host.reader) : `${systemPrompt(host.reader)}\n\n${TOKENS_EXPLAINED}`,
    messages: [...historyMessages(history), { role: 'user', parts: [{ kind: 'text', text: `${question.slice(0, 20_000)}${looking}` }] }],
    tools: toolsFor(host.privacy, analysisTools),
    captures,
    signal: host.signal,
    onText: checked.write,
    onResult: checked.learn,
    onProgress: host.progress,
  });
  if (!host.signal.aborted) {
    checked.end();
    shown.end();
  }
  return { outcome, check: checked.summary() };
}

interface Asked {
  readonly outcome: Outcome;
  /** What came of holding the answer against the results. */
  readonly check: string;
}

const NOTHING_SENT: Outcome = {
  kind: 'cancelled',
  message: 'Cancelled. Nothing was sent.',
  usage: { inputTokens: 0, cachedTokens: 0, outputTokens: 0, rounds: 0, toolCalls: 0 },
};

/** The question may name a host or a user of the capture in front: those have to be known before it is sent. */
async function learnWhatIsLookedAt(captures: CaptureStore, { current, signal, progress }: ChatHost): Promise<void> {
  const listed = await captures.list();
  const found = await captures.resolve(current ?? 'latest');
  const file = found.ok ? found.files[0] : undefined;
  if (!listed.ok || file === undefined || signal.aborted) return;
  progress('Reading the capture');
  try {
    const opened = await captures.open(file, signal);
    if (opened.ok) opened.capture.release();
  } catch (error) {
    if (!signal.aborted) throw error;
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

async function builtIn(command: ChatCommand | null, argument: string, host: ChatHost, why: string, offerKey = false): Promise<ChatResult> {
  const said = why === '' ? '' : `${why}\n\n`;
  if (command === null) {
    host.show(
      `${said}${why === '' ? 'To answer free questions I need a language model: set a key with *Netsec: Set Anthropic API Key*. ' : ''}Without one, \`/analyze\`, \`/list\` and \`/help\` work.`,
    );
    return {
      ...NOTHING,
      offerKey,
      followUps: [
        { command: 'analyze', prompt: 'latest', label: 'Analyze the latest' },
        { command: 'help', prompt: '', label: 'What can I ask?' },
      ],
    };
  }
  try {
    const answer = await command.builtIn(argument, {
      captures: host.captures,
      current: host.current,
      reader: host.reader,
      signal: host.signal,
      onProgress: host.progress,
    });
    if (host.signal.aborted) return NOTHING;
    const isSummary = command.question(argument, host.current) !== null;
    host.show(`${said}${answer.markdown}${isSummary ? `\n\n${BUILT_IN}` : ''}`);
    return { capture: answer.capture, followUps: answer.followUps, offerKey: offerKey && isSummary };
  } catch (error) {
    if (host.signal.aborted) return NOTHING;
    throw error;
  }
}

function footer({ usage }: Outcome, key: ApiKey): string {
  const number = (value: number): string => value.toLocaleString('en-US');
  const from = key.from === 'environment' ? ` Key from the environment variable ${KEY_VARIABLE}.` : '';
  return `*Claude, ${number(usage.rounds)} ${usage.rounds === 1 ? 'request' : 'requests'}, ${number(usage.toolCalls)} tool ${usage.toolCalls === 1 ? 'call' : 'calls'}; ${number(usage.inputTokens)} tokens read (${number(usage.cachedTokens)} from the cache), ${number(usage.outputTokens)} written.${from}*`;
}
