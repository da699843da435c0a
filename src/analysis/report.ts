/**
 * The Report contract: the one value that `netsec analyze --json`, the MCP tool `analyze_network`, chat and the
 * editor show. Fields are only ever added within a schema number. Words and rules: docs/report.md.
 */

/** UTC ISO 8601 with nine decimals, `2025-10-14T09:11:40.123456789Z`; null where the file carries no time. */
export type Timestamp = string | null;

export const SEVERITIES = ['info', 'low', 'medium', 'high', 'critical'] as const;
export type Severity = (typeof SEVERITIES)[number];

/** Layers that have conversations and endpoints, as in `tshark -z conv,<layer>`. */
export const CONVERSATION_LAYERS = ['eth', 'wlan', 'ip', 'ipv6', 'tcp', 'udp', 'sctp'] as const;
export type ConversationLayer = (typeof CONVERSATION_LAYERS)[number];

export interface Report {
  readonly schema: 1;
  readonly producer: { readonly name: 'netsec'; readonly version: string; readonly options: Readonly<Record<string, unknown>> };
  readonly capture: CaptureInfo;
  /** One plain sentence: what this capture is. */
  readonly headline: string;
  /** `clean`: every tier-1 check saw everything and found nothing. `incomplete`: nothing found in what could be examined. */
  readonly status: 'clean' | 'findings' | 'incomplete';
  /** The security status in words, e.g. "Nothing found in what could be examined; 2 of 30 checks run". */
  readonly statusText: string;
  /** Frames in which the protocol appears at any layer, once per frame. These overlap: never show them as shares. */
  readonly protocols: readonly ProtocolCount[];
  /** Frames per path of protocols, e.g. `eth/ip/tcp/http`; a path counts every frame that runs through it. */
  readonly hierarchy: readonly HierarchyRow[];
  /** A partition of the frames: sums to `capture.packets`. The source of every percentage a person sees. */
  readonly breakdown: readonly BreakdownRow[];
  /** True number of rows of each list, however many are shown: keys `conversations`, `endpoints`, `findings` and per layer `conversations.tcp` ... */
  readonly totals: Readonly<Record<string, number>>;
  readonly timeline: Timeline;
  readonly quality: Quality;
  readonly conversations: readonly Conversation[];
  readonly endpoints: readonly Endpoint[];
  /** Services that did not work, or not well, worst first. No threats: neither status nor risk know of them. Empty while the capture is still being read. */
  readonly troubles: readonly ServiceTrouble[];
  readonly findings: readonly Finding[];
  /** Findings that belong together, the gravest first; a finding that stands alone is in none. */
  readonly incidents: readonly Incident[];
  /** What to look for elsewhere. Untrusted text; show `defanged`. */
  readonly indicatorsOfCompromise: readonly IndicatorOfCompromise[];
  readonly coverage: readonly Coverage[];
  readonly risk: Risk;
}

export interface CaptureInfo {
  readonly file: string;
  /** SHA-256 of the file as it lies on the disk, 64 hex digits; null while it is not known, or was not asked for. */
  readonly sha256: string | null;
  /** `pcap`, `pcapng`, `snoop`. */
  readonly format: string;
  /** `gzip`, `zstd` or null. */
  readonly compression: string | null;
  /** libpcap names of the link types met, e.g. `EN10MB`. */
  readonly linkTypes: readonly string[];
  readonly interfaces: readonly CaptureInterface[];
  readonly packets: number;
  /** Frames whose captured length is below their length on the wire. */
  readonly snappedPackets: number;
  readonly capturedBytes: number;
  readonly originalBytes: number;
  readonly fileBytes: number;
  readonly startTime: Timestamp;
  readonly endTime: Timestamp;
  /** max - min over all frames; null without time. */
  readonly durationSeconds: number | null;
  readonly timeOrdered: boolean;
  /** Where reading stopped before the end of the file, and why. */
  readonly truncated: null | { readonly afterFrame: number; readonly offset: number; readonly message: string };
  /** Only of a capture that is read from several files of one recording, in the order in which they were read. */
  readonly parts?: readonly CaptureFilePart[];
}

export interface CaptureFilePart {
  readonly file: string;
  /** Null for a file without packets. */
  readonly firstFrame: number | null;
  readonly packets: number;
  readonly startTime: Timestamp;
  readonly endTime: Timestamp;
  /** How long before the end of the files before it this one begins; 0 when the files follow each other. */
  readonly overlapSeconds: number;
  /** Why not all of it could be read. */
  readonly problem: string | null;
}

export interface CaptureInterface {
  readonly id: number;
  readonly name: string | null;
  readonly linkType: string;
  readonly snapLength: number;
  readonly packets: number;
  /** Packets the capturing program reported as dropped; null if it said nothing. */
  readonly dropped: number | null;
}

