/**
 * A flood of HTTP requests: far more than people or crawlers ask for, and always for the same few pages, often with a random query behind them so that no
 * cache answers; or for pages with random names, each once and over a connection of its own. Load tests do the same on purpose. Services that call each other ask one page as often, but over connections that they keep and without
 * random queries. Streams that are opened and broken off at once: rapidReset.ts.
 */
import * as z from 'zod';
import { httpCancelMessage, httpRequestMessage } from '../../pcap/http/messages.ts';
import type { CaptureState } from '../captureState.ts';
import { coverage, examinedAll, unreadableFrames } from '../coverage.ts';
import { countText, plural } from '../describe.ts';
import { defineDetector, type FindingDraft } from '../detector.ts';
import * as F from '../flowTable.ts';
import { HttpVersions } from './httpOver.ts';
import { Burst, packetTime } from './measures.ts';
import { Cancelled } from './rapidReset.ts';
import { wordedDraft } from './sightings.ts';
import { addressFilter, endsOf, Evidence, isLocalEnd, Watched } from './watched.ts';

const options = z.object({
  windowSeconds: z.number().positive().default(10).describe('Time within which requests are counted (seconds)'),
  requests: z.int().min(50).default(1000).describe('Requests to one server within that time (requests)'),
  peakRequests: z.int().min(20).default(200).describe('Requests to one server within one second, told with less weight (requests)'),
  brokenOff: z
    .int()
    .min(20)
    .default(200)
    .describe('Streams of HTTP/2 that are opened at one server and broken off at once within that time, as Rapid Reset does (streams)'),
  pagesPercent: z.number().min(1).max(100).default(5).describe('Different pages, queries aside, that the requests may at most ask for (percent)'),
});
type Options = z.output<typeof options>;

const MOST_SERVERS = 2000,
  MOST_PAGES = 1000,
  MOST_CONNECTIONS = 2000,
  MOST_KEPT = 5,
  MOST_CLIENTS = 10_000,
  MANY_CLIENTS = 20,
  MANY_AGENTS = 5,
  /** What suffices of the requests where their sender hides: as many per second as a busy page makes. */
  DISGUISED_SHARE = 5,
  MOST_RECENT = 4096;

interface Server {
  readonly address: string;
  readonly port: number;
  readonly burst: Burst;
  /** Connections that asked. */
  readonly connections: Set<number>;
  /** Within a second. */
  readonly peak: Burst;
  readonly pages: Set<string>;
  /** Requests until no more pages were remembered. */
  countedPages: number;
  readonly clients: Map<string, { requests: number }>;
  readonly evidence: Evidence;
  /** Some came over HTTP/2. */
  readonly versions: HttpVersions;
  readonly cancelled: Cancelled;
  requests: number;
  /** Requests whose query is another than that of the one before. */
  queries: number;
  lastQuery: string;
  /** Programs that its clients say to be, a few of them. */
  readonly agents: Set<string>;
}

export const httpFlood = defineDetector({
  id: 'http-flood',
  title: 'HTTP flood',
  tier: 2,
  deed: 'flooded {whom} with HTTP requests',
  description:
    'A server gets far more requests than people make, for the same few pages, from one or many addresses. Load tests and health checks of large clusters look alike; crawlers ask for many pages.',
  options,
  judgesHeaders: true,
  messages: [httpRequestMessage.kind, httpCancelMessage.kind],
  collecting: ['windowSeconds'],
  create({ windowSeconds }, state) {
    const servers = new Watched<string, Server>(MOST_SERVERS),
      /** Both ends of connections met lately; no client where there is no room for one more. */
      ofFlow = new Map<number, { readonly server: Server; readonly client: { requests: number } | null }>();
    const bothOf = (flow: number): { readonly server: Server; readonly client: { requests: number } | null } | undefined => {
      const known = ofFlow.get(flow);
      if (known !== undefined) return known;
      const { client, server, serverPort } = endsOf(state, flow),
        one = servers.of(`${server} ${serverPort}`, () => ({
          address: server,
          port: serverPort,
          burst: new Burst(windowSeconds),
          peak: new Burst(1),
          connections: new Set(),
          pages: new Set(),
          countedPages: 0,
          clients: new Map(),
          evidence: new Evidence(),
          versions: new HttpVersions(),
          cancelled: new Cancelled(windowSeconds),
          requests: 0,
          queries: 0,
          lastQuery: '',
          agents: new Set(),
        }));
      if (one === undefined) return undefined;
      let counted = one.clients.get(client);
      if (counted === undefined && one.clients.size < MOST_CLIENTS) one.clients.set(client, (counted = { requests: 0 }));
      const both = { server: one, client: counted ?? null };
      if (ofFlow.size >= MOST_RECENT) ofFlow.clear();
      ofFlow.set(flow, both);
      if (one.connections.size < MOST_CONNECTIONS) one.connections.add(flow);
      return both;
    };
    return {
      onMessage(message, flow, p) {
        if (flow < 0) return;
        if (httpCancelMessage.is(message)) {
          bothOf(flow)?.server.cancelled.add(message, endsOf(state, flow).client, state, p, flow);
          return;
        }
        if (!httpRequestMessage.is(message)) return;
        const both = bothOf(flow);
        if (both === undefined) return;
        const { server: one, client } = both;
        if (client !== null) client.requests++;
        one.requests++;
        one.versions.add(message);
        const now = packetTime(state, p);
        one.burst.add(now);
        one.peak.add(now);
        one.evidence.add(p, flow);
        const query = message.uri.indexOf('?');
        if (query >= 0) {
          const text = message.uri.slice(query + 1, query + 65);
          if (text !== one.lastQuery) {
            one.queries++;
            if (one.agents.size < MANY_AGENTS && message.userAgent !== null) one.agents.add(message.userAgent);
          }
          one.lastQuery = text;
        }
        if (one.pages.size < MOST_PAGES) {
          one.countedPages++;
          one.pages.add((query < 0 ? message.uri : message.uri.slice(0, query)).slice(0, 200));
        }
      },
      evaluate: (values) => ({
        findings: [...servers.values]
          .flatMap(({ address, port, cancelled, requests }) =>
            cancelled.burst.most >= values.brokenOff
              ? [cancelled.finding(state, address, port, requests, values.brokenOff, values.windowSeconds)]
              : [],
          )
          .concat(
            [...servers.values]
              .filter((one) => {
                const { burst, peak, pages, requests, cancelled } = one;
                if (cancelled.burst.most >= values.brokenOff) return false;
                if (isDisguised(one)) return burst.most * DISGUISED_SHARE >= values.requests;
                if (isAlwaysNew(one)) return burst.most >= values.requests;
                return (burst.most >= values.requests || peak.most >= values.peakRequests) && pages.size * 100 <= requests * values.pagesPercent;
              })
              .map((one) => draft(values, state, one)),
          ),
        coverage: coverage(examinedAll(state), [...unreadableFrames(state), ...servers.limits('servers')]),
      }),
    };
  },
});

