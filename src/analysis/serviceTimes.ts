/**
 * How the services of a capture answer: who could connect, how long that took, how long answers took, and what went wrong. Heard in a pass of its own, so that
 * only who asks pays for it. Times are those between frames where the capture was taken: near a client they hold the way to the server and back, near the server
 * they do not.
 *
 * Connecting: from the last SYN to the ACK that completes the handshake, which is Wireshark's `tcp.analysis.initial_rtt`. Answering over TCP: from the last
 * segment with new data of a client to the next of its server, whatever they carry; over UDP, of protocols that ask and answer, from a question to its answer
 * (of DNS from the first question with an id, which is Wireshark's `dns.time`).
 */
import type { Message } from '../pcap/dissector.ts';
import { dhcpMessage } from '../pcap/dhcp/message.ts';
import { dnsMessage, type DnsMessage } from '../pcap/dns/message.ts';
import { RESPONSE_CODES, typeName } from '../pcap/dns/recordTypes.ts';
import { httpRequestMessage, httpResponseMessage } from '../pcap/http/messages.ts';
import { NET_DST, NET_PAYLOAD_LENGTH, NET_STRIDE, NET_VERSION, TCP_ACK, TCP_FIN, TCP_RST, TCP_SYN, type Packet } from '../pcap/packet.ts';
import type { CaptureState } from './captureState.ts';
import { tcpConnState } from './connState.ts';
import { flowAddress } from './conversations.ts';
import { isGroup, isGroupFrame } from './detectors/measures.ts';
import { datagramEnds, endsOf } from './detectors/watched.ts';
import type { Service } from './engineApi.ts';
import * as F from './flowTable.ts';
import { OpenRequests } from './openRequests.ts';
import type { FlowPass } from './flowPass.ts';
import { QUESTION_MESSAGES, questionIn } from './serviceQuestions.ts';
import { LONGEST_WHAT, ServiceBook } from './serviceBook.ts';
import { DHCP_SERVER_PORT, DhcpQuestions } from './serviceDhcp.ts';
import { MOST_ERRORS, QuotedErrors } from './serviceErrors.ts';
import { newTotals, serviceRows, type CollectedService, type ServiceTotals } from './serviceRows.ts';
import { isAlertOnly, MOST_HANDSHAKES, TLS_ESTABLISHED, TLS_MESSAGES, TlsHandshakes, type TlsFailure } from './serviceTls.ts';
import {
  FAST_RETRANSMISSION,
  KEEP_ALIVE,
  OUT_OF_ORDER,
  RETRANSMISSION,
  SPURIOUS_RETRANSMISSION,
  ZERO_WINDOW,
  ZERO_WINDOW_PROBE,
} from './tcpAnalysis.ts';

export const SERVICE_MESSAGES: readonly string[] = [
  dnsMessage.kind,
  dhcpMessage.kind,
  httpRequestMessage.kind,
  httpResponseMessage.kind,
  ...TLS_MESSAGES,
  ...QUESTION_MESSAGES,
];

/** Questions that wait for their answer. */
const MOST_WAITING = 100_000;
/** It ends the answer, where others below 200 announce one. */
const SWITCHING_PROTOCOLS = 101;
/** Protocols over UDP in which a datagram of the client is a question, and the next of the server its answer; DNS is told by its messages. */
const ASK_AND_ANSWER: ReadonlySet<string> = new Set([
  'ntp',
  'snmp',
  'radius',
  'kerberos',
  'cldap',
  'ldap',
  'sip',
  'tftp',
  'coap',
  'nbns',
  'isakmp',
  'rpc',
]);

const SENT_AGAIN = RETRANSMISSION | FAST_RETRANSMISSION | SPURIOUS_RETRANSMISSION;
/** Segments whose data are not new, or come late. */
const NOT_NEW = SENT_AGAIN | OUT_OF_ORDER | KEEP_ALIVE | ZERO_WINDOW_PROBE;

/** Steps of a handshake that was seen from its beginning. */
const SYN_SEEN = 1,
  SYN_ACK_SEEN = 2,
  CONNECTED = 3;

export interface ServicesFound {
  readonly services: readonly Service[];
  /** Sentences about what was not followed. */
  readonly limits: readonly string[];
}

