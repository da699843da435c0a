/**
 * The files that a capture saw pass: bodies of HTTP, what was read and written over SMB, transfers of FTP and TFTP, mails and what they bring. Heard in a pass of
 * its own, so that only who asks pays for it. Content is told by its bytes, and hashed as a receiver has it: out of chunks, unpacked (gzip, deflate, Brotli),
 * decoded (base 64). What is missing is said, and then there is no hash.
 */
import { DOTTED, MAIL_TYPE, NO_FILE, type FileHead, type FileTaker } from '../pcap/fileTaker.ts';
import { percentDecoded } from '../pcap/http/bodyFile.ts';
import type { Packet } from '../pcap/packet.ts';
import { newDigests, unpack, type Digests, type FileHash, type PackedAs } from '../pcap/platform.ts';
import { countText } from './describe.ts';
import { datagramEnds, Evidence } from './detectors/watched.ts';
import { baseName, type FileContents, type FileRow } from './engineApi.ts';
import { FileContent, Room } from './fileContent.ts';
import { kindOfFile, LONGEST_START } from './fileKinds.ts';
import { partsOfForm, partsOfMail, withoutDots, type FilePart } from './fileParts.ts';
import type { IntelIndex } from './intelIndex.ts';
import type { Timestamp } from './report.ts';
import { safeFileName } from './safeFileName.ts';
import { timestamp } from './time.ts';

/** Files that are listed, and that may be under way at once. */
const MOST_FILES = 50_000,
  MOST_OPEN = 2000,
  /** Data connections of FTP that are waited for. */
  MOST_EXPECTED = 1000;
/** What is kept of a file that must be unpacked or taken apart, of all of them together, and what it may unpack to. */
const MOST_KEPT = 32 << 20,
  MOST_HELD = 128 << 20,
  MOST_UNPACKED = 64 << 20;
/** Hashes that a row has. */
const SHOWN_HASHES: readonly FileHash[] = ['md5', 'sha256'];
/** Longest path and content type that a row holds. */
const LONGEST_PATH = 1024,
  LONGEST_TYPE = 128;
/** Carriers that say where in a file each piece stands. */
const ANY_ORDER: ReadonlySet<string> = new Set(['smb', 'smb2', 'tftp']);

export interface FilesFound {
  readonly files: readonly FileRow[];
  /** Sentences about what was not followed. */
  readonly limits: readonly string[];
}

/** A file as those hear of it who watch while a capture is analysed. */
export interface SeenFile {
  readonly row: FileRow;
  /** Those that were asked for; null where its content is not known: parts are missing, or it could not be unpacked. */
  readonly digests: Digests | null;
  /** The frames that it came in. */
  readonly evidence: Evidence;
}

export interface FileListener {
  readonly hashes: readonly FileHash[];
  readonly onFile: (file: SeenFile) => void;
}

interface OpenTransfer {
  readonly id: string;
  readonly head: FileHead;
  readonly content: FileContent;
  /** Null where nobody listens. */
  readonly evidence: Evidence | null;
  readonly firstFrame: number;
  readonly time: Timestamp | null;
  readonly sender: string;
  readonly senderPort: number;
  readonly receiver: string;
  readonly receiverPort: number;
  frame: number;
  isChosen: boolean;
}

interface Expected {
  readonly addresses: readonly string[];
  readonly port: number;
  readonly head: FileHead;
}

export interface FileWatchOptions {
  /** Frames that count; a file is listed when one of its frames is chosen. All without. */
  readonly select?: ((frame: number) => boolean) | undefined;
  /** The user's own lists, for what is in them by its hash. */
  readonly lists?: IntelIndex | undefined;
  /** Hears of each file as it ends, which then is in no list. */
  readonly listener?: FileListener;
  /** Files whose content is wanted, and how much of it all together. */
  readonly wanted?: { readonly ids: ReadonlySet<string>; readonly maxBytes: number };
}

