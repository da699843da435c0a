/**
 * One client asks many Windows hosts who is logged on, which sessions they have or what they share: this is how BloodHound, PowerView and their like find the way to
 * an administrator's account. Inventories and monitoring ask the same, always from the same host. ATT&CK T1033, T1049, T1135.
 */
import type { RpcMessage } from '../../pcap/dissectors/dcerpc.ts';
import type { Packet } from '../../pcap/packet.ts';
import type { CaptureState } from '../captureState.ts';
import { plural } from '../describe.ts';
import type { FindingDraft } from '../detector.ts';
import { wordedDraft } from './sightings.ts';
import { addressFilter, endsOf, Evidence, Watched } from './watched.ts';

const MOST_CLIENTS = 1000,
  MOST_SERVERS = 1000,
  HOUR = 3600;

type Wanted = 'sessions' | 'shares';
const CALLS: Readonly<Record<string, Wanted>> = {
  NetrSessionEnum: 'sessions',
  NetrWkstaUserEnum: 'sessions',
  NetrShareEnum: 'shares',
  NetrShareEnumSticky: 'shares',
};

interface Collector {
  readonly client: string;
  readonly wanted: Wanted;
  /** When each server was asked first, in seconds since 1970. */
  readonly servers: Map<string, number>;
  readonly calls: Set<string>;
  readonly evidence: Evidence;
}

export class SessionCollection {
  readonly #collectors = new Watched<string, Collector>(MOST_CLIENTS);
  readonly #state: CaptureState;

  constructor(state: CaptureState) {
    this.#state = state;
  }

  asked({ operation }: RpcMessage, flow: number, p: Packet): void {
    const wanted = CALLS[operation ?? ''];
    if (wanted === undefined) return;
    const { client, server } = endsOf(this.#state, flow),
      one = this.#collectors.of(`${wanted} ${client}`, () => ({ client, wanted, servers: new Map(), calls: new Set(), evidence: new Evidence() }));
    if (one === undefined) return;
    one.calls.add(operation!);
    if (one.servers.has(server) || one.servers.size >= MOST_SERVERS) return;
    one.servers.set(server, p.hasTime ? p.timeSeconds : 0);
    one.evidence.add(p, flow);
  }

  findings(threshold: number): FindingDraft[] {
    const told = [...this.#collectors.values].filter(({ servers }) => withinAnHour([...servers.values()]) >= threshold),
      collectors = new Set(told.filter(({ wanted }) => wanted === 'sessions').map(({ client }) => client));
    // Whoever collects sessions asks for shares on the way.
    return told.filter(({ wanted, client }) => wanted === 'sessions' || !collectors.has(client)).map((one) => draft(this.#state, one, threshold));
  }

  get limits(): string[] {
    return this.#collectors.limits('clients that ask for sessions and shares');
  }
}

function withinAnHour(times: number[]): number {
  const sorted = times.sort((a, b) => a - b);
  let from = 0,
    most = 0;
  for (const [i, time] of sorted.entries()) {
    while (time - sorted[from]! > HOUR) from++;
    most = Math.max(most, i - from + 1);
  }
  return most;
}

function draft(state: CaptureState, { client, wanted, servers, calls, evidence }: Collector, threshold: number): FindingDraft {
  const isSessions = wanted === 'sessions',
    what = isSessions ? 'who is logged on' : 'what they share';
  return wordedDraft(
    state,
    [{ role: 'attacker', address: client }, ...[...servers.keys()].slice(0, 20).map((address) => ({ role: 'victim' as const, address }))],
    evidence,
    `${addressFilter(client)} && ${isSessions ? 'dcerpc.opnum in {2, 12}' : 'dcerpc.opnum in {15, 36}'}`,
    {
      technique: isSessions ? 'session-collection' : 'share-survey',
      what: `${what} on ${plural(servers.size, 'host')}`,
      deed: isSessions ? 'asked many hosts who is logged on' : 'asked many hosts what they share',
      severity: isSessions ? 'medium' : 'low',
      parts: [
        [`many hosts were asked ${what}`, isSessions ? 60 : 50],
        ['many times the threshold', Math.max(0, Math.min(20, 6 * Math.log2(servers.size / threshold)))],
        ['by several calls', calls.size > 1 ? 10 : 0],
      ],
      title: `${client} asks ${plural(servers.size, 'host')} ${what}`,
      description: `${plural(servers.size, 'host')} (threshold ${threshold} within an hour) were asked ${what}, by ${[...calls].join(' and ')}.${isSessions ? ' Tools such as BloodHound find the way to an administrator with it.' : ''}`,
      indicators: [
        { name: 'hosts asked', value: servers.size, threshold, unit: 'hosts' },
        { name: 'calls', value: [...calls].join(', ') },
      ],
      alternatives: ['An inventory, monitoring or backup, which asks from the same host every day.', 'An administrator with a script.'],
      attack: isSessions ? ['T1033', 'T1049'] : ['T1135'],
      recommendation: `Find out which program asks at ${client}, and under which account. If nobody knows, treat the account as taken over: this is how the way to an administrator is looked for.`,
    },
  );
}
