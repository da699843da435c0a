/** Failed logins are counted per client and server; successes, a typo and a shell that works are left alone. */
import fs from 'node:fs';
import { gunzipSync } from 'node:zlib';
import { describe, expect, test } from 'vitest';
import type { SshEncryptedMessage, SshNewKeysMessage } from '../../../src/pcap/dissectors/ssh.ts';
import type { RdpRequestMessage } from '../../../src/pcap/dissectors/tpkt.ts';
import type { LoginMessage } from '../../../src/pcap/login.ts';
import { bruteForce, bruteForceSuccess } from '../../../src/analysis/detectors/registry.ts';
import { checkFilter } from '../../../src/analysis/filtering.ts';
import * as F from '../../../src/analysis/flowTable.ts';
import { analyzeCapture, findingsOf, hasShared, sample, shared } from '../../support/analyzeCapture.ts';
import { dialogue, web } from '../../support/dialogue.ts';
import { kerberosError, kerberosRequest } from '../../support/kerberosMessages.ts';
import { confidenceSum, MessageDriver } from '../../support/messageDriver.ts';
import { ACK, PacketBuilder, PSH, SYN } from '../../support/packetBuilder.ts';
import { authenticate } from '../../support/smbPackets.ts';
import { bytesOf } from '../../support/streamDriver.ts';

const A = '10.0.0.66',
  B = '10.0.0.20';

function logins(
  protocol: string,
  port: number,
  results: readonly LoginMessage['result'][],
  user: (i: number) => string = () => 'root',
  gap = 2,
  options = {},
): MessageDriver {
  const driver = new MessageDriver(bruteForce, options);
  results.forEach((result, i) =>
    driver
      .say<LoginMessage>(driver.flow(A, B, port, protocol), {
        kind: 'login',
        protocol,
        user: user(i),
        mechanism: 'USER/PASS',
        secretInClear: true,
        result,
        attemptFrame: 1,
      })
      .wait(gap),
  );
  return driver;
}
const times = <T>(count: number, value: T): T[] => new Array<T>(count).fill(value);

/** An SSH session whose sides had sent 2,000 bytes when their keys came, and so much after. */
function ssh(driver: MessageDriver, fromClient: number, fromServer: number, flags = F.FIN_A): void {
  const flow = driver.flow(A, B, 22, 'ssh', { bytes: [2000, 2000], flags: F.HAS_TIME | F.SYN_A | F.SYN_ACK_B | F.DATA_A | F.DATA_B | flags });
  for (const fromServerSide of [true, false]) driver.say<SshNewKeysMessage>(flow, { kind: 'ssh-newkeys', fromServer: fromServerSide });
  const { doubles } = driver.state.flows,
    at = flow * F.DOUBLES;
  doubles[at + F.PAYLOAD_A] = 2000 + fromClient;
  doubles[at + F.PAYLOAD_B] = 2000 + fromServer;
  driver.wait(2);
}

describe('is told', () => {
  test.each([
    ['ftp', 21],
    ['pop', 110],
    ['imap', 143],
    ['smtp', 25],
    ['telnet', 23],
    ['mqtt', 1883],
    ['smb2', 445],
    ['kerberos', 88],
    ['ldap', 389],
    ['mysql', 3306],
    ['pgsql', 5432],
    ['tds', 1433],
    ['vnc', 5900],
    ['resp', 6379],
  ] as const)('over %s', (protocol, port) => {
    const driver = logins(protocol, port, times(20, 'rejected')),
      [finding, ...others] = driver.findings;
    expect(others).toEqual([]);
    expect(finding).toMatchObject({
      technique: protocol,
      severity: 'medium',
      framesTotal: 20,
      subjects: [
        { role: 'attacker', address: A },
        { role: 'victim', address: B, port },
      ],
    });
    expect(finding!.indicators[0]).toMatchObject({ value: 20, threshold: 10 });
    expect(finding!.confidence).toBe(confidenceSum(finding!));
    expect(checkFilter(finding!.filter)).toMatchObject({ ok: true });
    expect(driver.findings[0]).toEqual(finding);
  });

  test('many users, as spraying', () => {
    const [finding] = logins('ftp', 21, times(30, 'rejected'), (i) => `user${i}`).findings;
    expect(finding!.attack).toContain('T1110.003');
    expect(finding!.indicators.find(({ name }) => name === 'users tried')?.value).toBe(30);
  });

  test('SSH, by sessions that end with the password', () => {
    const driver = new MessageDriver(bruteForce);
    for (let i = 0; i < 8; i++) ssh(driver, 600, 230);
    expect(driver.findings).toMatchObject([{ technique: 'ssh', framesTotal: 8, subjects: [{ address: A }, { address: B, port: 22 }] }]);
    expect(checkFilter(driver.findings[0]!.filter)).toMatchObject({ ok: true });
  });
});

