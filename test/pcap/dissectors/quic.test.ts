/**
 * The Initial packets of QUIC. Packets and what is in them: RFC 9001 appendix A and RFC 9369 appendix A; others are sealed here, by the same algorithms of
 * Node's, so that pieces can be shuffled and damaged. Chromium's and ngtcp2's are in the sample `web-http3.pcap`.
 */
import { createCipheriv, createHmac } from 'node:crypto';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { installPlatform } from '../../../src/pcap/platform.ts';
import { nodePlatform } from '../../../src/pcap/platform.node.ts';
import { CryptoStream } from '../../../src/pcap/quic/cryptoStream.ts';
import { initialKeys, openPacket } from '../../../src/pcap/quic/protection.ts';
import { tlsClientHelloMessage, tlsServerHelloMessage, tlsServerNameMessage } from '../../../src/pcap/tls/messages.ts';
import { dissectFrame, newPacket } from '../../support/dissectFrame.ts';
import { ipBytes, udpBytes } from '../../support/packetBuilder.ts';
import { bytesOf, hex } from '../../support/streamDriver.ts';

beforeAll(() => installPlatform(nodePlatform));
afterAll(() => installPlatform(null));

/** RFC 9001 appendix A. */
const DCID = hex('8394c8f03e515708'),
  CLIENT_CRYPTO = hex(
    '060040f1010000ed0303ebf8fa56f12939b9584a3896472ec40bb863cfd3e86804fe3a47f06a2b69484c00000413011302010000c000000010000e00000b6578616d706c652e636f6d' +
      'ff01000100000a00080006001d0017001800100007000504616c706e000500050100000000003300260024001d00209370b2c9caa47fbabaf4559fedba753de171fa71f50f1ce15d43e9' +
      '94ec74d748002b0003020304000d0010000e0403050306030203080408050806002d00020101001c00024001003900320408ffffffffffffffff05048000ffff07048000ffff0801100104' +
      '800075300901100f088394c8f03e51570806048000ffff',
  ),
  CLIENT_HEADER = hex('c300000001088394c8f03e5157080000449e00000002'),
  SERVER_PACKET = hex(
    'cf000000010008f067a5502a4262b5004075c0d95a482cd0991cd25b0aac406a5816b6394100f37a1c69797554780bb38cc5a99f5ede4cf73c3ec2493a1839b3dbcba3f6ea46c5b7684df3' +
      '548e7ddeb9c3bf9c73cc3f3bded74b562bfb19fb84022f8ef4cdd93795d77d06edbb7aaf2f58891850abbdca3d20398c276456cbc42158407dd074ee',
  );

const hmac = (key: Uint8Array, data: Uint8Array): Buffer => createHmac('sha256', key).update(data).digest();
const label = (secret: Uint8Array, name: string, length: number): Buffer => {
  const text = `tls13 ${name}`;
  return hmac(secret, Uint8Array.from([0, length, text.length, ...bytesOf(text), 0, 1])).subarray(0, length);
};

/** Seals a packet as RFC 9001 section 5 says, by secrets that `initialKeys` has no part in. `header` ends with the packet number. */
function seal(
  header: Uint8Array,
  numberLength: number,
  payload: Uint8Array,
  salt = '38762cf7f55934b34d179ae6a4c80cadccbb7f0a',
  prefix = 'quic',
  id = DCID,
): Uint8Array {
  const secret = label(hmac(hex(salt), id), 'client in', 32),
    key = label(secret, `${prefix} key`, 16),
    nonce = Uint8Array.from(label(secret, `${prefix} iv`, 12)),
    mask = label(secret, `${prefix} hp`, 16);
  const number = header.slice(header.length - numberLength);
  number.forEach((byte, i) => (nonce[12 - numberLength + i]! ^= byte));
  const cipher = createCipheriv('aes-128-gcm', key, nonce).setAAD(header),
    sealed = Buffer.concat([cipher.update(payload), cipher.final(), cipher.getAuthTag()]);
  const sample = sealed.subarray(4 - numberLength, 20 - numberLength),
    bits = createCipheriv('aes-128-ecb', mask, null).setAutoPadding(false).update(sample);
  const packet = Uint8Array.from([...header, ...sealed]);
  packet[0]! ^= bits[0]! & 15;
  for (let i = 0; i < numberLength; i++) packet[header.length - numberLength + i]! ^= bits[1 + i]!;
  return packet;
}

