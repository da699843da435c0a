/** Recording as tools see it. Each shell brings its own, and asks the user before anything begins or ends. */
export interface RecordingWish {
  /** Empty for the one that is meant when none is named. */
  readonly interface: string;
  /** Capture filter; empty for everything. */
  readonly filter: string;
  readonly seconds: number;
  readonly packets: number | null;
}

export interface RecordingState {
  readonly state: 'recording' | 'stopped';
  /** What records, `dumpcap on eth0`. */
  readonly source: string;
  /** Name of the file being written, null before the first byte. */
  readonly capture: string | null;
  readonly packets: number;
  readonly bytes: number;
  readonly packetsPerSecond: number;
  /** Null where the program has not said yet. */
  readonly dropped: number | null;
  readonly elapsedSeconds: number;
  /** What went wrong, and what to do about it. */
  readonly problem: string | null;
}

export interface ToolRecorder {
  /** Null when the user does not want it. Throws one sentence when it cannot begin. */
  start(wish: RecordingWish, signal?: AbortSignal): Promise<RecordingState | null>;
  /** Null when the user does not want it. Throws when nothing is recorded. */
  stop(signal?: AbortSignal): Promise<RecordingState | null>;
  /** The recording under way, else the last one; null when there was none. */
  status(): RecordingState | null;
}

/** What the user is asked, with everything that a model chose in it. */
export function startQuestion({ interface: name, filter, seconds, packets }: RecordingWish, folder: string): string {
  return `Record network packets on ${name === '' ? 'the usual interface' : plain(name)} into ${plain(folder)}, for at most ${seconds} s${packets === null ? '' : ` or ${packets} packets`}, ${filter.trim() === '' ? 'all packets' : `only those of the filter "${plain(filter)}"`}? Packets hold what people on this network do.`;
}

export const STOP_QUESTION = 'Stop the recording that is under way?';

/** Nothing in it can be markup, a link or a second line. */
function plain(text: string): string {
  return text.replace(/[^\p{L}\p{N} ._:=&|!<>()/,\\{}+*?-]/gu, ' ').slice(0, 300);
}
