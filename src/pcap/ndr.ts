/** What can be told of RPC arguments without their IDL: texts laid out as conformant varying arrays, C706 section 14.3.4, little-endian. */
import { textAt, utf16At } from './text.ts';

const MOST_STRINGS = 6,
  SCANNED_BYTES = 1024,
  MOST_CHARACTERS = 512;

/** The texts in `[from, to)`, of one or two bytes a character: maximum, offset 0, count, then characters that end with NUL. */
export function ndrStrings(bytes: Uint8Array, view: DataView, from: number, to: number, width: 1 | 2): readonly string[] {
  const found: string[] = [],
    end = Math.min(to, from + SCANNED_BYTES);
  for (let at = from; end - at >= 12 && found.length < MOST_STRINGS;) {
    const after = stringEnd(bytes, view, at, end, width);
    if (after < 0) {
      at += 4;
      continue;
    }
    found.push(width === 2 ? utf16At(bytes, at + 12, after - 2, 512) : textAt(bytes, at + 12, after - 1, 256));
    at += Math.ceil((after - at) / 4) * 4;
  }
  return found;
}

/** End of the text whose array begins at `at`, or -1 if none does. */
function stringEnd(bytes: Uint8Array, view: DataView, at: number, end: number, width: 1 | 2): number {
  if (end - at < 12) return -1;
  const most = view.getUint32(at, true),
    count = view.getUint32(at + 8, true),
    after = at + 12 + count * width;
  if (count < 2 || count > MOST_CHARACTERS || most < count || most > MOST_CHARACTERS * 2 || view.getUint32(at + 4, true) !== 0 || after > end)
    return -1;
  for (let i = 1; i <= width; i++) if (bytes[after - i] !== 0) return -1;
  return after;
}

/**
 * Whether the credential in a NetrServerAuthenticate request is eight zeros ([MS-NRPC] section 3.5.4.4.2): behind a pointer with the server's
 * name, the account, two bytes of channel type and the computer's name.
 */
export function clientCredentialIsZero(bytes: Uint8Array, view: DataView, from: number, to: number): boolean {
  if (to - from < 4) return false;
  const aligned = (at: number): number => from + Math.ceil((at - from) / 4) * 4;
  let at = from + 4;
  if (view.getUint32(from, true) !== 0) at = stringEnd(bytes, view, at, to, 2);
  if (at < 0) return false;
  at = stringEnd(bytes, view, aligned(at), to, 2);
  if (at < 0) return false;
  at = stringEnd(bytes, view, aligned(at + ((at - from) & 1) + 2), to, 2);
  if (at < 0 || to - at < 8) return false;
  for (let i = 0; i < 8; i++) if (bytes[at + i] !== 0) return false;
  return true;
}

const MOST_RIDS = 64,
  /** Five parts, the first of them 21: an account of a domain or a machine. */
  ACCOUNT_PARTS = 5,
  NOT_UNIQUE = 21;

/** The last parts of the SIDs of accounts in `[from, to)` ([MS-DTYP] section 2.4.2.3): S-1-5-21, three numbers of the domain, and this one. */
export function ndrRids(view: DataView, from: number, to: number): readonly number[] {
  const rids: number[] = [];
  // Conformant: the number of parts stands in front, too.
  for (let at = from; to - at >= 32 && rids.length < MOST_RIDS;) {
    if (
      view.getUint32(at, true) === ACCOUNT_PARTS &&
      view.getUint16(at + 4) === 0x0105 &&
      view.getUint32(at + 8) === 5 &&
      view.getUint32(at + 12, true) === NOT_UNIQUE
    ) {
      rids.push(view.getUint32(at + 28, true));
      at += 32;
    } else at += 4;
  }
  return rids;
}
