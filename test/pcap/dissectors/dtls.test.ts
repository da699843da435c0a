/**
 * DTLS, RFC 6347, RFC 9146 and RFC 9147. The handshakes are those of the sample `dtls.pcap`, between OpenSSL's programs; that all its fields are tshark's is checked in
 * test/analysis/readFields.test.ts. Records that OpenSSL does not make are built here as the RFCs draw them, and were shown to tshark 4.0.17.
 */
import fs from 'node:fs';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { Message } from '../../../src/pcap/dissector.ts';
import { HandshakeFragments, MessagesUnderWay } from '../../../src/pcap/dtls/fragments.ts';
import type { Packet } from '../../../src/pcap/packet.ts';
import { nodePlatform } from '../../../src/pcap/platform.node.ts';
import { installPlatform } from '../../../src/pcap/platform.ts';
import {
  tlsAlertMessage,
  tlsCertificateMessage,
  tlsClientHelloMessage,
  tlsHeartbeatMessage,
  tlsServerHelloMessage,
  tlsServerNameMessage,
} from '../../../src/pcap/tls/messages.ts';
import { sample } from '../../support/analyzeCapture.ts';
import { dissectFrame, newPacket, type Dissected } from '../../support/dissectFrame.ts';
import { ipBytes, udpBytes } from '../../support/packetBuilder.ts';
import { hex } from '../../support/streamDriver.ts';

beforeAll(() => installPlatform(nodePlatform));
afterAll(() => installPlatform(null));

/** The frames of a classic pcap file in the byte order of this machine. */
function framesOf(file: string): Uint8Array[] {
  const bytes = fs.readFileSync(file),
    frames: Uint8Array[] = [];
  for (let at = 24; at < bytes.length; at += 16 + bytes.readUInt32LE(at + 8))
    frames.push(bytes.subarray(at + 16, at + 16 + bytes.readUInt32LE(at + 8)));
  return frames;
}

const FRAMES = framesOf(sample('dtls.pcap')),
  HEADERS = 42,
  /** The connection to port 5684: a hello in two pieces, refused for want of a cookie, comes again; the server's certificate in five pieces. */
  COAP = FRAMES.map((bytes, i) => ({ bytes, frame: i + 1, ports: Buffer.from(bytes).toString('hex', 34, 38) })).filter(({ ports }) =>
    ports.includes('1634'),
  );

const u16 = (value: number): number[] => [value >> 8, value & 255],
  u24 = (value: number): number[] => [value >> 16, ...u16(value & 0xffff)];

function datagram(payload: Uint8Array | readonly number[], fromClient = true, port = 50_000, serverPort = 4433): Uint8Array {
  const up = { from: '10.0.0.1', to: '10.0.0.2', sourcePort: port, destinationPort: serverPort },
    ends = fromClient ? up : { from: up.to, to: up.from, sourcePort: serverPort, destinationPort: port };
  return Uint8Array.from([
    ...hex('020000000002020000000001 0800'),
    ...ipBytes({ ...ends, protocol: 17, payload: udpBytes({ ...ends, payload: Uint8Array.from(payload) }) }),
  ]);
}

const record = (
  type: number,
  body: readonly number[],
  { version = 0xfefd, epoch = 0, sequence = 0, id = [] as readonly number[] } = {},
): number[] => [type, ...u16(version), ...u16(epoch), 0, 0, sequence >>> 24, ...u24(sequence & 0xffffff), ...id, ...u16(body.length), ...body];

/** A fragment of a handshake message; whole unless `offset` and `total` say otherwise. */
const handshake = (type: number, body: readonly number[], sequence: number, offset = 0, total = body.length): number[] => [
  type,
  ...u24(total),
  ...u16(sequence),
  ...u24(offset),
  ...u24(body.length),
  ...body,
];

const extension = (type: number, body: readonly number[]): number[] => [...u16(type), ...u16(body.length), ...body];
const random = (first: number): number[] => Array.from({ length: 32 }, (_, i) => (first + i) & 255);
function clientHello(extensions: readonly number[] = [], first = 1, cookie: readonly number[] = []): number[] {
  return [0xfe, 0xfd, ...random(first), 0, cookie.length, ...cookie, 0, 4, 0xc0, 0x2b, 0xc0, 0x2f, 1, 0, ...u16(extensions.length), ...extensions];
}
const serverHello = (extensions: readonly number[] = [], version = 0xfefd): number[] => [
  ...u16(version),
  ...random(99),
  0,
  0xc0,
  0x2b,
  0,
  ...u16(extensions.length),
  ...extensions,
];
const named = extension(0, [0, 6, 0, 0, 3, 97, 98, 99]);

