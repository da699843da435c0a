/** The fields of QUIC, RFC 9000 and RFC 9369, under Wireshark's names, and the words for its numbers. */
import { defineFields } from '../dissector.ts';

export const NEGOTIATION = 0,
  VERSION_2 = 0x6b3343cf;
export const INITIAL = 0,
  EARLY = 1,
  HANDSHAKE = 2,
  RETRY = 3;
export const TYPES: Readonly<Record<number, string>> = { [INITIAL]: 'Initial', [EARLY]: '0-RTT', [HANDSHAKE]: 'Handshake', [RETRY]: 'Retry' };
/** RFC 9369 section 3.2: version 2 numbers the types otherwise. */
export const TYPES_V2: Readonly<Record<number, string>> = { 0: 'Retry', 1: 'Initial', 2: '0-RTT', 3: 'Handshake' };
const FIRST_DRAFT = 22,
  LAST_DRAFT = 34;

function versionNames(): Readonly<Record<number, string>> {
  const names: Record<number, string> = {
    [NEGOTIATION]: 'Version Negotiation',
    1: '1',
    [VERSION_2]: '2',
    0x51303530: 'Google Q050',
    0x54303530: 'Google T050',
    0x54303531: 'Google T051',
    0xfaceb001: 'Facebook mvfst (draft-22)',
    0xfaceb002: 'Facebook mvfst (draft-27)',
    0xfaceb00e: 'Facebook mvfst (Experimental)',
  };
  for (let draft = FIRST_DRAFT; draft <= LAST_DRAFT; draft++) names[0xff000000 + draft] = `draft-${draft}`;
  return names;
}

/** Frame types, RFC 9000 section 19, RFC 9221 and draft-ietf-quic-ack-frequency. */
export const PADDING = 0,
  PING = 1,
  ACK = 2,
  ACK_ECN = 3,
  RESET_STREAM = 4,
  STOP_SENDING = 5,
  CRYPTO = 6,
  NEW_TOKEN = 7,
  STREAM = 8,
  LAST_STREAM = 15,
  MAX_DATA = 0x10,
  MAX_STREAM_DATA = 0x11,
  MAX_STREAMS_BIDI = 0x12,
  MAX_STREAMS_UNI = 0x13,
  DATA_BLOCKED = 0x14,
  STREAM_DATA_BLOCKED = 0x15,
  STREAMS_BLOCKED_BIDI = 0x16,
  STREAMS_BLOCKED_UNI = 0x17,
  NEW_CONNECTION_ID = 0x18,
  RETIRE_CONNECTION_ID = 0x19,
  PATH_CHALLENGE = 0x1a,
  PATH_RESPONSE = 0x1b,
  CONNECTION_CLOSE = 0x1c,
  APPLICATION_CLOSE = 0x1d,
  HANDSHAKE_DONE = 0x1e,
  DATAGRAM = 0x30,
  DATAGRAM_LENGTH = 0x31,
  IMMEDIATE_ACK = 0xac,
  ACK_FREQUENCY = 0xaf;
/** Bits of a STREAM frame's type. */
export const STREAM_FIN = 1,
  STREAM_LENGTH = 2,
  STREAM_OFFSET = 4;
