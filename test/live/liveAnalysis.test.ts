/**
 * What the editor shows of a capture that is being recorded: after each update exactly what an analysis of the packets so far says, and in the end what one of
 * the finished file says. Recorded by dumpcap and by tcpdump between network namespaces; the second source of the counts is the sender.
 */
import fs from 'node:fs';
import path from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { openCaptureFile } from '../../src/analysis/captureFile.node.ts';
import { Analysis, detectorsWithDefaults, makeReport } from '../../src/analysis/engine.ts';
import { EVERYTHING, type EngineSession } from '../../src/analysis/engineApi.ts';
import type { Report } from '../../src/analysis/report.ts';
import { startEngine } from '../../src/editor/engineWorker.ts';
import { hasProgram } from '../support/networkNamespaces.ts';
import { bundleInto, listening, liveNetwork, recordingMissing, until, type LiveNetwork } from './support/liveNetwork.ts';

const missing = recordingMissing('live analysis', ['tcpdump', 'dumpcap', ...(process.env['CI'] === undefined ? [] : ['nmap'])]);

let live: LiveNetwork, worker: string;

beforeAll(async () => {
  if (missing !== null) return;
  live = await liveNetwork();
  worker = await bundleInto(live.folder, 'src/analysis/worker.node.ts', 'worker.cjs');
});
afterAll(() => live?.dispose());

interface Watched {
  readonly session: EngineSession;
  /** What was shown after each update, as the page asks for it. */
  readonly reports: Report[];
  /** When each update came, in milliseconds. */
  readonly updates: { readonly atMs: number; readonly packets: number }[];
}

/** As the editor opens it. */
function watch(file: string): Watched {
  const session = startEngine(worker, { location: { kind: 'path', path: file }, follow: true, detectorOptions: {} }),
    reports: Report[] = [],
    updates: { atMs: number; packets: number }[] = [];
  let asking = false;
  session.onEvent((event) => {
    if (event.kind !== 'updated') return;
    if (event.packets !== updates.at(-1)?.packets) updates.push({ atMs: performance.now(), packets: event.packets });
    // The page asks again once it has its answer.
    if (asking) return;
    asking = true;
    void session
      .call('report', { selection: EVERYTHING, limit: 500 })
      .then((report) => reports.push(report))
      .finally(() => (asking = false));
  });
  return { session, reports, updates };
}

const now = (session: EngineSession): Promise<Report> => session.call('report', { selection: EVERYTHING, limit: 500 });

/** Of a file that nobody writes. */
async function analysed(file: string): Promise<Report> {
  const opened = await openCaptureFile({ kind: 'path', path: file });
  if (!opened.ok) throw new Error(opened.message);
  const { capture } = opened,
    analysis = new Analysis(capture.source, capture.format, { detectors: detectorsWithDefaults() });
  await analysis.advance();
  const report = makeReport(analysis, capture.file, { version: 'test', limit: 500 });
  await capture.close();
  return report;
}

/** The first packets of a pcap file, as a file of its own. draft-ietf-opsawg-pcap: a header of 24 bytes, records of 16 and the captured length. */
function firstPackets(file: string, packets: number): string {
  const bytes = fs.readFileSync(file),
    little = bytes.readUInt32LE(0) === 0xa1b2c3d4 || bytes.readUInt32LE(0) === 0xa1b23c4d;
  let at = 24;
  for (let i = 0; i < packets; i++) at += 16 + (little ? bytes.readUInt32LE(at + 8) : bytes.readUInt32BE(at + 8));
  const part = path.join(live.folder, 'part.pcap');
  fs.writeFileSync(part, bytes.subarray(0, at));
  return part;
}

/** All that a reader sees; where and how large the file is differs. */
function seen({ capture, producer: _producer, ...rest }: Report): unknown {
  const { packets, capturedBytes, originalBytes, startTime, endTime, truncated } = capture;
  return { ...rest, capture: { packets, capturedBytes, originalBytes, startTime, endTime, truncated } };
}

