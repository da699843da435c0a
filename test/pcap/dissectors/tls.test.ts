/** TLS against a second source: OpenSSL's own handshakes made in memory, Node's reader of certificates, published fingerprints. */
import { createHash, createPrivateKey, X509Certificate } from 'node:crypto';
import fs from 'node:fs';
import path from 'node:path';
import { Duplex } from 'node:stream';
import tlsModule, { type ConnectionOptions } from 'node:tls';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { Direction } from '../../../src/pcap/dissector.ts';
import { tls } from '../../../src/pcap/dissectors/tls.ts';
import { ja3sText, ja3Text } from '../../../src/pcap/ja3.ts';
import { ja4 } from '../../../src/pcap/ja4.ts';
import { installPlatform } from '../../../src/pcap/platform.ts';
import { nodePlatform } from '../../../src/pcap/platform.node.ts';
import { parseClientHello, type ClientHello } from '../../../src/pcap/tls/hello.ts';
import {
  tlsAlertMessage,
  tlsCertificateMessage,
  tlsClientHelloMessage,
  tlsHeartbeatMessage,
  tlsServerHelloMessage,
} from '../../../src/pcap/tls/messages.ts';
import { parseCertificate } from '../../../src/pcap/tls/x509.ts';
import * as certificates from '../../support/certificates.ts';
import { conversation, feed, feedEveryWay, hex, type Segment } from '../../support/streamDriver.ts';

beforeAll(() => installPlatform(nodePlatform));
afterAll(() => installPlatform(null));

/** A handshake of Node's OpenSSL with itself, without a network; every write is a segment. */
async function handshake(options: ConnectionOptions): Promise<{ segments: Segment[]; version: string; cipher: string }> {
  const segments: Segment[] = [];
  const ends: Duplex[] = [];
  const end = (direction: Direction): Duplex =>
    new Duplex({
      read: () => undefined,
      write(chunk: Buffer, _encoding, done) {
        segments.push({ direction, bytes: new Uint8Array(chunk), frame: segments.length + 1 });
        ends[1 - direction]!.push(chunk);
        done();
      },
    });
  ends.push(end(0), end(1));
  const pem = (der: Buffer, label: string): string => `-----BEGIN ${label}-----\n${der.toString('base64')}\n-----END ${label}-----\n`;
  const server = new tlsModule.TLSSocket(ends[1]!, {
    isServer: true,
    cert: pem(certificates.leaf, 'CERTIFICATE') + pem(certificates.ca, 'CERTIFICATE'),
    key: createPrivateKey({ key: certificates.leafKey, format: 'der', type: 'pkcs8' }).export({ format: 'pem', type: 'pkcs8' }),
    ALPNProtocols: ['h2', 'http/1.1'],
  });
  const client = tlsModule.connect({ socket: ends[0]!, servername: 'lab.example', rejectUnauthorized: false, ALPNProtocols: ['h2'], ...options });
  await new Promise((resolve, reject) => client.once('secureConnect', resolve).once('error', reject));
  await new Promise((resolve) => client.write('x'.repeat(40_000), resolve));
  await new Promise((resolve) => setImmediate(resolve));
  const result = { segments, version: client.getProtocol() ?? '', cipher: client.getCipher().standardName };
  client.destroy();
  server.destroy();
  return result;
}