export interface ProtocolCount {
  /** Wireshark's display-filter name, `tcp`. */
  readonly protocol: string;
  readonly packets: number;
  readonly bytes: number;
}

export interface HierarchyRow {
  /** Protocol names from the outside in, joined by `/`. */
  readonly path: string;
  readonly packets: number;
  readonly bytes: number;
}

export interface BreakdownRow {
  /** Wireshark's protocol name of the service, else of the transport, else of the top layer. */
  readonly name: string;
  readonly packets: number;
  readonly bytes: number;
}

/** Traffic over time in equal steps, stacked: the series add up to all frames that carry a time. */
export interface Timeline {
  readonly startTime: Timestamp;
  readonly stepSeconds: number;
  /** Most bytes first; names are those of `breakdown`, the tail is summed up as `other`. */
  readonly series: readonly { readonly name: string; readonly packets: readonly number[]; readonly bytes: readonly number[] }[];
}

/** What limits what can be said about this capture. Counts of frames unless the name says otherwise. */
export interface Quality {
  readonly snappedPackets: number;
  readonly missingBytes: number;
  readonly malformedPackets: number;
  readonly unknown: readonly { readonly what: string; readonly packets: number }[];
  readonly timeJumpsBack: number;
  readonly duplicatePackets: number;
  readonly tcpRetransmissions: number;
  readonly tcpOutOfOrder: number;
  /** Segments acknowledged or followed that were never captured. */
  readonly tcpGaps: number;
  readonly tcpGapBytes: number;
  readonly tcpZeroWindows: number;
  readonly tcpResets: number;
  /** TCP conversations with data in both directions announced by acknowledgements, but captured in one only. */
  readonly oneWayConversations: number;
  readonly incompleteFragments: number;
  readonly encryptedBytes: number;
  /** Conversations that TLS keys opened: what they carried was read, and counts as seen. */
  readonly openedConversations: number;
  readonly droppedByCapture: number | null;
  /** Bounds of our own that were reached, in plain sentences. */
  readonly boundsReached: readonly string[];
}

export interface Conversation {
  /** `<layer>:<n>`, n counting from 0 in order of first frame. */
  readonly id: string;
  readonly layer: ConversationLayer;
  /** 0 for the outermost header of its kind; inner rows carry the tunnels they came through in `via`. */
  readonly depth: number;
  readonly via: readonly string[];
  /** The originator: sender of the first SYN, else of the first frame. */
  readonly a: string;
  readonly b: string;
  readonly aPort: number | null;
  readonly bPort: number | null;
  readonly packetsAToB: number;
  readonly packetsBToA: number;
  readonly bytesAToB: number;
  readonly bytesBToA: number;
  readonly startTime: Timestamp;
  readonly endTime: Timestamp;
  readonly durationSeconds: number | null;
  /** Wireshark's protocol name, recognised by content; null if not known. */
  readonly service: string | null;
  /** Zeek's conn_state (`SF`, `S0`, `REJ` ...); null where it does not apply. */
  readonly connState: string | null;
  /** Zeek's history (`ShADadFf`); null where it does not apply. */
  readonly history: string | null;
}

export interface Endpoint {
  readonly layer: ConversationLayer;
  readonly depth: number;
  readonly address: string;
  readonly port: number | null;
  /** Names the capture itself gives this address (DNS answers, DHCP, TLS SNI ...). Untrusted text. */
  readonly names: readonly string[];
  readonly packets: number;
  readonly bytes: number;
  readonly packetsSent: number;
  readonly bytesSent: number;
  readonly packetsReceived: number;
  readonly bytesReceived: number;
}

/** One port of a server, and what did not work there. */
export interface ServiceTrouble {
  /** As in Services, `tcp 10.0.0.1 443`. */
  readonly id: string;
  readonly layer: 'tcp' | 'udp';
  readonly address: string;
  readonly port: number;
  /** `HTTP at 10.0.0.1 port 80` */
  readonly title: string;
  /** Names the capture gives the address. Untrusted text. */
  readonly names: readonly string[];
  /** Wireshark's protocol name, recognised by content; null if not known. */
  readonly service: string | null;
  readonly problems: readonly ServiceProblem[];
}

export const PROBLEM_KINDS = ['failed', 'unanswered', 'errors', 'slow', 'loss', 'full'] as const;

export interface ServiceProblem {
  /**
   * Connections (over UDP datagrams) that came to nothing; requests without a whole answer; answers that are errors; answers that took a second or more; packets
   * sent again; windows that were closed.
   */
  readonly kind: (typeof PROBLEM_KINDS)[number];
  /** So many of so many. */
  readonly times: number;
  readonly of: number;
  /** `3 of 12 requests got no whole answer`. Words of the capture stand in it: untrusted text. */
  readonly text: string;
  /** The first that shows it, of slow answers the slowest; null where none does by itself. */
  readonly frame: number | null;
}

