/**
 * Who asks whom for IP protocols other than TCP, UDP and ICMP, and what comes back: what `nmap -sO` does. Flows sum such packets up by address,
 * so they are looked at one by one; ordinary traffic leaves here after one comparison.
 */
import {
  NET_DST,
  NET_FLAGS,
  NET_FRAGMENT,
  NET_HAS_PORTS,
  NET_PROTOCOL,
  NET_QUOTED,
  NET_SRC,
  NET_STRIDE,
  NET_VERSION,
  type Packet,
} from '../../pcap/packet.ts';
import type { ChecksumTrust } from './checksumTrust.ts';

/** Pairs of addresses that are remembered. A network has few; a flood of odd protocols from invented addresses has many. */
const MOST_PAIRS = 4096;
/** ICMP, TCP, UDP and ICMPv6 are everybody's; hop-by-hop options and fragments are not a protocol of their own. */
const ORDINARY = new Uint8Array(256);
for (const protocol of [1, 6, 17, 58, 132, 0, 43, 44, 60]) ORDINARY[protocol] = 1;

/** `icmp` of Packet: type * 256 + code. Protocol unreachable (RFC 792), unrecognised next header (RFC 4443 section 3.4). */
const PROTOCOL_UNREACHABLE = 3 * 256 + 2,
  UNRECOGNISED_HEADER = 4 * 256 + 1;

export interface ProtocolPair {
  readonly version: number;
  readonly source: number;
  readonly target: number;
  /** Flow row of the first probe. */
  readonly flow: number;
  /** First frame that asked for each protocol. */
  readonly frames: Map<number, number>;
  readonly refused: Set<number>;
  readonly answered: Set<number>;
  /** Packets that asked, however often. */
  packets: number;
  hasTime: boolean;
  startSeconds: number;
  startNanoseconds: number;
  endSeconds: number;
  endNanoseconds: number;
}

export class IpProtocolProbes {
  /** Pairs beyond the bound were not remembered. */
  isBounded = false;
  /** TCP and UDP packets that were cut before their ports. */
  withoutPorts = 0;
  readonly #pairs = new Map<string, ProtocolPair>();
  readonly #trust: ChecksumTrust;

  get pairs(): Iterable<ProtocolPair> {
    return this.#pairs.values();
  }

  constructor(trust: ChecksumTrust) {
    this.#trust = trust;
  }

  onPacket(p: Packet, flow: number): void {
    if (p.netCount === 0) return;
    const net = p.net;
    const at = (p.netCount - 1) * NET_STRIDE;
    if ((net[at + NET_FLAGS]! & (NET_HAS_PORTS | NET_QUOTED)) === NET_HAS_PORTS) return;
    if ((net[at + NET_FLAGS]! & NET_QUOTED) !== 0) {
      this.#refusal(p, at);
      return;
    }
    const protocol = net[at + NET_PROTOCOL]! & 255;
    if (ORDINARY[protocol] === 1) {
      if ((protocol === 6 || protocol === 17) && (net[at + NET_FLAGS]! & NET_FRAGMENT) === 0) this.withoutPorts++;
      return;
    }
    if (!this.#trust.isDamaged(p)) this.#probe(p, at, protocol, flow);
  }

  #probe(p: Packet, at: number, protocol: number, flow: number): void {
    const net = p.net,
      version = net[at + NET_VERSION]!,
      source = net[at + NET_SRC]!,
      target = net[at + NET_DST]!;
    // What was asked for first is answered, not asked for in the other direction.
    const asked = this.#pairs.get(key(version, target, source));
    if (asked?.frames.has(protocol) === true) {
      asked.answered.add(protocol);
      return;
    }
    const id = key(version, source, target);
    let pair = this.#pairs.get(id);
    if (pair === undefined) {
      if (this.#pairs.size >= MOST_PAIRS) {
        this.isBounded = true;
        return;
      }
      pair = {
        version,
        source,
        target,
        flow,
        frames: new Map(),
        refused: new Set(),
        answered: new Set(),
        packets: 0,
        hasTime: p.hasTime,
        startSeconds: p.timeSeconds,
        startNanoseconds: p.timeNanoseconds,
        endSeconds: p.timeSeconds,
        endNanoseconds: p.timeNanoseconds,
      };
      this.#pairs.set(id, pair);
    }
    pair.packets++;
    if (!pair.frames.has(protocol)) pair.frames.set(protocol, p.frame);
    if (p.timeSeconds > pair.endSeconds || (p.timeSeconds === pair.endSeconds && p.timeNanoseconds > pair.endNanoseconds)) {
      pair.endSeconds = p.timeSeconds;
      pair.endNanoseconds = p.timeNanoseconds;
    }
  }

  /** An ICMP error quotes the packet it refuses. */
  #refusal(p: Packet, at: number): void {
    if (p.icmp !== PROTOCOL_UNREACHABLE && p.icmp !== UNRECOGNISED_HEADER) return;
    const net = p.net;
    this.#pairs.get(key(net[at + NET_VERSION]!, net[at + NET_SRC]!, net[at + NET_DST]!))?.refused.add(net[at + NET_PROTOCOL]! & 255);
  }
}

function key(version: number, source: number, target: number): string {
  return `${version} ${source} ${target}`;
}
