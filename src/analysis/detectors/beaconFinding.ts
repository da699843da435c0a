/** What is said of a beacon, and of several that are told as one. */
import type { CaptureState } from '../captureState.ts';
import { countText, durationText, plural } from '../describe.ts';
import type { FindingDraft } from '../detector.ts';
import { safeText } from '../exports/safeText.ts';
import * as F from '../flowTable.ts';
import { FLEET, type Fleet, type Rhythm } from './beaconFleets.ts';
import { ALIVE_BY_DESIGN } from './beaconHeartbeat.ts';
import type { BeaconOptions } from './beaconing.ts';
import type { BeaconScore } from './beaconScore.ts';
import { addressFilter, anyPort, confidenceOf, endsOf, Evidence, isLocalAddress } from './watched.ts';

export interface Beacon {
  readonly rows: readonly number[];
  readonly score: BeaconScore;
  /** The server's, where it has many addresses. */
  readonly name: string | null;
  readonly unanswered: number;
}

/** Score of sizes that hardly differ, and of a row that fills the capture; the part of the median below which hardly an interval is; how much less even these may be. */
const SAME_SIZES = 0.95,
  LEAST_PART = 0.4,
  STEADY_PERCENT = 10;
const PROTOCOL_TCP = 6,
  ROWS_OF_EACH = 10,
  HOSTS_TOLD = 20;
/** Names of what checks for updates, certificates and the way to the Internet. */
const CHECKS =
  /(?:^|\.)(?:ocsp|crl|update|updates|windowsupdate|msftconnecttest|msftncsi|connectivity-check|connectivitycheck|captive|detectportal|time|telemetry|push|notify|mtalk|courier)[\w-]*\./i;

export function rhythmOf(state: CaptureState, { rows, score, name }: Beacon): Rhythm {
  return { ...endsOf(state, rows[0]!), isTcp: isTcp(state, rows[0]!), interval: score.interval, isByName: name !== null };
}

/** What is said with the very same number of bytes each time, often and all the time, is a program's: it may add half of its interval, or take it off. */
export function timingNeeded({ timingPercent, connections }: BeaconOptions, { sizes, beats, duration, short, interval }: BeaconScore): number {
  const isSteady = sizes >= SAME_SIZES && duration >= SAME_SIZES && beats >= 2 * connections && short >= LEAST_PART * interval;
  return isSteady ? timingPercent - STEADY_PERCENT : timingPercent;
}

