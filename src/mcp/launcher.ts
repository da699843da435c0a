/**
 * The program that other clients start: it stays where it is when the extension is updated, and starts the server of whichever version is installed then. It is a
 * file of its own outside of the extension, so it has no imports of ours.
 */

export const LAUNCHER_NAME = 'netsec-mcp.mjs';

/** `serverFile` is the server of today; `installed` the beginning of the names of the folders that the next versions will have beside it. */
export function launcherSource(serverFile: string, installed: string): string {
  return `// Written by the Netsec extension: starts its MCP server, also after an update.
import fs from 'node:fs';
import path from 'node:path';
import { pathToFileURL } from 'node:url';

const known = ${JSON.stringify(serverFile)},
  folder = path.resolve(path.dirname(known), '../..'),
  installed = ${JSON.stringify(installed)};
const writtenMs = (file) => fs.statSync(file, { throwIfNoEntry: false })?.mtimeMs;
const others = (fs.existsSync(folder) ? fs.readdirSync(folder) : [])
  .filter((name) => name.toLowerCase().startsWith(installed))
  .map((name) => path.join(folder, name, 'dist/mcp.mjs'))
  .filter((file) => writtenMs(file) !== undefined)
  .sort((a, b) => writtenMs(b) - writtenMs(a));
const server = fs.existsSync(known) ? known : others[0];
if (server === undefined) {
  process.stderr.write('netsec: the Netsec extension is no longer where it was. Install it again, then use "Netsec: Copy MCP Configuration".\\n');
  process.exit(2);
}
await import(pathToFileURL(server).href);
`;
}
