/** Addresses as people write them. */

/** Dotted quad; null for anything else. */
export function parseIpv4(text: string): number | null {
  const groups = /^(\d{1,3})\.(\d{1,3})\.(\d{1,3})\.(\d{1,3})$/.exec(text)?.slice(1).map(Number);
  return groups === undefined || groups.some((group) => group > 255) ? null : groups.reduce((address, group) => address * 256 + group, 0);
}

/** RFC 4291 text, with `::` and a dotted quad at the end; the 16 bytes, or null. */
export function parseIpv6(text: string): Uint8Array | null {
  const halves = text.split('::');
  if (halves.length > 2) return null;
  const groups = halves.map((half, i) => parseGroups(half, i === halves.length - 1));
  const [head, tail] = groups;
  if (head === null || head === undefined || tail === null) return null;
  const missing = 16 - head.length - (tail?.length ?? 0);
  if (tail === undefined ? missing !== 0 : missing < 2) return null;
  return Uint8Array.from([...head, ...new Array<number>(missing).fill(0), ...(tail ?? [])]);
}

/** Bytes of groups between colons; a dotted quad may be the last. */
function parseGroups(text: string, quadAllowed: boolean): number[] | null {
  if (text === '') return [];
  const bytes: number[] = [],
    groups = text.split(':');
  for (const [i, group] of groups.entries()) {
    if (/^[0-9a-f]{1,4}$/i.test(group)) {
      const value = parseInt(group, 16);
      bytes.push(value >> 8, value & 255);
      continue;
    }
    const quad = quadAllowed && i === groups.length - 1 ? parseIpv4(group) : null;
    if (quad === null) return null;
    bytes.push(Math.floor(quad / 0x1000000), (quad >>> 16) & 255, (quad >>> 8) & 255, quad & 255);
  }
  return bytes.length > 16 ? null : bytes;
}
