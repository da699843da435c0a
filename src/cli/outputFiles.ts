/** What a command writes for somebody: never over a capture, into folders that can be made, and said in a sentence where it fails. */
import fs from 'node:fs/promises';
import path from 'node:path';
import { isCaptureName } from '../analysis/captureFiles.ts';
import { SNIFF_BYTES, sniffBytes } from '../pcap/openCapture.ts';
import { UsageError } from './command.ts';
import { onDisk } from '../pcap/diskName.node.ts';

/** Throws a UsageError where a file would take the place of a capture: evidence is not written over, whatever leads to it. `inputs` are captures under any name. */
export async function keepCaptures(output: string, inputs: readonly string[]): Promise<void> {
  const there = await fs.stat(output).catch(() => null);
  if (there?.isFile() !== true || there.size === 0) return;
  const refuse = (): never => {
    throw new UsageError(`${output} is a capture, which is not written over. Name another file, or remove it first.`);
  };
  for (const input of inputs) {
    const one = await fs.stat(onDisk(input)).catch(() => null);
    if (one?.ino === there.ino && one.dev === there.dev) refuse();
  }
  if (isCaptureName(path.basename(output))) refuse();
  // What cannot be looked at is refused by whoever writes.
  const file = await fs.open(output, 'r').catch(() => null);
  if (file === null) return;
  try {
    const head = new Uint8Array(SNIFF_BYTES),
      { bytesRead } = await file.read(head, 0, SNIFF_BYTES, 0);
    if (sniffBytes(head.subarray(0, bytesRead)).kind === 'capture') refuse();
  } finally {
    await file.close();
  }
}

/** The folder and those above it, as `mkdir -p`: Node's own never ends where nothing can be made, as in /proc. */
export async function makeFolder(folder: string): Promise<void> {
  try {
    await fs.mkdir(folder);
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException,
      above = path.dirname(folder);
    if (code === 'EEXIST' && (await fs.stat(folder)).isDirectory()) return;
    if (code !== 'ENOENT' || above === folder || (await fs.stat(above).catch(() => null)) !== null) throw error;
    await makeFolder(above);
    await fs.mkdir(folder);
  }
}
