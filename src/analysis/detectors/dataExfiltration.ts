/**
 * Much goes out and little comes back: a host inside sends far more to one place outside than it gets from there. Uploads to a cloud and backups look the same, which
 * the finding says; DNS and ICMP carry so much for no honest reason. Judged from the flow table; of what is said, only the greeting of BitTorrent matters.
 */
import * as z from 'zod';
import type { CaptureState } from '../captureState.ts';
import { flowAddress } from '../conversations.ts';
import { coverage, examinedAll, unreadableFrames } from '../coverage.ts';
import { countText, plural } from '../describe.ts';
import { defineDetector, type FindingDraft } from '../detector.ts';
import { safeText } from '../exports/safeText.ts';
import * as F from '../flowTable.ts';
import { ftpDataMessage } from '../../pcap/dissectors/ftp.ts';
import { ntpMessage } from '../../pcap/dissectors/ntp.ts';
import { plainStreamMessage } from '../../pcap/plainStream.ts';
import { NtpChannels } from './ntpChannel.ts';
import { isCalledBack, leadsOut, UploadFrames } from './uploadFrames.ts';
import { anyPort, confidenceOf, endsOf, Evidence, MOST_FRAMES, Watched } from './watched.ts';

const options = z.object({
  megabytes: z.number().positive().default(10).describe('Payload of one host inside to one outside from which an upload is told (million bytes)'),
  kilobytes: z
    .number()
    .positive()
    .default(200)
    .describe(
      'The same over DNS and ICMP, which carry little by nature, over HTTP to an address without a name, and to places where stolen files are dropped (thousand bytes)',
    ),
  ntpMessages: z
    .int()
    .min(2)
    .default(10)
    .describe('Messages of NTP with what neither clients nor servers of time send, between two hosts (messages)'),
  ratio: z.number().min(1.5).default(5).describe('How many times more must go out than comes back (times)'),
});
type Options = z.output<typeof options>;

const MOST_PAIRS = 50_000,
  MOST_SHARING = 5000,
  MOST_ANNOUNCED = 10_000,
  /** Payload over HTTP to an address without a name from which it is of severity medium. */
  MUCH_OVER_HTTP = 1e6;
const TCP = 6,
  UDP = 17,
  ICMP = 1,
  ICMPV6 = 58;
const DNS_PORT = 53;
/**
 * Where programs drop what they stole, and hardly anybody else uploads from a desk: interfaces for bots, and places that keep files for strangers
 * (ATT&CK T1567; reports on AgentTesla, Snake and RedLine name the first). Apps of people use other names.
 */
const DROPS =
  /(?:^|\.)(?:api\.telegram\.org|anonfiles\.com|transfer\.sh|file\.io|gofile\.io|temp\.sh|0x0\.st|catbox\.moe|bashupload\.com|filebin\.net|oshi\.at|webhook\.site|pipedream\.net|requestbin\.net|ngrok\.io|ngrok-free\.app|trycloudflare\.com|serveo\.net)$/;
/** Link, network and echo headers of a ping: what is beyond is what it carries. */
const ECHO_HEADERS = 42,
  /** Payload that a ping of any system brings with it. */
  ECHO_PAYLOAD = 64;

/** Tunnels over UDP whose inside is read. */
const TUNNELS = new Set(['vxlan', 'geneve', 'gtp', 'teredo', 'l2tp']);

type Way = 'tls' | 'dtls' | 'quic' | 'ssh' | 'http' | 'mail' | 'dns' | 'icmp' | 'ftp' | 'plain';
const WAY_NAMES: Readonly<Record<Way, string>> = {
  tls: 'TLS',
  dtls: 'DTLS',
  quic: 'QUIC',
  ssh: 'SSH',
  http: 'HTTP',
  mail: 'mail',
  dns: 'DNS',
  icmp: 'ICMP',
  ftp: 'FTP',
  plain: 'a connection of an unknown kind',
};

