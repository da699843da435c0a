/** The command line from outside: what is printed where, and the exit codes that docs/command-line.md promises. */
import { spawn } from 'node:child_process';
import fs from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import type { PacketDetail, Page, PacketRow } from '../../src/analysis/engineApi.ts';
import type { Report } from '../../src/analysis/report.ts';
import { ethernet, ipv4, pcapFile, pcapHeader, pcapRecord, tcp, udp } from '../support/syntheticSource.ts';
import { reportProblems } from '../support/reportSchema.ts';
import { buildCli } from './support/buildCli.ts';
import { netsec, SAMPLES } from './support/capture.ts';

const STORY = 'capture_20261123_022453.pcap';
let folder = '';
beforeAll(async () => {
  folder = fs.mkdtempSync(path.join(os.tmpdir(), 'netsec-cli-test-'));
  await buildCli();
});
afterAll(() => fs.rmSync(folder, { recursive: true, force: true }));

function write(name: string, bytes: Uint8Array): string {
  fs.writeFileSync(path.join(folder, name), bytes);
  return path.join(folder, name);
}

describe('analyze', () => {
  test('prints file, packets, shares that add up, devices, status and a closing sentence', async () => {
    const { status, stdout, stderr } = await netsec(['analyze', path.join(SAMPLES, STORY)]);
    expect({ status, stderr }).toEqual({ status: 0, stderr: '' });
    for (const part of [STORY, '1,183', 'Protocols', 'TLS', 'Most active devices', '10.20.0.10', 'Security status', 'checks run'])
      expect(stdout).toContain(part);
    const shares = [...stdout.matchAll(/(\d+) % +[\d.,]+ k?M?B +(?:< )?(\d+) %/g)];
    expect(shares.reduce((sum, match) => sum + Number(match[2]), 0)).toBeGreaterThanOrEqual(99);
    expect(stdout).not.toMatch(/\u001b/);
  });
  test('prints the Report as JSON, and nothing else', async () => {
    const { status, stdout } = await netsec(['analyze', path.join(SAMPLES, STORY), '--json']);
    const report = JSON.parse(stdout) as Report;
    expect(status).toBe(0);
    expect(reportProblems(report)).toEqual([]);
    expect(report).toMatchObject({ schema: 1, producer: { name: 'netsec', version: '1.2.3' }, capture: { packets: 1183 } });
  });
  test('takes the newest capture by the time in its name for latest', async () => {
    const recorded = path.join(folder, 'recorded');
    fs.mkdirSync(recorded);
    for (const [name, sample] of [
      ['capture_20250101_000001.pcap', 'ftp.pcap'],
      ['capture_20250101_000000.pcap', 'dns.pcap'],
    ] as const) {
      fs.copyFileSync(path.join(SAMPLES, sample), path.join(recorded, name));
    }
    const { stdout } = await netsec(['analyze', 'latest', '--folder', recorded, '--json']);
    expect((JSON.parse(stdout) as Report).capture.file).toBe('capture_20250101_000001.pcap');
  });
  test('analyses all captures of a folder, each once, and one that is none does not stop it', async () => {
    const all = path.join(folder, 'all');
    fs.mkdirSync(all);
    for (const name of ['dns.pcap', 'ftp.pcap', 'rotated.pcap.gz']) fs.copyFileSync(path.join(SAMPLES, name), path.join(all, name));
    fs.writeFileSync(path.join(all, 'broken.pcap'), 'not a capture');
    const { status, stdout, stderr } = await netsec(['analyze', 'all', path.join(all, 'dns.pcap'), '--json'], { cwd: all });
    const files = stdout
      .trim()
      .split('\n')
      .map((line) => (JSON.parse(line) as Report).capture.file);
    expect(files.sort()).toEqual(['dns.pcap', 'ftp.pcap', 'rotated.pcap.gz']);
    expect(status).toBe(3);
    expect(stderr).toBe(
      'broken.pcap is not a packet capture: it looks like plain text. Netsec reads pcap, pcapng and snoop files, also with gzip or zstd around them.\n',
    );
  });
  test('writes every row with --limit all, and says how many there are', async () => {
    const { stdout } = await netsec(['analyze', path.join(SAMPLES, STORY), '--json', '--limit', 'all']);
    const [head, ...rows] = stdout
      .trim()
      .split('\n')
      .map((line) => JSON.parse(line) as Report & { conversation?: { id: string; bytesAToB: number; bytesBToA: number }; endpoint?: object });
    expect(rows.filter(({ conversation }) => conversation !== undefined)).toHaveLength(head!.totals['conversations']!);
    expect(rows.filter(({ endpoint }) => endpoint !== undefined)).toHaveLength(head!.totals['endpoints']!);
    const { stdout: limited } = await netsec(['analyze', path.join(SAMPLES, STORY), '--json']);
    expect(rows.flatMap(({ conversation }) => conversation ?? [])).toEqual((JSON.parse(limited) as Report).conversations);
  });
  test('cuts lists to --limit, totals stay', async () => {
    const report = JSON.parse((await netsec(['analyze', path.join(SAMPLES, STORY), '--json', '--limit', '3'])).stdout) as Report;
    expect([report.conversations.length, report.endpoints.length, report.totals['conversations.tcp']! > 3]).toEqual([3, 3, true]);
  });
  test('exits with 5 when --fail-on is met', async () => {
    const file = path.join(SAMPLES, 'scan-syn.pcap');
    const [plain, medium, json] = await Promise.all([
      netsec(['analyze', file]),
      netsec(['analyze', file, '--fail-on', 'low']),
      netsec(['analyze', file, '--json', '--limit', 'all', '--fail-on', 'low']),
    ]);
    expect([plain.status, medium.status, json.status]).toEqual([0, 5, 5]);
    expect((await netsec(['analyze', path.join(SAMPLES, 'dns.pcap'), '--fail-on', 'critical'])).status).toBe(0);
  });
  test('reports what comes before the damage, and exits with 4', async () => {
    const whole = fs.readFileSync(path.join(SAMPLES, 'dns.pcap'));
    const { status, stdout } = await netsec(['analyze', write('cut.pcap', whole.subarray(0, whole.length - 3))]);
    expect(status).toBe(4);
    expect(stdout).toContain('Packets  71');
    expect(stdout.replace(/\s+/g, ' ')).toMatch(/The capture ends after frame 71: the last \d+ bytes are an incomplete record\./);
  });
  test.each([
    ['a missing file', ['analyze', 'nowhere.pcap'], 'There is no file nowhere.pcap.'],
    ['a folder', ['analyze', SAMPLES], 'is a folder, not a capture file.'],
    ['an empty folder', ['analyze', 'latest', '--folder', os.devNull], 'is not a folder.'],
  ])('says what is wrong with %s and exits with 3', async (_, args, sentence) => {
    const { status, stdout, stderr } = await netsec(args);
    expect({ status, stdout }).toEqual({ status: 3, stdout: '' });
    expect(stderr).toContain(sentence);
    expect(stderr.trim().split('\n')).toHaveLength(1);
  });
  test.each([
    [['analyze'], 'Which capture?'],
    [['analyse', 'x.pcap'], 'There is no command "analyse"'],
    [['some.pcap'], 'Did you mean: netsec analyze some.pcap'],
    [['analyze', 'x.pcap', '--nonsense'], "Unknown option '--nonsense'. See netsec analyze --help."],
    [['analyze', 'x.pcap', '--limit', '-1'], '--limit'],
    [['analyze', 'x.pcap', '--format', 'xml'], '--format wants one of'],
    [['analyze', 'x.pcap', '--limit', 'all'], '--limit all goes with --json'],
    [['packets'], 'Which capture?'],
    [['packet', 'x.pcap', '0'], 'The packet number wants a whole number of at least 1'],
  ])('exits with 2 for %j', async (args, sentence) => {
    const { status, stdout, stderr } = await netsec(args);
    expect({ status, stdout }).toEqual({ status: 2, stdout: '' });
    expect(stderr).toContain(sentence);
  });
  test('prints nothing that packets or names of files could steer a terminal with', async () => {
    const query = (name: string): Buffer =>
      udp(
        40000,
        53,
        Buffer.concat([
          Buffer.from('000101000001000000000000', 'hex'),
          Buffer.from([name.length]),
          Buffer.from(name, 'latin1'),
          Buffer.from('0000010001', 'hex'),
        ]),
      );
    const frames = ['\u001b]0;owned\u0007', '\u009b2J', 'a\r\nb'].map((name) => ethernet(0x0800, ipv4(17, query(name))));
    frames.push(ethernet(0x0800, ipv4(6, tcp(40000, 80, 1, 1, 0x18, Buffer.from('GET /\u001b[2J HTTP/1.1\r\nHost: \u001b[31m\u202e\r\n\r\n')))));
    const file = write('evil\u001b[2J.pcap', pcapFile(frames));
    for (const args of [
      ['analyze', file],
      ['analyze', file, '--format', 'markdown'],
      ['analyze', file, '--format', 'csv', '--list', 'endpoints'],
      ['packets', file],
      ['packet', file, '1'],
      ['packet', file, '4'],
      ['list', '--folder', folder],
      ['analyze', `${file}\u001b[2J`],
    ]) {
      const { stdout, stderr } = await netsec(args);
      expect(stdout + stderr, args.join(' ')).not.toMatch(/[\u0000-\u0009\u000b\u000c\u000e-\u001f\u007f-\u009f\u202a-\u202e]/);
    }
  });
  test('paints when asked to, and never where NO_COLOR is set', async () => {
    const file = path.join(SAMPLES, 'dns.pcap');
    expect((await netsec(['analyze', file], { env: { FORCE_COLOR: '1' } })).stdout).toContain('\u001b[1m');
    expect((await netsec(['analyze', file], { env: { FORCE_COLOR: '1', NO_COLOR: '1' } })).stdout).not.toContain('\u001b');
  });
});

