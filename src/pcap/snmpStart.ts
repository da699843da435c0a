/** SNMP that is told by its content alone, on whatever port: versions 1 (RFC 1157), 2c (RFC 3416) and 3 (RFC 3412 section 6). */
import { BER_INTEGER, BER_OCTETS, BER_OID, BER_SEQUENCE } from './ber.ts';
import { BerWalk } from './berWalk.ts';

const V3 = 3,
  FIRST_PDU = 0xa0,
  TRAP_V1 = 0xa4,
  LAST_PDU = 0xa8,
  IP_ADDRESS = 0x40,
  TIME_TICKS = 0x43;
/** In clear, and encrypted. */
const SCOPED_DATA = new Set([BER_SEQUENCE, BER_OCTETS]);

const walk = new BerWalk(),
  head = new BerWalk();

/** Whether the datagram `[offset, end)`, which ends at `wireEnd` on the wire, can hardly be anything else: it is filled to the byte with what belongs there. */
export function isSurelySnmp(bytes: Uint8Array, offset: number, end: number, wireEnd: number): boolean {
  if (bytes[offset] !== BER_SEQUENCE || walk.start(bytes, offset, end, wireEnd).enterLast(BER_SEQUENCE).value(BER_INTEGER, 0, V3).answer !== 'yes')
    return false;
  if (walk.tag === BER_SEQUENCE)
    return (
      walk.over(BER_SEQUENCE).over(BER_OCTETS).oneOf(SCOPED_DATA).close().answer === 'yes' &&
      head
        .start(bytes, offset, end, wireEnd)
        .enter(BER_SEQUENCE)
        .value(BER_INTEGER, V3, V3)
        .enter(BER_SEQUENCE)
        .number()
        .number()
        .value(BER_OCTETS, 0, 7)
        .value(BER_INTEGER, 1, V3)
        .close().answer === 'yes'
    );
  const pdu = walk.over(BER_OCTETS).tag;
  if (pdu < FIRST_PDU || pdu > LAST_PDU) return false;
  walk.enterLast(pdu);
  // A trap of version 1: whose it is, from which address, of which kind, when.
  if (pdu === TRAP_V1) walk.over(BER_OID).over(IP_ADDRESS).number().number().over(TIME_TICKS);
  else walk.number().number().number();
  return walk.enterLast(BER_SEQUENCE).answer === 'yes';
}
