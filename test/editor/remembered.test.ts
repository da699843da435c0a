import { describe, expect, test } from 'vitest';
import { pageStates, type Storage } from '../../src/editor/pageState.ts';
import { summaries } from '../../src/editor/summaries.ts';

/** Keeps values as VS Code does: as JSON. */
class FakeStorage implements Storage {
  readonly #values = new Map<string, string>();
  get(key: string): unknown {
    const text = this.#values.get(key);
    return text === undefined ? undefined : JSON.parse(text);
  }
  update(key: string, value: unknown): Promise<void> {
    this.#values.set(key, JSON.stringify(value));
    return Promise.resolve();
  }
}

describe('the state of a page', () => {
  test('is there again under its capture, and null where none was saved', async () => {
    const storage = new FakeStorage();
    await pageStates(storage).save('file:///a.pcap', { view: 'packets' });
    expect(pageStates(storage).load('file:///a.pcap')).toEqual({ view: 'packets' });
    expect(pageStates(storage).load('file:///b.pcap')).toBeNull();
  });
  test('makes room for newer ones: fifty are kept', async () => {
    const states = pageStates(new FakeStorage());
    for (let i = 0; i < 51; i++) await states.save(`file:///${i}.pcap`, i + 100);
    expect(states.load('file:///0.pcap')).toBeNull();
    expect(states.load('file:///1.pcap')).toBe(101);
    expect(states.load('file:///50.pcap')).toBe(150);
  });
  test('goes with its capture when that is renamed, or a folder above it, and stays where it was in case the renaming fails', async () => {
    const states = pageStates(new FakeStorage());
    await states.save('file:///ab.pcap', 0);
    await states.save('file:///a.pcap', 1);
    await states.save('file:///a/b.pcap', 2);
    await states.save('file:///new.pcap', 3);
    await states.renamed('file:///a.pcap', 'file:///new.pcap');
    await states.renamed('file:///a', 'file:///lab/1');
    await states.renamed('file:///unknown', 'file:///ab.pcap');
    const known = (...names: string[]): unknown[] => names.map((name) => states.load(`file:///${name}`));
    expect(known('new.pcap', 'lab/1/b.pcap', 'a.pcap', 'a/b.pcap', 'ab.pcap')).toEqual([1, 2, 1, 2, 0]);
  });
  test('that is too large is refused', async () => {
    await expect(pageStates(new FakeStorage()).save('file:///a.pcap', 'x'.repeat(70_000))).rejects.toThrow('over the limit of 65536');
  });
  test('survives storage that holds something else', () => {
    const storage = new FakeStorage();
    void storage.update('pageStates', [1, 'x', ['file:///a.pcap']]);
    expect(pageStates(storage).load('file:///a.pcap')).toBeNull();
  });
});

describe('the summary of an analysis', () => {
  const file = { location: 'file:///a.pcap', name: 'a.pcap', bytes: 100, modifiedMs: 5 };
  const summary = { packets: 3, findings: 1, worst: 'high', headline: 'Three packets.' } as const;

  test('is known for the file as it was', async () => {
    const known = summaries(new FakeStorage());
    await known.remember(file, summary);
    expect(known.of(file)).toMatchObject(summary);
  });
  test('is forgotten when the file has changed', async () => {
    const known = summaries(new FakeStorage());
    await known.remember(file, summary);
    expect(known.of({ ...file, bytes: 101 })).toBeUndefined();
    expect(known.of({ ...file, modifiedMs: 6 })).toBeUndefined();
  });
  test('is that a file cannot be read, where it cannot', async () => {
    const known = summaries(new FakeStorage());
    await known.remember(file, { failed: 'It is no capture.' });
    expect(known.of(file)).toMatchObject({ failed: 'It is no capture.' });
    await known.remember(file, summary);
    expect(known.of(file)).not.toHaveProperty('failed');
  });
  test('is forgotten when other checks are there, which may find something else', async () => {
    const storage = new FakeStorage();
    await summaries(storage).remember(file, summary);
    const [[key, { checks: _, ...rest }]] = Object.entries(storage.get('captureSummaries') as object) as [[string, { checks: string }]];
    await storage.update('captureSummaries', { [key]: { ...rest, checks: '0.0.1 of long ago' } });
    expect(summaries(storage).of(file)).toBeUndefined();
  });
  test('goes with a file that is renamed, whose size and time stay as they were', async () => {
    const known = summaries(new FakeStorage());
    await known.remember(file, summary);
    await known.renamed(file.location, 'file:///new.pcap');
    expect(known.of({ ...file, location: 'file:///new.pcap' })).toMatchObject(summary);
  });
});
