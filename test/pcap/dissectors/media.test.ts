/** Calls: SDP (RFC 8866) in SIP, and the RTP and RTCP (RFC 3550) that it announces. Values as tshark 4.0.17 has them of the same frames. */
import { describe, expect, test } from 'vitest';
import { EVERYTHING } from '../../../src/analysis/engineApi.ts';
import { hideSecrets } from '../../../src/analysis/hideSecrets.ts';
import type { Packet } from '../../../src/pcap/packet.ts';
import { sip } from '../../../src/pcap/dissectors/sip.ts';
import { dissectFrame, newPacket, type Dissected } from '../../support/dissectFrame.ts';
import { ipBytes, PacketBuilder, udpBytes } from '../../support/packetBuilder.ts';
import { bytesOf, conversation, feed, hex } from '../../support/streamDriver.ts';
import { withSession } from '../../support/withSession.ts';

const PHONE = '10.0.0.1',
  OTHER = '10.9.9.9';

const DESCRIPTION = [
  'v=0',
  'o=alice 1 2 IN IP4 10.0.0.1',
  's=-',
  'i=info',
  'c=IN IP4 10.0.0.1/127/3',
  'b=CT:128',
  't=2873397496 2873404696',
  'a=tool:xyz 1',
  'm=audio 4000/2 RTP/AVP 0 96 101',
  'i=title',
  'a=rtpmap:96 opus/48000/2',
  'a=rtpmap:101 telephone-event/8000',
  'a=fmtp:96 useinbandfec=1; stereo=1',
  'a=sendrecv',
  'a=candidate:1 1 UDP 2130706431 10.0.0.1 4000 typ host',
  'm=video 4100 RTP/SAVP 97',
  'c=IN IP4 10.0.0.3',
  'a=crypto:1 AES_CM_128_HMAC_SHA1_80 inline:WVNfX19zZW1jdGwgKCkgewkyMjA7fQp9CnVubGVz|2^20|1:4',
  'a=rtcp:4111 IN IP4 10.0.0.4',
  'm=audio 0 RTP/AVP 0',
  'm=image 4300 udptl t38',
  'bad line',
  'x=unk',
  '',
].join('\r\n');

const invite = (description: string): Uint8Array =>
  bytesOf(
    `INVITE sip:200@10.0.0.2 SIP/2.0\r\nCall-ID: 1\r\nCSeq: 1 INVITE\r\nContent-Type: application/sdp\r\nContent-Length: ${description.length}\r\n\r\n${description}`,
  );

function datagram(from: string, sourcePort: number, to: string, destinationPort: number, payload: Uint8Array): Uint8Array {
  const type = from.includes(':') ? '86dd' : '0800';
  return Uint8Array.from([
    ...hex(`020000000002020000000001 ${type}`),
    ...ipBytes({ from, to, protocol: 17, payload: udpBytes({ from, to, sourcePort, destinationPort, payload }) }),
  ]);
}

/** A packet that has seen the call being set up. */
function inCall(description = DESCRIPTION, look = true): Packet {
  const packet = newPacket();
  dissectFrame(datagram(PHONE, 5060, '10.0.0.2', 5060, invite(description)), { packet, look });
  return packet;
}

function heard(payload: string, { to = PHONE, port = 4000, packet = inCall() } = {}): Dissected {
  return dissectFrame(datagram(OTHER, 7000, to, port, hex(payload)), { packet });
}

const saidOf = (seen: Dissected, names: readonly string[]): Record<string, readonly string[] | undefined> =>
  Object.fromEntries(names.map((name) => [name, seen.fields.get(name)]));

