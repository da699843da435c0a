/** SMB version 1 is told when a server goes on in it, not when a client asks for all versions at once. */
import { describe, expect, test } from 'vitest';
import type { SmbNegotiatedMessage } from '../../../src/pcap/smbMessages.ts';
import { smbv1 } from '../../../src/analysis/detectors/registry.ts';
import { checkFilter } from '../../../src/analysis/filtering.ts';
import { analyzeCapture, findingsOf, hasShared, shared } from '../../support/analyzeCapture.ts';
import { MessageDriver } from '../../support/messageDriver.ts';
import { ACK, PacketBuilder, PSH, SYN } from '../../support/packetBuilder.ts';

const A = '10.0.0.5',
  B = '10.0.0.20';

/** A message behind its NetBIOS header: `ff 53 4d 42` is version 1, `fe 53 4d 42` version 2. */
function smb(version: 1 | 2, command: number, response: boolean): Uint8Array {
  const bytes = new Uint8Array(4 + (version === 1 ? 35 : 64));
  bytes.set([0, 0, 0, bytes.length - 4, version === 1 ? 0xff : 0xfe, 0x53, 0x4d, 0x42]);
  if (version === 1) bytes.set([command, 0, 0, 0, 0, response ? 0x80 : 0], 8);
  else bytes.set([command, 0, 0, 0, response ? 1 : 0], 16);
  return bytes;
}

function talk(messages: readonly (readonly [fromServer: boolean, bytes: Uint8Array])[]): Uint8Array {
  const builder = new PacketBuilder(),
    next: [number, number] = [1001, 5001];
  builder
    .tcp({ from: A, to: B, sourcePort: 40_000, destinationPort: 445, flags: SYN })
    .tcp({ from: B, to: A, sourcePort: 445, destinationPort: 40_000, flags: SYN | ACK, sequence: 5000, acknowledgment: 1001 });
  for (const [fromServer, payload] of messages) {
    const own = fromServer ? 1 : 0,
      ends = fromServer ? { from: B, to: A, sourcePort: 445, destinationPort: 40_000 } : { from: A, to: B, sourcePort: 40_000, destinationPort: 445 };
    builder.wait(0.01).tcp({ ...ends, flags: PSH | ACK, sequence: next[own], acknowledgment: next[1 - own]!, payload });
    next[own] = next[own] + payload.length;
  }
  return builder.bytes();
}

const NEGOTIATE = 0x72,
  SESSION_SETUP = 0x73;

test('a server that negotiates and sets up a session in version 1', async () => {
  const [finding] = findingsOf(
    await analyzeCapture(
      talk([
        [false, smb(1, NEGOTIATE, false)],
        [true, smb(1, NEGOTIATE, true)],
        [false, smb(1, SESSION_SETUP, false)],
        [true, smb(1, SESSION_SETUP, true)],
      ]),
    ),
    'smbv1',
  );
  expect(finding).toMatchObject({
    severity: 'low',
    subjects: [{ role: 'server', address: B, port: 445 }],
    evidence: { frames: [4, 6], framesTotal: 2 },
  });
  expect(checkFilter(finding!.evidence.filter)).toMatchObject({ ok: true });
});

test('a server whose answer is the first that a capture has of a connection', async () => {
  const builder = new PacketBuilder(),
    answer = { from: B, to: A, sourcePort: 445, destinationPort: 40_000 },
    request = { from: A, to: B, sourcePort: 40_000, destinationPort: 445 };
  let own = 5001;
  for (let i = 0; i < 3; i++) {
    const payload = smb(1, SESSION_SETUP, true);
    builder.tcp({ ...answer, flags: PSH | ACK, sequence: own, acknowledgment: 1001 + i * 39, payload });
    own += payload.length;
    builder.tcp({ ...request, flags: PSH | ACK, sequence: 1001 + i * 39, acknowledgment: own, payload: smb(1, SESSION_SETUP, false) });
  }
  expect(findingsOf(await analyzeCapture(builder.bytes()), 'smbv1')).toMatchObject([
    { subjects: [{ role: 'server', address: B, port: 445 }], evidence: { frames: [1, 3, 5] } },
  ]);
});

describe('is silent on', () => {
  test('a client that asks in version 1 and is answered in version 2', async () => {
    expect(
      findingsOf(
        await analyzeCapture(
          talk([
            [false, smb(1, NEGOTIATE, false)],
            [true, smb(2, 0, true)],
            [false, smb(2, 1, false)],
            [true, smb(2, 1, true)],
          ]),
        ),
        'smbv1',
      ),
    ).toEqual([]);
  });
  test('a server that refuses version 1 to a scanner as often as it asks', async () => {
    // [MS-CIFS] section 2.2.4.52.2: one word, 0xffff, for none of the dialects.
    const refusal = Uint8Array.from([0, 0, 0, 37, ...smb(1, NEGOTIATE, true).subarray(4, 36), 1, 0xff, 0xff, 0, 0]);
    const asked = smb(1, NEGOTIATE, false),
      found = async (answer: Uint8Array) =>
        findingsOf(await analyzeCapture(talk(Array.from({ length: 6 }, (_, i) => [i % 2 === 1, i % 2 === 1 ? answer : asked] as const))), 'smbv1');
    expect(await found(refusal)).toEqual([]);
    expect(await found(smb(1, NEGOTIATE, true))).toHaveLength(1);
  });
  test('a server that refuses', async () =>
    expect(
      findingsOf(
        await analyzeCapture(
          talk([
            [false, smb(1, NEGOTIATE, false)],
            [true, smb(1, NEGOTIATE, true)],
          ]),
        ),
        'smbv1',
      ),
    ).toEqual([]));
  // tshark -Y smb2.cmd==0 -T fields -e smb2.sec_mode: 0x01, enabled and not required, in frame 5.
  test.runIf(hasShared)('recorded file access in version 2, but for its signatures', async () =>
    expect(
      findingsOf(await analyzeCapture(shared('benign__smb2.pcap')), 'smbv1').map(({ severity, title, evidence }) => [
        severity,
        title,
        evidence.frames,
      ]),
    ).toEqual([['low', '10.0.0.12 does not require signatures in SMB', [5]]]),
  );
  test('a server that requires signatures', () => {
    const told = (signingRequired: boolean): number => {
      const driver = new MessageDriver(smbv1);
      driver.say<SmbNegotiatedMessage>(driver.flow(A, B, 445, 'nbss'), { kind: 'smb-negotiated', dialect: 0x311, signingRequired });
      return driver.findings.length;
    };
    expect([told(true), told(false)]).toEqual([0, 1]);
  });
});

test.runIf(hasShared)('recorded: the victim of EternalBlue', async () => {
  expect(
    findingsOf(await analyzeCapture(shared('exploit__eternalblue-success-unpatched-win7.pcap')), 'smbv1').map(({ severity, subjects }) => [
      severity,
      subjects[0]!.address,
    ]),
  ).toEqual([
    ['low', '192.168.198.203'],
    ['low', '192.168.198.203'],
  ]);
});
