/** Anthropic's Messages API on loopback, as far as the SDK speaks it: streamed answers from a script, and every request written down. */
import http from 'node:http';
import type { AddressInfo } from 'node:net';

export interface SentMessage {
  readonly role: string;
  readonly content: readonly {
    readonly type: string;
    readonly text?: string;
    readonly content?: string;
    readonly is_error?: boolean;
    readonly cache_control?: unknown;
  }[];
}

export interface SentRequest {
  readonly path: string;
  readonly headers: http.IncomingHttpHeaders;
  readonly body: {
    readonly model?: string;
    readonly system?: readonly { readonly text: string; readonly cache_control?: unknown }[];
    readonly tools?: readonly { readonly name: string }[];
    readonly tool_choice?: { readonly type: string };
    readonly messages?: readonly SentMessage[];
  };
}

export type Turn =
  | {
      readonly text?: string;
      readonly tools?: readonly { readonly name: string; readonly input: unknown }[];
      readonly stop?: string;
      readonly hang?: boolean;
      readonly breakOff?: boolean;
      /** Sends what no client understands. */
      readonly garbage?: boolean;
    }
  | { readonly status: number; readonly type: string; readonly headers?: Readonly<Record<string, string>> };

export class MockClaude {
  readonly requests: SentRequest[] = [];
  /** The bytes of each request, as they came. */
  readonly bodies: string[] = [];
  models: readonly object[] = [
    {
      id: 'claude-old-sonnet',
      display_name: 'claude-old-sonnet',
      line: 'sonnet',
      lifecycle: 'active',
      created_at: '2025-01-01T00:00:00Z',
      type: 'model',
    },
    {
      id: 'claude-new-sonnet',
      display_name: 'claude-new-sonnet',
      line: 'sonnet',
      lifecycle: 'active',
      created_at: '2026-06-01T00:00:00Z',
      type: 'model',
    },
    {
      id: 'claude-gone-sonnet',
      display_name: 'claude-gone-sonnet',
      line: 'sonnet',
      lifecycle: 'retired',
      created_at: '2026-09-01T00:00:00Z',
      type: 'model',
    },
    { id: 'claude-big', display_name: 'claude-big', line: 'opus', lifecycle: 'active', created_at: '2026-10-01T00:00:00Z', type: 'model' },
  ];
  /** What the nth request for a message is answered with. */
  turn: (n: number) => Turn = () => ({ text: 'Hello.' });
  /** Answers that the client did not wait for the end of. */
  left = 0;
  readonly #server = http.createServer((request, response) => {
    let text = '';
    response.on('close', () => {
      if (!response.writableEnded) this.left++;
    });
    request.on('data', (piece: Buffer) => (text += piece.toString()));
    request.on('end', () => {
      this.bodies.push(text);
      const body = (text === '' ? {} : JSON.parse(text)) as SentRequest['body'];
      this.requests.push({ path: request.url ?? '', headers: request.headers, body });
      if (request.method === 'GET') this.#json(response, 200, { data: this.models, has_more: false, first_id: null, last_id: null });
      else this.#answer(response, this.turn(this.messageRequests().length), body.model ?? '');
    });
  });

  async start(): Promise<this> {
    await new Promise<void>((resolve) => this.#server.listen(0, '127.0.0.1', resolve));
    return this;
  }

  get url(): string {
    return `http://127.0.0.1:${(this.#server.address() as AddressInfo).port}`;
  }

  messageRequests(): SentRequest[] {
    return this.requests.filter(({ path }) => path.startsWith('/v1/messages'));
  }

  async stop(): Promise<void> {
    this.#server.closeAllConnections();
    await new Promise((resolve) => this.#server.close(resolve));
  }

  #json(response: http.ServerResponse, status: number, body: unknown, headers: Readonly<Record<string, string>> = {}): void {
    response.writeHead(status, { 'content-type': 'application/json', ...headers });
    response.end(JSON.stringify(body));
  }

  #answer(response: http.ServerResponse, turn: Turn, model: string): void {
    if ('status' in turn) {
      this.#json(response, turn.status, { type: 'error', error: { type: turn.type, message: 'as scripted' } }, turn.headers);
      return;
    }
    const { text = '', tools = [] } = turn;
    response.writeHead(200, { 'content-type': 'text/event-stream' });
    if (turn.garbage === true) {
      response.end('event: message_start\ndata: {"type":"message_start","mess\n\n<html>busy</html>\n\n');
      return;
    }
    const send = (type: string, data: object): void => void response.write(`event: ${type}\ndata: ${JSON.stringify({ type, ...data })}\n\n`);
    const usage = { input_tokens: 100, output_tokens: 1, cache_creation_input_tokens: 0, cache_read_input_tokens: 40 };
    send('message_start', {
      message: { id: 'msg_1', type: 'message', role: 'assistant', model, content: [], stop_reason: null, stop_sequence: null, usage },
    });
    let index = 0;
    if (text !== '') {
      send('content_block_start', { index, content_block: { type: 'text', text: '' } });
      for (const piece of text.match(/[\s\S]{1,5}/g) ?? []) send('content_block_delta', { index, delta: { type: 'text_delta', text: piece } });
      if (turn.hang === true) return;
      if (turn.breakOff === true) {
        // What was sent has to arrive before the connection breaks.
        setTimeout(() => response.destroy(), 50);
        return;
      }
      send('content_block_stop', { index: index++ });
    }
    for (const { name, input } of tools) {
      send('content_block_start', { index, content_block: { type: 'tool_use', id: `toolu_${this.requests.length}_${index}`, name, input: {} } });
      send('content_block_delta', { index, delta: { type: 'input_json_delta', partial_json: JSON.stringify(input) } });
      send('content_block_stop', { index: index++ });
    }
    send('message_delta', {
      delta: { stop_reason: turn.stop ?? (tools.length > 0 ? 'tool_use' : 'end_turn'), stop_sequence: null },
      usage: { output_tokens: 20 },
    });
    send('message_stop', {});
    response.end();
  }
}
