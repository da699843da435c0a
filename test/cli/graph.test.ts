/** `netsec graph` from outside; its numbers are compared with tshark's in test/analysis/graphs.test.ts. */
import path from 'node:path';
import { beforeAll, expect, test } from 'vitest';
import { buildCli } from './support/buildCli.ts';
import { netsec, SAMPLES } from './support/capture.ts';

beforeAll(async () => {
  await buildCli();
});

const LOSSY = path.join(SAMPLES, 'lossy-download.pcap');

test('prints a line for each step, with the bars of the first series', async () => {
  // tshark -q -z io,stat,0.2,,tcp.analysis.retransmission,MAX(tcp.analysis.ack_rtt)tcp.analysis.ack_rtt
  const { status, stdout } = await netsec([
    'graph',
    LOSSY,
    '-i',
    '0.2',
    '-s',
    '',
    '-s',
    'tcp.analysis.retransmission',
    '-s',
    'MAX(tcp.analysis.ack_rtt)',
    '-s',
    'BYTES()tcp',
  ]);
  expect(status).toBe(0);
  const lines = stdout.trimEnd().split('\n');
  expect(lines.slice(0, 4)).toEqual(['1: packets', '2: packets, tcp.analysis.retransmission', '3: max of tcp.analysis.ack_rtt', '4: bytes, tcp']);
  expect(
    lines.slice(4).map((line) =>
      line
        .trimStart()
        .replace(/ {2,}/g, '|')
        .replace(/[█▏▎▍▌▋▊▉]+$/, 'bar'),
    ),
  ).toEqual([
    'from|1|2|3|4',
    '0 s|114|3|51 ms|94.6 kB|bar',
    '0.2 s|114|8|21 ms|89.9 kB|bar',
    '0.4 s|17|1|256 ms|3.6 kB|bar',
    '0.6 s|2|0|27 ms|132 B|bar',
    'Steps of 200 ms from the first packet on; the bars are those of 1.',
  ]);
});

test('as CSV and JSON: times in seconds, no value where there is none, text that no spreadsheet calculates', async () => {
  const csv = await netsec(['graph', LOSSY, '-i', '0.3', '-s', 'AVG(dns.time)', '-s', 'frame contains "=HYPERLINK"', '--format', 'csv']);
  expect(csv.stdout.split('\n')).toEqual([
    'seconds,average of dns.time,"packets, frame contains ""=HYPERLINK"""',
    '0,0.000446,0',
    '0.3,0.000134,0',
    '0.6,,0',
    '',
  ]);
  const json = JSON.parse((await netsec(['graph', LOSSY, '-i', '0.3', '--filter', 'udp', '--format', 'json'])).stdout) as object;
  expect(json).toEqual({
    from: 0,
    intervalSeconds: 0.3,
    series: [{ title: 'packets', measure: 'packets', unit: 'packets', count: 8, values: [4, 4, 0], frames: [3, 232, 0] }],
  });
});

test('says what is wrong', async () => {
  for (const [args, message] of [
    [['-s', 'AVG(http.host)'], 'http.host is neither a number nor a length of time'],
    [['-s', 'MAX(dns.tim)'], 'dns.time'],
    [['-s', 'tcp.port =='], '^'],
    [['-i', '0'], '--interval wants seconds'],
    [['-i', '1e3'], '--interval wants seconds'],
    [['--format', 'png'], '--format wants one of text, csv, json'],
  ] as const) {
    const { status, stderr } = await netsec(['graph', LOSSY, ...args]);
    expect([status, stderr]).toEqual([2, expect.stringContaining(message)]);
  }
});

test('says where steps are coarser than asked for', async () => {
  const { status, stdout, stderr } = await netsec([
    'graph',
    path.join(SAMPLES, 'capture_20261123_022453.pcap'),
    '-i',
    '0.000001',
    '--format',
    'json',
  ]);
  expect(status).toBe(0);
  expect(stderr).toMatch(/^Steps of 1 µs would be too many: these are of \d+ ms\./m);
  expect((JSON.parse(stdout) as { series: { values: number[] }[] }).series[0]!.values.reduce((sum, value) => sum + value, 0)).toBe(1183);
});
