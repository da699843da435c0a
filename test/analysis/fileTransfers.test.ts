/** The files that passed: against what tshark exports of samples, and on conversations whose files the test made. */
import { createHash } from 'node:crypto';
import { brotliCompressSync, deflateRawSync, deflateSync, gzipSync } from 'node:zlib';
import { beforeAll, describe, expect, test } from 'vitest';
import { EVERYTHING, type FileRow, type FilesPage } from '../../src/analysis/engineApi.ts';
import { FileWatch } from '../../src/analysis/fileTransfers.ts';
import { createTables } from '../../src/pcap/decode.ts';
import { Packet } from '../../src/pcap/packet.ts';
import { nodePlatform } from '../../src/pcap/platform.node.ts';
import { installPlatform } from '../../src/pcap/platform.ts';
import { sample } from '../support/analyzeCapture.ts';
import { bytesOf, CLIENT, dialogue, SERVER, web, type DialogueOptions } from '../support/dialogue.ts';
import { PacketBuilder } from '../support/packetBuilder.ts';
import { exportedObjects, tsharkVersion } from '../support/tshark.ts';
import { withSession } from '../support/withSession.ts';

beforeAll(() => installPlatform(nodePlatform));

const sha256 = (bytes: Uint8Array | string): string => createHash('sha256').update(bytes).digest('hex');

interface Looked extends FilesPage {
  /** What is saved of each, by its id. */
  readonly saved: ReadonlyMap<string, Uint8Array>;
}

async function filesOf(capture: string | Uint8Array, filter = '', search = ''): Promise<Looked> {
  return withSession(capture, async ({ handlers }) => {
    const { signal } = new AbortController(),
      page = await handlers.files({ selection: { ...EVERYTHING, filter }, search, sort: null, offset: 0, limit: 10_000 }, signal),
      ids = page.rows.map(({ id }) => id),
      contents = await handlers.fileContents({ selection: EVERYTHING, ids, maxBytes: 64 << 20 }, signal);
    return { ...page, saved: new Map(contents.map(({ id, bytes }) => [id, bytes])) };
  });
}

/** One conversation over HTTP. */
const overWeb = (lines: Parameters<typeof dialogue>[0], options?: DialogueOptions): Promise<Looked> => filesOf(dialogue(lines, options).bytes());

/** The capture without these frames, and `move` with the frame at the end that is named first there. */
function without(capture: Uint8Array, frames: readonly number[], move: readonly number[] = []): Uint8Array {
  const view = new DataView(capture.buffer, capture.byteOffset, capture.byteLength),
    records: Uint8Array[] = [];
  for (let at = 24; at < capture.length;) {
    const next = at + 16 + view.getUint32(at + 8, true);
    records.push(capture.subarray(at, next));
    at = next;
  }
  const kept = records.filter((_, i) => !frames.includes(i + 1) && !move.includes(i + 1)),
    moved = move.map((frame) => records[frame - 1]!);
  return Buffer.concat([capture.subarray(0, 24), ...kept, ...moved]);
}

const latin1 = (bytes: Uint8Array): string => Buffer.from(bytes).toString('latin1');
const LONG = Array.from({ length: 900 }, (_, i) => `line ${i} of a text that needs several segments\n`).join('');

describe.runIf(tsharkVersion() !== null)('as tshark exports them', () => {
  test.each([
    ['web-browsing.pcap', ['http']],
    ['capture_20261123_022453.pcap', ['http']],
    ['executable-download.pcap', ['http']],
    ['web-proxy.pcap', ['http']],
    ['geneve.pcap', ['http']],
    ['dirb.pcap', ['http']],
    ['ftp-many-files.pcap', ['ftp-data']],
    ['smb-session.pcap', ['smb']],
    ['smb1-session.pcap', ['smb']],
  ] as const)('%s', async (name, protocols) => {
    const wanted = exportedObjects(sample(name), protocols),
      { rows, saved } = await filesOf(sample(name), '', protocols[0] === 'http' ? 'http' : '');
    const content = rows.filter(({ carrier }) => protocols[0] !== 'http' || carrier === 'http');
    expect(content.map(({ sha256: hash }) => hash).sort()).toEqual(wanted);
    expect([...saved].map(([, bytes]) => sha256(bytes)).sort()).toEqual(wanted);
    expect(wanted.length).toBeGreaterThan(0);
  });
});

