/**
 * Error answers that say that a service does not work, and those that do not. Packets are laid out as the specifications say; tshark finds the same codes in the same
 * frames, where it is installed.
 */
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { describe, expect, test } from 'vitest';
import type { Report } from '../../../src/analysis/report.ts';
import { analyzeCapture } from '../../support/analyzeCapture.ts';
import { der, integer, octets } from '../../support/der.ts';
import { bytesOf, dialogue } from '../../support/dialogue.ts';
import { kerberosError, kerberosRequest, overTcp } from '../../support/kerberosMessages.ts';
import { PacketBuilder } from '../../support/packetBuilder.ts';
import { smb2, smb2Answer, u16 } from '../../support/smbPackets.ts';
import { framesMatching, tsharkVersion } from '../../support/tshark.ts';

type Line = readonly ['client' | 'server', string];
const told = ({ troubles }: Report): unknown =>
  troubles.flatMap(({ problems }) => problems.map(({ kind, times, of, frame }) => [kind, times, of, frame]));
const texts = ({ troubles }: Report): unknown => troubles.flatMap(({ problems }) => problems.map(({ text }) => text));
const said = (port: number, lines: readonly Line[]): PacketBuilder => dialogue(lines, { port });

/** What tshark finds, of the same bytes. */
function framesOf(builder: PacketBuilder, filter: string): number[] {
  const folder = mkdtempSync(path.join(tmpdir(), 'netsec-failures-'));
  try {
    const file = path.join(folder, 'a.pcap');
    writeFileSync(file, builder.bytes());
    return framesMatching(file, filter);
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

const ldapMessage = (id: number, operation: string): string => der(0x30, integer(id), operation),
  search = (id: number): string =>
    ldapMessage(
      id,
      der(0x63, octets('dc=a'), integer(0, 10), integer(0, 10), integer(0), integer(0), der(1, '\0'), der(0x87, 'objectClass'), der(0x30)),
    ),
  ldapResult = (id: number, code: number, text = ''): string => ldapMessage(id, der(0x65, integer(code, 10), octets(''), octets(text)));

const mysqlPacket = (number: number, body: string): string => String.fromCharCode(body.length & 255, body.length >> 8, 0, number) + body,
  GREETING = mysqlPacket(
    0,
    `\x0a10.11.6-MariaDB\0\x07\0\0\0abcdefgh\0\xfe\xf7\x2d\x02\0\xff\x81\x15${'\0'.repeat(10)}ijklmnopqrst\0mysql_native_password\0`,
  ),
  LOGIN = mysqlPacket(1, `\x08\xa2\x08\0\0\0\0\x01\x2d${'\0'.repeat(23)}anna\0\x14${'\xa7'.repeat(20)}shop\0mysql_native_password\0`),
  mysqlError = (number: number, code: number, state: string): string => mysqlPacket(number, `\xff${u16(code)}#${state}some words`);
const MYSQL_LOGIN: readonly Line[] = [
  ['server', GREETING],
  ['client', LOGIN],
  ['server', mysqlPacket(2, '\0\0\0\x02\0\0\0')],
];

const be32 = (value: number): string => String.fromCharCode(value >>> 24, (value >> 16) & 255, (value >> 8) & 255, value & 255),
  typed = (type: string, body: string): string => type + be32(body.length + 4) + body,
  STARTUP = ((body: string): string => be32(body.length + 4) + body)(`${be32(196_608)}user\0anna\0database\0shop\0\0`),
  pgsqlError = (code: string): string => typed('E', `SERROR\0C${code}\0Msome words\0\0`);

const tdsPacket = (type: number, body: string): string =>
    String.fromCharCode(type, 1, (body.length + 8) >> 8, (body.length + 8) & 255, 0, 0, 1, 0) + body,
  wide = (text: string): string => [...text].map((character) => `${character}\0`).join(''),
  tdsError = (code: number, severity: number): string =>
    tdsPacket(
      4,
      ((body: string): string => `\xaa${u16(body.length)}${body}`)(
        `${u16(code & 0xffff)}${u16(code >>> 16)}\x01${String.fromCharCode(severity)}${u16(5)}${wide('words')}\x03${wide('db1')}\0\x01\0\0\0`,
      ) + '\xfd\x02\0\0\0\0\0\0\0',
    ),
  BATCH = tdsPacket(1, `\x16\0\0\0\x12\0\0\0\x02\0${'\0'.repeat(8)}\x01\0\0\0${wide('SELECT 1')}`);

/** The answer of a server that has only a status to tell. */
const SMB_ERROR = '\x09\0\0\0\0\0\0\0\0',
  create = (id: number): string => smb2(5, id, `\x39\0${'\0'.repeat(42)}${u16(120)}${u16(2)}${'\0'.repeat(8)}a\0`);

const again = (times: number, lines: readonly Line[]): readonly Line[] => Array.from({ length: times }, () => lines).flat();

describe('answers that say that the service does not work', () => {
  test.each<readonly [string, PacketBuilder, filter: string, string]>([
    [
      'LDAP',
      said(389, [
        ['client', search(1)],
        ['server', ldapResult(1, 51)],
        ['client', search(2)],
        ['server', ldapResult(2, 0)],
      ]),
      'ldap.resultCode == 51',
      '1 of 2 answers was an error (busy (51): the server has too much to do)',
    ],
    [
      'SMB',
      said(445, [
        ['client', create(1)],
        ['server', smb2Answer(5, 1, 0xc000007f, SMB_ERROR)],
      ]),
      'smb2.nt_status == 0xc000007f',
      'the only answer was an error (STATUS_DISK_FULL: the disk is full)',
    ],
    [
      'MySQL, of a statement',
      said(3306, [...MYSQL_LOGIN, ['client', mysqlPacket(0, '\x03UPDATE a SET b=1')], ['server', mysqlError(1, 1205, 'HY000')]]),
      'mysql.error_code == 1205',
      '1 of 2 answers was an error (error 1205: waited too long for a lock)',
    ],
    [
      'MySQL, instead of a greeting',
      said(3306, [['server', mysqlError(0, 1040, '08004')]]),
      'mysql.error_code == 1040',
      'the only answer was an error (error 1040: too many connections)',
    ],
    [
      'PostgreSQL',
      said(5432, [
        ['client', STARTUP],
        ['server', pgsqlError('53300')],
      ]),
      'pgsql.code == "53300"',
      'the only answer was an error (53300: too many connections)',
    ],
    [
      'SQL Server, of an error without words here',
      said(1433, [
        ['client', BATCH],
        ['server', tdsError(823, 24)],
      ]),
      'tds.error.number == 823',
      'the only answer was an error (error 823, severity 24: an error within the server)',
    ],
    [
      'SMTP',
      said(25, [
        ['server', '220 mail ESMTP\r\n'],
        ['client', 'EHLO a\r\n'],
        ['server', '250 mail\r\n'],
        ['client', 'MAIL FROM:<a@a>\r\n'],
        ['server', '452 4.3.1 Insufficient system storage\r\n'],
      ]),
      'smtp.response.code == 452',
      'the only request was answered with an error (452: the server has too little room)',
    ],
    [
      'FTP',
      said(21, [
        ['server', '220 FTP server ready\r\n'],
        ['client', 'RETR a\r\n'],
        ['server', '425 Failed to establish connection.\r\n'],
      ]),
      'ftp.response.code == 425',
      'the only answer was an error (425: the data connection could not be opened)',
    ],
    [
      'Kerberos',
      said(88, [
        ['client', overTcp(kerberosRequest(10, { client: 'anna' }))],
        ['server', overTcp(kerberosError(37))],
      ]),
      'kerberos.error_code == 37',
      'the only answer was an error (KRB_AP_ERR_SKEW (37): the clocks of client and server differ too much)',
    ],
    [
      'IMAP',
      said(143, [
        ['server', '* OK IMAP4rev1 ready\r\n'],
        ['client', 'a1 LOGIN anna geheim\r\n'],
        ['server', 'a1 NO [UNAVAILABLE] Account is temporarily unavailable.\r\n'],
      ]),
      'imap.response contains "UNAVAILABLE" || imap.line contains "UNAVAILABLE"',
      'the only answer was an error (UNAVAILABLE: a part of the server is not there)',
    ],
    [
      'POP3',
      said(110, [
        ['server', '+OK ready\r\n'],
        ['client', 'USER anna\r\n'],
        ['server', '-ERR [SYS/TEMP] Try again later\r\n'],
      ]),
      'pop.response.description contains "SYS/TEMP"',
      'the only answer was an error (SYS/TEMP: an error within the server)',
    ],
  ])('%s', async (_name, builder, filter, text) => {
    const report = await analyzeCapture(builder.bytes()),
      problem = report.troubles[0]?.problems.find(({ kind }) => kind === 'errors');
    expect(problem?.text).toBe(text);
    if (tsharkVersion() !== null) expect(framesOf(builder, filter)).toEqual([problem?.frame]);
  });
});

describe('answers that blame the client', () => {
  const statements = (failed: number, of: number): PacketBuilder =>
    said(3306, [
      ...MYSQL_LOGIN,
      ...again(of - failed, [
        ['client', mysqlPacket(0, '\x03SELECT 1')],
        ['server', mysqlPacket(1, '\0\0\0\x02\0\0\0')],
      ]),
      ...again(failed, [
        ['client', mysqlPacket(0, '\x03SELECT c FROM a')],
        ['server', mysqlError(1, 1146, '42S02')],
      ]),
    ]);

  test('are told where most are so', async () => {
    // The log-in is answered, too.
    expect(texts(await analyzeCapture(statements(6, 8).bytes()))).toEqual(['6 of 9 answers were errors (error 1146: no such table)']);
    expect(told(await analyzeCapture(statements(3, 3).bytes()))).toEqual([]);
    expect(told(await analyzeCapture(statements(6, 20).bytes()))).toEqual([]);
  });

  test('over SMTP mails are counted', async () => {
    const mails = again(4, [
      ['client', 'MAIL FROM:<a@a>\r\n'],
      ['server', '250 ok\r\n'],
      ['client', 'RCPT TO:<b@b>\r\n'],
      ['server', '550 5.7.1 Relaying denied\r\n'],
      ['client', 'RSET\r\n'],
      ['server', '250 ok\r\n'],
    ]);
    const report = await analyzeCapture(
      said(25, [['server', '220 mail ESMTP\r\n'], ['client', 'EHLO a\r\n'], ['server', '250 mail\r\n'], ...mails]).bytes(),
    );
    expect(texts(report)).toEqual(['all 4 requests were answered with an error (550: the mailbox is not available)']);
  });
});

describe('nothing is claimed of', () => {
  test.each<readonly [string, PacketBuilder]>([
    [
      'a refused log-in',
      said(3306, [
        ['server', GREETING],
        ['client', LOGIN],
        ['server', mysqlError(2, 1045, '28000')],
      ]),
    ],
    [
      'a wrong password of PostgreSQL',
      said(5432, [
        ['client', STARTUP],
        ['server', pgsqlError('28P01')],
      ]),
    ],
    [
      'a refused log-in of SQL Server',
      said(1433, [
        ['client', BATCH],
        ['server', tdsError(18_456, 14)],
      ]),
    ],
    [
      'a search before the log-in',
      said(389, [
        ['client', search(1)],
        [
          'server',
          ldapResult(1, 1, '000004DC: LdapErr: DSID-0C090A5C, comment: In order to perform this operation a successful bind must be completed'),
        ],
      ]),
    ],
    [
      'a file that is not there',
      said(445, [
        ['client', create(1)],
        ['server', smb2Answer(5, 1, 0xc0000034, SMB_ERROR)],
      ]),
    ],
    [
      'a proof that Kerberos wants first',
      said(88, [
        ['client', overTcp(kerberosRequest(10, { client: 'anna' }))],
        ['server', overTcp(kerberosError(25))],
      ]),
    ],
    [
      'greylisting and a wrong password',
      said(25, [
        ['server', '220 mail ESMTP\r\n'],
        ['client', 'EHLO a\r\n'],
        ['server', '250 mail\r\n'],
        ['client', 'AUTH PLAIN AGFubmEAZ2VoZWlt\r\n'],
        ['server', '535 5.7.8 Error: authentication failed\r\n'],
        ['client', 'MAIL FROM:<a@a>\r\n'],
        ['server', '250 ok\r\n'],
        ['client', 'RCPT TO:<b@b>\r\n'],
        ['server', '450 4.2.0 <b@b>: Recipient address rejected: Greylisted\r\n'],
      ]),
    ],
    [
      'a client that said nothing for long',
      said(21, [
        ['server', '220 FTP server ready\r\n'],
        ['client', 'NOOP\r\n'],
        ['server', '200 ok\r\n421 Timeout.\r\n'],
      ]),
    ],
  ])('%s', async (_name, builder) => {
    expect(told(await analyzeCapture(builder.bytes()))).toEqual([]);
  });
});

test('over UDP Kerberos is heard, too', async () => {
  const ends = { from: '10.0.0.5', to: '10.0.0.9', sourcePort: 50_000, destinationPort: 88 },
    builder = new PacketBuilder()
      .udp({ ...ends, payload: bytesOf(kerberosRequest(10, { client: 'anna' })) })
      .wait(0.01)
      .udp({ from: ends.to, to: ends.from, sourcePort: 88, destinationPort: 50_000, payload: bytesOf(kerberosError(29)) });
  expect(texts(await analyzeCapture(builder.bytes()))).toEqual([
    'the only answer was an error (KDC_ERR_SVC_UNAVAILABLE (29): the service is not available)',
  ]);
});
