/** Which messages give a name to an address. A message that carries `namesFor` says so itself: no list of protocols is needed here. */
import type { Message } from '../pcap/dissector.ts';
import type { AddressNames } from './addressNames.ts';

/** Part of a message that names addresses: `[address as text, name]`. */
export interface NamingMessage extends Message {
  readonly namesFor: readonly (readonly [address: string, name: string])[];
}

export function collectNames(message: Message, names: AddressNames): void {
  if (!('namesFor' in message)) return;
  for (const [address, name] of (message as NamingMessage).namesFor) names.add(address, name);
}
