/** What was analysed before, by the content of the files: kept on disk, so that nothing known is read again after a restart. */
import { mkdir, readFile, rename, writeFile } from 'node:fs/promises';
import { dirname } from 'node:path';
import * as z from 'zod';
import { hashFile } from '../analysis/hashFile.node.ts';
import { seenFinding } from './seenFinding.ts';

/** Of each file; the worst come first. */
export const MOST_FINDINGS_KEPT = 50;

const entry = z.object({
  bytes: z.number(),
  modifiedMs: z.number(),
  sha256: z.string().regex(/^[0-9a-f]{64}$/),
  packets: z.number(),
  findings: z.array(seenFinding).max(MOST_FINDINGS_KEPT),
  findingsTotal: z.number(),
});
export type KnownCapture = z.output<typeof entry>;
const index = z.object({ version: z.string(), files: z.record(z.string(), entry) });

const MOST_FILES = 5000;

export class KnownCaptures {
  readonly #file: string | null;
  readonly #version: string;
  readonly #byPath = new Map<string, KnownCapture>();
  #isChanged = false;

  private constructor(file: string | null, version: string) {
    this.#file = file;
    this.#version = version;
  }

  /** A file that is missing, damaged or of another version (whose checks differ) is an empty index. */
  static async open(file: string | null, version: string): Promise<KnownCaptures> {
    const known = new KnownCaptures(file, version);
    if (file === null) return known;
    try {
      const read = index.parse(JSON.parse(await readFile(file, 'utf8')));
      if (read.version === version) for (const [path, each] of Object.entries(read.files)) known.#byPath.set(path, each);
    } catch {
      // Everything is read once more.
    }
    return known;
  }

  /** The same file unchanged, which is not opened for that, or the same content under another name or with another time. */
  async find(path: string, bytes: number, modifiedMs: number, signal: AbortSignal): Promise<KnownCapture | null> {
    const same = this.#byPath.get(path);
    if (same !== undefined && same.bytes === bytes && same.modifiedMs === modifiedMs) return same;
    const alike = [...this.#byPath.values()].filter((each) => each.bytes === bytes);
    if (alike.length === 0) return null;
    const sha256 = await hashFile(path, signal, bytes),
      found = alike.find((each) => each.sha256 === sha256);
    if (found === undefined) return null;
    const here = { ...found, modifiedMs };
    this.remember(path, here);
    return here;
  }

  remember(path: string, capture: KnownCapture): void {
    this.#isChanged = true;
    this.#byPath.delete(path);
    this.#byPath.set(path, capture);
    for (const oldest of this.#byPath.keys()) {
      if (this.#byPath.size <= MOST_FILES) break;
      this.#byPath.delete(oldest);
    }
  }

  /** Writes the index when it has changed: whole or not at all, beside and renamed. Throws when it cannot be written. */
  async save(): Promise<void> {
    if (this.#file === null || !this.#isChanged) return;
    this.#isChanged = false;
    const beside = `${this.#file}.${process.pid}`;
    await mkdir(dirname(this.#file), { recursive: true });
    await writeFile(beside, JSON.stringify({ version: this.#version, files: Object.fromEntries(this.#byPath) }), { mode: 0o600 });
    await rename(beside, this.#file);
  }
}
