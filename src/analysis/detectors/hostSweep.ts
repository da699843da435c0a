/**
 * Host sweep: one source asks many hosts for the same thing - one port, a ping, or by ARP whether they are there - and most of them do not answer.
 * ATT&CK T1018, Remote System Discovery; T1595.001, Scanning IP Blocks.
 */
import * as z from 'zod';
import { formatIpv4, formatMac } from '../../pcap/addresses.ts';
import { arpMessage } from '../../pcap/dissectors/arp.ts';
import type { CaptureState } from '../captureState.ts';
import { flowAddress } from '../conversations.ts';
import { coverage, examinedAll, unreadableFrames } from '../coverage.ts';
import { countText, durationText, plural } from '../describe.ts';
import { defineDetector, type DetectorRun, type FindingDraft } from '../detector.ts';
import * as F from '../flowTable.ts';
import { oneWayConnections } from '../oneWay.ts';
import { endKey, gatherHot } from './hotFlows.ts';
import { confidenceOf, MOST_EVIDENCE, overThreshold, Span } from './measures.ts';
import { KIND, probeOf, UDP } from './portScanProbes.ts';
import { SweepTargets } from './sweepTargets.ts';
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

const MOST_SOURCES = 2000,
  MOST_FINDINGS = 200,
  MOST_WAYS = 6,
  PROTOCOL_TCP = 6,
  PROTOCOL_UDP = 17,
  PROTOCOL_SCTP = 132,
  MOST_ACQUAINTED = 200;
/** Source and destination port of what only answers: DHCP and DHCPv6. */
const REPLIES = new Set([(67 << 16) | 68, (547 << 16) | 546]);
/** nmap waits 10 s at most for an answer before it repeats a probe, and repeats it no more than that the network seems to lose some. */
const PATIENT_DATAGRAMS = 4,
  PATIENT_SECONDS = 30;
/** Bytes of a question to a stranger: proposals of IKE (RFC 7296) have hundreds, a first packet of QUIC has 1,200 (RFC 9000 section 14.1). */
const MOST_QUESTION = 1400;
/** Ports that no program asks many strangers for. */
const SOUGHT = new Set([
  21, 22, 23, 102, 111, 135, 139, 445, 502, 512, 513, 514, 873, 1433, 1521, 2323, 2375, 3306, 3389, 5432, 5555, 5900, 5985, 5986, 6379, 7547, 8291,
  9200, 11_211, 20_000, 27_017, 37_215, 44_818, 47_808,
]);
/** Ports that programs ask many strangers for all day, some of whom are gone or behind a firewall. */
const ORDINARY = new Set([25, 53, 80, 123, 443, 465, 587, 993, 853, 3478, 5222, 6881, 8080, 8443, 51_413]);

interface Sweep {
  readonly how: string;
  readonly technique: string;
  readonly source: string;
  readonly targets: SweepTargets;
  readonly threshold: number;
  readonly span: Span;
  readonly frames: readonly number[];
  readonly framesTotal: number;
  readonly flows: readonly number[];
  readonly filter: string;
  readonly isIpv6: boolean;
  readonly isRaw: boolean;
  readonly inOrder: number;
  readonly isSought: boolean;
  /** Nearly all of these hosts talk with the source on other ports, and it came back to them: as monitoring does, with a port that is closed. */
  readonly isAcquainted?: boolean;
  readonly port?: number;
}

