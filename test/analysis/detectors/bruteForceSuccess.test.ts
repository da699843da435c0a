/** A login that works behind many that failed is told; a typo, an old failure and a program that mostly works are not. */
import { describe, expect, test } from 'vitest';
import { SshLogin } from '../../../src/analysis/detectors/sshLogin.ts';
import type { SshEncryptedMessage, SshNewKeysMessage } from '../../../src/pcap/dissectors/ssh.ts';
import type { RdpRequestMessage } from '../../../src/pcap/dissectors/tpkt.ts';
import type { LoginMessage } from '../../../src/pcap/login.ts';
import { bruteForceSuccess } from '../../../src/analysis/detectors/registry.ts';
import { checkFilter } from '../../../src/analysis/filtering.ts';
import * as F from '../../../src/analysis/flowTable.ts';
import { analyzeCapture, findingsOf, indicator, sample } from '../../support/analyzeCapture.ts';
import { dialogue, web } from '../../support/dialogue.ts';
import { confidenceSum, MessageDriver } from '../../support/messageDriver.ts';

const A = '10.0.0.66',
  B = '10.0.0.20';
const times = <T>(count: number, value: T): T[] => new Array<T>(count).fill(value);

function logins(results: readonly LoginMessage['result'][], gap = 1, pause = 0): MessageDriver {
  const driver = new MessageDriver(bruteForceSuccess);
  for (const result of results) {
    if (result === 'accepted') driver.wait(pause);
    driver
      .say<LoginMessage>(driver.flow(A, B, 5432, 'pgsql'), {
        kind: 'login',
        protocol: 'pgsql',
        user: 'postgres',
        mechanism: 'MD5',
        secretInClear: false,
        result,
        attemptFrame: 1,
      })
      .wait(gap);
  }
  return driver;
}

describe('in forms, JSON or not', () => {
  interface Attempt {
    readonly path?: string;
    readonly status: string;
  }
  const refused: Attempt = { status: '401 Unauthorized' },
    page: Attempt = { status: '200 OK' };

  /** One POST after another over one connection, as ffuf -d '{"email":...,"password":"FUZZ"}' sends them; each password is another. */
  const posted = async (attempts: readonly Attempt[], isJson: boolean) => {
    const lines = attempts.flatMap(({ path = '/api/login', status }, i) =>
      web(path, {
        method: 'POST',
        headers: `Host: example.org\r\nContent-Type: application/${isJson ? 'json' : 'x-www-form-urlencoded'}\r\n`,
        body: isJson ? `{"email":"admin@example.org","password":"guess${i}"}` : `user=admin&password=guess${i}`,
        status,
        answer: '{}',
      }),
    );
    return findingsOf(await analyzeCapture(dialogue(lines, { gap: 0.1 }).bytes()), 'brute-force-success');
  };

  test.each([
    [true, '200 OK'],
    [false, '302 Found'],
  ])('the one page after refusals in so many words is told (JSON: %s)', async (isJson, status) => {
    const [finding, ...others] = await posted([...times(15, refused), { status }], isJson);
    expect(others).toEqual([]);
    expect(finding).toMatchObject({ severity: 'critical', subjects: [{ role: 'attacker' }, { role: 'victim', port: 80 }] });
    // Three frames of the handshake, two for each attempt: the answer to the sixteenth.
    expect(finding!.evidence.frames.at(-1)).toBe(3 + 2 * 16);
    expect(indicator(finding!, 'failed before')).toBe(15);
  });

  test.each<[string, readonly Attempt[]]>([
    ['a page of another address', [...times(15, refused), { ...page, path: '/api/other' }]],
    ['a server whose pages say no, and which refused for a while', [page, ...times(15, refused), page]],
    ['few refusals', [...times(3, refused), page]],
    ['an error', [...times(15, refused), { status: '500 Internal Server Error' }]],
  ])('nothing is told of %s', async (_, attempts) => {
    expect(await posted(attempts, true)).toEqual([]);
  });
});

