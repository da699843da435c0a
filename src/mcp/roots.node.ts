/**
 * A store that gives out only captures which really lie under the roots: names are judged as they are written, files by where their links lead.
 * A file that is exchanged for a link between this and its opening is not noticed; whoever can do that can write into the root.
 */
import fs from 'node:fs/promises';
import path from 'node:path';
import type { CaptureFile } from '../analysis/captureFiles.ts';
import { placesText, resolveAmong, type CaptureStore, type Listed } from '../analysis/captureStore.ts';
import { onDisk } from '../pcap/diskName.node.ts';

/** Where there is none, nothing is opened. Asked each time: a client may change its mind. */
export type Roots = () => Promise<readonly string[]>;

const NO_ROOTS =
  'No folder may be opened: the server was started without --root DIR, and the client names no folders (MCP roots). Tell the user to add --root with the folder of the captures to the arguments of the server.';

export function insideRoots(store: CaptureStore, roots: Roots): CaptureStore {
  async function list(): Promise<Listed> {
    if ((await roots()).length === 0) return { ok: false, message: NO_ROOTS };
    const listed = await store.list();
    if (!listed.ok) return listed;
    return { ok: true, files: (await within(listed.files)).filter((file) => file !== null) };
  }

  async function resolve(which: string): Promise<Listed> {
    const where = placesText(await roots()),
      problem = pathProblem(which);
    if (where === '') return { ok: false, message: NO_ROOTS };
    if (problem !== null) return { ok: false, message: `${JSON.stringify(which.slice(0, 100))} ${problem} Only captures in ${where} are opened.` };
    if (!/[\\/]/.test(which)) {
      const listed = await list();
      if (!listed.ok) return listed;
      const named = resolveAmong(listed.files, which, where);
      if (named.ok) return named;
    }
    const found = await store.resolve(which);
    if (!found.ok) return found;
    const inside = (await within(found.files)).filter((file) => file !== null);
    if (inside.length === 0) return { ok: false, message: leadsOut(which, where) };
    return { ok: true, files: inside };
  }

  /** Each file by its real place; null for one that is elsewhere or gone. */
  async function within(files: readonly CaptureFile[]): Promise<(CaptureFile | null)[]> {
    // A folder that went away holds no captures.
    const real = (await Promise.all((await roots()).map(realPath))).filter((root) => root !== null);
    return Promise.all(
      files.map(async (file) => {
        const location = await realPath(file.location);
        return location !== null && real.some((root) => isBelow(location, root)) ? { ...file, location } : null;
      }),
    );
  }

  return {
    list,
    resolve,
    async open(file, signal) {
      // Links may have changed since the file was listed.
      const [inside] = await within([file]);
      return inside == null ? { ok: false, message: leadsOut(file.name, placesText(await roots())) } : store.open(inside, signal);
    },
  };
}

function leadsOut(name: string, where: string): string {
  return `${JSON.stringify(name.slice(0, 100))} is a link that leads out of ${where}; files elsewhere are not opened.`;
}

/** What is wrong with a name before any file is looked at, as the rest of a sentence; null when nothing is. */
export function pathProblem(which: string, platform: NodeJS.Platform = process.platform): string | null {
  const parts = which.split(/[\\/]/);
  if (which.includes('\0')) return 'holds a NUL character, which no file name does.';
  if (/^[\\/]{2}/.test(which)) return 'is a network or device path, which is not opened.';
  if (/^\/(?:dev|proc|sys)(?:\/|$)/.test(which)) return 'is a device of the system, not a file.';
  if (parts.includes('..')) return 'leads upwards with "..", which is not followed.';
  if (platform !== 'win32') return null;
  if (parts.some((part) => /^(?:con|prn|aux|nul|conin\$|conout\$|(?:com|lpt)[\d¹²³])(?:[ .:].*)?$/i.test(part)))
    return 'is the name of a device, not of a file.';
  // After the drive a colon begins the name of a stream; without a slash after it the drive is one of its current folder.
  return which.replace(/^[a-z]:[\\/]/i, '').includes(':') ? 'holds a colon, which no name of a capture does.' : null;
}

function isBelow(location: string, root: string): boolean {
  return location.startsWith(root.endsWith(path.sep) ? root : root + path.sep);
}

function realPath(location: string): Promise<string | null> {
  return fs.realpath(onDisk(location)).catch(() => null);
}
