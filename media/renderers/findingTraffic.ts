/** What is behind a finding besides its frames: the conversations it was judged by, and the files they carried, each one click away. */
import { html, nothing, type TemplateResult } from 'lit';
import { until } from 'lit/directives/until.js';
import { EVERYTHING, type FileRow } from '../../src/analysis/engineApi.ts';
import type { Conversation, Finding } from '../../src/analysis/report.ts';
import { bytesCell, heading, icon } from '../components/bits.ts';
import { formatCount, plural, protocolLabel } from '../format.ts';
import type { Store } from '../store.ts';

/** Rows of each that are shown. */
const SHOWN = 5;
/** Captures up to here are read for the files of a finding when it is opened; of larger ones when they are asked for. */
const READ_AT_ONCE = 100_000_000;

interface Behind {
  readonly conversations: readonly Conversation[];
  /** Null until they were looked for. */
  readonly files: readonly FileRow[] | null;
}

/** Fetched once per finding; what is on screen keeps its place while they come. */
const fetched = new Map<string, Promise<Behind>>();

async function fetch(store: Store, flows: readonly string[], withFiles: boolean): Promise<Behind> {
  const selection = EVERYTHING,
    [conversations, files] = await Promise.all([
      store.engine.call('conversationsById', { selection, ids: flows }),
      // What it carried is worth a pass of its own, yet nothing else is lost where that fails.
      withFiles ? store.engine.call('carriedFiles', { selection, flows }).catch(() => null) : null,
    ]);
  return { conversations, files };
}

function behind(store: Store, finding: Finding, withFiles: boolean): Promise<Behind> {
  const key = `${finding.id}:${String(finding.evidence.framesTotal)}:${String(withFiles)}`;
  let known = fetched.get(key);
  if (known === undefined) {
    if (fetched.size > 50) fetched.clear();
    known = fetch(store, finding.evidence.flows, withFiles);
    fetched.set(key, known);
    known.catch(() => fetched.delete(key));
  }
  return known;
}

const end = (address: string, port: number | null): string => (port === null ? address : `${address}:${String(port)}`);
const bytesOf = (row: Conversation): number => row.bytesAToB + row.bytesBToA;

function conversationRow(store: Store, row: Conversation): TemplateResult {
  return html`<tr data-flow=${row.id}>
    <td class="wrap">
      <button class="lk" data-testid="finding-flow" title="Show it in Conversations" @click=${() => store.showConversation(row.id)}>
        ${end(row.a, row.aPort)} → ${end(row.b, row.bPort)}
      </button>
    </td>
    <td class="c-service hidex">${row.service === null ? '' : protocolLabel(row.service)}</td>
    <td class="r">${formatCount(row.packetsAToB + row.packetsBToA)}</td>
    <td class="r">${bytesCell(bytesOf(row))}</td>
  </tr>`;
}

function fileRow(store: Store, row: FileRow): TemplateResult {
  return html`<tr data-file=${row.id}>
    <td class="wrap">
      <button class="lk" data-testid="finding-file" title="Show it in Files: ${row.path}" @click=${() => store.showFile(row.id)}>${row.name}</button>
    </td>
    <td title=${row.kind}>${row.kind}</td>
    <td class="hidex" title="${row.sender} → ${row.receiver}">${row.sender} <span class="muted">→ ${row.receiver}</span></td>
    <td class="r">${bytesCell(row.bytes)}</td>
  </tr>`;
}

const more = (all: number, show: () => void): TemplateResult | typeof nothing =>
  all <= SHOWN ? nothing : html`<p><button class="lk" @click=${show}>All ${formatCount(all)}</button></p>`;

function tables(store: Store, finding: Finding, { conversations, files }: Behind): TemplateResult {
  const { filter, flows } = finding.evidence,
    largest = [...conversations].sort((x, y) => bytesOf(y) - bytesOf(x)).slice(0, SHOWN),
    layer = flows[0]?.slice(0, flows[0].indexOf(':')) ?? '';
  const conversationsOf = (view: string, patch: object) => (): void =>
    store.go({ view, selection: { filter, timeRange: null }, views: store.viewsWith(view, { search: '', chosen: '', ...patch }) });
  return html`${
    largest.length === 0
      ? nothing
      : html`<section class="sec">
          ${heading('h-flows', largest.length === 1 ? 'Conversation' : 'Conversations', conversations.length > SHOWN ? `the largest of ${formatCount(conversations.length)}` : nothing)}
          <table class="ev behind">
            <thead>
              <tr>
                <th scope="col">Between</th>
                <th scope="col" class="c-service hidex">Service</th>
                <th scope="col" class="r c-num">Packets</th>
                <th scope="col" class="r c-num">Bytes</th>
              </tr>
            </thead>
            <tbody>
              ${largest.map((row) => conversationRow(store, row))}
            </tbody>
          </table>
          ${filter === '' ? nothing : more(conversations.length, conversationsOf('conversations', { layer }))}
        </section>`
  }${
    files === null || files.length === 0
      ? nothing
      : html`<section class="sec">
          ${heading('h-carried', files.length === 1 ? 'File it carried' : 'Files it carried', files.length > SHOWN ? `${formatCount(SHOWN)} of ${plural(files.length, 'file')}` : nothing)}
          <table class="ev behind">
            <thead>
              <tr>
                <th scope="col">File</th>
                <th scope="col">What it is</th>
                <th scope="col" class="hidex">From, to</th>
                <th scope="col" class="r c-num">Size</th>
              </tr>
            </thead>
            <tbody>
              ${files.slice(0, SHOWN).map((row) => fileRow(store, row))}
            </tbody>
          </table>
          ${filter === '' ? nothing : more(files.length, conversationsOf('files', {}))}
        </section>`
  }`;
}

export function findingTraffic(store: Store, finding: Finding): TemplateResult | typeof nothing {
  if (finding.evidence.flows.length === 0) return nothing;
  const isLarge = (store.whole?.capture.capturedBytes ?? 0) > READ_AT_ONCE,
    withFiles = !isLarge || store.remembered('findings', { filesOf: '' }).filesOf === finding.id;
  return html`<div data-testid="finding-traffic">
    ${until(
      behind(store, finding, withFiles).then((found) => tables(store, finding, found)),
      nothing,
    )}
    ${
      withFiles
        ? nothing
        : html`<p>
            <button class="btn" data-testid="find-files" @click=${() => store.remember('findings', { filesOf: finding.id })}>
              ${icon('files')}Look for files it carried
            </button>
          </p>`
    }
  </div>`;
}
