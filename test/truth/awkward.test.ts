/** The awkward captures whose exact answers the README of the truth gives, because no single file of tshark's has them. */
import { describe, expect, test } from 'vitest';
import { openCaptureFile } from '../../src/analysis/captureFile.node.ts';
import { Analysis } from '../../src/analysis/engine.ts';
import { INTS, META, META_PROTOCOL } from '../../src/analysis/flowTable.ts';
import type { ConversationLayer, Report } from '../../src/analysis/report.ts';
import { analyzeCapture, hasShared, shared } from '../support/analyzeCapture.ts';

type Row = readonly [packetsAToB: number, bytesAToB: number, packetsBToA: number, bytesBToA: number];

const rows = (report: Report, layer: ConversationLayer, depth?: number): Row[] =>
  report.conversations
    .filter((row) => row.layer === layer && (depth === undefined || row.depth === depth))
    .map((row) => [row.packetsAToB, row.bytesAToB, row.packetsBToA, row.bytesBToA]);
const packets = (found: readonly Row[]): number[] => found.map(([there, , back]) => there + back).sort((a, b) => b - a);
const sum = (numbers: readonly number[]): number => numbers.reduce((a, b) => a + b, 0);
const frames = (report: Report, protocol: string): number => report.protocols.find((one) => one.protocol === protocol)?.packets ?? 0;

describe.skipIf(!hasShared)('captures with exact answers', () => {
  const read = (name: string): Promise<Report> => analyzeCapture(shared(name), { limit: Infinity });

  test('vxlan: outer and inner rows apart', async () => {
    const report = await read('format__vxlan.pcap');
    expect(['udp', 'vxlan', 'ip', 'tcp', 'dns'].map((protocol) => frames(report, protocol))).toEqual([100, 100, 100, 82, 16]);
    expect(rows(report, 'ip', 0)).toEqual([[100, 26_048, 0, 0]]);
    expect(packets(rows(report, 'ip', 1))).toEqual([82, 16, 2]);
    const udp = packets(rows(report, 'udp')),
      tcp = packets(rows(report, 'tcp'));
    expect([udp.length, sum(udp), tcp.length, sum(tcp)]).toEqual([22, 118, 4, 82]);
    expect(report.conversations.find(({ layer, depth }) => layer === 'ip' && depth === 1)!.via[0]).toMatch(/^vxlan \d+$/);
  });

  test('gtp1: fragments count for ip only', async () => {
    const report = await read('format__gtp1_gn_normal_incl_fragmentation.pcap');
    expect([frames(report, 'ip'), frames(report, 'udp')]).toEqual([108, 68]);
    expect([packets(rows(report, 'ip', 0)), packets(rows(report, 'ip', 1))]).toEqual([[108], [68]]);
    const [tcp, ...more] = rows(report, 'tcp');
    expect(more).toEqual([]);
    expect([tcp!.slice(0, 2), tcp!.slice(2)]).toEqual(
      expect.arrayContaining([
        [27, 3084],
        [41, 3194],
      ]),
    );
  });

  test('gre-within-gre: three levels, each frame once per row', async () => {
    const report = await read('format__gre-within-gre.pcap');
    expect(frames(report, 'ip')).toBe(628);
    expect([0, 1, 2].map((depth) => packets(rows(report, 'ip', depth)))).toEqual([[628], [628], [624, 2, 2]]);
    expect(report.conversations.filter(({ layer, depth }) => layer === 'eth' && depth > 0)).toEqual([]);
  });

  test('80211http: wlan instead of eth, with the radiotap header in the bytes', async () => {
    const report = await read('format__80211http.pcap');
    expect(rows(report, 'eth')).toEqual([]);
    for (const layer of ['wlan', 'tcp'] as const) {
      const [row, ...more] = rows(report, layer);
      expect(more, layer).toEqual([]);
      expect([row!.slice(0, 2), row!.slice(2)], layer).toEqual(
        expect.arrayContaining([
          [17, 6763],
          [9, 5069],
        ]),
      );
    }
  });

  test('amp.UDP.snmp: what ICMP errors quote is a protocol, but no conversation', async () => {
    const report = await read('dos__amp.UDP.snmp.src161.pcapng'),
      udp = packets(rows(report, 'udp'));
    expect([frames(report, 'udp'), frames(report, 'tcp'), udp.length, sum(udp), rows(report, 'tcp').length]).toEqual([4256, 117, 4045, 4079, 0]);
  });

  test('teardrop: UDP counts in the frame where reassembly completes', async () => {
    const opened = await openCaptureFile({ kind: 'path', path: shared('frag__teardrop.pcap') });
    if (!opened.ok) throw new Error(opened.message);
    const udpFrames: number[] = [];
    const analysis = new Analysis(opened.capture.source, opened.capture.format, {
      onFrame: (p, pass) => {
        if (pass.flow >= 0 && (analysis.state.flows.ints[pass.flow * INTS + META]! & META_PROTOCOL) === 17) udpFrames.push(p.frame);
      },
    });
    await analysis.advance();
    await opened.capture.close();
    expect(udpFrames).toContain(9);
    expect(udpFrames).not.toContain(8);
  });

  test('test010: no times', async () => {
    const { capture } = await read('format__test010.pcapng');
    expect([capture.startTime, capture.endTime, capture.durationSeconds]).toEqual([null, null, null]);
  });

  test('test202: not in time order', async () => {
    expect((await read('format__test202.pcapng')).capture.timeOrdered).toBe(false);
  });
});
