/** `netsec capture` on real interfaces, between network namespaces that are made here. The sender counts what it sent; capinfos-like counts come from our reader. */
import { spawn } from 'node:child_process';
import fs from 'node:fs';
import path from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { openCaptureFile } from '../../src/analysis/captureFile.node.ts';
import { Analysis } from '../../src/analysis/engine.ts';
import type { RecordingStatus } from '../../src/live/record.node.ts';
import type { Namespaces } from '../support/networkNamespaces.ts';
import { listening, liveNetwork, recordingMissing, until, type LiveNetwork } from './support/liveNetwork.ts';

const missing = recordingMissing('recording on real interfaces');

let live: LiveNetwork, net: Namespaces, folder: string, cli: string, start: LiveNetwork['start'], send: LiveNetwork['send'];

beforeAll(async () => {
  if (missing !== null) return;
  live = await liveNetwork();
  ({ net, folder, cli, start, send } = live);
});
afterAll(() => live?.dispose());

async function packetsIn(file: string): Promise<{ readonly packets: number; readonly damage: unknown }> {
  const opened = await openCaptureFile({ kind: 'path', path: file });
  if (!opened.ok) throw new Error(opened.message);
  const analysis = new Analysis(opened.capture.source, opened.capture.format);
  await analysis.advance();
  await opened.capture.close();
  return { packets: analysis.frames, damage: analysis.damage };
}

function alive(pid: number): boolean {
  try {
    // A zombie is dead, too.
    return !/^State:\s+Z/m.test(fs.readFileSync(`/proc/${pid}/status`, 'utf8'));
  } catch {
    return false;
  }
}

const base = (): string[] => ['-i', 've0', '-f', 'udp port 9999', '-o', live.out()];