describe('list', () => {
  test('lists the captures of a folder, newest first', async () => {
    const { status, stdout } = await netsec(['list', '--folder', SAMPLES, '--json']);
    const rows = JSON.parse(stdout) as { name: string; bytes: number; recorded: string }[];
    expect(status).toBe(0);
    expect(rows.map(({ recorded }) => recorded)).toEqual(
      rows
        .map(({ recorded }) => recorded)
        .sort()
        .reverse(),
    );
    expect(rows.find(({ name }) => name === STORY)?.bytes).toBe(fs.statSync(path.join(SAMPLES, STORY)).size);
    expect((await netsec(['list', '--folder', SAMPLES])).stdout).toContain(`${rows.length} captures in`);
  });
});

describe('packets', () => {
  test('lists rows, says how many more there are', async () => {
    const { status, stdout, stderr } = await netsec(['packets', path.join(SAMPLES, STORY), '--limit', '3', '--offset', '10']);
    expect(status).toBe(0);
    expect(
      stdout
        .trim()
        .split('\n')
        .map((line) => line.trim().split(/\s+/)[0]),
    ).toEqual(['No.', '11', '12', '13']);
    expect(stderr).toBe('3 of 1,183 packets; --limit and --offset show others.\n');
  });
  test('writes all rows as JSON, over many pages', async () => {
    const page = JSON.parse((await netsec(['packets', path.join(SAMPLES, STORY), '--limit', 'all', '--json'])).stdout) as Page<PacketRow>;
    expect(page.rows.map(({ frame }) => frame)).toEqual(Array.from({ length: 1183 }, (_, i) => i + 1));
    expect(page).toMatchObject({ offset: 0, total: 1183, totalUnfiltered: 1183 });
    expect(JSON.parse((await netsec(['packets', path.join(SAMPLES, STORY), '--limit', '0', '--json'])).stdout)).toMatchObject({
      total: 1183,
      rows: [],
    });
  });
  test('selects by a display filter', async () => {
    const page = JSON.parse(
      (await netsec(['packets', path.join(SAMPLES, STORY), '--filter', 'arp', '--limit', 'all', '--json'])).stdout,
    ) as Page<PacketRow>;
    expect([page.total, page.rows.length, page.totalUnfiltered]).toEqual([24, 24, 1183]);
    expect(new Set(page.rows.map(({ protocol }) => protocol))).toEqual(new Set(['ARP']));
  });
  test('points at the place in a filter that it does not understand', async () => {
    const { status, stdout, stderr } = await netsec(['packets', path.join(SAMPLES, STORY), '--filter', 'tcp and nonsense.field == 1']);
    expect({ status, stdout }).toEqual({ status: 2, stdout: '' });
    const [, filter, mark] = stderr.split('\n');
    expect(filter?.slice(mark?.indexOf('^'))).toMatch(/^nonsense/);
  });
});

