/**
 * Host sweep: one source asks many hosts for the same thing - one port, a ping, or by ARP whether they are there - and most of them do not answer.
 * ATT&CK T1018, Remote System Discovery; T1595.001, Scanning IP Blocks.
 */
import * as z from 'zod';
import { formatIpv4, formatMac } from '../../pcap/addresses.ts';
import { arpMessage } from '../../pcap/dissectors/arp.ts';
import type { CaptureState } from '../captureState.ts';
import { coverage, examinedAll, unreadableFrames } from '../coverage.ts';
import { countText } from '../describe.ts';
import { defineDetector, type DetectorRun } from '../detector.ts';
import { oneWayConnections } from '../oneWay.ts';
import { MOST_EVIDENCE } from './measures.ts';
import { draftSweep, isSweep, type Sweep } from './sweepFinding.ts';
import { gatherPorts, isAcquainted, ofPort } from './sweepPorts.ts';
import { SweepTallies, type Asker } from './sweepTallies.ts';

const options = z.object({
  hosts: z
    .int()
    .min(3)
    .default(20)
    .describe('Hosts that must refuse or not answer one source on the same port, or its pings, before this is called a sweep (hosts)'),
  soughtHosts: z
    .int()
    .min(3)
    .default(8)
    .describe('Fewer hosts suffice on ports that worms and intruders look for: Telnet, SSH, SMB, RDP, databases (hosts)'),
  scatteredHosts: z
    .int()
    .min(3)
    .default(100)
    .describe('More hosts are needed where they lie far apart and ordinary programs use the port: web, DNS, time, mail (hosts)'),
  arpHosts: z
    .int()
    .min(3)
    .default(30)
    .describe('Hosts that one source must ask for by ARP without an answer, in numerical order or within the window (hosts)'),
  failedSharePercent: z.number().min(0).max(100).default(60).describe('Share of the asked hosts that must refuse or not answer (percent)'),
  windowSeconds: z.number().positive().default(10).describe('Time within which hosts that are asked for by ARP in no order must be asked (seconds)'),
});
type Options = z.output<typeof options>;

const MOST_FINDINGS = 200,
  MOST_ACQUAINTED = 200,
  /** Frames of the evidence that show for whom a gateway asks. */
  MOST_DELIVERED = 20,
  /** How often each host was asked, at least, by who comes back to those it knows. */
  LEAST_TIMES = 2;
export const hostSweep = defineDetector({
  id: 'host-sweep',
  title: 'Host sweep',
  tier: 1,
  deed: 'swept {what}',
  description:
    'One address asks many hosts for the same port, or whether they are there at all, and most of them refuse or do not answer. Inventories and monitoring of your own do the same; a gateway asks by ARP for hosts that somebody beyond it looks for.',
  options,
  judgesHeaders: true,
  messages: [arpMessage.kind],
  collecting: ['windowSeconds'],
  create(collecting, state) {
    const tallies = new SweepTallies(state, collecting.windowSeconds);
    return {
      onFlowOpened: (_flow, p) => tallies.onFlowOpened(p),
      onOtherPacket(p, flow) {
        if (p.icmp >= 0) tallies.onIcmp(p, flow);
      },
      onMessage(message, _flow, p) {
        if (arpMessage.is(message)) tallies.onArp(message, p);
      },
      evaluate: (values) => evaluate(values, state, tallies),
    };
  },
});

function evaluate(values: Options, state: CaptureState, tallies: SweepTallies): ReturnType<DetectorRun['evaluate']> {
  const hot = gatherPorts(values, state, false),
    sctp = gatherPorts(values, state, true),
    isOneWay = oneWayConnections(state.flows, state.packets).isNotable,
    sweeps: Sweep[] = [];
  let acquainted = 0;
  for (const group of [...hot.groups, ...sctp.groups]) {
    const sweep = ofPort(values, state, group);
    if (sweep === null) continue;
    const mayKnow = !sweep.isSought && group.failed >= LEAST_TIMES * sweep.targets.silent && acquainted++ < MOST_ACQUAINTED;
    sweeps.push(mayKnow && isAcquainted(state, group) ? { ...sweep, isAcquainted: true } : sweep);
  }
  for (const asker of tallies.arp.values()) {
    if (isCaused(asker)) continue;
    const isQuick = asker.burst.most >= values.arpHosts,
      isOrdered = asker.inOrder * 2 >= asker.targets.asked;
    if ((isQuick || isOrdered) && isSweep(values.failedSharePercent, asker.targets, values.arpHosts))
      sweeps.push(forWhom(state, asker, ofArp(values, asker)));
  }
  for (const asker of tallies.arpProbes.values())
    if (asker.burst.most >= values.arpHosts && isSweep(values.failedSharePercent, asker.targets, values.arpHosts))
      sweeps.push(ofArpProbes(values, asker));
  for (const asker of tallies.neighbours.values())
    if (!isCaused(asker) && asker.burst.most >= values.arpHosts && isSweep(values.failedSharePercent, asker.targets, values.arpHosts))
      sweeps.push(forWhom(state, asker, ofNeighbours(values, state, asker)));
  for (const map of [tallies.ping, tallies.ping6])
    for (const asker of map.values()) if (isSweep(values.failedSharePercent, asker.targets, values.hosts)) sweeps.push(ofPing(values, state, asker));
  sweeps.sort((a, b) => b.targets.silent - a.targets.silent || (a.frames[0] ?? 0) - (b.frames[0] ?? 0));
  const limits = unreadableFrames(state);
  if (hot.isBounded || sctp.isBounded || tallies.isBounded) limits.push('More addresses asked many hosts than are followed; some were left out.');
  if (sweeps.some(({ targets }) => targets.isFull)) limits.push('A sweep went over more hosts than are counted.');
  if (sweeps.length > MOST_FINDINGS) limits.push(`${countText(sweeps.length)} sweeps were seen; the ${MOST_FINDINGS} largest are listed.`);
  if (isOneWay) limits.push('Connections were captured in one direction only: what seems unanswered may be unseen.');
  return {
    findings: sweeps.slice(0, MOST_FINDINGS).map((sweep) => draftSweep(sweep, values.failedSharePercent, isOneWay)),
    coverage: coverage(examinedAll(state), limits),
  };
}

