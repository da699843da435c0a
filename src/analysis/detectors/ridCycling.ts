/**
 * RID cycling: the accounts of a domain are numbered, and whoever may ask for the name behind a number learns all names by counting. Programs that show permissions
 * ask for the numbers they have, which are in no order and have names. ATT&CK T1087.
 */
import type { RpcMessage, RpcSidsMessage } from '../../pcap/dissectors/dcerpc.ts';
import type { Packet } from '../../pcap/packet.ts';
import type { CaptureState } from '../captureState.ts';
import { countText } from '../describe.ts';
import type { FindingDraft } from '../detector.ts';
import { wordedDraft } from './sightings.ts';
import { addressFilter, endsOf, Evidence, Watched, type Ends } from './watched.ts';

const MOST_PAIRS = 5000,
  /** Numbers that follow the one before, of those that could be read. */
  IN_ORDER = 0.8,
  LEAST_READ = 8;
/** STATUS_SOME_NOT_MAPPED and STATUS_NONE_MAPPED: there is nobody of some of these numbers. */
const NOT_MAPPED = new Set([0x107, 0xc0000073]);

interface Asking {
  readonly ends: Ends;
  readonly evidence: Evidence;
  asked: number;
  read: number;
  inOrder: number;
  first: number;
  last: number;
  withoutName: number;
  answered: number;
}

export class RidCycling {
  readonly #pairs = new Watched<string, Asking>(MOST_PAIRS);
  readonly #state: CaptureState;

  constructor(state: CaptureState) {
    this.#state = state;
  }

  asked({ asked, rids }: RpcSidsMessage, flow: number, p: Packet): void {
    const pair = this.#of(flow);
    if (pair === undefined) return;
    pair.asked += asked;
    pair.evidence.add(p, flow);
    for (const rid of rids) {
      if (pair.read === 0) pair.first = rid;
      else if (rid === pair.last + 1) pair.inOrder++;
      pair.read++;
      pair.last = rid;
    }
  }

  answered({ returned }: RpcMessage, flow: number): void {
    const pair = this.#of(flow);
    if (pair === undefined || returned === -1) return;
    pair.answered++;
    if (NOT_MAPPED.has(returned)) pair.withoutName++;
  }

  #of(flow: number): Asking | undefined {
    const ends = endsOf(this.#state, flow);
    return this.#pairs.of(`${ends.client} ${ends.server}`, () => ({
      ends,
      evidence: new Evidence(),
      asked: 0,
      read: 0,
      inOrder: 0,
      first: 0,
      last: 0,
      withoutName: 0,
      answered: 0,
    }));
  }

  findings(threshold: number): FindingDraft[] {
    return [...this.#pairs.values]
      .filter(({ asked, read, inOrder }) => asked >= threshold && read >= LEAST_READ && inOrder >= IN_ORDER * (read - 1))
      .map((pair) => draft(this.#state, pair, threshold));
  }

  get limits(): string[] {
    return this.#pairs.limits('clients and servers with names of accounts');
  }
}

function draft(state: CaptureState, { ends, evidence, asked, first, last, withoutName, answered }: Asking, threshold: number): FindingDraft {
  const { client, server, serverPort } = ends,
    // Whoever looks at a group of people who were employed one after the other gets a name for each.
    allNamed = answered > 0 && withoutName === 0;
  return wordedDraft(
    state,
    [
      { role: 'attacker', address: client },
      { role: 'victim', address: server, port: serverPort },
    ],
    evidence,
    `${addressFilter(client, server)} && dcerpc.opnum in {15, 57, 76}`,
    {
      technique: 'rid-cycling',
      what: 'accounts by counting through their numbers',
      severity: allNamed ? 'low' : 'medium',
      parts: [
        ['numbers one after the other', 60],
        ['some belong to nobody', withoutName > 0 ? 20 : 0],
        ['many times the threshold', Math.max(0, Math.min(15, 5 * Math.log2(asked / threshold)))],
        ['each had a name', allNamed ? -20 : 0],
      ],
      title: `${client} asks ${server} for the accounts behind ${countText(asked)} numbers, one after the other`,
      description: `${countText(asked)} security identifiers (threshold ${threshold}) were asked for by LsarLookupSids, from number ${first} to ${last}${withoutName > 0 ? '; some belong to nobody' : ''}: RID cycling, which lists all users and groups.`,
      indicators: [
        { name: 'numbers of accounts', value: asked, threshold, unit: 'numbers' },
        { name: 'first and last number read', value: `${first} - ${last}` },
        ...(answered > 0 ? [{ name: 'answers that had no name for some', value: withoutName }] : []),
      ],
      alternatives: ['A test of the security of this network.', 'An inventory of permissions, which asks for the numbers it has found.'],
      attack: ['T1087.002', 'T1087.001'],
      recommendation: `Find out who asks at ${client}, and under which account. Let ${server} answer such questions to nobody who is not logged on (RestrictAnonymous, RestrictRemoteSAM).`,
    },
  );
}
