/** What is guessing of passwords, in numbers of failed logins and their times: the options of the detectors, and the judgement of one pair of client and server. */
import * as z from 'zod';
import { MOST_SECRETS, MOST_TIMES, mostlyFails, type LoginPair } from './loginPair.ts';

export const guessingOptions = z.object({
  failures: z.int().min(3).default(10).describe('Failed logins of one client at one server from which it is called brute force (logins)'),
  sshSessions: z.int().min(3).default(5).describe('SSH sessions of one client with one server in which no password fitted (sessions)'),
  sshBytes: z
    .int()
    .min(100)
    .default(600)
    .describe(
      'Encrypted bytes of an SSH server up to which a session ended with the password: the rejections of some attempts, less than what a shell begins with (bytes)',
    ),
  rdpBytes: z
    .int()
    .min(1000)
    .default(8000)
    .describe('Bytes of a Remote Desktop server up to which a session ended with the login: its certificate and a refusal, no picture (bytes)'),
  windowMinutes: z.number().positive().default(30).describe('Time within which the failures must come (minutes)'),
  failedSharePercent: z
    .number()
    .min(0)
    .max(100)
    .default(60)
    .describe('Share of the logins that must fail, so that a program that logs in often is left alone (percent)'),
});
export type GuessingOptions = z.output<typeof guessingOptions>;

/** Options of what has to be noted while reading: that a login worked behind so many failures. */
export const SUCCESS_OPTIONS = ['failures', 'windowMinutes', 'failedSharePercent'] as const;
export type SuccessOptions = Pick<GuessingOptions, (typeof SUCCESS_OPTIONS)[number]>;

/** SSH sessions may have many attempts each: few sessions suffice, or the attempts of fewer. */
export function guessingThreshold(values: GuessingOptions, { protocol, failed }: LoginPair): number {
  return protocol === 'ssh' && failed < values.failures ? values.sshSessions : values.failures;
}

/** Attempts at each password from which it is a program that repeats what it knows: who guesses tries each once. */
const REPEATS = 5;
/** A program that comes back so rarely, and so evenly, is a service, not a guesser in a hurry: seconds, and parts of them. */
const SERVICE_SECONDS = 30,
  EVEN = 0.1,
  EVEN_SHARE = 0.8;

/**
 * Who tries a password or two over and over guesses nothing: they were changed, and a program does not know. Where passwords cannot be told apart,
 * as over NTLM and Kerberos, a program is told by its clock: one user, every few minutes, to the second.
 */
export function isStale({ protocol, secrets, failed, users, times }: LoginPair): boolean {
  if (secrets !== null) return secrets.size === 1 || (secrets.size > 0 && secrets.size < MOST_SECRETS && failed >= REPEATS * secrets.size);
  return protocol !== 'snmp' && users.size === 1 && isEven(times);
}

/** Whether these times, in order, are as far apart as a clock's. */
export function isEven(times: readonly number[]): boolean {
  const gaps = times.slice(1).map((time, i) => time - times[i]!),
    median = [...gaps].sort((a, b) => a - b)[gaps.length >> 1] ?? 0;
  return median >= SERVICE_SECONDS && gaps.filter((gap) => Math.abs(gap - median) <= EVEN * median).length >= EVEN_SHARE * gaps.length;
}

/** Protocols that log in by datagrams, too: their frames need have no port of TCP. */
const DATAGRAMS: ReadonlySet<string> = new Set(['kerberos', 'snmp', 'sip']);

/** The logins of a pair, or of all clients at a server, as a display filter; `addresses` says whose. */
export function loginFilter(addresses: string, protocol: string, serverPort: number): string {
  return `${addresses} && ${DATAGRAMS.has(protocol) ? '' : `tcp.port == ${serverPort} && `}${protocol === 'rdp' ? 'tcp' : protocol}`;
}

/** Times the threshold from which many different passwords, or users, are guessing however slowly they come. */
const PATIENT = 2;

/** Enough failures, close enough together, and few logins that worked; or twice as many in any time, each with something new. */
export function isGuessing(values: GuessingOptions, pair: LoginPair): boolean {
  const { protocol, failed, times, sessions, sessionTimes, users, secrets } = pair;
  if (!mostlyFails(values, pair)) return false;
  return (
    isEnough(values, values.failures, failed, times) ||
    (protocol === 'ssh' && isEnough(values, values.sshSessions, sessions, sessionTimes)) ||
    (failed >= PATIENT * values.failures && Math.max(users.size, secrets?.size ?? 0) >= values.failures)
  );
}

export function isEnough({ windowMinutes }: GuessingOptions, threshold: number, count: number, times: readonly number[]): boolean {
  if (count < threshold) return false;
  if (times.length < count && times.length < MOST_TIMES) return true;
  const sorted = [...times].sort((a, b) => a - b);
  return sorted.some((time, i) => i >= threshold - 1 && time - sorted[i - threshold + 1]! <= windowMinutes * 60);
}