/**
 * Before nearly each of its questions somebody sent a packet for that host by way of it, or in that host's name to it: whoever did sweeps or floods, and is
 * told.
 */
function isCaused({ caused, targets }: Asker): boolean {
  return caused * 5 >= targets.asked * 4;
}

function ofArp(values: Options, { source, targets, span, frames, inOrder }: Asker): Sweep {
  const address = formatIpv4(source);
  return {
    how: 'ARP',
    technique: 'arp',
    source: address,
    targets,
    threshold: values.arpHosts,
    span,
    isIpv6: false,
    isRaw: false,
    inOrder,
    isSought: false,
    frames,
    framesTotal: targets.asked,
    flows: [],
    filter: `arp.opcode == 1 && arp.src.proto_ipv4 == ${address}`,
  };
}

/** The same sweep, of whom the asker asks for where it is a gateway. */
function forWhom(state: CaptureState, { source, targets, deliveries, version }: Asker, sweep: Sweep): Sweep {
  const isIpv6 = version === 6,
    text = (address: number): string => (isIpv6 ? state.packet.ipv6.textOf(address) : formatIpv4(address)),
    network = (address: number): string => String(state.packet.ipv6.bytesOf(address).slice(0, 8)),
    [low, high] = targets.range;
  // Whoever stands between its neighbours sends on what they say to each other.
  const sweeper = deliveries.sweeper(source, (sender) =>
    isIpv6 ? network(sender) === network(source) : sender >>> 0 >= low && sender >>> 0 <= high,
  );
  if (sweeper === null) return sweep;
  const by = text(sweeper.sender),
    port = sweeper.service & 0xffff;
  return {
    ...sweep,
    source: by,
    gateway: { address: sweep.source, hosts: sweeper.hosts.size, ...(port === 0 ? {} : { port }) },
    frames: [...new Set([...sweep.frames.slice(0, MOST_EVIDENCE - MOST_DELIVERED), ...sweeper.frames.slice(0, MOST_DELIVERED)])].sort(
      (a, b) => a - b,
    ),
    framesTotal: sweep.framesTotal + sweeper.frames.length,
    filter: `(${sweep.filter}) || ${isIpv6 ? 'ipv6' : 'ip'}.src == ${by}`,
  };
}

/** Asked in nobody's name, so that no table learns who asks. */
function ofArpProbes(values: Options, asker: Asker): Sweep {
  const address = formatMac(Math.floor(asker.source / 4_294_967_296), asker.source % 4_294_967_296);
  return { ...ofArp(values, asker), source: address, filter: `arp.opcode == 1 && arp.src.proto_ipv4 == 0.0.0.0 && eth.src == ${address}` };
}

function ofNeighbours(values: Options, state: CaptureState, asker: Asker): Sweep {
  const address = state.packet.ipv6.textOf(asker.source);
  return {
    ...ofArp(values, asker),
    how: 'neighbour discovery',
    technique: 'ndp',
    source: address,
    isIpv6: true,
    flows: asker.flows,
    filter: `ipv6.src == ${address} && icmpv6.type == 135`,
  };
}

function ofPing(values: Options, state: CaptureState, { version, source, targets, span, frames, flows, inOrder }: Asker): Sweep {
  const isIpv6 = version === 6,
    address = isIpv6 ? state.packet.ipv6.textOf(source) : formatIpv4(source);
  return {
    how: 'ping',
    technique: 'ping',
    source: address,
    targets,
    threshold: values.hosts,
    span,
    isIpv6,
    isRaw: false,
    inOrder,
    isSought: false,
    frames,
    framesTotal: targets.asked,
    flows,
    filter: isIpv6 ? `ipv6.src == ${address} && icmpv6.type == 128` : `ip.src == ${address} && icmp.type in {8, 13, 17}`,
  };
}
