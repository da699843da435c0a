/** One login that many addresses try a little, programs that repeat an old password, and guessers with patience. */
import { describe, expect, test } from 'vitest';
import { bruteForce } from '../../../src/analysis/detectors/registry.ts';
import { checkFilter } from '../../../src/analysis/filtering.ts';
import * as F from '../../../src/analysis/flowTable.ts';
import type { SshNewKeysMessage } from '../../../src/pcap/dissectors/ssh.ts';
import type { LoginMessage } from '../../../src/pcap/login.ts';
import { analyzeCapture, findingsOf } from '../../support/analyzeCapture.ts';
import { dialogue, web } from '../../support/dialogue.ts';
import { confidenceSum, MessageDriver } from '../../support/messageDriver.ts';
import { PacketBuilder } from '../../support/packetBuilder.ts';

const A = '10.0.0.66',
  B = '10.0.0.20';

interface Attempt {
  readonly client?: string;
  readonly user?: string | null;
  readonly tag?: number;
  readonly result?: LoginMessage['result'];
  /** Seconds before it. */
  readonly gap?: number;
}

function run(attempts: readonly Attempt[], protocol = 'imap', port = 143): MessageDriver {
  const driver = new MessageDriver(bruteForce);
  for (const { client = A, user = 'alice', tag, result = 'rejected', gap = 2 } of attempts)
    driver.wait(gap).say<LoginMessage>(driver.flow(client, B, port, protocol), {
      kind: 'login',
      protocol,
      user,
      mechanism: 'LOGIN',
      secretInClear: tag !== undefined,
      result,
      attemptFrame: 1,
      ...(tag === undefined ? {} : { secretTag: tag }),
    });
  return driver;
}
const many = (count: number, attempt: (i: number) => Attempt): Attempt[] => Array.from({ length: count }, (_, i) => attempt(i));
const from = (i: number, clients: number): string => `10.0.1.${i % clients}`;

describe('over SSH, told by the size of sessions', () => {
  /** One session of each address; the payload is that of a refused password and of a session, as in bruteForceSuccess.test.ts. */
  const sessions = (count: number, gap: number, isIn = (_: number): boolean => false): MessageDriver => {
    const driver = new MessageDriver(bruteForce);
    for (let i = 0; i < count; i++) {
      const flow = driver.flow(`203.0.113.${i + 1}`, B, 22, 'ssh', {
        bytes: [2000, 2000],
        flags: F.HAS_TIME | F.SYN_A | F.SYN_ACK_B | F.DATA_A | F.DATA_B | F.FIN_A,
      });
      for (const fromServer of [true, false]) driver.say<SshNewKeysMessage>(flow, { kind: 'ssh-newkeys', fromServer });
      driver.state.flows.doubles[flow * F.DOUBLES + F.PAYLOAD_A] = 2600;
      driver.state.flows.doubles[flow * F.DOUBLES + F.PAYLOAD_B] = isIn(i) ? 9000 : 2230;
      driver.wait(gap);
    }
    return driver;
  };

  test('many addresses are told, with less confidence', () => {
    const [finding, ...others] = sessions(20, 5).findings;
    expect(others).toEqual([]);
    expect(finding).toMatchObject({ technique: 'ssh-many-clients', severity: 'medium' });
    expect(finding!.title).toContain('20 addresses guess passwords at 10.0.0.20 over SSH: users that SSH encrypts, 20 times');
    expect(finding!.confidence).toBe(confidenceSum(finding!));
    expect(finding!.confidence).toBeLessThan(65);
  });

  test.each([
    ['a few addresses', sessions(9, 5)],
    ['the same over a day', sessions(20, 4000)],
    ['a server where most are let in', sessions(30, 5, (i) => i % 4 !== 0)],
  ])('nothing of %s', (_, driver) => expect(driver.findings).toEqual([]));
});

