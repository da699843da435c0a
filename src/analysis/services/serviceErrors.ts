/** What ICMP and ICMPv6 errors say of services: RFC 792, RFC 1191, RFC 4443 section 3. They quote the packet that did not arrive. */
import { ICMP_CODES } from '../../pcap/dissectors/icmp.ts';
import { ICMPV6_CODES } from '../../pcap/dissectors/icmpv6.ts';
import {
  NET_DST_PORT,
  NET_FLAGS,
  NET_HAS_PORTS,
  NET_PAYLOAD,
  NET_PAYLOAD_END,
  NET_PROTOCOL,
  NET_QUOTED,
  NET_SRC_PORT,
  NET_STRIDE,
  NET_VERSION,
  type Packet,
} from '../../pcap/packet.ts';
import { REFLECTOR_PORTS } from '../detectors/reflectorPorts.ts';
import type { FlowTable } from '../flowTable.ts';

/** Pairs of a conversation and what was said of it. */
export const MOST_ERRORS = 100_000;

/** What an error means: nobody listens at the port, it cannot be reached, or something else befell a packet on its way, after which another may arrive. */
type ErrorMeaning = 'refused' | 'unreachable' | 'onTheWay';

interface QuotedError {
  readonly flow: number;
  /** Of the one whose packet is quoted. */
  readonly direction: 0 | 1;
  /** The packet answers something, whatever port it went to. */
  readonly isAnswer: boolean;
  readonly what: string;
  readonly meaning: ErrorMeaning;
  readonly frame: number;
  times: number;
}

export class QuotedErrors {
  readonly #of = new Map<string, QuotedError>();
  isBounded = false;

  /** The frame is an ICMP message; what it quotes of conversations that the capture does not hold says nothing of a service. */
  onFrame(p: Packet, flows: FlowTable): void {
    const { icmp, frame, net, netCount } = p;
    for (let level = 0; level < netCount; level++) {
      const at = level * NET_STRIDE;
      if ((net[at + NET_FLAGS]! & (NET_QUOTED | NET_HAS_PORTS)) !== (NET_QUOTED | NET_HAS_PORTS)) continue;
      const isIpv6 = net[at + NET_VERSION] === 6,
        said = meaningOf(icmp >> 8, icmp & 255, isIpv6);
      if (said === null) return;
      const flow = flows.findOf(net, at);
      if (flow < 0) return;
      const { direction } = flows,
        key = `${flow} ${direction} ${icmp}`,
        known = this.#of.get(key);
      if (known !== undefined) known.times++;
      else if (this.#of.size >= MOST_ERRORS) this.isBounded = true;
      else this.#of.set(key, { flow, direction, isAnswer: isAnswer(p, at), ...said, frame, times: 1 });
      return;
    }
  }

  all(): Iterable<QuotedError> {
    return this.#of.values();
  }
}

const PROTOCOL_UDP = 17,
  DNS = 53,
  NTP = 123,
  /** Flags of DNS, and private messages of NTP, have it in their first byte. */
  IS_RESPONSE = 0x80;

/**
 * Whether a datagram that was quoted came from a service that answers whoever seems to ask. Attackers let many of these answer a victim that never asked, at ports of
 * their choice, so that it refuses what looks like a question to it. Between two ports alike its content tells, as far as that is quoted.
 */
function isAnswer({ bytes, net }: Packet, at: number): boolean {
  const port = net[at + NET_SRC_PORT]!,
    from = net[at + NET_PAYLOAD]!;
  if (net[at + NET_PROTOCOL] !== PROTOCOL_UDP || !REFLECTOR_PORTS.has(port)) return false;
  if (port !== net[at + NET_DST_PORT]) return true;
  if (net[at + NET_PAYLOAD_END]! - from < 3) return false;
  if (port === DNS) return (bytes[from + 2]! & IS_RESPONSE) !== 0;
  return port === NTP && ((bytes[from]! & 7) === 4 || (bytes[from]! & 7) === 2 || ((bytes[from]! & 7) === 7 && (bytes[from]! & IS_RESPONSE) !== 0));
}

/** Null for messages that are no errors of the way to somebody. */
function meaningOf(type: number, code: number, isIpv6: boolean): Pick<QuotedError, 'what' | 'meaning'> | null {
  const name = (codes: Readonly<Record<number, readonly string[]>>): string => codes[type]?.[code] ?? `type ${type}, code ${code}`;
  if (isIpv6) {
    // Wireshark's words begin in lower case at times.
    const what = `ICMPv6: ${capitalized(name(ICMPV6_CODES))}`;
    if (type === 1) return { what, meaning: code === 4 ? 'refused' : 'unreachable' };
    if (type === 2) return { what: 'ICMPv6: Packet too big', meaning: 'onTheWay' };
    return type === 3 ? { what, meaning: 'onTheWay' } : null;
  }
  const what = `ICMP: ${name(ICMP_CODES)}`;
  if (type === 3) return { what, meaning: code === 3 ? 'refused' : code === 4 ? 'onTheWay' : 'unreachable' };
  return type === 11 ? { what, meaning: 'onTheWay' } : null;
}

const capitalized = (text: string): string => text.charAt(0).toUpperCase() + text.slice(1);
