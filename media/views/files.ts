/** The files that passed: what they are, from whom to whom, whether all of each was seen, and the way to save them. */
import { html, nothing, type TemplateResult } from 'lit';
import type { FileRow } from '../../src/analysis/engineApi.ts';
import { fact, icon, skeleton } from '../components/bits.ts';
import type { Column } from '../components/gridColumns.ts';
import { addressFilter, both } from '../filters.ts';
import { exactBytes, exactTime, formatBytes, formatCount, plural, protocolLabel, timeOfDay } from '../format.ts';
import { ask, copyText, type Target } from '../menu.ts';
import { listTable } from '../renderers/layerTable.ts';
import type { Store } from '../store.ts';
import { TableModel } from '../tableModel.ts';
import type { View } from './view.ts';

let model: TableModel<FileRow> | null = null;
/** Sentences about what the last answer leaves out. */
let limits: readonly string[] = [];

/** Carriers whose frames are datagrams. */
const OVER_UDP: ReadonlySet<string> = new Set(['tftp', 'http3']);

/** The frames between its first and its last of the two that had it. */
function filterOf({ carrier, firstFrame, frame, sender, senderPort, receiver, receiverPort }: FileRow): string {
  const layer = OVER_UDP.has(carrier) ? 'udp' : 'tcp';
  return both(
    `frame.number >= ${String(firstFrame)} and frame.number <= ${String(frame)}`,
    both(addressFilter(layer, sender, senderPort), addressFilter(layer, receiver, receiverPort)),
  );
}

const save = (store: Store, files: readonly FileRow[]): void => {
  store.engine
    .call('saveTransferred', {
      files: files.map(({ id, frame, name, kind, isProgram, bytes, missing }) => ({ id, frame, name, kind, isProgram, bytes, missing })),
    })
    .catch((error: unknown) => store.say(`Could not save: ${error instanceof Error ? error.message : String(error)}`));
};

function target(store: Store, row: FileRow): Target {
  return {
    label: `the file ${row.name}`,
    filter: filterOf(row),
    filterWords: 'Its Packets',
    host: row.sender,
    text: row.sha256 ?? row.name,
    rows: [row],
    save: { one: 'Save File…', several: 'Save Files…', run: (rows) => save(store, rows as readonly FileRow[]) },
  };
}

const sizeWords = ({ bytes, missing }: FileRow): string =>
  missing === 0 ? formatBytes(bytes) : `${formatBytes(bytes)} of ${formatBytes(bytes + missing)}`;

/** Why one should look twice. */
function mark(isProgram: boolean, listed: string | null): TemplateResult | typeof nothing {
  if (!isProgram && listed === null) return nothing;
  const why = listed === null ? 'It can run, or make something run' : `Its hash is in your list ${listed}`;
  return html`<span class="bad" title=${why}>${icon('warning')}</span> `;
}

function columns(store: Store): readonly Column<FileRow>[] {
  const text = (id: string, title: string, width: number, grow: number, drop: number, value: (row: FileRow) => string): Column<FileRow> => ({
    id,
    title,
    width,
    grow,
    drop,
    sort: id,
    text: value,
    cell: value,
  });
  return [
    {
      ...text('frame', 'Frame', 58, 0, 3, (row) => String(row.frame)),
      end: true,
      cell: (row) => html`<button class="lk" title="Show the packet" @click=${() => store.showPacket(row.frame)}>${formatCount(row.frame)}</button>`,
    },
    {
      ...text('name', 'File', 160, 3, 0, ({ name }) => name),
      cell: ({ name, isProgram, listed }) => html`${mark(isProgram, listed)}<span class="ell" title=${name}>${name}</span>`,
    },
    text('kind', 'What it is', 130, 2, 1, ({ kind }) => kind),
    {
      ...text('bytes', 'Size', 72, 0, 1, sizeWords),
      end: true,
      descendingFirst: true,
      text: ({ bytes }) => String(bytes),
      cell: (row) => (row.missing === 0 ? sizeWords(row) : html`<span class="bad" title="Not all of it is in the capture">${sizeWords(row)}</span>`),
    },
    text('carrier', 'By', 64, 0.4, 5, ({ carrier }) => protocolLabel(carrier)),
    { ...text('sender', 'From', 110, 1, 4, ({ sender }) => sender), cell: ({ sender }) => html`<span class="addr">${sender}</span>` },
    { ...text('receiver', 'To', 110, 1, 4, ({ receiver }) => receiver), cell: ({ receiver }) => html`<span class="addr">${receiver}</span>` },
    {
      ...text('path', 'Path', 120, 2, 7, ({ path }) => path),
      // The name stands in a column of its own: what tells paths apart is what is before it.
      cell: ({ path, name }) =>
        html`<span class="muted ell" title=${path}>${path.length > name.length && path.endsWith(name) ? path.slice(0, -name.length) : path}</span>`,
    },
    {
      ...text('sha256', 'SHA-256', 110, 1, 8, ({ sha256 }) => sha256 ?? ''),
      sort: null,
      cell: ({ sha256 }) => (sha256 === null ? '' : html`<span class="mono ell" title=${sha256}>${sha256}</span>`),
    },
  ];
}

