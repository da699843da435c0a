/** Readable text at the beginning of a datagram that no dissector takes, or that is one line for people: syslog. */
import { messageKind, type Message } from './dissector.ts';
import type { Packet } from './packet.ts';
import { latin1 } from './http/messages.ts';

export interface PlainDatagramMessage extends Message {
  readonly kind: 'plain-datagram';
  /** The first bytes, one character each, at most 512. */
  readonly start: string;
}
export const plainDatagramMessage = messageKind<PlainDatagramMessage>('plain-datagram');

const SHORTEST = 24,
  LOOKED_AT = 8;

/** Says it where the first bytes are printable: nearly all unknown datagrams are not, and cost a comparison or two. */
export function sayPlainDatagram(p: Packet, offset: number, end: number): void {
  if (end - offset < SHORTEST) return;
  for (let at = offset; at < offset + LOOKED_AT; at++) {
    const byte = p.bytes[at]!;
    if ((byte < 32 && byte !== 10 && byte !== 13) || byte === 127) return;
  }
  if (p.hears('plain-datagram'))
    p.emit({ kind: 'plain-datagram', frame: p.frame, start: latin1(p.bytes, offset, end) } satisfies PlainDatagramMessage);
}
