/** Which request of LDAP, over TCP or UDP, a message answers: by the message id (RFC 4511 section 4.1.1.1). */
import { defineFields, type FieldSink } from './dissector.ts';
import type { Packet } from './packet.ts';

export const ldapExchangeFields = defineFields({
  responseIn: { name: 'ldap.response_in', label: 'Response In', type: 'uint', related: 'later' },
  responseTo: { name: 'ldap.response_to', label: 'Response To', type: 'uint', related: 'earlier' },
  time: { name: 'ldap.time', label: 'Time', type: 'duration', related: 'earlier' },
});

/** Operations that are answered: all requests but unbind and abandon; and their answers. Of a search each entry is one. */
const REQUESTS = new Set([0, 3, 6, 8, 10, 12, 14, 23]),
  ANSWERS = new Set([1, 4, 5, 7, 9, 11, 13, 15, 19, 24, 25]);

export function describeLdapExchange(p: Packet, messageId: number, operation: number, offset: number, sink: FieldSink): void {
  const name = `ldap ${messageId}`;
  if (REQUESTS.has(operation)) p.exchanges.ask(p, name, ldapExchangeFields, offset, sink);
  else if (ANSWERS.has(operation)) p.exchanges.answerAgain(p, name, ldapExchangeFields, offset, sink);
}
