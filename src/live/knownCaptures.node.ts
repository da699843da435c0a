/** What was analysed before, by the content of the files: kept on disk, so that nothing known is read again after a restart. */
import { createHash } from 'node:crypto';
import { createReadStream } from 'node:fs';
import { readFile, rename, writeFile } from 'node:fs/promises';
import * as z from 'zod';

const entry = z.object({
  bytes: z.number(),
  modifiedMs: z.number(),
  sha256: z.string().regex(/^[0-9a-f]{64}$/),
  packets: z.number(),
  findings: z.number(),
});
export type KnownCapture = z.output<typeof entry>;
const index = z.object({ version: z.string(), files: z.record(z.string(), entry) });

const MOST_FILES = 5000;

export class KnownCaptures {
  readonly #file: string | null;
  readonly #version: string;
  readonly #byPath = new Map<string, KnownCapture>();

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

  /** The same file unchanged, or the same content under another name. */
  async find(path: string, bytes: number, modifiedMs: number): Promise<KnownCapture | null> {
    const same = this.#byPath.get(path);
    if (same !== undefined && same.bytes === bytes && same.modifiedMs === modifiedMs) return same;
    const alike = [...this.#byPath.values()].filter((each) => each.bytes === bytes);
    if (alike.length === 0) return null;
    const sha256 = await contentHash(path),
      found = alike.find((each) => each.sha256 === sha256);
    return found === undefined ? null : { ...found, modifiedMs };
  }

  async remember(path: string, capture: KnownCapture): Promise<void> {
    this.#byPath.delete(path);
    this.#byPath.set(path, capture);
    for (const oldest of this.#byPath.keys()) {
      if (this.#byPath.size <= MOST_FILES) break;
      this.#byPath.delete(oldest);
    }
    if (this.#file === null) return;
    // Whole or not at all: written beside and renamed.
    const beside = `${this.#file}.${process.pid}`;
    await writeFile(beside, JSON.stringify({ version: this.#version, files: Object.fromEntries(this.#byPath) }), { mode: 0o600 });
    await rename(beside, this.#file);
  }
}

export async function contentHash(path: string): Promise<string> {
  const hash = createHash('sha256');
  for await (const chunk of createReadStream(path)) hash.update(chunk as Uint8Array);
  return hash.digest('hex');
}