export class ServiceWatch {
  readonly alwaysHeard = TLS_ESTABLISHED;
  readonly #state: CaptureState;
  readonly #book = new ServiceBook();
  /** By flow: its service + 1, 0 not looked up yet, -1 none; step of its handshake; when it began, and when its client asked, NaN where nothing waits. */
  #serviceOf = new Int32Array(1024);
  #step = new Uint8Array(1024);
  #synAt = new Float64Array(1024);
  #askedAt = new Float64Array(1024).fill(NaN);
  /** What a flow asked for last, where its protocol says. */
  readonly #asked = new Map<number, { readonly what: string; readonly frame: number }>();
  /** Questions over DNS without an answer yet: the frame and the time of the first. */
  readonly #waiting = new Map<string, { readonly at: number; readonly what: string }>();
  readonly #open = new OpenRequests(MOST_WAITING);
  readonly #dhcp = new DhcpQuestions(MOST_WAITING);
  readonly #errors = new QuotedErrors();
  /** Conversations of which an error says that they cannot come about. */
  readonly #refused = new Map<number, 'refused' | 'unreachable'>();
  readonly #tls = new TlsHandshakes();
  #zero: number | null = null;
  #hasMissedQuestions = false;

  constructor(state: CaptureState) {
    this.#state = state;
  }

