/** The folders that a client says its user works in (MCP roots), asked for once it is ready and again when it says that they changed. */
import type { McpServer } from '@modelcontextprotocol/sdk/server/mcp.js';
import { RootsListChangedNotificationSchema } from '@modelcontextprotocol/sdk/types.js';
import path from 'node:path';
import { fileURLToPath } from 'node:url';

/** A client that says it has roots, and then does not name them, is not waited for longer. */
const ANSWER_WITHIN_MS = 5000;
const MOST_ROOTS = 100;

export interface ClientRoots {
  /** Absolute; those of the last answer. Waits while the client is being asked. */
  folders(): Promise<readonly string[]>;
}

/** `say` is told what is wrong with a root that is not taken. */
export function clientRoots(server: McpServer, say: (text: string) => void): ClientRoots {
  let folders: readonly string[] = [],
    asking: Promise<void> | null = null,
    askAgain = false;

  async function ask(): Promise<void> {
    try {
      do {
        askAgain = false;
        const { roots } = await server.server.listRoots(undefined, { timeout: ANSWER_WITHIN_MS });
        const found = roots.slice(0, MOST_ROOTS).map(({ uri }) => folderOfRoot(uri));
        for (const one of found) if (!one.ok) say(one.message);
        folders = [...new Set(found.flatMap((one) => (one.ok ? [one.folder] : [])))];
        // However often it says so meanwhile.
      } while (askAgain);
      say(folders.length === 0 ? 'the client names no folders.' : `the client's folders are ${folders.join(', ')}`);
    } catch (error) {
      say(`the client did not name its folders: ${error instanceof Error ? error.message : String(error)}`);
    } finally {
      asking = null;
    }
  }
  const begin = (): void => {
    askAgain = true;
    asking ??= ask();
  };
  server.server.oninitialized = () => {
    if (server.server.getClientCapabilities()?.roots !== undefined) begin();
  };
  server.server.setNotificationHandler(RootsListChangedNotificationSchema, async () => {
    if (server.server.getClientCapabilities()?.roots === undefined) return;
    begin();
    await asking;
    if (server.isConnected()) server.sendResourceListChanged();
  });
  return {
    async folders() {
      await asking;
      return folders;
    },
  };
}

/** The folder that a root stands for, or why it is not taken, as a sentence. */
export function folderOfRoot(
  uri: string,
  platform: NodeJS.Platform = process.platform,
): { readonly ok: true; readonly folder: string } | { readonly ok: false; readonly message: string } {
  const shown = JSON.stringify(uri.slice(0, 200)),
    windows = platform === 'win32',
    { resolve, parse } = windows ? path.win32 : path.posix;
  const refused = (why: string): { readonly ok: false; readonly message: string } => ({ ok: false, message: `the root ${shown} ${why}` });
  let url: URL;
  try {
    url = new URL(uri);
  } catch {
    return refused('is no address.');
  }
  if (url.protocol !== 'file:') return refused('is not on this machine: only file: addresses are.');
  if (url.hostname !== '' && url.hostname !== 'localhost') return refused('is on another machine, which is not opened.');
  let folder: string;
  try {
    url.hostname = '';
    folder = resolve(fileURLToPath(url, { windows }));
  } catch {
    return refused('does not name a folder.');
  }
  if (folder.includes('\0')) return refused('holds a NUL character.');
  // Too much for a client to hand out by itself: a user who wants that says --root /.
  if (parse(folder).root === folder) return refused('is a whole disk; if that is meant, name it with --root.');
  return { ok: true, folder };
}
