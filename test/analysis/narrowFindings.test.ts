/** Findings under a filter or a time range: those of the whole capture that concern what is selected, and none that the selection makes up. */
import fs from 'node:fs';
import path from 'node:path';
import zlib from 'node:zlib';
import { beforeAll, describe, expect, test } from 'vitest';
import { EVERYTHING, type Selection } from '../../src/analysis/engineApi.ts';
import type { Report } from '../../src/analysis/report.ts';
import { CaptureSession } from '../../src/analysis/session.ts';
import { bufferSource } from '../../src/pcap/byteSource.ts';
import { pcap } from '../../src/pcap/formats/pcap.ts';
import { nodePlatform } from '../../src/pcap/platform.node.ts';
import { installPlatform } from '../../src/pcap/platform.ts';
import { PacketBuilder, SYN } from '../support/packetBuilder.ts';

installPlatform(nodePlatform);

const FILE = { name: 'a.pcap', fileBytes: 0, format: 'pcap', compression: null, sha256: null, inflateStopped: null } as const;

async function reader(bytes: Uint8Array): Promise<(selection?: Partial<Selection>) => Promise<Report>> {
  const session = new CaptureSession(bufferSource(bytes), pcap, FILE, { version: 'test', emit: () => undefined });
  await session.read();
  return async (selection = {}) => session.handlers.report({ selection: { ...EVERYTHING, ...selection }, limit: 1000 }, new AbortController().signal);
}

const detectorsOf = ({ findings }: Report): string[] => [...new Set(findings.map(({ detector }) => detector))].sort();

/** Its story, with addresses, ports and times, is in captures/break-in.md. */
describe('of the story of a break-in', () => {
  let reportOf: Awaited<ReturnType<typeof reader>>, whole: Report;
  beforeAll(async () => {
    reportOf = await reader(zlib.gunzipSync(fs.readFileSync(path.resolve(import.meta.dirname, '../../captures/break-in.pcap.gz'))));
    whole = await reportOf();
  });

  test('are those with evidence among the selected packets, unchanged', async () => {
    const ftp = await reportOf({ filter: 'tcp.port == 21' });
    expect(detectorsOf(ftp)).toEqual(['cleartext-credentials', 'insecure-protocol', 'port-scan', 'scanner-software']);
    for (const finding of ftp.findings) expect(whole.findings).toContainEqual(finding);
    expect(ftp.coverage).toEqual(whole.coverage);
    const { findings } = ftp;
    expect(ftp.statusText).toMatch(
      new RegExp(
        `^${findings.length} of ${whole.findings.length} findings concern what is selected, the worst of them medium; 6\\d of 6\\d checks run`,
      ),
    );
    expect(ftp.risk.score).toBeLessThan(whole.risk.score);
  });

  test('keep an incident while two of its findings are left', async () => {
    const ssh = await reportOf({ filter: 'tcp.port == 22' }),
      kept = new Set(ssh.findings.map(({ id }) => id)),
      [incident] = ssh.incidents;
    expect(incident!.title).toBe(whole.incidents[0]!.title);
    expect(incident!.findings.length).toBeGreaterThan(1);
    expect(incident!.findings.length).toBeLessThan(whole.incidents[0]!.findings.length);
    for (const id of [...incident!.findings, ...incident!.timeline.map(({ finding }) => finding)]) expect(kept).toContain(id);
    const upload = await reportOf({ filter: 'ip.addr == 203.0.113.80' });
    expect(upload.incidents).toEqual([]);
    expect(detectorsOf(upload)).toContain('data-exfiltration');
  });

  test('follow the time range', async () => {
    // The scan is over after four seconds, the upload begins after 40.
    const early = await reportOf({ timeRange: { from: 0, to: 4 } }),
      late = await reportOf({ timeRange: { from: 45, to: 60 } });
    expect(detectorsOf(early)).toContain('port-scan');
    expect(detectorsOf(early)).not.toContain('data-exfiltration');
    expect(detectorsOf(late)).toContain('data-exfiltration');
    expect(detectorsOf(late)).not.toContain('port-scan');
  });

  test('are none where nothing is selected, and that is no all-clear', async () => {
    const none = await reportOf({ filter: 'frame.number > 1000000' });
    expect(none).toMatchObject({ findings: [], incidents: [], indicatorsOfCompromise: [], status: 'incomplete', risk: { score: 0 } });
    expect(none.statusText).toMatch(/^Nothing found that concerns what is selected, 8 findings elsewhere in the capture; /);
  });

  test.each([
    'tcp.flags.syn == 1 and tcp.flags.ack == 0',
    'tcp.len > 0',
    'ip.src == 192.168.10.24',
    'ip.dst == 203.0.113.80',
    'tcp.flags.reset == 1',
  ])('are none that the part %s alone would make up', async (filter) => {
    const known = new Set(whole.findings.map(({ id }) => id));
    for (const { id } of (await reportOf({ filter })).findings) expect(known).toContain(id);
  });
});

test('a flood concerns each part of it, also where no frame of that part is named', async () => {
  const built = new PacketBuilder();
  for (let i = 0; i < 5000; i++) {
    built
      .tcp({ from: `198.51.${100 + (i >> 8)}.${i & 255}`, to: '10.0.0.9', sourcePort: 1024 + i, destinationPort: 80, flags: SYN, sequence: i })
      .wait(0.001);
  }
  const reportOf = await reader(built.bytes()),
    flood = (await reportOf()).findings.find(({ detector }) => detector === 'syn-flood')!;
  expect(flood.evidence.framesTotal).toBeGreaterThan(flood.evidence.frames.length);
  expect((await reportOf({ filter: 'frame.number == 4900' })).findings.map(({ id }) => id)).toContain(flood.id);
});
