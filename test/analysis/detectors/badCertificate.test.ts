/** Certificates are judged by the time they were shown, the name that was asked for, and their keys. */
import { describe, expect, test } from 'vitest';
import type { TlsCertificateMessage } from '../../../src/pcap/tls/messages.ts';
import type { Certificate } from '../../../src/pcap/tls/x509.ts';
import { badCertificate } from '../../../src/analysis/detectors/registry.ts';
import { checkFilter } from '../../../src/analysis/filtering.ts';
import { analyzeCapture, findingsOf, hasShared, sample, shared } from '../../support/analyzeCapture.ts';
import { confidenceSum, MessageDriver } from '../../support/messageDriver.ts';

const at = (date: string): number => Date.parse(date) / 1000;
/** Good on 2026-01-01, when the driver's clock starts. */
const GOOD: Certificate = {
  subject: 'CN=www.example.org',
  issuer: 'CN=Example CA',
  commonName: 'www.example.org',
  serialNumber: '01AB',
  notBefore: at('2025-12-01'),
  notAfter: at('2026-02-01'),
  names: ['www.example.org', '*.shop.example.org'],
  keyAlgorithm: 'EC',
  keyBits: 256,
  curve: 'secp256r1',
  signatureAlgorithm: 'ecdsa-with-SHA256',
  isCertificateAuthority: false,
  selfSigned: false,
  sha1: null,
  sha256: null,
};

function show(
  certificate: Partial<Certificate>,
  sni: string | null = 'www.example.org',
  { fromServer = true, isOfSrtp = false, isDtls = false } = {},
) {
  const driver = new MessageDriver(badCertificate),
    flow = driver.flow('10.0.0.5', '203.0.113.7', 443, isDtls ? 'dtls' : 'tls', { protocol: isDtls ? 17 : 6 });
  if (isDtls) driver.state.packet.application = driver.state.tables.byId('dtls')!.index;
  driver.say<TlsCertificateMessage>(flow, { kind: 'tls-certificate', direction: 1, fromServer, chain: [{ ...GOOD, ...certificate }], isOfSrtp, sni });
  return driver.findings;
}

describe('is told', () => {
  test.each([
    ['expired', { notAfter: at('2025-12-20') }, 'low'],
    ['not-yet-valid', { notBefore: at('2026-01-10') }, 'low'],
    ['self-signed', { selfSigned: true, issuer: GOOD.subject }, 'low'],
    ['name-mismatch', { names: ['other.example'] }, 'low'],
    ['weak-key', { keyAlgorithm: 'RSA', keyBits: 1024 }, 'low'],
    ['weak-key', { keyAlgorithm: 'RSA', keyBits: 512 }, 'low'],
    ['weak-signature', { signatureAlgorithm: 'sha1WithRSAEncryption' }, 'low'],
    ['weak-signature', { signatureAlgorithm: 'md5WithRSAEncryption' }, 'low'],
    ['too-long', { notAfter: at('2055-01-01') }, 'info'],
  ] as const)('%s', (technique, certificate, severity) => {
    const [finding, ...others] = show(certificate);
    expect(others).toEqual([]);
    expect(finding).toMatchObject({ technique, severity, subjects: [{ address: '10.0.0.5' }, { address: '203.0.113.7', port: 443 }] });
    expect(finding!.confidence).toBe(confidenceSum(finding!));
    expect(checkFilter(finding!.filter)).toMatchObject({ ok: true });
  });
});

test('in DTLS, and its filter asks for that', () => {
  const [finding] = show({ notAfter: at('2025-12-20') }, null, { isDtls: true });
  expect(finding).toMatchObject({ technique: 'expired', filter: 'ip.addr == 203.0.113.7 && udp.port == 443 && dtls.handshake.type == 11' });
});

describe('is silent on', () => {
  // RFC 5763 section 5: "self-signed certificates are suitable".
  test('a certificate that a call made for itself, but not on one that expired', () => {
    const own = { selfSigned: true, issuer: GOOD.subject };
    expect(show(own, null, { isDtls: true, isOfSrtp: true })).toEqual([]);
    expect(show(own, null, { isDtls: true })).toMatchObject([{ technique: 'self-signed' }]);
    expect(show({ ...own, notAfter: at('2025-12-20') }, null, { isDtls: true, isOfSrtp: true })).toMatchObject([{ technique: 'expired' }]);
  });

  test.each([
    ['a good certificate', {}, 'www.example.org'],
    ['a name by its star', {}, 'cart.shop.example.org'],
    ['a name in other letters', {}, 'WWW.Example.org'],
    ['no name asked for', {}, null],
    ['an address asked for', {}, '203.0.113.7'],
    ['one that was valid when it was captured, though expired today', { notBefore: at('2025-10-01'), notAfter: at('2026-01-02') }, 'www.example.org'],
    ['one that expired minutes ago', { notAfter: at('2025-12-31T23:30:00Z') }, 'www.example.org'],
    ['a common name, where there are no others', { names: [] }, 'www.example.org'],
  ] as const)('%s', (_name, certificate, sni) => {
    expect(show(certificate, sni)).toEqual([]);
  });

  test('a star that would have to stand for two labels is none, and for nothing neither', () => {
    expect(show({}, 'a.b.shop.example.org').map(({ technique }) => technique)).toEqual(['name-mismatch']);
    expect(show({}, 'shop.example.org').map(({ technique }) => technique)).toEqual(['name-mismatch']);
  });

  test('the certificate of a client', () => expect(show({ selfSigned: true }, null, { fromServer: false })).toEqual([]));

  test('web browsing', async () => expect(findingsOf(await analyzeCapture(sample('web-browsing.pcap')), 'bad-certificate')).toEqual([]));
});

test.runIf(hasShared)('recorded: expired in 2014, and self-signed', async () => {
  const expired = findingsOf(await analyzeCapture(shared('tls__tls-expired-cert.pcap')), 'bad-certificate');
  expect(expired.map(({ title }) => title)).toEqual(['87.98.220.10 port 443 shows a certificate that had expired 8 d 21 h before']);
  const own = findingsOf(await analyzeCapture(shared('tls__selfsigned.pcap')), 'bad-certificate');
  // All that is wrong with one certificate is one finding.
  expect(own.map(({ severity, title }) => [severity, title])).toEqual([
    ['low', '127.0.0.1 port 3001 shows a certificate that had expired 1306 d 15 h before and that it signed itself'],
  ]);
});
