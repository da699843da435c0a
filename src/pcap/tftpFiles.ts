/** The files of TFTP: blocks that are counted from one, in a conversation between the client's port and one that the server takes for it (RFC 1350 section 4). */
import type { FileTaker } from './fileTaker.ts';
import { NET_DST, NET_DST_PORT, NET_SRC, NET_SRC_PORT, NET_STRIDE, NET_VERSION, type Packet } from './packet.ts';
import { findByte, textAt } from './text.ts';

const READ = 1,
  WRITE = 2,
  DATA = 3,
  ERROR = 5,
  OPTIONS = 6,
  /** Block size without the option of RFC 2348, and the largest it allows. */
  BLOCK = 512,
  LARGEST_BLOCK = 65_464,
  /** Block numbers have 16 bits, and begin anew in large files. */
  BLOCKS = 65_536,
  MOST_TRANSFERS = 1024;

interface Transfer {
  readonly name: string;
  blockSize: number;
  size: number | null;
  file: number | null;
  /** The highest block so far, counted on beyond 16 bits. */
  last: number;
}

const ofPackets = new WeakMap<Packet, Map<string, Transfer>>();

/** A datagram of TFTP, `[offset, end)` of `p.bytes`, of at least four bytes. */
export function takeTftp(p: Packet, files: FileTaker, opcode: number, offset: number, end: number): void {
  const at = (p.netCount - 1) * NET_STRIDE;
  if (at < 0) return;
  let transfers = ofPackets.get(p);
  if (transfers === undefined) ofPackets.set(p, (transfers = new Map<string, Transfer>()));
  const sender = `${p.net[at + NET_VERSION]} ${p.net[at + NET_SRC]} ${p.net[at + NET_SRC_PORT]}`,
    receiver = `${p.net[at + NET_VERSION]} ${p.net[at + NET_DST]} ${p.net[at + NET_DST_PORT]}`;
  if (opcode === READ || opcode === WRITE) {
    begin(p, transfers, sender, offset, end);
    return;
  }
  // The client asked: for what it reads it is the receiver, for what it writes the sender.
  const client = transfers.has(sender) ? sender : receiver,
    transfer = transfers.get(client);
  if (transfer === undefined) return;
  if (opcode === OPTIONS) readOptions(p, offset + 2, end, transfer);
  else if (opcode === ERROR) {
    if (transfer.file !== null) files.end(p, transfer.file, false);
    transfers.delete(client);
  } else if (opcode === DATA) takeBlock(p, files, transfer, offset, end, () => transfers.delete(client));
}

function begin({ bytes }: Packet, transfers: Map<string, Transfer>, client: string, offset: number, end: number): void {
  const nameEnd = findByte(bytes, 0, offset + 2, end),
    modeEnd = findByte(bytes, 0, Math.min(nameEnd + 1, end), end);
  transfers.delete(client);
  if (transfers.size >= MOST_TRANSFERS) transfers.delete(transfers.keys().next().value!);
  const transfer: Transfer = { name: textAt(bytes, offset + 2, nameEnd, 255), blockSize: BLOCK, size: null, file: null, last: 0 };
  // What it asks for is in force only if the server agrees, but the size of what a client writes is what it says.
  if (bytes[offset + 1] === WRITE) transfer.size = optionAt(bytes, modeEnd + 1, end, 'tsize');
  transfers.set(client, transfer);
}

/** What the server agrees to, RFC 2347, 2348 and 2349. */
function readOptions({ bytes }: Packet, from: number, end: number, transfer: Transfer): void {
  const blockSize = optionAt(bytes, from, end, 'blksize');
  if (blockSize !== null && blockSize >= 8 && blockSize <= LARGEST_BLOCK) transfer.blockSize = blockSize;
  transfer.size ??= optionAt(bytes, from, end, 'tsize');
}

function optionAt(bytes: Uint8Array, from: number, end: number, name: string): number | null {
  for (let at = from; at < end;) {
    const nameEnd = findByte(bytes, 0, at, end),
      value = Math.min(nameEnd + 1, end),
      valueEnd = findByte(bytes, 0, value, end);
    if (textAt(bytes, at, nameEnd, 16).toLowerCase() === name) {
      const text = textAt(bytes, value, valueEnd, 16);
      return /^\d{1,12}$/.test(text) ? Number(text) : null;
    }
    at = valueEnd + 1;
  }
  return null;
}

function takeBlock(p: Packet, files: FileTaker, transfer: Transfer, offset: number, end: number, done: () => void): void {
  const number = p.view.getUint16(offset + 2),
    length = end - offset - 4;
  if (length > transfer.blockSize) return;
  transfer.file ??= files.begin(p, { carrier: 'tftp', name: transfer.name, size: transfer.size });
  // The number that is nearest to the last one.
  let block = transfer.last - (transfer.last % BLOCKS) + number;
  if (block - transfer.last > BLOCKS / 2) block -= BLOCKS;
  else if (transfer.last - block > BLOCKS / 2) block += BLOCKS;
  if (block < 1) return;
  transfer.last = Math.max(transfer.last, block);
  if (length > 0) files.take(p, transfer.file, (block - 1) * transfer.blockSize, p.bytes, offset + 4, end);
  // The last block is a short one.
  if (length < transfer.blockSize) {
    files.end(p, transfer.file, true);
    done();
  }
}
