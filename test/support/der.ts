/** Elements of BER (ITU-T X.690) as latin1 text, small and obvious: the bytes of Kerberos and LDAP in tests. */
export function der(tag: number, ...content: readonly string[]): string {
  const body = content.join(''),
    length = body.length < 128 ? [body.length] : body.length < 256 ? [0x81, body.length] : [0x82, body.length >> 8, body.length & 255];
  return String.fromCharCode(tag, ...length) + body;
}

export const integer = (value: number, tag = 2): string =>
  der(tag, value < 128 && value >= -128 ? String.fromCharCode(value & 255) : String.fromCharCode((value >> 8) & 255, value & 255));
export const octets = (text: string, tag = 4): string => der(tag, text);
export const sequence = (...parts: readonly string[]): string => der(0x30, ...parts);
/** `[n]` around an element, as Kerberos has everywhere. */
export const part = (n: number, ...content: readonly string[]): string => der(0xa0 + n, ...content);
