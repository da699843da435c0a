/**
 * The MCP server over Streamable HTTP (MCP 2025-11-25, transports), for clients that cannot start a program. Only on this machine, since nothing is encrypted: who
 * wants it from afar puts a tunnel in front. Everybody needs the token; pages in a browser are told apart by their Host and Origin (DNS rebinding).
 */
import { StreamableHTTPServerTransport } from '@modelcontextprotocol/sdk/server/streamableHttp.js';
import { isInitializeRequest } from '@modelcontextprotocol/sdk/types.js';
import { createHash, randomUUID, timingSafeEqual } from 'node:crypto';
import http from 'node:http';
import type { AddressInfo } from 'node:net';
import { createMcpServer, type McpServerOptions } from './server.ts';

const PATH = '/mcp',
  /** A message of a client is a few hundred bytes. */
  MOST_BODY_BYTES = 1024 * 1024,
  MOST_SESSIONS = 64,
  MOST_CONNECTIONS = 256,
  /** A session that nobody has used for so long is over; one without an open stream, whose client may be gone, is pushed out sooner by who comes new. */
  IDLE_MS = 30 * 60 * 1000,
  PUSHED_OUT_AFTER_MS = 500;
/** Shorter ones can be guessed. */
const SHORTEST_TOKEN = 16;

export interface HttpOptions {
  /** `127.0.0.1:8722`, `localhost:8722` or `[::1]:8722`; port 0 for any that is free. */
  readonly address: string;
  readonly token: string;
  /** What each session offers. */
  readonly server: Omit<McpServerOptions, 'onClose'>;
}

export interface HttpServer {
  readonly url: string;
  /** Ends all calls and connections. */
  close(): Promise<void>;
}

interface Session {
  readonly transport: StreamableHTTPServerTransport;
  readonly close: () => Promise<void>;
  /** Requests and streams that are open. */
  open: number;
  usedMs: number;
}

/** A sentence where it cannot listen there. */
export type Listening = { readonly ok: true; readonly server: HttpServer } | { readonly ok: false; readonly message: string };

export async function listenHttp({ address, token, server: offered }: HttpOptions): Promise<Listening> {
  const place = /^(127\.0\.0\.1|localhost|\[::1\]):(\d{1,5})$/i.exec(address);
  if (place === null || Number(place[2]) > 65_535)
    return { ok: false, message: `${JSON.stringify(address)} is not taken: give 127.0.0.1:PORT. From other machines use a tunnel, such as ssh -L.` };
  if (token.length < SHORTEST_TOKEN) return { ok: false, message: `The token is too short: it needs ${SHORTEST_TOKEN} characters or more.` };
  const sessions = new Map<string, Session>(),
    expected = digest(token);
  let names: ReadonlySet<string> = new Set();

  const listener = http.createServer(
    { headersTimeout: 10_000, requestTimeout: 30_000, keepAliveTimeout: 10_000, maxHeaderSize: 16_384 },
    (request, response) => {
      answer(request, response).catch(() => refuse(response, 500, 'The request could not be answered.'));
    },
  );
  listener.maxConnections = MOST_CONNECTIONS;
  const [, host = '', port = ''] = place;
  try {
    await new Promise<void>((resolve, reject) => {
      listener.once('error', reject);
      listener.listen(Number(port), host.replace(/[[\]]/g, ''), resolve);
    });
  } catch (error) {
    return { ok: false, message: `${address} cannot be listened at: ${error instanceof Error ? error.message : String(error)}.` };
  }
  const listening = (listener.address() as AddressInfo).port;
  names = new Set(['127.0.0.1', 'localhost', '[::1]'].map((name) => `${name}:${listening}`));
  const sweeping = setInterval(() => endIdle(IDLE_MS), 60_000);
  sweeping.unref();

  async function answer(request: http.IncomingMessage, response: http.ServerResponse): Promise<void> {
    const refusal = notForUs(request);
    if (refusal !== null) return refuse(response, ...refusal);
    let message: unknown;
    if (request.method === 'POST') {
      const body = await bodyOf(request);
      if (body === null) return refuse(response, 413, `A message may have ${MOST_BODY_BYTES.toLocaleString('en-US')} bytes.`);
      try {
        message = JSON.parse(body);
      } catch {
        return refuse(response, 400, 'The body is not JSON.', -32_700);
      }
    }
    const id = request.headers['mcp-session-id'];
    const session = typeof id === 'string' ? sessions.get(id) : isInitializeRequest(message) ? await begin() : undefined;
    if (session === undefined)
      return typeof id === 'string'
        ? refuse(response, 404, 'There is no such session; it may have ended. Initialize again.', -32_001)
        : refuse(
            response,
            sessions.size >= MOST_SESSIONS ? 503 : 400,
            sessions.size >= MOST_SESSIONS ? 'Too many sessions are open.' : 'Initialize first.',
          );
    session.open++;
    response.once('close', () => {
      session.open--;
      session.usedMs = performance.now();
      // Nothing is kept for who went away in the middle of a call, so its work need not go on.
      if (!response.writableFinished) cancel(session, message);
    });
    await session.transport.handleRequest(request, response, message);
    // Refused, so that nobody will ever know its id.
    if (session.transport.sessionId === undefined) await session.close();
  }

  /** Before a byte of its body is read. */
  function notForUs({ headers, url, method }: http.IncomingMessage): [number, string] | null {
    // A name that an attacker made point here is still that name.
    if (!names.has((headers.host ?? '').toLowerCase())) return [403, 'This host name is not served.'];
    if (headers.origin !== undefined && !(headers.origin.startsWith('http://') && names.has(headers.origin.slice(7).toLowerCase())))
      return [403, 'Pages of other sites are not served.'];
    const [, given = ''] = /^Bearer +(\S+)$/i.exec(headers.authorization ?? '') ?? [];
    if (!timingSafeEqual(digest(given), expected)) return [401, 'Send the token: Authorization: Bearer TOKEN.'];
    if (url !== PATH) return [404, `The server is at ${PATH}.`];
    return method === 'POST' || method === 'GET' || method === 'DELETE' ? null : [405, 'Use POST, GET or DELETE.'];
  }

  /** Undefined when there are too many already. */
  async function begin(): Promise<Session | undefined> {
    if (sessions.size >= MOST_SESSIONS) endIdle(PUSHED_OUT_AFTER_MS, 1);
    if (sessions.size >= MOST_SESSIONS) return undefined;
    const id = randomUUID(),
      transport = new StreamableHTTPServerTransport({ sessionIdGenerator: () => id, maxRequestBodySize: MOST_BODY_BYTES }),
      server = createMcpServer({ ...offered, onClose: () => sessions.delete(id) }),
      session: Session = { transport, close: () => server.close(), open: 0, usedMs: performance.now() };
    // Taken at once: others may come before this one is ready.
    sessions.set(id, session);
    // The SDK declares for its callbacks what exactOptionalPropertyTypes tells apart.
    await server.connect(transport);
    return session;
  }

  function endIdle(afterMs: number, most = Infinity): void {
    const idle = [...sessions.values()]
      .filter(({ open, usedMs }) => open === 0 && performance.now() - usedMs > afterMs)
      .sort((a, b) => a.usedMs - b.usedMs);
    for (const session of idle.slice(0, most)) void session.close();
  }

  return {
    ok: true,
    server: {
      url: `http://${host}:${listening}${PATH}`,
      async close() {
        clearInterval(sweeping);
        const closed = new Promise((resolve) => listener.close(resolve));
        await Promise.all([...sessions.values()].map((session) => session.close()));
        listener.closeAllConnections();
        await closed;
      },
    },
  };
}

