/** Where the command line writes what people want to keep: evidence is never written over, and a full disk is nobody's mistake. */
import { spawn } from 'node:child_process';
import fs from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { afterEach, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { buildCli } from './support/buildCli.ts';
import { netsec, SAMPLES } from './support/capture.ts';

const SCAN = path.join(SAMPLES, 'scan-syn.pcap'),
  DNS = path.join(SAMPLES, 'dns.pcap');
let folder = '';
beforeAll(async () => {
  await buildCli();
});
beforeEach(() => {
  folder = fs.mkdtempSync(path.join(os.tmpdir(), 'netsec-output-'));
});
afterEach(() => fs.rmSync(folder, { recursive: true, force: true }));

/** A copy of a sample, under any name. */
function copy(name: string, of = SCAN): string {
  const file = path.join(folder, name);
  fs.copyFileSync(of, file);
  return file;
}

describe('--output never takes the place of a capture', () => {
  test.each(['text', 'json', 'markdown', 'csv', 'html', 'sarif', 'pcap'])('--format %s', async (format) => {
    const capture = copy('a.pcap'),
      { status, stderr } = await netsec(['analyze', capture, '--format', format, '--output', capture]);
    expect([status, stderr]).toEqual([2, `${capture} is a capture, which is not written over. Name another file, or remove it first.\n`]);
    expect(fs.readFileSync(capture).equals(fs.readFileSync(SCAN))).toBe(true);
  });
  test.each([
    ['another capture', () => copy('b.pcap', DNS)],
    ['a capture whose name does not say so', () => copy('notes.txt', DNS)],
    ['a compressed one', () => copy('c.pcap.gz', path.join(SAMPLES, 'rotated.pcap.gz'))],
    [
      'a link to one',
      () => {
        fs.symlinkSync(copy('d.pcap', DNS), path.join(folder, 'report.json'));
        return path.join(folder, 'report.json');
      },
    ],
  ])('%s', async (_what, made) => {
    const output = made(),
      before = fs.readFileSync(output),
      { status, stderr } = await netsec(['analyze', SCAN, '--output', output]);
    expect([status, stderr]).toEqual([2, expect.stringContaining('is not written over')]);
    expect(fs.readFileSync(output).equals(before)).toBe(true);
  });
  test('the compressed capture itself under a name that does not say so', async () => {
    const capture = copy('evidence', path.join(SAMPLES, 'rotated.pcap.gz')),
      { status } = await netsec(['analyze', capture, '--output', capture]);
    expect(status).toBe(2);
    expect(fs.readFileSync(capture).equals(fs.readFileSync(path.join(SAMPLES, 'rotated.pcap.gz')))).toBe(true);
  });
  test('a report that is there is replaced, and an empty file filled', async () => {
    const output = path.join(folder, 'report.txt');
    fs.writeFileSync(output, 'old');
    expect((await netsec(['analyze', DNS, '--output', output])).status).toBe(0);
    expect(fs.readFileSync(output, 'utf8')).toContain('dns.pcap');
    const evidence = path.join(folder, 'evidence.pcap');
    fs.writeFileSync(evidence, '');
    expect((await netsec(['analyze', SCAN, '--format', 'pcap', '--output', evidence])).status).toBe(0);
    expect(fs.statSync(evidence).size).toBeGreaterThan(1000);
  });
});

test.each(['csv', 'html', 'sarif'])('two captures are no one document: --format %s', async (format) => {
  const { status, stdout, stderr } = await netsec(['analyze', SCAN, DNS, '--format', format]);
  expect([status, stdout]).toEqual([2, '']);
  expect(stderr).toBe(`--format ${format} is a document about one capture: name one, or use --together for the files of one recording.\n`);
});

test.runIf(fs.existsSync('/dev/full')).each([['analyze'], ['packets'], ['services']])(
  '%s: a full disk is said, and is no mistake of ours',
  async (command) => {
    const full = fs.openSync('/dev/full', 'w'),
      child = spawn(process.execPath, [await buildCli(), command, DNS], { stdio: ['ignore', full, 'pipe'] });
    let said = '';
    child.stderr!.on('data', (data: Buffer) => (said += data.toString()));
    const status = await new Promise((resolve) => child.on('close', resolve));
    fs.closeSync(full);
    expect([status, said]).toEqual([3, expect.stringMatching(/^The output could not be written: ENOSPC[^\n]*\.\n$/)]);
  },
);

test('files are saved under the frame that the list shows, into folders that are made', async () => {
  const target = path.join(folder, 'new', 'evidence'),
    { status, stdout } = await netsec(['files', path.join(SAMPLES, 'executable-download.pcap'), '--save', target]);
  const listed = [...stdout.matchAll(/^ *(\d+) {2}(\S+)/gm)].map(([, frame, name]) => `${frame}-${name}`);
  expect(status).toBe(0);
  expect(listed).toHaveLength(3);
  expect(fs.readdirSync(target).sort()).toEqual(listed.sort());
});

test.runIf(fs.existsSync('/proc/self'))('a folder that cannot be made is said at once', async () => {
  const { status, stderr } = await netsec(['files', path.join(SAMPLES, 'executable-download.pcap'), '--save', '/proc/netsec/evidence']);
  expect([status, stderr]).toEqual([3, expect.stringMatching(/could not be written: ENOENT/)]);
});

describe('what is said twice', () => {
  test('fields may be given several times, as tshark takes them', async () => {
    const { stdout } = await netsec(['packets', DNS, '-e', 'frame.number', '-e', 'ip.proto,frame.len', '-n', '2', '--offset', '4']);
    // tshark -r captures/dns.pcap -T fields -e frame.number -e ip.proto -e frame.len -Y "frame.number in {5,6}"
    expect(stdout).toBe('5\t17\t98\n6\t17\t114\n');
  });
  test.each([
    [['packets', DNS, '-f', 'dns', '-f', 'tcp'], '--filter was given twice. See netsec packets --help.'],
    [['capture', '-i', 'lo', '-i', 'any'], '--interface was given twice. See netsec capture --help.'],
  ])('%j', async (args, message) => {
    expect(await netsec(args)).toEqual({ status: 2, stdout: '', stderr: `${message}\n` });
  });
});

test('watch says which thresholds are not in force', async () => {
  const thresholds = JSON.stringify({ foo: {}, 'port-scan': { foo: 1 }, beaconing: null }),
    { stderr } = await netsec(['watch', folder, '--once', '--detectors', thresholds]);
  expect(stderr).toMatch(
    /^--detectors: There is no check "foo"\.\n--detectors: port-scan (?:has no threshold "foo"; it has \w+|keeps its usual thresholds: [^\n]*foo)/,
  );
});
