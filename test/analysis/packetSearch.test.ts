/** Find in Packets: what is found is what tshark's rows and filters have, and the next match is the next in the list as it is sorted. */
import { execFileSync } from 'node:child_process';
import { beforeAll, describe, expect, test } from 'vitest';
import { EVERYTHING, type PacketFound, type PacketSearch, type Selection, type Sort } from '../../src/analysis/engineApi.ts';
import { checkFilter } from '../../src/analysis/filtering.ts';
import { bytesFilter } from '../../src/analysis/packetSearch.ts';
import type { CaptureSession } from '../../src/analysis/session.ts';
import { nodePlatform } from '../../src/pcap/platform.node.ts';
import { installPlatform } from '../../src/pcap/platform.ts';
import { sample } from '../support/analyzeCapture.ts';
import { framesMatching, tsharkVersion } from '../support/tshark.ts';
import { withSession } from '../support/withSession.ts';

beforeAll(() => installPlatform(nodePlatform));

interface Asked {
  readonly selection?: Selection;
  readonly sort?: Sort | null;
}

function find(
  { handlers }: CaptureSession,
  search: Partial<PacketSearch>,
  { selection = EVERYTHING, sort = null }: Asked = {},
): Promise<PacketFound | null> {
  return Promise.resolve(
    handlers.findPacket({ selection, sort, search: { by: 'text', text: '', from: 0, backwards: false, ...search } }, new AbortController().signal),
  );
}

/** From match to match until the first comes again. */
async function all(session: CaptureSession, search: Partial<PacketSearch>, asked?: Asked): Promise<number[]> {
  const frames: number[] = [];
  for (let from = 0; ;) {
    const found = await find(session, { ...search, from }, asked);
    if (found === null || found.frame === frames[0]) return frames;
    frames.push(found.frame);
    expect([found.place, found.count >= frames.length]).toEqual([frames.length, true]);
    from = found.frame;
  }
}

/** Rows of `tshark -r` with this text, by its number. */
function rowsOfTshark(file: string, text: string): number[] {
  const lines = execFileSync('tshark', ['-n', '-r', file], { encoding: 'utf8', stdio: ['ignore', 'pipe', 'ignore'] }).split('\n');
  return lines.filter((line) => line.toLowerCase().includes(text.toLowerCase())).map((line) => Number(/^\s*(\d+)/.exec(line)![1]));
}

describe.runIf(tsharkVersion() !== null)('what is found is what tshark has', () => {
  test.each([
    ['web-browsing.pcap', 'get /report'],
    ['web-browsing.pcap', 'Retransmission'],
    ['web-browsing.pcap', '192.168.10.22'],
    ['dns.pcap', 'standard query response'],
    ['ftp.pcap', 'PASS '],
  ])('%s: the text %s', async (name, text) => {
    const file = sample(name);
    await withSession(file, async (session) => expect(await all(session, { text })).toEqual(rowsOfTshark(file, text)));
  });

  test.each([
    ['filter', 'tcp.flags.reset == 1', 'tcp.flags.reset == 1'],
    ['bytes', '47 45 54 20', 'frame contains 47:45:54:20'],
    ['bytes', '48545450', 'frame contains 48:54:54:50'],
    ['bytes', 'report.bin', 'frame contains "report.bin"'],
  ] as const)('by %s: %s', async (by, text, filter) => {
    const file = sample('web-browsing.pcap');
    await withSession(file, async (session) => expect(await all(session, { by, text })).toEqual(framesMatching(file, filter)));
  });
});

test('it goes on from a frame, both ways, and around the ends', async () => {
  await withSession(sample('web-browsing.pcap'), async (session) => {
    // Frames as tshark numbers them: 101 and 301.
    const text = 'GET /report.bin';
    expect(await find(session, { text, from: 101 })).toEqual({ frame: 301, index: 300, place: 2, count: 2 });
    expect(await find(session, { text, from: 301 })).toEqual({ frame: 101, index: 100, place: 1, count: 2 });
    expect(await find(session, { text, from: 101, backwards: true })).toEqual({ frame: 301, index: 300, place: 2, count: 2 });
    expect(await find(session, { text, from: 0, backwards: true })).toMatchObject({ frame: 301 });
    expect(await find(session, { text: 'GET /logo.png', from: 18 })).toMatchObject({ frame: 18, place: 1, count: 1 });
    expect(await find(session, { text: 'nothing says this' })).toBeNull();
    expect(await find(session, { text: '  ' })).toBeNull();
  });
});

test('only what is in the list is found, in the order in which it is sorted', async () => {
  await withSession(sample('web-browsing.pcap'), async (session) => {
    const selection = { ...EVERYTHING, filter: 'ip.addr == 192.168.10.22' },
      sort = { column: 'number', descending: true };
    expect(await all(session, { text: 'GET /' }, { selection })).toEqual([51, 57, 59, 286]);
    expect(await all(session, { text: 'GET /' }, { selection, sort })).toEqual([286, 59, 57, 51]);
    const found = await find(session, { text: 'GET /', from: 286 }, { selection, sort });
    const { rows } = await session.handlers.packets({ selection, sort, offset: found!.index, limit: 1 }, new AbortController().signal);
    expect(rows.map(({ frame }) => frame)).toEqual([59]);
  });
});

test('what is wrong with it is said', async () => {
  await withSession(sample('dns.pcap'), async (session) => {
    await expect(find(session, { by: 'filter', text: 'no.such.field == 1' })).rejects.toThrow('no.such.field');
  });
});

test('a search that nobody waits for any more is given up', async () => {
  await withSession(sample('web-browsing.pcap'), async (session) => {
    const controller = new AbortController();
    controller.abort();
    await expect(
      Promise.resolve(
        session.handlers.findPacket(
          { selection: EVERYTHING, sort: null, search: { by: 'text', text: 'GET', from: 0, backwards: false } },
          controller.signal,
        ),
      ),
    ).rejects.toThrow();
    // Nothing of it is taken for an answer.
    expect(await find(session, { text: 'GET /' })).toMatchObject({ frame: 10, count: 13 });
  });
});

test.each([
  ['47 45 54', 'frame contains 47:45:54'],
  ['47:45:54', 'frame contains 47:45:54'],
  ['0xff', 'frame contains 0xff'],
  ['"ff"', 'frame contains "ff"'],
  ['say "x"\\', 'frame contains "say \\"x\\"\\\\"'],
])('%s are the bytes %s', (text, filter) => {
  expect(bytesFilter(text)).toBe(filter);
  expect(checkFilter(filter).ok).toBe(true);
});
