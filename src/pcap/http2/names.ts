/** The numbers of HTTP/2 and their names: frame types, settings and errors (RFC 9113 sections 6, 6.5.2 and 7; RFC 7838, 8336, 8441, 9218), as Wireshark writes them. */
export const DATA = 0,
  HEADERS = 1,
  PRIORITY = 2,
  RST_STREAM = 3,
  SETTINGS = 4,
  PUSH_PROMISE = 5,
  PING = 6,
  GOAWAY = 7,
  WINDOW_UPDATE = 8,
  CONTINUATION = 9,
  ALTSVC = 10,
  ORIGIN = 12,
  PRIORITY_UPDATE = 16;

export const TYPES: Readonly<Record<number, string>> = {
  [DATA]: 'DATA',
  [HEADERS]: 'HEADERS',
  [PRIORITY]: 'PRIORITY',
  [RST_STREAM]: 'RST_STREAM',
  [SETTINGS]: 'SETTINGS',
  [PUSH_PROMISE]: 'PUSH_PROMISE',
  [PING]: 'PING',
  [GOAWAY]: 'GOAWAY',
  [WINDOW_UPDATE]: 'WINDOW_UPDATE',
  [CONTINUATION]: 'CONTINUATION',
  [ALTSVC]: 'ALTSVC',
  11: 'BLOCKED',
  [ORIGIN]: 'ORIGIN',
  [PRIORITY_UPDATE]: 'PRIORITY_UPDATE',
};

/** ACK of SETTINGS and PING is the same bit as END_STREAM. */
export const END_STREAM = 1,
  ACK = 1,
  END_HEADERS = 4,
  PADDED = 8,
  HAS_PRIORITY = 32;

export const HEADER_TABLE_SIZE = 1;

export const SETTING_NAMES: Readonly<Record<number, string>> = {
  [HEADER_TABLE_SIZE]: 'Header table size',
  2: 'Enable PUSH',
  3: 'Max concurrent streams',
  4: 'Initial Windows size',
  5: 'Max frame size',
  6: 'Max header list size',
  8: 'Extended CONNECT',
};

export const ERRORS: Readonly<Record<number, string>> = {
  0: 'NO_ERROR',
  1: 'PROTOCOL_ERROR',
  2: 'INTERNAL_ERROR',
  3: 'FLOW_CONTROL_ERROR',
  4: 'SETTINGS_TIMEOUT',
  5: 'STREAM_CLOSED',
  6: 'FRAME_SIZE_ERROR',
  7: 'REFUSED_STREAM',
  8: 'CANCEL',
  9: 'COMPRESSION_ERROR',
  10: 'CONNECT_ERROR',
  11: 'ENHANCE_YOUR_CALM',
  12: 'INADEQUATE_SECURITY',
  13: 'HTTP_1_1_REQUIRED',
};

export const PREFACE = 'PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n';
/** Length, type, flags and stream of a frame, section 4.1. */
export const FRAME_HEADER = 9;
