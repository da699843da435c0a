/**
 * Guesses are told where the snap length cut what was said, and where the capture holds one direction. hydra tried thirty passwords at each service of
 * guessed-passwords.pcap, of which the servers refused 28 before one fitted (captures/guessed-passwords.md).
 */
import { readFileSync } from 'node:fs';
import { describe, expect, test } from 'vitest';
import type { Finding } from '../../../src/analysis/report.ts';
import { analyzeCapture, findingsOf, sample } from '../../support/analyzeCapture.ts';

const GUESSER = '192.168.10.24',
  SERVER = '10.20.0.20',
  /** Ethernet and IPv4 without options. */
  SOURCE_AT = 26;

/** A copy of a sample (little-endian pcap) with frames of at most `length` bytes, of those whose sender `keeps`. */
function part(name: string, length: number, keeps: (source: string) => boolean = () => true): Uint8Array {
  const whole = readFileSync(sample(name)),
    parts = [whole.subarray(0, 24)];
  for (let at = 24; at + 16 <= whole.length;) {
    const captured = whole.readUInt32LE(at + 8),
      frame = whole.subarray(at + 16, at + 16 + captured),
      header = Buffer.from(whole.subarray(at, at + 16));
    header.writeUInt32LE(Math.min(captured, length), 8);
    if (keeps([...frame.subarray(SOURCE_AT, SOURCE_AT + 4)].join('.'))) parts.push(header, frame.subarray(0, length));
    at += 16 + captured;
  }
  return Uint8Array.from(Buffer.concat(parts));
}

const ports = (findings: readonly Finding[]): number[] => findings.map(({ subjects }) => subjects[1]?.port ?? 0).sort((a, b) => a - b),
  told = [
    { role: 'attacker', address: GUESSER },
    { role: 'victim', address: SERVER },
  ];

describe('guesses at FTP, LDAP, PostgreSQL and Redis', () => {
  test.each([96, 128])('in frames of %i bytes, and that they succeeded', async (length) => {
    const report = await analyzeCapture(part('guessed-passwords.pcap', length)),
      guesses = findingsOf(report, 'brute-force');
    expect(ports(guesses)).toEqual([21, 389, 5432, 6379]);
    for (const { subjects, title } of guesses) {
      expect(subjects).toMatchObject(told);
      expect(Number(/: (\d+) times/.exec(title)?.[1])).toBeGreaterThanOrEqual(28);
    }
    expect(ports(findingsOf(report, 'brute-force-success'))).toEqual([21, 389, 5432, 6379]);
  });

  test.each([
    ['server', SERVER],
    ['client', GUESSER],
  ])('in what the %s said alone; PostgreSQL shows itself by questions and answers', async (who, address) => {
    const guesses = findingsOf(await analyzeCapture(part('guessed-passwords.pcap', 65_535, (source) => source === address)), 'brute-force');
    expect(ports(guesses).filter((port) => port !== 5432)).toEqual([21, 389, 6379]);
    for (const { subjects, severity, description } of guesses) {
      expect(subjects).toMatchObject(told);
      expect(severity).toBe('medium');
      if (who === 'client') expect(description).toContain('holds its side alone');
    }
  });
});

describe('silent on one mistyped password for each of these', () => {
  test.each([
    ['in frames of 96 bytes', 96, () => true],
    ['in what the server said alone', 65_535, (source: string) => source === SERVER],
    ['in what the client said alone', 65_535, (source: string) => source !== SERVER],
  ] as const)('%s', async (_what, length, keeps) => {
    expect(findingsOf(await analyzeCapture(part('logins-in-clear.pcap', length, keeps)), 'brute-force')).toEqual([]);
  });
});
