/** A model that a test plays: the Messages API on loopback, streaming, as VS Code's own client and ours speak it. */
import http from 'node:http';
import type { AddressInfo } from 'node:net';

export interface MessagesRequest {
  /** Names of the tools that were offered. */
  readonly tools: readonly string[];
  /** Results of the calls in this conversation so far, oldest first, as JSON. */
  readonly results: readonly string[];
  /** What was sent, whole. */
  readonly body: string;
}

export type Reply = { readonly text: string } | { readonly tool: string; readonly input: object };

export interface MessagesApi {
  readonly url: string;
  readonly requests: readonly MessagesRequest[];
  close(): Promise<void>;
}

/** `decide` says what the model answers. */
export async function messagesApi(decide: (request: MessagesRequest) => Reply): Promise<MessagesApi> {
  const requests: MessagesRequest[] = [];
  const server = http.createServer((incoming, response) => {
    let body = '';
    incoming.on('data', (chunk: Buffer) => (body += chunk.toString()));
    incoming.on('end', () => {
      if (incoming.method !== 'POST' || incoming.url?.includes('count_tokens') === true) {
        response.writeHead(200, { 'content-type': 'application/json' }).end('{"input_tokens":10,"data":[],"has_more":false}');
        return;
      }
      const request = requestOf(body);
      requests.push(request);
      const reply = decide(request);
      stream(response, reply, requests.length);
    });
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    requests,
    close: () =>
      new Promise((resolve) => {
        server.close(() => resolve());
        server.closeAllConnections();
      }),
  };
}

interface Body {
  readonly tools?: readonly { readonly name: string }[];
  readonly messages?: readonly {
    readonly role: string;
    readonly content: string | readonly { readonly type: string; readonly content?: unknown }[];
  }[];
}

function requestOf(body: string): MessagesRequest {
  const { tools = [], messages = [] } = JSON.parse(body) as Body;
  const results = messages.flatMap(({ content }) =>
    typeof content === 'string' ? [] : content.filter(({ type }) => type === 'tool_result').map((each) => JSON.stringify(each.content)),
  );
  return { tools: tools.map(({ name }) => name), results, body };
}

function stream(response: http.ServerResponse, reply: Reply, n: number): void {
  const send = (type: string, data: object): void => {
    response.write(`event: ${type}\ndata: ${JSON.stringify({ type, ...data })}\n\n`);
  };
  const usage = { input_tokens: 11, output_tokens: 7, cache_creation_input_tokens: 0, cache_read_input_tokens: 0 };
  const isCall = 'tool' in reply;
  response.writeHead(200, { 'content-type': 'text/event-stream' });
  send('message_start', {
    message: { id: `msg_${n}`, type: 'message', role: 'assistant', model: 'test-model', content: [], stop_reason: null, stop_sequence: null, usage },
  });
  send('content_block_start', {
    index: 0,
    content_block: isCall ? { type: 'tool_use', id: `toolu_${n}`, name: reply.tool, input: {} } : { type: 'text', text: '' },
  });
  if (isCall) send('content_block_delta', { index: 0, delta: { type: 'input_json_delta', partial_json: JSON.stringify(reply.input) } });
  else for (const text of reply.text.match(/.{1,20}/gs) ?? []) send('content_block_delta', { index: 0, delta: { type: 'text_delta', text } });
  send('content_block_stop', { index: 0 });
  send('message_delta', { delta: { stop_reason: isCall ? 'tool_use' : 'end_turn', stop_sequence: null }, usage: { output_tokens: 7 } });
  send('message_stop', {});
  response.end();
}
