/**
 * A command of our command line as a process beside the extension host: it works on when the editor is busy, and ends by itself when the pipe to its
 * standard input breaks, however the editor ended.
 */
import { spawn } from 'node:child_process';

export interface CliProcess {
  /** Asks it to end. */
  stop(): void;
  /** What it said on standard error, or why it could not be started. Never rejects. */
  readonly done: Promise<{ readonly words: string; readonly couldStart: boolean }>;
}

const MOST_WORDS = 8192;

/** `cli` is the path of dist/cli.mjs, which is called with `--json --until-stdin-closes`; each line of JSON it writes is told. Lines that are none are passed over. */
export function startCli(cli: string, [command, ...args]: readonly [string, ...string[]], onValue: (value: unknown) => void): CliProcess {
  // In a desktop VS Code our program is Electron, which has to be told that it is to be Node.
  const child = spawn(process.execPath, [cli, command, '--json', '--until-stdin-closes', ...args], {
    env: { ...process.env, ELECTRON_RUN_AS_NODE: '1' },
    stdio: ['pipe', 'pipe', 'pipe'],
    windowsHide: true,
  });
  let rest = '',
    words = '';
  child.stdout.setEncoding('utf8').on('data', (text: string) => {
    const lines = `${rest}${text}`.split('\n');
    rest = lines.pop() ?? '';
    for (const line of lines) {
      let value: unknown;
      try {
        value = JSON.parse(line);
      } catch {
        // One that was cut off.
        continue;
      }
      onValue(value);
    }
  });
  child.stderr.setEncoding('utf8').on('data', (text: string) => (words = `${words}${text}`.slice(-MOST_WORDS)));
  // Broken when it has ended by itself, which `close` tells.
  child.stdin.on('error', () => undefined);
  const done = new Promise<{ words: string; couldStart: boolean }>((resolve) => {
    child.once('error', (error) => resolve({ words: error.message, couldStart: false }));
    child.once('close', () => resolve({ words, couldStart: true }));
  });
  return { stop: () => child.stdin.end(), done };
}
