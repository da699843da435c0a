/** Puts a question to the user between a tool and a recorder: what would be done is found out first, and nothing begins or ends without a yes. */
import { ToolFailure } from '../analysis/tool.ts';
import { startQuestion, STOP_QUESTION, type RecordingState, type RecordingWish, type ToolRecorder } from '../analysis/toolRecorder.ts';
import { withoutPlaces } from './recordingStates.ts';

export interface PreparedRecording {
  /** With the interface by its name. */
  readonly wish: RecordingWish;
  readonly folder: string;
}

/** Records without asking; all of it may throw a sentence. */
export interface PlainRecorder {
  /** What the wish comes to on this machine, or why it comes to nothing. */
  prepare(wish: RecordingWish): Promise<PreparedRecording>;
  begin(prepared: PreparedRecording): Promise<RecordingState>;
  /** Of what began here; what somebody else records is theirs to end. */
  readonly isRecording: boolean;
  end(): Promise<RecordingState>;
  status(): RecordingState | null;
}

/** True only for a yes. `action` is what the button or the box that says yes is called. */
export type Ask = (question: string, action: string) => Promise<boolean>;

export function askingRecorder(recorder: PlainRecorder, ask: Ask): ToolRecorder {
  return {
    async start(wish, signal) {
      if (recorder.isRecording) throw new ToolFailure(alreadyRecording(recorder));
      const prepared = await orTell('', () => recorder.prepare(wish));
      if (!(await ask(startQuestion(prepared.wish, prepared.folder), 'Record'))) return null;
      signal?.throwIfAborted();
      // The question may have been open for long.
      if (recorder.isRecording) throw new ToolFailure(alreadyRecording(recorder));
      return orTell(prepared.folder, async () => {
        const state = await recorder.begin(prepared);
        if (state.state === 'stopped' && state.problem !== null && state.packets === 0) throw new Error(state.problem);
        return state;
      });
    },
    async stop(signal) {
      if (!recorder.isRecording)
        throw new ToolFailure('Nothing is being recorded from here. What was started elsewhere is ended where it was started: tell the user.');
      if (!(await ask(STOP_QUESTION, 'Stop'))) return null;
      signal?.throwIfAborted();
      // It may have come to its end meanwhile.
      return recorder.isRecording ? recorder.end() : recorder.status();
    },
    status: () => recorder.status(),
  };
}

function alreadyRecording(recorder: PlainRecorder): string {
  return `A capture is being recorded already (${recorder.status()?.source ?? ''}): one at a time. capture_status tells how it goes, stop_capture ends it.`;
}

async function orTell<T>(folder: string, work: () => Promise<T>): Promise<T> {
  try {
    return await work();
  } catch (error) {
    const why = error instanceof Error ? error.message : String(error);
    throw new ToolFailure(`Nothing was recorded: tell the user. ${withoutPlaces(why, folder)}`);
  }
}
