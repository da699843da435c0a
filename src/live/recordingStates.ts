/** From what `netsec capture` says to what tools are told, and from what tools wish to what it is asked. */
import { locationName } from '../analysis/engineApi.ts';
import type { RecordingState, RecordingWish } from '../analysis/toolRecorder.ts';
import type { RecordingStatus } from './record.node.ts';
import type { RecorderEnd, RecordingRequest } from './recorder.node.ts';

export const NOTHING_YET: RecordingState = {
  state: 'recording',
  source: '',
  capture: null,
  packets: 0,
  bytes: 0,
  packetsPerSecond: 0,
  dropped: null,
  elapsedSeconds: 0,
  problem: null,
};

export function requestOf({ interface: name, filter, seconds, packets }: RecordingWish, folder: string): RecordingRequest {
  return {
    interface: name,
    filter,
    folder,
    stopAfter: [{ kind: 'duration', limit: String(seconds) }, ...(packets === null ? [] : [{ kind: 'packets' as const, limit: String(packets) }])],
  };
}

export function stateOf(
  { state, source, file, packets, bytes, packetsPerSecond, dropped, elapsedSeconds, message }: RecordingStatus,
  folder: string,
): RecordingState {
  return {
    state,
    source,
    capture: file === null ? null : locationName({ kind: 'path', path: file }),
    packets,
    bytes,
    packetsPerSecond,
    dropped,
    elapsedSeconds,
    problem: message === null ? null : withoutPlaces(message, folder),
  };
}

export function endOf({ status, problem }: RecorderEnd, folder: string): RecordingState {
  return {
    ...(status === null ? NOTHING_YET : stateOf(status, folder)),
    state: 'stopped',
    problem: problem === null ? null : withoutPlaces(problem, folder),
  };
}

/** Tools hand it to a model, who has no business with where somebody's home is and what they are called; for a shell `$USER` is as good. */
export function withoutPlaces(text: string, folder: string): string {
  return (folder === '' ? text : text.replaceAll(folder, 'the captures folder')).replace(/(usermod -a -G wireshark )[\w.-]+/g, '$1$USER');
}
