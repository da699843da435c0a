/**
 * The Tor network: its directories are asked for in clear HTTP, names below .onion leak into DNS, and relays are spoken to in TLS with names that nobody
 * looked up, `www.` and random letters in base 32 (tor-spec.txt, section 2: a commonName of random `www.<base32>.com` and `.net`).
 */
import * as z from 'zod';
import { dnsMessage } from '../../pcap/dns/message.ts';
import { UriJudge } from '../../pcap/http/knownUris.ts';
import { httpRequestMessage } from '../../pcap/http/messages.ts';
import { tlsCertificateMessage, tlsClientHelloMessage } from '../../pcap/tls/messages.ts';
import type { CaptureState } from '../captureState.ts';
import { coverage, examinedAll, unreadableFrames } from '../coverage.ts';
import { plural } from '../describe.ts';
import { defineDetector, type FindingDraft } from '../detector.ts';
import type { Severity } from '../report.ts';
import { looksRandom } from './randomNames.ts';
import { Sightings, sightingDraft, type Sighting } from './sightings.ts';
import { Watched } from './watched.ts';

const options = z.object({
  relays: z.int().min(1).default(1).describe('Relays that a client talks to (relays)'),
});

interface TorMark {
  readonly id: string;
  readonly name: string;
  readonly points: number;
  readonly severity: Severity;
}
const RELAY: TorMark = { id: 'relay', name: 'TLS as Tor relays speak it', points: 80, severity: 'medium' },
  NAME: TorMark = { id: 'name', name: 'TLS with a random name that nobody looked up', points: 60, severity: 'low' },
  DIRECTORY: TorMark = { id: 'directory', name: 'Requests to directories of Tor', points: 90, severity: 'medium' },
  ONION: TorMark = { id: 'onion', name: 'DNS questions for .onion names', points: 60, severity: 'low' },
  WEBSITE: TorMark = { id: 'website', name: 'DNS questions for the pages of the Tor project', points: 50, severity: 'info' };

const RELAY_NAME = /^www\.([a-z2-7]{4,25})\.(?:com|net)$/,
  DIRECTORIES = /^\/tor\/(?:status-vote|server|keys|micro|extra|rendezvous2?)\//,
  RELAY_PORTS = new Set([9001, 9030, 9002, 9003, 9101]),
  MOST_NAMES = 20_000;

const uriJudge = new UriJudge();