test('SDP in SIP is read line by line', () => {
  const seen = dissectFrame(datagram(PHONE, 5060, '10.0.0.2', 5060, invite(DESCRIPTION)));
  expect(seen.layers).toBe('eth:ip:udp:sip:sdp');
  expect(seen.info).toBe('SIP/SDP Request: INVITE sip:200@10.0.0.2');
  const expected = {
    'sdp.version': ['0'],
    'sdp.owner': ['alice 1 2 IN IP4 10.0.0.1'],
    'sdp.owner.username': ['alice'],
    'sdp.owner.sessionid': ['1'],
    'sdp.owner.version': ['2'],
    'sdp.owner.address': ['10.0.0.1'],
    'sdp.session_name': ['-'],
    'sdp.session_info': ['info'],
    'sdp.media_title': ['title'],
    'sdp.connection_info': ['IN IP4 10.0.0.1/127/3', 'IN IP4 10.0.0.3'],
    'sdp.connection_info.address': ['10.0.0.1', '10.0.0.3'],
    'sdp.connection_info.ttl': ['127'],
    'sdp.connection_info.num_addr': ['3'],
    'sdp.bandwidth.modifier': ['CT'],
    'sdp.bandwidth.value': ['128'],
    'sdp.time.start': ['2873397496'],
    'sdp.time.stop': ['2873404696'],
    'sdp.session_attr': ['tool:xyz 1'],
    'sdp.session_attr.field': ['tool'],
    'sdp.session_attr.value': ['xyz 1'],
    'sdp.media': ['audio 4000/2 RTP/AVP 0 96 101', 'video 4100 RTP/SAVP 97', 'audio 0 RTP/AVP 0', 'image 4300 udptl t38'],
    'sdp.media.media': ['audio', 'video', 'audio', 'image'],
    'sdp.media.port': ['4000', '4100', '0', '4300'],
    'sdp.media.port_string': ['4000', '4100', '0', '4300'],
    'sdp.media.portcount': ['2'],
    'sdp.media.proto': ['RTP/AVP', 'RTP/SAVP', 'RTP/AVP', 'udptl'],
    'sdp.media.format': [
      'ITU-T G.711 PCMU',
      'DynamicRTP-Type-96',
      'DynamicRTP-Type-101',
      '96',
      '101',
      '96',
      'DynamicRTP-Type-97',
      'ITU-T G.711 PCMU',
      't38',
    ],
    'sdp.media_attribute.field': ['rtpmap', 'rtpmap', 'fmtp', 'candidate', 'crypto', 'rtcp'],
    'sdp.media_attribute.value': ['4111 IN IP4 10.0.0.4'],
    'sdp.mime.type': ['opus', 'telephone-event'],
    'sdp.sample_rate': ['48000', '8000'],
    'sdp.fmtp.parameter': ['useinbandfec=1', 'stereo=1'],
    'sdp.crypto.tag': ['1'],
    'sdp.crypto.crypto_suite': ['AES_CM_128_HMAC_SHA1_80'],
    'sdp.ice_candidate.address': ['10.0.0.1'],
    'sdp.ice_candidate.port': ['4000'],
    'sdp.ice_candidate.type': ['host'],
    'sdp.invalid': ['bad line'],
    'sdp.unknown': ['x=unk'],
  };
  expect(saidOf(seen, Object.keys(expected))).toEqual(expected);
});

test('SDP over TCP is found at the end of its message', () =>
  expect(feed(sip, conversation(['>', invite(DESCRIPTION)]), { ports: [40_000, 5060], look: true }).fields).toEqual(
    expect.arrayContaining(['sdp', 'sdp.session_name=-', 'sdp.unknown=x=unk']),
  ));

test('a message with another body, or none, holds no SDP', () => {
  for (const head of [
    'Content-Type: application/dialog-info+xml\r\nContent-Length: 5\r\n\r\nv=0\r\n',
    'Content-Type: application/sdp\r\nContent-Length: 0\r\n\r\n',
  ])
    expect(dissectFrame(datagram(PHONE, 5060, '10.0.0.2', 5060, bytesOf(`MESSAGE sip:a@b SIP/2.0\r\n${head}`))).layers).toBe('eth:ip:udp:sip');
});

