/**
 * Which tool wrote the first packets of connections, by what stands in their headers: masscan puts target and sequence number into the IP id, ZMap the number
 * 54321, Nmap offers a window of 1,024 and the maximum segment size alone.
 */
import { NET_DST, NET_DST_PORT, NET_PAYLOAD, NET_SRC_PORT, NET_STRIDE, type Packet } from '../../pcap/packet.ts';
import { countText, listText, plural } from '../describe.ts';
import type { FindingDraft } from '../detector.ts';
import type { Indicator } from '../report.ts';
import { confidenceOf, datagramEnds, Evidence } from './watched.ts';

/** Who sends some with the mark in another's name forges them: a scan of a few ports by way of an idle host has no more. */
const FORGED_PROBES = 3;

/** Others in whose names probes were sent, that are named. */
const MOST_NAMED = 8;

/** The thresholds of the detector that concern probes. */
interface Thresholds {
  readonly probes: number;
  readonly sharePercent: number;
}

/** The first packets of one source: how many, and how many with the mark of each tool. */
export interface Probes {
  readonly address: string;
  readonly evidence: Evidence;
  syns: number;
  masscan: number;
  zmap: number;
  nmap: number;
}

/** Counts the first packet of a connection, and the marks in its headers. */
export function noteProbe(one: Probes, p: Packet, flow: number): void {
  one.syns++;
  const tcp = tcpHeaderAt(p);
  if (tcp < 20) return;
  const { view, net } = p,
    length = (view.getUint8(tcp + 12) >> 4) * 4,
    // Options of IP move its id, and no scanner writes any.
    id = view.getUint8(tcp - 20) === 0x45 ? view.getUint16(tcp - 16) : -1;
  const isMasscan = id >= 0 && id === ((net[NET_DST]! ^ net[NET_DST_PORT]! ^ view.getUint32(tcp + 4)) & 0xffff),
    isZmap = id === 54_321,
    isNmap = length === 24 && p.tcpWindow === 1024 && p.tcpMss === 1460;
  if (isMasscan) one.masscan++;
  if (isZmap) one.zmap++;
  if (isNmap) one.nmap++;
  if (isMasscan || isZmap || isNmap) one.evidence.add(p, flow);
}

export function newProbes(p: Packet): Probes {
  return { address: datagramEnds(p)?.source ?? '', evidence: new Evidence(), syns: 0, masscan: 0, zmap: 0, nmap: 0 };
}

/** Where the TCP header of a frame with one network header begins, -1 if it is not at hand: it ends where the payload begins, and says its ports and length. */
function tcpHeaderAt({ net, netCount, view }: Packet): number {
  const row = (netCount - 1) * NET_STRIDE,
    payload = net[row + NET_PAYLOAD]!;
  if (payload > view.byteLength) return -1;
  for (let length = 20; length <= 60 && payload - length >= 20; length += 4) {
    const at = payload - length;
    if (
      view.getUint16(at) === net[row + NET_SRC_PORT]! &&
      view.getUint16(at + 2) === net[row + NET_DST_PORT]! &&
      (view.getUint8(at + 12) >> 4) * 4 === length
    )
      return at;
  }
  return -1;
}

/** A source whose first packets bear the mark of a tool often enough. */
export interface Marked {
  readonly probes: Probes;
  readonly tool: string;
  readonly count: number;
  readonly mark: string;
  readonly threshold: number;
  /** Of a scan in the names of others: these, and the card that sent it, which is that of the source. */
  readonly inNameOf?: readonly string[];
  readonly mac?: string;
}

/** Probes in the names of several, as one of whoever sent them all. */
export function sentBy(address: string, all: readonly Probes[]): Probes {
  const evidence = new Evidence(),
    sum = (of: (one: Probes) => number): number => all.reduce((total, one) => total + of(one), 0);
  for (const one of all) evidence.include(one.evidence);
  return {
    address,
    evidence,
    syns: sum((one) => one.syns),
    masscan: sum((one) => one.masscan),
    zmap: sum((one) => one.zmap),
    nmap: sum((one) => one.nmap),
  };
}

/** `isForged`: they were sent in the name of others. */
export function markedBy(values: Thresholds, probes: Probes, isForged = false): Marked | null {
  const { syns, masscan, zmap, nmap } = probes,
    threshold = isForged ? FORGED_PROBES : values.probes,
    [tool, count, mark] = (
      [
        ['masscan', masscan, 'IP id made of target and sequence number'],
        ['ZMap', zmap, 'IP id 54321'],
        ['Nmap', nmap, 'window 1,024 and the maximum segment size alone'],
      ] as const
    ).reduce((best, one) => (one[1] > best[1] ? one : best));
  return count < threshold || (100 * count) / syns < values.sharePercent ? null : { probes, tool, count, mark, threshold };
}

export function markedText(values: Thresholds, { probes, tool, count, mark, threshold, inNameOf, mac }: Marked): string {
  const how = inNameOf === undefined ? '' : ` in the name of ${listText(inNameOf.slice(0, MOST_NAMED))}`;
  return `${countText(count)} of ${plural(probes.syns, 'connection')} that ${probes.address} tried to open${how} (threshold ${threshold}, ${values.sharePercent} %) have the mark of ${tool}: ${mark}.${inNameOf === undefined ? '' : ` Their frames were sent by its card (${mac}): a scan by way of an idle host (nmap -sI), or with decoys.`}`;
}

export function markedIndicators(values: Thresholds, { probes, count, threshold }: Marked): Indicator[] {
  return [
    { name: 'probes with the mark', value: count, threshold },
    { name: 'share', value: Math.round((100 * count) / probes.syns), threshold: values.sharePercent, unit: '%' },
  ];
}

export function probesFilter({ probes: { address }, mac }: Marked): string {
  return `${mac === undefined ? `ip.src == ${address}` : `eth.src == ${mac}`} && tcp.flags.syn == 1 && tcp.flags.ack == 0`;
}

export function probesDraft(values: Thresholds, marked: Marked): FindingDraft {
  const { probes, tool, count, mark, threshold, inNameOf = [] } = marked,
    { address, evidence } = probes,
    spoofed = inNameOf.slice(0, MOST_NAMED);
  const { confidence, indicators } = confidenceOf([
    [mark, tool === 'Nmap' ? 70 : 85],
    ['many probes', Math.min(10, 3 * Math.log2(count / threshold))],
  ]);
  return {
    technique: `probes-${tool.toLowerCase()}`,
    what: tool,
    // The scan has a finding of its own; this adds its name.
    severity: 'low',
    confidence,
    title: `${address} scans with ${tool}${spoofed.length === 0 ? '' : ` in the name of ${listText(spoofed)}`}`,
    description: markedText(values, marked),
    subjects: [{ role: 'attacker', address }, ...spoofed.map((name) => ({ role: 'spoofed' as const, address: name }))],
    ...evidence.proof,
    indicators: [...markedIndicators(values, marked), { name: 'tool', value: tool }, ...indicators],
    alternatives: ['A scan that was ordered, or the inventory of the network.', 'Another tool that writes its probes the same way.'],
    filter: probesFilter(marked),
    attack: ['T1595.001', 'T1046'],
    recommendation: `Ask who runs ${tool} at ${address}; what it found open is in the findings about its scan.`,
  };
}