describe('packet', () => {
  test('shows the fields and the bytes of one packet', async () => {
    const { status, stdout } = await netsec(['packet', path.join(SAMPLES, STORY), '40']);
    expect(status).toBe(0);
    for (const part of ['Packet 40', 'Internet Protocol Version 4', '192.168.10.21', '0000  ']) expect(stdout).toContain(part);
    const detail = JSON.parse((await netsec(['packet', path.join(SAMPLES, STORY), '40', '--json'])).stdout) as Omit<PacketDetail, 'sources'> & {
      sources: { hex: string }[];
    };
    expect(detail.row.frame).toBe(40);
    expect(detail.sources[0]?.hex).toHaveLength(detail.row.length * 2);
  });
  test('says how many there are when there is no such packet', async () => {
    const { status, stderr } = await netsec(['packet', path.join(SAMPLES, STORY), '1184']);
    expect({ status, stderr }).toEqual({ status: 2, stderr: 'There is no packet 1,184: the capture holds 1,183.\n' });
  });
});

describe('help', () => {
  test.each([[[]], [['help']], [['--help']], [['-h']]])('%j lists the commands and the exit codes', async (args) => {
    const { status, stdout } = await netsec(args);
    expect(status).toBe(0);
    for (const part of ['analyze', 'list', 'packets', 'packet', 'Exit codes', '130']) expect(stdout).toContain(part);
  });
  test.each(['analyze', 'list', 'packets', 'packet'])('%s has help of its own', async (name) => {
    const [first, second] = await Promise.all([netsec([name, '--help']), netsec(['help', name])]);
    expect(first).toEqual({ status: 0, stderr: '', stdout: second.stdout });
    expect(first.stdout).toMatch(new RegExp(`^netsec ${name} [^]*Options[^]*Examples`));
  });
  test('says its version', async () => {
    for (const args of [['--version'], ['version'], ['analyze', '--version']]) expect((await netsec(args)).stdout).toBe('netsec 1.2.3\n');
  });
});

