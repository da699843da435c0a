/** What two hosts say to each other, as packets; and messages of TLS for `MessageDriver`, with what a test does not care about filled in. */
import type { Certificate } from '../../src/pcap/tls/x509.ts';
import type { TlsCertificateMessage, TlsClientHelloMessage } from '../../src/pcap/tls/messages.ts';
import { ACK, PacketBuilder, PSH, SYN } from './packetBuilder.ts';

export const CLIENT = '10.0.0.5',
  SERVER = '203.0.113.9';

export interface DialogueOptions {
  readonly client?: string;
  readonly server?: string;
  readonly port?: number;
  readonly clientPort?: number;
  /** Seconds before each line. */
  readonly gap?: number;
  readonly builder?: PacketBuilder;
}

/** One character is one byte. */
export const bytesOf = (text: string): Uint8Array => Uint8Array.from(text, (character) => character.charCodeAt(0));

/** A TCP connection in which these lines are said; they may be longer than a segment. */
export function dialogue(
  lines: readonly (readonly [from: 'client' | 'server', text: string])[],
  { client = CLIENT, server = SERVER, port = 80, clientPort = 40_000, gap = 0.05, builder = new PacketBuilder() }: DialogueOptions = {},
): PacketBuilder {
  const there = { from: client, to: server, sourcePort: clientPort, destinationPort: port },
    back = { from: server, to: client, sourcePort: port, destinationPort: clientPort };
  builder
    .tcp({ ...there, flags: SYN, sequence: 1000 })
    .tcp({ ...back, flags: SYN | ACK, sequence: 5000, acknowledgment: 1001 })
    .tcp({ ...there, flags: ACK, sequence: 1001, acknowledgment: 5001 });
  const next = { client: 1001, server: 5001 };
  for (const [from, text] of lines) {
    builder.wait(gap);
    for (let at = 0; at < text.length; at += 1400) {
      const payload = bytesOf(text.slice(at, at + 1400)),
        ends = from === 'client' ? there : back;
      builder.tcp({ ...ends, flags: PSH | ACK, sequence: next[from], acknowledgment: next[from === 'client' ? 'server' : 'client'], payload });
      next[from] += payload.length;
    }
  }
  return builder;
}

export interface RequestOptions {
  readonly method?: string;
  readonly headers?: string;
  readonly body?: string;
  readonly answer?: string;
  readonly answerHeaders?: string;
  readonly status?: string;
}

/** A request and its answer, as lines of a dialogue. `headers` end with a line break each. */
export function web(
  uri: string,
  { method = 'GET', headers = 'Host: example.org\r\n', body = '', answer = '', answerHeaders = '', status = '200 OK' }: RequestOptions = {},
): readonly (readonly ['client' | 'server', string])[] {
  const length = body === '' ? '' : `Content-Length: ${body.length}\r\n`;
  return [
    ['client', `${method} ${uri} HTTP/1.1\r\n${headers}${length}\r\n${body}`],
    ['server', `HTTP/1.1 ${status}\r\n${answerHeaders}Content-Length: ${answer.length}\r\n\r\n${answer}`],
  ];
}

/** A DNS message with one question and no records. */
export function dnsBytes(name: string, { type = 1, response = false, code = 0, id = 1 } = {}): Uint8Array {
  const labels = name.split('.').flatMap((label) => [label.length, ...bytesOf(label)]);
  return Uint8Array.from([
    id >> 8,
    id & 255,
    response ? 0x81 : 1,
    (response ? 0x80 : 0) | code,
    0,
    1,
    0,
    0,
    0,
    0,
    0,
    0,
    ...labels,
    0,
    type >> 8,
    type & 255,
    0,
    1,
  ]);
}

/** Questions for these names and their answers, a tenth of a second apart. */
export function lookUps(
  names: readonly string[],
  options: { readonly code?: number; readonly type?: number; readonly client?: string } = {},
): PacketBuilder {
  const builder = new PacketBuilder(),
    client = options.client ?? CLIENT,
    resolver = '10.0.0.53';
  names.forEach((name, i) => {
    const port = 20_000 + i;
    builder
      .udp({ from: client, to: resolver, sourcePort: port, destinationPort: 53, payload: dnsBytes(name, { ...options, id: i }) })
      .wait(0.05)
      .udp({ from: resolver, to: client, sourcePort: 53, destinationPort: port, payload: dnsBytes(name, { ...options, id: i, response: true }) })
      .wait(0.05);
  });
  return builder;
}

export function clientHello(more: Partial<TlsClientHelloMessage> = {}): Omit<TlsClientHelloMessage, 'frame'> {
  return {
    kind: 'tls-client-hello',
    direction: 0,
    sni: null,
    alpn: [],
    legacyVersion: 0x303,
    maxVersion: 0x304,
    versions: [0x304],
    suites: [],
    extensions: [],
    groups: [],
    signatureAlgorithms: [],
    ja3: null,
    ja4: null,
    ...more,
  };
}

export function shownCertificate(more: Partial<Certificate> = {}): Omit<TlsCertificateMessage, 'frame'> {
  const certificate: Certificate = {
    subject: 'CN=www.example.org',
    issuer: 'C=US, O=Example, CN=Example CA',
    commonName: 'www.example.org',
    serialNumber: '01',
    notBefore: null,
    notAfter: null,
    names: [],
    keyAlgorithm: 'RSA',
    keyBits: 2048,
    curve: null,
    signatureAlgorithm: 'sha256WithRSAEncryption',
    isCertificateAuthority: false,
    selfSigned: false,
    sha1: null,
    sha256: null,
    ...more,
  };
  return { kind: 'tls-certificate', direction: 1, fromServer: true, chain: [certificate], isOfSrtp: false, sni: null };
}
