/** A protocol on the port of another: what speaks SSH on 443 or HTTP on 53 wants to pass where only the other may. Told by what was said, not by numbers. */
import * as z from 'zod';
import { httpResponseMessage } from '../../pcap/http/messages.ts';
import { sshBannerMessage } from '../../pcap/dissectors/ssh.ts';
import type { CaptureState } from '../captureState.ts';
import { coverage, examinedAll, unreadableFrames } from '../coverage.ts';
import { bytesText, plural, protocolLabel } from '../describe.ts';
import { defineDetector, type FindingDraft } from '../detector.ts';
import * as F from '../flowTable.ts';
import type { Severity } from '../report.ts';
import { addressFilter, confidenceOf, endsOf, Evidence, isLocalAddress, Watched, type Ends } from './watched.ts';

const options = z.object({
  connections: z.int().min(1).default(1).describe('Connections of a protocol on the port of another before it is told (connections)'),
  allowedPorts: z.array(z.int().min(1).max(65_535)).default([]).describe('Ports that are used for something else on purpose (port numbers)'),
});
type Options = z.output<typeof options>;

const MOST_SERVERS = 5000,
  MOST_REFUSED = 10_000,
  BAD_REQUEST = 400,
  PROTOCOL_TCP = 6,
  PROTOCOL_UDP = 17;

/** What may speak on ports that everybody knows. Ports like 8080 belong to nobody and are not here. */
export const TCP_PORTS: Readonly<Record<number, readonly [owner: string, ...also: string[]]>> = {
  21: ['ftp', 'tls'],
  22: ['ssh'],
  23: ['telnet'],
  25: ['smtp', 'tls'],
  53: ['dns'],
  80: ['http', 'http2'],
  88: ['kerberos'],
  110: ['pop', 'tls'],
  123: ['ntp'],
  135: ['dcerpc'],
  139: ['smb', 'smb2', 'nbss'],
  143: ['imap', 'tls'],
  389: ['ldap', 'tls'],
  443: ['tls', 'http2'],
  445: ['smb', 'smb2', 'nbss'],
  465: ['tls', 'smtp'],
  587: ['smtp', 'tls'],
  636: ['tls'],
  853: ['tls'],
  993: ['tls', 'imap'],
  995: ['tls', 'pop'],
  1433: ['tds', 'tls'],
  1883: ['mqtt'],
  3306: ['mysql'],
  3389: ['rdp', 'tls'],
  5432: ['pgsql', 'tls'],
  102: ['s7comm'],
  502: ['mbtcp', 'modbus'],
  2404: ['iec60870_104', 'iec60870_asdu'],
  20_000: ['dnp3'],
};
const UDP_PORTS: Readonly<Record<number, readonly [owner: string, ...also: string[]]>> = {
  53: ['dns'],
  67: ['dhcp'],
  68: ['dhcp'],
  69: ['tftp'],
  123: ['ntp'],
  137: ['nbns'],
  138: ['nbdgm'],
  161: ['snmp'],
  // Calls and games, and private networks, have their media here on purpose: where only the web may pass, this port may, too.
  443: ['quic', 'dtls', 'stun', 'wg', 'bt-dht'],
  500: ['isakmp'],
  514: ['syslog'],
};
/** Told by their content on whatever port; the others are only looked for on their own. */
const BY_CONTENT = new Set([
  'http',
  'http2',
  'tls',
  'ssh',
  'ftp',
  'smtp',
  'imap',
  'pop',
  'nbss',
  'smb',
  'smb2',
  'quic',
  'dtls',
  'stun',
  'wg',
  'bt-dht',
  'mqtt',
  'dns',
  'ldap',
  'kerberos',
  'snmp',
]);
/** Done by ordinary programs to get through firewalls, or by mistake: worth a note only. */
const COMMON = new Set([
  'tls 80',
  'http 443',
  'stun 53',
  'stun 123',
  'quic 53',
  'dtls 53',
  'dtls 123',
  'dtls 500',
  'tls 53',
  'tls 22',
  'wg 53',
  'wg 123',
  'wg 500',
  // Resolvers listen here besides, and DNSCrypt asks for its certificate so.
  'dns 443',
]);

interface Odd {
  readonly service: string;
  readonly owner: string;
  readonly isTcp: boolean;
  readonly ends: Ends;
  readonly evidence: Evidence;
  bytes: number;
}

