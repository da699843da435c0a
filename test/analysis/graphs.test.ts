/** Values over time: against what tshark's fields add up to, step by step, and its own io,stat. */
import { describe, expect, test } from 'vitest';
import { EVERYTHING, type GraphLine, type GraphSeries, type Selection } from '../../src/analysis/engineApi.ts';
import { GraphSteps } from '../../src/analysis/graphs.ts';
import * as G from '../../src/analysis/tcpMarks.ts';
import { sample } from '../support/analyzeCapture.ts';
import { ACK, PacketBuilder, PSH } from '../support/packetBuilder.ts';
import { tsharkFields, tsharkIoStat, tsharkVersion } from '../support/tshark.ts';
import { withSession } from '../support/withSession.ts';

const ENDS = { from: '10.0.0.1', sourcePort: 40_000, to: '10.0.0.2', destinationPort: 80, flags: PSH | ACK };

const { signal } = new AbortController(),
  packets: GraphSeries = { filter: '', measure: 'packets', field: '' };

const lineOf = (
  capture: string | Uint8Array,
  series: Partial<GraphSeries>,
  intervalSeconds: number | null,
  selection: Partial<Selection> = {},
  mostSteps = 1000,
): Promise<GraphLine> =>
  withSession(capture, async (session) =>
    session.handlers.graph({ selection: { ...EVERYTHING, ...selection }, series: { ...packets, ...series }, intervalSeconds, mostSteps }, signal),
  );

/** What tshark says of a field in each frame, as a step's worth of numbers. */
function expected(
  capture: string,
  field: string,
  intervalSeconds: number,
  condition: (values: readonly string[]) => boolean,
  also: readonly string[],
) {
  const steps = new Map<number, { value: number; frame: number }[]>();
  for (const [frame, time, said = '', ...others] of tsharkFields(capture, ['frame.number', 'frame.time_relative', field, ...also])) {
    if (said === '' || !condition(others)) continue;
    const step = Math.floor(Math.round(Number(time) * 1e9) / Math.round(intervalSeconds * 1e9)),
      list = steps.get(step) ?? [];
    list.push(...said.split(',').map((value) => ({ value: Number(value), frame: Number(frame) })));
    steps.set(step, list);
  }
  return steps;
}

const close = (value: number | null): number | null => (value === null ? null : Number(value.toPrecision(9)));

