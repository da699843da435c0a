/** Logins in clear are told with who and where, never with the secret; over TLS, anonymous and well-known ones are not called a leak. */
import { describe, expect, test } from 'vitest';
import type { HttpCredentialsMessage } from '../../../src/pcap/http/messages.ts';
import type { LoginMessage } from '../../../src/pcap/login.ts';
import { cleartextCredentials } from '../../../src/analysis/detectors/registry.ts';
import { checkFilter } from '../../../src/analysis/filtering.ts';
import { analyzeCapture, findingsOf, hasShared, indicator, sample, shared } from '../../support/analyzeCapture.ts';
import { confidenceSum, MessageDriver } from '../../support/messageDriver.ts';
import { ACK, PacketBuilder, PSH, SYN } from '../../support/packetBuilder.ts';

const A = '10.0.0.5',
  B = '10.0.0.20';
const login = (message: Partial<LoginMessage>): Omit<LoginMessage, 'frame'> => ({
  kind: 'login',
  protocol: 'ftp',
  user: 'alice',
  mechanism: 'USER/PASS',
  secretInClear: true,
  result: 'sent',
  attemptFrame: 1,
  ...message,
});

test.each([
  ['ftp', 21],
  ['pop', 110],
  ['imap', 143],
  ['smtp', 25],
  ['telnet', 23],
  ['mqtt', 1883],
] as const)('a login over %s', (protocol, port) => {
  const driver = new MessageDriver(cleartextCredentials),
    flow = driver.flow(A, B, port, protocol);
  driver.say(flow, login({ protocol })).say(flow, login({ protocol, result: 'accepted' }));
  const [finding, ...others] = driver.findings;
  expect(others).toEqual([]);
  expect(finding).toMatchObject({
    technique: `${protocol}-password`,
    severity: 'medium',
    framesTotal: 1,
    flows: [flow],
    subjects: [
      { role: 'client', address: A },
      { role: 'server', address: B, port },
    ],
  });
  expect(finding!.confidence).toBe(confidenceSum(finding!));
  expect(checkFilter(finding!.filter)).toMatchObject({ ok: true });
});

/** One HTTP request, in segments of at most `size` bytes. */
function request(text: string, size = 10_000): Uint8Array {
  const builder = new PacketBuilder(),
    ends = { from: A, to: B, sourcePort: 40_000, destinationPort: 80 },
    bytes = new TextEncoder().encode(text);
  builder
    .tcp({ ...ends, flags: SYN })
    .tcp({ from: B, to: A, sourcePort: 80, destinationPort: 40_000, flags: SYN | ACK, sequence: 5000, acknowledgment: 1001 });
  for (let at = 0; at < bytes.length; at += size)
    builder.tcp({ ...ends, flags: PSH | ACK, sequence: 1001 + at, acknowledgment: 5001, payload: bytes.subarray(at, at + size) });
  return builder.bytes();
}
const post = (body: string, type = 'application/x-www-form-urlencoded'): string =>
  `POST /login HTTP/1.1\r\nHost: intra.example\r\nContent-Type: ${type}\r\nContent-Length: ${body.length}\r\n\r\n${body}`;

describe('over HTTP', () => {
  test.each([
    ['Basic', 'GET / HTTP/1.1\r\nHost: x\r\nAuthorization: Basic YWxpY2U6aHVudGVyMg==\r\n\r\n', 'http-password', 'medium', 'alice'],
    ['Basic for a proxy', 'GET http://x/ HTTP/1.1\r\nproxy-authorization: basic YWxpY2U6aHVudGVyMg==\r\n\r\n', 'http-password', 'medium', 'alice'],
    ['a form', post('username=alice&password=hunter2'), 'http-password', 'medium', 'alice'],
    ['Digest', 'GET / HTTP/1.1\r\nAuthorization: Digest username="alice", response="00"\r\n\r\n', 'http-derived', 'low', 'alice'],
    ['a token', 'GET / HTTP/1.1\r\nAuthorization: Bearer hunter2hunter2\r\n\r\n', 'http-token', 'medium', undefined],
    ['a key', 'POST /v1/messages HTTP/1.1\r\nAccept: */*\r\nx-api-key: hunter2hunter2\r\n\r\n', 'http-key', 'medium', undefined],
    ['a key of a repository', 'GET / HTTP/1.1\r\nPRIVATE-TOKEN: hunter2hunter2\r\n\r\n', 'http-key', 'medium', undefined],
  ] as const)('%s, in one segment and in many', async (_name, text, technique, severity, user) => {
    for (const capture of [request(text), request(text, 7)]) {
      const report = await analyzeCapture(capture),
        [finding, ...others] = findingsOf(report, 'cleartext-credentials');
      expect(others).toEqual([]);
      expect(finding).toMatchObject({ severity, subjects: [{ address: A }, { address: B, port: 80 }] });
      expect(indicator(finding!, 'users')).toBe(user);
      expect(finding!.id).toBe(findingsOf(await analyzeCapture(capture), 'cleartext-credentials')[0]!.id);
      expect(technique).toContain('http-');
      expect(JSON.stringify(report)).not.toContain('hunter2');
      expect(JSON.stringify(report)).not.toContain('YWxpY2U6');
    }
  });

  test.each([
    ['a search', post('q=password&page=2')],
    ['an empty password', post('username=alice&password=')],
    ['words of a document', post('my password=secret', 'text/plain')],
    ['Negotiate', 'GET / HTTP/1.1\r\nAuthorization: Negotiate YIIB\r\n\r\n'],
    ['a header of another name', 'GET / HTTP/1.1\r\nX-Authorization: Basic YWxpY2U6aHVudGVyMg==\r\n\r\n'],
  ] as const)('nothing in %s', async (_name, text) => expect(findingsOf(await analyzeCapture(request(text)), 'cleartext-credentials')).toEqual([]));

  test('not from what is heard of a login form twice in one frame', () => {
    const driver = new MessageDriver(cleartextCredentials),
      flow = driver.flow(A, B, 80, 'http');
    driver.say<HttpCredentialsMessage>(flow, { kind: 'http-credentials', host: null, scheme: 'NTLM', user: null, passwordPresent: true });
    expect(driver.findings).toEqual([]);
  });
});

