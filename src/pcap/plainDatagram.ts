/** Readable text at the beginning of a datagram that no dissector takes, or that is one line for people: syslog. Questions to SQL Server's browser for one of its instances, too. */
import { messageKind, type Message } from './dissector.ts';
import { NET_DST_PORT, NET_STRIDE, type Packet } from './packet.ts';
import { latin1 } from './http/messages.ts';
import { isReadable } from './plainStream.ts';

export interface PlainDatagramMessage extends Message {
  readonly kind: 'plain-datagram';
  /** The first bytes, one character each, at most 512. */
  readonly start: string;
}
export const plainDatagramMessage = messageKind<PlainDatagramMessage>('plain-datagram');

const SHORTEST = 2,
  LOOKED_AT = 8,
  /** [MC-SQLR] section 2.2.3: CLNT_UCAST_INST, and a name of an instance. */
  SQL_BROWSER = 1434,
  OF_INSTANCE = 4;

/** Says it where the first bytes are those of a text: nearly all unknown datagrams are not, and cost a comparison or two. */
export function sayPlainDatagram(p: Packet, offset: number, end: number): void {
  if (end - offset < SHORTEST) return;
  if (!isReadable(p.bytes, offset, Math.min(end, offset + LOOKED_AT)) && !(p.bytes[offset] === OF_INSTANCE && portOf(p) === SQL_BROWSER)) return;
  if (p.hears('plain-datagram'))
    p.emit({ kind: 'plain-datagram', frame: p.frame, start: latin1(p.bytes, offset, end) } satisfies PlainDatagramMessage);
}

function portOf({ net, netCount }: Packet): number {
  return net[(netCount - 1) * NET_STRIDE + NET_DST_PORT]!;
}