/** What carries, in a display filter: headers alone carry nothing. */
const CARRYING = { tcp: 'tcp.len > 0', udp: 'udp.length > 8', icmp: 'icmp', icmpv6: 'icmpv6' } as const;
type Transport = keyof typeof CARRYING;
const transportOf = (protocol: number): Transport => (protocol === TCP ? 'tcp' : protocol === UDP ? 'udp' : protocol === ICMP ? 'icmp' : 'icmpv6');

const MOST_PORTS = 8;

interface Upload {
  readonly host: string;
  readonly destination: string;
  readonly way: Way;
  readonly evidence: Evidence;
  readonly ports: Set<number>;
  readonly transports: Set<Transport>;
  flows: number;
  up: number;
  down: number;
  largest: number;
}

export const dataExfiltration = defineDetector({
  id: 'data-exfiltration',
  title: 'Data leaving the network',
  tier: 1,
  deed: 'uploaded {what} to {whom}',
  description:
    'A host inside sends far more to one address outside than it gets from there. Backups and files put into a cloud look the same from outside; calls go both ways.',
  options,
  messages: [plainStreamMessage.kind, ntpMessage.kind, ftpDataMessage.kind],
  create(_, state) {
    /** Connections with peers: whoever shares files gives out what it has. */
    const sharing = new Set<number>(),
      inNtp = new NtpChannels(state),
      /** Where connections for files of FTP were announced to go: `address port`. */
      announced = new Set<string>();
    const frames = new UploadFrames(state);
    return {
      onPacket(p, flow) {
        frames.onPacket(p, flow);
      },
      onMessage(message, flow, p) {
        if (ntpMessage.is(message)) {
          inNtp.add(message, p);
          return;
        }
        if (ftpDataMessage.is(message)) {
          if (flow < 0 || announced.size >= MOST_ANNOUNCED) return;
          // A server behind a translator of addresses may announce the one that it has inside.
          if (message.passive) announced.add(`${endsOf(state, flow).server} ${message.port}`);
          if (message.address !== null) announced.add(`${message.address} ${message.port}`);
          return;
        }
        if (flow >= 0 && plainStreamMessage.is(message) && message.start.startsWith('\x13BitTorrent protocol') && sharing.size < MOST_SHARING)
          sharing.add(flow);
      },
      evaluate(values) {
        const sharers = new Set([...sharing].flatMap((row) => [flowAddress(state, row, F.A), flowAddress(state, row, F.B)])),
          uploads = collect(state, sharers, announced, frames),
          findings: FindingDraft[] = [];
        for (const upload of uploads.values) {
          // Names are looked up only where it matters.
          if (upload.up < Math.min(values.kilobytes * 1e3, values.megabytes * 1e6)) continue;
          const names = state.names.of(upload.destination),
            isBare = upload.way === 'http' && names.length === 0,
            isDrop = names.some((name) => DROPS.test(name)),
            least = upload.way === 'dns' || upload.way === 'icmp' || isBare || isDrop ? values.kilobytes * 1e3 : values.megabytes * 1e6;
          if (upload.up >= least && upload.up >= values.ratio * upload.down)
            findings.push(draft(values, upload, least, state, sharers.has(upload.host), isDrop));
        }
        findings.push(...inNtp.findings(values.ntpMessages));
        return {
          findings,
          coverage: coverage(examinedAll(state), [
            ...unreadableFrames(state),
            ...inNtp.limits,
            ...uploads.limits('pairs of hosts inside and outside'),
          ]),
        };
      },
    };
  },
});

