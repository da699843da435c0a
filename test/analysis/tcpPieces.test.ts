/** Segments that belong together, in the details of a packet as in filters; what is told where a segment came too early or a piece was cut. */
import { describe, expect, test } from 'vitest';
import { EVERYTHING, type FieldNode } from '../../src/analysis/engineApi.ts';
import { CaptureSession } from '../../src/analysis/session.ts';
import { selectFrames } from '../../src/analysis/filtering.ts';
import { bufferSource } from '../../src/pcap/byteSource.ts';
import { pcap } from '../../src/pcap/formats/pcap.ts';
import { PacketBuilder } from '../support/packetBuilder.ts';
import { bytesOf } from '../support/streamDriver.ts';

const HEAD = 'HTTP/1.1 200 OK\r\nContent-Length: 30\r\n\r\n',
  BODY = 'abcdefghijklmnopqrstuvwxyz0123',
  ASKED = 'GET / HTTP/1.1\r\nHost: a\r\n\r\n';

/** A handshake, a question, and an answer in three segments in this order. */
function download(order: readonly number[], isClosed = true): Uint8Array {
  const builder = new PacketBuilder(),
    segment = (fromClient: boolean, flags: number, sequence: number, acknowledgment: number, payload = ''): void => {
      builder.tcp({
        from: fromClient ? '10.0.0.1' : '10.0.0.2',
        to: fromClient ? '10.0.0.2' : '10.0.0.1',
        sourcePort: fromClient ? 5000 : 80,
        destinationPort: fromClient ? 80 : 5000,
        flags,
        sequence,
        acknowledgment,
        payload: bytesOf(payload),
      });
    },
    answer = HEAD + BODY,
    cuts = [0, 20, HEAD.length + 10, answer.length];
  segment(true, 2, 0, 0);
  segment(false, 0x12, 0, 1);
  segment(true, 0x10, 1, 1);
  segment(true, 0x18, 1, 1, ASKED);
  for (const i of order) segment(false, 0x18, 1 + cuts[i]!, 1 + ASKED.length, answer.slice(cuts[i], cuts[i + 1]));
  if (isClosed) segment(false, 0x11, 1 + answer.length, 1 + ASKED.length);
  return builder.bytes();
}

async function frames(capture: Uint8Array, filter: string): Promise<number[]> {
  const selection = await selectFrames(bufferSource(capture), pcap, filter, undefined, {});
  return Array.from({ length: 12 }, (_, i) => i + 1).filter((frame) => selection.has(frame));
}

async function detail(capture: Uint8Array, frame: number): Promise<string[]> {
  const source = bufferSource(capture),
    file = { name: 'a', fileBytes: source.size, format: pcap.id, compression: null, sha256: null, inflateStopped: null },
    session = new CaptureSession(source, pcap, file, { version: 'test', emit: () => undefined }),
    said: string[] = [];
  await session.read();
  const packet = await session.handlers.packet({ frame }, new AbortController().signal);
  const visit = (nodes: readonly FieldNode[]): void => {
    for (const { name, text, children } of nodes) {
      if (/^tcp\.(?:segment|reassembled|completeness)/.test(name)) said.push(`${name}=${text}`);
      visit(children);
    }
  };
  visit(packet?.tree ?? []);
  expect(EVERYTHING.filter).toBe('');
  return said;
}

// tshark -2 -o tcp.reassemble_out_of_order:TRUE -r FILE -Y FILTER -T fields -e frame.number, of the same frames written to a file.
describe('an answer in three segments', () => {
  const inOrder = download([0, 1, 2]),
    early = download([0, 2, 1]);
  test.each([
    ['tcp.segment', [7]],
    ['tcp.segment == 5', [7]],
    ['tcp.segment.count == 3', [7]],
    ['tcp.reassembled.length == 69', [7]],
    ['tcp.reassembled_in == 7', [5, 6]],
    ['tcp.segment_data', [5, 6, 7]],
    ['tcp.segment_data contains "abc"', [6]],
    ['tcp.completeness == 31', [1, 2, 3, 4, 5, 6, 7, 8]],
    ['tcp.completeness == 15', []],
  ])('%s', async (filter, expected) => expect(await frames(inOrder, filter)).toEqual(expected));

  test('one of which came too early', async () => {
    expect(await frames(early, 'tcp.reassembled_in == 7')).toEqual([5, 6]);
    expect(await frames(early, 'tcp.segment_data')).toEqual([5, 6, 7]);
    expect(await frames(early, 'tcp.segment == 6')).toEqual([7]);
  });

  test('that is not ended is told as far as it goes', async () => {
    const open = download([0, 1], false);
    expect(await frames(open, 'tcp.segment_data')).toEqual([5, 6]);
    expect(await frames(open, 'tcp.reassembled_in')).toEqual([]);
    expect(await frames(open, 'tcp.completeness == 15')).toEqual([1, 2, 3, 4, 5, 6]);
  });

  test('in the details of its packets', async () => {
    expect(await detail(inOrder, 6)).toEqual([
      'tcp.completeness=Complete, WITH_DATA (31)',
      expect.stringMatching(/^tcp\.segment_data=/),
      'tcp.reassembled_in=7',
    ]);
    expect((await detail(inOrder, 7)).slice(2)).toEqual([
      'tcp.segments=',
      'tcp.segment=5',
      'tcp.segment=6',
      'tcp.segment=7',
      'tcp.segment.count=3',
      'tcp.reassembled.length=69 bytes',
    ]);
    expect(await detail(inOrder, 1)).toEqual(['tcp.completeness=Complete, WITH_DATA (31)']);
  });
});