describe('SSH, by the lengths of what it encrypts', () => {
  /** Lengths as tshark shows them (tcp.len) of sessions with OpenSSH 9.2: of the client, and of the server's answer, in turn. */
  const run = (sessions: readonly (readonly number[])[], driver = new MessageDriver(bruteForce)): MessageDriver => {
    for (const lengths of sessions) {
      const flow = driver.flow(A, B, 22, 'ssh', { bytes: [2000, 2000], flags: F.HAS_TIME | F.SYN_A | F.SYN_ACK_B | F.DATA_A | F.DATA_B | F.FIN_A });
      for (const fromServer of [true, false]) driver.say<SshNewKeysMessage>(flow, { kind: 'ssh-newkeys', fromServer });
      // What the server can do comes before it is asked anything.
      driver.say<SshEncryptedMessage>(flow, { kind: 'ssh-encrypted', fromServer: true, bytes: 116 });
      lengths.forEach((bytes, i) => driver.say<SshEncryptedMessage>(flow, { kind: 'ssh-encrypted', fromServer: i % 2 === 1, bytes }));
      driver.wait(20);
    }
    return driver;
  };
  const SIX_TRIES = [44, 44, 68, 76, 84, 76, 84, 76, 84, 76, 84, 76, 84, 76, 84, 76];
  test.each([
    ['hydra', [...times(3, SIX_TRIES)], 18],
    [
      'medusa, which asks with nothing before each',
      times(2, [64, 64, 80, 96, 96, 96, 80, 96, 96, 96, 80, 96, 96, 96, 80, 96, 96, 96, 80, 96, 96, 96]),
      10,
    ],
    ['patator, which asks for the service each time', times(4, [64, 64, 96, 96, 64, 64, 96, 96, 64, 64, 96, 96, 64, 64, 96, 96]), 16],
    ['ncrack, whose passwords are filled up and which asks for nothing first', times(6, [44, 44, 148, 76]), 6],
    ['behind a banner of the server', times(6, [44, 44, 68, 1276, 84, 76]), 6],
    ['where only passwords are taken, so that refusals are short', times(6, [44, 44, 68, 44, 84, 44]), 6],
  ])('%s', (_what, sessions, count) => {
    const [finding, ...others] = run(sessions).findings;
    expect(others).toEqual([]);
    expect(finding).toMatchObject({ technique: 'ssh', severity: 'medium', framesTotal: count });
    expect(finding!.indicators[0]).toMatchObject({ value: count });
    expect(finding!.confidence).toBe(confidenceSum(finding!));
  });
  test('one that fits at last is told as success', () => {
    expect(run([...times(3, SIX_TRIES), [44, 44, 68, 76, 84, 76, 84, 28, 112, 552]], new MessageDriver(bruteForceSuccess)).findings).toMatchObject([
      { technique: 'ssh' },
    ]);
  });
  test('a key that nobody takes any more, tried by a program every few minutes, is told as little', () => {
    expect(run(times(20, [44, 44, 68, 76, 140, 76])).findings).toMatchObject([{ severity: 'low' }]);
    expect(run(times(20, [44, 44, 68, 76, 412, 76])).findings).toEqual([]);
  });
  test.each([
    ['a program that runs a command each time', times(50, [44, 44, 68, 76, 140, 100, 308, 28, 112, 552])],
    ["the fifth of somebody's keys, each time", times(50, [44, 44, 68, 76, 140, 76, 140, 76, 140, 76, 140, 76, 140, 100, 308, 28, 112, 552])],
    ['somebody who mistypes twice', [[44, 44, 68, 76, 84, 76, 84, 76, 84, 28, 112, 552]]],
    ['checks that leave when they hear which ways there are', times(50, [44, 44, 68, 76])],
  ])('nothing in %s', (_what, sessions) => {
    expect(run(sessions).findings).toEqual([]);
    expect(run(sessions, new MessageDriver(bruteForceSuccess)).findings).toEqual([]);
  });
});

