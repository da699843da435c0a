/** The MCP server over standard input and output, until the client goes away. Whatever else there is to say goes to standard error. */
import type { LoggingLevel } from '@modelcontextprotocol/sdk/types.js';
import { VERSION } from '../analysis/version.ts';
import { clientRoots } from './clientRoots.node.ts';
import { logTo } from './log.ts';
import { openCaptures, type CapturesOptions } from './openCaptures.node.ts';
import { createMcpServer } from './server.ts';
import { StdioTransport } from './stdioTransport.node.ts';

/** Returns when the client has gone or `signal` says stop, with everything closed. */
export async function serveStdio(options: CapturesOptions, signal: AbortSignal): Promise<void> {
  const { stdin, stdout, stderr } = process,
    transport = new StdioTransport(stdin, stdout),
    captures = openCaptures(options);
  // Where the client shows it, its user needs no look into standard error.
  const tell = (level: LoggingLevel, text: string): void => {
    say(text);
    logTo(server, level, text);
  };
  let close = (): void => undefined;
  const gone = new Promise<void>((resolve) => (close = resolve));
  const server = createMcpServer({ ...captures.offered, clientReads: () => transport.readerKeepsUp(), onClose: close });
  // Whoever starts this program has its rights already, so the client's folders are as good as those of the arguments.
  captures.alsoIn(clientRoots(server, (text) => tell('info', text)));
  for (const event of ['end', 'close', 'error']) stdin.once(event, close);
  // These stay: each write to a client that is gone fails again.
  stdout.on('error', close);
  stderr.on('error', close);
  if (signal.aborted) close();
  else signal.addEventListener('abort', close, { once: true });
  server.server.onerror = (error) => tell('warning', `a message was not understood: ${error.message.slice(0, 200)}`);
  await server.connect(transport);
  say(`${VERSION} serves the captures of ${captures.named.length === 0 ? 'the folders that the client names' : captures.named.join(', ')} over MCP.`);
  await gone;
  // Calls at work are told to stop; what was inflated for them is removed.
  await server.close();
  await captures.close();
}

export function say(text: string): void {
  process.stderr.write(`netsec ${text.replaceAll(/[\u0000-\u001f\u007f-\u009f]+/g, ' ')}\n`);
}
