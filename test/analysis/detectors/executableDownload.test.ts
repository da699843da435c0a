/** Programs in clear, told by their first bytes; pictures, texts and archives are left alone. Magic numbers are those of file(1) 5.44. */
import { createHash } from 'node:crypto';
import fs from 'node:fs';
import { deflateRawSync, gzipSync } from 'node:zlib';
import { describe, expect, test } from 'vitest';
import { contradicts, fileKind } from '../../../src/analysis/detectors/fileMagic.ts';
import { installPlatform } from '../../../src/pcap/platform.ts';
import { nodePlatform } from '../../../src/pcap/platform.node.ts';
import { analyzeCapture, findingsOf, hasShared, indicator, shared } from '../../support/analyzeCapture.ts';
import { ACK, FIN, PacketBuilder, PSH, SYN } from '../../support/packetBuilder.ts';

installPlatform(nodePlatform);

const CLIENT = '10.0.0.5',
  SERVER = '203.0.113.80';

/** A program of `size` bytes with the headers of PE: MZ, and PE\0\0 where offset 60 says. */
function pe(size: number): Uint8Array {
  const bytes = new Uint8Array(size).map((_, i) => (i * 7) & 255);
  bytes.fill(0, 0, 200);
  bytes.set([0x4d, 0x5a]);
  bytes[60] = 128;
  bytes.set([0x50, 0x45, 0, 0], 128);
  return bytes;
}

const elf = (size: number): Uint8Array => {
  const bytes = new Uint8Array(size);
  bytes.set([0x7f, 0x45, 0x4c, 0x46, 2, 1, 1]);
  return bytes;
};

/** One request and its answer: the head in a segment of its own where `split`. */
function download(body: Uint8Array, headers: string, uri = '/a', split = false, host = 'files.example'): Uint8Array {
  const builder = new PacketBuilder(),
    text = (line: string): Uint8Array => new TextEncoder().encode(line),
    there = { from: CLIENT, to: SERVER, sourcePort: 40_000, destinationPort: 80 },
    back = { from: SERVER, to: CLIENT, sourcePort: 80, destinationPort: 40_000 };
  const request = `GET ${uri} HTTP/1.1\r\nHost: ${host}\r\n\r\n`,
    head = text(`HTTP/1.1 200 OK\r\n${headers}Content-Length: ${body.length}\r\n\r\n`);
  builder.tcp({ ...there, flags: SYN, sequence: 1000 }).tcp({ ...back, flags: SYN | ACK, sequence: 5000, acknowledgment: 1001 });
  builder.tcp({ ...there, flags: PSH | ACK, sequence: 1001, acknowledgment: 5001, payload: text(request) });
  const all = new Uint8Array(head.length + body.length);
  all.set(head);
  all.set(body, head.length);
  let at = 0;
  while (at < all.length) {
    const end = split && at === 0 ? head.length : Math.min(all.length, at + 1400);
    builder.tcp({ ...back, flags: PSH | ACK, sequence: 5001 + at, acknowledgment: 1001 + request.length, payload: all.slice(at, end) });
    at = end;
  }
  return builder.bytes();
}

const told = async (capture: Uint8Array | string) => findingsOf(await analyzeCapture(capture), 'executable-download');

describe('is told', () => {
  test.each([
    ['in one stream', false],
    ['with a head of its own', true],
  ])('a program %s, with its hash', async (_, split) => {
    const body = pe(100_000),
      [finding, ...others] = await told(download(body, 'Content-Type: application/octet-stream\r\n', '/setup.exe', split));
    expect(others).toEqual([]);
    expect(finding).toMatchObject({
      severity: 'low',
      subjects: [
        { role: 'server', address: SERVER, port: 80 },
        { role: 'client', address: CLIENT },
      ],
    });
    expect(indicator(finding!, 'SHA-256')).toBe(createHash('sha256').update(body).digest('hex'));
    expect(indicator(finding!, 'name')).toBe('setup.exe');
  });

  test('a program that says it is a picture is high', async () => {
    const [finding] = await told(download(pe(3000), 'Content-Type: image/jpeg\r\n', '/holiday.jpg'));
    expect(finding).toMatchObject({ severity: 'high' });
    expect(finding!.attack).toContain('T1036.008');
  });

  test('a program from a bare address is medium', async () => {
    expect(await told(download(elf(9000), '', '/bins/x86', false, SERVER))).toMatchObject([{ severity: 'medium' }]);
  });

  test('a program under gzip', async () => {
    const body = new Uint8Array(gzipSync(elf(9000)));
    expect(await told(download(body, 'Content-Encoding: gzip\r\n'))).toMatchObject([{ severity: 'low' }]);
  });

  test('a program over a plain connection, as FTP and netcat send it', async () => {
    const builder = new PacketBuilder(),
      there = { from: CLIENT, to: SERVER, sourcePort: 40_000, destinationPort: 50_123 },
      back = { from: SERVER, to: CLIENT, sourcePort: 50_123, destinationPort: 40_000 };
    builder.tcp({ ...there, flags: SYN, sequence: 1000 }).tcp({ ...back, flags: SYN | ACK, sequence: 5000, acknowledgment: 1001 });
    builder.tcp({ ...back, flags: PSH | ACK, sequence: 5001, acknowledgment: 1001, payload: elf(1000) });
    builder.tcp({ ...back, flags: FIN | ACK, sequence: 6001, acknowledgment: 1001 });
    expect(await told(builder.bytes())).toMatchObject([{ severity: 'medium', subjects: [{ address: SERVER }, { address: CLIENT }] }]);
  });

  test('this very Node, if it is one of these systems', () => {
    const start = Buffer.alloc(512),
      file = fs.openSync(process.execPath, 'r');
    fs.readSync(file, start, 0, 512, 0);
    fs.closeSync(file);
    expect(fileKind(start.toString('latin1'))?.native).toBe(true);
  });
});

describe('is silent on', () => {
  test.each<[string, string]>([
    ['a text that begins with MZ', `MZ is a former abbreviation of something else, and this text is long enough for a header of PE.`],
    ['a PNG', '\x89PNG\r\n\x1a\n'],
    ['a page', '<!DOCTYPE html>'],
    ['a zip without macros', 'PK\x03\x04word/document.xml'],
    ['an old document without macros', '\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1'],
    ['a comment', '#! this is not a path'],
    ['a PDF', '%PDF-1.4'],
    ['nothing', ''],
  ])('%s', (_, start) => {
    expect(fileKind(start)).toBeNull();
  });

  test('data that only pretend to be gzip', async () => {
    expect(await told(download(new Uint8Array(deflateRawSync(elf(2000))), 'Content-Encoding: gzip\r\n'))).toEqual([]);
  });

  test('a name and a type that fit', () => {
    expect(contradicts(fileKind('\x7fELF\x02')!, 'application/octet-stream', 'a.bin')).toBeNull();
    expect(contradicts(fileKind('#!/bin/sh\n')!, 'text/plain', 'install.sh')).toBeNull();
  });
});

describe('in captures', () => {
  test.skipIf(!hasShared)('the class that Log4Shell loads', async () => {
    // tshark --export-objects http: Exploit.class, 203.0.113.217:8000.
    expect(await told(shared('exploit__log4j-attack.pcap'))).toMatchObject([
      { subjects: [{ address: '203.0.113.217' }, { address: '198.51.100.10' }] },
    ]);
  });
});
