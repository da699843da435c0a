/** One name with addresses all over the world is told; content networks, round robin and the NTP pool are not. Answers are laid out as RFC 1035 section 4.1.3. */
import { expect, test } from 'vitest';
import { checkFilter } from '../../../src/analysis/filtering.ts';
import { analyzeCapture, findingsOf } from '../../support/analyzeCapture.ts';
import { dnsBytes } from '../../support/dialogue.ts';
import { PacketBuilder } from '../../support/packetBuilder.ts';

const CLIENT = '10.0.0.5',
  RESOLVER = '10.0.0.53';

/** A hundred addresses, five in an answer unless said otherwise. */
async function told(name: string, address: (i: number) => readonly number[], ttl = 180, before: readonly number[] = [], each = 5) {
  const builder = new PacketBuilder();
  for (let turn = 0; turn < 100 / each; turn++) {
    const records = Array.from({ length: each }, (_, i) => [
      0xc0,
      12,
      0,
      1,
      0,
      1,
      0,
      ttl >> 16,
      (ttl >> 8) & 255,
      ttl & 255,
      0,
      4,
      ...address(turn * each + i),
    ]);
    const message = Uint8Array.from([...dnsBytes(name, { id: turn, response: true }), ...before, ...records.flat()]);
    message[7] = each + (before.length > 0 ? 1 : 0);
    builder.udp({ from: CLIENT, to: RESOLVER, sourcePort: 20_000 + turn, destinationPort: 53, payload: dnsBytes(name, { id: turn }) });
    builder.udp({ from: RESOLVER, to: CLIENT, sourcePort: 53, destinationPort: 20_000 + turn, payload: message }).wait(200);
  }
  return findingsOf(await analyzeCapture(builder.bytes()), 'fast-flux');
}
const everywhere = (i: number): readonly number[] => [20 + ((i * 37) % 180), (i * 91) % 250, i, 7];

test('a name that moves around the world', async () => {
  const [finding, ...others] = await told('shop.pills.example', everywhere);
  expect(others).toEqual([]);
  expect(finding).toMatchObject({
    severity: 'low',
    attack: ['T1568.001'],
    subjects: [{ role: 'client', address: CLIENT }],
    evidence: { framesTotal: 20 },
  });
  expect(finding!.evidence.frames.slice(0, 3)).toEqual([2, 4, 6]);
  expect(checkFilter(finding!.evidence.filter)).toMatchObject({ ok: true });
});

test('a content network', async () => {
  expect(await told('cdn.example', (i) => [104, 16 + (i % 4), i, 9])).toEqual([]);
  expect(await told('www.example', (i) => [192, 0, 2, i % 8])).toEqual([]);
  expect(await told('de.pool.ntp.org', everywhere)).toEqual([]);
  expect(await told('stays.example', everywhere, 86_400)).toEqual([]);
});

test('an alias of a cloud service is a fact only: hijacked machines answer for the name itself', async () => {
  // CNAME to "lb", below the name that was asked for.
  const alias = [0xc0, 12, 0, 5, 0, 1, 0, 0, 0, 60, 0, 5, 2, 0x6c, 0x62, 0xc0, 12];
  expect((await told('app.example', everywhere, 180, alias)).map(({ severity }) => severity)).toEqual(['info']);
});

test('a name that moves around the world with one address at a time; balancers that have a few sites, or one network, and what stays long do not', async () => {
  const [finding, ...others] = await told('login.bank.example', everywhere, 60, [], 1);
  expect(others).toEqual([]);
  expect(finding).toMatchObject({ severity: 'low', evidence: { framesTotal: 99 } });
  expect(finding!.title).toMatch(/^login\.bank\.example has 100 addresses in \d+ networks, for 60 seconds$/);
  for (const [name, address, ttl] of [
    ['www.balanced.example', (i: number) => everywhere(i % 12), 30],
    ['app.balanced.example', (i: number) => [198, 51, 100, i], 30],
    ['s3.storage.example', (i: number) => [52, 216 + (i % 8), i, 9], 5],
    ['de.pool.ntp.org', everywhere, 60],
    ['stays.example', everywhere, 86_400],
  ] as const)
    expect(await told(name, address, ttl, [], 1)).toEqual([]);
});