describe('samples', () => {
  test('what it is, from whom to whom, whatever it is called', async () => {
    const { rows } = await filesOf(sample('executable-download.pcap'));
    // Hashes of what tshark exports.
    expect(
      rows.map(({ name, kind, isProgram, contentType, bytes, isComplete, sender, receiver, sha256: hash }) => [
        name,
        kind,
        isProgram,
        contentType,
        bytes,
        isComplete,
        sender,
        receiver,
        hash?.slice(0, 8),
      ]),
    ).toEqual([
      ['photo.png', 'PNG picture', false, 'image/png', 11_678, true, '10.20.0.10', '192.168.10.24', 'a83d9eea'],
      ['holiday.png', 'Linux program (ELF)', true, 'image/png', 35_664, true, '10.20.0.10', '192.168.10.24', 'c79bf442'],
      ['setup.sh', 'script', true, 'text/plain', 33, true, '10.20.0.10', '192.168.10.24', '8e9082bb'],
    ]);
  });

  test('what was lost and sent again is put together', async () => {
    const { rows } = await filesOf(sample('lossy-download.pcap'));
    // Of what `tshark -z follow,tcp,raw,0` has behind the head; its own export gives up.
    expect(rows.map(({ name, bytes, sha256: hash }) => [name, bytes, hash?.slice(0, 16)])).toEqual([
      ['report.bin', 160_000, '126d0e90d6d80ede'],
      ['about.html', 898, 'dcac166b2eaa64ce'],
    ]);
  });

  test('FTP in both ways to find the data connection', async () => {
    const { rows } = await filesOf(sample('ftp.pcap'));
    expect(rows.map(({ carrier, name, bytes, isComplete }) => [carrier, name, bytes, isComplete])).toEqual([
      ['ftp-data', 'notes.txt', 2763, true],
      ['ftp-data', 'table.csv', 9327, true],
      ['ftp-data', 'report.txt', 6230, true],
      ['ftp-data', 'firmware.bin', 4000, true],
    ]);
  });

  test('a mail and what it brings', async () => {
    const { rows, saved } = await filesOf(sample('smtp.pcap')),
      brought = rows.find(({ id }) => id.includes('/'))!;
    expect(rows.map(({ name, carrier, kind }) => [name, carrier, kind])).toEqual([
      ['lunch on Thursday.eml', 'smtp', 'mail'],
      ['lunch on Thursday.eml', 'smtp', 'mail'],
      ['note.txt', 'smtp', 'text'],
    ]);
    expect([brought.bytes, brought.note]).toEqual([1042, 'Attached to "lunch on Thursday.eml".']);
    // The line of one dot and QUIT are no part of it.
    expect(latin1(saved.get(rows[0]!.id)!)).toMatch(/^Date: [^]*Subject: lunch on Thursday\r\n[^]*The usual place at noon\?(?:\r\n)+$/);
  });

  test('over HTTP/2, HTTP/3 and TLS whose keys are known', async () => {
    for (const [name, carrier] of [
      ['web-http2.pcap', 'http2'],
      ['web-http3-keys.pcapng', 'http3'],
      ['web-tls-keys.pcapng', 'http'],
    ] as const) {
      const { rows, saved } = await filesOf(sample(name)),
        about = rows.filter((row) => row.name === 'about.html' && row.carrier === carrier).map(({ sha256: hash }) => hash);
      // The page that web-browsing.pcap has in clear, as tshark exports it.
      expect(about, name).toContain('dcac166b2eaa64cec1f43bed1272c2c6acedd51b09911cef05445b423f27f157');
      for (const row of rows) if (row.sha256 !== null) expect(sha256(saved.get(row.id)!), `${name} ${row.id}`).toBe(row.sha256);
    }
  });

  test('under a filter and a search', async () => {
    const all = await filesOf(sample('web-browsing.pcap')),
      some = await filesOf(sample('web-browsing.pcap'), 'http.response.code == 404'),
      found = await filesOf(sample('web-browsing.pcap'), '', 'png picture');
    expect(all.rows.length).toBe(17);
    expect(some.rows.map(({ name }) => name)).toEqual(['missing.html']);
    expect(found.rows.every(({ kind }) => kind === 'PNG picture') && found.total > 0).toBe(true);
  });
});

