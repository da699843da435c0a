/**
 * How the services of a capture answer: who could connect, how long that took, how long answers took, and what went wrong. Times are those between frames where
 * the capture was taken: near a client they hold the way to the server and back, near the server they do not.
 *
 * Connecting: from the last SYN to the ACK that completes the handshake, which is Wireshark's `tcp.analysis.initial_rtt`. Answering over TCP: from the last
 * segment with new data of a client to the next of its server, whatever they carry; over UDP, of protocols that ask and answer, from a question to its answer
 * (of DNS from the first question with an id, which is Wireshark's `dns.time`).
 */
import type { Message } from '../../pcap/dissector.ts';
import { dnsMessage } from '../../pcap/dns/message.ts';
import { kerberosMessage } from '../../pcap/dissectors/kerberos.ts';
import { httpRequestMessage, httpResponseMessage } from '../../pcap/http/messages.ts';
import {
  NET_DST,
  NET_DST_PORT,
  NET_PAYLOAD_LENGTH,
  NET_SRC_PORT,
  NET_STRIDE,
  NET_VERSION,
  TCP_ACK,
  TCP_FIN,
  TCP_RST,
  TCP_SYN,
  type Packet,
} from '../../pcap/packet.ts';
import type { CaptureState } from '../captureState.ts';
import { isGroup, isGroupFrame } from '../detectors/measures.ts';
import { datagramEnds } from '../detectors/watched.ts';
import * as F from '../flowTable.ts';
import { OpenRequests } from './openRequests.ts';
import type { FlowPass } from '../flowPass.ts';
import { QUESTION_MESSAGES, questionIn } from './serviceQuestions.ts';
import { LONGEST_WHAT, ServiceBook } from './serviceBook.ts';
import { ANSWER, DatagramQuestions, NOTHING, QUESTION } from './serviceDatagrams.ts';
import { DHCP_MESSAGES, DhcpQuestions } from './serviceDhcp.ts';
import { DnsQuestions } from './serviceDns.ts';
import { QuotedErrors } from './serviceErrors.ts';
import { FAILURE_MESSAGES, failureIn, isMailBegun } from './serviceFailures.ts';
import { isTcp, lengthFor, ServiceFlows } from './serviceFlows.ts';
import { MOST_WAITING, tallyServices, type ServicesFound } from './serviceTally.ts';
import { isAlertOnly, TLS_MESSAGES, TlsHandshakes } from './serviceTls.ts';
import {
  FAST_RETRANSMISSION,
  KEEP_ALIVE,
  OUT_OF_ORDER,
  RETRANSMISSION,
  SPURIOUS_RETRANSMISSION,
  ZERO_WINDOW,
  ZERO_WINDOW_PROBE,
} from '../tcpAnalysis.ts';

export const SERVICE_MESSAGES: readonly string[] = [
  dnsMessage.kind,
  httpRequestMessage.kind,
  httpResponseMessage.kind,
  ...DHCP_MESSAGES,
  ...TLS_MESSAGES,
  ...new Set([...QUESTION_MESSAGES, ...FAILURE_MESSAGES]),
];

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

/** What a datagram is to those whose silence is told, by dissector. */
const ASKS_AND_ANSWERS = 1,
  IS_NTP = 2,
  IS_SNMP = 3;

const SENT_AGAIN = RETRANSMISSION | FAST_RETRANSMISSION | SPURIOUS_RETRANSMISSION;
/** Segments whose data are not new, or come late. */
const NOT_NEW = SENT_AGAIN | OUT_OF_ORDER | KEEP_ALIVE | ZERO_WINDOW_PROBE;

/** Steps of a handshake that was seen from its beginning. */
const SYN_SEEN = 1,
  SYN_ACK_SEEN = 2,
  CONNECTED = 3,
  STEP = 3;
/** In the same byte: `#askedAt` is a time; and the direction of the server + 1, 0 while nobody has said anything. */
const WAITS = 4,
  SERVER_SHIFT = 3;