describe('a few passwords at each of many servers', () => {
  const spray = (servers: number, perServer: number, result: LoginMessage['result'], tag: (server: number, i: number) => number): MessageDriver => {
    const driver = new MessageDriver(bruteForce);
    for (let server = 0; server < servers; server++)
      for (let i = 0; i < perServer; i++)
        driver
          .say<LoginMessage>(driver.flow(A, `10.0.1.${server}`, 23, 'telnet'), {
            kind: 'login',
            protocol: 'telnet',
            user: 'root',
            mechanism: 'login',
            secretInClear: true,
            result,
            attemptFrame: 1,
            secretTag: tag(server, i),
          })
          .wait(3);
    return driver;
  };
  test('is told of the client, with the servers', () => {
    const [finding, ...others] = spray(8, 3, 'rejected', (_, i) => i).findings;
    expect(others).toEqual([]);
    expect(finding).toMatchObject({ technique: 'telnet-many-servers', severity: 'medium', framesTotal: 24 });
    expect(finding!.subjects.slice(0, 2)).toEqual([
      { role: 'attacker', address: A },
      { role: 'victim', address: '10.0.1.0', port: 23 },
    ]);
    expect(finding!.subjects).toHaveLength(9);
    expect(finding!.confidence).toBe(confidenceSum(finding!));
    expect(checkFilter(finding!.filter)).toMatchObject({ ok: true });
  });
  test('is told as little where all is one password, as a program for many machines has', () =>
    expect(spray(20, 1, 'rejected', () => 7).findings).toMatchObject([{ severity: 'low' }]));
  test.each([
    ['somebody who looks for the right one of four servers', spray(4, 4, 'rejected', (_, i) => i)],
    ['a program that gets in everywhere', spray(30, 2, 'accepted', () => 7)],
  ])('nothing in %s', (_what, driver) => expect(driver.findings).toEqual([]));
});

/** SNMP version 2c, a get-request or its answer for sysDescr.0 (RFC 3416). */
const snmp = (community: string, pdu: number): Uint8Array => {
  const variables = [0x30, 0x0e, 0x30, 0x0c, 6, 8, 0x2b, 6, 1, 2, 1, 1, 1, 0, 5, 0],
    inner = [2, 1, 1, 2, 1, 0, 2, 1, 0, ...variables],
    text = bytesOf(community),
    body = [2, 1, 1, 4, text.length, ...text, 0xa0 + pdu, inner.length, ...inner];
  return Uint8Array.from([0x30, body.length, ...body]);
};

describe('SNMP communities, as onesixtyone and hydra try them', () => {
  const ask = (builder: PacketBuilder, community: string, isAnswered: boolean): void => {
    builder.udp({ from: A, to: B, sourcePort: 50_000, destinationPort: 161, payload: snmp(community, 0) }).wait(0.05);
    if (isAnswered) builder.udp({ from: B, to: A, sourcePort: 161, destinationPort: 50_000, payload: snmp(community, 2) }).wait(0.05);
  };
  const run = async (communities: readonly string[], right: string) => {
    const builder = new PacketBuilder();
    for (const community of communities) ask(builder, community, community === right);
    return analyzeCapture(builder.bytes());
  };
  const WORDS = Array.from({ length: 20 }, (_, i) => `hunter${i}`);
  test('are told, and the one that is answered', async () => {
    const report = await run([...WORDS, 'open sesame'], 'open sesame');
    expect(findingsOf(report, 'brute-force')).toMatchObject([
      { title: expect.stringContaining('20 times') as string, subjects: [{ address: A }, { address: B, port: 161 }], evidence: { framesTotal: 21 } },
    ]);
    expect(findingsOf(report, 'brute-force-success')).toMatchObject([
      // The tries before it, the one that fits, and its answer.
      { subjects: [{ address: A }, { address: B, port: 161 }], evidence: { frames: Array.from({ length: 11 }, (_, i) => i + 12) } },
    ]);
    expect(JSON.stringify(report)).not.toMatch(/hunter|sesame/);
    for (const { evidence } of report.findings) expect(checkFilter(evidence.filter)).toMatchObject({ ok: true });
  });
  test('nothing in a device that is asked with one and answers, nor in one that is down', async () => {
    expect(findingsOf(await run(new Array<string>(40).fill('ours'), 'ours'), 'brute-force')).toEqual([]);
    expect(findingsOf(await run(new Array<string>(40).fill('ours'), ''), 'brute-force')).toEqual([]);
  });
});

