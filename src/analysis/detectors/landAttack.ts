/**
 * LAND: a packet that says it comes from the host it goes to, so that the host answers itself (CVE-1999-0016 and its returns). Nothing on a wire is honestly
 * addressed like that; on a loopback interface everything is. ATT&CK T1499.004.
 */
import * as z from 'zod';
import { MAC_DST_HIGH, MAC_DST_LOW, MAC_SRC_HIGH, MAC_SRC_LOW, type Packet } from '../../pcap/packet.ts';
import type { CaptureState } from '../captureState.ts';
import { flowAddress } from '../conversations.ts';
import { coverage, examinedAll, unreadableFrames } from '../coverage.ts';
import { plural } from '../describe.ts';
import { defineDetector, type FindingDraft } from '../detector.ts';
import * as F from '../flowTable.ts';
import { addressFilter, confidenceOf, MOST_EVIDENCE, overThreshold, Span } from './measures.ts';

const options = z.object({
  packets: z.int().min(1).default(1).describe('Packets with the same source and destination that one host must get (packets)'),
});

const MOST_VICTIMS = 1000,
  MOST_ROWS = 10_000,
  PROTOCOL_TCP = 6,
  PROTOCOL_UDP = 17;
/** Other hosts that a scanner asks for the same port, and ports that it asks for. */
const SWEPT_HOSTS = 16,
  SWEPT_PORTS = 64,
  /** Each try and its repetitions, seen before and behind the gateway. */
  MOST_PER_SWEPT_PORT = 8;
/** Bidirectional Forwarding Detection sends echoes to itself by way of its neighbour, RFC 5881 section 4. */
const BFD_ECHO = 3785;

interface Victim {
  /** Flow rows, in order of their first frame. */
  readonly rows: number[];
}

export const landAttack = defineDetector({
  id: 'land-attack',
  title: 'LAND attack',
  tier: 1,
  deed: 'sent {whom} packets in its own name',
  description:
    'Packets on the wire carry the address of their destination as their source, so that the host would answer itself; unprotected systems hang or crash. A router that translates addresses both ways for a host behind it, or a broken network test, can send such packets too.',
  options,
  create(_, state) {
    const victims = new Map<string, Victim>();
    let isBounded = false,
      isCounted = true;
    return {
      onFlowOpened(flow, p) {
        const { ints } = state.flows,
          at = flow * F.INTS;
        if (ints[at] !== ints[at + F.B] || !isOnWire(p)) return;
        if (!isOwnAddress(state, flow) || (ints[at + F.PORTS]! & 0xffff) === BFD_ECHO) return;
        const key = `${ints[at]!} ${ints[at + F.META]! >>> 8}`;
        let victim = victims.get(key);
        if (victim === undefined) {
          if (victims.size >= MOST_VICTIMS) {
            isBounded = true;
            return;
          }
          victims.set(key, (victim = { rows: [] }));
        }
        if (victim.rows.length < MOST_ROWS) victim.rows.push(flow);
        else isCounted = false;
      },
      evaluate(values) {
        const limits = unreadableFrames(state),
          findings: FindingDraft[] = [];
        for (const victim of victims.values()) {
          const one = draft(values.packets, state, victim);
          if (one !== null) findings.push(one);
        }
        if (isBounded) limits.push(`More than ${MOST_VICTIMS} hosts got such packets; the others were left out.`);
        if (!isCounted) limits.push(`Of each host only the first ${MOST_ROWS} conversations with itself are counted.`);
        return { findings, coverage: coverage(examinedAll(state), limits) };
      },
    };
  },
});

/** There is a link layer, and its two ends are two machines: not a loopback interface, and no broadcast whose address was rewritten. */
function isOnWire(p: Packet): boolean {
  if (p.macCount === 0) return false;
  const { mac } = p;
  const isNobody = mac[MAC_SRC_HIGH] === 0 && mac[MAC_SRC_LOW] === 0,
    isToGroup = (mac[MAC_DST_HIGH]! & 0x0100) !== 0;
  return !isNobody && !isToGroup && !(mac[MAC_SRC_HIGH] === mac[MAC_DST_HIGH] && mac[MAC_SRC_LOW] === mac[MAC_DST_LOW]);
}

/** An address that belongs to one host: not loopback, not unspecified, not a group. */
function isOwnAddress(state: CaptureState, flow: number): boolean {
  const value = state.flows.ints[flow * F.INTS]!;
  if ((state.flows.ints[flow * F.INTS + F.META]! & F.META_IPV6) !== 0) return !/^(?:::1?$|ff)/i.test(state.packet.ipv6.textOf(value));
  const first = value >>> 24;
  return first !== 127 && first !== 0 && first < 224;
}