  onMessage(message: Message, flow: number, p: Packet): void {
    if (dnsMessage.is(message)) {
      if (message.protocol === 'dns') this.#dns(message, flow, p);
    } else if (dhcpMessage.is(message)) {
      const ends = datagramEnds(p);
      if (ends !== null) this.#dhcp.onMessage(message, ends, this.#secondsOf(p), this.#book);
    } else if (flow < 0) return;
    else if (httpRequestMessage.is(message)) {
      const service = this.#of(flow);
      if (service === null) return;
      service.requests++;
      if (!this.#open.ask(flow)) this.#hasMissedQuestions = true;
      this.#asks(flow, p, `${message.method} ${message.host ?? ''}${message.uri}`);
    } else if (httpResponseMessage.is(message) && (message.status >= 200 || message.status === SWITCHING_PROTOCOLS)) {
      const service = this.#of(flow);
      if (service === null) return;
      service.responses++;
      for (const { seconds, frame, what } of this.#open.complete(flow) ?? []) this.#book.answered(service, seconds, frame, what);
      if (message.status >= 400) service.errors++;
      this.#book.count(service, String(message.status), message.frame, message.status >= 400 ? 'error' : 'answer');
    } else if (TLS_MESSAGES.includes(message.kind)) {
      if (isTcp(this.#state, flow)) this.#tls.onMessage(message, flow, this.#secondsOf(p), (direction) => this.#sideOf(flow, direction));
    } else {
      const what = questionIn(message);
      if (what !== null) this.#asks(flow, p, what);
    }
  }

  #asks(flow: number, p: Packet, what: string): void {
    if (this.#asked.size < MOST_WAITING || this.#asked.has(flow)) this.#asked.set(flow, { what: what.slice(0, LONGEST_WHAT), frame: p.frame });
  }

  /** A frame that was counted. */
  onFrame(p: Packet, pass: FlowPass): void {
    const { flow, direction } = pass,
      { ints } = this.#state.flows;
    if (p.icmp >= 0) this.#errors.onFrame(p, this.#state.flows);
    if (flow < 0) return;
    const protocol = ints[flow * F.INTS + F.META]! & F.META_PROTOCOL;
    if (protocol === F.PROTOCOL_UDP) this.#datagram(p, flow, direction);
    else if (protocol === F.PROTOCOL_TCP) this.#segment(p, flow, direction, pass.tcpBits);
  }

  #segment(p: Packet, flow: number, direction: 0 | 1, bits: number): void {
    if (flow >= this.#step.length) this.#grow(flow);
    const flags = p.tcpFlags,
      length = p.net[(p.netCount - 1) * NET_STRIDE + NET_PAYLOAD_LENGTH]!,
      at = this.#secondsOf(p);
    if ((flags & TCP_SYN) !== 0) {
      if ((flags & TCP_ACK) === 0) {
        if (direction === 0 && this.#step[flow]! <= SYN_SEEN) {
          this.#synAt[flow] = at;
          this.#step[flow] = SYN_SEEN;
        }
      } else if (direction === 1 && this.#step[flow] === SYN_SEEN) this.#step[flow] = SYN_ACK_SEEN;
    } else if (this.#step[flow] === SYN_ACK_SEEN && direction === 0 && (flags & (TCP_ACK | TCP_RST | TCP_FIN)) === TCP_ACK) {
      this.#step[flow] = CONNECTED;
      const service = this.#of(flow);
      if (service !== null) this.#book.connected(service, at - this.#synAt[flow]!, p.frame);
    }
    if ((bits & (SENT_AGAIN | ZERO_WINDOW)) !== 0) {
      const service = this.#of(flow);
      if (service !== null && (bits & SENT_AGAIN) !== 0) service.retransmissions++;
      if (service !== null && (bits & ZERO_WINDOW) !== 0) service.zeroWindows++;
    }
    if ((flags & (TCP_FIN | TCP_RST)) !== 0 && this.#tls.isUnder(flow)) {
      const side = this.#sideOf(flow, direction),
        hasSent = this.#state.flows.ints[flow * F.INTS + F.FLAGS]! & ((side === 'server') === (direction === 0) ? F.DATA_A : F.DATA_B);
      this.#tls.onEnd(flow, side, p.frame, at, hasSent !== 0);
    }
    if (length === 0 || (bits & NOT_NEW) !== 0 || (flags & TCP_SYN) !== 0 || isAlertOnly(p)) return;
    this.#said(p, flow, direction, at);
  }

  #datagram(p: Packet, flow: number, direction: 0 | 1): void {
    const id = p.application < 0 ? undefined : p.tables.all[p.application]?.dissector.id;
    if (id === undefined || !ASK_AND_ANSWER.has(id) || this.#isForMany(p)) return;
    if (flow >= this.#step.length) this.#grow(flow);
    this.#said(p, flow, direction, this.#secondsOf(p));
  }

  /** A datagram to a group or to all asks nobody in particular. */
  #isForMany(p: Packet): boolean {
    const at = (p.netCount - 1) * NET_STRIDE;
    return isGroup(this.#state, p.net[at + NET_VERSION]!, p.net[at + NET_DST]!) || isGroupFrame(p);
  }

  /** New data of one side: of the client it asks, of the server it answers what was asked. */
  #said(p: Packet, flow: number, direction: 0 | 1, at: number): void {
    const service = this.#of(flow);
    if (service === null) return;
    if (direction === this.#serverSide(flow, service)) {
      const seconds = at - this.#askedAt[flow]!;
      if (Number.isNaN(seconds)) return;
      this.#askedAt[flow] = NaN;
      const answer = { seconds, frame: p.frame, what: this.#asked.get(flow)?.what ?? '' };
      if (!this.#open.begin(flow, answer)) this.#book.answered(service, seconds, answer.frame, answer.what);
    } else {
      this.#askedAt[flow] = at;
      // It asks something else that is not told.
      if (this.#asked.get(flow)?.frame !== p.frame) this.#asked.delete(flow);
    }
  }

  #dns(message: DnsMessage, flow: number, p: Packet): void {
    const ends = datagramEnds(p);
    if (ends === null || message.opcode !== 0) return;
    const { isResponse } = message,
      layer = flow < 0 ? 'udp' : 'tcp',
      server = isResponse ? ends.source : ends.destination,
      port = isResponse ? ends.sourcePort : ends.destinationPort,
      client = isResponse ? ends.destination : ends.source,
      key = `${layer} ${client} ${isResponse ? ends.destinationPort : ends.sourcePort} ${server} ${message.id}`;
    const service = this.#book.service(layer, server, port);
    if (service === null) return;
    if (!isResponse) {
      this.#book.addClient(service, client);
      if (this.#waiting.has(key)) return;
      service.requests++;
      if (this.#waiting.size >= MOST_WAITING) {
        this.#hasMissedQuestions = true;
        return;
      }
      service.unanswered++;
      this.#waiting.set(key, {
        at: this.#secondsOf(p),
        what: `${typeName(message.qtype)} ${message.qname}`.slice(0, LONGEST_WHAT),
      });
      return;
    }
    const asked = this.#waiting.get(key);
    if (asked === undefined) return;
    this.#waiting.delete(key);
    service.unanswered--;
    service.responses++;
    // A name that does not exist is an answer.
    const isError = message.rcode !== 0 && message.rcode !== 3;
    if (isError) service.errors++;
    this.#book.count(service, RESPONSE_CODES[message.rcode] ?? `code ${message.rcode}`, message.frame, isError ? 'error' : 'answer');
    // Over TCP its segments say how long it took.
    if (layer === 'udp') this.#book.answered(service, this.#secondsOf(p) - asked.at, p.frame, asked.what);
  }

  /** Seconds since a moment near the capture's beginning, so that a double holds nanoseconds; NaN without time. */
  #secondsOf(p: Packet): number {
    if (!p.hasTime) return NaN;
    this.#zero ??= p.timeSeconds;
    return p.timeSeconds - this.#zero + p.timeNanoseconds / 1e9;
  }

  /** The service a flow belongs to; null where there are too many. */
  #of(flow: number): CollectedService | null {
    if (flow >= this.#serviceOf.length) this.#grow(flow);
    const known = this.#serviceOf[flow]!;
    if (known !== 0) return known < 0 ? null : this.#book.numbered(known);
    const { client, server, serverPort } = endsOf(this.#state, flow),
      service = this.#book.service(isTcp(this.#state, flow) ? 'tcp' : 'udp', server, serverPort);
    this.#serviceOf[flow] = service?.number ?? -1;
    if (service !== null) this.#book.addClient(service, client);
    return service;
  }

  /** Datagrams whose protocol does not ask and answer belong to no service, unless an error quotes them. Those of DHCP have a port of their own at both ends. */
  #knownUdp(flow: number): CollectedService | null {
    const ports = this.#state.flows.ints[flow * F.INTS + F.PORTS]!;
    if (ports >>> 16 === DHCP_SERVER_PORT) {
      const known = this.#book.known('udp', flowAddress(this.#state, flow, F.A), DHCP_SERVER_PORT);
      if (known !== null) return known;
    }
    const { server, serverPort } = endsOf(this.#state, flow);
    return this.#book.known('udp', server, serverPort);
  }

  /** Direction of what the server of a flow sends; it is the originator where a capture begins amid a connection. */
  #serverSide(flow: number, { port }: Pick<CollectedService, 'port'>): 0 | 1 {
    const ports = this.#state.flows.ints[flow * F.INTS + F.PORTS]!;
    return (ports & 0xffff) === port || ports >>> 16 !== port ? 1 : 0;
  }

  #sideOf(flow: number, direction: 0 | 1): 'client' | 'server' {
    return direction === this.#serverSide(flow, { port: endsOf(this.#state, flow).serverPort }) ? 'server' : 'client';
  }

  #grow(flow: number): void {
    const length = 2 ** Math.ceil(Math.log2(flow + 2));
    const larger = <T extends Int32Array | Uint8Array | Float64Array>(to: T, from: T): T => (to.set(from), to);
    this.#serviceOf = larger(new Int32Array(length), this.#serviceOf);
    this.#step = larger(new Uint8Array(length), this.#step);
    this.#synAt = larger(new Float64Array(length), this.#synAt);
    this.#askedAt = larger(new Float64Array(length).fill(NaN), this.#askedAt);
  }

  /** What a server says by a reset is counted as one; and nothing is made of the end of a handshake of which segments may be missing. */
  #tlsFailure(flow: number, connState: string): TlsFailure | null {
    const failure = this.#tls.failureOf(flow),
      { flows, snappedPackets } = this.#state,
      at = flow * F.INTS;
    if (failure === null || failure.isAlert) return failure;
    const isWhole = snappedPackets === 0 && flows.ints[at + F.GAPS] === 0 && flows.ints[at + F.PACKETS_A] !== 0 && flows.ints[at + F.PACKETS_B] !== 0;
    return isWhole && connState !== 'RSTR' ? failure : null;
  }

  /** What ICMP errors say of services. Whose answer nobody wants any more is no broken service, nor is the end of a traceroute. */
  #noteErrors(): void {
    const { ints } = this.#state.flows;
    for (const { flow, direction, what, meaning, frame, times } of this.#errors.all()) {
      const at = flow * F.INTS,
        isProbe = (ints[at + F.FLAGS]! & F.LOW_TTL) !== 0,
        isOfServer = this.#sideOf(flow, direction) === 'server';
      if (isProbe || (isOfServer && meaning !== 'onTheWay')) continue;
      const protocol = ints[at + F.META]! & F.META_PROTOCOL,
        service = protocol === F.PROTOCOL_TCP || protocol === F.PROTOCOL_UDP ? this.#of(flow) : null;
      if (service === null) continue;
      this.#book.count(service, what, frame, 'trouble', times);
      if (meaning === 'onTheWay') continue;
      this.#refused.set(flow, meaning);
      if (protocol === F.PROTOCOL_UDP) service[meaning] += times;
    }
  }

  /** What all flows came to; those with the most packets first. */
  found(): ServicesFound {
    const { flows, names, tables } = this.#state,
      { ints, doubles } = flows,
      totals = new Map<CollectedService, ServiceTotals>();
    this.#dhcp.finish(this.#book);
    this.#noteErrors();
    for (let flow = 0; flow < flows.count; flow++) {
      const at = flow * F.INTS,
        protocol = ints[at + F.META]! & F.META_PROTOCOL,
        packets = ints[at + F.PACKETS_A]! + ints[at + F.PACKETS_B]!;
      if (packets === 0 || (protocol !== F.PROTOCOL_TCP && protocol !== F.PROTOCOL_UDP)) continue;
      const layer = protocol === F.PROTOCOL_TCP ? 'tcp' : 'udp',
        service = layer === 'tcp' ? this.#of(flow) : this.#knownUdp(flow);
      if (service === null) continue;
      let total = totals.get(service);
      if (total === undefined) totals.set(service, (total = newTotals()));
      total.packets += packets;
      total.bytes += doubles[flow * F.DOUBLES + F.BYTES_A]! + doubles[flow * F.DOUBLES + F.BYTES_B]!;
      total.service ??= tables.all[ints[at + F.SERVICE]! - 1]?.dissector.id ?? null;
      if (layer !== 'tcp') {
        if (service.refused + service.unreachable === 0 || (ints[at + F.PACKETS_A] !== 0 && ints[at + F.PACKETS_B] !== 0)) total.isOpen = true;
        continue;
      }
      total.connections++;
      if ((ints[at + F.FLAGS]! & (F.SYN_ACK_B | F.DATA_B)) !== 0 || (ints[at + F.FLAGS]! & F.SYN_A) === 0) total.isOpen = true;
      const connState = tcpConnState(ints[at + F.FLAGS]!),
        failure = this.#tlsFailure(flow, connState);
      if (failure !== null) {
        total.failedTls++;
        this.#book.count(service, failure.what, failure.frame, 'trouble');
      } else if (connState === 'REJ') total.refused++;
      else if (connState === 'S0') total[this.#refused.get(flow) ?? 'unanswered']++;
      else if (connState === 'RSTR') total.reset++;
    }
    for (const [flow, requests, hasBegun] of this.#open.left()) {
      const service = this.#of(flow);
      if (service === null) continue;
      service.unanswered += requests;
      if (hasBegun) service.unfinished++;
    }
    const { services, unlisted } = serviceRows(totals, names);
    return {
      services,
      limits: [
        ...unlisted,
        ...this.#book.limits(),
        ...(this.#errors.isBounded ? [`ICMP errors about more than ${MOST_ERRORS} conversations were not followed.`] : []),
        ...(this.#hasMissedQuestions || this.#dhcp.isBounded ? [`Questions beyond ${MOST_WAITING} that waited at once were not followed.`] : []),
        ...(this.#tls.isBounded ? [`TLS handshakes beyond ${MOST_HANDSHAKES} that were under way or had failed were not followed.`] : []),
      ],
    };
  }
}

const isTcp = ({ flows: { ints } }: CaptureState, flow: number): boolean => (ints[flow * F.INTS + F.META]! & F.META_PROTOCOL) === F.PROTOCOL_TCP;