test('a VNC server that has had enough says so at once: who is locked out was refused', async () => {
  // TigerVNC 1.12 to hydra, after five refusals.
  const builder = new PacketBuilder();
  for (let i = 0; i < 15; i++)
    dialogue([['server', 'RFB 003.003\n\0\0\0\0\0\0\0\x1aToo many security failures']], {
      client: A,
      server: B,
      port: 5900,
      clientPort: 40_000 + i,
      builder,
    }).wait(1);
  expect(findingsOf(await analyzeCapture(builder.bytes()), 'brute-force')).toMatchObject([
    { subjects: [{ address: A }, { address: B, port: 5900 }] },
  ]);
});

describe('Remote Desktop, by sessions that end with the login', () => {
  function rdp(count: number, fromClient: number, fromServer: number, seconds = 1): MessageDriver {
    const driver = new MessageDriver(bruteForce);
    for (let i = 0; i < count; i++) {
      const flow = driver.flow(A, B, 3389, 'rdp', {
        bytes: [fromClient, fromServer],
        seconds,
        flags: F.HAS_TIME | F.SYN_A | F.SYN_ACK_B | F.DATA_A | F.DATA_B | F.FIN_A,
      });
      driver.say<RdpRequestMessage>(flow, { kind: 'rdp-request', user: 'admin', requested: 3 }).wait(3);
    }
    return driver;
  }
  test('is told', () => {
    const [finding, ...others] = rdp(20, 1500, 2500).findings;
    expect(others).toEqual([]);
    expect(finding).toMatchObject({ technique: 'rdp', framesTotal: 20, subjects: [{ address: A }, { address: B, port: 3389 }] });
    expect(finding!.confidence).toBe(confidenceSum(finding!));
    expect(checkFilter(finding!.filter)).toMatchObject({ ok: true });
  });
  test.each([
    ['checks that only ask whether the port speaks', rdp(50, 60, 60)],
    // nmap's rdp-ntlm-info, as tcpdump counts it: 743 bytes.
    ['checks that hear the name of the server over NTLM and prove nothing', rdp(50, 743, 1984)],
    ['sessions that show a desktop', rdp(50, 20_000, 400_000, 600)],
    ['somebody who looks at a login screen', rdp(50, 3000, 6000, 120)],
  ])('nothing in %s', (_what, driver) => expect(driver.findings).toEqual([]));
});

test('Kerberos over UDP, with the users of its requests', async () => {
  const builder = new PacketBuilder();
  for (let i = 0; i < 15; i++) {
    builder.udp({
      from: A,
      to: B,
      sourcePort: 50_000 + i,
      destinationPort: 88,
      payload: bytesOf(kerberosRequest(10, { client: `user${i}`, padata: [2] })),
    });
    builder.udp({ from: B, to: A, sourcePort: 88, destinationPort: 50_000 + i, payload: bytesOf(kerberosError(24)) }).wait(1);
  }
  const [finding, ...others] = findingsOf(await analyzeCapture(builder.bytes()), 'brute-force');
  expect(others).toEqual([]);
  expect(finding).toMatchObject({ subjects: [{ address: A }, { address: B, port: 88 }], evidence: { framesTotal: 15 } });
  expect(finding!.indicators).toEqual(expect.arrayContaining([{ name: 'users tried', value: 15 }]));
  expect(checkFilter(finding!.evidence.filter)).toMatchObject({ ok: true });
});

