/** Comments of packets in pcapng, draft-ietf-opsawg-pcapng sections 3.5 and 4.3: blocks are written here by hand, in both byte orders. */
import { expect, test } from 'vitest';
import { openCaptureFile } from '../../src/analysis/captureFile.node.ts';
import { EVERYTHING } from '../../src/analysis/engineApi.ts';
import { selectFrames } from '../../src/analysis/filtering.ts';
import { readFields, wantedFields } from '../../src/analysis/readFields.ts';
import { CaptureSession } from '../../src/analysis/session.ts';

const COMMENT = 1,
  FLAGS = 2;
type Option = readonly [code: number, content: Uint8Array];

/** A section with one interface of Ethernet and a frame of 15 bytes for each list of options. */
function capture(frames: readonly (readonly Option[])[], littleEndian: boolean): Uint8Array {
  const bytes: number[] = [],
    u16 = (value: number): number[] => (littleEndian ? [value & 0xff, value >> 8] : [value >> 8, value & 0xff]),
    u32 = (value: number): number[] =>
      littleEndian ? [...u16(value & 0xffff), ...u16(value >>> 16)] : [...u16(value >>> 16), ...u16(value & 0xffff)],
    padded = (content: readonly number[]): number[] => [...content, ...new Array<number>(-content.length & 3).fill(0)],
    block = (type: number, body: readonly number[]): void => {
      bytes.push(...u32(type), ...u32(body.length + 12), ...body, ...u32(body.length + 12));
    };
  block(0x0a0d0d0a, [...u32(0x1a2b3c4d), ...u16(1), ...u16(0), ...u32(0xffffffff), ...u32(0xffffffff)]);
  block(1, [...u16(1), ...u16(0), ...u32(0)]);
  for (const options of frames) {
    const encoded = options.flatMap(([code, content]) => [...u16(code), ...u16(content.length), ...padded([...content])]);
    block(6, [
      ...[0, 0, 1000, 15, 15].flatMap(u32),
      ...padded([...new Array<number>(12).fill(2), 0x88, 0xb5, 0x77]),
      ...(encoded.length === 0 ? [] : [...encoded, ...u32(0)]),
    ]);
  }
  return Uint8Array.from(bytes);
}

const text = (words: string): Option => [COMMENT, new TextEncoder().encode(words)],
  flags: Option = [FLAGS, Uint8Array.of(1, 0, 0, 0)];
const FRAMES: readonly (readonly Option[])[] = [[], [text('slow from here'), flags, text('grün\u001b[31m <b>')], [flags], [flags, text('again')]];

async function open(bytes: Uint8Array): Promise<Extract<Awaited<ReturnType<typeof openCaptureFile>>, { ok: true }>['capture']> {
  const opened = await openCaptureFile({ kind: 'bytes', name: 'built.pcapng', bytes });
  if (!opened.ok) throw new Error(opened.message);
  return opened.capture;
}

async function comments(bytes: Uint8Array): Promise<(readonly string[])[]> {
  const { source, format } = await open(bytes),
    wanted = wantedFields(['frame.comment']),
    rows: (readonly string[])[] = [];
  if (!wanted.ok) throw new Error(wanted.message);
  await readFields(source, format, { filter: '', fields: wanted.entries, showSecrets: true, pace: () => Promise.resolve() }, ({ values }) =>
    rows.push(values[0]!),
  );
  return rows;
}

async function session(bytes: Uint8Array): Promise<CaptureSession> {
  const { source, format } = await open(bytes),
    one = new CaptureSession(
      source,
      format,
      { name: 'built.pcapng', fileBytes: bytes.length, format: format.id, compression: null, sha256: null, inflateStopped: null },
      { version: 'test', emit: () => undefined },
    );
  await one.read();
  return one;
}

test.each([true, false])('comments are read between other options, little-endian %s', async (littleEndian) => {
  expect(await comments(capture(FRAMES, littleEndian))).toEqual([[], ['slow from here', 'grün\u001b[31m <b>'], [], ['again']]);
});

test('a filter finds packets by their comments', async () => {
  const { source, format } = await open(capture(FRAMES, true)),
    frames = async (filter: string): Promise<number[]> => [...(await selectFrames(source, format, filter, undefined, {})).frames()];
  expect(await frames('frame.comment')).toEqual([2, 4]);
  expect(await frames('frame.comment contains "slow"')).toEqual([2]);
  expect(await frames('frame.comment matches "AGAIN$"')).toEqual([4]);
});

test('the details of a packet begin with its comments, and saved packets keep them', async () => {
  const one = await session(capture(FRAMES, true)),
    { signal } = new AbortController(),
    detail = await one.handlers.packet({ frame: 2 }, signal),
    said = detail?.tree[0]?.children.filter(({ name }) => name === 'frame.comment').map((node) => node.text);
  expect(said).toEqual(['slow from here', 'grün\u001b[31m <b>']);
  const saved = await one.handlers.savePackets({ selection: { ...EVERYTHING, filter: 'frame.number in {2, 3}' }, maxBytes: 1 << 20 }, signal);
  expect(saved).toMatchObject({ packets: 2, extension: 'pcapng' });
  expect(await comments(saved.bytes)).toEqual([['slow from here', 'grün\u001b[31m <b>'], []]);
});

test('of a capture without comments packets are saved as pcap', async () => {
  const one = await session(capture([[flags], []], true)),
    saved = await one.handlers.savePackets({ selection: EVERYTHING, maxBytes: 1 << 20 }, new AbortController().signal);
  expect(saved).toMatchObject({ packets: 2, extension: 'pcap' });
});

test('options that reach beyond their block, or are endless, are no comments', async () => {
  const whole = capture([[text('a')]], true),
    longer = Uint8Array.from(whole),
    at = whole.indexOf('a'.charCodeAt(0), 48) - 2;
  longer[at] = 200;
  expect(await comments(longer)).toEqual([[]]);
  expect((await comments(capture([new Array<Option>(5000).fill(text('x'))], true)))[0]).toHaveLength(64);
});
