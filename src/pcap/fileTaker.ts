/**
 * Takes the content of files as protocols transfer them, piece by piece, while a pass asks for it: bodies of HTTP, what is read and written over SMB, data
 * connections of FTP, blocks of TFTP, mails. Nobody keeps what passes but who takes it.
 */
import type { Packet } from './packet.ts';

/** What is known of a file when it begins to pass. */
export interface FileHead {
  /** Wireshark's name of the protocol, `http`. */
  readonly carrier: string;
  /** As the protocol says it: the target of a request, a path in a share, a name; null where it says none. */
  readonly name: string | null;
  /** The name to save it under, where the protocol has one beside that (`Content-Disposition`). */
  readonly fileName?: string | null;
  /** The server's name, or the share. */
  readonly host?: string | null;
  readonly contentType?: string | null;
  /** How it is packed for the way: `gzip`, `deflate`, `br`. */
  readonly encoding?: string | null;
  /** Bytes that are to pass; null where nobody says so beforehand. */
  readonly size: number | null;
  /** Where in the whole file this part begins, and how long that is; null for all of it. */
  readonly part?: { readonly from: number; readonly total: number | null } | null;
}

export interface FileTaker {
  /** A file begins, from the sender of this frame (see `isOfOtherSide`); returns the number that it goes by. */
  begin(p: Packet, head: FileHead): number;
  /** `[from, to)` of `bytes`, which stand at `at` in it. */
  take(p: Packet, file: number, at: number, bytes: Uint8Array, from: number, to: number): void;
  /** No more of it comes; `isWhole` as far as the protocol knows. */
  end(p: Packet, file: number, isWhole: boolean): void;
  /** A data connection of FTP to come, at this address and port (dotted or colon text; null for the address of the server of this frame). */
  expect(p: Packet, address: string | null, port: number, head: FileHead): void;
  /** Whether a conversation without a protocol is such a data connection; `take` takes it from there, with this number. -1 for none. */
  expected(p: Packet): number;
}

/** No file. */
export const NO_FILE = -1;

/** A mail as a whole (RFC 5322), and how SMTP and POP send it: a line of one dot ends it, and what begins with a dot has one more (RFC 5321 section 4.5.2). */
export const MAIL_TYPE = 'message/rfc822',
  DOTTED = 'dot-stuffed';
