/** Captures as resources, for people who attach them and clients that browse: each is what one tool says, under an address of its own. */
import { ResourceTemplate, type McpServer } from '@modelcontextprotocol/sdk/server/mcp.js';
import { UriTemplate } from '@modelcontextprotocol/sdk/shared/uriTemplate.js';
import {
  ErrorCode,
  ListResourcesRequestSchema,
  McpError,
  type ListResourcesResult,
  type ReadResourceResult,
} from '@modelcontextprotocol/sdk/types.js';
import { safeText } from '../analysis/exports/safeText.ts';
import { resultText, type Tool } from '../analysis/tool.ts';
import { analyzeNetwork, explainFinding, followStream, getHost, getPacket, listCaptures, listFindings } from '../analysis/tools/registry.ts';
import type { ArgumentKind, Completable } from './completions.ts';
import type { Caller, ToolRunner } from './toolRunner.ts';

interface OfCapture extends Completable {
  readonly name: string;
  readonly title: string;
  readonly description: string;
  readonly tool: Tool;
  readonly input: (variable: (name: string) => string) => Readonly<Record<string, unknown>>;
}

/** One address: what is asked of which tool to answer it. */
export interface Resource {
  readonly tool: Tool;
  readonly input: Readonly<Record<string, unknown>>;
  /** The capture that it is about; null for the list of them. */
  readonly capture: string | null;
}

export const CAPTURES = 'netsec://captures';
/** On one page. */
const MOST_LISTED = 100;
/** A fence around text of packets is more than a program could parse, and what a model needs. */
const TEXT = 'text/plain';

const REPORT: OfCapture = {
  name: 'report',
  title: 'Report of a capture',
  description:
    'What the capture is, its protocols, endpoints and conversations, the findings, and what the checks could not see. "latest" is a name, too.',
  ...ofCapture('/report', {}),
  tool: analyzeNetwork,
  input: (variable) => ({ capture: one(variable('name')), limit: 20 }),
};

export const RESOURCE_TEMPLATES: readonly OfCapture[] = [
  REPORT,
  {
    name: 'findings',
    title: 'Findings of a capture',
    description: 'What the checks found, in short, worst first. Subscribe to it to be told when a finding appears while a capture grows.',
    ...ofCapture('/findings', {}),
    tool: listFindings,
    input: (variable) => ({ capture: one(variable('name')), limit: 200 }),
  },
  {
    name: 'finding',
    title: 'Finding',
    description: 'One finding whole: what was measured, who did what to whom, its evidence, innocent explanations, what to do.',
    ...ofCapture('/findings/{id}', { id: 'finding' }),
    tool: explainFinding,
    input: (variable) => ({ capture: variable('name'), id: variable('id') }),
  },
  {
    name: 'flow',
    title: 'Conversation',
    description: 'What both ends of a conversation such as tcp:3 said, as text; its secrets are hidden.',
    ...ofCapture('/flow/{id}', { id: 'flow' }),
    tool: followStream,
    input: (variable) => ({ capture: variable('name'), flow: variable('id'), maxBytes: 20_000 }),
  },
  {
    name: 'host',
    title: 'Host',
    description: 'What one address did: names, traffic, peers, services and the findings about it.',
    ...ofCapture('/host/{address}', { address: 'host' }),
    tool: getHost,
    input: (variable) => ({ capture: variable('name'), address: variable('address'), limit: 50 }),
  },
  {
    name: 'packet',
    title: 'Packet',
    description: 'All decoded fields of one packet, by its frame number; secrets are hidden and bytes are not given.',
    ...ofCapture('/packet/{n}', { n: 'packet' }),
    tool: getPacket,
    input: (variable) => ({ capture: variable('name'), frame: frameOf(variable('n')), limit: 500 }),
  },
];

const ALL_CAPTURES: Resource = { tool: listCaptures, input: { limit: MOST_LISTED }, capture: null };

