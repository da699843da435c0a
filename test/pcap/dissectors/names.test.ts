/** DNS and the other name services: messages of our own making, values as tshark 4.0.17 prints them. */
import { describe, expect, it } from 'vitest';
import { dns } from '../../../src/pcap/dissectors/dns.ts';
import { dnsMessage } from '../../../src/pcap/dns/message.ts';
import { nameAt, skipName } from '../../../src/pcap/dns/names.ts';
import { dissectFrame } from '../../support/dissectFrame.ts';
import { testCases } from '../../support/dissectorCases.ts';
import { bytesOf, conversation, feedEveryWay, hex } from '../../support/streamDriver.ts';
import { namesFrames } from './frames/names.ts';

describe('name services', () => testCases(namesFrames));

function frameOf(what: string): Uint8Array {
  const found = namesFrames.find((one) => one.what === what);
  if (found === undefined) throw new Error(what);
  return hex(found.frame);
}

describe('names', () => {
  const at = (text: string, offset = 0): string => nameAt(bytesOf(text), 0, offset, text.length);

  it('of labels and of pointers backwards', () => {
    expect(at('\x03www\x07example\x03com\0')).toBe('www.example.com');
    expect(at('\x07example\x03com\0\x03www\xc0\0', 13)).toBe('www.example.com');
    expect(at('\0')).toBe('<Root>');
  });

  it('end at a pointer to itself or forwards, at the end of the bytes, and at 255 bytes', () => {
    expect(at('\xc0\0')).toBe('<Name contains a pointer that loops>');
    expect(at('\x01a\xc0\x04\x01b\0')).toBe('a');
    expect(at('\x3fabc')).toBe('<Root>');
    expect(at('\x3f'.concat('a'.repeat(63)).repeat(5).concat('\0')).length).toBe(255);
  });

  it('spell control characters out, as tshark does', () => {
    expect(at('\x05a\x01\n\\"\0')).toBe('a\\001\\n\\"');
  });

  it('are passed over without reading them', () => {
    expect(skipName(bytesOf('\x03www\xc0\x0cxx'), 0, 8)).toBe(6);
    expect(skipName(bytesOf('\x03ww'), 0, 3)).toBe(-1);
    expect(skipName(bytesOf('\x40a\0'), 0, 3)).toBe(-1);
  });
});

describe('DNS messages', () => {
  it('tell question and answers', () => {
    const { messages } = dissectFrame(frameOf('DNS answer with CNAME, A and AAAA'));
    expect(messages.map((message) => (dnsMessage.is(message) ? message : null))).toEqual([
      {
        kind: 'dns',
        frame: 1,
        protocol: 'dns',
        id: 0x1234,
        isResponse: true,
        opcode: 0,
        rcode: 0,
        isTruncated: false,
        recursionAvailable: true,
        qname: 'www.example.com',
        qtype: 1,
        answerCount: 3,
        answers: [
          { name: 'www.example.com', type: 5, ttl: 300, cacheFlush: false, data: 'web.example.com' },
          { name: 'web.example.com', type: 1, ttl: 300, cacheFlush: false, data: '192.0.2.1' },
          { name: 'web.example.com', type: 28, ttl: 300, cacheFlush: false, data: '2001:db8::1' },
        ],
        length: 103,
      },
    ]);
  });

  it('are one line in the packet list', () => {
    expect(dissectFrame(frameOf('DNS answer with CNAME, A and AAAA')).info).toBe(
      'DNS Standard query response 0x1234 A www.example.com CNAME web.example.com A 192.0.2.1 AAAA 2001:db8::1',
    );
    expect(dissectFrame(frameOf('DNS error answer')).info).toBe('DNS Standard query response 0x1234 No such name A nx.example.com');
    expect(dissectFrame(frameOf('NBNS query')).info).toBe('NBNS Name query NB WORKGROUP<1e>');
    expect(dissectFrame(frameOf('NetBIOS datagram with a browser announcement')).info).toBe('BROWSER Host Announcement WORKSTATION1');
  });

  it('over TCP have a length before them, however the stream is cut', () => {
    const query = hex('001d 1234 0100 0001 0000 0000 0000 07 6578616d706c65 03 636f6d 00 0001 0001'),
      fed = feedEveryWay(dns, conversation(['>', query], ['>', query]), { ports: [40000, 53] });
    expect(fed.messages.map((message) => (dnsMessage.is(message) ? [message.frame, message.qname, message.length] : null))).toEqual([
      [1, 'example.com', 29],
      [2, 'example.com', 29],
    ]);
    expect(feedEveryWay(dns, conversation(['>', query]), { ports: [40000, 54] }).recognised).toBe(false);
    expect(feedEveryWay(dns, conversation(['>', 'GET / HTTP/1.1\r\n\r\n']), { ports: [40000, 53] }).recognised).toBe(false);
  });

  it('are not seen in what only came to port 53', () => {
    const frame = frameOf('DNS question').slice();
    // An opcode that nobody knows.
    frame.set([0x7f], 14 + 20 + 8 + 2);
    expect(dissectFrame(frame).layers).toBe('eth:ip:udp');
  });

  // tshark: `eth:ethertype:ip:udp:dns`, `Standard query 0x1234 A ... [Malformed Packet]`.
  it('are broken where they count more records than there is room for', () => {
    const frame = frameOf('DNS question').slice();
    frame.set([0xff, 0xff], 14 + 20 + 8 + 6);
    const { layers, packet } = dissectFrame(frame);
    expect(layers).toBe('eth:ip:udp:dns');
    expect(packet.isMalformed).toBe(true);
  });
});
