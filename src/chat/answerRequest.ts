/**
 * One request to @netsec, from what was typed to what is shown: a command, its model or its built-in answer, and a sentence for everything that
 * goes wrong. VS Code is on the other side of `ChatHost`, so that all of this runs in a test.
 */
import type { CaptureStore } from '../analysis/captureStore.ts';
import { SEVERITIES, type Severity } from '../analysis/report.ts';
import type { ToolRecorder } from '../analysis/toolRecorder.ts';
import { askModel, type Asked } from './askModel.ts';
import type { Answer, ChatCommand, CommandContext, FirstStep, FollowUp, SaveFile } from './command.ts';
import { analyze } from './commands/analyze.ts';
import { help } from './commands/help.ts';
import { hunt } from './commands/hunt.ts';
import { followUpsOf } from './commands/oneCapture.ts';
import * as commandRegistry from './commands/registry.ts';
import type { Outcome } from './conversation.ts';
import { AT_NOTHING, type Looking } from './looking.ts';
import type { AnsweringModel } from './modelClient.ts';
import { namedCapture } from './namedCapture.ts';
import { answeredPlainly, plainQuestionIn } from './plainQuestions.ts';
import type { Privacy } from './privacy.ts';
import type { ExplainFor } from './prompt.ts';
import type { Pseudonyms } from './pseudonyms.ts';
import { BUILT_IN } from './summary.ts';
import { whileSilent } from './whileSilent.ts';

export const chatCommands: readonly ChatCommand[] = Object.values(commandRegistry);

export interface ChatRequest {
  /** Without the slash; undefined for free text. */
  readonly command: string | undefined;
  readonly prompt: string;
  /** Earlier turns of this chat, oldest first, of which only text is kept. */
  readonly history: readonly { readonly role: 'user' | 'assistant'; readonly text: string }[];
  /** What tools gave back to earlier questions of this chat: an answer may repeat it. */
  readonly earlier?: readonly unknown[];
}

export interface ChatHost {
  readonly captures: CaptureStore;
  /** The same, for what is read only to know its names; `captures` where nobody minds. */
  readonly quiet?: CaptureStore;
  readonly looking: Looking;
  readonly reader: ExplainFor;
  readonly privacy: Privacy;
  /** The tokens of this workspace; null where everything is sent as it is. */
  names(): Pseudonyms | null;
  readonly signal: AbortSignal;
  /** Safe Markdown to append to the answer. */
  show(markdown: string): void;
  progress(text: string): void;
  /** What a user does here to have a model answer, completing "Free questions need a language model: "; how VS Code has it where it is not said. */
  readonly howToHaveModel?: string;
  /** The model that may answer; null where there is none. */
  model(): Promise<AnsweringModel | null>;
  /** Absent where no file can be written. */
  readonly saveFile?: SaveFile;
  /** Whether a model is asked once to correct what nothing bears out; true where it is not said. */
  readonly corrects?: boolean;
  /** Whether a model may write files with it, which then asks the user each time. */
  readonly writesFiles?: boolean;
  /** Asks the user each time that a model wants to begin or end a recording. Absent where nothing may be recorded. */
  readonly recorder?: ToolRecorder;
}

export interface ChatResult {
  readonly capture: Answer['capture'];
  /** A file that was written. */
  readonly file: FirstStep['file'];
  readonly followUps: readonly FollowUp[];
  /** The user should be offered to set a key. */
  readonly offerKey: boolean;
  /** What tools gave back, for `earlier` of the next question. */
  readonly results: readonly unknown[];
}

const NOTHING: ChatResult = { capture: null, file: null, followUps: [], offerKey: false, results: [] };

export async function answerRequest(request: ChatRequest, host: ChatHost): Promise<ChatResult> {
  const { command, argument } = commandOf(request),
    context = commandContext(host);
  if (host.signal.aborted) return NOTHING;
  const first = await unlessAborted(host, () => command?.first?.(argument, context));
  if (host.signal.aborted) return NOTHING;
  if (first !== undefined) host.show(`${first.markdown}\n\n`);
  if (first?.goOn === false) return NOTHING;
  const result = await answer(command, argument, request, host);
  return { ...result, file: first?.file ?? null };
}

