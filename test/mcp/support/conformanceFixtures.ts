/**
 * What the protocol's conformance suite (@modelcontextprotocol/conformance 0.1.16) wants to find in a server by name, offered by ours in tests only: an analyst has no use for it.
 * Names, texts and schemas are those that the suite's scenarios describe.
 */
import { ResourceTemplate, type McpServer } from '@modelcontextprotocol/sdk/server/mcp.js';
import { CreateMessageResultSchema, ElicitResultSchema, type CallToolResult, type ElicitRequestFormParams } from '@modelcontextprotocol/sdk/types.js';
import { setTimeout as sleep } from 'node:timers/promises';
import * as z from 'zod';
import { listCaptures } from '../../../src/analysis/tools/registry.ts';
import type { MoreOffered } from '../../../src/mcp/server.ts';
import type { ListedTool } from '../../../src/mcp/tools.ts';
import type { Extra } from '../../../src/mcp/toolRunner.ts';

/** One red pixel, and a tenth of a second of silence's header. */
const PNG = 'iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mP8z8DwHwAFBQIAX8jx0gAAAABJRU5ErkJggg==',
  WAV = 'UklGRiYAAABXQVZFZm10IBAAAAABAAEAQB8AAAB9AAACABAAZGF0YQIAAAAAAA==';

const text = (said: string): CallToolResult => ({ content: [{ type: 'text', text: said }] }),
  embedded = (uri: string, mimeType: string, said: string) => ({ type: 'resource' as const, resource: { uri, mimeType, text: said } }),
  image = { type: 'image' as const, data: PNG, mimeType: 'image/png' };

const address = z.object({ street: z.string().optional(), city: z.string().optional() }).meta({ id: 'address' }),
  /** By the name of the tool; the others take nothing. */
  INPUT: Readonly<Record<string, z.ZodObject>> = {
    json_schema_2020_12_tool: z.strictObject({ name: z.string().optional(), address: address.optional() }),
    test_sampling: z.object({ prompt: z.string() }),
    test_elicitation: z.object({ message: z.string() }),
  },
  NAMES = [
    ...[
      'test_simple_text',
      'test_image_content',
      'test_audio_content',
      'test_embedded_resource',
      'test_multiple_content_types',
      'test_error_handling',
    ],
    ...['json_schema_2020_12_tool', 'test_tool_with_logging', 'test_tool_with_progress', 'test_sampling'],
    ...['test_elicitation', 'test_elicitation_sep1034_defaults', 'test_elicitation_sep1330_enums'],
  ],
  description = 'For the conformance suite.';

export const conformanceFixtures: MoreOffered = {
  tools: NAMES.map((name) => ({
    name,
    description,
    inputSchema: z.toJSONSchema(INPUT[name] ?? z.object({}), { io: 'input' }) as ListedTool['inputSchema'],
  })),
  prompts: [{ id: 'test_prompt_with_arguments', kinds: { arg1: 'capture', arg2: 'text' } }],
  resourceAt: (uri) => (uri === 'test://watched-resource' ? { tool: listCaptures, input: {}, capture: null } : null),
  register(server) {
    contentTools(server);
    talkingTools(server);
    resources(server);
    prompts(server);
  },
};

function contentTools(server: McpServer): void {
  const tool = (name: string, result: () => CallToolResult): void => {
    server.registerTool(name, { description }, result);
  };
  tool('test_simple_text', () => text('This is a simple text response for testing.'));
  tool('test_image_content', () => ({ content: [image] }));
  tool('test_audio_content', () => ({ content: [{ type: 'audio', data: WAV, mimeType: 'audio/wav' }] }));
  tool('test_embedded_resource', () => ({
    content: [embedded('test://embedded-resource', 'text/plain', 'This is an embedded resource content.')],
  }));
  tool('test_multiple_content_types', () => ({
    content: [
      { type: 'text', text: 'Multiple content types test:' },
      image,
      embedded('test://mixed-content-resource', 'application/json', '{"test":"data","value":123}'),
    ],
  }));
  server.registerTool('json_schema_2020_12_tool', { description, inputSchema: { name: z.string().optional(), address: address.optional() } }, () =>
    text('Understood.'),
  );
  tool('test_error_handling', () => {
    throw new Error('This tool intentionally returns an error for testing');
  });
}

