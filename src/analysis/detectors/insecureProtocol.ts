/** Protocols in use that neither hide nor protect what they carry, passwords included. Judged by the flows: no packet is looked at twice. */
import * as z from 'zod';
import { vncSecurityMessage } from '../../pcap/dissectors/vnc.ts';
import { tlsServerHelloMessage } from '../../pcap/tls/messages.ts';
import type { CaptureState } from '../captureState.ts';
import { coverage, examinedAll, unreadableFrames } from '../coverage.ts';
import { bytesText, plural } from '../describe.ts';
import { defineDetector, type FindingDraft } from '../detector.ts';
import * as F from '../flowTable.ts';
import type { Severity } from '../report.ts';
import { addressFilter, confidenceOf, endsOf, Evidence, isLoopback, Watched, type Ends } from './watched.ts';

const options = z.object({
  connections: z.int().min(1).default(1).describe('Connections to one server that must carry data before it is told (connections)'),
  ports: z.boolean().default(true).describe('Also judge by the port where the protocol itself is not read: rlogin, rsh, plain LDAP, VNC (yes or no)'),
});
type Options = z.output<typeof options>;

const MOST_SERVERS = 5000,
  MOST_UPGRADED = 100_000,
  PROTOCOL_TCP = 6,
  VNC_NONE = 1,
  TFTP_PORT = 69,
  /** Frames of the one side that was captured: fewer may be somebody who talks to nobody. */
  LEAST_ONE_WAY = 5;

interface Kind {
  readonly name: string;
  readonly severity: Severity;
  readonly instead: string;
  readonly what: string;
}

const LDAP: Kind = {
    name: 'LDAP',
    severity: 'low',
    instead: 'LDAP over TLS (port 636 or StartTLS)',
    what: 'Directory queries, and simple binds with their passwords, can be read',
  },
  TFTP: Kind = {
    name: 'TFTP',
    severity: 'low',
    instead: 'SFTP or HTTPS',
    what: 'Files go to anybody who asks, and can be read and changed on the way',
  },
  VNC: Kind = { name: 'VNC', severity: 'low', instead: 'VNC through SSH or a VPN', what: 'The screen and every key can be read' };

const OPEN_VNC: Kind = {
  ...VNC,
  name: 'VNC without a password',
  severity: 'medium',
  what: 'Whoever connects sees the screen and has mouse and keyboard',
};

const BY_SERVICE: Readonly<Record<string, Kind>> = {
  telnet: { name: 'Telnet', severity: 'low', instead: 'SSH', what: 'Whole sessions with their passwords can be read and taken over' },
  ftp: { name: 'FTP', severity: 'low', instead: 'SFTP or FTP over TLS', what: 'Names, passwords and files can be read and changed' },
  tftp: TFTP,
  pop: { name: 'POP3', severity: 'low', instead: 'POP3 over TLS (port 995)', what: 'Mail and mostly its password can be read' },
  imap: { name: 'IMAP', severity: 'low', instead: 'IMAP over TLS (port 993)', what: 'Mail and mostly its password can be read' },
  ldap: LDAP,
  vnc: VNC,
};
/** Ports of what is not dissected: RFC 1282, RFC 4511, RFC 6143. */
const BY_PORT: Readonly<Record<number, Kind>> = {
  512: { name: 'rexec', severity: 'low', instead: 'SSH', what: 'Passwords and commands can be read' },
  513: { name: 'rlogin', severity: 'low', instead: 'SSH', what: 'Whole sessions can be read, and the address of the client is trusted' },
  514: { name: 'rsh', severity: 'low', instead: 'SSH', what: 'Commands can be read, and the address of the client is trusted' },
  389: LDAP,
  5900: VNC,
};

interface Use {
  readonly kind: Kind;
  readonly id: string;
  readonly isByPort: boolean;
  readonly ends: Ends;
  readonly evidence: Evidence;
  bytes: number;
}

export const insecureProtocol = defineDetector({
  id: 'insecure-protocol',
  title: 'Insecure protocol',
  tier: 1,
  deed: 'used {what} with {whom}',
  description:
    'Telnet, FTP, TFTP, rlogin or plain POP3, IMAP, LDAP or VNC carry data that anybody on the way can read and change. Devices that boot, anonymous downloads and old equipment use them without harm being meant.',
  options,
  messages: [tlsServerHelloMessage.kind, vncSecurityMessage.kind],
  create(_, state) {
    /** Connections that went over to TLS (STARTTLS, AUTH TLS, STLS). */
    const upgraded = new Set<number>();
    /** VNC sessions that asked for no password. */
    const open = new Set<number>();
    return {
      onMessage(message, flow) {
        if (flow >= 0 && vncSecurityMessage.is(message) && message.security === VNC_NONE && open.size < MOST_UPGRADED) open.add(flow);
        if (flow < 0 || upgraded.size >= MOST_UPGRADED) return;
        const id = state.tables.all[state.flows.ints[flow * F.INTS + F.SERVICE]! - 1]?.dissector.id;
        if (message.kind === tlsServerHelloMessage.kind && id !== undefined && id !== 'tls') upgraded.add(flow);
      },
      evaluate(values) {
        const uses = gather(values, state, upgraded, open);
        const limits =
          upgraded.size >= MOST_UPGRADED ? ['More connections went over to TLS than are followed: some may be told here all the same.'] : [];
        return {
          findings: [...uses.values].filter(({ evidence }) => evidence.framesTotal >= values.connections).map((use) => draft(values, use)),
          coverage: coverage(examinedAll(state), [...unreadableFrames(state), ...limits, ...uses.limits('servers with insecure protocols')]),
        };
      },
    };
  },
});