describe('when somebody stops it', () => {
  test('a reader that closes early, as head does, is no error', async () => {
    const child = spawn(process.execPath, [await buildCli(), 'packets', path.join(SAMPLES, STORY), '--limit', 'all', '--json'], {
      stdio: ['ignore', 'pipe', 'pipe'],
    });
    let stderr = '';
    child.stderr.on('data', (data: Buffer) => (stderr += data.toString()));
    child.stdout.once('data', () => child.stdout.destroy());
    const status = await new Promise((resolve) => child.on('close', resolve));
    expect({ status, stderr }).toEqual({ status: 0, stderr: '' });
  });

  test.runIf(process.platform !== 'win32')('Ctrl+C reports what had been read', { timeout: 120_000 }, async () => {
    // Large enough that it is still being read when the signal comes: the same frames a million times over.
    const file = path.join(folder, 'large.pcap'),
      frame = pcapRecord(ethernet(0x0800, ipv4(6, tcp(40000, 80, 1, 1, 0x10, new Uint8Array(1000)))));
    const out = fs.openSync(file, 'w'),
      block = Buffer.concat(Array.from({ length: 1000 }, () => frame));
    fs.writeSync(out, pcapHeader());
    for (let i = 0; i < 600; i++) fs.writeSync(out, block);
    fs.closeSync(out);
    const total = 600_000,
      cli = await buildCli();
    // How long a start takes differs between machines: a little later each time, until the signal comes while the file is read.
    for (let wait = 40; wait <= 2000; wait += 40) {
      const child = spawn(process.execPath, [cli, 'analyze', file, '--json'], { stdio: ['ignore', 'pipe', 'pipe'] });
      let stdout = '',
        stderr = '';
      child.stdout.on('data', (data: Buffer) => (stdout += data.toString()));
      child.stderr.on('data', (data: Buffer) => (stderr += data.toString()));
      const timer = setTimeout(() => child.kill('SIGINT'), wait);
      const status = await new Promise((resolve) => child.on('close', resolve));
      clearTimeout(timer);
      if (status === 0) continue;
      // Before Node has started, a signal simply ends it.
      if (status === null || stdout === '') continue;
      const report = JSON.parse(stdout) as Report;
      if (report.capture.packets === 0) continue;
      expect(status).toBe(130);
      expect(stderr).toContain('Interrupted: the report of large.pcap covers what had been read.');
      expect(report.capture.packets).toBeLessThan(total);
      expect(report.capture.truncated?.message).toMatch(/^Reading was interrupted after frame /);
      expect(reportProblems(report)).toEqual([]);
      return;
    }
    throw new Error('no signal came while the file was read');
  });
});
