/** The recorder process as the editor runs it, with a stand-in for `netsec capture` that says what a test wants to hear. */
import { spawn } from 'node:child_process';
import fs from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { build } from 'esbuild';
import { startRecorder, type RecordingRequest } from '../../src/live/recorder.node.ts';
import { progressInWords, timeTaken } from '../../src/live/progressInWords.ts';
import type { RecordingStatus } from '../../src/live/record.node.ts';

let folder: string;

beforeAll(() => {
  folder = fs.mkdtempSync(path.join(os.tmpdir(), 'netsec-recorder-'));
});
afterAll(() => {
  fs.rmSync(folder, { recursive: true, force: true });
});

const REQUEST: RecordingRequest = { interface: 'lo', filter: '', stopAfter: [], folder: '/captures' };

/** Says that it records, tells its arguments as the source, and stops as netsec does when its standard input closes. */
const OBEDIENT = `
  const say = (status) => process.stdout.write(JSON.stringify({ source: process.argv.slice(2).join(' '), pid: process.pid, message: null, ...status }) + '\\n');
  process.stderr.write('Recording: dumpcap on lo. Ctrl+C stops.\\n');
  say({ state: 'recording', packets: 1 });
  process.stdin.on('end', () => say({ state: 'stopped', reason: 'asked', packets: 2 })).resume();`;

function program(text: string): string {
  const file = path.join(folder, `${String(fs.readdirSync(folder).length)}.mjs`);
  fs.writeFileSync(file, text);
  return file;
}

/** Starts it and asks it to stop at its first word. */
async function recordWith(text: string, request = REQUEST): Promise<{ readonly seen: RecordingStatus[]; readonly end: unknown }> {
  const seen: RecordingStatus[] = [];
  const recorder = startRecorder(program(text), request, (status) => {
    seen.push(status);
    recorder.stop();
  });
  return { seen, end: await recorder.done };
}

describe('the recorder beside the editor', () => {
  test('tells how it goes, and stops when it is asked', async () => {
    const { seen, end } = await recordWith(OBEDIENT);
    expect(seen.map(({ state, packets }) => [state, packets])).toEqual([
      ['recording', 1],
      ['stopped', 2],
    ]);
    expect(end).toMatchObject({ problem: null, status: { state: 'stopped', packets: 2 } });
  });

  test('hands over interface, filter and limit so that none of them can be taken for an option', async () => {
    const { seen } = await recordWith(OBEDIENT, {
      ...REQUEST,
      interface: '-w',
      filter: '--ssh=host; rm x',
      stopAfter: [
        { kind: 'size', limit: '20M' },
        { kind: 'packets', limit: '9' },
      ],
      format: 'pcapng',
      ring: '10:5m',
      keepFree: '1G',
    });
    expect(seen[0]?.source).toBe(
      'capture --json --until-stdin-closes --interface=-w --output=/captures/ --filter=--ssh=host; rm x --size=20M --packets=9 --pcapng --ring=10:5m --keep-free=1G',
    );
  });

  test('a status that arrives in pieces is one status, and a line that is none is passed over', async () => {
    const { seen, end } = await recordWith(`
      process.stdout.write('not JSON\\n{"state":"recording",');
      setTimeout(() => process.stdout.write('"packets":7}\\n{"state":"stopped","packets":8,"message":null}\\n'), 50);`);
    expect(seen.map(({ packets }) => packets)).toEqual([7, 8]);
    expect(end).toMatchObject({ problem: null });
  });

  test('says what the recorder said was wrong, with the remedy', async () => {
    const remedy = 'dumpcap on lo was refused. Join the group that may record: sudo usermod -a -G wireshark jo, then log out and in again.';
    const { end } = await recordWith(
      `console.log(JSON.stringify({ state: 'stopped', reason: 'failed', file: null, message: ${JSON.stringify(remedy)} }))`,
    );
    expect(end).toMatchObject({ problem: remedy });
  });

  test('says why it never began', async () => {
    const { end } = await recordWith(`console.error('There is no interface "lo"; there are eth0.'); process.exitCode = 3;`);
    expect(end).toEqual({ status: null, problem: 'There is no interface "lo"; there are eth0.' });
  });

  test('one that is killed has kept what it had recorded', async () => {
    const recorder = startRecorder(program(OBEDIENT), REQUEST, ({ pid }) => process.kill(pid!, 'SIGKILL'));
    expect(await recorder.done).toMatchObject({
      status: { packets: 1 },
      problem: 'The recorder was ended from outside. What it had recorded is kept.',
    });
  });

  test.skipIf(process.platform === 'win32')('ends by itself when whoever started it is killed', async () => {
    const parent = path.join(folder, 'parent.cjs');
    const ended = path.join(folder, 'ended');
    // Its last words meet a broken pipe.
    const child = program(`import { writeFileSync } from 'node:fs';
      process.stdout.on('error', () => undefined);
      process.on('exit', () => writeFileSync(${JSON.stringify(ended)}, ''));
      ${OBEDIENT}`);
    const { outputFiles } = await build({
      stdin: {
        contents: `import { startRecorder } from './src/live/recorder.node.ts';
          startRecorder(${JSON.stringify(child)}, ${JSON.stringify(REQUEST)}, () => process.kill(process.pid, 'SIGKILL'));`,
        resolveDir: path.resolve(import.meta.dirname, '../..'),
        loader: 'ts',
      },
      bundle: true,
      write: false,
      platform: 'node',
      format: 'cjs',
    });
    fs.writeFileSync(parent, outputFiles[0]!.text);
    const signal = await new Promise((resolve) => spawn(process.execPath, [parent]).once('close', (_code, by) => resolve(by)));
    expect(signal).toBe('SIGKILL');
    await expect.poll(() => fs.existsSync(ended), { timeout: 10_000 }).toBe(true);
  });
});

describe('the words of the status bar', () => {
  test.each([
    [{ packets: 1, packetsPerSecond: 0, dropped: null, elapsedSeconds: 5.9 }, '1 packet, 0/s, 0:05'],
    [{ packets: 1204, packetsPerSecond: 310, dropped: 0, elapsedSeconds: 42 }, '1,204 packets, 310/s, 0 dropped, 0:42'],
  ])('%j', (status, words) => {
    expect(progressInWords(status, 'en')).toBe(words);
  });

  test('hours are told when there are some', () => {
    expect([0, 59.99, 61, 3723].map(timeTaken)).toEqual(['0:00', '0:59', '1:01', '1:02:03']);
  });
});
