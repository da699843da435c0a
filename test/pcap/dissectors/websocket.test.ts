/** WebSocket over HTTP: the examples of RFC 6455 section 5.7 and RFC 7692 section 7.2.3, with the words of tshark 4.0.17. */
import { deflateRawSync } from 'node:zlib';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { selectFrames } from '../../../src/analysis/filtering.ts';
import { bufferSource } from '../../../src/pcap/byteSource.ts';
import { http } from '../../../src/pcap/dissectors/http.ts';
import { pcap } from '../../../src/pcap/formats/pcap.ts';
import { nodePlatform } from '../../../src/pcap/platform.node.ts';
import { installPlatform } from '../../../src/pcap/platform.ts';
import { MessageInflater } from '../../../src/pcap/websocket/inflater.ts';
import { random } from '../../support/random.ts';
import { PacketBuilder } from '../../support/packetBuilder.ts';
import { bytesOf, conversation, cut, feed, feedEveryWay, hex, type Segment } from '../../support/streamDriver.ts';

const ASKED = 'GET /chat HTTP/1.1\r\nHost: server.example.com\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n\r\n',
  agreed = (extensions = ''): string => `HTTP/1.1 101 Switching Protocols\r\nUpgrade: WebSocket\r\nConnection: Upgrade\r\n${extensions}\r\n`,
  DEFLATE = 'Sec-WebSocket-Extensions: permessage-deflate\r\n';

const said = (segments: readonly Segment[]): string[] =>
  feed(http, segments, { look: true }).fields.filter((field) => /^websocket\.payload\.|^note|^error/.test(field));

beforeAll(() => installPlatform(nodePlatform));
afterAll(() => installPlatform(null));