describe('is told', () => {
  test('a login that works behind many that failed', () => {
    const [finding, ...others] = logins([...times(15, 'rejected' as const), 'accepted']).findings;
    expect(others).toEqual([]);
    expect(finding).toMatchObject({
      technique: 'pgsql',
      severity: 'critical',
      // The last ten that failed, and the one that worked.
      framesTotal: 11,
      subjects: [
        { role: 'attacker', address: A },
        { role: 'victim', address: B, port: 5432 },
      ],
    });
    expect(finding!.indicators).toEqual(expect.arrayContaining([{ name: 'failed before', value: 15, threshold: 10, unit: 'logins' }]));
    expect(finding!.confidence).toBe(confidenceSum(finding!));
    expect(checkFilter(finding!.filter)).toMatchObject({ ok: true });
  });

  test('slowly, as a person would: less severe', () =>
    expect(logins([...times(12, 'rejected' as const), 'accepted'], 60).findings[0]).toMatchObject({ severity: 'high' }));

  /** SSH sessions of one attempt each, the last of which goes on. */
  function sshSessions(refused: number, gap: number): MessageDriver {
    const driver = new MessageDriver(bruteForceSuccess);
    for (let i = 0; i <= refused; i++) {
      const flow = driver.flow(A, B, 22, 'ssh', {
        bytes: [2000, 2000],
        flags: F.HAS_TIME | F.SYN_A | F.SYN_ACK_B | F.DATA_A | F.DATA_B | F.FIN_A,
      });
      for (const fromServer of [true, false]) driver.say<SshNewKeysMessage>(flow, { kind: 'ssh-newkeys', fromServer });
      driver.state.flows.doubles[flow * F.DOUBLES + F.PAYLOAD_A] = 2600;
      driver.state.flows.doubles[flow * F.DOUBLES + F.PAYLOAD_B] = i === refused ? 9000 : 2230;
      driver.wait(gap);
    }
    return driver;
  }

  test('over SSH, by a session that is larger than all that failed', () => {
    const driver = sshSessions(8, 2);
    expect(driver.findings).toMatchObject([{ technique: 'ssh', severity: 'high', framesTotal: 9 }]);
    expect(driver.findings).toEqual(driver.findings);
  });

  // Five sessions within 30 minutes are the threshold, whether others came before them or not.
  test.each([6, 8, 14, 40])('over SSH, every five minutes, after %i sessions', (refused) => {
    expect(sshSessions(refused, 300).findings).toMatchObject([
      {
        severity: 'high',
        title: `${A} logs in at ${B} over SSH after ${refused} failed attempts`,
        indicators: expect.arrayContaining([{ name: 'sessions that failed before', value: refused, threshold: 5, unit: 'sessions' }]) as unknown,
      },
    ]);
    expect(sshSessions(refused, 500).findings).toEqual([]);
  });

  // What OpenSSH 9.2 sends: no method, keyboard-interactive (24 bytes longer), a password that is filled up (80 longer).
  test('over SSH, who is asked for one password only has been refused none', () => {
    const login = new SshLogin();
    [44, -44, 68, -76, 92, -76, 148, -28].forEach((bytes, i) => login.add(bytes < 0, Math.abs(bytes), i + 1));
    expect(login.outcome).toMatchObject({ refused: 0, isIn: true, inAt: 8 });
  });

  // As hydra 8.6 guesses in six sessions at once (cisco/joy, kali-password-attack_hydra.pcap): the server lets the second in before it refuses the others.
  test('over SSH, among others that are refused behind it', () => {
    const driver = new MessageDriver(bruteForceSuccess),
      say = (flow: number, ...sizes: readonly number[]): void => {
        for (const bytes of sizes) driver.say<SshEncryptedMessage>(flow, { kind: 'ssh-encrypted', fromServer: bytes < 0, bytes: Math.abs(bytes) });
      };
    const flows = times(6, 0).map(() => driver.flow(A, B, 22, 'ssh', { flags: F.HAS_TIME | F.SYN_A | F.SYN_ACK_B | F.DATA_A | F.DATA_B | F.FIN_A }));
    for (const flow of flows) for (const fromServer of [true, false]) driver.say<SshNewKeysMessage>(flow, { kind: 'ssh-newkeys', fromServer });
    for (const flow of flows) say(flow, 64, -64, 80, -80, 96);
    say(flows[1]!, -48);
    for (const flow of flows) if (flow !== flows[1]) say(flow, -80);
    const [finding, ...others] = driver.findings;
    expect(others).toEqual([]);
    expect(finding).toMatchObject({ severity: 'high', title: `${A} logs in at ${B} over SSH among 5 failed attempts`, framesTotal: 6 });
    expect(finding!.description).toContain('5 of them while a session went on');
    expect(finding!.indicators).toContainEqual({ name: 'sessions that failed', value: 5, threshold: 5, unit: 'sessions' });
  });

  // hydra guesses in four sessions at once. tshark: of the answers of 76 bytes but the first of each session, 33 in all, 31 come before frame 983, which lets in.
  test('over SSH, only what was refused before it is counted as failed before, and once', async () => {
    const report = await analyzeCapture(sample('break-in.pcap.gz')),
      [success, ...more] = findingsOf(report, 'brute-force-success'),
      [guessing, ...others] = findingsOf(report, 'brute-force');
    expect([more, others]).toEqual([[], []]);
    expect(success!.title).toContain(' after 31 failed attempts');
    expect(indicator(success!, 'failed before')).toBe(31);
    expect(success!.evidence.frames).toEqual([777, 782, 785, 941, 960, 966, 970, 974, 977, 980, 983, 1027]);
    expect(guessing!.title).toContain(': 33 times');
    expect(guessing!.description).toContain('2 worked, the first behind 31 of them');
    expect(guessing!.evidence.frames).not.toContain(1024);
  });

  /** Lengths of hydra 9.4 and OpenSSH 9.2: the message that lets in (28) comes with the server's other keys (116), before the client says anything. */
  test('over SSH, where the server tells its keys right behind', () => {
    const login = new SshLogin();
    [44, -44, 68, -76, 84, -76, 92, -28, -116].forEach((bytes, i) => login.add(bytes < 0, Math.abs(bytes), i + 1));
    expect(login.outcome).toMatchObject({ refused: 1, refusedAt: [6], isIn: true, inAt: 8 });
  });
});

