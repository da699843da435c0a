/**
 * `netsec textconv`: what git calls to show a capture as text, one fact a line. The same bytes always give the same text: nothing of the run, of where the file lies (git
 * gives it a place of its own) or of what lies beside it, and no frame numbers, which one more packet would change. It never fails, for then git shows nothing at all.
 */
import fs from 'node:fs/promises';
import path from 'node:path';
import { openCaptureFile } from '../../analysis/captureFile.node.ts';
import { captureFacts, readSide, type ComparedSide } from '../../analysis/comparison.ts';
import { factLines } from '../../analysis/exports/comparisonText.ts';
import { CaptureSession } from '../../analysis/session.ts';
import { VERSION } from '../../analysis/version.ts';
import { EXIT, UsageError, type Command } from '../command.ts';

/** It is read into memory, as git does. */
const LARGEST_BYTES = 512 << 20;

export const textconv: Command = {
  name: 'textconv',
  summary: 'a capture as lines of facts, for git diff',
  usage: '<file>',
  options: {},
  examples: ['git config diff.netsec.textconv "netsec textconv"'],
  async run(args, terminal) {
    const [file, ...more] = args.positionals;
    if (file === undefined || more.length > 0) throw new UsageError('Which capture? Git names one file.');
    try {
      const side = await readContent(file, terminal.signal);
      await terminal.out(
        'message' in side
          ? `${side.message}\n`
          : factLines(captureFacts(side))
              .map((line) => `${line}\n`)
              .join(''),
      );
      return EXIT.DONE;
    } catch (error) {
      if (!terminal.signal.aborted) throw error;
      return EXIT.INTERRUPTED;
    }
  },
};

/** By its bytes alone: key logs and lists lie beside the file of the working tree only, and would be a difference. */
async function readContent(file: string, signal: AbortSignal): Promise<ComparedSide | { readonly message: string }> {
  const name = path.basename(file);
  let bytes: Uint8Array;
  try {
    if ((await fs.stat(file)).size > LARGEST_BYTES) return { message: 'This capture is larger than 512 MB: compare it with netsec compare.' };
    bytes = await fs.readFile(file, { signal });
  } catch (error) {
    return { message: `This file cannot be read: ${error instanceof Error && 'code' in error ? String(error.code) : String(error)}.` };
  }
  const opened = await openCaptureFile({ kind: 'bytes', name, bytes }, { signal });
  if (!opened.ok) return { message: opened.message };
  const { capture } = opened;
  try {
    const session = new CaptureSession(capture.source, capture.format, capture.file, { version: VERSION, emit: () => undefined });
    await session.read(signal);
    return await readSide(
      name,
      '',
      (method, params) => Promise.resolve((session.handlers[method] as (params: unknown, signal: AbortSignal) => never)(params, signal)),
      signal,
    );
  } finally {
    await capture.close();
  }
}
