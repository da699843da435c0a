/**
 * pktmon with a stand-in that takes the arguments of Microsoft's reference and says what the real one was seen to say: `start` and `stop` on Windows Server 2025
 * and Windows 10, `etl2pcap` in microsoft/etl2pcapng#54. The real one was not run by us.
 */
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

const STARTED = String.raw`
Logger Parameters:
    Logger name:        PktMon
    Logging mode:       Circular
    Log file:           C:\Windows\system32\PktMon.etl
    Max file size:      512 MB
    Memory used:        768 MB

Collected Data:
    Packet counters, packet capture

Capture Type:
    All packets

Monitored Components:
    All

Packet Filters:
`,
  NO_FILTERS = '    None\n',
  FILTERS = `     # Name     MAC Address       EtherType Protocol
     - ----     -----------       --------- --------
     1 SenseNdr                             UDP
     2 SenseNdr 01-00-0C-CC-CC-CC
`,
  STOPPED = (lost: string): string => `Flushing logs...
Merging metadata...
Log file: C:\\Users\\RUNNER~1\\AppData\\Local\\Temp\\np.etl (${lost})
`,
  CONVERTED = `Processing...

Packets total:       8
Packet drop count:   0
Packets formatted:   8
Formatted file:      dd.pcap
`;

/** Says these at its three steps, and converts to this capture. */
function speaking(start: string, stop: string, capture: string): string {
  for (const [name, text] of Object.entries({ start, stop, etl2pcap: CONVERTED })) fs.writeFileSync(path.join(folder, `${name}.txt`), text);
  return standIn(`cat ${folder}/$1.txt\n[ "$1" = etl2pcap ] && cp ${capture} "$4"\nexit 0\n`);
}

test.skipIf(process.platform === 'win32')('what it says of filters and of what it lost is handed on', async () => {
  const capture = sample('two-interfaces.pcapng'),
    plain = await recording(speaking(STARTED + NO_FILTERS, STOPPED('No events lost'), capture), 300);
  expect(plain).toMatchObject({ message: null, dropped: 0, source: 'pktmon on all adapters' });
  const filtered = await recording(speaking(STARTED + FILTERS, STOPPED('1,234 events lost'), capture), 300);
  expect(filtered).toMatchObject({
    message: null,
    dropped: 1234,
    source: expect.stringContaining('only what the packet filters of this machine') as string,
  });
});

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
  const last = await recording(standIn('echo "Failed to communicate with the PktMon driver. Access is denied."; exit 5\n'), 5000);
  expect(last).toMatchObject({ reason: 'failed', file: null });
  expect(last.message).toContain(
    'pktmon could not be started: Failed to communicate with the PktMon driver. Access is denied. It needs an Administrator',
  );
  expect(calls()).toHaveLength(1);
});

test.skipIf(process.platform === 'win32')('whose log cannot be converted says so', async () => {
  const last = await recording(standIn('[ "$1" = etl2pcap ] && { echo broken log; exit 1; }\nexit 0\n'), 200);
  expect(last.message).toContain('pktmon gave no capture: broken log');
});
