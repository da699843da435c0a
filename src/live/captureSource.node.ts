/** Where recorded bytes come from: a program on this machine, the same over SSH, or a pipe. */
import { spawn, type ChildProcessByStdio } from 'node:child_process';
import type { Readable, Writable } from 'node:stream';
import type { BackendCounts, CaptureRequest } from './backend.ts';
import { machineFacts, type FoundProgram } from './programs.node.ts';
import { isPermissionMessage, permissionRemedy } from './remedy.ts';
import { dumpcap } from './backends/dumpcap.ts';
import { tcpdump } from './backends/tcpdump.ts';

export interface CaptureSource {
  /** For people: `dumpcap on eth0`. */
  readonly title: string;
  readonly stream: Readable;
  /** Process that records, null for a pipe. */
  readonly pid: number | null;
  counts(): BackendCounts;
  /** Asks for fresh counts where the program can say them while it records. */
  askCounts(): void;
  /** Asks it to end; what it still holds comes before the stream ends. Ends it by force when it does not. */
  stop(): void;
  /** After the end: null when it ended as asked, else a sentence that says why it did not and what to do. */
  readonly ended: Promise<string | null>;
}

const STOP_TIMEOUT_MS = 4000;
const LAST_WORDS_MS = 1000;
const MOST_WORDS = 8192;

export function localSource({ backend, path }: FoundProgram, request: CaptureRequest): CaptureSource {
  return processSource(path, backend.captureArguments(request), {
    title: `${backend.program} on ${request.interface}`,
    parseCounts: backend.parseCounts,
    countsSignal: backend.countsSignal,
    remedy: () => permissionRemedy(backend.program, path, machineFacts()),
  });
}

/** `host` as ssh takes it. The remote side has a shell, so each word is quoted for it. */
export function sshSource(host: string, request: CaptureRequest): CaptureSource {
  const command = ['tcpdump', ...tcpdump.captureArguments(request)].map(shellQuoted).join(' ');
  return processSource('ssh', ['-T', '--', host, `exec sh -c ${shellQuoted(untilInputCloses(command))}`], {
    title: `tcpdump on ${request.interface} of ${host}`,
    parseCounts: tcpdump.parseCounts,
    // A signal would reach ssh, not tcpdump.
    countsSignal: null,
    stopsByInput: true,
    remedy: () => `On ${host}, give tcpdump the right to record: sudo setcap cap_net_raw,cap_net_admin=eip "$(command -v tcpdump)"`,
  });
}

/** A capture that somebody else records, `tcpdump -w - | netsec capture -`. */
export function pipeSource(stream: Readable): CaptureSource {
  let stopped = false;
  return {
    title: 'standard input',
    stream,
    pid: null,
    counts: () => ({ received: null, dropped: null }),
    askCounts: () => undefined,
    stop: () => {
      stopped = true;
      stream.destroy();
    },
    ended: new Promise((resolve) => {
      stream.once('close', () => resolve(null));
      stream.once('end', () => resolve(null));
      stream.once('error', (error) => resolve(stopped ? null : `Standard input could not be read: ${error.message}.`));
    }),
  };
}

/**
 * POSIX shell: runs the command until it ends or standard input does, as when ssh, or we, are gone: nothing is left behind on the other machine, and tcpdump
 * says its counts. What runs beside it must not hold the session's output open.
 */
function untilInputCloses(command: string): string {
  return `exec 3<&0; ${command} 3<&- & p=$!; { cat <&3; kill $p; } >/dev/null 2>&1 & c=$!; wait $p; s=$?; kill $c 2>/dev/null; exit $s`;
}

