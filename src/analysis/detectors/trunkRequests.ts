/**
 * Stations that ask their switch for a trunk by Cisco's DTP, to be let into all of its networks, as yersinia does. Switches ask each other so, too, where nobody
 * forbade it; but a switch also speaks the spanning tree, names itself to its neighbours or tests its cables, and a station does not.
 */
import { formatMac } from '../../pcap/addresses.ts';
import type { DtpMessage } from '../../pcap/dissectors/dtp.ts';
import { MAC_DST_HIGH, MAC_DST_LOW, MAC_SRC_HIGH, MAC_SRC_LOW, MAC_STRIDE, type Packet } from '../../pcap/packet.ts';
import type { CaptureState } from '../captureState.ts';
import { plural } from '../describe.ts';
import type { FindingDraft } from '../detector.ts';
import { linkSource, wordedDraft } from './sightings.ts';
import { Evidence, Watched } from './watched.ts';

const MOST_STATIONS = 5000;
/** As `wanted` of DTP has it: a trunk at any rate, and a trunk if the other end agrees. */
const ON = 1,
  DESIRABLE = 3;
/** Within this a switch has said something else: its spanning tree speaks every two seconds. */
const LEAST_SECONDS = 5;

interface Asker {
  readonly mac: string;
  readonly evidence: Evidence;
  wants: number;
}

export class TrunkRequests {
  readonly #askers = new Watched<string, Asker>(MOST_STATIONS);
  /** Stations that say what only bridges say. */
  readonly #bridges = new Set<string>();
  /** Who says that the link is a trunk by now. */
  readonly #trunks = new Set<string>();
  #frames = 0;

  onMessage(message: DtpMessage, p: Packet): void {
    this.#frames++;
    const mac = linkSource(p);
    if (mac === '') return;
    if (message.isTrunk && this.#trunks.size < MOST_STATIONS) this.#trunks.add(mac);
    if (message.wanted !== ON && message.wanted !== DESIRABLE) return;
    const one = this.#askers.of(mac, () => ({ mac, evidence: new Evidence(), wants: message.wanted }));
    if (one === undefined) return;
    one.wants = message.wanted;
    one.evidence.add(p, -1);
  }

  /** A frame of the spanning tree, of LLDP, CDP or another protocol among bridges. */
  onBridgeFrame({ mac }: Packet): void {
    if (this.#bridges.size < MOST_STATIONS) this.#bridges.add(formatMac(mac[MAC_SRC_HIGH]!, mac[MAC_SRC_LOW]!));
  }

  findings(state: CaptureState): FindingDraft[] {
    const seconds = state.endSeconds - state.startSeconds;
    // Where nothing else was captured, or for a moment only, a switch looks the same.
    if (this.#frames === state.packets || !(seconds >= LEAST_SECONDS)) return [];
    const found: FindingDraft[] = [];
    for (const one of this.#askers.values) if (!this.#bridges.has(one.mac)) found.push(this.#draft(state, one));
    return found;
  }

  #draft(state: CaptureState, { mac, evidence, wants }: Asker): FindingDraft {
    const agreed = [...this.#trunks].filter((other) => other !== mac);
    return wordedDraft(state, [{ role: 'attacker', address: mac }], evidence, `eth.src == ${mac} && dtp`, {
      technique: 'dtp',
      deed: 'asked its switch for a trunk to all VLANs',
      severity: 'medium',
      parts: [
        ['asks for a trunk', 45],
        ['says nothing else that a switch says', 20],
        ['the other end made it a trunk', agreed.length > 0 ? 15 : 0],
      ],
      title: `${mac} asks its switch for a trunk to all VLANs: ${plural(evidence.framesTotal, 'DTP frame')}`,
      description: `${plural(evidence.framesTotal, 'DTP frame')} of ${mac} (threshold 1) ${evidence.framesTotal === 1 ? 'says' : 'say'} ${wants === ON ? '"on"' : '"desirable"'}: a switch whose port is left to negotiate makes it a trunk. Nothing else that switches say came from there${agreed.length > 0 ? `; ${agreed[0]!} says that the link is a trunk` : ''}.`,
      indicators: [
        { name: 'DTP frames', value: evidence.framesTotal, threshold: 1 },
        { name: 'says it is a trunk', value: agreed.length > 0 ? agreed[0]! : 'nobody' },
      ],
      alternatives: ['A port of a Cisco switch that negotiates, whose spanning tree is turned off.'],
      attack: ['T1599'],
      recommendation: `Find the port of ${mac}. Set ports of stations to access mode without negotiation ("switchport mode access", "switchport nonegotiate").`,
    });
  }
}

/** Whether a frame goes to the groups by which bridges talk, IEEE 802.1D and Cisco's own, or to whom it comes from, as tests of the cable do. */
export function isBridgeGroup({ mac, macCount }: Packet): boolean {
  if (macCount === 0) return false;
  const at = (macCount - 1) * MAC_STRIDE,
    high = mac[at + MAC_DST_HIGH]!,
    low = mac[at + MAC_DST_LOW]! >>> 0;
  if (high === mac[at + MAC_SRC_HIGH]! && low === mac[at + MAC_SRC_LOW]! >>> 0) return true;
  return (high === 0x0180 && low >>> 8 === 0xc20000) || (high === 0x0100 && (low === 0x0ccccccc || low === 0x0ccccccd || low === 0x0ccdcdce));
}
