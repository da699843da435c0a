/** What a capture file format is made of; one file under `formats/` each. */
import type { Packet } from './packet.ts';

/** Interfaces as the file declares them; classic formats have one. */
export interface InterfaceInfo {
  readonly name: string | null;
  readonly linkType: number;
  readonly snapLength: number;
  packets: number;
  dropped: number | null;
}

/** Where and why reading stopped before the end. */
export interface Damage {
  /** Position in the (inflated) file. */
  readonly offset: number;
  readonly message: string;
  /** Only the last record is not whole: in a file that is being written, no damage at all. */
  readonly isUnfinished?: true;
  /** Reading did not stop there, but went on with the next file of a joined capture. */
  readonly wentOn?: true;
}

/** One file of a capture that is made of several. */
export interface CapturePart {
  readonly name: string;
  /** Null for a file without packets. */
  readonly firstFrame: number | null;
  readonly packets: number;
  /** NaN where no packet has a time. */
  readonly firstSeconds: number;
  readonly firstNanoseconds: number;
  readonly lastSeconds: number;
  readonly lastNanoseconds: number;
  /** Why not all of it could be read. */
  readonly problem: string | null;
}

/** wiretap's bound (WTAP_MAX_PACKET_SIZE_STANDARD): a longer frame means the length field is damaged. */
export const MAX_FRAME_BYTES = 262_144;
/** Largest record that is kept in one piece; longer blocks without packets are skipped over. */
export const MAX_RECORD_BYTES = 1 << 20;

/** Reads the records of one file, block by block; keeps what the file has said so far. */
export interface RecordParser {
  readonly interfaces: readonly InterfaceInfo[];
  damage: Damage | null;
  /** Whether comments of packets were met. */
  readonly hasComments?: boolean;
  /** Of a joined capture: its files as far as they were reached, and damage in one of them that reading went past. */
  readonly parts?: readonly CapturePart[];
  readonly passedOver?: Damage | null;
  /**
   * Reads whole records from `[from, to)` of the packet's block (`p.bytes`, `p.view`), whose byte `from` stands at `filePosition` of the file, and calls
   * `onPacket` for each frame with the record's fields of `p` filled. Returns the position after the last whole record: below `to` when the
   * rest must be seen again together with what follows, beyond `to` to skip. Stops at damage.
   */
  parse(p: Packet, from: number, to: number, filePosition: number, onPacket: () => void): number;
  /**
   * Fills `p` with the record at `from` again, which `parse` has passed before at `filePosition`; nothing is counted. Returns false when the
   * record reaches beyond `to`.
   */
  readAgain(p: Packet, from: number, to: number, filePosition: number): boolean;
}

export interface CaptureFormat {
  readonly id: string;
  readonly name: string;
  /** Whether a file that begins with these bytes (at least 32, if the file has them) is of this format. */
  sniff(head: Uint8Array): boolean;
  /** `onSecrets` takes key logs that the file holds (`KeyLog.add`). */
  createParser(onSecrets: (text: string) => void): RecordParser;
}
