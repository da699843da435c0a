/**
 * A question, answered by a model that may call the tools of the analysis. Everything is bounded: rounds, calls, tokens, and the size of what each
 * tool gives back. Nothing is sent or shown after the signal is aborted.
 */
import type { CaptureStore } from '../analysis/captureStore.ts';
import { callInWords, inputSchema, resultText, runTool, type Tool, type ToolContext, type ToolResult } from '../analysis/tool.ts';
import { turns } from '../analysis/turns.ts';
import { ModelFailure, type ModelClient, type ModelMessage, type ModelPart, type ModelReply, type ModelTool } from './modelClient.ts';

export interface Limits {
  /** Turns of the model. In the last one it has no tools and must answer. */
  readonly rounds: number;
  readonly toolCalls: number;
  /** Input tokens of all turns together, from which no further tool is called. */
  readonly inputTokens: number;
  readonly outputTokensPerRound: number;
  /** Characters of one tool result; about three are a token. */
  readonly resultCharacters: number;
}

export const LIMITS: Limits = { rounds: 8, toolCalls: 16, inputTokens: 200_000, outputTokensPerRound: 4000, resultCharacters: 24_000 };

export interface Question {
  readonly client: ModelClient;
  readonly system: string;
  /** Earlier turns, oldest first, and the question as the last. */
  readonly messages: readonly ModelMessage[];
  readonly tools: readonly Tool[];
  readonly captures: CaptureStore;
  readonly signal: AbortSignal;
  /** The answer as it is written. Model text: make it harmless before it is rendered. */
  readonly onText: (text: string) => void;
  /** What each tool gave back, before the model gets it. */
  readonly onResult?: (output: unknown, tool: string) => void;
  /** A call of a tool that there is not, or of a file where there are no captures. */
  readonly onRefused?: (tool: string, why: 'unknown' | 'outside') => void;
  /** What is being done, in plain words. */
  readonly onProgress: (text: string) => void;
  readonly limits?: Partial<Limits>;
  /** Asks, and writes. Absent where nothing may be written. */
  readonly saveFile?: ToolContext['saveFile'];
  /** Asks, and records. Absent where nothing may be recorded. */
  readonly recorder?: ToolContext['recorder'];
}

export interface Outcome {
  /** `answered`: the model said all it wanted to. `stopped`: a limit or a refusal ended it. */
  readonly kind: 'answered' | 'stopped' | 'failed' | 'cancelled';
  /** For a person, why it is not `answered`; empty when it is. */
  readonly message: string;
  readonly usage: {
    readonly inputTokens: number;
    readonly cachedTokens: number;
    readonly outputTokens: number;
    readonly rounds: number;
    readonly toolCalls: number;
  };
}

type ToolCall = Extract<ModelPart, { kind: 'toolCall' }>;

export async function converse(question: Question): Promise<Outcome> {
  const { client, signal, tools } = question;
  const limits = { ...LIMITS, ...question.limits };
  const usage = { inputTokens: 0, cachedTokens: 0, outputTokens: 0, rounds: 0, toolCalls: 0 };
  const messages = [...question.messages];
  const modelTools = tools.map(modelTool);
  const onText = (text: string): void => {
    if (!signal.aborted) question.onText(text);
  };
  const ended = (kind: Outcome['kind'], message = ''): Outcome => ({ kind, message, usage });
  const cancelled = (): Outcome => ended('cancelled', 'Cancelled. Nothing more is sent.');

  for (;;) {
    if (signal.aborted) return cancelled();
    const isLast = usage.rounds + 1 >= limits.rounds || usage.toolCalls >= limits.toolCalls || usage.inputTokens >= limits.inputTokens;
    let reply: ModelReply;
    try {
      usage.rounds++;
      const toolUse = isLast ? 'none' : 'auto';
      reply = await client.respond(
        { system: question.system, tools: modelTools, toolUse, messages, maxOutputTokens: limits.outputTokensPerRound },
        onText,
        signal,
      );
    } catch (error) {
      if (signal.aborted) return cancelled();
      if (error instanceof ModelFailure) return ended('failed', error.message);
      throw error;
    }
    if (signal.aborted) return cancelled();
    usage.inputTokens += reply.usage.inputTokens;
    usage.cachedTokens += reply.usage.cachedTokens;
    usage.outputTokens += reply.usage.outputTokens;
    messages.push(reply.message);
    const calls = reply.message.parts.filter((part): part is ToolCall => part.kind === 'toolCall');
    if (reply.stop !== 'tools' || calls.length === 0) return end(reply.stop, ended);
    if (isLast)
      return ended(
        'stopped',
        `The model kept on asking for data and was stopped after ${usage.rounds} rounds. What it found so far is above; ask something narrower for the rest.`,
      );
    // What was said so far is whole before it is said what is being done.
    if (reply.message.parts.some((part) => part.kind === 'text')) onText('\n\n');
    messages.push({ role: 'user', parts: await runCalls(calls, question, limits, usage) });
  }
}

