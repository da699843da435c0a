/** RTSP (RFC 2326): who fetches which stream, and the RTP that is agreed on, over UDP or amid the messages. Values as tshark 4.0.17 has them of the same packets. */
import { expect, test } from 'vitest';
import { EVERYTHING } from '../../../src/analysis/engineApi.ts';
import { rtsp } from '../../../src/pcap/dissectors/rtsp.ts';
import { bytesOf, dialogue } from '../../support/dialogue.ts';
import { conversation, feed, feedEveryWay } from '../../support/streamDriver.ts';
import { withSession } from '../../support/withSession.ts';

const PLAYER = '10.0.0.66',
  CAMERA = '10.0.0.20';
const SDP = 'v=0\r\no=- 1 1 IN IP4 10.0.0.20\r\ns=cam\r\nt=0 0\r\nm=video 0 RTP/AVP 96\r\n',
  RTP = '\x80\x60\x00\x01\x00\x00\x00\x10\x11\x22\x33\x44\xaa\xbb\xcc\xdd',
  RTCP = '\x80\xc9\x00\x01\x11\x22\x33\x44';

const lines = (asked: string, agreed: string): (readonly ['client' | 'server', string])[] => [
  ['client', 'DESCRIBE rtsp://10.0.0.20/cam RTSP/1.0\r\nCSeq: 2\r\nAccept: application/sdp\r\n\r\n'],
  ['server', `RTSP/1.0 200 OK\r\nCSeq: 2\r\nContent-Type: application/sdp\r\nContent-Length: ${SDP.length}\r\n\r\n${SDP}`],
  ['client', `SETUP rtsp://10.0.0.20/cam/1 RTSP/1.0\r\nCSeq: 3\r\nTransport: ${asked}\r\n\r\n`],
  ['server', `RTSP/1.0 200 OK\r\nCSeq: 3\r\nSession: 123;timeout=60\r\nTransport: ${agreed}\r\n\r\n`],
];

const rowsOf = async (capture: Uint8Array, filter: string) =>
  withSession(capture, async ({ handlers }) => {
    const page = await handlers.packets({ selection: { ...EVERYTHING, filter }, sort: null, offset: 0, limit: 50 }, new AbortController().signal);
    return page.rows.map(({ frame, protocol, info }) => `${frame} ${protocol} ${info}`);
  });

test('messages, and RTP over UDP where they say', async () => {
  const capture = dialogue(lines('RTP/AVP;unicast;client_port=5000-5001', 'RTP/AVP;unicast;client_port=5000-5001;server_port=6970-6971'), {
    client: PLAYER,
    server: CAMERA,
    port: 554,
  })
    .udp({ from: CAMERA, to: PLAYER, sourcePort: 6970, destinationPort: 5000, payload: bytesOf(RTP) })
    .udp({ from: PLAYER, to: CAMERA, sourcePort: 5001, destinationPort: 6971, payload: bytesOf(RTCP) })
    .udp({ from: CAMERA, to: PLAYER, sourcePort: 6970, destinationPort: 5002, payload: bytesOf(RTP) })
    .bytes();
  expect(await rowsOf(capture, 'rtsp || rtp || rtcp')).toEqual([
    '4 RTSP DESCRIBE rtsp://10.0.0.20/cam RTSP/1.0',
    '5 RTSP/SDP Reply: RTSP/1.0 200 OK',
    '6 RTSP SETUP rtsp://10.0.0.20/cam/1 RTSP/1.0',
    '7 RTSP Reply: RTSP/1.0 200 OK',
    '8 RTP PT=DynamicRTP-Type-96, SSRC=0x11223344, Seq=1, Time=16',
    '9 RTCP Receiver Report',
    // Who sends from a port of media sends media.
    '10 RTP PT=DynamicRTP-Type-96, SSRC=0x11223344, Seq=1, Time=16',
  ]);
  expect(await rowsOf(capture, 'rtp.setup-frame == 7 and rtp.setup-method == "RTSP"')).toHaveLength(2);
  expect(await rowsOf(capture, 'rtsp.method == "SETUP" or rtsp.session == "123;timeout=60"')).toHaveLength(2);
});

test('RTP in pieces amid the messages, in the channels that are agreed on', async () => {
  const piece = (channel: number, bytes: string): string => `$${String.fromCharCode(channel, bytes.length >> 8, bytes.length & 255)}${bytes}`;
  const said = [
    ...lines('RTP/AVP/TCP;unicast;interleaved=0-1', 'RTP/AVP/TCP;unicast;interleaved=0-1'),
    ['server', piece(0, RTP) + piece(0, RTP)] as const,
    ['client', piece(1, RTCP)] as const,
    ['server', piece(4, 'ab')] as const,
    ['client', 'TEARDOWN rtsp://10.0.0.20/cam RTSP/1.0\r\nCSeq: 5\r\n\r\n'] as const,
  ];
  const capture = dialogue(said, { client: PLAYER, server: CAMERA, port: 554 }).bytes();
  expect(await rowsOf(capture, 'rtp or rtcp or rtsp.channel')).toEqual([
    '8 RTP PT=DynamicRTP-Type-96, SSRC=0x11223344, Seq=1, Time=16',
    '9 RTCP Receiver Report',
    '10 RTSP Interleaved channel 0x04, 2 bytes',
  ]);
  const turns = conversation(...said.map(([from, text]) => [from === 'client' ? '>' : '<', text] as const));
  expect(feedEveryWay(rtsp, turns, { ports: [40_000, 554] }).dropped).toEqual([false, false]);
  expect(feed(rtsp, turns, { ports: [40_000, 554], look: true }).fields.filter((each) => /^(?:rtsp\.(?:channel|status|url)|rtp\.seq|sdp\.session_name)/.test(each))).toEqual([
    'rtsp.url=rtsp://10.0.0.20/cam',
    'rtsp.status=200',
    'sdp.session_name=cam',
    'rtsp.url=rtsp://10.0.0.20/cam/1',
    'rtsp.status=200',
    'rtsp.channel=0',
    'rtp.seq=1',
    'rtsp.channel=0',
    'rtp.seq=1',
    'rtsp.channel=1',
    'rtsp.channel=4',
    'rtsp.url=rtsp://10.0.0.20/cam',
  ]); // prettier-ignore
});

test.each([
  'GET / HTTP/1.1\r\n\r\n',
  'OPTIONS * HTTP/1.1\r\n\r\n',
  'INVITE sip:200@10.0.0.2 SIP/2.0\r\n\r\n',
  '$\x00\x00\x02ab',
  'NICK somebody\r\n',
])('other protocols are left to others: %j', (said) => expect(feedEveryWay(rtsp, conversation(['>', said])).recognised).toBe(false));

test('a head without an end, and a body without a measure, are given up', () => {
  expect(feed(rtsp, conversation(['>', `PLAY rtsp://x RTSP/1.0\r\nX: ${'y'.repeat(20_000)}`])).dropped[0]).toBe(true);
  expect(feed(rtsp, conversation(['>', 'PLAY rtsp://x RTSP/1.0\r\nContent-Length: 99999999999\r\n\r\n'])).dropped[0]).toBe(true);
});
