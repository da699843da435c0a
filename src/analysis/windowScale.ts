/** How far a TCP connection's windows are shifted (RFC 7323 section 2), as Wireshark judges it where one of the SYNs is not there: the column WINDOW_SCALES. */
import type { Direction } from '../pcap/dissector.ts';

/** No SYN of that end was seen. */
export const UNKNOWN_SCALE = -1;
/** It does not scale: one of the SYNs came without the option. */
const NO_SCALE = -2;

/** A byte per direction: shift + 1 as its SYN had it. Above them a bit per direction: it counts for nothing. */
const BYTE = 8,
  VOID = 16;

/** Shift of the windows that `direction` advertises, `UNKNOWN_SCALE` or below where there is none. */
export function scaleOf(scales: number, direction: Direction): number {
  if ((scales & (1 << (VOID + direction))) !== 0) return NO_SCALE;
  return ((scales >> (BYTE * direction)) & 255) - 1;
}

/** The column after a SYN of `direction` with this shift, -1 without the option. */
export function scalesAfterSyn(scales: number, direction: Direction, shift: number, isSynAck: boolean): number {
  const own = 1 << (VOID + direction),
    other = 1 << (VOID + 1 - direction);
  if (shift >= 0) {
    const kept = scales & ~(255 << (BYTE * direction)) & ~own,
      mine = kept | ((shift + 1) << (BYTE * direction));
    // An answer may not scale what was not offered.
    return isSynAck && (mine & other) !== 0 ? mine | own : mine;
  }
  return scaleOf(scales, direction) === UNKNOWN_SCALE ? scales | own | other : scales;
}
