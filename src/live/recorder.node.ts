/** `netsec capture` as a process beside the extension host. What it says arrives as a status about once a second. */
import { startCli } from './cliProcess.node.ts';
import type { RecordingStatus } from './record.node.ts';

export interface RecordingRequest {
  readonly interface: string;
  /** Empty for everything. */
  readonly filter: string;
  /** The first that is reached; none: until it is stopped. */
  readonly stopAfter: readonly StopAfter[];
  readonly folder: string;
  readonly format?: 'pcap' | 'pcapng';
  /** As `netsec capture --ring` reads it, `10:20M`; empty for one file. */
  readonly ring?: string;
  /** As `--keep-free` reads it, `500M`. */
  readonly keepFree?: string;
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

/** `cli` is the path of dist/cli.mjs. */
export function startRecorder(cli: string, request: RecordingRequest, onStatus: (status: RecordingStatus) => void): Recorder {
  let last: RecordingStatus | null = null;
  const { stop, done } = startCli(cli, ['capture', ...captureArguments(request)], (value) => {
    last = value as RecordingStatus;
    onStatus(last);
  });
  return {
    stop,
    done: done.then(({ words, couldStart }) => ({
      status: last,
      problem: couldStart ? problemOf(last, words) : `The recorder could not be started: ${words}.`,
    })),
  };
}

function captureArguments({ interface: name, filter, stopAfter, folder, format, ring = '', keepFree = '' }: RecordingRequest): string[] {
  // Joined by "=", so that no name and no filter can be taken for an option.
  return [
    ...(name === '' ? [] : [`--interface=${name}`]),
    `--output=${folder}/`,
    ...(filter.trim() === '' ? [] : [`--filter=${filter}`]),
    ...stopAfter.map(({ kind, limit }) => `--${kind}=${limit}`),
    ...(format === 'pcapng' ? ['--pcapng'] : []),
    ...(ring === '' ? [] : [`--ring=${ring}`]),
    ...(keepFree === '' ? [] : [`--keep-free=${keepFree}`]),
  ];
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
