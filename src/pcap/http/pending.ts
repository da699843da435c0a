/** A request that waits for its answer, and what an answer says of a login. */
import type { LoginMessage } from '../login.ts';
import type { Packet } from '../packet.ts';
import { matchPrefix, textAt } from '../text.ts';
import type { HttpCredentials } from './messages.ts';

/** A request as its response needs it. */
export interface PendingRequest {
  readonly method: string;
  /** Frame that completed it, 0 while its body is on the way. */
  frame: number;
  uri: string;
  host: string | null;
  timeSeconds: number;
  timeNanoseconds: number;
  /** Who logs in with it, and in which frame. */
  login: HttpCredentials | null;
  loginFrame: number;
  /** It begins a log-on by NTLM: its answer holds the challenge. */
  asksChallenge: boolean;
}

/** Nothing is known of it yet but how it asks. */
export function pendingRequest(method: string): PendingRequest {
  return {
    method,
    frame: 0,
    uri: '',
    host: null,
    timeSeconds: 0,
    timeNanoseconds: 0,
    login: null,
    loginFrame: 0,
    asksChallenge: false,
  };
}

/** Whether an answer comes before the answer: 100 Continue, 103 Early Hints. */
export const isInterim = (status: number): boolean => status >= 100 && status < 200 && status !== 101;

/** A page in answer to a posted form may welcome or ask again: of forms only a plain refusal is a result. Other schemes are refused in the middle of their exchange. */
export function sayLoginResult(p: Packet, request: PendingRequest, status: number): void {
  const { login, loginFrame } = request,
    scheme = login!.scheme.toLowerCase(),
    isForm = scheme === 'form',
    // Interfaces that take their logins in forms refuse them as bad requests, too: OAuth does (RFC 6749 section 5.2), and Rails by 422.
    refused = status === 401 || status === 403 || status === 407 || (isForm && (status === 400 || status === 422));
  if (!p.hears('login') || (!isForm && scheme !== 'basic' && scheme !== 'digest' && scheme !== 'ntlm') || (!refused && status >= 400)) return;
  p.emit({
    kind: 'login',
    frame: p.frame,
    protocol: 'http',
    user: login!.user,
    mechanism: login!.scheme,
    secretInClear: scheme !== 'digest' && scheme !== 'ntlm',
    result: refused ? 'rejected' : isForm ? 'answered' : 'accepted',
    attemptFrame: loginFrame,
    ...(login!.passwordTag === undefined ? {} : { secretTag: login!.passwordTag }),
    ...(isForm ? { form: `${request.host ?? ''}${request.uri.split('?', 1)[0]!}` } : {}),
  } satisfies LoginMessage);
}

const METHODS = ['GET', 'POST', 'HEAD', 'PUT', 'DELETE', 'OPTIONS', 'PATCH', 'CONNECT'];

/** The method's name, without making a string of the usual ones. */
export function methodAt(bytes: Uint8Array, from: number, to: number): string {
  for (const method of METHODS) if (method.length === to - from && matchPrefix(bytes, from, to, method) === 'yes') return method;
  return textAt(bytes, from, to);
}