export const oddPort = defineDetector({
  id: 'odd-port',
  title: 'Protocol on the port of another',
  tier: 1,
  deed: 'hid {what} on another port of {whom}',
  description:
    'A connection speaks SSH, HTTP, TLS or another protocol on a port that belongs to a different one, as tunnels and malware do to pass firewalls. Programs for closed networks, and people who hide a server from scanners, do it too.',
  options,
  messages: [httpResponseMessage.kind, sshBannerMessage.kind],
  create(_, state) {
    /** Flows whose last answer was 400: a browser that was sent to the port of TLS without TLS, and a server that said so. */
    const refused = new Set<number>(),
      within = new Watched<string, Odd>(MOST_SERVERS),
      http = state.tables.byId('http')?.index ?? -2;
    return {
      onMessage(message, flow, p) {
        if (flow < 0) return;
        if (sshBannerMessage.is(message)) {
          // What follows a CONNECT is read by its own dissector, within a flow that stays one of HTTP.
          if (message.fromServer || state.flows.ints[flow * F.INTS + F.SERVICE]! - 1 !== http) return;
          const ends = endsOf(state, flow);
          within
            .of(`${ends.client} ${ends.server} ${ends.serverPort}`, () => ({
              service: 'ssh',
              owner: 'http',
              isTcp: true,
              ends,
              evidence: new Evidence(),
              bytes: 0,
            }))
            ?.evidence.add(p, flow);
          return;
        }
        if (!httpResponseMessage.is(message)) return;
        if (message.status !== BAD_REQUEST) refused.delete(flow);
        else if (refused.size < MOST_REFUSED) refused.add(flow);
      },
      evaluate(values) {
        const found = gather(values, state, refused);
        return {
          findings: withoutProbes(state, [...found.values])
            .filter(({ evidence }) => evidence.framesTotal >= values.connections)
            .map((one) => draft(values, one))
            .concat([...within.values].filter(({ evidence }) => evidence.framesTotal >= values.connections).map((one) => draftWithin(values, one))),
          coverage: coverage(examinedAll(state), [...unreadableFrames(state), ...found.limits('servers on the ports of others')]),
        };
      },
    };
  },
});

function gather(values: Options, state: CaptureState, refused: ReadonlySet<number>): Watched<string, Odd> {
  const found = new Watched<string, Odd>(MOST_SERVERS),
    { flows, tables } = state,
    { ints, doubles, count } = flows;
  const isTold = tables.all.map(({ dissector }) => BY_CONTENT.has(dissector.id)),
    allowed = new Set(values.allowedPorts);
  for (let row = 0; row < count; row++) {
    const at = row * F.INTS,
      service = ints[at + F.SERVICE]! - 1;
    if (service < 0 || isTold[service] !== true) continue;
    const protocol = ints[at + F.META]! & F.META_PROTOCOL,
      ports = ints[at + F.PORTS]!,
      port = ports & 0xffff;
    const table = protocol === PROTOCOL_TCP ? TCP_PORTS : protocol === PROTOCOL_UDP ? UDP_PORTS : undefined,
      owners = table?.[port],
      id = tables.all[service]!.dissector.id;
    if (owners === undefined || owners.includes(id) || allowed.has(port)) continue;
    if (owners[0] === 'tls' && refused.has(row)) continue;
    // The ends may be the wrong way round where the capture begins late: then the other port is the one that matters.
    if (table?.[ports >>> 16]?.includes(id) === true || (ports >>> 16 < 1024 && (ints[at + F.FLAGS]! & F.SYN_A) === 0)) continue;
    if (
      ints[at + F.PACKETS_A] === 0 ||
      ints[at + F.PACKETS_B] === 0 ||
      (protocol === PROTOCOL_TCP && (ints[at + F.FLAGS]! & (F.DATA_A | F.DATA_B)) !== (F.DATA_A | F.DATA_B))
    )
      continue;
    const ends = endsOf(state, row),
      one = found.of(`${ends.server} ${port} ${id}`, () => ({
        service: id,
        owner: owners[0],
        isTcp: protocol === PROTOCOL_TCP,
        ends,
        evidence: new Evidence(),
        bytes: 0,
      }));
    if (one === undefined) continue;
    one.evidence.addRow(flows, row);
    one.bytes += doubles[row * F.DOUBLES + F.BYTES_A]! + doubles[row * F.DOUBLES + F.BYTES_B]!;
  }
  return found;
}

/** Protocols with which one client tried one port, its own aside, from which on it is asking what the server speaks: scanners of versions do so, and are told as such. */
const TRIED = 2;

