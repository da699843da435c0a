/** Where the command line writes, and what can be shown there. */
import type { Writable } from 'node:stream';
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
  /** Resolves when the other side took the text; throws OutputClosed when it has gone. */
  out(text: string): Promise<void>;
  /** One line for a person, on stderr. Packet text and file names in it are made safe here. */
  say(message: string): void;
  /** As it is, to stderr: only for what we composed ourselves. */
  draw(text: string): void;
}

/** Whoever reads our output has closed it, as `| head` does: no error, only a reason to stop. */
export class OutputClosed extends Error {
  override readonly name = 'OutputClosed';
}

type Stream = Writable & { readonly isTTY?: boolean; readonly columns?: number };

export interface TerminalOptions {
  readonly stdout: Stream;
  readonly stderr: Stream;
  readonly env: Readonly<Record<string, string | undefined>>;
  readonly signal: AbortSignal;
}

export function createTerminal({ stdout, stderr, env, signal }: TerminalOptions): Terminal {
  const unicode = showsUnicode(env),
    watched = stderr.isTTY === true && env['TERM'] !== 'dumb';
  let closed = false;
  stdout.on('error', () => {
    closed = true;
  });
  // Nobody is left to tell.
  stderr.on('error', () => undefined);
  return {
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
          else reject((error as NodeJS.ErrnoException).code === 'EPIPE' ? new OutputClosed('the output was closed') : error);
        });
      }),
    say(message) {
      stderr.write(
        `${message
          .split('\n')
          .map((line) => safeText(line))
          .join('\n')}\n`,
      );
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
