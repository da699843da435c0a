/** A message as it was when it was told, every part of it: some messages read their parts out of the frame only when they are asked. */
import type { Message } from '../../src/pcap/dissector.ts';

export function plainMessage(message: Message): Message {
  const plain: Record<string, unknown> = { ...message };
  for (let type: unknown = Object.getPrototypeOf(message); type !== Object.prototype && type !== null; type = Object.getPrototypeOf(type)) {
    for (const [name, { get }] of Object.entries(Object.getOwnPropertyDescriptors(type))) {
      if (get !== undefined) plain[name] ??= (message as unknown as Record<string, unknown>)[name];
    }
  }
  // Where it lies is the engine's business.
  delete plain['place'];
  delete plain['body'];
  return plain as unknown as Message;
}
