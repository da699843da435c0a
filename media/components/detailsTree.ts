/** The details of one packet as an ARIA tree. What was open stays open from packet to packet, by field name. */
import { html, nothing, render } from 'lit';
import type { FieldNode } from '../../src/analysis/engineApi.ts';
import type { Menu } from '../menu.ts';
import { icon } from './bits.ts';
import { openMenu } from './contextMenu.ts';
import { css } from './css.ts';

export interface TreeConfig {
  readonly nodes: readonly FieldNode[];
  readonly open: ReadonlySet<string>;
  readonly selected: FieldNode | null;
  readonly onOpen: (open: ReadonlySet<string>) => void;
  readonly onSelect: (node: FieldNode) => void;
  readonly menu: (node: FieldNode) => Menu;
}

interface Line {
  readonly node: FieldNode;
  readonly path: string;
  readonly level: number;
  readonly position: number;
  readonly siblings: number;
}

/** Path of a node: names from the root, with a number where siblings share one. */
function pathOf(parent: string, node: FieldNode, earlier: readonly FieldNode[]): string {
  const own = node.name === '' ? node.label : node.name;
  const same = earlier.filter((other) => (other.name === '' ? other.label : other.name) === own).length;
  return `${parent}/${own}${same === 0 ? '' : `#${String(same)}`}`;
}

function linesOf(nodes: readonly FieldNode[], open: ReadonlySet<string>, parent = '', level = 1): Line[] {
  return nodes.flatMap((node, index) => {
    const path = pathOf(parent, node, nodes.slice(0, index));
    const line: Line = { node, path, level, position: index + 1, siblings: nodes.length };
    return open.has(path) && node.children.length > 0 ? [line, ...linesOf(node.children, open, path, level + 1)] : [line];
  });
}

/** Paths from the root to a node, to open on the way to it; null if it is not in the tree. */
export function pathsTo(nodes: readonly FieldNode[], wanted: FieldNode, parent = ''): readonly string[] | null {
  for (const [index, node] of nodes.entries()) {
    const path = pathOf(parent, node, nodes.slice(0, index));
    if (node === wanted) return [];
    const below = pathsTo(node.children, wanted, path);
    if (below !== null) return [path, ...below];
  }
  return null;
}

/** The smallest field that holds a byte. */
export function fieldAt(nodes: readonly FieldNode[], source: number, at: number): FieldNode | null {
  let best: FieldNode | null = null;
  const visit = (node: FieldNode): void => {
    if (
      node.source === source &&
      node.length > 0 &&
      at >= node.start &&
      at < node.start + node.length &&
      (best === null || node.length <= best.length)
    )
      best = node;
    node.children.forEach(visit);
  };
  nodes.forEach(visit);
  return best;
}

export class NetsecTree extends HTMLElement {
  private current: TreeConfig | null = null;
  private lines: readonly Line[] = [];

  set config(config: TreeConfig) {
    const moved = this.current?.selected !== config.selected;
    this.current = config;
    this.lines = linesOf(config.nodes, config.open);
    this.draw();
    if (moved) this.querySelector('[aria-selected=true]')?.scrollIntoView({ block: 'nearest' });
  }

  private draw(): void {
    const config = this.current;
    if (config === null) return;
    const focus = Math.max(
      0,
      this.lines.findIndex((line) => line.node === config.selected),
    );
    render(
      html`<div role="tree" aria-label="Packet details" data-testid="details-tree" @keydown=${this.onKey}>
        ${this.lines.map((line, index) => this.line(config, line, index === focus))}
      </div>`,
      this,
    );
  }

  private line(config: TreeConfig, line: Line, focusable: boolean) {
    const { node, path, level } = line;
    const parent = node.children.length > 0;
    const open = config.open.has(path);
    const selected = node === config.selected;
    return html`<div
      class="tn ${selected ? 'sel' : ''} ${level === 1 ? 'layer' : ''} ${node.severity ?? ''}"
      role="treeitem"
      aria-level=${level}
      aria-posinset=${line.position}
      aria-setsize=${line.siblings}
      aria-expanded=${parent ? open : nothing}
      aria-selected=${selected}
      tabindex=${focusable ? 0 : -1}
      data-field=${node.name}
      style=${css({ '--level': String(level - 1) })}
      @click=${(event: MouseEvent) => {
        if ((event.target as Element).closest('.twist') !== null) this.toggle(line);
        else config.onSelect(node);
      }}
      @dblclick=${() => this.toggle(line)}
      @contextmenu=${(event: MouseEvent) => {
        event.preventDefault();
        config.onSelect(node);
        openMenu(config.menu(node), { x: event.clientX, y: event.clientY });
      }}
    >
      <span class="twist">${parent ? icon(open ? 'chevron-down' : 'chevron-right') : nothing}</span>${
        node.severity === undefined ? nothing : icon(node.severity === 'note' ? 'info' : node.severity)
      }<span class="k">${node.label}</span><span class="v">${node.text}</span>
    </div>`;
  }

  private toggle(line: Line): void {
    const config = this.current;
    if (config === null || line.node.children.length === 0) return;
    const open = new Set(config.open);
    if (!open.delete(line.path)) open.add(line.path);
    config.onOpen(open);
  }

  private readonly onKey = (event: KeyboardEvent): void => {
    const config = this.current;
    const elements = [...this.querySelectorAll<HTMLElement>('[role=treeitem]')];
    const index = elements.indexOf(event.target as HTMLElement);
    const line = this.lines[index];
    if (config === null || line === undefined) return;
    const parent = line.node.children.length > 0;
    const isOpen = config.open.has(line.path);
    let to: number | undefined = {
      ArrowDown: index + 1,
      ArrowUp: index - 1,
      Home: 0,
      End: elements.length - 1,
      PageDown: Math.min(index + 10, elements.length - 1),
      PageUp: Math.max(index - 10, 0),
    }[event.key];
    if (event.key === 'ArrowRight') {
      if (parent && !isOpen) this.toggle(line);
      else if (parent) to = index + 1;
    } else if (event.key === 'ArrowLeft') {
      if (parent && isOpen) this.toggle(line);
      else to = this.lines.findLastIndex((other, at) => at < index && other.level < line.level);
    } else if (event.key === 'Enter' || event.key === ' ') {
      config.onSelect(line.node);
      this.toggle(line);
    } else if ((event.key === 'ContextMenu' || (event.key === 'F10' && event.shiftKey)) && elements[index] !== undefined)
      openMenu(config.menu(line.node), elements[index]);
    else if (event.key === 'c' && (event.ctrlKey || event.metaKey))
      config
        .menu(line.node)
        .flat()
        .find((item) => item.label === 'Copy')
        ?.run();
    else if (to === undefined) return;
    event.preventDefault();
    const target = to === undefined ? undefined : this.lines[to];
    if (target !== undefined) {
      config.onSelect(target.node);
      elements[to ?? 0]?.focus();
    }
  };
}

customElements.define('netsec-tree', NetsecTree);
