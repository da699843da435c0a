/** The protocol hierarchy as a tree. */
import type { HierarchyRow } from '../../src/analysis/report.ts';

export interface HierarchyNode {
  readonly row: HierarchyRow;
  readonly name: string;
  readonly level: number;
  readonly children: HierarchyNode[];
}

/** The tree from the flat paths; a path whose parent is missing hangs at the top. */
export function hierarchyTree(rows: readonly HierarchyRow[]): readonly HierarchyNode[] {
  const nodes = new Map<string, HierarchyNode>();
  const top: HierarchyNode[] = [];
  for (const row of [...rows].sort((a, b) => a.path.split('/').length - b.path.split('/').length || b.packets - a.packets)) {
    const cut = row.path.lastIndexOf('/');
    const parent = cut < 0 ? undefined : nodes.get(row.path.slice(0, cut));
    const node: HierarchyNode = { row, name: row.path.slice(cut + 1), level: (parent?.level ?? 0) + 1, children: [] };
    nodes.set(row.path, node);
    (parent?.children ?? top).push(node);
  }
  return top;
}
