/** Points in time, nanoseconds since the epoch, as text. Always UTC: the same capture reads the same everywhere. */

const MONTHS = ['Jan', 'Feb', 'Mar', 'Apr', 'May', 'Jun', 'Jul', 'Aug', 'Sep', 'Oct', 'Nov', 'Dec'];
const SECOND = 1_000_000_000n;

function parts(nanoseconds: bigint): { readonly date: Date; readonly fraction: string } {
  let seconds = nanoseconds / SECOND,
    rest = nanoseconds % SECOND;
  if (rest < 0n) {
    rest += SECOND;
    seconds -= 1n;
  }
  return { date: new Date(Number(seconds) * 1000), fraction: String(rest).padStart(9, '0') };
}

const two = (n: number): string => String(n).padStart(2, '0');

/** `Nov 23, 2026 02:05:27.123456789 UTC`, as Wireshark writes absolute times. */
export function formatAbsoluteTime(nanoseconds: bigint): string {
  const { date, fraction } = parts(nanoseconds);
  if (Number.isNaN(date.getTime())) return `${nanoseconds} ns`;
  return `${MONTHS[date.getUTCMonth()]} ${String(date.getUTCDate()).padStart(2)}, ${date.getUTCFullYear()} ${two(date.getUTCHours())}:${two(date.getUTCMinutes())}:${two(date.getUTCSeconds())}.${fraction} UTC`;
}

/** `2026-11-23 02:05:27.123456789Z`: what the display filter reads without regard to the reader's time zone. */
export function formatIsoTime(nanoseconds: bigint): string {
  const { date, fraction } = parts(nanoseconds);
  if (Number.isNaN(date.getTime())) return `${nanoseconds} ns`;
  return `${date.toISOString().slice(0, 19).replace('T', ' ')}.${fraction}Z`;
}

/** `1795399527.123456789`. */
export function formatEpochSeconds(nanoseconds: bigint): string {
  const sign = nanoseconds < 0n ? '-' : '',
    size = nanoseconds < 0n ? -nanoseconds : nanoseconds;
  return `${sign}${size / SECOND}.${String(size % SECOND).padStart(9, '0')}`;
}
