/** Who says by ARP that an address is his: per address the owners that claimed it, how often they took it from each other, and whether anybody had asked. */
import type { ArpMessage } from '../../pcap/dissectors/arp.ts';
import { MAC_DST_HIGH, MAC_DST_LOW, MAC_SRC_HIGH, MAC_SRC_LOW, MAC_STRIDE, NET_DST, NET_SRC, NET_VERSION, type Packet } from '../../pcap/packet.ts';
import type { CaptureState } from '../captureState.ts';
import { Burst, MOST_EVIDENCE, packetTime, Span } from './measures.ts';

const MOST_ADDRESSES = 20_000,
  MOST_OWNERS = 4,
  MOST_STATIONS = 8192,
  MOST_OWN = 300,
  MOST_PLACES = 4;
/** A reply that comes later than this after the question was not asked for. */
const ANSWER_SECONDS = 5;

/** One MAC address that claims one IP address. */
export interface Owner {
  readonly mac: number;
  readonly frames: number[];
  claims: number;
  /** Replies to one host that had not asked. */
  unasked: number;
  /** Requests in the name of the address. */
  asking: number;
  /** Claims to everybody, in the way of a host that starts or takes over. */
  announced: number;
  lastTime: number;
  /** The owner itself asked who has the address, in another name. */
  contradiction: number;
  /** Claims for another card that this one sent: a tool that puts the truth back when it ends. */
  givenBack: number;
}

export interface Address {
  readonly ip: number;
  readonly owners: Owner[];
  readonly span: Span;
  /** Frames in which the owner changed, and those before them. */
  readonly frames: number[];
  current: Owner | null;
  /** Changes of owner within the window since the claim before. */
  changes: number;
  claims: number;
  askedTime: number;
  /** Who asked last. */
  asker: number;
}

/** One MAC address. */
export interface Station {
  readonly mac: number;
  readonly own: Set<number>;
  readonly announcements: Burst;
  readonly frames: number[];
  readonly span: Span;
  announced: number;
}

export class ArpClaims {
  isBounded = false;
  readonly addresses = new Map<number, Address>();
  readonly stations = new Map<number, Station>();
  /** Addresses that routers share, as VRRP and HSRP say. */
  readonly shared = new Set<number>();
  /** Where packets of an address came from or went to, whatever ARP says. */
  readonly #places = new Map<number, number[]>();
  readonly #state: CaptureState;
  readonly #windowSeconds: number;
  readonly #announceSeconds: number;

  constructor(state: CaptureState, windowSeconds: number, announceSeconds: number) {
    this.#state = state;
    this.#windowSeconds = windowSeconds;
    this.#announceSeconds = announceSeconds;
  }

