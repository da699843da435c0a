/** What follows a two-byte type-or-length field, shared by Ethernet and the VLAN tag. */
import type { Packet } from '../packet.ts';
import { ETHERTYPE, LLC_DSAP } from '../tables.ts';

/** Number under which the LLC header itself is bound: it is not a SAP, which are below 0x100. */
export const LLC_HEADER = 0x100;

export function nextAfterType(p: Packet, typeOrLength: number, offset: number, end: number): void {
  if (typeOrLength >= 0x600) {
    p.next(ETHERTYPE, typeOrLength, offset, end);
    return;
  }
  p.wireEnd = Math.min(p.wireEnd, offset + typeOrLength);
  p.next(LLC_DSAP, LLC_HEADER, offset, Math.min(end, offset + typeOrLength));
}
