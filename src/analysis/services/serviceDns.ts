/** DNS as a service: a question is answered by the next answer with its id between the same ports, and who asks again with it asks once. */
import type { DnsMessage } from '../../pcap/dns/message.ts';
import { RESPONSE_CODES, typeName } from '../../pcap/dns/recordTypes.ts';
import type { datagramEnds } from '../detectors/watched.ts';
import { LONGEST_WHAT, type ServiceBook } from './serviceBook.ts';
import type { CollectedService } from './serviceRows.ts';

interface Waiting {
  readonly service: CollectedService;
  /** Of the first time it was asked. */
  readonly at: number;
  readonly what: string;
}

export class DnsQuestions {
  readonly #waiting = new Map<string, Waiting>();
  readonly #most: number;
  isBounded = false;

  constructor(most: number) {
    this.#most = most;
  }

  onMessage(message: DnsMessage, layer: 'tcp' | 'udp', ends: NonNullable<ReturnType<typeof datagramEnds>>, at: number, book: ServiceBook): void {
    if (message.opcode !== 0) return;
    const { isResponse } = message,
      server = isResponse ? ends.source : ends.destination,
      port = isResponse ? ends.sourcePort : ends.destinationPort,
      client = isResponse ? ends.destination : ends.source,
      key = `${layer} ${client} ${isResponse ? ends.destinationPort : ends.sourcePort} ${server} ${message.id}`;
    const service = book.service(layer, server, port);
    if (service === null) return;
    if (!isResponse) {
      book.addClient(service, client);
      if (this.#waiting.has(key)) return;
      service.requests++;
      if (this.#waiting.size >= this.#most) this.isBounded = true;
      else this.#waiting.set(key, { service, at, what: `${typeName(message.qtype)} ${message.qname}`.slice(0, LONGEST_WHAT) });
      return;
    }
    const asked = this.#waiting.get(key);
    if (asked === undefined) return;
    this.#waiting.delete(key);
    service.responses++;
    // A name that does not exist is an answer.
    const isError = message.rcode !== 0 && message.rcode !== 3;
    const what = RESPONSE_CODES[message.rcode] ?? `code ${message.rcode}`;
    if (isError) book.failed(service, what, message.frame);
    else book.count(service, what, message.frame);
    // Over TCP its segments say how long it took.
    if (layer === 'udp') book.answered(service, at - asked.at, message.frame, asked.what);
  }

  /** What nobody has answered. */
  left(): Iterable<Pick<Waiting, 'service' | 'at'>> {
    return this.#waiting.values();
  }
}
