/** What *Start Capture* asks on a Windows that has nothing but pktmon: only what pktmon can do. */
import { beforeEach, expect, test, vi } from 'vitest';

const fake = vi.hoisted(() => ({ pktmon: null as string | null, asked: [] as unknown[], answers: [] as unknown[] }));
vi.mock('vscode', () => {
  const ask = (...what: unknown[]): Promise<unknown> => {
    fake.asked.push(what);
    const answer = fake.answers.shift();
    return Promise.resolve(typeof answer === 'function' ? (answer as (items: unknown) => unknown)(what[0]) : answer);
  };
  return { window: { showQuickPick: ask, showInputBox: ask } };
});
vi.mock('../../src/live/usablePrograms.node.ts', () => ({
  usablePrograms: () => Promise.resolve({ ok: false, message: 'Install Wireshark.' }),
}));
vi.mock('../../src/live/programs.node.ts', () => ({ findPktmon: () => Promise.resolve(fake.pktmon) }));

const { askWhatToRecord } = await import('../../src/live/recordingQuestions.vscode.ts');
type Choice = { readonly label: string };
beforeEach(() => {
  fake.asked = [];
});

test('without any program the remedy is said', async () => {
  fake.pktmon = null;
  await expect(askWhatToRecord(undefined)).rejects.toThrow('Install Wireshark.');
  expect(fake.asked).toEqual([]);
});

test('with pktmon alone all adapters are recorded, until a time or by hand', async () => {
  fake.pktmon = String.raw`C:\Windows\System32\pktmon.exe`;
  fake.answers = [(items: readonly Choice[]) => items.find(({ label }) => label.startsWith('After a time')), '90'];
  expect(await askWhatToRecord('eth0')).toEqual({ interface: '', filter: '', stopAfter: [{ kind: 'duration', limit: '90' }] });
  const [choices, options] = fake.asked[0] as [readonly Choice[], { readonly placeHolder: string }];
  expect(choices.map(({ label }) => label)).toEqual(['When I stop it', 'After a time...']);
  expect(options.placeHolder).toContain('pktmon');
  fake.answers = [(items: readonly Choice[]) => items[0]];
  expect(await askWhatToRecord(undefined)).toEqual({ interface: '', filter: '', stopAfter: [] });
});

test('turning away records nothing', async () => {
  fake.answers = [undefined];
  expect(await askWhatToRecord(undefined)).toBeUndefined();
});