export const FRAME_TYPES: Readonly<Record<number, string>> = {
  [PADDING]: 'PADDING',
  [PING]: 'PING',
  [ACK]: 'ACK',
  [ACK_ECN]: 'ACK_ECN',
  [RESET_STREAM]: 'RESET_STREAM',
  [STOP_SENDING]: 'STOP_SENDING',
  [CRYPTO]: 'CRYPTO',
  [NEW_TOKEN]: 'NEW_TOKEN',
  ...Object.fromEntries(Array.from({ length: LAST_STREAM - STREAM + 1 }, (_, bits) => [STREAM + bits, 'STREAM'])),
  [MAX_DATA]: 'MAX_DATA',
  [MAX_STREAM_DATA]: 'MAX_STREAM_DATA',
  [MAX_STREAMS_BIDI]: 'MAX_STREAMS (BIDI)',
  [MAX_STREAMS_UNI]: 'MAX_STREAMS (UNI)',
  [DATA_BLOCKED]: 'DATA_BLOCKED',
  [STREAM_DATA_BLOCKED]: 'STREAM_DATA_BLOCKED',
  [STREAMS_BLOCKED_BIDI]: 'STREAMS_BLOCKED (BIDI)',
  [STREAMS_BLOCKED_UNI]: 'STREAMS_BLOCKED (UNI)',
  [NEW_CONNECTION_ID]: 'NEW_CONNECTION_ID',
  [RETIRE_CONNECTION_ID]: 'RETIRE_CONNECTION_ID',
  [PATH_CHALLENGE]: 'PATH_CHALLENGE',
  [PATH_RESPONSE]: 'PATH_RESPONSE',
  [CONNECTION_CLOSE]: 'CONNECTION_CLOSE (Transport)',
  [APPLICATION_CLOSE]: 'CONNECTION_CLOSE (Application)',
  [HANDSHAKE_DONE]: 'HANDSHAKE_DONE',
  [DATAGRAM]: 'DATAGRAM',
  [DATAGRAM_LENGTH]: 'DATAGRAM',
  [IMMEDIATE_ACK]: 'IMMEDIATE_ACK',
  [ACK_FREQUENCY]: 'ACK_FREQUENCY',
};
/** What may stand outside of 1-RTT packets, section 12.4: in Initial and Handshake packets these alone, in 0-RTT packets all but the acknowledgments. */
export const OF_HANDSHAKE: ReadonlySet<number> = new Set([PADDING, PING, ACK, ACK_ECN, CRYPTO, CONNECTION_CLOSE]);

/** RFC 9000 section 20.1. From 0x100 on, the low byte is an alert of TLS. */
const ERRORS: Readonly<Record<number, string>> = {
  0: 'NO_ERROR',
  1: 'INTERNAL_ERROR',
  2: 'CONNECTION_REFUSED',
  3: 'FLOW_CONTROL_ERROR',
  4: 'STREAM_LIMIT_ERROR',
  5: 'STREAM_STATE_ERROR',
  6: 'FINAL_SIZE_ERROR',
  7: 'FRAME_ENCODING_ERROR',
  8: 'TRANSPORT_PARAMETER_ERROR',
  9: 'CONNECTION_ID_LIMIT_ERROR',
  10: 'PROTOCOL_VIOLATION',
  11: 'INVALID_TOKEN',
  12: 'APPLICATION_ERROR',
  13: 'CRYPTO_BUFFER_EXCEEDED',
  14: 'KEY_UPDATE_ERROR',
  15: 'AEAD_LIMIT_REACHED',
  16: 'NO_VIABLE_PATH',
};