describe('websocket', () => {
  it('reads the frames of RFC 6455, masked or not', () => {
    const segments = conversation(
        ['>', ASKED],
        ['<', agreed()],
        ['>', hex('818537fa213d7f9f4d5158')],
        ['<', hex('810548656c6c6f')],
        ['<', hex('010348656c')],
        ['<', hex('80026c6f')],
        ['<', hex('890548656c6c6f')],
        ['>', hex('8a8537fa213d7f9f4d5158')],
        ['<', Uint8Array.from([0x82, 0x7e, 1, 0, ...new Uint8Array(256)])],
        ['<', hex('880603e8 646f6e65')],
      ),
      fed = feed(http, segments, { look: true });
    expect(feedEveryWay(http, segments).dropped).toEqual([true, true].map(() => false));
    expect(fed.infos.slice(2)).toEqual([
      'WebSocket WebSocket Text [FIN] [MASKED]',
      'WebSocket WebSocket Text [FIN]',
      'WebSocket WebSocket Text[FRAGMENT]',
      'WebSocket WebSocket Continuation [FIN]',
      'WebSocket WebSocket Ping [FIN]',
      'WebSocket WebSocket Pong [FIN] [MASKED]',
      'WebSocket WebSocket Binary [FIN]',
      'WebSocket WebSocket Connection Close [FIN]',
    ]);
    expect(said(segments)).toEqual([
      'websocket.payload.text=Hello',
      'websocket.payload.text=Hello',
      'websocket.payload.text=Hello',
      'websocket.payload.ping=48656c6c6f',
      'websocket.payload.pong=48656c6c6f',
      'websocket.payload.close=03e8646f6e65',
      'websocket.payload.close.status_code=1000',
      'websocket.payload.close.reason=done',
    ]);
    const long = conversation(['>', ASKED], ['<', agreed()], ['<', Uint8Array.from([0x82, 0x7f, 0, 0, 0, 0, 0, 1, 0, 0, ...new Uint8Array(65536)])]);
    expect(feed(http, long, { look: true }).fields).toContain('websocket.payload_length_ext_64=0000000000010000');
    expect(said(cut(segments, 7))).toEqual(said(segments));
    expect(fed.fields).toEqual(
      expect.arrayContaining(['websocket.masking_key=37fa213d', 'websocket.payload_length=5', 'websocket.payload_length_ext_16=256']),
    );
    expect(fed.fields).not.toContain('websocket.pmc=true');
  });

  it('unpacks messages as RFC 7692 has them: in one frame, in several, with a window that both share, not packed', () => {
    const segments = conversation(
      ['>', ASKED],
      ['<', agreed(DEFLATE)],
      ['<', hex('c107f248cdc9c90700')],
      ['<', hex('4103f248cd')],
      // A control frame between the frames of a message.
      ['<', hex('8900')],
      ['<', hex('8004c9c90700')],
      ['<', hex('c105f200110000')],
      // A block that is not compressed, and one that is marked as the last.
      ['<', hex('c10b000500faff48656c6c6f00')],
      ['<', hex('c108f348cdc9c9070000')],
      ['<', hex('810548656c6c6f')],
    );
    expect(said(segments)).toEqual(new Array(6).fill('websocket.payload.text=Hello'));
    expect(feed(http, segments, { look: true }).fields).toContain('websocket.pmc=true');
  });

  it('unpacks nothing that refers to what is not there, and says so', () => {
    const without = conversation(['>', ASKED], ['<', agreed(DEFLATE)], ['<', hex('c105f200110000')]);
    expect(said(without)[0]).toMatch(/^note: The message cannot be unpacked/);
    const each = conversation(
      ['>', ASKED],
      ['<', agreed('sec-websocket-extensions: permessage-deflate; server_no_context_takeover\r\n')],
      ['<', hex('c105f200110000')],
      ['<', hex('c107f248cdc9c90700')],
    );
    expect(said(each)).toEqual([expect.stringMatching(/^note/), 'websocket.payload.text=Hello']);
  });

  it('bounds what a message may unpack to and what is kept of it', () => {
    const inflater = new MessageInflater(false);
    expect(inflater.unpack(deflateRawSync(new Uint8Array((1 << 20) + 1)))).toBeNull();
    // What refers to it is lost with it.
    expect(inflater.unpack(hex('f248cdc9c90700'))).toBeNull();
    expect(new MessageInflater(true).unpack(hex('ffffffff'))).toBeNull();
    const long = feed(http, conversation(['>', ASKED], ['<', agreed()], ...Array.from({ length: 300 }, (_, i) => ['<', Uint8Array.from([i === 0 ? 1 : 0, 126, 4, 0, ...new Uint8Array(1024)])] as const)), { look: true }); // prettier-ignore
    expect(long.mostHeld).toBeLessThan(200_000);
  });

  it('stands in the place of HTTP, so that a filter for HTTP passes over it, as in Wireshark', async () => {
    const builder = new PacketBuilder(),
      tcp = (from: 'a' | 'b', sequence: number, payload: Uint8Array): void => {
        const [source, destination] = from === 'a' ? ['10.0.0.1', '10.0.0.2'] : ['10.0.0.2', '10.0.0.1'];
        builder.tcp({ from: source, to: destination, sourcePort: from === 'a' ? 5000 : 80, destinationPort: from === 'a' ? 80 : 5000, flags: 0x18, sequence, payload }); // prettier-ignore
      };
    tcp('a', 1, bytesOf(ASKED));
    tcp('b', 1, bytesOf(agreed()));
    tcp('a', 1 + ASKED.length, hex('818537fa213d7f9f4d5158'));
    tcp('b', 1 + agreed().length, hex('810548656c6c6f'));
    const frames = async (filter: string): Promise<number[]> => {
      const selection = await selectFrames(bufferSource(builder.bytes()), pcap, filter, undefined, {});
      return [1, 2, 3, 4].filter((frame) => selection.has(frame));
    };
    expect(await frames('http')).toEqual([1, 2]);
    expect(await frames('websocket')).toEqual([3, 4]);
    expect(await frames('websocket.opcode == 1 && websocket.mask == 1')).toEqual([3]);
    expect(await frames('websocket.payload.text contains "ell"')).toEqual([3, 4]);
  });

  it('reads any bytes without a throw, and says the same however they are cut', () => {
    const { below } = random(6455);
    for (let round = 0; round < 60; round++) {
      const bytes = Uint8Array.from({ length: 1 + below(120) }, () =>
          below(3) === 0 ? [0x81, 0xc1, 0x41, 0x80, 0x00, 0x8a, 0x85][below(7)]! : below(256),
        ),
        segments = conversation(['>', ASKED], ['<', agreed(DEFLATE)], [below(2) === 0 ? '>' : '<', bytes]);
      expect(said(cut(segments, 1 + below(9)))).toEqual(said(segments));
    }
  });

  it('says nothing of a stream that agreed to something else', () => {
    const segments = conversation(['>', ASKED], ['<', agreed().replace('WebSocket', 'other')], ['<', hex('810548656c6c6f')]);
    expect(feed(http, segments, { look: true }).fields).not.toContain('websocket');
  });
});
