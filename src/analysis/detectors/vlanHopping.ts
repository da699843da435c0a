/**
 * VLAN hopping: a station puts two VLAN tags on a frame. Its switch takes the outer one off, the next one delivers by the inner: into a network that it must not
 * reach. Providers tag twice too, but then all frames of a link, and not those of one station besides its plain ones.
 */
import * as z from 'zod';
import { formatMac } from '../../pcap/addresses.ts';
import { MAC_SRC_HIGH, MAC_SRC_LOW, type Packet } from '../../pcap/packet.ts';
import type { CaptureState } from '../captureState.ts';
import { coverage, examinedAll, unreadableFrames } from '../coverage.ts';
import { countText, plural } from '../describe.ts';
import { defineDetector, type FindingDraft } from '../detector.ts';
import { wordedDraft } from './sightings.ts';
import { Evidence, Watched } from './watched.ts';

const options = z.object({
  frames: z.int().min(1).default(1).describe('Frames with two tags from a station that also sends frames with one or none (frames)'),
  sharePercent: z.number().min(1).max(100).default(20).describe('Share of all frames up to which two tags are not the way of the link (percent)'),
});
type Options = z.output<typeof options>;

const MOST_STATIONS = 5000,
  UNKNOWN = 0,
  DOUBLE = 1,
  OTHER = 2,
  WORDS = 5;

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
    'A station that sends plain frames sends others with two VLAN tags, which a switch may deliver into another network. Links of providers carry two tags on purpose, on all frames.',
  options,
  create(_, state) {
    const stations = new Watched<string, Station>(MOST_STATIONS);
    let kinds = new Uint8Array(64),
      doubles = 0;
    return {
      onPacket(p) {
        if (p.path >= kinds.length) {
          const grown = new Uint8Array(Math.max(p.path + 1, kinds.length * 2));
          grown.set(kinds);
          kinds = grown;
        }
        let kind = kinds[p.path]!;
        if (kind === UNKNOWN) kind = kinds[p.path] = isDouble(state, p.path) ? DOUBLE : OTHER;
        if (kind === OTHER || p.macCount === 0) return;
        doubles++;
        station(stations, p)?.evidence.add(p, -1);
      },
      evaluate(values) {
        const findings: FindingDraft[] = [];
        if (doubles * 100 <= state.packets * values.sharePercent)
          for (const one of stations.values) {
            const plain = framesOf(state, one) - one.evidence.framesTotal;
            if (one.evidence.framesTotal >= values.frames && plain > 0) findings.push(draft(values, state, one, plain));
          }
        return { findings, coverage: coverage(examinedAll(state), [...unreadableFrames(state), ...stations.limits('stations')]) };
      },
    };
  },
});

/** Two tags of the kind that stations' switches read, one right behind the other, on the outermost Ethernet. */
function isDouble(state: CaptureState, path: number): boolean {
  const [first, second, third] = state.tables.paths.protocolsOf(path);
  return first?.id === 'eth' && second?.id === 'vlan' && third?.id === 'vlan';
}

function station(stations: Watched<string, Station>, { mac }: Packet): Station | undefined {
  const high = mac[MAC_SRC_HIGH]!,
    low = mac[MAC_SRC_LOW]!,
    text = formatMac(high, low);
  return stations.of(text, () => ({ mac: text, high, low, evidence: new Evidence() }));
}

function framesOf({ macs }: CaptureState, { high, low }: Station): number {
  let frames = 0;
  for (let row = 0; row < macs.count; row++) if (macs.keys[row * WORDS + 1] === low && macs.keys[row * WORDS] === high) frames += macs.packets[row]!;
  return frames;
}

function draft(values: Options, state: CaptureState, { mac, evidence }: Station, plain: number): FindingDraft {
  return wordedDraft(state, [{ role: 'attacker', address: mac }], evidence, `eth.src == ${mac} && vlan`, {
    technique: 'double-tag',
    severity: 'medium',
    parts: [
      ['two tags from a station that also sends plain frames', 65],
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
