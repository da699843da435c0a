/** Sweeps for one port, over TCP, UDP or SCTP: who asked whom, out of the flows, and which of it is what programs do that look for their peers or watch hosts they know. */
import type { CaptureState } from '../captureState.ts';
import { flowAddress } from '../conversations.ts';
import * as F from '../flowTable.ts';
import { endKey, gatherHot } from './hotFlows.ts';
import { MOST_EVIDENCE, Span } from './measures.ts';
import { KIND, probeOf, UDP } from './portScanProbes.ts';
import { isSweep, type Sweep } from './sweepFinding.ts';
import { SweepTargets } from './sweepTargets.ts';

/** Those of `host-sweep` that are about ports. */
interface PortSweepOptions {
  readonly hosts: number;
  readonly soughtHosts: number;
  readonly scatteredHosts: number;
  readonly failedSharePercent: number;
}

const MOST_SOURCES = 2000,
  PROTOCOL_TCP = 6,
  PROTOCOL_UDP = 17,
  PROTOCOL_SCTP = 132;
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
/** And over UDP: chargen, TFTP, portmapper, SNMP, CLDAP, IPMI, SQL Server's browser, SSDP, memcached, BACnet. Some of these in one network are monitoring, scattered ones are not. */
const SOUGHT_UDP = new Set([19, 69, 111, 161, 389, 623, 1434, 1900, 11_211, 47_808]);
/** Ports that programs ask many strangers for all day, some of whom are gone or behind a firewall. */
const ORDINARY = new Set([25, 53, 80, 123, 443, 465, 587, 993, 853, 3478, 5222, 6881, 8080, 8443, 51_413]);

/** What one source asked of one port. */
export interface PortGroup {
  readonly row: number;
  readonly targets: SweepTargets;
  readonly rows: number[];
  readonly span: Span;
  failed: number;
  raw: number;
  /** Of the failed, those that were asked again and again for long. */
  patient: number;
}

/** Share of the hosts that must talk with who asks. */
const ACQUAINTED_PERCENT = 80;

/** Whether most of the hosts that refused one port exchange data with the same source on another. */
export function isAcquainted({ flows }: CaptureState, { row: sample, rows }: PortGroup): boolean {
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
export function gatherPorts(values: PortSweepOptions, state: CaptureState, isSctp: boolean) {
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

export function ofPort(values: PortSweepOptions, state: CaptureState, { row, targets, rows, span, failed, raw, patient }: PortGroup): Sweep | null {
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
  if (!isSweep(values.failedSharePercent, targets, isSought ? values.soughtHosts : values.hosts)) return null;
  const isDense = !isIpv6 && targets.nearPercent >= 50;
  // Programs meet dead peers far and wide; a walk along a network, or packets no system makes, are no program's.
  const threshold = isSought
    ? values.soughtHosts
    : isDense || (isRaw && !ORDINARY.has(port)) || (isUdp && SOUGHT_UDP.has(port))
      ? values.hosts
      : values.scatteredHosts;
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
