/** Captures of any number of packets, written in moments: TCP segments of 84 bytes between a few hundred hosts. */
import fs from 'node:fs';

const FRAME_BYTES = 84;
const RECORD_BYTES = 16 + FRAME_BYTES;
const BLOCK_RECORDS = 50_000;

/** Writes a capture of `packets` packets; one million are 100 MB. */
export function writeBigCapture(file: string, packets: number): void {
  const out = fs.openSync(file, 'w');
  const header = Buffer.alloc(24);
  header.writeUInt32LE(0xa1b2c3d4, 0);
  header.writeUInt16LE(2, 4);
  header.writeUInt16LE(4, 6);
  header.writeUInt32LE(65_535, 16);
  header.writeUInt32LE(1, 20);
  fs.writeSync(out, header);
  for (let first = 0; first < packets; first += BLOCK_RECORDS) {
    const count = Math.min(BLOCK_RECORDS, packets - first);
    const block = Buffer.alloc(count * RECORD_BYTES);
    for (let i = 0; i < count; i++) writeRecord(block, i * RECORD_BYTES, first + i);
    fs.writeSync(out, block);
  }
  fs.closeSync(out);
}

function writeRecord(block: Buffer, offset: number, n: number): void {
  const flow = n % 307;
  // A packet each millisecond.
  block.writeUInt32LE(1_760_000_000 + Math.floor(n / 1000), offset);
  block.writeUInt32LE((n % 1000) * 1000, offset + 4);
  block.writeUInt32LE(FRAME_BYTES, offset + 8);
  block.writeUInt32LE(FRAME_BYTES, offset + 12);
  const ethernet = offset + 16;
  block.set([2, 0, 0, 0, 0, 2, 2, 0, 0, 0, 0, 1, 0x08, 0x00], ethernet);
  const ip = ethernet + 14;
  block.set([0x45, 0, 0, FRAME_BYTES - 14, 0, 0, 0x40, 0, 64, 6, 0, 0, 10, 0, flow >> 8, flow & 255, 10, 1, 0, 1 + (flow % 9)], ip);
  const tcp = ip + 20;
  block.writeUInt16BE(40_000 + flow, tcp);
  block.writeUInt16BE(443, tcp + 2);
  block.writeUInt32BE((Math.floor(n / 307) * 30) >>> 0, tcp + 4);
  block.writeUInt32BE(1, tcp + 8);
  block.set([0x50, 0x18, 0xff, 0xff], tcp + 12);
}
