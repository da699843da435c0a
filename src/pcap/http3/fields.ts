/** The fields of HTTP/3, RFC 9114, under Wireshark's names, and the words for its numbers. */
import { defineFields, type Field } from '../dissector.ts';
import { headerFieldsOf } from '../http2/fields.ts';

export const CONTROL = 0,
  PUSH = 1,
  ENCODER = 2;
export const STREAM_TYPES: Readonly<Record<number, string>> = {
  [CONTROL]: 'Control Stream',
  [PUSH]: 'Push Stream',
  [ENCODER]: 'QPACK Encoder Stream',
  3: 'QPACK Decoder Stream',
  0x54: 'WebTransport Stream',
};

export const DATA = 0,
  HEADERS = 1,
  CANCEL_PUSH = 3,
  SETTINGS = 4,
  PUSH_PROMISE = 5,
  MAX_PUSH_ID = 13,
  PRIORITY_UPDATE = 0xf0700,
  PUSH_PRIORITY_UPDATE = 0xf0701;
export const FRAME_TYPES: Readonly<Record<number, string>> = {
  [DATA]: 'DATA',
  [HEADERS]: 'HEADERS',
  2: 'Reserved',
  [CANCEL_PUSH]: 'CANCEL_PUSH',
  [SETTINGS]: 'SETTINGS',
  [PUSH_PROMISE]: 'PUSH_PROMISE',
  6: 'Reserved',
  7: 'GOAWAY',
  8: 'Reserved',
  9: 'Reserved',
  [MAX_PUSH_ID]: 'MAX_PUSH_ID',
  [PRIORITY_UPDATE]: 'PRIORITY_UPDATE',
  [PUSH_PRIORITY_UPDATE]: 'PRIORITY_UPDATE',
};

export const MAX_TABLE_CAPACITY = 1;
const SETTING_NAMES: Readonly<Record<number, string>> = {
  [MAX_TABLE_CAPACITY]: 'Max Table Capacity',
  6: 'Max Field Section Size',
  7: 'Blocked Streams',
  8: 'Extended CONNECT',
  0x33: 'Enable Datagram',
};

export const http3Fields = defineFields({
  streamType: { name: 'http3.stream_type', label: 'Stream Type', type: 'uint64', values: STREAM_TYPES },
  pushId: { name: 'http3.push_id', label: 'Push ID', type: 'uint64' },
  frameType: { name: 'http3.frame_type', label: 'Type', type: 'uint64', values: FRAME_TYPES },
  frameLength: { name: 'http3.frame_length', label: 'Length', type: 'uint64' },
  framePayload: { name: 'http3.frame_payload', label: 'Frame Payload', type: 'bytes' },
  settings: { name: 'http3.settings', label: 'Settings', type: 'none' },
  settingsId: { name: 'http3.settings.id', label: 'Settings Identifier', type: 'uint64', values: SETTING_NAMES },
  settingsValue: { name: 'http3.settings.value', label: 'Settings Value', type: 'uint64' },
  maxTableCapacity: { name: 'http3.settings.qpack.max_table_capacity', label: 'Max Table Capacity', type: 'uint64' },
  maxSection: { name: 'http3.settings.max_field_section_size', label: 'Max header list size', type: 'uint64' },
  blockedStreams: { name: 'http3.settings.qpack.blocked_streams', label: 'Blocked Streams', type: 'uint64' },
  extendedConnect: { name: 'http3.settings.extended_connect', label: 'Extended CONNECT', type: 'uint64' },
  updatedElement: { name: 'http3.priority_update_element_id', label: 'Priority Update Element ID', type: 'uint64' },
  updatedPriority: { name: 'http3.priority_update_field_value', label: 'Priority Update Field Value', type: 'string' },
  // Of Wireshark since 4.2.
  headerCount: { name: 'http3.headers.count', label: 'Headers Count', type: 'uint' },
  header: { name: 'http3.headers.header', label: 'Header', type: 'none' },
  headerName: { name: 'http3.headers.header.name', label: 'Name', type: 'string' },
  headerValue: { name: 'http3.headers.header.value', label: 'Value', type: 'string' },
  ...headerFieldsOf('http3'),
});

export const SETTING_FIELDS: Readonly<Record<number, Field>> = {
  [MAX_TABLE_CAPACITY]: http3Fields.maxTableCapacity,
  6: http3Fields.maxSection,
  7: http3Fields.blockedStreams,
  8: http3Fields.extendedConnect,
};
