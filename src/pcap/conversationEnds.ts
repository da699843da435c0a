/** The two ends of a packet's innermost conversation, as a key of tables that are asked for a few of its packets only: making it costs a text. */
import { NET_DST, NET_DST_PORT, NET_SRC, NET_SRC_PORT, NET_STRIDE, NET_VERSION, type Packet } from './packet.ts';

/** Addresses and ports, the same in both directions. The packet must have a network header. */
export function endsKey({ net, netCount }: Packet, isSenderLow: boolean): string {
  const at = (netCount - 1) * NET_STRIDE,
    version = net[at + NET_VERSION]!;
  return isSenderLow
    ? `${version} ${net[at + NET_SRC]!} ${net[at + NET_SRC_PORT]!} ${net[at + NET_DST]!} ${net[at + NET_DST_PORT]!}`
    : `${version} ${net[at + NET_DST]!} ${net[at + NET_DST_PORT]!} ${net[at + NET_SRC]!} ${net[at + NET_SRC_PORT]!}`;
}

/** Which of the two has sent it: the one with the lower number. */
export function isSenderLow({ net, netCount }: Packet): boolean {
  const at = (netCount - 1) * NET_STRIDE,
    source = net[at + NET_SRC]!,
    destination = net[at + NET_DST]!;
  return source < destination || (source === destination && net[at + NET_SRC_PORT]! <= net[at + NET_DST_PORT]!);
}
