/**
 * VLAN hopping: a station puts two VLAN tags on a frame. Its switch takes the outer one off, the next one delivers by the inner: into a network that it must not
 * reach. Nothing comes back that way: answers have one tag or none. Providers tag twice too, but then both directions, and mostly all frames of a link. Or it asks
 * its switch for a trunk: trunkRequests.ts. Or it speaks to switches as one of them: switchImpostors.ts.
 */
import * as z from 'zod';
import { formatMac } from '../../pcap/addresses.ts';
import { dtpMessage } from '../../pcap/dissectors/dtp.ts';
import { udldMessage } from '../../pcap/dissectors/udld.ts';
import { vtpMessage } from '../../pcap/dissectors/vtp.ts';
import { MAC_SRC_HIGH, MAC_SRC_LOW, NET_DST, NET_SRC, type Packet } from '../../pcap/packet.ts';
import type { CaptureState } from '../captureState.ts';
import { coverage, examinedAll, unreadableFrames } from '../coverage.ts';
import { countText, plural } from '../describe.ts';
import { defineDetector, type FindingDraft } from '../detector.ts';
import { MAC_WORDS } from '../macTable.ts';
import { wordedDraft } from './sightings.ts';
import { SwitchImpostors } from './switchImpostors.ts';
import { isBridgeGroup, TrunkRequests } from './trunkRequests.ts';
import { Evidence, Watched } from './watched.ts';

const options = z.object({
  frames: z.int().min(1).default(1).describe('Frames with two tags from one station (frames)'),
  sharePercent: z.number().min(1).max(100).default(30).describe('Share of all frames up to which two tags are not the way of the link (percent)'),
});
type Options = z.output<typeof options>;

const MOST_STATIONS = 5000,
  MOST_PAIRS = 4096,
  UNKNOWN = 0,
  DOUBLE = 1,
  PLAIN = 2,
  OTHER = 3,
  /** Frames that bridges say to each other, and others of their form. */
  LINK = 4,
  /** Of these, VTP and UDLD: what somebody says who wants to be taken for a switch. */
  SWITCH = 5;

interface Station {
  readonly mac: string;
  readonly high: number;
  readonly low: number;
  readonly evidence: Evidence;
}

export const vlanHopping = defineDetector({
  id: 'vlan-hopping',
  title: 'VLAN hopping',
  tier: 2,
  deed: 'sent frames with two VLAN tags',
  description:
    'In a network without tags a station sends frames with two VLAN tags, which a switch may deliver into another network, asks its switch for a trunk, or tells switches which VLANs there are. Links of providers carry two tags on purpose, on all frames; switches negotiate trunks among themselves.',
  options,
  judgesHeaders: true,
  messages: [dtpMessage.kind, vtpMessage.kind, udldMessage.kind],
  create(_, state) {
    const stations = new Watched<string, Station>(MOST_STATIONS),
      trunks = new TrunkRequests(),
      impostors = new SwitchImpostors();
    /** Who sent two tags to whom, by network address. */
    const pairs = new Set<string>();
    let isAnswered = false;
    let kinds = new Uint8Array(64),
      doubles = 0,
      untagged = 0;
    return {
      onPacket(p) {
        if (p.path >= kinds.length) {
          const grown = new Uint8Array(Math.max(p.path + 1, kinds.length * 2));
          grown.set(kinds);
          kinds = grown;
        }
        let kind = kinds[p.path]!;
        if (kind === UNKNOWN) kind = kinds[p.path] = kindOf(state, p.path);
        if (kind === PLAIN || kind >= LINK) untagged++;
        if (kind >= LINK && isBridgeGroup(p)) {
          trunks.onBridgeFrame(p);
          if (kind === LINK) impostors.onBridgeFrame(p);
        }
        if (kind !== DOUBLE || p.macCount === 0) return;
        doubles++;
        station(stations, p)?.evidence.add(p, -1);
        const { net } = p;
        if (p.netCount === 0 || isAnswered || pairs.size >= MOST_PAIRS) return;
        const source = net[NET_SRC]!,
          destination = net[NET_DST]!;
        isAnswered = source !== destination && pairs.has(`${destination} ${source}`);
        pairs.add(`${source} ${destination}`);
      },
      onMessage(message, _flow, p) {
        if (dtpMessage.is(message)) trunks.onMessage(message, p);
        else impostors.onMessage(message, p);
      },
      evaluate(values) {
        const findings: FindingDraft[] = [...trunks.findings(state), ...impostors.findings(state)];
        // A link between switches tags the others once: there, two tags are nothing to wonder at.
        if (!isAnswered && doubles * 100 <= state.packets * values.sharePercent && untagged >= doubles * 2)
          for (const one of stations.values) {
            const plain = framesOf(state, one) - one.evidence.framesTotal;
            if (one.evidence.framesTotal >= values.frames) findings.push(draft(values, state, one, plain));
          }
        return { findings, coverage: coverage(examinedAll(state), [...unreadableFrames(state), ...stations.limits('stations')]) };
      },
    };
  },
});

