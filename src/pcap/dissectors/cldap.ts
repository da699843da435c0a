/** Connectionless LDAP ([MS-ADTS] section 6.3.3): the "LDAP ping" that finds domain controllers, and a reflector of floods. */
import { berElement, berInteger } from '../ber.ts';
import { defineFields, type Dissector } from '../dissector.ts';
import { LDAP_OPERATIONS, readLdapHead } from '../ldapHead.ts';
import { describeLdapExchange, ldapExchangeFields } from '../ldapExchange.ts';

const f = defineFields({
  ...ldapExchangeFields,
  messageId: { name: 'ldap.messageID', label: 'messageID', type: 'uint' },
  operation: { name: 'ldap.protocolOp', label: 'protocolOp', type: 'uint', values: LDAP_OPERATIONS },
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
  recognise: (p, offset, end) => readLdapHead(p.bytes, offset, end, message, id, operation),
  dissect(p, offset, end, sink) {
    if (sink === null || !readLdapHead(p.bytes, offset, end, message, id, operation)) return;
    const code = operation.tag & 31;
    sink.layer(cldap, offset, end - offset);
    sink.add(f.messageId, id.from, id.to - id.from, berInteger(p.bytes, id, end));
    sink.add(f.operation, id.to, 1, code);
    describeLdapExchange(p, berInteger(p.bytes, id, end), code, offset, sink);
    sink.info('CLDAP', LDAP_OPERATIONS[code] ?? `operation ${code}`);
  },
};
