/** The whole story of one address: who it is, what it offers and uses, with whom it talks, and what happened, in order of time. */
import { listText, plural, protocolLabel } from './describe.ts';
import { isLocalAddress } from './detectors/watched.ts';
import type { HostFacts } from './hostFacts.ts';
import { hostServices } from './hostServices.ts';
import type { Conversation, Endpoint, Finding, Incident, Report, Severity, Subject, Timestamp } from './report.ts';

/** All text that hosts sent is untrusted. */
export interface HostStory {
  readonly address: string;
  /** One sentence: what it is, as far as the capture shows. */
  readonly summary: string;
  readonly role: HostRole;
  readonly isInside: boolean;
  readonly names: readonly { readonly name: string; readonly source: string }[];
  readonly facts: readonly HostFact[];
  readonly packets: number;
  readonly bytes: number;
  readonly packetsSent: number;
  readonly bytesSent: number;
  readonly packetsReceived: number;
  readonly bytesReceived: number;
  readonly firstSeen: Timestamp;
  readonly lastSeen: Timestamp;
  readonly offers: readonly HostService[];
  readonly uses: readonly HostService[];
  readonly inVain: HostAttempts | null;
  readonly peers: readonly HostPeer[];
  readonly asked: readonly HostLookup[];
  readonly visited: readonly HostVisit[];
  /** True lengths of the lists, however many rows were asked for. */
  readonly totals: { readonly offers: number; readonly uses: number; readonly peers: number; readonly asked: number; readonly visited: number };
  readonly findings: readonly { readonly id: string; readonly severity: Severity; readonly title: string; readonly role: Subject['role'] }[];
  readonly incidents: readonly { readonly id: string; readonly severity: Severity; readonly title: string }[];
  readonly timeline: readonly HostEvent[];
  /** Display filter of its packets. */
  readonly filter: string;
}

/** What it does in the connections of the capture. `group`: a multicast or broadcast address. `quiet`: nobody was answered. */
export type HostRole = 'client' | 'server' | 'client and server' | 'group' | 'quiet';

export interface HostFact {
  readonly kind: 'mac' | 'address' | 'name' | 'system' | 'software' | 'account';
  readonly text: string;
  /** What it is known from, `DHCP`. */
  readonly source: string;
  readonly times: number;
  /** Where it was said first. */
  readonly frame: number;
}

export interface HostService {
  readonly transport: 'tcp' | 'udp';
  readonly port: number;
  /** Wireshark's protocol name, recognised by content; null if not known. */
  readonly service: string | null;
  /** Who used it, or on how many hosts it was used. */
  readonly hosts: number;
  readonly connections: number;
  /** Further connections in which nothing was said, as scans and checks of ports open them, and how many more hosts they were with: `Service` counts them, too. */
  readonly silent: number;
  readonly silentHosts: number;
  readonly bytes: number;
  readonly firstSeen: Timestamp;
  readonly filter: string;
}

export interface HostAttempts {
  readonly attempts: number;
  readonly hosts: number;
  readonly ports: number;
}

export interface HostPeer {
  readonly address: string;
  readonly name: string | null;
  readonly begunBy: 'host' | 'peer' | 'both';
  readonly packets: number;
  readonly bytesSent: number;
  readonly bytesReceived: number;
  /** Protocols between the two, the largest first. */
  readonly services: readonly string[];
}

export interface HostLookup {
  readonly name: string;
  /** `A`, `TXT`. */
  readonly type: string;
  /** `DNS`, `mDNS`, `LLMNR`. */
  readonly protocol: string;
  readonly questions: number;
  /** The first answers. */
  readonly answers: readonly string[];
  /** It was said that there is no such name. */
  readonly isMissing: boolean;
  readonly frame: number;
}

export interface HostVisit {
  readonly name: string;
  readonly how: 'TLS' | 'DTLS' | 'QUIC' | 'HTTP';
  readonly server: string;
  readonly times: number;
  readonly frame: number;
}

export interface HostEvent {
  readonly time: Timestamp;
  readonly frame: number | null;
  readonly kind: 'finding' | 'offers' | 'uses';
  readonly text: string;
  readonly severity: Severity | null;
  /** Id of the finding. */
  readonly finding: string | null;
  /** Display filter of what it is about; empty for findings. */
  readonly filter: string;
}

