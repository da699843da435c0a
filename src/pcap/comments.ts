/** What people wrote about a packet: the comments of pcapng (draft-ietf-opsawg-pcapng section 3.5, opt_comment). They are read where somebody asks. */
import type { Packet } from './packet.ts';

const COMMENT = 1,
  END_OF_OPTIONS = 0,
  OPTION_HEADER = 4,
  /** A block of a megabyte could hold a quarter of a million of them. */
  MOST_COMMENTS = 64;

const utf8 = new TextDecoder('utf-8');

/** Calls `visit` with where each comment in the options `[from, to)` lies, of those that are whole. */
export function eachComment(view: DataView, from: number, to: number, littleEndian: boolean, visit: (from: number, to: number) => void): void {
  for (let at = from, count = 0; at + OPTION_HEADER <= to && count < MOST_COMMENTS;) {
    const code = view.getUint16(at, littleEndian),
      start = at + OPTION_HEADER,
      end = start + view.getUint16(at + 2, littleEndian);
    if (code === END_OF_OPTIONS || end > to) return;
    if (code === COMMENT) {
      count++;
      visit(start, end);
    }
    // Padded from where it begins, which need not be at a multiple of four in the reader's block.
    at = start + ((end - start + 3) & ~3);
  }
}

/** Comments of the frame that `p` holds, in their order; none in formats that have none. */
export function commentsOf(p: Packet): string[] {
  if (p.optionsTo === 0) return [];
  const { frameBytes: bytes } = p,
    comments: string[] = [];
  eachComment(new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength), p.optionsFrom, p.optionsTo, p.optionsLittleEndian, (from, to) =>
    comments.push(utf8.decode(bytes.subarray(from, to))),
  );
  return comments;
}
