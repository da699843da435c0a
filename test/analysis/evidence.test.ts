/** What leaves with a report: the packets that prove its findings, the SHA-256 of its capture, and the allow-list it was judged by. */
import { createHash } from 'node:crypto';
import fs from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { nearestAllowFile, readAllowList } from '../../src/analysis/allowFile.node.ts';
import { nodeCaptureStore } from '../../src/analysis/captureStore.node.ts';
import { EVERYTHING } from '../../src/analysis/engineApi.ts';
import type { Report } from '../../src/analysis/report.ts';
import { buildCli } from '../cli/support/buildCli.ts';
import { netsec, SAMPLES } from '../cli/support/capture.ts';

let folder = '';
beforeAll(async () => {
  folder = fs.mkdtempSync(path.join(os.tmpdir(), 'netsec-evidence-'));
  await buildCli();
});
afterAll(() => fs.rmSync(folder, { recursive: true, force: true }));

const sample = (name: string): string => path.join(SAMPLES, name);

/** The records of a little-endian pcap: captured bytes, as hexadecimal. */
function records(bytes: Uint8Array): string[] {
  const all: string[] = [],
    buffer = Buffer.from(bytes);
  for (let at = 24; at < buffer.length; at += 16 + buffer.readUInt32LE(at + 8))
    all.push(buffer.subarray(at + 16, at + 16 + buffer.readUInt32LE(at + 8)).toString('hex'));
  return all;
}

describe('the evidence', () => {
  test('is the frames of the findings, in the order of the capture, each once', async () => {
    const file = sample('scan-syn.pcap'),
      output = path.join(folder, 'evidence.pcap');
    const [{ stdout }, { status, stderr }] = await Promise.all([
      netsec(['analyze', file, '--json']),
      netsec(['analyze', file, '--format', 'pcap', '--output', output]),
    ]);
    const { findings } = JSON.parse(stdout) as Report,
      frames = [...new Set(findings.flatMap(({ evidence }) => evidence.frames))].sort((a, b) => a - b),
      original = records(fs.readFileSync(file));
    expect(frames.length).toBeGreaterThan(10);
    expect(records(fs.readFileSync(output))).toEqual(frames.map((frame) => original[frame - 1]));
    expect(status).toBe(0);
    expect(stderr).toContain(`${frames.length} packets that prove`);
  });

  test('of a capture without findings is a capture without packets', async () => {
    const output = path.join(folder, 'nothing.pcap');
    const { status } = await netsec(['analyze', sample('nanoseconds.pcap'), '--format', 'pcap', '--output', output]);
    const { stdout } = await netsec(['analyze', sample('nanoseconds.pcap'), '--json']);
    expect([status, (JSON.parse(stdout) as Report).findings.length, fs.statSync(output).size]).toEqual([0, 0, 24]);
  });

  test('is not for a screen', async () => {
    expect(await netsec(['analyze', sample('dns.pcap'), '--format', 'pcap'])).toMatchObject({ status: 2, stdout: '' });
  });
});

describe('a capture of a folder', () => {
  test('is reported with the SHA-256 of its file, compressed or not, and gives its evidence', async () => {
    for (const name of ['scan-syn.pcap', 'rotated.pcap.gz']) fs.copyFileSync(sample(name), path.join(folder, name));
    const store = nodeCaptureStore({ folders: [folder], version: 'test' });
    for (const name of ['scan-syn.pcap', 'rotated.pcap.gz']) {
      const found = await store.resolve(name);
      if (!found.ok) throw new Error(found.message);
      const opened = await store.open(found.files[0]!);
      if (!opened.ok) throw new Error(opened.message);
      const expected = createHash('sha256')
        .update(fs.readFileSync(sample(name)))
        .digest('hex');
      const report = await opened.capture.call('report', { selection: EVERYTHING, limit: 100 });
      expect(report.capture.sha256).toBe(expected);
      for (const { id } of await opened.capture.call('exportFormats', null))
        if (id === 'json' || id === 'html' || id === 'markdown' || id === 'sarif')
          expect(await opened.capture.call('exportReport', { selection: EVERYTHING, format: id }), id).toContain(expected);
      const saved = await opened.capture.call('saveEvidence', { selection: EVERYTHING, maxBytes: 1e6 });
      expect(saved.packets).toBe(new Set(report.findings.flatMap(({ evidence }) => evidence.frames)).size);
      opened.capture.release();
    }
    await store.dispose();
  });

  test('is judged by the nearest allow-list beside or above it', async () => {
    const inside = path.join(folder, 'site', 'a', 'b');
    fs.mkdirSync(path.join(folder, 'site', '.netsec'), { recursive: true });
    fs.mkdirSync(inside, { recursive: true });
    const list = path.join(folder, 'site', '.netsec', 'allow.yaml');
    fs.writeFileSync(list, 'rules:\n  - reason: ours\n    detector: port-scan\n');
    expect(nearestAllowFile(inside)).toBe(list);
    const capture = path.join(inside, 'scan-syn.pcap');
    fs.copyFileSync(sample('scan-syn.pcap'), capture);
    expect(readAllowList(capture)).toMatchObject({ ok: true, path: list, file: { rules: [{ reason: 'ours' }] } });
    const store = nodeCaptureStore({ folders: [inside], version: 'test' }),
      found = await store.resolve('latest');
    if (!found.ok) throw new Error(found.message);
    const opened = await store.open(found.files[0]!);
    if (!opened.ok) throw new Error(opened.message);
    const { findings } = await opened.capture.call('report', { selection: EVERYTHING, limit: 100 });
    expect(findings.filter(({ detector }) => detector === 'port-scan').map(({ expected }) => expected?.reason)).toEqual(['ours']);
    opened.capture.release();
    await store.dispose();
  });
});
