/** What every detector says of the project's own captures is what their descriptions expect: nothing more from `medium` on, and nothing less. */
import fs from 'node:fs';
import path from 'node:path';
import { describe, expect, test } from 'vitest';
import { detectors } from '../../../src/analysis/detectorOptions.ts';
import { checkFilter } from '../../../src/analysis/filtering.ts';
import { analyzeCapture, hasShared, ROOT, SHARED, shared } from '../../support/analyzeCapture.ts';

const registered = new Set(detectors.map(({ id }) => id));
const FOLDER = path.join(ROOT, 'captures');
const samples = fs.readdirSync(FOLDER).filter((name) => /\.pcap(?:ng)?(?:\.gz|\.zst)?$/.test(name));

/** Detectors named under "Expected findings" of a sample's description; lines that begin with "no" say what must stay silent, and so does "clean". */
function expectedOf(name: string): Set<string> {
  const text = fs.readFileSync(path.join(FOLDER, name.replace(/\.pcap.*$/, '.md')), 'utf8');
  const lines = (/\*\*Expected findings\*\*:?([\s\S]*?)(?:\n\*\*|$)/.exec(text)?.[1] ?? '')
    .split('\n')
    .filter((line) => line.startsWith('- `') && !line.includes('`: clean'));
  return new Set(lines.map((line) => /`([a-z0-9-]+)`/.exec(line)![1]!));
}

test.each(samples)('%s', { timeout: 30_000 }, async (name) => {
  const { findings } = await analyzeCapture(path.join(FOLDER, name)),
    expected = expectedOf(name);
  const serious = findings.filter(({ severity }) => severity !== 'info' && severity !== 'low');
  expect(serious.filter(({ detector }) => !expected.has(detector)).map(({ detector, title }) => `${detector}: ${title}`)).toEqual([]);
  const found = new Set(findings.map(({ detector }) => detector));
  expect([...expected].filter((id) => registered.has(id) && !found.has(id))).toEqual([]);
  for (const { evidence, id } of findings)
    expect([id, evidence.filter, evidence.filter === '' || checkFilter(evidence.filter).ok]).toEqual([id, evidence.filter, true]);
});

/** Detectors of floods, sweeps and the local network, which this test holds to the labels of others' captures. */
const NETWORK = new Set([
  'host-sweep',
  'syn-flood',
  'udp-flood',
  'icmp-flood',
  'amplification',
  'land-attack',
  'smurf',
  'fragment-attack',
  'arp-spoofing',
  'rogue-dhcp',
  'name-poisoning',
]);

describe.skipIf(!hasShared)('the labelled captures of others', () => {
  const manifest = hasShared
    ? fs
        .readFileSync(path.join(SHARED, 'captures/MANIFEST.tsv'), 'utf8')
        .trim()
        .split('\n')
        .slice(1)
        .map((line) => line.split('\t'))
    : [];

  test.each(manifest.map((row) => [row[0]!, row.at(-1)!] as const))('%s: %s', { timeout: 30_000 }, async (name, label) => {
    const { findings } = await analyzeCapture(shared(name)),
      ours = findings.filter(({ detector }) => NETWORK.has(detector));
    const expected = label.split('|').filter((id) => NETWORK.has(id));
    if (expected.length > 0) expect(ours.some(({ detector }) => expected.includes(detector))).toBe(true);
    expect(
      ours
        .filter(({ detector, severity }) => severity !== 'info' && severity !== 'low' && !expected.includes(detector))
        .map(({ detector, title }) => `${detector}: ${title}`),
    ).toEqual([]);
  });
});
