/** What one address offers and uses: its conversations by transport, port and service, and what it tried in vain. */
import { ftpData } from '../pcap/dissectors/ftpData.ts';
import { addressFilter } from './detectors/watched.ts';
import type { HostAttempts, HostService } from './hostStory.ts';
import type { Conversation } from './report.ts';

export interface HostServices {
  /** Services others were answered on, and those it was answered on: most bytes first. */
  readonly offers: readonly HostService[];
  readonly uses: readonly HostService[];
  /** Different hosts that used what it offers. */
  readonly clients: number;
  /** Connections it tried to open that were refused or not answered; null when there were none. */
  readonly inVain: HostAttempts | null;
}

/** No data ever came back: nothing was offered there. Zeek's states of TCP connections that were not answered with a SYN of their own. */
const UNANSWERED = new Set(['S0', 'REJ', 'SH', 'RSTOS0', 'RSTRH', 'SHR']);

interface Group {
  readonly transport: 'tcp' | 'udp';
  readonly port: number;
  readonly services: Map<string, number>;
  readonly others: Set<string>;
  readonly silentOthers: Set<string>;
  connections: number;
  silent: number;
  bytes: number;
  firstSeen: string | null;
}

/** `rows`: conversations over TCP and UDP with this address at one end. */
export function hostServices(address: string, rows: readonly Conversation[]): HostServices {
  const offers = new Map<string, Group>(),
    uses = new Map<string, Group>();
  /** What was opened and left without a word, and what nobody answered at it: no use, but a connection of what was used otherwise. */
  const silent: { readonly groups: Map<string, Group>; readonly key: string; readonly other: string }[] = [];
  const failed = { attempts: 0, hosts: new Set<string>(), ports: new Set<number>() };
  for (const row of rows) {
    const { layer, a, b, bPort, connState, history, packetsBToA } = row;
    if ((layer !== 'tcp' && layer !== 'udp') || bPort === null) continue;
    const isAnswered = packetsBToA > 0 && !(layer === 'tcp' && UNANSWERED.has(connState ?? ''));
    const isOffered = b === address,
      groups = isOffered ? offers : uses,
      other = isOffered ? a : b;
    if (!isAnswered) {
      if (layer !== 'tcp') continue;
      if (isOffered) silent.push({ groups, key: keyOf(layer, bPort), other });
      if (a !== address) continue;
      failed.attempts++;
      failed.hosts.add(b);
      failed.ports.add(bPort);
      continue;
    }
    // A part of FTP, on a port for each transfer: no service of its own.
    if (row.service === ftpData.id) continue;
    // Opened and left without a word, as scanners do: nothing was used.
    if (layer === 'tcp' && !/d/i.test(history ?? '')) silent.push({ groups, key: keyOf(layer, bPort), other });
    else add(groups, row, layer, bPort, other);
  }
  for (const { groups, key, other } of silent) {
    const group = groups.get(key);
    if (group === undefined) continue;
    group.silent++;
    if (!group.others.has(other)) group.silentOthers.add(other);
  }
  return {
    offers: listed(offers, address),
    uses: listed(uses, address),
    clients: new Set([...offers.values()].flatMap(({ others }) => [...others])).size,
    inVain: failed.attempts === 0 ? null : { attempts: failed.attempts, hosts: failed.hosts.size, ports: failed.ports.size },
  };
}

const keyOf = (transport: 'tcp' | 'udp', port: number): string => `${transport} ${port}`;

function add(groups: Map<string, Group>, row: Conversation, transport: 'tcp' | 'udp', port: number, other: string): void {
  const key = keyOf(transport, port),
    bytes = row.bytesAToB + row.bytesBToA;
  let group = groups.get(key);
  if (group === undefined)
    groups.set(
      key,
      (group = {
        transport,
        port,
        services: new Map(),
        others: new Set(),
        silentOthers: new Set(),
        connections: 0,
        silent: 0,
        bytes: 0,
        firstSeen: row.startTime,
      }),
    );
  if (row.service !== null) group.services.set(row.service, (group.services.get(row.service) ?? 0) + bytes);
  group.others.add(other);
  group.connections++;
  group.bytes += bytes;
  if (row.startTime !== null && (group.firstSeen === null || row.startTime < group.firstSeen)) group.firstSeen = row.startTime;
}

function listed(groups: Map<string, Group>, address: string): HostService[] {
  return [...groups.values()]
    .sort((a, b) => b.bytes - a.bytes || a.port - b.port)
    .map(({ transport, port, services, others, silentOthers, connections, silent, bytes, firstSeen }) => ({
      transport,
      port,
      service: [...services].sort((a, b) => b[1] - a[1])[0]?.[0] ?? null,
      hosts: others.size,
      connections,
      silent,
      silentHosts: silentOthers.size,
      bytes,
      firstSeen,
      filter: `${addressFilter(address)} && ${transport}.port == ${port}`,
    }));
}
