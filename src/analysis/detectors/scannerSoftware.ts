/**
 * Names the tool behind a scan: by its user agent or banner (scannerMarks.ts), or by what it writes into the headers of its probes (scannerProbes.ts). One source
 * with one tool is one finding, whatever it visits.
 */
import * as z from 'zod';
import { formatIpv4 } from '../../pcap/addresses.ts';
import { arpMessage } from '../../pcap/dissectors/arp.ts';
import { sshBannerMessage } from '../../pcap/dissectors/ssh.ts';
import { httpRequestMessage } from '../../pcap/http/messages.ts';
import { NET_PROTOCOL, NET_VERSION, TCP_ACK, TCP_SYN } from '../../pcap/packet.ts';
import { sipMessage } from '../../pcap/sipMessage.ts';
import { coverage, examinedAll, unreadableFrames } from '../coverage.ts';
import { listText, plural } from '../describe.ts';
import type { Message } from '../../pcap/dissector.ts';
import { defineDetector, type FindingDraft } from '../detector.ts';
import { safeText } from '../exports/safeText.ts';
import { remembered } from './remembered.ts';
import {
  markedBy,
  markedIndicators,
  markedText,
  newProbes,
  noteProbe,
  probesDraft,
  probesFilter,
  sentBy,
  type Marked,
  type Probes,
} from './scannerProbes.ts';
import { NMAP_PAGES, NMAP_SIP, SCANNER_NAMES } from './scannerMarks.ts';
import { endsOfDatagram } from './sightings.ts';
import { probeSendersOf, type Sender } from './probeSenders.ts';
import { addressFilter, confidenceOf, endsOf, Evidence, Watched } from './watched.ts';

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
  MOST_SHOWN = 3,
  MOST_SERVERS = 1000,
  MOST_PORTS = 100,
  /** Servers and ports that are named. */
  MOST_NAMED = 8,
  /** Frames of evidence with a name in them, where probes are shown too. */
  SHARE_OF_NAMES = 60;
const TCP = 6,
  /** Ports of UDP among those of TCP. */
  OVER_UDP = 65_536;

/** One source and one tool: whatever it visits with it is one thing that happens. */
interface User {
  readonly tool: string;
  readonly client: string;
  readonly evidence: Evidence;
  /** Ports by server. */
  readonly visited: Map<string, Set<number>>;
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
  messages: [arpMessage.kind, httpRequestMessage.kind, sshBannerMessage.kind, sipMessage.kind],
  create(_, state) {
    const probes = new Watched<number, Probes>(MOST_SOURCES),
      users = new Watched<string, User>(MOST_SOURCES),
      senders = probeSendersOf(state),
      toolOf = remembered((text) => SCANNER_NAMES.find(([, mark]) => mark.test(text))?.[0]);
    return {
      onFlowOpened(flow, p) {
        senders.onFlowOpened(flow, p);
        if (p.netCount !== 1 || (p.tcpFlags & (TCP_SYN | TCP_ACK)) !== TCP_SYN || p.net[NET_PROTOCOL] !== TCP || p.net[NET_VERSION] !== 4) return;
        const source = p.net[1]!,
          one = probes.get(source) ?? probes.of(source, () => newProbes(p));
        if (one === undefined) return;
        noteProbe(one, p, flow);
      },
      onMessage(message, flow, p) {
        if (arpMessage.is(message)) {
          senders.onArp(message);
          return;
        }
        const text = sayingOf(message);
        if (text === null) return;
        const tool = text === NMAP_SIP || NMAP_PAGES.test(text) ? 'Nmap' : toolOf(text),
          ends = tool === undefined ? null : flow < 0 ? endsOfDatagram(p) : endsOf(state, flow);
        if (tool === undefined || ends === null) return;
        const { client, server } = ends,
          port = flow < 0 ? ends.serverPort + OVER_UDP : ends.serverPort,
          one = users.of(`${tool} ${client}`, () => ({ tool, client, evidence: new Evidence(), visited: new Map(), texts: new Set(), count: 0 }));
        if (one === undefined) return;
        one.count++;
        if (flow < 0) one.evidence.addDatagram(p);
        else one.evidence.add(p, flow);
        if (one.texts.size < MOST_SHOWN) one.texts.add(safeText(text, 120));
        const ports = one.visited.get(server);
        if (ports === undefined) {
          if (one.visited.size < MOST_SERVERS) one.visited.set(server, new Set([port]));
        } else if (ports.size < MOST_PORTS) ports.add(port);
      },
      evaluate(values) {
        const findings: FindingDraft[] = [],
          marked = new Map<string, Marked>(),
          spoofed = new Map<string, { readonly sender: Sender; readonly all: Probes[] }>();
        for (const one of probes.values) {
          const found = markedBy(values, one, true);
          if (found === null) continue;
          // Decoys and idle hosts run no tool: whose card sent it does.
          const sender = senders.of(one.evidence.resolve(state.flows).proof.flows);
          if (sender === null) {
            const own = markedBy(values, one);
            if (own !== null) marked.set(`${own.tool} ${one.address}`, own);
          } else {
            const key = `${found.tool} ${formatIpv4(sender.address)}`,
              ofSender = spoofed.get(key) ?? { sender, all: [] };
            ofSender.all.push(one);
            spoofed.set(key, ofSender);
          }
        }
        // Who scans in its own name, too, hides among decoys: its tool is told by its own probes.
        for (const [key, { sender, all }] of spoofed) {
          const found = marked.has(key) ? null : markedBy(values, sentBy(formatIpv4(sender.address), all), true);
          if (found !== null) marked.set(key, { ...found, inNameOf: all.map(({ address }) => address), mac: sender.mac });
        }
        for (const one of users.values) {
          if (one.count < values.requests) continue;
          const key = `${one.tool} ${one.client}`;
          one.evidence.resolve(state.flows);
          findings.push(userDraft(values, one, marked.get(key) ?? null));
          marked.delete(key);
        }
        for (const one of marked.values()) findings.push(probesDraft(values, one));
        return {
          findings,
          coverage: coverage(examinedAll(state), [...unreadableFrames(state), ...probes.limits('sources'), ...users.limits('users of tools')]),
        };
      },
    };
  },
});

