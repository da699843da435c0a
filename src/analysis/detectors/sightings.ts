/**
 * What detectors collect that recognise a thing by its marks: how often it was seen between a client and a server, in which frames, and in what words.
 * Bounded; and the finding that all of them make of it.
 */
import { formatMac } from '../../pcap/addresses.ts';
import { MAC_SRC_HIGH, MAC_SRC_LOW, MAC_STRIDE, type Packet } from '../../pcap/packet.ts';
import type { CaptureState } from '../captureState.ts';
import type { FindingDraft } from '../detector.ts';
import { safeText } from '../exports/safeText.ts';
import type { Together } from '../gatherFindings.ts';
import type { Indicator, Severity, Subject } from '../report.ts';
import { addressFilter, confidenceOf, datagramEnds, endsOf, Evidence, Watched, type Ends, type Part } from './watched.ts';

const MOST_SHOWN = 4;

export interface Sighting<Mark> extends Ends {
  readonly mark: Mark;
  readonly evidence: Evidence;
  /** What was read there, harmless and shortened. */
  readonly texts: Set<string>;
  readonly protocol: 'tcp' | 'udp';
  count: number;
}

export class Sightings<Mark extends { readonly id: string }> {
  readonly #all: Watched<string, Sighting<Mark>>;
  readonly #state: CaptureState;

  constructor(state: CaptureState, most = 5000) {
    this.#state = state;
    this.#all = new Watched(most);
  }

  /** A mark in a message of this flow, or of the datagram that is being read; `isAnswer` turns a datagram's ends round. Null when there is no room, or no address. */
  add(mark: Mark, flow: number, p: Packet, text = '', isAnswer = false): Sighting<Mark> | null {
    const ends = flow >= 0 ? endsOf(this.#state, flow) : endsOfDatagram(p, isAnswer);
    if (ends === null) return null;
    const one = this.#all.of(`${mark.id} ${ends.client} ${ends.server} ${ends.serverPort}`, () => ({
      ...ends,
      mark,
      evidence: new Evidence(),
      texts: new Set(),
      protocol: flow >= 0 ? 'tcp' : 'udp',
      count: 0,
    }));
    if (one === undefined) return null;
    one.count++;
    if (flow >= 0) one.evidence.add(p, flow);
    else one.evidence.addDatagram(p);
    if (text !== '' && one.texts.size < MOST_SHOWN) one.texts.add(safeText(text, 120));
    return one;
  }

  get values(): Iterable<Sighting<Mark>> {
    return this.#all.values;
  }

  limits(what: string): string[] {
    return this.#all.limits(what);
  }
}

/** Who asks and who answers, by the datagram that is being read. */
export function endsOfDatagram(p: Packet, isAnswer = false): Ends | null {
  const ends = datagramEnds(p);
  if (ends === null) return null;
  return isAnswer
    ? { client: ends.destination, server: ends.source, serverPort: ends.sourcePort }
    : { client: ends.source, server: ends.destination, serverPort: ends.destinationPort };
}

/** What a detector says of a sighting. */
export interface SightingWords {
  readonly technique: string;
  /** As in a `FindingDraft`. */
  readonly what?: string;
  readonly deed?: string;
  readonly severity: Severity;
  readonly parts: readonly Part[];
  readonly title: string;
  readonly description: string;
  readonly indicators?: readonly Indicator[];
  readonly alternatives: readonly string[];
  readonly attack: readonly string[];
  readonly recommendation: string;
  /** Who is who; client and server by default. */
  readonly roles?: readonly [Subject['role'], Subject['role']];
  readonly together?: Together;
}

export function sightingDraft(state: CaptureState, one: Sighting<unknown>, words: SightingWords): FindingDraft {
  const { client, server, serverPort, evidence, texts, protocol, count } = one,
    [clientRole, serverRole] = words.roles ?? ['client', 'server'];
  return wordedDraft(
    state,
    [
      { role: clientRole, address: client },
      { role: serverRole, address: server, port: serverPort },
    ],
    evidence,
    `${addressFilter(client, server)} && ${protocol}.port == ${serverPort}`,
    {
      ...words,
      indicators: [
        { name: 'times seen', value: count },
        ...(words.indicators ?? []),
        ...[...texts].filter((text) => /\p{L}/u.test(text)).map((text) => ({ name: 'seen', value: text })),
      ],
    },
  );
}

/** A finding of words and evidence. */
export function wordedDraft(
  state: CaptureState,
  subjects: readonly Subject[],
  evidence: Evidence,
  filter: string,
  words: SightingWords,
): FindingDraft {
  const { confidence, indicators } = confidenceOf(words.parts);
  return {
    technique: words.technique,
    ...(words.what === undefined ? {} : { what: words.what }),
    ...(words.deed === undefined ? {} : { deed: words.deed }),
    severity: words.severity,
    confidence,
    title: words.title,
    description: words.description,
    subjects,
    ...evidence.resolve(state.flows).proof,
    indicators: [...(words.indicators ?? []), ...indicators],
    alternatives: words.alternatives,
    filter,
    attack: words.attack,
    recommendation: words.recommendation,
    ...(words.together === undefined ? {} : { together: words.together }),
  };
}

/** MAC address of the sender of the frame, of the one within where a tunnel carries frames; empty without a link header. */
export function linkSource({ mac, macCount }: Packet): string {
  const at = (macCount - 1) * MAC_STRIDE;
  return macCount === 0 ? '' : formatMac(mac[at + MAC_SRC_HIGH]!, mac[at + MAC_SRC_LOW]!);
}