describe('RTP', () => {
  test('is known by the address and port of the description, either way, in a first pass as well', () => {
    for (const look of [true, false]) {
      const packet = inCall(DESCRIPTION, look);
      const seen = heard('8000 0001 00000010 11223344 aabbccdd', { packet });
      expect(seen.layers).toBe('eth:ip:udp:rtp');
      expect(seen.info).toBe('RTP PT=ITU-T G.711 PCMU, SSRC=0x11223344, Seq=1, Time=16');
      const expected = {
        'rtp.version': ['2'],
        'rtp.padding': ['0'],
        'rtp.ext': ['0'],
        'rtp.cc': ['0'],
        'rtp.marker': ['0'],
        'rtp.p_type': ['0'],
        'rtp.seq': ['1'],
        'rtp.timestamp': ['16'],
        'rtp.ssrc': ['287454020'],
        'rtp.payload': ['aabbccdd'],
        'rtp.setup-frame': ['1'],
        'rtp.setup-method': ['SDP'],
      };
      expect(saidOf(seen, Object.keys(expected))).toEqual(expected);
      const back = dissectFrame(datagram(PHONE, 4000, OTHER, 7000, hex('80e0 0002 00000010 11223344 aabbccdd')), { packet });
      expect(back.info).toBe('RTP PT=opus, SSRC=0x11223344, Seq=2, Time=16, Mark');
    }
  });

  test('with an extension, contributing sources and padding', () => {
    const expected = { 'rtp.cc': ['2'], 'rtp.csrc.item': ['1', '2'], 'rtp.ext.profile': ['48862'], 'rtp.ext.len': ['1'], 'rtp.payload': ['aabbcc'] };
    expect(saidOf(heard('b200 0002 00000010 11223344 00000001 00000002 bede0001 10ff0000 aabbcc 01'), Object.keys(expected))).toEqual(expected);
  });

  test('that is sealed is told as such, at the address of its own media', () => {
    const seen = heard('8061 0001 00000010 11223344 aabbccddaabbccddaabbccdd', { to: '10.0.0.3', port: 4100 });
    expect(seen.info).toBe('SRTP PT=DynamicRTP-Type-97, SSRC=0x11223344, Seq=1, Time=16');
    expect(seen.fields.has('rtp.payload')).toBe(false);
  });

  test('over IPv6', () => {
    const packet = newPacket(),
      description = 'v=0\r\nc=IN IP6 2001:db8::1\r\nm=audio 4000 RTP/AVP 8\r\n';
    dissectFrame(datagram('2001:db8::1', 5060, '2001:db8::2', 5060, invite(description)), { packet });
    expect(dissectFrame(datagram('2001:db8::9', 7000, '2001:db8::1', 4000, hex('8008 0001 00000010 11223344 aa')), { packet }).info).toBe(
      'RTP PT=ITU-T G.711 PCMA, SSRC=0x11223344, Seq=1, Time=16',
    );
  });

  test('that tells of a pressed key', () => {
    const seen = heard('8065 0001 00000010 11223344 058a00a0');
    expect(seen.layers).toBe('eth:ip:udp:rtp:rtpevent');
    expect(seen.info).toBe('RTP EVENT Payload type=RTP Event, DTMF Five 5 (end)');
    const expected = {
      'rtpevent.event_id': ['5'],
      'rtpevent.end_of_event': ['1'],
      'rtpevent.reserved': ['0'],
      'rtpevent.volume': ['10'],
      'rtpevent.duration': ['160'],
    };
    expect(saidOf(seen, Object.keys(expected))).toEqual(expected);
  });

  test.each([
    ['another port', '8000 0001 00000010 11223344 aa', 4002, PHONE],
    ['another host', '8000 0001 00000010 11223344 aa', 4000, '10.0.0.2'],
    ['another version', '4000 0001 00000010 11223344 aa', 4000, PHONE],
    ['too few bytes', '8000 0001 0000', 4000, PHONE],
    ['the port of what is no RTP', '8000 0001 00000010 11223344 aa', 4300, PHONE],
  ])('is not seen in %s', (_what, payload, port, to) => expect(heard(payload, { to, port }).layers).toBe('eth:ip:udp'));

  test.each([
    ['0.0.0.0', 'v=0\r\nc=IN IP4 0.0.0.0\r\nm=audio 4000 RTP/AVP 0\r\n'],
    ['a name', 'v=0\r\nc=IN IP4 phone.example\r\nm=audio 4000 RTP/AVP 0\r\n'],
    ['no address', 'v=0\r\nm=audio 4000 RTP/AVP 0\r\n'],
    ['TCP', 'v=0\r\nc=IN IP4 10.0.0.1\r\nm=audio 4000 TCP/RTP/AVP 0\r\n'],
  ])('is not learned of %s', (_what, description) => expect(inCall(description).media.size).toBe(0));

  test('shares its port with STUN and DTLS (RFC 7983), and does not take DNS from its own', () => {
    expect(heard('000100002112a442000102030405060708090a0b').layers).toBe('eth:ip:udp:stun');
    const packet = inCall('v=0\r\nc=IN IP4 10.0.0.1\r\nm=audio 53 RTP/AVP 0\r\n');
    expect(heard('8000 0100 0001 0000 0000 0000 0161 00 0001 0001', { port: 53, packet }).layers).toBe('eth:ip:udp:dns');
  });

  test('of a stranger’s descriptions takes bounded memory', () => {
    const packet = newPacket();
    for (let i = 0; i < 600; i++) {
      const medias = Array.from({ length: 40 }, (_, k) => `m=audio ${2 + 2 * ((i * 40 + k) % 32_000)} RTP/AVP 0\r\n`).join('');
      dissectFrame(datagram(PHONE, 5060, '10.0.0.2', 5060, invite(`v=0\r\nc=IN IP4 10.${i >> 8}.${i & 255}.1\r\n${medias}`)), {
        packet,
        look: false,
      });
    }
    expect(packet.media.size).toBe(8192);
  });
});

