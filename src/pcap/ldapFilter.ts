/** A search filter of LDAP (RFC 4511 section 4.5.1.7) in the text form of RFC 4515, bounded in depth and length. */
import { eachBer } from './ber.ts';
import { textAt } from './text.ts';

const MAX_DEPTH = 8,
  MAX_LENGTH = 512,
  MAX_VALUE = 64;
const COMPARISONS: Readonly<Record<number, string>> = { 0xa3: '=', 0xa5: '>=', 0xa6: '<=', 0xa8: '~=' };

/** `(&(objectClass=user)(servicePrincipalName=*))`; what goes beyond the bounds reads as `...`. */
export function ldapFilterText(bytes: Uint8Array, tag: number, from: number, to: number, depth = 0): string {
  if (depth > MAX_DEPTH) return '...';
  if (tag === 0x87) return `(${value(bytes, from, to)}=*)`;
  if (tag === 0xa0 || tag === 0xa1 || tag === 0xa2) {
    let inner = '';
    eachBer(bytes, from, to, (part, begin, stop) => {
      if (inner.length < MAX_LENGTH) inner += ldapFilterText(bytes, part, begin, stop, depth + 1);
    });
    return `(${tag === 0xa0 ? '&' : tag === 0xa1 ? '|' : '!'}${inner.slice(0, MAX_LENGTH)})`;
  }
  const parts: string[] = [];
  if (tag === 0xa4) {
    // Initial, any, final: a star between them, and behind the last unless it is final.
    let isClosed = false;
    eachBer(bytes, from, to, (part, begin, stop) => {
      if (part === 0x04) parts.push(value(bytes, begin, stop));
      else
        eachBer(bytes, begin, stop, (kind, first, last) => {
          if (parts.length >= 16) return;
          parts.push(`${kind === 0x80 ? '' : '*'}${value(bytes, first, last)}`);
          isClosed = kind === 0x82;
        });
    });
    const [name = '', ...pieces] = parts,
      joined = pieces.join('');
    return `(${name}=${joined}${isClosed ? '' : '*'})`;
  }
  if (tag === 0xa9) {
    eachBer(bytes, from, to, (_part, begin, stop) => {
      if (parts.length < 4) parts.push(value(bytes, begin, stop));
    });
    return `(${parts.join(':')})`;
  }
  eachBer(bytes, from, to, (_part, begin, stop) => {
    if (parts.length < 2) parts.push(value(bytes, begin, stop));
  });
  return `(${parts.join(COMPARISONS[tag] ?? '?')})`;
}

function value(bytes: Uint8Array, from: number, to: number): string {
  return textAt(bytes, from, to, MAX_VALUE);
}
