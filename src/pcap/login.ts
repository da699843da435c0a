/**
 * Somebody logs in, over a protocol that says so in clear: once when the secret is sent (`sent`), once when the server answers.
 * The secret itself never leaves the dissector.
 */
import { messageKind, type Message } from './dissector.ts';
import type { Packet } from './packet.ts';
import { secretTag } from './secretTag.ts';

export interface LoginMessage extends Message {
  readonly kind: 'login';
  /** Wireshark's protocol name, `ftp`. */
  readonly protocol: string;
  readonly user: string | null;
  /** `USER/PASS`, `LOGIN`, `PLAIN`, `CRAM-MD5` ...: tells whether the secret itself went over the wire. */
  readonly mechanism: string;
  /** The secret, or what it can be computed from, is readable in the capture. */
  readonly secretInClear: boolean;
  /** `answered`: a form got a page, and what that says is not known. */
  readonly result: 'sent' | 'accepted' | 'rejected' | 'answered';
  /** Frame in which the secret was sent. */
  readonly attemptFrame: number;
  /** Stands for the secret where it was readable, `secretTag`. */
  readonly secretTag?: number;
  /** Of datagrams that name their conversation: the same number in a request and in its answer. */
  readonly exchange?: number;
  /** Of a form: where it was sent to, host and path. */
  readonly form?: string;
}
export const loginMessage = messageKind<LoginMessage>('login');

/** What a stream remembers of a login under way. */
export interface LoginAttempt {
  user: string | null;
  mechanism: string;
  secretInClear: boolean;
  /** 0 while no secret was sent. */
  frame: number;
  secretTag?: number | undefined;
}

export function newAttempt(): LoginAttempt {
  return { user: null, mechanism: '', secretInClear: false, frame: 0 };
}

/** Notes that the secret of `attempt` is in this frame; `secret` only to tell it from others. */
export function secretSent(p: Packet, protocol: string, attempt: LoginAttempt, mechanism: string, secretInClear: boolean, secret?: string): void {
  attempt.mechanism = mechanism;
  attempt.secretInClear = secretInClear;
  attempt.frame = p.frame;
  attempt.secretTag = secret === undefined || !p.hears('login') ? undefined : secretTag(secret);
  say(p, protocol, attempt, 'sent');
}

/** Notes the server's answer to `attempt`, which is over with it. */
export function loginAnswered(p: Packet, protocol: string, attempt: LoginAttempt, accepted: boolean): void {
  if (attempt.frame === 0) return;
  say(p, protocol, attempt, accepted ? 'accepted' : 'rejected');
  attempt.frame = 0;
}

/** A refusal that can only be one of a login, also where the capture holds the server's side alone. */
export function loginRefused(p: Packet, protocol: string, attempt: LoginAttempt): void {
  if (attempt.frame === 0 && attempt.mechanism === '') attempt.frame = p.frame;
  loginAnswered(p, protocol, attempt, false);
}

function say(p: Packet, protocol: string, attempt: LoginAttempt, result: LoginMessage['result']): void {
  if (!p.hears('login')) return;
  p.emit({
    kind: 'login',
    frame: p.frame,
    protocol,
    user: attempt.user,
    mechanism: attempt.mechanism,
    secretInClear: attempt.secretInClear,
    result,
    attemptFrame: attempt.frame,
    ...(attempt.secretTag === undefined ? {} : { secretTag: attempt.secretTag }),
  } satisfies LoginMessage);
}
