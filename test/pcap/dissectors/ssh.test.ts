/** SSH banners and key exchange; HASSH values as tshark prints them for the same bytes (see the truth test for whole captures). */
import { createHash } from 'node:crypto';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { ssh, sshBannerMessage, sshEncryptedMessage, sshKexInitMessage } from '../../../src/pcap/dissectors/ssh.ts';
import { installPlatform } from '../../../src/pcap/platform.ts';
import { nodePlatform } from '../../../src/pcap/platform.node.ts';
import { bytesOf, conversation, feed, feedEveryWay } from '../../support/streamDriver.ts';

beforeAll(() => installPlatform(nodePlatform));
afterAll(() => installPlatform(null));

const u32 = (value: number): string => String.fromCharCode(value >>> 24, (value >>> 16) & 255, (value >>> 8) & 255, value & 255);
function packet(payload: string): string {
  const padding = 8 - ((payload.length + 5) % 8) + 4;
  return u32(payload.length + padding + 1) + String.fromCharCode(padding) + payload + '\0'.repeat(padding);
}
const LISTS = [
  'curve25519-sha256,diffie-hellman-group1-sha1',
  'ssh-ed25519,ssh-rsa',
  'aes256-ctr',
  'aes128-ctr,3des-cbc',
  'hmac-sha2-256',
  'hmac-md5',
  'none',
  'none,zlib',
  '',
  '',
];
const kexInit = packet('\x14' + 'c'.repeat(16) + LISTS.map((list) => u32(list.length) + list).join('') + '\0\0\0\0\0');
const newKeys = packet('\x15');

describe('ssh', () => {
  it('reads banners and algorithms, and nothing after the keys', () => {
    const said = conversation(
      ['<', 'SSH-2.0-OpenSSH_9.6p1 Ubuntu-3\r\n'],
      ['>', 'SSH-2.0-PuTTY_0.80\r\n'],
      ['>', kexInit],
      ['<', kexInit],
      ['>', packet('\x1e' + 'k'.repeat(40))],
      ['<', packet('\x1f' + 'k'.repeat(90)) + newKeys],
      ['>', newKeys + '\xfe\xdc\xba\x98 ciphertext that says \x00\x00\x00\x0c\x0a\x14'],
      ['<', 'SSH-2.0-fake\r\n'],
    );
    const fed = feedEveryWay(ssh, said, { ignore: ['ssh-encrypted'] });
    expect(feed(ssh, said).messages.filter((m) => sshEncryptedMessage.is(m))).toMatchObject([
      { fromServer: false, bytes: 32 },
      { fromServer: true, bytes: 14 },
    ]);
    expect(fed.messages.filter((m) => sshBannerMessage.is(m))).toEqual([
      { kind: 'ssh-banner', frame: 1, fromServer: true, text: 'SSH-2.0-OpenSSH_9.6p1 Ubuntu-3', version: '2.0', software: 'OpenSSH_9.6p1 Ubuntu-3' },
      { kind: 'ssh-banner', frame: 2, fromServer: false, text: 'SSH-2.0-PuTTY_0.80', version: '2.0', software: 'PuTTY_0.80' },
    ]);
    const md5 = (text: string): string => createHash('md5').update(text).digest('hex');
    expect(fed.messages.filter((m) => sshKexInitMessage.is(m))).toMatchObject([
      {
        frame: 3,
        fromServer: false,
        kex: LISTS[0]!.split(','),
        encryption: ['aes256-ctr'],
        macs: ['hmac-sha2-256'],
        hassh: md5(`${LISTS[0]};aes256-ctr;hmac-sha2-256;none`),
      },
      {
        frame: 4,
        fromServer: true,
        encryption: ['aes128-ctr', '3des-cbc'],
        macs: ['hmac-md5'],
        hassh: md5(`${LISTS[0]};aes128-ctr,3des-cbc;hmac-md5;none,zlib`),
      },
    ]);
    expect(fed.malformed).toBe(false);
  });

  it('passes over lines before the banner, and knows the middle of a session by its port', () => {
    expect(feedEveryWay(ssh, conversation(['<', 'Welcome\r\nSSH-1.99-x\r\n']), { ports: [5000, 22] }).messages).toMatchObject([{ version: '1.99' }]);
    const middle = feed(ssh, conversation(['>', '\x00\x9f\x03 ciphertext']), { ports: [5000, 22], look: true });
    expect(middle).toMatchObject({ recognised: true, infos: ['SSH Client: Encrypted packet (len=14)'] });
    expect(feedEveryWay(ssh, conversation(['>', 'SSX-'])).recognised).toBe(false);
  });

  it('says the fields of Wireshark', () => {
    const fed = feed(ssh, conversation(['>', 'SSH-2.0-a\r\n'], ['>', kexInit + newKeys]), { look: true });
    expect(fed.fields).toEqual(
      expect.arrayContaining([
        'ssh.protocol=SSH-2.0-a',
        'ssh.message_code=20',
        `ssh.kex_algorithms=${LISTS[0]}`,
        'ssh.encryption_algorithms_server_to_client=aes128-ctr,3des-cbc',
        'ssh.message_code=21',
      ]),
    );
    expect(fed.infos).toEqual(['SSHv2 Client: Protocol (SSH-2.0-a)', 'SSHv2 Client: Key Exchange Init', 'SSHv2 Client: New Keys']);
  });

  it('survives damage, bounded', () => {
    const good = bytesOf('SSH-2.0-a\r\n' + kexInit + newKeys);
    for (let at = 0; at < good.length; at++) {
      const bytes = good.slice();
      bytes[at] = 0xff;
      expect(() => feed(ssh, [{ direction: 0, bytes, frame: 1 }], { look: true })).not.toThrow();
    }
    expect(feed(ssh, conversation(...Array.from({ length: 60 }, (): ['>', string] => ['>', 'SSH-'.padEnd(1000, 'x')]))).mostHeld).toBeLessThan(
      40_000,
    );
  });
});
