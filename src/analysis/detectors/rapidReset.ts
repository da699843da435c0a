/**
 * HTTP/2 Rapid Reset, CVE-2023-44487: streams are opened and broken off at once, so that the server works for each while none counts against its limit of streams
 * at a time. Browsers break off a page that somebody leaves, programs what took too long; neither does so to hundreds within moments of the question.
 */
import type { HttpCancelMessage } from '../../pcap/http/messages.ts';
import type { Packet } from '../../pcap/packet.ts';
import type { CaptureState } from '../captureState.ts';
import { countText, plural } from '../describe.ts';
import type { FindingDraft } from '../detector.ts';
import * as F from '../flowTable.ts';
import { Burst, packetTime } from './measures.ts';
import { wordedDraft } from './sightings.ts';
import { addressFilter, Evidence } from './watched.ts';

/** Seconds from question to end within which nobody can have waited for the answer. */
const AT_ONCE = 0.1;
const MANY_TIMES = 10,
  MOST_CLIENTS = 10_000;

function isTcp({ flows }: CaptureState, flow: number): boolean {
  return (flows.ints[flow * F.INTS + F.META]! & F.META_PROTOCOL) === F.PROTOCOL_TCP;
}

/** What was broken off at one server. */
export class Cancelled {
  readonly burst: Burst;
  readonly evidence = new Evidence();
  readonly #clients = new Map<string, number>();
  count = 0;

  constructor(windowSeconds: number) {
    this.burst = new Burst(windowSeconds);
  }

  add({ isAnswered, seconds }: HttpCancelMessage, client: string, state: CaptureState, p: Packet, flow: number): void {
    // HTTP/3 bounds the streams that one side may open in all (RFC 9000 section 4.6): breaking off opens no new ones there.
    if (isAnswered || seconds > AT_ONCE || Number.isNaN(seconds) || !isTcp(state, flow)) return;
    this.count++;
    this.burst.add(packetTime(state, p));
    this.evidence.add(p, flow);
    const known = this.#clients.get(client);
    if (known !== undefined || this.#clients.size < MOST_CLIENTS) this.#clients.set(client, (known ?? 0) + 1);
  }

  finding(state: CaptureState, address: string, port: number, requests: number, threshold: number, windowSeconds: number): FindingDraft {
    const { burst, count, evidence } = this,
      clients = [...this.#clients].sort((a, b) => b[1] - a[1]),
      [busiest = ['', 0] as const] = clients,
      share = Math.round((100 * count) / Math.max(count, requests));
    return wordedDraft(
      state,
      [
        { role: 'attacker', address: busiest[0] },
        { role: 'victim', address, port },
      ],
      evidence,
      `${addressFilter(address)} && tcp.port == ${port} && http2.type == 3`,
      {
        technique: 'rapid-reset',
        deed: 'opened and broke off streams of HTTP/2 at {whom}',
        severity: burst.most >= MANY_TIMES * threshold ? 'high' : 'medium',
        parts: [
          ['streams that are opened and broken off at once', 55],
          ['many times the threshold', Math.max(0, Math.min(20, 5 * Math.log2(burst.most / threshold)))],
          ['hardly a request that is not broken off', share >= 90 ? 15 : 0],
        ],
        title: `${clients.length === 1 ? busiest[0] : plural(clients.length, 'address', 'addresses')} ${clients.length === 1 ? 'opens and breaks off' : 'open and break off'} streams of ${address} port ${port}: ${countText(burst.most)} within ${windowSeconds} s (HTTP/2 Rapid Reset, CVE-2023-44487)`,
        description: `${countText(burst.most)} streams of HTTP/2 within ${windowSeconds} s (threshold ${countText(threshold)}) were opened by a request and broken off by RST_STREAM within ${AT_ONCE} s, before an answer; ${countText(count)} in all, ${share} % of the requests. The server works for each of them, and its limit of streams at a time holds none back.`,
        indicators: [
          { name: 'streams broken off at once', value: burst.most, threshold, unit: 'streams' },
          { name: 'share of the requests', value: share, unit: '%' },
          { name: 'clients', value: clients.length },
        ],
        alternatives: ['A load test, or a proxy whose own clients leave all at once.'],
        attack: ['T1499.002', 'T1499.004'],
        recommendation: `Update the web server and the proxies in front of ${address} (CVE-2023-44487), and let them end connections on which many streams are broken off.`,
      },
    );
  }
}