/** What a message says of the program that sent it: its name, or what it asks for. */
function sayingOf(message: Message): string | null {
  if (httpRequestMessage.is(message)) return NMAP_PAGES.test(message.uri) ? message.uri : message.userAgent;
  if (sshBannerMessage.is(message)) return message.fromServer ? null : message.text;
  if (!sipMessage.is(message) || message.status !== 0) return null;
  return message.uri === NMAP_SIP ? message.uri : message.userAgent;
}

/** What a source did with its tool; `marked`: its probes bear the mark of the same tool. */
function userDraft(values: Options, { tool, client, evidence, visited, texts, count }: User, marked: Marked | null): FindingDraft {
  const servers = [...visited].map(([address, ports]) => ({ address, ports: [...ports].sort((a, b) => a - b) })),
    named = servers.slice(0, MOST_NAMED),
    ports = new Set(servers.flatMap((one) => one.ports)),
    proof = new Evidence();
  proof.include(evidence, marked === null ? undefined : SHARE_OF_NAMES);
  if (marked !== null) proof.include(marked.probes.evidence);
  const { confidence, indicators } = confidenceOf([
    ['the tool gives its own name', 85],
    ['more than once', Math.min(8, count - 1)],
    [marked === null ? '' : marked.mark, marked === null ? 0 : 5],
  ]);
  const visits = `${addressFilter(client)} && ${servers.length > MOST_NAMED ? '(tcp || udp)' : `(${named.map(visitFilter).join(' || ')})`}`;
  return {
    technique: `name-${tool.toLowerCase()}`,
    what: tool,
    severity: 'medium',
    confidence,
    title: `${client} uses ${tool} against ${whomText(servers)}`,
    description: [
      `${plural(count, 'message')} (threshold ${values.requests}) to ${plural(ports.size, 'port')} of ${plural(servers.length, 'host')} ${count === 1 ? 'bears' : 'bear'} the name of ${tool}, as it sends it unless told otherwise.`,
      ...(marked === null ? [] : [markedText(values, marked)]),
    ].join(' '),
    subjects: [
      { role: 'attacker', address: client },
      ...named.map((one) => ({
        role: 'victim' as const,
        address: one.address,
        ...(one.ports.length === 1 ? { port: one.ports[0]! % OVER_UDP } : {}),
      })),
    ],
    ...proof.proof,
    indicators: [
      { name: 'messages', value: count, threshold: values.requests },
      { name: 'tool', value: tool },
      { name: 'hosts', value: servers.length, unit: 'hosts' },
      { name: 'ports', value: portsText([...ports].sort((a, b) => a - b)) },
      ...[...texts].map((text) => ({ name: 'name sent', value: text })),
      ...(marked === null ? [] : markedIndicators(values, marked)),
      ...indicators,
    ],
    alternatives: ['A scan that was ordered, or the inventory of the network.', 'Somebody who sends that name to mislead.'],
    filter: marked === null ? visits : `(${visits}) || (${probesFilter(marked)})`,
    attack: marked === null ? ['T1595.002', 'T1595'] : ['T1595.002', 'T1595', 'T1595.001', 'T1046'],
    recommendation: `Ask who runs ${tool} at ${client}. If nobody does, block it and look what it found at ${servers.length === 1 ? servers[0]!.address : 'these hosts'}.`,
  };
}

interface Visited {
  readonly address: string;
  readonly ports: readonly number[];
}

/** `10.0.0.9 port 80`, `10.0.0.9 ports 80 and 443`, `10.0.0.8 and 10.0.0.9`, `12 hosts`. */
function whomText(servers: readonly Visited[]): string {
  const [first, second] = servers;
  if (servers.length === 1) return `${first!.address} port${first!.ports.length === 1 ? '' : 's'} ${portsText(first!.ports)}`;
  return servers.length === 2 ? `${first!.address} and ${second!.address}` : plural(servers.length, 'host');
}

/** `80`, `22, 80 and 443`, `1, 2, 3, 4, 5, 6, 7, 8 and 12 more`. */
function portsText(ports: readonly number[]): string {
  const more = ports.length - MOST_NAMED,
    texts = [
      ...ports.slice(0, MOST_NAMED).map((port) => (port < OVER_UDP ? String(port) : `${port - OVER_UDP} (UDP)`)),
      ...(more > 0 ? [`${more} more`] : []),
    ];
  return listText(texts);
}

function visitFilter({ address, ports }: Visited): string {
  const filters = [ports.filter((port) => port < OVER_UDP), ports.filter((port) => port >= OVER_UDP).map((port) => port - OVER_UDP)].map(
    (some, i) => {
      const name = i === 0 ? 'tcp.port' : 'udp.port';
      return some.length === 0 ? '' : some.length === 1 ? `${name} == ${some[0]}` : `${name} in {${some.slice(0, MOST_NAMED).join(', ')}}`;
    },
  );
  const [tcp = '', udp = ''] = filters;
  return `(${addressFilter(address)} && ${tcp === '' ? udp : udp === '' ? tcp : `(${tcp} || ${udp})`})`;
}