describe('RTCP', () => {
  test('a receiver report at the port behind', () => {
    const seen = heard('81c90007 11223344 55667788 20ffffff 00010002 00000003 00000004 00000005', { port: 4001 });
    expect(seen.layers).toBe('eth:ip:udp:rtcp');
    expect(seen.info).toBe('RTCP Receiver Report');
    const expected = {
      'rtcp.version': ['2'],
      'rtcp.rc': ['1'],
      'rtcp.pt': ['201'],
      'rtcp.length': ['7'],
      'rtcp.senderssrc': ['287454020'],
      'rtcp.ssrc.identifier': ['1432778632'],
      'rtcp.ssrc.fraction': ['32'],
      'rtcp.ssrc.cum_nr': ['-1'],
      'rtcp.ssrc.ext_high': ['65538'],
      'rtcp.ssrc.high_cycles': ['1'],
      'rtcp.ssrc.high_seq': ['2'],
      'rtcp.ssrc.jitter': ['3'],
      'rtcp.ssrc.lsr': ['4'],
      'rtcp.ssrc.dlsr': ['5'],
      'rtcp.length_check': ['1'],
    };
    expect(saidOf(seen, Object.keys(expected))).toEqual(expected);
  });

  // Frame 104 of benign__sip.pcap, with other names.
  test('a sender report, who it is, and that it leaves, in one datagram', () => {
    const seen = heard(
      '80c80006 3796cb71 42c907ca 5efac603 000024c3 00000009 0000060c' +
        '81ca0005 3796cb71 0105614062632e 0603 535049 00 000000' +
        '81cb0003 3796cb71 07 73687574 6f6666',
      { port: 4001 },
    );
    expect(seen.info).toBe('RTCP Sender Report   Source description   Goodbye');
    const expected = {
      'rtcp.pt': ['200', '202', '203'],
      'rtcp.timestamp.ntp.msw': ['1120470986'],
      'rtcp.timestamp.ntp.lsw': ['1593492995'],
      'rtcp.timestamp.rtp': ['9411'],
      'rtcp.sender.packetcount': ['9'],
      'rtcp.sender.octetcount': ['1548'],
      'rtcp.sc': ['1', '1'],
      'rtcp.sdes.type': ['1', '6', '0'],
      'rtcp.sdes.text': ['a@bc.', 'SPI', 'shutoff'],
      'rtcp.length_check': ['1'],
    };
    expect(saidOf(seen, Object.keys(expected))).toEqual(expected);
  });

  test('of an application, and feedback', () => {
    expect(saidOf(heard('80cc0003 11223344 6e616d65 deadbeef', { port: 4001 }), ['rtcp.app.name', 'rtcp.app.data'])).toEqual({
      'rtcp.app.name': ['name'],
      'rtcp.app.data': ['deadbeef'],
    });
    expect(saidOf(heard('81ce0002 11223344 55667788', { port: 4001 }), ['rtcp.psfb.fmt', 'rtcp.mediassrc'])).toEqual({
      'rtcp.psfb.fmt': ['1'],
      'rtcp.mediassrc': ['1432778632'],
    });
  });

  test('in the port of RTP (RFC 5761), and where the attribute says (RFC 3605)', () => {
    expect(heard('80c90001 11223344').layers).toBe('eth:ip:udp:rtcp');
    expect(heard('80c90001 11223344', { to: '10.0.0.4', port: 4111 }).info).toBe('SRTCP Receiver Report');
    expect(heard('8000 0001 00000010 11223344 aa', { port: 4001 }).layers).toBe('eth:ip:udp');
  });

  test('packets that are longer than their datagram, or say nothing, end', () => {
    expect(heard('80c8ffff 11223344', { port: 4001 }).packet.isMalformed).toBe(true);
    expect(heard('9fca0001 11223344 0000', { port: 4001 }).fields.get('rtcp.length_check')).toEqual(['0']);
  });
});

