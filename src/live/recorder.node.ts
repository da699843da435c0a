/**
 * `netsec capture` as a process beside the extension host: it records on when the editor is busy, and ends by itself when the pipe to its
 * standard input breaks, however the editor ended. What it says arrives as a status about once a second.
 */
import { spawn } from 'node:child_process';
import type { RecordingStatus } from './record.node.ts';

export interface RecordingRequest {
  readonly interface: string;
  /** Empty for everything. */
  readonly filter: string;
  readonly stopAfter: StopAfter | null;
  readonly folder: string;
}

/** A limit as people write it and `netsec capture` reads it: `5m`, `20MB`, `1000`. */
export interface StopAfter {
  readonly kind: 'duration' | 'size' | 'packets';
  readonly limit: string;
}

export interface RecorderEnd {
  /** The last status, null when it never began. */
  readonly status: RecordingStatus | null;
  /** What went wrong and what to do about it, null when nothing did. */
  readonly problem: string | null;
}

export interface Recorder {
  /** Asks it to end; what was recorded is written first. */
  stop(): void;
  /** Never rejects. */
  readonly done: Promise<RecorderEnd>;
}

const MOST_WORDS = 8192;

/** `cli` is the path of dist/cli.mjs. */
export function startRecorder(cli: string, request: RecordingRequest, onStatus: (status: RecordingStatus) => void): Recorder {
  // In a desktop VS Code our program is Electron, which has to be told that it is to be Node.
  const child = spawn(process.execPath, [cli, ...captureArguments(request)], {
    env: { ...process.env, ELECTRON_RUN_AS_NODE: '1' },
    stdio: ['pipe', 'pipe', 'pipe'],
    windowsHide: true,
  });
  let last: RecordingStatus | null = null,
    rest = '',
    words = '';
  child.stdout.setEncoding('utf8').on('data', (text: string) => {
    const lines = `${rest}${text}`.split('\n');
    rest = lines.pop() ?? '';
    for (const line of lines) {
      const status = statusIn(line);
      if (status === null) continue;
      last = status;
      onStatus(status);
    }
  });
  child.stderr.setEncoding('utf8').on('data', (text: string) => (words = `${words}${text}`.slice(-MOST_WORDS)));
  // Broken when the recorder has ended by itself, which `close` tells.
  child.stdin.on('error', () => undefined);
  const done = new Promise<RecorderEnd>((resolve) => {
    child.once('error', (error) => resolve({ status: last, problem: `The recorder could not be started: ${error.message}.` }));
    child.once('close', () => resolve({ status: last, problem: problemOf(last, words) }));
  });
  return { stop: () => child.stdin.end(), done };
}

function captureArguments({ interface: name, filter, stopAfter, folder }: RecordingRequest): string[] {
  // Joined by "=", so that no name and no filter can be taken for an option.
  return [
    ...['capture', '--json', '--until-stdin-closes', `--interface=${name}`, `--output=${folder}/`],
    ...(filter.trim() === '' ? [] : [`--filter=${filter}`]),
    ...(stopAfter === null ? [] : [`--${stopAfter.kind}=${stopAfter.limit}`]),
  ];
}

/** Null for a line that is no status: one that was cut off. */
function statusIn(line: string): RecordingStatus | null {
  try {
    return JSON.parse(line) as RecordingStatus;
  } catch {
    return null;
  }
}

function problemOf(last: RecordingStatus | null, words: string): string | null {
  if (last?.state === 'stopped') return last.message;
  if (last !== null) return 'The recorder was ended from outside. What it had recorded is kept.';
  const said = words
    .split('\n')
    .map((line) => line.trim())
    .find((line) => line !== '' && !line.startsWith('Recording: '));
  return said ?? 'The recorder ended before it had begun.';
}