function gather(values: Options, state: CaptureState, upgraded: ReadonlySet<number>, open: ReadonlySet<number>): Watched<string, Use> {
  const uses = new Watched<string, Use>(MOST_SERVERS),
    { flows, tables } = state,
    { ints, doubles, count } = flows;
  const kinds = tables.all.map(({ dissector }) => BY_SERVICE[dissector.id]);
  let transfers: Set<string> | undefined;
  for (let row = 0; row < count; row++) {
    const at = row * F.INTS,
      service = ints[at + F.SERVICE]! - 1,
      isTcp = (ints[at + F.META]! & F.META_PROTOCOL) === PROTOCOL_TCP;
    const byService = open.has(row) ? OPEN_VNC : service >= 0 ? kinds[service] : undefined;
    const kind = byService ?? (service < 0 && isTcp && values.ports ? BY_PORT[ints[at + F.PORTS]! & 0xffff] : undefined);
    if (kind === undefined || upgraded.has(row)) continue;
    // Both sides must have said something: a knock on the port is no use of the protocol.
    if (isTcp ? !isUsed(ints, at) : kind !== TFTP && ints[at + F.PACKETS_A]! + ints[at + F.PACKETS_B]! < 2) continue;
    const ends = endsOf(state, row);
    if (kind === TFTP) {
      // The server answers from a port of its own, in a flow of its own: a question without one is a scanner's, or nobody was there.
      if (ends.serverPort !== TFTP_PORT) continue;
      transfers ??= transferPairs(state, kinds);
      if (!transfers.has(`${ends.server} ${ends.client}`)) continue;
    }
    const use = uses.of(`${ends.server} ${kind.name}`, () => ({
      kind,
      id: service >= 0 ? tables.all[service]!.dissector.id : '',
      isByPort: byService === undefined,
      ends,
      evidence: new Evidence(),
      bytes: 0,
    }));
    use?.evidence.addRow(flows, row);
    if (use !== undefined) use.bytes += doubles[row * F.DOUBLES + F.BYTES_A]! + doubles[row * F.DOUBLES + F.BYTES_B]!;
  }
  return uses;
}

/** Pairs of hosts, each way round, between which a TFTP transfer ran: the flow beside the one in which it was asked for. */
function transferPairs(state: CaptureState, kinds: readonly (Kind | undefined)[]): Set<string> {
  const pairs = new Set<string>(),
    { ints, count } = state.flows;
  for (let row = 0; row < count && pairs.size < 2 * MOST_SERVERS; row++) {
    const service = ints[row * F.INTS + F.SERVICE]! - 1;
    if (service < 0 || kinds[service] !== TFTP || (ints[row * F.INTS + F.PORTS]! & 0xffff) === TFTP_PORT) continue;
    const { client, server } = endsOf(state, row);
    pairs.add(`${client} ${server}`).add(`${server} ${client}`);
  }
  return pairs;
}

function draft(values: Options, { kind, id, isByPort, ends, evidence, bytes }: Use): FindingDraft {
  const { server, serverPort, client } = ends,
    count = evidence.framesTotal,
    isLocal = isLoopback(server);
  const { confidence, indicators } = confidenceOf([
    [isByPort ? 'data both ways on its port' : 'recognised by what is said', isByPort ? 55 : 90],
    ['more than one connection', count > 1 ? 5 : 0],
  ]);
  return {
    technique: kind.name.toLowerCase().replaceAll(' ', '-'),
    what: kind.name,
    severity: isLocal ? 'info' : kind.severity,
    confidence,
    title: `${server} is used over ${kind.name}, which protects nothing`,
    description: `${plural(count, 'connection')} (threshold ${values.connections}) carried ${bytesText(bytes)} over ${kind.name}. ${kind.what}.`,
    subjects: [
      { role: 'client', address: client },
      { role: 'server', address: server, port: serverPort },
    ],
    ...evidence.proof,
    indicators: [
      { name: 'connections', value: count, threshold: values.connections, unit: 'connections' },
      { name: 'bytes', value: bytes, unit: 'bytes' },
      { name: 'told by', value: isByPort ? 'port' : 'content' },
      ...indicators,
    ],
    alternatives: [
      isByPort
        ? `Another program on the port of ${kind.name}, or ${kind.name} that protects itself after the first words.`
        : `${kind.name} on purpose: a public download, a device that boots, a network nobody else can listen to.`,
    ],
    filter: `${addressFilter(server)} && ${isByPort ? `tcp.port == ${serverPort}` : id}`,
    attack: ['T1040'],
    together: {
      key: `${kind.name} ${isLocal ? 'local' : ''}`,
      label: `${server} port ${serverPort}`,
      note: plural(count, 'connection'),
      words: (all) => ({
        title: `${all.hosts('server')} are used over ${kind.name}, which protects nothing`,
        description: `${kind.what}. It is used with`,
        recommendation: `Use ${kind.instead} instead, or keep ${kind.name} of these servers inside a network that only its users can reach.`,
      }),
    },
    recommendation: `Use ${kind.instead} instead, or keep ${kind.name} of ${server} inside a network that only its users can reach.`,
  };
}

/** Whether both sides of a connection spoke; or one did whose data and acknowledgements show that the other, which was not captured, answered. */
function isUsed(ints: Int32Array, at: number): boolean {
  const flags = ints[at + F.FLAGS]!;
  if ((flags & F.DATA_A) !== 0 && (flags & F.DATA_B) !== 0) return true;
  const a = ints[at + F.PACKETS_A]!,
    b = ints[at + F.PACKETS_B]!;
  if (a > 0 && b > 0) return false;
  const both = b === 0 ? F.DATA_A | F.ACK_A : F.DATA_B | F.ACK_B;
  return a + b >= LEAST_ONE_WAY && (flags & both) === both;
}
