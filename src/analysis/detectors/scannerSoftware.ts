/**
 * Names the tool behind a scan: by its user agent or banner, or by what it writes into the headers of its probes. Masscan puts target and sequence number into the
 * IP id, ZMap the number 54321, Nmap offers a window of 1,024 and the maximum segment size alone.
 */
import * as z from 'zod';
import { sshBannerMessage } from '../../pcap/dissectors/ssh.ts';
import { httpRequestMessage } from '../../pcap/http/messages.ts';
import {
  NET_DST,
  NET_DST_PORT,
  NET_PAYLOAD,
  NET_PROTOCOL,
  NET_SRC_PORT,
  NET_STRIDE,
  NET_VERSION,
  TCP_ACK,
  TCP_SYN,
  type Packet,
} from '../../pcap/packet.ts';
import { coverage, examinedAll, unreadableFrames } from '../coverage.ts';
import { plural } from '../describe.ts';
import { defineDetector, type FindingDraft } from '../detector.ts';
import { safeText } from '../exports/safeText.ts';
import { remembered } from './remembered.ts';
import { addressFilter, confidenceOf, datagramEnds, endsOf, Evidence, Watched } from './watched.ts';

const options = z.object({
  probes: z.int().min(5).default(20).describe('Probes of one source with the marks of a tool in their headers (probes)'),
  sharePercent: z
    .number()
    .min(1)
    .max(100)
    .default(30)
    .describe('Share of a source’s first packets that must have the mark: what a scanner found open it then talks to like everybody (percent)'),
  requests: z.int().min(1).default(1).describe('Requests with the name of a tool in them (requests)'),
});
type Options = z.output<typeof options>;

const MOST_SOURCES = 5000,
  MOST_SHOWN = 3;
const TCP = 6;

