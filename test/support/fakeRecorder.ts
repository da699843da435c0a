/** A recorder that records nothing, and notes what it was told to do. */
import type { RecordingState } from '../../src/analysis/toolRecorder.ts';
import type { PlainRecorder, PreparedRecording } from '../../src/live/askingRecorder.ts';
import { NOTHING_YET } from '../../src/live/recordingStates.ts';

export class FakeRecorder implements PlainRecorder {
  isRecording = false;
  /** What is wrong with this machine. */
  problem: string | null = null;
  readonly begun: PreparedRecording[] = [];
  ended = 0;
  #state: RecordingState | null = null;

  prepare(wish: PreparedRecording['wish']): Promise<PreparedRecording> {
    if (this.problem !== null) return Promise.reject(new Error(this.problem));
    return Promise.resolve({ wish: { ...wish, interface: wish.interface === '' ? 'eth0' : wish.interface }, folder: '/home/ann/captures' });
  }
  begin(prepared: PreparedRecording): Promise<RecordingState> {
    this.begun.push(prepared);
    this.isRecording = true;
    this.#state = { ...NOTHING_YET, source: `dumpcap on ${prepared.wish.interface}`, capture: 'capture_20260102_030405.pcap' };
    return Promise.resolve(this.#state);
  }
  end(): Promise<RecordingState> {
    this.ended++;
    this.isRecording = false;
    this.#state = { ...(this.#state ?? NOTHING_YET), state: 'stopped', packets: 12 };
    return Promise.resolve(this.#state);
  }
  status(): RecordingState | null {
    return this.#state;
  }
  dispose(): void {
    if (this.isRecording) void this.end();
  }
}