/** What was said in a datagram, which waits until its conversation is known; and by whom. */
const said = ({ held, heldFrom }: Packet): readonly [from: number, kinds: readonly string[]] => [heldFrom, held.map(({ kind }) => kind)];

function tellAll(frames: readonly Uint8Array[], packet = newPacket(), look = false): { messages: Message[]; seen: Dissected[] } {
  const messages: Message[] = [],
    seen = frames.map((bytes) => {
      const one = dissectFrame(bytes, { packet, look });
      messages.push(...packet.held);
      return one;
    });
  return { messages, seen };
}

describe('a handshake with a cookie, in pieces', () => {
  // tshark -r dtls.pcap -Y 'udp.port == 5684', but for the version and the name in the hellos.
  it('is told as tshark tells it', () => {
    const { seen } = tellAll(
      COAP.map(({ bytes }) => bytes),
      newPacket(),
      true,
    );
    expect(new Set(seen.map(({ layers }) => layers))).toEqual(new Set(['eth:ip:udp:dtls']));
    expect(seen.map(({ info }) => info)).toEqual([
      'DTLSv1.0 Client Hello (Fragment)',
      'DTLSv1.2 Client Hello (SNI=sensors.example.com) (Reassembled)',
      'DTLSv1.2 Hello Verify Request',
      'DTLSv1.2 Client Hello (Fragment)',
      'DTLSv1.2 Client Hello (SNI=sensors.example.com) (Reassembled)',
      'DTLSv1.2 Server Hello, Certificate (Fragment)',
      'DTLSv1.2 Certificate (Fragment)',
      'DTLSv1.2 Certificate (Fragment)',
      'DTLSv1.2 Certificate (Fragment)',
      'DTLSv1.2 Certificate (Reassembled), Server Key Exchange (Fragment)',
      'DTLSv1.2 Server Key Exchange (Reassembled), Server Hello Done',
      'DTLSv1.2 Client Key Exchange, Change Cipher Spec, Encrypted Handshake Message',
      'DTLSv1.2 New Session Ticket',
      'DTLSv1.2 Change Cipher Spec, Encrypted Handshake Message',
      'DTLSv1.2 Application Data',
      'DTLSv1.2 Encrypted Alert',
      'DTLSv1.2 Encrypted Alert',
    ]);
  });

  it.each([false, true])('tells each message once, whether somebody looks or not: %s', (look) => {
    const { messages } = tellAll(
      COAP.map(({ bytes }) => bytes),
      newPacket(),
      look,
    );
    expect(messages.map(({ kind }) => kind)).toEqual(['tls-server-name', 'tls-client-hello', 'tls-server-hello', 'tls-certificate']);
    const [name, hello, answer, certificate] = messages;
    expect(name !== undefined && tlsServerNameMessage.is(name) && name.name).toBe('sensors.example.com');
    // JA3 as tshark has it; JA4 by FoxIO's recipe from tshark's fields of the frame.
    expect(hello !== undefined && tlsClientHelloMessage.is(hello) && [hello.ja3, hello.ja4, hello.alpn, hello.maxVersion]).toEqual([
      '32b4bc40ac6a19f41c2b149c3fb0d837',
      'dd2d8408cp_bd790527ddab_3c5a66c06c35',
      ['coap'],
      0xfefd,
    ]);
    expect(answer !== undefined && tlsServerHelloMessage.is(answer) && [answer.suite, answer.version, answer.ja3s]).toEqual([
      0xc030,
      0xfefd,
      'e0fa7acd03af071725a47e9c2d72017b',
    ]);
    expect(
      certificate !== undefined && tlsCertificateMessage.is(certificate) && [certificate.chain[0]?.names, certificate.fromServer, certificate.sni],
    ).toEqual([['vpn.example.com', 'sensors.example.com'], true, 'sensors.example.com']);
  });

  it('is understood whatever order its datagrams come in, and however often', () => {
    const pieces = COAP.slice(5, 11).map(({ bytes }) => bytes),
      before = COAP.slice(0, 5).map(({ bytes }) => bytes);
    for (const order of [
      [5, 4, 3, 2, 1, 0],
      [3, 3, 0, 5, 0, 1, 4, 4, 2, 2],
      [0, 1, 2, 3, 5, 0, 1, 2, 3, 4, 5],
    ]) {
      const { messages } = tellAll([...before, ...order.map((i) => pieces[i]!)]);
      expect(
        messages
          .map(({ kind }) => kind)
          .slice(2)
          .sort(),
      ).toEqual(['tls-certificate', 'tls-server-hello']);
    }
  });

  it('says of a message what tshark says, also where fragments overlap', () => {
    const body = clientHello(named),
      packet = newPacket(),
      at = (from: number, to: number): Uint8Array => datagram(record(22, handshake(1, body.slice(from, to), 0, from, body.length)));
    for (const [from, to] of [
      [40, 50],
      [0, 28],
      [25, 35],
    ] as const)
      expect(dissectFrame(at(from, to), { packet }).fields.has('dtls.handshake.ciphersuite')).toBe(false);
    const last = dissectFrame(at(20, body.length), { packet });
    expect(last.fields.get('dtls.handshake.extensions_server_name')).toEqual(['abc']);
    expect(last.fields.get('dtls.fragment')).toEqual(['1', '2', '3', '4']);
    expect(last.fields.get('dtls.reassembled.length')).toEqual([String(body.length)]);
  });

  it('with the bytes that came first, where fragments differ', () => {
    const body = clientHello(named),
      other = body.map((byte, i) => (i >= body.length - 3 ? 120 : byte)),
      packet = newPacket();
    dissectFrame(datagram(record(22, handshake(1, body.slice(40), 0, 40, body.length))), { packet });
    const last = dissectFrame(datagram(record(22, handshake(1, other.slice(0, body.length - 1), 0, 0, body.length))), { packet });
    expect(last.fields.get('dtls.handshake.extensions_server_name')).toEqual(['abc']);
  });
});

