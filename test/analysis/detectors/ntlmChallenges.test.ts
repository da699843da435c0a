/** Challenges of NTLM: from the server to the victim by way of somebody else, and the same for everybody. */
import { describe, expect, test } from 'vitest';
import { ntlmHashExposure } from '../../../src/analysis/detectors/registry.ts';
import { checkFilter } from '../../../src/analysis/filtering.ts';
import type { NtlmChallengeMessage } from '../../../src/pcap/dissectors/ntlmssp.ts';
import { analyzeCapture, findingsOf, sample } from '../../support/analyzeCapture.ts';
import { dialogue, web } from '../../support/dialogue.ts';
import { confidenceSum, MessageDriver } from '../../support/messageDriver.ts';
import { PacketBuilder } from '../../support/packetBuilder.ts';

const VICTIM = '10.0.0.21',
  INTRUDER = '10.0.0.66',
  TARGET = '10.0.0.20';

interface Offer {
  readonly client: string;
  readonly server: string;
  readonly challenge: string;
  readonly port?: number;
  readonly clientPort?: number;
}

function run(offers: readonly Offer[]): MessageDriver {
  const driver = new MessageDriver(ntlmHashExposure);
  for (const { client, server, challenge, port = 445, clientPort } of offers)
    driver
      .say<NtlmChallengeMessage>(driver.flow(client, server, port, port === 80 ? 'http' : 'nbss', clientPort === undefined ? {} : { clientPort }), {
        kind: 'ntlm-challenge',
        carrier: port === 80 ? 'http' : port === 389 ? 'ldap' : 'smb2',
        challenge,
      })
      .wait(1);
  return driver;
}
const many = (count: number, offer: (i: number) => Offer): Offer[] => Array.from({ length: count }, (_, i) => offer(i));
const fresh = (i: number): string => (0x9e3779b9 * (i + 1)).toString(16).padStart(16, '0');

describe('a relayed log-on', () => {
  test.each([
    ['SMB to SMB', 445, 445],
    ['HTTP to LDAP', 80, 389],
    ['HTTP to SMB', 80, 445],
  ])('%s is told with all three', (_what, spoken, passed) => {
    const [finding, ...others] = run([
      { client: INTRUDER, server: TARGET, port: passed, challenge: fresh(1) },
      { client: VICTIM, server: INTRUDER, port: spoken, challenge: fresh(1) },
    ]).findings;
    expect(others).toEqual([]);
    expect(finding).toMatchObject({
      technique: 'relay',
      severity: 'high',
      subjects: [
        { role: 'attacker', address: INTRUDER },
        { role: 'victim', address: TARGET, port: passed },
        { role: 'victim', address: VICTIM },
      ],
    });
    expect(finding!.flows).toHaveLength(2);
    expect(finding!.confidence).toBe(confidenceSum(finding!));
    expect(checkFilter(finding!.filter)).toMatchObject({ ok: true });
  });
  // tshark 4.0.17, ntlmssp.ntlmserverchallenge: the target's challenge to the kiosk in one frame, the kiosk's to alice in a later one.
  test('is found in what impacket-ntlmrelayx does', async () => {
    const [finding, ...others] = findingsOf(await analyzeCapture(sample('ntlm-relay.pcap')), 'ntlm-hash-exposure').filter(
      ({ severity }) => severity === 'high',
    );
    expect(others).toEqual([]);
    expect(finding!.subjects.map(({ address }) => address)).toEqual(['192.168.10.24', '10.20.0.20', '192.168.10.21']);
  });
});

describe('a trap', () => {
  test('offers what tools set', () =>
    expect(run([{ client: VICTIM, server: INTRUDER, challenge: '1122334455667788' }]).findings).toMatchObject([
      {
        technique: 'fixed-challenge',
        severity: 'medium',
        subjects: [
          { role: 'attacker', address: INTRUDER },
          { role: 'victim', address: VICTIM },
        ],
      },
    ]));
  test('offers the same to everybody', () => {
    const [finding, ...others] = run(many(4, (i) => ({ client: `10.0.0.${30 + i}`, server: INTRUDER, challenge: fresh(1) }))).findings;
    expect(others).toEqual([]);
    expect(finding).toMatchObject({ technique: 'fixed-challenge', severity: 'medium' });
    expect(finding!.confidence).toBe(confidenceSum(finding!));
    expect(checkFilter(finding!.filter)).toMatchObject({ ok: true });
  });
  test('and a web server that does so is read, from its base 64', async () => {
    const token = (type: number, rest: string): string => btoa(`NTLMSSP\0${String.fromCharCode(type)}\0\0\0${rest}`),
      builder = new PacketBuilder();
    dialogue(
      web('/wpad.dat', {
        headers: `Host: wpad\r\nAuthorization: NTLM ${token(1, '\0'.repeat(20))}\r\n`,
        status: '401 Unauthorized',
        answerHeaders: `WWW-Authenticate: Negotiate\r\nWWW-Authenticate: NTLM ${token(2, `${'\0'.repeat(12)}\x11\x22\x33\x44\x55\x66\x77\x88${'\0'.repeat(16)}`)}\r\n`,
      }),
      { client: VICTIM, server: INTRUDER, builder },
    );
    expect(findingsOf(await analyzeCapture(builder.bytes()), 'ntlm-hash-exposure')).toMatchObject([
      { title: expect.stringContaining(INTRUDER) as string, severity: 'medium' },
    ]);
  });
});

test.each([
  ['servers that make up a new one each time', many(50, (i) => ({ client: VICTIM, server: TARGET, challenge: fresh(i) }))],
  [
    'the same traffic before and behind a translation of addresses',
    many(20, (i) => ({ client: i % 2 === 0 ? VICTIM : '192.0.2.1', server: TARGET, challenge: fresh(i >> 1) })),
  ],
  ['copies of one connection in tunnels', many(5, () => ({ client: VICTIM, server: TARGET, challenge: fresh(1), clientPort: 50_000 }))],
  [
    'a proxy that passes web log-ons through',
    [
      { client: INTRUDER, server: TARGET, port: 80, challenge: fresh(1) },
      { client: VICTIM, server: INTRUDER, port: 80, challenge: fresh(1) },
    ],
  ],
  [
    'a server that is reached under another address',
    [
      { client: VICTIM, server: TARGET, challenge: fresh(1) },
      { client: VICTIM, server: '10.0.9.9', challenge: fresh(1) },
    ],
  ],
] as const)('nothing in %s', (_what, offers) => expect(run(offers).findings).toEqual([]));
