/**
 * Rogue DHCP: a second server gives clients another gateway or name server, often after the first was starved of addresses by invented clients, or clients are
 * refused their addresses in a flood. ATT&CK T1557.003, DHCP Spoofing.
 */
import * as z from 'zod';
import { formatIpv4 } from '../../pcap/addresses.ts';
import { dhcpMessage, type DhcpMessage } from '../../pcap/dhcp/message.ts';
import { arpMessage } from '../../pcap/dissectors/arp.ts';
import { dhcpv6Message, type Dhcpv6Message } from '../../pcap/dissectors/dhcpv6.ts';
import { NET_SRC, NET_STRIDE, type Packet } from '../../pcap/packet.ts';
import type { CaptureState } from '../captureState.ts';
import { coverage, examinedAll, unreadableFrames } from '../coverage.ts';
import { plural } from '../describe.ts';
import { defineDetector, type DetectorRun, type FindingDraft } from '../detector.ts';
import { DhcpClients } from './dhcpClients.ts';
import { Dhcpv6Rivals } from './dhcpv6Rivals.ts';
import { DhcpRefusals } from './dhcpRefusals.ts';
import { DuidClients, FORGED_SHARE, starvationByDuid, starvationByMac } from './dhcpStarvation.ts';
import { confidenceOf, MOST_EVIDENCE, Span } from './measures.ts';

const options = z.object({
  rivalOffers: z.int().min(1).default(1).describe('Questions of clients that two servers must answer with different addresses (questions)'),
  clients: z
    .int()
    .min(10)
    .default(100)
    .describe('Different clients that must ask for an address within the window before this is called starvation (clients)'),
  refusals: z.int().min(5).default(20).describe('Refusals (NAK) that one server must send within the window (refusals)'),
  windowSeconds: z.number().positive().default(60).describe('Time within which these clients or refusals must come (seconds)'),
});
type Options = z.output<typeof options>;
type Collected = Pick<Options, 'windowSeconds'>;

const DISCOVER = 1,
  OFFER = 2,
  ACK = 5,
  NAK = 6,
  SOLICIT = 1;
const MOST_SERVERS = 200,
  MOST_QUESTIONS = 5000;

interface Server {
  readonly id: number;
  readonly span: Span;
  readonly frames: number[];
  readonly flows: number[];
  /** What it gives: gateway, name servers, mask. */
  gateways: readonly number[];
  nameServers: readonly number[];
  network: number;
  isRelayed: boolean;
  offers: number;
}

/** Two servers and the questions that both answered. */
interface Rivals {
  readonly first: Server;
  readonly second: Server;
  readonly frames: number[];
  readonly span: Span;
  questions: number;
}

export const rogueDhcp = defineDetector({
  id: 'rogue-dhcp',
  title: 'Rogue DHCP server',
  tier: 1,
  deed: 'offered false addresses by DHCP',
  description:
    'Two servers offer addresses to the same clients, hundreds of invented clients use the addresses up, or clients are refused in a flood. Two servers that share the work on purpose, or machines that start at once where the capture does not show that they use their addresses, can look like it.',
  options,
  messages: [dhcpMessage.kind, dhcpv6Message.kind, arpMessage.kind],
  collecting: ['windowSeconds'],
  create(collecting, state) {
    const seen = new Seen(collecting, state);
    return {
      onMessage(message, flow, p) {
        if (dhcpMessage.is(message)) seen.add(message, flow, p);
        else if (dhcpv6Message.is(message)) seen.addV6(message, flow, p);
        else if (arpMessage.is(message)) seen.clients.spoke(message);
      },
      evaluate: (values) => evaluate(values, state, seen),
    };
  },
});

class Seen {
  isBounded = false;
  readonly servers = new Map<number, Server>();
  readonly rivals = new Map<string, Rivals>();
  readonly clients: DhcpClients;
  readonly clientsV6: DuidClients;
  readonly rivalsV6 = new Dhcpv6Rivals();
  readonly refusals: DhcpRefusals;
  /** Who offered first to which question. */
  readonly #offered = new Map<string, { readonly server: Server; readonly address: number; readonly frame: number }>();

  constructor(values: Collected, state: CaptureState) {
    this.clients = new DhcpClients(state);
    this.clientsV6 = new DuidClients(values.windowSeconds, state);
    this.refusals = new DhcpRefusals(values.windowSeconds, state);
  }