export class FileWatch implements FileTaker {
  readonly #files: FileRow[] = [];
  readonly #open = new Map<number, OpenTransfer>();
  readonly #expected = new Map<number, Expected>();
  readonly #select: (frame: number) => boolean;
  readonly #lists: IntelIndex | undefined;
  readonly #listener: FileListener | undefined;
  readonly #hashes: readonly FileHash[];
  readonly #wanted: ReadonlySet<string>;
  /** Files that hold what is wanted. */
  readonly #wantedWhole: ReadonlySet<string>;
  readonly #mostWanted: number;
  #wantedLeft: number;
  readonly #room = new Room(MOST_HELD);
  readonly #wantedRoom: Room;
  readonly #contents: FileContents[] = [];
  #next = 0;
  #lastFrame = 0;
  #inFrame = 0;
  #unlisted = 0;
  #givenUp = 0;

  constructor({ select, lists, listener, wanted }: FileWatchOptions = {}) {
    this.#lists = lists;
    this.#listener = listener;
    this.#hashes = listener?.hashes ?? (lists?.fileHashes.includes('sha1') === true ? [...SHOWN_HASHES, 'sha1'] : SHOWN_HASHES);
    this.#select = select ?? (() => true);
    this.#wanted = wanted?.ids ?? new Set();
    this.#wantedWhole = new Set([...this.#wanted].map((id) => id.split('/')[0]!));
    this.#wantedLeft = this.#mostWanted = wanted?.maxBytes ?? 0;
    // A file that is wanted is kept as it comes, and once more as it is unpacked.
    this.#wantedRoom = new Room(this.#mostWanted);
  }