describe.skipIf(missing !== null)('netsec capture', () => {
  test.each([
    ['dumpcap', 1000, 2000],
    ['dumpcap', 20_000, 30_000],
    ['tcpdump', 1000, 2000],
    ['tcpdump', 20_000, 30_000],
    ['tshark', 1000, 2000],
    ['tshark', 20_000, 30_000],
  ])('records with %s at %i packets a second all that was sent but the drops it reports', async (backend, rate, count) => {
    const run = start([...base(), '--backend', backend]);
    await listening(run);
    const sent = await send(count, rate);
    await until(() => (run.statuses.at(-1)?.packets ?? 0) + (run.statuses.at(-1)?.dropped ?? 0) >= sent).catch(() => undefined);
    run.child.kill('SIGINT');
    expect(await run.done).toBe(0);
    const last = run.statuses.at(-1)!;
    expect(sent).toBe(count);
    expect(last).toMatchObject({ state: 'stopped', reason: 'asked' });
    expect(last.packets).toBe(sent - (last.dropped ?? 0));
    expect(await packetsIn(last.file!)).toEqual({ packets: last.packets, damage: null });
    expect(fs.statSync(last.file!).mode & 0o777).toBe(0o600);
    expect(alive(last.pid!)).toBe(false);
  });

  test('stops at exactly so many packets, and writes them as pcapng', async () => {
    const run = start([...base(), '--packets', '50', '--pcapng']);
    await listening(run);
    await send(80, 1000);
    expect(await run.done).toBe(0);
    const last = run.statuses.at(-1)!;
    expect(last).toMatchObject({ reason: 'packets', packets: 50 });
    expect(last.file).toMatch(/capture_\d{8}_\d{6}\.pcapng$/);
    expect(await packetsIn(last.file!)).toEqual({ packets: 50, damage: null });
  });

  test('keeps the last files of a ring, each a capture of its own', async () => {
    const run = start([...base(), '--ring', '3:20k']);
    await listening(run);
    await send(1000, 2000);
    await until(() => (run.statuses.at(-1)?.packets ?? 0) === 1000);
    run.child.kill('SIGINT');
    await run.done;
    const { files, packets } = run.statuses.at(-1)!;
    // A frame is 14 + 20 + 8 + 64 bytes, with its record header 122: 163 fit into 20,000 bytes behind the header, 1000 need 7 files.
    expect({ packets, names: files.map((file) => /_0000\d\.pcap$/.exec(file)?.[0]) }).toEqual({
      packets: 1000,
      names: ['_00005.pcap', '_00006.pcap', '_00007.pcap'],
    });
    expect(fs.readdirSync(path.dirname(files[0]!)).length).toBe(3);
    expect((await Promise.all(files.map(packetsIn))).map((each) => each.packets)).toEqual([163, 163, 1000 - 6 * 163]);
  });

  test('keeps what there is when the recording program is killed', async () => {
    const run = start([...base(), '--backend', 'tcpdump']);
    await listening(run);
    await send(100, 1000);
    await until(() => (run.statuses.at(-1)?.packets ?? 0) === 100);
    process.kill(run.statuses.at(-1)!.pid!, 'SIGKILL');
    expect(await run.done).toBe(4);
    expect(run.said()).toContain('tcpdump on ve0 was ended from outside (SIGKILL). What it had handed over is kept.');
    expect(await packetsIn(run.statuses.at(-1)!.file!)).toEqual({ packets: 100, damage: null });
  });

  test('ends, and its program with it, when whoever started it is killed', async () => {
    const host = spawn(
      'ip',
      [
        'netns',
        'exec',
        net.right,
        process.execPath,
        '-e',
        HOST,
        process.execPath,
        cli,
        'capture',
        '--json',
        '--keep-free',
        '0',
        '--until-stdin-closes',
        ...base(),
      ],
      { stdio: ['ignore', 'pipe', 'inherit'] },
    );
    let text = '';
    host.stdout.on('data', (part: Buffer) => (text += part.toString()));
    const last = (): RecordingStatus | undefined => {
      const line = text.split('\n').at(-2);
      return line === undefined ? undefined : (JSON.parse(line) as RecordingStatus);
    };
    await until(() => (last()?.bytes ?? 0) > 0);
    await send(100, 1000);
    await until(() => last()?.packets === 100);
    const { pid, file } = last()!;
    expect(alive(pid!)).toBe(true);
    host.kill('SIGKILL');
    await until(() => !alive(pid!));
    expect(await packetsIn(file!)).toEqual({ packets: 100, damage: null });
  });

  test('says so when the disk is full, and the file ends after a whole packet', async () => {
    const disk = path.join(folder, 'disk');
    fs.mkdirSync(disk);
    // `ip netns exec` has a mount namespace of its own: the disk is mounted in the one that records.
    const run = start(
      ['-i', 've0', '-f', 'udp port 9999', '-o', `${disk}/`],
      [
        'ip',
        'netns',
        'exec',
        net.right,
        'sh',
        '-c',
        `mount -t tmpfs -o size=64k tmpfs ${disk} && "$@"; code=$?; cp ${disk}/*.pcap ${folder}/full.pcap; exit $code`,
        'sh',
      ],
    );
    await listening(run);
    await send(2000, 4000);
    expect(await run.done).toBe(4);
    expect(run.said()).toMatch(/Recording stopped: the disk of .* is full\. The file ends after a whole packet\./);
    // 64 KiB hold (65536 - 24) / 122 whole records.
    expect(await packetsIn(path.join(folder, 'full.pcap'))).toEqual({ packets: 536, damage: null });
  });

  test('stops before the disk is full', async () => {
    const run = start([...base(), '--keep-free', '999999G']);
    expect(await run.done).not.toBe(0);
    expect(run.said()).toMatch(/to be kept free/);
  });

  test('ends with a reason when the interface goes away', async () => {
    const other = makeInterface();
    const run = start(['-i', other, '-o', live.out(), '--backend', 'tcpdump']);
    await listening(run);
    net.runSync(net.right, ['ip', 'link', 'del', other]);
    expect(await run.done).toBe(4);
    expect(run.said()).toMatch(/stopped by itself: .*(?:down|disappeared|no longer)/i);
    expect((await packetsIn(run.statuses.at(-1)!.file!)).damage).toBe(null);
  });

  test('names the remedy to somebody without the right to record', async () => {
    const own = path.join(folder, 'nobody');
    fs.mkdirSync(own);
    fs.chmodSync(own, 0o777);
    const run = start(
      ['-i', 'lo', '-o', `${own}/`, '--backend', 'tcpdump'],
      ['setpriv', '--reuid=65534', '--regid=65534', '--clear-groups', '--bounding-set=-all'],
    );
    expect(await run.done).toBe(3);
    expect(run.said()).toMatch(/no right to record there\. Give tcpdump the right to record: sudo setcap cap_net_raw,cap_net_admin=eip \S+tcpdump/);
    expect(fs.readdirSync(own)).toEqual([]);
  });

  test('two at once have a file each', async () => {
    const into = live.out();
    const runs = ['tcpdump', 'dumpcap'].map((backend) =>
      start(['-i', 've0', '-f', 'udp port 9999', '-o', into, '--packets', '20', '--backend', backend]),
    );
    await Promise.all(runs.map(listening));
    await send(20, 1000);
    expect(await Promise.all(runs.map(({ done }) => done))).toEqual([0, 0]);
    expect(fs.readdirSync(into).length).toBe(2);
    for (const run of runs) expect(await packetsIn(run.statuses.at(-1)!.file!)).toEqual({ packets: 20, damage: null });
  });

  test('refuses a wrong filter, an unknown interface and a file that is there', async () => {
    const wrong = start(['-i', 've0', '-f', 'foo bar']);
    expect([await wrong.done, wrong.said()]).toEqual([2, expect.stringContaining("can't parse filter expression")]);
    const unknown = start(['-i', '-w']);
    expect([await unknown.done, unknown.said()]).toEqual([2, expect.any(String)]);
    const file = path.join(folder, 'mine.pcap');
    fs.writeFileSync(file, 'mine');
    const there = start(['-i', 've0', '-o', file, '--packets', '1']);
    await there.done;
    expect(there.said()).toContain('nothing is ever overwritten');
    expect(fs.readFileSync(file, 'utf8')).toBe('mine');
  });
});

function makeInterface(): string {
  net.runSync(net.right, ['ip', 'link', 'add', 've1', 'type', 'veth', 'peer', 'name', 've2']);
  net.runSync(net.right, ['ip', 'link', 'set', 've1', 'up']);
  return 've1';
}

/** A process that starts the recorder as the extension host does, and can be killed. */
const HOST = `
const [file, ...args] = process.argv.slice(1);
require('node:child_process').spawn(file, args, { stdio: ['pipe', 'inherit', 'inherit'] });
setInterval(() => undefined, 1000);
`;
