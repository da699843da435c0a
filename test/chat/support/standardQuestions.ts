/** The ten questions that people ask first, each with the calls that answer it: what the tools cost a model. Tokens are bytes of UTF-8 by three. */
import { resultText, runTool, type Tool } from '../../../src/analysis/tool.ts';
import * as registry from '../../../src/analysis/tools/registry.ts';
import * as recordingTools from '../../../src/live/tools/registry.ts';
import { LIMITS } from '../../../src/chat/conversation.ts';
import { listedTool } from '../../../src/mcp/tools.ts';
import type { CaptureStore } from '../../../src/analysis/captureStore.ts';

interface Call {
  readonly tool: string;
  readonly input: Readonly<Record<string, unknown>>;
}

export interface StandardQuestion {
  readonly question: string;
  /** At most three. `capture` is the one that is asked about, `other` another, `host` its busiest address. */
  calls(about: { readonly capture: string; readonly other: string; readonly host: string }): readonly Call[];
}

export const STANDARD_QUESTIONS: readonly StandardQuestion[] = [
  { question: 'what is this?', calls: ({ capture }) => [{ tool: 'get_statistics', input: { capture, of: 'overview' } }] },
  { question: 'who talks most?', calls: ({ capture }) => [{ tool: 'get_statistics', input: { capture, of: 'hosts', limit: 5 } }] },
  { question: 'any threats?', calls: ({ capture }) => [{ tool: 'list_findings', input: { capture, limit: 5 } }] },
  { question: 'what did 10.0.0.5 do?', calls: ({ capture, host }) => [{ tool: 'get_host', input: { capture, address: host, limit: 5 } }] },
  {
    question: 'which DNS names failed?',
    calls: ({ capture }) => [
      { tool: 'query_protocol', input: { capture, protocol: 'dns', filter: 'dns.flags.rcode != 0', count_by: 'dns.qry.name' } },
    ],
  },
  {
    question: 'is this beaconing?',
    calls: ({ capture }) => [
      { tool: 'list_findings', input: { capture, about: 'beaconing' } },
      { tool: 'list_conversations', input: { capture, sort: 'durationSeconds', limit: 3 } },
    ],
  },
  {
    question: 'what was downloaded?',
    calls: ({ capture }) => [
      { tool: 'query_protocol', input: { capture, protocol: 'http', filter: 'http.request', count_by: 'http.request.uri', limit: 5 } },
      { tool: 'query_protocol', input: { capture, protocol: 'http', filter: 'http.response', limit: 3 } },
    ],
  },
  {
    question: 'which TLS is weak?',
    calls: ({ capture }) => [
      { tool: 'list_findings', input: { capture, about: 'weak-tls' } },
      {
        tool: 'query_protocol',
        input: { capture, protocol: 'tls', filter: 'tls.handshake.type == 2', count_by: 'tls.handshake.ciphersuite', limit: 8 },
      },
    ],
  },
  {
    question: 'compare these two',
    calls: ({ capture, other }) => [{ tool: 'compare_captures', input: { first: capture, second: other, limit: 5 } }],
  },
  { question: 'write the report', calls: ({ capture }) => [{ tool: 'write_report', input: { capture } }] },
];

export interface Cost {
  readonly question: string;
  readonly calls: number;
  readonly tokens: number;
}

const tools = new Map(Object.values<Tool>(registry).map((tool) => [tool.name, tool]));

export async function costsOf(captures: CaptureStore, capture: string, other: string): Promise<readonly Cost[]> {
  const hosts = await runTool(tools.get('get_statistics')!, { capture, of: 'hosts', limit: 1 }, { captures }),
    host = hosts.ok ? ((hosts.output['rows'] as { readonly address?: string }[])[0]?.address ?? '10.0.0.5') : '10.0.0.5';
  const costs: Cost[] = [];
  for (const { question, calls } of STANDARD_QUESTIONS) {
    const asked = calls({ capture, other, host });
    let tokens = 0;
    for (const { tool, input } of asked) {
      const result = await runTool(tools.get(tool)!, input, {
        captures,
        maxCharacters: LIMITS.resultCharacters,
        saveFile: (name) => Promise.resolve(`reports/${name}`),
      });
      tokens += new TextEncoder().encode(resultText(result)).length / 3;
    }
    costs.push({ question, calls: asked.length, tokens: Math.ceil(tokens) });
  }
  return costs;
}

/** Of the list of tools as a model is given it, without the schemas of results. */
export function toolListBytes(): { readonly tools: number; readonly bytes: number } {
  const list = [...tools.values(), ...Object.values<Tool>(recordingTools)].map((tool) => ({ ...listedTool(tool), outputSchema: undefined }));
  return { tools: list.length, bytes: new TextEncoder().encode(JSON.stringify(list)).length };
}
