/**
 * Kerberos version 5, RFC 4120: requests and replies for tickets over UDP and TCP port 88 - who asks for which service with which encryption, and
 * why the server refuses. Tickets within other protocols are theirs.
 */
import { BER_INTEGER, BER_SEQUENCE, berElement, berInteger, eachBer, readBer } from '../ber.ts';
import { messageKind, NEED_MORE, NOT_MINE, type Dissector, type FieldSink, type Message } from '../dissector.ts';
import { ERRORS, kerberosFields, TYPES } from '../kerberos/fields.ts';
import { KERBEROS_HEAD, looksLikeKerberos, startsKerberos } from '../kerberos/start.ts';
import { loginAnswered, newAttempt, secretSent, type LoginAttempt } from '../login.ts';
import type { Packet } from '../packet.ts';
import { textAt } from '../text.ts';

export const KERBEROS_AS_REQ = 10,
  KERBEROS_AS_REP = 11,
  KERBEROS_TGS_REQ = 12,
  KERBEROS_TGS_REP = 13,
  KERBEROS_ERROR = 30;

const PREAUTH_FAILED = 24,
  PREAUTH_REQUIRED = 25;
/** PA-ENC-TIMESTAMP; and what else proves the client: public keys (RFC 4556), FAST (RFC 6113), SPAKE (RFC 9588). */
const TGS_REQUEST = 1,
  ENC_TIMESTAMP = 2,
  ETYPE_INFO = 11,
  ETYPE_INFO2 = 19,
  PROOFS = new Set([ENC_TIMESTAMP, 14, 16, 136, 138, 151]);

/** A request for a ticket, its reply, or an error. */
export interface KerberosMessage extends Message {
  readonly kind: 'kerberos';
  /** `KERBEROS_AS_REQ` and so on. */
  readonly type: number;
  /** `anna`; null where it is not said. */
  readonly client: string | null;
  readonly realm: string;
  /** `HTTP/web.example.com` */
  readonly service: string;
  /** Encryption types a request offers; empty in replies. */
  readonly offered: readonly number[];
  /** Encryption of the ticket in a reply: the service's key. 0 in others. */
  readonly ticketEtype: number;
  /** Encryption of a reply's own part: of an AS-REP, the client's password. */
  readonly replyEtype: number;
  /** 0 in all but errors. */
  readonly error: number;
  /** A request that proves who asks. */
  readonly proven: boolean;
  /** It proves it with the password: an encrypted time stamp. */
  readonly byPassword: boolean;
}
export const kerberosMessage = messageKind<KerberosMessage>('kerberos');

const PORT = 88,
  MARK = 4,
  KEEP_BYTES = 16_384,
  MOST_ETYPES = 32,
  APPLICATION = 0x60,
  CONTEXT = 0xa0,
  MAX_NAME = 256;

const element = berElement(),
  sequence = berElement();

export const kerberos: Dissector = {
  id: 'kerberos',
  name: 'Kerberos',
  fields: kerberosFields,
  on: [{ table: 'udp.port', value: PORT }, { table: 'tcp.port', value: PORT }, { table: 'udp.heuristic' }],
  application: true,
  recognise: (p, offset, end) => looksLikeKerberos(p.bytes, offset, end),
  recogniseAnywhere: (p, offset, end) => startsKerberos(p.bytes, offset, end, p.wireEnd) === 'yes',
  dissect: (p, offset, end, sink) => dissectKerberos(p, offset, end, null, sink),
  stream: {
    /** RFC 4120 section 7.2.2: a length of four bytes before each message. */
    recognise(bytes, offset, end, _direction, sourcePort, destinationPort) {
      if (end > offset && bytes[offset] !== 0) return 'no';
      const message = offset + MARK;
      if (sourcePort !== PORT && destinationPort !== PORT)
        return end > message ? startsKerberos(bytes, message, end, message + lengthAt(bytes, offset)) : 'more';
      if (end < message + KERBEROS_HEAD) return 'more';
      return looksLikeKerberos(bytes, message, end) ? 'yes' : 'no';
    },
    open: newAttempt,
    keepBytes: KEEP_BYTES,
    step(p, bytes, offset, end) {
      if (end - offset < MARK) return NEED_MORE;
      if (bytes[offset] !== 0) return NOT_MINE;
      p.pduComplete = true;
      return MARK + lengthAt(bytes, offset);
    },
    dissect(p, offset, end, _direction, attempt: LoginAttempt, sink) {
      dissectKerberos(p, Math.min(end, offset + MARK), Math.min(end, offset + KEEP_BYTES), attempt, sink);
    },
  },
};