const padded = (payload: Uint8Array, length: number): Uint8Array =>
  Uint8Array.from([...payload, ...new Uint8Array(Math.max(0, length - payload.length))]);
const CLIENT_PACKET = seal(CLIENT_HEADER, 4, padded(CLIENT_CRYPTO, 1162));

function datagram(payload: Uint8Array, fromClient = true, port = 50_000): Uint8Array {
  const up = { from: '10.0.0.1', to: '10.0.0.2', sourcePort: port, destinationPort: 443 },
    ends = fromClient ? up : { from: up.to, to: up.from, sourcePort: 443, destinationPort: port };
  return Uint8Array.from([...hex('020000000002020000000001 0800'), ...ipBytes({ ...ends, protocol: 17, payload: udpBytes({ ...ends, payload }) })]);
}

/** An Initial of the client with these frames; `number` in two bytes. */
function initial(
  number: number,
  frames: Uint8Array,
  { id = DCID, token = [0] as readonly number[], version = '00000001', type = 'c1', salt = undefined as string | undefined, prefix = 'quic' } = {},
): Uint8Array {
  const payload = padded(frames, 24),
    length = payload.length + 18;
  const header = Uint8Array.from([
    ...hex(type),
    ...hex(version),
    id.length,
    ...id,
    0,
    ...token,
    0x40 | (length >> 8),
    length & 255,
    number >> 8,
    number & 255,
  ]);
  return seal(header, 2, payload, salt, prefix, id);
}

const crypto = (offset: number, bytes: Uint8Array): Uint8Array =>
  Uint8Array.from([6, 0x40 | (offset >> 8), offset & 255, 0x40 | (bytes.length >> 8), bytes.length & 255, ...bytes]);
const HELLO = CLIENT_CRYPTO.slice(4);

