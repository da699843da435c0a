/** The beginning of TCP payload that no dissector took: data connections of FTP, shells, and programs with protocols of their own. */
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

export function sayPlainStream(p: Packet, direction: Direction, bytes: Uint8Array, offset: number, end: number): void {
  if (p.hears('plain-stream'))
    p.emit({ kind: 'plain-stream', frame: p.frame, direction, start: latin1(bytes, offset, end) } satisfies PlainStreamMessage);
}