describe.skipIf(missing !== null)('live analysis', () => {
  test.each([
    ['dumpcap', 1000, 4000],
    ['dumpcap', 20_000, 60_000],
    ['tcpdump', 1000, 4000],
    ['tcpdump', 20_000, 60_000],
  ])('of %s at %i packets a second counts what was sent, and ends as the analysis of the file', { timeout: 60_000 }, async (backend, rate, count) => {
    const run = live.start(['-i', 've0', '-f', 'udp port 9999', '-o', live.out(), '--backend', backend]);
    await listening(run);
    const { session, reports, updates } = watch(run.statuses.at(-1)!.file!);
    try {
      const startedMs = performance.now(),
        sent = await live.send(count, rate),
        secondsSending = (performance.now() - startedMs) / 1000;
      await until(() => (run.statuses.at(-1)?.packets ?? 0) + (run.statuses.at(-1)?.dropped ?? 0) >= sent).catch(() => undefined);
      run.child.kill('SIGINT');
      await run.done;
      const last = run.statuses.at(-1)!;
      expect(last.packets).toBe(sent - (last.dropped ?? 0));
      await expect.poll(async () => (await now(session)).capture.packets, { timeout: 15_000 }).toBe(last.packets);
      const shown = await now(session);
      expect(seen(shown)).toEqual(seen(await analysed(last.file!)));
      expect(shown.breakdown.reduce((sum, { packets }) => sum + packets, 0)).toBe(last.packets);
      // Counts only grow, and were shown while it was recorded.
      const counts = reports.map(({ capture }) => capture.packets);
      expect(counts).toEqual([...counts].sort((a, b) => a - b));
      expect(counts.filter((packets) => packets > 0 && packets < last.packets).length).toBeGreaterThan(0);
      // At least once a second.
      expect(updates.filter(({ packets }) => packets > 0).length).toBeGreaterThanOrEqual(Math.floor(secondsSending));
    } finally {
      session.dispose();
    }
  });

  test.skipIf(!hasProgram('nmap'))(
    'the findings of an nmap scan are in the first update that holds their packets, and each update says what an analysis of its packets says',
    { timeout: 90_000 },
    async () => {
      const run = live.start(['-i', 've0', '-o', live.out(), '--backend', 'tcpdump']);
      await listening(run);
      const file = run.statuses.at(-1)!.file!,
        { session, reports } = watch(file);
      try {
        await live.send(500, 500);
        const scan = live.net.run(live.net.left, ['nmap', '-n', '-Pn', '-sS', '-p1-1000', '--max-rate', '400', '10.77.0.2']);
        await Promise.all([live.send(1500, 500), new Promise((resolve) => scan.on('close', resolve))]);
        await until(() => (run.statuses.at(-1)?.packets ?? 0) >= 4000);
        run.child.kill('SIGINT');
        await run.done;
        await expect.poll(async () => (await now(session)).capture.packets, { timeout: 15_000 }).toBe(run.statuses.at(-1)!.packets);
        reports.push(await now(session));
      } finally {
        session.dispose();
      }
      const scans = ({ findings }: Report): string[] => findings.filter(({ detector }) => detector === 'port-scan').map(({ id }) => id);
      const found = reports.findIndex((report) => scans(report).length > 0);
      expect(reports[found]!.findings.find(({ detector }) => detector === 'port-scan')!.subjects).toContainEqual(
        expect.objectContaining({ role: 'attacker', address: '10.77.0.1' }),
      );
      // Not only at the end, and not before there was something to see.
      expect(found).toBeGreaterThan(0);
      expect(found).toBeLessThan(reports.length - 1);
      let before = -1;
      for (const report of reports) {
        const { packets } = report.capture;
        if (packets === before || packets === 0) continue;
        before = packets;
        const there = await analysed(firstPackets(file, packets));
        expect([packets, scans(report)]).toEqual([packets, scans(there)]);
        expect(report.breakdown).toEqual(there.breakdown);
        // What did not work well is said when all that is there was read.
        expect({ ...report.totals, troubles: 0 }).toEqual({ ...there.totals, troubles: 0 });
      }
    },
  );
});

test.skipIf(process.platform !== 'linux')(
  'a growing capture is read once: each update from its new bytes only, and comes within a second',
  { timeout: 60_000 },
  async () => {
    const folder = fs.mkdtempSync(path.join(process.env['TMPDIR'] ?? '/tmp', 'netsec-growing-'));
    try {
      // In a process of its own, whose reading the system counts (/proc/self/io, proc(5): rchar).
      const host = await bundleInto(folder, 'test/live/support/followingHost.ts', 'host.cjs');
      await bundleInto(folder, 'src/analysis/worker.node.ts', 'worker.cjs');
      const { followAndCount } = await import('./support/countedFollowing.ts');
      const { parts, bytes, readBytes, delaysMs, packets, expectedPackets } = await followAndCount(folder, host);
      expect(packets).toBe(expectedPackets);
      expect(delaysMs).toHaveLength(parts);
      // A part is shown within a second of being written; one that came while the machine stood still says nothing of us.
      expect(delaysMs.toSorted((a, b) => a - b)[Math.floor(delaysMs.length * 0.75)]).toBeLessThan(1000);
      // Reading all of it again each time would be (parts + 1) / 2 times its size.
      expect(readBytes).toBeGreaterThan(bytes * 0.9);
      expect(readBytes).toBeLessThan(bytes * 1.05 + 1e6);
    } finally {
      fs.rmSync(folder, { recursive: true, force: true });
    }
  },
);