export function offerResources(server: McpServer, run: ToolRunner): void {
  const about = { title: 'Captures', description: 'The captures that can be analysed, newest first.', mimeType: TEXT };
  server.registerResource('captures', CAPTURES, about, (_uri, extra) => read(CAPTURES, ALL_CAPTURES, run, extra));
  for (const template of RESOURCE_TEMPLATES) {
    const { name, title, description, id } = template;
    server.registerResource(name, new ResourceTemplate(id, { list: undefined }), { title, description, mimeType: TEXT }, (uri, variables, extra) =>
      read(uri.href, resourceOf(template, variables), run, extra),
    );
  }
  // The SDK's own list has no pages.
  server.server.setRequestHandler(ListResourcesRequestSchema, async ({ params }, extra) => {
    const cursor = params?.cursor ?? '',
      { resources, ...more } = await reports(run, cursor, extra);
    return { resources: [...(cursor === '' ? [{ uri: CAPTURES, name: 'captures', ...about }] : []), ...resources], ...more };
  });
}

/** What stands at an address; null where there can be nothing. Throws where the address is of ours and wrong. */
export function resourceAt(uri: string): Resource | null {
  if (uri === CAPTURES) return ALL_CAPTURES;
  for (const template of RESOURCE_TEMPLATES) {
    const variables = new UriTemplate(template.id).match(uri);
    if (variables !== null) return resourceOf(template, variables);
  }
  return null;
}

/** As a reader would get it, also when that is what is wrong. */
export async function textAt({ tool, input }: Resource, run: ToolRunner, caller: Caller): Promise<string> {
  return resultText(await run(tool, input, caller));
}

function resourceOf({ tool, input }: OfCapture, variables: Readonly<Record<string, string | readonly string[]>>): Resource {
  const variable = (name: string): string => decoded(variables[name]);
  return { tool, input: input(variable), capture: one(variable('name')) };
}

/** What a failing tool says is what is wrong with the address. */
async function read(uri: string, { tool, input }: Resource, run: ToolRunner, caller: Caller): Promise<ReadResourceResult> {
  const result = await run(tool, input, caller);
  if (!result.ok) throw new McpError(ErrorCode.InvalidParams, result.message);
  return { contents: [{ uri, mimeType: TEXT, text: resultText(result) }] };
}

/** Findings, hosts and packets are not listed: that would read every capture there is. */
async function reports(run: ToolRunner, cursor: string, extra: Caller): Promise<ListResourcesResult> {
  const result = await run(listCaptures, { limit: MOST_LISTED, cursor }, extra);
  if (!result.ok && cursor !== '') throw new McpError(ErrorCode.InvalidParams, result.message);
  if (!result.ok) return { resources: [] };
  const { captures, next } = result.output as { captures: readonly { name: string; bytes: number }[]; next: string | null };
  return {
    // Half a character cannot be written in an address.
    resources: captures
      .filter(({ name }) => !/\p{Cs}/u.test(name))
      .map(({ name, bytes }) => ({
        uri: REPORT.id.replace('{name}', () => encodeURIComponent(name)),
        name: safeText(name, 200),
        title: safeText(name, 200),
        description: `Report of a capture of ${bytes.toLocaleString('en-US')} bytes.`,
        mimeType: TEXT,
      })),
    ...(next === null ? {} : { nextCursor: next }),
  };
}

function ofCapture(rest: string, kinds: Readonly<Record<string, ArgumentKind>>): Completable {
  return { id: `netsec://capture/{name}${rest}`, kinds: { name: 'capture', ...kinds } };
}

/** Reading everything under one address is nobody's wish. */
function one(name: string): string {
  if (name.trim().toLowerCase() === 'all') throw new McpError(ErrorCode.InvalidParams, 'A resource is of one capture: name it, or say latest.');
  return name;
}

function frameOf(text: string): number {
  if (!/^[1-9]\d{0,14}$/.test(text)) throw new McpError(ErrorCode.InvalidParams, 'A packet is named by its frame number, from 1.');
  return Number(text);
}

function decoded(variable: string | readonly string[] | undefined): string {
  const text = typeof variable === 'string' ? variable : (variable?.join(',') ?? '');
  try {
    return decodeURIComponent(text);
  } catch {
    throw new McpError(ErrorCode.InvalidParams, `${text.slice(0, 100)} is not percent-encoded as it should be.`);
  }
}
