/** One frame through all dissectors, as somebody who looks at it sees it: layers, fields by name with their values as tshark's `-T fields` writes them. */
import { formatIpv4, formatIpv6 } from '../../src/pcap/addresses.ts';
import { createTables, decode } from '../../src/pcap/decode.ts';
import type { Field, FieldSink, FieldValue, Message } from '../../src/pcap/dissector.ts';
import { hexBytes, readValue } from '../../src/pcap/fieldValue.ts';
import { Packet } from '../../src/pcap/packet.ts';
import { plainMessage } from './plainMessage.ts';

export interface Dissected {
  /** `eth:ip:udp:dns`, from the path of the frame. */
  readonly layers: string;
  readonly fields: ReadonlyMap<string, readonly string[]>;
  /** The line of the packet list. */
  readonly info: string;
  readonly notes: readonly string[];
  readonly messages: readonly Message[];
  readonly packet: Packet;
}

/** A packet over tables of its own; frames dissected with the same one know what the earlier ones said. */
export function newPacket(): Packet {
  return new Packet(createTables());
}

/** Bytes before the frame, as in a reader's block. */
const BEFORE = 16;

export interface FrameOptions {
  readonly packet?: Packet;
  readonly linkType?: number;
  /** Length on the wire, if more than was captured. */
  readonly originalLength?: number;
  readonly look?: boolean;
}

export function dissectFrame(
  bytes: Uint8Array,
  { packet = newPacket(), linkType = 1, originalLength = bytes.length, look = true }: FrameOptions = {},
): Dissected {
  const fields = new Map<string, string[]>(),
    notes: string[] = [],
    messages: Message[] = [];
  let info = '';
  const block = new Uint8Array(BEFORE + bytes.length);
  block.set(bytes, BEFORE);
  packet.bytes = block;
  packet.view = new DataView(block.buffer);
  packet.frame += 1;
  packet.linkType = linkType;
  packet.start = BEFORE;
  packet.end = BEFORE + bytes.length;
  packet.capturedLength = bytes.length;
  packet.originalLength = originalLength;
  packet.onMessage = (message) => messages.push(plainMessage(message));
  const sink: FieldSink = {
    wantsRelated: true,
    wantsCostly: () => true,
    takes: () => true,
    reopen: () => undefined,
    wantsText: true,
    layer: () => undefined,
    add: (field, offset, length, value) => {
      const text = valueText(field, value ?? readValue(field, packet.bytes, offset, length)),
        values = fields.get(field.name);
      if (values === undefined) fields.set(field.name, [text]);
      else values.push(text);
    },
    open: () => undefined,
    close: () => undefined,
    info: (protocol, text) => {
      info = `${protocol} ${text}`;
    },
    note: (severity, text) => notes.push(`${severity}: ${text}`),
  };
  decode(packet, look ? sink : null);
  const layers = packet.tables.paths
    .protocolsOf(packet.path)
    .map(({ id }) => id)
    .filter((id) => id !== 'data')
    .join(':');
  return { layers, fields, info, notes, messages, packet };
}

function valueText(field: Field, value: FieldValue): string {
  if (value instanceof Uint8Array) return field.type === 'ipv6' ? formatIpv6(value, 0) : hexBytes(value, field.type === 'ether' ? ':' : '');
  if (field.type === 'boolean') return value === true ? '1' : '0';
  return field.type === 'ipv4' ? formatIpv4(Number(value)) : String(value);
}
