/**
 * Who says by ARP or by Neighbor Discovery that an address is his: per address the owners that claimed it, how often they took it from each other, and
 * whether anybody had asked. An address is a number, `NO_ADDRESS` for none; a MAC address is one, too.
 */
import {
  MAC_DST_HIGH,
  MAC_DST_LOW,
  MAC_SRC_HIGH,
  MAC_SRC_LOW,
  MAC_STRIDE,
  NET_DST,
  NET_SRC,
  NET_STRIDE,
  NET_VERSION,
  type Packet,
} from '../../pcap/packet.ts';
import type { CaptureState } from '../captureState.ts';
import { Burst, MOST_EVIDENCE, packetTime, Span } from './measures.ts';
import { isShared } from './sharedCards.ts';

const MOST_ADDRESSES = 20_000,
  MOST_OWNERS = 4,
  MOST_STATIONS = 8192,
  MOST_OWN = 300,
  MOST_PLACES = 4,
  MOST_SHARED = 1000;
/** A reply that comes later than this after the question was not asked for. */
const ANSWER_SECONDS = 5,
  /** A host that starts or takes over repeats its announcement within this time, or never. */
  BURST_SECONDS = 3,
  /** For how long a host asks whether an address is free before it takes it: RFC 4862 section 5.4, RFC 5227 section 1.1. Counted in both directions: clocks are set back. */
  PROBE_SECONDS = 3,
  /** How soon after the first announcement of a new way packets take it. */
  DRAWN_SECONDS = 60,
  MOST_WATCHED = 64;
/** Announcements after a pause: whoever takes an address over announces it in one go. */
export const LEAST_REPEATED = 2,
  /** Or that go on for longer than those of hosts that start or take over: two within two seconds (RFC 5227), ten within five (keepalived), one a second for five (MetalLB). */
  LEAST_ANNOUNCED = 4;
const LEAST_ANNOUNCING_SECONDS = 7;
/** 0.0.0.0, or `::`. */
export const NO_ADDRESS = 0;

/** What one message says. */
export interface Claim {
  /** It asks for `target`; otherwise it answers or announces. */
  readonly isQuestion: boolean;
  /** To everybody, without being asked. */
  readonly isAnnouncement: boolean;
  /** The card that `sender` is said to be at; `NO_MAC` where it says none. */
  readonly mac: number;
  readonly sender: number;
  /** What it asks for. */
  readonly target: number;
}
export const NO_MAC = 0;

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
  /** Of them after a pause. */
  repeated: number;
  /** When it announced the address first, and last. */
  announcedFrom: number;
  announcedTo: number;
  /** Claims that told a host, which asked whether it may take the address, that it is taken. */
  denials: number;
  readonly firstTime: number;
  lastTime: number;
  /** The owner itself asked who has the address, in another name. */
  contradiction: number;
  /** Claims for another card that this one sent: a tool that puts the truth back when it ends. */
  givenBack: number;
}

export function keepsAnnouncing({ announced, repeated, announcedFrom, announcedTo }: Owner): boolean {
  return repeated >= LEAST_REPEATED || (announced >= LEAST_ANNOUNCED && announcedTo - announcedFrom >= LEAST_ANNOUNCING_SECONDS);
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
  /** Who asked last whether the address is free, and when. */
  prober: number;
  probedTime: number;
}

/** One MAC address. */
export interface Station {
  readonly mac: number;
  readonly own: Set<number>;
  readonly announcements: Burst;
  readonly frames: number[];
  readonly span: Span;
  announced: number;
  /** When it last claimed anything, and when it first announced. */
  lastTime: number;
  announcedFrom: number;
  /** Frames to others that went to another machine before, and to this one soon after it had announced; and that other. */
  readonly drawn: number[];
  drawnFrom: number;
}

export class NeighbourClaims {
  isBounded = false;
  readonly addresses = new Map<number, Address>();
  readonly stations = new Map<number, Station>();
  /** Addresses that routers share, as VRRP and HSRP say. */
  readonly shared = new Set<number>();
  /** Where packets of an address came from or went to, whatever ARP says. */
  readonly #places = new Map<number, number[]>();
  /** Where packets to it went, in the order of the first that did. */
  readonly #ways = new Map<number, number[]>();
  /** Machines that keep announcing: whatever goes to them is looked at. */
  readonly #watched = new Set<number>();
  readonly #state: CaptureState;
  readonly #version: 4 | 6;
  readonly #windowSeconds: number;
  readonly #announceSeconds: number;

  constructor(state: CaptureState, version: 4 | 6, windowSeconds: number, announceSeconds: number) {
    this.#state = state;
    this.#version = version;
    this.#windowSeconds = windowSeconds;
    this.#announceSeconds = announceSeconds;
  }

