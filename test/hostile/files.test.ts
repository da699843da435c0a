/** Files that are no captures, lie about their size, or cannot be read: one clear sentence each, and what could be read is reported. */
import { execFileSync, spawnSync } from 'node:child_process';
import fs from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { Readable } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import zlib from 'node:zlib';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { Analysis } from '../../src/analysis/analyze.ts';
import { openCaptureFile } from '../../src/analysis/captureFile.node.ts';
import { bufferSource } from '../../src/pcap/byteSource.ts';
import { formats } from '../../src/pcap/openCapture.ts';
import { buildCli } from '../cli/support/buildCli.ts';
import { ethernet, ipv4, pcapFile, pcapHeader, udp } from '../support/syntheticSource.ts';
import { clear, examineBytes } from './support/examine.ts';

let folder = '';
beforeAll(() => {
  folder = fs.mkdtempSync(path.join(os.tmpdir(), 'netsec-hostile-'));
});
afterAll(() => fs.rmSync(folder, { recursive: true, force: true }));

const frame = ethernet(0x0800, ipv4(17, udp(1000, 2000, Buffer.from('hello'))));
const good = pcapFile([frame, frame, frame]);

async function refusalOf(file: string): Promise<{ reason: string; message: string }> {
  const opened = await openCaptureFile({ kind: 'path', path: file });
  if (opened.ok) throw new Error('it was opened');
  clear(opened.message);
  return opened;
}

function write(name: string, bytes: Uint8Array | string): string {
  const file = path.join(folder, name);
  fs.writeFileSync(file, bytes);
  return file;
}

function u32(...values: readonly number[]): Buffer {
  const bytes = Buffer.alloc(values.length * 4);
  values.forEach((value, i) => bytes.writeUInt32LE(value >>> 0, i * 4));
  return bytes;
}

describe('a length field of 4 GB', () => {
  test('in a pcap ends it there; the frames before are reported', async () => {
    const examined = await examineBytes('big.pcap', Uint8Array.from(Buffer.concat([good, u32(1, 2, 0xffffffff, 0xffffffff)])));
    expect(examined).toMatchObject({ ok: true, report: { capture: { packets: 3, truncated: { afterFrame: 3, offset: good.length } } } });
    expect(JSON.stringify(examined)).toContain('4,294,967,295 bytes, more than any frame has');
  });

  const section = Buffer.concat([u32(0x0a0d0d0a, 28, 0x1a2b3c4d, 1, 0xffffffff, 0xffffffff, 28), u32(1, 20, 1, 0, 20)]);
  test.each([
    ['a packet block', u32(6, 0xfffffffc, 0, 0, 0, 4, 4, 0)],
    ['a packet in a block', u32(6, 36, 0, 0, 0, 0xffffffff, 0xffffffff, 0, 36)],
    ['an interface block', u32(1, 0xfffffffc, 1, 0)],
    ['a section', u32(0x0a0d0d0a, 0xfffffffc, 0x1a2b3c4d, 1)],
    ['a block of an unknown kind', u32(0x99, 0xfffffffc, 0, 0)],
    ['an option', u32(1, 28, 1, 0, 0xffff0002, 0, 28)],
  ])('in a pcapng: %s', async (_, block) => {
    const examined = await examineBytes('big.pcapng', Uint8Array.from(Buffer.concat([section, u32(6, 36, 0, 0, 0, 4, 4, 0x01020304, 36), block])));
    expect(examined).toMatchObject({ ok: true, report: { capture: { packets: 1 } } });
  });

  test('in a snoop file', async () => {
    const header = Buffer.from('736e6f6f70000000' + '00000002' + '00000004', 'hex');
    for (const record of [
      [0xffffffff, 0xffffffff, 0xffffffff],
      [60, 60, 0xffffffff],
      [60, 0xffffffff, 84],
      [60, 60, 0],
    ]) {
      const fields = Buffer.alloc(24);
      record.forEach((value, i) => fields.writeUInt32BE(value, i * 4));
      const examined = await examineBytes('big.snoop', Uint8Array.from(Buffer.concat([header, fields, Buffer.alloc(60)])));
      expect(examined).toMatchObject({ ok: true, report: { capture: { packets: 0, truncated: { afterFrame: 0 } } } });
    }
  });
});

