/**
 * Challenges of NTLM. A server makes up eight new bytes for every log-on: one that offers those of another server passes a log-on through (relay), and
 * one that offers the same each time collects responses, for which tables can be made in advance.
 */
import type { NtlmChallengeMessage } from '../../pcap/dissectors/ntlmssp.ts';
import type { Packet } from '../../pcap/packet.ts';
import type { CaptureState } from '../captureState.ts';
import { plural, protocolLabel } from '../describe.ts';
import type { FindingDraft } from '../detector.ts';
import * as F from '../flowTable.ts';
import { addressFilter, confidenceOf, endsOf, Evidence, Watched, type Ends } from './watched.ts';

const MOST_CHALLENGES = 20_000,
  MOST_TARGETS = 1000,
  /** Connections with one challenge: a copy of the traffic behind a translation of addresses makes two of one. */
  LEAST_CONNECTIONS = 3;
/** What Responder, Metasploit and older versions of impacket offer where nothing else is set: tables exist for the first, and no server draws either. */
const OF_TOOLS: ReadonlySet<string> = new Set(['1122334455667788', '4141414141414141']);

interface Offer {
  readonly ends: Ends;
  readonly carrier: string;
  readonly flow: number;
  /** Connections in which it was offered. */
  connections: number;
}

interface Relay {
  readonly victim: string;
  readonly attacker: string;
  readonly target: Ends;
  /** What the victim speaks with the attacker, and he with the target. */
  readonly carriers: readonly [string, string];
  readonly evidence: Evidence;
  count: number;
}

interface Collector {
  readonly ends: Ends;
  readonly carrier: string;
  readonly challenge: string;
  readonly evidence: Evidence;
  readonly clients: Set<string>;
  connections: number;
}

export class NtlmChallenges {
  readonly #state: CaptureState;
  readonly #offers = new Watched<string, Offer>(MOST_CHALLENGES);
  readonly #relays = new Watched<string, Relay>(MOST_TARGETS);
  readonly #collectors = new Watched<string, Collector>(MOST_TARGETS);

  constructor(state: CaptureState) {
    this.#state = state;
  }

  add({ challenge, carrier }: NtlmChallengeMessage, flow: number, p: Packet): void {
    const ends = endsOf(this.#state, flow);
    let isNew = false;
    const first = this.#offers.of(challenge, () => {
      isNew = true;
      return { ends, carrier, flow, connections: 1 };
    });
    if (first === undefined) return;
    if (OF_TOOLS.has(challenge)) this.#collect(challenge, carrier, ends, flow, p);
    if (isNew || first.flow === flow || this.#isCopy(first.flow, flow)) return;
    first.connections++;
    // The target speaks first, to the attacker, who hands on what it said. A proxy for web pages does so, too.
    if (first.ends.client === ends.server && first.ends.server !== ends.server && !(carrier === 'http' && first.carrier === 'http'))
      this.#relay(first, carrier, ends, flow, p);
    else if (first.ends.server === ends.server && first.connections >= LEAST_CONNECTIONS && !OF_TOOLS.has(challenge))
      this.#collect(challenge, carrier, ends, flow, p);
  }

