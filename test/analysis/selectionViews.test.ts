/** What a filter costs: how often the file is read through for it. */
import { expect, test } from 'vitest';
import { CaptureSession } from '../../src/analysis/session.ts';
import { EVERYTHING } from '../../src/analysis/engineApi.ts';
import { bufferSource, type ByteSource } from '../../src/pcap/byteSource.ts';
import { pcap } from '../../src/pcap/formats/pcap.ts';
import { PacketBuilder } from '../support/packetBuilder.ts';

/** Has read all that the source holds, a pcap file. */
async function sessionOf(source: ByteSource, judges = true): Promise<CaptureSession> {
  const file = { name: 'a.pcap', fileBytes: source.size, format: pcap.id, compression: null, sha256: null, inflateStopped: null },
    session = new CaptureSession(source, pcap, file, { version: 'test', judges, emit: () => undefined });
  await session.read();
  return session;
}

test('who filters the packet list waits for one pass; the tables and the report of the same filter take one more, together', async () => {
  const builder = new PacketBuilder();
  for (let i = 0; i < 40; i++)
    builder.udp({ from: '10.0.0.1', to: '10.0.0.2', sourcePort: 5000 + (i % 4), destinationPort: 6000, payload: new Uint8Array(10) });
  const bytes = builder.bytes(),
    plain = bufferSource(bytes);
  let passes = 0;
  const source: ByteSource = {
    ...plain,
    read(into, offset, length, position) {
      // Single packets are read again in pieces that begin further on.
      if (length > bytes.length / 2 && position < 100) passes++;
      return plain.read(into, offset, length, position);
    },
  };
  const session = await sessionOf(source);
  expect(passes).toBe(1);
  const selection = { ...EVERYTHING, filter: 'udp.srcport == 5001' },
    { signal } = new AbortController(),
    query = { selection, search: '', sort: null, offset: 0, limit: 100 };
  const page = await session.handlers.packets({ selection, sort: null, offset: 0, limit: 0 }, signal);
  expect(page.total).toBe(10);
  const saved = await session.handlers.savePackets({ selection: { ...selection, filter: 'udp.srcport == 5002' }, maxBytes: 1 << 20 }, signal);
  expect(saved.packets).toBe(10);
  const after = passes;
  expect((await session.handlers.packets({ selection, sort: null, offset: 0, limit: 0 }, signal)).total).toBe(10);
  expect(passes).toBe(after);
  expect((await session.handlers.conversations({ ...query, layer: 'udp' }, signal)).total).toBe(1);
  expect((await session.handlers.report({ selection, limit: 10 }, signal)).capture.packets).toBe(10);
  expect(passes).toBe(after + 1);
  // The first pass, one for each of the two filters, and nothing else before the tables.
  expect(after).toBe(3);
});

test('who is interrupted gives up every pass that is under way, and can ask again', async () => {
  const builder = new PacketBuilder();
  for (let i = 0; i < 40; i++) builder.udp({ from: '10.0.0.1', to: '10.0.0.2', sourcePort: 5000, destinationPort: 53, payload: new Uint8Array(10) });
  const plain = bufferSource(builder.bytes());
  let isHeld = false,
    release = (): void => undefined;
  const source: ByteSource = {
    ...plain,
    async read(into, offset, length, position) {
      if (isHeld) await new Promise<void>((resolve) => (release = resolve));
      return plain.read(into, offset, length, position);
    },
  };
  const session = await sessionOf(source);
  const { signal } = new AbortController(),
    query = { selection: EVERYTHING, search: '', sort: null, offset: 0, limit: 10 },
    series = { filter: 'udp', measure: 'packets', field: '' } as const,
    asks = [
      // Of everything they are known from the reading.
      () => session.handlers.services({ ...query, selection: { ...EVERYTHING, filter: 'udp' } }, signal),
      () => session.handlers.files(query, signal),
      () => session.handlers.graph({ selection: EVERYTHING, series, intervalSeconds: null, mostSteps: 10 }, signal),
    ];
  for (const ask of asks) {
    isHeld = true;
    const asked = Promise.resolve(ask());
    const failed = expect(asked).rejects.toThrow('cancelled');
    // Until the pass waits for its first bytes.
    await new Promise((resolve) => setTimeout(resolve, 20));
    session.stop();
    isHeld = false;
    release();
    await failed;
    await expect(Promise.resolve(ask())).resolves.toBeDefined();
  }
});

test('who wants no findings gets no checks, and is never told that there are no threats', async () => {
  const builder = new PacketBuilder();
  for (let port = 1; port <= 60; port++) builder.tcp({ from: '10.0.0.66', to: '10.0.0.5', sourcePort: 40_000, destinationPort: port, flags: 2 });
  const source = bufferSource(builder.bytes()),
    { signal } = new AbortController();
  const reports = await Promise.all(
    [true, false].map(async (judges) => (await sessionOf(source, judges)).handlers.report({ selection: EVERYTHING, limit: 10 }, signal)),
  );
  expect(reports.map(({ findings }) => findings.some(({ detector }) => detector === 'port-scan'))).toEqual([true, false]);
  expect(reports[1]).toMatchObject({ findings: [], status: expect.not.stringMatching(/^clean$/) as string });
  expect(reports[1]!.coverage.filter(({ status }) => status !== 'skipped')).toEqual([]);
  expect(reports[1]!.capture).toEqual(reports[0]!.capture);
});