describe('who is who', () => {
  it('a client asks, whichever end it is, and the server answers', () => {
    const packet = newPacket();
    dissectFrame(datagram(record(22, handshake(1, clientHello(named), 0)), false), { packet });
    expect(said(packet)).toEqual([0, ['tls-server-name', 'tls-client-hello']]);
    dissectFrame(datagram(record(22, handshake(2, serverHello(), 0))), { packet });
    expect(said(packet)).toEqual([1, ['tls-server-hello']]);
  });

  it('a capture that begins with the answer knows the server', () => {
    const packet = newPacket();
    dissectFrame(datagram(record(22, handshake(2, serverHello(), 1)), false), { packet });
    expect(said(packet)).toEqual([1, ['tls-server-hello']]);
    dissectFrame(datagram(record(21, [2, 40])), { packet });
    const [alert] = packet.held;
    expect(alert !== undefined && tlsAlertMessage.is(alert) && [packet.heldFrom, alert.level, alert.description]).toEqual([0, 2, 40]);
  });

  it('another hello from the same port begins another connection, and one with a cookie does not', () => {
    const packet = newPacket(),
      hello = (first: number, cookie: readonly number[], sequence: number): Dissected =>
        dissectFrame(datagram(record(22, handshake(1, clientHello(named, first, cookie), sequence))), { packet });
    hello(1, [], 0);
    expect(said(packet)[1]).toHaveLength(2);
    const again = hello(1, [7, 7], 1);
    expect(again.fields.get('dtls.handshake.cookie')).toEqual(['0707']);
    expect(said(packet)[1]).toEqual([]);
    hello(2, [], 0);
    expect(said(packet)[1]).toEqual(['tls-server-name', 'tls-client-hello']);
  });

  it('what an ICMP error quotes is shown and not told', () => {
    const quoted = datagram(record(22, handshake(1, clientHello(named), 0))).subarray(14),
      ends = { from: '10.0.0.2', to: '10.0.0.1' },
      packet = newPacket();
    const seen = dissectFrame(
      Uint8Array.from([
        ...hex('020000000002020000000001 0800'),
        ...ipBytes({ ...ends, protocol: 1, payload: Uint8Array.from([3, 3, 0, 0, 0, 0, 0, 0, ...quoted]) }),
      ]),
      { packet },
    );
    expect(seen.fields.get('dtls.handshake.extensions_server_name')).toEqual(['abc']);
    expect(packet.held).toEqual([]);
  });
});