/** The length before a message, whose first byte is 0. */
function lengthAt(bytes: Uint8Array, offset: number): number {
  return (bytes[offset + 1]! << 16) + (bytes[offset + 2]! << 8) + bytes[offset + 3]!;
}

interface Reading {
  readonly bytes: Uint8Array;
  readonly sink: FieldSink | null;
  client: string | null;
  realm: string;
  service: string;
  offered: number[];
  ticketEtype: number;
  replyEtype: number;
  error: number;
  proven: boolean;
  byPassword: boolean;
}

function dissectKerberos(p: Packet, offset: number, end: number, attempt: LoginAttempt | null, sink: FieldSink | null): void {
  const { bytes } = p;
  if (!readBer(bytes, offset, end, element)) return;
  const type = element.tag - APPLICATION;
  // A message over the bound of what is kept, or cut by the snap length, is read as far as it goes.
  const to = Math.min(end, element.to);
  if (!readBer(bytes, element.from, to, sequence) || sequence.tag !== BER_SEQUENCE) return;
  const said: Reading = {
    bytes,
    sink,
    client: null,
    realm: '',
    service: '',
    offered: [],
    ticketEtype: 0,
    replyEtype: 0,
    error: 0,
    proven: false,
    byPassword: false,
  };
  if (sink !== null) {
    sink.layer(kerberos, offset, end - offset);
    sink.add(kerberosFields.type, offset, 1, type);
  }
  const { from } = sequence;
  if (type === KERBEROS_AS_REQ || type === KERBEROS_TGS_REQ) readRequest(said, from, to);
  else if (type === KERBEROS_AS_REP || type === KERBEROS_TGS_REP) readReply(said, from, to);
  else if (type === KERBEROS_ERROR) readError(said, from, to);
  sink?.info('KRB5', type === KERBEROS_ERROR ? `KRB Error: ${ERRORS[said.error] ?? said.error}` : (TYPES[type] ?? `message ${type}`));
  tell(p, type, said, attempt ?? newAttempt());
}

/** The message, and the login that a proof of the password is. Over UDP each frame stands for itself. */
function tell(p: Packet, type: number, said: Reading, attempt: LoginAttempt): void {
  if (p.hears('kerberos')) {
    const { client, realm, service, offered, ticketEtype, replyEtype, error, proven, byPassword } = said;
    p.emit({
      kind: 'kerberos',
      frame: p.frame,
      type,
      client,
      realm,
      service,
      offered,
      ticketEtype,
      replyEtype,
      error,
      proven,
      byPassword,
    } satisfies KerberosMessage);
  }
  if (type === KERBEROS_AS_REQ && said.byPassword) {
    attempt.user = said.client;
    secretSent(p, 'kerberos', attempt, 'PA-ENC-TIMESTAMP', false);
  } else if (type === KERBEROS_AS_REP) loginAnswered(p, 'kerberos', attempt, true);
  else if (said.error === PREAUTH_FAILED) {
    // Over UDP, and where the request was missed, the error itself says that there was one.
    attempt.user ??= said.client;
    if (attempt.frame === 0) attempt.frame = p.frame;
    attempt.mechanism = 'PA-ENC-TIMESTAMP';
    loginAnswered(p, 'kerberos', attempt, false);
  } else attempt.frame = 0;
}

