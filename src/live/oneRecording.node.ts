/** One recording at a time, as `netsec capture` beside this process: what a window's commands and a session's tools start, stop and ask about. */
import type { RecordingState } from '../analysis/toolRecorder.ts';
import { startRecorder, type Recorder, type RecorderEnd, type RecordingRequest } from './recorder.node.ts';
import { endOf, NOTHING_YET, stateOf } from './recordingStates.ts';
import type { RecordingStatus } from './record.node.ts';

export interface RecordingListener {
  readonly onStatus?: (status: RecordingStatus) => void;
  readonly onEnd?: (end: RecorderEnd) => void;
}

export class OneRecording {
  readonly #cli: string;
  #running: { readonly recorder: Recorder; readonly ended: Promise<void> } | null = null;
  #last: RecordingState | null = null;

  /** `cli` is the path of dist/cli.mjs. */
  constructor(cli: string) {
    this.#cli = cli;
  }

  get isRunning(): boolean {
    return this.#running !== null;
  }

  /** The one under way, else the last one; null when there was none. */
  get state(): RecordingState | null {
    return this.#last;
  }

  /** Resolves when it has begun, or has ended before it did. Throws when another one is under way. */
  async start(request: RecordingRequest, { onStatus, onEnd }: RecordingListener = {}): Promise<RecordingState> {
    if (this.#running !== null) throw new Error('A capture is being recorded already.');
    this.#last = NOTHING_YET;
    let begun = (): void => undefined;
    const hasBegun = new Promise<void>((resolve) => (begun = resolve));
    const recorder = startRecorder(this.#cli, request, (status) => {
      this.#last = stateOf(status, request.folder);
      onStatus?.(status);
      begun();
    });
    const ended = recorder.done.then((end) => {
      this.#running = null;
      this.#last = endOf(end, request.folder);
      onEnd?.(end);
    });
    this.#running = { recorder, ended };
    await Promise.race([hasBegun, ended]);
    return this.#last;
  }

  /** Resolves with its end, everything written. Throws when nothing is recorded. */
  async stop(): Promise<RecordingState> {
    if (this.#running === null) throw new Error('Nothing is being recorded.');
    const { recorder, ended } = this.#running;
    recorder.stop();
    await ended;
    return this.#last ?? NOTHING_YET;
  }

  /** Asks one that is under way to end; nobody has to wait for it. */
  dispose(): void {
    this.#running?.recorder.stop();
  }
}