/** What hosts inside sent to hosts outside, by pair and way; large flows only are looked at closer. */
function collect(state: CaptureState, sharers: Set<string>, announced: ReadonlySet<string>, frames: UploadFrames): Watched<string, Upload> {
  const uploads = new Watched<string, Upload>(MOST_PAIRS),
    { flows } = state,
    { ints, doubles } = flows;
  for (let row = 0; row < flows.count; row++) {
    const at = row * F.INTS,
      dat = row * F.DOUBLES,
      protocol = ints[at + F.META]! & F.META_PROTOCOL,
      isEcho = protocol === ICMP || protocol === ICMPV6;
    if (protocol !== TCP && protocol !== UDP && !isEcho) continue;
    const fromA = isEcho ? beyond(doubles[dat + F.BYTES_A]!, ints[at + F.PACKETS_A]!) : sent(flows, row, 0, protocol === TCP),
      fromB = isEcho ? beyond(doubles[dat + F.BYTES_B]!, ints[at + F.PACKETS_B]!) : sent(flows, row, 1, protocol === TCP);
    const calledBack = isCalledBack(state, row);
    if ((calledBack ? fromB : fromA) === 0) continue;
    // Most are turned away before their addresses become texts.
    if (!leadsOut(state, row)) continue;
    const host = flowAddress(state, row, calledBack ? F.B : F.A),
      destination = flowAddress(state, row, calledBack ? F.A : F.B);
    // What a tunnel carries has flows of its own, also where a switch sends a copy of all it sees.
    if (TUNNELS.has(serviceOf(state, row))) continue;
    const port = ints[at + F.PORTS]! & 0xffff;
    if (serviceOf(state, row) === 'bt-dht') sharers.add(host);
    const way = calledBack || (protocol === TCP && announced.has(`${destination} ${port}`)) ? 'ftp' : wayOf(state, row, protocol, port),
      upload = uploads.of(`${host} ${destination} ${way}`, () => ({
        host,
        destination,
        way,
        evidence: new Evidence(),
        ports: new Set(),
        transports: new Set(),
        flows: 0,
        up: 0,
        down: 0,
        largest: 0,
      }));
    if (upload === undefined) continue;
    const up = calledBack ? fromB : fromA;
    upload.flows++;
    upload.up += up;
    upload.down += calledBack ? fromA : fromB;
    upload.largest = Math.max(upload.largest, up);
    if (upload.ports.size < MOST_PORTS) upload.ports.add(port);
    upload.transports.add(transportOf(protocol));
    const { frames: carrying, total } = frames.of(row),
      shown = upload.evidence.frames.length < MOST_FRAMES ? carrying : [];
    upload.evidence.addRow(flows, row, shown);
    upload.evidence.framesTotal += total - shown.length;
  }
  return uploads;
}

/** Payload of one side; of TCP no more than its sequence numbers went on by, so that what is sent twice counts once. They begin anew after 4 GiB. */
function sent({ ints, doubles }: F.FlowTable, row: number, side: 0 | 1, isTcp: boolean): number {
  const at = row * F.INTS,
    payload = doubles[row * F.DOUBLES + F.PAYLOAD_A + side]!,
    hasBase = (ints[at + F.FLAGS]! & (side === 0 ? F.HAS_BASE_A : F.HAS_BASE_B)) !== 0;
  if (!isTcp || !hasBase || payload >= 2 ** 32) return payload;
  const wentOn = (ints[at + F.NEXT_A + side]! - ints[at + F.BASE_A + side]!) >>> 0;
  return Math.min(payload, wentOn);
}

/** What echoes carry beyond the payload that systems send. */
function beyond(bytes: number, packets: number): number {
  return Math.max(0, bytes - packets * (ECHO_HEADERS + ECHO_PAYLOAD));
}

function serviceOf(state: CaptureState, row: number): string {
  const service = state.flows.ints[row * F.INTS + F.SERVICE]!;
  return service > 0 ? (state.tables.all[service - 1]?.dissector.id ?? '') : '';
}

function wayOf(state: CaptureState, row: number, protocol: number, port: number): Way {
  if (protocol === ICMP || protocol === ICMPV6) return 'icmp';
  const id = serviceOf(state, row);
  switch (id) {
    case 'tls':
    case 'dtls':
    case 'quic':
    case 'ssh':
    case 'http':
    case 'dns':
    case 'ftp':
      return id;
    case 'http2':
      return 'http';
    case 'smtp':
      return 'mail';
    default:
      return protocol === UDP && port === DNS_PORT ? 'dns' : 'plain';
  }
}

