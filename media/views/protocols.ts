/** Which protocols are inside which: a tree table with bars, and beneath it the messages of one. A path counts every frame that runs through it. */
import { html, nothing } from 'lit';
import '../components/splitter.ts';
import type { Report } from '../../src/analysis/report.ts';
import { bar, bytesCell, emptyState, icon, skeleton } from '../components/bits.ts';
import { openMenu } from '../components/contextMenu.ts';
import { css } from '../components/css.ts';
import { exactBytes, formatCount, formatShare, protocolLabel } from '../format.ts';
import { copyText, menuFor, toCsv, type Target } from '../menu.ts';
import { hierarchyTree, type HierarchyNode } from '../renderers/hierarchy.ts';
import { messagesPane } from '../renderers/messages.ts';
import type { Store } from '../store.ts';
import type { View } from './view.ts';

function visible(nodes: readonly HierarchyNode[], closed: ReadonlySet<string>): HierarchyNode[] {
  return nodes.flatMap((node) => [node, ...(closed.has(node.row.path) ? [] : visible(node.children, closed))]);
}

const filterOf = ({ name }: HierarchyNode): string => (/^[a-z][\w.-]*$/i.test(name) ? name : '');

/** Whose messages are shown before anybody has chosen: of what carries nothing else, the protocol with most packets. */
function mostCarried(nodes: readonly HierarchyNode[]): HierarchyNode | null {
  const leaves = visible(nodes, new Set()).filter((node) => node.children.length === 0 && node.name !== 'data' && filterOf(node) !== '');
  return leaves.reduce<HierarchyNode | null>((most, node) => (node.row.packets > (most?.row.packets ?? 0) ? node : most), null);
}

function target(node: HierarchyNode): Target {
  const filter = filterOf(node);
  return { label: protocolLabel(node.name), filter, text: node.row.path, rows: [node.row] };
}