/** Hardly a page twice, and hardly a connection: people come back to the same pages, and crawlers keep their connections. */
function isAlwaysNew({ pages, countedPages, connections, requests }: Server): boolean {
  return pages.size * 10 >= countedPages * 9 && connections.size * 2 >= Math.min(MOST_CONNECTIONS, requests);
}

/**
 * One address that says to be ever another browser, with a query of its own and a connection of its own for each request of the same few pages: HULK and GoldenEye do so,
 * so that no cache and no list of browsers stops them. People behind one address have their queries, but not that many for so few pages.
 */
function isDisguised({ requests, queries, agents, pages, connections, clients }: Server): boolean {
  if (agents.size < MANY_AGENTS || queries * 10 < requests * 9 || connections.size * 2 < Math.min(MOST_CONNECTIONS, requests)) return false;
  return pages.size * 20 <= requests && [...clients.values()].some((client) => client.requests * 2 > requests);
}

/** Both ends are at home, and the server keeps up: what a load test looks like (ab, siege, wrk), and no outage. */
function isCalmTest(state: CaptureState, connections: readonly number[]): boolean {
  const { ints } = state.flows,
    [any] = connections;
  if (any === undefined || !isLocalEnd(state, any, F.A) || !isLocalEnd(state, any, F.B)) return false;
  const answered = connections.filter((row) => (ints[row * F.INTS + F.FLAGS]! & (F.DATA_B | F.RST_B)) === F.DATA_B).length;
  return answered * 100 >= connections.length * 98;
}

function draft(values: Options, state: CaptureState, server: Server): FindingDraft {
  const { address, port, burst, peak, pages, clients, connections, queries, evidence, requests } = server,
    isHidden = isDisguised(server),
    isNew = !isHidden && isAlwaysNew(server);
  const [busiest = ['', 0] as const] = [...clients].map(([address, counted]) => [address, counted.requests] as const).sort((a, b) => b[1] - a[1]),
    isOne = busiest[1] * 2 > requests,
    isOwnTest = isOne && queries * 2 < requests && isCalmTest(state, [...connections]),
    isKept = connections.size < Math.min(MOST_CONNECTIONS, requests / MOST_KEPT) && queries * 2 < requests && clients.size < MANY_CLIENTS;
  return wordedDraft(
    state,
    [
      { role: 'attacker', address: busiest[0] },
      { role: 'victim', address, port },
    ],
    evidence,
    `${addressFilter(address)} && ${server.versions.requestsTo(port)}`,
    {
      technique: isOne ? 'one-source' : 'many-sources',
      severity: isHidden || (burst.most >= values.requests && !isKept && !isNew && !isOwnTest) ? 'medium' : 'low',
      parts: [
        ['more requests than people make', 50],
        ['one address that says to be ever another browser, and asks past every cache', isHidden ? 15 : 0],
        ['many times the threshold', Math.max(0, Math.min(20, 5 * Math.log2(burst.most / values.requests)))],
        ['always the same page', pages.size === 1 ? 10 : 0],
        ['from many addresses', clients.size >= MANY_CLIENTS ? 8 : 0],
        ['over few connections that are kept, as services call each other', isKept ? -20 : 0],
        ['within one network, of one address, and the server answers all of it', isOwnTest ? -15 : 0],
      ],
      title: `${address} port ${port} is flooded with HTTP requests: ${countText(burst.most)} within ${values.windowSeconds} s`,
      description: `${countText(burst.most)} requests came within ${values.windowSeconds} s (threshold ${countText(isHidden ? values.requests / DISGUISED_SHARE : values.requests)}) from ${plural(clients.size, 'address', 'addresses')}, ${countText(requests)} in all, for ${pages.size >= MOST_PAGES ? `more than ${countText(MOST_PAGES)} pages` : plural(pages.size, 'page')}.`,
      indicators: [
        { name: 'requests', value: burst.most, threshold: isHidden ? values.requests / DISGUISED_SHARE : values.requests },
        { name: 'requests within a second', value: peak.most, threshold: values.peakRequests },
        { name: 'pages', value: pages.size },
        { name: 'clients', value: clients.size },
        { name: 'connections', value: connections.size },
      ],
      alternatives: [
        'A load test, or a program that asks too often.',
        ...(isNew ? ['A proxy in front of a large site that opens a connection for each request.'] : []),
      ],
      attack: ['T1499.002'],
      recommendation: `Limit requests per address in front of ${address}.`,
    },
  );
}