  /** The same connection again, as a tunnel or a second interface shows it. */
  #isCopy(a: number, b: number): boolean {
    const { ints } = this.#state.flows,
      one = endsOf(this.#state, a),
      other = endsOf(this.#state, b);
    return one.client === other.client && one.server === other.server && ints[a * F.INTS + F.PORTS] === ints[b * F.INTS + F.PORTS];
  }

  #relay(first: Offer, carrier: string, { client, server }: Ends, flow: number, p: Packet): void {
    const { ends: target } = first,
      relay = this.#relays.of(`${client} ${server} ${target.server} ${target.serverPort}`, () => ({
        victim: client,
        attacker: server,
        target,
        carriers: [carrier, first.carrier] as const,
        evidence: new Evidence(),
        count: 0,
      }));
    if (relay === undefined) return;
    relay.count++;
    relay.evidence.addRow(this.#state.flows, first.flow);
    relay.evidence.add(p, flow);
  }

  #collect(challenge: string, carrier: string, ends: Ends, flow: number, p: Packet): void {
    const one = this.#collectors.of(`${ends.server} ${ends.serverPort} ${challenge}`, () => ({
      ends,
      carrier,
      challenge,
      evidence: new Evidence(),
      clients: new Set(),
      connections: 0,
    }));
    if (one === undefined) return;
    one.connections++;
    if (one.clients.size < MOST_TARGETS) one.clients.add(ends.client);
    one.evidence.add(p, flow);
  }

  findings(): FindingDraft[] {
    return [...[...this.#relays.values].map(relayed), ...[...this.#collectors.values].map(collected)];
  }

  limits(): string[] {
    return [
      ...this.#offers.limits('challenges of NTLM'),
      ...this.#relays.limits('relays of NTLM'),
      ...this.#collectors.limits('servers with one challenge'),
    ];
  }
}

function relayed({ victim, attacker, target, carriers, evidence, count }: Relay): FindingDraft {
  const { confidence, indicators } = confidenceOf([
    ['the challenge of another server, of which there are 2^64', 85],
    ['over another protocol than the server spoke', carriers[0] === carriers[1] ? 0 : 7],
    ['several times', count > 1 ? 5 : 0],
  ]);
  const [spoken, passed] = carriers.map(protocolLabel);
  return {
    technique: 'relay',
    what: victim,
    // Both ends are victims: who is logged on, and where.
    deed: 'relayed a log-on of {what}',
    severity: 'high',
    confidence,
    title: `${attacker} relays the NTLM log-on of ${victim} to ${target.server}`,
    description: `${attacker} offered ${victim} over ${spoken} the challenge that ${target.server} had just made up for ${attacker} over ${passed}: ${plural(count, 'time')} (threshold 1). Whatever ${victim} answers logs ${attacker} on at ${target.server}.`,
    subjects: [
      { role: 'attacker', address: attacker },
      { role: 'victim', address: target.server, port: target.serverPort },
      { role: 'victim', address: victim },
    ],
    ...evidence.proof,
    indicators: [
      { name: 'challenges handed on', value: count, threshold: 1 },
      { name: 'from', value: spoken! },
      { name: 'to', value: passed! },
      ...indicators,
    ],
    alternatives: ['A proxy or load balancer of your own that ends connections and passes log-ons through.'],
    filter: `${addressFilter(attacker)} && ntlmssp`,
    attack: ['T1557.001', 'T1187'],
    recommendation: `Isolate ${attacker}, look what was done at ${target.server} with the account of ${victim} since, and change its password. Require signing (SMB, LDAP) and channel binding, so that relayed log-ons are worth nothing.`,
  };
}

function collected({ ends, carrier, challenge, evidence, clients, connections }: Collector): FindingDraft {
  const { server, serverPort } = ends,
    isOfTool = OF_TOOLS.has(challenge);
  const { confidence, indicators } = confidenceOf([
    [isOfTool ? 'the challenge that tools of attackers set' : 'the same challenge in several connections', isOfTool ? 85 : 80],
    ['again and again', Math.min(10, 3 * Math.log2(connections))],
  ]);
  return {
    technique: 'fixed-challenge',
    what: 'log-on trap',
    deed: 'collected NTLM responses',
    severity: 'medium',
    confidence,
    title: `${server} offers the same NTLM challenge ${isOfTool && connections === 1 ? 'that Responder and other tools do' : 'to every log-on'}: it collects responses`,
    description: `${plural(connections, 'connection')} of ${plural(clients.size, 'client')} over ${protocolLabel(carrier)} got the challenge ${challenge} (threshold ${isOfTool ? '1 of those that tools set' : LEAST_CONNECTIONS}). Servers make up another one each time; with a fixed one, responses can be turned into passwords by tables that were made before.`,
    subjects: [
      { role: 'attacker', address: server, port: serverPort },
      ...[...clients].slice(0, 10).map((address) => ({ role: 'victim' as const, address })),
    ],
    ...evidence.proof,
    indicators: [
      { name: 'connections', value: connections, threshold: isOfTool ? 1 : LEAST_CONNECTIONS },
      { name: 'challenge', value: challenge },
      ...indicators,
    ],
    alternatives: ['A test of your own network, or a very small device whose makers saved on chance.'],
    filter: `${addressFilter(server)} && ntlmssp.messagetype == 2`,
    attack: ['T1557.001', 'T1187'],
    recommendation: `Find out what ${server} is: if it is no server of yours, isolate it, and change the passwords of those who logged on there.`,
  };
}
