/** What a client says in a SASL exchange over a text protocol (RFC 4954, 5034, 9051): who logs in, and whether the secret itself is readable. */
import { secretSent, type LoginAttempt } from './login.ts';
import type { Packet } from './packet.ts';
import { decodeBase64, textAt } from './text.ts';

export interface Sasl {
  mechanism: string;
  /** What the client's next line is: nothing of the exchange, a user name (LOGIN asks for it first), a secret. */
  wants: '' | 'user' | 'secret';
}

export function newSasl(): Sasl {
  return { mechanism: '', wants: '' };
}

export function beginSasl(sasl: Sasl, mechanism: string): void {
  sasl.mechanism = mechanism.toUpperCase();
  sasl.wants = sasl.mechanism === 'LOGIN' ? 'user' : 'secret';
}

/** Takes a base64 answer of the client; returns its text for whoever looks at fields. `*` gives up. */
export function answerSasl(p: Packet, protocol: string, text: string, sasl: Sasl, attempt: LoginAttempt): string {
  const decoded = decodeBase64(text),
    plain = textAt(decoded, 0, decoded.length);
  if (sasl.wants === 'user') {
    attempt.user = bounded(plain);
    sasl.wants = 'secret';
    return plain;
  }
  sasl.wants = '';
  if (text === '*') return text;
  switch (sasl.mechanism) {
    case 'LOGIN':
      break;
    case 'PLAIN':
      // Authorisation identity NUL user NUL password (RFC 4616).
      attempt.user = bounded(plain.split('\0')[1]);
      break;
    case 'CRAM-MD5':
      // User SP digest (RFC 2195).
      attempt.user = bounded(plain.slice(0, Math.max(0, plain.lastIndexOf(' '))));
      break;
    default:
      // DIGEST-MD5 `username="x"`, SCRAM `n=x,`, XOAUTH2 `user=x` SOH.
      attempt.user = bounded(/(?:username="|user=|\bn=)([^",\x01]+)/i.exec(plain)?.[1]);
  }
  const isClear = sasl.mechanism === 'PLAIN' || sasl.mechanism === 'LOGIN';
  secretSent(p, protocol, attempt, sasl.mechanism, isClear, isClear ? plain : undefined);
  return plain;
}

function bounded(user: string | undefined): string | null {
  return user === undefined || user === '' ? null : user.slice(0, 256);
}