/** In single quotes, where a POSIX shell reads every character as it is. */
export function shellQuoted(word: string): string {
  return `'${word.replaceAll("'", `'\\''`)}'`;
}

interface ProcessWords {
  readonly title: string;
  readonly parseCounts: (line: string) => BackendCounts | null;
  readonly countsSignal: 'SIGUSR1' | null;
  /** It ends when its standard input is closed; a signal would not reach who has to end. */
  readonly stopsByInput?: boolean;
  readonly remedy: () => string;
}

function processSource(
  file: string,
  args: readonly string[],
  { title, parseCounts, countsSignal, stopsByInput = false, remedy }: ProcessWords,
): CaptureSource {
  // Its input is never written to; when we die, it is closed by that.
  const child = spawn(file, [...args], { stdio: [stopsByInput ? 'pipe' : 'ignore', 'pipe', 'pipe'], windowsHide: true }) as ChildProcessByStdio<
    Writable | null,
    Readable,
    Readable
  >;
  child.stdin?.on('error', () => undefined);
  let counts: BackendCounts = { received: null, dropped: null },
    words = '',
    line = '',
    stopping = false,
    heard = false;
  const take = (text: string): void => {
    const found = parseCounts(text);
    if (found === null) words = `${words}${text}\n`.slice(-MOST_WORDS);
    else counts = { received: found.received ?? counts.received, dropped: found.dropped ?? counts.dropped };
  };
  child.stderr.setEncoding('utf8').on('data', (text: string) => {
    const lines = `${line}${text}`.split(/[\r\n]+/);
    line = (lines.pop() ?? '').slice(-MOST_WORDS);
    lines.forEach(take);
  });
  child.stdout.once('data', () => {
    heard = true;
  });
  child.stdout.pause();
  const letGo = (): void => {
    child.stdout.destroy();
    child.stderr.destroy();
  };
  const ended = new Promise<string | null>((resolve) => {
    child.once('error', (error: NodeJS.ErrnoException) => {
      child.stdout.destroy();
      const reason = error.code === 'ENOENT' ? `${file} is not there` : error.message;
      resolve(`${title} could not be started: ${reason}.${isPermissionMessage(error.code ?? '') ? ` ${remedy()}` : ''}`);
    });
    child.once('close', (code, signal) => {
      if (line !== '') take(line);
      if (stopping || code === 0) resolve(null);
      else if (signal !== null) resolve(`${title} was ended from outside (${signal}). What it had handed over is kept.`);
      else if (isPermissionMessage(words)) resolve(`${title} is not permitted: this user has no right to record there. ${remedy()}`);
      else resolve(`${title} ${heard ? 'stopped by itself' : 'could not be started'}: ${inItsWords(words) || `exit code ${String(code)}`}.`);
    });
  });
  return {
    title,
    stream: child.stdout,
    pid: child.pid ?? null,
    counts: () => counts,
    askCounts: () => {
      if (countsSignal !== null && child.exitCode === null && heard) child.kill(countsSignal);
    },
    stop: () => {
      if (stopping) return;
      stopping = true;
      if (child.stdin === null) child.kill('SIGINT');
      else child.stdin.end();
      const killing = setTimeout(() => {
        child.kill('SIGKILL');
        // What it has started may still hold the other end of its pipes, with nothing more to say.
        setTimeout(letGo, LAST_WORDS_MS).unref();
      }, STOP_TIMEOUT_MS);
      child.once('close', () => clearTimeout(killing));
    },
    ended,
  };
}

/** The line in which the program says what is wrong. */
function inItsWords(words: string): string {
  const lines = words.split('\n').map((each) => each.trim());
  const telling =
    lines.find((each) => /^(?:dumpcap|tcpdump|tshark|ssh): /.test(each) && !/listening on|data link type/.test(each)) ??
    lines.find((each) => /error|no such|invalid|no longer|went down|disappeared/i.test(each)) ??
    lines.filter((each) => each !== '' && !/^(?:Capturing on|File:|Packets captured:|tcpdump: listening)/.test(each)).at(-1) ??
    '';
  return telling
    .replace(new RegExp(`^(?:${dumpcap.program}|${tcpdump.program}|tshark): `), '')
    .replace(/\.$/, '')
    .slice(0, 400);
}
