/** IMAP dialogues of RFC 3501 section 8 and RFC 9051 section 6.2. */
import { describe, expect, it } from 'vitest';
import { imap, imapCommandMessage, imapReplyMessage } from '../../../src/pcap/dissectors/imap.ts';
import { loginMessage } from '../../../src/pcap/login.ts';
import { bytesOf, conversation, feed, feedEveryWay } from '../../support/streamDriver.ts';

const b64 = (text: string): string => Buffer.from(text).toString('base64');

describe('imap', () => {
  it('reads a session: logins in every notation, mails passed over', () => {
    const mail = 'From: x\r\n\r\nb010 NO fake\r\n';
    const fed = feedEveryWay(
      imap,
      conversation(
        ['<', '* OK IMAP4rev1 Service Ready\r\n'],
        ['>', 'a001 login mrc secret1\r\n'],
        ['<', 'a001 NO no\r\n'],
        ['>', 'a002 LOGIN "m \\"r c" "secret2"\r\n'],
        ['<', 'a002 NO no\r\n'],
        ['>', 'a003 LOGIN {4}\r\n'],
        ['<', '+ go\r\n'],
        ['>', 'fred {7}\r\n'],
        ['<', '+ go\r\n'],
        ['>', 'secret3\r\n'],
        ['<', '* CAPABILITY IMAP4\r\na003 OK in\r\n'],
        ['>', 'a004 UID FETCH 1:* BODY[]\r\n'],
        ['<', `* 12 FETCH (BODY[] {${mail.length}}\r\n${mail})\r\na004 OK done\r\n`],
      ),
    );
    expect(fed.messages.filter((m) => imapCommandMessage.is(m)).map((m) => [m.frame, m.tag, m.command, m.argument])).toEqual([
      [2, 'a001', 'LOGIN', ''],
      [4, 'a002', 'LOGIN', ''],
      [10, 'a003', 'LOGIN', ''],
      [12, 'a004', 'UID FETCH', '1:* BODY[]'],
    ]);
    expect(fed.messages.filter((m) => imapReplyMessage.is(m)).map((m) => [m.frame, m.tag, m.status, m.command])).toEqual([
      [1, '*', 'OK', null],
      [3, 'a001', 'NO', 'LOGIN'],
      [5, 'a002', 'NO', 'LOGIN'],
      [11, 'a003', 'OK', 'LOGIN'],
      [13, 'a004', 'OK', 'UID FETCH'],
    ]);
    expect(fed.messages.filter((m) => loginMessage.is(m)).map((m) => [m.user, m.result])).toEqual([
      ['mrc', 'sent'],
      ['mrc', 'rejected'],
      ['m "r c', 'sent'],
      ['m "r c', 'rejected'],
      ['fred', 'sent'],
      ['fred', 'accepted'],
    ]);
    expect(JSON.stringify(fed.messages)).not.toMatch(/secret\d/);
  });

  it('reads AUTHENTICATE', () => {
    const fed = feedEveryWay(
      imap,
      conversation(
        ['<', '* OK x\r\n'],
        ['>', 'a AUTHENTICATE PLAIN\r\n'],
        ['<', '+\r\n'],
        ['>', `${b64('\0tim\0geheim')}\r\n`],
        ['<', 'a OK\r\n'],
        ['>', `b AUTHENTICATE PLAIN ${b64('\0eva\0geheim')}\r\n`],
        ['<', 'b NO\r\n'],
        ['>', 'c AUTHENTICATE LOGIN\r\n'],
        ['<', '+ VXNlcg==\r\n'],
        ['>', `${b64('otto')}\r\n`],
        ['<', '+ UGFzcw==\r\n'],
        ['>', `${b64('geheim')}\r\n`],
        ['<', 'c NO\r\n'],
      ),
    );
    expect(fed.messages.filter((m) => loginMessage.is(m)).map((m) => [m.mechanism, m.user, m.result])).toEqual([
      ['PLAIN', 'tim', 'sent'],
      ['PLAIN', 'tim', 'accepted'],
      ['PLAIN', 'eva', 'sent'],
      ['PLAIN', 'eva', 'rejected'],
      ['LOGIN', 'otto', 'sent'],
      ['LOGIN', 'otto', 'rejected'],
    ]);
    expect(JSON.stringify(fed.messages)).not.toMatch(/geheim|Z2VoZWlt/);
  });

  it('says the fields of Wireshark, stays bounded, survives damage', () => {
    const fed = feed(imap, conversation(['<', '* OK x\r\n'], ['>', 'a LOGIN u p\r\n']), { look: true });
    expect(fed.fields).toEqual(
      expect.arrayContaining([
        'imap.request_tag=a',
        'imap.request.command=LOGIN',
        'imap.request.username=u',
        'imap.request.password=p',
        'imap.response.status=OK',
        'imap.isrequest=true',
      ]),
    );
    const big = feed(
      imap,
      conversation(
        ['<', '* OK x\r\n'],
        ['<', '* 1 FETCH {900000}\r\n'],
        ...Array.from({ length: 90 }, (): ['<', string] => ['<', 'x'.repeat(10_000)]),
        ['<', ')\r\n'],
      ),
    );
    expect(big.mostHeld).toBeLessThan(30_000);
    const good = bytesOf('* OK x\r\na LOGIN {3}\r\nabc "d\\"e"\r\nb AUTHENTICATE PLAIN AHRpbQB4\r\n');
    for (let at = 0; at < good.length; at++) {
      for (const value of [0x7b, 0x22, 0x80]) {
        const bytes = good.slice();
        bytes[at] = value;
        expect(() => feed(imap, [{ direction: 0, bytes, frame: 1 }], { ports: [5, 143], look: true })).not.toThrow();
      }
    }
  });
});

