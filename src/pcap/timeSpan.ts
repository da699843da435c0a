/** Seconds from one time to another, exact to the nanosecond for spans below 104 days. */
export function secondsBetween(fromSeconds: number, fromNanoseconds: number, toSeconds: number, toNanoseconds: number): number {
  const seconds = toSeconds - fromSeconds,
    nanoseconds = toNanoseconds - fromNanoseconds;
  // Divided once, so that 0.1 s does not become 0.09999999999999998.
  return Math.abs(seconds) < 9_000_000 ? (seconds * 1e9 + nanoseconds) / 1e9 : seconds + nanoseconds / 1e9;
}
