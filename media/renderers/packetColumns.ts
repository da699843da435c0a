/** The columns of a packet, and what can be done with its row: wherever packets stand in a table. */
import { html } from 'lit';
import type { FieldNode, PacketRow } from '../../src/analysis/engineApi.ts';
import { icon, severityIcon } from '../components/bits.ts';
import type { Column } from '../components/gridColumns.ts';
import { guessAddressField } from '../filters.ts';
import { exactBytes, exactTime, formatCount, timeOfDay, timeWidth } from '../format.ts';
import type { Target } from '../menu.ts';
import type { Store } from '../store.ts';

export const packetColumns: readonly Column<PacketRow>[] = [
  {
    id: 'mark',
    title: '',
    label: 'Finding or damage',
    width: 16,
    grow: 0,
    drop: 0,
    sort: null,
    text: (row) => (row.severity !== null ? 'Evidence of a finding' : row.malformed ? 'Malformed' : ''),
    cell: (row) =>
      row.severity !== null
        ? severityIcon(row.severity, `Evidence of a finding, ${row.severity}`)
        : row.malformed
          ? html`<span class="muted" title="Malformed">${icon('warning')}<span class="vh">Malformed</span></span>`
          : '',
  },
  {
    id: 'number',
    title: 'No.',
    label: 'Frame number',
    width: 74,
    grow: 0,
    end: true,
    drop: 0,
    sort: 'number',
    text: (row) => String(row.frame),
    cell: (row) => formatCount(row.frame),
  },
  {
    id: 'time',
    title: 'Time',
    get width() {
      return timeWidth(98);
    },
    grow: 0,
    drop: 4,
    sort: 'time',
    text: (row) => exactTime(row.time),
    cell: (row) => timeOfDay(row.time, 3),
  },
  {
    id: 'relative',
    title: 'Since start',
    width: 88,
    grow: 0,
    end: true,
    drop: 8,
    sort: 'time',
    text: (row) => (row.relativeSeconds === null ? '' : `${row.relativeSeconds.toFixed(9)} s after the first frame`),
    cell: (row) => (row.relativeSeconds === null ? '' : row.relativeSeconds.toFixed(6)),
  },
  // Wide enough for any IPv4 address and for most of a MAC address.
  { id: 'source', title: 'Source', width: 112, grow: 0.8, drop: 0, sort: 'source', text: (row) => row.source, cell: (row) => row.source },
  {
    id: 'destination',
    title: 'Destination',
    width: 112,
    grow: 0.8,
    drop: 0,
    sort: 'destination',
    text: (row) => row.destination,
    cell: (row) => row.destination,
  },
  { id: 'protocol', title: 'Protocol', width: 54, grow: 0.1, drop: 2, sort: 'protocol', text: (row) => row.protocol, cell: (row) => row.protocol },
  {
    id: 'length',
    title: 'Length',
    width: 56,
    grow: 0,
    end: true,
    drop: 6,
    sort: 'length',
    descendingFirst: true,
    text: (row) => exactBytes(row.length),
    cell: (row) => formatCount(row.length),
  },
  { id: 'info', title: 'Info', width: 76, readable: 120, grow: 5, drop: 0, sort: null, text: (row) => row.info, cell: (row) => row.info },
];

/** What both ends of a packet are to a filter; the frame itself where they are no addresses. */
export function packetTarget(row: PacketRow): Target {
  const source = guessAddressField(row.source);
  const destination = guessAddressField(row.destination);
  const filter =
    source !== null && source === destination
      ? `${source} == ${row.source} and ${source} == ${row.destination}`
      : `frame.number == ${String(row.frame)}`;
  return {
    label: `frame ${formatCount(row.frame)}`,
    filter,
    filterWords: filter.startsWith('frame.') ? 'This Packet' : 'These Addresses',
    flow: row.flow,
    ...(source === null ? {} : { host: row.source }),
    text: packetColumns
      .slice(1)
      .map((column) => column.text(row))
      .join('\t'),
    rows: [row],
  };
}

/** Names of the Protocol column that filters know under another. */
const OTHER_NAMES: Readonly<Record<string, string>> = { krb5: 'kerberos', ssl: 'tls', '802.11': 'wlan', ipv4: 'ip' };

/** What the Protocol column says as a filter: `HTTP/JSON` is `http`, `TLSv1.3` is `tls`. */
async function protocolFilter(store: Store, protocol: string): Promise<string> {
  const whole = protocol.toLowerCase(),
    first = whole.split('/')[0] ?? '';
  for (const name of [whole, first, first.replace(/v[\d.]+$/, '')].map((one) => OTHER_NAMES[one] ?? one))
    if (/^[a-z0-9_.-]+$/.test(name) && (await store.engine.call('checkFilter', { text: name })).ok) return name;
  return '';
}

/** The filter of a field as the details of the packet have it. */
async function fieldFilter(store: Store, frame: number, name: string): Promise<string> {
  const filterIn = (nodes: readonly FieldNode[]): string => {
    for (const node of nodes) {
      const filter = node.name === name ? node.filter : filterIn(node.children);
      if (filter !== '') return filter;
    }
    return '';
  };
  return filterIn((await store.engine.call('packet', { frame }))?.tree ?? []);
}

/** What can be filtered by in the cell that was clicked; nothing where a cell is no field. */
export function cellTarget(store: Store, row: PacketRow, column: string | null): Pick<Target, 'cell'> {
  const known = (words: string, filter: string): Pick<Target, 'cell'> => ({ cell: { words, filter: () => Promise.resolve(filter) } });
  const end = (address: string, side: 'src' | 'dst'): Pick<Target, 'cell'> => {
    const field = guessAddressField(address);
    return field === null ? {} : known(`${side === 'src' ? 'Source' : 'Destination'} ${address}`, `${field.replace(/addr$/, side)} == ${address}`);
  };
  switch (column) {
    case 'number':
      return known(`Frame ${formatCount(row.frame)}`, `frame.number == ${String(row.frame)}`);
    case 'source':
      return end(row.source, 'src');
    case 'destination':
      return end(row.destination, 'dst');
    case 'length':
      return known(`Length ${formatCount(row.length)}`, `frame.len == ${String(row.length)}`);
    case 'protocol':
      return row.protocol === '' ? {} : { cell: { words: `Protocol ${row.protocol}`, filter: () => protocolFilter(store, row.protocol) } };
    default:
      return column?.includes('.') === true ? { cell: { words: `This ${column}`, filter: () => fieldFilter(store, row.frame, column) } } : {};
  }
}

/** Values of a field that stand in a line; the tooltip has more. */
const MOST_SHOWN = 3;
/** `TLS 1.3` of `0x0304 (TLS 1.3)`. */
const named = (text: string): string => /^\S+ \((.+)\)$/.exec(text)?.[1] ?? text;

/** A column of what packets say in a field: the `index`-th of the `values` of their rows. `sort` names the field, where the list can be sorted by it. */
export function valueColumn(title: string, index: number, width: number, grow: number, drop: number, sort: string | null = null): Column<PacketRow> {
  const of = ({ values }: PacketRow): readonly string[] => values?.[index] ?? [];
  return {
    id: title,
    title,
    width,
    grow,
    drop,
    sort,
    text: (row) => of(row).join(', '),
    cell: (row) => of(row).slice(0, MOST_SHOWN).map(named).join(', ') + (of(row).length > MOST_SHOWN ? ', …' : ''),
  };
}
