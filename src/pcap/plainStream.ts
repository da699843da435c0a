/**
 * The beginning of TCP payload that no dissector took: data connections of FTP, shells, and programs with protocols of their own. Where it can be read, what is said
 * after it too, segment by segment, for a while.
 */
import { messageKind, type Direction, type Message } from './dissector.ts';
import type { Packet } from './packet.ts';
import { latin1 } from './http/messages.ts';

export interface PlainStreamMessage extends Message {
  readonly kind: 'plain-stream';
  readonly direction: Direction;
  /** The first bytes, one character each, at most 512. */
  readonly start: string;
}
export const plainStreamMessage = messageKind<PlainStreamMessage>('plain-stream');

/** Whether the first bytes are those of a text: no control characters but blanks, colours and a bell. */
export function isReadable(bytes: Uint8Array, offset: number, end: number): boolean {
  for (let at = offset; at < end && at < offset + 64; at++) {
    const byte = bytes[at]!;
    if (byte < 32 ? byte !== 9 && byte !== 10 && byte !== 13 && byte !== 27 && byte !== 7 && byte !== 8 : byte === 127) return false;
  }
  return true;
}

/** The first words of calls of Java RMI ("JRMI") and of Android's debug bridge ("CNXN"): no texts, but what they are for comes behind their beginning. */
const JAVA_CALL = 0x4a524d49,
  DEBUG_BRIDGE = 0x434e584e;

/** Whether what follows these first bytes is to be said, too, though they are no text. */
export function isFollowed(bytes: Uint8Array, offset: number, end: number): boolean {
  if (end - offset < 4) return false;
  const word = (bytes[offset]! << 24) | (bytes[offset + 1]! << 16) | (bytes[offset + 2]! << 8) | bytes[offset + 3]!;
  return word === JAVA_CALL || word === DEBUG_BRIDGE;
}

export function sayPlainStream(p: Packet, direction: Direction, bytes: Uint8Array, offset: number, end: number): void {
  if (p.hears('plain-stream'))
    p.emit({ kind: 'plain-stream', frame: p.frame, direction, start: latin1(bytes, offset, end) } satisfies PlainStreamMessage);
}
