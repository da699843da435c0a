/** The logins of one client at one server over one protocol, as they are counted while a capture is read. */
import type { OddAnswer } from './formAnswers.ts';
import type { SuccessOptions } from './guessing.ts';
import { Evidence, type Ends } from './watched.ts';

export const MOST_USERS = 100,
  MOST_TIMES = 1000,
  MOST_SECRETS = 12;
const MOST_SUCCESSES = 20;

/** When a login failed, in seconds, and the frame that says so. */
export interface Failure {
  readonly seconds: number | null;
  readonly frame: number;
}

export interface Success {
  readonly user: string | null;
  readonly failedBefore: number;
  readonly sessionsBefore: number;
  /** Those that were under way when it was let in, and failed. */
  readonly meanwhile: number;
  readonly threshold: number;
  readonly unit: 'logins' | 'sessions';
}

export interface LoginPair {
  readonly protocol: string;
  readonly ends: Ends;
  /** Told by the size of sessions, not by an answer. */
  readonly bySize: boolean;
  /** Told by different passwords: in posted forms, for pages say in words of their own whether one fits, or where the capture holds the client's side alone. */
  readonly byForms?: true;
  /** One password of many users, as JSON that nobody refused: devices of one kind and tests of load log in so, too. */
  readonly mayBeDevices?: boolean;
  /** Of guesses in forms: all answers are alike but this one. */
  readonly odd?: OddAnswer;
  readonly evidence: Evidence;
  readonly users: Set<string>;
  /** Seconds of the failures, the first of them. */
  readonly times: number[];
  /** Seconds of the sessions in which something failed, where a session has several attempts: the first of them. */
  readonly sessionTimes: number[];
  sessions: number;
  /** Tags of the first different users and secrets that failed; null where one cannot be told from another. */
  secrets: Set<string> | null;
  /** The same number of attempts in every session, each of which may have been a key instead of a password: those a client has are always the same. */
  mayBeKeys: boolean;
  failed: number;
  accepted: number;
  /** Failures before the first login that worked. */
  failedBeforeFirst: number;
  /** The last failures that have a time, as many as make a brute force. */
  readonly recent: Failure[];
  /** Logins that worked right behind so many failures, and which threshold these crossed. */
  readonly successes: Success[];
  readonly successEvidence: Evidence;
}

export const newPair = (protocol: string, ends: Ends, bySize: boolean): LoginPair => ({
  protocol,
  ends,
  bySize,
  evidence: new Evidence(),
  users: new Set(),
  times: [],
  sessionTimes: [],
  sessions: 0,
  secrets: new Set(),
  mayBeKeys: false,
  failed: 0,
  accepted: 0,
  failedBeforeFirst: 0,
  recent: [],
  successes: [],
  successEvidence: new Evidence(),
});

/** Counts a login that failed; the last `threshold` of them are kept, to be told from older ones. */
export function countFailed(pair: LoginPair, failure: Failure, threshold: number): void {
  const { seconds } = failure;
  pair.failed++;
  if (seconds === null) return;
  if (pair.times.length < MOST_TIMES) pair.times.push(seconds);
  pair.recent.push(failure);
  if (pair.recent.length > threshold) pair.recent.shift();
}

/** Attempts that fail in sessions which are under way when another is let in: their frames, and how many sessions fail for the first time in them. */
export interface UnderWay {
  readonly frames: readonly number[];
  readonly sessions: number;
}

/** What is known of a login that worked. */
export interface Accepted {
  readonly user: string | null;
  /** Adds what shows it to the proof. */
  readonly prove: () => void;
  /** Of protocols whose sessions have several attempts: how many that failed suffice. */
  readonly sessions?: number | undefined;
  readonly underWay?: UnderWay | undefined;
}

const NONE: UnderWay = { frames: [], sessions: 0 };

/**
 * Counts a login that worked, and notes it when it came behind enough failures, or among them, where a tool guesses in several sessions at once: the last of these
 * belong to the proof of the first that did.
 */
export function countAccepted(
  pair: LoginPair,
  seconds: number | null,
  noting: SuccessOptions | null,
  threshold: number,
  { user, prove, sessions, underWay = NONE }: Accepted,
): void {
  const failed = pair.failed + underWay.frames.length;
  if (noting !== null && seconds !== null && mostlyFails(noting, { failed, accepted: pair.accepted }) && pair.successes.length < MOST_SUCCESSES) {
    const isWithin = (first: number | null | undefined): boolean => typeof first === 'number' && seconds - first <= noting.windowMinutes * 60,
      areWithin = (least: number, meanwhile: number, times: readonly (number | null)[]): boolean =>
        least <= meanwhile || isWithin(times.at(meanwhile - least)),
      times = pair.recent.map((failure) => failure.seconds),
      inTime = (more: UnderWay) =>
        areWithin(threshold, more.frames.length, times)
          ? ({ threshold, unit: 'logins' } as const)
          : sessions !== undefined && areWithin(sessions, more.sessions, pair.sessionTimes)
            ? ({ threshold: sessions, unit: 'sessions' } as const)
            : null,
      behind = inTime(NONE),
      // Many attempts, or some sessions: who is slow and stubborn has many, but only the sessions are close enough together.
      crossed = behind ?? inTime(underWay),
      among = behind === null ? underWay : NONE;
    if (crossed !== null) {
      if (pair.successes.length === 0) pair.successEvidence.addFrames([...pair.recent.map(({ frame }) => frame), ...among.frames]);
      pair.successes.push({
        user,
        failedBefore: pair.failed,
        sessionsBefore: pair.sessions + among.sessions,
        meanwhile: among.frames.length,
        ...crossed,
      });
      prove();
    }
  }
  if (pair.accepted === 0) pair.failedBeforeFirst = pair.failed;
  pair.accepted++;
}

/** Whether so few logins worked that it is no program that logs in often. */
export function mostlyFails({ failedSharePercent }: SuccessOptions, { failed, accepted }: Pick<LoginPair, 'failed' | 'accepted'>): boolean {
  return (100 * failed) / Math.max(1, failed + accepted) >= failedSharePercent;
}
