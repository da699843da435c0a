/** NetBIOS names in "first level encoding" (RFC 1001 section 14.1): each half byte a letter from A to P. */
const ENCODED = 32,
  LETTER_A = 65;

/** The name whose 32 letters begin at `at`: `WORKGROUP<1e>`, the number being what kind of name it is; other numbers in it are unprintable bytes. */
export function netbiosName(bytes: Uint8Array, at: number, end: number): string {
  if (end - at < ENCODED) return '';
  const name = new Uint8Array(16);
  for (let i = 0; i < 16; i++) {
    const high = bytes[at + i * 2]! - LETTER_A,
      low = bytes[at + i * 2 + 1]! - LETTER_A;
    if (high < 0 || high > 15 || low < 0 || low > 15) return '<malformed name>';
    name[i] = high * 16 + low;
  }
  let length = 15;
  while (length > 0 && name[length - 1] === 0x20) length--;
  let text = '';
  for (let i = 0; i < length; i++)
    text += name[i]! < 32 || name[i]! > 126 ? `<${name[i]!.toString(16).padStart(2, '0')}>` : String.fromCharCode(name[i]!);
  return `${text}<${name[15]!.toString(16).padStart(2, '0')}>`;
}
