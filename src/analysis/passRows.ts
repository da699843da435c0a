/** Rows of the tables that are made in passes of their own: services and files. Plain, structured-cloneable values; engineApi.ts has them for all who ask. */
import type { Timestamp } from './report.ts';

/** How long something took, in seconds: percentiles by nearest rank, and the frame that ended the longest. */
export interface ServiceTimes {
  readonly count: number;
  readonly median: number;
  readonly p95: number;
  readonly max: number;
  readonly maxFrame: number;
}

/** One answer, its frame, how long it took in seconds, and what was asked where the protocol says: untrusted text, `GET example.com/a`, or empty. */
export interface ServiceAnswer {
  readonly frame: number;
  readonly seconds: number;
  readonly what: string;
}

/** What requests or connections came to, how often, and the frame of the first. */
export interface ServiceOutcome {
  /** An answer, `200`; one that says there was an error, `Server failure`; or what befell a connection, `TLS alert of the client: Unknown CA (48)`. */
  readonly kind: 'answer' | 'error' | 'trouble';
  readonly what: string;
  readonly times: number;
  readonly frame: number;
  /** An error that may be the client's: it asked for what is not there, or in a way that is not taken. */
  readonly isOfClient?: true;
}

/** One port of one server, and how it answers; see services/serviceTimes.ts. */
export interface Service {
  /** `tcp 10.0.0.1 443` */
  readonly id: string;
  readonly layer: 'tcp' | 'udp';
  readonly address: string;
  readonly port: number;
  /** Untrusted text. */
  readonly names: readonly string[];
  readonly service: string | null;
  readonly clients: number;
  readonly packets: number;
  readonly bytes: number;
  /** Of TCP, all that were seen, from their beginning or not; null over UDP. */
  readonly connections: number | null;
  /**
   * Connections that were answered with a reset (`REJ`), with nothing (`S0`), and those that the server ended with a reset (`RSTR`). Refused and unreachable is
   * also what ICMP errors say so of: connections, or datagrams.
   */
  readonly refused: number;
  readonly unreachable: number;
  readonly unanswered: number;
  readonly reset: number;
  /** Connections whose TLS handshake a fatal alert ended, whatever they ended with then, or that were closed before it was done. */
  readonly failedTls: number;
  /** Frames of both sides that Wireshark calls retransmissions, and those that close a window. */
  readonly retransmissions: number;
  readonly zeroWindows: number;
  readonly connect: ServiceTimes | null;
  readonly answer: ServiceTimes | null;
  /** Of HTTP, DNS, DHCP, DHCPv6, NTP and SNMP, of SMTP mails; null where requests are not read. */
  readonly requests: number | null;
  /** Requests to which no whole answer came in the capture; `unfinishedAnswers` of them had begun to be answered. */
  readonly unansweredRequests: number;
  readonly unfinishedAnswers: number;
  /**
   * Of the connections and requests that nothing answered, those whose answer the capture may only not hold: they began in its last second, only one side of the
   * connection was captured or not all of it, it was closed as if all had been said, or it was said to somebody else's address (DHCP).
   */
  readonly mayBeAnswered: number;
  /** Status codes from 400, DNS codes but NOERROR and NXDOMAIN, refusals of DHCP; of others answers that say that the service does not work (serviceFailures.ts). */
  readonly errors: number;
  /** What it came to, most often first. */
  readonly outcomes: readonly ServiceOutcome[];
  /** The slowest answers, at most ten. */
  readonly slowest: readonly ServiceAnswer[];
}

/** Connections that came to nothing, or that the server broke off; over UDP datagrams that ICMP refuses. */
export const failedConnections = ({ refused, unreachable, unanswered, reset, failedTls }: Service): number =>
  refused + unreachable + unanswered + reset + failedTls;

/** How many of them came to nothing in which way, where any did. */
export function waysOfFailing({
  refused,
  unreachable,
  unanswered,
  reset,
  failedTls,
}: Service): readonly { readonly times: number; readonly how: string }[] {
  const ways = [
    { times: refused, how: 'refused' },
    { times: unreachable, how: 'unreachable' },
    { times: unanswered, how: 'not answered' },
    { times: reset, how: 'reset by the server' },
    { times: failedTls, how: 'failed in TLS' },
  ];
  return ways.filter(({ times }) => times > 0);
}

/** A file that a protocol transferred, as it was seen; see fileTransfers.ts. All text is untrusted. */
export interface FileRow {
  /** Frame in which it began, with a number where several did, and that of the part where it lies in another file: `12`, `12.1`, `12/1`. */
  readonly id: string;
  /** Frame that completed it, or brought the last of it that was seen. */
  readonly frame: number;
  readonly firstFrame: number;
  readonly time: Timestamp | null;
  /** Wireshark's name of the protocol that carried it, `http`. */
  readonly carrier: string;
  /** Without folders, to save it under; never empty. */
  readonly name: string;
  /** As the protocol says it, with the server or the share; empty where it says nothing. */
  readonly path: string;
  /** What the sender says that it is. */
  readonly contentType: string | null;
  /** What it is by its bytes: `PNG picture`. */
  readonly kind: string;
  /** It can run, or make something run. */
  readonly isProgram: boolean;
  readonly sender: string;
  readonly senderPort: number;
  readonly receiver: string;
  readonly receiverPort: number;
  /** Bytes seen, unpacked where they were packed for the way. */
  readonly bytes: number;
  /** Bytes that are not in the capture, as far as that is known. */
  readonly missing: number;
  /** All of it was seen. */
  readonly isComplete: boolean;
  /** Where it is one part of a larger file: where it begins in that. */
  readonly partFrom: number | null;
  /** Null where it was not seen whole, or could not be kept to be unpacked. */
  readonly md5: string | null;
  readonly sha256: string | null;
  /** Name and line of the user's own list that has its hash, `bad.csv:12`; null where none has. */
  readonly listed: string | null;
  /** What is particular about it, a sentence; empty mostly. */
  readonly note: string;
}

/** What saving a file asks to know of it. */
export type TransferredFile = Pick<FileRow, 'id' | 'frame' | 'name' | 'kind' | 'isProgram' | 'bytes' | 'missing'>;

export interface FileContents {
  readonly id: string;
  readonly bytes: Uint8Array;
}