export function beaconFinding(values: BeaconOptions, state: CaptureState, { kind, members, clients, servers, ports }: Fleet<Beacon>): FindingDraft {
  const first = members[0]!,
    { score, name } = first,
    rows = members.length === 1 ? first.rows : members.flatMap((one) => one.rows.slice(0, ROWS_OF_EACH)),
    sum = (of: (one: Beacon) => number): number => members.reduce((total, one) => total + of(one), 0),
    unanswered = sum((one) => one.unanswered),
    connections = sum((one) => one.rows.length),
    isFleet = kind !== 'pair',
    isOverMany = kind === 'monitor' || kind === 'mesh';
  const { client, server, serverPort } = endsOf(state, first.rows[0]!),
    evidence = new Evidence(),
    transport = isTcp(state, first.rows[0]!) ? 'tcp' : 'udp';
  for (const row of rows) evidence.addRow(state.flows, row);
  const isOutside = name !== null || !isLocalAddress(server),
    names = name === null ? state.names.of(server) : [name],
    isCheck = names.some((one) => CHECKS.test(`${one}.`)),
    isDead = unanswered * 2 > connections,
    isNamed = names.length > 0,
    isWeb = serverPort === 80 || serverPort === 443 || ALIVE_BY_DESIGN.has(serverPort);
  const { confidence, indicators } = confidenceOf([
    ['regular in time and size', 50 * score.total],
    ['hardly any jitter', score.deviation < score.interval * 0.05 ? 8 : 0],
    ['many connections', Math.min(12, 4 * Math.log2(score.beats / values.connections))],
    ['to an address outside', isOutside ? 10 : -10],
    ['a port of no usual service', transport === 'tcp' && serverPort !== 80 && serverPort !== 443 ? 5 : 0],
    ['named like a check for updates or the network', isCheck ? -25 : 0],
    ['several machines at the same interval, as agents of one service', isFleet ? -15 : 0],
    ['mostly unanswered', isDead ? -15 : 0],
  ]);
  const percent = (value: number): number => Math.round(value * 100),
    onPort = ports.length === 1 ? ` port ${serverPort}` : '',
    target = name === null ? `${server} port ${serverPort}` : safeText(name, 80),
    every = `every ${durationText(score.interval)}`,
    host = (address: string) => ({ role: 'server' as const, address, ...(ports.length === 1 ? { port: serverPort } : {}) });
  const words = {
    pair: { title: `${client} calls ${target} ${every}, ${countText(score.beats)} times`, lead: '', who: '' },
    agents: {
      title: `${countText(clients.length)} machines call ${target} ${every}`,
      lead: `Each of ${countText(clients.length)} machines does so at the same interval; the most regular is ${client}: its `,
      who: 'Agents of one service of your own, such as monitoring, backup or management: most likely, as all of them keep the same interval.',
    },
    monitor: {
      title: `${client} calls ${servers.length === 1 ? server : `${countText(servers.length)} machines inside`}${onPort} ${every}`,
      lead: `${servers.length === 1 ? `${plural(ports.length, 'port')} of ${server} are` : `Each of ${countText(servers.length)} machines is`} called at the same interval, the most regularly ${server} port ${serverPort}: `,
      who: 'A monitor or a load balancer that asks whether its machines are well: most likely, as all of them are asked at the same interval.',
    },
    mesh: {
      title: `${countText(new Set([...clients, ...servers]).size)} machines inside call one another${onPort} ${every}`,
      lead: `They do so at the same interval; the most regular is ${client} to ${server} port ${serverPort}: its `,
      who: 'Nodes of one system of your own that ask whether the others are well: most likely, as all of them keep the same interval.',
    },
  }[kind];
  return {
    technique: name ?? `${transport} ${serverPort}`,
    // Who asks many machines inside, and is answered, calls nobody home: a fact about the network. Apps and devices ask their makers' web servers for news as
    // regularly as malware; these have names, and keep to the ports of the web and of brokers and mail.
    severity: isOverMany && servers.length >= FLEET && !isDead ? 'info' : isOutside && !isDead && !isCheck && !(isNamed && isWeb) ? 'medium' : 'low',
    confidence,
    title: words.title,
    description: `${words.lead}${callsText(first)} began ${durationText(score.interval)} apart (half of them within ${durationText(score.deviation)} of that). Score ${percent(score.total)} % (threshold ${values.scorePercent} %): timing ${percent(score.timing)} %, sizes ${percent(score.sizes)} %, spread over the capture ${percent(score.duration)} %, evenness ${percent(score.histogram)} %.${
      names.length > 0 && name === null
        ? ` The capture calls the address ${names
            .slice(0, 3)
            .map((one) => safeText(one, 60))
            .join(', ')}.`
        : ''
    }`,
    subjects: [...clients.slice(0, HOSTS_TOLD).map((address) => ({ role: 'client' as const, address })), ...servers.slice(0, HOSTS_TOLD).map(host)],
    ...evidence.proof,
    ...(isFleet ? { framesTotal: connections } : {}),
    indicators: [
      { name: 'score', value: percent(score.total), threshold: values.scorePercent, unit: '%' },
      { name: 'timing', value: percent(score.timing), threshold: timingNeeded(values, score), unit: '%' },
      { name: 'sizes', value: percent(score.sizes), unit: '%' },
      { name: 'duration', value: percent(score.duration), unit: '%' },
      { name: 'histogram', value: percent(score.histogram), unit: '%' },
      { name: 'interval', value: Number(score.interval.toPrecision(4)), unit: 's' },
      { name: 'calls', value: score.beats, threshold: values.connections, unit: 'calls' },
      ...(first.rows.length > score.beats ? [{ name: 'connections in them', value: first.rows.length, unit: 'connections' }] : []),
      ...(isOverMany ? [{ name: 'machines called', value: servers.length }] : []),
      { name: 'unanswered', value: unanswered },
      ...indicators,
    ],
    alternatives: [
      ...(isOverMany ? [] : ['An update check, a monitoring probe, or a page or app that asks for news at a fixed interval.']),
      ...(words.who === '' ? [] : [words.who]),
      ...(isDead ? ['A program that tries again to reach a service which is gone.'] : []),
    ],
    filter:
      name === null
        ? `${kind === 'agents' ? addressFilter(server) : kind === 'mesh' ? anyAddress([...clients, ...servers]) : kind === 'monitor' ? addressFilter(client) : addressFilter(client, server)} && ${anyPort(transport, ports)}`
        : `${addressFilter(client)} && tls.handshake.type == 1`,
    attack: ['T1071', 'T1573'],
    recommendation: !isFleet
      ? `Find the program on ${client} that makes these connections, and who owns ${target}. If nobody knows it, isolate ${client} and look at what was sent in the first connections.`
      : kind === 'agents'
        ? `Find out which service ${target} is. If nobody knows it, look at the program on ${client} that calls it, and at what was sent in the first connections.`
        : `Find out whether ${client} is known to do so: it is then monitoring. If nobody knows it, look at the program on ${client}, and at what was sent in the first connections.`,
  };
}

/** Connections that began together are one call: the interval is that of calls. */
function callsText({ rows, score }: Beacon): string {
  return rows.length === score.beats
    ? `${countText(rows.length)} connections`
    : `${countText(rows.length)} connections in ${countText(score.beats)} calls`;
}

function isTcp({ flows }: CaptureState, row: number): boolean {
  return (flows.ints[row * F.INTS + F.META]! & F.META_PROTOCOL) === PROTOCOL_TCP;
}

function anyAddress(addresses: readonly string[]): string {
  return `(${[...new Set(addresses)]
    .slice(0, HOSTS_TOLD)
    .map((address) => addressFilter(address))
    .join(' || ')})`;
}