export class ServiceWatch {
  readonly #state: CaptureState;
  readonly #book = new ServiceBook();
  readonly #flows: ServiceFlows;
  /** By flow, in one byte that most segments need no more than: step of its handshake, `WAITS`, and which side serves. */
  #course = new Uint8Array(1024);
  /** By flow: when its handshake began, and when its client asked, NaN where nothing waits; the frame of the client that says what it asks, 0 none. */
  #synAt = new Float64Array(1024);
  #askedAt = new Float64Array(1024).fill(NaN);
  #askedIn = new Int32Array(1024);
  /** What a flow asked for last, where its protocol says. */
  readonly #asked = new Map<number, string>();
  readonly #open = new OpenRequests(MOST_WAITING);
  readonly #dns = new DnsQuestions(MOST_WAITING);
  readonly #dhcp = new DhcpQuestions(MOST_WAITING);
  readonly #datagrams = new DatagramQuestions(MOST_WAITING);
  readonly #errors = new QuotedErrors();
  readonly #tls = new TlsHandshakes();
  /** By dissector: whether a datagram of it asks or answers, 0 where it does not. */
  readonly #asksAndAnswers: Uint8Array;
  /** What it had come to after so many packets. */
  #found: (ServicesFound & { readonly packets: number }) | null = null;
  #zero: number | null = null;
  #hasMissedQuestions = false;

