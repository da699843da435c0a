/** Findings that are told in one line: what is kept of each, and what the allow-list says of one of them. */
import { beforeAll, describe, expect, test } from 'vitest';
import { expectedParts, type AllowRule } from '../../src/analysis/allowRules.ts';
import { openCaptureFile } from '../../src/analysis/captureFile.node.ts';
import type { FindingDraft } from '../../src/analysis/detector.ts';
import { tor } from '../../src/analysis/detectors/tor.ts';
import { Analysis, detectorsWithDefaults } from '../../src/analysis/engine.ts';
import { finishFindings } from '../../src/analysis/findings.ts';
import { gatherFindings, type Part } from '../../src/analysis/gatherFindings.ts';
import type { Finding, Severity } from '../../src/analysis/report.ts';
import { sample } from '../support/analyzeCapture.ts';

describe('twelve servers without signatures', () => {
  let analysis: Analysis;
  beforeAll(async () => {
    const opened = await openCaptureFile({ kind: 'path', path: sample('session-collection.pcap') });
    if (!opened.ok) throw new Error(opened.message);
    analysis = new Analysis(opened.capture.source, opened.capture.format, { detectors: detectorsWithDefaults({}) });
    await analysis.advance();
    await opened.capture.close();
  });
  const signing = (allow: readonly AllowRule[] = []): Finding[] =>
    finishFindings(analysis, { allow }).findings.filter(({ detector }) => detector === 'smbv1');

  test('are one finding, which names and proves each', () => {
    const [finding, ...others] = signing();
    expect(others).toEqual([]);
    expect(finding?.title).toBe('12 servers do not require signatures in SMB');
    expect(finding?.subjects.map(({ address }) => address)).toEqual(Array.from({ length: 12 }, (_, i) => `192.168.10.${101 + i}`));
    // tshark -Y 'smb2.cmd == 0 && smb2.flags.response == 1 && smb2.sec_mode.sign_required == 0'
    expect(finding?.evidence).toMatchObject({ frames: [8, 54, 151, 204, 250, 298, 346, 394, 442, 490, 562, 608], framesTotal: 12 });
    expect(finding?.evidence.filter).toMatch(/^\(ip\.addr == 192\.168\.10\.101 \|\| .*\|\| ip\.addr == 192\.168\.10\.112\) && \(smb2/);
    expect(finding?.indicators).toContainEqual({ name: '192.168.10.112: negotiations without required signatures', value: 1, threshold: 1 });
  });

  test('keep what the allow-list needs to know of each, so that it can be asked later', () => {
    const [finding] = signing(),
      today = '2026-11-27',
      rule = (more: Partial<AllowRule>): AllowRule => ({ id: 'nas', reason: 'our old storage', detector: 'smbv1', ...more });
    expect(finding?.parts?.map(({ label, frame }) => [label, frame])).toEqual(
      [8, 54, 151, 204, 250, 298, 346, 394, 442, 490, 562, 608].map((frame, i) => [`192.168.10.${101 + i}`, frame]),
    );
    expect(finding?.parts?.[0]?.id).toBe(finding?.id);
    const later = expectedParts(finding!, [rule({ address: '192.168.10.101' })], today),
      [, ...rest] = finding!.parts!;
    expect([later.expected, later.open, later.covered.map(({ part: { label } }) => label)]).toEqual([null, rest, ['192.168.10.101']]);
    // Reading again says the same.
    const again = signing([rule({ address: '192.168.10.101' })]).find(({ expected }) => expected === null);
    expect([again?.id, again?.parts]).toEqual([rest[0]?.id, rest]);
    expect(expectedParts(finding!, [rule({ network: '192.168.10.0/24' })], today)).toMatchObject({ expected: { rule: 'nas' }, open: [] });
    expect(expectedParts({ ...finding!, parts: undefined }, [rule({ address: '192.168.10.101' })], today)).toMatchObject({
      expected: { rule: 'nas' },
      open: [],
    });
  });

  test('are eleven when the allow-list expects one, which is told beside them; the id stays where the first stays', () => {
    const rule = { id: 'nas', reason: 'our old storage', detector: 'smbv1', address: '192.168.10.105' },
      [before] = signing(),
      [open, expected, ...others] = signing([rule]);
    expect(others).toEqual([]);
    expect([open?.id, open?.expected, open?.subjects.length]).toEqual([before?.id, null, 11]);
    expect([expected?.title, expected?.expected]).toEqual([
      '192.168.10.105 does not require signatures in SMB',
      { rule: 'nas', reason: 'our old storage' },
    ]);
  });
});

const part = (i: number, key: string | null, more: Partial<Finding> = {}): Part => {
  const subjects = [
      { role: 'client' as const, address: '10.0.0.5' },
      { role: 'server' as const, address: `10.1.0.${i}`, port: 443 },
    ],
    frames = Array.from({ length: 100 }, (_, n) => i * 100 + n);
  const finding = {
    id: `tor-${i}`,
    detector: 'tor',
    severity: 'low' as Severity,
    confidence: 60,
    title: `${i}`,
    description: `${i}.`,
    subjects,
    firstSeen: `2026-01-01T00:00:${String(i % 60).padStart(2, '0')}.000000000Z`,
    lastSeen: null,
    indicators: [
      { name: 'times', value: i },
      { name: 'confidence: seen', value: 60, unit: 'points' },
    ],
    alternatives: ['a test'],
    attack: ['T1090.003'],
    tactics: ['Command and Control'],
    recommendation: '',
    expected: null,
    evidence: { frames, framesTotal: 200, filter: `ip.addr == 10.1.0.${i}`, flows: [`tcp:${i}`] },
    ...more,
  };
  const draft: FindingDraft = {
    ...finding,
    technique: 'relay',
    frames,
    framesTotal: 200,
    filter: '',
    flows: [],
    ...(key === null
      ? {}
      : {
          together: {
            key,
            label: `10.1.0.${i}`,
            words: (all) => ({ title: `at ${all.hosts('server', 'relay')}`, description: 'Seen were', recommendation: 'ask' }),
          },
        }),
  };
  return { detector: tor, finding, draft };
};
const gathered = (parts: readonly Part[]): Finding[] => gatherFindings(parts).map(({ finding }) => finding);

test('the worst part says how bad it is, and with its own confidence', () => {
  const [one, ...others] = gathered([
    part(2, 'a', { severity: 'medium', confidence: 70 }),
    part(1, 'a', { confidence: 95 }),
    part(3, 'b'),
    part(4, null),
  ]);
  expect(one).toMatchObject({
    id: 'tor-1',
    title: 'at 10.1.0.1 and 10.1.0.2',
    severity: 'medium',
    confidence: 70,
    firstSeen: '2026-01-01T00:00:01.000000000Z',
    lastSeen: null,
    description: 'Seen were 10.1.0.1, 10.1.0.2.',
    recommendation: 'ask',
  });
  expect(one?.subjects.map(({ address }) => address)).toEqual(['10.0.0.5', '10.1.0.1', '10.1.0.2']);
  expect(one?.evidence).toMatchObject({ framesTotal: 400, filter: '(ip.addr == 10.1.0.1) || (ip.addr == 10.1.0.2)', flows: ['tcp:1', 'tcp:2'] });
  expect(others.map(({ id }) => id)).toEqual(['tor-3', 'tor-4']);
});

test('of very many, fifty are told at a time, so that frames of each are kept', () => {
  const all = gathered(Array.from({ length: 120 }, (_, i) => part(i + 1, 'a')));
  expect(all.map(({ title }) => title)).toEqual(['at 50 relays', 'at 50 relays', 'at 20 relays']);
  for (const { evidence, subjects, indicators, parts } of all) {
    expect(evidence.frames).toHaveLength(100);
    expect(parts!.length).toBe(subjects.length - 1);
    for (const { address } of subjects.slice(1))
      expect(evidence.frames.some((frame) => Math.floor(frame / 100) === Number(address.split('.')[3]))).toBe(true);
    expect(indicators.length).toBeLessThan(110);
  }
});