function draft(values: Options, upload: Upload, least: number, state: CaptureState, shares: boolean, isDrop: boolean): FindingDraft {
  const { host, destination, way, evidence, ports, flows, up, down } = upload,
    names = state.names.of(destination),
    ratio = down === 0 ? null : up / down,
    encrypted = way === 'tls' || way === 'dtls' || way === 'quic' || way === 'ssh',
    odd = way === 'dns' || way === 'icmp',
    isShared = shares && way === 'plain',
    isLittle = way === 'http' && up < Math.min(MUCH_OVER_HTTP, values.megabytes * 1e6);
  const megabytes = (bytes: number): string => (bytes >= 1e6 ? `${(bytes / 1e6).toFixed(1)} MB` : `${(bytes / 1e3).toFixed(0)} kB`);
  const { confidence, indicators } = confidenceOf([
    ['much goes out, little comes back', 35],
    ['many times the threshold', Math.min(20, 5 * Math.log2(up / least))],
    ['nearly nothing comes back', ratio === null || ratio >= 50 ? 10 : 0],
    ['a way that carries little by nature', odd ? 30 : 0],
    ['in clear, or of an unknown kind', !encrypted && !odd ? 10 : 0],
    ['a place where programs drop what they stole', isDrop ? 25 : 0],
    ['a place without a name', names.length === 0 ? 5 : 0],
    ['a host that shares files with peers', isShared ? -25 : 0],
    ['a usual way for backups and files', way === 'tls' || way === 'quic' ? -10 : 0],
  ]);
  const to = `${destination}${names.length > 0 ? ` (${safeText(names[0]!, 80)})` : ''}`,
    back = ratio === null ? 'and nothing came back' : `${ratio >= 10 ? countText(Math.round(ratio)) : ratio.toFixed(1)} times what came back`;
  return {
    technique: way,
    what: megabytes(up),
    severity: odd ? 'high' : isDrop ? 'medium' : encrypted || isShared || isLittle ? 'low' : 'medium',
    confidence,
    title: `${host} sent ${megabytes(up)} to ${isDrop ? to : destination} over ${WAY_NAMES[way]}, ${back}`,
    description: `${megabytes(up)} of payload (threshold ${megabytes(least)}) went to ${to} in ${plural(flows, 'flow')}, ${back} (threshold ${values.ratio} times).`,
    subjects: [
      { role: 'client', address: host },
      { role: 'server', address: destination },
    ],
    ...evidence.proof,
    indicators: [
      { name: 'payload sent', value: up, threshold: least, unit: 'bytes' },
      { name: 'payload received', value: down, unit: 'bytes' },
      ...(ratio === null
        ? []
        : [{ name: 'sent for each byte received', value: ratio >= 10 ? Math.round(ratio) : Number(ratio.toFixed(1)), threshold: values.ratio }]),
      ...(way === 'icmp' ? [] : [{ name: 'ports', value: [...ports].join(', ') }]),
      ...indicators,
    ],
    alternatives: odd
      ? ['A measurement that sends large packets.']
      : isShared
        ? ['BitTorrent, which gives to others what it has.']
        : isDrop
          ? ['Somebody who gives a file to others this way, or a program of your own that reports there.']
          : ['A backup, or files put into a cloud.', 'A video that is sent out live.', ...(way === 'mail' ? ['Large attachments.'] : [])],
    filter: filterOf(upload),
    ...(names.length === 0 ? {} : { observables: [{ type: 'domain', value: names[0]! }] }),
    attack: odd ? ['T1048.003', 'T1048'] : encrypted || isDrop ? ['T1041', 'T1567'] : ['T1048.003', 'T1041'],
    recommendation: `Ask what ${host} gave to ${destination}. If nobody knows, stop it, find the program behind it, and treat the data it could reach as lost.`,
  };
}

/** What went out, and not what was said back: as many packets as the evidence counts. */
function filterOf({ host, destination, transports, ports }: Upload): string {
  const layer = host.includes(':') ? 'ipv6' : 'ip',
    [transport, ...others] = transports,
    carrying = [...transports].map((one) => CARRYING[one]).join(' || '),
    where =
      others.length === 0 && (transport === 'tcp' || transport === 'udp') && ports.size < MOST_PORTS ? ` && ${anyPort(transport, [...ports])}` : '';
  return `${layer}.src == ${host} && ${layer}.dst == ${destination} && ${others.length === 0 ? carrying : `(${carrying})`}${where}`;
}
