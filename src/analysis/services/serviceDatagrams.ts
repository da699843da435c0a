/**
 * NTP and SNMP as services: which questions stay without an answer. They are read from the datagram itself, so that nothing is made for each of them. An answer of NTP
 * is to the question before it (RFC 5905), as Wireshark has it, for what it echoes depends on the mode; of SNMP to that with its id (RFC 3416 `request-id`, RFC 3412
 * `msgID`), and who asks again with the same id asks once. Traps and clocks that tell everybody the time ask nothing.
 */
import { berElement, berInteger, BER_OCTETS, BER_SEQUENCE, readBer } from '../../pcap/ber.ts';
import { NET_PAYLOAD, NET_PAYLOAD_END, NET_STRIDE, type Packet } from '../../pcap/packet.ts';

export const NOTHING = 0,
  QUESTION = 1,
  ANSWER = 2;

/** By the mode of NTP: a client's, a server's; control messages say by a bit what they are (RFC 9327), and so do private ones. */
const NTP_CLIENT = 3,
  NTP_SERVER = 4,
  NTP_CONTROL = 6,
  NTP_PRIVATE = 7,
  NTP_CONTROL_RESPONSE = 0x80;
const SNMP_CONTEXT = 0xa0,
  SNMP_V3 = 3,
  /** Get, get-next, set, get-bulk and inform wait for an answer; a response and a report are one. */
  SNMP_ASKS: ReadonlySet<number> = new Set([0, 1, 3, 5, 6]),
  SNMP_ANSWERS: ReadonlySet<number> = new Set([2, 8]),
  /** `reportableFlag`: of what waits for an answer (RFC 3412 section 6.4). */
  SNMP_REPORTABLE = 4;

const message = berElement(),
  head = berElement(),
  element = berElement();

export class DatagramQuestions {
  /** By flow and id: when it was asked. */
  readonly #waiting = new Map<number, number>();
  readonly #most: number;
  isBounded = false;
  /** Of the datagram that was read last; 0 where its protocol has none. */
  #id = 0;

  constructor(most: number) {
    this.#most = most;
  }

  /** What a datagram of `ntp` or `snmp` does. */
  read(p: Packet, isSnmp: boolean): number {
    const at = (p.netCount - 1) * NET_STRIDE,
      from = p.net[at + NET_PAYLOAD]!,
      end = p.net[at + NET_PAYLOAD_END]!;
    this.#id = 0;
    return isSnmp ? this.#snmp(p.bytes, from, end) : ntp(p.bytes, from, end);
  }

  /** The one that was read last asks. `again`: it has been asked before; `instead`: one that waited before it stays without an answer. */
  ask(flow: number, at: number, isSnmp: boolean): 'new' | 'again' | 'instead' {
    const key = keyOf(flow, this.#id),
      isWaiting = this.#waiting.has(key);
    if (isWaiting && isSnmp) return 'again';
    if (flow >= MOST_FLOWS || (!isWaiting && this.#waiting.size >= this.#most)) this.isBounded = true;
    else this.#waiting.set(key, at);
    return isWaiting ? 'instead' : 'new';
  }

  answer(flow: number): void {
    this.#waiting.delete(keyOf(flow, this.#id));
  }

  /** What nobody has answered, and when it was asked. */
  *left(): Iterable<readonly [flow: number, at: number]> {
    for (const [key, at] of this.#waiting) yield [Math.floor(key / ID_SIZE), at];
  }

  #snmp(bytes: Uint8Array, from: number, end: number): number {
    if (!readBer(bytes, from, end, message) || message.tag !== BER_SEQUENCE || !readBer(bytes, message.from, end, head) || head.to >= end)
      return NOTHING;
    if (bytes[head.from] === SNMP_V3) return this.#snmpV3(bytes, head.to, end);
    if (!readBer(bytes, head.to, end, element) || element.tag !== BER_OCTETS || element.to >= end) return NOTHING;
    return this.#pdu(bytes, element.to, end);
  }

  #pdu(bytes: Uint8Array, from: number, end: number): number {
    if (!readBer(bytes, from, end, head) || (head.tag & 0xe0) !== SNMP_CONTEXT) return NOTHING;
    const type = head.tag & 31,
      does = SNMP_ASKS.has(type) ? QUESTION : SNMP_ANSWERS.has(type) ? ANSWER : NOTHING;
    if (does === NOTHING || !readBer(bytes, head.from, end, element) || element.to > end) return NOTHING;
    this.#id = berInteger(bytes, element, end) >>> 0;
    return does;
  }

  /** The PDU is encrypted mostly; what is known before it is whether it waits for an answer. Who waits asks, for answers wait for nothing. */
  #snmpV3(bytes: Uint8Array, from: number, end: number): number {
    // HeaderData: msgID, msgMaxSize, msgFlags.
    if (!readBer(bytes, from, end, head) || head.to > end || !readBer(bytes, head.from, head.to, element)) return NOTHING;
    this.#id = berInteger(bytes, element, end) >>> 0;
    for (let i = 0; i < 2; i++) if (element.to >= head.to || !readBer(bytes, element.to, head.to, element)) return NOTHING;
    if (element.tag !== BER_OCTETS || element.to <= element.from || element.to > head.to) return NOTHING;
    return (bytes[element.from]! & SNMP_REPORTABLE) !== 0 ? QUESTION : ANSWER;
  }
}

/** So that a flow and an id are one number. */
const MOST_FLOWS = 2 ** 21,
  ID_SIZE = 2 ** 32;
const keyOf = (flow: number, id: number): number => flow * ID_SIZE + id;

function ntp(bytes: Uint8Array, from: number, end: number): number {
  if (end - from < 4) return NOTHING;
  const mode = bytes[from]! & 7;
  if (mode === NTP_CLIENT) return QUESTION;
  if (mode === NTP_SERVER) return ANSWER;
  if (mode === NTP_CONTROL) return (bytes[from + 1]! & NTP_CONTROL_RESPONSE) === 0 ? QUESTION : ANSWER;
  if (mode === NTP_PRIVATE) return (bytes[from]! & NTP_CONTROL_RESPONSE) === 0 ? QUESTION : ANSWER;
  return NOTHING;
}
