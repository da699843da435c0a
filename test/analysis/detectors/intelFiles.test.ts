/** Transferred files with a listed hash. Hashes are those of `sha256sum`, `sha1sum` and `md5sum` over what `tshark --export-objects` writes of the samples. */
import { createHash } from 'node:crypto';
import { expect, test } from 'vitest';
import { Analysis, detectorsWithDefaults, makeReport } from '../../../src/analysis/engine.ts';
import { intelMatch } from '../../../src/analysis/detectors/intelMatch.ts';
import { parseIntel } from '../../../src/analysis/intelEntries.ts';
import type { Report } from '../../../src/analysis/report.ts';
import { bufferSource } from '../../../src/pcap/byteSource.ts';
import { formats } from '../../../src/pcap/openCapture.ts';
import { installPlatform } from '../../../src/pcap/platform.ts';
import { nodePlatform } from '../../../src/pcap/platform.node.ts';
import { analyzeCapture, findingsOf, sample } from '../../support/analyzeCapture.ts';
import { ACK, FIN, PacketBuilder, PSH, SYN } from '../../support/packetBuilder.ts';

installPlatform(nodePlatform);

const CLIENT = '192.168.10.21',
  TEXT = 'a file that a list names\n'.repeat(40),
  SHA256 = createHash('sha256').update(TEXT).digest('hex'),
  bytesOf = (text: string): Uint8Array => Buffer.from(text, 'latin1');

async function told(capture: string | Uint8Array, list: string) {
  const report = await analyzeCapture(capture, { intel: parseIntel(list, 'hashes.txt').entries });
  return { findings: findingsOf(report, 'intel-match'), report, coverage: coverageOf(report) };
}
const coverageOf = (report: Report) => report.coverage.find(({ detector }) => detector === 'intel-match')!;

/** The same hash but for its last digit. */
const beside = (hash: string): string => hash.slice(0, -1) + (hash.endsWith('0') ? '1' : '0');

test.each([
  // Frames: where tshark has the response, the read response, the write request, the data.
  ['a page', 'web-browsing.pcap', 'dcac166b2eaa64cec1f43bed1272c2c6acedd51b09911cef05445b423f27f157', 'about.html', '10.20.0.10', 80, 38],
  ['a page over HTTP/2', 'web-http2.pcap', 'dcac166b2eaa64cec1f43bed1272c2c6acedd51b09911cef05445b423f27f157', 'about.html', '10.20.0.10', 80, 43],
  [
    'an opened page over HTTP/3',
    'web-http3-keys.pcapng',
    'dcac166b2eaa64cec1f43bed1272c2c6acedd51b09911cef05445b423f27f157',
    'about.html',
    '10.20.0.10',
    443,
    13,
  ],
  ['a picture by its MD5', 'web-browsing.pcap', 'b64dae10441b337df1a983d39a13ee18', 'logo.png', '10.20.0.10', 80, 0],
  ['a file of a share', 'smb-session.pcap', '0ed0d6fbaffb94671f04be74cfb7eac05e20b016a4d1502f51cdb2dfc812bf1f', 'notes.txt', '10.20.0.20', 445, 45],
  ['a file of a share by its SHA-1', 'smb-session.pcap', 'e8d2b70edf965784bfa54e42693cb3cf95936077', 'notes.txt', '10.20.0.20', 445, 45],
  [
    'a file over FTP',
    'ftp-many-files.pcap',
    'c942faa6fe2ef9a40eabba9fdebc24d35ac433991578395fd035bb497f4f6447',
    'page00.txt',
    '10.20.0.20',
    undefined,
    141,
  ],
])('%s', async (_, name, hash, file, server, port, frame) => {
  const { findings } = await told(sample(name), hash);
  expect(findings).toMatchObject([
    {
      severity: 'high',
      subjects: [
        { role: 'client', address: CLIENT },
        { role: 'server', address: server },
      ],
    },
  ]);
  expect(findings[0]!.subjects[1]!.port).toBe(port);
  expect(findings[0]!.title).toMatch(new RegExp(`^${server} sent ${CLIENT} ${file}, whose (SHA-256|SHA-1|MD5) a list names$`));
  if (frame > 0) expect(findings[0]!.evidence.frames).toContain(frame);
  expect(findings[0]!.evidence.flows.length).toBeGreaterThan(0);
  expect((await told(sample(name), beside(hash))).findings).toEqual([]);
});

test('what a client writes to a share, and attaches to a mail, is told as sent by it', async () => {
  const share = await told(sample('smb-session.pcap'), '427f93cafd9cc19be6eec03e590c9c6cdf9f688a5eaf21fa8d72351e2b15fd05');
  expect(share.findings[0]!.title).toBe(`${CLIENT} sent 10.20.0.20 hello.txt, whose SHA-256 a list names`);
  expect(share.findings[0]!.evidence.frames).toEqual([51]);
  expect(share.findings[0]!.subjects).toMatchObject([{ role: 'client', address: CLIENT }, { role: 'server' }]);
  // Python's email module takes note.txt out of the mail that tshark exports.
  const mail = await told(sample('smtp.pcap'), '00a6f43b789c5cd4af57847df1a96e08edef5279e00674b5f16a32e17a0d2013');
  expect(mail.findings).toMatchObject([{ title: `${CLIENT} sent 10.20.0.20 note.txt, whose SHA-256 a list names` }]);
});