describe('records', () => {
  // tshark 4.0.17 has these two as they are here.
  it('with connection ids, of the length that the hellos agree on (RFC 9146)', () => {
    const packet = newPacket(),
      sealed = new Array<number>(40).fill(0);
    const hello = dissectFrame(datagram(record(22, handshake(1, clientHello(extension(54, [2, 0xab, 0xcd])), 0))), { packet });
    expect(hello.fields.get('dtls.connection_id')).toEqual(['abcd']);
    dissectFrame(datagram(record(22, handshake(2, serverHello(extension(54, [3, 0x11, 0x22, 0x33])), 0)), false), { packet });
    const up = dissectFrame(datagram([...record(20, [1], { sequence: 1 }), ...record(25, sealed, { epoch: 1, id: [0x11, 0x22, 0x33] })]), { packet }),
      down = dissectFrame(datagram(record(25, sealed, { epoch: 1, id: [0xab, 0xcd] }), false), { packet });
    expect(up.info).toBe('DTLSv1.2 Change Cipher Spec, Connection ID');
    expect(up.fields.get('dtls.record.connection_id')).toEqual(['112233']);
    expect(up.fields.get('dtls.record.special_type')).toEqual(['25']);
    expect(up.fields.get('dtls.record.length')).toEqual(['1', '40']);
    expect(down.fields.get('dtls.record.connection_id')).toEqual(['abcd']);
    // The capture begins later: the record fills its datagram with one length only.
    expect(dissectFrame(datagram(record(25, sealed, { epoch: 1, id: [1, 2, 3, 4, 5] }))).fields.get('dtls.record.connection_id')).toEqual([
      '0102030405',
    ]);
  });

  it('with the header of DTLS 1.3, once the hellos agree on that version (RFC 9147 section 4)', () => {
    const packet = newPacket(),
      // C, S and L bits, epoch 2: connection id, 16 bits of sequence number, length.
      long = [0x3e, 9, 8, 0x12, 0x34, 0, 32, ...new Array<number>(32).fill(5)],
      // Without them: 8 bits, and as long as the datagram.
      short = [0x23, 0x77, ...new Array<number>(20).fill(6)];
    expect(dissectFrame(datagram(long, false), { packet }).layers).toBe('eth:ip:udp');
    dissectFrame(datagram(record(22, handshake(1, clientHello([...extension(43, [4, 0xfe, 0xfc, 0xfe, 0xfd]), ...extension(54, [2, 9, 8])]), 0))), {
      packet,
    });
    const hello = packet.held.find((one) => tlsClientHelloMessage.is(one));
    expect(hello !== undefined && tlsClientHelloMessage.is(hello) && [hello.maxVersion, hello.ja4?.slice(0, 4)]).toEqual([0xfefc, 'dd3i']);
    dissectFrame(datagram(record(22, handshake(2, serverHello(extension(43, [0xfe, 0xfc])), 0)), false), { packet });
    const both = dissectFrame(datagram([...long, ...short], false), { packet });
    expect([both.layers, both.info]).toEqual(['eth:ip:udp:dtls', 'DTLSv1.3 Encrypted Record, Encrypted Record']);
    expect(both.fields.get('dtls.record.epoch')).toEqual(['2', '3']);
    expect(both.fields.get('dtls.record.connection_id')).toEqual(['0908']);
    expect(both.fields.get('dtls.record.length')).toEqual(['32']);
    expect(both.fields.get('dtls.enc_content')?.map(({ length }) => length / 2)).toEqual([32, 20]);
    // What shares the port is told apart by its first byte (RFC 7983): RTP, STUN.
    expect(dissectFrame(datagram([0x80, 0x60, ...new Array<number>(40).fill(1)], false), { packet }).layers).toBe('eth:ip:udp');
    expect(dissectFrame(datagram(hex('00010000 2112a442 000102030405060708090a0b'), false), { packet }).layers).toBe('eth:ip:udp:stun');
  });

  it('of heartbeats say what they promise', () => {
    const packet = newPacket(),
      seen = dissectFrame(datagram(record(24, [1, 0x40, 0])), { packet });
    expect(seen.fields.get('dtls.heartbeat_message.payload_length')).toEqual(['16384']);
    const [heartbeat] = packet.held;
    expect(
      heartbeat !== undefined && tlsHeartbeatMessage.is(heartbeat) && [heartbeat.encrypted, heartbeat.payloadLength, heartbeat.recordLength],
    ).toEqual([false, 16_384, 3]);
  });

  it('in a channel of TURN are those of the call, each channel with its own', () => {
    const packet = newPacket(),
      through = (channel: number, payload: readonly number[]): Dissected =>
        dissectFrame(datagram([...u16(channel), ...u16(payload.length), ...payload], true, 50_000, 3478), { packet });
    // ChannelBind: a channel means nothing before.
    const hello = record(22, handshake(1, clientHello(named), 0));
    expect(through(0x4001, hello).layers).toBe('eth:ip:udp');
    dissectFrame(datagram(hex('00090000 2112a442 000102030405060708090a0b'), true, 50_000, 3478), { packet });
    expect(through(0x4001, hello).layers).toBe('eth:ip:udp:stun:dtls');
    expect(said(packet)[1]).toEqual(['tls-server-name', 'tls-client-hello']);
    expect(through(0x4002, hello).fields.get('dtls.handshake.extensions_server_name')).toEqual(['abc']);
    expect(said(packet)[1]).toEqual(['tls-server-name', 'tls-client-hello']);
    expect(through(0x4001, hello).layers).toBe('eth:ip:udp:stun:dtls');
    expect(said(packet)[1]).toEqual([]);
    expect(through(0x4001, [0x80, 0x60, ...new Array<number>(40).fill(1)]).layers).toBe('eth:ip:udp:stun');
  });
});