describe('many addresses at one login', () => {
  test('are told with the server, the account and where they come from', () => {
    const { findings } = run(many(36, (i) => ({ client: from(i, 12), tag: i }))),
      [finding, ...others] = findings;
    expect(others).toEqual([]);
    expect(finding).toMatchObject({ technique: 'imap-many-clients', severity: 'medium', framesTotal: 36, attack: ['T1110.001', 'T1110'] });
    expect(finding!.subjects.slice(0, 2)).toEqual([
      { role: 'victim', address: B, port: 143 },
      { role: 'attacker', address: '10.0.1.0' },
    ]);
    expect(finding!.title).toContain('12 addresses guess passwords');
    expect(finding!.indicators).toEqual(expect.arrayContaining([expect.objectContaining({ name: 'addresses', value: 12, threshold: 5 })]));
    expect(finding!.confidence).toBe(confidenceSum(finding!));
    expect(checkFilter(finding!.filter)).toMatchObject({ ok: true });
  });
  test('where each tries several users, as spraying', () =>
    expect(run(many(36, (i) => ({ client: from(i, 12), user: `user${i}`, tag: 1 }))).findings).toMatchObject([
      { severity: 'medium', attack: ['T1110.003', 'T1110'] },
    ]));
  test('over Kerberos, whose passwords cannot be told apart', () =>
    expect(
      run(
        many(30, (i) => ({ client: from(i, 6) })),
        'kerberos',
        88,
      ).findings,
    ).toMatchObject([{ technique: 'kerberos-many-clients' }]));
  test('as little, where all have the same old password', () =>
    expect(run(many(36, (i) => ({ client: from(i, 12), tag: 7 }))).findings).toMatchObject([{ severity: 'low' }]));
  test.each([
    [
      'a morning: everybody mistypes, then gets in',
      many(60, (i) => ({ client: from(i >> 1, 30), user: `user${i >> 1}`, result: i % 2 === 0 ? 'rejected' : 'accepted' })),
    ],
    [
      'a server that refuses everybody, each with an account of his own',
      many(36, (i) => ({ client: from(i, 12), user: `user${i % 12}`, tag: i % 12 })),
    ],
    ['the four devices of somebody whose password has changed', many(36, (i) => ({ client: from(i, 4) }))],
    ['one try from each of nine addresses', many(9, (i) => ({ client: from(i, 9), tag: i }))],
  ] as const)('nothing in %s', (_what, attempts) => expect(run(attempts).findings).toEqual([]));
});

describe('programs with an old password', () => {
  test('are told as little by their clock, where passwords cannot be told apart', () => {
    const [finding, ...others] = run(
      many(30, (i) => ({ gap: i % 3 === 0 ? 60.4 : 60 })),
      'smb2',
      445,
    ).findings;
    expect(others).toEqual([]);
    expect(finding).toMatchObject({ severity: 'low' });
    expect(finding!.title).toContain('refused evenly as one user');
    expect(finding!.confidence).toBe(confidenceSum(finding!));
  });
  test('and by their two passwords, over and over', () =>
    expect(run(many(30, (i) => ({ tag: i % 2 }))).findings).toMatchObject([{ severity: 'low' }]));
  test.each([
    ['quick', many(30, () => ({ gap: 2 }))],
    ['uneven', many(30, (i) => ({ gap: 20 + ((i * 37) % 90) }))],
    ['even, but as many users', many(30, (i) => ({ gap: 60, user: `user${i}` }))],
  ] as const)('no program is what is %s', (_what, attempts) => expect(run(attempts, 'smb2', 445).findings).toMatchObject([{ severity: 'medium' }]));
});

describe('patience', () => {
  test.each([
    ['a password every ten minutes', many(30, (i) => ({ gap: 600, tag: i }))],
    ['a user every ten minutes, with one password', many(30, (i) => ({ gap: 600, tag: 1, user: `user${i}` }))],
  ] as const)('%s is told', (_what, attempts) => expect(run(attempts).findings).toMatchObject([{ severity: 'medium', framesTotal: 30 }]));
  test.each([
    ['somebody who mistypes once a day', many(15, (i) => ({ gap: 40_000, tag: i }))],
    [
      'the web mail of many, some of whom mistype',
      many(90, (i) => ({ gap: 600, tag: i, user: `user${i % 30}`, result: i % 3 === 0 ? 'rejected' : 'accepted' })),
    ],
    ['an old password that is tried every ten minutes', many(60, () => ({ gap: 600, tag: 1 }))],
  ] as const)('nothing in %s', (_what, attempts) => expect(run(attempts).findings).toEqual([]));
});

describe('logins by JSON that all are answered alike', () => {
  const post = async (count: number, login: (i: number) => Readonly<Record<string, string>>, status = '200 OK') => {
    const builder = new PacketBuilder();
    for (let i = 0; i < count; i++)
      dialogue(
        web('/api/login', {
          method: 'POST',
          headers: 'Host: a\r\nContent-Type: application/json\r\n',
          body: JSON.stringify(login(i)),
          answer: '{"token":"x"}',
          status,
        }),
        { client: A, server: B, clientPort: 40_000 + i, builder },
      ).wait(1);
    const report = await analyzeCapture(builder.bytes());
    expect(JSON.stringify(report)).not.toContain('Winter');
    return findingsOf(report, 'brute-force');
  };
  const spray = (i: number) => ({ username: `user${i}`, password: 'Winter2026' });
  test('one password for many users is little, many for one are not', async () => {
    expect(await post(30, spray)).toMatchObject([{ severity: 'low' }]);
    expect(await post(30, (i) => ({ username: 'admin', password: `Winter${i}` }))).toMatchObject([{ severity: 'medium' }]);
  });
  test('one password for many users that is refused is spraying', async () =>
    expect(await post(30, spray, '401 Unauthorized')).toMatchObject([{ severity: 'medium', attack: ['T1110.003', 'T1110'] }]));
  test('nothing in devices with a common password that come back', async () =>
    expect(await post(60, (i) => ({ username: `device-${i % 20}`, password: 'Winter2026' }))).toEqual([]));
});
