/** Who asks for whom by ARP and by ping: what flows do not tell. Bounded, and nothing is kept of whoever asks for a few only. */
import type { ArpMessage } from '../../pcap/dissectors/arp.ts';
import {
  MAC_DST_HIGH,
  MAC_SRC_HIGH,
  MAC_SRC_LOW,
  MAC_STRIDE,
  NET_DST,
  NET_DST_PORT,
  NET_PROTOCOL,
  NET_SRC,
  NET_STRIDE,
  NET_VERSION,
  type Packet,
} from '../../pcap/packet.ts';
import type { CaptureState } from '../captureState.ts';
import { Burst, MOST_EVIDENCE, packetTime, Span } from './measures.ts';
import { SweepDeliveries } from './sweepDeliveries.ts';
import { SweepTargets } from './sweepTargets.ts';

const MOST_SOURCES = 4096;
/** `icmp` of Packet: type * 256 + code. Echo, timestamp and mask (RFC 792, RFC 950), echo of IPv6 and neighbours (RFC 4443, RFC 4861). */
const REQUESTS = new Set([8 << 8, 13 << 8, 17 << 8, 128 << 8]),
  REPLIES = new Set([0, 14 << 8, 18 << 8, 129 << 8]),
  SOLICITATION = 135 << 8,
  ADVERTISEMENT = 136 << 8;

/** Hosts of which is remembered to which card packets for them, and of theirs, went. */
const MOST_WAYS = 4096;

/** Who asks for fewer sweeps nothing. */
const LEAST_ASKED = 10,
  /** What a gateway was asked for it delivers at once, or after a lost question. */
  DELIVERY_SECONDS = 2,
  MOST_CARDS = 256;

const BROADCAST = 0xffffffffffff;

/** One card's address: not zeros, which some drivers hand over, and none of a group, whose first byte is odd. */
function isAddress(mac: number): boolean {
  return mac !== 0 && (Math.floor(mac / 2 ** 40) & 1) === 0;
}

function lastThree(address: Uint8Array): number {
  return (address[13]! << 16) | (address[14]! << 8) | address[15]!;
}

/** What ARP and solicitations know a host by. */
function numberOf(p: Packet, address: number, isIpv6: boolean): number {
  return isIpv6 ? lastThree(p.ipv6.bytesOf(address)) : address;
}

/** Below 2^48. Of the frame within where a tunnel carries frames, as mirrors do. */
function macOf({ mac, macCount }: Packet, high: typeof MAC_SRC_HIGH | typeof MAC_DST_HIGH): number {
  const at = (macCount - 1) * MAC_STRIDE + high;
  return mac[at]! * 4_294_967_296 + (mac[at + 1]! >>> 0);
}

function cardSlot({ mac, macCount }: Packet): number {
  return Math.imul(mac[(macCount - 1) * MAC_STRIDE + MAC_SRC_LOW]!, 0x9e3779b1) >>> 24;
}

function slotOf(target: number): number {
  return Math.imul(target, 0x9e3779b1) >>> 20;
}

export interface Asker {
  readonly version: number;
  readonly source: number;
  readonly targets: SweepTargets;
  readonly burst: Burst;
  readonly span: Span;
  readonly frames: number[];
  readonly flows: number[];
  /** Targets that were the next number after the one asked before. */
  inOrder: number;
  last: number;
  /**
   * Targets for which its card had just got a packet, as gateways do that look for whom another one sweeps; or from which it had just got one, as the victim of a
   * flood does that would answer senders who never were.
   */
  caused: number;
  /** What its card sent while it asked. */
  readonly deliveries: SweepDeliveries;
  lastAsked: number;
}

export class SweepTallies {
  isBounded = false;
  readonly arp = new Map<number, Asker>();
  /** Who asks in nobody's name, by MAC address. */
  readonly arpProbes = new Map<number, Asker>();
  /** Neighbours of IPv6 that were asked for; a target is the last three bytes of its address, as in the group that is asked (RFC 4291 section 2.7.1). */
  readonly neighbours = new Map<number, Asker>();
  readonly ping = new Map<number, Asker>();
  readonly ping6 = new Map<number, Asker>();
  /** For whom or of whom the latest packets were, and to which card they went, by a hash of the former. */
  readonly #whose = new Float64Array(MOST_WAYS);
  readonly #toCard = new Float64Array(MOST_WAYS);
  /** Cards that ask for many, by a hash of their addresses. */
  readonly #askingCard = new Float64Array(MOST_CARDS);
  readonly #asking = new Array<Asker | undefined>(MOST_CARDS).fill(undefined);
  readonly #state: CaptureState;
  readonly #windowSeconds: number;

  constructor(state: CaptureState, windowSeconds: number) {
    this.#state = state;
    this.#windowSeconds = windowSeconds;
  }

  /** The first packet of a flow: to which card those at its ends sent or are sent. */
  onFlowOpened(p: Packet): void {
    if (p.macCount === 0 || p.netCount === 0) return;
    const at = (p.netCount - 1) * NET_STRIDE,
      isIpv6 = p.net[at + NET_VERSION] === 6,
      card = macOf(p, MAC_DST_HIGH);
    // The question for a neighbour of IPv6 is a flow, too: to a group whose last bytes are the neighbour's.
    if (!isAddress(card)) return;
    if (this.#askingCard[cardSlot(p)] === macOf(p, MAC_SRC_HIGH)) this.#deliver(p, at, isIpv6);
    this.#remember(numberOf(p, p.net[at + NET_SRC]!, isIpv6), card);
    this.#remember(numberOf(p, p.net[at + NET_DST]!, isIpv6), card);
  }

  #remember(host: number, card: number): void {
    const slot = slotOf(host);
    this.#whose[slot] = host;
    this.#toCard[slot] = card;
  }

