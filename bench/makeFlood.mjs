/** A flood: so many SYNs from spoofed addresses to thirty servers, each of which answers with a reset. Two frames for each flow, and no two flows alike. */
import fs from 'node:fs';

const SERVERS = 30,
  RECORD = 16 + 54,
  FLOWS_AT_ONCE = 10_000;

/** Writes a pcap of `flows` such connections to `file`; the same each time. */
export function makeFlood(file, flows) {
  const out = fs.openSync(file, 'w'),
    head = Buffer.alloc(24);
  head.writeUInt32LE(0xa1b2c3d4, 0);
  head.writeUInt16LE(2, 4);
  head.writeUInt16LE(4, 6);
  head.writeUInt32LE(65_535, 16);
  head.writeUInt32LE(1, 20);
  fs.writeSync(out, head);
  let random = 1;
  for (let made = 0; made < flows;) {
    const count = Math.min(FLOWS_AT_ONCE, flows - made),
      records = Buffer.alloc(count * 2 * RECORD);
    for (let i = 0; i < count; i++, made++) {
      // A full period: every number once, so no source comes twice.
      random = (Math.imul(random, 1_664_525) + 1_013_904_223) >>> 0;
      const server = 0x0a000001 + (made % SERVERS),
        port = 1024 + (random % 60_000);
      write(records, i * 2 * RECORD, made, random, server, port, 80, 0x02, made);
      write(records, (i * 2 + 1) * RECORD, made, server, random, 80, port, 0x14, 0);
    }
    fs.writeSync(out, records);
  }
  fs.closeSync(out);
}

function write(records, at, tick, source, destination, sourcePort, destinationPort, flags, sequence) {
  records.writeUInt32LE(1_700_000_000 + Math.floor(tick / 50_000), at);
  records.writeUInt32LE((tick % 50_000) * 20, at + 4);
  records.writeUInt32LE(54, at + 8);
  records.writeUInt32LE(54, at + 12);
  const ip = at + 16 + 14,
    tcp = ip + 20;
  records.writeUInt16BE(2, at + 16);
  records.writeUInt16BE(0x0200, at + 22);
  records.writeUInt16BE(0x0800, at + 28);
  records.writeUInt16BE(0x4500, ip);
  records.writeUInt16BE(40, ip + 2);
  records.writeUInt16BE(64 * 256 + 6, ip + 8);
  records.writeUInt32BE(source, ip + 12);
  records.writeUInt32BE(destination, ip + 16);
  records.writeUInt16BE(sourcePort, tcp);
  records.writeUInt16BE(destinationPort, tcp + 2);
  records.writeUInt32BE(sequence, tcp + 4);
  records.writeUInt32BE(flags === 0x14 ? tick + 1 : 0, tcp + 8);
  records.writeUInt16BE(0x5000 | flags, tcp + 12);
  records.writeUInt16BE(1024, tcp + 14);
}
