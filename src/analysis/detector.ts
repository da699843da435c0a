/**
 * What a detector is made of. One file under `detectors/` reads like a description of the attack and exports one `Detector`; one line in
 * `detectors/registry.ts` admits it. It asks for the events it needs and pays for nothing else; its state is bounded.
 *
 * Parts of an HTTP message are made when they are asked for: take them one by one, `bodyStart` last, and look at `body` (bytes) first: `WordScan` says in one walk
 * which words can be there, `HeaderJudge` remembers the header lines in which nothing was seen, `remembered` what was said of a text.
 */
import type * as z from 'zod';
import type { Message } from '../pcap/dissector.ts';
import type { Packet } from '../pcap/packet.ts';
import type { CaptureState } from './captureState.ts';
import type { FileListener } from './fileTransfers.ts';
import type { Together } from './gatherFindings.ts';
import type { Deed } from './incidentTitle.ts';
import type { Observable } from './indicatorsOfCompromise.ts';
import type { Coverage, Indicator, Severity, Subject, Timestamp } from './report.ts';

/** A judgement, before the engine gives it an id and texts for its times. */
export interface FindingDraft {
  /** What tells this finding from others of the same detector and subjects, `syn`; part of its id. */
  readonly technique: string;
  /** What it was about, in few words of ours, for `{what}` in `Detector.deed`: `SSH`, `Nmap`. */
  readonly what?: string;
  /** How this finding is told, where `Detector.deed` does not fit. */
  readonly deed?: string;
  readonly severity: Severity;
  readonly confidence: number;
  readonly title: string;
  readonly description: string;
  readonly subjects: readonly Subject[];
  readonly firstSeen: Timestamp;
  readonly lastSeen: Timestamp;
  readonly indicators: readonly Indicator[];
  readonly alternatives: readonly string[];
  /** The first frames, ascending, at most 100 of `framesTotal`. */
  readonly frames: readonly number[];
  readonly framesTotal: number;
  /** Display filter that selects the evidence. */
  readonly filter: string;
  /** Rows of the flow table. */
  readonly flows: readonly number[];
  readonly attack: readonly string[];
  readonly recommendation: string;
  /** Names, hashes and addresses to look for elsewhere, beside those of the attackers. */
  readonly observables?: readonly Observable[];
  /** With which others of its detector it is told in one line; absent where it stands alone. */
  readonly together?: Together;
}

/** What was looked at; the engine fills in `found` when there are findings. */
export type CoverageDraft = Omit<Coverage, 'detector' | 'status'> & { readonly status: 'clean' | 'partial' | 'skipped' };

/** One detector at work on one capture. Handlers that are absent cost nothing; they are called by themselves, without `this`. */
export interface DetectorRun<Options = Readonly<Record<string, unknown>>> {
  /** Every frame, after its flows were updated. `flow` is the row of its innermost flow, -1 without. Must not allocate. */
  onPacket?: (p: Packet, flow: number) => void;
  /** As `onPacket`, of the few frames that are no plain segment or datagram: ICMP, what has no ports, headers that contradict themselves. */
  onOtherPacket?: (p: Packet, flow: number) => void;
  onFlowOpened?: (flow: number, p: Packet) => void;
  /** An application message of the kinds named in `Detector.messages`. `flow` is -1 for datagrams, which speak before their flow is looked up; not for TLS in QUIC. */
  onMessage?: (message: Message, flow: number, p: Packet) => void;
  /** Hears of files that were transferred, whatever the protocol. The capture is read once more for it: ask only where there is something to compare. */
  files?: FileListener;
  /**
   * The judgement so far, under these thresholds; called again when the capture has grown and when somebody moves a threshold, so it must not change
   * what was collected.
   */
  evaluate(options: Options): { readonly findings: readonly FindingDraft[]; readonly coverage: CoverageDraft };
}

/** `Collected`: the options that decide what is collected while reading, such as a window of time. The others are read in `evaluate`. */
export interface Detector<Options extends z.ZodObject = z.ZodObject, Collected extends string = string> extends Deed {
  /** Canonical id of the catalogue, `port-scan`. */
  readonly id: string;
  /** For a list of checks, `Port scan`. */
  readonly title: string;
  readonly tier: 1 | 2 | 3;
  /** Two sentences: the behaviour, and its innocent causes. */
  readonly description: string;
  /** Thresholds with meaning (`.describe()`), unit in the name, and default. They appear as settings. */
  readonly options: Options;
  readonly messages?: readonly string[];
  /** Headers and counts are all it needs: what was cut off from the contents of packets keeps nothing from it, though it hears messages. */
  readonly judgesHeaders?: true;
  /** Names of the options that `create` needs: a new value of one of them takes effect when the capture is read again, and the report says so. */
  readonly collecting?: readonly Collected[];
  create(collecting: Pick<z.output<Options>, Collected & keyof z.output<Options>>, capture: CaptureState): DetectorRun<z.output<Options>>;
}

/** Keeps the option type of one detector while the registry holds them all. */
export function defineDetector<Options extends z.ZodObject, const Collected extends keyof z.output<Options> & string = never>(
  detector: Detector<Options, Collected>,
): Detector<Options, Collected> {
  return detector;
}