const hash = (store: Store, name: string, value: string | null): TemplateResult | null =>
  value === null
    ? null
    : html`<span class="mono">${value}</span>
        <button class="act" title="Copy ${name}" aria-label="Copy ${name}" @click=${() => copyText(store, value, name)}>${icon('copy')}</button>`;

function detail(store: Store, row: FileRow): TemplateResult {
  const { name, path, kind, contentType, isProgram, bytes, missing, isComplete, partFrom, listed, note } = row;
  const end = (address: string, port: number): string => `${address}:${String(port)}`;
  return html`<h2>${name} <span class="muted">${kind}</span></h2>
    <div class="acts">
      <button class="btn pri" data-testid="files-save" @click=${() => save(store, [row])}>${icon('save')}Save File…</button>
      <button class="btn" @click=${() => store.showPackets(filterOf(row))}>${icon('list-flat')}Show its packets</button>
      <button class="btn" @click=${() => ask(store, `What is the file ${name} of frame ${String(row.frame)}, and is it a problem?`)}>
        ${icon('comment-discussion')}Ask @netsec
      </button>
    </div>
    ${listed === null ? nothing : html`<p class="problem">${icon('warning')} Its hash is in your list ${listed}.</p>`}
    ${isProgram ? html`<p class="problem">${icon('warning')} It can run, or make something run.</p>` : nothing}
    <dl class="facts">
      ${fact('Where', path)} ${fact('From', end(row.sender, row.senderPort))} ${fact('To', end(row.receiver, row.receiverPort))}
      ${fact('When', row.time === null ? null : html`<span title=${exactTime(row.time)}>${timeOfDay(row.time, 3)}</span>`)}
      ${fact('Its sender calls it', contentType)}
      ${fact(
        'Size',
        `${exactBytes(bytes)}${missing > 0 ? `; ${plural(missing, 'byte')} more are not in the capture` : isComplete ? '' : '; whether that is all is not in the capture'}`,
      )}
      ${fact('Part', partFrom === null ? null : `of a larger file, from byte ${formatCount(partFrom)} on`)}
      ${fact('SHA-256', hash(store, 'SHA-256', row.sha256))} ${fact('MD5', hash(store, 'MD5', row.md5))} ${fact('Note', note)}
    </dl>`;
}

const legend = html`<span class="muted hide7">What they are by their bytes, whatever they are called</span>`;

export const files: View = {
  id: 'files',
  title: 'Files',
  icon: 'files',
  order: 57,
  fixed: true,
  count: () => null,
  render(store) {
    const { report } = store;
    if (report === null) return html`<div class="page" aria-busy="true">${skeleton(90, 80, 85, 70, 75)}</div>`;
    const table = (model ??= new TableModel<FileRow>(store));
    return listTable(store, {
      id: 'files',
      title: 'Files',
      label: 'Files',
      model: table,
      columns: columns(store),
      ask: async (query, signal) => {
        const page = await store.engine.call('files', query, signal);
        ({ limits } = page);
        return page;
      },
      keyOf: ({ id }) => id,
      target: (row) => target(store, row),
      legend,
      notes: limits.length === 0 ? nothing : html`<p class="tablenotes muted" data-testid="files-limits">${limits.join(' ')}</p>`,
      none: 'No file passed over HTTP, SMB, FTP, TFTP or as a mail in what can be read of this capture. What is encrypted can be read with a key log.',
      defaults: { column: 'frame', descending: false, split: 56 },
      total: false,
      detail: (row) => detail(store, row),
    });
  },
};
