/**
 * Damage is told by checksums that are wrong, and not by those that are unset or left to the card. The samples come from real stacks: tshark with ip.check_checksum,
 * tcp.check_checksum and udp.check_checksum finds all of theirs right.
 */
import { readFileSync } from 'node:fs';
import { describe, expect, test } from 'vitest';
import { analyzeCapture, findingsOf, sample } from '../support/analyzeCapture.ts';
import { random } from '../support/random.ts';
import { checked } from '../../src/pcap/checksums.ts';
import { createPacket, decode } from '../../src/pcap/decode.ts';

/** Every frame of a little-endian pcap, and where it begins. */
function* framesOf(file: Buffer): Iterable<readonly [number, number]> {
  for (let at = 24; at + 16 <= file.length; at += 16 + file.readUInt32LE(at + 8)) yield [at + 16, file.readUInt32LE(at + 8)];
}

function damagedIn(file: Buffer): number {
  const p = createPacket();
  let damaged = 0;
  for (const [at, length] of framesOf(file)) {
    p.bytes = file;
    p.view = new DataView(file.buffer, file.byteOffset, file.byteLength);
    p.start = at;
    p.end = at + length;
    p.capturedLength = p.originalLength = length;
    p.linkType = 1;
    decode(p, null);
    if (checked(p) === 'wrong') damaged++;
  }
  return damaged;
}

/** One in a hundred bytes is another one. */
function damage(name: string, seed: number): Buffer {
  const file = Buffer.from(readFileSync(sample(name))),
    chance = random(seed);
  for (const [at, length] of framesOf(file)) for (let i = 0; i < length; i++) if (chance.below(100) === 0) file[at + i] = chance.below(256);
  return file;
}

describe('packets', () => {
  test.each(['web-browsing.pcap', 'ping-traceroute.pcap', 'ipv6.pcap', 'dns.pcap', 'smtp.pcap'])('%s is as it was sent', (name) =>
    expect(damagedIn(readFileSync(sample(name)))).toBe(0),
  );

  test('with another hop limit', () => {
    const file = readFileSync(sample('dns.pcap'));
    let of = 0;
    for (const [at] of framesOf(file)) {
      if (file.readUInt16BE(at + 12) !== 0x0800) continue;
      of++;
      file[at + 22]! ^= 0x55;
    }
    expect(of).toBeGreaterThan(20);
    expect(damagedIn(file)).toBe(of);
  });

  test('whose checksum is left to the card: none, or the sum of the pseudo-header', () => {
    for (const left of ['none', 'pseudo'] as const) {
      const file = readFileSync(sample('dns.pcap'));
      for (const [at] of framesOf(file)) {
        if (file.readUInt16BE(at + 12) !== 0x0800 || file[at + 23] !== 17) continue;
        let sum = 17 + file.readUInt16BE(at + 38);
        for (let i = 26; i < 34; i += 2) sum += file.readUInt16BE(at + i);
        while (sum > 0xffff) sum = (sum & 0xffff) + (sum >>> 16);
        file.writeUInt16BE(left === 'none' ? 0 : sum, at + 40);
      }
      expect(damagedIn(file)).toBe(0);
    }
  });
});

/** What damage alone would prove. */
test.each([
  ['polling.pcap', 'icmp-tunnel'],
  ['ping-traceroute.pcap', 'fragment-attack'],
  ['ping-traceroute.pcap', 'icmp-tunnel'],
  ['share-work.pcap', 'port-scan'],
])('%s with one in a hundred bytes changed is no %s', async (name, detector) => {
  for (const seed of [1, 2, 3]) expect(findingsOf(await analyzeCapture(Uint8Array.from(damage(name, seed))), detector)).toEqual([]);
});

test('a tunnel whose addresses were changed in the capture, so that no checksum is right, is told', async () => {
  const file = Buffer.from(readFileSync(sample('icmp-tunnel.pcap')));
  for (const [at] of framesOf(file)) {
    if (file.readUInt16BE(at + 12) !== 0x0800) continue;
    file[at + 27]! ^= 1;
    file[at + 31]! ^= 1;
    file[at + 36]! ^= 7;
  }
  expect(findingsOf(await analyzeCapture(Uint8Array.from(file)), 'icmp-tunnel')).toHaveLength(1);
});
