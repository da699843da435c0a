/** Devices that answer to communities everybody knows are told; those that only are asked, and answers nobody asked for, are not. */
import { describe, expect, test } from 'vitest';
import { checkFilter } from '../../../src/analysis/filtering.ts';
import { analyzeCapture, findingsOf } from '../../support/analyzeCapture.ts';
import { PacketBuilder } from '../../support/packetBuilder.ts';

const A = '10.0.0.5',
  B = '10.0.0.161';

/** Version 2c: community and a PDU with a request id and no bindings. */
function message(community: string, pdu: number, version = 1): Uint8Array {
  const body = [2, 1, 7, 2, 1, 0, 2, 1, 0, 48, 0],
    text = [...new TextEncoder().encode(community)];
  const inner = [2, 1, version, 4, text.length, ...text, 0xa0 + pdu, body.length, ...body];
  return new Uint8Array([48, inner.length, ...inner]);
}
const ask = { from: A, to: B, sourcePort: 40_000, destinationPort: 161 },
  answer = { from: B, to: A, sourcePort: 161, destinationPort: 40_000 };

async function found(builder: PacketBuilder, detector = 'snmp-public') {
  return findingsOf(await analyzeCapture(builder.bytes()), detector);
}

test.each([
  ['public', 0, 'medium'],
  ['private', 0, 'medium'],
  ['public', 3, 'high'],
] as const)('%s with request %i', async (community, pdu, severity) => {
  const [finding, ...others] = await found(
    new PacketBuilder()
      .udp({ ...ask, payload: message(community, pdu) })
      .wait(0.1)
      .udp({ ...answer, payload: message(community, 2) }),
  );
  expect(others).toEqual([]);
  expect(finding).toMatchObject({
    severity,
    subjects: [
      { role: 'client', address: A },
      { role: 'server', address: B, port: 161 },
    ],
    evidence: { frames: [2] },
  });
  expect(checkFilter(finding!.evidence.filter)).toMatchObject({ ok: true });
});

describe('is silent on', () => {
  test('a request that is not answered', async () =>
    expect(await found(new PacketBuilder().udp({ ...ask, payload: message('public', 0) }))).toEqual([]));
  test('answers that nobody asked for', async () =>
    expect(
      await found(new PacketBuilder().udp({ ...answer, payload: message('public', 2) }).udp({ ...answer, payload: message('public', 2) })),
    ).toEqual([]));
  test('version 3', async () =>
    expect(
      await found(new PacketBuilder().udp({ ...ask, payload: message('public', 0, 3) }).udp({ ...answer, payload: message('public', 2, 3) })),
    ).toEqual([]));

  test('a community of its own, whose exposure is another finding and never shown', async () => {
    const builder = new PacketBuilder().udp({ ...ask, payload: message('s3cr3tword', 0) }).udp({ ...answer, payload: message('s3cr3tword', 2) });
    expect(await found(builder)).toEqual([]);
    const exposed = await found(builder, 'cleartext-credentials');
    expect(exposed.map(({ severity }) => severity)).toEqual(['low']);
    expect(JSON.stringify(exposed)).not.toContain('s3cr3tword');
  });
});
