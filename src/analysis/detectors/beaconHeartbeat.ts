/**
 * A beacon within one connection: one side speaks at regular intervals, a little each time, in words that nobody knows or in HTTP requests. The signs
 * of life of known protocols (MQTT, IMAP IDLE, databases, push services, industrial polling) are regular too and are left alone.
 */
import type { CaptureState } from '../captureState.ts';
import { countText, durationText, plural } from '../describe.ts';
import type { FindingDraft } from '../detector.ts';
import * as F from '../flowTable.ts';
import type { BeaconOptions } from './beaconing.ts';
import { beaconScore, type BeaconScore } from './beaconScore.ts';
import { FLEET, fleetsOf, type Fleet } from './beaconFleets.ts';
import type { Heartbeats } from './heartbeats.ts';
import { addressFilter, anyPort, confidenceOf, endsOf, Evidence, isLocalAddress } from './watched.ts';

/** Bytes per beat, both directions, beyond which something is delivered: streams of video and sensors have a beat too. */
const MOST_BYTES_PER_BEAT = 4096;
/** Services whose rhythm may be a beacon's: none known, HTTP, and TLS, whose content nobody sees. */
const JUDGED = new Set(['', 'data', 'http', 'tls']);
/** IANA's ports of protocols that say at intervals that they are there: mail, directories, files, industry, phones' push services, brokers, databases, chat, remote desktops. */
export const ALIVE_BY_DESIGN = new Set(
  '21 22 23 25 53 102 110 111 135 139 143 179 389 445 465 502 514 515 554 587 593 636 646 853 993 995 1080 1194 1352 1414 1433 1494 1521 1723 1883 1935 2049 2181 2404 2598 3128 3205 3260 3268 3269 3306 3389 4070 4505 4506 4840 5060 5061 5222 5223 5228 5229 5230 5269 5432 5671 5672 5900 5938 6379 6568 6667 6697 8008 8009 8883 9092 9100 11211 20000 27017 44818 50000 61613 61616'
    .split(' ')
    .map(Number),
);
const HOSTS_TOLD = 20;
const WEB = new Set([80, 443, 8080, 8443]);

interface Heartbeat {
  readonly row: number;
  readonly service: string;
  readonly isFromServer: boolean;
  readonly score: BeaconScore;
}

/** Findings about connections, those between the same two as one, the most regular first, at most `most`. `isKnown` says of which connections enough is said. */
export function heartbeatFindings(
  values: BeaconOptions,
  state: CaptureState,
  heartbeats: Heartbeats,
  isKnown: (row: number) => boolean,
  most: number,
): FindingDraft[] {
  const found: Heartbeat[] = [];
  for (const row of heartbeats.flows) {
    if (isKnown(row)) continue;
    const service = serviceOf(state, row),
      port = state.flows.ints[row * F.INTS + F.PORTS]! & 0xffff;
    if (!JUDGED.has(service) || ALIVE_BY_DESIGN.has(port)) continue;
    // Browsers and apps keep their TLS connections to a named web server alive by HTTP/2 pings and by asking for news.
    if (service === 'tls' && WEB.has(port) && state.names.of(endsOf(state, row).server).length > 0) continue;
    const both = ([0, 1] as const).flatMap((direction) => judge(values, state, heartbeats, row, direction, service));
    const best = both.sort((a, b) => b.score.total - a.score.total)[0];
    if (best !== undefined) found.push(best);
  }
  found.sort((a, b) => b.score.total - a.score.total || a.row - b.row);
  return fleetsOf(found, ({ row, score }) => ({ ...endsOf(state, row), isTcp: true, interval: score.interval, isByName: false }))
    .slice(0, most)
    .map((fleet) => draft(values, state, fleet));
}

function serviceOf(state: CaptureState, row: number): string {
  return state.tables.all[state.flows.ints[row * F.INTS + F.SERVICE]! - 1]?.dissector.id ?? '';
}

function judge(
  values: BeaconOptions,
  state: CaptureState,
  heartbeats: Heartbeats,
  row: number,
  direction: 0 | 1,
  service: string,
): readonly Heartbeat[] {
  const { times, bytes } = heartbeats.of(row, direction),
    span = (times.at(-1) ?? 0) - (times[0] ?? 0),
    { doubles } = state.flows,
    dat = row * F.DOUBLES;
  if (times.length < values.connections || span < values.shortestSpan) return [];
  if (doubles[dat + F.PAYLOAD_A]! + doubles[dat + F.PAYLOAD_B]! > MOST_BYTES_PER_BEAT * times.length) return [];
  // The connection is the whole time that could be seen.
  const score = beaconScore(times, bytes, span);
  return score.beats >= values.connections &&
    score.interval >= values.shortestInterval &&
    score.timing * 100 >= values.timingPercent &&
    score.total * 100 >= values.scorePercent
    ? [{ row, service, isFromServer: direction === 1, score }]
    : [];
}

