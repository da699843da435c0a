/** The one menu of the page: what can be done with an address, a conversation, a packet, a field or a finding. */
import { both, excluding } from './filters.ts';
import type { Store } from './store.ts';

export interface MenuItem {
  readonly label: string;
  readonly run: () => void;
  readonly checked?: boolean;
  readonly hint?: string;
}

/** Groups are separated by a line. */
export type Menu = readonly (readonly MenuItem[])[];

/** Something on the page one can act on. */
export interface Target {
  /** What a person calls it, `10.0.0.5` or `frame 12`. */
  readonly label: string;
  /** Selects its packets; empty where no filter can. */
  readonly filter: string;
  /** What the filter stands for in the menu, `These Addresses`; `This` without. */
  readonly filterWords?: string;
  readonly flow?: string | null;
  /** The cell that was clicked: a filter for what it says, which may have to be looked up. */
  readonly cell?: { readonly words: string; readonly filter: () => Promise<string> };
  /** Address whose endpoint can be shown. */
  readonly host?: string;
  /** What plain Copy copies. */
  readonly text: string;
  /** Offers to save the rows; there may be one, or several. */
  readonly save?: { readonly one: string; readonly several: string; readonly run: (rows: readonly object[]) => void };
  /** The same as data, one flat object per row; a function where rows are fetched first. */
  readonly rows: readonly object[] | (() => Promise<readonly object[]>);
}

type Cell = string | number | boolean | null | undefined;

/** RFC 4180, first row the names. Text that a spreadsheet would take for a formula is quoted with an apostrophe. */
export function toCsv(rows: readonly object[]): string {
  const first = rows[0];
  if (first === undefined) return '';
  const names = Object.keys(first);
  const cell = (value: unknown): string => {
    const plain = Array.isArray(value) ? value.join(' ') : ((value ?? '') as Cell);
    const text = String(plain);
    const safe = typeof plain === 'string' && /^[=+\-@\t\r]/.test(text) ? `'${text}` : text;
    return /[",\r\n]/.test(safe) ? `"${safe.replaceAll('"', '""')}"` : safe;
  };
  return [names.join(','), ...rows.map((row) => names.map((name) => cell((row as Record<string, unknown>)[name])).join(','))].join('\r\n') + '\r\n';
}

export function copyText(store: Store, text: string, what: string): void {
  store.engine.call('copyText', { text }).then(
    () => store.say(`${what} copied`),
    (error: unknown) => store.say(`Could not copy: ${String(error)}`),
  );
}

export function menuFor(store: Store, target: Target): Menu {
  const { filter } = store.place.selection;
  const { flow } = target;
  const useRows = (use: (rows: readonly object[]) => void): void => {
    Promise.resolve(typeof target.rows === 'function' ? target.rows() : target.rows).then(use, (error: unknown) =>
      store.say(`The rows could not be read: ${String(error)}`),
    );
  };
  const withRows = (what: string, convert: (rows: readonly object[]) => string): void => useRows((rows) => copyText(store, convert(rows), what));
  const groups: MenuItem[][] = [[], [], [], [], [], []];
  const [narrowing, filtering, going, saving, asking, copying] = groups as [MenuItem[], MenuItem[], MenuItem[], MenuItem[], MenuItem[], MenuItem[]];
  const { cell } = target;
  if (cell !== undefined) {
    const apply = (combine: (left: string, right: string) => string) => (): void =>
      void cell.filter().then(
        (found) => (found === '' ? store.say('No filter selects what this cell says.') : store.select({ filter: combine(filter, found) })),
        (error: unknown) => store.say(String(error)),
      );
    narrowing.push({ label: `Filter to ${cell.words}`, run: apply(both) }, { label: `Exclude ${cell.words}`, run: apply(excluding) });
  }
  const stream = typeof flow === 'string' ? streamOf(flow) : null;
  if (stream !== null) filtering.push({ label: `Filter to ${stream.words}`, run: () => store.select({ filter: both(filter, stream.filter) }) });
  if (target.filter !== '') {
    const what = target.filterWords ?? 'This';
    filtering.push({ label: `Filter to ${what}`, run: () => store.select({ filter: both(filter, target.filter) }) });
    filtering.push({ label: `Exclude ${what}`, run: () => store.select({ filter: excluding(filter, target.filter) }) });
    going.push({ label: 'Show Packets', run: () => store.showPackets(both(filter, target.filter)) });
  }
  if (typeof flow === 'string' && /^(tcp|udp):/.test(flow)) going.push({ label: 'Follow Stream', run: () => store.go({ stream: flow }) });
  if (typeof flow === 'string' && flow.startsWith('tcp:')) going.push({ label: 'Draw Graph', run: () => store.showGraph(flow) });
  const { host } = target;
  if (host !== undefined)
    going.push({ label: 'Show Host', run: () => store.go({ view: 'endpoints', views: store.viewsWith('endpoints', { host }) }) });
  const { save } = target;
  if (save !== undefined) saving.push({ label: typeof target.rows === 'function' ? save.several : save.one, run: () => useRows(save.run) });
  asking.push({ label: 'Ask @netsec About This', run: () => ask(store, `What is ${target.label} doing in this capture, and is it a problem?`) });
  copying.push({ label: 'Copy', hint: 'Ctrl+C', run: () => copyText(store, target.text, target.label) });
  if (target.filter !== '') copying.push({ label: 'Copy as Wireshark Filter', run: () => copyText(store, target.filter, 'Filter') });
  copying.push({ label: 'Copy as CSV', run: () => withRows('CSV', toCsv) });
  copying.push({ label: 'Copy as JSON', run: () => withRows('JSON', (rows) => JSON.stringify(rows.length === 1 ? rows[0] : rows, null, 2)) });
  return groups.filter((group) => group.length > 0);
}

/** Wireshark's numbers of TCP and UDP streams are those of our conversations. */
function streamOf(flow: string): { readonly words: string; readonly filter: string } | null {
  const [, layer = '', number = ''] = /^(tcp|udp):(\d+)$/.exec(flow) ?? [];
  return layer === '' ? null : { words: `${layer.toUpperCase()} Stream ${number}`, filter: `${layer}.stream == ${number}` };
}

export function ask(store: Store, question: string): void {
  store.engine.call('askNetsec', { question }).catch((error: unknown) => store.say(`Could not open Chat: ${String(error)}`));
}
