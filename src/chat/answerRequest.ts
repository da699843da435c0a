/**
 * One request to @netsec, from what was typed to what is shown: a command, its model or its built-in answer, and a sentence for everything that
 * goes wrong. VS Code is on the other side of `ChatHost`, so that all of this runs in a test.
 */
import type { CaptureStore } from '../analysis/captureStore.ts';
import { askModel } from './askModel.ts';
import type { Answer, ChatCommand, FollowUp } from './command.ts';
import * as commandRegistry from './commands/registry.ts';
import type { Outcome } from './conversation.ts';
import type { Looking } from './looking.ts';
import type { AnsweringModel } from './modelClient.ts';
import type { Privacy } from './privacy.ts';
import type { ExplainFor } from './prompt.ts';
import type { Pseudonyms } from './pseudonyms.ts';
import { BUILT_IN } from './summary.ts';

export const chatCommands: readonly ChatCommand[] = Object.values(commandRegistry);

export interface ChatRequest {
  /** Without the slash; undefined for free text. */
  readonly command: string | undefined;
  readonly prompt: string;
  /** Earlier turns of this chat, oldest first, of which only text is kept. */
  readonly history: readonly { readonly role: 'user' | 'assistant'; readonly text: string }[];
}

export interface ChatHost {
  readonly captures: CaptureStore;
  readonly looking: Looking;
  readonly reader: ExplainFor;
  readonly privacy: Privacy;
  /** The tokens of this workspace; null where everything is sent as it is. */
  names(): Pseudonyms | null;
  readonly signal: AbortSignal;
  /** Safe Markdown to append to the answer. */
  show(markdown: string): void;
  progress(text: string): void;
  /** The model that may answer; null where there is none. */
  model(): Promise<AnsweringModel | null>;
}

export interface ChatResult {
  readonly capture: Answer['capture'];
  readonly followUps: readonly FollowUp[];
  /** The user should be offered to set a key. */
  readonly offerKey: boolean;
}

export async function answerRequest(request: ChatRequest, host: ChatHost): Promise<ChatResult> {
  const { command, argument } = commandOf(request);
  const question = command === null ? request.prompt.trim() : command.question(argument, host.looking.capture);
  if (question === null) return builtIn(command, argument, host, '');
  const model = await host.model();
  if (model === null) return builtIn(command, argument, host, '', true);
  if (!(await model.consent())) return builtIn(command, argument, host, `Nothing was sent to ${model.name}.`);
  if (host.signal.aborted) return NOTHING;
  const { outcome, check, wrote } = await askModel(question, request, host, model);
  if (outcome.kind === 'answered') {
    host.show(`\n\n${check}\n\n${footer(outcome, model)}`);
    return { ...NOTHING, followUps: [{ command: 'analyze', prompt: 'all', label: 'Analyze all captures' }] };
  }
  if (outcome.kind === 'cancelled') return NOTHING;
  if (outcome.kind === 'failed' || !wrote) {
    // What the machine itself can say is still of use; the model may have stopped in the middle of a sentence.
    if (wrote) host.show('\n\n');
    return builtIn(command, argument, host, outcome.message, /Set Anthropic API Key/.test(outcome.message));
  }
  host.show(`\n\n${outcome.message}\n\n${check}\n\n${footer(outcome, model)}`);
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
  const { captures, looking, reader, signal } = host;
  try {
    const answer = await command.builtIn(argument, { captures, looking, reader, signal, onProgress: host.progress });
    if (signal.aborted) return NOTHING;
    const isSummary = command.question(argument, looking.capture) !== null;
    host.show(`${said}${answer.markdown}${isSummary ? `\n\n${BUILT_IN}` : ''}`);
    return { capture: answer.capture, followUps: answer.followUps, offerKey: offerKey && isSummary };
  } catch (error) {
    if (signal.aborted) return NOTHING;
    throw error;
  }
}

function footer({ usage }: Outcome, { name, note }: AnsweringModel): string {
  const number = (value: number): string => value.toLocaleString('en-US'),
    counted = (value: number, one: string): string => `${number(value)} ${value === 1 ? one : `${one}s`}`;
  const tokens =
    usage.inputTokens === 0
      ? ''
      : `; ${number(usage.inputTokens)} tokens read (${number(usage.cachedTokens)} from the cache), ${number(usage.outputTokens)} written`;
  return `*${name}, ${counted(usage.rounds, 'request')}, ${counted(usage.toolCalls, 'tool call')}${tokens}.${note === '' ? '' : ` ${note}`}*`;
}
