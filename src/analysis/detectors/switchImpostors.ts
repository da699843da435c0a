/**
 * Stations that speak what only switches say to each other: VTP, by which one list of VLANs replaces those of all switches (yersinia's "deleting all VLANs"), and
 * UDLD, by which a port can be made to close. A switch also speaks the spanning tree, CDP or LLDP, within a minute; a station does not.
 */
import type { Message } from '../../pcap/dissector.ts';
import { udldMessage } from '../../pcap/dissectors/udld.ts';
import { vtpMessage } from '../../pcap/dissectors/vtp.ts';
import type { Packet } from '../../pcap/packet.ts';
import type { CaptureState } from '../captureState.ts';
import { plural } from '../describe.ts';
import type { FindingDraft } from '../detector.ts';
import { safeText } from '../exports/safeText.ts';
import { linkSource, wordedDraft } from './sightings.ts';
import { Evidence, Watched } from './watched.ts';

const MOST_STATIONS = 5000,
  /** Within this a switch has said something else: CDP speaks every 60 s, LLDP every 30 s, the spanning tree every two. */
  LEAST_SECONDS = 65;

interface Speaker {
  readonly mac: string;
  readonly evidence: Evidence;
  readonly protocol: 'vtp' | 'udld';
  /** Of VTP. */
  domain: string;
  revision: number;
}

export class SwitchImpostors {
  readonly #speakers = new Watched<string, Speaker>(MOST_STATIONS);
  /** Who says what only bridges say, besides. */
  readonly #bridges = new Set<string>();

  onMessage(message: Message, p: Packet): void {
    const isVtp = vtpMessage.is(message);
    if (!isVtp && !udldMessage.is(message)) return;
    const mac = linkSource(p);
    if (mac === '') return;
    const protocol = isVtp ? 'vtp' : 'udld',
      one = this.#speakers.of(`${protocol} ${mac}`, () => ({ mac, protocol, evidence: new Evidence(), domain: '', revision: 0 }));
    if (one === undefined) return;
    one.evidence.add(p, -1);
    if (!isVtp) return;
    one.domain = message.domain.slice(0, 32);
    one.revision = Math.max(one.revision, message.revision);
  }

  /** A frame of the spanning tree, of LLDP, CDP or another protocol among bridges. */
  onBridgeFrame(p: Packet): void {
    if (this.#bridges.size < MOST_STATIONS) this.#bridges.add(linkSource(p));
  }

  findings(state: CaptureState): FindingDraft[] {
    // Where no switch is heard, or for a moment only, nothing tells one from a station.
    if (this.#bridges.size === 0 || this.#bridges.size >= MOST_STATIONS || !(state.endSeconds - state.startSeconds >= LEAST_SECONDS)) return [];
    const found: FindingDraft[] = [];
    for (const one of this.#speakers.values)
      if (!this.#bridges.has(one.mac)) found.push(one.protocol === 'vtp' ? this.#vtp(state, one) : this.#udld(state, one));
    return found;
  }

  #vtp(state: CaptureState, { mac, evidence, domain, revision }: Speaker): FindingDraft {
    const others = [...this.#speakers.values].filter((other) => other.protocol === 'vtp' && other.domain === domain && this.#bridges.has(other.mac)),
      before = Math.max(-1, ...others.map((other) => other.revision)),
      wins = before >= 0 && revision > before;
    return wordedDraft(state, [{ role: 'attacker', address: mac }], evidence, `eth.src == ${mac} && vtp`, {
      technique: 'vtp',
      deed: 'announced a list of VLANs to the switches',
      severity: wins ? 'high' : 'medium',
      parts: [
        ['announces VLANs', 45],
        ['says nothing else that a switch says', 20],
        ['its revision is higher than that of the switches', wins ? 20 : 0],
      ],
      title: `${mac} announces a list of VLANs by VTP, revision ${revision}${before >= 0 ? ` (the switches have ${before})` : ''}`,
      description: `${plural(evidence.framesTotal, 'VTP frame')} of ${mac} (threshold 1) for the domain "${safeText(domain, 32)}": every switch of the domain takes the list with the highest revision, and deletes VLANs that are not in it. Nothing else that switches say came from there.`,
      indicators: [
        { name: 'VTP frames', value: evidence.framesTotal, threshold: 1 },
        { name: 'revision', value: revision },
        ...(before >= 0 ? [{ name: 'revision of the switches', value: before }] : []),
      ],
      alternatives: ['A new switch whose spanning tree, CDP and LLDP are turned off.'],
      attack: ['T1499', 'T1599'],
      recommendation: `Find the port of ${mac}, and see whether VLANs are missing. Set ports of stations to access mode without negotiation, give the VTP domain a password, or turn VTP off.`,
    });
  }

  #udld(state: CaptureState, { mac, evidence }: Speaker): FindingDraft {
    return wordedDraft(state, [{ role: 'attacker', address: mac }], evidence, `eth.src == ${mac} && udld`, {
      technique: 'udld',
      deed: 'spoke for the other end of a link of switches',
      severity: 'medium',
      parts: [
        ['speaks the protocol by which switches test their links', 45],
        ['says nothing else that a switch says', 20],
      ],
      title: `${mac} speaks UDLD as if it were a switch: ${plural(evidence.framesTotal, 'frame')}`,
      description: `${plural(evidence.framesTotal, 'UDLD frame')} of ${mac} (threshold 1): a switch that believes them takes the link for broken in one direction, and closes its port. Nothing else that switches say came from there.`,
      indicators: [{ name: 'UDLD frames', value: evidence.framesTotal, threshold: 1 }],
      alternatives: ['A switch whose spanning tree, CDP and LLDP are turned off, or a converter of fibre that speaks UDLD.'],
      attack: ['T1499'],
      recommendation: `Find the port of ${mac}. Turn UDLD off where stations are connected, and see which ports were closed ("show interfaces status err-disabled").`,
    });
  }
}