/** RFC 4120 section 5.4.1. */
function readRequest(said: Reading, from: number, to: number): void {
  eachPart(said, from, to, (tag, at, until) => {
    if (tag === 3) readProofs(said, at, until);
    else if (tag === 4)
      inSequence(said, at, until, (part, begin, stop) => {
        if (part === 1) said.client = principal(said, begin, stop, kerberosFields.cname);
        else if (part === 2) said.realm = text(said, begin, stop, kerberosFields.realm);
        else if (part === 3) said.service = principal(said, begin, stop, kerberosFields.sname);
        else if (part === 8)
          inner(said, begin, stop, (first, last) =>
            eachBer(said.bytes, first, last, (_tag, value, valueEnd) => {
              if (said.offered.length < MOST_ETYPES) said.offered.push(number(said, value, valueEnd, kerberosFields.encType));
            }),
          );
      });
  });
}

function readProofs(said: Reading, from: number, to: number): void {
  inner(said, from, to, (first, last) =>
    eachBer(said.bytes, first, last, (_tag, begin, stop) =>
      eachPart(said, begin, stop, (part, at, until) => {
        if (part !== 1) return;
        inner(said, at, until, (value, valueEnd) => {
          const kind = number(said, value, valueEnd, kerberosFields.padata);
          said.proven ||= PROOFS.has(kind);
          said.byPassword ||= kind === ENC_TIMESTAMP;
          if (said.sink === null) return;
          said.sink.open();
          if (kind === TGS_REQUEST) describeTicketRequest(said, until, stop);
          else if (kind === ENC_TIMESTAMP)
            eachPart(said, until, stop, (_value, data, dataEnd) =>
              inner(said, data, dataEnd, (octets, octetsEnd) => encryption(said, octets, octetsEnd)),
            );
          said.sink.close();
        });
      }),
    ),
  );
}

/** The value of PA-TGS-REQ: AP-REQ ::= [APPLICATION 14] SEQUENCE, RFC 4120 section 5.5.1. */
function describeTicketRequest(said: Reading, from: number, to: number): void {
  eachPart(said, from, to, (tag, at, until) => {
    if (tag !== 2) return;
    inner(said, at, until, (octets, octetsEnd) =>
      inner(said, octets, octetsEnd, (first, last) =>
        inSequence(said, first, last, (part, begin, stop) => {
          if (part === 1) inner(said, begin, stop, (value, valueEnd) => number(said, value, valueEnd, kerberosFields.type));
          else if (part === 3) readTicket(said, begin, stop);
          else if (part === 4) encryption(said, begin, stop);
        }),
      ),
    );
  });
}

/** What a server wants of a proof, RFC 4120 section 5.2.7: kinds, and the encryptions that it takes. */
function describeMethods(said: Reading, from: number, to: number): void {
  inner(said, from, to, (first, last) =>
    eachBer(said.bytes, first, last, (_tag, begin, stop) => {
      let kind = 0;
      eachPart(said, begin, stop, (part, at, until) =>
        inner(said, at, until, (value, valueEnd) => {
          if (part === 1) kind = number(said, value, valueEnd, kerberosFields.padata);
          else if (part === 2 && (kind === ETYPE_INFO || kind === ETYPE_INFO2))
            inner(said, value, valueEnd, (entries, entriesEnd) =>
              eachBer(said.bytes, entries, entriesEnd, (_entry, entry, entryEnd) => encryptionType(said, entry, entryEnd)),
            );
        }),
      );
    }),
  );
}

/** RFC 4120 section 5.4.2. */
function readReply(said: Reading, from: number, to: number): void {
  eachPart(said, from, to, (tag, at, until) => {
    if (tag === 2 && said.sink !== null) describeMethods(said, at, until);
    else if (tag === 3) said.realm = text(said, at, until, kerberosFields.crealm);
    else if (tag === 4) said.client = principal(said, at, until, kerberosFields.cname);
    else if (tag === 5) {
      const ticket = readTicket(said, at, until);
      said.service = ticket.service;
      said.ticketEtype = ticket.etype;
    } else if (tag === 6) said.replyEtype = encryption(said, at, until);
  });
}

