/**
 * Whose card sent a probe. Within a network the frame says who sent it, whatever address the packet bears: a scanner that scans in the name of an idle host and
 * reads the answers off that host's counters (nmap -sI), or hides among decoys, is told by its card. IPv4, whose bearers ARP names.
 */
import type { ArpMessage } from '../../pcap/dissectors/arp.ts';
import { formatMac } from '../../pcap/addresses.ts';
import type { CaptureState } from '../captureState.ts';
import { MAC_SRC_HIGH, MAC_SRC_LOW, NET_SRC, NET_VERSION, type Packet } from '../../pcap/packet.ts';

const REQUEST = 1,
  MOST_BEARERS = 4096,
  MOST_FLOWS = 100_000,
  SLOTS = 1024;
/** Share of the probes that one other card must have sent. */
const LEAST_PERCENT = 80;

export interface Sender {
  readonly address: number;
  readonly mac: string;
}

const known = new WeakMap<CaptureState, ProbeSenders>();

/** Those of a capture: several detectors ask, and each tells what it hears, which counts once. */
export function probeSendersOf(state: CaptureState): ProbeSenders {
  let senders = known.get(state);
  if (senders === undefined) known.set(state, (senders = new ProbeSenders()));
  return senders;
}

export class ProbeSenders {
  /** By ARP: the card of an address, and the address of a card; NaN where there are several. */
  readonly #cards = new Map<number, number>();
  readonly #bearers = new Map<number, number>();
  /** The same for a quick look at each flow, by a hash of the address. */
  readonly #address = new Float64Array(SLOTS).fill(NaN);
  readonly #card = new Float64Array(SLOTS);
  /** Addresses that ARP asked for, by the same hash: where nobody says to have one, nobody is there. */
  readonly #asked = new Float64Array(SLOTS).fill(NaN);
  /** Flows that were opened by another card than the one that bears the address. */
  readonly #foreign = new Map<number, number>();
  #lastFlow = -1;

  onArp({ opcode, senderIp, senderMacHigh, senderMacLow, targetIp }: ArpMessage): void {
    const card = senderMacHigh * 4_294_967_296 + (senderMacLow >>> 0);
    // Who asks without an address of its own asks whether it may have one.
    if (senderIp === 0 || card === 0) return;
    if (opcode === REQUEST && targetIp !== senderIp) this.#asked[slotOf(targetIp)] = targetIp;
    note(this.#bearers, card, senderIp);
    const slot = slotOf(senderIp);
    this.#address[slot] = note(this.#cards, senderIp, card) === card ? senderIp : NaN;
    this.#card[slot] = card;
  }

  onFlowOpened(flow: number, p: Packet): void {
    if (flow === this.#lastFlow) return;
    this.#lastFlow = flow;
    const { net, mac } = p,
      source = net[NET_SRC]!,
      slot = slotOf(source);
    const isBorne = this.#address[slot] === source;
    if ((!isBorne && this.#asked[slot] !== source) || p.macCount !== 1 || p.netCount !== 1 || net[NET_VERSION] !== 4) return;
    const card = mac[MAC_SRC_HIGH]! * 4_294_967_296 + (mac[MAC_SRC_LOW]! >>> 0);
    if (isBorne ? this.#card[slot] === card : this.#cards.has(source)) return;
    if (card !== 0 && this.#foreign.size < MOST_FLOWS) this.#foreign.set(flow, card);
  }

  /** Who sent nearly all of these flows in another's name, or null. A card of several addresses is a gateway's, which sends for others. */
  of(rows: readonly number[]): Sender | null {
    if (this.#foreign.size === 0) return null;
    const counts = new Map<number, number>();
    for (const row of rows) {
      const card = this.#foreign.get(row);
      if (card !== undefined) counts.set(card, (counts.get(card) ?? 0) + 1);
    }
    for (const [card, count] of counts) {
      const address = this.#bearers.get(card);
      if (count * 100 >= rows.length * LEAST_PERCENT && address !== undefined && !Number.isNaN(address))
        return { address, mac: formatMac(Math.floor(card / 4_294_967_296), card % 4_294_967_296) };
    }
    return null;
  }
}

/** What a key stands for: the value, or NaN from the second one on. */
function note(map: Map<number, number>, key: number, value: number): number {
  const known = map.get(key);
  if (known === value || (known === undefined && map.size >= MOST_BEARERS)) return value;
  const now = known === undefined ? value : NaN;
  map.set(key, now);
  return now;
}

function slotOf(address: number): number {
  return Math.imul(address, 0x9e3779b1) >>> 22;
}