// As tshark 4.0.17 has such answers: values in the order of the mails, a folded one with its line end.
describe('headers of mails that are fetched', () => {
  const HEADER =
      'Date: Thu, 11 Nov 1999 08:36:54 -0600\r\nFrom: "A, B" <a@example.org>\r\nTo: c@example.org\r\nSubject: two\r\n lines \r\nX-Other: 1\r\n\r\n',
    fetched = (item: string, text: string): string => `* 1 FETCH (RFC822.SIZE 2059 ${item} {${text.length}}\r\n${text})\r\n`;
  const mailFieldsOf = (answer: string): string[] =>
    feed(imap, conversation(['<', '* OK ready\r\n'], ['>', 'a1 FETCH 1 ALL\r\n'], ['<', answer]), { ports: [40_000, 143], look: true }).fields.filter(
      (field) => field.startsWith('imf'),
    );
  const SAID = [
    'imf',
    'imf.date=Thu, 11 Nov 1999 08:36:54 -0600',
    'imf.from="A, B" <a@example.org>',
    'imf.to=c@example.org',
    'imf.subject=two\r\n lines ',
  ];

  it.each(['BODY[HEADER]', 'BODY[HEADER.FIELDS (DATE FROM SUBJECT TO)]', 'RFC822.HEADER', 'RFC822', 'BODY[]', 'BODY[]<0>'])('%s', (item) =>
    expect(mailFieldsOf(fetched(item, `${HEADER}${item.includes('HEADER') ? '' : 'From: the body\r\n'}`))).toEqual(SAID),
  );

  it('of several mails in one answer, and of several parts of one', () => {
    expect(mailFieldsOf(fetched('BODY[HEADER]', HEADER) + fetched('BODY[HEADER]', HEADER))).toEqual([...SAID, ...SAID]);
    expect(mailFieldsOf(`* 1 FETCH (BODY[TEXT] {5}\r\nhello BODY[HEADER] {${HEADER.length}}\r\n${HEADER})\r\n`)).toEqual(SAID);
  });

  it.each(['BODY[TEXT]', 'BODY[1]', 'BODY[1.MIME]', 'BODY[]<100>'])('not of %s, which has none', (item) =>
    expect(mailFieldsOf(fetched(item, HEADER))).toEqual([]),
  );
});
