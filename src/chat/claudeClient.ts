/** Claude as a ModelClient, through Anthropic's SDK. Key and address are always given: nothing is taken from the environment or from profiles on disk. */
import { networkInterfaces } from 'node:os';
import type Anthropic from '@anthropic-ai/sdk';
import { claudeFailure, noAnswer, noNetwork } from './claudeErrors.ts';
import type { ModelClient, ModelMessage, ModelPart, ModelReply, ModelRequest } from './modelClient.ts';

export const ANTHROPIC_URL = 'https://api.anthropic.com';
/** Used where the list of models cannot be read or holds none of the line. */
export const DEFAULT_MODEL = 'claude-sonnet-5-5';
const LINE = 'sonnet';

export interface ClaudeOptions {
  readonly apiKey: string;
  readonly baseUrl: string;
  /** A model id; empty for the newest of the line. */
  readonly model: string;
  /** Told once the model is chosen. */
  readonly onModel?: (id: string) => void;
  readonly maxRetries?: number;
  /** Whether this machine has a network at all; looked up where it is not said. */
  readonly hasNetwork?: () => boolean;
}

/** The first contact: whoever has no network shall not wait for one. */
const CONTACT = { timeout: 6000, maxRetries: 0 } as const;
/** A server that has said nothing at all by then, retries included, will not. */
const MOST_SILENCE_MS = 45_000;

export function claudeClient(options: ClaudeOptions): ModelClient {
  let connecting: Promise<Anthropic> | undefined;
  let model: string | undefined;

  async function chooseModel(client: Anthropic, signal: AbortSignal, onContact: () => void): Promise<string> {
    if (options.model !== '') return options.model;
    try {
      const { data } = await client.models.list({ limit: 100 }, { ...CONTACT, signal });
      onContact();
      return newestOfLine(data) ?? DEFAULT_MODEL;
    } catch (error) {
      signal.throwIfAborted();
      const failure = claudeFailure(error, options.baseUrl);
      // A proxy that has no list of models can still answer, and so can a server that is busy with lists.
      if (failure.kind === 'offline' || failure.kind === 'key') throw failure;
      return DEFAULT_MODEL;
    }
  }

  return {
    tellsContact: true,
    async respond(request, onText, signal, onContact = () => undefined) {
      signal.throwIfAborted();
      if (!isLoopback(options.baseUrl) && !(options.hasNetwork ?? hasNetwork)()) throw noNetwork();
      const client = await (connecting ??= connect(options));
      if (model === undefined) {
        model = await chooseModel(client, signal, onContact);
        options.onModel?.(model);
      }
      const silent = new AbortController(),
        waiting = setTimeout(() => silent.abort(), MOST_SILENCE_MS);
      try {
        const stream = client.messages.stream(parameters(request, model), { signal: AbortSignal.any([signal, silent.signal]) });
        stream.on('connect', () => {
          clearTimeout(waiting);
          onContact();
        });
        stream.on('text', onText);
        return reply(await stream.finalMessage());
      } catch (error) {
        signal.throwIfAborted();
        throw silent.signal.aborted ? noAnswer(options.baseUrl) : claudeFailure(error, options.baseUrl);
      } finally {
        clearTimeout(waiting);
      }
    },
  };
}

/** Known without sending anything: an interface that leads out is up, or none is. */
function hasNetwork(): boolean {
  return Object.values(networkInterfaces()).some((addresses) => addresses?.some(({ internal }) => !internal) === true);
}

function isLoopback(baseUrl: string): boolean {
  return URL.canParse(baseUrl) && /^(?:127\.\d+\.\d+\.\d+|localhost|\[::1\])$/.test(new URL(baseUrl).hostname);
}

/** Loaded on first use: starting VS Code must not pay for it. */
async function connect({ apiKey, baseUrl, maxRetries }: ClaudeOptions): Promise<Anthropic> {
  const { default: Client } = await import('@anthropic-ai/sdk');
  return new Client({ apiKey, authToken: null, baseURL: baseUrl, maxRetries: maxRetries ?? 2, timeout: 120_000, logLevel: 'off' });
}

