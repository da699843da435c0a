/**
 * Whether a packet was damaged: its checksums are wrong, and not merely left to the network card. For evidence of rare things only: it adds up the whole packet.
 * RFC 1071, RFC 791, RFC 792, RFC 4443, RFC 9293, RFC 768.
 */
import {
  NET_DST,
  NET_DST_PORT,
  NET_FLAGS,
  NET_FRAGMENT,
  NET_HAS_PORTS,
  NET_PAYLOAD,
  NET_PAYLOAD_LENGTH,
  NET_PROTOCOL,
  NET_QUOTED,
  NET_SRC,
  NET_SRC_PORT,
  NET_STRIDE,
  NET_VERSION,
  type Packet,
} from './packet.ts';

/** Wireshark's words for what a checksum turned out to be. */
export const CHECKSUM_STATUS: Readonly<Record<number, string>> = { 0: 'Bad', 1: 'Good', 2: 'Unverified', 3: 'Not present', 4: 'Illegal' };
export const CHECKSUM_UNVERIFIED = 2;
const BAD = 0,
  GOOD = 1,
  NOT_PRESENT = 3,
  ILLEGAL = 4;

const TCP = 6,
  UDP = 17,
  UDP_HEADER = 8,
  ECHO_HEADER = 8,
  IPV6_HEADER = 40,
  ETHERNET_HEADER = 14,
  /** Longest headers of IPv4 and TCP. */
  MOST_HEADER = 60;

/** Sum of 16-bit words in ones' complement, before it is turned round. */
function sum(view: DataView, from: number, to: number, start = 0): number {
  let total = start,
    at = from;
  for (; at + 1 < to; at += 2) total += view.getUint16(at);
  if (at < to) total += view.getUint8(at) << 8;
  while (total > 0xffff) total = (total & 0xffff) + Math.floor(total / 65_536);
  return total;
}

/** Where the header of IPv4 begins that ends at `end`; -1 where none does. */
function ipv4Before(view: DataView, least: number, end: number): number {
  for (let length = 20; length <= MOST_HEADER; length += 4) {
    const at = end - length;
    if (at >= least && view.getUint8(at) === (0x40 | (length >> 2))) return at;
  }
  return -1;
}

const judged = (total: number): Checked => (total === 0xffff ? 'right' : 'wrong');

/** Zero is left to the card, or none was made. */
function checkedHeader(view: DataView, at: number): Checked {
  return view.getUint16(at + 10) === 0 ? 'unknown' : judged(sum(view, at, at + (view.getUint8(at) & 15) * 4));
}

/** What the checksums of a packet say. Nothing, where there are none, or too little of it is at hand. */
export type Checked = 'right' | 'wrong' | 'unknown';

/**
 * Whether the network layer and what it carries have right checksums. Unknown for packets that were cut, contents of fragments and of tunnels, and what was put
 * together from several frames; a checksum that is the sum of the pseudo-header alone is left to the card.
 */
export function checked(p: Packet): Checked {
  const { net } = p;
  if (p.netCount === 0 || p.capturedLength < p.originalLength || (net[NET_FLAGS]! & NET_QUOTED) !== 0) return 'unknown';
  const view = new DataView(p.frameBytes.buffer, p.frameBytes.byteOffset, p.frameBytes.byteLength),
    isIpv4 = net[NET_VERSION] === 4,
    first = p.start + ETHERNET_HEADER;
  let result: Checked = 'unknown';
  // In a plain Ethernet frame the header's place is known, whatever it carries.
  if (isIpv4 && p.macCount > 0 && first + 20 <= p.end && view.getUint16(first - 2) === 0x0800) {
    const length = (view.getUint8(first) & 15) * 4;
    if (view.getUint8(first) >> 4 === 4 && length >= 20 && first + length <= p.end) result = checkedHeader(view, first);
  }
  if (result === 'wrong' || p.netCount !== 1 || p.source !== 0 || p.bytes !== p.frameBytes || (net[NET_FLAGS]! & NET_FRAGMENT) !== 0) return result;
  const protocol = net[NET_PROTOCOL]!,
    carried =
      p.icmp >= 0
        ? checkedEcho(p, view, isIpv4)
        : (net[NET_FLAGS]! & NET_HAS_PORTS) !== 0 && (protocol === TCP || protocol === UDP)
          ? checkedTransport(p, view, isIpv4, protocol)
          : 'unknown';
  return carried === 'unknown' ? result : carried;
}