function table(store: Store, report: Report) {
  const state = store.remembered('protocols', {
    closed: [] as readonly string[],
    chosen: '',
    messages: true,
    split: 55,
    column: '',
    descending: false,
    widths: {},
    hidden: [] as readonly string[],
  });
  const { closed: saved } = state;
  const closed = new Set(saved);
  const tree = hierarchyTree(report.hierarchy),
    lines = visible(tree, closed),
    shown = visible(tree, new Set()).find((node) => node.row.path === state.chosen) ?? mostCarried(tree),
    chosen = shown?.row.path ?? '',
    withMessages = state.messages && shown !== null && filterOf(shown) !== '';
  const focus = Math.max(
    0,
    lines.findIndex((node) => node.row.path === chosen),
  );
  const whole = report.capture;
  const setClosed = (path: string, close: boolean): void =>
    store.remember('protocols', { closed: close ? [...closed, path] : saved.filter((one) => one !== path) });
  const choose = (node: HierarchyNode | undefined): void => {
    if (node !== undefined) store.remember('protocols', { chosen: node.row.path, messages: true });
  };
  const onKey = (event: KeyboardEvent): void => {
    const elements = [...(event.currentTarget as HTMLElement).querySelectorAll<HTMLElement>('tbody [role=row]')];
    const index = elements.indexOf((event.target as HTMLElement).closest<HTMLElement>('[role=row]') ?? (elements[0] as HTMLElement));
    const node = lines[index];
    if (node === undefined) return;
    const { path } = node.row;
    let to = {
      ArrowDown: index + 1,
      ArrowUp: index - 1,
      Home: 0,
      End: lines.length - 1,
      PageDown: Math.min(index + 10, lines.length - 1),
      PageUp: Math.max(index - 10, 0),
    }[event.key];
    if (event.key === 'ArrowRight' && node.children.length > 0) {
      if (closed.has(path)) setClosed(path, false);
      else to = index + 1;
    } else if (event.key === 'ArrowLeft') {
      if (node.children.length > 0 && !closed.has(path)) setClosed(path, true);
      else to = lines.findLastIndex((other, at) => at < index && other.level < node.level);
    } else if (event.key === 'Enter') store.showPackets(target(node).filter);
    else if (event.key === 'c' && (event.ctrlKey || event.metaKey)) copyText(store, toCsv([node.row]), 'Row');
    else if (event.key === 'ContextMenu' || (event.key === 'F10' && event.shiftKey))
      openMenu(menuFor(store, target(node)), elements[index] as HTMLElement);
    else if (to === undefined) return;
    event.preventDefault();
    if (to !== undefined) {
      choose(lines[to]);
      elements[to]?.focus();
    }
  };
  return html`<div class="fill" data-testid="view-protocols">
    <div class="sub">
      <h1>Protocols</h1>
      <span class="muted ell">Shares are of all ${formatCount(whole.packets)} packets. A frame counts once on every line it runs through.</span>
    </div>
    <div class="split-y ${withMessages ? '' : 'one'}">
      <div class="scroll">
        <table class="pt" role="treegrid" aria-label="Protocol hierarchy" data-testid="protocols-grid" @keydown=${onKey}>
          <thead>
            <tr role="row">
              <th role="columnheader" class="c-name">Protocol</th>
              <th role="columnheader" class="c-bar"><span class="vh">Share of packets, as a bar</span></th>
              <th role="columnheader" class="r c-num">Packets</th>
              <th role="columnheader" class="r c-num hide6">of packets</th>
              <th role="columnheader" class="r c-num">Bytes</th>
              <th role="columnheader" class="r c-num hide7">of bytes</th>
            </tr>
          </thead>
          <tbody role="rowgroup">
            ${lines.map((node, index) => {
              const { row } = node;
              const open = !closed.has(row.path);
              const leaf = node.children.length === 0;
              return html`<tr
                role="row"
                class=${row.path === chosen ? 'sel' : ''}
                tabindex=${index === focus ? 0 : -1}
                aria-level=${node.level}
                aria-expanded=${leaf ? nothing : open}
                aria-selected=${row.path === chosen}
                data-path=${row.path}
                @click=${(event: MouseEvent) => {
                  if ((event.target as Element).closest('.twist') !== null && !leaf) setClosed(row.path, open);
                  else choose(node);
                }}
                @dblclick=${() => store.showPackets(target(node).filter)}
                @contextmenu=${(event: MouseEvent) => {
                  event.preventDefault();
                  choose(node);
                  openMenu(menuFor(store, target(node)), { x: event.clientX, y: event.clientY });
                }}
              >
                <td role="gridcell" title=${row.path}>
                  <span class="ind-${Math.min(node.level, 14)} tname" style=${css({ '--level': String(node.level - 1) })}
                    ><span class="twist">${leaf ? nothing : icon(open ? 'chevron-down' : 'chevron-right')}</span
                    ><span class="ell">${protocolLabel(node.name)}</span
                    ><span class="muted ell hide6">${protocolLabel(node.name) === node.name ? '' : node.name}</span></span
                  >
                </td>
                <td role="gridcell">${bar([row.packets / whole.packets])}</td>
                <td role="gridcell" class="r">
                  <button class="lk quiet" tabindex="-1" title="Show these packets" @click=${() => store.showPackets(target(node).filter)}>
                    ${formatCount(row.packets)}
                  </button>
                </td>
                <td role="gridcell" class="r hide6">${formatShare(row.packets, whole.packets)}</td>
                <td role="gridcell" class="r" title=${exactBytes(row.bytes)}>${bytesCell(row.bytes)}</td>
                <td role="gridcell" class="r hide7">${formatShare(row.bytes, whole.originalBytes)}</td>
              </tr>`;
            })}
          </tbody>
        </table>
      </div>
      ${
        withMessages
          ? html`<netsec-splitter
                axis="y"
                aria-label="Size of the tree"
                .value=${state.split}
                .onMoved=${(split: number) => store.remember('protocols', { split })}
              ></netsec-splitter>
              ${messagesPane(store, filterOf(shown), state, {
                remember: (patch) => store.remember('protocols', patch),
                close: () => store.remember('protocols', { messages: false }),
              })}`
          : nothing
      }
    </div>
  </div>`;
}

export const protocols: View = {
  id: 'protocols',
  title: 'Protocols',
  icon: 'layers',
  order: 30,
  fixed: true,
  count: (report) => report.protocols.length,
  render(store) {
    const { report } = store;
    if (report === null) return html`<div class="page" aria-busy="true">${skeleton(40, 60, 55, 50)}</div>`;
    if (report.hierarchy.length === 0)
      return emptyState(
        'No protocols to show.',
        store.selected ? 'No packet matches the filter and the time range.' : 'This capture has no packets yet.',
      );
    return table(store, report);
  },
};
