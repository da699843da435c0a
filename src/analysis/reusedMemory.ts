/** Memory for bytes that are kept for a moment, and taken again: new memory would cost more than what is put in it. */

/** Usual sizes, which are kept when nobody needs them: 256 bytes and its next powers of two. */
const SMALLEST_LOG2 = 8,
  SIZES = 8,
  MOST_FREE = 32;
const free: ArrayBuffer[][] = Array.from({ length: SIZES }, () => []);

/** So many bytes, of any content. */
export function viewOf(length: number): Uint8Array<ArrayBuffer> {
  const size = length <= 1 << SMALLEST_LOG2 ? 0 : 32 - Math.clz32(length - 1) - SMALLEST_LOG2;
  return size < SIZES ? new Uint8Array(free[size]!.pop() ?? new ArrayBuffer(1 << (SMALLEST_LOG2 + size)), 0, length) : new Uint8Array(length);
}

export function copyOf(bytes: Uint8Array, from: number, to: number): Uint8Array<ArrayBuffer> {
  const copy = viewOf(to - from);
  copy.set(bytes.subarray(from, to));
  return copy;
}

/** What `viewOf` gave is not looked at any more: nobody keeps bytes of a packet beyond the call they came in (`Packet`). */
export function giveBack({ buffer }: Uint8Array<ArrayBuffer>): void {
  const size = 31 - Math.clz32(buffer.byteLength) - SMALLEST_LOG2;
  if (size >= 0 && size < SIZES && buffer.byteLength === 1 << (SMALLEST_LOG2 + size) && free[size]!.length < MOST_FREE) free[size]!.push(buffer);
}
