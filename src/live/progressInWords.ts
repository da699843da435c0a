/** How a recording goes, in one line for the status bar. */
import type { RecordingStatus } from './record.node.ts';

/** `1,204 packets, 310/s, 0 dropped, 0:42`; without drops where the program has not said any yet. */
export function progressInWords(
  { packets, packetsPerSecond, dropped, elapsedSeconds }: Pick<RecordingStatus, 'packets' | 'packetsPerSecond' | 'dropped' | 'elapsedSeconds'>,
  language: string,
): string {
  const count = (value: number): string => value.toLocaleString(language);
  return [
    `${count(packets)} ${packets === 1 ? 'packet' : 'packets'}`,
    `${count(packetsPerSecond)}/s`,
    ...(dropped === null ? [] : [`${count(dropped)} dropped`]),
    timeTaken(elapsedSeconds),
  ].join(', ');
}

/** `0:05`, `12:30`, `1:02:03`. */
export function timeTaken(seconds: number): string {
  const whole = Math.floor(seconds),
    two = (value: number): string => String(value).padStart(2, '0'),
    hours = Math.floor(whole / 3600),
    minutes = Math.floor(whole / 60) % 60;
  return hours > 0 ? `${hours}:${two(minutes)}:${two(whole % 60)}` : `${minutes}:${two(whole % 60)}`;
}
