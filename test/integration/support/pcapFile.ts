/** Classic little-endian captures counted and cut by hand: a second opinion on what the editor shows, after the format's own description. */
import fs from 'node:fs';

const FILE_HEADER_BYTES = 24;
const RECORD_HEADER_BYTES = 16;

export interface PcapRecord {
  /** Start of the record's header in the file. */
  readonly offset: number;
  readonly capturedBytes: number;
  readonly originalBytes: number;
  /** The captured bytes. */
  readonly data: Buffer;
}

export function pcapRecords(file: string | Buffer): PcapRecord[] {
  const bytes = typeof file === 'string' ? fs.readFileSync(file) : file;
  const magic = bytes.readUInt32LE(0);
  if (magic !== 0xa1b2c3d4 && magic !== 0xa1b23c4d) throw new Error(`not a little-endian pcap: ${magic.toString(16)}`);
  const records: PcapRecord[] = [];
  for (let offset = FILE_HEADER_BYTES; offset + RECORD_HEADER_BYTES <= bytes.length;) {
    const capturedBytes = bytes.readUInt32LE(offset + 8);
    const start = offset + RECORD_HEADER_BYTES;
    records.push({ offset, capturedBytes, originalBytes: bytes.readUInt32LE(offset + 12), data: bytes.subarray(start, start + capturedBytes) });
    offset = start + capturedBytes;
  }
  return records;
}
