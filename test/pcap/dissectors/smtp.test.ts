/** SMTP dialogues of RFC 5321 appendix D, RFC 4954 section 4 and RFC 4616. */
import { describe, expect, it } from 'vitest';
import { smtp, smtpCommandMessage, smtpMailMessage, smtpReplyMessage } from '../../../src/pcap/dissectors/smtp.ts';
import { loginMessage } from '../../../src/pcap/login.ts';
import { decodeWords } from '../../../src/pcap/mailHeaders.ts';
import { tlsClientHelloMessage } from '../../../src/pcap/tls/messages.ts';
import { bytesOf, conversation, feed, feedEveryWay, hex } from '../../support/streamDriver.ts';

const b64 = (text: string): string => Buffer.from(text).toString('base64');

describe('smtp', () => {
  it('reads a mail: envelope, headers, size', () => {
    const mail =
      'From: John <j@a.example>\r\nTo: Jones@b.example\r\nSubject: =?UTF-8?B?R3LDvMOfZQ==?=\r\n long\r\nDate: Mon\r\nX-Mailer: m 1\r\n\r\nBill:\r\n..dot\r\n.not the end\r\n';
    const fed = feedEveryWay(
      smtp,
      conversation(
        ['<', '220 foo.com ESMTP ready\r\n'],
        ['>', 'EHLO bar.com\r\n'],
        ['<', '250-foo.com\r\n250 HELP\r\n'],
        ['>', 'MAIL FROM:<Smith@bar.com> SIZE=9\r\nRCPT TO:<Jones@foo.com>\r\nRCPT TO:<b@foo.com>\r\nDATA\r\n'],
        ['<', '250 OK\r\n250 OK\r\n250 OK\r\n354 Start\r\n'],
        ['>', mail.slice(0, 90)],
        ['>', mail.slice(90) + '.\r\nQUIT\r\n'],
        ['<', '250 OK\r\n221 Bye\r\n'],
      ),
    );
    expect(fed.messages.filter((m) => smtpCommandMessage.is(m)).map((m) => [m.frame, m.command])).toEqual([
      [2, 'EHLO'],
      [4, 'MAIL'],
      [4, 'RCPT'],
      [4, 'RCPT'],
      [4, 'DATA'],
      [7, 'QUIT'],
    ]);
    expect(fed.messages.filter((m) => smtpReplyMessage.is(m)).map((m) => m.code)).toEqual([220, 250, 250, 250, 250, 354, 250, 221]);
    expect(fed.messages.filter((m) => smtpMailMessage.is(m))).toEqual([
      {
        kind: 'smtp-mail',
        frame: 7,
        size: mail.length,
        sender: 'Smith@bar.com',
        recipients: ['Jones@foo.com', 'b@foo.com'],
        from: 'John <j@a.example>',
        to: 'Jones@b.example',
        subject: 'Grüße long',
        date: 'Mon',
        messageId: null,
        mailer: 'm 1',
        contentType: null,
      },
    ]);
  });

  it('knows an empty mail, a refused one, and chunks', () => {
    const fed = feedEveryWay(
      smtp,
      conversation(
        ['<', '220 x ESMTP\r\n'],
        ['>', 'DATA\r\n'],
        ['<', '354 go\r\n'],
        ['>', '.\r\nDATA\r\n'],
        ['<', '250 ok\r\n554 no\r\n'],
        ['>', 'NOOP\r\nBDAT 12 LAST\r\nFrom: a\r\n\r\nxNOOP\r\n'],
      ),
    );
    expect(fed.messages.filter((m) => smtpMailMessage.is(m)).map((m) => [m.frame, m.size, m.from])).toEqual([
      [4, 0, null],
      [6, 12, 'a'],
    ]);
    expect(fed.messages.filter((m) => smtpCommandMessage.is(m)).map((m) => m.command)).toEqual(['DATA', 'DATA', 'NOOP', 'BDAT', 'NOOP']);
  });

  it('names who logs in, by every mechanism, and never the password', () => {
    const fed = feedEveryWay(
      smtp,
      conversation(
        ['<', '220 x ESMTP\r\n'],
        ['>', 'AUTH LOGIN\r\n'],
        ['<', `334 ${b64('Username:')}\r\n`],
        ['>', `${b64('anna')}\r\n`],
        ['<', `334 ${b64('Password:')}\r\n`],
        ['>', `${b64('geheim')}\r\n`],
        ['<', '535 no\r\n'],
        ['>', `AUTH PLAIN ${b64('\0tim\0tanstaaftanstaaf')}\r\n`],
        ['<', '235 ok\r\n'],
        ['>', 'AUTH PLAIN\r\n'],
        ['<', '334 \r\n'],
        ['>', `${b64('\0eva\0geheim')}\r\n`],
        ['<', '235 ok\r\n'],
        ['>', 'AUTH CRAM-MD5\r\n'],
        ['<', `334 ${b64('<1896.697170952@postoffice>')}\r\n`],
        ['>', `${b64('tim b913a602c7eda7a495b4e6e7334d3890')}\r\n`],
        ['<', '454 later\r\n'],
        ['>', `AUTH LOGIN ${b64('otto')}\r\n`],
        ['<', '334 UGFzc3dvcmQ6\r\n'],
        ['>', `${b64('x')}\r\n`],
      ),
    );
    expect(fed.messages.filter((m) => loginMessage.is(m)).map((m) => [m.frame, m.mechanism, m.user, m.result, m.secretInClear])).toEqual([
      [6, 'LOGIN', 'anna', 'sent', true],
      [7, 'LOGIN', 'anna', 'rejected', true],
      [8, 'PLAIN', 'tim', 'sent', true],
      [9, 'PLAIN', 'tim', 'accepted', true],
      [12, 'PLAIN', 'eva', 'sent', true],
      [13, 'PLAIN', 'eva', 'accepted', true],
      [16, 'CRAM-MD5', 'tim', 'sent', false],
      [17, 'CRAM-MD5', 'tim', 'rejected', false],
      [20, 'LOGIN', 'otto', 'sent', true],
    ]);
    expect(JSON.stringify(fed.messages)).not.toMatch(new RegExp(`geheim|tanstaaf|b913|${b64('geheim')}|${b64('\0tim\0tan').slice(0, 8)}`));
  });

  it('goes on as TLS after STARTTLS', () => {
    const hello = hex(`16 0301 002d 01 000029 0303 ${'22'.repeat(32)} 00 0002 1301 01 00`);
    const fed = feedEveryWay(
      smtp,
      conversation(
        ['<', '220 x ESMTP\r\n'],
        ['>', 'EHLO a\r\n'],
        ['<', '250 STARTTLS\r\n'],
        ['>', 'STARTTLS\r\n'],
        ['<', '220 go\r\n'],
        ['>', hello],
      ),
    );
    expect(fed.messages.find((m) => tlsClientHelloMessage.is(m))).toMatchObject({ frame: 6, suites: [0x1301] });
  });

  it('stays bounded over a mail of any size, and survives damage', () => {
    const fed = feed(
      smtp,
      conversation(
        ['<', '220 x ESMTP\r\n'],
        ['>', 'DATA\r\n'],
        ['<', '354 go\r\n'],
        ...Array.from({ length: 100 }, (): ['>', string] => ['>', 'line of text\r\n'.repeat(500)]),
        ['>', '.\r\n'],
      ),
    );
    expect(fed.messages.at(-1)).toMatchObject({ kind: 'smtp-mail', size: 700_000 });
    expect(fed.mostHeld).toBeLessThan(40_000);
    const good = bytesOf('EHLO a\r\nAUTH PLAIN AHRpbQB4\r\nMAIL FROM:<a>\r\nDATA\r\nFrom: a\r\n\r\nx\r\n.\r\n');
    for (let at = 0; at < good.length; at++) {
      const bytes = good.slice();
      bytes[at] = 0x80;
      expect(() => feed(smtp, [{ direction: 0, bytes, frame: 1 }], { look: true })).not.toThrow();
    }
  });

  it('is told from FTP by its greeting, and says the fields of Wireshark', () => {
    expect(feedEveryWay(smtp, conversation(['<', '220 ProFTPD Server\r\n'])).recognised).toBe(false);
    expect(feedEveryWay(smtp, conversation(['<', '220 anything\r\n']), { ports: [5000, 25] }).recognised).toBe(true);
    const fed = feed(smtp, conversation(['>', 'EHLO a b\r\n'], ['<', '250-x\r\n']), { look: true });
    expect(fed.fields).toEqual(
      expect.arrayContaining(['smtp.req.command=EHLO', 'smtp.req.parameter=a b', 'smtp.response.code=250', 'smtp.rsp.parameter=x']),
    );
    expect(fed.infos).toEqual(['SMTP C: EHLO a b', 'SMTP S: 250-x']);
    expect(decodeWords('=?iso-8859-1?Q?a=E9_b?= =?UTF-8?B?w6k=?=')).toBe('aé bé');
  });
});