describe('Initial packets', () => {
  it('are protected here as RFC 9001 appendix A.2 does it', () => {
    expect(Buffer.from(CLIENT_PACKET.subarray(0, 32)).toString('hex')).toBe('c000000001088394c8f03e5157080000449e7b9aec34d1b1c98dd7689fb8ec11');
    expect(Buffer.from(CLIENT_PACKET.subarray(-16)).toString('hex')).toBe('e221af44860018ab0856972e194cd934');
  });

  it('have the keys of RFC 9001 appendix A.1 and of RFC 9369 appendix A.1', () => {
    const text = (keys: ReturnType<typeof initialKeys>): string[] =>
      keys === null ? [] : [keys.key, keys.iv, keys.hp].map((bytes) => Buffer.from(bytes).toString('hex'));
    expect(text(initialKeys(1, DCID, false))).toEqual([
      '1f369613dd76d5467730efcbe3b1a22d',
      'fa044b2f42a3fd3b46fb255c',
      '9f50449e04a0e810283a1e9933adedd2',
    ]);
    expect(text(initialKeys(1, DCID, true))).toEqual([
      'cf3a5331653c364c88f0f379b6067e37',
      '0ac1493ca1905853b0bba03e',
      'c206b8d9b9f0f37644430b490eeaa314',
    ]);
    expect(text(initialKeys(0x6b3343cf, DCID, false))).toEqual([
      '8b1a0bc121284290a29e0971b5cd045d',
      '91f73e2351d8fa91660e909f',
      '45b95e15235d6f45a6b19cbcb0294ba9',
    ]);
    expect(initialKeys(0x709a50c4, DCID, false)).toBeNull();
  });

  it('tell the name that the client asks for, and what the server takes', () => {
    const packet = newPacket(),
      client = dissectFrame(datagram(CLIENT_PACKET), { packet });
    expect(client.layers).toBe('eth:ip:udp:quic:tls');
    expect(client.info).toBe('QUIC Initial, DCID=8394c8f03e515708, PKN: 2, CRYPTO, PADDING, Client Hello (SNI=example.com)');
    expect(
      Object.fromEntries(
        [
          'quic.packet_number',
          'quic.packet_number_length',
          'quic.crypto.length',
          'quic.padding_length',
          'quic.token_length',
          'tls.handshake.type',
          'tls.handshake.extensions_server_name',
          'tls.handshake.extensions_alpn_str',
          'tls.handshake.ciphersuite',
        ].map((name) => [name, client.fields.get(name)]),
      ),
    ).toEqual({
      'quic.packet_number': ['2'],
      'quic.packet_number_length': ['3'],
      'quic.crypto.length': ['241'],
      'quic.padding_length': ['917'],
      'quic.token_length': ['0'],
      'tls.handshake.type': ['1'],
      'tls.handshake.extensions_server_name': ['example.com'],
      'tls.handshake.extensions_alpn_str': ['alpn'],
      'tls.handshake.ciphersuite': ['4865', '4866'],
    });
    const server = dissectFrame(datagram(SERVER_PACKET, false), { packet });
    expect(server.layers).toBe('eth:ip:udp:quic:tls');
    expect(server.info).toBe('QUIC Initial, SCID=f067a5502a4262b5, PKN: 1, ACK, CRYPTO, Server Hello');
    expect(server.fields.get('tls.handshake.ciphersuite')).toEqual(['4865']);
    expect(server.fields.get('quic.ack.largest_acknowledged')).toEqual(['0']);
  });

  it('hold what TLS says until the conversation is known', () => {
    const packet = newPacket();
    expect(dissectFrame(datagram(CLIENT_PACKET), { packet }).messages).toEqual([]);
    const [name, hello] = packet.held;
    expect(name !== undefined && tlsServerNameMessage.is(name) ? name.name : null).toBe('example.com');
    expect(hello !== undefined && tlsClientHelloMessage.is(hello) ? [hello.sni, hello.alpn, hello.ja4?.slice(0, 10)] : null).toEqual([
      'example.com',
      ['alpn'],
      'q13d0211an',
    ]);
    expect(packet.heldFrom).toBe(0);
    dissectFrame(datagram(SERVER_PACKET, false), { packet });
    expect(packet.held.map((one) => tlsServerHelloMessage.is(one) && [one.version, one.suite, one.sni])).toEqual([[0x0304, 0x1301, 'example.com']]);
    expect(packet.heldFrom).toBe(1);
  });

  it('are read after other addresses’ and in version 2, whose types are numbered otherwise', () => {
    const packet = newPacket();
    dissectFrame(datagram(CLIENT_PACKET, true, 50_001), { packet });
    const second = dissectFrame(
      datagram(initial(0, crypto(0, HELLO), { version: '6b3343cf', type: 'd1', salt: '0dede3def700a6db819381be6e269dcbf9bd2ed9', prefix: 'quicv2' })),
      { packet },
    );
    expect(second.fields.get('quic.long.packet_type_v2')).toEqual(['1']);
    expect(second.fields.get('tls.handshake.extensions_server_name')).toEqual(['example.com']);
    expect(second.fields.get('quic.connection.number')).toEqual(['1']);
  });

  it('are read in whatever order and number of pieces the hello comes', () => {
    const packet = newPacket(),
      part = (from: number, to: number): Uint8Array => crypto(from, HELLO.slice(from, to));
    const first = dissectFrame(datagram(initial(0, Uint8Array.from([...part(200, 241), 1, 0, 0, ...part(0, 60)]))), { packet }),
      again = dissectFrame(datagram(initial(1, part(200, 241))), { packet }),
      second = dissectFrame(datagram(initial(2, Uint8Array.from([...part(40, 130), ...part(120, 210)]))), { packet });
    expect(first.layers).toBe('eth:ip:udp:quic');
    expect(again.layers).toBe('eth:ip:udp:quic');
    expect(second.layers).toBe('eth:ip:udp:quic:tls');
    expect(second.fields.get('tls.handshake.extensions_server_name')).toEqual(['example.com']);
    // What comes again is not said again.
    expect(dissectFrame(datagram(initial(3, part(0, 241))), { packet }).layers).toBe('eth:ip:udp:quic');
  });

  it('have other keys after a Retry, and the hello that comes again is not another', () => {
    const packet = newPacket(),
      retried = hex('0011223344556677');
    dissectFrame(datagram(CLIENT_PACKET), { packet });
    dissectFrame(datagram(Uint8Array.from([...hex('f0 00000001 00 08'), ...retried, ...bytesOf('token'), ...new Uint8Array(16)]), false), { packet });
    const again = dissectFrame(datagram(initial(3, crypto(0, HELLO), { id: retried, token: [5, ...bytesOf('token')] })), { packet });
    expect(again.fields.get('quic.packet_number')).toEqual(['3']);
    expect(again.fields.get('quic.connection.number')).toEqual(['0']);
    expect(again.layers).toBe('eth:ip:udp:quic');
    // A new connection from the same port is another.
    const another = dissectFrame(datagram(initial(0, crypto(0, HELLO), { id: hex('aabbccddeeff0011') })), { packet });
    expect(another.fields.get('quic.connection.number')).toEqual(['1']);
    expect(another.layers).toBe('eth:ip:udp:quic:tls');
  });

  it('say why a connection is refused', () => {
    const closed = dissectFrame(datagram(initial(0, Uint8Array.from([0x1c, 0x41, 0x28, 6, 4, ...bytesOf('nope')]))));
    expect(closed.fields.get('quic.cc.error_code')).toEqual([String(0x128)]);
    expect(closed.fields.get('quic.cc.error_code.tls_alert')).toEqual(['40']);
    expect(closed.fields.get('quic.cc.reason_phrase')).toEqual(['nope']);
  });
});

