/** The names that a filter may use: every protocol and field of the registered dissectors, and what the analysis adds to them. */
import { dataDissector } from '../../pcap/data.ts';
import { dissectors } from '../../pcap/decode.ts';
import type { Dissector, Field, FieldType } from '../../pcap/dissector.ts';
import { frame } from '../../pcap/frameFields.ts';

/** How values of a field are compared. Ether and IPv4 addresses are numbers here; `none` only exists or not. */
export type Kind = 'number' | 'duration' | 'time' | 'string' | 'bytes' | 'ether' | 'ipv4' | 'ipv6' | 'protocol' | 'none';

/** How deep a pass must go to see a field. */
export type Depth =
  /** The packet's headers. */
  | 'headers'
  /** Streams put together, and facts that follow from earlier frames. */
  | 'streams';

export interface CatalogEntry {
  readonly name: string;
  readonly label: string;
  readonly kind: Kind;
  readonly type: FieldType;
  /** The fields with this name or alias; none for a protocol. */
  readonly fields: readonly Field[];
  /** The protocol the (first) field belongs to, or that this is. */
  readonly protocol: Dissector;
  /** All protocols with one of the fields. */
  readonly protocols: readonly Dissector[];
  readonly depth: Depth;
  readonly values: Readonly<Record<number, string>> | undefined;
}

/** Frames whose bytes contradict their protocols, in Wireshark's name for them. */
export const malformed: Dissector = { id: '_ws.malformed', name: 'Malformed Packet', fields: {}, on: [] };

const FORMER = /^(ssl|bootp)(?=\.|$)/;

const KINDS = {
  uint: 'number',
  int: 'number',
  uint64: 'number',
  float: 'number',
  boolean: 'number',
  string: 'string',
  bytes: 'bytes',
  ether: 'ether',
  ipv4: 'ipv4',
  ipv6: 'ipv6',
  time: 'time',
  duration: 'duration',
  none: 'none',
} as const satisfies Record<FieldType, Kind>;

export class FieldCatalog {
  readonly #entries = new Map<string, CatalogEntry>();

  /** `extra`: fields that no dissector says but the analysis does (`tcp.stream`), each under the protocol it belongs to. */
  constructor(protocols: readonly Dissector[], extra: readonly { readonly protocol: Dissector; readonly fields: readonly Field[] }[] = []) {
    for (const protocol of protocols) {
      const depth = depthOf(protocol);
      this.#entries.set(protocol.id, {
        name: protocol.id,
        label: protocol.name,
        kind: 'protocol',
        type: 'none',
        fields: [],
        protocol,
        protocols: [protocol],
        depth,
        values: undefined,
      });
    }
    for (const protocol of protocols)
      for (const field of Object.values(protocol.fields))
        this.#add(field, protocol, field.name === 'frame.protocols' ? 'streams' : depthOf(protocol));
    for (const { protocol, fields } of extra) for (const field of fields) this.#add(field, protocol, 'streams');
  }

  #add(field: Field, protocol: Dissector, depth: Depth): void {
    for (const name of [field.name, ...(field.aliases ?? [])]) {
      // `ip.host` is the address as text: with a name service a name, here never.
      const asText = name !== field.name && /(?:\.|_)host$/.test(name);
      const kind: Kind = asText ? 'string' : KINDS[field.type];
      const known = this.#entries.get(name);
      if (known === undefined) {
        const label = name === field.name ? field.label : commonLabel(name, field, protocol);
        this.#entries.set(name, {
          name,
          label,
          kind,
          type: asText ? 'string' : field.type,
          fields: [field],
          protocol,
          protocols: [protocol],
          depth,
          values: field.values,
        });
      } else if (known.kind === kind) {
        this.#entries.set(name, {
          ...known,
          fields: known.fields.includes(field) ? known.fields : [...known.fields, field],
          protocols: [...known.protocols, protocol],
          depth: known.depth === 'streams' ? 'streams' : depth,
          values: known.values ?? field.values,
        });
      }
    }
  }

  /** By its name, or one that Wireshark has given up and still takes: `bootp.option.type`, `ssl.handshake`. */
  find(name: string): CatalogEntry | undefined {
    return this.#entries.get(name) ?? this.#entries.get(name.replace(FORMER, (_all, protocol: string) => (protocol === 'ssl' ? 'tls' : 'dhcp')));
  }

  get entries(): IterableIterator<CatalogEntry> {
    return this.#entries.values();
  }
}

/** `ip.addr` -> "Source or Destination Address" cannot be known from one field; what they share is the last part of the name. */
function commonLabel(name: string, field: Field, protocol: Dissector): string {
  const last = name.split('.').at(-1) ?? name;
  if (last === 'addr') return 'Source or Destination Address';
  if (last === 'port') return 'Source or Destination Port';
  return last.endsWith('host') ? `${protocol.name} host` : field.label;
}

/** Header protocols are reached by numbers in headers alone; whatever may sit on a stream, or only inside of another protocol, needs the whole pass. */
function depthOf(protocol: Dissector): Depth {
  if (protocol === frame || protocol === dataDissector) return 'headers';
  return protocol.dissect !== undefined &&
    protocol.stream === undefined &&
    protocol.on.some(({ table }) => table !== 'tcp.port' && table !== 'tcp.heuristic')
    ? 'headers'
    : 'streams';
}

/** All that the registry has, and `extra`. */
export function createCatalog(extra: readonly { readonly protocol: Dissector; readonly fields: readonly Field[] }[] = []): FieldCatalog {
  return new FieldCatalog([frame, malformed, ...dissectors, dataDissector], extra);
}
