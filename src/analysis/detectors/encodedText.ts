/**
 * Whether a label is a text that somebody wrote, in hexadecimal, base 32 or base 64 (RFC 4648): pieces of a file or of what a command printed. Keys and hashes are random,
 * and of random bytes three in eight are letters, digits or signs.
 */

/** Bytes of text that are no chance: fewer than one label in a thousand million. */
const LEAST_BYTES = 10,
  /** Of a label with a number or a name before the piece. */
  MOST_PARTS = 4;
const ALPHABETS: readonly (readonly [bits: number, alphabet: string])[] = [
  [4, '0123456789abcdef'],
  [5, 'abcdefghijklmnopqrstuvwxyz234567'],
  [6, 'ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/'],
];
/** What each character stands for, 255 for nothing; capitals as small letters but in base 64, of which names have another form for `+` and `/`. */
const VALUES = ALPHABETS.map(([bits, alphabet]) => {
  const values = new Uint8Array(128).fill(255);
  for (let value = 0; value < alphabet.length; value++) {
    const character = alphabet.charAt(value);
    values[character.charCodeAt(0)] = value;
    if (bits < 6) values[character.toUpperCase().charCodeAt(0)] = value;
  }
  if (bits === 6) {
    values['-'.charCodeAt(0)] = 62;
    values['_'.charCodeAt(0)] = 63;
  }
  return values;
});

export function isEncodedText(label: string): boolean {
  return isEncoded(label) || (label.includes('-') && label.split('-', MOST_PARTS).some(isEncoded));
}

function isEncoded(label: string): boolean {
  return ALPHABETS.some(([bits], i) => label.length * bits >= LEAST_BYTES * 8 + 8 && reads(label, bits, VALUES[i]!));
}

/** A piece may begin in the midst of a byte's characters: every beginning is tried. */
function reads(label: string, bits: number, values: Uint8Array): boolean {
  for (let from = 0; from * bits < 8 || (from * bits) % 8 !== 0; from++) if (readsFrom(label, from, bits, values)) return true;
  return false;
}

function readsFrom(label: string, from: number, bits: number, values: Uint8Array): boolean {
  let held = 0,
    count = 0,
    bytes = 0,
    words = 0;
  for (let at = from; at < label.length; at++) {
    const code = label.charCodeAt(at),
      value = code < 128 ? values[code]! : 255;
    if (value === 255) return false;
    held = ((held << bits) | value) & 0xffff;
    count += bits;
    if (count < 8) continue;
    count -= 8;
    const byte = (held >> count) & 255;
    if ((byte < 32 && byte !== 9 && byte !== 10 && byte !== 13) || byte > 126) return false;
    bytes++;
    if ((byte | 32) >= 97 && (byte | 32) <= 122) words++;
  }
  return bytes >= LEAST_BYTES && words * 3 >= bytes;
}
