/**
 * QUIC opened with key logs. Packets and keys: RFC 9001 appendix A.5 and RFC 9369 appendix A.5. What the sample `web-http3-keys.pcapng` holds was made by Chromium, caddy and
 * ngtcp2, and is told by tshark: all fields of all frames in `readFields.test.ts`, those that ask for a capture as a whole here.
 */
import { createCipheriv, createHmac } from 'node:crypto';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { KeyLog } from '../../../src/pcap/tls/keyLog.ts';
import type { KeyedConnection } from '../../../src/pcap/tls/opening.ts';
import { cipherOf } from '../../../src/pcap/tls/recordCipher.ts';
import { installPlatform } from '../../../src/pcap/platform.ts';
import { nodePlatform } from '../../../src/pcap/platform.node.ts';
import { SideOpening } from '../../../src/pcap/quic/opening.ts';
import { openPacket, packetCipherOf, packetKeys, updatedSecret } from '../../../src/pcap/quic/protection.ts';
import { analyzeCapture, sample } from '../../support/analyzeCapture.ts';
import { splitSecrets } from '../../support/splitSecrets.ts';
import { bytesOf, hex } from '../../support/streamDriver.ts';

beforeAll(() => installPlatform(nodePlatform));
afterAll(() => installPlatform(null));

const text = (bytes: Uint8Array | null | undefined): string | null => (bytes == null ? null : Buffer.from(bytes).toString('hex')),
  SECRET = hex('9ac312a7f877468ebe69422748ad00a15443f18203a07d6060f688f30f21632b'),
  CHACHA = packetCipherOf(cipherOf(0x1303))!;

describe.each([
  {
    of: 'RFC 9001 appendix A.5',
    version: 1,
    keys: {
      key: 'c6d98ff3441c3fe1b2182094f69caa2ed4b716b65488960a7a984979fb23e1c8',
      iv: 'e0459b3474bdd0e44a41c144',
      hp: '25a282b9e82f06f21f488917a4fc8f1b73573685608597d0efcb076b0ab7a7a4',
    },
    updated: '1223504755036d556342ee9361d253421a826c9ecdf3c7148684b36b714881f9',
    packet: '4cfe4189655e5cd55c41f69080575d7999c25a5bfb',
  },
  {
    of: 'RFC 9369 appendix A.5',
    version: 0x6b3343cf,
    keys: {
      key: '3bfcddd72bcf02541d7fa0dd1f5f9eeea817e09a6963a0e6c7df0f9a1bab90f2',
      iv: 'a6b5bc6ab7dafce30ffff5dd',
      hp: 'd659760d2ba434a226fd37b35c69e2da8211d10c4f12538787d65645d5d1b8e2',
    },
    updated: 'c69374c49e3d2a9466fa689e49d476db5d0dfbc87d32ceeaa6343fd0ae4c7d88',
    packet: '5558b1c60ae7b6b932bc27d786f4bc2bb20f2162ba',
  },
])('the short header of $of', ({ version, keys: expected, updated, packet }) => {
  it('has these keys, and this secret after a change', () => {
    const keys = packetKeys(version, CHACHA, SECRET)!;
    expect({ key: text(keys.key), iv: text(keys.iv), hp: text(keys.hp) }).toEqual(expected);
    expect(text(updatedSecret(version, CHACHA, SECRET))).toBe(updated);
  });

  it('is opened', () => {
    const bytes = hex(packet),
      keys = packetKeys(version, CHACHA, SECRET)!,
      opened = openPacket(keys, bytes, 0, 1, bytes.length, 654_360_563);
    expect(opened).toMatchObject({ packetNumber: 654_360_564, packetNumberLength: 3 });
    expect(text(opened?.payload)).toBe('01');
  });

  it('is not opened with any bit changed', () => {
    const keys = packetKeys(version, CHACHA, SECRET)!;
    for (let bit = 0; bit < hex(packet).length * 8; bit++) {
      const bytes = hex(packet);
      bytes[bit >> 3]! ^= 1 << (bit & 7);
      // The bits that say how a packet is addressed are not hidden; they are sealed, as all of the header is.
      expect(openPacket(keys, bytes, 0, 1, bytes.length, 654_360_563), String(bit)).toBeNull();
    }
  });
});

const expand = (secret: Uint8Array, label: string, length: number): Buffer => {
  const name = `tls13 ${label}`;
  return createHmac('sha256', secret)
    .update(Uint8Array.from([0, length, name.length, ...bytesOf(name), 0, 1]))
    .digest()
    .subarray(0, length);
};