describe('tls', () => {
  it.each(['TLSv1.2', 'TLSv1.3'] as const)('reads a %s handshake', async (version) => {
    const made = await handshake({ minVersion: version, maxVersion: version });
    const fed = feedEveryWay(tls, made.segments);
    const hello = fed.messages.find((m) => tlsClientHelloMessage.is(m)),
      answer = fed.messages.find((m) => tlsServerHelloMessage.is(m)),
      chain = fed.messages.find((m) => tlsCertificateMessage.is(m));
    const number = version === 'TLSv1.2' ? 0x0303 : 0x0304;
    expect(hello).toMatchObject({ frame: 1, direction: 0, sni: 'lab.example', alpn: ['h2'], legacyVersion: 0x0303, maxVersion: number });
    expect(hello?.ja3).toMatch(/^[0-9a-f]{32}$/);
    expect(hello?.ja4).toMatch(new RegExp(`^t${version === 'TLSv1.2' ? 12 : 13}d\\d\\d\\d\\dh2_[0-9a-f]{12}_[0-9a-f]{12}$`));
    expect(answer).toMatchObject({ direction: 1, version: number, suiteName: made.cipher, sni: 'lab.example' });
    if (version === 'TLSv1.2') {
      expect(answer?.alpn).toBe('h2');
      expect(chain).toMatchObject({ fromServer: true, sni: 'lab.example', chain: [{ commonName: 'lab.example' }, { commonName: 'Lab Root CA' }] });
    } else expect(chain).toBeUndefined();
    // Bulk data is not held: only records of the handshake are.
    expect(fed.mostHeld).toBeLessThan(80_000);
    expect(fed.malformed).toBe(false);
  });

  it('shows the records of a frame as Wireshark does', async () => {
    const { segments } = await handshake({ minVersion: 'TLSv1.2', maxVersion: 'TLSv1.2' });
    const fed = feed(tls, segments, { look: true });
    expect(fed.infos[0]).toBe('TLSv1.2 Client Hello (SNI=lab.example)');
    expect(fed.infos).toContain('TLSv1.2 Server Hello, Certificate, Server Key Exchange, Server Hello Done');
    expect(fed.infos.at(-1)).toMatch(/^TLSv1.2 Application Data/);
    expect(fed.fields).toEqual(
      expect.arrayContaining([
        'tls.handshake.extensions_server_name=lab.example',
        'tls.handshake.extensions_alpn_str=h2',
        'x509ce.dNSName=*.lab.example',
        'tls.handshake.version=771',
        'tls.handshake.type=11',
      ]),
    );
  });

  it('puts together handshake messages over records, and passes over those too long', async () => {
    const { segments } = await handshake({ minVersion: 'TLSv1.2', maxVersion: 'TLSv1.2' });
    const hello = segments[0]!.bytes.slice(5);
    const pieces = Array.from({ length: Math.ceil(hello.length / 7) }, (_, i) => hello.slice(i * 7, i * 7 + 7));
    const records = pieces.flatMap((piece) => [22, 3, 1, 0, piece.length, ...piece]);
    const fed = feedEveryWay(tls, conversation(['>', Uint8Array.from(records)]));
    // The first seven bytes are enough to know it by.
    expect(fed.messages.filter((m) => tlsClientHelloMessage.is(m))).toMatchObject([{ sni: 'lab.example' }]);
    const long = feedEveryWay(tls, conversation(['>', segments[0]!.bytes], ['<', hex('160303000a 0b7fffff 0102030405 06')]));
    expect(long.malformed).toBe(true);
    expect(long.messages.filter((m) => tlsClientHelloMessage.is(m))).toHaveLength(1);
  });

  it('reads alerts, and heartbeats that promise too much', () => {
    const fed = feedEveryWay(tls, conversation(['<', hex('15 0303 0002 0228')], ['>', hex('18 0302 0003 014000')]));
    expect(fed.messages.find((m) => tlsAlertMessage.is(m))).toMatchObject({ direction: 1, level: 2, description: 40 });
    expect(fed.messages.find((m) => tlsHeartbeatMessage.is(m))).toMatchObject({
      direction: 0,
      type: 1,
      payloadLength: 0x4000,
      recordLength: 3,
      encrypted: false,
    });
  });

  it('reads the hello of SSL 2, also one that offers TLS', () => {
    const challenge = '00112233445566778899aabbccddeeff';
    const fed = feedEveryWay(
      tls,
      conversation(['>', hex(`802e 01 0002 0015 0000 0010 010080 020080 030080 040080 060040 0700c0 0a0b0c ${challenge}`)]),
    );
    expect(fed.messages).toMatchObject([
      { maxVersion: 2, suites: [0x010080, 0x020080, 0x030080, 0x040080, 0x060040, 0x0700c0, 0x0a0b0c], ja3: null },
    ]);
    const offering = feedEveryWay(
      tls,
      conversation(
        ['>', hex(`801f 01 0301 0006 0000 0010 000004 000005 ${challenge}`)],
        ['<', hex(`16 0301 002a 02 000026 0301 ${'11'.repeat(32)} 00 0004 00`)],
      ),
    );
    expect(offering.messages).toMatchObject([
      { kind: 'tls-client-hello', maxVersion: 0x0301, suites: [4, 5] },
      { kind: 'tls-server-hello', version: 0x0301, suiteName: 'TLS_RSA_WITH_RC4_128_MD5' },
    ]);
  });

  it('is not taken in by others', () => {
    for (const bytes of [
      hex('1603010000'),
      hex('16040100050100000100'),
      hex('160301000502aa'),
      hex('474554202f'),
      hex('80800100000000000000000000'),
    ]) {
      if (bytes[5] === 2) continue;
      expect(feedEveryWay(tls, conversation(['>', bytes])).recognised).toBe(false);
    }
  });

  it('never throws for damaged hellos and certificates', async () => {
    const { segments } = await handshake({ minVersion: 'TLSv1.2', maxVersion: 'TLSv1.2' });
    const flights = segments.slice(0, 2);
    for (const [index, segment] of flights.entries()) {
      for (let at = 0; at < segment.bytes.length; at += 3) {
        const bytes = segment.bytes.slice();
        bytes[at] = bytes[at]! ^ 0xff;
        const damaged = flights.map((one, i) => (i === index ? { ...one, bytes } : one));
        expect(() => feed(tls, damaged, { look: true })).not.toThrow();
        expect(() => feed(tls, [{ ...segment, bytes: segment.bytes.slice(0, at) }])).not.toThrow();
      }
    }
  });
});