export interface ClaudeModel {
  readonly id: string;
  readonly name: string;
  /** ISO 8601. */
  readonly createdAt: string;
}

/** The models that this key may use, newest first. Rejects with `ModelFailure`. */
export async function claudeModels(options: ClaudeOptions): Promise<readonly ClaudeModel[]> {
  try {
    const { data } = await (await connect(options)).models.list({ limit: 100 });
    return data
      .filter(({ lifecycle }) => lifecycle === 'active')
      .map(({ id, display_name, created_at }) => ({ id, name: display_name, createdAt: created_at }))
      .sort((a, b) => (a.createdAt < b.createdAt ? 1 : -1));
  } catch (error) {
    throw claudeFailure(error, options.baseUrl);
  }
}

function newestOfLine(models: readonly Anthropic.ModelInfo[]): string | undefined {
  return models.filter(({ line, lifecycle }) => line === LINE && lifecycle === 'active').sort((a, b) => (a.created_at < b.created_at ? 1 : -1))[0]
    ?.id;
}

/** The system prompt with the tools before it, and the conversation so far, are the same from round to round: both are cached. */
function parameters({ system, tools, toolUse, messages, maxOutputTokens }: ModelRequest, model: string): Anthropic.MessageCreateParamsNonStreaming {
  const content = messages.map((message): Anthropic.MessageParam => ({ role: message.role, content: blocks(message) }));
  const last = content.at(-1)?.content;
  const lastBlock = Array.isArray(last) ? last.at(-1) : undefined;
  if (lastBlock !== undefined && (lastBlock.type === 'text' || lastBlock.type === 'tool_result')) lastBlock.cache_control = { type: 'ephemeral' };
  return {
    model,
    max_tokens: maxOutputTokens,
    ...(system === '' ? {} : { system: [{ type: 'text', text: system, cache_control: { type: 'ephemeral' } }] }),
    messages: content,
    ...(tools.length === 0
      ? {}
      : {
          tools: tools.map(({ name, description, inputSchema }) => ({ name, description, input_schema: inputSchema as Anthropic.Tool.InputSchema })),
          tool_choice: { type: toolUse === 'required' ? ('any' as const) : toolUse },
        }),
  };
}

function blocks({ parts, turn }: ModelMessage): Anthropic.ContentBlockParam[] {
  if (turn !== undefined) return [...(turn as Anthropic.ContentBlockParam[])];
  return parts.map((part): Anthropic.ContentBlockParam => {
    switch (part.kind) {
      case 'text':
        return { type: 'text', text: part.text };
      case 'toolCall':
        return { type: 'tool_use', id: part.id, name: part.name, input: part.input };
      case 'toolResult':
        return { type: 'tool_result', tool_use_id: part.id, content: part.text, is_error: part.isError };
    }
  });
}

function reply({ content, stop_reason, usage }: Anthropic.Message): ModelReply {
  const parts = content.flatMap((block): ModelPart[] => {
    if (block.type === 'text') return [{ kind: 'text', text: block.text }];
    return block.type === 'tool_use' ? [{ kind: 'toolCall', id: block.id, name: block.name, input: block.input }] : [];
  });
  const cached = usage.cache_read_input_tokens ?? 0;
  return {
    message: { role: 'assistant', parts, turn: content },
    stop: stopOf(stop_reason),
    usage: {
      inputTokens: usage.input_tokens + cached + (usage.cache_creation_input_tokens ?? 0),
      cachedTokens: cached,
      outputTokens: usage.output_tokens,
    },
  };
}

function stopOf(reason: Anthropic.StopReason | null): ModelReply['stop'] {
  switch (reason) {
    case 'tool_use':
      return 'tools';
    case 'max_tokens':
      return 'length';
    case 'refusal':
      return 'refusal';
    case 'model_context_window_exceeded':
      return 'context';
    default:
      return 'end';
  }
}
