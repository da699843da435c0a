/** POP3 dialogues of RFC 1939 section 10 and RFC 5034. */
import { describe, expect, it } from 'vitest';
import { loginMessage } from '../../../src/pcap/login.ts';
import { pop, popCommandMessage, popMailMessage, popReplyMessage } from '../../../src/pcap/dissectors/pop.ts';
import { bytesOf, conversation, feed, feedEveryWay } from '../../support/streamDriver.ts';

const ports = [40000, 110] as const;
const b64 = (text: string): string => Buffer.from(text).toString('base64');

describe('pop', () => {
  it('reads a session: login, lists, mails', () => {
    const fed = feedEveryWay(
      pop,
      conversation(
        ['<', '+OK ready\r\n'],
        ['>', 'USER mrose\r\n'],
        ['<', '+OK\r\n'],
        ['>', 'PASS secret9\r\n'],
        ['<', '-ERR no\r\n'],
        ['>', 'PASS secret8\r\n'],
        ['<', '+OK in\r\n'],
        ['>', 'LIST\r\n'],
        ['<', '+OK 2\r\n1 120\r\n2 200\r\n.\r\n'],
        ['>', 'LIST 1\r\nRETR 1\r\n'],
        ['<', '+OK 1 120\r\n+OK 120 octets\r\nFrom: a@b\r\nSubject: s\r\n\r\n..x\r\n+OK not a reply\r\n.\r\n'],
        ['>', 'QUIT\r\n'],
        ['<', '+OK bye\r\n'],
      ),
      { ports },
    );
    expect(fed.messages.filter((m) => popCommandMessage.is(m)).map((m) => [m.command, m.parameter])).toEqual([
      ['USER', 'mrose'],
      ['PASS', ''],
      ['PASS', ''],
      ['LIST', ''],
      ['LIST', '1'],
      ['RETR', '1'],
      ['QUIT', ''],
    ]);
    expect(fed.messages.filter((m) => popReplyMessage.is(m)).map((m) => [m.ok, m.command])).toEqual(
      [
        [true, null],
        [true, 'USER'],
        [false, 'PASS'],
        [true, 'PASS'],
        [true, 'LIST'],
        [true, 'LIST'],
        [true, 'RETR'],
        [true, 'QUIT'],
      ].map((row) => row),
    );
    expect(fed.messages.filter((m) => popMailMessage.is(m))).toMatchObject([{ frame: 11, size: 47, from: 'a@b', subject: 's' }]);
    expect(fed.messages.filter((m) => loginMessage.is(m)).map((m) => [m.result, m.user, m.attemptFrame])).toEqual([
      ['sent', 'mrose', 4],
      ['rejected', 'mrose', 4],
      ['sent', 'mrose', 6],
      ['accepted', 'mrose', 6],
    ]);
    expect(JSON.stringify(fed.messages)).not.toMatch(/secret\d/);
  });

  // tshark reads these bytes as POP/IMF with imf.subject, imf.from and the parts; of a list, which is no mail, it does so too, and we do not.
  it('says the head of a mail and its parts, as over SMTP', () => {
    const mail =
        'From: a@b\r\nSubject: s\r\n\tmore\r\nContent-Type: multipart/mixed; boundary=b\r\n\r\n--b\r\nContent-Type: application/json\r\n\r\n{"a":1}\r\n--b--\r\n',
      fed = feed(
        pop,
        conversation(
          ['<', '+OK ready\r\n'],
          ['>', 'LIST\r\n'],
          ['<', '+OK 2\r\n1 120\r\n.\r\n'],
          ['>', 'RETR 1\r\n'],
          ['<', `+OK\r\n${mail}.\r\n`],
          ['>', 'TOP 1 0\r\n'],
          ['<', '+OK\r\nFrom: a@b\r\n\r\n.\r\n'],
        ),
        { ports, look: true },
      );
    expect(fed.fields.filter((field) => /^(?:imf\.(?:from|subject)|json\.path=|mime_multipart\.header)/.test(field))).toEqual([
      'imf.from=a@b',
      'imf.subject=s\r\n\tmore',
      'mime_multipart.header.content-type=application/json',
      'json.path=/a',
      'imf.from=a@b',
    ]);
    expect(fed.infos.filter((info) => info.startsWith('POP/IMF'))).toEqual(['POP/IMF from: a@b, subject: s\r\n\tmore', 'POP/IMF from: a@b']);
  });

  it('knows APOP and SASL logins', () => {
    const fed = feedEveryWay(
      pop,
      conversation(
        ['<', '+OK POP3 <1896.697170952@dbc.mtview.ca.us>\r\n'],
        ['>', 'APOP mrose c4c9334bac560ecc979e58001b3e22fb\r\n'],
        ['<', '-ERR\r\n'],
        ['>', `AUTH PLAIN ${b64('\0tim\0x')}\r\n`],
        ['<', '+OK\r\n'],
        ['>', 'AUTH LOGIN\r\n'],
        ['<', '+ VXNlcg==\r\n'],
        ['>', `${b64('eva')}\r\n`],
        ['<', '+ UGFzcw==\r\n'],
        ['>', `${b64('geheim')}\r\n`],
        ['<', '-ERR\r\n'],
      ),
    );
    expect(fed.messages.filter((m) => loginMessage.is(m)).map((m) => [m.mechanism, m.user, m.result, m.secretInClear])).toEqual([
      ['APOP', 'mrose', 'sent', false],
      ['APOP', 'mrose', 'rejected', false],
      ['PLAIN', 'tim', 'sent', true],
      ['PLAIN', 'tim', 'accepted', true],
      ['LOGIN', 'eva', 'sent', true],
      ['LOGIN', 'eva', 'rejected', true],
    ]);
    expect(JSON.stringify(fed.messages)).not.toMatch(/geheim|c4c9334/);
  });

  it('says the fields of Wireshark, is not Redis, and survives damage', () => {
    const fed = feed(pop, conversation(['>', 'USER a\r\n'], ['<', '+OK hi\r\n']), { ports, look: true });
    expect(fed.fields).toEqual(
      expect.arrayContaining(['pop.request.command=USER', 'pop.request.parameter=a', 'pop.response.indicator=+OK', 'pop.response.description=hi']),
    );
    expect(fed.infos).toEqual(['POP C: USER a', 'POP S: +OK hi']);
    expect(feedEveryWay(pop, conversation(['<', '+OK\r\n'])).recognised).toBe(false);
    const good = bytesOf('USER a\r\nAUTH PLAIN\r\nAHRpbQB4\r\nRETR 1\r\n');
    for (let at = 0; at < good.length; at++) {
      const bytes = good.slice();
      bytes[at] = 0x80;
      expect(() =>
        feed(
          pop,
          [
            { direction: 0, bytes, frame: 1 },
            { direction: 1, bytes, frame: 2 },
          ],
          { ports, look: true },
        ),
      ).not.toThrow();
    }
  });
});
