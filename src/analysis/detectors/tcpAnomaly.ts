/**
 * TCP that no honest stack speaks: resets that somebody else sent (the connection goes on, or its other packets come another way), and flags that exclude each other.
 * Censors, intrusion prevention and attackers inject resets; faults of the path are seen as loss and belong to `capture-quality`.
 */
import * as z from 'zod';
import {
  NET_PAYLOAD_LENGTH,
  NET_SRC,
  NET_SRC_PORT,
  NET_STRIDE,
  NET_TTL,
  TCP_FIN,
  TCP_PSH,
  TCP_RST,
  TCP_SYN,
  TCP_URG,
  type Packet,
} from '../../pcap/packet.ts';
import type { CaptureState } from '../captureState.ts';
import { coverage, examinedAll, unreadableFrames } from '../coverage.ts';
import { countText, plural } from '../describe.ts';
import { defineDetector, type FindingDraft } from '../detector.ts';
import * as F from '../flowTable.ts';
import { Sightings, sightingDraft, type Sighting } from './sightings.ts';

const options = z.object({
  resets: z.int().min(1).default(1).describe('Connections whose reset came from somebody else, between a client and a server (connections)'),
  oddFlags: z.int().min(1).default(5).describe('Packets with flags that exclude each other, between a client and a server (packets)'),
  hops: z.int().min(2).default(4).describe('Hops by which a reset has come another way than the data of the same sender (hops)'),
});
type Options = z.output<typeof options>;

const MOST_RESETS = 20_000;
/** Test T3 of nmap's detection of systems, which `os-fingerprinting` tells: SYN, FIN, PSH and URG of the six flags of RFC 793. */
const NMAP_PROBE = TCP_SYN | TCP_FIN | TCP_PSH | TCP_URG,
  ALL = 0x3f;

interface Reset {
  readonly ttl: number;
  readonly isFromB: boolean;
  told: boolean;
}
interface Anomaly {
  readonly id: 'injected-reset' | 'odd-flags';
}
const INJECTED: Anomaly = { id: 'injected-reset' },
  ODD: Anomaly = { id: 'odd-flags' };

export const tcpAnomaly = defineDetector({
  id: 'tcp-anomaly',
  title: 'TCP anomalies',
  tier: 2,
  deed: 'had odd TCP with {whom}',
  description:
    'A connection is reset by somebody who is not its end, or packets bear flags that exclude each other. Firewalls and filters reset connections on purpose; broken devices mix up flags.',
  options,
  collecting: ['hops'],
  create({ hops }, state) {
    const seen = new Sightings<Anomaly>(state),
      resets = new Map<number, Reset>();
    return {
      onPacket(p, flow) {
        const { tcpFlags } = p;
        if (flow < 0 || tcpFlags === 0) return;
        if ((tcpFlags & TCP_SYN) !== 0) {
          if ((tcpFlags & (TCP_FIN | TCP_RST)) !== 0 && (tcpFlags & ALL) !== NMAP_PROBE) seen.add(ODD, flow, p);
          return;
        }
        const at = flow * F.INTS,
          { ints } = state.flows;
        if ((tcpFlags & TCP_RST) !== 0) {
          // Only of connections that were there: who answers a probe resets it, and that is that.
          if ((ints[at + F.FLAGS]! & (F.DATA_A | F.DATA_B)) !== 0 && !resets.has(flow) && resets.size < MOST_RESETS)
            resets.set(flow, { ttl: ttlOf(p), isFromB: isFromB(state, p, at), told: false });
        } else if ((ints[at + F.FLAGS]! & (F.RST_A | F.RST_B)) !== 0 && resets.size > 0) {
          const reset = resets.get(flow);
          if (
            reset === undefined ||
            reset.told ||
            p.net[(p.netCount - 1) * NET_STRIDE + NET_PAYLOAD_LENGTH]! === 0 ||
            isFromB(state, p, at) !== reset.isFromB
          )
            return;
          const away = Math.abs(ttlOf(p) - reset.ttl);
          if (away < hops) return;
          reset.told = true;
          seen.add(INJECTED, flow, p, `TTL ${reset.ttl} of the reset, ${ttlOf(p)} of what followed`);
        }
      },
      evaluate: (values) => ({
        findings: [...seen.values]
          .filter(({ mark, count }) => count >= (mark === ODD ? values.oddFlags : values.resets))
          .map((one) => draft(values, state, one)),
        coverage: coverage(examinedAll(state), [...unreadableFrames(state), ...seen.limits('clients and servers')]),
      }),
    };
  },
});

function ttlOf({ net, netCount }: Packet): number {
  return net[(netCount - 1) * NET_STRIDE + NET_TTL]!;
}

function isFromB({ flows }: CaptureState, { net, netCount }: Packet, at: number): boolean {
  const level = (netCount - 1) * NET_STRIDE;
  return net[level + NET_SRC] !== flows.ints[at + F.A] || net[level + NET_SRC_PORT] !== flows.ints[at + F.PORTS]! >>> 16;
}

function draft(values: Options, state: CaptureState, one: Sighting<Anomaly>): FindingDraft {
  const { mark, client, server, serverPort, count } = one,
    isReset = mark === INJECTED;
  return sightingDraft(state, one, {
    technique: mark.id,
    ...(isReset ? { deed: 'had connections to {whom} reset by somebody else' } : {}),
    severity: 'low',
    parts: isReset
      ? [
          ['data of the same sender follows its reset, from another distance', 65],
          ['more than once', Math.min(15, 3 * (count - 1))],
        ]
      : [
          ['flags that exclude each other', 60],
          ['many times the threshold', Math.min(15, 5 * Math.log2(count / values.oddFlags))],
        ],
    title: isReset
      ? `Somebody else reset ${plural(count, 'connection')} between ${client} and ${server} port ${serverPort}`
      : `${countText(count)} packets between ${client} and ${server} port ${serverPort} bear flags that exclude each other`,
    description: isReset
      ? `After the reset, its sender went on, from a distance that differs by ${values.hops} hops or more: the reset came from elsewhere (threshold ${values.resets}).`
      : `SYN together with FIN or RST (threshold ${values.oddFlags}): no stack sends them, scanners and attempts to slip past filters do.`,
    alternatives: ['A firewall or filter on the way that resets connections by design.', 'Two ways between the hosts, of different lengths.'],
    attack: isReset ? ['T1557', 'T1499'] : ['T1046'],
    recommendation: isReset
      ? 'Find out whether a filter on the way does this; else look for who can see this traffic.'
      : `See what ${client} tried besides.`,
  });
}
