/**
 * LDAP, Kerberos and SNMP on ports that are not theirs, and DNS tunnels there. Numbers of frames are those that tshark 4.0.17 has in the samples on their own ports
 * (`tshark -Y ldap`), and with `-d tcp.port==10389,ldap` on the others.
 */
import { describe, expect, it } from 'vitest';
import { startsLdap } from '../../../src/pcap/ldapStart.ts';
import { startsKerberos } from '../../../src/pcap/kerberos/start.ts';
import { isSurelySnmp } from '../../../src/pcap/snmpStart.ts';
import { analyzeCapture, findingsOf, sample } from '../../support/analyzeCapture.ts';
import { der, integer, octets, sequence } from '../../support/der.ts';
import { dissectFrame, newPacket } from '../../support/dissectFrame.ts';
import { kerberosError, kerberosReply, kerberosRequest } from '../../support/kerberosMessages.ts';
import { movedPort } from '../../support/movedPort.ts';
import { ipBytes, PacketBuilder, udpBytes } from '../../support/packetBuilder.ts';
import { random } from '../../support/random.ts';
import { bytesOf, hex } from '../../support/streamDriver.ts';
import { datagramsFrames } from './frames/datagrams.ts';

describe('a service on a port of nobody is read as on its own', () => {
  it.each([
    ['guessed-passwords.pcap', 'ldap', 389, 10_389, 60],
    ['guessed-passwords.pcap', 'ldap', 389, 1389, 60],
    ['kerberoast.pcap', 'kerberos', 88, 8888, 16],
    ['kerberos-tickets.pcap', 'kerberos', 88, 8888, 8],
    ['snmp-walk.pcap', 'snmp', 161, 1161, 81],
    ['dns-tunnel-iodine.pcap', 'dns', 53, 5300, 73],
    ['dns-tunnel-iodine.pcap', 'dns', 53, 443, 73],
  ] as const)('%s: %s of %i at %i', async (name, protocol, from, to, frames) => {
    const report = await analyzeCapture(movedPort(sample(name), from, to));
    expect(report.protocols.find((row) => row.protocol === protocol)?.packets).toBe(frames);
    expect(report.conversations.filter(({ bPort }) => bPort === to).every(({ service }) => service === protocol)).toBe(true);
  });

  it('with what is done there: passwords in clear and guessed, and a tunnel', async () => {
    const ldap = await analyzeCapture(movedPort(sample('guessed-passwords.pcap'), 389, 10_389));
    for (const detector of ['brute-force', 'brute-force-success', 'cleartext-credentials'])
      expect(findingsOf(ldap, detector).filter(({ title }) => title.includes('LDAP'))).toHaveLength(1);
    // Also on the port of Multicast DNS, for which it is taken, as tshark does.
    for (const port of [5300, 443, 5353]) {
      const tunnel = await analyzeCapture(movedPort(sample('dns-tunnel-iodine.pcap'), 53, port));
      expect(findingsOf(tunnel, 'dns-tunnel').map(({ severity }) => severity)).toEqual(['high']);
    }
  });
});

const message = (...parts: readonly string[]): string => sequence(integer(1), ...parts),
  bind = (authentication: string): string => message(der(0x60, integer(3), octets('cn=anna,dc=example'), authentication)),
  search = (filter: string): string =>
    message(der(0x63, octets('dc=example'), integer(2, 10), integer(0, 10), integer(0), integer(0), der(1, '\0'), filter, sequence(octets('mail')))),
  done = (code: number, ...behind: readonly string[]): string => message(der(0x61, integer(code, 10), octets(''), octets('no'), ...behind));
/** As Windows writes lengths, always with four bytes. */
const WINDOWS_BIND = hex('3084 00000013 02 01 01 60 84 00000 00a 02 01 03 04 02 636e 80 01 70'.replace('00000 00a', '0000000a'));
const LDAP: readonly (readonly [string, Uint8Array])[] = [
  ['a bind with a password', bytesOf(bind(octets('secret', 0x80)))],
  ['a bind by SASL', bytesOf(bind(der(0xa3, octets('GSS-SPNEGO'), octets('NTLMSSP'))))],
  ['a bind as Windows writes it', WINDOWS_BIND],
  ['a search', bytesOf(search(octets('objectClass', 0x87)))],
  ['StartTLS', bytesOf(message(der(0x77, octets('1.3.6.1.4.1.1466.20037', 0x80))))],
  ['an answer', bytesOf(done(49))],
  ['an answer with credentials', bytesOf(done(14, octets('NTLMSSP', 0x87)))],
  ['with a control', bytesOf(message(der(0x60, integer(3), octets(''), octets('', 0x80)), der(0xa0, sequence(octets('1.2.840.113556.1.4.319')))))],
];
const KERBEROS: readonly (readonly [string, Uint8Array])[] = [
  ['a request', bytesOf(kerberosRequest(10, { client: 'anna' }))],
  ['a reply', bytesOf(kerberosReply(13, 'anna', ['HTTP', 'web'], 23, 18))],
  ['an error', bytesOf(kerberosError(6))],
];
const snmp = (what: string): Uint8Array => hex(datagramsFrames.find((one) => one.what === what)!.frame).subarray(42);
const SNMP: readonly (readonly [string, Uint8Array])[] = ['SNMP v2c get', 'SNMP v1 trap'].map((what) => [what, snmp(what)]);