/** Requests with credentials and what a server answers, each over a connection of its own. */
async function overHttp(count: number, request: string, status: string) {
  const builder = new PacketBuilder(),
    text = (line: string): Uint8Array => new TextEncoder().encode(line);
  for (let i = 0; i < count; i++) {
    const there = { from: A, to: B, sourcePort: 40_000 + i, destinationPort: 80 },
      back = { from: B, to: A, sourcePort: 80, destinationPort: 40_000 + i };
    builder.tcp({ ...there, flags: SYN }).tcp({ ...back, flags: SYN | ACK, sequence: 5000, acknowledgment: 1001 });
    builder.tcp({ ...there, flags: PSH | ACK, sequence: 1001, acknowledgment: 5001, payload: text(request) }).wait(0.2);
    builder
      .tcp({
        ...back,
        flags: PSH | ACK,
        sequence: 5001,
        acknowledgment: 1001 + request.length,
        payload: text(`HTTP/1.1 ${status}\r\nContent-Length: 0\r\n\r\n`),
      })
      .wait(1);
  }
  return findingsOf(await analyzeCapture(builder.bytes()), 'brute-force');
}
const BASIC = 'GET / HTTP/1.1\r\nHost: x\r\nAuthorization: Basic YWxpY2U6aHVudGVyMg==\r\n\r\n',
  FORM = 'POST /login HTTP/1.1\r\nContent-Type: application/x-www-form-urlencoded\r\nContent-Length: 17\r\n\r\nuser=a&password=b';

describe('over HTTP', () => {
  test.each([
    ['Basic', BASIC, '401 Unauthorized'],
    ['a form', FORM, '403 Forbidden'],
    ['a form of an interface (Rails, Devise)', FORM, '422 Unprocessable Entity'],
    ['a form of OAuth (RFC 6749 section 5.2)', FORM, '400 Bad Request'],
  ] as const)('%s that is refused each time', async (_name, request, status) => {
    const [finding, ...others] = await overHttp(15, request, status);
    expect(others).toEqual([]);
    expect(finding).toMatchObject({
      subjects: [
        { role: 'attacker', address: A },
        { role: 'victim', address: B, port: 80 },
      ],
      evidence: { framesTotal: 15 },
    });
    expect(checkFilter(finding!.evidence.filter)).toMatchObject({ ok: true });
  });
  test('one and the same password is a program that was not told of a new one', async () => {
    const [finding] = await overHttp(30, BASIC, '401 Unauthorized');
    expect(finding).toMatchObject({ severity: 'low' });
    expect(finding!.title).toContain('one and the same password');
  });
  test.each([
    ['Basic that works', BASIC, '200 OK'],
    ['a form that is answered with a page', FORM, '200 OK'],
    ['pages that ask for a login', 'GET / HTTP/1.1\r\nHost: x\r\n\r\n', '401 Unauthorized'],
  ] as const)('nothing in %s', async (_name, request, status) => expect(await overHttp(40, request, status)).toEqual([]));
});

