/** Which captures a command line means: file names, `latest` and `all`. */
import fs from 'node:fs';
import path from 'node:path';
import { listCaptureFiles } from '../analysis/captureFiles.node.ts';
import { isPipe, spooled } from './spool.ts';

/** `--folder`, else `captures` where there is one, else the current folder. */
export function capturesFolder(asked: string | undefined): string {
  if (asked !== undefined) return asked;
  return fs.statSync('captures', { throwIfNoEntry: false })?.isDirectory() === true ? 'captures' : '.';
}

export type Inputs = { readonly ok: true; readonly paths: readonly string[] } | { readonly ok: false; readonly message: string };

/** In the order given, `all` newest first; what comes through a pipe is taken first. A file that is really called `latest` or `-` is written `./latest`, `./-`. */
export async function findInputs(words: readonly string[], folder: string, signal: AbortSignal): Promise<Inputs> {
  const paths: string[] = [];
  for (const word of words) {
    if (isPipe(word)) {
      try {
        paths.push(await spooled(word, signal));
      } catch (error) {
        if (signal.aborted) return { ok: false, message: 'Interrupted while the capture was still coming.' };
        return { ok: false, message: `What comes through ${word} could not be taken: ${error instanceof Error ? error.message : String(error)}.` };
      }
      continue;
    }
    if (word !== 'latest' && word !== 'all') {
      paths.push(word);
      continue;
    }
    const listing = await listCaptureFiles(folder);
    if (!listing.ok) return listing;
    if (listing.files.length === 0)
      return { ok: false, message: `There are no captures in ${folder === '.' ? 'this folder' : folder}. Name another folder with --folder.` };
    const files = word === 'latest' ? listing.files.slice(0, 1) : listing.files;
    paths.push(...files.map(({ location }) => location));
  }
  // The same file may be named twice, and lie in the folder as well.
  return { ok: true, paths: [...new Map(paths.map((one) => [path.resolve(one), one])).values()] };
}