export const quicFields = defineFields({
  connection: { name: 'quic.connection.number', label: 'Connection Number', type: 'uint' },
  packetLength: { name: 'quic.packet_length', label: 'Packet Length', type: 'uint' },
  headerForm: { name: 'quic.header_form', label: 'Header Form', type: 'uint', values: { 0: 'Short Header', 1: 'Long Header' } },
  fixedBit: { name: 'quic.fixed_bit', label: 'Fixed Bit', type: 'boolean' },
  spinBit: { name: 'quic.spin_bit', label: 'Spin Bit', type: 'boolean' },
  short: { name: 'quic.short', label: 'QUIC Short Header', type: 'none' },
  shortReserved: { name: 'quic.short.reserved', label: 'Reserved', type: 'uint' },
  keyPhase: { name: 'quic.key_phase', label: 'Key Phase Bit', type: 'boolean' },
  packetType: { name: 'quic.long.packet_type', label: 'Packet Type', type: 'uint', values: TYPES },
  packetTypeV2: { name: 'quic.long.packet_type_v2', label: 'Packet Type', type: 'uint', values: TYPES_V2 },
  reserved: { name: 'quic.long.reserved', label: 'Reserved', type: 'uint' },
  packetNumberLength: { name: 'quic.packet_number_length', label: 'Packet Number Length', type: 'uint' },
  version: { name: 'quic.version', label: 'Version', type: 'uint', base: 'hex', values: versionNames() },
  destinationLength: { name: 'quic.dcil', label: 'Destination Connection ID Length', type: 'uint' },
  destination: { name: 'quic.dcid', label: 'Destination Connection ID', type: 'bytes' },
  sourceLength: { name: 'quic.scil', label: 'Source Connection ID Length', type: 'uint' },
  source: { name: 'quic.scid', label: 'Source Connection ID', type: 'bytes' },
  negotiationUnused: { name: 'quic.vn.unused', label: 'Unused', type: 'uint' },
  supportedVersion: { name: 'quic.supported_version', label: 'Supported Version', type: 'uint', base: 'hex', values: versionNames() },
  tokenLength: { name: 'quic.token_length', label: 'Token Length', type: 'uint' },
  token: { name: 'quic.token', label: 'Token', type: 'bytes' },
  retryToken: { name: 'quic.retry_token', label: 'Retry Token', type: 'bytes' },
  retryIntegrity: { name: 'quic.retry_integrity_tag', label: 'Retry Integrity Tag', type: 'bytes' },
  length: { name: 'quic.length', label: 'Length', type: 'uint' },
  packetNumber: { name: 'quic.packet_number', label: 'Packet Number', type: 'uint' },
  payload: { name: 'quic.payload', label: 'Payload', type: 'bytes' },
  protectedPayload: { name: 'quic.protected_payload', label: 'Protected Payload', type: 'bytes' },
  remaining: { name: 'quic.remaining_payload', label: 'Remaining Payload', type: 'bytes' },
  frame: { name: 'quic.frame', label: 'Frame', type: 'none' },
  frameType: { name: 'quic.frame_type', label: 'Frame Type', type: 'uint', values: FRAME_TYPES },
  paddingLength: { name: 'quic.padding_length', label: 'Padding Length', type: 'uint' },
  ackLargest: { name: 'quic.ack.largest_acknowledged', label: 'Largest Acknowledged', type: 'uint' },
  ackDelay: { name: 'quic.ack.ack_delay', label: 'ACK Delay', type: 'uint' },
  ackRangeCount: { name: 'quic.ack.ack_range_count', label: 'ACK Range Count', type: 'uint' },
  ackFirstRange: { name: 'quic.ack.first_ack_range', label: 'First ACK Range', type: 'uint' },
  ackGap: { name: 'quic.ack.gap', label: 'Gap', type: 'uint' },
  ackRange: { name: 'quic.ack.ack_range', label: 'ACK Range', type: 'uint' },
  ackEct0: { name: 'quic.ack.ect0_count', label: 'ECT(0) Count', type: 'uint' },
  ackEct1: { name: 'quic.ack.ect1_count', label: 'ECT(1) Count', type: 'uint' },
  ackCe: { name: 'quic.ack.ecn_ce_count', label: 'ECN-CE Count', type: 'uint' },
  cryptoOffset: { name: 'quic.crypto.offset', label: 'Offset', type: 'uint' },
  cryptoLength: { name: 'quic.crypto.length', label: 'Length', type: 'uint' },
  cryptoData: { name: 'quic.crypto.crypto_data', label: 'Crypto Data', type: 'none' },
  resetStream: { name: 'quic.rsts.stream_id', label: 'Stream ID', type: 'uint' },
  resetError: { name: 'quic.rsts.application_error_code', label: 'Application Error code', type: 'uint' },
  resetSize: { name: 'quic.rsts.final_size', label: 'Final Size', type: 'uint' },
  stopStream: { name: 'quic.ss.stream_id', label: 'Stream ID', type: 'uint' },
  stopError: { name: 'quic.ss.application_error_code', label: 'Application Error code', type: 'uint' },
  newTokenLength: { name: 'quic.nt.length', label: '(Token) Length', type: 'uint' },
  newToken: { name: 'quic.nt.token', label: 'Token', type: 'bytes' },
  streamFin: { name: 'quic.stream.fin', label: 'Fin', type: 'boolean' },
  streamHasLength: { name: 'quic.stream.len', label: 'Len(gth)', type: 'boolean' },
  streamHasOffset: { name: 'quic.stream.off', label: 'Off(set)', type: 'boolean' },
  streamId: { name: 'quic.stream.stream_id', label: 'Stream ID', type: 'uint' },
  streamInitiator: {
    name: 'quic.stream.initiator',
    label: 'Stream initiator',
    type: 'uint',
    values: { 0: 'Client-initiated', 1: 'Server-initiated' },
  },
  streamDirection: {
    name: 'quic.stream.direction',
    label: 'Stream direction',
    type: 'uint',
    values: { 0: 'Bidirectional', 1: 'Unidirectional' },
  },
  streamOffset: { name: 'quic.stream.offset', label: 'Offset', type: 'uint' },
  streamLength: { name: 'quic.stream.length', label: 'Length', type: 'uint' },
  streamData: { name: 'quic.stream_data', label: 'Stream Data', type: 'bytes' },
  maxData: { name: 'quic.md.maximum_data', label: 'Maximum Data', type: 'uint64' },
  maxStreamDataStream: { name: 'quic.msd.stream_id', label: 'Stream ID', type: 'uint' },
  maxStreamData: { name: 'quic.msd.maximum_stream_data', label: 'Maximum Stream Data', type: 'uint64' },
  maxStreams: { name: 'quic.ms.max_streams', label: 'Max Streams', type: 'uint64' },
  // By its name it would be that of DATA_BLOCKED, too; Wireshark has one for both.
  blockedLimit: { name: 'quic.sb.stream_data_limit', label: 'Stream Data Limit', type: 'uint64' },
  blockedStream: { name: 'quic.sdb.stream_id', label: 'Stream ID', type: 'uint' },
  streamsLimit: { name: 'quic.sib.stream_limit', label: 'Stream Limit', type: 'uint64' },
  newIdRetire: { name: 'quic.nci.retire_prior_to', label: 'Retire Prior To', type: 'uint' },
  newIdSequence: { name: 'quic.nci.sequence', label: 'Sequence', type: 'uint' },
  newIdLength: { name: 'quic.nci.connection_id.length', label: 'Connection ID Length', type: 'uint' },
  newId: { name: 'quic.nci.connection_id', label: 'Connection ID', type: 'bytes' },
  newIdToken: { name: 'quic.nci.stateless_reset_token', label: 'Stateless Reset Token', type: 'bytes' },
  retiredSequence: { name: 'quic.rci.sequence', label: 'Sequence', type: 'uint' },
  pathChallenge: { name: 'quic.path_challenge.data', label: 'Data', type: 'bytes' },
  pathResponse: { name: 'quic.path_response.data', label: 'Data', type: 'bytes' },
  datagramLength: { name: 'quic.dg.length', label: 'Datagram Length', type: 'uint' },
  datagram: { name: 'quic.dg', label: 'Datagram', type: 'bytes' },
  frequencySequence: { name: 'quic.af.sequence_number', label: 'Sequence Number', type: 'uint' },
  frequencyThreshold: { name: 'quic.af.ack_eliciting_threshold', label: 'Ack-Eliciting Threshold', type: 'uint' },
  frequencyDelay: { name: 'quic.af.request_max_ack_delay', label: 'Request Max Ack Delay', type: 'uint' },
  closeErrorApplication: { name: 'quic.cc.error_code.app', label: 'Application Error code', type: 'uint' },
  closeError: { name: 'quic.cc.error_code', label: 'Error code', type: 'uint', values: ERRORS },
  closeAlert: { name: 'quic.cc.error_code.tls_alert', label: 'TLS Alert Description', type: 'uint' },
  closeFrameType: { name: 'quic.cc.frame_type', label: 'Frame Type', type: 'uint' },
  closeReasonLength: { name: 'quic.cc.reason_phrase.length', label: 'Reason phrase Length', type: 'uint' },
  closeReason: { name: 'quic.cc.reason_phrase', label: 'Reason phrase', type: 'string' },
});