  #deliver(p: Packet, at: number, isIpv6: boolean): void {
    const asker = this.#asking[cardSlot(p)],
      { net } = p;
    // No card has asked yet where frames bear zeros for addresses.
    if (asker === undefined || isIpv6 !== (asker.version === 6) || !(packetTime(this.#state, p) - asker.lastAsked <= DELIVERY_SECONDS)) return;
    asker.deliveries.add(net[at + NET_SRC]!, net[at + NET_DST]!, net[at + NET_PROTOCOL]! * 65_536 + net[at + NET_DST_PORT]!, p.frame);
  }

  #isCaused(target: number, p: Packet): boolean {
    const slot = slotOf(target);
    return p.macCount > 0 && this.#whose[slot] === target && this.#toCard[slot] === macOf(p, MAC_SRC_HIGH);
  }

  onArp({ opcode, senderIp, targetIp }: ArpMessage, p: Packet): void {
    if (opcode === 2) {
      if (targetIp === 0) this.arpProbes.get(macOf(p, MAC_DST_HIGH))?.targets.answer(senderIp);
      else this.arp.get(targetIp)?.targets.answer(senderIp);
      return;
    }
    // Announcements ask for one's own address. Probes before an address is taken (RFC 5227) do, too, but for one or a few.
    if (opcode !== 1 || senderIp === targetIp) return;
    // Asked of one card and not of everybody: whether a neighbour that is known is still there, as systems do before they forget it (RFC 1122 section 2.3.2.1).
    if (p.macCount > 0 && macOf(p, MAC_DST_HIGH) !== BROADCAST && isAddress(macOf(p, MAC_DST_HIGH))) return;
    if (senderIp === 0) {
      if (p.macCount > 0) this.#ask(this.arpProbes, 4, macOf(p, MAC_SRC_HIGH), targetIp, p, -1);
      return;
    }
    this.#ask(this.arp, 4, senderIp, targetIp, p, -1);
    // Whoever asks is there, and needs no answer.
    for (const asker of this.arp.values()) {
      if (this.arp.size > 64) break;
      asker.targets.answer(senderIp);
    }
  }

  onIcmp(p: Packet, flow: number): void {
    const { icmp, net } = p,
      at = (p.netCount - 1) * NET_STRIDE;
    if (p.netCount === 0) return;
    const version = net[at + NET_VERSION]!,
      map = version === 6 ? this.ping6 : this.ping;
    if (REQUESTS.has(icmp)) this.#ask(map, version, net[at + NET_SRC]!, net[at + NET_DST]!, p, flow);
    else if (REPLIES.has(icmp)) map.get(net[at + NET_DST]!)?.targets.answer(net[at + NET_SRC]!);
    else if (version === 6 && icmp === SOLICITATION) this.#solicit(p, net[at + NET_SRC]!, net[at + NET_DST]!, flow);
    else if (version === 6 && icmp === ADVERTISEMENT)
      this.neighbours.get(net[at + NET_DST]!)?.targets.answer(lastThree(p.ipv6.bytesOf(net[at + NET_SRC]!)));
  }

  /** Whether a known neighbour is still there is asked of itself, and before an address is taken nobody asks for it (RFC 4862 section 5.4.2). */
  #solicit(p: Packet, source: number, group: number, flow: number): void {
    const to = p.ipv6.bytesOf(group);
    if (to[0] === 0xff && to[12] === 0xff && p.ipv6.bytesOf(source)[0] !== 0) this.#ask(this.neighbours, 6, source, lastThree(to), p, flow);
  }

  #ask(map: Map<number, Asker>, version: number, source: number, target: number, p: Packet, flow: number): void {
    let asker = map.get(source);
    if (asker === undefined) {
      if (map.size >= MOST_SOURCES && !this.#forget(map)) return;
      asker = {
        version,
        source,
        targets: new SweepTargets(),
        burst: new Burst(this.#windowSeconds),
        span: new Span(),
        frames: [],
        flows: [],
        inOrder: 0,
        last: 0,
        caused: 0,
        deliveries: new SweepDeliveries(),
        lastAsked: NaN,
      };
      map.set(source, asker);
    }
    if (map === this.arp || map === this.neighbours) this.#noteCard(asker, p);
    if (!asker.targets.ask(target)) return;
    if (map !== this.ping && map !== this.ping6 && this.#isCaused(target, p)) asker.caused++;
    if (target === asker.last + 1) asker.inOrder++;
    asker.last = target;
    asker.burst.add(packetTime(this.#state, p));
    asker.span.addPacket(p);
    if (asker.frames.length >= MOST_EVIDENCE) return;
    asker.frames.push(p.frame);
    if (flow >= 0) asker.flows.push(flow);
  }

  #noteCard(asker: Asker, p: Packet): void {
    if (p.macCount === 0 || asker.targets.asked < LEAST_ASKED) return;
    const slot = cardSlot(p);
    this.#askingCard[slot] = macOf(p, MAC_SRC_HIGH);
    this.#asking[slot] = asker;
    asker.lastAsked = packetTime(this.#state, p);
  }

  #forget(map: Map<number, Asker>): boolean {
    for (const [source, { targets }] of map) if (targets.asked < 5) map.delete(source);
    if (map.size < MOST_SOURCES) return true;
    this.isBounded = true;
    return false;
  }
}
