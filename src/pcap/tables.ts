/** The dissectors by the numbers that lead to them, built once from the bindings that each brings along. */
import { TABLE_NAMES, type Dissector, type TableName } from './dissector.ts';
import { ProtocolPaths } from './paths.ts';

/** A dissector and its number in the paths: what a hand-over needs, without a look-up. */
export interface Bound {
  readonly dissector: Dissector;
  readonly index: number;
}

/** Indexes of the tables, for the hand-over in `Packet.next`. */
export const LINKTYPE = 0,
  ETHERTYPE = 1,
  IP_PROTO = 2,
  UDP_PORT = 3,
  TCP_PORT = 4,
  LLC_DSAP = 5,
  PPP_PROTOCOL = 6,
  SCTP_PORT = 7,
  CISCO_PID = 8;
const TABLE_INDEX = {
  linktype: LINKTYPE,
  ethertype: ETHERTYPE,
  'ip.proto': IP_PROTO,
  'udp.port': UDP_PORT,
  'tcp.port': TCP_PORT,
  'llc.dsap': LLC_DSAP,
  'ppp.protocol': PPP_PROTOCOL,
  'sctp.port': SCTP_PORT,
  'llc.cisco_pid': CISCO_PID,
} as const satisfies Record<TableName, number>;

/** How a number of each table is called when no dissector takes it: "Unknown EtherType 0x88b5". */
const UNKNOWN_LABELS: readonly { readonly label: string; readonly hex: boolean }[] = [
  { label: 'link type', hex: false },
  { label: 'EtherType', hex: true },
  { label: 'IP protocol', hex: false },
  { label: 'UDP port', hex: false },
  { label: 'TCP port', hex: false },
  { label: 'LLC SAP', hex: true },
  { label: 'PPP protocol', hex: true },
  { label: 'SCTP port', hex: false },
  { label: 'Cisco protocol', hex: true },
];

const SIZE = 65536;

export class DissectorTables {
  readonly paths: ProtocolPaths;
  readonly all: readonly Bound[];
  readonly udpHeuristics: readonly Bound[];
  readonly streams: readonly Bound[];
  /** Payload that no dissector took. */
  readonly data: Bound;
  /** Paths of TCP right in IP in Ethernet. */
  readonly plainTcpPaths: { readonly ipv4: number; readonly ipv6: number };
  readonly #tables: (Bound | undefined)[][];
  readonly #byId: Map<string, Bound>;

  /** With `like`, everything but the paths is that of other tables of the same dissectors: half a million slots are filled once, not per capture. */
  constructor(dissectors: readonly Dissector[], data: Dissector, like?: DissectorTables) {
    this.paths = new ProtocolPaths([...dissectors, data]);
    if (like === undefined) {
      this.all = dissectors.map((dissector, index) => ({ dissector, index }));
      this.data = { dissector: data, index: dissectors.length };
      this.#tables = TABLE_NAMES.map(() => new Array<Bound | undefined>(SIZE).fill(undefined));
      this.#byId = new Map(this.all.map((bound) => [bound.dissector.id, bound]));
      this.udpHeuristics = this.all.filter(({ dissector }) => dissector.on.some(({ table }) => table === 'udp.heuristic'));
      this.streams = this.all.filter(({ dissector }) => dissector.stream !== undefined);
      for (const bound of this.all) {
        for (const { table, value } of bound.dissector.on) {
          if (table !== 'udp.heuristic' && table !== 'tcp.heuristic' && value !== undefined) this.#bind(TABLE_INDEX[table], value, bound);
        }
      }
    } else {
      this.all = like.all;
      this.data = like.data;
      this.#tables = like.#tables;
      this.#byId = like.#byId;
      this.udpHeuristics = like.udpHeuristics;
      this.streams = like.streams;
    }
    const pathOf = (...ids: readonly string[]): number =>
      ids.reduce((path, id) => this.paths.child(path, this.#byId.get(id)?.index ?? this.data.index), 0);
    this.plainTcpPaths = { ipv4: pathOf('eth', 'ip', 'tcp'), ipv6: pathOf('eth', 'ipv6', 'tcp') };
  }

  #bind(table: number, value: number, bound: Bound): void {
    const row = this.#tables[table]!;
    const taken = row[value];
    if (taken !== undefined) throw new Error(`${taken.dissector.id} and ${bound.dissector.id} both sit on ${TABLE_NAMES[table]} ${value}`);
    row[value] = bound;
  }

  find(table: number, value: number): Bound | undefined {
    return this.#tables[table]![value];
  }

  byId(id: string): Bound | undefined {
    return this.#byId.get(id);
  }
}

/** "EtherType 0x88b5" for the number of a table. */
export function describeUnknown(table: number, value: number): string {
  const { label, hex } = UNKNOWN_LABELS[table]!;
  return `${label} ${hex ? `0x${value.toString(16).padStart(4, '0')}` : String(value)}`;
}
