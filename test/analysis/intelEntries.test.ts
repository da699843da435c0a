/** Lists as people publish them: what is an entry, what is a comment, and what nobody can compare, told with its line. */
import fs from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { expect, test } from 'vitest';
import { parseIntel } from '../../src/analysis/intelEntries.ts';
import { readIntelFolder } from '../../src/analysis/intelFolder.node.ts';
import { IntelIndex } from '../../src/analysis/intelIndex.ts';

const HASH = 'e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855';
const one = (line: string): string => {
  const [entry] = parseIntel(line, 'l').entries;
  return entry === undefined ? 'nothing' : `${entry.type} ${entry.value}`;
};

test.each([
  ['192.0.2.1', 'address 192.0.2.1'],
  ['192.0.2.1:8443 # a server', 'address 192.0.2.1'],
  ['192[.]0[.]2[.]1', 'address 192.0.2.1'],
  ['2001:DB8::1', 'address 2001:db8::1'],
  ['198.51.100.0/24', 'network 198.51.100.0/24'],
  ['192.0.2.1/32', 'address 192.0.2.1'],
  ['Bad.Example.', 'domain bad.example'],
  ['*.bad.example', 'domain bad.example'],
  ['0.0.0.0 bad.example', 'domain bad.example'],
  ['hxxps://Bad[.]example:443/X?y=1#z', 'url bad.example/X?y=1'],
  [HASH.toUpperCase(), `sha256 ${HASH}`],
  ['e7d705a3286e19ea42f587b344ee6865', 'md5 e7d705a3286e19ea42f587b344ee6865'],
  ['E7D705A3286E19EA42F587B344EE6865,ja3 of a loader', 'ja3 e7d705a3286e19ea42f587b344ee6865'],
  ['t13d1516h2_8daaf6152771_e5627efa2ab1', 'ja4 t13d1516h2_8daaf6152771_e5627efa2ab1'],
  ['"2026-11-01 10:00:00","192.0.2.7","443","a, b"', 'address 192.0.2.7'],
  ['7;2026-11-01;http://bad.example/a;malware', 'url bad.example/a'],
  ['0.0.0.0/0', 'nothing'],
  ['192.0.2.300', 'nothing'],
  ['DA39a3ee5e6b4b0d3255bfef95601890afd80709', 'sha1 da39a3ee5e6b4b0d3255bfef95601890afd80709'],
  ['localhost', 'nothing'],
])('%s', (line, expected) => {
  expect(one(line)).toBe(expected);
});

test('comments and a heading are no mistakes, anything else is told with its line', () => {
  const { entries, problems } = parseIntel('\uFEFF# ours\r\n\r\nfirst_seen,ip\r\n2026-11-01,192.0.2.7\r\nwhat is this\r\n0.0.0.0/0\r\n', 'a.csv');
  expect(entries).toEqual([{ type: 'address', value: '192.0.2.7', from: 'a.csv:4', note: '2026-11-01' }]);
  expect(problems.map(({ line }) => line)).toEqual([5, 6]);
});

test('endless lines and endless lists are bounded', () => {
  const { entries, problems, problemsTotal } = parseIntel(`${'a'.repeat(1e6)}\n192.0.2.1\n${'?\n'.repeat(500)}`, 'l');
  expect([entries.length, problems.length, problemsTotal]).toEqual([1, 100, 501]);
  expect(parseIntel('192.0.2.1\n192.0.2.2\n192.0.2.3', 'l', 2)).toMatchObject({ entries: [{}, {}], problemsTotal: 1 });
});

test('look-ups hold the edges of networks and the dots of names', () => {
  const index = new IntelIndex(parseIntel('198.51.100.128/25\n2001:db8:0:8000::/49\nbad.example', 'l').entries);
  const v4 = (last: number): boolean => index.ofIpv4((198 << 24) | (51 << 16) | (100 << 8) | last) !== undefined;
  expect([v4(127), v4(128), v4(255)]).toEqual([false, true, true]);
  expect(['2001:db8:0:7fff::1', '2001:db8:0:8000::1', '2001:db8:0:ffff::'].map((text) => index.ofIpv6(text) !== undefined)).toEqual([
    false,
    true,
    true,
  ]);
  expect(['bad.example', 'A.B.bad.example', 'notbad.example', 'example'].map((name) => index.ofDomain(name) !== undefined)).toEqual([
    true,
    true,
    false,
    false,
  ]);
});

test('the nearest folder above a capture is read, and only its files', () => {
  const root = fs.mkdtempSync(path.join(os.tmpdir(), 'netsec-intel-'));
  try {
    const lists = path.join(root, '.netsec', 'intel');
    fs.mkdirSync(path.join(lists, 'sub'), { recursive: true });
    fs.mkdirSync(path.join(root, 'a', 'b'), { recursive: true });
    fs.writeFileSync(path.join(lists, 'one.txt'), '192.0.2.1\nnot an entry\n');
    fs.writeFileSync(path.join(lists, '.hidden'), '192.0.2.2\n');
    const read = readIntelFolder(path.join(root, 'a', 'b', 'x.pcap'));
    expect(read).toMatchObject({ path: lists, files: 1, entries: [{ value: '192.0.2.1', from: 'one.txt:1' }] });
    expect(read.problems).toHaveLength(1);
    expect(readIntelFolder('x.pcap', path.join(root, 'nowhere')).problems).toHaveLength(1);
  } finally {
    fs.rmSync(root, { recursive: true });
  }
});