describe('bodies of HTTP', () => {
  test.each([
    ['gzip', gzipSync],
    ['x-gzip', gzipSync],
    ['deflate', deflateSync],
    ['deflate', deflateRawSync],
    ['br', brotliCompressSync],
  ] as const)('packed with %s it is unpacked', async (coding, pack) => {
    const { rows, saved } = await overWeb(
      web('/a.txt', { answer: latin1(pack(LONG)), answerHeaders: `Content-Encoding: ${coding}\r\nContent-Type: text/plain\r\n` }),
    );
    expect(rows.map(({ name, kind, bytes, sha256: hash, note }) => [name, kind, bytes, hash, note])).toEqual([
      ['a.txt', 'text', LONG.length, sha256(LONG), ''],
    ]);
    expect(latin1(saved.get(rows[0]!.id)!)).toBe(LONG);
  });

  test('in chunks, packed, and with a trailer', async () => {
    const packed = latin1(gzipSync(LONG)),
      cut = [packed.slice(0, 10), packed.slice(10, 2000), packed.slice(2000)]
        .map((part) => `${part.length.toString(16)};x=1\r\n${part}\r\n`)
        .join('');
    const { rows } = await overWeb([
      ['client', 'GET /b HTTP/1.1\r\nHost: example.org\r\n\r\n'],
      ['server', `HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\nContent-Encoding: gzip\r\n\r\n${cut}0\r\nX-Sum: 1\r\n\r\n`],
      ['client', 'GET /c HTTP/1.1\r\nHost: example.org\r\n\r\n'],
      ['server', 'HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok'],
    ]);
    expect(rows.map(({ path, sha256: hash, isComplete }) => [path, hash, isComplete])).toEqual([
      ['example.org/b', sha256(LONG), true],
      ['example.org/c', sha256('ok'), true],
    ]);
  });

  test('until the connection closes: complete only with its end', async () => {
    const lines = [
      ['client', 'GET /c.txt HTTP/1.0\r\n\r\n'],
      ['server', `HTTP/1.0 200 OK\r\n\r\n${LONG}`],
    ] as const;
    const open = await overWeb(lines);
    expect(open.rows.map(({ bytes, missing, isComplete, sha256: hash }) => [bytes, missing, isComplete, hash])).toEqual([
      [LONG.length, 0, false, null],
    ]);
    const ended = dialogue(lines).tcp({
      ...{ from: SERVER, to: CLIENT, sourcePort: 80, destinationPort: 40_000, flags: 0x11 },
      sequence: 5001 + lines[1][1].length,
    });
    const closed = await filesOf(ended.bytes());
    expect(closed.rows.map(({ isComplete, sha256: hash }) => [isComplete, hash])).toEqual([[true, sha256(LONG)]]);
  });

  test('segments that are missing are said, and leave no hash; the next file is whole', async () => {
    const whole = dialogue([...web('/d.txt', { answer: LONG }), ...web('/e.txt', { answer: 'next' })]).bytes();
    // Frames 4 and 5 are the request and the answer's head.
    const { rows, saved } = await filesOf(without(whole, [8, 9]));
    expect(rows.map(({ name, bytes, missing, isComplete, sha256: hash }) => [name, bytes, missing, isComplete, hash])).toEqual([
      ['d.txt', LONG.length - 2800, 2800, false, null],
      ['e.txt', 4, 0, true, sha256('next')],
    ]);
    const expected = bytesOf(LONG),
      from = LONG.length - saved.get(rows[0]!.id)!.length;
    expect(from).toBe(0);
    const holes = saved.get(rows[0]!.id)!;
    for (let i = 0; i < LONG.length; i++) if (holes[i] !== 0) expect(holes[i]).toBe(expected[i]);
    expect(holes.filter((byte) => byte === 0).length).toBe(2800);
  });

  test('segments that come late are put in order', async () => {
    const whole = dialogue(web('/f.txt', { answer: LONG })).bytes(),
      { rows } = await filesOf(without(whole, [], [9, 7, 12]));
    expect(rows.map(({ bytes, missing, sha256: hash }) => [bytes, missing, hash])).toEqual([[LONG.length, 0, sha256(LONG)]]);
  });

  test('a part of a file is called that', async () => {
    const { rows } = await overWeb(web('/g.bin', { answer: 'DEF', status: '206 Partial Content', answerHeaders: 'Content-Range: bytes 3-5/9\r\n' }));
    expect(rows.map(({ partFrom, isComplete }) => [partFrom, isComplete])).toEqual([[3, true]]);
    const all = await overWeb(web('/g.bin', { answer: 'ABC', status: '206 Partial Content', answerHeaders: 'Content-Range: bytes 0-2/3\r\n' }));
    expect(all.rows.map(({ partFrom }) => partFrom)).toEqual([null]);
  });

  test('the name that the server gives, and what stands in a form', async () => {
    const form = `--B\r\nContent-Disposition: form-data; name="f"; filename="../../etc/passwd"\r\nContent-Type: text/plain\r\n\r\nroot:x:0:0\r\n--B--\r\n`;
    const { rows, saved } = await overWeb([
      ...web('/get?id=1', { answer: 'MZ', answerHeaders: 'Content-Disposition: attachment; filename="report 1.pdf"\r\n' }),
      ...web('/upload', {
        method: 'POST',
        headers: 'Host: example.org\r\nContent-Type: multipart/form-data; boundary=B\r\n',
        body: form,
        answer: 'ok',
      }),
    ]);
    expect(rows.map(({ name, path, sender, note }) => [name, path, sender, note])).toEqual([
      ['report 1.pdf', 'example.org/get?id=1', SERVER, ''],
      ['upload', 'example.org/upload', CLIENT, ''],
      ['passwd', 'example.org/upload', CLIENT, 'Posted to example.org/upload.'],
      ['upload', 'example.org/upload', SERVER, ''],
    ]);
    expect(latin1(saved.get(rows[2]!.id)!)).toBe('root:x:0:0');
  });

  test('nothing is unpacked without end', async () => {
    const bomb = latin1(gzipSync(Buffer.alloc(80 << 20))),
      { rows } = await overWeb(web('/bomb', { answer: bomb, answerHeaders: 'Content-Encoding: gzip\r\n' }));
    expect(rows.map(({ bytes, kind, note }) => [bytes, kind, note])).toEqual([[bomb.length, 'gzip data', 'It is shown as it was packed (gzip).']]);
  });
});

