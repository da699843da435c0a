/**
 * DHCP as a service (RFC 2131): a Discover is answered by an Offer, a Request by an ACK or NAK, an Inform by an ACK. Who asks again with the same transaction id
 * asks once. What nobody answers was asked of all, mostly: it counts for the address that it was sent to.
 */
import type { DhcpMessage } from '../../pcap/dhcp/message.ts';
import type { ServiceBook } from './serviceBook.ts';

export const DHCP_SERVER_PORT = 67;
const EVERYBODY = '255.255.255.255';

const OFFER = 2,
  REQUEST = 3,
  ACK = 5,
  NAK = 6;
/** By the type of a message: what its client wants to have. */
const DISCOVER = 'Discover',
  ASKED: Readonly<Record<number, string>> = { 1: DISCOVER, 3: 'Request', 8: 'Inform' };

export interface DhcpWaiting {
  readonly at: number;
  readonly what: string;
  /** Its answer may have been sent to its client alone, and not be seen elsewhere; that of a Discover shows in the Request to all that follows. */
  readonly mayBeAnswered: boolean;
  readonly frame: number;
  readonly client: string;
  readonly destination: string;
}

export class DhcpQuestions {
  readonly #waiting = new Map<string, DhcpWaiting>();
  readonly #most: number;
  isBounded = false;

  constructor(most: number) {
    this.#most = most;
  }

  onMessage(
    message: DhcpMessage,
    { source, destination }: { readonly source: string; readonly destination: string },
    at: number,
    book: ServiceBook,
  ): void {
    const { messageType, transactionId, clientMacHigh, clientMacLow, frame } = message,
      client = `${clientMacHigh} ${clientMacLow}`,
      what = ASKED[messageType];
    if (what !== undefined) {
      // It takes an offer that was sent to it alone (section 4.4.1: with the id of its Discover).
      if (messageType === REQUEST) this.#waiting.delete(`${DISCOVER} ${transactionId} ${client}`);
      const key = `${what} ${transactionId} ${client}`;
      if (this.#waiting.has(key)) return;
      if (this.#waiting.size >= this.#most) this.isBounded = true;
      else this.#waiting.set(key, { at, what, frame, client, destination, mayBeAnswered: what !== DISCOVER && destination === EVERYBODY });
      return;
    }
    const kinds = messageType === OFFER ? [DISCOVER] : messageType === ACK ? ['Request', 'Inform'] : messageType === NAK ? ['Request'] : [];
    for (const kind of kinds) {
      const key = `${kind} ${transactionId} ${client}`,
        asked = this.#waiting.get(key),
        service = asked === undefined ? null : book.service('udp', source, DHCP_SERVER_PORT);
      if (asked === undefined || service === null) continue;
      this.#waiting.delete(key);
      book.addClient(service, client);
      service.requests++;
      book.answered(service, at - asked.at, frame, kind);
      if (messageType === NAK) service.errors++;
      book.count(service, messageType === OFFER ? 'Offer' : messageType === ACK ? 'ACK' : 'NAK', frame, messageType === NAK ? 'error' : 'answer');
      return;
    }
  }

  /** What nobody has answered. */
  left(): Iterable<DhcpWaiting> {
    return this.#waiting.values();
  }
}
