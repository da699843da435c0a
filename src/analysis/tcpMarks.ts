/** What a segment of a TCP conversation is, as bits of `TcpGraph.marks`. */
export const MARK_FROM_B = 1,
  MARK_RETRANSMISSION = 2,
  MARK_OUT_OF_ORDER = 4,
  MARK_LOST_BEFORE = 8,
  MARK_DUPLICATE_ACK = 16,
  MARK_ZERO_WINDOW = 32,
  MARK_SYN = 64,
  MARK_FIN = 128,
  MARK_RST = 256;
