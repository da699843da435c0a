/** The numbers of IEEE 802.11 headers, clause 9: types, flags, and what the bodies of management frames begin with. */

export const MANAGEMENT = 0,
  CONTROL = 1,
  DATA = 2;

/** Bits of the second byte. */
export const TO_DS = 1,
  FROM_DS = 2,
  MORE_FRAGMENTS = 4,
  RETRY = 8,
  PROTECTED = 0x40,
  ORDER = 0x80;

/** Bytes before the body of a management frame, and of a data frame between a station and its access point. */
export const HEADER = 24;

/** Subtypes of control frames. */
export const REQUEST_TO_SEND = 11,
  CLEAR_TO_SEND = 12;

/** Bytes of fixed parameters before the tags, by subtype. */
export const FIXED: Readonly<Record<number, number>> = { 0: 4, 1: 6, 2: 10, 3: 6, 4: 0, 5: 12, 8: 12, 10: 2, 11: 6, 12: 2 };

/** Subtypes of management frames. */
export const BEACON = 8,
  ASSOCIATE = 0,
  REASSOCIATION_RESPONSE = 3,
  PROBE_REQUEST = 4,
  PROBE_RESPONSE = 5,
  DISASSOCIATE = 10,
  AUTHENTICATION = 11,
  DEAUTHENTICATE = 12;

/** Bit of the capabilities. */
export const PRIVACY = 0x10;

/** Numbers of tags. */
export const DS_PARAMETERS = 3,
  RSN = 48,
  HT_OPERATION = 61,
  VENDOR = 221;