/** They say something, or ask for it, before they answer. */
function talkingTools(server: McpServer): void {
  server.registerTool('test_tool_with_logging', { description }, async ({ sessionId }: Extra) => {
    for (const data of ['Tool execution started', 'Tool processing data', 'Tool execution completed']) {
      await server.sendLoggingMessage({ level: 'info', data }, sessionId);
      await sleep(50);
    }
    return text('Logged three times.');
  });
  server.registerTool('test_tool_with_progress', { description }, async ({ _meta, sendNotification }: Extra) => {
    const progressToken = _meta?.progressToken;
    for (const progress of [0, 50, 100]) {
      if (progressToken !== undefined) await sendNotification({ method: 'notifications/progress', params: { progressToken, progress, total: 100 } });
      await sleep(50);
    }
    return text(`Done for ${String(progressToken)}.`);
  });
  server.registerTool('test_sampling', { description, inputSchema: { prompt: z.string() } }, async ({ prompt }, { sendRequest }: Extra) => {
    const { content } = await sendRequest(
      { method: 'sampling/createMessage', params: { messages: [{ role: 'user', content: { type: 'text', text: prompt } }], maxTokens: 100 } },
      CreateMessageResultSchema,
    );
    return text(`LLM response: ${content.type === 'text' ? content.text : content.type}`);
  });
  const asks = async ({ sendRequest }: Extra, message: string, requestedSchema: ElicitRequestFormParams['requestedSchema']): Promise<string> => {
    const { action, content } = await sendRequest(
      { method: 'elicitation/create', params: { mode: 'form', message, requestedSchema } },
      ElicitResultSchema,
    );
    return `action=${action}, content=${JSON.stringify(content ?? {})}`;
  };
  server.registerTool('test_elicitation', { description, inputSchema: { message: z.string() } }, async ({ message }, extra: Extra) =>
    text(
      `User response: ${await asks(extra, message, {
        type: 'object',
        properties: { username: { type: 'string', description: "User's response" }, email: { type: 'string', description: "User's email address" } },
        required: ['username', 'email'],
      })}`,
    ),
  );
  server.registerTool('test_elicitation_sep1034_defaults', { description }, async (extra: Extra) =>
    text(
      `Elicitation completed: ${await asks(extra, 'Defaults', {
        type: 'object',
        properties: {
          name: { type: 'string', default: 'John Doe' },
          age: { type: 'integer', default: 30 },
          score: { type: 'number', default: 95.5 },
          status: { type: 'string', enum: ['active', 'inactive', 'pending'], default: 'active' },
          verified: { type: 'boolean', default: true },
        },
      })}`,
    ),
  );
  const titled = (prefix: string, title: string, names: readonly string[]) =>
      names.map((name, i) => ({ const: `${prefix}${i + 1}`, title: `${name} ${title}` })),
    ordinals = ['First', 'Second', 'Third'],
    plain = ['option1', 'option2', 'option3'];
  server.registerTool('test_elicitation_sep1330_enums', { description }, async (extra: Extra) =>
    text(
      `Elicitation completed: ${await asks(extra, 'Choices', {
        type: 'object',
        properties: {
          untitledSingle: { type: 'string', enum: plain },
          titledSingle: { type: 'string', oneOf: titled('value', 'Option', ordinals) },
          legacyEnum: { type: 'string', enum: ['opt1', 'opt2', 'opt3'], enumNames: ['Option One', 'Option Two', 'Option Three'] },
          untitledMulti: { type: 'array', items: { type: 'string', enum: plain } },
          titledMulti: { type: 'array', items: { anyOf: titled('value', 'Choice', ordinals) } },
        },
      })}`,
    ),
  );
}

function resources(server: McpServer): void {
  const about = { description };
  server.registerResource('static-text', 'test://static-text', { ...about, mimeType: 'text/plain' }, ({ href }) => ({
    contents: [{ uri: href, mimeType: 'text/plain', text: 'This is the content of the static text resource.' }],
  }));
  server.registerResource('static-binary', 'test://static-binary', { ...about, mimeType: 'image/png' }, ({ href }) => ({
    contents: [{ uri: href, mimeType: 'image/png', blob: PNG }],
  }));
  server.registerResource('watched', 'test://watched-resource', about, ({ href }) => ({ contents: [{ uri: href, text: 'Watched.' }] }));
  server.registerResource('template', new ResourceTemplate('test://template/{id}/data', { list: undefined }), about, ({ href }, { id }) => ({
    contents: [{ uri: href, mimeType: 'application/json', text: JSON.stringify({ id, templateTest: true, data: `Data for ID: ${String(id)}` }) }],
  }));
}

function prompts(server: McpServer): void {
  const user = <Content>(content: Content) => ({ role: 'user' as const, content }),
    said = (words: string) => user({ type: 'text' as const, text: words });
  server.registerPrompt('test_simple_prompt', { description }, () => ({ messages: [said('This is a simple prompt for testing.')] }));
  server.registerPrompt(
    'test_prompt_with_arguments',
    { description, argsSchema: { arg1: z.string().describe('First test argument'), arg2: z.string().describe('Second test argument') } },
    ({ arg1, arg2 }) => ({ messages: [said(`Prompt with arguments: arg1='${arg1}', arg2='${arg2}'`)] }),
  );
  server.registerPrompt(
    'test_prompt_with_embedded_resource',
    { description, argsSchema: { resourceUri: z.string().describe('URI of the resource to embed') } },
    ({ resourceUri }) => ({
      messages: [
        user(embedded(resourceUri, 'text/plain', 'Embedded resource content for testing.')),
        said('Please process the embedded resource above.'),
      ],
    }),
  );
  server.registerPrompt('test_prompt_with_image', { description }, () => ({ messages: [user(image), said('Please analyze the image above.')] }));
}
