/** What may stand in an argument of a prompt or a variable of a resource, as somebody types it: names and ids that are really there. */
import type { McpServer } from '@modelcontextprotocol/sdk/server/mcp.js';
import { CompleteRequestSchema, ErrorCode, McpError } from '@modelcontextprotocol/sdk/types.js';
import type { Tool } from '../analysis/tool.ts';
import { getStatistics, listCaptures, listConversations, listFindings } from '../analysis/tools/registry.ts';
import type { Caller, ToolRunner } from './toolRunner.ts';

/** What an argument stands for; `text` is completed by nobody. */
export type ArgumentKind = 'capture' | 'finding' | 'flow' | 'host' | 'packet' | 'text';

export interface Completable {
  /** URI template or name of the prompt. */
  readonly id: string;
  readonly kinds: Readonly<Record<string, ArgumentKind>>;
}

/** The protocol allows no more in one answer. */
const MOST_VALUES = 100;

type Ask = (tool: Tool, input: Readonly<Record<string, unknown>>) => Promise<readonly Readonly<Record<string, unknown>>[]>;

/** Of the tools that list such things: what a completion offers, a call takes. */
const OFFERED: Readonly<Record<Exclude<ArgumentKind, 'text'>, (capture: string, ask: Ask) => Promise<readonly string[]>>> = {
  async capture(_capture, ask) {
    return (await ask(listCaptures, { limit: 1000 })).map(({ name }) => String(name));
  },
  async finding(capture, ask) {
    return (await ask(listFindings, { capture, limit: 200 })).map(({ id }) => String(id));
  },
  async flow(capture, ask) {
    const tcp = await ask(listConversations, { capture, layer: 'tcp', limit: 100 }),
      udp = await ask(listConversations, { capture, layer: 'udp', limit: 100 });
    return [...tcp, ...udp].map(({ id }) => String(id));
  },
  async host(capture, ask) {
    return (await ask(getStatistics, { capture, of: 'hosts', limit: 500 })).map(({ address }) => String(address));
  },
  /** Every number up to the last is a frame; worth offering are those that findings point at. */
  async packet(capture, ask) {
    const frames = (await ask(listFindings, { capture, limit: 200 })).flatMap((finding) => finding['frames'] as number[]);
    return [...new Set(frames)].sort((a, b) => a - b).map(String);
  },
};

/** The SDK's own way has no signal: reading a capture for a completion could not be cancelled. */
export function answerCompletions(
  server: McpServer,
  run: ToolRunner,
  { templates, prompts }: { readonly templates: readonly Completable[]; readonly prompts: readonly Completable[] },
): void {
  server.server.registerCapabilities({ completions: {} });
  server.server.setRequestHandler(CompleteRequestSchema, async ({ params: { ref, argument, context } }, extra) => {
    const among = ref.type === 'ref/prompt' ? prompts : templates,
      id = ref.type === 'ref/prompt' ? ref.name : ref.uri;
    const asked = among.find((each) => each.id === id);
    if (asked === undefined) throw new McpError(ErrorCode.InvalidParams, `There is nothing called ${id.slice(0, 100)} to complete`);
    const kind = Object.hasOwn(asked.kinds, argument.name) ? asked.kinds[argument.name]! : 'text';
    if (kind === 'text') return { completion: { values: [], total: 0, hasMore: false } };
    const known = context?.arguments ?? {},
      capture = known['capture'] ?? known['name'] ?? '';
    const values = matching(await OFFERED[kind](capture === '' ? 'latest' : capture, asking(run, extra)), argument.value);
    return { completion: { values: values.slice(0, MOST_VALUES), total: values.length, hasMore: values.length > MOST_VALUES } };
  });
}

/** The rows of a tool that lists; none where there is no such capture, since half a name is no mistake. */
function asking(run: ToolRunner, extra: Caller): Ask {
  return async (tool, input) => {
    const result = await run(tool, input, extra);
    if (!result.ok) return [];
    return (Object.values(result.output).find(Array.isArray) ?? []) as Readonly<Record<string, unknown>>[];
  };
}

/** Those that begin with what was typed come first, then those that contain it. */
function matching(values: readonly string[], typed: string): string[] {
  const lower = typed.toLowerCase(),
    fit = values.filter((value) => value.toLowerCase().includes(lower));
  return [...fit.filter((value) => value.toLowerCase().startsWith(lower)), ...fit.filter((value) => !value.toLowerCase().startsWith(lower))];
}
