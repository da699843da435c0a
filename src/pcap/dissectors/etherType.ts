/** What follows a two-byte type-or-length field, shared by Ethernet and the VLAN tag. */
import type { Packet } from '../packet.ts';
import { ETHERTYPE, LLC_DSAP } from '../tables.ts';

/** Number under which the LLC header itself is bound: it is not a SAP, which are below 0x100. */
export const LLC_HEADER = 0x100;
/** Novell's raw 802.3 has IPX without LLC; its unused checksum, all ones, stands where the two SAPs would be. */
export const RAW_IPX = 0xff;

/** EtherType of Ethernet within something else, transparent bridging (RFC 1701). */
export const ETHERNET_WITHIN = 0x6558;
/** Address families of the BSDs: AF_INET6 has a number of its own on each, and on Darwin. */
export const BSD_FAMILIES: Readonly<Record<number, string>> = { 2: 'IP', 24: 'IPv6', 28: 'IPv6', 30: 'IPv6' };

const MAX_LENGTH = 1500;

/** What follows an address family of the BSDs. */
export function nextAfterFamily(p: Packet, family: number, offset: number, end: number): void {
  const name = BSD_FAMILIES[family];
  if (name === undefined) p.carryData(offset, end);
  else p.next(ETHERTYPE, name === 'IP' ? 0x0800 : 0x86dd, offset, end);
}

export function nextAfterType(p: Packet, typeOrLength: number, offset: number, end: number): void {
  // Between 1501 and 1535 it is neither a length nor a type (IEEE 802.3 clause 3.2.6): nothing can be said of what follows.
  if (typeOrLength > MAX_LENGTH) {
    p.next(ETHERTYPE, typeOrLength, offset, end);
    return;
  }
  p.wireEnd = Math.min(p.wireEnd, offset + typeOrLength);
  if (p.wireEnd <= offset) return;
  const to = Math.min(end, offset + typeOrLength);
  if (to - offset >= 2 && p.view.getUint16(offset) === 0xffff) p.next(LLC_DSAP, RAW_IPX, offset, to);
  else p.next(LLC_DSAP, LLC_HEADER, offset, to);
}
