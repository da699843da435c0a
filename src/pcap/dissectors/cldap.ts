/** Connectionless LDAP ([MS-ADTS] section 6.3.3): the "LDAP ping" that finds domain controllers, and a reflector of floods. */
import { berElement, BER_INTEGER, BER_SEQUENCE, berInteger, readBer } from '../ber.ts';
import { defineFields, type Dissector } from '../dissector.ts';

const APPLICATION = 0x60,
  LAST_OPERATION = 25;
const OPERATIONS: Readonly<Record<number, string>> = {
  0: 'bindRequest',
  1: 'bindResponse',
  2: 'unbindRequest',
  3: 'searchRequest',
  4: 'searchResEntry',
  5: 'searchResDone',
  16: 'abandonRequest',
  23: 'extendedReq',
  24: 'extendedResp',
};

const f = defineFields({
  messageId: { name: 'ldap.messageID', label: 'messageID', type: 'uint' },
  operation: { name: 'ldap.protocolOp', label: 'protocolOp', type: 'uint', values: OPERATIONS },
});

const message = berElement(),
  id = berElement(),
  operation = berElement();

export const cldap: Dissector = {
  id: 'cldap',
  name: 'Connectionless Lightweight Directory Access Protocol',
  fields: f,
  on: [{ table: 'udp.port', value: 389 }],
  application: true,
  recognise(p, offset, end) {
    if (!readBer(p.bytes, offset, end, message) || message.tag !== BER_SEQUENCE) return false;
    if (!readBer(p.bytes, message.from, end, id) || id.tag !== BER_INTEGER || id.to - id.from > 4) return false;
    return (
      readBer(p.bytes, id.to, end, operation) && operation.tag >= 0x40 && (operation.tag & 31) <= LAST_OPERATION && (operation.tag & 0xc0) === 0x40
    );
  },
  dissect(p, offset, end, sink) {
    if (
      sink === null ||
      !readBer(p.bytes, offset, end, message) ||
      !readBer(p.bytes, message.from, end, id) ||
      !readBer(p.bytes, id.to, end, operation)
    )
      return;
    const code = operation.tag >= APPLICATION ? operation.tag - APPLICATION : operation.tag & 31;
    sink.layer(cldap, offset, end - offset);
    sink.add(f.messageId, id.from, id.to - id.from, berInteger(p.bytes, id, end));
    sink.add(f.operation, id.to, 1, code);
    sink.info('CLDAP', OPERATIONS[code] ?? `operation ${code}`);
  },
};
