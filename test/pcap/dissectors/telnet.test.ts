/** Telnet: negotiation of RFC 854, logins by prompt, character by character with echo as real servers do. */
import { describe, expect, it } from 'vitest';
import { telnet } from '../../../src/pcap/dissectors/telnet.ts';
import { conversation, feed, feedEveryWay } from '../../support/streamDriver.ts';

describe('telnet', () => {
  it('tells a login and its outcome, never the password', () => {
    const fed = feedEveryWay(
      telnet,
      conversation(
        ['<', '\xff\xfd\x18\xff\xfd\x20'],
        ['>', '\xff\xfb\x18\xff\xfa\x18\x00xterm\xff\xf0'],
        ['<', 'Debian\r\nhost login: '],
        ['>', 'anne'],
        ['<', 'anne'],
        ['>', '\x7fa\r\0'],
        ['<', '\r\nPassword: '],
        ['>', 'geheim\r\0'],
        ['<', '\r\n\r\nLogin incorrect\r\nhost login: '],
        ['>', 'anna\r\n'],
        ['<', 'Password: '],
        ['>', 'geheim2\r\n'],
        ['<', '\r\nLast login: Mon\r\n$ '],
        ['>', 'ls -l\r\n'],
      ),
      { ports: [40000, 23] },
    );
    expect(
      fed.messages.map(({ kind, frame, ...rest }) => [
        kind,
        frame,
        'text' in rest ? rest.text : 'result' in rest && 'user' in rest ? `${String(rest.user)} ${String(rest.result)}` : '',
      ]),
    ).toEqual([
      ['telnet-line', 6, 'anna'],
      ['login', 8, 'anna sent'],
      ['login', 9, 'anna rejected'],
      ['telnet-line', 10, 'anna'],
      ['login', 12, 'anna sent'],
      ['login', 13, 'anna accepted'],
      ['telnet-line', 14, 'ls -l'],
    ]);
    expect(JSON.stringify(fed.messages)).not.toContain('geheim');
  });

  // As a router with `line vty 0 4 / password ... / login` says it (Cisco, "Configuring Passwords and Privileges").
  it('knows a line that asks for a password alone: asked once more, and what begins with a percent sign, is a refusal', () => {
    const fed = feedEveryWay(
        telnet,
        conversation(
          ['<', '\xff\xfb\x01\r\n\r\nUser Access Verification\r\n\r\nPassword: '],
          ['>', 'cisco1\r\n'],
          ['<', '\r\nPassword: '],
          ['>', 'cisco2\r\n'],
          ['<', '\r\nPassword: '],
          ['>', 'cisco3\r\n'],
          ['<', '\r\n% Bad passwords\r\n'],
        ),
        { ports: [40000, 23] },
      ),
      results = (messages: typeof fed.messages): unknown[] =>
        messages.flatMap((message) => ('result' in message && message.result !== 'sent' ? [message.result] : []));
    expect(results(fed.messages)).toEqual(['rejected', 'rejected', 'rejected']);
    const right = feedEveryWay(
      telnet,
      conversation(['<', '\xff\xfb\x01\r\nPassword: '], ['>', 'cisco4\r\n'], ['<', '\r\nRouter>'], ['>', 'enable\r\n'], ['<', '\r\nPassword: ']),
      { ports: [40000, 23] },
    );
    expect(results(right.messages)).toEqual(['accepted']);
    const csh = feedEveryWay(
      telnet,
      conversation(['<', '\xff\xfb\x01\r\nlogin: '], ['>', 'anna\r\n'], ['<', 'Password: '], ['>', 'geheim\r\n'], ['<', '\r\nhost% ']),
      { ports: [40000, 23] },
    );
    expect(results(csh.messages)).toEqual(['accepted']);
  });

  it('is known by its negotiation on any port, and says the fields of Wireshark', () => {
    expect(feedEveryWay(telnet, conversation(['<', '\xff\xfd\x18'])).recognised).toBe(true);
    expect(feedEveryWay(telnet, conversation(['<', '\xff\xd8\xff\xe0'])).recognised).toBe(false);
    expect(feed(telnet, conversation(['<', '\xff\xfd\x18hi\r\n']), { look: true }).fields).toEqual([
      'telnet',
      'telnet.cmd=253',
      'telnet.subcmd=24',
      'telnet.data=hi\r\n',
    ]);
  });
});
