/** A capture in which a service listens on another port, as `tcprewrite --portmap` makes it: Ethernet, IPv4, little-endian pcap. Checksums are put right (RFC 1624). */
import fs from 'node:fs';

const FILE_HEADER = 24,
  RECORD_HEADER = 16,
  ETHERNET = 14,
  TCP = 6,
  UDP = 17;

export function movedPort(path: string, from: number, to: number): Uint8Array {
  const bytes = Uint8Array.from(fs.readFileSync(path)),
    view = new DataView(bytes.buffer);
  for (let at = FILE_HEADER; at < bytes.length;) {
    const length = view.getUint32(at + 8, true),
      ip = at + RECORD_HEADER + ETHERNET;
    at += RECORD_HEADER + length;
    if (view.getUint16(ip - 2) !== 0x0800) continue;
    const protocol = bytes[ip + 9]!,
      transport = ip + 4 * (bytes[ip]! & 15);
    if ((protocol !== TCP && protocol !== UDP) || (view.getUint16(ip + 6) & 0x1fff) !== 0) continue;
    const sum = transport + (protocol === TCP ? 16 : 6);
    for (const port of [transport, transport + 2]) {
      if (view.getUint16(port) !== from) continue;
      view.setUint16(port, to);
      let changed = (~view.getUint16(sum) & 0xffff) + (~from & 0xffff) + to;
      while (changed > 0xffff) changed = (changed & 0xffff) + (changed >>> 16);
      if (view.getUint16(sum) !== 0 || protocol === TCP) view.setUint16(sum, ~changed & 0xffff);
    }
  }
  return bytes;
}