test('a pcapng that describes 70,000 interfaces', { timeout: 60_000 }, async () => {
  const section = u32(0x0a0d0d0a, 28, 0x1a2b3c4d, 1, 0xffffffff, 0xffffffff, 28),
    one = u32(1, 20, 1, 0, 20);
  const examined = await examineBytes(
    'interfaces.pcapng',
    Uint8Array.from(Buffer.concat([section, ...Array.from({ length: 70_000 }, () => one), u32(6, 36, 69_999, 0, 0, 4, 4, 1, 36)])),
  );
  expect(examined).toMatchObject({ ok: true, report: { capture: { packets: 0, truncated: { afterFrame: 0 } } } });
  expect(JSON.stringify(examined)).toContain('more than 65,536 interfaces');
});

describe('compressed files', () => {
  /** Zeros in gzip shrink a thousandfold: 400 MB become 400 kB. Behind a pcap header each 16 zeros are an empty frame. */
  async function bomb(name: string, head: Uint8Array): Promise<string> {
    const file = path.join(folder, name),
      zeros = Buffer.alloc(1 << 20);
    await pipeline(Readable.from([head, ...Array.from({ length: 400 }, () => zeros)]), zlib.createGzip({ level: 9 }), fs.createWriteStream(file));
    return file;
  }

  test('a gzip bomb is stopped, and what came before is kept', { timeout: 120_000 }, async () => {
    const opened = await openCaptureFile({ kind: 'path', path: await bomb('bomb.pcap.gz', pcapHeader()) });
    if (!opened.ok) throw new Error(opened.message);
    expect(clear(opened.capture.file.inflateStopped ?? '')).toContain('decompression bomb');
    expect(opened.capture.source.size).toBeLessThan(100 << 20);
    await opened.capture.close();
  });

  test('a gzip bomb without a capture in it is refused', { timeout: 120_000 }, async () => {
    const left = (): string[] => fs.readdirSync(os.tmpdir()).filter((name) => /^netsec-[^-]+$/.test(name));
    const before = left();
    await refusalOf(await bomb('zeros.pcap.gz', new Uint8Array(0)));
    // Nothing inflated stays behind; other tests may be inflating meanwhile.
    expect(left().length).toBeLessThanOrEqual(before.length + 2);
  });

  test.each([
    ['gzip', Buffer.concat([Buffer.from([0x1f, 0x8b, 8, 0, 0, 0, 0, 0, 0, 3]), Buffer.from('this is not deflated at all')])],
    ['gzip that ends after its header', Buffer.from([0x1f, 0x8b, 8, 0, 0, 0, 0, 0, 0, 3])],
    ['zstd', Buffer.concat([Buffer.from([0x28, 0xb5, 0x2f, 0xfd]), Buffer.alloc(300, 0xa5)])],
    ['zstd that claims a window of terabytes', Buffer.from([0x28, 0xb5, 0x2f, 0xfd, 0, 0xff, 1, 0, 0])],
    ['zstd that is its magic number', Buffer.from([0x28, 0xb5, 0x2f, 0xfd])],
  ])('garbage that begins like %s', async (name, bytes) => {
    expect(await refusalOf(write(`garbage-${name.replaceAll(' ', '-')}.pcap`, bytes))).toMatchObject({ reason: 'not-a-capture' });
  });

  test('gzip cut short keeps the frames that were inflated', async () => {
    const packed = zlib.gzipSync(
      pcapFile(Array.from({ length: 3000 }, (_, i) => ethernet(0x0800, ipv4(17, udp(i, i * 7, Buffer.from(`${i * 2654435761}`)))))),
    );
    const opened = await openCaptureFile({ kind: 'path', path: write('cut.pcap.gz', packed.subarray(0, packed.length >> 1)) });
    if (!opened.ok) throw new Error(opened.message);
    clear(opened.capture.file.inflateStopped ?? '');
    expect(opened.capture.source.size).toBeGreaterThan(1000);
    await opened.capture.close();
  });

  test('gzip in gzip', async () => {
    expect(await refusalOf(write('twice.pcap.gz', zlib.gzipSync(zlib.gzipSync(good))))).toMatchObject({
      reason: 'not-a-capture',
      message: expect.stringContaining('compressed twice') as string,
    });
  });
});

