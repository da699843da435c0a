/** The head of an LDAPMessage (RFC 4511 section 4.1.1), the same over TCP and, as CLDAP, over UDP. */
import { BER_INTEGER, BER_SEQUENCE, readBer, type BerElement } from './ber.ts';

export const LDAP_OPERATIONS: Readonly<Record<number, string>> = {
  0: 'bindRequest',
  1: 'bindResponse',
  2: 'unbindRequest',
  3: 'searchRequest',
  4: 'searchResEntry',
  5: 'searchResDone',
  6: 'modifyRequest',
  7: 'modifyResponse',
  8: 'addRequest',
  9: 'addResponse',
  10: 'delRequest',
  11: 'delResponse',
  12: 'modDNRequest',
  13: 'modDNResponse',
  14: 'compareRequest',
  15: 'compareResponse',
  16: 'abandonRequest',
  19: 'searchResRef',
  23: 'extendedReq',
  24: 'extendedResp',
  25: 'intermediateResponse',
};
const LAST_OPERATION = 25;

/** Reads the message, its id and its operation (an APPLICATION tag whose low five bits are its number); false if it is none. */
export function readLdapHead(bytes: Uint8Array, offset: number, end: number, message: BerElement, id: BerElement, operation: BerElement): boolean {
  if (!readBer(bytes, offset, end, message) || message.tag !== BER_SEQUENCE) return false;
  if (!readBer(bytes, message.from, end, id) || id.tag !== BER_INTEGER || id.to - id.from > 4) return false;
  return readBer(bytes, id.to, end, operation) && (operation.tag & 0xc0) === 0x40 && (operation.tag & 31) <= LAST_OPERATION;
}
