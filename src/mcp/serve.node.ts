/** Serves captures until the client is gone or `signal` says stop: over standard input and output, or over HTTP where an address is given. */
import { randomBytes } from 'node:crypto';
import { once } from 'node:events';
import { VERSION } from '../analysis/version.ts';
import { openCaptures, type CapturesOptions } from './openCaptures.node.ts';
import { say, serveStdio } from './stdio.node.ts';

export interface ServeOptions extends CapturesOptions {
  /** `127.0.0.1:PORT`. */
  readonly http: string | undefined;
}

/** The exit code. */
export async function serve(options: ServeOptions, signal: AbortSignal): Promise<0 | 2> {
  if (options.http === undefined) {
    await serveStdio(options, signal);
    return 0;
  }
  // Over HTTP the client may be anybody who has the token: its own folders are no business of theirs.
  if (options.roots.length === 0) {
    say('mcp: over HTTP only the folders of --root are served: name one.');
    return 2;
  }
  const given = process.env['NETSEC_MCP_TOKEN'],
    token = given ?? randomBytes(32).toString('base64url'),
    captures = openCaptures(options);
  // Loaded when wanted: the usual way starts faster without it.
  const { listenHttp } = await import('./http.node.ts');
  const listening = await listenHttp({ address: options.http, token, server: captures.offered });
  if (!listening.ok) {
    say(`mcp: ${listening.message}`);
    return 2;
  }
  say(`${VERSION} serves the captures of ${captures.named.join(', ')} over MCP at ${listening.server.url}`);
  say(given === undefined ? `the token of this run, for the header "Authorization: Bearer": ${token}` : 'the token is that of NETSEC_MCP_TOKEN.');
  if (!signal.aborted) await once(signal, 'abort');
  await listening.server.close();
  await captures.close();
  return 0;
}