export const tor = defineDetector({
  id: 'tor',
  title: 'Tor',
  tier: 2,
  deed: 'used Tor by way of {whom}',
  description:
    'A host talks to relays or directories of the Tor network, which hides where its traffic goes. People use it to be private, malware to reach its masters.',
  options,
  messages: [dnsMessage.kind, httpRequestMessage.kind, tlsClientHelloMessage.kind, tlsCertificateMessage.kind],
  create(_, state) {
    const seen = new Sightings<TorMark>(state),
      /** Names of that form that were looked up, as people's names of that form are. */
      asked = new Set<string>(),
      hellos = new Watched<string, { readonly name: string; readonly one: Sighting<TorMark> }>(MOST_NAMES);
    return {
      onMessage(message, flow, p) {
        if (dnsMessage.is(message)) {
          if (message.isResponse) return;
          const name = message.qname.toLowerCase();
          if (RELAY_NAME.test(name)) {
            if (asked.size < MOST_NAMES) asked.add(name);
          } else if (name.endsWith('.onion')) seen.add(ONION, flow, p, name);
          else if (name === 'torproject.org' || name.endsWith('.torproject.org')) seen.add(WEBSITE, flow, p, name);
        } else if (httpRequestMessage.is(message)) {
          if (uriJudge.knows(message)) return;
          if (DIRECTORIES.test(message.uri)) seen.add(DIRECTORY, flow, p, message.uri);
          else uriJudge.clear(message);
        } else if (flow < 0) return;
        else if (tlsClientHelloMessage.is(message)) {
          const name = message.sni?.toLowerCase() ?? '';
          if (!RELAY_NAME.test(name) || !looksRandom(name.split('.')[1] ?? '')) return;
          const one = seen.add(NAME, flow, p, name);
          if (one !== null) hellos.of(name, () => ({ name, one }));
        } else if (tlsCertificateMessage.is(message) && message.fromServer) {
          const [leaf] = message.chain;
          if (leaf === undefined || message.chain.length > 2) return;
          const subject = RELAY_NAME.exec(leaf.commonName ?? '')?.[1],
            issuer = RELAY_NAME.exec(/(?:^|, )CN=([^,]+)/.exec(leaf.issuer)?.[1] ?? '')?.[1];
          if (subject === undefined || issuer === undefined || subject === issuer || leaf.subject.includes('O=') || leaf.issuer.includes('O='))
            return;
          seen.add(RELAY, flow, p, `${leaf.commonName ?? ''}, issued by ${leaf.issuer}`);
        }
      },
      evaluate(values) {
        const unasked = new Set([...hellos.values].filter(({ name }) => !asked.has(name)).map(({ one }) => one)),
          relays = new Set([...seen.values].filter(({ mark }) => mark === RELAY).map(({ client, server }) => `${client} ${server}`));
        const wanted = [...seen.values].filter(({ mark }) => mark !== NAME),
          named = [...seen.values].filter((one) => one.mark === NAME && unasked.has(one) && !relays.has(`${one.client} ${one.server}`));
        const perClient = new Map<string, number>();
        for (const { client } of named) perClient.set(client, (perClient.get(client) ?? 0) + 1);
        return {
          findings: [...wanted, ...named]
            .filter((one) => one.mark !== NAME || (perClient.get(one.client) ?? 0) >= values.relays)
            .map((one) => draft(state, one, perClient.get(one.client) ?? 0)),
          coverage: coverage(examinedAll(state), [...unreadableFrames(state), ...seen.limits('clients and relays')]),
        };
      },
    };
  },
});

function draft(state: CaptureState, one: Sighting<TorMark>, names: number): FindingDraft {
  const { mark, client, server, serverPort, count } = one,
    isName = mark === NAME,
    isPort = RELAY_PORTS.has(serverPort);
  return sightingDraft(state, one, {
    technique: mark.id,
    ...(mark === ONION || mark === WEBSITE ? { deed: 'asked {whom} for names of Tor' } : {}),
    severity: isName && (isPort || names >= 2) ? 'medium' : mark.severity,
    parts: [
      [mark.name, mark.points],
      ['on a port that relays use', isPort ? 15 : 0],
      ['several such names', isName && names >= 2 ? 15 : 0],
    ],
    title: `${client} ${mark === ONION || mark === WEBSITE ? `asks ${server} for names of Tor` : `uses Tor by way of ${server} port ${serverPort}`}`,
    description: `${mark.name}: ${plural(count, 'message')} between ${client} and ${server} port ${serverPort}.`,
    alternatives: ['Somebody who wishes to be private, or a test of filters.', 'A name of random letters that is no relay.'],
    attack: ['T1090.003'],
    together: {
      key: `${mark === ONION || mark === WEBSITE ? 'asks' : 'uses'} ${client}`,
      label: `${server} port ${serverPort}`,
      note: `${mark.name}, ${plural(count, 'message')}`,
      words: (all) =>
        mark === ONION || mark === WEBSITE
          ? {
              title: `${client} asks ${all.hosts('server')} for names of Tor`,
              description: 'DNS questions for names of Tor went to',
              recommendation: `Ask who uses Tor on ${client}; if nobody does, look for the program that brought it.`,
            }
          : {
              title: `${client} uses Tor by way of ${all.hosts('server', 'relay')}`,
              description: 'A Tor client keeps connections with several relays and fetches their list from others. Seen were',
              recommendation: `Ask who uses Tor on ${client}; if nobody does, look for the program that brought it.`,
            },
    },
    recommendation: `Ask who uses Tor on ${client}; if nobody does, look for the program that brought it.`,
  });
}
