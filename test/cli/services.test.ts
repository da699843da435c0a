/** `netsec services` from outside; its numbers are compared with tshark's in test/analysis/serviceTimes.test.ts. */
import fs from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { beforeAll, expect, test } from 'vitest';
import { bytesOf } from '../support/dialogue.ts';
import { ACK, FIN, PacketBuilder, PSH } from '../support/packetBuilder.ts';
import { connection, HANDSHAKE } from '../support/services.ts';
import { buildCli } from './support/buildCli.ts';
import { netsec, SAMPLES } from './support/capture.ts';

beforeAll(async () => {
  await buildCli();
});

const STORY = path.join(SAMPLES, 'capture_20261123_022453.pcap');

test('prints a line for each service, the slowest first, and what is left out', async () => {
  const { status, stdout } = await netsec(['services', STORY, '--limit', '2']);
  expect(status).toBe(0);
  const lines = stdout.split('\n');
  expect(lines[0]).toBe('10 services, 2 of them shown');
  // 80 columns: times of connecting and requests have no room.
  expect(lines[1]).toMatch(/^ {2}server +port +service +conns +failed +answer +95 % +max +frame +errors$/);
  expect(lines[2]).toMatch(/^ {2}10\.20\.0\.20 +22 +SSH +2 +17 ms +52 ms +52 ms +88$/);
  expect(lines[3]).toMatch(/^ {2}10\.20\.0\.10 +80 +HTTP +8 +15 ms +20 ms +20 ms +201 +1$/);
  expect(stdout).toMatch(/ports of 10\.20\.0\.20 that let nobody in are not listed/);
});

test('says what went wrong, with the frame of the first', async () => {
  const { stdout } = await netsec(['services', path.join(SAMPLES, 'web-browsing.pcap')]);
  // tshark -Y tls.alert_message.level==2: frame 277, Unknown CA (48), of the client.
  expect(stdout.replace(/\s+/g, ' ')).toContain('10.20.0.11 443: 400 [frame 288], TLS alert of the client: Unknown CA (48) [frame 277]');
});

/** The head of a response of 50,000 bytes, and nothing behind it. */
function stalled(): PacketBuilder {
  return connection(new PacketBuilder(), 8080, [
    ...HANDSHAKE,
    ['client', PSH | ACK, bytesOf('GET /big HTTP/1.1\r\nHost: shop.example\r\n\r\n'), 0.001],
    ['server', PSH | ACK, bytesOf('HTTP/1.1 200 OK\r\nContent-Length: 50000\r\n\r\n'), 7],
    ['client', FIN | ACK, 0, 0],
  ]);
}

test('a download that hangs does not look healthy', async () => {
  const folder = fs.mkdtempSync(path.join(os.tmpdir(), 'netsec-services-')),
    file = path.join(folder, 'stalled.pcap');
  fs.writeFileSync(file, stalled().bytes());
  const { stdout } = await netsec(['services', file]);
  fs.rmSync(folder, { recursive: true });
  const [, head, row] = stdout.split('\n');
  expect(head).toMatch(/^ {2}server +port +service +conns +failed .*no answer +answer /);
  expect(row).toMatch(/^ {2}10\.0\.0\.9 +8080 +HTTP +1 .* 1$/);
  expect(stdout).toContain('10.0.0.9 8080: 1 answer began and did not end');
});

test('what it is sorted by has a column, and columns in which nobody has anything have none', async () => {
  const lossy = path.join(SAMPLES, 'lossy-download.pcap');
  // tshark -Y tcp.analysis.retransmission: 12 frames.
  expect((await netsec(['services', lossy, '--sort', 'retransmissions'])).stdout).toMatch(/resent\n {2}10\.20\.0\.10 .* 12\n/);
  expect((await netsec(['services', lossy])).stdout).not.toMatch(/no answer|zero win/);
});

test('times of less than ten milliseconds keep the digits that tell them apart', async () => {
  const { stdout } = await netsec(['services', STORY, '--filter', 'dns']);
  // tshark -Y dns.time -T fields -e dns.time: of 62 answers the slowest took 0.001588 s, 95 % no more than 0.000554 s.
  expect(stdout).toMatch(/192\.168\.10\.1 +53 +DNS .* 554 µs +1\.6 ms/);
});

test('as JSON, under a filter, in another order', async () => {
  const { stdout } = await netsec(['services', STORY, '--json', '--filter', 'dns or http', '--sort', 'errors']);
  const { rows, total } = JSON.parse(stdout) as { rows: { id: string; errors: number }[]; total: number };
  expect([total, rows.map(({ id, errors }) => [id, errors])]).toEqual([
    2,
    [
      ['udp 192.168.10.1 53', 4],
      ['tcp 10.20.0.10 80', 1],
    ],
  ]);
});

test('a filter that leaves nothing says so, and nothing of the capture', async () => {
  const { stdout } = await netsec(['services', STORY, '--filter', 'ip.addr == 9.9.9.9']);
  expect(stdout).toBe('None of 10 services has a packet that passes the filter.\n');
});

test('says what is wrong', async () => {
  for (const [args, message] of [
    [['--sort', 'colour'], '--sort wants one of answerMax'],
    [['--filter', 'ip.scr == 1'], 'ip.scr'],
  ] as const) {
    const { status, stderr } = await netsec(['services', STORY, ...args]);
    expect(status).toBe(2);
    expect(stderr).toContain(message);
  }
});
