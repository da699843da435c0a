/**
 * DHCP as a service (RFC 2131): a Discover is answered by an Offer, a Request by an ACK or NAK, an Inform by an ACK; and DHCPv6 (RFC 8415), where a Solicit is
 * answered by an Advertise, or at once by a Reply, and all else by a Reply. Who asks again with the same transaction id asks once. What nobody answers was asked of
 * all, mostly: it counts for the address that it was sent to.
 */
import type { Message } from '../../pcap/dissector.ts';
import { dhcpMessage, type DhcpMessage } from '../../pcap/dhcp/message.ts';
import { dhcpv6Message, dhcpv6RequestMessage, DHCPV6_STATUS, type Dhcpv6Message } from '../../pcap/dissectors/dhcpv6.ts';
import { routerAdvertisementMessage } from '../../pcap/dissectors/icmpv6.ts';
import type { datagramEnds } from '../detectors/watched.ts';
import type { ServiceBook } from './serviceBook.ts';

export const DHCP_MESSAGES: readonly string[] = [dhcpMessage, dhcpv6Message, dhcpv6RequestMessage, routerAdvertisementMessage].map(
  ({ kind }) => kind,
);

const DHCP_SERVER_PORT = 67,
  DHCPV6_SERVER_PORT = 547;
export const DHCP_SERVER_PORTS: readonly number[] = [DHCP_SERVER_PORT, DHCPV6_SERVER_PORT];
const EVERYBODY = '255.255.255.255';

const OFFER = 2,
  REQUEST = 3,
  ACK = 5,
  NAK = 6;
/** By the type of a message: what its client wants to have. */
const DISCOVER = 'Discover',
  ASKED: Readonly<Record<number, string>> = { 1: DISCOVER, 3: 'Request', 8: 'Inform' };

const V6_SOLICIT = 1,
  V6_ADVERTISE = 2,
  V6_REQUEST = 3;
/** A server that knows nothing of the addresses in a Confirm is to be silent (section 18.3.3). */
const SOLICIT = 'Solicit',
  ASKED_V6: Readonly<Record<number, string>> = {
    1: SOLICIT,
    3: 'Request',
    5: 'Renew',
    6: 'Rebind',
    8: 'Release',
    9: 'Decline',
    11: 'Information-request',
  };

type DatagramEnds = NonNullable<ReturnType<typeof datagramEnds>>;

export interface DhcpWaiting {
  readonly at: number;
  readonly what: string;
  /** Its answer may have been sent to its client alone, and not be seen elsewhere; that of a Discover shows in the Request to all that follows. */
  readonly mayBeAnswered: boolean;
  readonly frame: number;
  readonly client: string;
  readonly destination: string;
  readonly port: number;
}

export class DhcpQuestions {
  readonly #waiting = new Map<string, DhcpWaiting>();
  /** By client: the id of what it solicited last. */
  readonly #solicited = new Map<string, number>();
  readonly #most: number;
  /** A router says that there is DHCPv6, or a server of it has answered. Clients solicit also where nobody ever set one up. */
  #hasV6 = false;
  isBounded = false;

  constructor(most: number) {
    this.#most = most;
  }

