/** Several files of one recording as one capture. The second source is `mergecap -a`, which puts the packets of files one behind the other. */
import { execFileSync } from 'node:child_process';
import fs from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { openCaptureFile } from '../../src/analysis/captureFile.node.ts';
import { Analysis, detectorsWithDefaults, makeReport } from '../../src/analysis/engine.ts';
import { EVERYTHING, type CaptureLocation } from '../../src/analysis/engineApi.ts';
import type { Report } from '../../src/analysis/report.ts';
import { CaptureSession } from '../../src/analysis/session.ts';
import { nodePlatform } from '../../src/pcap/platform.node.ts';
import { installPlatform } from '../../src/pcap/platform.ts';
import { sample } from '../support/analyzeCapture.ts';
import { hasProgram } from '../support/networkNamespaces.ts';
import { reportProblems } from '../support/reportSchema.ts';

const STORY = sample('capture_20261123_022453.pcap');
const missing = hasProgram('mergecap') && hasProgram('editcap') ? null : 'mergecap and editcap are needed';
if (missing !== null) console.warn(`NOT RUN: joined captures beside mergecap: ${missing}`);
if (missing !== null && process.env['CI'] !== undefined) throw new Error(`joined captures could not be tested: ${missing}`);

let folder: string;
const closing: (() => Promise<void>)[] = [];

beforeAll(() => {
  installPlatform(nodePlatform);
  folder = fs.mkdtempSync(path.join(os.tmpdir(), 'netsec-joined-'));
});
afterAll(async () => {
  await Promise.all(closing.map((close) => close()));
  fs.rmSync(folder, { recursive: true, force: true });
});

const at = (name: string): string => path.join(folder, name);
const together = (paths: readonly string[]): CaptureLocation => ({ kind: 'together', paths });

async function report(location: CaptureLocation): Promise<Report> {
  const opened = await openCaptureFile(location);
  if (!opened.ok) throw new Error(opened.message);
  const analysis = new Analysis(opened.capture.source, opened.capture.format, { detectors: detectorsWithDefaults() });
  await analysis.advance();
  const made = makeReport(analysis, opened.capture.file, { version: 'test' });
  await opened.capture.close();
  return made;
}

async function session(location: CaptureLocation): Promise<CaptureSession> {
  const opened = await openCaptureFile(location);
  if (!opened.ok) throw new Error(opened.message);
  const made = new CaptureSession(opened.capture.source, opened.capture.format, opened.capture.file, { version: 'test', emit: () => undefined });
  await made.read();
  closing.push(opened.capture.close);
  return made;
}

/** All that is said of the packets; how the bytes lie in files differs. */
function ofPackets({ capture, ...rest }: Report): unknown {
  const { packets, capturedBytes, originalBytes, snappedPackets, startTime, endTime, durationSeconds, timeOrdered, linkTypes } = capture;
  return { ...rest, capture: { packets, capturedBytes, originalBytes, snappedPackets, startTime, endTime, durationSeconds, timeOrdered, linkTypes } };
}

/** `editcap -c`: a new file after so many packets. */
function split(file: string, packets: number, prefix: string, format = 'pcap'): string[] {
  execFileSync('editcap', ['-F', format, '-c', String(packets), file, at(`${prefix}.${format}`)]);
  return fs
    .readdirSync(folder)
    .filter((name) => name.startsWith(`${prefix}_`))
    .sort()
    .map(at);
}

function mergecap(files: readonly string[], name: string): string {
  execFileSync('mergecap', ['-a', '-F', 'pcapng', '-w', at(name), ...files]);
  return at(name);
}