describe('changes of keys (RFC 9001 section 6)', () => {
  const tls: KeyedConnection = {
      clientRandom: new Uint8Array(32),
      serverRandom: new Uint8Array(32),
      version: 0x0304,
      cipher: cipherOf(0x1301),
      encryptThenMac: false,
      alpn: [],
    },
    log = new KeyLog();
  log.add(`CLIENT_TRAFFIC_SECRET_0 ${'00'.repeat(32)} ${text(SECRET)!}`);

  /** Sealed by Node's algorithms in the phase after `updates` changes, with a packet number of two bytes and no connection id. */
  function sealed(number: number, updates: number): Uint8Array {
    let secret: Uint8Array = SECRET;
    for (let i = 0; i < updates; i++) secret = expand(secret, 'quic ku', 32);
    const header = Uint8Array.from([0x41 | ((updates & 1) << 2), number >> 8, number & 255]),
      nonce = Uint8Array.from(expand(secret, 'quic iv', 12));
    nonce[10]! ^= number >> 8;
    nonce[11]! ^= number & 255;
    const cipher = createCipheriv('aes-128-gcm', expand(secret, 'quic key', 16), nonce).setAAD(header),
      body = Buffer.concat([cipher.update(Uint8Array.from([1, 0, 0, 0])), cipher.final(), cipher.getAuthTag()]),
      mask = createCipheriv('aes-128-ecb', expand(SECRET, 'quic hp', 16), null)
        .setAutoPadding(false)
        .update(body.subarray(2, 18));
    header[0]! ^= mask[0]! & 31;
    header[1]! ^= mask[1]!;
    header[2]! ^= mask[2]!;
    return Uint8Array.from([...header, ...body]);
  }

  /** Numbers of the packets that are opened, one after the other; null for those that are not. */
  function opened(packets: readonly (readonly [number: number, updates: number])[]): (number | null)[] {
    const side = new SideOpening();
    let largest = -1;
    return packets.map(([number, updates]) => {
      const packet = sealed(number, updates),
        one = side.openShort(tls, log, false, 1, packet, 0, 1, packet.length, largest);
      largest = Math.max(largest, one?.packetNumber ?? -1);
      return one?.packetNumber ?? null;
    });
  }

  it('are followed, also where a packet of the phase before comes late', () =>
    expect(
      opened([
        [0, 0],
        [1, 0],
        [3, 1],
        [2, 0],
        [4, 1],
        [6, 2],
        [5, 1],
        [7, 3],
      ]),
    ).toEqual([0, 1, 3, 2, 4, 6, 5, 7]));

  it('are followed where the packets of some phases are missing', () =>
    expect(
      opened([
        [0, 0],
        [9, 2],
        [10, 2],
        [20, 5],
      ]),
    ).toEqual([0, 9, 10, 20]));

  it('are not followed to a packet that nobody sealed', () => {
    const side = new SideOpening(),
      first = sealed(0, 0),
      forged = sealed(1, 1);
    forged[10]! ^= 1;
    const open = (packet: Uint8Array, largest: number): number | undefined =>
      side.openShort(tls, log, false, 1, packet, 0, 1, packet.length, largest)?.packetNumber;
    expect(open(first, -1)).toBe(0);
    expect(open(forged, 0)).toBeUndefined();
    expect(open(sealed(2, 0), 0)).toBe(2);
    expect(open(sealed(3, 1), 2)).toBe(3);
  });
});

describe('the sample with Decryption Secrets', () => {
  it('is opened but for the connection whose keys were left out', async () => {
    const report = await analyzeCapture(sample('web-http3-keys.pcapng'));
    // Six connections of seven, one of which has moved to another port; the conversations are told apart by ports.
    expect(report.quality.openedConversations).toBe(7);
    expect(report.conversations.filter(({ layer }) => layer === 'udp')).toHaveLength(8);
    expect(report.quality.boundsReached).toEqual([]);
  });

  it('shows no secret', async () => {
    const json = JSON.stringify(await analyzeCapture(sample('web-http3-keys.pcapng'))),
      secrets = splitSecrets(sample('web-http3-keys.pcapng')).keyLog.match(/(?<= )[0-9a-f]{64,96}$/gm)!;
    expect(secrets.length).toBeGreaterThan(24);
    for (const secret of secrets) expect(json).not.toContain(secret.slice(0, 16));
  });
});