describe('what is no capture', () => {
  test.each([
    ['PDF', '%PDF-1.7\n1 0 obj', 'PDF document'],
    ['ZIP', Buffer.from('504b0304140000000800', 'hex'), 'ZIP archive'],
    ['text', 'Dear colleague,\nplease find the capture attached.\n', 'text'],
    ['JSON', '{"packets": []}', 'JSON'],
    ['one byte', Buffer.from([0xa1]), ''],
    ['half a magic number', Buffer.from([0xd4, 0xc3]), ''],
    ['zeros', Buffer.alloc(4096), ''],
  ])('%s named .pcap', async (name, content, looksLike) => {
    const { reason, message } = await refusalOf(write(`${name.replaceAll(' ', '-')}.pcap`, content));
    expect(reason).toBe('not-a-capture');
    expect(message).toContain(looksLike);
    expect(message).toContain('Netsec reads pcap, pcapng and snoop files');
  });
  test('a magic number and nothing else holds no packets', async () => {
    const examined = await examineBytes('magic.pcap', Uint8Array.from(u32(0xa1b2c3d4)));
    expect(examined).toMatchObject({ ok: true, report: { capture: { packets: 0 }, status: 'incomplete' } });
  });
  test('an empty file', async () => {
    expect(await refusalOf(write('empty.pcap', ''))).toMatchObject({ reason: 'empty' });
  });
  test('no file', async () => {
    expect(await refusalOf(path.join(folder, 'nowhere.pcap'))).toMatchObject({ reason: 'missing' });
  });
  test('a path through a file', async () => {
    expect(await refusalOf(path.join(write('file.pcap', good), 'x.pcap'))).toMatchObject({
      reason: expect.stringMatching(/missing|unreadable/) as string,
    });
  });
  test('a directory named x.pcap', async () => {
    fs.mkdirSync(path.join(folder, 'x.pcap'));
    expect(await refusalOf(path.join(folder, 'x.pcap'))).toMatchObject({ reason: 'directory' });
  });
});

describe.runIf(process.platform !== 'win32')('what the system will not let us read', () => {
  test('a FIFO nobody writes to', async () => {
    execFileSync('mkfifo', [path.join(folder, 'fifo.pcap')]);
    expect(await refusalOf(path.join(folder, 'fifo.pcap'))).toMatchObject({
      reason: 'unreadable',
      message: expect.stringContaining('not a regular file') as string,
    });
  });
  test('a device', async () => {
    expect(await refusalOf('/dev/zero')).toMatchObject({ reason: 'unreadable' });
  });
  test('a link that leads to itself', async () => {
    fs.symlinkSync('loop.pcap', path.join(folder, 'loop.pcap'));
    expect(await refusalOf(path.join(folder, 'loop.pcap'))).toMatchObject({ reason: 'unreadable' });
  });
  test('a file of somebody else', { timeout: 60_000 }, async () => {
    const file = write('secret.pcap', good);
    fs.chmodSync(file, 0o000);
    if (process.getuid?.() !== 0) {
      expect(await refusalOf(file)).toMatchObject({ reason: 'unreadable' });
      return;
    }
    // The superuser may read everything: ask as nobody.
    fs.chmodSync(folder, 0o755);
    const cli = await buildCli();
    // Nobody may not even enter where the project lies, when that is a private folder: Node comes along.
    const node = path.join(folder, 'node');
    fs.copyFileSync(process.execPath, node);
    fs.chmodSync(node, 0o755);
    const { status, stderr, stdout } = spawnSync(node, [cli, 'analyze', file], { cwd: folder, uid: 65534, gid: 65534, encoding: 'utf8' });
    expect({ status, stdout }).toEqual({ status: 3, stdout: '' });
    expect(clear(stderr.trim())).toContain('may not be read');
  });
});

test.each([25, 40, good.length - 10])('a file of which only %d bytes are still there when it is read gives what these hold', async (left) => {
  const there = bufferSource(good.subarray(0, left)),
    analysis = new Analysis(
      { ...there, size: good.length },
      formats.find((format) => format.sniff(good))!,
    );
  await analysis.advance();
  expect(analysis.frames).toBe(Math.floor((left - 24) / (good.length / 3 - 8)));
});
