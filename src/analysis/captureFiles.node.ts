/** The captures of a folder, read with Node. */
import fs from 'node:fs/promises';
import path from 'node:path';
import { isCaptureName, newestFirst, type CaptureFile } from './captureFiles.ts';
import { onDisk, shownName } from '../pcap/diskName.node.ts';

export type CaptureListing = { readonly ok: true; readonly files: readonly CaptureFile[] } | { readonly ok: false; readonly message: string };

/** The captures directly in `folder`, newest first. A folder that cannot be read gives a sentence that says why. */
export async function listCaptureFiles(folder: string): Promise<CaptureListing> {
  let names: string[];
  try {
    names = [...new Set((await fs.readdir(onDisk(folder), { encoding: 'buffer' })).map(shownName))];
  } catch (error) {
    return { ok: false, message: cannotRead(folder, error) };
  }
  const found = await Promise.all(names.filter(isCaptureName).map((name) => captureFile(path.join(folder, name))));
  return { ok: true, files: newestFirst(found.filter((file) => file !== null)) };
}

/** A file that went away since it was listed, or a folder of that name, is no capture. */
async function captureFile(location: string): Promise<CaptureFile | null> {
  try {
    const stat = await fs.stat(onDisk(location));
    return stat.isFile() ? { location, name: path.basename(location), bytes: stat.size, modifiedMs: stat.mtimeMs } : null;
  } catch {
    return null;
  }
}

function cannotRead(folder: string, error: unknown): string {
  const code = (error as NodeJS.ErrnoException).code;
  if (code === 'ENOENT') return `There is no folder ${folder}.`;
  if (code === 'ENOTDIR') return `${folder} is not a folder.`;
  if (code === 'EACCES' || code === 'EPERM') return `The folder ${folder} may not be read by you.`;
  return `The folder ${folder} cannot be read: ${error instanceof Error ? error.message : String(error)}`;
}