/** Names as the tools send them by default, from their sources. */
const AGENTS: readonly (readonly [tool: string, mark: RegExp])[] = [
  ['Nmap', /Nmap Scripting Engine|^SSH-\d\.\d-Nmap/i],
  ['masscan', /\bmasscan\b/i],
  ['ZGrab', /\bzgrab\b/i],
  ['Nikto', /\bNikto\b/i],
  ['sqlmap', /^sqlmap\//i],
  ['Hydra', /\(Hydra(?: Proxy)?\)/i],
  ['Gobuster', /^gobuster\//i],
  ['Nuclei', /\bnuclei\b.{0,40}projectdiscovery|^Nuclei - /i],
  ['WPScan', /^WPScan v/i],
  ['DirBuster', /^DirBuster-/i],
  ['ffuf', /^Fuzz Faster U Fool/i],
  ['feroxbuster', /^feroxbuster\//i],
  ['Wfuzz', /^Wfuzz\//i],
  ['Arachni', /^Arachni\//i],
  ['w3af', /\bw3af\b/i],
  ['WhatWeb', /^WhatWeb\//i],
  ['Nessus', /\bNessus\b/i],
  ['OpenVAS', /\bOpenVAS\b/i],
  ['Acunetix', /\bAcunetix\b/i],
  ['Netsparker', /\bNetsparker\b/i],
  ['Jorgee', /Mozilla\/5\.0 Jorgee/i],
  ['ZmEu', /^ZmEu$/i],
  ['Morfeus', /Morfeus (?:F\w+ )?Scanner/i],
  ['CensysInspect', /CensysInspect\//i],
  ['httpx', /^httpx - Open-source/i],
  ['commix', /^commix\//i],
  ['Wapiti', /\bWapiti\//i],
  ['skipfish', /\bskipfish\b|\bSF\/2\.\d/i],
  ['Havij', /\bHavij\b/i],
  ['fimap', /^fimap\b/i],
  ['Medusa', /^SSH-2\.0-MEDUSA/i],
];

/** Pages that Nmap asks for to see what a server says of what is not there: nmap-service-probes (FourOhFourRequest) and nselib/http.lua. */
const NMAP_PAGES = /^\/(?:nice%20ports%2C\/Tri|nmaplowercheck\d|NmapUpperCheck\d|Nmap\/folder\/check)/;

/** The first packets of one source: how many, and how many with the mark of each tool. */
interface Probes {
  readonly address: string;
  readonly evidence: Evidence;
  syns: number;
  masscan: number;
  zmap: number;
  nmap: number;
}

interface Named {
  readonly tool: string;
  readonly client: string;
  readonly server: string;
  readonly port: number;
  readonly evidence: Evidence;
  readonly texts: Set<string>;
  count: number;
}

export const scannerSoftware = defineDetector({
  id: 'scanner-software',
  title: 'Scanning tools',
  tier: 2,
  deed: 'used {what}[ on {whom}]',
  ending: { of: ['port-scan', 'host-sweep', 'distributed-scan', 'os-fingerprinting', 'brute-force', 'exploit-attempt'], text: 'with {what}' },
  description:
    'Traffic bears the mark of a scanning or attack tool: its name in a request, or what it writes into the headers of its probes. Audits that were ordered use the same tools.',
  options,
  messages: [httpRequestMessage.kind, sshBannerMessage.kind],
  create(_, state) {
    const probes = new Watched<number, Probes>(MOST_SOURCES),
      named = new Watched<string, Named>(MOST_SOURCES),
      toolOf = remembered((text) => AGENTS.find(([, mark]) => mark.test(text))?.[0]);
    return {
      onFlowOpened(flow, p) {
        if (p.netCount !== 1 || (p.tcpFlags & (TCP_SYN | TCP_ACK)) !== TCP_SYN || p.net[NET_PROTOCOL] !== TCP || p.net[NET_VERSION] !== 4) return;
        const source = p.net[1]!,
          one = probes.get(source) ?? probes.of(source, () => newProbes(p));
        if (one === undefined) return;
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
      },
      onMessage(message, flow, p) {
        if (flow < 0) return;
        const isPage = httpRequestMessage.is(message) && NMAP_PAGES.test(message.uri),
          text = isPage
            ? message.uri
            : httpRequestMessage.is(message)
              ? message.userAgent
              : sshBannerMessage.is(message) && !message.fromServer
                ? message.text
                : null;
        if (text === null) return;
        const tool = isPage ? 'Nmap' : toolOf(text);
        if (tool === undefined) return;
        const { client, server, serverPort } = endsOf(state, flow),
          one = named.of(`${tool} ${client} ${server} ${serverPort}`, () => ({
            tool,
            client,
            server,
            port: serverPort,
            evidence: new Evidence(),
            texts: new Set(),
            count: 0,
          }));
        if (one === undefined) return;
        one.count++;
        one.evidence.add(p, flow);
        if (one.texts.size < MOST_SHOWN) one.texts.add(safeText(text, 120));
      },
      evaluate(values) {
        const findings: FindingDraft[] = [];
        for (const one of named.values) if (one.count >= values.requests) findings.push(namedDraft(values, one));
        for (const one of probes.values) {
          const found = probesDraft(values, one);
          if (found !== null) findings.push(found);
        }
        return {
          findings,
          coverage: coverage(examinedAll(state), [...unreadableFrames(state), ...probes.limits('sources'), ...named.limits('users of tools')]),
        };
      },
    };
  },
});

function newProbes(p: Packet): Probes {
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

function namedDraft(values: Options, { tool, client, server, port, evidence, texts, count }: Named): FindingDraft {
  const { confidence, indicators } = confidenceOf([
    ['the tool gives its own name', 85],
    ['more than once', Math.min(8, count - 1)],
  ]);
  return {
    technique: `name-${tool.toLowerCase()}`,
    what: tool,
    severity: 'medium',
    confidence,
    title: `${client} uses ${tool} against ${server} port ${port}`,
    description: `${plural(count, 'message')} (threshold ${values.requests}) ${count === 1 ? 'bears' : 'bear'} the name of ${tool}, as it sends it unless told otherwise.`,
    subjects: [
      { role: 'attacker', address: client },
      { role: 'victim', address: server, port },
    ],
    ...evidence.proof,
    indicators: [
      { name: 'messages', value: count, threshold: values.requests },
      { name: 'tool', value: tool },
      ...[...texts].map((text) => ({ name: 'name sent', value: text })),
      ...indicators,
    ],
    alternatives: ['A scan that was ordered, or the inventory of the network.', 'Somebody who sends that name to mislead.'],
    filter: `${addressFilter(client, server)} && tcp.port == ${port}`,
    attack: ['T1595.002', 'T1595'],
    recommendation: `Ask who runs ${tool} at ${client}. If nobody does, block it and look what it found at ${server}.`,
  };
}

function probesDraft(values: Options, { address, evidence, syns, masscan, zmap, nmap }: Probes): FindingDraft | null {
  const [tool, count, mark] = (
    [
      ['masscan', masscan, 'IP id made of target and sequence number'],
      ['ZMap', zmap, 'IP id 54321'],
      ['Nmap', nmap, 'window 1,024 and the maximum segment size alone'],
    ] as const
  ).reduce((best, one) => (one[1] > best[1] ? one : best));
  if (count < values.probes || (100 * count) / syns < values.sharePercent) return null;
  const { confidence, indicators } = confidenceOf([
    [mark, tool === 'Nmap' ? 70 : 85],
    ['many probes', Math.min(10, 3 * Math.log2(count / values.probes))],
  ]);
  return {
    technique: `probes-${tool.toLowerCase()}`,
    what: tool,
    // The scan has a finding of its own; this adds its name.
    severity: 'low',
    confidence,
    title: `${address} scans with ${tool}`,
    description: `${count} of ${plural(syns, 'connection')} that ${address} tried to open (threshold ${values.probes}, ${values.sharePercent} %) have the mark of ${tool}: ${mark}.`,
    subjects: [{ role: 'attacker', address }],
    ...evidence.proof,
    indicators: [
      { name: 'probes with the mark', value: count, threshold: values.probes },
      { name: 'share', value: Math.round((100 * count) / syns), threshold: values.sharePercent, unit: '%' },
      { name: 'tool', value: tool },
      ...indicators,
    ],
    alternatives: ['A scan that was ordered, or the inventory of the network.', 'Another tool that writes its probes the same way.'],
    filter: `ip.src == ${address} && tcp.flags.syn == 1 && tcp.flags.ack == 0`,
    attack: ['T1595.001', 'T1046'],
    recommendation: `Ask who runs ${tool} at ${address}; what it found open is in the findings about its scan.`,
  };
}
