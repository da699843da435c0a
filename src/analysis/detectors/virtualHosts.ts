/**
 * Virtual hosts that are guessed: one client asks one server for the same page of host after host of one domain, none of which anybody looked up, and gets the same
 * from nearly all. Proxies pass on many names, too, but with pages and answers of their own. ATT&CK T1595.003.
 */
import type { DnsMessage } from '../../pcap/dns/message.ts';
import type { HttpResponseMessage } from '../../pcap/http/messages.ts';
import type { Packet } from '../../pcap/packet.ts';
import type { CaptureState } from '../captureState.ts';
import { countText } from '../describe.ts';
import type { FindingDraft } from '../detector.ts';
import { safeText } from '../exports/safeText.ts';
import * as F from '../flowTable.ts';
import { registeredDomain } from './dnsDomains.ts';
import { Burst, packetTime } from './measures.ts';
import { wordedDraft } from './sightings.ts';
import { addressFilter, endsOf, Evidence, Watched, type Ends } from './watched.ts';

const MOST_SERVERS = 20_000,
  MOST_PAIRS = 2000,
  /** Of all pairs together. */
  MOST_HOSTS = 50_000,
  MOST_LOOKED_UP = 50_000,
  MOST_NAME = 253,
  MINUTE = 60,
  /** Of the hosts, those that must be answered alike, of the requests those for one page, and requests for each host. */
  ALIKE = 0.8,
  ONE_PAGE = 0.9,
  MOST_TIMES = 1.5;

interface Guessing {
  readonly ends: Ends;
  readonly domain: string;
  readonly evidence: Evidence;
  readonly burst: Burst;
  /** What each host answered first: status and bytes. */
  readonly hosts: Map<string, readonly [status: number, length: number]>;
  readonly uri: string;
  requests: number;
  ofUri: number;
  /** Requests for hosts that were looked up. */
  known: number;
}

export class VirtualHosts {
  readonly #state: CaptureState;
  /** The host that a server was first asked for; null once there was another. */
  readonly #servers = new Map<number, string | null>();
  readonly #lookedUp = new Set<string>();
  readonly #pairs = new Watched<string, Guessing>(MOST_PAIRS);
  #hosts = 0;

  constructor(state: CaptureState) {
    this.#state = state;
  }

  lookedUp({ qname }: DnsMessage): void {
    if (this.#lookedUp.size < MOST_LOOKED_UP) this.#lookedUp.add(qname.toLowerCase());
  }

  answered({ host, uri, status, bodyLength }: HttpResponseMessage, flow: number, p: Packet): void {
    if (host === null || uri === null || host.length > MOST_NAME || !this.#hasSeveral(host, flow)) return;
    const name = host.toLowerCase().replace(/:\d+$/, ''),
      domain = registeredDomain(name);
    if (domain === '' || domain === name) return;
    const ends = endsOf(this.#state, flow),
      pair = this.#pairs.of(`${ends.client} ${ends.server} ${ends.serverPort} ${domain}`, () => ({
        ends,
        domain,
        evidence: new Evidence(),
        burst: new Burst(MINUTE),
        hosts: new Map(),
        uri,
        requests: 0,
        ofUri: 0,
        known: 0,
      }));
    if (pair === undefined) return;
    pair.requests++;
    if (uri === pair.uri) pair.ofUri++;
    if (this.#lookedUp.has(name)) {
      pair.known++;
      return;
    }
    if (pair.hosts.has(name) || this.#hosts >= MOST_HOSTS) return;
    this.#hosts++;
    pair.hosts.set(name, [status, bodyLength]);
    pair.burst.add(packetTime(this.#state, p));
    pair.evidence.add(p, flow);
  }

  /** Most servers are asked for one host: they cost no more than a look. */
  #hasSeveral(host: string, flow: number): boolean {
    const at = flow * F.INTS,
      { ints } = this.#state.flows,
      key = ints[at + F.B]! * 65_536 + (ints[at + F.PORTS]! & 0xffff),
      first = this.#servers.get(key);
    if (first === undefined) {
      if (this.#servers.size < MOST_SERVERS) this.#servers.set(key, host);
    } else if (first !== null && first !== host) this.#servers.set(key, null);
    return first !== undefined && first !== host;
  }

  findings(threshold: number): FindingDraft[] {
    return [...this.#pairs.values].filter((pair) => isGuessing(pair, threshold)).map((pair) => draft(this.#state, pair, threshold));
  }

  get limits(): string[] {
    const limits = this.#pairs.limits('clients and servers of several hosts');
    if (this.#hosts >= MOST_HOSTS) limits.push(`Of hosts that web servers were asked for, the first ${countText(MOST_HOSTS)} were looked at.`);
    return limits;
  }
}

function isGuessing({ hosts, burst, requests, ofUri, known }: Guessing, threshold: number): boolean {
  return (
    hosts.size >= threshold &&
    burst.most >= threshold &&
    known * 5 <= hosts.size &&
    requests <= hosts.size * MOST_TIMES &&
    ofUri >= requests * ONE_PAGE &&
    alike(hosts) >= hosts.size * ALIKE
  );
}

/** How many hosts got the same: as many bytes, or as many but for the host's name in them, once or twice. */
function alike(hosts: Guessing['hosts']): number {
  let most = 0;
  for (const times of [0, 1, 2]) {
    const counts = new Map<string, number>();
    for (const [name, [status, length]] of hosts) {
      const key = `${status} ${length - times * name.length}`,
        count = (counts.get(key) ?? 0) + 1;
      counts.set(key, count);
      if (count > most) most = count;
    }
  }
  return most;
}

function draft(state: CaptureState, { ends, domain, evidence, hosts, burst }: Guessing, threshold: number): FindingDraft {
  const { client, server, serverPort } = ends,
    count = hosts.size,
    same = alike(hosts),
    name = safeText(domain, 80);
  return wordedDraft(
    state,
    [
      { role: 'attacker', address: client },
      { role: 'victim', address: server, port: serverPort },
    ],
    evidence,
    `${addressFilter(client, server)} && tcp.port == ${serverPort} && http`,
    {
      technique: 'virtual-hosts',
      what: 'hosts of a domain by guessing their names',
      severity: 'low',
      parts: [
        ['many hosts of one domain that nobody looked up', 35],
        ['the same page of each, and nearly always the same answer', 15],
        ['many times the threshold', Math.max(0, Math.min(20, 5 * Math.log2(count / threshold)))],
      ],
      title: `${client} asks ${server} port ${serverPort} for ${countText(count)} hosts of ${name}, which nobody looked up`,
      description: `The web server was asked for the same page of ${countText(count)} different hosts of ${name}, ${countText(burst.most)} of them within a minute (threshold ${threshold}), and answered ${countText(same)} alike. None of these names was looked up in this capture.`,
      indicators: [
        { name: 'hosts', value: count, threshold, unit: 'hosts' },
        { name: 'hosts within a minute', value: burst.most, threshold, unit: 'hosts' },
        { name: 'answered alike', value: same, unit: 'hosts' },
        { name: 'domain', value: name },
        {
          name: 'some of them',
          value: [...hosts.keys()]
            .slice(0, 8)
            .map((one) => safeText(one, 60))
            .join(', '),
        },
      ],
      alternatives: [
        'A proxy or load balancer in front of the server, which passes on the names that its own clients asked for.',
        'Monitoring that looks at the first page of every site of one server.',
      ],
      attack: ['T1595.003'],
      recommendation: `Find out who asks at ${client}, and which of the hosts that ${server} serves should not be reached from there.`,
    },
  );
}
