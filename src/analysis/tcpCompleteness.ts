/** How much of a TCP connection the capture has, by Wireshark's reckoning ("Conversation completeness", User's Guide section 7.5): bits in the column WINDOW_SCALES. */
import { TCP_ACK, TCP_FIN, TCP_RST, TCP_SYN } from '../pcap/packet.ts';

const SYN_SENT = 1,
  SYN_ACK = 2,
  ACK = 4,
  DATA = 8,
  FIN = 16,
  RST = 32,
  ALL = 63;
/** Above the bits of windowScale.ts. */
const SHIFT = 20;

/** Stands for a segment that carries something, in the place of a flag that does not matter here. */
const CARRIES = 32;

/** The bits that one segment adds: a pure SYN counts where it is the first of its connection. */
const OF_LATER = Int32Array.from({ length: 64 }, (_, flags) => {
    const handshake = flags & (TCP_SYN | TCP_ACK);
    return (
      ((handshake === (TCP_SYN | TCP_ACK) ? SYN_ACK : 0) |
        (handshake === TCP_ACK ? ((flags & CARRIES) !== 0 ? DATA : ACK) : 0) |
        ((flags & (TCP_FIN | TCP_ACK)) === (TCP_FIN | TCP_ACK) ? FIN : 0) |
        ((flags & TCP_RST) === 0 ? 0 : RST)) <<
      SHIFT
    );
  }),
  OF_FIRST = OF_LATER.map((bits, flags) =>
    (flags & (TCP_SYN | TCP_ACK)) === TCP_SYN ? bits | ((SYN_SENT | ((flags & CARRIES) !== 0 ? DATA : 0)) << SHIFT) : bits,
  );

/** The column after a segment of `length` bytes. */
export function completedBy(column: number, isFirst: boolean, flags: number, length: number): number {
  return column | (isFirst ? OF_FIRST : OF_LATER)[(flags & 31) | (length > 0 ? CARRIES : 0)]!;
}

/** `tcp.completeness`: 1 SYN, 2 SYN-ACK, 4 ACK, 8 data, 16 FIN, 32 RST. */
export const completenessOf = (column: number): number => (column >> SHIFT) & ALL;

const WORDS: Readonly<Record<number, string>> = {
  [SYN_SENT]: 'Incomplete, SYN_SENT',
  [SYN_SENT | SYN_ACK]: 'Incomplete, CLIENT_ESTABLISHED',
  [SYN_SENT | SYN_ACK | ACK]: 'Incomplete, ESTABLISHED',
  [SYN_SENT | SYN_ACK | ACK | DATA]: 'Incomplete, DATA',
};

/** As Wireshark words it: `Complete, WITH_DATA (31)`. */
export function completenessText(value: number): string {
  const handshake = SYN_SENT | SYN_ACK | ACK,
    isWhole = (value & handshake) === handshake && (value & (FIN | RST)) !== 0;
  return `${isWhole ? `Complete, ${(value & DATA) === 0 ? 'NO_DATA' : 'WITH_DATA'}` : (WORDS[value] ?? 'Incomplete')} (${value})`;
}
