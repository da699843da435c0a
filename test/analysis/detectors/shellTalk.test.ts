/**
 * Shells in clear are told by the talk, whichever command came first and whoever called; other talk in lines is not. What they say is as bash 5.1, dash 0.5, busybox
 * 1.36, PowerShell 5.1 and cmd.exe of Windows 10 say it over `nc`, `socat` and `bash -i >& /dev/tcp`.
 */
import { describe, expect, test } from 'vitest';
import { analyzeCapture, findingsOf } from '../../support/analyzeCapture.ts';
import { dialogue } from '../../support/dialogue.ts';

type Lines = Parameters<typeof dialogue>[0];
const run = async (lines: Lines, port = 4444) => findingsOf(await analyzeCapture(dialogue(lines, { port }).bytes()), 'c2-framework');
const ID = 'uid=33(www-data) gid=33(www-data) groups=33(www-data)\n';

describe('is told', () => {
  test.each<[string, Lines]>([
    [
      'dash without a terminal',
      [
        ['client', "/bin/sh: 0: can't access tty; job control turned off\n$ "],
        ['server', 'ls -la /home\n'],
        ['client', 'total 12\ndrwxr-xr-x 3 root root 4096 Jan  1 00:00 .\n$ '],
      ],
    ],
    [
      'a prompt that is a sign only, twice',
      [
        ['client', '# '],
        ['server', 'mount\n'],
        ['client', '/dev/sda1 on / type ext4 (rw)\n# '],
      ],
    ],
    [
      'nc -e, without any prompt',
      [
        ['server', 'cd /tmp\n'],
        ['server', 'id\n'],
        ['client', ID],
      ],
    ],
    [
      'nc -e, a command after many',
      [
        ['server', 'ls\n'],
        ['client', 'index.php\nuploads\n'],
        ['server', 'cat config.php\n'],
        ['client', "<?php $a = 'b'; ?>\n"],
        ['server', 'id\n'],
        ['client', ID],
      ],
    ],
    [
      'two commands in one line',
      [
        ['server', 'hostname;whoami\n'],
        ['client', 'web01\nwww-data\n'],
        ['server', 'ifconfig\n'],
        ['client', 'eth0: flags=4163<UP,BROADCAST,RUNNING,MULTICAST>  mtu 1500\n'],
      ],
    ],
    [
      'PowerShell one-liner',
      [
        ['server', 'Get-Process\n'],
        ['client', '\r\nHandles  NPM(K)    PM(K)\r\n-------  ------    -----\r\nPS C:\\Users\\bob> '],
      ],
    ],
    [
      'cmd.exe on a bind port',
      [
        ['server', 'C:\\Windows\\system32>'],
        ['client', 'net user\r\n'],
        ['server', 'net user\r\n\r\nUser accounts for \\\\PC\r\n\r\nC:\\Windows\\system32>'],
      ],
    ],
    [
      'a terminal with colours and a title',
      [
        ['client', '\x1b]0;www-data@web01: /var/www\x07\x1b[01;32mwww-data@web01\x1b[00m:\x1b[01;34m/var/www\x1b[00m$ '],
        ['server', 'date\n'],
        ['client', 'date\r\nFri Nov 27 12:00:00 UTC 2026\r\n\x1b[01;32mwww-data@web01\x1b[00m:\x1b[01;34m/var/www\x1b[00m$ '],
      ],
    ],
    [
      'the prompt of Red Hat',
      [
        ['client', '[apache@web01 /]$ '],
        ['server', 'uptime\n'],
        ['client', 'uptime\n 12:00:00 up 1 day\n[apache@web01 /]$ '],
      ],
    ],
  ])('%s', async (_name, lines) => {
    const [finding, ...others] = await run(lines);
    expect(others).toEqual([]);
    expect(finding).toMatchObject({ severity: 'high', title: expect.stringContaining('Marks of a remote shell') as unknown });
  });

  test('with the frame in which the answer came, and no more of the command than its name', async () => {
    const [finding] = await run([
      ['server', 'mysql -u root -pHunter2 -e "select 1"; id\n'],
      ['client', ID],
    ]);
    expect(finding!.evidence.frames).toEqual([5]);
    expect(JSON.stringify(finding)).not.toContain('Hunter2');
    expect(finding!.indicators).toContainEqual({ name: 'seen', value: 'mysql' });
  });
});

describe('is silent on', () => {
  test.each<[string, Lines]>([
    [
      'a chat about prices',
      [
        ['client', 'bob@example.com: it costs 5$ '],
        ['server', 'ok\n'],
        ['client', 'then it is 6$ '],
        ['server', 'id\n'],
        ['client', 'what id?\n'],
      ],
    ],
    [
      'a protocol of lines',
      [
        ['server', 'HELLO 1.0\n'],
        ['client', 'LIST all\n'],
        ['server', 'total 12 items\n'],
        ['client', 'QUIT\n'],
        ['server', 'BYE\n'],
      ],
    ],
    [
      'a manual that shows a session',
      [
        ['client', 'GET manual\n'],
        ['server', 'Type this:\nuser@host:~$ id\nand read on.\n'],
        ['client', 'NEXT\n'],
        ['server', 'That was all.\n'],
      ],
    ],
    [
      'a calculator with a prompt of its own',
      [
        ['server', '> '],
        ['client', '1 + 1\n'],
        ['server', '2\n> '],
      ],
    ],
    [
      'Python',
      [
        ['server', '>>> '],
        ['client', 'print(1)\n'],
        ['server', '1\n>>> '],
      ],
    ],
    [
      'a monitoring agent',
      [
        ['client', 'agent.version\n'],
        ['server', '<<<check_mk>>>\nVersion: 2.1.0\nAgentOS: linux\n<<<uptime>>>\n1 2\n'],
      ],
    ],
  ])('%s', async (_name, lines) => expect(await run(lines, 9999)).toEqual([]));
  test('a login shell by rlogin, which is for that', async () =>
    expect(
      await run(
        [
          ['server', 'alice@host:~$ '],
          ['client', 'id\n'],
          ['server', `id\r\n${ID}alice@host:~$ `],
        ],
        513,
      ),
    ).toEqual([]));
});
