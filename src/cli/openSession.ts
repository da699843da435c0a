/** Opens one capture as a session in this thread, for commands that look at packets: read once, then asked. */
import { openCaptureFile, type OpenedCapture } from '../analysis/captureFile.node.ts';
import type { IntelEntry } from '../analysis/intelEntries.ts';
import { readKeyFolder } from '../analysis/keyFolder.node.ts';
import { CaptureSession } from '../analysis/session.ts';
import { VERSION } from '../analysis/version.ts';
import { createProgressBar, type ProgressBar } from './progressBar.ts';
import { sayKeys } from './sayKeys.ts';
import type { Terminal } from './terminal.ts';
import { EXIT, type ExitCode } from './command.ts';

export interface SessionWish {
  /** Findings are asked for. */
  readonly judges?: boolean;
  readonly intel?: readonly IntelEntry[];
}

/** Calls `use` with a session that has read all it could, and cleans up behind it. What could not be read is said on stderr. */
export function withSession(
  path: string,
  keyLog: string | undefined,
  terminal: Terminal,
  use: (session: CaptureSession) => Promise<ExitCode>,
  { judges = false, intel = [] }: SessionWish = {},
): Promise<ExitCode> {
  const { signal } = terminal;
  return withCapture(path, keyLog, terminal, async (capture, progress) => {
    const session = new CaptureSession(capture.source, capture.format, capture.file, {
      version: VERSION,
      intel,
      judges,
      emit: (event) => {
        if (event.kind === 'progress')
          progress.update(event.progress.phase === 'filtering' ? 'Filtering' : 'Reading', event.progress.bytesDone, event.progress.bytesTotal);
      },
    });
    // What a command asks for may take as long as reading.
    signal.addEventListener('abort', () => session.stop());
    await session.read(signal);
    const code = await use(session);
    const { truncated } = (await session.handlers.report({ selection: { filter: '', timeRange: null }, limit: 0 }, signal)).capture;
    return { code, truncated };
  });
}

/** Calls `use` with an open capture, closes it, and says on stderr where it ended early. */
export async function withCapture(
  path: string,
  keyLog: string | undefined,
  terminal: Terminal,
  use: (
    capture: OpenedCapture,
    progress: ProgressBar,
  ) => Promise<{ readonly code: ExitCode; readonly truncated: { readonly message: string } | null }>,
): Promise<ExitCode> {
  if (!sayKeys(readKeyFolder(path, keyLog), keyLog, terminal)) return EXIT.UNREADABLE;
  const { signal } = terminal,
    progress = createProgressBar(terminal, path);
  try {
    const opened = await openCaptureFile(
      { kind: 'path', path },
      { signal, keyLog, onInflate: (done, total) => progress.update('Inflating', done, total) },
    );
    if (!opened.ok) {
      terminal.say(opened.message);
      return EXIT.UNREADABLE;
    }
    const { capture } = opened;
    try {
      const { code, truncated } = await use(capture, progress);
      progress.end();
      if (truncated === null) return code;
      terminal.say(truncated.message);
      return code === EXIT.DONE ? EXIT.DAMAGED : code;
    } finally {
      await capture.close();
    }
  } catch (error) {
    if (!signal.aborted) throw error;
    progress.end();
    terminal.say('Interrupted.');
    return EXIT.INTERRUPTED;
  } finally {
    progress.end();
  }
}