/** Whether the host asks many others for the same: a scanner that makes its own packets goes over its own address, too, and sends them by its gateway. */
function isOfSweep({ flows: { ints, count } }: CaptureState, rows: readonly number[], packets: number): boolean {
  const first = rows[0]! * F.INTS,
    hostsAskedFor = new Map<number, Set<number>>();
  for (const row of rows) {
    if (hostsAskedFor.size >= SWEPT_PORTS) return false;
    hostsAskedFor.set(askedFor(ints, row), new Set());
  }
  if (packets > hostsAskedFor.size * MOST_PER_SWEPT_PORT) return false;
  for (let row = 0; row < count; row++) {
    const at = row * F.INTS;
    if (ints[at] !== ints[first] || ints[at + F.B] === ints[first] || ints[at + F.META]! >>> 8 !== ints[first + F.META]! >>> 8) continue;
    const hosts = hostsAskedFor.get(askedFor(ints, row));
    if (hosts !== undefined && hosts.size < SWEPT_HOSTS) hosts.add(ints[at + F.B]!);
  }
  return [...hostsAskedFor.values()].every(({ size }) => size >= SWEPT_HOSTS);
}

/** Protocol and port as one number. */
function askedFor(ints: F.FlowTable['ints'], row: number): number {
  return (ints[row * F.INTS + F.META]! & F.META_PROTOCOL) * 65_536 + (ints[row * F.INTS + F.PORTS]! & 0xffff);
}

function draft(threshold: number, state: CaptureState, victim: Victim): FindingDraft | null {
  const { flows } = state,
    span = new Span(),
    ports = new Set<number>(),
    rows: number[] = [];
  let packets = 0,
    synchronising = 0,
    samePorts = 0;
  for (const row of victim.rows) {
    const at = row * F.INTS,
      protocol = flows.ints[at + F.META]! & F.META_PROTOCOL,
      both = flows.ints[at + F.PORTS]!;
    // Both port numbers answer each other: a real conversation whose two addresses were made one, as a careless anonymiser does.
    if (flows.ints[at + F.PACKETS_B]! > 0) continue;
    rows.push(row);
    packets += flows.ints[at + F.PACKETS_A]!;
    span.addFlow(flows, row);
    if (protocol === PROTOCOL_TCP && (flows.ints[at + F.FLAGS]! & F.SYN_A) !== 0) synchronising++;
    if (protocol !== PROTOCOL_TCP && protocol !== PROTOCOL_UDP) continue;
    ports.add(both & 0xffff);
    if (both >>> 16 === (both & 0xffff)) samePorts++;
  }
  if (packets < threshold) return null;
  const address = flowAddress(state, rows[0]!, F.A),
    port = ports.size === 1 ? [...ports][0]! : null,
    evidence = rows.slice(0, MOST_EVIDENCE);
  const { confidence, parts } = confidenceOf([
    { name: 'source and destination are the same host, on a wire', value: 65 },
    { name: 'the same port on both sides', value: samePorts > 0 ? 15 : 0 },
    { name: 'it asks for a connection', value: synchronising > 0 ? 10 : 0 },
    overThreshold(packets, threshold, 8),
  ]);
  if (isOfSweep(state, rows, packets)) return null;
  return {
    technique: 'land',
    // The attack is one on TCP and UDP. What else speaks to itself is a router's or a laboratory's.
    severity: synchronising > 0 || samePorts > 0 ? 'high' : ports.size > 0 ? 'medium' : 'low',
    confidence,
    title: `LAND: ${plural(packets, 'packet')} to ${address} in its own name`,
    description: `${plural(packets, 'packet')} (threshold ${threshold}) with ${address} as source and as destination ${packets === 1 ? 'was' : 'were'} on the wire${synchronising > 0 ? ', asking for TCP connections' : ''}. Systems without protection answer themselves until they hang.`,
    subjects: [{ role: 'victim', address, ...(port === null ? {} : { port }) }],
    firstSeen: span.from,
    lastSeen: span.to,
    indicators: [
      { name: 'packets from and to the same address', value: packets, threshold, unit: 'packets' },
      { name: 'of them conversations with the same port on both sides', value: samePorts },
      { name: 'of them connection attempts', value: synchronising },
      ...parts,
    ],
    alternatives: [
      'A router that rewrites source and destination when a host behind it calls its own public address (hairpin NAT).',
      'Traffic of one host with itself that a mirror of its internal interface shows.',
      'Addresses of the capture that were rewritten, so that two of them became one.',
    ],
    frames: evidence.map((row) => flows.ints[row * F.INTS + F.FIRST_FRAME]!),
    framesTotal: packets,
    flows: evidence,
    filter: `${addressFilter('src', address)} && ${addressFilter('dst', address)}`,
    attack: ['T1499.004'],
    recommendation: `Drop packets that arrive from outside with inside addresses (RFC 2827), find the real sender by its MAC address in these frames, and check that ${address} still answers.`,
  };
}