export interface Finding {
  /** `<detector>-` + 8 hex of SHA-256 over detector, technique, sorted subjects and first evidence frame. */
  readonly id: string;
  readonly detector: string;
  readonly severity: Severity;
  /** 0-100. */
  readonly confidence: number;
  readonly title: string;
  readonly description: string;
  readonly subjects: readonly Subject[];
  readonly firstSeen: Timestamp;
  readonly lastSeen: Timestamp;
  readonly indicators: readonly Indicator[];
  /** Innocent or other explanations, in plain sentences. */
  readonly alternatives: readonly string[];
  readonly evidence: Evidence;
  /** ATT&CK technique ids. */
  readonly attack: readonly string[];
  /** Names of the ATT&CK tactics of `attack`, in the order of the matrix. */
  readonly tactics: readonly string[];
  readonly recommendation: string;
  /** The allow-list's rule that expects this finding; it then counts for neither status nor risk. Null when none does. */
  readonly expected: Expected | null;
  /** Only of a finding that tells of several in one: two to fifty, in the order of their first frames. */
  readonly parts?: readonly FindingPart[];
}

/** What one of those that are told together would be alone, as far as it takes to judge and to find it again. */
export interface FindingPart {
  /** As of a finding; that of the first part is the finding's own. */
  readonly id: string;
  /** What tells it from the others, `10.0.0.9 port 445`. */
  readonly label: string;
  readonly severity: Severity;
  readonly confidence: number;
  readonly subjects: readonly Subject[];
  /** The first that proves it; null where none does. */
  readonly frame: number | null;
}

export interface Expected {
  /** Id of the rule in the allow-list. */
  readonly rule: string;
  readonly reason: string;
}

export interface Incident {
  /** `incident-` + 8 hex of SHA-256 over the id of its first finding. */
  readonly id: string;
  readonly title: string;
  /** That of its gravest finding, with the confidence of the surest of these. */
  readonly severity: Severity;
  readonly confidence: number;
  readonly hosts: readonly IncidentHost[];
  /** Ids, in order of time. */
  readonly findings: readonly string[];
  readonly firstSeen: Timestamp;
  readonly lastSeen: Timestamp;
  /** Names of ATT&CK tactics, in the order of the matrix. */
  readonly tactics: readonly string[];
  /** What happened, in order of time; at most 500 steps. */
  readonly timeline: readonly IncidentStep[];
}

export interface IncidentHost {
  readonly address: string;
  readonly roles: readonly Subject['role'][];
  /** Untrusted text. */
  readonly name: string | null;
}

export interface IncidentStep {
  readonly time: Timestamp;
  readonly frame: number | null;
  /** Id of the finding. */
  readonly finding: string;
  readonly severity: Severity;
  readonly title: string;
  readonly tactics: readonly string[];
}

export const INDICATOR_TYPES = ['ipv4', 'ipv6', 'mac', 'domain', 'url', 'sha256', 'sha1', 'md5', 'ja3', 'ja4'] as const;
export type IndicatorType = (typeof INDICATOR_TYPES)[number];

export interface IndicatorOfCompromise {
  readonly type: IndicatorType;
  readonly value: string;
  readonly defanged: string;
  /** Ids. */
  readonly findings: readonly string[];
}

export interface Subject {
  readonly role: 'attacker' | 'victim' | 'client' | 'server' | 'spoofed' | 'gateway';
  readonly address: string;
  readonly port?: number;
  readonly name?: string;
}

export interface Indicator {
  readonly name: string;
  readonly value: number | string;
  readonly threshold?: number;
  readonly unit?: string;
}

export interface Evidence {
  /** The first 100 frames, ascending. */
  readonly frames: readonly number[];
  readonly framesTotal: number;
  /** A display filter that selects the evidence; pastes into Wireshark. */
  readonly filter: string;
  /** Ids of conversations. */
  readonly flows: readonly string[];
}

export interface Coverage {
  readonly detector: string;
  readonly examined: {
    readonly packets: number;
    readonly flows: number;
    readonly bytes: number;
    readonly from: Timestamp;
    readonly to: Timestamp;
    readonly ipv4: number;
    readonly ipv6: number;
  };
  readonly status: 'clean' | 'found' | 'partial' | 'skipped';
  /** Why it is partial or skipped; empty when it is neither. */
  readonly why: string;
}

export interface Risk {
  readonly score: number;
  readonly level: 'none' | 'low' | 'medium' | 'high' | 'critical';
  readonly because: readonly string[];
}
