/** Where the command line writes, and what can be shown there. */
import { createInterface } from 'node:readline/promises';
import type { Readable, Writable } from 'node:stream';
import { safeText } from '../analysis/exports/safeText.ts';
import type { TextStyle } from '../analysis/exports/textLayout.ts';

export interface Terminal {
  /** What stdout can show. */
  readonly style: TextStyle;
  /** Whether stdout is looked at by a person, line by line. */
  readonly interactive: boolean;
  /** What stderr can show, for progress; null where nobody watches. */
  readonly progress: { readonly columns: number; readonly unicode: boolean } | null;
  /** Aborted by Ctrl+C. */
  readonly signal: AbortSignal;
  /** Resolves when the other side took the text; throws OutputClosed when it has gone, OutputFailed when it cannot. */
  out(text: string): Promise<void>;
  /** One line for a person, on stderr. Packet text and file names in it are made safe here. */
  say(message: string): void;
  /** Whether the person says yes; absent where nobody can be asked. Packet text in it is made safe here. */
  readonly confirm?: (question: string) => Promise<boolean>;
  /** As it is, to stderr: only for what we composed ourselves. */
  draw(text: string): void;
}

/** Whoever reads our output has closed it, as `| head` does: no error, only a reason to stop. */
export class OutputClosed extends Error {
  override readonly name = 'OutputClosed';
}

/** What we write cannot be taken: a full disk behind `>`. */
export class OutputFailed extends Error {
  override readonly name = 'OutputFailed';
}

type Stream = Writable & { readonly isTTY?: boolean; readonly columns?: number };

export interface TerminalOptions {
  readonly stdout: Stream;
  readonly stderr: Stream;
  readonly env: Readonly<Record<string, string | undefined>>;
  readonly signal: AbortSignal;
  readonly stdin?: Readable & { readonly isTTY?: boolean };
}

export function createTerminal({ stdout, stderr, env, signal, stdin }: TerminalOptions): Terminal {
  const unicode = showsUnicode(env),
    watched = stderr.isTTY === true && env['TERM'] !== 'dumb';
  let closed = false;
  stdout.on('error', () => {
    closed = true;
  });
  // Nobody is left to tell.
  stderr.on('error', () => undefined);
  const safe = (message: string): string =>
    message
      .split('\n')
      .map((line) => safeText(line))
      .join('\n');
  return {
    ...(stdin?.isTTY === true && stderr.isTTY === true ? { confirm: (question: string) => confirmed(safe(question), stdin, stderr, signal) } : {}),
    style: {
      width: stdout.isTTY === true ? (stdout.columns ?? 80) : 80,
      color: showsColor(stdout, env),
      unicode: stdout.isTTY === true ? unicode : true,
    },
    interactive: stdout.isTTY === true,
    progress: watched ? { columns: stderr.columns ?? 80, unicode } : null,
    signal,
    out: (text) =>
      new Promise((resolve, reject) => {
        if (closed) return reject(new OutputClosed('the output was closed'));
        stdout.write(text, (error) => {
          if (error === null || error === undefined) resolve();
          else
            reject((error as NodeJS.ErrnoException).code === 'EPIPE' ? new OutputClosed('the output was closed') : new OutputFailed(error.message));
        });
      }),
    say(message) {
      stderr.write(`${safe(message)}\n`);
    },
    draw(text) {
      stderr.write(text);
    },
  };
}

/** https://no-color.org, and the FORCE_COLOR that many programs know. */
function showsColor(stream: Stream, env: TerminalOptions['env']): boolean {
  if ((env['NO_COLOR'] ?? '') !== '') return false;
  const forced = env['FORCE_COLOR'] ?? '';
  if (forced !== '') return forced !== '0' && forced !== 'false';
  return stream.isTTY === true && env['TERM'] !== 'dumb';
}

/** Only what says otherwise shows ASCII: containers often set no locale, and their terminals read UTF-8. */
function showsUnicode(env: TerminalOptions['env']): boolean {
  const locale = [env['LC_ALL'], env['LC_CTYPE'], env['LANG']].find((value) => value !== undefined && value !== '') ?? '';
  const [, encoding = ''] = locale.split('.');
  return env['TERM'] !== 'linux' && (/^utf-?8/i.test(encoding) || (encoding === '' && locale !== 'C' && locale !== 'POSIX'));
}

/** Only a clear yes is one; Ctrl+C and the end of the input are none. */
async function confirmed(question: string, input: Readable, output: Writable, signal: AbortSignal): Promise<boolean> {
  const lines = createInterface({ input, output });
  // The line editor takes the key for itself: it means the program, not only the question.
  lines.once('SIGINT', () => {
    lines.close();
    process.emit('SIGINT');
  });
  try {
    const closed = new Promise<string>((resolve) => lines.once('close', () => resolve('')));
    return /^y(?:es)?$/i.test((await Promise.race([lines.question(`${question} [y/N] `, { signal }), closed])).trim());
  } catch {
    return false;
  } finally {
    lines.close();
  }
}
