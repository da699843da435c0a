/**
 * Whatever the user's own lists name: addresses and networks by the flows, names, URLs and fingerprints by what was said in clear, files by their
 * hashes. As sure as the list is; how grave depends on whether the other side answered.
 */
import * as z from 'zod';
import { dnsMessage } from '../../pcap/dns/message.ts';
import type { Message } from '../../pcap/dissector.ts';
import { httpRequestMessage } from '../../pcap/http/messages.ts';
import type { Packet } from '../../pcap/packet.ts';
import { tlsCertificateMessage, tlsClientHelloMessage, tlsServerHelloMessage, tlsServerNameMessage } from '../../pcap/tls/messages.ts';
import type { CaptureState } from '../captureState.ts';
import { coverage, examinedAll, unreadableFrames } from '../coverage.ts';
import { defineDetector, type DetectorRun } from '../detector.ts';
import { safeText } from '../exports/safeText.ts';
import { urlKey, type IntelEntry } from '../intelEntries.ts';
import { IntelIndex } from '../intelIndex.ts';
import { flowMatches } from './intelFlows.ts';
import { ListedFiles } from './intelFiles.ts';
import { draftMatch, type Match } from './intelFinding.ts';
import { datagramEnds, endsOf, Evidence, Watched } from './watched.ts';

const options = z.object({
  unanswered: z.boolean().default(true).describe('Whether attempts that nobody answered are told too (yes or no)'),
  packets: z.int().min(1).default(1).describe('Packets to or from a listed address from which it is told (packets)'),
});

const MOST_MATCHES = 5000,
  MOST_FINDINGS = 200;

export const intelMatch = defineDetector({
  id: 'intel-match',
  title: 'Matches of your own lists',
  tier: 2,
  deed: 'met what your lists name[ at {whom}]',
  description:
    'An address, a name, a URL, a TLS fingerprint or the hash of a transferred file or a certificate is in a list under .netsec/intel. Lists grow old: addresses change hands, and shared hosting or a resolver that asks for others can match too.',
  options,
  messages: [
    dnsMessage.kind,
    tlsServerNameMessage.kind,
    tlsClientHelloMessage.kind,
    tlsServerHelloMessage.kind,
    tlsCertificateMessage.kind,
    httpRequestMessage.kind,
  ],
  create(_, state) {
    const index = new IntelIndex(state.intel),
      said = new Watched<string, Match>(MOST_MATCHES),
      files = new ListedFiles(index, MOST_MATCHES);
    const run: DetectorRun<z.output<typeof options>> = {
      evaluate(values) {
        if (state.intel.length === 0)
          return { findings: [], coverage: { ...coverage(examinedAll(state), []), status: 'skipped', why: 'There is no list in .netsec/intel.' } };
        const flows = flowMatches(state, index, MOST_MATCHES),
          matches = [...flows.matches, ...said.values, ...files.matches(state)].filter(
            ({ isAnswered, packets }) => (values.unanswered || isAnswered) && (packets === null || packets >= values.packets),
          );
        matches.sort((a, b) => Number(b.isAnswered) - Number(a.isAnswered) || (a.evidence.frames[0] ?? 0) - (b.evidence.frames[0] ?? 0));
        const limits = [...unreadableFrames(state), ...said.limits('matches'), ...files.limits(state.filesUnderWay)];
        if (flows.isBounded) limits.push(`More than ${MOST_MATCHES} pairs of addresses matched: some were left out.`);
        if (matches.length > MOST_FINDINGS) limits.push(`Of ${matches.length} matches ${MOST_FINDINGS} are shown, those with an answer first.`);
        return { findings: matches.slice(0, MOST_FINDINGS).map((match) => draftMatch(match, state)), coverage: coverage(examinedAll(state), limits) };
      },
    };
    // Messages cost: nobody asks for them without a name, a URL, a hash or a fingerprint to compare.
    if (index.hasTexts) run.onMessage = (message, flow, p) => onMessage(message, flow, p, state, index, said);
    if (index.fileHashes.length > 0) run.files = { hashes: index.fileHashes, onFile: (file) => files.add(file) };
    return run;
  },
});

function onMessage(message: Message, flow: number, p: Packet, state: CaptureState, index: IntelIndex, said: Watched<string, Match>): void {
  const note = (entry: IntelEntry | undefined, seen: string): void => {
    if (entry !== undefined) add(entry, seen, message, flow, p, state, said);
  };
  if (dnsMessage.is(message)) {
    if (message.qname !== '') note(index.ofDomain(message.qname), message.qname);
  } else if (tlsServerNameMessage.is(message)) note(index.ofDomain(message.name), message.name);
  else if (tlsClientHelloMessage.is(message)) {
    if (message.ja3 !== null) note(index.ofJa3(message.ja3), message.ja3);
    if (message.ja4 !== null) note(index.of('ja4', message.ja4), message.ja4);
  } else if (tlsServerHelloMessage.is(message)) {
    if (message.ja3s !== null) note(index.ofJa3(message.ja3s), message.ja3s);
  } else if (tlsCertificateMessage.is(message)) {
    for (const { sha1, sha256 } of message.chain) {
      const entry = index.of('sha256', sha256 ?? '') ?? index.of('sha1', sha1 ?? '');
      note(entry, entry?.value ?? '');
    }
  } else if (httpRequestMessage.is(message)) {
    const { uri, host: asked } = message,
      isWhole = /^https?:\/\//i.test(uri),
      // A proxy is asked for `CONNECT bad.example:443`.
      url = urlKey(isWhole ? uri : message.method === 'CONNECT' ? `https://${uri}` : `http://${asked ?? ''}${uri.startsWith('/') ? uri : '/'}`);
    if (url === null) return;
    note(index.of('url', url), url);
    const host = url.slice(0, url.indexOf('/')).replace(/:\d+$/, '');
    note(index.ofDomain(host), host);
  }
}

function add(entry: IntelEntry, seen: string, message: Message, flow: number, p: Packet, state: CaptureState, said: Watched<string, Match>): void {
  const ends = datagramEnds(p);
  let client: string,
    server: string | null = null,
    port = 0;
  const isDns = dnsMessage.is(message);
  if (isDns) {
    if (ends === null) return;
    client = message.isResponse ? ends.destination : ends.source;
  } else if (flow >= 0) {
    const known = endsOf(state, flow);
    [client, server, port] = [known.client, known.server, known.serverPort];
  } else {
    if (ends === null) return;
    [client, server, port] = [ends.source, ends.destination, ends.destinationPort];
  }
  const match = said.of(`${entry.type} ${entry.value} ${client} ${server ?? ''} ${port}`, () => ({
    entry,
    listed: null,
    client,
    server,
    port,
    how: isDns ? 'asked for' : 'said',
    seen: new Set(),
    file: null,
    evidence: new Evidence(),
    // To ask for a name is no contact yet; whoever speaks TLS or HTTP was answered.
    isAnswered: !isDns && flow >= 0,
    packets: null,
  }));
  if (match === undefined) return;
  if (match.seen.size < 3) match.seen.add(safeText(seen, 253));
  if (flow >= 0) match.evidence.add(p, flow);
  else match.evidence.addDatagram(p);
}
