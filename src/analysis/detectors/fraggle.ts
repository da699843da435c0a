/**
 * Fraggle: smurf with UDP. Datagrams to the small services of RFC 862 to 864 go to a broadcast address in the victim's name, and every host that still runs
 * them answers the victim. Wake-on-LAN uses the same port, with a payload of its own.
 */
import { formatIpv4 } from '../../pcap/addresses.ts';
import type { CaptureState } from '../captureState.ts';
import { flowAddress } from '../conversations.ts';
import { countText, plural } from '../describe.ts';
import type { FindingDraft } from '../detector.ts';
import * as F from '../flowTable.ts';
import { withinWindow } from './floodTally.ts';
import { endKey, gatherHot } from './hotFlows.ts';
import { addressFilter, Burst, confidenceOf, flowStart, MOST_EVIDENCE, overThreshold, Span } from './measures.ts';

const SERVICES: ReadonlyMap<number, string> = new Map([
  [7, 'echo'],
  [17, 'QOTD'],
  [19, 'chargen'],
]);
const MOST_VICTIMS = 256,
  PROTOCOL_UDP = 17;
/** Six bytes of ones and a MAC address sixteen times, with a password of six bytes or without. */
const WAKE_ON_LAN: ReadonlySet<number> = new Set([102, 108]);

interface Victim {
  readonly row: number;
  readonly burst: Burst;
  readonly span: Span;
  readonly rows: number[];
  readonly ports: Set<number>;
  datagrams: number;
}

function datagramsOf({ ints, doubles }: F.FlowTable, row: number): number {
  const at = row * F.INTS,
    sent = ints[at + F.PACKETS_A]!;
  if ((ints[at + F.META]! & F.META_PROTOCOL) !== PROTOCOL_UDP || (ints[at + F.META]! & F.META_IPV6) !== 0) return 0;
  if (!SERVICES.has(ints[at + F.PORTS]! & 0xffff) || (ints[at + F.B]! & 255) !== 255) return 0;
  return WAKE_ON_LAN.has(doubles[row * F.DOUBLES + F.PAYLOAD_A]! / sent) ? 0 : sent;
}

export function fraggles(values: { readonly requests: number; readonly windowSeconds: number }, state: CaptureState): FindingDraft[] {
  const { flows } = state,
    { ints } = flows;
  const { groups } = gatherHot<Victim>(flows, {
    least: values.requests,
    mostGroups: MOST_VICTIMS,
    key: (row) => (datagramsOf(flows, row) === 0 ? NaN : endKey(flows, row, F.A)),
    weight: (row) => datagramsOf(flows, row),
    create: (row) => ({ row, burst: new Burst(values.windowSeconds), span: new Span(), rows: [], ports: new Set(), datagrams: 0 }),
    add: (victim, row) => {
      const sent = datagramsOf(flows, row);
      victim.datagrams += sent;
      victim.burst.add(flowStart(state, row), withinWindow(state, row, sent, values.windowSeconds));
      victim.span.addFlow(flows, row);
      victim.ports.add(ints[row * F.INTS + F.PORTS]! & 0xffff);
      if (victim.rows.length < MOST_EVIDENCE) victim.rows.push(row);
    },
  });
  return groups.filter(({ burst }) => burst.most >= values.requests).map((victim) => draft(values.requests, state, victim));
}

function draft(threshold: number, state: CaptureState, { row, burst, span, rows, ports, datagrams }: Victim): FindingDraft {
  const { ints } = state.flows,
    address = flowAddress(state, row, F.A),
    group = formatIpv4(ints[row * F.INTS + F.B]!),
    services = [...ports].map((port) => SERVICES.get(port)!).join(', ');
  const { confidence, parts } = confidenceOf([
    { name: 'datagrams to small services of everybody, over the threshold', value: 60 },
    overThreshold(burst.most, threshold, 15),
  ]);
  return {
    technique: 'fraggle',
    severity: 'medium',
    confidence,
    title: `Fraggle: ${plural(datagrams, 'datagram')} to ${services} of ${group} in the name of ${address}`,
    description: `${countText(burst.most)} datagrams (threshold ${threshold}) went to ${services} at ${group}, where every host that runs it answers ${address}.`,
    subjects: [{ role: 'victim', address }],
    firstSeen: span.from,
    lastSeen: span.to,
    indicators: [
      { name: 'datagrams to a broadcast address in a window', value: burst.most, threshold, unit: 'datagrams' },
      { name: 'services', value: services },
      ...parts,
    ],
    alternatives: [`A program at ${address} that looks for such services, or wakes computers in its own way.`],
    frames: rows.map((one) => ints[one * F.INTS + F.FIRST_FRAME]!),
    framesTotal: datagrams,
    flows: rows,
    filter: `${addressFilter('src', address)} && udp.dstport in {${[...ports].join(', ')}}`,
    attack: ['T1498.002'],
    recommendation: `Turn these services off wherever they still run, and let routers drop packets to broadcast addresses (RFC 2644). Whether ${address} itself sent them, its MAC address in these frames tells.`,
  };
}
