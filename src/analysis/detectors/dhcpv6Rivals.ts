/** Two servers of DHCPv6 that answer the same question of a client (RFC 8415 section 18.2.1), with other addresses or other resolvers: one of them may not belong there. */
import type { Dhcpv6Message } from '../../pcap/dissectors/dhcpv6.ts';
import { NET_SRC, NET_STRIDE, NET_VERSION, type Packet } from '../../pcap/packet.ts';
import type { CaptureState } from '../captureState.ts';
import { plural } from '../describe.ts';
import type { FindingDraft } from '../detector.ts';
import { wordedDraft } from './sightings.ts';
import { Evidence } from './watched.ts';

const MOST_QUESTIONS = 5000,
  MOST_RIVALS = 200,
  MOST_SERVERS = 200;

interface Server {
  readonly duid: string;
  readonly address: string;
  resolvers: string;
  lease: string;
}

interface Rivals {
  readonly first: Server;
  readonly second: Server;
  readonly evidence: Evidence;
  questions: number;
}

export class Dhcpv6Rivals {
  isBounded = false;
  readonly #servers = new Map<string, Server>();
  /** Who answered first, by client and question, and in which frame. */
  readonly #answered = new Map<string, { readonly server: Server; readonly frame: number }>();
  readonly #rivals = new Map<string, Rivals>();

  /** An advertisement or a reply. Without a server's name, or without addresses, it offers nothing. */
  answer({ client, server: duid, transaction, addresses, nameServers }: Dhcpv6Message, p: Packet): void {
    const at = (p.netCount - 1) * NET_STRIDE;
    if (duid === '' || client === '' || addresses.length === 0 || at < 0 || p.net[at + NET_VERSION] !== 6) return;
    let server = this.#servers.get(duid);
    if (server === undefined) {
      if (this.#servers.size >= MOST_SERVERS) {
        this.isBounded = true;
        return;
      }
      this.#servers.set(duid, (server = { duid, address: p.ipv6.textOf(p.net[at + NET_SRC]!), resolvers: '', lease: '' }));
    }
    server.resolvers = nameServers.join(', ');
    server.lease = addresses[0]!;
    const key = `${client} ${transaction}`,
      earlier = this.#answered.get(key);
    if (earlier === undefined) {
      if (this.#answered.size >= MOST_QUESTIONS) this.#answered.delete(this.#answered.keys().next().value!);
      this.#answered.set(key, { server, frame: p.frame });
      return;
    }
    if (earlier.server === server || earlier.server.address === server.address) return;
    const [first, second] = earlier.server.duid < duid ? [earlier.server, server] : [server, earlier.server],
      pair = `${first.duid} ${second.duid}`;
    let rivals = this.#rivals.get(pair);
    if (rivals === undefined) {
      if (this.#rivals.size >= MOST_RIVALS) {
        this.isBounded = true;
        return;
      }
      this.#rivals.set(pair, (rivals = { first, second, evidence: new Evidence(), questions: 0 }));
    }
    rivals.questions++;
    rivals.evidence.addFrames([earlier.frame]);
    rivals.evidence.addDatagram(p);
  }

  findings(threshold: number, state: CaptureState): FindingDraft[] {
    return [...this.#rivals.values()].filter(({ questions }) => questions >= threshold).map((rivals) => draft(threshold, state, rivals));
  }
}

const given = ({ address, lease, resolvers }: Server): string => `${address}: address ${lease}, name servers ${resolvers || 'none'}`;

function draft(threshold: number, state: CaptureState, { first, second, evidence, questions }: Rivals): FindingDraft {
  const isDifferent = first.resolvers !== second.resolvers;
  return wordedDraft(
    state,
    [
      { role: 'server', address: first.address },
      { role: 'server', address: second.address },
    ],
    evidence,
    `dhcpv6 && ipv6.src in {${first.address}, ${second.address}}`,
    {
      technique: 'rivals-v6',
      deed: 'offered false addresses by DHCPv6',
      severity: isDifferent ? 'high' : 'low',
      parts: [
        ['two servers answered the same question', 50],
        ['they name different resolvers', isDifferent ? 20 : -15],
        ['again and again', questions > threshold ? 5 : 0],
      ],
      title: `Two DHCPv6 servers, ${first.address} and ${second.address}, offer addresses to the same clients`,
      description: `${plural(questions, 'question')} of clients got answers of both (threshold ${threshold}). ${isDifferent ? 'They differ in the resolvers they name' : 'They name the same resolvers'}: ${given(first)}; ${given(second)}.`,
      indicators: [
        { name: 'questions that both answered', value: questions, threshold },
        { name: `given by ${first.address}`, value: given(first) },
        { name: `given by ${second.address}`, value: given(second) },
      ],
      alternatives: [
        'Two servers that share the work on purpose: then they tell clients the same.',
        'A small router that somebody plugged in the wrong way round.',
      ],
      attack: ['T1557.003'],
      recommendation: `Ask which of ${first.address} and ${second.address} belongs there, find the other by its MAC address, and take it off. Turn on DHCPv6 guard on the switches; clients that believed the wrong one should ask anew.`,
    },
  );
}
