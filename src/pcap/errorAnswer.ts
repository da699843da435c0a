/** A server answers with an error, in a protocol whose answers are else told to nobody: the number it gives, which others make words of. */
import { messageKind, type Message } from './dissector.ts';
import type { Packet } from './packet.ts';

export interface ErrorAnswerMessage extends Message {
  readonly kind: 'error-answer';
  /** `smb` in both its versions, `ldap`, `mysql`, `pgsql` or `tds`. */
  readonly protocol: 'smb' | 'ldap' | 'mysql' | 'pgsql' | 'tds';
  /** NT status, result code, error number; of PostgreSQL its SQLSTATE. */
  readonly code: number | string;
  /** How bad the server says it is: of SQL Server 11 to 25, else 0. */
  readonly severity: number;
}
export const errorAnswerMessage = messageKind<ErrorAnswerMessage>('error-answer');

export function errorAnswered(p: Packet, protocol: ErrorAnswerMessage['protocol'], code: ErrorAnswerMessage['code'], severity = 0): void {
  if (p.hears('error-answer')) p.emit({ kind: 'error-answer', frame: p.frame, protocol, code, severity } satisfies ErrorAnswerMessage);
}
