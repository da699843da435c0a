/** Connectionless LDAP ([MS-ADTS] section 6.3.3): the "LDAP ping" that finds domain controllers, and a reflector of floods. */
import { berElement, berInteger, BER_SEQUENCE } from '../ber.ts';
import { defineFields, type Dissector } from '../dissector.ts';
import { LDAP_OPERATIONS, readLdapHead } from '../ldapHead.ts';
import { describeLdapExchange, ldapExchangeFields } from '../ldapExchange.ts';
import { startsLdap } from '../ldapStart.ts';
import { NET_DST_PORT, NET_SRC_PORT, NET_STRIDE, type Packet } from '../packet.ts';

const f = defineFields({
  ...ldapExchangeFields,
  messageId: { name: 'ldap.messageID', label: 'messageID', type: 'uint' },
  operation: { name: 'ldap.protocolOp', label: 'protocolOp', type: 'uint', values: LDAP_OPERATIONS },
});

const message = berElement(),
  id = berElement(),
  operation = berElement();

const PORT = 389,
  SEARCH_REQUEST = 0x63;

export const cldap: Dissector = {
  id: 'cldap',
  name: 'Connectionless Lightweight Directory Access Protocol',
  fields: f,
  on: [{ table: 'udp.port', value: PORT }, { table: 'udp.heuristic' }],
  application: true,
  recognise: (p, offset, end) => readLdapHead(p.bytes, offset, end, message, id, operation),
  // Elsewhere a search that fills its datagram; what answers it is known by its conversation.
  recogniseAnywhere: (p, offset, end) => isSearch(p.bytes, offset, end) && startsLdap(p.bytes, offset, end) === 'yes' && message.to === p.wireEnd,
  dissect(p, offset, end, sink) {
    if (!isOnPort(p) && isSearch(p.bytes, offset, end)) p.learned.learnBesides(p, p.tables.byId('cldap')!);
    if (sink === null || !readLdapHead(p.bytes, offset, end, message, id, operation)) return;
    const code = operation.tag & 31;
    sink.layer(cldap, offset, end - offset);
    sink.add(f.messageId, id.from, id.to - id.from, berInteger(p.bytes, id, end));
    sink.add(f.operation, id.to, 1, code);
    describeLdapExchange(p, berInteger(p.bytes, id, end), code, offset, sink);
    sink.info('CLDAP', LDAP_OPERATIONS[code] ?? `operation ${code}`);
  },
};

const isSearch = (bytes: Uint8Array, offset: number, end: number): boolean =>
  bytes[offset] === BER_SEQUENCE && readLdapHead(bytes, offset, end, message, id, operation) && operation.tag === SEARCH_REQUEST;

function isOnPort({ net, netCount }: Packet): boolean {
  const at = (netCount - 1) * NET_STRIDE;
  return at >= 0 && (net[at + NET_SRC_PORT] === PORT || net[at + NET_DST_PORT] === PORT);
}
