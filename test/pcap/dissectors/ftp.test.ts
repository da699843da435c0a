/** FTP dialogues of RFC 959 appendix and RFC 2428. */
import { describe, expect, it } from 'vitest';
import { ftp, ftpCommandMessage, ftpDataMessage, ftpReplyMessage } from '../../../src/pcap/dissectors/ftp.ts';
import { loginMessage } from '../../../src/pcap/login.ts';
import { tlsClientHelloMessage } from '../../../src/pcap/tls/messages.ts';
import { bytesOf, conversation, feed, feedEveryWay, hex } from '../../support/streamDriver.ts';

const ports = [40000, 21] as const;

describe('ftp', () => {
  it('reads commands and replies, and never the password', () => {
    const fed = feedEveryWay(
      ftp,
      conversation(
        ['<', '220-Welcome\r\n to the\r\n220 archive\r\n'],
        ['>', 'USER anna\r\n'],
        ['<', '331 Password\r\n'],
        ['>', 'PASS geheim\r\n'],
        ['<', '530 Login incorrect.\r\n'],
        ['>', 'pass geheim2\r\n'],
        ['<', '230 User logged in\r\n'],
        ['>', 'RETR a b.txt\r\nQUIT\r\n'],
        ['<', '150 Opening\r\n226 Done\r\n221 Bye\r\n'],
      ),
      { ports },
    );
    expect(fed.messages.filter((m) => ftpCommandMessage.is(m)).map((m) => [m.frame, m.command, m.argument, m.user])).toEqual([
      [2, 'USER', 'anna', 'anna'],
      [4, 'PASS', '', 'anna'],
      [6, 'PASS', '', 'anna'],
      [8, 'RETR', 'a b.txt', 'anna'],
      [8, 'QUIT', '', 'anna'],
    ]);
    expect(fed.messages.filter((m) => ftpReplyMessage.is(m)).map((m) => [m.frame, m.code, m.command])).toEqual([
      [1, 220, null],
      [3, 331, 'USER'],
      [5, 530, 'PASS'],
      [7, 230, 'PASS'],
      [9, 150, 'QUIT'],
      [9, 226, 'QUIT'],
      [9, 221, 'QUIT'],
    ]);
    expect(fed.messages.filter((m) => loginMessage.is(m)).map((m) => [m.frame, m.result, m.user, m.attemptFrame])).toEqual([
      [4, 'sent', 'anna', 4],
      [5, 'rejected', 'anna', 4],
      [6, 'sent', 'anna', 6],
      [7, 'accepted', 'anna', 6],
    ]);
    expect(JSON.stringify(fed.messages)).not.toContain('geheim');
  });

  it('announces data connections', () => {
    const fed = feedEveryWay(
      ftp,
      conversation(
        ['<', '220 x\r\n'],
        ['>', 'PASV\r\n'],
        ['<', '227 Entering Passive Mode (192,0,2,9,4,1).\r\n'],
        ['>', 'EPSV\r\n'],
        ['<', '229 Entering Extended Passive Mode (|||6446|)\r\n'],
        ['>', 'PORT 192,0,2,5,31,144\r\n'],
        ['>', 'EPRT |1|132.235.1.2|6275|\r\n'],
        ['>', 'EPRT |2|1080:0:0:0:8:800:200C:417A|5282|\r\n'],
        ['>', 'PORT 1,2,3,4,5,999\r\n'],
      ),
      { ports },
    );
    expect(fed.messages.filter((m) => ftpDataMessage.is(m)).map((m) => [m.passive, m.address, m.port])).toEqual([
      [true, '192.0.2.9', 1025],
      [true, null, 6446],
      [false, '192.0.2.5', 8080],
      [false, '132.235.1.2', 6275],
      [false, '1080::8:800:200c:417a', 5282],
    ]);
  });

  it('goes on as TLS after AUTH', () => {
    const hello = hex(`16 0301 002f 01 00002b 0303 ${'22'.repeat(32)} 00 0004 1301 1302 01 00`);
    const fed = feedEveryWay(ftp, conversation(['<', '220 x\r\n'], ['>', 'AUTH TLS\r\n'], ['<', '234 Go\r\n'], ['>', hello]), { ports });
    expect(fed.messages.find((m) => tlsClientHelloMessage.is(m))).toMatchObject({ frame: 4, suites: [0x1301, 0x1302] });
  });

  it('is known elsewhere by its greeting only', () => {
    expect(feedEveryWay(ftp, conversation(['<', '220 ProFTPD Server\r\n'])).recognised).toBe(true);
    expect(feedEveryWay(ftp, conversation(['<', '220 mail ESMTP\r\n'])).recognised).toBe(false);
    expect(feedEveryWay(ftp, conversation(['>', 'USER x\r\n'])).recognised).toBe(false);
  });

  it('says the fields of Wireshark, and survives damage', () => {
    const segments = conversation(['<', '227 Entering (10,0,0,1,4,1)\r\n'], ['>', 'PASS x\r\n']);
    const fed = feed(ftp, segments, { ports, look: true });
    expect(fed.fields).toEqual(
      expect.arrayContaining([
        'ftp.response.code=227',
        'ftp.passive.port=1025',
        'ftp.passive.ip=167772161',
        'ftp.request.command=PASS',
        'ftp.request.arg=x',
      ]),
    );
    expect(fed.infos).toEqual(['FTP Response: 227 Entering (10,0,0,1,4,1)', 'FTP Request: PASS x']);
    const good = bytesOf('220 x\r\n229 Entering Extended Passive Mode (|||6446|)\r\n227 (1,2,3,4,5,6)\r\n');
    for (let at = 0; at < good.length; at++) {
      const bytes = good.slice();
      bytes[at] = 0x80;
      expect(() => feed(ftp, [{ direction: 1, bytes, frame: 1 }], { ports, look: true })).not.toThrow();
    }
  });
});