  begin(p: Packet, head: FileHead): number {
    const id = this.#newId(p.frame),
      ends = datagramEnds(p);
    if (this.#open.size >= MOST_OPEN) {
      this.#givenUp++;
      this.#close(this.#open.keys().next().value!, p.frame, false);
    }
    const isWanted = this.#wantedWhole.has(id),
      mostKept = isWanted ? this.#mostWanted : mustBeWhole(head) ? MOST_KEPT : 0;
    const [source, sourcePort, destination, destinationPort] =
      ends === null ? ['', 0, '', 0] : [ends.source, ends.sourcePort, ends.destination, ends.destinationPort];
    this.#open.set(this.#next, {
      id,
      head,
      content: new FileContent(ANY_ORDER.has(head.carrier), mostKept, isWanted ? this.#wantedRoom : this.#room, this.#hashes),
      evidence: this.#listener === undefined ? null : new Evidence(),
      firstFrame: p.frame,
      time: p.hasTime ? timestamp(p.timeSeconds, p.timeNanoseconds) : null,
      ...(p.isOfOtherSide
        ? { sender: destination, senderPort: destinationPort, receiver: source, receiverPort: sourcePort }
        : { sender: source, senderPort: sourcePort, receiver: destination, receiverPort: destinationPort }),
      frame: p.frame,
      isChosen: this.#select(p.frame),
    });
    return this.#next++;
  }

  take(p: Packet, file: number, at: number, bytes: Uint8Array, from: number, to: number): void {
    const transfer = this.#open.get(file);
    if (transfer === undefined) return;
    transfer.content.take(at, bytes, from, to);
    transfer.evidence?.addDatagram(p);
    this.#sawFrame(transfer, p.frame);
    // A file of a share may stay open long after all of it was read.
    if (transfer.content.seen === transfer.head.size) this.#close(file, p.frame, true);
  }

  end(p: Packet, file: number, isWhole: boolean): void {
    this.#close(file, p.frame, isWhole);
  }

  expect(p: Packet, address: string | null, port: number, head: FileHead): void {
    const ends = datagramEnds(p);
    if (ends === null) return;
    // An address behind a translation of addresses is not the one that is seen: then the two that talk are.
    this.#expected.delete(port);
    if (this.#expected.size >= MOST_EXPECTED) this.#expected.delete(this.#expected.keys().next().value!);
    this.#expected.set(port, { addresses: [...(address === null ? [] : [address]), ends.source, ends.destination], port, head });
  }

  expected(p: Packet): number {
    if (this.#expected.size === 0) return NO_FILE;
    const ends = datagramEnds(p);
    if (ends === null) return NO_FILE;
    for (const [port, address] of [
      [ends.destinationPort, ends.destination],
      [ends.sourcePort, ends.source],
    ] as const) {
      const known = this.#expected.get(port);
      if (known === undefined || !known.addresses.includes(address)) continue;
      this.#expected.delete(port);
      return this.begin(p, known.head);
    }
    return NO_FILE;
  }

  /** The capture ends: transfers that are still under way count as far as they have come. */
  finish(): void {
    for (const file of [...this.#open.keys()]) this.#close(file, null, false);
  }

  found(): FilesFound {
    return {
      files: this.#files.sort((a, b) => a.firstFrame - b.firstFrame),
      limits: [
        ...(this.#unlisted === 0 ? [] : [`${countText(this.#unlisted)} files beyond the first ${countText(MOST_FILES)} are not listed.`]),
        ...(this.#givenUp === 0
          ? []
          : [`${countText(this.#givenUp)} files were not followed to their end: more than ${countText(MOST_OPEN)} were under way at once.`]),
      ],
    };
  }

  /** Files that are not at their end. */
  get underWay(): number {
    return this.#open.size;
  }

  /** What was wanted, as far as there was room. */
  contents(): readonly FileContents[] {
    return this.#contents;
  }

  #newId(frame: number): string {
    this.#inFrame = frame === this.#lastFrame ? this.#inFrame + 1 : 0;
    this.#lastFrame = frame;
    return this.#inFrame === 0 ? String(frame) : `${frame}.${this.#inFrame}`;
  }

  #sawFrame(transfer: OpenTransfer, frame: number): void {
    if (transfer.frame === frame) return;
    transfer.frame = frame;
    transfer.isChosen ||= this.#select(frame);
  }

  /** `frame` is the one in which it ends; null at the end of the capture. */
  #close(file: number, frame: number | null, isWhole: boolean): void {
    const transfer = this.#open.get(file);
    if (transfer === undefined) return;
    this.#open.delete(file);
    // A body that lasts until close ends with it.
    if (frame !== null && isWhole && transfer.head.size === null) this.#sawFrame(transfer, frame);
    this.#list(transfer, isWhole);
    transfer.content.release();
  }

  #list(transfer: OpenTransfer, isEnded: boolean): void {
    const { head, content, id } = transfer;
    // What has nothing in it is no file; what was announced, and is not in the capture, is.
    if (content.seen === 0 && (head.size ?? 0) === 0) return;
    const length = Math.max(head.size ?? 0, content.end),
      missing = length - content.seen,
      isComplete = missing === 0 && (isEnded || head.size !== null);
    let isPlain = true,
      whole = mustBeWhole(head) || this.#wantedWhole.has(id) ? content.whole() : null,
      note = '',
      digests = isComplete ? content.digests() : null,
      { start } = content,
      bytes = content.seen;
    const encoding = head.encoding?.trim().toLowerCase() ?? '';
    if (encoding !== '' && encoding !== 'identity') {
      const plain = whole === null ? null : unpacked(whole, encoding);
      if (plain === null) {
        isPlain = false;
        note = encoding === DOTTED ? 'It is too long to be taken apart.' : `It is shown as it was packed (${encoding.slice(0, 32)}).`;
      } else {
        whole = plain;
        start = plain.subarray(0, LONGEST_START);
        bytes = plain.length;
        digests = isComplete ? digestsOf(plain, this.#hashes) : null;
      }
    }
    // What was packed, and has nothing in it.
    if (bytes + missing === 0) return;
    const type = head.contentType?.slice(0, LONGEST_TYPE) ?? null,
      mail = whole !== null && isMail(head) ? partsOfMail(whole) : null;
    const row = this.#row(transfer, id, nameOf(head, mail?.subject ?? null), type, start, { bytes, missing, isComplete, digests, note });
    this.#add(transfer, row, whole, isPlain ? digests : null);
    const parts = mail?.parts ?? (whole !== null && isForm(head) ? partsOfForm(whole, head.contentType ?? '') : []);
    for (const [index, part] of parts.entries()) this.#addPart(transfer, row, `${id}/${index + 1}`, part, isComplete);
  }

  #addPart(transfer: OpenTransfer, whole: FileRow, id: string, { name, contentType, bytes }: FilePart, isComplete: boolean): void {
    if (bytes.length === 0) return;
    const type = contentType?.slice(0, LONGEST_TYPE) ?? null;
    const digests = isComplete ? digestsOf(bytes, this.#hashes) : null;
    const row = this.#row(transfer, id, name === null ? null : baseName(name), type, bytes.subarray(0, LONGEST_START), {
      bytes: bytes.length,
      missing: 0,
      isComplete,
      digests,
      note: isMail(transfer.head) ? `Attached to "${whole.name}".` : `Posted to ${whole.path}.`,
    });
    this.#add(transfer, row, bytes, digests);
  }

  #row(
    { head, firstFrame, frame, time, sender, senderPort, receiver, receiverPort }: OpenTransfer,
    id: string,
    name: string | null,
    contentType: string | null,
    start: Uint8Array,
    { digests, ...seen }: Pick<FileRow, 'bytes' | 'missing' | 'isComplete' | 'note'> & { readonly digests: Digests | null },
  ): FileRow {
    const kind = kindOfFile(start, contentType, name ?? ''),
      given = safeFileName(name ?? '', ''),
      extension = kind.extension === '' ? 'bin' : kind.extension;
    return {
      id,
      frame,
      firstFrame,
      time,
      carrier: head.carrier,
      name: given === '' ? `file-${id.replace('/', '-')}.${extension}` : given,
      path: pathOf(head),
      contentType,
      kind: kind.name,
      isProgram: kind.isProgram,
      ...{ sender, senderPort, receiver, receiverPort },
      ...seen,
      partFrom: head.part?.from ?? null,
      md5: digests?.md5 ?? null,
      sha256: digests?.sha256 ?? null,
      listed: (digests === null ? undefined : this.#lists?.ofFile(digests))?.from ?? null,
    };
  }

  #add({ isChosen, evidence }: OpenTransfer, row: FileRow, bytes: Uint8Array | null, digests: Digests | null): void {
    if (this.#wanted.has(row.id)) {
      if (bytes !== null && bytes.length <= this.#wantedLeft) {
        this.#wantedLeft -= bytes.length;
        this.#contents.push({ id: row.id, bytes });
      }
    }
    if (!isChosen) return;
    if (evidence !== null) this.#listener?.onFile({ row, digests, evidence });
    else if (this.#files.length < MOST_FILES) this.#files.push(row);
    else this.#unlisted++;
  }
}

