/** Echo messages that carry data are told from pings of every kind. */
import { describe, expect, test } from 'vitest';
import { checkFilter } from '../../../src/analysis/filtering.ts';
import { analyzeCapture, findingsOf, hasShared, sample, shared } from '../../support/analyzeCapture.ts';
import { confidenceSum } from '../../support/messageDriver.ts';
import { PacketBuilder } from '../../support/packetBuilder.ts';

const A = '10.0.0.5',
  B = '203.0.113.9',
  A6 = 'fd00::5',
  B6 = 'fd00::9';

/** A generator of bytes that always makes the same ones. */
function noise(seed: number): () => number {
  let state = seed;
  return () => (state = (Math.imul(state, 1_103_515_245) + 12_345) >>> 0) >>> 24;
}

function echo(builder: PacketBuilder, isReply: boolean, payload: Uint8Array, isV6 = false, number = 1): void {
  const bytes = new Uint8Array(8 + payload.length),
    [a, b] = isV6 ? [A6, B6] : [A, B];
  bytes.set([isV6 ? (isReply ? 129 : 128) : isReply ? 0 : 8, 0, 0, 0, 0, 7, 0, number]);
  bytes.set(payload, 8);
  builder.ip({ from: isReply ? b : a, to: isReply ? a : b, protocol: isV6 ? 58 : 1, payload: bytes }).wait(0.01);
}

/** What a program says in each of `count` requests, and what comes back. */
async function exchange(count: number, request: (i: number) => Uint8Array, reply: (i: number) => Uint8Array | null = request, isV6 = false) {
  const builder = new PacketBuilder();
  for (let i = 0; i < count; i++) {
    echo(builder, false, request(i), isV6, i);
    const answer = reply(i);
    if (answer !== null) echo(builder, true, answer, isV6, i);
  }
  return findingsOf(await analyzeCapture(builder.bytes()), 'icmp-tunnel');
}

const random = (seed: number, length: number): Uint8Array => Uint8Array.from({ length }, noise(seed + 1));
/** As ping fills them: a time stamp, then a pattern. */
const ping = (i: number, length = 56): Uint8Array => Uint8Array.from({ length }, (_, at) => (at < 16 ? (i * 7 + at) & 255 : at & 255));

describe('pings that are filled at random, fping -R -b 500', () => {
  /** Twenty rounds to each of these hosts in turn; what a host gives back to a request. */
  const rounds = async (
    hosts: number,
    reply = (payload: Uint8Array, _round: number): Uint8Array => payload,
    size = (_round: number): number => 500,
  ) => {
    const builder = new PacketBuilder();
    for (let round = 0; round < 20; round++) {
      for (let host = 0; host < hosts; host++) {
        const to = `203.0.113.${10 + host}`,
          payload = random(round * 16 + host, size(round)),
          message = (type: number, body: Uint8Array): Uint8Array => Uint8Array.from([type, 0, 0, 0, 0, host, 0, round, ...body]);
        builder.ip({ from: A, to, protocol: 1, payload: message(8, payload) }).wait(0.01);
        builder.ip({ from: to, to: A, protocol: 1, payload: message(0, reply(payload, round)) }).wait(0.01);
      }
    }
    return findingsOf(await analyzeCapture(builder.bytes()), 'icmp-tunnel');
  };

  test('to several hosts, which echo them, are one matter of low severity', async () => {
    const [finding, ...others] = await rounds(4);
    expect(others).toEqual([]);
    expect(finding).toMatchObject({ severity: 'low', title: `${A} fills its pings to 4 hosts with new contents each time` });
    expect(checkFilter(finding!.evidence.filter)).toMatchObject({ ok: true });
  });

  test.each([
    ['one host', rounds(1)],
    ['several hosts that answer otherwise', rounds(4, (payload, round) => random(round + 5000, payload.length))],
    ['several hosts, in ever new sizes', rounds(4, undefined, (round) => 300 + round * 8)],
  ])('to %s they may carry anything', async (_, findings) => {
    const severities = (await findings).map(({ severity }) => severity);
    expect(severities.length).toBeGreaterThan(0);
    expect(severities).not.toContain('low');
  });
});

describe('is told', () => {
  test.each([false, true])('other contents in both directions, IPv6 %s', async (isV6) => {
    const [finding, ...others] = await exchange(
      40,
      (i) => random(i, 40 + ((i * 37) % 900)),
      (i) => random(i + 1000, 60 + ((i * 53) % 1100)),
      isV6,
    );
    expect(others).toEqual([]);
    expect(finding).toMatchObject({
      severity: 'high',
      subjects: [
        { role: 'client', address: isV6 ? A6 : A },
        { role: 'server', address: isV6 ? B6 : B },
      ],
    });
    expect(finding!.evidence).toMatchObject({ framesTotal: 80 });
    expect(finding!.confidence).toBe(Math.min(99, confidenceSum(finding!)));
    expect(checkFilter(finding!.evidence.filter)).toMatchObject({ ok: true });
  });

  test('IP packets inside, of one size, that are echoed back', async () => {
    const packet = (i: number): Uint8Array => Uint8Array.from([0x45, 0, 0, 84, ...random(i, 80)]);
    expect(await exchange(40, packet)).toHaveLength(1);
  });

  test('commands that are polled for with empty requests', async () => {
    expect(
      await exchange(
        40,
        () => new Uint8Array(0),
        (i) => random(i, 30 + i * 3),
      ),
    ).toHaveLength(1);
  });
});

