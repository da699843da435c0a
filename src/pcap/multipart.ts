/** Messages in several parts, RFC 2046 section 5.1: where the boundaries are, and where the head of a part ends. */
const LF = 10,
  CR = 13,
  DASH = 45;

export function boundaryOf(contentType: string): string | null {
  const match = /\bboundary\s*=\s*(?:"([^"]{1,200})"|([^\s;"]{1,200}))/i.exec(contentType);
  return match?.[1] ?? match?.[2] ?? null;
}

/** A part: `[from, to)` is its head and its body. The line with the boundary before it begins at `mark`, the one behind it at `to`, with the line break that belongs to it. */
export interface PartPlace {
  readonly mark: number;
  readonly from: number;
  readonly to: number;
}

/** Where the parts of `[begin, end)` lie between lines of `--boundary`; a part that is not ended goes to the end. */
export function placesOfParts(
  bytes: Uint8Array,
  begin: number,
  end: number,
  boundary: string,
  most: number,
): { readonly parts: PartPlace[]; readonly behind: number } {
  const mark = Uint8Array.from(`--${boundary}`, (character) => character.charCodeAt(0) & 255),
    parts: PartPlace[] = [];
  let begun = -1,
    markOf = -1;
  for (let at = begin; parts.length < most;) {
    const found = indexOfLine(bytes, mark, at, begin, end);
    if (found < 0) {
      if (begun >= 0) parts.push({ mark: markOf, from: begun, to: end });
      break;
    }
    const markAt = Math.max(begun, withoutLineEnd(bytes, begin, found));
    if (begun >= 0) parts.push({ mark: markOf, from: begun, to: markAt });
    const behind = found + mark.length,
      lineFeed = bytes.subarray(0, end).indexOf(LF, behind),
      lineEnd = lineFeed < 0 ? end : lineFeed + 1;
    if (bytes[behind] === DASH && bytes[behind + 1] === DASH) return { parts, behind: lineEnd };
    if (lineFeed < 0) break;
    markOf = markAt;
    begun = at = lineEnd;
  }
  return { parts, behind: -1 };
}

/** Offset behind the empty line that ends the head; a part without a head begins with it. */
export function behindHead(bytes: Uint8Array, from: number, to: number): number {
  for (let at = from; at < to;) {
    if (bytes[at] === LF) return at + 1;
    if (bytes[at] === CR && bytes[at + 1] === LF) return at + 2;
    const lineEnd = bytes.subarray(0, to).indexOf(LF, at);
    if (lineEnd < 0) return to;
    at = lineEnd + 1;
  }
  return to;
}

/** Where a line begins with `mark`. */
function indexOfLine(bytes: Uint8Array, mark: Uint8Array, from: number, begin: number, end: number): number {
  for (let at = from; ; at++) {
    at = bytes.indexOf(DASH, at);
    if (at < 0 || at + mark.length > end) return -1;
    if (at > begin && bytes[at - 1] !== LF) continue;
    let i = 0;
    while (i < mark.length && bytes[at + i] === mark[i]) i++;
    if (i === mark.length) return at;
  }
}

/** The line break before a boundary belongs to it. */
function withoutLineEnd(bytes: Uint8Array, from: number, to: number): number {
  if (to > from && bytes[to - 1] === LF) to--;
  if (to > from && bytes[to - 1] === CR) to--;
  return to;
}
