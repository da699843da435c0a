/**
 * Data hidden in NTP: behind the header, where only registered extension fields and a code belong; in reference ids that change from question to question; or
 * in stamps that are no times. All of it passes firewalls, for everybody may ask for the time. What an honest client sets is little and stays the same
 * (RFC 5905 section 7.3; random transmit stamps are allowed, draft-ietf-ntp-data-minimization). ATT&CK T1048.003, T1071.
 */
import type { NtpMessage } from '../../pcap/dissectors/ntp.ts';
import type { Packet } from '../../pcap/packet.ts';
import type { CaptureState } from '../captureState.ts';
import { countText, plural } from '../describe.ts';
import type { FindingDraft } from '../detector.ts';
import { endsOfDatagram, wordedDraft } from './sightings.ts';
import { addressFilter, Evidence, Watched, type Ends } from './watched.ts';

const MOST_PAIRS = 5000,
  CLIENT = 3,
  SERVER = 4,
  NTP_PORT = 123,
  /** A client changes its source of time now and then; a server of a pool is asked by few. */
  MOST_REFERENCES = 8,
  /** Longest that a server takes over an answer. */
  TURNAROUND = 3600;

interface Pair {
  readonly ends: Ends;
  readonly evidence: Evidence;
  readonly references: Set<number>;
  behind: number;
  bytes: number;
  questions: number;
  stamps: number;
}

export class NtpChannels {
  readonly #pairs = new Watched<string, Pair>(MOST_PAIRS);
  readonly #state: CaptureState;

  constructor(state: CaptureState) {
    this.#state = state;
  }

  /** Nearly every message leaves after a few comparisons of numbers. */
  add({ mode, stratum, referenceId, strangeBytes, turnaroundSeconds }: NtpMessage, p: Packet): void {
    const isAnswer = mode === SERVER,
      isStamp = isAnswer && stratum > 0 && stratum < 16 && Math.abs(turnaroundSeconds) > TURNAROUND,
      hasReference = mode === CLIENT && referenceId !== 0;
    if (strangeBytes === 0 && !isStamp && !hasReference) return;
    const ends = endsOfDatagram(p, isAnswer);
    if (ends === null || ends.serverPort !== NTP_PORT) return;
    const pair = this.#pairs.of(`${ends.client} ${ends.server}`, () => ({
      ends,
      evidence: new Evidence(),
      references: new Set(),
      behind: 0,
      bytes: 0,
      questions: 0,
      stamps: 0,
    }));
    if (pair === undefined) return;
    if (strangeBytes > 0) {
      pair.behind++;
      pair.bytes += strangeBytes;
    } else if (isStamp) pair.stamps++;
    else {
      pair.questions++;
      if (pair.references.has(referenceId) || pair.references.size >= 4096) return;
      pair.references.add(referenceId);
    }
    pair.evidence.addDatagram(p);
  }

  findings(least: number): FindingDraft[] {
    return [...this.#pairs.values].filter((pair) => oddities(pair) >= least).map((pair) => draft(this.#state, pair, least));
  }

  get limits(): string[] {
    return this.#pairs.limits('pairs of hosts with odd NTP');
  }
}

/** References count where they change with nearly every question. */
const changing = ({ references, questions }: Pair): number =>
  references.size > MOST_REFERENCES && references.size * 2 > questions ? references.size : 0;
const oddities = (pair: Pair): number => pair.behind + pair.stamps + changing(pair);

function draft(state: CaptureState, pair: Pair, least: number): FindingDraft {
  const { ends, evidence, behind, bytes, stamps } = pair,
    { client, server } = ends,
    ids = changing(pair),
    odd = oddities(pair);
  const how = [
    ...(behind > 0 ? [`${countText(bytes)} bytes behind the headers of ${plural(behind, 'message')}`] : []),
    ...(ids > 0 ? [`${countText(ids)} different reference ids in questions`] : []),
    ...(stamps > 0 ? [`${plural(stamps, 'answer')} whose stamps are no times`] : []),
  ];
  return wordedDraft(
    state,
    [
      { role: 'client', address: client },
      { role: 'server', address: server, port: NTP_PORT },
    ],
    evidence,
    `${addressFilter(client, server)} && ntp`,
    {
      technique: 'ntp',
      what: 'data in NTP',
      deed: 'exchanged data hidden in NTP with {whom}',
      severity: 'medium',
      parts: [
        ['what no client or server of time sends', 60],
        ['many times the threshold', Math.min(20, 5 * Math.log2(odd / least))],
        ['in more than one place', how.length > 1 ? 8 : 0],
      ],
      title: `${client} and ${server} carry data in NTP: ${plural(odd, 'odd message')}`,
      description: `${how.join('; ')} (threshold ${plural(least, 'message')}). Questions for the time need none of it, and firewalls let them pass.`,
      indicators: [
        { name: 'odd messages', value: odd, threshold: least, unit: 'messages' },
        { name: 'bytes behind headers', value: bytes, unit: 'bytes' },
        { name: 'different reference ids in questions', value: ids },
        { name: 'answers whose stamps are no times', value: stamps },
      ],
      alternatives: ['A server of time that is broken, or extension fields that nobody registered.'],
      attack: ['T1048.003', 'T1572'],
      recommendation: `Find out which program on ${client} speaks to ${server}, and let hosts ask the servers of time of the network only.`,
    },
  );
}
