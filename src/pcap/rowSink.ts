/** One line of the packet list: the info columns that dissectors give, and who sent the frame to whom. */
import { formatIpv4, formatMac } from './addresses.ts';
import type { FieldSink } from './dissector.ts';
import { cookedSource } from './dissectors/sll.ts';
import {
  MAC_DST_HIGH,
  MAC_DST_LOW,
  MAC_SRC_HIGH,
  MAC_SRC_LOW,
  MAC_STRIDE,
  NET_DST,
  NET_FLAGS,
  NET_QUOTED,
  NET_SRC,
  NET_STRIDE,
  NET_VERSION,
  type Packet,
} from './packet.ts';

const MAX_INFO = 512;

/** Keeps only the info columns; reusable, call `reset` before each packet. */
export class RowSink implements FieldSink {
  readonly wantsText = true;
  readonly wantsRelated = false;
  readonly takes = (): boolean => true;
  protocol = '';
  text = '';
  #packet: Packet | null = null;

  reset(packet: Packet): void {
    this.#packet = packet;
    this.protocol = '';
    this.text = '';
  }

  info(protocol: string, text: string): void {
    // What an ICMP error quotes was said by another.
    if (this.#packet?.quoted === true) return;
    this.protocol = protocol;
    this.text = text.length > MAX_INFO ? `${text.slice(0, MAX_INFO)}…` : text;
  }

  layer(): void {
    /* not shown in a row */
  }
  add(): void {
    /* not shown in a row */
  }
  reopen(): void {
    /* not shown in a row */
  }
  open(): void {
    /* not shown in a row */
  }
  close(): void {
    /* not shown in a row */
  }
  note(): void {
    /* a malformed frame is told by the packet itself */
  }
}

/** Source and destination as the packet list shows them: of the innermost network or link header that is not quoted. */
export function columnAddresses(p: Packet): { readonly source: string; readonly destination: string } {
  const lastNet = p.netAboveMac > 0 && p.netCount === p.netAboveMac ? 0 : p.netCount;
  for (let level = lastNet - 1; level >= 0; level--) {
    const at = level * NET_STRIDE,
      net = p.net;
    if ((net[at + NET_FLAGS]! & NET_QUOTED) !== 0) continue;
    const source = net[at + NET_SRC]!,
      destination = net[at + NET_DST]!;
    return net[at + NET_VERSION] === 6
      ? { source: p.ipv6.textOf(source), destination: p.ipv6.textOf(destination) }
      : { source: formatIpv4(source), destination: formatIpv4(destination) };
  }
  if (p.macCount === 0) return { source: cookedSource(p), destination: '' };
  const at = (p.macCount - 1) * MAC_STRIDE,
    mac = p.mac;
  return {
    source: formatMac(mac[at + MAC_SRC_HIGH]!, mac[at + MAC_SRC_LOW]!),
    destination: formatMac(mac[at + MAC_DST_HIGH]!, mac[at + MAC_DST_LOW]!),
  };
}
