/**
 * LDAP that is told by its first message alone, on whatever port: a bind, a search, an extended request, or what answers one (RFC 4511 sections 4.2, 4.5 and 4.12),
 * whose parts have the types, values and lengths that belong there.
 */
import { BER_INTEGER, BER_OCTETS, BER_SEQUENCE } from './ber.ts';
import { BerWalk } from './berWalk.ts';
import type { Recognised } from './dissector.ts';

const BOOLEAN = 0x01,
  ENUMERATED = 0x0a,
  BIND_REQUEST = 0x60,
  BIND_RESPONSE = 0x61,
  SEARCH_REQUEST = 0x63,
  SEARCH_DONE = 0x65,
  EXTENDED_REQUEST = 0x77,
  EXTENDED_RESPONSE = 0x78,
  REQUEST_NAME = 0x80,
  LAST_SCOPE = 3,
  LAST_DEREFERENCE = 3,
  LAST_RESULT = 123,
  /** `1.3.6` is the least that names anything. */
  LEAST_NAME = 5,
  /** A first message is no longer, with the ticket of a large account in it. */
  MOST_BYTES = 65_535;
const CONTROLS = new Set([0xa0]);
/** A password, SASL, and the three steps of Microsoft's NTLM ([MS-ADTS] section 5.1.1.1.3). */
const AUTHENTICATIONS = new Set([0x80, 0xa3, 0x89, 0x8a, 0x8b]);
/** And, or, not, equal, substrings, greater, less, present, approximate, extensible. */
const FILTERS = new Set([0xa0, 0xa1, 0xa2, 0xa3, 0xa4, 0xa5, 0xa6, 0x87, 0xa8, 0xa9]);
/** Behind a result: referral, credentials of SASL, name and value of an extended response. */
const BEHIND_RESULT = new Set([0xa3, 0x87, 0x8a, 0x8b]);

const walk = new BerWalk(),
  behind = new BerWalk();

const READERS: Readonly<Record<number, () => unknown>> = {
  [BIND_REQUEST]: () => walk.value(BER_INTEGER, 2, 3).over(BER_OCTETS).oneOf(AUTHENTICATIONS).close(),
  [SEARCH_REQUEST]: () =>
    walk
      .over(BER_OCTETS)
      .value(ENUMERATED, 0, LAST_SCOPE)
      .value(ENUMERATED, 0, LAST_DEREFERENCE)
      .number()
      .number()
      .value(BOOLEAN, 0, 0xff)
      .oneOf(FILTERS),
  [EXTENDED_REQUEST]: () => walk.digits(REQUEST_NAME, LEAST_NAME),
  [BIND_RESPONSE]: readResult,
  [SEARCH_DONE]: readResult,
  [EXTENDED_RESPONSE]: readResult,
};

/** LDAPResult: a code, the name that was matched, a text. */
function readResult(): void {
  walk.value(ENUMERATED, 0, LAST_RESULT).over(BER_OCTETS).over(BER_OCTETS);
  if (!walk.isAtEnd) walk.oneOf(BEHIND_RESULT);
}

/** Whether the stream that begins with `[offset, end)` can hardly be anything but LDAP. */
export function startsLdap(bytes: Uint8Array, offset: number, end: number): Recognised {
  const kind = walk
      .start(bytes, offset, end, offset + MOST_BYTES)
      .enter(BER_SEQUENCE)
      .number().tag,
    read = READERS[kind];
  if (kind < 0) return walk.answer;
  if (read === undefined) return 'no';
  // The same way once more: nothing but controls follows the operation.
  behind
    .start(bytes, offset, end, offset + MOST_BYTES)
    .enter(BER_SEQUENCE)
    .number()
    .over(kind);
  if (!behind.isAtEnd && behind.oneOf(CONTROLS).answer === 'no') return 'no';
  walk.enter(kind);
  read();
  return walk.answer;
}