  add(message: DhcpMessage, flow: number, p: Packet): void {
    if (message.isReply) this.#answer(message, flow, p);
    else if (message.messageType === DISCOVER) this.clients.question(message, flow, p);
  }

  /** A solicitation names its client by a DUID, which outlives its network cards and says nothing of them (RFC 8415 section 11). */
  addV6(message: Dhcpv6Message, flow: number, p: Packet): void {
    const { type, client } = message;
    if (type === SOLICIT && client !== '') this.clientsV6.add(client, flow, p);
    else if (type !== SOLICIT) this.rivalsV6.answer(message, p);
  }

  #answer(message: DhcpMessage, flow: number, p: Packet): void {
    const { messageType, transactionId, clientMacHigh, clientMacLow, yourIp, relayIp } = message;
    if (messageType !== OFFER && messageType !== ACK && messageType !== NAK) return;
    this.clients.answer(message);
    this.refusals.answer(message, flow, p);
    if (messageType === NAK) return;
    // A relay passes answers on in its own name; the server says who it is within.
    const server = this.#server(
      message.serverId !== 0 ? message.serverId : p.netCount > 0 ? p.net[(p.netCount - 1) * NET_STRIDE + NET_SRC]! : 0,
      flow,
    );
    if (server === undefined) return;
    server.span.addPacket(p);
    server.isRelayed ||= relayIp !== 0;
    server.offers++;
    server.gateways = message.routers;
    server.nameServers = message.dnsServers;
    server.network = yourIp & message.subnetMask;
    if (server.frames.length < MOST_EVIDENCE) server.frames.push(p.frame);
    if (messageType !== OFFER) return;
    const key = `${transactionId} ${clientMacHigh} ${clientMacLow}`,
      earlier = this.#offered.get(key);
    if (earlier === undefined) {
      if (this.#offered.size >= MOST_QUESTIONS) this.#offered.delete(this.#offered.keys().next().value!);
      this.#offered.set(key, { server, address: yourIp, frame: p.frame });
    } else if (earlier.server !== server && earlier.address !== yourIp) this.#rival(earlier.server, server, earlier.frame, p);
  }

  #rival(one: Server, other: Server, before: number, p: Packet): void {
    const [first, second] = one.id < other.id ? [one, other] : [other, one],
      key = `${first.id} ${second.id}`;
    let rivals = this.rivals.get(key);
    if (rivals === undefined) {
      if (this.rivals.size >= MOST_SERVERS) {
        this.isBounded = true;
        return;
      }
      this.rivals.set(key, (rivals = { first, second, frames: [], span: new Span(), questions: 0 }));
    }
    rivals.questions++;
    rivals.span.addPacket(p);
    if (rivals.frames.length < MOST_EVIDENCE) rivals.frames.push(before, p.frame);
  }

  #server(id: number, flow: number): Server | undefined {
    let server = this.servers.get(id);
    if (server === undefined) {
      if (this.servers.size >= MOST_SERVERS) {
        this.isBounded = true;
        return undefined;
      }
      server = {
        id,
        span: new Span(),
        frames: [],
        flows: [],
        gateways: [],
        nameServers: [],
        network: 0,
        isRelayed: false,
        offers: 0,
      };
      this.servers.set(id, server);
    }
    if (flow >= 0 && server.flows.length < MOST_EVIDENCE && !server.flows.includes(flow)) server.flows.push(flow);
    return server;
  }
}

function evaluate(values: Options, state: CaptureState, seen: Seen): ReturnType<DetectorRun['evaluate']> {
  const findings: FindingDraft[] = [],
    told = new Set<string>();
  for (const rivals of seen.rivals.values()) {
    if (rivals.questions < values.rivalOffers) continue;
    told.add(`${rivals.first.id} ${rivals.second.id}`);
    findings.push(draftRivals(values, rivals));
  }
  // Never asked by the same client, but both give addresses of one network and send it different ways.
  const servers = [...seen.servers.values()].filter(({ offers, isRelayed }) => offers > 0 && !isRelayed).sort((a, b) => a.id - b.id);
  for (const first of servers) {
    for (const second of servers) {
      if (
        first.id >= second.id ||
        told.has(`${first.id} ${second.id}`) ||
        first.network !== second.network ||
        first.network === 0 ||
        !differ(first, second)
      )
        continue;
      const span = new Span(),
        frames = [...first.frames.slice(0, MOST_EVIDENCE / 2), ...second.frames.slice(0, MOST_EVIDENCE / 2)];
      findings.push(draftRivals(values, { first, second, frames, span, questions: 0 }));
    }
  }
  if (seen.clients.count * FORGED_SHARE >= values.clients) findings.push(...starvationByMac(values, seen.clients.idle(values.windowSeconds)));
  if (seen.clientsV6.fresh.most >= values.clients) findings.push(starvationByDuid(values, seen.clientsV6));
  findings.push(...seen.rivalsV6.findings(values.rivalOffers, state));
  findings.push(...seen.refusals.findings(values));
  const limits = unreadableFrames(state);
  if (seen.isBounded || seen.clients.isBounded || seen.clientsV6.isBounded || seen.rivalsV6.isBounded || seen.refusals.isBounded)
    limits.push('More DHCP servers or clients took part than are followed; some were left out.');
  return { findings, coverage: coverage(examinedAll(state), limits) };
}