describe.skipIf(missing !== null)('as mergecap -a', () => {
  test.each(['pcap', 'pcapng'])('the files of a ring of %s, in whatever order they are named', async (format) => {
    const files = split(STORY, 100, `ring-${format}`, format);
    expect(files).toHaveLength(12);
    const merged = await report({ kind: 'path', path: mergecap(files, `merged-${format}.pcapng`) }),
      joined = await report(together([...files.slice(5), ...files.slice(0, 5)]));
    expect(ofPackets(joined)).toEqual(ofPackets(merged));
    expect(joined.findings.length).toBeGreaterThan(0);
    expect(reportProblems(joined)).toEqual([]);
    // One interface, described by each file.
    expect(joined.capture.interfaces).toHaveLength(1);
    expect(joined.capture.parts?.map(({ file, firstFrame, packets, overlapSeconds }) => [file, firstFrame, packets, overlapSeconds])).toEqual(
      files.map((file, i) => [path.basename(file), 100 * i + 1, i === 11 ? 83 : 100, 0]),
    );
    expect(joined.capture.file).toBe(`${path.basename(files[0]!)} and 11 more`);
  });

  test('files of different formats, link types and interfaces', async () => {
    const files = ['dns.pcap', 'two-interfaces.pcapng', 'linux-cooked-v2.pcap'].map(sample);
    execFileSync('editcap', ['-F', 'nsecpcap', '-T', 'rawip', '-C', '14', sample('dns.pcap'), at('raw.pcap')]);
    const all = [...files, at('raw.pcap')],
      joined = await report(together(all)),
      order = joined.capture.parts!.map(({ file }) => all.find((each) => path.basename(each) === file)!),
      merged = await report({ kind: 'path', path: mergecap(order, 'different.pcapng') });
    // What was dropped is in the statistics of an interface, which mergecap leaves out.
    expect(merged.quality.droppedByCapture).toBe(null);
    expect(ofPackets({ ...joined, quality: { ...joined.quality, droppedByCapture: null } })).toEqual(ofPackets(merged));
    expect(joined.capture.linkTypes.length).toBeGreaterThan(1);
    expect(reportProblems(joined)).toEqual([]);
  });

  test('packets, filters and single frames of every file, also of files larger than a block of reading', async () => {
    // 6 MB each: their ends lie in the middle of a block of 4 MiB.
    const bytes = fs.readFileSync(STORY),
      records = bytes.subarray(24);
    const files = [0, 1, 2].map((i) => {
      fs.writeFileSync(at(`large_${i}.pcap`), Buffer.concat([bytes.subarray(0, 24), ...Array.from({ length: 20 }, () => records)]));
      return at(`large_${i}.pcap`);
    });
    const one = await session(together(files)),
      other = await session({ kind: 'path', path: mergecap(files, 'large.pcapng') });
    const query = { selection: { ...EVERYTHING, filter: 'dns && ip.addr == 192.168.10.21' }, sort: null, offset: 0, limit: 2000 },
      [a, b] = await Promise.all([one, other].map(async ({ handlers }) => handlers.packets(query, new AbortController().signal)));
    expect(a!.total).toBeGreaterThan(100);
    expect(a).toEqual(b);
    for (const frame of [1, 1183 * 20, 1183 * 20 + 1, 1183 * 40, 1183 * 40 + 1, 1183 * 60]) {
      const [mine, theirs] = await Promise.all([one, other].map(async ({ handlers }) => handlers.packet({ frame }, new AbortController().signal)));
      expect(mine?.sources[0]?.bytes).toEqual(theirs?.sources[0]?.bytes);
      expect(mine?.row.time).toBe(theirs?.row.time);
    }
  });
});

test('a file that was cut short is told, and reading goes on with the next', async () => {
  const bytes = fs.readFileSync(STORY);
  // In the middle of a record.
  fs.writeFileSync(at('cut_1.pcap'), bytes.subarray(0, 100_001));
  fs.writeFileSync(at('cut_2.pcap'), bytes);
  const alone = await report({ kind: 'path', path: at('cut_1.pcap') }),
    whole = await report({ kind: 'path', path: STORY }),
    joined = await report(together([at('cut_1.pcap'), at('cut_2.pcap')]));
  expect(joined.capture.packets).toBe(alone.capture.packets + whole.capture.packets);
  expect(joined.capture.truncated?.message).toBe(
    'Not all of it could be read, and reading went on with the next file: cut_1.pcap: the file ends in the middle of a record.',
  );
  expect(joined.capture.parts?.map(({ problem }) => problem)).toEqual(['the file ends in the middle of a record', null]);
});

test('damage in one file does not hide the next, and files that overlap in time are told', async () => {
  const bytes = Buffer.from(fs.readFileSync(STORY));
  bytes.writeUInt32LE(0xffffff, 24 + 8);
  fs.writeFileSync(at('damaged.pcap'), bytes);
  const joined = await report(together([at('damaged.pcap'), STORY, sample('capture_20261123_022453.pcap')]));
  expect(joined.capture.packets).toBe(2 * 1183);
  expect(joined.capture.parts?.[0]).toMatchObject({ file: 'damaged.pcap', packets: 0, firstFrame: null, startTime: null });
  expect(joined.capture.parts?.[0]?.problem).toContain('16,777,215');
  // capinfos -u: 39.6 s; the second begins where the first began.
  expect(joined.capture.parts?.[2]?.overlapSeconds).toBeCloseTo(39.6, 0);
  expect(joined.capture.timeOrdered).toBe(false);
});

test('an empty file is passed over, one that is no capture is why nothing is opened', async () => {
  fs.writeFileSync(at('empty.pcap'), '');
  fs.writeFileSync(at('text.pcap'), 'hello');
  expect((await report(together([at('empty.pcap'), STORY]))).capture.packets).toBe(1183);
  expect(await openCaptureFile(together([STORY, at('text.pcap')]))).toMatchObject({ ok: false, reason: 'not-a-capture' });
  expect(await openCaptureFile(together([at('empty.pcap')]))).toMatchObject({ ok: false, reason: 'empty' });
  expect(await openCaptureFile(together([]))).toMatchObject({ ok: false });
});

test('a hundred files need no hundred open files', async () => {
  const files = Array.from({ length: 100 }, (_, i) => {
    fs.copyFileSync(sample('dns.pcap'), at(`many_${String(i).padStart(3, '0')}.pcap`));
    return at(`many_${String(i).padStart(3, '0')}.pcap`);
  });
  const opened = await openCaptureFile(together(files));
  if (!opened.ok) throw new Error(opened.message);
  const open = (): number =>
    fs.readdirSync('/proc/self/fd').filter((fd) => {
      try {
        return fs.readlinkSync(`/proc/self/fd/${fd}`).includes('/many_');
      } catch {
        return false;
      }
    }).length;
  const analysis = new Analysis(opened.capture.source, opened.capture.format);
  await analysis.advance();
  expect(analysis.frames).toBe(72 * 100);
  if (process.platform === 'linux') expect(open()).toBeLessThanOrEqual(8);
  await opened.capture.close();
  if (process.platform === 'linux') expect(open()).toBe(0);
});
