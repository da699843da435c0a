/**
 * RFB by RFC 6143 section 7.1. The refused login was put into a capture with text2pcap: tshark 4.0.17 reads the same values from it. A recorded session without
 * a password is in captures/logins-in-clear.pcap.
 */
import { describe, expect, it } from 'vitest';
import { vnc, vncSecurityMessage } from '../../../src/pcap/dissectors/vnc.ts';
import { loginMessage } from '../../../src/pcap/login.ts';
import { conversation, feed, feedEveryWay, type Fed } from '../../support/streamDriver.ts';

const V8 = 'RFB 003.008\n',
  V3 = 'RFB 003.003\n',
  SIXTEEN = '0123456789abcdef',
  OK = '\0\0\0\0',
  FAILED = '\0\0\0\x01';
const logins = (fed: Fed): unknown[] => fed.messages.filter((m) => loginMessage.is(m)).map((m) => [m.frame, m.result, m.secretInClear]);
const security = (fed: Fed): number[] => fed.messages.filter((m) => vncSecurityMessage.is(m)).map((m) => m.security);

describe('vnc', () => {
  it('follows logins with a challenge, refused and accepted', () => {
    const begin = [
      ['<', V8],
      ['>', V8],
      ['<', '\x02\x02\x10'],
      ['>', '\x02'],
      ['<', SIXTEEN],
      ['>', SIXTEEN],
    ] as const;
    const refused = conversation(...begin, ['<', FAILED], ['<', '\0\0\0\x05wrong']);
    expect(logins(feedEveryWay(vnc, refused))).toEqual([
      [6, 'sent', false],
      [7, 'rejected', false],
    ]);
    expect(feed(vnc, refused, { look: true }).fields.filter((field) => field !== 'vnc')).toEqual([
      'vnc.server_proto_ver=003.008',
      'vnc.client_proto_ver=003.008',
      'vnc.num_security_types=2',
      'vnc.security_type=2',
      'vnc.security_type=16',
      'vnc.client_security_type=2',
      `vnc.auth_challenge=${Buffer.from(SIXTEEN).toString('hex')}`,
      `vnc.auth_response=${Buffer.from(SIXTEEN).toString('hex')}`,
      'vnc.auth_result=1',
      'vnc.auth_error=wrong',
    ]);
    const accepted = feedEveryWay(vnc, conversation(...begin, ['<', OK], ['>', '\x01'], ['<', 'anything']));
    expect(logins(accepted)[1]).toEqual([7, 'accepted', false]);
    expect(security(accepted)).toEqual([2]);
    expect(accepted.dropped).toEqual([false, false]);
  });

  it('tells sessions without any password, of every version', () => {
    expect(security(feedEveryWay(vnc, conversation(['<', V8], ['>', V8], ['<', '\x01\x01'], ['>', '\x01'], ['<', OK], ['>', '\x01'])))).toEqual([1]);
    expect(security(feedEveryWay(vnc, conversation(['<', V8], ['>', V3], ['<', '\0\0\0\x01'], ['>', '\x01'])))).toEqual([1]);
    expect(feedEveryWay(vnc, conversation(['<', 'RFB is what we talk about'])).recognised).toBe(false);
  });
});
