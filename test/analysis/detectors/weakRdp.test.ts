/** What a Remote Desktop server chooses: standard security and TLS without NLA are told, NLA is not. */
import { describe, expect, test } from 'vitest';
import type { RdpResponseMessage } from '../../../src/pcap/dissectors/tpkt.ts';
import { weakRdp } from '../../../src/analysis/detectors/registry.ts';
import { checkFilter } from '../../../src/analysis/filtering.ts';
import { confidenceSum, MessageDriver } from '../../support/messageDriver.ts';

const A = '10.0.0.5',
  B = '10.0.0.20';

function settled(selected: number | null, requested: number, options = {}): MessageDriver {
  const driver = new MessageDriver(weakRdp, options);
  return driver.say<RdpResponseMessage>(driver.flow(A, B, 3389, 'rdp'), {
    kind: 'rdp-response',
    selected,
    requested,
    failure: selected === null ? 5 : 0,
  });
}

describe('is told', () => {
  test.each([
    ['standard security', 0, 0, 'standard-security', 'low'],
    ['TLS without NLA', 1, 3, 'tls-without-nla', 'low'],
  ] as const)('%s', (_name, selected, requested, technique, severity) => {
    const [finding, ...others] = settled(selected, requested).findings;
    expect(others).toEqual([]);
    expect(finding).toMatchObject({
      technique,
      severity,
      framesTotal: 1,
      subjects: [
        { role: 'client', address: A },
        { role: 'server', address: B, port: 3389 },
      ],
    });
    expect(finding!.confidence).toBe(confidenceSum(finding!));
    expect(checkFilter(finding!.filter)).toMatchObject({ ok: true });
  });
});

describe('is silent on', () => {
  test('NLA', () => expect(settled(2, 3).findings).toEqual([]));
  test('NLA with an early result', () => expect(settled(8, 11).findings).toEqual([]));
  test('a server that refuses', () => expect(settled(null, 0).findings).toEqual([]));
  test('TLS where that is allowed', () => expect(settled(1, 3, { tlsWithoutNla: false }).findings).toEqual([]));
});