function end(stop: ModelReply['stop'], ended: (kind: Outcome['kind'], message?: string) => Outcome): Outcome {
  switch (stop) {
    case 'refusal':
      return ended('stopped', 'The model declined to answer this. Ask in other words, or use `/analyze` without a question.');
    case 'context':
      return ended('stopped', 'The conversation no longer fits into the model. Start a new chat, or ask something narrower.');
    case 'length':
      return ended('stopped', 'The answer was cut at its greatest length. Ask for the part that is missing.');
    case 'end':
    case 'tools':
      return ended('answered');
  }
}

/** Calls of one turn that run at once: each may read another capture. */
const AT_ONCE = 4;

/** One result for each call, in their order: a model that gets none for one of them cannot go on. */
async function runCalls(calls: readonly ToolCall[], question: Question, limits: Limits, usage: { toolCalls: number }): Promise<ModelPart[]> {
  const turn = turns(AT_ONCE);
  const done = await Promise.all(
    calls.map(({ name, input }): Promise<ToolResult> => {
      const tool = question.tools.find((each) => each.name === name);
      if (tool === undefined) question.onRefused?.(name, 'unknown');
      else if (isPath(input)) question.onRefused?.(name, 'outside');
      if (tool === undefined) return failed(`There is no tool of this name. There are: ${question.tools.map((each) => each.name).join(', ')}.`);
      if (usage.toolCalls >= limits.toolCalls)
        return failed('No more tools can be called for this question. Answer with what you have, and say what is missing.');
      usage.toolCalls++;
      return turn(() => runCall(tool, input, question, limits));
    }),
  );
  for (const [i, result] of done.entries()) if (result.ok) question.onResult?.(result.output, calls[i]!.name);
  return done.map((result, i) => ({ kind: 'toolResult', id: calls[i]!.id, text: resultText(result), isError: !result.ok }));
}

/** Captures have names; only who means another file writes a path. The store refuses it. */
function isPath(input: unknown): boolean {
  return Object.values((input ?? {}) as Readonly<Record<string, unknown>>).some(
    (value) => typeof value === 'string' && /^(?:\.{0,2}[/\\]|~|[a-z]:[/\\]|[a-z]+:\/\/)|(?:^|[/\\])\.\.(?:[/\\]|$)/i.test(value),
  );
}

function failed(message: string): Promise<ToolResult> {
  return Promise.resolve({ ok: false, message });
}

async function runCall(
  tool: Tool,
  input: unknown,
  { captures, signal, onProgress, saveFile, recorder }: Question,
  limits: Limits,
): Promise<ToolResult> {
  if (signal.aborted) return failed('Cancelled by the user.');
  onProgress(callInWords(tool, input));
  try {
    return await runTool(tool, input, {
      captures,
      signal,
      maxCharacters: limits.resultCharacters,
      ...(saveFile === undefined ? {} : { saveFile }),
      ...(recorder === undefined ? {} : { recorder }),
    });
  } catch (error) {
    // Throws only when aborted, which the loop sees next.
    if (!signal.aborted) throw error;
    return failed('Cancelled by the user.');
  }
}

function modelTool(tool: Tool): ModelTool {
  return { name: tool.name, description: tool.description, inputSchema: inputSchema(tool) };
}