describe('is silent on', () => {
  test('guessing that never works', () => expect(logins(times(50, 'rejected')).findings).toEqual([]));
  test('one typo', () => expect(logins(['rejected', 'accepted']).findings).toEqual([]));
  test('a login the next day', () => expect(logins([...times(20, 'rejected' as const), 'accepted'], 1, 86_400).findings).toEqual([]));
  test('a program that mostly works', () =>
    expect(
      logins(
        [...times(12, 'rejected' as const), ...times(200, 'accepted' as const)].flatMap((r, i) => (i % 18 === 0 ? ['rejected' as const, r] : [r])),
      ).findings,
    ).toEqual([]));
  test.each(['ssh-session.pcap', 'ftp.pcap', 'smtp.pcap'])('%s', async (name) =>
    expect(findingsOf(await analyzeCapture(sample(name)), 'brute-force-success')).toEqual([]),
  );
});

// Bytes of payload as hydra 9.4 has them with a server that wants NLA (freerdp-shadow-cli 2.11): 1,166 and 2,176 when refused, 3,039 and 4,449 when it is in.
describe('Remote Desktop, where the tool leaves as soon as it is in', () => {
  function sessions(...sizes: readonly (readonly [number, number])[]): MessageDriver {
    const driver = new MessageDriver(bruteForceSuccess);
    for (const bytes of sizes) {
      const flow = driver.flow(A, B, 3389, 'rdp', {
        bytes,
        flags: F.HAS_TIME | F.SYN_A | F.SYN_ACK_B | F.DATA_A | F.DATA_B | F.FIN_A,
      });
      driver.say<RdpRequestMessage>(flow, { kind: 'rdp-request', user: 'alice', requested: 3 }).wait(1);
    }
    return driver;
  }
  const refused = Array.from({ length: 14 }, (_, i) => [1166 + (i % 3), 2176] as const);
  test('is told', () => expect(sessions(...refused, [3039, 4449]).findings).toMatchObject([{ technique: 'rdp', severity: 'high' }]));
  test.each([
    ['more that are refused', sessions(...refused, [1180, 2176])],
    ['one with a whole handshake behind those that were resumed', sessions(...refused.map(([bytes]) => [bytes, 900] as const), [1250, 2176])],
    ['one behind a few', sessions(...refused.slice(0, 5), [3039, 4449])],
  ])('nothing in %s', (_, driver) => expect(driver.findings).toEqual([]));
});