/** What a story is made of. */
export interface HostSources {
  readonly address: string;
  readonly filter: string;
  /** Counts of its own packets. */
  readonly own: Pick<Report, 'capture'>;
  readonly endpoint: readonly Endpoint[];
  /** Conversations of its layer, and of the transports above. */
  readonly between: readonly Conversation[];
  readonly transports: readonly Conversation[];
  readonly facts: Pick<HostFacts, 'facts' | 'asked' | 'askedMore' | 'visited'>;
  readonly names: { of(address: string): readonly string[]; sourcesOf(address: string): readonly string[] };
  /** Judged from all that is looked at, not from this host's packets alone. */
  readonly judged: Pick<Report, 'findings' | 'incidents'>;
  /** Most rows of each list. */
  readonly limit: number;
}

const MOST_EVENTS = 200;

export function hostStory(sources: HostSources): HostStory {
  const { address, own, endpoint, facts, names, judged, limit } = sources;
  const { offers, uses, clients, inVain } = hostServices(address, sources.transports),
    peers = peersOf(sources),
    isInside = isLocalAddress(address) || /^(?:[0-9a-f]{2}:){5}/i.test(address),
    role = roleOf(address, offers, uses),
    findings = judged.findings.flatMap((finding) => {
      const subject = finding.subjects.find((one) => one.address === address);
      return subject === undefined ? [] : [{ finding, role: subject.role }];
    });
  const sum = (key: 'packetsSent' | 'bytesSent' | 'packetsReceived' | 'bytesReceived'): number =>
    endpoint.reduce((total, row) => total + row[key], 0);
  const sourcesOf = names.sourcesOf(address);
  return {
    address,
    summary: summaryOf({ role, isInside, offers, uses, inVain, clients, peers: peers.length }),
    role,
    isInside,
    names: distinct([
      ...names.of(address).map((name, i) => ({ name, source: sourcesOf[i] ?? '' })),
      ...facts.facts.filter(({ kind }) => kind === 'name').map(({ text, source }) => ({ name: text, source })),
    ]),
    facts: facts.facts.filter(({ kind }) => kind !== 'name'),
    packets: own.capture.packets,
    bytes: own.capture.originalBytes,
    packetsSent: sum('packetsSent'),
    bytesSent: sum('bytesSent'),
    packetsReceived: sum('packetsReceived'),
    bytesReceived: sum('bytesReceived'),
    firstSeen: own.capture.startTime,
    lastSeen: own.capture.endTime,
    offers: offers.slice(0, limit),
    uses: uses.slice(0, limit),
    inVain,
    peers: peers.slice(0, limit),
    asked: facts.asked.slice(0, limit),
    visited: facts.visited.slice(0, limit),
    totals: {
      offers: offers.length,
      uses: uses.length,
      peers: peers.length,
      asked: facts.asked.length + facts.askedMore,
      visited: facts.visited.length,
    },
    findings: findings.map(({ finding: { id, severity, title }, role: of }) => ({ id, severity, title, role: of })),
    incidents: judged.incidents.filter(({ hosts }) => hosts.some((host) => host.address === address)).map(short),
    timeline: timelineOf(
      findings.map(({ finding }) => finding),
      offers,
      uses,
    ),
    filter: sources.filter,
  };
}

const short = ({ id, severity, title }: Incident): HostStory['incidents'][number] => ({ id, severity, title });

function distinct(names: readonly { readonly name: string; readonly source: string }[]): HostStory['names'] {
  const seen = new Set<string>();
  return names.filter(({ name }) => {
    const key = name.toLowerCase();
    if (seen.has(key)) return false;
    seen.add(key);
    return true;
  });
}

function roleOf(address: string, offers: readonly HostService[], uses: readonly HostService[]): HostRole {
  if (/^(?:2(?:2[4-9]|3\d)\.|255\.255\.255\.255$|ff)/i.test(address)) return 'group';
  if (offers.length > 0) return uses.length > 0 ? 'client and server' : 'server';
  return uses.length > 0 ? 'client' : 'quiet';
}

/** Recognised services first: a port alone says little. */
function servicesInWords(services: readonly HostService[]): string {
  const known = [...new Set(services.flatMap(({ service }) => (service === null ? [] : [protocolLabel(service)])))],
    texts = known.length > 0 ? known : services.map(({ transport, port }) => `${transport.toUpperCase()} port ${port}`);
  const shown = texts.slice(0, 3),
    more = texts.length - shown.length;
  return listText(more > 0 ? [...shown, `${more} more`] : shown);
}

