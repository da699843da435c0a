/**
 * What must hold for any bytes: opening gives a capture or one clear sentence; both depths of dissection come to an end without an exception,
 * without `decode()` having to catch one, and without saying ever more; the report is complete and fits its schema.
 */
import { vi } from 'vitest';
import { Analysis } from '../../../src/analysis/analyze.ts';
import { openCaptureFile } from '../../../src/analysis/captureFile.node.ts';
import { detectorsWithDefaults } from '../../../src/analysis/detectorOptions.ts';
import { makeReport } from '../../../src/analysis/makeReport.ts';
import type { Report } from '../../../src/analysis/report.ts';
import type { ByteSource } from '../../../src/pcap/byteSource.ts';
import type { CaptureFormat } from '../../../src/pcap/captureFormat.ts';
import type { FieldSink } from '../../../src/pcap/dissector.ts';
import { Packet } from '../../../src/pcap/packet.ts';
import { nodePlatform } from '../../../src/pcap/platform.node.ts';
import { installPlatform } from '../../../src/pcap/platform.ts';
import { reportProblems } from '../../support/reportSchema.ts';

installPlatform(nodePlatform);

/** Fields and lines that one byte of a file may make a dissector say; an endless loop says more. */
const SAYINGS_PER_BYTE = 64;

/** Watches what `decode()` says when it had to catch an exception. */
const failures: string[] = [];
const malformed = Packet.prototype.malformed;
vi.spyOn(Packet.prototype, 'malformed').mockImplementation(function (this: Packet, text, offset, end) {
  if (text.startsWith('a dissector failed')) failures.push(text);
  malformed.call(this, text, offset, end);
});

export type Examined = { readonly ok: true; readonly report: Report } | { readonly ok: false; readonly message: string };

/** Throws with everything that is wrong. */
export async function examineBytes(name: string, bytes: Uint8Array): Promise<Examined> {
  const opened = await openCaptureFile({ kind: 'bytes', name, bytes });
  if (!opened.ok) return { ok: false, message: clear(opened.message) };
  const { source, format, file } = opened.capture;
  try {
    return { ok: true, report: await examineSource(source, format, file) };
  } finally {
    await opened.capture.close();
  }
}

/** The plain pass with detectors and the report of it; then every field of every frame. */
export async function examineSource(
  source: ByteSource,
  format: CaptureFormat,
  about: { readonly name: string; readonly compression?: string | null; readonly inflateStopped?: string | null; readonly fileBytes?: number },
): Promise<Report> {
  failures.length = 0;
  const file = { sha256: null, compression: null, inflateStopped: null, fileBytes: source.size, format: format.id, ...about };
  const analysis = new Analysis(source, format, { index: true, detectors: detectorsWithDefaults() });
  await analysis.advance();
  const report = makeReport(analysis, file, { version: 'test' });
  await new Analysis(source, format, { sink: boundedSink(1e6 + source.size * SAYINGS_PER_BYTE) }).advance();
  const problems = [...reportProblems(report), ...new Set(failures)];
  if (report.capture.truncated !== null) clear(report.capture.truncated.message);
  if (problems.length > 0) throw new Error(`${about.name}: ${problems.slice(0, 20).join('\n')}`);
  return report;
}

function boundedSink(limit: number): FieldSink {
  let said = 0;
  const say = (): void => {
    said += 1;
    if (said > limit) throw new Error('the dissectors say far more than there are bytes');
  };
  // `note` repeats what `malformed` said and comes from within it: throwing there would look like a dissector's mistake.
  return { wantsText: true, layer: say, add: say, open: say, close: say, info: say, note: () => undefined };
}

/** One sentence for a person: it ends like one, fits on a few lines and holds nothing of a programmer's. */
export function clear(message: string): string {
  if (!/^\S.{10,400}[.]$/s.test(message) || /undefined|NaN|\[object|at \w+ \(/.test(message))
    throw new Error(`not a clear sentence: ${JSON.stringify(message)}`);
  return message;
}
