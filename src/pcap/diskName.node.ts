/**
 * Names of files that are no UTF-8, as Linux allows: they are shown with a replacement character for each byte that is wrong, and found again by what is shown. Of two
 * that are shown alike the first in the order of their bytes is meant.
 */
import fs from 'node:fs';
import path from 'node:path';

const REPLACEMENT = '\ufffd';

/** What the file system calls the file that is shown as `location`: what was given but for those names. */
export function onDisk(location: string): string | Buffer {
  return location.includes(REPLACEMENT) ? (found(location) ?? location) : location;
}

/** As it is shown, whether or not it is UTF-8. */
export const shownName = (name: Buffer): string => name.toString('utf8');

function found(location: string): Buffer | null {
  const folder = path.dirname(location),
    name = path.basename(location),
    above = folder.includes(REPLACEMENT) ? found(folder) : Buffer.from(folder);
  if (above === null) return null;
  const inFolder = (raw: Buffer): Buffer => Buffer.concat([above, Buffer.from(path.sep), raw]);
  const same = namesIn(above)
    .filter((raw) => shownName(raw) === name)
    .sort((a, b) => Buffer.compare(a, b));
  // One that really has this character in its name is meant as it stands.
  const raw = same.find((one) => one.equals(Buffer.from(name))) ?? same[0];
  return raw === undefined ? null : inFolder(raw);
}

function namesIn(folder: Buffer): readonly Buffer[] {
  try {
    return fs.readdirSync(folder, { encoding: 'buffer' });
  } catch {
    return [];
  }
}
