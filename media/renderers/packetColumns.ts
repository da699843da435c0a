/** The columns of a packet, and what can be done with its row: wherever packets stand in a table. */
import { html } from 'lit';
import type { PacketRow } from '../../src/analysis/engineApi.ts';
import { icon, severityIcon } from '../components/bits.ts';
import type { Column } from '../components/gridColumns.ts';
import { guessAddressField } from '../filters.ts';
import { exactBytes, exactTime, formatCount, timeOfDay, timeWidth } from '../format.ts';
import type { Target } from '../menu.ts';

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