function draft(values: BeaconOptions, state: CaptureState, { kind, members, clients, servers, ports }: Fleet<Heartbeat>): FindingDraft {
  const { row, service, isFromServer, score } = members[0]!,
    { client, server, serverPort } = endsOf(state, row),
    isOutside = !isLocalAddress(server),
    isNamed = state.names.of(server).length > 0,
    isUnknown = service === '' || service === 'data',
    isOddTls = service === 'tls' && !isNamed && !WEB.has(serverPort),
    isFleet = kind !== 'pair',
    isOverMany = isFleet && servers.length >= FLEET,
    evidence = new Evidence(),
    { ints } = state.flows,
    percent = (value: number): number => Math.round(value * 100);
  for (const one of members) evidence.addRow(state.flows, one.row);
  const { confidence, indicators } = confidenceOf([
    ['regular in time and size', 40 * score.total],
    ['hardly any jitter', score.deviation < score.interval * 0.05 ? 8 : 0],
    ['many times', Math.min(12, 4 * Math.log2(score.beats / values.connections))],
    ['to an address outside', isOutside ? 10 : -10],
    ['in no protocol that is known', isUnknown ? 10 : 0],
    ['TLS without a name on a port of no usual service', isOddTls ? 10 : 0],
    ['several machines at the same interval, as parts of one system', isFleet ? -15 : 0],
  ]);
  const spoken = isUnknown ? 'in no known protocol' : `in ${service.toUpperCase()}`,
    every = `every ${durationText(score.interval)}`,
    inThem = members.length === 1 ? 'one connection' : `${countText(members.length)} connections`,
    onPort = ports.length === 1 ? ` port ${serverPort}` : '';
  return {
    technique: `connection ${ints[row * F.INTS + F.PORTS]! >>> 16} ${serverPort}`,
    // Devices and their makers' clouds keep one connection alive in words of their own, too: the rhythm alone accuses nobody.
    severity: isOverMany ? 'info' : 'low',
    confidence,
    title: {
      pair: `${isFromServer ? server : client} speaks ${every} in ${inThem} ${isFromServer ? `to ${client}` : `with ${server} port ${serverPort}`}`,
      agents: `${countText(clients.length)} machines speak ${every} in ${inThem} with ${server} port ${serverPort}`,
      monitor: `${client} speaks ${every} in ${inThem} with ${servers.length === 1 ? server : `${countText(servers.length)} machines inside`}${onPort}`,
      mesh: `${countText(new Set([...clients, ...servers]).size)} machines inside speak ${every} with one another${onPort}`,
    }[kind],
    description: `Within ${members.length === 1 ? 'one connection' : `each of ${inThem}, the most regular of them`} to ${server} port ${serverPort}, ${spoken}, ${isFromServer ? 'the server' : 'the client'} spoke ${plural(
      score.beats,
      'time',
    )}, ${durationText(score.interval)} apart (half of them within ${durationText(score.deviation)} of that). Score ${percent(score.total)} % (threshold ${
      values.scorePercent
    } %): timing ${percent(score.timing)} %, sizes ${percent(score.sizes)} %, evenness ${percent(score.histogram)} %.`,
    subjects: [
      ...clients.slice(0, HOSTS_TOLD).map((address) => ({ role: 'client' as const, address })),
      ...servers.slice(0, HOSTS_TOLD).map((address) => ({ role: 'server' as const, address, ...(ports.length === 1 ? { port: serverPort } : {}) })),
    ],
    ...evidence.proof,
    framesTotal: members.reduce((sum, one) => sum + ints[one.row * F.INTS + F.PACKETS_A]! + ints[one.row * F.INTS + F.PACKETS_B]!, 0),
    indicators: [
      { name: 'score', value: percent(score.total), threshold: values.scorePercent, unit: '%' },
      { name: 'timing', value: percent(score.timing), threshold: values.timingPercent, unit: '%' },
      { name: 'sizes', value: percent(score.sizes), unit: '%' },
      { name: 'histogram', value: percent(score.histogram), unit: '%' },
      { name: 'interval', value: Number(score.interval.toPrecision(4)), unit: 's' },
      { name: 'times it spoke', value: score.beats, threshold: values.connections },
      ...(members.length > 1 ? [{ name: 'connections', value: members.length }] : []),
      ...indicators,
    ],
    alternatives: [
      'Signs of life of a program of your own, a page that asks for news in one connection, or a device that reports to its maker.',
      ...(isFleet ? ['Monitoring, or nodes of one system of your own: most likely, as all of them keep the same interval.'] : []),
    ],
    filter: isFleet
      ? `${clients.length === 1 ? addressFilter(client) : addressFilter(server)} && ${anyPort('tcp', ports)} && tcp.len > 1`
      : `${addressFilter(client, server)} && ${members.length === 1 ? `tcp.port == ${ints[row * F.INTS + F.PORTS]! >>> 16} && ` : ''}tcp.port == ${serverPort} && tcp.len > 1`,
    attack: ['T1071', 'T1573'],
    recommendation: `Follow the stream of frame ${countText(ints[row * F.INTS + F.FIRST_FRAME]!)} and find the program on ${client} that holds ${members.length === 1 ? 'this connection' : 'these connections'}. If nobody knows it, isolate ${client}.`,
  };
}
