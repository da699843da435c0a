/** Stream Control Transmission Protocol, RFC 9260: ports and chunks; the first DATA chunk is handed on. */
import { defineFields, type Dissector, type FieldSink } from '../dissector.ts';
import type { Packet } from '../packet.ts';
import { SCTP_PORT } from '../tables.ts';

const DATA = 0;
const CHUNKS: Readonly<Record<number, string>> = {
  [DATA]: 'DATA',
  1: 'INIT',
  2: 'INIT_ACK',
  3: 'SACK',
  4: 'HEARTBEAT',
  5: 'HEARTBEAT_ACK',
  6: 'ABORT',
  7: 'SHUTDOWN',
  8: 'SHUTDOWN_ACK',
  9: 'ERROR',
  10: 'COOKIE_ECHO',
  11: 'COOKIE_ACK',
  12: 'ECNE',
  13: 'CWR',
  14: 'SHUTDOWN_COMPLETE',
  15: 'AUTH',
  64: 'I_DATA',
  128: 'ASCONF_ACK',
  130: 'RE_CONFIG',
  132: 'PAD',
  192: 'FORWARD_TSN',
  193: 'ASCONF',
};

const f = defineFields({
  sourcePort: { name: 'sctp.srcport', label: 'Source port', type: 'uint', aliases: ['sctp.port'] },
  destinationPort: { name: 'sctp.dstport', label: 'Destination port', type: 'uint', aliases: ['sctp.port'] },
  tag: { name: 'sctp.verification_tag', label: 'Verification tag', type: 'uint', base: 'hex' },
  checksum: { name: 'sctp.checksum', label: 'Checksum', type: 'uint', base: 'hex' },
  chunkType: { name: 'sctp.chunk_type', label: 'Chunk type', type: 'uint', values: CHUNKS },
  chunkFlags: { name: 'sctp.chunk_flags', label: 'Chunk flags', type: 'uint', base: 'hex' },
  chunkLength: { name: 'sctp.chunk_length', label: 'Chunk length', type: 'uint' },
  sequence: { name: 'sctp.data_tsn_raw', label: 'Transmission sequence number (absolute)', type: 'uint' },
  stream: { name: 'sctp.data_sid', label: 'Stream identifier', type: 'uint', base: 'hex' },
  streamSequence: { name: 'sctp.data_ssn', label: 'Stream sequence number', type: 'uint' },
  payloadProtocol: { name: 'sctp.data_payload_proto_id', label: 'Payload protocol identifier', type: 'uint' },
});

const HEADER = 12,
  CHUNK_HEADER = 4,
  DATA_HEADER = 16,
  MAX_CHUNKS = 256;

export const sctp: Dissector = {
  id: 'sctp',
  name: 'Stream Control Transmission Protocol',
  fields: f,
  on: [{ table: 'ip.proto', value: 132 }],
  dissect(p, offset, end, sink) {
    if (!p.has(HEADER, offset, end)) return;
    const view = p.view,
      sourcePort = view.getUint16(offset),
      destinationPort = view.getUint16(offset + 2);
    p.addPorts(sourcePort, destinationPort, offset + HEADER, end);
    if (sink !== null) {
      sink.layer(sctp, offset, end - offset, `Stream Control Transmission Protocol, Src Port: ${sourcePort}, Dst Port: ${destinationPort}`);
      sink.add(f.sourcePort, offset, 2);
      sink.add(f.destinationPort, offset + 2, 2);
      sink.add(f.tag, offset + 4, 4);
      sink.add(f.checksum, offset + 8, 4);
    }
    chunks(p, offset + HEADER, end, sourcePort, destinationPort, sink);
  },
};

function chunks(p: Packet, offset: number, end: number, sourcePort: number, destinationPort: number, sink: FieldSink | null): void {
  const view = p.view,
    names: string[] = [];
  let carried = false;
  for (let at = offset, left = MAX_CHUNKS; at + CHUNK_HEADER <= end && left > 0; left--) {
    const type = view.getUint8(at),
      length = view.getUint16(at + 2);
    if (length < CHUNK_HEADER) {
      p.malformed(`chunk of ${length} bytes`, at, end);
      break;
    }
    const to = Math.min(end, at + length);
    if (sink !== null) {
      names.push(CHUNKS[type] ?? `chunk ${type}`);
      describeChunk(at, to, type, sink);
    }
    if (type === DATA && !carried && to - at > DATA_HEADER) {
      carried = true;
      carry(p, at + DATA_HEADER, to, sourcePort, destinationPort);
    }
    // Chunks are padded to four bytes.
    at += (length + 3) & ~3;
  }
  sink?.info('SCTP', names.join(' '));
}

function describeChunk(at: number, to: number, type: number, sink: FieldSink): void {
  sink.add(f.chunkType, at, 1);
  sink.open();
  sink.add(f.chunkFlags, at + 1, 1);
  sink.add(f.chunkLength, at + 2, 2);
  if (type === DATA && to - at >= DATA_HEADER) {
    sink.add(f.sequence, at + 4, 4);
    sink.add(f.stream, at + 8, 2);
    sink.add(f.streamSequence, at + 10, 2);
    sink.add(f.payloadProtocol, at + 12, 4);
  }
  sink.close();
}

function carry(p: Packet, offset: number, end: number, sourcePort: number, destinationPort: number): void {
  const bound = p.tables.find(SCTP_PORT, Math.min(sourcePort, destinationPort)) ?? p.tables.find(SCTP_PORT, Math.max(sourcePort, destinationPort));
  if (bound !== undefined && bound.dissector.recognise?.(p, offset, end) !== false) p.nextBound(bound, offset, end);
  else p.carryData(offset, end);
}