describe('login forms whose pages always say 200, as hydra and patator try them', () => {
  const post = async (logins: readonly (readonly [user: string, password: string])[], gap = 1) => {
    const builder = new PacketBuilder();
    logins.forEach(([user, password], i) =>
      dialogue(
        web('/login.php', {
          method: 'POST',
          headers: 'Host: a\r\nContent-Type: application/x-www-form-urlencoded\r\n',
          body: `username=${user}&password=${password}&Login=Login`,
          answer: '<html>Login failed</html>',
        }),
        { client: A, server: B, clientPort: 40_000 + i, builder },
      ).wait(gap),
    );
    return findingsOf(await analyzeCapture(builder.bytes()), 'brute-force');
  };
  test('many passwords for one user', async () => {
    const [finding, ...others] = await post(Array.from({ length: 25 }, (_, i) => ['admin', `hunter${i}`]));
    expect(others).toEqual([]);
    expect(finding).toMatchObject({
      severity: 'medium',
      subjects: [
        { role: 'attacker', address: A },
        { role: 'victim', address: B, port: 80 },
      ],
      evidence: { framesTotal: 25 },
    });
    expect(JSON.stringify(finding)).not.toContain('hunter');
    expect(checkFilter(finding!.evidence.filter)).toMatchObject({ ok: true });
  });
  test('one password for many users', async () =>
    expect(await post(Array.from({ length: 25 }, (_, i) => [`user${i}`, 'Summer2026']))).toMatchObject([{ attack: ['T1110.003', 'T1110'] }]));
  const BODIES: Readonly<Record<string, readonly [type: string, body: (user: string, password: string) => string]>> = {
    'JSON, as pages with scripts send it': [
      'application/json; charset=utf-8',
      (user, password) => JSON.stringify({ user: { login: user, password } }, null, 1),
    ],
    'a form in parts': [
      'multipart/form-data; boundary=b',
      (user, password) =>
        `--b\r\nContent-Disposition: form-data; name="username"\r\n\r\n${user}\r\n--b\r\nContent-Disposition: form-data; name="password"\r\n\r\n${password}\r\n--b--\r\n`,
    ],
  };
  const postAs = async (kind: string, count: number, password: (i: number) => string) => {
    const builder = new PacketBuilder(),
      [type, body] = BODIES[kind]!;
    for (let i = 0; i < count; i++)
      dialogue(
        web('/api/login', {
          method: 'POST',
          headers: `Host: a\r\nContent-Type: ${type}\r\n`,
          body: body('admin', password(i)),
          answer: '{"ok":false}',
        }),
        {
          client: A,
          server: B,
          clientPort: 40_000 + i,
          builder,
        },
      ).wait(1);
    return analyzeCapture(builder.bytes());
  };
  test.each(Object.keys(BODIES))('many passwords in %s', async (kind) => {
    const report = await postAs(kind, 25, (i) => `hunter${i}`);
    expect(findingsOf(report, 'brute-force')).toMatchObject([
      { subjects: [{ address: A }, { address: B, port: 80 }], evidence: { framesTotal: 25 } },
    ]);
    expect(findingsOf(report, 'cleartext-credentials')).toMatchObject([{ subjects: [{ address: A }, { address: B, port: 80 }] }]);
    expect(JSON.stringify(report)).not.toContain('hunter');
    expect(findingsOf(await postAs(kind, 25, () => 'hunter2'), 'brute-force')).toEqual([]);
  });
  test('many passwords in the query of an address, as DVWA takes them', async () => {
    const builder = new PacketBuilder();
    for (let i = 0; i < 25; i++)
      dialogue(web(`/vulnerabilities/brute/?username=admin&password=hunter${i}&Login=Login`), {
        client: A,
        server: B,
        clientPort: 40_000 + i,
        builder,
      }).wait(1);
    const report = await analyzeCapture(builder.bytes());
    expect(findingsOf(report, 'brute-force')).toMatchObject([{ evidence: { framesTotal: 25 } }]);
    expect(JSON.stringify(report)).not.toContain('hunter');
  });
  test('not a program that logs in with the same password all day', async () =>
    expect(await post(Array.from({ length: 60 }, () => ['backup', 'hunter2']))).toEqual([]));
  test('not an attack on the form itself, as sqlmap makes it', async () =>
    expect(await post(Array.from({ length: 40 }, (_, i) => ['admin', `b%27%20AND%20${i}%3D${i}--`]))).toEqual([]));
  test('not people behind one proxy', async () => expect(await post(Array.from({ length: 40 }, (_, i) => [`user${i}`, `own${i}`]))).toEqual([]));
  test('not one user who tries to remember', async () => expect(await post(Array.from({ length: 6 }, (_, i) => ['anna', `own${i}`]))).toEqual([]));
});

describe('NTLM over HTTP', () => {
  const token = (bytes: string): string => Buffer.from(bytes, 'latin1').toString('base64');
  const NEGOTIATE = token('NTLMSSP\0\x01\0\0\0\x07\x82\x08\0' + '\0'.repeat(16));
  const login = (user: string, status: string) => [
    ...web('/', { headers: `Host: a\r\nAuthorization: NTLM ${NEGOTIATE}\r\n`, status: '401 Unauthorized' }),
    ...web('/', { headers: `Host: a\r\nAuthorization: NTLM ${token(authenticate('EXAMPLE', user, 'PC', 120))}\r\n`, status }),
  ];
  const run = async (status: string, detector = 'brute-force') => {
    const builder = new PacketBuilder();
    for (let i = 0; i < 15; i++) dialogue(login(`user${i}`, status), { client: A, server: B, clientPort: 40_000 + i, builder });
    return findingsOf(await analyzeCapture(builder.bytes()), detector);
  };
  test('refused again and again', async () =>
    expect(await run('401 Unauthorized')).toMatchObject([{ subjects: [{ address: A }, { address: B, port: 80 }], evidence: { framesTotal: 15 } }]));
  test('not where each works, although each begins with a refusal', async () => expect(await run('200 OK')).toEqual([]));
  test('its responses are told', async () => expect(await run('200 OK', 'ntlm-hash-exposure')).toMatchObject([{ severity: 'info' }]));
});

