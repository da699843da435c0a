/** ASN.1 DER elements as offsets, ITU-T X.690 section 8. Long-form lengths that are longer than needed are read too. */
export interface Element {
  /** Identifier octet; tags above 30 do not occur in certificates and read as malformed. */
  readonly tag: number;
  /** First byte of the identifier. */
  readonly header: number;
  /** The contents, `[start, end)`. */
  readonly start: number;
  readonly end: number;
}

export const DER = {
  boolean: 1,
  integer: 2,
  bitString: 3,
  octetString: 4,
  oid: 6,
  utf8String: 12,
  printableString: 19,
  teletexString: 20,
  ia5String: 22,
  utcTime: 23,
  generalizedTime: 24,
  universalString: 28,
  bmpString: 30,
  sequence: 0x30,
  set: 0x31,
} as const;

/** The element at `offset`, or null if it does not fit into `[offset, end)`. */
export function readElement(bytes: Uint8Array, offset: number, end: number): Element | null {
  if (end > bytes.length) end = bytes.length;
  if (end - offset < 2) return null;
  const tag = bytes[offset]!,
    first = bytes[offset + 1]!;
  if ((tag & 31) === 31) return null;
  let start = offset + 2,
    length = first;
  if (first >= 0x80) {
    const count = first & 0x7f;
    // 0x80 is BER's indefinite length; more than four bytes of length fit into no message.
    if (count === 0 || count > 4 || end - start < count) return null;
    length = 0;
    for (let i = 0; i < count; i++) length = length * 256 + bytes[start++]!;
  }
  return end - start < length ? null : { tag, header: offset, start, end: start + length };
}

/** The elements in `[offset, end)`, up to the first that is damaged. */
export function readElements(bytes: Uint8Array, offset: number, end: number, max = 256): Element[] {
  const elements: Element[] = [];
  for (let at = offset; elements.length < max;) {
    const element = readElement(bytes, at, end);
    if (element === null) break;
    elements.push(element);
    at = element.end;
  }
  return elements;
}

/** An object identifier in dots; empty if it is damaged. */
export function oidText(bytes: Uint8Array, element: Element): string {
  const arcs: number[] = [];
  let value = 0;
  for (let at = element.start; at < Math.min(element.end, element.start + 64); at++) {
    const byte = bytes[at]!;
    value = value * 128 + (byte & 0x7f);
    if (value > Number.MAX_SAFE_INTEGER / 128) return '';
    if (byte >= 0x80) continue;
    if (arcs.length === 0) {
      const root = Math.min(2, Math.floor(value / 40));
      arcs.push(root, value - root * 40);
    } else arcs.push(value);
    value = 0;
  }
  return arcs.join('.');
}
