/** The MCP server over standard input and output, until the client goes away. Whatever else there is to say goes to standard error. */
import { StdioServerTransport } from '@modelcontextprotocol/sdk/server/stdio.js';
import { once } from 'node:events';
import path from 'node:path';
import { nodeCaptureStore } from '../analysis/captureStore.node.ts';
import { VERSION } from '../analysis/version.ts';
import type { ReadingListener } from './reading.ts';
import { insideRoots } from './roots.node.ts';
import { createMcpServer } from './server.ts';

/** A message of a client is a few hundred bytes; one that never ends is not waited for. */
const LONGEST_MESSAGE_BYTES = 1024 * 1024;

/** Returns when the client has gone or `signal` says stop, with everything closed. */
export async function serveStdio(folders: readonly string[], signal: AbortSignal): Promise<void> {
  const { stdin, stdout } = process,
    roots = [...new Set(folders.map((folder) => path.resolve(folder)))],
    listeners = new Set<ReadingListener>();
  const store = nodeCaptureStore({
    folders: roots,
    version: VERSION,
    onProgress: (...reading) => {
      for (const listener of listeners) listener(...reading);
    },
  });
  const server = createMcpServer({
    captures: insideRoots(store, roots),
    onReading: (listener) => {
      listeners.add(listener);
      return () => listeners.delete(listener);
    },
    clientReads: async () => {
      if (stdout.writableNeedDrain) await once(stdout, 'drain', { signal }).catch(() => undefined);
    },
  });
  const gone = new Promise<void>((resolve) => {
    const end = (): void => resolve();
    for (const event of ['end', 'close', 'error']) stdin.once(event, end);
    // These stay: each write to a client that is gone fails again.
    stdout.on('error', end);
    process.stderr.on('error', end);
    if (signal.aborted) end();
    else signal.addEventListener('abort', end, { once: true });
    // The transport gives up by itself when a message is too long.
    server.server.onclose = end;
  });
  server.server.onerror = (error) => say(`a message was not understood: ${error.message.slice(0, 200)}`);
  await server.connect(new StdioServerTransport(stdin, stdout, { maxBufferSize: LONGEST_MESSAGE_BYTES }));
  say(`${VERSION} serves the captures of ${roots.join(', ')} over MCP.`);
  await gone;
  // Calls at work are told to stop; what was inflated for them is removed.
  await server.close();
  await store.dispose();
}

export function say(text: string): void {
  process.stderr.write(`netsec ${text.replaceAll(/[\u0000-\u001f\u007f-\u009f]+/g, ' ')}\n`);
}