const isMail = ({ contentType }: FileHead): boolean => contentType === MAIL_TYPE;
const isForm = ({ contentType }: FileHead): boolean => /^multipart\/form-data\b/i.test(contentType ?? '');

/** Whether a file is known by its whole only: what is packed, and what holds others. */
function mustBeWhole(head: FileHead): boolean {
  const encoding = head.encoding?.trim().toLowerCase() ?? '';
  return (encoding !== '' && encoding !== 'identity') || isMail(head) || isForm(head);
}

function digestsOf(bytes: Uint8Array, hashes: readonly FileHash[]): Digests | null {
  const running = newDigests(hashes);
  running?.update(bytes);
  return running?.finish() ?? null;
}

const PACKED: Readonly<Record<string, PackedAs>> = { gzip: 'gzip', 'x-gzip': 'gzip', deflate: 'deflate', br: 'br' };

/** Null for a coding that nobody here knows, and for what is not coded so. */
function unpacked(bytes: Uint8Array, encoding: string): Uint8Array | null {
  if (encoding === DOTTED) return withoutDots(bytes);
  const known = PACKED[encoding];
  return known === undefined ? null : unpack(bytes, known, MOST_UNPACKED);
}

/** The name to save it under, as it was given: that of a header, else the last part of a path; of a mail its subject. */
function nameOf(head: FileHead, subject: string | null): string | null {
  if (isMail(head)) return subject === null || subject === '' ? null : `${subject}.eml`;
  if (head.fileName !== undefined && head.fileName !== null) return baseName(head.fileName);
  if (head.name === null) return null;
  const path = head.carrier.startsWith('http') ? head.name.replace(/^[a-z]+:\/\/[^/]*/i, '').replace(/[?#].*$/s, '') : head.name,
    name = baseName(path);
  return head.carrier.startsWith('http') ? percentDecoded(name) : name;
}

function pathOf({ host, name, carrier }: FileHead): string {
  const text = name ?? '',
    isWhole = host === undefined || host === null || host === '' || /^[a-z]+:\/\//i.test(text),
    between = carrier.startsWith('http') || text.startsWith('\\') ? '' : '\\';
  return (isWhole ? text : `${host}${between}${text}`).slice(0, LONGEST_PATH);
}
