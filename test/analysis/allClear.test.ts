/** The honest all-clear: "No threats found" only of all of a capture, with every check complete. The rule is at the end of docs/detections.md. */
import { describe, expect, test } from 'vitest';
import { Analysis } from '../../src/analysis/analyze.ts';
import { detectorsWithDefaults } from '../../src/analysis/detectorOptions.ts';
import { EVERYTHING } from '../../src/analysis/engineApi.ts';
import { notExamined } from '../../src/analysis/exports/overview.ts';
import { makeReport } from '../../src/analysis/makeReport.ts';
import type { Report } from '../../src/analysis/report.ts';
import { CaptureSession } from '../../src/analysis/session.ts';
import { bufferSource } from '../../src/pcap/byteSource.ts';
import { pcap } from '../../src/pcap/formats/pcap.ts';
import { ACK, PacketBuilder, PSH, SYN } from '../support/packetBuilder.ts';

const FILE = { name: 'a.pcap', fileBytes: 0, format: 'pcap', compression: null, sha256: null, inflateStopped: null } as const;

/** A short conversation that nothing is wrong with; its payload begins like nothing that is known. */
function quiet(payload = new Uint8Array(40), snapLength = 262_144): Uint8Array {
  const client = { from: '10.0.0.1', to: '10.0.0.2', sourcePort: 50_000, destinationPort: 8123 },
    server = { from: '10.0.0.2', to: '10.0.0.1', sourcePort: 8123, destinationPort: 50_000 };
  return new PacketBuilder(snapLength)
    .tcp({ ...client, flags: SYN, sequence: 99 })
    .wait(0.01)
    .tcp({ ...server, flags: SYN | ACK, sequence: 499, acknowledgment: 100 })
    .wait(0.01)
    .tcp({ ...client, flags: ACK, sequence: 100, acknowledgment: 500 })
    .wait(0.01)
    .tcp({ ...client, flags: PSH | ACK, sequence: 100, acknowledgment: 500, payload })
    .wait(0.01)
    .tcp({ ...server, flags: ACK, sequence: 500, acknowledgment: 100 + payload.length })
    .bytes();
}

const sessionOf = (bytes: Uint8Array): CaptureSession =>
  new CaptureSession(bufferSource(bytes), pcap, FILE, { version: 'test', emit: () => undefined });
const reportOf = async (session: CaptureSession, filter = ''): Promise<Report> =>
  session.handlers.report({ selection: { ...EVERYTHING, filter }, limit: 10 }, new AbortController().signal);

describe('the status', () => {
  test('is clean of a whole capture that every tier-1 check is complete for', async () => {
    const session = sessionOf(quiet());
    await session.read();
    expect(await reportOf(session)).toMatchObject({ status: 'clean', statusText: 'No threats found' });
  });

  test('is none before the end was read; a filter takes it from no part', async () => {
    const session = sessionOf(quiet());
    expect(await reportOf(session)).toMatchObject({ status: 'incomplete' });
    await session.read();
    expect(await reportOf(session)).toMatchObject({ status: 'clean' });
    expect(await reportOf(session, 'frame.number <= 3')).toMatchObject({ status: 'clean', capture: { packets: 3 } });
  });

  test('is none where frames were cut within what they carry: checks of contents say so, those of headers are complete', async () => {
    const session = sessionOf(quiet(new Uint8Array(400), 96));
    await session.read();
    const report = await reportOf(session);
    expect(report.status).toBe('incomplete');
    const coverage = new Map(report.coverage.map((one) => [one.detector, one]));
    // 14 + 20 + 20 bytes of headers, so that 42 of 400 bytes are there.
    expect(coverage.get('exploit-attempt')).toMatchObject({
      status: 'partial',
      why: '1 frame was cut while capturing: 358 B of what it carried were not seen.',
    });
    expect(coverage.get('port-scan')!.status).toBe('clean');
    expect(coverage.get('syn-flood')!.status).toBe('clean');
    expect(notExamined(report).filter((text) => text.includes('358 B of what it carried'))).toHaveLength(1);
  });

  test('is none where segments were lost in capturing', async () => {
    const client = { from: '10.0.0.1', to: '10.0.0.2', sourcePort: 50_000, destinationPort: 8123 };
    const lost = new PacketBuilder()
      .tcp({ ...client, flags: SYN, sequence: 99 })
      .tcp({ ...client, flags: PSH | ACK, sequence: 100, acknowledgment: 500, payload: new Uint8Array(10) })
      .tcp({ ...client, flags: PSH | ACK, sequence: 150, acknowledgment: 500, payload: new Uint8Array(10) });
    const session = sessionOf(lost.bytes());
    await session.read();
    const report = await reportOf(session);
    expect(report.status).toBe('incomplete');
    expect(report.coverage.find(({ detector }) => detector === 'web-shell')).toMatchObject({
      status: 'partial',
      why: '40 B of TCP data were never captured.',
    });
  });

  test('is none of a capture without packets, of which no check says that it ran', async () => {
    const session = sessionOf(new PacketBuilder().bytes());
    await session.read();
    const report = await reportOf(session);
    expect(report).toMatchObject({ status: 'incomplete', statusText: 'There are no packets to examine' });
    expect(new Set(report.coverage.map(({ status }) => status))).toEqual(new Set(['skipped']));
  });

  test('is none of a damaged file, nor of one that could not be inflated to its end', async () => {
    const bytes = quiet();
    const cut = sessionOf(bytes.slice(0, -3));
    await cut.read();
    expect((await reportOf(cut)).statusText).toContain('(the file is damaged)');
    const analysis = new Analysis(bufferSource(bytes), pcap, { detectors: detectorsWithDefaults() });
    await analysis.advance();
    const report = makeReport(analysis, { ...FILE, compression: 'gzip', inflateStopped: 'It stopped.' }, { version: 'test' });
    expect(report).toMatchObject({ status: 'incomplete', capture: { truncated: { message: 'It stopped.' } } });
    expect(report.statusText).toContain('not all of the file could be inflated');
  });
});

test('what is encrypted is said, however little or much', async () => {
  const analysis = new Analysis(bufferSource(quiet()), pcap, { detectors: detectorsWithDefaults() });
  await analysis.advance();
  const { state } = analysis,
    said = (share: number): string => {
      state.encryptedBytes = state.originalBytes * share;
      return makeReport(analysis, FILE, { version: 'test' }).statusText;
    };
  expect(said(0)).toBe('No threats found');
  expect(said(0.62)).toBe('No threats found; 62 % of bytes are encrypted and were judged by behaviour only');
  expect(said(0.001)).toContain('; less than 1 % of bytes are encrypted');
  expect(said(0.999)).toContain('; more than 99 % of bytes are encrypted');
});