/** Ticket ::= [APPLICATION 1] SEQUENCE, RFC 4120 section 5.3. */
function readTicket(said: Reading, from: number, to: number): { readonly service: string; readonly etype: number } {
  let service = '',
    etype = 0;
  inner(said, from, to, (first, last) =>
    inSequence(said, first, last, (part, begin, stop) => {
      if (part === 1) text(said, begin, stop, kerberosFields.realm);
      else if (part === 2) service = principal(said, begin, stop, kerberosFields.sname);
      else if (part === 3) etype = encryption(said, begin, stop);
    }),
  );
  return { service, etype };
}

/** RFC 4120 section 5.9.1. */
function readError(said: Reading, from: number, to: number): void {
  eachPart(said, from, to, (tag, at, until) => {
    if (tag === 6)
      inner(said, at, until, (value, valueEnd) => {
        said.error = number(said, value, valueEnd, kerberosFields.error);
      });
    else if (tag === 7) text(said, at, until, kerberosFields.crealm);
    else if (tag === 8) said.client = principal(said, at, until, kerberosFields.cname);
    else if (tag === 9) said.realm = text(said, at, until, kerberosFields.realm);
    else if (tag === 10) said.service = principal(said, at, until, kerberosFields.sname);
    else if (tag === 11) text(said, at, until, kerberosFields.errorText);
    else if (tag === 12 && said.sink !== null && (said.error === PREAUTH_FAILED || said.error === PREAUTH_REQUIRED))
      inner(said, at, until, (first, last) => describeMethods(said, first, last));
  });
}

/** EncryptedData: only its type is of use without keys. */
function encryption(said: Reading, from: number, to: number): number {
  let etype = 0;
  inner(said, from, to, (first, last) => {
    etype = encryptionType(said, first, last);
  });
  return etype;
}

/** `[0]` of a sequence's content. */
function encryptionType(said: Reading, from: number, to: number): number {
  let etype = 0;
  eachPart(said, from, to, (part, at, until) => {
    if (part === 0)
      inner(said, at, until, (value, valueEnd) => {
        etype = number(said, value, valueEnd, kerberosFields.etype);
      });
  });
  return etype;
}

type Visit = (part: number, from: number, to: number) => void;

/** The parts `[0]`, `[1]` ... of a sequence's content; the last one may be cut. */
function eachPart({ bytes }: Reading, from: number, to: number, visit: Visit): void {
  const part = berElement();
  for (let at = from, left = 32; left > 0 && readBer(bytes, at, to, part); left--) {
    at = part.to;
    if ((part.tag & 0xe0) === CONTEXT) visit(part.tag & 31, part.from, Math.min(to, part.to));
  }
}

function inSequence(said: Reading, from: number, to: number, visit: Visit): void {
  inner(said, from, to, (first, last) => eachPart(said, first, last, visit));
}

/** The content of the one element within. */
function inner({ bytes }: Reading, from: number, to: number, visit: (from: number, to: number) => void): void {
  const part = berElement();
  if (readBer(bytes, from, to, part)) visit(part.from, Math.min(to, part.to));
}

function number({ bytes, sink }: Reading, from: number, to: number, field: typeof kerberosFields.etype): number {
  const value = berInteger(bytes, { tag: BER_INTEGER, from, to }, to);
  if (Number.isNaN(value)) return 0;
  sink?.add(field, from, to - from, value);
  return value;
}

function text(said: Reading, from: number, to: number, field: typeof kerberosFields.etype): string {
  let value = '';
  inner(said, from, to, (first, last) => {
    value = textAt(said.bytes, first, last, MAX_NAME);
    said.sink?.add(field, first, last - first, value);
  });
  return value;
}

/** PrincipalName: `[1]` is the sequence of its parts. */
function principal(said: Reading, from: number, to: number, field: typeof kerberosFields.etype): string {
  const parts: string[] = [];
  inSequence(said, from, to, (part, at, until) => {
    if (part !== 1) return;
    inner(said, at, until, (first, last) =>
      eachBer(said.bytes, first, last, (_tag, begin, stop) => {
        if (parts.length >= 8) return;
        const value = textAt(said.bytes, begin, stop, MAX_NAME);
        parts.push(value);
        said.sink?.add(field, begin, stop - begin, value);
      }),
    );
  });
  return parts.join('/');
}
