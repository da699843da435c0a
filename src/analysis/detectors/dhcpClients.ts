/**
 * Who asks for addresses by DHCP, what each got, and whether it was used. Machines that start at once take their leases and speak from them; clients that somebody
 * invents are named in frames of other senders, never use what they get, or ask on when the server has nothing left. Numbers in fixed places.
 */
import type { ArpMessage } from '../../pcap/dissectors/arp.ts';
import type { DhcpMessage } from '../../pcap/dhcp/message.ts';
import { MAC_SRC_HIGH, MAC_SRC_LOW, MAC_STRIDE, type Packet } from '../../pcap/packet.ts';
import type { CaptureState } from '../captureState.ts';
import * as F from '../flowTable.ts';
import { Burst, MOST_EVIDENCE, Span } from './measures.ts';

const MOST_CLIENTS = 50_000;
const OFFER = 2,
  ACK = 5,
  NAK = 6,
  /** UDP ports of DHCP, RFC 2131 section 4.1: what is said from them is no use of the address. */
  SERVER_PORT = 67,
  CLIENT_PORT = 68;
const DISGUISED = 1,
  RELAYED = 2,
  OFFERED = 4,
  CONFIRMED = 8,
  REFUSED = 16,
  USED = 32;
/** New clients that get nothing, after as many got something, before the server is said to have no more. */
const EXHAUSTED = 20;
/** A slow attack takes as many clients as a fast one, within this time. */
export const SLOW_SECONDS = 3600;

/** The clients that never used a lease, as far as that could be seen. */
export interface IdleClients {
  readonly count: number;
  readonly questions: number;
  /** MAC addresses, as top 16 times 2^32 plus low 32 bits, of the first. */
  readonly named: readonly number[];
  /** New ones within the window, and within `SLOW_SECONDS`. */
  readonly most: number;
  readonly mostSlow: number;
  /** Of them: named in frames of others, of no manufacturer, that came through a relay, whose lease was confirmed. */
  readonly disguised: number;
  readonly local: number;
  readonly relayed: number;
  readonly confirmed: number;
  /** New clients at the end that got nothing or a refusal, where others had got something before; 0 where the server had enough. */
  readonly inVain: number;
  /** The one MAC address that at least half of the frames of disguised clients came from. */
  readonly sender: number | null;
  /** Clients that used theirs: the capture shows who does. */
  readonly users: number;
  readonly frames: readonly number[];
  readonly flows: readonly number[];
  readonly span: Span;
}

export class DhcpClients {
  isBounded = false;
  questions = 0;
  readonly #state: CaptureState;
  readonly #byMac = new Map<number, number>();
  #flags = new Uint8Array(64);
  #address = new Int32Array(64);
  #frame = new Uint32Array(64);
  #flow = new Int32Array(64);
  #sender = new Float64Array(64);
  #seconds = new Float64Array(64);
  #nanoseconds = new Int32Array(64);
  #asked = new Uint32Array(64);

  constructor(state: CaptureState) {
    this.#state = state;
  }

  get count(): number {
    return this.#byMac.size;
  }