async function answer(command: ChatCommand | null, argument: string, request: ChatRequest, host: ChatHost): Promise<ChatResult> {
  const question = command === null ? request.prompt.trim() : command.question(argument, host.looking);
  if (question === null || question === '') return builtIn(command ?? help, argument, host, '');
  const model = await host.model();
  if (model === null) return builtIn(command, argument, host, '', true);
  if (!(await model.consent())) return builtIn(command, argument, host, `Nothing was sent to ${model.name}.`);
  if (host.signal.aborted) return NOTHING;
  const silence = whileSilent(model, host, () =>
      builtIn(command, argument, host, `${model.name} has not answered yet. Until it does, this is what the analysis itself says.`),
    ),
    asked = await askModel(question, request, silence.host, silence.model),
    meanwhile = await silence.told(),
    { outcome, check, wrote } = asked,
    warning = asked.warning === '' ? '' : `${asked.warning}\n\n`;
  if (outcome.kind === 'cancelled' || host.signal.aborted) return NOTHING;
  if (outcome.kind === 'failed' || !wrote) {
    // What the machine itself can say is still of use; the model may have stopped in the middle of a sentence.
    if (wrote) host.show('\n\n');
    if (warning !== '') host.show(warning);
    const why = outcome.message === '' ? `${model.name} gave no answer.` : outcome.message;
    if (meanwhile !== null) {
      host.show(`\n\n${why}`);
      return { ...meanwhile, offerKey: /Set Anthropic API Key/.test(why) };
    }
    return builtIn(command, argument, host, why, /Set Anthropic API Key/.test(why));
  }
  const stopped = outcome.kind === 'stopped' ? `${outcome.message}\n\n` : '';
  host.show(`\n\n${stopped}${warning}${check}\n\n${footer(outcome, model)}`);
  return { ...NOTHING, followUps: followUpsFrom(asked, command), results: asked.results };
}

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

function commandContext({ captures, looking, reader, signal, progress, saveFile }: ChatHost): CommandContext {
  return { captures, looking, reader, signal, onProgress: progress, ...(saveFile === undefined ? {} : { saveFile }) };
}

async function builtIn(command: ChatCommand | null, argument: string, host: ChatHost, why: string, offerKey = false): Promise<ChatResult> {
  const context = command === null || command === hunt ? await aboutNamed(argument, commandContext(host)) : commandContext(host);
  const told = await unlessAborted(host, () =>
    command === null
      ? freeAnswer(argument, context, offerKey && why === '' ? (host.howToHaveModel ?? IN_VSCODE) : null)
      : command.builtIn(argument, context),
  );
  if (told === undefined || host.signal.aborted) return NOTHING;
  const isSummary = command === null || command.question(argument, host.looking) !== null;
  host.show([...(why === '' ? [] : [why]), told.markdown, ...(isSummary ? [BUILT_IN] : [])].join('\n\n'));
  return { ...NOTHING, capture: told.capture, followUps: told.followUps, offerKey: offerKey && isSummary };
}

/** A free question that names a capture is about that one, whatever is open. */
async function aboutNamed(words: string, context: CommandContext): Promise<CommandContext> {
  const listed = await context.captures.list(),
    name = listed.ok ? namedCapture(words, listed.files.map((file) => file.name)) : null; // prettier-ignore
  return name === null || name === context.looking.capture ? context : { ...context, looking: { ...AT_NOTHING, capture: name } };
}

const IN_VSCODE = 'set a key with *Netsec: Set Anthropic API Key*, or choose a model in Chat';

/** Without a model a free question is one that the analysis knows, else a suspicion whose words are looked for in what it found; else the capture is told. */
async function freeAnswer(words: string, context: CommandContext, advice: string | null): Promise<Answer> {
  const question = plainQuestionIn(words),
    needs = (what: string): string => `${what} need a language model${advice === null ? '' : `: ${advice}`}.`,
    help = '`/help` lists what works without one.';
  if (question !== null) {
    const answered = await answeredPlainly(question, words, context);
    const others = advice === null ? '' : ` ${needs('Other free questions')} ${help}`;
    return { ...answered, markdown: `${answered.markdown}\n\nThis tells ${question.meaning}.${others}` };
  }
  const found = await hunt.builtIn(words, context),
    shown = found.isEmpty === true ? await analyze.builtIn('', context) : found;
  const what =
    found.isEmpty === true
      ? 'None of these words means something to the analysis alone, so this is what it says of the capture'
      : 'This is what the analysis has on your words';
  return { ...shown, markdown: `${needs('Free questions')} ${what}; ${help}\n\n${shown.markdown}` };
}

/** What `work` gives; undefined when it ended because the user cancelled. */
async function unlessAborted<T>({ signal }: ChatHost, work: () => Promise<T> | undefined): Promise<T | undefined> {
  try {
    return await work();
  } catch (error) {
    if (signal.aborted) return undefined;
    throw error;
  }
}

/** From what the tools gave back: the findings in it, and the capture that was opened last. */
function followUpsFrom({ results, capture }: Asked, command: ChatCommand | null): readonly FollowUp[] {
  if (capture === null) return [{ command: 'analyze', prompt: 'latest', label: 'Analyze the latest' }];
  const findings = results.flatMap((result) => {
    const { findings: listed } = result as { readonly findings?: unknown };
    return Array.isArray(listed) ? (listed as unknown[]).flatMap(findingOf) : [];
  });
  return followUpsOf({ capture: { file: capture }, findings }, command === null ? [] : [command.id]);
}

function findingOf(value: unknown): { readonly id: string; readonly title: string; readonly severity: Severity; readonly expected: null }[] {
  const { id, title, severity, expected } = (value ?? {}) as Readonly<Record<string, unknown>>;
  const known = SEVERITIES.find((each) => each === severity);
  return typeof id === 'string' && typeof title === 'string' && known !== undefined && (expected ?? null) === null
    ? [{ id, title, severity: known, expected: null }]
    : [];
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
