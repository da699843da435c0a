/** SMB headers of MS-CIFS section 2.2.3.1 and MS-SMB2 section 2.2.1 inside NetBIOS sessions. */
import { describe, expect, it } from 'vitest';
import { nbss } from '../../../src/pcap/dissectors/nbss.ts';
import { conversation, feed, feedEveryWay, hex } from '../../support/streamDriver.ts';

const smb1 = hex(`00000020 ff534d42 72 00000000 08 01c8 ${'00'.repeat(12)} ffff fffe 0000 0001`);
const smb2 = hex(`00000040 fe534d42 4000 0100 160000c0 0100 0100 09000000 00000000 0100000000000000 fffe0000 07000000 ${'00'.repeat(24)}`);

describe('nbss', () => {
  it('says the fields of Wireshark, and passes over long messages', () => {
    const fed = feed(nbss, conversation(['>', smb1], ['<', smb2]), { look: true });
    expect(fed.fields).toEqual(
      expect.arrayContaining([
        'nbss.type=0',
        'nbss.length=32',
        'smb.cmd=114',
        'smb.flags.response=false',
        'smb2.cmd=1',
        'smb2.flags.signature=true',
        `smb2.nt_status=3221225494`,
        'smb2.tid=7',
      ]),
    );
    expect(fed.infos.at(-1)).toBe('SMB2 Session Setup Response, STATUS_MORE_PROCESSING_REQUIRED');
    const long = feed(
      nbss,
      conversation(
        ['>', Uint8Array.from([0, 0xff, 0xff, 0xff, ...smb2.slice(4)])],
        ...Array.from({ length: 50 }, (): ['>', Uint8Array] => ['>', new Uint8Array(10_000)]),
      ),
    );
    expect(long.mostHeld).toBeLessThan(12_000);
  });

  it('survives damage and is not taken in', () => {
    expect(feedEveryWay(nbss, conversation(['>', 'GET / HTTP/1.1\r\n'])).recognised).toBe(false);
    for (let at = 0; at < smb2.length; at++) {
      for (const size of [at, smb2.length]) {
        const bytes = smb2.slice(0, size);
        if (at < bytes.length) bytes[at] = 0xff;
        expect(() =>
          feed(
            nbss,
            [
              { direction: 0, bytes: smb1, frame: 1 },
              { direction: 1, bytes, frame: 2 },
            ],
            { look: true },
          ),
        ).not.toThrow();
      }
    }
  });
});