/** `llc` stands for what of Cisco's is not read, as PAgP. */
const BRIDGES: readonly string[] = ['stp', 'lldp', 'loop', 'slow', 'llc'];

/** Two tags of the kind that stations' switches read, one right behind the other, on the outermost Ethernet. */
function kindOf(state: CaptureState, path: number): number {
  const protocols = state.tables.paths.protocolsOf(path),
    [first, second, third] = protocols;
  if (first?.id !== 'eth') return OTHER;
  if (protocols.some(({ id }) => id === 'vtp' || id === 'udld')) return SWITCH;
  if (protocols.some(({ id }) => BRIDGES.includes(id)) && !protocols.some(({ id }) => id === 'dtp')) return LINK;
  if (second?.id !== 'vlan') return second?.id === 'ieee8021ad' ? OTHER : PLAIN;
  return third?.id === 'vlan' ? DOUBLE : OTHER;
}

function station(stations: Watched<string, Station>, { mac }: Packet): Station | undefined {
  const high = mac[MAC_SRC_HIGH]!,
    low = mac[MAC_SRC_LOW]!,
    text = formatMac(high, low);
  return stations.of(text, () => ({ mac: text, high, low, evidence: new Evidence() }));
}

function framesOf({ macs }: CaptureState, { high, low }: Station): number {
  let frames = 0;
  for (let row = 0; row < macs.count; row++)
    if (macs.keys[row * MAC_WORDS + 1] === low && macs.keys[row * MAC_WORDS] === high) frames += macs.packets[row]!;
  return frames;
}

function draft(values: Options, state: CaptureState, { mac, evidence }: Station, plain: number): FindingDraft {
  return wordedDraft(state, [{ role: 'attacker', address: mac }], evidence, `eth.src == ${mac} && vlan`, {
    technique: 'double-tag',
    severity: 'medium',
    parts: [
      ['two tags where most frames have none', 60],
      ['the station also sends plain frames', plain > 0 ? 8 : 0],
      ['few frames of the capture have two', evidence.framesTotal * 50 < state.packets ? 8 : 0],
    ],
    title: `${mac} sends ${plural(evidence.framesTotal, 'frame')} with two VLAN tags`,
    description: `${plural(evidence.framesTotal, 'frame')} (threshold ${values.frames}) of ${mac} ${evidence.framesTotal === 1 ? 'has' : 'have'} two VLAN tags, ${countText(plain)} have one or none.`,
    indicators: [
      { name: 'frames with two tags', value: evidence.framesTotal, threshold: values.frames },
      { name: 'other frames', value: plain },
    ],
    alternatives: ['A link that carries the tags of a provider for some of its frames, or a copy made by a mirror port that adds one.'],
    attack: ['T1599'],
    recommendation: 'Do not use the native VLAN for stations, and tag it on trunks; find the port that these came from.',
  });
}
