/** A capture that is made while it is read: a header, then as many records as wanted. Gigabytes cost no memory. */
import type { ByteSource } from '../../src/pcap/byteSource.ts';

/** All records have one size, so that any position can be computed. `record(i)` may return the same array each time, filled anew. */
export function syntheticSource(header: Uint8Array, recordBytes: number, count: number, record: (i: number) => Uint8Array): ByteSource {
  const size = header.length + recordBytes * count;
  return {
    size,
    read(into, offset, length, position) {
      const end = Math.min(size, position + length);
      for (let at = position; at < end;) {
        const i = Math.floor((at - header.length) / recordBytes);
        const [part, start] = at < header.length ? [header, 0] : [record(i), header.length + i * recordBytes];
        const piece = part.subarray(at - start, Math.min(part.length, end - start));
        into.set(piece, offset + at - position);
        at += piece.length;
      }
      return Promise.resolve(Math.max(0, end - position));
    },
    refresh: () => Promise.resolve(size),
    close: () => Promise.resolve(),
  };
}

/** File header of a little-endian pcap with microseconds. */
export function pcapHeader(linkType = 1): Uint8Array {
  const header = Buffer.alloc(24);
  header.writeUInt32LE(0xa1b2c3d4, 0);
  header.writeUInt16LE(2, 4);
  header.writeUInt16LE(4, 6);
  header.writeUInt32LE(262144, 16);
  header.writeUInt32LE(linkType, 20);
  return header;
}

/** A record of that pcap around a frame. */
export function pcapRecord(frame: Uint8Array, seconds = 1_700_000_000, microseconds = 0): Buffer {
  const record = Buffer.alloc(16 + frame.length);
  record.writeUInt32LE(seconds, 0);
  record.writeUInt32LE(microseconds, 4);
  record.writeUInt32LE(frame.length, 8);
  record.writeUInt32LE(frame.length, 12);
  record.set(frame, 16);
  return record;
}

/** A whole little-endian pcap. */
export function pcapFile(frames: readonly Uint8Array[], linkType = 1): Uint8Array {
  return Uint8Array.from(
    Buffer.concat([pcapHeader(linkType), ...frames.map((frame, i) => pcapRecord(frame, 1_700_000_000 + Math.floor(i / 1e6), i % 1e6))]),
  );
}

/** An Ethernet II header in front of what it carries. */
export function ethernet(etherType: number, payload: Uint8Array): Buffer {
  const header = Buffer.from('020000000001020000000002' + etherType.toString(16).padStart(4, '0'), 'hex');
  return Buffer.concat([header, payload]);
}

/** An IPv4 header (RFC 791), checksum left 0, in front of what it carries. `fragment` is the 16-bit flags and offset field. */
export function ipv4(
  protocol: number,
  payload: Uint8Array,
  options: { readonly id?: number; readonly fragment?: number; readonly source?: number; readonly destination?: number } = {},
): Buffer {
  const header = Buffer.alloc(20);
  header[0] = 0x45;
  header.writeUInt16BE(Math.min(0xffff, 20 + payload.length), 2);
  header.writeUInt16BE((options.id ?? 1) & 0xffff, 4);
  header.writeUInt16BE(options.fragment ?? 0, 6);
  header[8] = 64;
  header[9] = protocol;
  header.writeUInt32BE(options.source ?? 0x0a000001, 12);
  header.writeUInt32BE(options.destination ?? 0x0a000002, 16);
  return Buffer.concat([header, payload]);
}

export function udp(sourcePort: number, destinationPort: number, payload: Uint8Array): Buffer {
  const header = Buffer.alloc(8);
  header.writeUInt16BE(sourcePort, 0);
  header.writeUInt16BE(destinationPort, 2);
  header.writeUInt16BE(Math.min(0xffff, 8 + payload.length), 4);
  return Buffer.concat([header, payload]);
}

/** A TCP segment without options (RFC 9293), window open, checksum left 0. */
export function tcp(
  sourcePort: number,
  destinationPort: number,
  sequence: number,
  acknowledgment: number,
  flags: number,
  payload: Uint8Array,
): Buffer {
  const header = Buffer.alloc(20);
  header.writeUInt16BE(sourcePort, 0);
  header.writeUInt16BE(destinationPort, 2);
  header.writeUInt32BE(sequence >>> 0, 4);
  header.writeUInt32BE(acknowledgment >>> 0, 8);
  header[12] = 0x50;
  header[13] = flags;
  header.writeUInt16BE(0xffff, 14);
  return Buffer.concat([header, payload]);
}
