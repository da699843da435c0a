/**
 * TLS connections that came to nothing: ended by a fatal alert in clear, or closed before both sides had changed to their keys, by the server or by
 * a client that had waited (RFC 5246 section 7.2, RFC 8446
 * section 6). An alert under keys, as TLS 1.3 has most of them, cannot be told from data: nothing is said of it.
 */
import type { Direction, Message } from '../../pcap/dissector.ts';
import { NET_PAYLOAD, NET_PAYLOAD_END, NET_PAYLOAD_LENGTH, NET_STRIDE, type Packet } from '../../pcap/packet.ts';
import { ALERTS } from '../../pcap/tls/fields.ts';
import { tlsAlertMessage, tlsClientHelloMessage, tlsEstablishedMessage } from '../../pcap/tls/messages.ts';
import { ALERT, RECORD_HEADER } from '../../pcap/tls/records.ts';

export const TLS_MESSAGES: readonly string[] = [tlsClientHelloMessage, tlsAlertMessage, tlsEstablishedMessage].map(({ kind }) => kind);
/** Where the frame that tells it is left out of a selection, a handshake was completed nevertheless. */
export const TLS_ESTABLISHED = tlsEstablishedMessage.kind;

/** Handshakes that are under way, or have failed, at once. */
export const MOST_HANDSHAKES = 100_000;

/** A client that closes sooner and does not say why has no need of the connection any more, as browsers that open several at once. */
const PATIENCE_SECONDS = 1;
const FATAL = 2,
  CLOSE_NOTIFY = 0;

type Side = 'client' | 'server';

export interface TlsFailure {
  readonly what: string;
  readonly frame: number;
  /** It was said, not only closed. */
  readonly isAlert: boolean;
}

export class TlsHandshakes {
  /** By flow: when a hello began its handshake, or what ended that. */
  readonly #of = new Map<number, { readonly helloAt: number } | TlsFailure>();
  isBounded = false;

  onMessage(message: Message, flow: number, at: number, sideOf: (direction: Direction) => Side): void {
    if (tlsEstablishedMessage.is(message)) this.#of.delete(flow);
    else if (tlsClientHelloMessage.is(message)) {
      if (!this.#of.has(flow)) this.#note(flow, { helloAt: at });
    } else if (tlsAlertMessage.is(message) && message.level === FATAL && message.description !== CLOSE_NOTIFY) {
      // The answer to an alert is no reason.
      if (this.failureOf(flow)?.isAlert === true) return;
      const { frame, description, direction } = message,
        name = ALERTS[description];
      this.#note(flow, {
        what: `TLS alert of the ${sideOf(direction)}: ${name === undefined ? String(description) : `${name} (${description})`}`,
        frame,
        isAlert: true,
      });
    }
  }

  /** A hello was said, and nothing has ended its handshake yet. */
  isUnder(flow: number): boolean {
    const known = this.#of.get(flow);
    return known !== undefined && 'helloAt' in known;
  }

  /** A side ends a connection, by FIN or RST. `isAnswered`: the server had sent something. */
  onEnd(flow: number, side: Side, frame: number, at: number, isAnswered: boolean): void {
    const known = this.#of.get(flow);
    if (known === undefined || !('helloAt' in known)) return;
    if (side === 'client' && !(at - known.helloAt >= PATIENCE_SECONDS)) this.#of.delete(flow);
    else {
      const what = side === 'client' && !isAnswered ? 'TLS hello without an answer' : `TLS handshake broken off by the ${side}`;
      this.#note(flow, { what, frame, isAlert: false });
    }
  }

  /** Why the TLS of a connection came to nothing; null where it did not, or where that is not known. */
  failureOf(flow: number): TlsFailure | null {
    const known = this.#of.get(flow);
    return known === undefined || 'helloAt' in known ? null : known;
  }

  #note(flow: number, what: { readonly helloAt: number } | TlsFailure): void {
    if (this.#of.size >= MOST_HANDSHAKES && !this.#of.has(flow)) this.isBounded = true;
    else this.#of.set(flow, what);
  }
}

/** Whether a segment carries an alert and nothing else, in clear or not: it answers nothing and asks nothing. */
export function isAlertOnly(p: Packet): boolean {
  const { bytes, net } = p,
    at = (p.netCount - 1) * NET_STRIDE,
    from = net[at + NET_PAYLOAD]!,
    length = net[at + NET_PAYLOAD_LENGTH]!;
  return (
    length > RECORD_HEADER &&
    net[at + NET_PAYLOAD_END]! - from >= RECORD_HEADER &&
    bytes[from] === ALERT &&
    bytes[from + 1] === 3 &&
    bytes[from + 3]! * 256 + bytes[from + 4]! === length - RECORD_HEADER
  );
}