describe.skipIf(tsharkVersion() === null)('against tshark', () => {
  test.each([
    ['lossy-download.pcap', 'frame.len', '', 0.05],
    ['lossy-download.pcap', 'tcp.analysis.ack_rtt', '', 0.02],
    ['lossy-download.pcap', 'tcp.window_size', 'tcp.srcport == 80', 0.1],
    ['capture_20261123_022453.pcap', 'dns.time', '', 1],
    ['lossy-download.pcap', 'tcp.len', 'tcp.analysis.retransmission', 0.1],
    ['capture_20261123_022453.pcap', 'dns.qry.type', '', 2],
    ['busy-services.pcap', 'tcp.analysis.bytes_in_flight', '', 0.005],
  ])('%s: %s %s in steps of %d s', async (name, field, filter, interval) => {
    const capture = sample(name),
      also = filter === '' ? [] : [filter.split(' ')[0]!],
      steps = expected(
        capture,
        field,
        interval,
        ([value = '']) => filter === '' || (filter.includes('==') ? value.split(',').includes('80') : value !== ''),
        also,
      );
    expect(steps.size).toBeGreaterThan(1);
    await withSession(capture, async (session) => {
      for (const measure of ['count', 'sum', 'average', 'min', 'max'] as const) {
        const line = await session.handlers.graph(
          { selection: EVERYTHING, series: { filter, measure, field }, intervalSeconds: interval, mostSteps: 1 },
          signal,
        );
        expect([line.intervalSeconds, line.from]).toEqual([interval, 0]);
        const wanted = line.values.map((_, step) => {
          const values = (steps.get(step) ?? []).map(({ value }) => value),
            sum = values.reduce((a, b) => a + b, 0);
          if (measure === 'count') return values.length;
          if (measure === 'sum') return close(sum);
          if (values.length === 0) return null;
          return close(measure === 'average' ? sum / values.length : measure === 'min' ? Math.min(...values) : Math.max(...values));
        });
        expect(line.values.map(close), measure).toEqual(wanted);
        expect(Math.max(...steps.keys())).toBeLessThan(line.values.length);
        if (measure === 'max')
          for (const [step, values] of steps)
            expect(values.find(({ frame }) => frame === line.frames[step])?.value).toBe(Math.max(...values.map(({ value }) => value)));
      }
    });
  });

  test('packets and bytes are those of io,stat, whatever the filter', async () => {
    const capture = sample('capture_20261123_022453.pcap'),
      filters = ['', 'dns', 'tcp.flags.syn == 1 && tcp.flags.ack == 0', 'ip.addr == 10.20.0.10'];
    const rows = tsharkIoStat(capture, 5, filters);
    expect(rows.length).toBeGreaterThan(3);
    for (const [i, filter] of filters.entries()) {
      const [frames, bytes] = [await lineOf(capture, { filter }, 5), await lineOf(capture, { filter, measure: 'bytes' }, 5)];
      expect(frames.values).toEqual(rows.map((row) => row[i]!.frames));
      expect(bytes.values).toEqual(rows.map((row) => row[i]!.bytes));
    }
  });

  test.each([
    ['lossy-download.pcap', 0],
    ['busy-services.pcap', 2],
    ['capture_20261123_022453.pcap', 1],
  ])('the segments of %s, conversation %d', async (name, stream) => {
    const capture = sample(name),
      analysis = ['retransmission', 'out_of_order', 'lost_segment', 'duplicate_ack', 'zero_window'].map((bit) => `tcp.analysis.${bit}`);
    const numbers = ['tcp.seq', 'tcp.len', 'tcp.ack', 'tcp.window_size', 'tcp.analysis.ack_rtt', 'tcp.analysis.bytes_in_flight'];
    const said = tsharkFields(capture, [
      'frame.number',
      'tcp.stream',
      'frame.time_relative',
      'ip.src',
      'tcp.flags.ack',
      ...numbers,
      ...analysis,
    ]).filter(([, of]) => of === String(stream));
    const graph = await withSession(capture, async (session) => session.handlers.tcpGraph({ flow: `tcp:${stream}` }, signal));
    expect(said.length).toBeGreaterThan(3);
    const or = (value: number): string => (Number.isNaN(value) ? '' : String(value));
    const ours = Array.from(graph!.frames, (frame, i) => [
      frame,
      graph!.seconds[i]!.toFixed(9),
      (graph!.marks[i]! & G.MARK_FROM_B) === 0 ? graph!.conversation.a : graph!.conversation.b,
      ...[graph!.sequence[i]!, graph!.length[i]!, graph!.acknowledgment[i]!, graph!.window[i]!].map(or),
      Number.isNaN(graph!.roundTrip[i]!) ? '' : graph!.roundTrip[i]!.toFixed(9),
      or(graph!.inFlight[i]!),
      ...[G.MARK_RETRANSMISSION, G.MARK_OUT_OF_ORDER, G.MARK_LOST_BEFORE, G.MARK_DUPLICATE_ACK, G.MARK_ZERO_WINDOW].map(
        (mark) => (graph!.marks[i]! & mark) !== 0,
      ),
    ]);
    expect(ours).toEqual(
      said.map(([frame, , time, source, hasAck, seq, len, ack, window, rtt, flight, ...bits]) => [
        Number(frame),
        Number(time).toFixed(9),
        source,
        ...[seq, len, hasAck === '1' ? ack : '', window],
        rtt === '' ? '' : Number(rtt).toFixed(9),
        flight,
        ...bits.map((bit) => bit !== ''),
      ]),
    );
  });
});