  question({ clientMacHigh, clientMacLow, relayIp }: DhcpMessage, flow: number, p: Packet): void {
    const mac = macOf(clientMacHigh, clientMacLow),
      at = (p.macCount - 1) * MAC_STRIDE,
      sender = p.macCount > 0 ? macOf(p.mac[at + MAC_SRC_HIGH]!, p.mac[at + MAC_SRC_LOW]!) : mac;
    this.questions++;
    let i = this.#byMac.get(mac);
    if (i === undefined) {
      i = this.#byMac.size;
      if (i >= MOST_CLIENTS) {
        this.isBounded = true;
        return;
      }
      if (i === this.#flags.length) this.#grow();
      this.#byMac.set(mac, i);
      this.#frame[i] = p.frame;
      this.#flow[i] = flow;
      this.#sender[i] = sender;
      this.#seconds[i] = p.hasTime ? p.timeSeconds : NaN;
      this.#nanoseconds[i] = p.timeNanoseconds;
    }
    this.#asked[i]!++;
    if (relayIp !== 0) this.#flags[i]! |= RELAYED;
    else if (sender !== mac) this.#flags[i]! |= DISGUISED;
  }

  answer({ messageType, clientMacHigh, clientMacLow, yourIp }: DhcpMessage): void {
    const i = this.#byMac.get(macOf(clientMacHigh, clientMacLow));
    if (i === undefined) return;
    this.#flags[i]! |= messageType === OFFER ? OFFERED : messageType === ACK ? OFFERED | CONFIRMED : messageType === NAK ? REFUSED : 0;
    if (messageType === ACK) this.#address[i] = yourIp;
  }

  /** Who probes for, announces or asks from the address that it was given uses it (RFC 5227 section 2.1). */
  spoke({ senderMacHigh, senderMacLow, senderIp, targetIp }: ArpMessage): void {
    if (this.#byMac.size === 0) return;
    const i = this.#byMac.get(macOf(senderMacHigh, senderMacLow));
    if (i === undefined || (this.#flags[i]! & CONFIRMED) === 0) return;
    if (senderIp === this.#address[i] || (senderIp === 0 && targetIp === this.#address[i])) this.#flags[i]! |= USED;
  }

  idle(windowSeconds: number): IdleClients {
    const users = this.#users(),
      macs = [...this.#byMac.keys()],
      fast = new Burst(windowSeconds),
      slow = new Burst(SLOW_SECONDS),
      span = new Span(),
      senders = new Map<number, number>(),
      chosen: number[] = [];
    let questions = 0,
      disguised = 0,
      local = 0,
      relayed = 0,
      confirmed = 0,
      refused = 0,
      served = 0,
      lastServed = -1;
    for (const [i, mac] of macs.entries()) {
      const flags = this.#flags[i]!;
      if ((flags & OFFERED) !== 0) {
        served++;
        lastServed = i;
      }
      if (users.has(i)) continue;
      chosen.push(i);
      questions += this.#asked[i]!;
      if ((flags & DISGUISED) !== 0) {
        disguised++;
        senders.set(this.#sender[i]!, (senders.get(this.#sender[i]!) ?? 0) + 1);
      }
      if ((flags & RELAYED) !== 0) relayed++;
      if ((flags & CONFIRMED) !== 0) confirmed++;
      else if ((flags & REFUSED) !== 0) refused++;
      // The bit of addresses that no manufacturer gave, IEEE 802 section 8.2.2.
      if ((Math.floor(mac / 1_099_511_627_776) & 2) !== 0) local++;
      const time = this.#seconds[i]! - this.#state.firstSeconds;
      fast.add(time);
      slow.add(time);
      if (!Number.isNaN(time)) span.add(this.#seconds[i]!, this.#nanoseconds[i]!);
    }
    const unserved = Math.max(macs.length - 1 - lastServed, refused),
      [busiest] = [...senders].sort((a, b) => b[1] - a[1]);
    return {
      count: chosen.length,
      questions,
      named: chosen.slice(0, 5).map((i) => macs[i]!),
      most: fast.most,
      mostSlow: slow.most,
      disguised,
      local,
      relayed,
      confirmed,
      inVain: served >= EXHAUSTED && unserved >= EXHAUSTED ? unserved : 0,
      sender: busiest !== undefined && busiest[1] * 2 >= disguised ? busiest[0] : null,
      users: users.size,
      frames: chosen.slice(0, MOST_EVIDENCE).map((i) => this.#frame[i]!),
      flows: [...new Set(chosen.slice(0, MOST_EVIDENCE).map((i) => this.#flow[i]!))].filter((flow) => flow >= 0),
      span,
    };
  }

  /** Clients whose address spoke, by ARP or in conversations other than DHCP. Whoever sends frames in the names of others may do so for them, too. */
  #users(): ReadonlySet<number> {
    const { ints, count } = this.#state.flows,
      users = new Set<number>(),
      byAddress = new Map<number, number>();
    for (let i = 0; i < this.#byMac.size; i++) {
      const flags = this.#flags[i]!;
      if ((flags & (CONFIRMED | DISGUISED)) !== CONFIRMED) continue;
      if ((flags & USED) !== 0) users.add(i);
      else byAddress.set(this.#address[i]!, i);
    }
    for (let row = 0; row < count && byAddress.size > 0; row++) {
      const at = row * F.INTS,
        ports = ints[at + F.PORTS]!;
      if ((ints[at + F.META]! & F.META_IPV6) !== 0 || isDhcp(ports >>> 16) || isDhcp(ports & 0xffff)) continue;
      const from = byAddress.get(ints[at + F.A]!),
        to = ints[at + F.PACKETS_B]! > 0 ? byAddress.get(ints[at + F.B]!) : undefined;
      if (from !== undefined) users.add(from);
      if (to !== undefined) users.add(to);
    }
    return users;
  }

  #grow(): void {
    const size = this.#flags.length * 2,
      grown = <T extends Uint8Array | Int32Array | Uint32Array | Float64Array>(made: T, old: T): T => {
        made.set(old);
        return made;
      };
    this.#flags = grown(new Uint8Array(size), this.#flags);
    this.#address = grown(new Int32Array(size), this.#address);
    this.#frame = grown(new Uint32Array(size), this.#frame);
    this.#flow = grown(new Int32Array(size), this.#flow);
    this.#sender = grown(new Float64Array(size), this.#sender);
    this.#seconds = grown(new Float64Array(size), this.#seconds);
    this.#nanoseconds = grown(new Int32Array(size), this.#nanoseconds);
    this.#asked = grown(new Uint32Array(size), this.#asked);
  }
}

function macOf(high: number, low: number): number {
  return high * 4_294_967_296 + (low >>> 0);
}

function isDhcp(port: number): boolean {
  return port === SERVER_PORT || port === CLIENT_PORT;
}