describe('what is not DTLS', () => {
  const hello = record(22, handshake(1, clientHello(named), 0));
  it.each([
    ['a byte more than its records', [...hello, 0]],
    ['a byte less', hello.slice(0, -1)],
    ['another version', record(22, handshake(1, clientHello(), 0), { version: 0xfefc })],
    ['that of TLS', record(22, handshake(1, clientHello(), 0), { version: 0x0303 })],
    ['a type that no record has', record(19, [1])],
    ['a sequence number that nobody reaches', [22, 0xfe, 0xfd, 0, 0, 0, 1, 0, 0, 0, 0, 0, 1, 1]],
    ['the version of the draft in the hundredth epoch', record(23, [1, 2, 3, 4], { version: 0x0100, epoch: 100 })],
    ['a record longer than a record may be', record(23, new Array<number>(20_000).fill(0))],
    ['RTP', [0x80, 0x60, 0x12, 0x34, ...new Array<number>(160).fill(0xff)]],
    ['twelve bytes', hello.slice(0, 12)],
  ])('%s', (_, payload) => {
    expect(dissectFrame(datagram(payload)).layers).toBe('eth:ip:udp');
    // Nor on a port that it is registered for.
    expect(dissectFrame(datagram(payload, true, 50_000, 5684)).layers).toBe('eth:ip:udp');
  });

  it('what was not captured does not count against it', () => {
    const whole = datagram(hello);
    for (let length = HEADERS + 13; length < whole.length; length++)
      expect(dissectFrame(whole.subarray(0, length), { originalLength: whole.length }).layers, String(length)).toBe('eth:ip:udp:dtls');
  });
});