/** Of an echo: the data behind its header was handed on last. */
function checkedEcho(p: Packet, view: DataView, isIpv4: boolean): Checked {
  const at = p.pendingOffset - ECHO_HEADER,
    to = p.pendingEnd;
  if (at < p.start || to > p.end || view.getUint8(at) !== p.icmp >> 8 || view.getUint16(at + 2) === 0) return 'unknown';
  if (isIpv4) return judged(sum(view, at, to));
  const ip = at - IPV6_HEADER;
  if (ip < p.start || view.getUint8(ip) >> 4 !== 6 || view.getUint8(ip + 6) !== 58) return 'unknown';
  return judged(sum(view, at, to, pseudo6(view, ip, 58, to - at)));
}

function checkedTransport(p: Packet, view: DataView, isIpv4: boolean, protocol: number): Checked {
  const payload = p.net[NET_PAYLOAD]!,
    to = payload + p.net[NET_PAYLOAD_LENGTH]!;
  if (to > p.end) return 'unknown';
  const at = protocol === UDP ? payload - UDP_HEADER : tcpBefore(p, view, payload);
  if (at < p.start || view.getUint16(at) !== p.net[NET_SRC_PORT] || view.getUint16(at + 2) !== p.net[NET_DST_PORT]) return 'unknown';
  const ip = isIpv4 ? ipv4Before(view, p.start, at) : at - IPV6_HEADER;
  if (ip < p.start || (!isIpv4 && (view.getUint8(ip) >> 4 !== 6 || view.getUint8(ip + 6) !== protocol))) return 'unknown';
  const said = view.getUint16(at + (protocol === UDP ? 6 : 16)),
    pseudo = (length: number): number => (isIpv4 ? sum(view, ip + 12, ip + 20, protocol + length) : pseudo6(view, ip, protocol, length));
  if (said === 0 || said === pseudo(to - at) || said === pseudo(0)) return 'unknown';
  return judged(sum(view, at, to, pseudo(to - at)));
}

function pseudo6(view: DataView, ip: number, protocol: number, length: number): number {
  return sum(view, ip + 8, ip + IPV6_HEADER, protocol + length);
}

function tcpBefore(p: Packet, view: DataView, payload: number): number {
  for (let length = 20; length <= MOST_HEADER; length += 4) {
    const at = payload - length;
    if (at < p.start) return -1;
    if (view.getUint8(at + 12) >> 4 === length >> 2 && view.getUint16(at) === p.net[NET_SRC_PORT] && view.getUint16(at + 2) === p.net[NET_DST_PORT])
      return at;
  }
  return -1;
}

/** Status of the header of IPv4 at `[offset, offset + length)`, all of which is there. */
export function ipv4Status(p: Packet, offset: number, length: number): number {
  // What an error quotes was changed on its way; zero is left to the card.
  if (p.quoted || p.view.getUint16(offset + 10) === 0) return CHECKSUM_UNVERIFIED;
  return sum(p.view, offset, offset + length) === 0xffff ? GOOD : BAD;
}

/** Status of the TCP segment or UDP datagram `[offset, end)` of the innermost network header. What is left to the card is not judged. */
export function transportStatus(p: Packet, protocol: 6 | 17, offset: number, end: number): number {
  const { view, net } = p,
    row = (p.netCount - 1) * NET_STRIDE,
    at = offset + (protocol === UDP ? 6 : 16);
  if (row < 0 || p.quoted || end < p.wireEnd) return CHECKSUM_UNVERIFIED;
  const isIpv4 = net[row + NET_VERSION] === 4,
    said = view.getUint16(at),
    // A datagram may be shorter than what carries it.
    to = protocol === UDP ? Math.min(end, offset + (view.getUint16(offset + 4) || end - offset)) : end;
  if (said === 0 && protocol === UDP) return isIpv4 ? NOT_PRESENT : ILLEGAL;
  const addresses = isIpv4
    ? wordsOf(net[row + NET_SRC]!) + wordsOf(net[row + NET_DST]!)
    : sumOf(p.ipv6.bytesOf(net[row + NET_SRC]!)) + sumOf(p.ipv6.bytesOf(net[row + NET_DST]!));
  const pseudo = (length: number): number => fold(addresses + protocol + length);
  if (said === 0 || said === pseudo(to - offset) || said === pseudo(0)) return CHECKSUM_UNVERIFIED;
  if (sum(view, offset, to, pseudo(to - offset)) === 0xffff) return GOOD;
  // With a routing header the address of the last stop counts.
  return !isIpv4 && p.tables.paths.protocolsOf(p.path).some(({ id }) => id === 'ipv6.routing') ? CHECKSUM_UNVERIFIED : BAD;
}

const wordsOf = (address: number): number => (address >>> 16) + (address & 0xffff);

function sumOf(bytes: Uint8Array): number {
  let total = 0;
  for (let i = 0; i + 1 < bytes.length; i += 2) total += (bytes[i]! << 8) | bytes[i + 1]!;
  return total;
}

function fold(total: number): number {
  let folded = total;
  while (folded > 0xffff) folded = (folded & 0xffff) + (folded >>> 16);
  return folded;
}
