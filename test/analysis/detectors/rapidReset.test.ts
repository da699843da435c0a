/** http-flood by streams of HTTP/2 that are opened and broken off at once (CVE-2023-44487), and what programs and browsers break off. */
import { describe, expect, test } from 'vitest';
import { checkFilter } from '../../../src/analysis/filtering.ts';
import { analyzeCapture, findingsOf, indicator } from '../../support/analyzeCapture.ts';
import { confidenceSum } from '../../support/messageDriver.ts';
import { ACK, PacketBuilder, PSH, SYN } from '../../support/packetBuilder.ts';

const SERVER = '10.0.0.5';
const bytes = (hex: string): number[] => (hex.match(/../g) ?? []).map((octet) => parseInt(octet, 16));
/** A frame, RFC 9113 section 4.1. */
const frame = (type: number, flags: number, stream: number, payload: readonly number[] = []): number[] => [
  ...[0, payload.length >> 8, payload.length & 255, type, flags],
  ...[0, stream >> 16, (stream >> 8) & 255, stream & 255],
  ...payload,
];
/** RFC 7541 appendix C.3.1: `GET http://www.example.com/`; END_STREAM and END_HEADERS. */
const asks = (stream: number): number[] => frame(1, 5, stream, bytes('828684410f7777772e6578616d706c652e636f6d'));
/** RST_STREAM with the error CANCEL, sections 6.4 and 7. */
const breaksOff = (stream: number): number[] => frame(3, 0, stream, [0, 0, 0, 8]);
/** `:status 200`, entry 8 of the static table. */
const answers = (stream: number): number[] => frame(1, 5, stream, [0x88]);
const PREFACE = [...new TextEncoder().encode('PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n'), ...frame(4, 0, 0)];

/** One connection of each client, on which `say` tells what passes: client or server, and what. */
async function connections(
  clients: number,
  say: (send: (isServer: boolean, frames: readonly number[]) => void, wait: (seconds: number) => void) => void,
) {
  const builder = new PacketBuilder();
  for (let i = 1; i <= clients; i++) {
    const there = { from: `198.51.100.${i}`, to: SERVER, sourcePort: 40_000 + i, destinationPort: 8080 },
      back = { from: SERVER, to: there.from, sourcePort: 8080, destinationPort: there.sourcePort },
      next = [1001, 5001];
    builder.tcp({ ...there, flags: SYN, sequence: 1000 }).tcp({ ...back, flags: SYN | ACK, sequence: 5000, acknowledgment: 1001 });
    const send = (isServer: boolean, frames: readonly number[]): void => {
      for (let at = 0; at < frames.length; at += 1400) {
        const payload = Uint8Array.from(frames.slice(at, at + 1400)),
          side = isServer ? 1 : 0;
        builder.tcp({ ...(isServer ? back : there), flags: ACK | PSH, sequence: next[side]!, acknowledgment: next[1 - side]!, payload }).wait(0.0005);
        next[side]! += payload.length;
      }
    };
    send(false, PREFACE);
    send(true, [...frame(4, 0, 0), ...frame(4, 1, 0)]);
    say(send, (seconds) => builder.wait(seconds));
  }
  return findingsOf(await analyzeCapture(builder.bytes()), 'http-flood');
}
const streams = (count: number): number[] => Array.from({ length: count }, (_, i) => 2 * i + 1);

describe('rapid reset', () => {
  test('is named where hundreds of streams are opened and broken off at once', async () => {
    const [finding, ...others] = await connections(3, (send) =>
      send(
        false,
        streams(100).flatMap((one) => [...asks(one), ...breaksOff(one)]),
      ),
    );
    expect(others).toEqual([]);
    expect(finding).toMatchObject({ severity: 'medium', subjects: [{ role: 'attacker' }, { role: 'victim', address: SERVER, port: 8080 }] });
    expect(finding!.title).toContain(
      '3 addresses open and break off streams of 10.0.0.5 port 8080: 300 within 10 s (HTTP/2 Rapid Reset, CVE-2023-44487)',
    );
    expect(indicator(finding!, 'share of the requests')).toBe(100);
    expect(finding!.confidence).toBe(confidenceSum(finding!));
    expect(checkFilter(finding!.evidence.filter)).toMatchObject({ ok: true });
  });
  test('weighs more where it is many times as much, and is no flood of requests beside it', async () => {
    const findings = await connections(2, (send) =>
      send(
        false,
        streams(1200).flatMap((one) => [...asks(one), ...breaksOff(one)]),
      ),
    );
    expect(findings).toMatchObject([{ severity: 'high' }]);
  });
  test.each([
    ['requests that are answered', (one: number) => [asks(one), answers(one), []]],
    ['streams that are broken off once they are answered', (one: number) => [asks(one), answers(one), breaksOff(one)]],
  ] as const)('silent on %s', async (_name, words) =>
    expect(
      await connections(3, (send, wait) => {
        for (const one of streams(100)) {
          for (const [i, said] of words(one).entries()) send(i === 1, said);
          wait(0.05);
        }
      }),
    ).toEqual([]),
  );
  test('is not said of programs that give up after a second, nor of a page that somebody leaves', async () => {
    const isNamed = (findings: readonly { readonly title: string }[]): boolean => findings.some(({ title }) => title.includes('Rapid Reset'));
    const late = await connections(3, (send, wait) => {
      send(false, streams(100).flatMap(asks));
      wait(1);
      send(false, streams(100).flatMap(breaksOff));
    });
    const left = await connections(1, (send) =>
      send(
        false,
        streams(80).flatMap((one) => [...asks(one), ...breaksOff(one)]),
      ),
    );
    expect([isNamed(late), isNamed(left)]).toEqual([false, false]);
  });
});