/** What is left without those who tried several protocols on a port that speaks its own with them. */
function withoutProbes(state: CaptureState, all: readonly Odd[]): Odd[] {
  const keyOf = ({ client, server, serverPort }: Ends): string => `${client} ${server} ${serverPort}`,
    tried = new Map<string, number>();
  for (const { ends } of all) tried.set(keyOf(ends), (tried.get(keyOf(ends)) ?? 0) + 1);
  if (![...tried.values()].some((count) => count >= TRIED)) return [...all];
  const { flows, tables } = state,
    spoken = new Set<string>();
  for (let row = 0; row < flows.count; row++) {
    const at = row * F.INTS,
      service = flows.ints[at + F.SERVICE]! - 1,
      owners = TCP_PORTS[flows.ints[at + F.PORTS]! & 0xffff];
    if (service >= 0 && owners?.includes(tables.all[service]!.dissector.id) === true) spoken.add(keyOf(endsOf(state, row)));
  }
  return all.filter(({ ends }) => (tried.get(keyOf(ends)) ?? 0) < TRIED || !spoken.has(keyOf(ends)));
}

/** SSH that a proxy was asked for: whatever SSH carries passes every rule about the web. */
function draftWithin(values: Options, { ends, evidence }: Odd): FindingDraft {
  const { client, server, serverPort } = ends,
    { confidence, indicators } = confidenceOf([
      ['the first line of SSH behind a CONNECT', 85],
      ['more than one connection', evidence.framesTotal > 1 ? 5 : 0],
    ]);
  return {
    technique: 'ssh-in-http',
    what: 'SSH',
    deed: 'tunnelled {what} through the web proxy {whom}',
    severity: 'medium',
    confidence,
    title: `${client} speaks SSH through the web proxy ${server} port ${serverPort}`,
    description: `${plural(evidence.framesTotal, 'connection')} (threshold ${values.connections}) asked the proxy for a way through (CONNECT) and then spoke SSH, which can carry anything and reach back into the network.`,
    subjects: [
      { role: 'client', address: client },
      { role: 'server', address: server, port: serverPort },
    ],
    ...evidence.proof,
    indicators: [
      { name: 'protocol recognised', value: 'ssh' },
      { name: 'connections', value: evidence.framesTotal, threshold: values.connections, unit: 'connections' },
      ...indicators,
    ],
    alternatives: ['A developer or administrator who reaches a server outside by the only way there is.'],
    filter: `${addressFilter(client, server)} && tcp.port == ${serverPort} && (http.request.method == "CONNECT" || ssh.protocol)`,
    attack: ['T1572', 'T1090'],
    recommendation: `Ask who uses ${client}. Let the proxy connect to port 443 only, and look at what follows: it should be TLS.`,
  };
}

function draft(values: Options, { service, owner, isTcp, ends, evidence, bytes }: Odd): FindingDraft {
  const { client, server, serverPort } = ends,
    label = protocolLabel(service),
    own = protocolLabel(owner),
    isCommon = COMMON.has(`${service} ${serverPort}`),
    isOutside = !isLocalAddress(server);
  const severity: Severity = isCommon ? 'low' : 'medium';
  const { confidence, indicators } = confidenceOf([
    ['recognised by what both sides said', 70],
    ['to an address outside', isOutside ? 10 : 0],
    ['more than one connection', evidence.framesTotal > 1 ? 5 : 0],
    ['ordinary programs do this too', isCommon ? -20 : 0],
  ]);
  return {
    technique: service,
    what: label,
    severity,
    confidence,
    title: `${client} speaks ${label} with ${server} on port ${serverPort}, which belongs to ${own}`,
    description: `${plural(evidence.framesTotal, 'connection')} (threshold ${values.connections}) carried ${bytesText(bytes)} of ${label} over ${isTcp ? 'TCP' : 'UDP'} port ${serverPort}, the port of ${own}. A firewall that judges by port numbers takes it for ${own}.`,
    subjects: [
      { role: 'client', address: client },
      { role: 'server', address: server, port: serverPort },
    ],
    ...evidence.proof,
    indicators: [
      { name: 'protocol recognised', value: service },
      { name: 'protocol of the port', value: owner },
      { name: 'connections', value: evidence.framesTotal, threshold: values.connections, unit: 'connections' },
      { name: 'bytes', value: bytes, unit: 'bytes' },
      ...indicators,
    ],
    alternatives: [
      isCommon
        ? `A program that tries ${label} here when its own port is closed, or that took the wrong port.`
        : `A server that was put on port ${serverPort} on purpose, to be reached through a firewall or to be hidden from scans.`,
    ],
    filter: `${addressFilter(server)} && ${isTcp ? 'tcp' : 'udp'}.port == ${serverPort} && ${service}`,
    attack: ['T1571', 'T1572'],
    recommendation: `Ask who runs ${server}:${serverPort}. If nobody knows, look at what ${client} sent there and which program did; a firewall that recognises protocols can stop it.`,
  };
}