describe('replies alone', () => {
  /** As on a link where requests go another way, or where nobody asked (LOKI of Phrack 49-6 sends what it has in replies). */
  const replies = async (payload: (i: number) => Uint8Array) => {
    const builder = new PacketBuilder();
    for (let i = 0; i < 60; i++) echo(builder, true, payload(i), false, i);
    return findingsOf(await analyzeCapture(builder.bytes()), 'icmp-tunnel');
  };
  test.each([
    ['large and ever new', (i: number) => random(i, 400)],
    ['in many sizes', (i: number) => random(i, 24 + ((i * 7) % 90))],
    ['commands and what they say', (i: number) => text(`${i} uid=${i} gid=${i * 3} groups=${i * 7}`.padEnd(56, '.'))],
  ] as const)('are told: %s', async (_name, payload) => {
    const [finding, ...others] = await replies(payload);
    expect(others).toEqual([]);
    expect(finding).toMatchObject({ evidence: { framesTotal: 60 } });
    expect(finding!.description).toMatch(/^0 echo requests and 60 replies .* of the replies had other contents/);
    expect(finding!.confidence).toBe(Math.min(99, confidenceSum(finding!)));
  });
  test.each([
    ['one ping', (i: number) => ping(i)],
    ['a large ping', (i: number) => ping(i, 1400)],
    ['pings of Linux and Windows at the same time', (i: number) => (i % 2 === 0 ? ping(i) : text('abcdefghijklmnopqrstuvwabcdefghi'))],
    ['pings of all sizes, to find the path MTU', (i: number) => ping(i, 1200 + 4 * i)],
    ['a ping with a filler of its own each time it is started', (i: number) => random(i >> 4, 600)],
  ] as const)('are silent: %s', async (_name, payload) => expect(await replies(payload)).toEqual([]));
});

const text = (words: string): Uint8Array => Uint8Array.from(words, (character) => character.charCodeAt(0)),
  SECRET = 'user=bob password=hunter2; user=eve password=letmein; '.repeat(20);

describe('is told: a file or a shell in ping', () => {
  // `ping -p $(xxd -p)`: sixteen bytes at most, repeated behind the time stamp (ping(8)).
  test.each([
    [
      'a text in the place of the filler',
      (i: number) =>
        Uint8Array.from([
          ...ping(i, 16),
          ...text(
            SECRET.slice(i * 16, i * 16 + 16)
              .repeat(3)
              .slice(0, 40),
          ),
        ]),
    ],
    ['bytes of a file, repeated by ping -p', (i: number) => Uint8Array.from([...ping(i, 16), ...random(i, 16), ...random(i, 16), ...random(i, 8)])],
    ['a file in large pieces', (i: number) => random(i, 1000)],
    ['four characters each', (i: number) => text(SECRET.slice(i * 4, i * 4 + 4))],
    ['one character each', (i: number) => text(SECRET[i]!)],
    ['eight characters each', (i: number) => text(SECRET.slice(i * 8, i * 8 + 8))],
  ] as const)('%s', async (_name, request) => {
    for (const reply of [request, () => null]) expect(await exchange(40, request, reply)).toHaveLength(1);
  });
  // icmpsh (github.com/bdamele/icmpsh): empty requests poll, and a reply that is no echo holds the command.
  test('a shell that mostly waits', async () => {
    expect(
      await exchange(
        60,
        (i) => text(i % 9 === 8 ? 'Directory of C:\\' : ''),
        (i) => text(i % 8 === 7 ? `dir ${i}` : ''),
      ),
    ).toHaveLength(1);
  });
});

describe('is silent on', () => {
  test('replies that are shortened, as public resolvers answer large pings', async () =>
    expect(
      await exchange(
        60,
        (i) => ping(i, 1000),
        (i) => ping(i, 1000).subarray(0, 64),
      ),
    ).toEqual([]));
  test('a ping too small for a whole time stamp, and fping -R of 56 random bytes', async () => {
    expect(await exchange(60, (i) => Uint8Array.from([i * 37, i * 91, 0, 0, i, 3, 0, 0]))).toEqual([]);
    expect(await exchange(60, (i) => random(i, 56))).toEqual([]);
  });
  test('Windows, whose filler can be read', async () => expect(await exchange(60, () => text('abcdefghijklmnopqrstuvwabcdefghi'))).toEqual([]));
  test('ping of any system', async () => {
    expect(await exchange(200, (i) => ping(i))).toEqual([]);
    expect(await exchange(200, () => new TextEncoder().encode('abcdefghijklmnopqrstuvwabcdefghi'))).toEqual([]);
    expect(
      await exchange(
        200,
        (i) => ping(i),
        () => null,
      ),
    ).toEqual([]);
  });
  test('probing for the path MTU', async () =>
    expect(
      await exchange(
        60,
        (i) => ping(i, 500 + i * 16),
        (i) => (i < 40 ? ping(i, 500 + i * 16) : null),
      ),
    ).toEqual([]));
  test('large pings', async () => expect(await exchange(100, (i) => ping(i, 1400))).toEqual([]));
  test('pings with a random filler, which come back', async () => expect(await exchange(100, (i) => random(i, 56))).toEqual([]));
  test('a few odd messages', async () =>
    expect(
      await exchange(
        5,
        (i) => random(i, 40 + i * 100),
        (i) => random(i + 99, 90),
      ),
    ).toEqual([]));
  test.each(['ping-traceroute.pcap', 'scan-udp.pcap', 'gre.pcap'])('%s', async (name) =>
    expect(findingsOf(await analyzeCapture(sample(name)), 'icmp-tunnel')).toEqual([]),
  );
});

test.runIf(hasShared)('recorded: IP over ICMP', async () => {
  expect(
    findingsOf(await analyzeCapture(shared('tunnel__icmp-tunnel.pcap')), 'icmp-tunnel').map(({ subjects }) => subjects.map(({ address }) => address)),
  ).toEqual([['192.168.154.131', '192.168.154.132']]);
});