  add({ opcode, senderMacHigh, senderMacLow, senderIp, targetIp }: ArpMessage, p: Packet): void {
    if (opcode !== 1 && opcode !== 2) return;
    const mac = senderMacHigh * 4_294_967_296 + (senderMacLow >>> 0),
      time = packetTime(this.#state, p);
    if (opcode === 1 && targetIp !== 0) this.#asks(mac, senderIp, targetIp, time, p);
    // A probe before an address is taken claims nothing (RFC 5227).
    if (senderIp === 0 || mac === 0 || isShared(mac)) return;
    if (this.#isGivenBack(senderIp, mac, p)) return;
    const station = this.#station(mac),
      address = this.#address(senderIp);
    if (station === undefined || address === undefined) return;
    if (station.own.size < MOST_OWN) station.own.add(senderIp);
    if (senderIp === targetIp) {
      station.announced++;
      station.announcements.add(time);
      station.span.addPacket(p);
      if (station.frames.length < MOST_EVIDENCE) station.frames.push(p.frame);
    }
    this.#claims(address, mac, opcode, senderIp === targetIp, time, p);
  }

  /** Notes between which MAC addresses a conversation began. */
  began({ net, netCount, mac, macCount }: Packet): void {
    if (netCount === 0 || macCount === 0 || net[NET_VERSION] !== 4) return;
    this.#place(net[NET_SRC]!, mac[MAC_SRC_HIGH]!, mac[MAC_SRC_LOW]!);
    this.#place(net[NET_DST]!, mac[MAC_DST_HIGH]!, mac[MAC_DST_LOW]!);
  }

  #place(ip: number, high: number, low: number): void {
    // A group, or an address that moves by design.
    const value = (high & 0xffff) * 4_294_967_296 + (low >>> 0);
    if ((high & 0x100) !== 0 || isShared(value)) return;
    const places = this.#places.get(ip);
    if (places === undefined) {
      if (this.#places.size < MOST_ADDRESSES) this.#places.set(ip, [value]);
    } else if (places.length < MOST_PLACES && !places.includes(value)) places.push(value);
  }

  /** Another machine than this one that has the address by its packets; null where there is none. */
  otherPlace({ ip }: Address, mac: number): number | null {
    return this.#places.get(ip)?.find((one) => one !== mac) ?? null;
  }

  #claims(address: Address, mac: number, opcode: number, isAnnouncement: boolean, time: number, p: Packet): void {
    let owner = address.owners.find((one) => one.mac === mac);
    if (owner === undefined) {
      if (address.owners.length >= MOST_OWNERS) return;
      owner = { mac, frames: [], claims: 0, unasked: 0, asking: 0, announced: 0, lastTime: time, contradiction: 0, givenBack: 0 };
      address.owners.push(owner);
    }
    owner.claims++;
    if (isAnnouncement) owner.announced++;
    address.claims++;
    address.span.addPacket(p);
    if (opcode === 1) owner.asking++;
    else if (!isAnnouncement && (address.asker === mac || !(time - address.askedTime <= ANSWER_SECONDS))) owner.unasked++;
    if (owner.frames.length < MOST_EVIDENCE) owner.frames.push(p.frame);
    const before = address.current;
    if (before !== null && before !== owner && !(time - before.lastTime > this.#windowSeconds)) {
      address.changes++;
      if (address.frames.length < MOST_EVIDENCE) address.frames.push(p.frame);
    }
    owner.lastTime = time;
    address.current = owner;
  }

  /** Whether a machine that claimed the address before says now that it is another's: not a word of that other one, who must not be blamed for it. */
  #isGivenBack(ip: number, mac: number, p: Packet): boolean {
    if (p.macCount === 0) return false;
    const at = (p.macCount - 1) * MAC_STRIDE,
      sender = p.mac[at + MAC_SRC_HIGH]! * 4_294_967_296 + (p.mac[at + MAC_SRC_LOW]! >>> 0);
    if (sender === mac) return false;
    const owner = this.addresses.get(ip)?.owners.find((one) => one.mac === sender);
    if (owner === undefined) return false;
    owner.givenBack++;
    if (owner.frames.length < MOST_EVIDENCE) owner.frames.push(p.frame);
    return true;
  }

  #asks(mac: number, senderIp: number, targetIp: number, time: number, p: Packet): void {
    const address = this.#address(targetIp);
    if (address === undefined) return;
    address.askedTime = time;
    address.asker = mac;
    if (senderIp === 0 || senderIp === targetIp) return;
    const owner = address.owners.find((one) => one.mac === mac);
    if (owner === undefined || time - owner.lastTime > this.#windowSeconds) return;
    owner.contradiction++;
    address.span.addPacket(p);
    if (address.frames.length < MOST_EVIDENCE) address.frames.push(p.frame);
  }

  #address(ip: number): Address | undefined {
    let address = this.addresses.get(ip);
    if (address !== undefined) return address;
    if (this.addresses.size >= MOST_ADDRESSES) {
      this.isBounded = true;
      return undefined;
    }
    address = { ip, owners: [], span: new Span(), frames: [], current: null, changes: 0, claims: 0, askedTime: -Infinity, asker: 0 };
    this.addresses.set(ip, address);
    return address;
  }

  #station(mac: number): Station | undefined {
    let station = this.stations.get(mac);
    if (station !== undefined) return station;
    if (this.stations.size >= MOST_STATIONS) {
      this.isBounded = true;
      return undefined;
    }
    station = { mac, own: new Set(), announcements: new Burst(this.#announceSeconds), frames: [], span: new Span(), announced: 0 };
    this.stations.set(mac, station);
    return station;
  }
}

/** MAC addresses that move from machine to machine by design: VRRP and CARP, HSRP of both versions, GLBP, Microsoft's network load balancing. */
function isShared(mac: number): boolean {
  const top5 = Math.floor(mac / 256),
    top2 = Math.floor(mac / 4_294_967_296);
  if (top5 === 0x00005e0001 || top5 === 0x00005e0002 || top5 === 0x00000c07ac || Math.floor(mac / 4096) === 0x00000c9ff) return true;
  return Math.floor(mac / 16_777_216) === 0x0007b4 || top2 === 0x02bf || top2 === 0x03bf;
}