describe('TFTP', () => {
  /** Server and client on ports of their own after the request; RFC 1350, 2347 to 2349. */
  function tftp(opcode: 1 | 2, blocks: readonly string[], options = ''): PacketBuilder {
    const builder = new PacketBuilder(),
      client = { from: CLIENT, to: SERVER, sourcePort: 2000, destinationPort: 3000 },
      server = { from: SERVER, to: CLIENT, sourcePort: 3000, destinationPort: 2000 },
      say = (ends: typeof client, text: string): unknown => builder.udp({ ...ends, payload: bytesOf(text) });
    say({ ...client, destinationPort: 69 }, `\0${String.fromCharCode(opcode)}boot/image.bin\0octet\0${options}`);
    if (options !== '') say(server, `\0\x06${options}`);
    for (const [i, block] of blocks.entries()) {
      const number = String.fromCharCode(((i + 1) >> 8) & 255, (i + 1) & 255);
      say(opcode === 1 ? server : client, `\0\x03${number}${block}`);
      say(opcode === 1 ? client : server, `\0\x04${number}`);
    }
    return builder;
  }
  const inBlocks = (text: string, size: number): string[] =>
    Array.from({ length: Math.floor(text.length / size) + 1 }, (_, i) => text.slice(i * size, (i + 1) * size));

  test.each([
    [1, 512, ''],
    [2, 512, ''],
    [1, 1024, 'blksize\x001024\x00tsize\x0042190\x00'],
  ] as const)('operation %i in blocks of %i', async (opcode, size, options) => {
    const { rows } = await filesOf(tftp(opcode, inBlocks(LONG, size), options).bytes());
    expect(rows.map(({ name, path, sender, bytes, isComplete, sha256: hash }) => [name, path, sender, bytes, isComplete, hash])).toEqual([
      ['image.bin', 'boot/image.bin', opcode === 1 ? SERVER : CLIENT, LONG.length, true, sha256(LONG)],
    ]);
  });

  test('a block that is missing, and blocks that are sent twice', async () => {
    const blocks = inBlocks(LONG, 512),
      whole = tftp(1, blocks).bytes();
    // Frame 2 is the first block, 4 the second.
    expect((await filesOf(without(whole, [6]))).rows.map(({ missing, isComplete }) => [missing, isComplete])).toEqual([[512, false]]);
    const twice = await filesOf(Buffer.concat([whole.subarray(0, whole.length), whole.subarray(24)]));
    expect(twice.rows.map(({ missing, sha256: hash }) => [missing, hash])).toEqual([
      [0, sha256(LONG)],
      [0, sha256(LONG)],
    ]);
  });

  test('more blocks than their numbers count', async () => {
    const text = LONG.repeat(17),
      { rows } = await filesOf(tftp(1, inBlocks(text, 8), 'blksize\x008\x00').bytes());
    expect(Math.floor(text.length / 8)).toBeGreaterThan(65_536);
    expect(rows.map(({ bytes, sha256: hash }) => [bytes, hash])).toEqual([[text.length, sha256(text)]]);
  });
});

test('says that more were under way at once than are followed', () => {
  const watch = new FileWatch(),
    p = new Packet(createTables());
  for (p.frame = 1; p.frame <= 2003; p.frame++) watch.take(p, watch.begin(p, { carrier: 'http', name: '/a', size: 9 }), 0, bytesOf('abc'), 0, 3);
  watch.finish();
  const { files, limits } = watch.found();
  expect([files.length, limits]).toEqual([2003, ['3 files were not followed to their end: more than 2,000 were under way at once.']]);
});

test('rows of a capture are the same each time, so that what is saved is what was listed', async () => {
  const ids = async (): Promise<string[]> => (await filesOf(sample('capture_20261123_022453.pcap'))).rows.map(({ id }: FileRow) => id);
  expect(await ids()).toEqual(await ids());
});