describe('is silent on', () => {
  test('one typo', () => expect(logins('ftp', 21, ['rejected', 'accepted']).findings).toEqual([]));
  test('a program with many logins that work', () =>
    expect(logins('imap', 143, [...times(12, 'rejected' as const), ...times(200, 'accepted' as const)]).findings).toEqual([]));
  test('failures that come one per hour', () => expect(logins('pop', 110, times(20, 'rejected'), () => 'bob', 3600).findings).toEqual([]));
  test('SSH sessions that work, however short', () => {
    const driver = new MessageDriver(bruteForce);
    for (let i = 0; i < 40; i++) ssh(driver, 632, 788);
    expect(driver.findings).toEqual([]);
  });
  test('SSH checks that never try to log in, and sessions that are still open', () => {
    const driver = new MessageDriver(bruteForce);
    for (let i = 0; i < 40; i++) ssh(driver, 0, 0);
    for (let i = 0; i < 40; i++) ssh(driver, 600, 230, 0);
    expect(driver.findings).toEqual([]);
  });
  test.each(['ssh-session.pcap', 'ftp.pcap', 'ftp-many-files.pcap', 'smtp.pcap'])('%s', async (name) =>
    expect(findingsOf(await analyzeCapture(sample(name)), 'brute-force')).toEqual([]),
  );
});

/** What `tcpdump -s length` would have written of a capture in the machine's order of bytes. */
function snapped(capture: Uint8Array, length: number): Uint8Array {
  const view = new DataView(capture.buffer, capture.byteOffset, capture.length),
    parts = [capture.slice(0, 24)];
  for (let at = 24; at + 16 <= capture.length;) {
    const captured = view.getUint32(at + 8, true),
      record = capture.slice(at, at + 16 + Math.min(captured, length));
    new DataView(record.buffer).setUint32(8, Math.min(captured, length), true);
    parts.push(record);
    at += 16 + captured;
  }
  return Uint8Array.from(Buffer.concat(parts));
}

// captures/break-in.md: hydra tries 29 passwords at 10.20.0.20 until one fits.
test('guesses over SSH are told alike where 96 or 128 bytes of each packet were captured, and no packet is called malformed', async () => {
  const whole = new Uint8Array(gunzipSync(fs.readFileSync(sample('break-in.pcap.gz')))),
    told = async (capture: Uint8Array) => {
      const report = await analyzeCapture(capture);
      expect(findingsOf(report, 'malformed-traffic')).toEqual([]);
      return [...findingsOf(report, 'brute-force'), ...findingsOf(report, 'brute-force-success')].map(
        ({ title, subjects }) => [title, subjects] as const,
      );
    },
    all = await told(whole);
  expect(all).toHaveLength(2);
  const [, tries = '0'] = /^192\.168\.10\.24 guesses passwords at 10\.20\.0\.20 over SSH: (\d+) times/.exec(all[0]![0]) ?? [];
  expect(Number(tries)).toBeGreaterThanOrEqual(28);
  for (const length of [96, 128]) expect(await told(snapped(whole, length))).toEqual(all);
});

describe.runIf(hasShared)('recorded', () => {
  test.each([
    ['brute__bruteforce.pcap', '192.168.56.1', '192.168.56.101', 30],
    // tshark: answers of 56 bytes behind the service that is accepted, and what there is to try (23, 26, 29 in the first session).
    ['brute__sshguess.pcap', '192.168.56.1', '192.168.56.103', 17],
    // tshark: of seven sessions one only looks, and one gets in, whose last answer has 48 bytes where the refusals of the others have 80.
    ['brute__kali-password-attack_hydra.pcap', '192.168.1.2', '192.168.1.3', 5],
  ] as const)('%s', async (name, attacker, victim, count) => {
    const findings = findingsOf(await analyzeCapture(shared(name)), 'brute-force');
    expect(findings.map(({ subjects, evidence }) => [subjects[0]!.address, subjects[1]!.address, evidence.framesTotal])).toEqual([
      [attacker, victim, count],
    ]);
  });
});
