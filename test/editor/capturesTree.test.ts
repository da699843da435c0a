/** What the Captures view tells VS Code of: rows that say something else, and the whole only when rows come or go. */
import { describe, expect, test, vi } from 'vitest';
import type * as vscode from 'vscode';
import type { CaptureEntry, CaptureLibrary } from '../../src/editor/captureLibrary.ts';
import type { CaptureResult, Summaries } from '../../src/editor/summaries.ts';

vi.mock('vscode', () => {
  class EventEmitter<T> {
    readonly #listeners = new Set<(told: T) => void>();
    readonly event = (listener: (told: T) => void): { dispose(): void } => {
      this.#listeners.add(listener);
      return { dispose: () => this.#listeners.delete(listener) };
    };
    fire(told: T): void {
      for (const listener of this.#listeners) listener(told);
    }
    dispose(): void {
      this.#listeners.clear();
    }
  }
  return {
    EventEmitter,
    Uri: { from: (parts: { path: string; query: string }) => ({ ...parts, scheme: 'netsec-capture', toString: () => JSON.stringify(parts) }) },
    TreeItem: class {
      readonly label: string;
      constructor(label: string) {
        this.label = label;
      }
    },
    ThemeIcon: class {
      readonly id: string;
      constructor(id: string) {
        this.id = id;
      }
    },
    ThemeColor: class {
      readonly id: string;
      constructor(id: string) {
        this.id = id;
      }
    },
    FileDecoration: class {
      readonly badge: string;
      constructor(badge: string) {
        this.badge = badge;
      }
    },
    env: { language: 'en' },
  };
});
const { capturesTree } = await import('../../src/editor/capturesTree.ts');

class Listed {
  readonly summaries = new Map<string, CaptureResult>();
  readonly told: (readonly string[] | 'everything')[] = [];
  readonly tree: ReturnType<typeof capturesTree>;
  #files: Readonly<Record<string, number>>;
  #tell = (): void => undefined;

  constructor(files: Readonly<Record<string, number>>) {
    this.#files = files;
    const library = {
      list: () => Promise.resolve(Object.entries(this.#files).map(([name, bytes]) => entry(name, bytes))),
      onDidChange: (listener: () => void) => {
        this.#tell = listener;
        return { dispose: () => undefined };
      },
    } as unknown as CaptureLibrary;
    this.tree = capturesTree(library, { of: ({ name }) => this.summaries.get(name) } as Summaries);
    this.tree.onDidChangeTreeData!((rows) => {
      this.told.push(Array.isArray(rows) ? rows.map(({ file }) => file.name) : 'everything');
    });
  }

  /** As VS Code does: it asks for the rows, then for what each says. */
  async show(): Promise<readonly CaptureEntry[]> {
    const rows = (await this.tree.getChildren()) ?? [];
    for (const row of rows) void this.tree.getTreeItem(row);
    return rows;
  }

  async change(files = this.#files): Promise<void> {
    this.#files = files;
    this.#tell();
    await new Promise((resolve) => setTimeout(resolve, 0));
  }
}

function entry(name: string, bytes: number): CaptureEntry {
  const location = `file:///captures/${name}`;
  return { uri: { path: `/captures/${name}`, toString: () => location } as unknown as vscode.Uri, file: { location, name, bytes, modifiedMs: 0 } };
}

describe('the rows of the Captures view', () => {
  test('a capture that grows is told of alone, and its row stays the one that VS Code knows', async () => {
    const listed = new Listed({ 'a.pcap': 100, 'b.pcap': 200 });
    const before = await listed.show();
    await listed.change({ 'a.pcap': 150, 'b.pcap': 200 });
    expect(listed.told).toEqual([['a.pcap']]);
    expect(before[0]!.file.bytes).toBe(150);
    expect((await listed.show()).map((row, i) => row === before[i])).toEqual([true, true]);
  });

  test('nothing is told of when nothing says anything else', async () => {
    const listed = new Listed({ 'a.pcap': 100 });
    await listed.show();
    await listed.change();
    expect(listed.told).toEqual([]);
  });

  test('what an analysis found is told of, and is the badge of that capture', async () => {
    const listed = new Listed({ 'a.pcap': 100, 'b.pcap': 200 });
    const [, b] = await listed.show();
    listed.summaries.set('b.pcap', { findings: 3, worst: 'high', packets: 10, headline: 'A scan.' });
    await listed.change();
    expect(listed.told).toEqual([['b.pcap']]);
    const { resourceUri } = (await listed.tree.getTreeItem(b!)) as { resourceUri: vscode.Uri };
    expect(listed.tree.provideFileDecoration(resourceUri, undefined as never)).toMatchObject({ badge: '3' });
  });

  test('a file that could not be read says so, by its sign, its words and why', async () => {
    const listed = new Listed({ 'a.pcap': 100, 'b.pcap': 0 });
    const [a, b] = await listed.show();
    expect(((await listed.tree.getTreeItem(b!)) as { tooltip: string }).tooltip).toContain('Not analysed yet');
    listed.summaries.set('b.pcap', { failed: 'b.pcap is empty: it has no bytes at all.' });
    await listed.change();
    expect(listed.told).toEqual([['b.pcap']]);
    const item = await listed.tree.getTreeItem(b!);
    expect(item.description).toMatch(/ · cannot be read$/);
    expect(item.tooltip).toMatch(/\nb\.pcap is empty: it has no bytes at all\.$/);
    expect(item.iconPath).toMatchObject({ id: 'circle-slash' });
    expect((await listed.tree.getTreeItem(a!)).iconPath).toMatchObject({ id: 'pulse' });
    expect(item.accessibilityInformation!.label).toMatch(/, cannot be read, b\.pcap is empty: it has no bytes at all\.$/);
    expect(listed.tree.provideFileDecoration(item.resourceUri!, undefined as never)).toBeUndefined();
  });

  test('all of it is told of when a capture comes or goes', async () => {
    const listed = new Listed({ 'a.pcap': 100 });
    await listed.show();
    await listed.change({ 'a.pcap': 100, 'b.pcap': 200 });
    await listed.show();
    await listed.change({ 'b.pcap': 200 });
    expect(listed.told).toEqual(['everything', 'everything']);
  });
});
