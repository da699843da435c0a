/** Which echo request a reply answers: ICMP and ICMPv6 have the same two messages. */
import type { Field, FieldSink } from './dissector.ts';
import type { ExchangeFields } from './exchanges.ts';
import { NET_DST, NET_STRIDE, NET_VERSION, type Packet } from './packet.ts';

export interface EchoFields extends ExchangeFields {
  /** No frame behind the request answers it. */
  readonly unanswered: Field;
}

/**
 * Pairs the message at `offset` by identifier, sequence number and, as Wireshark does, what its checksum says of its content. `step` is what a request's checksum
 * is added to be that of its reply.
 */
export function describeEcho(p: Packet, id: string, fields: EchoFields, offset: number, isReply: boolean, step: number, sink: FieldSink): void {
  if (!sink.wantsRelated || p.quoted) return;
  const { view } = p,
    checksum = view.getUint16(offset + 2),
    ofReply = isReply ? checksum : onesComplement(checksum + step),
    name = `${id} ${view.getUint32(offset + 4)} ${ofReply === 0xffff ? 0 : ofReply}`;
  if (isReply) p.exchanges.answer(p, name, fields, offset, sink);
  else {
    p.exchanges.ask(p, name, fields, offset, sink);
    if (p.exchanges.known?.has(`${name} ${p.frame}`) === false && !isToGroup(p)) sink.add(fields.unanswered, offset, 0);
  }
}

/** Whoever hears it answers from an address of its own, which pairs with nothing. */
function isToGroup({ net, netCount, ipv6 }: Packet): boolean {
  const at = (netCount - 1) * NET_STRIDE;
  if (at < 0) return false;
  const to = net[at + NET_DST]!;
  return net[at + NET_VERSION] === 6 ? ipv6.isMulticast(to) : to >>> 28 === 14 || to === -1;
}

/** RFC 1071: what does not fit goes in again below. */
function onesComplement(sum: number): number {
  return sum > 0xffff ? sum - 0xffff : sum < 0 ? sum + 0xffff : sum;
}