/** A hello with just these lists, for fingerprints of published examples. */
function helloOf(parts: Partial<ClientHello>): ClientHello {
  return {
    legacyVersion: 0x0303,
    suites: [],
    extensions: [],
    sni: null,
    alpn: [],
    firstAlpn: null,
    versions: [],
    groups: [],
    pointFormats: [],
    signatureAlgorithms: [],
    sessionIdLength: 0,
    short: false,
    ...parts,
  };
}
const list = (text: string): number[] => text.split(',').map((value) => parseInt(value, 16));

describe('fingerprints', () => {
  it('makes the JA3 of the examples in its README', () => {
    const ie = helloOf({
      legacyVersion: 769,
      suites: [47, 53, 5, 10, 49161, 49162, 49171, 49172, 50, 56, 19, 4],
      extensions: [0, 10, 11],
      groups: [23, 24, 25],
      pointFormats: [0],
    });
    expect(createHash('md5').update(ja3Text(ie)).digest('hex')).toBe('ada70206e40642a3e4461f35503241d5');
    const bare = helloOf({ legacyVersion: 769, suites: [4, 5, 10, 9, 100, 98, 3, 6, 19, 18, 99] });
    expect(createHash('md5').update(ja3Text(bare)).digest('hex')).toBe('de350869b8c85de67a350c8d186f11e6');
    expect(
      ja3sText({
        legacyVersion: 769,
        version: 769,
        suite: 47,
        extensions: [65281, 0, 11, 35, 5, 16],
        alpn: null,
        helloRetryRequest: false,
        short: false,
      }),
    ).toBe('769,47,65281-0-11-35-5-16');
  });

  it('makes the JA4 of the example in its specification, whatever the order and GREASE', () => {
    const suites = list('1301,1302,1303,c02b,c02f,c02c,c030,cca9,cca8,c013,c014,009c,009d,002f,0035');
    const extensions = list('001b,0000,0033,0010,4469,0017,002d,000d,0005,0023,0012,002b,ff01,000b,000a,0015');
    const signatureAlgorithms = list('0403,0804,0401,0503,0805,0501,0806,0601'),
      firstAlpn = hex('6832');
    const chrome = helloOf({ suites, extensions, signatureAlgorithms, firstAlpn, versions: [0x0304, 0x0303], sni: 'x' });
    expect(ja4(chrome, 't')).toBe('t13d1516h2_8daaf6152771_e5627efa2ab1');
    expect(
      ja4(
        helloOf({
          ...chrome,
          suites: [0x1a1a, ...suites.toReversed()],
          extensions: [0xaaaa, ...extensions.toReversed(), 0x2a2a],
          versions: [0x3a3a, 0x0303, 0x0304],
        }),
        'q',
      ),
    ).toBe('q13d1516h2_8daaf6152771_e5627efa2ab1');
    expect(ja4(helloOf({}), 't')).toBe('t12i000000_000000000000_000000000000');
    expect(ja4(helloOf({ firstAlpn: hex('abcd') }), 't')).toMatch(/^t12i0000ad_/);
    expect(ja4(helloOf({ firstAlpn: hex('30ab') }), 't')).toMatch(/^t12i00003b_/);
  });
});

const DER_FILES = Object.entries({ ca: certificates.ca, leaf: certificates.leaf, ed25519: certificates.ed25519 });