function differ(first: Server, second: Server): boolean {
  return String(first.gateways) !== String(second.gateways) || String(first.nameServers) !== String(second.nameServers);
}

/** Gives itself as gateway or name server, as whoever wants to be in between does - and as many small routers do. */
function servesItself({ id, gateways, nameServers }: Server): boolean {
  return gateways.includes(id) || nameServers.includes(id);
}

function given(server: Server): string {
  const list = (addresses: readonly number[]): string => (addresses.length === 0 ? 'none' : addresses.map(formatIpv4).join(', '));
  return `${formatIpv4(server.id)}: gateway ${list(server.gateways)}, name servers ${list(server.nameServers)}`;
}

function draftRivals(values: Options, { first, second, frames, span, questions }: Rivals): FindingDraft {
  const isDifferent = differ(first, second),
    [a, b] = [formatIpv4(first.id), formatIpv4(second.id)];
  const { confidence, parts } = confidenceOf([
    { name: 'two servers answered the same question', value: questions > 0 ? 50 : 0 },
    { name: 'two servers give addresses of one network', value: questions > 0 ? 0 : 35 },
    { name: 'they send clients different ways', value: isDifferent ? 20 : -15 },
    { name: 'one of them sends clients to itself', value: servesItself(first) !== servesItself(second) ? 10 : 0 },
    { name: 'again and again', value: questions > values.rivalOffers ? 5 : 0 },
  ]);
  const all = [...new Set(frames)].sort((x, y) => x - y),
    from = questions > 0 ? span.from : earlier(first.span.from, second.span.from),
    to = questions > 0 ? span.to : later(first.span.to, second.span.to);
  const offers = `${first.offers} and ${second.offers}`;
  return {
    technique: 'rivals',
    severity: isDifferent ? 'high' : 'low',
    confidence,
    title: `Two DHCP servers, ${a} and ${b}, offer addresses to the same clients`,
    description: `${questions > 0 ? `${plural(questions, 'question')} of clients got offers of both (threshold ${values.rivalOffers})` : `Both gave addresses of the same network (${offers} answers; threshold 1 each)`}. ${isDifferent ? 'They differ in what they tell' : 'They tell the same'}: ${given(first)}; ${given(second)}.`,
    subjects: [
      { role: 'server', address: a },
      { role: 'server', address: b },
    ],
    firstSeen: from,
    lastSeen: to,
    indicators: [
      { name: 'questions that both answered', value: questions, threshold: values.rivalOffers },
      { name: `given by ${a}`, value: given(first) },
      { name: `given by ${b}`, value: given(second) },
      { name: 'offers and confirmations of each', value: offers },
      ...parts,
    ],
    alternatives: [
      'Two servers that share the work on purpose: then they tell clients the same.',
      'A small router or access point that somebody plugged in the wrong way round.',
    ],
    frames: all,
    framesTotal: questions > 0 ? Math.max(questions * 2, all.length) : first.offers + second.offers,
    flows: [...new Set([...first.flows, ...second.flows])],
    filter: `dhcp.option.dhcp_server_id in {${a}, ${b}}`,
    attack: ['T1557.003'],
    recommendation: `Ask which of ${a} and ${b} belongs there, find the other by its MAC address, and take it off. Turn on DHCP snooping on the switches; clients that believed the wrong one should ask anew.`,
  };
}

function earlier(a: string | null, b: string | null): string | null {
  return a === null || (b !== null && b < a) ? b : a;
}

function later(a: string | null, b: string | null): string | null {
  return a === null || (b !== null && b > a) ? b : a;
}