const isLdap = (bytes: Uint8Array): boolean => startsLdap(bytes, 0, bytes.length) === 'yes',
  isKerberos = (bytes: Uint8Array): boolean => startsKerberos(bytes, 0, bytes.length, bytes.length) === 'yes',
  isSnmp = (bytes: Uint8Array): boolean => isSurelySnmp(bytes, 0, bytes.length, bytes.length);

describe('known by their first message', () => {
  it.each(LDAP)('LDAP: %s', (_, bytes) => {
    expect(isLdap(bytes)).toBe(true);
    // However little of it has come, nothing speaks against it.
    for (let end = 0; end < bytes.length; end++) expect(startsLdap(bytes, 0, end)).not.toBe('no');
  });
  it.each(KERBEROS)('Kerberos: %s', (_, bytes) => expect(isKerberos(bytes)).toBe(true));
  it.each(SNMP)('%s', (_, bytes) => expect(isSnmp(bytes)).toBe(true));
});

describe('are taken for nothing else, and nothing else for them', () => {
  const all = [...LDAP, ...KERBEROS, ...SNMP];

  it.each(all)('%s', (_, bytes) => {
    expect([isLdap(bytes), isKerberos(bytes), isSnmp(bytes)].filter(Boolean)).toHaveLength(1);
    const longer = Uint8Array.from([...bytes, 0]);
    expect([isKerberos(longer), isSnmp(longer)]).toEqual([false, false]);
  });

  it.each([
    ['text', bytesOf('0123456789 hello everybody')],
    ['zeros', new Uint8Array(64)],
    ['a certificate', bytesOf(sequence(sequence(der(0xa0, integer(2)), integer(1), sequence(octets('x')))))],
    ['CredSSP', bytesOf(sequence(der(0xa0, integer(3)), der(0xa1, sequence(sequence(der(0xa0, octets('NTLMSSP')))))))],
    ['a bind of another version', bytesOf(message(der(0x60, integer(4), octets('cn=x'), octets('x', 0x80))))],
    ['a bind without a way to log in', bytesOf(message(der(0x60, integer(3), octets('cn=x'))))],
    ['a bind with something behind', bytesOf(bind(`${octets('x', 0x80)}\x04\x01x`))],
    ['a search of a fifth scope', bytesOf(message(der(0x63, octets(''), integer(4, 10), integer(0, 10))))],
    ['an extended request in words', bytesOf(message(der(0x77, octets('hello', 0x80))))],
    ['an operation that is longer than its message', bytesOf('\x30\x0c\x02\x01\x01\x60\x10\x02\x01\x03\x04\x00\x80\x03abc')],
    ['an operation that does not fill its message', bytesOf('\x30\x0f\x02\x01\x01\x60\x07\x02\x01\x03\x04\x00\x80\x00\x04\x01x')],
    [
      'SNMP whose PDU ends too early',
      bytesOf(sequence(integer(1), octets('public'), der(0xa0, integer(1), integer(0), integer(0), sequence()), '\x05\0')),
    ],
    ['SNMP without bindings', bytesOf(sequence(integer(1), octets('public'), der(0xa0, integer(1), integer(0), integer(0))))],
    ['Kerberos whose type is said otherwise', bytesOf(kerberosError(6).replace('\xa1\x03\x02\x01\x1e', '\xa1\x03\x02\x01\x0a'))],
  ])('%s', (_, bytes) => expect([isLdap(bytes), isKerberos(bytes), isSnmp(bytes)]).toEqual([false, false, false]));

  it('damaged and random bytes never throw, and hardly ever pass', () => {
    const { below } = random(18);
    let passed = 0;
    for (const [, bytes] of all)
      for (let i = 0; i < 2000; i++) {
        const noise = Uint8Array.from(bytes, (byte, at) => (at === 0 ? byte : below(256)));
        if (isLdap(noise) || isKerberos(noise) || isSnmp(noise)) passed++;
        const cut = bytes.slice(0, below(bytes.length));
        cut[below(cut.length)] = below(256);
        startsLdap(cut, 0, cut.length);
        startsKerberos(cut, 0, cut.length, bytes.length);
        isSurelySnmp(cut, 0, cut.length, bytes.length);
      }
    expect(passed).toBe(0);
  });
});

