/** pktmon with a stand-in that takes the arguments of Microsoft's reference; the real one was not run. */
import fs from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { pktmonSource } from '../../src/live/pktmonSource.node.ts';
import { record, type RecordingStatus } from '../../src/live/record.node.ts';
import { sample } from '../support/analyzeCapture.ts';

let folder: string;
beforeEach(() => {
  folder = fs.mkdtempSync(path.join(os.tmpdir(), 'netsec-pktmon-'));
});
afterEach(() => fs.rmSync(folder, { recursive: true, force: true }));

function standIn(script: string): string {
  const file = path.join(folder, 'pktmon');
  fs.writeFileSync(file, `#!/bin/sh\necho "$@" >> ${folder}/calls\n${script}`, { mode: 0o755 });
  return file;
}

function recording(program: string, stopAfterMs: number): Promise<RecordingStatus> {
  return record(pktmonSource(program), {
    target: { folder },
    ring: null,
    stopAfter: { seconds: null, packets: null, bytes: null },
    keepFreeBytes: 0,
    signal: AbortSignal.timeout(stopAfterMs),
    onStatus: () => undefined,
  });
}

const calls = (): string[] => fs.readFileSync(path.join(folder, 'calls'), 'utf8').trim().split('\n');

test.skipIf(process.platform === 'win32')('is started, stopped, converted, and what it gives is all in the file', async () => {
  const capture = sample('two-interfaces.pcapng'),
    last = await recording(standIn(`[ "$1" = etl2pcap ] && cp ${capture} "$4"\nexit 0\n`), 300);
  expect(last).toMatchObject({ state: 'stopped', reason: 'asked', message: null });
  expect(fs.readFileSync(last.file!).equals(fs.readFileSync(capture))).toBe(true);
  const [start, stop, convert] = calls();
  expect([start, stop, convert]).toEqual([
    expect.stringMatching(/^start --capture --comp nics --pkt-size 0 --file-name \S+pktmon\.etl$/),
    'stop',
    expect.stringMatching(/^etl2pcap \S+pktmon\.etl --out \S+pktmon\.pcapng$/),
  ]);
  // Nothing of its log is left.
  expect(fs.existsSync(path.dirname(start!.split(' ').at(-1)!))).toBe(false);
});

test.skipIf(process.platform === 'win32')("that cannot be started says so, and does not stop somebody else's", async () => {
  const last = await recording(standIn('echo "Access is denied."; exit 5\n'), 5000);
  expect(last).toMatchObject({ reason: 'failed', file: null });
  expect(last.message).toContain('pktmon could not be started: Access is denied');
  expect(calls()).toHaveLength(1);
});

test.skipIf(process.platform === 'win32')('whose log cannot be converted says so', async () => {
  const last = await recording(standIn('[ "$1" = etl2pcap ] && { echo broken log; exit 1; }\nexit 0\n'), 200);
  expect(last.message).toContain('pktmon gave no capture: broken log');
});