test('the indicators of compromise hold the hash, and the incident tells who fetched it', async () => {
  const { report } = await told(sample('web-browsing.pcap'), 'b64dae10441b337df1a983d39a13ee18');
  expect(report.indicatorsOfCompromise).toContainEqual(expect.objectContaining({ type: 'md5', value: 'b64dae10441b337df1a983d39a13ee18' }));
  expect(report.incidents.map(({ title }) => title).join()).not.toContain('{whom}');
});

/** RFC 1350: the server answers from a port of its own. */
function overTftp(): Uint8Array {
  const there = { from: CLIENT, to: '10.20.0.9', sourcePort: 2000, destinationPort: 3000 },
    back = { from: '10.20.0.9', to: CLIENT, sourcePort: 3000, destinationPort: 2000 },
    builder = new PacketBuilder().udp({ ...there, destinationPort: 69, payload: bytesOf('\0\x01boot.bin\0octet\0') });
  for (let block = 1; (block - 1) * 512 <= TEXT.length; block++) {
    builder.udp({ ...back, payload: bytesOf(`\0\x03\0${String.fromCharCode(block)}${TEXT.slice((block - 1) * 512, block * 512)}`) });
    builder.udp({ ...there, payload: bytesOf(`\0\x04\0${String.fromCharCode(block)}`) });
  }
  return builder.bytes();
}

test('a file over TFTP is told with its blocks, and with the server that was asked', async () => {
  const { findings } = await told(overTftp(), SHA256);
  expect(findings).toMatchObject([
    {
      subjects: [
        { role: 'client', address: CLIENT },
        { role: 'server', address: '10.20.0.9' },
      ],
      evidence: { frames: [2, 4], flows: ['udp:1'] },
    },
  ]);
});

const there = { from: CLIENT, to: '10.20.0.9', sourcePort: 50_000, destinationPort: 80 },
  back = { from: '10.20.0.9', to: CLIENT, sourcePort: 80, destinationPort: 50_000 },
  ANSWER = `HTTP/1.1 200 OK\r\nContent-Length: ${TEXT.length}\r\n\r\n${TEXT}`;

/** The answer in two segments, without those that are left out. */
function overWeb(left: 'all' | 'none' = 'all'): Uint8Array {
  const builder = new PacketBuilder()
    .tcp({ ...there, flags: SYN, sequence: 0 })
    .tcp({ ...back, flags: SYN | ACK, sequence: 0, acknowledgment: 1 })
    .tcp({ ...there, flags: PSH | ACK, sequence: 1, acknowledgment: 1, payload: bytesOf('GET /x.bin HTTP/1.1\r\nHost: a.example\r\n\r\n') })
    .tcp({ ...back, flags: ACK, sequence: 1, acknowledgment: 41, payload: bytesOf(ANSWER.slice(0, 600)) });
  if (left === 'all') builder.tcp({ ...back, flags: PSH | ACK, sequence: 601, acknowledgment: 41, payload: bytesOf(ANSWER.slice(600)) });
  return builder
    .tcp({ ...back, flags: FIN | ACK, sequence: 1 + ANSWER.length, acknowledgment: 41 })
    .tcp({ ...there, flags: FIN | ACK, sequence: 41, acknowledgment: 2 + ANSWER.length })
    .bytes();
}

test('a file that is not whole in the capture is said not to have been compared', async () => {
  const whole = await told(overWeb(), SHA256);
  expect([whole.findings.length, whole.coverage.status]).toEqual([1, 'found']);
  const cut = await told(overWeb('none'), SHA256);
  expect(cut.findings).toEqual([]);
  expect(cut.coverage).toMatchObject({ status: 'partial', why: expect.stringContaining('hashes of 1 file') as string });
});

test('a file that comes while the capture grows is told as soon as it is there', async () => {
  const bytes = overWeb(),
    format = formats.find((one) => one.sniff(bytes))!;
  let size = 24 + 4 * 70;
  const whole = bufferSource(bytes),
    growing = {
      ...whole,
      get size() {
        return size;
      },
      read: (into: Uint8Array, offset: number, length: number, position: number) =>
        whole.read(into, offset, Math.max(0, Math.min(length, size - position)), position),
    };
  const analysis = new Analysis(growing, format, { detectors: detectorsWithDefaults(), intel: parseIntel(SHA256, 'l').entries });
  const now = async (): Promise<number> => {
    await analysis.advance();
    const about = { name: 'a.pcap', fileBytes: size, format: 'pcap', compression: null, sha256: null, inflateStopped: null };
    return findingsOf(makeReport(analysis, about, { version: 'test' }), 'intel-match').length;
  };
  expect(await now()).toBe(0);
  size = bytes.length;
  expect(await now()).toBe(1);
});

test('lists without a hash ask for no files', () => {
  const filesFor = (list: string): unknown => {
    const analysis = new Analysis(bufferSource(new Uint8Array()), formats[0]!, {
      detectors: [{ detector: intelMatch, options: {} }],
      intel: parseIntel(list, 'l').entries,
    });
    return analysis.detectors[0]!.run.files?.hashes;
  };
  expect(filesFor('bad.example\n192.0.2.1\nhttp://bad.example/x')).toBeUndefined();
  // A heading says that these are no files.
  expect(filesFor('# ja3_md5,Firstseen\ne7d705a3286e19ea42f587b344ee6865,2026-01-01')).toBeUndefined();
  expect(filesFor('e7d705a3286e19ea42f587b344ee6865\ne8d2b70edf965784bfa54e42693cb3cf95936077')).toEqual(['sha1', 'md5']);
});