describe('damage', () => {
  it('of any byte neither throws nor takes the rest of the connection along', () => {
    for (let which = 0; which < COAP.length; which++) {
      const { bytes } = COAP[which]!;
      for (let at = HEADERS; at < bytes.length; at++) {
        const packet = newPacket(),
          changed = bytes.slice();
        changed[at]! ^= at % 2 === 0 ? 0xff : 0x08;
        const before = COAP.slice(Math.max(0, which - 2), which).map((one) => one.bytes),
          { seen } = tellAll([...before, changed, FRAMES[46]!, FRAMES[47]!], packet, true);
        expect(seen.flatMap(({ notes }) => notes).join(), `datagram ${which}, byte ${at}`).not.toContain('a dissector failed');
        // Of another connection: its refusal.
        expect(seen.at(-1)!.fields.get('dtls.alert_message.desc')).toEqual(['40']);
      }
    }
  });

  it('of lengths is said', () => {
    const body = clientHello(named),
      malformed = (payload: readonly number[]): string[] =>
        dissectFrame(datagram(payload)).notes.filter((note) => note.startsWith('error: Malformed'));
    expect(malformed(record(22, handshake(1, body, 0).slice(0, -5)))).toEqual(['error: Malformed: handshake message is longer than its record']);
    expect(malformed(record(22, handshake(1, body, 0, 5, body.length)))).toEqual([
      'error: Malformed: fragment runs past the end of its handshake message',
    ]);
    expect(malformed(record(22, [1, 0, 0]))).toEqual(['error: Malformed: handshake message is longer than its record']);
    expect(malformed(record(22, []))).toEqual(['error: Malformed: handshake record without a message']);
    expect(malformed(record(22, handshake(1, body.slice(0, 50), 0)))).toEqual(['error: Malformed: ClientHello is shorter than its lengths say']);
    expect(malformed(record(22, handshake(1, body, 0)))).toEqual([]);
  });
});

describe('bounds', () => {
  const piece = (offset: number, length: number): { frame: number; offset: number; length: number } => ({ frame: 1, offset, length });

  it('fragments that never become messages take 8 MiB together, and what was given up is counted', () => {
    const fragments = new HandshakeFragments(),
      bytes = new Uint8Array(100),
      sides = Array.from({ length: 200 }, () => new MessagesUnderWay());
    for (const side of sides)
      for (let sequence = 0; sequence < 20; sequence++) fragments.add(side, sequence, 11, 65_536, bytes, 0, piece(65_000, 100));
    const held = sides.reduce((sum, { bySequence }) => sum + [...bySequence.values()].reduce((part, message) => part + message.bytes.length, 0), 0);
    expect(held).toBeLessThanOrEqual(8 << 20);
    expect(held).toBeGreaterThan(7 << 20);
    expect(Math.max(...sides.map(({ bySequence }) => bySequence.size))).toBeLessThanOrEqual(8);
    expect(fragments.givenUp).toBe(200 * 20 - sides.reduce((sum, { bySequence }) => sum + bySequence.size, 0));
    // The last one is still there, and is put together.
    const last = sides.at(-1)!;
    fragments.add(last, 19, 11, 65_536, bytes, 0, piece(65_100, 100));
    expect(last.bySequence.get(19)?.ranges).toEqual([[65_000, 65_200]]);
  });

  it('a message in a thousand holes, or longer than any, is given up', () => {
    const fragments = new HandshakeFragments(),
      side = new MessagesUnderWay();
    for (let i = 0; i < 1000; i++) fragments.add(side, 1, 11, 60_000, Uint8Array.of(1), 0, piece(2 * i, 1));
    expect(side.bySequence.get(1)?.ranges.length ?? 0).toBeLessThanOrEqual(64);
    expect(fragments.givenUp).toBeGreaterThan(0);
    expect(fragments.add(side, 2, 11, 1 << 20, Uint8Array.of(1), 0, piece(0, 1))).toBeNull();
    expect(side.bySequence.has(2)).toBe(false);
  });

  it('of ten thousand connections the last are remembered, and what was lost of the others is counted', () => {
    const packet = newPacket(),
      body = clientHello(named),
      connections = 10_000;
    const kept = (offset: number): number => {
      let told = 0;
      for (let i = connections; i > 0; i--) {
        const part = handshake(1, offset === 0 ? body.slice(0, 40) : body.slice(40), 0, offset, body.length);
        dissectFrame(datagram(record(22, part), true, 20_000 + i), { packet, look: false });
        if (packet.held.length > 0) told++;
      }
      return told;
    };
    expect(kept(0)).toBe(0);
    expect(packet.dtls.fragments.givenUp).toBe(connections - 4096);
    // The same order again: each asks for one that has just given way to the one before it.
    expect(kept(40)).toBe(0);
    expect(packet.dtls.fragments.givenUp).toBe(2 * connections - 4096);
  });
});