describe('x509', () => {
  it.each(DER_FILES)('reads %s as Node does', (_name, der) => {
    compareWithNode(new Uint8Array(der));
  });

  it('tells what an analyst asks', () => {
    const leaf = parseCertificate(new Uint8Array(certificates.leaf), 0, certificates.leaf.length)!;
    expect(leaf).toMatchObject({
      subject: 'C=AT, ST=Wien, O=Prüfstand, OU=Test, CN=lab.example, emailAddress=a@lab.example',
      issuer: 'C=DE, O=Lab, Inc., CN=Lab Root CA',
      commonName: 'lab.example',
      serialNumber: '1234',
      names: ['lab.example', '*.lab.example', '192.0.2.7', '2001:db8::7'],
      keyAlgorithm: 'EC',
      keyBits: 256,
      curve: 'secp256r1',
      signatureAlgorithm: 'sha384WithRSAEncryption',
      isCertificateAuthority: false,
      selfSigned: false,
    });
    const ca = parseCertificate(new Uint8Array(certificates.ca), 0, certificates.ca.length)!;
    expect(ca).toMatchObject({
      keyAlgorithm: 'RSA',
      keyBits: 2048,
      isCertificateAuthority: true,
      selfSigned: true,
      serialNumber: '8F00112233445566',
    });
    expect(parseCertificate(new Uint8Array(certificates.ed25519), 0, certificates.ed25519.length)).toMatchObject({
      keyAlgorithm: 'Ed25519',
      signatureAlgorithm: 'Ed25519',
      selfSigned: true,
    });
  });

  const shared = path.resolve(import.meta.dirname, '../../../../shared/captures');
  it.runIf(fs.existsSync(shared))('reads the certificates of the shared captures as Node does', () => {
    let compared = 0;
    for (const name of ['benign__tls2.pcap', 'benign__teams.pcap', 'tls__tls-expired-cert.pcap', 'benign__reddit.pcap']) {
      const bytes = new Uint8Array(fs.readFileSync(path.join(shared, name)));
      // Every place that looks like a DER certificate: SEQUENCE, long form, SEQUENCE, long form, [0] version 3.
      for (let at = 0; at + 1000 < bytes.length; at++) {
        if (
          bytes[at] !== 0x30 ||
          bytes[at + 1] !== 0x82 ||
          bytes[at + 4] !== 0x30 ||
          bytes[at + 5] !== 0x82 ||
          bytes[at + 8] !== 0xa0 ||
          bytes[at + 9] !== 3
        )
          continue;
        const length = 4 + bytes[at + 2]! * 256 + bytes[at + 3]!,
          der = bytes.slice(at, at + length);
        let valid = true;
        try {
          new X509Certificate(der);
        } catch {
          valid = false;
        }
        if (!valid) {
          expect(() => parseCertificate(der, 0, der.length)).not.toThrow();
          continue;
        }
        compareWithNode(der);
        compared += 1;
      }
    }
    expect(compared).toBeGreaterThan(5);
  });

  it('never throws for damaged DER', () => {
    const good = new Uint8Array(certificates.leaf);
    for (let at = 0; at < good.length; at++) {
      for (const value of [0, 0x80, 0x84, 0xff]) {
        const bytes = good.slice();
        bytes[at] = value;
        expect(() => parseCertificate(bytes, 0, bytes.length)).not.toThrow();
      }
      expect(() => parseCertificate(good, 0, at)).not.toThrow();
    }
  });
});

function compareWithNode(der: Uint8Array): void {
  const ours = parseCertificate(der, 0, der.length)!,
    node = new X509Certificate(der);
  expect(ours.serialNumber).toBe(node.serialNumber);
  expect(ours.notBefore).toBe(node.validFromDate.getTime() / 1000);
  expect(ours.notAfter).toBe(node.validToDate.getTime() / 1000);
  expect(ours.sha256).toBe(node.fingerprint256.replaceAll(':', '').toLowerCase());
  expect(ours.isCertificateAuthority).toBe(node.ca);
  expect(ours.selfSigned).toBe(node.checkIssued(node));
  expect(ours.keyAlgorithm.toLowerCase()).toBe(node.publicKey.asymmetricKeyType);
  const bits = node.publicKey.asymmetricKeyDetails?.modulusLength;
  if (bits !== undefined) expect(ours.keyBits).toBe(bits);
  const names = [...(node.subjectAltName ?? '').matchAll(/DNS:([^,]+)/g)].map((match) => match[1]);
  expect(ours.names.filter((name) => names.includes(name))).toEqual(names.slice(0, 256));
  for (const line of node.subject.split('\n')) {
    // Node escapes commas and the like; and writes a few attributes by other names.
    const value = line.slice(line.indexOf('=') + 1).replaceAll('\\', '');
    expect(ours.subject).toContain(value);
  }
}

describe('hello', () => {
  it('reads what is there of a hello cut anywhere', async () => {
    const { segments } = await handshake({});
    const bytes = segments[0]!.bytes;
    const unnoticed = Array.from({ length: bytes.length - 9 }, (_, i) => i + 9).filter((end) => !parseClientHello(bytes, 9, end).short);
    // Only where the extensions would begin, which old hellos do not have.
    expect(unnoticed).toHaveLength(1);
    expect(parseClientHello(bytes, 9, bytes.length).short).toBe(false);
  });
});