test('who opens a packet of a call sees it as in the list', async () => {
  for (const [from, to, other] of [
    [PHONE, '10.0.0.2', OTHER],
    ['2001:db8::1', '2001:db8::2', '2001:db8::9'],
  ] as const) {
    const description = `v=0\r\nc=IN IP${from.includes(':') ? 6 : 4} ${from}\r\nm=audio 4000 RTP/AVP 0\r\n`,
      builder = new PacketBuilder().udp({ from, to, sourcePort: 5060, destinationPort: 5060, payload: invite(description) });
    builder.wait(1).udp({ from: other, to: from, sourcePort: 7000, destinationPort: 4000, payload: hex('8000 0001 00000010 11223344 aa') });
    await withSession(builder.bytes(), async ({ handlers }) => {
      const { signal } = new AbortController(),
        page = await handlers.packets({ selection: { ...EVERYTHING, filter: 'rtp' }, sort: null, offset: 0, limit: 10 }, signal);
      expect(page.rows.map(({ frame, protocol, info }) => [frame, protocol, info])).toEqual([
        [2, 'RTP', 'PT=ITU-T G.711 PCMU, SSRC=0x11223344, Seq=1, Time=16'],
      ]);
      const detail = await handlers.packet({ frame: 2 }, signal);
      expect(detail?.tree.map(({ name }) => name)).toContain('rtp');
    });
  }
});

test('keys of calls are hidden', () => {
  expect(hideSecrets('a=crypto:1 AES_CM_128_HMAC_SHA1_80 inline:WVNfX19zZW1jdGwgKCkgewkyMjA7fQp9CnVubGVz|2^20|1:4')).toBe(
    'a=crypto:1 AES_CM_128_HMAC_SHA1_80 inline:(hidden)|2^20|1:4',
  );
  expect(hideSecrets('t=0 0\r\nk=clear:abc def\r\n')).toBe('t=0 0\r\nk=clear:(hidden)\r\n');
});