  onMessage(message: Message, ends: DatagramEnds, at: number, book: ServiceBook): void {
    if (dhcpMessage.is(message)) this.#v4(message, ends, at, book);
    else if (routerAdvertisementMessage.is(message)) this.#hasV6 ||= message.isManaged;
    else if (dhcpv6Message.is(message) && message.type !== V6_SOLICIT) this.#answeredV6(message, ends, at, book);
    else if (dhcpv6Message.is(message) || dhcpv6RequestMessage.is(message)) {
      const { type, transaction, client, frame } = message,
        what = ASKED_V6[type],
        name = client === '' ? ends.source : client;
      // It takes what was advertised to it alone.
      if (type === V6_REQUEST) this.#waiting.delete(keyOf(SOLICIT, this.#solicited.get(name) ?? -1, name));
      else if (type === V6_SOLICIT && this.#solicited.size < this.#most) this.#solicited.set(name, transaction);
      if (what !== undefined)
        this.#ask(transaction, {
          at,
          what,
          frame,
          client: name,
          destination: ends.destination,
          port: DHCPV6_SERVER_PORT,
          mayBeAnswered: type !== V6_SOLICIT,
        });
    }
  }

  #v4(message: DhcpMessage, ends: DatagramEnds, at: number, book: ServiceBook): void {
    const { messageType, transactionId, clientMacHigh, clientMacLow, frame } = message,
      { destination } = ends,
      client = `${clientMacHigh} ${clientMacLow}`,
      what = ASKED[messageType];
    if (what !== undefined) {
      // It takes an offer that was sent to it alone (section 4.4.1: with the id of its Discover).
      if (messageType === REQUEST) this.#waiting.delete(keyOf(DISCOVER, transactionId, client));
      const mayBeAnswered = what !== DISCOVER && destination === EVERYBODY;
      this.#ask(transactionId, { at, what, frame, client, destination, port: DHCP_SERVER_PORT, mayBeAnswered });
      return;
    }
    const kinds = messageType === OFFER ? [DISCOVER] : messageType === ACK ? ['Request', 'Inform'] : messageType === NAK ? ['Request'] : [],
      words = messageType === OFFER ? 'Offer' : messageType === ACK ? 'ACK' : 'NAK';
    for (const kind of kinds)
      if (this.#answer(kind, transactionId, client, ends.source, DHCP_SERVER_PORT, { words, isError: messageType === NAK, frame, at }, book)) return;
  }

  /** A server that refuses says why (section 21.13). */
  #answeredV6(
    { type, transaction, client, status, frame }: Dhcpv6Message,
    { source, destination }: DatagramEnds,
    at: number,
    book: ServiceBook,
  ): void {
    this.#hasV6 = true;
    const name = client === '' ? destination : client,
      words = status === 0 ? (type === V6_ADVERTISE ? 'Advertise' : 'Reply') : (DHCPV6_STATUS[status] ?? `status ${status}`),
      answer = { words, isError: status !== 0, frame, at };
    for (const kind of type === V6_ADVERTISE ? [SOLICIT] : Object.values(ASKED_V6))
      if (this.#answer(kind, transaction, name, source, DHCPV6_SERVER_PORT, answer, book)) return;
  }

  #ask(transaction: number, waiting: DhcpWaiting): void {
    const key = keyOf(waiting.what, transaction, waiting.client);
    if (this.#waiting.has(key)) return;
    if (this.#waiting.size >= this.#most) this.isBounded = true;
    else this.#waiting.set(key, waiting);
  }

  /** Whether somebody had asked. */
  #answer(
    kind: string,
    transaction: number,
    client: string,
    server: string,
    port: number,
    { words, isError, frame, at }: { readonly words: string; readonly isError: boolean; readonly frame: number; readonly at: number },
    book: ServiceBook,
  ): boolean {
    const key = keyOf(kind, transaction, client),
      asked = this.#waiting.get(key),
      service = asked === undefined ? null : book.service('udp', server, port);
    if (asked === undefined || service === null) return false;
    this.#waiting.delete(key);
    book.addClient(service, client);
    service.requests++;
    book.answered(service, at - asked.at, frame, kind);
    if (isError) book.failed(service, words, frame);
    else book.count(service, words, frame);
    return true;
  }

  /** What nobody has answered. */
  *left(): Iterable<DhcpWaiting> {
    for (const waiting of this.#waiting.values())
      yield waiting.port === DHCPV6_SERVER_PORT && !this.#hasV6 ? { ...waiting, mayBeAnswered: true } : waiting;
  }
}

const keyOf = (what: string, transaction: number, client: string): string => `${what} ${transaction} ${client}`;
