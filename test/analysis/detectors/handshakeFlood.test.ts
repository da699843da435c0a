/** TLS handshakes after which nothing is said are a flood at a rate; handshakes with a request, a check now and then and those under way are not. */
import { expect, test } from 'vitest';
import { checkFilter } from '../../../src/analysis/filtering.ts';
import { analyzeCapture, findingsOf } from '../../support/analyzeCapture.ts';
import { dialogue } from '../../support/dialogue.ts';
import { ACK, FIN, PacketBuilder } from '../../support/packetBuilder.ts';

const CLIENT = '198.51.100.7',
  SERVER = '10.0.0.30';

/** RFC 5246 section 7.4.1.2: one suite, no extensions; and a record of ours that says no more than its length. */
const HELLO = String.fromCharCode(0x16, 3, 1, 0, 45, 1, 0, 0, 41, 3, 3, ...new Array<number>(32).fill(7), 0, 0, 2, 0xc0, 0x2f, 1, 0),
  record = (type: number, length: number): string => String.fromCharCode(type, 3, 3, length >> 8, length & 255) + 'x'.repeat(length);

async function visits(count: number, gap: number, after: string, ends = true) {
  const builder = new PacketBuilder();
  for (let i = 0; i < count; i++) {
    const clientPort = 10_000 + i,
      port = 443;
    dialogue([['client', HELLO], ['server', record(0x16, 1300)], ...(after === '' ? [] : [['client', after] as const])], {
      builder,
      client: CLIENT,
      server: SERVER,
      port,
      clientPort,
      gap: 0.0005,
    });
    const sequence = 1001 + HELLO.length + after.length;
    if (ends)
      builder.tcp({ from: CLIENT, to: SERVER, sourcePort: clientPort, destinationPort: port, flags: FIN | ACK, sequence, acknowledgment: 6306 });
    builder.wait(gap);
  }
  return findingsOf(await analyzeCapture(builder.bytes()), 'syn-flood');
}

test.each([
  ['aborted', ''],
  ['finished, and then the end (RFC 8446: a change of cipher, Finished and an alert)', record(0x14, 1) + record(0x17, 53) + record(0x17, 19)],
])('handshakes %s, three hundred a second', async (_what, after) => {
  const [finding, ...others] = await visits(1500, 0.002, after);
  expect(others).toEqual([]);
  expect(finding).toMatchObject({
    severity: 'medium',
    subjects: [
      { role: 'victim', address: SERVER, port: 443 },
      { role: 'attacker', address: CLIENT },
    ],
  });
  expect(finding!.title).toContain('1,500 handshakes');
  expect(checkFilter(finding!.evidence.filter)).toMatchObject({ ok: true });
});

test.each([
  ['handshakes with a request each, as load tests and proxies make them', 1500, 0.002, record(0x14, 1) + record(0x17, 53) + record(0x17, 300), true],
  ['a check of health twice a second', 1500, 0.5, '', true],
  ['connections that are still open', 1500, 0.002, '', false],
  ['a test of all cipher suites', 400, 0.001, '', true],
] as const)('silent on %s', async (_what, count, gap, after, ends) => expect(await visits(count, gap, after, ends)).toEqual([]));