/** The draft of the IETF whose keys a version has; 34 and up is version 1, 0 none that is known. */
export function draftOf(version: number): number {
  if (version >>> 8 === 0xff0000) return version & 255;
  if (version === 0xfaceb001) return 22;
  if (version >>> 4 === 0xfaceb00) return 27;
  // Reserved to exercise negotiation: seen with the keys of draft 29.
  if ((version & 0x0f0f0f0f) === 0x0a0a0a0a) return 29;
  return version === 1 ? LAST_DRAFT : 0;
}

/** A variable-length integer (RFC 9000 section 16) at `at`; -1 where it does not end before `end`. Beyond 2^53 it is rounded. */
export function variableLength(bytes: Uint8Array, at: number, end: number): number {
  if (at >= end) return -1;
  const size = variableSize(bytes, at);
  if (at + size > end) return -1;
  let value = bytes[at]! & 63;
  for (let i = 1; i < size; i++) value = value * 256 + bytes[at + i]!;
  return value;
}

export function variableSize(bytes: Uint8Array, at: number): number {
  return 1 << (bytes[at]! >> 6);
}

/** A variable-length integer that is there, with all of its 62 bits. */
export function variableBig(bytes: Uint8Array, at: number): bigint {
  let value = BigInt(bytes[at]! & 63);
  for (let i = 1; i < variableSize(bytes, at); i++) value = (value << 8n) | BigInt(bytes[at + i]!);
  return value;
}