describe('packets that are not what they seem', () => {
  it('with a changed byte are not opened, and are shown as what they are', () => {
    for (const at of [0, 6, 20, 60, CLIENT_PACKET.length - 1]) {
      const changed = CLIENT_PACKET.slice();
      changed[at]! ^= 0x04;
      const seen = dissectFrame(datagram(changed));
      expect(seen.fields.has('quic.packet_number'), String(at)).toBe(false);
      expect(seen.packet.held).toEqual([]);
    }
  });

  it('without a platform that deciphers say what their headers say', () => {
    installPlatform(null);
    const seen = dissectFrame(datagram(CLIENT_PACKET));
    installPlatform(nodePlatform);
    expect(seen.layers).toBe('eth:ip:udp:quic');
    expect(seen.fields.get('quic.dcid')).toEqual(['8394c8f03e515708']);
  });

  it('cut at any byte neither throw nor are opened', () => {
    for (let length = 1; length < CLIENT_PACKET.length; length += 7) {
      const seen = dissectFrame(datagram(CLIENT_PACKET.subarray(0, length)));
      expect(seen.notes.join('')).not.toContain('a dissector failed');
      expect(seen.fields.has('quic.packet_number')).toBe(false);
    }
  });

  it.each([
    ['a frame that must not stand there', [8, 1, 2]],
    ['a CRYPTO frame longer than its packet', [6, 0, 0x7f, 0xff, 1]],
    ['more ranges than fit', [2, 0, 0, 0x7f, 0xff, 0]],
    ['a reason longer than its packet', [0x1c, 0, 0, 0x7f, 0xff]],
  ])('are malformed: %s', (_, frames) => {
    const seen = dissectFrame(datagram(initial(0, Uint8Array.from(frames))));
    expect(seen.notes.filter((note) => note.startsWith('error: Malformed'))).toHaveLength(1);
    expect(seen.notes.join('')).not.toContain('a dissector failed');
  });

  it('with numbers far apart are opened by the number they end in', () => {
    const keys = initialKeys(1, DCID, false)!,
      open = (number: number, largest: number): number | undefined => {
        const packet = initial(number & 0xffff, crypto(0, HELLO));
        return openPacket(keys, packet, 0, packet.length - 18 - padded(crypto(0, HELLO), 24).length, packet.length, largest)?.packetNumber;
      };
    expect(open(9, -1)).toBe(9);
    expect(open(9, 8)).toBe(9);
    // Beyond half of what two bytes can say, it is a later one, whose nonce is another.
    expect(open(9, 60_000)).toBeUndefined();
  });
});

describe('CRYPTO frames in order', () => {
  it('hold no more than 16,384 bytes of a side, whatever comes early', () => {
    const stream = new CryptoStream(),
      bytes = new Uint8Array(1000).fill(1);
    expect(stream.add(16_000, bytes, 0, 1000)).toBeNull();
    for (let offset = 2; offset < 60_000; offset += 3) expect(stream.add(offset, bytes, 0, 1000)).toBeNull();
    // The beginning of a message of 65,793 bytes, which never becomes whole.
    expect(stream.add(0, bytes, 0, 1000)).toBeNull();
  });

  it('gives messages that are whole, and the beginning of the next with its rest', () => {
    const stream = new CryptoStream(),
      bytes = hex('01000002aabb 02000001cc 0b000002dd');
    const first = stream.add(0, bytes, 0, 12);
    expect(first === null ? null : [...first.bytes.subarray(first.from, first.to)]).toEqual([...hex('01000002aabb 02000001cc')]);
    expect(stream.add(12, bytes, 12, 16)).toBeNull();
    const rest = stream.add(16, hex('ee'), 0, 1);
    expect(rest === null ? null : [...rest.bytes.subarray(rest.from, rest.to)]).toEqual([...hex('0b000002ddee')]);
  });
});