  add({ isQuestion, isAnnouncement, mac, sender, target }: Claim, p: Packet): void {
    const time = packetTime(this.#state, p);
    if (isQuestion && target !== NO_ADDRESS) this.#asks(mac === NO_MAC ? senderOf(p) : mac, sender, target, time, p);
    // A probe before an address is taken claims nothing (RFC 5227, RFC 4862).
    if (sender === NO_ADDRESS || mac === NO_MAC || isShared(mac)) return;
    if (this.#isGivenBack(sender, mac, p)) return;
    const station = this.#station(mac),
      address = this.#address(sender);
    if (station === undefined || address === undefined) return;
    station.lastTime = time;
    if (station.own.size < MOST_OWN) station.own.add(sender);
    if (isAnnouncement) {
      if (station.announced++ === 0) station.announcedFrom = time;
      station.announcements.add(time);
      station.span.addPacket(p);
      if (station.frames.length < MOST_EVIDENCE) station.frames.push(p.frame);
    }
    this.#claims(address, mac, isQuestion, isAnnouncement, time, p);
  }

  /** Addresses that several machines have by design. */
  share(addresses: readonly number[]): void {
    for (const ip of addresses) if (this.shared.size < MOST_SHARED) this.shared.add(ip);
  }

  /** Notes between which MAC addresses a conversation began. */
  began(p: Packet): void {
    const { net, mac } = p,
      at = this.#headerAt(p),
      card = (p.macCount - 1) * MAC_STRIDE;
    if (at < 0) return;
    const destination = neighbourOf(this.#version, net[at + NET_DST]!);
    place(this.#places, neighbourOf(this.#version, net[at + NET_SRC]!), mac[card + MAC_SRC_HIGH]!, mac[card + MAC_SRC_LOW]!);
    place(this.#places, destination, mac[card + MAC_DST_HIGH]!, mac[card + MAC_DST_LOW]!);
    this.#turns(destination, p);
    place(this.#ways, destination, mac[card + MAC_DST_HIGH]!, mac[card + MAC_DST_LOW]!);
  }

  /** The first header behind the innermost link header, which is the one that mirrors carry; -1 without both. */
  #headerAt({ net, netCount, macCount, netAboveMac }: Packet): number {
    const at = netAboveMac * NET_STRIDE;
    return macCount > 0 && netAboveMac < netCount && net[at + NET_VERSION] === this.#version ? at : -1;
  }

  /** Whoever answers a host knows where it is: who tells both of two hosts to be the other says in the same breath where they really are. */
  addressed(ip: number, { mac, macCount }: Packet): void {
    const at = (macCount - 1) * MAC_STRIDE;
    if (macCount > 0) place(this.#places, neighbourOf(this.#version, ip), mac[at + MAC_DST_HIGH]!, mac[at + MAC_DST_LOW]!);
  }

  get isWatching(): boolean {
    return this.#watched.size > 0;
  }

  /** A further packet of a conversation, which may turn to another machine in its midst. */
  goesOn(p: Packet): void {
    const at = this.#headerAt(p);
    if (at >= 0 && this.#watched.has(cardTo(p))) this.#turns(neighbourOf(this.#version, p.net[at + NET_DST]!), p);
  }

  /** Whether a packet to `ip`, which is not said to be there, goes to a machine that has just announced, and went to another before. */
  #turns(ip: number, p: Packet): void {
    const before = this.#ways.get(ip)?.[0],
      to = cardTo(p);
    if (before === undefined || before === to) return;
    const station = this.stations.get(to);
    if (station === undefined || station.announced === 0 || station.own.has(ip) || station.drawn.length >= MOST_EVIDENCE) return;
    const since = packetTime(this.#state, p) - station.announcedFrom;
    if (!(since >= 0 && since <= DRAWN_SECONDS)) return;
    station.drawnFrom = before;
    station.drawn.push(p.frame);
  }

  /** Another machine than this one that has the address by its packets; null where there is none. */
  otherPlace({ ip }: Address, mac: number): number | null {
    return this.#places.get(ip)?.find((one) => one !== mac) ?? null;
  }

  /** The machine that packets to the address went to before they went to this one; null where they never moved there. */
  wayBefore({ ip }: Address, mac: number): number | null {
    const ways = this.#ways.get(ip) ?? [],
      at = ways.indexOf(mac);
    return at > 0 ? ways[at - 1]! : null;
  }

  /** Whether packets of the address came from or went to this machine. */
  isPlace({ ip }: Address, mac: number): boolean {
    return this.#places.get(ip)?.includes(mac) === true;
  }

  #claims(address: Address, mac: number, isQuestion: boolean, isAnnouncement: boolean, time: number, p: Packet): void {
    const owner = ownerOf(address, mac, time);
    if (owner === undefined) return;
    owner.claims++;
    if (isAnnouncement) {
      if (owner.announced++ === 0) owner.announcedFrom = time;
      owner.announcedTo = time;
      if (keepsAnnouncing(owner) && this.#watched.size < MOST_WATCHED) this.#watched.add(mac);
      if (owner.claims > 1 && time - owner.lastTime > BURST_SECONDS) owner.repeated++;
    }
    if (address.prober !== mac && Math.abs(time - address.probedTime) <= PROBE_SECONDS) owner.denials++;
    address.claims++;
    address.span.addPacket(p);
    if (isQuestion) owner.asking++;
    else if (!isAnnouncement && (address.asker === mac || !(time - address.askedTime <= ANSWER_SECONDS))) owner.unasked++;
    if (owner.frames.length < MOST_EVIDENCE) owner.frames.push(p.frame);
    const before = address.current;
    if (before !== null && before !== owner && !(Math.abs(time - before.lastTime) > this.#windowSeconds)) {
      address.changes++;
      if (address.frames.length < MOST_EVIDENCE) address.frames.push(p.frame);
    }
    owner.lastTime = time;
    address.current = owner;
  }

  /** Whether a machine that claimed the address before says now that it is another's: not a word of that other one, who must not be blamed for it. */
  #isGivenBack(ip: number, mac: number, p: Packet): boolean {
    const sender = senderOf(p);
    if (sender === NO_MAC || sender === mac) return false;
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
    if (senderIp === NO_ADDRESS) {
      // A frame that does not say whose it is, as on a cooked interface: whoever announces the address afterwards may well be who asked.
      if (mac === NO_MAC) return;
      // Two that ask at once whether the address is free: neither may have it (RFC 4862 section 5.4.3).
      if (address.prober !== mac && Math.abs(time - address.probedTime) <= PROBE_SECONDS) {
        const owner = ownerOf(address, mac, time);
        if (owner !== undefined) {
          owner.claims++;
          owner.denials++;
          if (owner.frames.length < MOST_EVIDENCE) owner.frames.push(p.frame);
        }
        address.span.addPacket(p);
      } else {
        address.prober = mac;
        address.probedTime = time;
      }
      return;
    }
    if (senderIp === targetIp) return;
    const owner = address.owners.find((one) => one.mac === mac);
    if (owner === undefined || Math.abs(time - owner.lastTime) > this.#windowSeconds) return;
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
    address = {
      ip,
      owners: [],
      span: new Span(),
      frames: [],
      current: null,
      changes: 0,
      claims: 0,
      askedTime: -Infinity,
      asker: 0,
      prober: 0,
      probedTime: -Infinity,
    };
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
    station = {
      mac,
      own: new Set(),
      announcements: new Burst(this.#announceSeconds),
      frames: [],
      span: new Span(),
      announced: 0,
      lastTime: -Infinity,
      announcedFrom: 0,
      drawn: [],
      drawnFrom: NO_MAC,
    };
    this.stations.set(mac, station);
    return station;
  }
}

function place(all: Map<number, number[]>, ip: number, high: number, low: number): void {
  // A group, or an address that moves by design.
  const mac = (high & 0xffff) * 4_294_967_296 + (low >>> 0);
  if ((high & 0x100) !== 0 || isShared(mac)) return;
  const known = all.get(ip);
  if (known === undefined) {
    if (all.size < MOST_ADDRESSES) all.set(ip, [mac]);
  } else if (known.length < MOST_PLACES && !known.includes(mac)) known.push(mac);
}

/** The number that stands for an address of a packet: those of IPv6 are numbered from 0. */
export function neighbourOf(version: 4 | 6, value: number): number {
  return version === 6 ? value + 1 : value;
}

function ownerOf({ owners }: Address, mac: number, time: number): Owner | undefined {
  const known = owners.find((one) => one.mac === mac);
  if (known !== undefined) return known;
  if (owners.length >= MOST_OWNERS) return undefined;
  const owner = {
    mac,
    frames: [],
    claims: 0,
    unasked: 0,
    asking: 0,
    announced: 0,
    repeated: 0,
    announcedFrom: time,
    announcedTo: time,
    denials: 0,
    firstTime: time,
    lastTime: time,
    contradiction: 0,
    givenBack: 0,
  };
  owners.push(owner);
  return owner;
}

/** The card at one end of the frame. */
function cardAt({ mac, macCount }: Packet, high: typeof MAC_SRC_HIGH | typeof MAC_DST_HIGH): number {
  const at = (macCount - 1) * MAC_STRIDE + high;
  return macCount === 0 ? NO_MAC : (mac[at]! & 0xffff) * 4_294_967_296 + (mac[at + 1]! >>> 0);
}
const cardTo = (p: Packet): number => cardAt(p, MAC_DST_HIGH),
  senderOf = (p: Packet): number => cardAt(p, MAC_SRC_HIGH);
