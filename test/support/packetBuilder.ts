/**
 * Captures made of a few words: each call appends one Ethernet frame, `bytes()` is a pcap file with nanoseconds. Lengths are right, checksums are
 * zero: nothing in the engine judges by them. Addresses with a colon make IPv6 packets.
 */
export const FIN = 1,
  SYN = 2,
  RST = 4,
  PSH = 8,
  ACK = 16,
  URG = 32;

export interface Ends {
  readonly from: string;
  readonly to: string;
  readonly ttl?: number;
}

export interface TcpSegment extends Ends {
  readonly sourcePort: number;
  readonly destinationPort: number;
  readonly flags: number;
  readonly sequence?: number;
  readonly acknowledgment?: number;
  readonly payload?: Uint8Array;
  /** A window scale option, as systems send it and raw probes do not. */
  readonly windowScale?: number;
}

export interface UdpDatagram extends Ends {
  readonly sourcePort: number;
  readonly destinationPort: number;
  readonly payload?: Uint8Array;
}

const RECORD_HEADER = 16,
  SECOND_NS = 1_000_000_000;

export class PacketBuilder {
  /** 2026-01-01T00:00:00Z */
  #seconds = 1_767_225_600;
  #nanoseconds = 0;
  #identification = 0;
  readonly #records: Uint8Array[] = [];
  readonly #snapLength: number;

  constructor(snapLength = 262_144) {
    this.#snapLength = snapLength;
  }

  /** Moves the clock, back with a negative number. */
  wait(seconds: number): this {
    const total = this.#nanoseconds + Math.round(seconds * SECOND_NS);
    this.#seconds += Math.floor(total / SECOND_NS);
    this.#nanoseconds = ((total % SECOND_NS) + SECOND_NS) % SECOND_NS;
    return this;
  }

  tcp(segment: TcpSegment): this {
    return this.ip({ ...segment, protocol: 6, payload: tcpBytes(segment) });
  }

  udp(datagram: UdpDatagram): this {
    return this.ip({ ...datagram, protocol: 17, payload: udpBytes(datagram) });
  }

  /** An ICMP (or ICMPv6) error that quotes a packet; `from` and `to` are those of the error. */
  icmpError(error: Ends & { readonly type: number; readonly code: number; readonly quote: Uint8Array }): this {
    const isIpv6 = error.from.includes(':');
    const payload = new Uint8Array(8 + error.quote.length);
    payload.set([error.type, error.code]);
    payload.set(error.quote, 8);
    return this.ip({ from: error.from, to: error.to, protocol: isIpv6 ? 58 : 1, payload });
  }

  ip(packet: Ends & { readonly protocol: number; readonly payload: Uint8Array }): this {
    return this.frame(ethernet(packet.from.includes(':') ? 0x86dd : 0x0800, ipBytes({ identification: ++this.#identification, ...packet })));
  }

  /** The same frame once more. */
  again(): this {
    const last = this.#records.at(-1);
    if (last === undefined) throw new Error('there is no frame to repeat');
    return this.frame(last.slice(RECORD_HEADER));
  }

  frame(bytes: Uint8Array): this {
    const captured = bytes.subarray(0, this.#snapLength),
      record = new Uint8Array(RECORD_HEADER + captured.length),
      view = new DataView(record.buffer);
    view.setUint32(0, this.#seconds, true);
    view.setUint32(4, this.#nanoseconds, true);
    view.setUint32(8, captured.length, true);
    view.setUint32(12, bytes.length, true);
    record.set(captured, RECORD_HEADER);
    this.#records.push(record);
    return this;
  }

  bytes(): Uint8Array {
    const header = new Uint8Array(24),
      view = new DataView(header.buffer);
    view.setUint32(0, 0xa1b23c4d, true);
    view.setUint16(4, 2, true);
    view.setUint16(6, 4, true);
    view.setUint32(16, this.#snapLength, true);
    view.setUint32(20, 1, true);
    const file = new Uint8Array(header.length + this.#records.reduce((sum, { length }) => sum + length, 0));
    file.set(header);
    let at = header.length;
    for (const record of this.#records) {
      file.set(record, at);
      at += record.length;
    }
    return file;
  }
}

/** An IP packet, as ICMP errors quote it. */
export function ipBytes({
  from,
  to,
  ttl = 64,
  protocol,
  payload,
  identification = 1,
}: Ends & { readonly protocol: number; readonly payload: Uint8Array; readonly identification?: number }): Uint8Array {
  const isIpv6 = from.includes(':'),
    header = isIpv6 ? 40 : 20,
    bytes = new Uint8Array(header + payload.length),
    view = new DataView(bytes.buffer);
  if (isIpv6) {
    bytes[0] = 0x60;
    view.setUint16(4, payload.length);
    bytes.set([protocol, ttl], 6);
    bytes.set(ipv6Address(from), 8);
    bytes.set(ipv6Address(to), 24);
  } else {
    bytes[0] = 0x45;
    view.setUint16(2, bytes.length);
    view.setUint16(4, identification & 0xffff);
    bytes.set([ttl, protocol], 8);
    bytes.set(from.split('.').map(Number), 12);
    bytes.set(to.split('.').map(Number), 16);
  }
  bytes.set(payload, header);
  return bytes;
}

export function tcpBytes({
  sourcePort,
  destinationPort,
  flags,
  sequence = 1000,
  acknowledgment = 0,
  payload = new Uint8Array(0),
  windowScale,
}: TcpSegment): Uint8Array {
  const header = windowScale === undefined ? 20 : 24,
    bytes = new Uint8Array(header + payload.length),
    view = new DataView(bytes.buffer);
  view.setUint16(0, sourcePort);
  view.setUint16(2, destinationPort);
  view.setUint32(4, sequence);
  view.setUint32(8, acknowledgment);
  view.setUint16(12, ((header / 4) << 12) | flags);
  view.setUint16(14, 1024);
  if (windowScale !== undefined) bytes.set([3, 3, windowScale, 0], 20);
  bytes.set(payload, header);
  return bytes;
}

export function udpBytes({ sourcePort, destinationPort, payload = new Uint8Array(0) }: UdpDatagram): Uint8Array {
  const bytes = new Uint8Array(8 + payload.length),
    view = new DataView(bytes.buffer);
  view.setUint16(0, sourcePort);
  view.setUint16(2, destinationPort);
  view.setUint16(4, bytes.length);
  bytes.set(payload, 8);
  return bytes;
}

function ethernet(type: number, payload: Uint8Array): Uint8Array {
  const bytes = new Uint8Array(14 + payload.length);
  bytes.set([2, 0, 0, 0, 0, 2, 2, 0, 0, 0, 0, 1, type >> 8, type & 255]);
  bytes.set(payload, 14);
  return bytes;
}

export function ipv6Address(text: string): Uint8Array {
  const [head = '', tail = ''] = text.split('::');
  const groups = (part: string): number[] => (part === '' ? [] : part.split(':').map((group) => parseInt(group, 16)));
  const before = groups(head),
    after = groups(tail);
  const all = [...before, ...new Array<number>(text.includes('::') ? 8 - before.length - after.length : 0).fill(0), ...after];
  return Uint8Array.from(all.flatMap((group) => [group >> 8, group & 255]));
}