function summaryOf({
  role,
  isInside,
  offers,
  uses,
  inVain,
  clients,
  peers,
}: Pick<HostStory, 'role' | 'isInside' | 'offers' | 'uses' | 'inVain'> & { readonly clients: number; readonly peers: number }): string {
  if (role === 'group') return `A group address: what is sent there is for many hosts. ${plural(peers, 'host')} did.`;
  const where = isInside ? 'inside the network' : 'outside the network';
  const tried =
    inVain === null
      ? ''
      : ` It tried ${plural(inVain.attempts, 'connection')} to ${plural(inVain.ports, 'port')} of ${plural(inVain.hosts, 'host')} in vain.`;
  if (role === 'quiet') return `A host ${where} that nobody was seen to use, and that used nobody.${tried}`;
  const offered = offers.length === 0 ? '' : `offers ${servicesInWords(offers)} (${plural(clients, 'client')})`,
    used = uses.length === 0 ? '' : `uses ${servicesInWords(uses)}`;
  return `A ${role} ${where} that ${[offered, used].filter((text) => text !== '').join(' and ')}.${tried}`;
}

/** Whom it talked to, from the conversations of its layer; what they spoke, from those above. */
function peersOf({ address, between, transports, names }: HostSources): HostPeer[] {
  const peers = new Map<string, { -readonly [K in keyof HostPeer]: HostPeer[K] }>(),
    services = new Map<string, Map<string, number>>();
  for (const { a, b, service, bytesAToB, bytesBToA } of transports) {
    if (service === null) continue;
    const other = a === address ? b : a,
      spoken = services.get(other) ?? new Map<string, number>();
    spoken.set(service, (spoken.get(service) ?? 0) + bytesAToB + bytesBToA);
    services.set(other, spoken);
  }
  for (const { a, b, packetsAToB, packetsBToA, bytesAToB, bytesBToA } of between) {
    if (a !== address && b !== address) continue;
    const isFrom = a === address,
      other = isFrom ? b : a,
      begunBy = isFrom ? 'host' : 'peer',
      known = peers.get(other);
    const sent = isFrom ? bytesAToB : bytesBToA,
      received = isFrom ? bytesBToA : bytesAToB;
    if (known === undefined) {
      peers.set(other, {
        address: other,
        name: names.of(other)[0] ?? null,
        begunBy,
        packets: packetsAToB + packetsBToA,
        bytesSent: sent,
        bytesReceived: received,
        services: [...(services.get(other) ?? [])].sort((x, y) => y[1] - x[1]).map(([service]) => service),
      });
      continue;
    }
    if (known.begunBy !== begunBy) known.begunBy = 'both';
    known.packets += packetsAToB + packetsBToA;
    known.bytesSent += sent;
    known.bytesReceived += received;
  }
  return [...peers.values()].sort((x, y) => y.bytesSent + y.bytesReceived - x.bytesSent - x.bytesReceived);
}

/** Findings, and each service from when it was first offered or used. */
function timelineOf(findings: readonly Finding[], offers: readonly HostService[], uses: readonly HostService[]): HostEvent[] {
  const label = ({ service, transport, port }: HostService): string =>
    service === null ? `${transport.toUpperCase()} port ${port}` : `${protocolLabel(service)} on port ${port}`;
  const services = (list: readonly HostService[], kind: 'offers' | 'uses'): HostEvent[] =>
    list.map((one) => ({
      time: one.firstSeen,
      frame: null,
      kind,
      text: kind === 'offers' ? `Offers ${label(one)} to ${plural(one.hosts, 'client')}` : `Uses ${label(one)} at ${plural(one.hosts, 'host')}`,
      severity: null,
      finding: null,
      filter: one.filter,
    }));
  return [
    ...findings.map(({ id, severity, title, firstSeen, evidence }): HostEvent => ({
      time: firstSeen,
      frame: evidence.frames[0] ?? null,
      kind: 'finding',
      text: title,
      severity,
      finding: id,
      filter: '',
    })),
    ...services(offers.slice(0, 20), 'offers'),
    ...services(uses.slice(0, 20), 'uses'),
  ]
    .sort((x, y) => (x.time ?? '').localeCompare(y.time ?? '') || (x.frame ?? 0) - (y.frame ?? 0))
    .slice(0, MOST_EVENTS);
}
