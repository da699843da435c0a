/** slow-dos by connections without a word, and http-flood by a load test of one's own: each where it fires or has weight, and a near miss. */
import { describe, expect, test } from 'vitest';
import { analyzeCapture, findingsOf } from '../../support/analyzeCapture.ts';
import { dialogue, web } from '../../support/dialogue.ts';
import { ACK, FIN, PacketBuilder } from '../../support/packetBuilder.ts';

const SERVER = '10.0.0.30';

describe('connections without a word', () => {
  /** Opened at once and open for `seconds`, from `clients` addresses; `others` connections to the same service are used. */
  const idle = async (count: number, seconds: number, clients: number, others: number) => {
    const builder = new PacketBuilder(),
      port = 2222,
      clientOf = (i: number): string => `10.0.${i % clients}.5`;
    for (let i = 0; i < count; i++) dialogue([], { builder, client: clientOf(i), server: SERVER, port, clientPort: 20_000 + i });
    builder.wait(seconds);
    for (let i = 0; i < count; i++)
      builder.tcp({ from: clientOf(i), to: SERVER, sourcePort: 20_000 + i, destinationPort: port, flags: FIN | ACK, sequence: 1001 });
    for (let i = 0; i < others; i++)
      dialogue([['client', 'hello']], { builder, client: `10.1.0.${i % 200}`, server: SERVER, port, clientPort: 30_000 + i, gap: 0.001 });
    return findingsOf(await analyzeCapture(builder.bytes()), 'slow-dos');
  };
  test('of one client, to any service', async () => {
    const [finding, ...others] = await idle(300, 40, 1, 1000);
    expect(others).toEqual([]);
    expect(finding).toMatchObject({
      severity: 'medium',
      subjects: [
        { role: 'attacker', address: '10.0.0.5' },
        { role: 'victim', address: SERVER, port: 2222 },
      ],
    });
  });
  test('silent on a pool, on short ones, and on one each of many clients of a busy service', async () => {
    expect(await idle(60, 40, 1, 0)).toEqual([]);
    expect(await idle(300, 5, 1, 0)).toEqual([]);
    expect(await idle(200, 40, 200, 500)).toEqual([]);
  });
});

test("a load test of one's own server that keeps up has less weight than the same from outside, or where the server breaks down", async () => {
  const visits = async (client: string, answered: (i: number) => boolean) => {
    const builder = new PacketBuilder();
    for (let i = 0; i < 1200; i++) {
      const [request, answer] = web('/');
      dialogue(answered(i) ? [request!, answer!] : [request!], { builder, client, server: SERVER, clientPort: 10_000 + i, gap: 0.0005 });
    }
    return findingsOf(await analyzeCapture(builder.bytes()), 'http-flood').map(({ severity }) => severity);
  };
  expect(await visits('10.0.0.5', () => true)).toEqual(['low']);
  expect(await visits('198.51.100.7', () => true)).toEqual(['medium']);
  expect(await visits('10.0.0.5', (i) => i < 900)).toEqual(['medium']);
});
