/** What the monitor found reaches the Captures view: once for news that come together, and only of what has been read. */
import { afterEach, expect, test, vi } from 'vitest';
import type { AllowRule } from '../../src/analysis/allowRules.ts';
import { MonitorModel } from '../../src/live/monitorModel.ts';
import { shareResults, type MonitorResult, type SharedResults } from '../../src/live/sharedResults.ts';

vi.mock('vscode', () => ({
  Uri: { file: (path: string) => ({ path, toString: () => `file://${path}` }) },
  workspace: { fs: { stat: () => Promise.resolve({ size: 100, mtime: 5 }) } },
}));
const { rememberMonitored } = await import('../../src/editor/analyses.ts');
const { summaries } = await import('../../src/editor/summaries.ts');
const { fileRow, resultOf } = await import('../../src/live/monitorTree.vscode.ts');
const vscode = await import('vscode');

let shared: SharedResults | undefined;
afterEach(() => shared?.dispose());

function analysed(file: string, severity: 'high' | 'low' | null): MonitorModel {
  const model = new MonitorModel();
  if (severity !== null) {
    const finding = { id: 'a', detector: 'port-scan', severity, title: 'A', subjects: [], evidence: { frames: [1] }, expected: null };
    model.take({ kind: 'finding', file, packets: 3, finding: finding as never, seenMs: 1 }, 1);
  }
  model.take({ kind: 'file', file, state: 'analysed', packets: 3, findings: severity === null ? 0 : 1 }, 1);
  return model;
}

function shareFrom(model: MonitorModel, rules: readonly AllowRule[] = []): [file: string, result: MonitorResult][] {
  const told: [string, MonitorResult][] = [];
  shared = shareResults(
    {
      files: () => model.files(),
      resultOf: async (about) => resultOf(await fileRow(about, () => Promise.resolve(rules))),
      share: (file, result) => Promise.resolve(void told.push([file, result])),
    },
    1,
  );
  return told;
}

test('a file that was read is shared once, one that is still being read is not', async () => {
  const model = analysed('/c/a.pcap', 'high');
  model.take({ kind: 'reading', file: '/c/b.pcap', bytes: 1 }, 1);
  const told = shareFrom(model);
  for (const file of ['/c/a.pcap', '/c/b.pcap', '/c/a.pcap']) shared!.changed(file);
  await expect.poll(() => told).toEqual([['/c/a.pcap', { packets: 3, findings: 1, worst: 'high' }]]);
});

test('what a rule expects does not count, as in the Monitor view', async () => {
  const told = shareFrom(analysed('/c/a.pcap', 'high'), [{ id: 'lab', reason: 'our own scan', detector: 'port-scan' }]);
  shared!.changed();
  await expect.poll(() => told).toEqual([['/c/a.pcap', { packets: 3, findings: 0, worst: null }]]);
});

test('it is remembered as an analysis of the file as it is, and leaves a report that says the same its headline', async () => {
  const stored = new Map<string, unknown>(),
    known = summaries({ get: (key) => stored.get(key), update: (key, value) => Promise.resolve(void stored.set(key, value)) }),
    library = { refresh: vi.fn() },
    uri = vscode.Uri.file('/c/a.pcap'),
    file = { location: 'file:///c/a.pcap', name: 'a.pcap', bytes: 100, modifiedMs: 5 },
    context = { summaries: known, library: library as never },
    result = { packets: 3, findings: 1, worst: 'high' } as const;
  await rememberMonitored(uri, result, context);
  expect(known.of(file)).toMatchObject({ ...result, headline: null });
  expect(library.refresh).toHaveBeenCalledTimes(1);
  await known.remember(file, { ...result, headline: 'Three packets.' });
  await rememberMonitored(uri, result, context);
  expect(known.of(file)).toMatchObject({ headline: 'Three packets.' });
  await rememberMonitored(uri, { packets: 3, findings: 0, worst: null }, context);
  expect(known.of(file)).toMatchObject({ findings: 0, worst: null, headline: null });
});