test('one finding for a client that logs in to several servers alike, and one for each client', async () => {
  const builder = new PacketBuilder(),
    servers = Array.from({ length: 40 }, (_, i) => `10.0.1.${i + 1}`);
  const say = (client: string, server: string): void => {
    const text = 'GET / HTTP/1.1\r\nHost: x\r\nAuthorization: Basic YWxpY2U6aHVudGVyMg==\r\n\r\n';
    builder
      .tcp({ from: client, to: server, sourcePort: 40_000, destinationPort: 80, flags: SYN })
      .tcp({ from: server, to: client, sourcePort: 80, destinationPort: 40_000, flags: SYN | ACK, sequence: 5000, acknowledgment: 1001 })
      .tcp({
        from: client,
        to: server,
        sourcePort: 40_000,
        destinationPort: 80,
        flags: PSH | ACK,
        sequence: 1001,
        acknowledgment: 5001,
        payload: new TextEncoder().encode(text),
      })
      .wait(1);
  };
  for (const server of servers) say(A, server);
  say('10.0.0.6', '10.0.2.1');
  const [many, one, ...others] = findingsOf(await analyzeCapture(builder.bytes()), 'cleartext-credentials');
  expect(others).toEqual([]);
  expect(many!.title).toBe(`${A} logs in to 40 servers at port 80: each gets passwords in clear over HTTP`);
  expect(many!.description).toContain('It sent to 10.0.1.1 (1 login of alice), 10.0.1.2 (1 login of alice), ');
  expect(many!.subjects.map(({ address }) => address)).toEqual([A, ...servers]);
  // Of every three frames the third carries the password.
  expect(many!.evidence).toMatchObject({ frames: servers.map((_, i) => 3 * i + 3), framesTotal: 40 });
  expect(checkFilter(many!.evidence.filter)).toMatchObject({ ok: true });
  expect(one!.title).toBe('10.0.2.1 port 80 gets passwords in clear over HTTP');
});

describe('less or nothing', () => {
  test('anonymous FTP is information, and can be left out', () => {
    const driver = new MessageDriver(cleartextCredentials),
      quiet = new MessageDriver(cleartextCredentials, { anonymous: false });
    for (const one of [driver, quiet]) one.say(one.flow(A, B, 21, 'ftp'), login({ user: 'anonymous' }));
    expect(driver.findings).toMatchObject([{ technique: 'ftp-anonymous', severity: 'info' }]);
    expect(quiet.findings).toEqual([]);
  });
  test('a password that the server refuses', () => {
    const driver = new MessageDriver(cleartextCredentials),
      flow = driver.flow(A, B, 21, 'ftp');
    driver.say(flow, login({})).say(flow, login({ result: 'rejected' }));
    expect(driver.findings).toMatchObject([{ severity: 'low' }]);
  });
  test('a challenge that hides the password', () => {
    const driver = new MessageDriver(cleartextCredentials);
    driver.say(driver.flow(A, B, 143, 'imap'), login({ protocol: 'imap', mechanism: 'SCRAM-SHA-256', secretInClear: false }));
    expect(driver.findings).toEqual([]);
  });
  test.each(['ssh-session.pcap', 'dns.pcap', 'dhcp-ntp.pcap'])('%s', async (name) =>
    expect(findingsOf(await analyzeCapture(sample(name)), 'cleartext-credentials')).toEqual([]),
  );
});

describe.runIf(hasShared)('recorded', () => {
  test.each([
    'creds__telnet.pcap',
    'creds__http-basicauth.pcap',
    'creds__imap.pcap',
    'creds__pop3-02-bug-7709.pcap',
    'creds__var-services-std-ports.pcap',
  ])('%s', async (name) => {
    const report = await analyzeCapture(shared(name)),
      findings = findingsOf(report, 'cleartext-credentials');
    expect(findings.map(({ severity }) => severity)).toEqual(['medium']);
    for (const secret of ['whatabadpass', '123456\\r']) expect(JSON.stringify(findings)).not.toContain(secret);
  });
});