/** Of the length of every other, so that a comparison tells nothing. */
function digest(token: string): Buffer {
  return createHash('sha256').update(token).digest();
}

function cancel({ transport }: Session, message: unknown): void {
  for (const each of Array.isArray(message) ? message : [message]) {
    const { id, method } = (typeof each === 'object' && each !== null ? each : {}) as { readonly id?: unknown; readonly method?: unknown };
    if (typeof method !== 'string' || (typeof id !== 'string' && typeof id !== 'number')) continue;
    transport.onmessage?.({ jsonrpc: '2.0', method: 'notifications/cancelled', params: { requestId: id, reason: 'the client is gone' } });
  }
}

/** Null when it is too long; then it is not read further, and the connection left open for the answer. */
function bodyOf(request: http.IncomingMessage): Promise<string | null> {
  if (Number(request.headers['content-length'] ?? 0) > MOST_BODY_BYTES) return Promise.resolve(null);
  return new Promise((resolve, reject) => {
    const chunks: Buffer[] = [];
    let bytes = 0;
    request.on('data', (chunk: Buffer) => {
      bytes += chunk.length;
      if (bytes <= MOST_BODY_BYTES) chunks.push(chunk);
      else {
        request.pause();
        resolve(null);
      }
    });
    request.on('end', () => resolve(Buffer.concat(chunks).toString('utf8')));
    request.on('close', () => reject(new Error('the client is gone')));
    request.on('error', reject);
  });
}

function refuse(response: http.ServerResponse, status: number, message: string, code = -32_000): void {
  if (response.headersSent) {
    response.destroy();
    return;
  }
  response.writeHead(status, {
    'Content-Type': 'application/json',
    // What else is under way on this connection is not read.
    Connection: 'close',
    ...(status === 401 ? { 'WWW-Authenticate': 'Bearer' } : {}),
    ...(status === 405 ? { Allow: 'POST, GET, DELETE' } : {}),
  });
  response.end(JSON.stringify({ jsonrpc: '2.0', error: { code, message }, id: null }));
  // Who goes on sending has had time to read the answer.
  setTimeout(() => response.socket?.destroy(), 1000).unref();
}
