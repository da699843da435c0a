/** Weak algorithms of SSH are told when both sides agree on them, version 1 when it is spoken. */
import { describe, expect, test } from 'vitest';
import type { SshBannerMessage, SshKexInitMessage } from '../../../src/pcap/dissectors/ssh.ts';
import { weakSsh } from '../../../src/analysis/detectors/registry.ts';
import { checkFilter } from '../../../src/analysis/filtering.ts';
import { analyzeCapture, findingsOf, sample } from '../../support/analyzeCapture.ts';
import { confidenceSum, MessageDriver } from '../../support/messageDriver.ts';

type Lists = Partial<Pick<SshKexInitMessage, 'kex' | 'hostKeys' | 'encryption' | 'macs'>>;
const kexInit = (fromServer: boolean, lists: Lists): Omit<SshKexInitMessage, 'frame'> => ({
  kind: 'ssh-kexinit',
  fromServer,
  kex: ['curve25519-sha256'],
  hostKeys: ['ssh-ed25519'],
  encryption: ['aes128-ctr'],
  macs: ['hmac-sha2-256'],
  compression: ['none'],
  hassh: null,
  ...lists,
});
const banner = (fromServer: boolean, version: string): Omit<SshBannerMessage, 'frame'> => ({
  kind: 'ssh-banner',
  fromServer,
  text: `SSH-${version}-Old`,
  version,
  software: 'Old',
});

function meet(client: Lists, server: Lists, options = {}) {
  const driver = new MessageDriver(weakSsh, options),
    flow = driver.flow('10.0.0.5', '10.0.0.22', 22, 'ssh');
  driver.say(flow, kexInit(true, server)).say(flow, kexInit(false, client));
  return driver.findings;
}

describe('agreed', () => {
  test.each([
    ['a small group', { kex: ['diffie-hellman-group1-sha1'] }, 'low'],
    ['DSA', { hostKeys: ['ssh-dss'] }, 'low'],
    ['RC4', { encryption: ['arcfour128'] }, 'low'],
    ['CBC', { encryption: ['3des-cbc'] }, 'low'],
    ['MD5', { macs: ['hmac-md5'] }, 'low'],
    ['no encryption', { encryption: ['none'] }, 'high'],
  ] as const)('%s', (_name, lists, severity) => {
    const [finding] = meet(lists, lists);
    expect(finding).toMatchObject({ technique: 'algorithms', severity, subjects: [{ role: 'server', address: '10.0.0.22', port: 22 }] });
    expect(finding!.confidence).toBe(confidenceSum(finding!));
    expect(checkFilter(finding!.filter)).toMatchObject({ ok: true });
  });

  test('SHA-1 only when asked for', () => {
    const lists = { kex: ['diffie-hellman-group14-sha1'] };
    expect(meet(lists, lists)).toEqual([]);
    expect(meet(lists, lists, { sha1: true })).toHaveLength(1);
  });
});

describe('is silent on', () => {
  test('weak algorithms that are offered behind better ones', () =>
    expect(
      meet(
        { kex: ['curve25519-sha256', 'diffie-hellman-group1-sha1'], encryption: ['aes128-ctr', '3des-cbc'] },
        { kex: ['diffie-hellman-group1-sha1', 'curve25519-sha256'], encryption: ['3des-cbc', 'aes128-ctr'] },
      ),
    ).toEqual([]));
  test('the authentication code beside a cipher that needs none', () =>
    expect(
      meet({ encryption: ['aes256-gcm@openssh.com'], macs: ['hmac-md5'] }, { encryption: ['aes256-gcm@openssh.com'], macs: ['hmac-md5'] }),
    ).toEqual([]));
  test('an offer nobody answered', () => {
    const driver = new MessageDriver(weakSsh);
    driver.say(driver.flow('10.0.0.5', '10.0.0.22', 22, 'ssh'), kexInit(false, { kex: ['diffie-hellman-group1-sha1'] }));
    expect(driver.findings).toEqual([]);
  });
  test('a scanner that asks a server of version 2 for version 1, in either order', () => {
    for (const first of [true, false]) {
      const driver = new MessageDriver(weakSsh),
        flow = driver.flow('10.0.0.5', '10.0.0.22', 22, 'ssh');
      driver.say(flow, banner(first, first ? '2.0' : '1.5')).say(flow, banner(!first, first ? '1.5' : '2.0'));
      expect(driver.findings).toEqual([]);
    }
  });
  test('a server that speaks both versions', () => {
    const driver = new MessageDriver(weakSsh);
    driver.say(driver.flow('10.0.0.5', '10.0.0.22', 22, 'ssh'), banner(true, '1.99'));
    expect(driver.findings).toEqual([]);
  });
  test('an SSH session of today', async () => expect(findingsOf(await analyzeCapture(sample('ssh-session.pcap')), 'weak-ssh')).toEqual([]));
});

test('version 1 that the client wants of a server that speaks both', () => {
  for (const first of [true, false]) {
    const driver = new MessageDriver(weakSsh),
      flow = driver.flow('10.0.0.5', '10.0.0.22', 22, 'ssh');
    driver.say(flow, banner(first, first ? '1.99' : '1.5')).say(flow, banner(!first, first ? '1.5' : '1.99'));
    expect(driver.findings).toMatchObject([{ technique: 'version-1', severity: 'medium', framesTotal: 1 }]);
  }
});

test('version 1', () => {
  const driver = new MessageDriver(weakSsh),
    flow = driver.flow('10.0.0.5', '10.0.0.22', 22, 'ssh');
  driver.say(flow, banner(true, '1.99')).say(flow, banner(false, '1.5'));
  expect(driver.findings).toMatchObject([{ technique: 'version-1', severity: 'medium' }]);
  expect(checkFilter(driver.findings[0]!.filter)).toMatchObject({ ok: true });
});
