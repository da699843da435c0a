/** What a client asks a service, in a few words, where its protocol says so in messages. DNS and HTTP, whose answers are counted, are told in serviceTimes.ts. */
import type { Message } from '../../pcap/dissector.ts';
import { KERBEROS_AS_REQ, KERBEROS_TGS_REQ, kerberosMessage } from '../../pcap/dissectors/kerberos.ts';
import { ldapSearchMessage } from '../../pcap/dissectors/ldap.ts';
import { mysqlQueryMessage } from '../../pcap/dissectors/mysql.ts';
import { pgsqlQueryMessage } from '../../pcap/dissectors/pgsql.ts';
import { tdsQueryMessage } from '../../pcap/dissectors/tds.ts';

export const QUESTION_MESSAGES: readonly string[] = [ldapSearchMessage, kerberosMessage, mysqlQueryMessage, pgsqlQueryMessage, tdsQueryMessage].map(
  ({ kind }) => kind,
);

/** Null for messages that ask nothing. */
export function questionIn(message: Message): string | null {
  if (ldapSearchMessage.is(message)) return `search "${message.base}" ${message.filter}`;
  if (kerberosMessage.is(message))
    return message.type === KERBEROS_AS_REQ || message.type === KERBEROS_TGS_REQ ? `ticket for ${message.service}@${message.realm}` : null;
  return mysqlQueryMessage.is(message) || pgsqlQueryMessage.is(message) || tdsQueryMessage.is(message) ? withoutLiterals(message.query) : null;
}

/** What stands between quotes may be a password, or a person's; which statement is slow is known without. */
function withoutLiterals(query: string): string {
  return query.replace(/'(?:[^'\\]|\\.|'')*(?:'|$)/gs, "'…'").replace(/\s+/g, ' ');
}