  constructor(state: CaptureState) {
    this.#state = state;
    this.#flows = new ServiceFlows(state, this.#book);
    this.#asksAndAnswers = Uint8Array.from(state.tables.all, ({ dissector: { id } }) =>
      id === 'ntp' ? IS_NTP : id === 'snmp' ? IS_SNMP : ASK_AND_ANSWER.has(id) ? ASKS_AND_ANSWERS : 0,
    );
  }

  onMessage(message: Message, flow: number, p: Packet): void {
    if (dnsMessage.is(message)) {
      const ends = message.protocol === 'dns' ? datagramEnds(p) : null;
      if (ends !== null) this.#dns.onMessage(message, flow < 0 ? 'udp' : 'tcp', ends, this.#secondsOf(p), this.#book);
    } else if (flow < 0) this.#onDatagram(message, p);
    else if (httpRequestMessage.is(message)) {
      const service = this.#flows.of(flow);
      if (service === null) return;
      service.requests++;
      if (!this.#open.ask(flow)) this.#hasMissedQuestions = true;
      this.#asks(flow, p, `${message.method} ${message.host ?? ''}${message.uri}`);
    } else if (httpResponseMessage.is(message) && (message.status >= 200 || message.status === SWITCHING_PROTOCOLS)) {
      const service = this.#flows.of(flow);
      if (service === null) return;
      service.responses++;
      for (const { seconds, frame, what } of this.#open.complete(flow) ?? []) this.#book.answered(service, seconds, frame, what);
      if (message.status >= 400) this.#book.failed(service, String(message.status), message.frame, message.status < 500);
      else this.#book.count(service, String(message.status), message.frame);
    } else if (TLS_MESSAGES.includes(message.kind)) {
      if (isTcp(this.#state, flow)) this.#tls.onMessage(message, flow, this.#secondsOf(p), (direction) => this.#flows.sideOf(flow, direction));
    } else {
      const what = questionIn(message);
      if (what !== null) this.#asks(flow, p, what);
      else this.#noteFailure(message, flow);
    }
  }

  #noteFailure(message: Message, flow: number): void {
    const isMail = isMailBegun(message),
      failure = failureIn(message);
    if (failure === null && !isMail) return;
    const service = this.#flows.of(flow);
    if (service === null) return;
    if (isMail) service.requests++;
    if (failure !== null) this.#book.failed(service, failure.what, message.frame, failure.isOfClient);
  }

  /** What is said outside of streams: DHCP, and errors of Kerberos. */
  #onDatagram(message: Message, p: Packet): void {
    if (DHCP_MESSAGES.includes(message.kind)) {
      const ends = datagramEnds(p);
      if (ends !== null) this.#dhcp.onMessage(message, ends, this.#secondsOf(p), this.#book);
      return;
    }
    const failure = kerberosMessage.is(message) ? failureIn(message) : null,
      ends = failure === null ? null : datagramEnds(p),
      service = ends === null ? null : this.#book.service('udp', ends.source, ends.sourcePort);
    if (failure !== null && service !== null) this.#book.failed(service, failure.what, message.frame, failure.isOfClient);
  }

  #asks(flow: number, p: Packet, what: string): void {
    if (this.#asked.size >= MOST_WAITING && !this.#asked.has(flow)) return;
    if (flow >= this.#course.length) this.#grow(flow);
    this.#asked.set(flow, what.slice(0, LONGEST_WHAT));
    this.#askedIn[flow] = p.frame;
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
    if (flow >= this.#course.length) this.#grow(flow);
    const flags = p.tcpFlags,
      length = p.net[(p.netCount - 1) * NET_STRIDE + NET_PAYLOAD_LENGTH]!;
    // Most segments only acknowledge, or go on with an answer: nothing begins or ends with them.
    const course = this.#course[flow]!,
      step = course & STEP;
    if ((flags & (TCP_SYN | TCP_FIN | TCP_RST)) === 0 && (bits & (SENT_AGAIN | ZERO_WINDOW)) === 0 && step !== SYN_ACK_SEEN) {
      if (length === 0) return;
      if (course >> SERVER_SHIFT === direction + 1 && (course & WAITS) === 0) return;
    }
    const at = this.#secondsOf(p);
    if ((flags & TCP_SYN) !== 0) {
      if ((flags & TCP_ACK) === 0) {
        if (direction === 0 && step <= SYN_SEEN) {
          this.#synAt[flow] = at;
          this.#course[flow] = (course & ~STEP) | SYN_SEEN;
        }
      } else if (direction === 1 && step === SYN_SEEN) this.#course[flow] = (course & ~STEP) | SYN_ACK_SEEN;
    } else if (step === SYN_ACK_SEEN && direction === 0 && (flags & (TCP_ACK | TCP_RST | TCP_FIN)) === TCP_ACK) {
      this.#course[flow] = (course & ~STEP) | CONNECTED;
      const service = this.#flows.of(flow);
      if (service !== null) this.#book.connected(service, at - this.#synAt[flow]!, p.frame);
    }
    if ((bits & (SENT_AGAIN | ZERO_WINDOW)) !== 0) {
      const service = this.#flows.of(flow);
      if (service !== null && (bits & SENT_AGAIN) !== 0) service.retransmissions++;
      if (service !== null && (bits & ZERO_WINDOW) !== 0) service.zeroWindows++;
    }
    if ((flags & (TCP_FIN | TCP_RST)) !== 0 && this.#tls.isUnder(flow)) {
      const side = this.#flows.sideOf(flow, direction),
        hasSent = this.#state.flows.ints[flow * F.INTS + F.FLAGS]! & ((side === 'server') === (direction === 0) ? F.DATA_A : F.DATA_B);
      this.#tls.onEnd(flow, side, p.frame, at, hasSent !== 0);
    }
    if (length === 0 || (bits & NOT_NEW) !== 0 || (flags & TCP_SYN) !== 0 || isAlertOnly(p)) return;
    this.#said(p, flow, direction, at);
  }

  #datagram(p: Packet, flow: number, direction: 0 | 1): void {
    const kind = p.application < 0 ? 0 : this.#asksAndAnswers[p.application]!;
    if (kind === 0 || this.#isForMany(p)) return;
    if (flow >= this.#course.length) this.#grow(flow);
    const at = this.#secondsOf(p);
    if (kind !== ASKS_AND_ANSWERS && !this.#noteQuestion(p, flow, direction, at, kind === IS_SNMP)) return;
    this.#said(p, flow, direction, at);
  }

  /** False for what answers nothing between two ports alike: its sender serves, though ports do not say so. */
  #noteQuestion(p: Packet, flow: number, direction: 0 | 1, at: number, isSnmp: boolean): boolean {
    const does = this.#datagrams.read(p, isSnmp),
      ends = (p.netCount - 1) * NET_STRIDE;
    if (does === ANSWER && p.net[ends + NET_SRC_PORT] === p.net[ends + NET_DST_PORT] && this.#course[flow]! >> SERVER_SHIFT === 0) return false;
    const service = does === NOTHING ? null : this.#flows.of(flow);
    if (service === null) return true;
    const isOfServer = direction === this.#flows.serverSide(flow, service);
    if (does === ANSWER && isOfServer) this.#datagrams.answer(flow);
    if (does !== QUESTION || isOfServer) return true;
    const known = this.#datagrams.ask(flow, at, isSnmp);
    if (known !== 'again') service.requests++;
    if (known === 'instead') service.forsaken++;
    return true;
  }

  /** A datagram to a group or to all asks nobody in particular. */
  #isForMany(p: Packet): boolean {
    const at = (p.netCount - 1) * NET_STRIDE;
    return isGroup(this.#state, p.net[at + NET_VERSION]!, p.net[at + NET_DST]!) || isGroupFrame(p);
  }

  /** New data of one side: of the client it asks, of the server it answers what was asked. */
  #said(p: Packet, flow: number, direction: 0 | 1, at: number): void {
    const service = this.#flows.of(flow);
    if (service === null) return;
    const serverSide = this.#flows.serverSide(flow, service);
    const before = this.#course[flow]!,
      course = (before & STEP) | ((serverSide + 1) << SERVER_SHIFT);
    if (direction === serverSide) {
      const seconds = at - this.#askedAt[flow]!;
      if (Number.isNaN(seconds)) {
        this.#course[flow] = course | (before & WAITS);
        return;
      }
      this.#course[flow] = course;
      this.#askedAt[flow] = NaN;
      const what = this.#askedIn[flow] === 0 ? '' : (this.#asked.get(flow) ?? '');
      this.#forget(flow);
      if (!this.#open.begin(flow, seconds, p.frame, what)) this.#book.answered(service, seconds, p.frame, what);
    } else {
      this.#askedAt[flow] = at;
      this.#course[flow] = Number.isNaN(at) ? course : course | WAITS;
      // It asks something else that is not told.
      if (this.#askedIn[flow] !== p.frame) this.#forget(flow);
    }
  }

  #forget(flow: number): void {
    if (this.#askedIn[flow] === 0) return;
    this.#asked.delete(flow);
    this.#askedIn[flow] = 0;
  }

  /** Seconds since a moment near the capture's beginning, so that a double holds nanoseconds; NaN without time. */
  #secondsOf(p: Packet): number {
    if (!p.hasTime) return NaN;
    this.#zero ??= p.timeSeconds;
    return p.timeSeconds - this.#zero + p.timeNanoseconds / 1e9;
  }

  #grow(flow: number): void {
    const length = lengthFor(flow);
    const larger = <T extends Int32Array | Uint8Array | Float64Array>(to: T, from: T): T => (to.set(from), to);
    this.#course = larger(new Uint8Array(length), this.#course);
    this.#synAt = larger(new Float64Array(length), this.#synAt);
    this.#askedAt = larger(new Float64Array(length).fill(NaN), this.#askedAt);
    this.#askedIn = larger(new Int32Array(length), this.#askedIn);
  }

  /** What it has come to so far. */
  found(): ServicesFound {
    const { packets } = this.#state;
    if (this.#found?.packets !== packets) this.#found = { packets, ...this.#tally() };
    return this.#found;
  }

  #tally(): ServicesFound {
    return tallyServices({
      state: this.#state,
      book: this.#book,
      flows: this.#flows,
      errors: this.#errors,
      tls: this.#tls,
      open: this.#open,
      dns: this.#dns,
      dhcp: this.#dhcp,
      datagrams: this.#datagrams,
      askedAt: (flow) => this.#askedAt[flow] ?? NaN,
      zero: this.#zero ?? 0,
      hasMissedQuestions: this.#hasMissedQuestions || this.#dns.isBounded || this.#dhcp.isBounded || this.#datagrams.isBounded,
    });
  }
}