export const hostSweep = defineDetector({
  id: 'host-sweep',
  title: 'Host sweep',
  tier: 1,
  deed: 'swept {what}',
  description:
    'One address asks many hosts for the same port, or whether they are there at all, and most of them refuse or do not answer. Inventories and monitoring of your own do the same; a gateway asks by ARP for hosts that somebody beyond it looks for.',
  options,
  messages: [arpMessage.kind],
  collecting: ['windowSeconds'],
  create(collecting, state) {
    const tallies = new SweepTallies(state, collecting.windowSeconds);
    return {
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
    const mayKnow = !sweep.isSought && group.failed >= TIMES * sweep.targets.silent && acquainted++ < MOST_ACQUAINTED;
    sweeps.push(mayKnow && isAcquainted(state, group) ? { ...sweep, isAcquainted: true } : sweep);
  }
  for (const asker of tallies.arp.values()) {
    const isQuick = asker.burst.most >= values.arpHosts,
      isOrdered = asker.inOrder * 2 >= asker.targets.asked;
    if ((isQuick || isOrdered) && isSweep(values, asker.targets, values.arpHosts)) sweeps.push(ofArp(values, asker));
  }
  for (const asker of tallies.arpProbes.values())
    if (asker.burst.most >= values.arpHosts && isSweep(values, asker.targets, values.arpHosts)) sweeps.push(ofArpProbes(values, asker));
  for (const asker of tallies.neighbours.values())
    if (asker.burst.most >= values.arpHosts && isSweep(values, asker.targets, values.arpHosts)) sweeps.push(ofNeighbours(values, state, asker));
  for (const map of [tallies.ping, tallies.ping6])
    for (const asker of map.values()) if (isSweep(values, asker.targets, values.hosts)) sweeps.push(ofPing(values, state, asker));
  sweeps.sort((a, b) => b.targets.silent - a.targets.silent || (a.frames[0] ?? 0) - (b.frames[0] ?? 0));
  const limits = unreadableFrames(state);
  if (hot.isBounded || sctp.isBounded || tallies.isBounded) limits.push('More addresses asked many hosts than are followed; some were left out.');
  if (sweeps.some(({ targets }) => targets.isFull)) limits.push('A sweep went over more hosts than are counted.');
  if (sweeps.length > MOST_FINDINGS) limits.push(`${countText(sweeps.length)} sweeps were seen; the ${MOST_FINDINGS} largest are listed.`);
  if (isOneWay) limits.push('Connections were captured in one direction only: what seems unanswered may be unseen.');
  return { findings: sweeps.slice(0, MOST_FINDINGS).map((sweep) => draft(values, sweep, isOneWay)), coverage: coverage(examinedAll(state), limits) };
}

function isSweep(values: Options, targets: SweepTargets, least: number): boolean {
  return targets.silent >= least && targets.silent * 100 >= targets.asked * values.failedSharePercent;
}

/** What one source asked of one port. */
interface PortGroup {
  readonly row: number;
  readonly targets: SweepTargets;
  readonly rows: number[];
  readonly span: Span;
  failed: number;
  raw: number;
  /** Of the failed, those that were asked again and again for long. */
  patient: number;
}

/** How often each host was asked, at least, and the share of the hosts that must talk with who asks. */
const TIMES = 2,
  ACQUAINTED_PERCENT = 80;

/** Whether most of the hosts that refused one port exchange data with the same source on another. */
function isAcquainted({ flows }: CaptureState, { row: sample, rows }: PortGroup): boolean {
  const { ints, count } = flows,
    source = ints[sample * F.INTS + F.A]!,
    meta = ints[sample * F.INTS + F.META]! & (F.META_PROTOCOL | F.META_IPV6),
    port = ints[sample * F.INTS + F.PORTS]! & 0xffff,
    both = F.DATA_A | F.DATA_B,
    refused = new Set(rows.map((row) => ints[row * F.INTS + F.B]!)),
    known = new Set<number>();
  for (let row = 0; row < count; row++) {
    const at = row * F.INTS;
    if (ints[at + F.A] !== source || (ints[at + F.META]! & (F.META_PROTOCOL | F.META_IPV6)) !== meta) continue;
    if ((ints[at + F.PORTS]! & 0xffff) !== port && (ints[at + F.FLAGS]! & both) === both && refused.has(ints[at + F.B]!)) known.add(ints[at + F.B]!);
  }
  return known.size * 100 >= refused.size * ACQUAINTED_PERCENT;
}

/** SCTP has a walk of its own: a third protocol would not fit into the key. */
function gatherPorts(values: Options, state: CaptureState, isSctp: boolean) {
  const { flows } = state,
    { ints } = flows;
  return gatherHot<PortGroup>(flows, {
    least: Math.min(values.hosts, values.soughtHosts),
    mostGroups: MOST_SOURCES,
    key: (row) => {
      const at = row * F.INTS,
        protocol = ints[at + F.META]! & F.META_PROTOCOL;
      if (isSctp ? protocol !== PROTOCOL_SCTP : protocol !== PROTOCOL_TCP && protocol !== PROTOCOL_UDP) return NaN;
      // A server of DHCP answers those who asked everybody (RFC 2131 section 4.1, RFC 8415 section 7.2).
      if (protocol === PROTOCOL_UDP && REPLIES.has(ints[at + F.PORTS]!)) return NaN;
      // Below 2^53: 36 bits and a sign for address and family, one for the protocol, 16 for the port.
      return (endKey(flows, row, F.A) * 2 + (protocol === PROTOCOL_UDP ? 1 : 0)) * 65_536 + (ints[at + F.PORTS]! & 0xffff);
    },
    weight: (row) => (probeOf(flows, row, MOST_QUESTION) === 0 ? 0 : 1),
    create: (row) => ({ row, targets: new SweepTargets(), rows: [], span: new Span(), failed: 0, raw: 0, patient: 0 }),
    add: (group, row) => {
      const at = row * F.INTS,
        target = ints[at + F.B]!,
        probe = probeOf(flows, row, MOST_QUESTION);
      group.targets.ask(target);
      if (probe === 0) {
        group.targets.answer(target);
        return;
      }
      // An open port that is dropped at once was asked all the same, and answered.
      if ((ints[at + F.FLAGS]! & F.SYN_ACK_B) !== 0) group.targets.answer(target);
      group.failed++;
      if ((probe & KIND) === UDP && isPatient(flows, row)) group.patient++;
      if ((probe & KIND) !== UDP && (ints[at + F.WINDOW_SCALES]! & 255) === 0) group.raw++;
      group.span.addFlow(flows, row);
      if (group.rows.length < MOST_EVIDENCE) group.rows.push(row);
    },
  });
}

/** Asked in rounds: scanners repeat a datagram a few times within seconds. */
function isPatient({ ints, doubles }: F.FlowTable, row: number): boolean {
  const at = row * F.INTS,
    dat = row * F.DOUBLES;
  return ints[at + F.PACKETS_A]! >= PATIENT_DATAGRAMS && doubles[dat + F.END]! - doubles[dat + F.START]! >= PATIENT_SECONDS;
}

function ofPort(values: Options, state: CaptureState, { row, targets, rows, span, failed, raw, patient }: PortGroup): Sweep | null {
  const { ints } = state.flows,
    at = row * F.INTS,
    port = ints[at + F.PORTS]! & 0xffff,
    protocol = ints[at + F.META]! & F.META_PROTOCOL,
    isUdp = protocol === PROTOCOL_UDP,
    isTcp = protocol === PROTOCOL_TCP,
    isIpv6 = (ints[at + F.META]! & F.META_IPV6) !== 0;
  const isSought = isTcp && SOUGHT.has(port),
    isRaw = raw * 10 >= failed * 9 && isTcp;
  // A sweep goes on to the next host; a program that measures or keeps its peers comes back to the same ones.
  if (patient * 2 > failed) return null;
  if (!isSweep(values, targets, isSought ? values.soughtHosts : values.hosts)) return null;
  const isDense = !isIpv6 && targets.nearPercent >= 50;
  // Programs meet dead peers far and wide; a walk along a network, or packets no system makes, are no program's.
  const threshold = isSought ? values.soughtHosts : isDense || (isRaw && !ORDINARY.has(port)) ? values.hosts : values.scatteredHosts;
  if (targets.silent < threshold || (threshold === values.scatteredHosts && (!isTcp || targets.silent * 10 < targets.asked * 8))) return null;
  if (isUdp && ORDINARY.has(port) && !isDense) return null;
  const source = flowAddress(state, row, F.A),
    transport = isUdp ? 'udp' : isTcp ? 'tcp' : 'sctp',
    ip = isIpv6 ? 'ipv6' : 'ip';
  return {
    how: `${transport.toUpperCase()} port ${port}`,
    technique: `${transport}-${port}`,
    source,
    targets,
    threshold,
    span,
    isIpv6,
    isRaw,
    inOrder: 0,
    isSought,
    port,
    frames: rows.map((one) => ints[one * F.INTS + F.FIRST_FRAME]!),
    framesTotal: failed,
    flows: rows,
    filter: `${ip}.src == ${source} && ${transport}.dstport == ${port}${isTcp ? ' && tcp.flags.ack == 0' : ''} && !${isIpv6 ? 'icmpv6' : 'icmp'}`,
  };
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

function draft(values: Options, sweep: Sweep, isOneWay: boolean): FindingDraft {
  const { how, technique, source, targets, threshold, span, isIpv6, isRaw, inOrder } = sweep,
    near = isIpv6 ? 0 : Math.round(targets.nearPercent),
    seconds = span.seconds,
    share = Math.round((100 * targets.silent) / targets.asked);
  const { confidence, parts } = confidenceOf([
    { name: 'over the threshold', value: 45 },
    overThreshold(targets.silent, threshold),
    { name: 'the hosts lie side by side', value: near >= 50 ? 15 : 0 },
    { name: 'asked in numerical order', value: inOrder * 2 >= targets.asked ? 10 : 0 },
    { name: 'attempts without the options that systems send', value: isRaw ? 10 : 0 },
    { name: 'a port that worms and intruders look for', value: sweep.isSought ? 10 : 0 },
    { name: 'hardly anybody answered', value: share >= 90 ? 5 : 0 },
    { name: 'a gateway may ask for somebody else', value: technique === 'arp' || technique === 'ndp' ? -5 : 0 },
    { name: 'most of these hosts talk with it on other ports, again and again', value: sweep.isAcquainted === true ? -25 : 0 },
    { name: 'the capture holds one direction only', value: isOneWay ? -20 : 0 },
  ]);
  const [low, high] = isIpv6 ? [0, 0] : targets.range,
    range = isIpv6 ? '' : `${formatIpv4(low | 0)} to ${formatIpv4(high | 0)}`;
  return {
    technique,
    what: isIpv6 ? plural(targets.asked, 'host') : networkOf(low, high, targets.asked),
    severity: (isOneWay && share === 100) || sweep.isAcquainted === true ? 'low' : 'medium',
    confidence,
    title: `${source} swept ${countText(targets.asked)} hosts for ${how === 'ARP' || how === 'neighbour discovery' ? `their presence (${how})` : how === 'ping' ? 'an answer to ping' : how}${seconds === null ? '' : ` in ${durationText(seconds)}`}`,
    description: `${source} asked ${plural(targets.asked, 'host')} by ${how}${range === '' ? '' : ` from ${range}`}; ${countText(targets.silent)} of them (${share} %) refused or did not answer (threshold ${threshold} hosts and ${values.failedSharePercent} %).${sweep.isAcquainted === true ? ' It came back to them, and most of them exchange data with it on other ports: that is how monitoring looks when it checks a port that is closed.' : ''}`,
    subjects: [{ role: 'attacker', address: source }],
    firstSeen: span.from,
    lastSeen: span.to,
    indicators: [
      { name: 'technique', value: how },
      { name: 'hosts that refused or did not answer', value: targets.silent, threshold, unit: 'hosts' },
      { name: 'share of hosts asked', value: share, threshold: values.failedSharePercent, unit: '%' },
      { name: 'hosts asked', value: targets.asked, unit: 'hosts' },
      { name: 'hosts that answered', value: targets.answered, unit: 'hosts' },
      ...(range === ''
        ? []
        : [
            { name: 'range', value: range },
            { name: 'hosts with a neighbour among them', value: near, unit: '%' },
          ]),
      ...parts,
    ],
    alternatives: [
      `An inventory, monitoring or vulnerability scanner of your own, if ${source} is known to run one.`,
      ...(technique === 'arp' || technique === 'ndp'
        ? [`${source} is a gateway that passes on what somebody beyond it looks for; or answers, which go to one host only, were not captured.`]
        : []),
      ...(how.startsWith('TCP') || how.startsWith('UDP')
        ? ['A program whose list of peers or servers is out of date, or a firewall that began to block it.']
        : []),
    ],
    frames: sweep.frames,
    framesTotal: sweep.framesTotal,
    flows: sweep.flows,
    filter: sweep.filter,
    attack: ['T1018', 'T1595.001'],
    together: {
      key: source,
      label: how,
      note: `${plural(targets.asked, 'host')}${range === '' ? '' : ` from ${range}`}`,
      words: ({ parts: all }) => {
        const hows = all.map((one) => one.together?.label ?? '');
        return {
          title: `${source} swept the network in ${plural(all.length, 'way')}: ${hows.slice(0, MOST_WAYS).join(', ')}${all.length > MOST_WAYS ? ` and ${all.length - MOST_WAYS} more` : ''}`,
          description: `Most of the hosts refused or did not answer (threshold ${threshold} hosts and ${values.failedSharePercent} %). ${source} looked for`,
          recommendation: `Find out who runs ${source} and whether this was agreed. If it was not, isolate it, look for malware that spreads, and check what it did with the hosts that answered.`,
        };
      },
    },
    recommendation: `Find out who runs ${source} and whether this was agreed. If it was not, isolate it, look for malware that spreads, and check what it did with the ${plural(targets.answered, 'host')} that answered.`,
  };
}

/** `10.0.0.0/24`, the least network around all of them; `600 hosts` where that would be no network of anybody. */
function networkOf(low: number, high: number, hosts: number): string {
  const bits = Math.min(24, Math.clz32(low ^ high));
  return bits < 16 ? plural(hosts, 'host') : `${formatIpv4(low & (-1 << (32 - bits)))}/${bits}`;
}
