/** Who asks for whom by ARP and by ping: what flows do not tell. Bounded, and nothing is kept of whoever asks for a few only. */
import type { ArpMessage } from '../../pcap/dissectors/arp.ts';
import { NET_DST, NET_SRC, NET_STRIDE, NET_VERSION, type Packet } from '../../pcap/packet.ts';
import type { CaptureState } from '../captureState.ts';
import { Burst, MOST_EVIDENCE, packetTime, Span } from './measures.ts';
import { SweepTargets } from './sweepTargets.ts';

const MOST_SOURCES = 4096;
/** `icmp` of Packet: type * 256 + code. */
const REQUEST = 8 << 8,
  REPLY = 0,
  REQUEST_V6 = 128 << 8,
  REPLY_V6 = 129 << 8;

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
}

export class SweepTallies {
  isBounded = false;
  readonly arp = new Map<number, Asker>();
  readonly ping = new Map<number, Asker>();
  readonly ping6 = new Map<number, Asker>();
  readonly #state: CaptureState;
  readonly #windowSeconds: number;

  constructor(state: CaptureState, windowSeconds: number) {
    this.#state = state;
    this.#windowSeconds = windowSeconds;
  }

  onArp({ opcode, senderIp, targetIp }: ArpMessage, p: Packet): void {
    if (opcode === 2) {
      this.arp.get(targetIp)?.targets.answer(senderIp);
      return;
    }
    // Probes before an address is taken (RFC 5227), and announcements, ask for one's own.
    if (opcode !== 1 || senderIp === 0 || senderIp === targetIp) return;
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
    if (icmp === REQUEST || icmp === REQUEST_V6) this.#ask(map, version, net[at + NET_SRC]!, net[at + NET_DST]!, p, flow);
    else if (icmp === REPLY || icmp === REPLY_V6) map.get(net[at + NET_DST]!)?.targets.answer(net[at + NET_SRC]!);
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
      };
      map.set(source, asker);
    }
    if (!asker.targets.ask(target)) return;
    if (target === asker.last + 1) asker.inOrder++;
    asker.last = target;
    asker.burst.add(packetTime(this.#state, p));
    asker.span.addPacket(p);
    if (asker.frames.length >= MOST_EVIDENCE) return;
    asker.frames.push(p.frame);
    if (flow >= 0) asker.flows.push(flow);
  }

  #forget(map: Map<number, Asker>): boolean {
    for (const [source, { targets }] of map) if (targets.asked < 5) map.delete(source);
    if (map.size < MOST_SOURCES) return true;
    this.isBounded = true;
    return false;
  }
}
