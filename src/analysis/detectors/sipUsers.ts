/** Who looks for users of a telephone exchange: refused for nearly all, while telephones prove a password and gateways reach most whom they call. */
import type { SipMessage } from '../../pcap/sipMessage.ts';
import type { Ends } from './watched.ts';

const MOST_USERS = 5000;
/** Methods by which users are looked for; presence and messages go to many that are there. */
const ASKING: readonly string[] = ['REGISTER', 'INVITE', 'OPTIONS'];

/** Not there, not allowed, or asked for a password; a gateway that is busy or down says so otherwise. */
export function isRefusal({ status, method, user }: SipMessage): boolean {
  return (
    (status === 401 || status === 403 || status === 404 || status === 407 || status === 410 || status === 604) &&
    user !== '' &&
    ASKING.includes(method)
  );
}

/** It rings, or is done. */
export function isReached({ status, method, user }: SipMessage): boolean {
  return (status === 180 || status === 183 || (status >= 200 && status < 300) || status === 486) && user !== '' && ASKING.includes(method);
}

export function noteReached(reached: Map<string, Set<string>>, ends: Ends | null, user: string): void {
  if (ends === null) return;
  const key = `${ends.client} ${ends.server}`,
    users = reached.get(key);
  if (users !== undefined) {
    if (users.size < MOST_USERS) users.add(user);
  } else if (reached.size < MOST_USERS) reached.set(key, new Set([user]));
}

/** Telephones are asked for a password first, and reach nearly all whom they call: how many were refused for good, 0 where that is not nearly all. */
export function mostlyRefused(refused: ReadonlySet<string>, reached: ReadonlySet<string> = new Set()): number {
  const users = [...refused].filter((user) => !reached.has(user)).length;
  return users >= 4 * reached.size ? users : 0;
}