describe('steps', () => {
  /** A frame each tenth of a second, longer by a byte each. */
  const build = (frames: number): Uint8Array => {
    const builder = new PacketBuilder();
    for (let i = 0; i < frames; i++) builder.tcp({ ...ENDS, payload: new Uint8Array(i + 1) }).wait(0.1);
    return builder.bytes();
  };

  test('are as fine as fits, and round', async () => {
    const capture = build(50);
    expect((await lineOf(capture, {}, null, {}, 100)).intervalSeconds).toBe(0.05);
    expect((await lineOf(capture, {}, null, {}, 10)).intervalSeconds).toBe(0.5);
    expect((await lineOf(capture, {}, null, {}, 1)).values).toEqual([50]);
    expect((await lineOf(capture, {}, 0.7)).values).toEqual([7, 7, 7, 7, 7, 7, 7, 1]);
    // A moment on the border of two steps begins the later one, whatever floating point makes of it.
    expect((await lineOf(capture, {}, 0.1)).values).toEqual(Array.from({ length: 50 }, () => 1));
  });

  test('of a time range count from the start of the capture and hold what lies in it', async () => {
    const line = await lineOf(build(50), {}, 0.5, { timeRange: { from: 1.2, to: 2.3 } });
    expect([line.from, line.values, line.frames]).toEqual([1, [3, 5, 3], [13, 16, 21]]);
  });

  test('under a filter of the selection hold what both select', async () => {
    expect((await lineOf(build(20), { filter: 'frame.number > 5' }, 0.5, { filter: 'frame.number <= 12' })).values).toEqual([0, 5, 2, 0]);
  });

  test('of a year are days, and of what is too fine the next that can be had', () => {
    const year = new GraphSteps({ from: 0, to: 365 * 86_400, timeless: 0 }, false);
    year.add(1, 365 * 86_400 - 1, 5);
    const line = year.line('sum', { intervalSeconds: null, mostSteps: 400 });
    expect([line.intervalSeconds, line.values.length, line.values[364]]).toEqual([86_400, 366, 5]);
    expect(year.line('packets', { intervalSeconds: 0.001, mostSteps: 10 }).intervalSeconds).toBeGreaterThanOrEqual(3600);
    const decades = new GraphSteps({ from: -1e9, to: 3e9, timeless: 2 }, false);
    decades.add(1, -1e9, 1);
    decades.add(2, 3e9, 1);
    const all = decades.line('packets', { intervalSeconds: null, mostSteps: 100 });
    expect(all.values.reduce<number>((sum, value) => sum + (value ?? 0), 0)).toBe(2);
    expect(all.values.length).toBeLessThanOrEqual(101);
    expect(all.limits).toEqual(['2 packets have no time and are not in it.']);
  });

  test.each([1e10, 1e13, 2 ** 64])('of clocks that are %d s apart are as few as asked for', (apart) => {
    for (const from of [-apart, 0]) {
      const steps = new GraphSteps({ from, to: from + apart, timeless: 0 }, false);
      steps.add(1, from, 1);
      steps.add(2, from + apart, 1);
      for (const intervalSeconds of [null, 0.001, 3600]) {
        const { values, frames } = steps.line('packets', { intervalSeconds, mostSteps: 300 });
        expect(values.length).toBeLessThanOrEqual(intervalSeconds === null ? 301 : 10_001);
        expect(values.reduce<number>((sum, value) => sum + (value ?? 0), 0)).toBe(2);
        expect([frames[0], frames.at(-1)]).toEqual([1, 2]);
      }
    }
  });

  test('a capture without packets has one empty step', async () => {
    expect((await lineOf(new PacketBuilder().bytes(), {}, null)).values).toEqual([0]);
  });

  test.each([
    [{ measure: 'average', field: 'http.host' }, /http\.host is neither a number/],
    [{ measure: 'max', field: 'dns.tim' }, /neither a field nor a protocol name; near to it .*dns\.time/],
    [{ measure: 'sum', field: '' }, /A field is needed/],
    [{ filter: 'tcp.port ==' }, /./],
  ] as const)('says what is wrong with %o', async (series, message) => {
    await expect(lineOf(build(3), series, null)).rejects.toThrow(message);
  });

  test('counts what is no number', async () => {
    expect((await lineOf(build(20), { measure: 'count', field: 'ip.src' }, 1)).values).toEqual([10, 10]);
  });
});

describe('a TCP conversation', () => {
  test('goes on beyond four gigabytes', async () => {
    const builder = new PacketBuilder();
    for (let i = 0; i < 6; i++) builder.tcp({ ...ENDS, sequence: (1000 + i * 0x3fff_ff00) >>> 0, payload: new Uint8Array(1000) }).wait(1);
    const graph = await withSession(builder.bytes(), async (session) => session.handlers.tcpGraph({ flow: 'tcp:0' }, signal)),
      first = graph!.sequence[0]!;
    expect(Array.from(graph!.sequence, (value) => value - first)).toEqual(Array.from({ length: 6 }, (_, i) => i * 0x3fff_ff00));
  });

  test.each(['tcp:7', 'udp:0', 'tcp:', 'tcp:-1', 'tcp:0x0', ''])('%j is none', async (flow) => {
    const capture = new PacketBuilder().tcp(ENDS).bytes();
    expect(await withSession(capture, async (session) => session.handlers.tcpGraph({ flow }, signal))).toBeNull();
  });
});
