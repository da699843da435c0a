/** Who serves and who asks on a stream whose beginning may not be in the capture. */
import type { Direction } from './dissector.ts';
import { NET_DST_PORT, NET_SRC_PORT, NET_STRIDE, type Packet } from './packet.ts';

/** True if what flows in this direction comes from the server: it sits on `port`, else it is who was called. */
export function fromServer(p: Packet, direction: Direction, port: number): boolean {
  const row = (p.netCount - 1) * NET_STRIDE;
  if (row >= 0) {
    const source = p.net[row + NET_SRC_PORT] === port,
      destination = p.net[row + NET_DST_PORT] === port;
    if (source !== destination) return source;
  }
  return direction === 1;
}
