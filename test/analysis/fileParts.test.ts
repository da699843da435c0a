/** Files within files; what each holds is from Python's `email` package, and from how forms are written in RFC 7578. */
import { createHash } from 'node:crypto';
import { describe, expect, test } from 'vitest';
import { partsOfForm, partsOfMail, withoutDots } from '../../src/analysis/fileParts.ts';
import { bytesOf } from '../support/dialogue.ts';

const sha256 = (bytes: Uint8Array): string => createHash('sha256').update(bytes).digest('hex');
const text = (bytes: Uint8Array): string => Buffer.from(bytes).toString('latin1');

const MAIL = `Received: from kiosk
From: a@example.org
To: b@example.org
Subject: =?utf-8?q?Gr=C3=BC=C3=9Fe_und_mehr?=
MIME-Version: 1.0
Content-Type: multipart/mixed;
 boundary="=_outer"

preamble
--=_outer
Content-Type: multipart/alternative; boundary=inner

--inner
Content-Type: text/plain; charset=utf-8

Hello
--inner
Content-Type: text/html

<p>Hello</p>
--inner--
--=_outer
Content-Type: application/octet-stream; name="tool.exe"
Content-Transfer-Encoding: base64
Content-Disposition: attachment; filename="tool.exe"

TVqQAAMAAAAEAAAA//8AALgAAAAAAAAAQAAAAAAAAAAAAAAA
AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAgAAAAA4fug4=
--=_outer
Content-Type: text/csv; name*=utf-8''pr%C3%A4fix.csv
Content-Transfer-Encoding: quoted-printable
Content-Disposition: attachment;
 filename*=utf-8''pr%C3%A4fix.csv

a,b=3D1=
,c
1,2,3
--=_outer
Content-Type: image/gif
Content-ID: <x>

GIF89a..
--=_outer--
epilogue
`;

describe('a mail', () => {
  test.each(['\r\n', '\n'])('its subject and what it brings, with lines that end in %j', (lineEnd) => {
    const { subject, parts } = partsOfMail(bytesOf(MAIL.replaceAll('\n', lineEnd)));
    expect(subject).toBe('Grüße und mehr');
    expect(parts.map(({ name, contentType }) => [name, contentType?.split(';')[0]])).toEqual([
      ['tool.exe', 'application/octet-stream'],
      ['präfix.csv', 'text/csv'],
      [null, 'image/gif'],
    ]);
    expect(sha256(parts[0]!.bytes)).toBe('a038b0f1df91fa59e5fa2cd3be9405ade2c3cf4ce40581895f4bf34f7e43a4c9');
    expect(text(parts[1]!.bytes)).toBe(`a,b=1,c${lineEnd}1,2,3`);
    expect(text(parts[2]!.bytes)).toBe('GIF89a..');
  });

  test('without parts it brings nothing', () => {
    expect(partsOfMail(bytesOf('Subject: hi\r\n\r\nText.\r\n'))).toEqual({ subject: 'hi', parts: [] });
    expect(partsOfMail(new Uint8Array(0))).toEqual({ subject: null, parts: [] });
  });

  test('a mail that is one attachment is that', () => {
    const { parts } = partsOfMail(
      bytesOf('Content-Type: application/pdf; name="a.pdf"\r\nContent-Transfer-Encoding: base64\r\n\r\nJVBERi0x\r\nLjQK\r\n'),
    );
    expect(parts.map(({ name, bytes }) => [name, text(bytes)])).toEqual([['a.pdf', '%PDF-1.4\n']]);
  });

  test('parts within parts without end are left alone', () => {
    const open = (depth: number): string => `Content-Type: multipart/mixed; boundary=b${depth}\r\n\r\n--b${depth}\r\n`;
    const bomb = `${Array.from({ length: 5000 }, (_, i) => open(i)).join('')}Content-Type: text/plain; name=a.txt\r\n\r\nx`;
    expect(partsOfMail(bytesOf(bomb)).parts).toEqual([]);
    const many = `Content-Type: multipart/mixed; boundary=b\r\n\r\n${'--b\r\nContent-Type: image/png\r\n\r\nx\r\n'.repeat(5000)}--b--`;
    expect(partsOfMail(bytesOf(many)).parts.length).toBe(100);
  });

  test('dots that SMTP adds are taken away (RFC 5321 section 4.5.2)', () => {
    expect(text(withoutDots(bytesOf('.. a\r\nb.\r\n..\r\n.c\r\n.\r\nQUIT\r\n')))).toBe('. a\r\nb.\r\n.\r\nc\r\n');
    expect(text(withoutDots(bytesOf('a\n.\n')))).toBe('a\n');
  });
});

test('a form that was posted: its files, not its fields', () => {
  const body = [
    '------WebKitFormBoundaryX',
    'Content-Disposition: form-data; name="title"',
    '',
    'secret plans',
    '------WebKitFormBoundaryX',
    'Content-Disposition: form-data; name="upload"; filename="C:\\temp\\plan;1.txt"',
    'Content-Type: text/plain',
    '',
    'line one\r\n--almost\r\n',
    '------WebKitFormBoundaryX',
    'Content-Disposition: form-data; name="empty"; filename=""',
    'Content-Type: application/octet-stream',
    '',
    '',
    '------WebKitFormBoundaryX--',
    '',
  ].join('\r\n');
  const parts = partsOfForm(bytesOf(body), 'multipart/form-data; boundary=----WebKitFormBoundaryX');
  expect(parts.map(({ name, contentType, bytes }) => [name, contentType, text(bytes)])).toEqual([
    ['C:\\temp\\plan;1.txt', 'text/plain', 'line one\r\n--almost\r\n'],
  ]);
  expect(partsOfForm(bytesOf(body), 'multipart/form-data')).toEqual([]);
});
