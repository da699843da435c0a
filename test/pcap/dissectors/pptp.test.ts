/** PPTP's control connection. The messages are those of RFC 2637 sections 2.1 and 2.7; values as tshark 4.0.17 prints them for the same bytes. */
import { expect, it } from 'vitest';
import { pptp } from '../../../src/pcap/dissectors/pptp.ts';
import { conversation, feed, feedEveryWay, hex } from '../../support/streamDriver.ts';

const START = `009c 0001 1a2b3c4d 0001 0000 0100 0000 00000003 00000003 0000 0001 ${'686f7374'.padEnd(128, '0')} ${'76656e646f72'.padEnd(128, '0')}`;
const CALL = `00a8 0001 1a2b3c4d 0007 0000 1234 0001 ${'00'.repeat(152)}`;

it('names its messages, hosts and calls, however the stream is cut', () => {
  const segments = conversation(['>', hex(START + CALL)]);
  expect(feedEveryWay(pptp, segments, { ports: [40000, 1723] }).recognised).toBe(true);
  const { fields, infos } = feed(pptp, segments, { ports: [40000, 1723], look: true });
  expect(infos).toEqual(['PPTP Start-Control-Connection-Request', 'PPTP Outgoing-Call-Request']);
  expect(fields).toEqual(
    expect.arrayContaining([
      'pptp.length=156',
      'pptp.type=1',
      'pptp.magic_cookie=439041101',
      'pptp.control_message_type=1',
      'pptp.host_name=host',
      'pptp.vendor_name=vendor',
      'pptp.call_id=4660',
    ]),
  );
});

it('is not seen without its cookie, though on its port', () => {
  expect(feed(pptp, conversation(['>', 'GET / HTTP/1.1\r\n\r\n']), { ports: [40000, 1723] }).recognised).toBe(false);
});
