/** Messages of Kerberos as RFC 4120 section 5 lays them out, without the mark of TCP. */
import { der, integer, part, sequence } from './der.ts';

const text = (value: string): string => der(0x1b, value);
const principal = (type: number, ...names: readonly string[]): string => sequence(part(0, integer(type)), part(1, sequence(...names.map(text))));
const encrypted = (etype: number): string => sequence(part(0, integer(etype)), part(2, der(4, '\xaa'.repeat(40))));

export interface RequestParts {
  readonly client?: string;
  readonly realm?: string;
  readonly service?: readonly string[];
  readonly etypes?: readonly number[];
  /** PA-DATA types; 2 is the encrypted time stamp. */
  readonly padata?: readonly number[];
}

/** AS-REQ (10) or TGS-REQ (12). */
export function kerberosRequest(
  type: 10 | 12,
  { client, realm = 'EXAMPLE.COM', service = ['krbtgt', realm], etypes = [18, 17, 23], padata = [] }: RequestParts,
): string {
  const body = sequence(
    part(0, der(3, '\0\x40\x81\0\x10')),
    ...(client === undefined ? [] : [part(1, principal(1, client))]),
    part(2, text(realm)),
    part(3, principal(2, ...service)),
    part(5, der(0x18, '20370913024805Z')),
    part(7, integer(12345)),
    part(8, sequence(...etypes.map((etype) => integer(etype)))),
  );
  const proofs =
    padata.length === 0 ? [] : [part(3, sequence(...padata.map((kind) => sequence(part(1, integer(kind)), part(2, der(4, encrypted(18)))))))];
  return der(0x60 + type, sequence(part(1, integer(5)), part(2, integer(type)), ...proofs, part(4, body)));
}

/** AS-REP (11) or TGS-REP (13). */
export function kerberosReply(type: 11 | 13, client: string, service: readonly string[], ticket: number, own: number, realm = 'EXAMPLE.COM'): string {
  return der(
    0x60 + type,
    sequence(
      part(0, integer(5)),
      part(1, integer(type)),
      part(3, text(realm)),
      part(4, principal(1, client)),
      part(5, der(0x61, sequence(part(0, integer(5)), part(1, text(realm)), part(2, principal(2, ...service)), part(3, encrypted(ticket))))),
      part(6, encrypted(own)),
    ),
  );
}

export function kerberosError(code: number, realm = 'EXAMPLE.COM'): string {
  return der(
    0x7e,
    sequence(
      part(0, integer(5)),
      part(1, integer(30)),
      part(4, der(0x18, '20261127010203Z')),
      part(5, integer(77)),
      part(6, integer(code)),
      part(9, text(realm)),
      part(10, principal(2, 'krbtgt', realm)),
    ),
  );
}

/** With the length of RFC 4120 section 7.2.2. */
export const overTcp = (message: string): string => `\0\0${String.fromCharCode(message.length >> 8, message.length & 255)}${message}`;