describe('DNS on a port of nobody', () => {
  const datagram = (sourcePort: number, destinationPort: number, payload: Uint8Array, from = '10.0.0.1', to = '10.0.0.2'): Uint8Array =>
    Uint8Array.from([
      ...hex('020000000002020000000001 0800'),
      ...ipBytes({ from, to, protocol: 17, payload: udpBytes({ from, to, sourcePort, destinationPort, payload }) }),
    ]);
  const query = hex('1234 0100 0001 0000 0000 0000 03777777 076578616d706c65 00 0001 0001'),
    binary = Uint8Array.from([...query.slice(0, 13), 0xe4, 0x01, 0xff, ...query.slice(16)]);

  it('reads the names of a conversation, whatever is in them, once one of its messages was sure', () => {
    const packet = newPacket();
    expect(dissectFrame(datagram(40_000, 5300, binary), { packet }).layers).toBe('eth:ip:udp');
    expect(dissectFrame(datagram(40_000, 5300, query), { packet }).layers).toBe('eth:ip:udp:dns');
    expect(dissectFrame(datagram(40_000, 5300, binary), { packet }).layers).toBe('eth:ip:udp:dns');
    expect(dissectFrame(datagram(5300, 40_000, binary, '10.0.0.2', '10.0.0.1'), { packet }).layers).toBe('eth:ip:udp:dns');
    // Another conversation has said nothing yet.
    expect(dissectFrame(datagram(40_001, 5300, binary), { packet }).layers).toBe('eth:ip:udp');
  });

  it('takes no room of other conversations that were learned, however many there are', () => {
    const packet = newPacket(),
      initial = hex(datagramsFrames.find(({ what }) => what.startsWith('QUIC Initial'))!.frame).subarray(42, 100),
      short = hex('41 8394c8f03e515708 00112233445566778899aabbccddeeff');
    for (let port = 50_000; port < 50_500; port++) dissectFrame(datagram(port, 443, initial), { packet, look: false });
    for (let port = 1024; port < 41_024; port++) dissectFrame(datagram(port, 5300, query), { packet, look: false });
    for (let port = 50_000; port < 50_500; port++) expect(dissectFrame(datagram(port, 443, short), { packet }).layers).toBe('eth:ip:udp:quic');
    // The last of them are known, too, but for some.
    let known = 0;
    for (let port = 40_924; port < 41_024; port++) if (dissectFrame(datagram(port, 5300, binary), { packet }).layers.endsWith('dns')) known++;
    expect(known).toBeGreaterThan(50);
  });

  it('takes no zeros, no noise and nothing of QUIC for DNS there', () => {
    const packet = newPacket();
    expect(dissectFrame(datagram(40_000, 443, query), { packet }).layers).toBe('eth:ip:udp:dns');
    expect(dissectFrame(datagram(40_000, 443, new Uint8Array(64)), { packet }).layers).toBe('eth:ip:udp');
    expect(
      dissectFrame(
        datagram(
          40_000,
          443,
          Uint8Array.from({ length: 64 }, (_, i) => (i * 37 + 129) & 255),
        ),
        { packet },
      ).layers,
    ).toBe('eth:ip:udp');
    const initial = hex(datagramsFrames.find(({ what }) => what.startsWith('QUIC Initial'))!.frame).subarray(42);
    expect(dissectFrame(datagram(40_000, 443, initial), { packet }).layers).toBe('eth:ip:udp:quic');
  });
});

// With `-d udp.port==3899,cldap` tshark reads both as CLDAP.
it('LDAP over datagrams is known by a search, and its answer by the conversation', async () => {
  const ends = { from: '10.0.0.5', to: '10.0.0.9', sourcePort: 40_000, destinationPort: 3899 },
    back = { from: ends.to, to: ends.from, sourcePort: 3899, destinationPort: 40_000 },
    ask = bytesOf(search(der(0x87, 'objectClass'))),
    entry = bytesOf(message(der(0x64, octets(''), sequence(sequence(octets('netlogon'), der(0x31, octets('x'.repeat(60)))))))),
    report = await analyzeCapture(
      new PacketBuilder()
        .udp({ ...ends, payload: ask })
        .udp({ ...back, payload: entry })
        .bytes(),
    );
  expect(report.protocols.find(({ protocol }) => protocol === 'cldap')?.packets).toBe(2);
  expect(report.conversations.find(({ layer }) => layer === 'udp')?.service).toBe('cldap');
  // Something longer than it says, a bind, and an answer that nobody asked for are nothing.
  for (const payload of [Uint8Array.of(...ask, 0), bytesOf(bind(octets('x', 0x80))), entry]) {
    const other = await analyzeCapture(new PacketBuilder().udp({ ...ends, payload }).bytes());
    expect(other.protocols.some(({ protocol }) => protocol === 'cldap')).toBe(false);
  }
});
