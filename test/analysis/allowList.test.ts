/** The allow-list: what is expected stays visible and does not count; mistakes are told with their line; comments of people survive. */
import { describe, expect, test } from 'vitest';
import { addAllowRule, parseAllowFile } from '../../src/analysis/allowFile.ts';
import { expectedBy, type AllowRule } from '../../src/analysis/allowRules.ts';
import { bufferSource } from '../../src/pcap/byteSource.ts';
import { pcap } from '../../src/pcap/formats/pcap.ts';
import { EVERYTHING } from '../../src/analysis/engineApi.ts';
import { CaptureSession } from '../../src/analysis/session.ts';
import { ACK, PacketBuilder, RST, SYN } from '../support/packetBuilder.ts';
import * as registry from '../../src/analysis/detectors/registry.ts';

const KNOWN = new Set(Object.values(registry).map(({ id }) => id));
const parsed = (text: string): ReturnType<typeof parseAllowFile> => parseAllowFile(text, KNOWN);

const TODAY = '2026-11-27';
const scanOf = (attacker: string, name?: string): Parameters<typeof expectedBy>[0] => ({
  detector: 'port-scan',
  subjects: [
    { role: 'attacker', address: attacker, ...(name === undefined ? {} : { name }) },
    { role: 'victim', address: '10.0.0.9' },
  ],
});
const rule = (conditions: Partial<AllowRule>): AllowRule => ({ id: 'r', reason: 'ours', ...conditions });

describe('a rule', () => {
  test.each([
    ['the attacker', { address: '10.0.0.5' }, true],
    ['a network around it', { network: '10.0.0.4/30' }, true],
    ['the detector alone', { detector: 'port-scan' }, true],
    ['its name', { name: '*.example.com' }, true],
    ['another detector', { detector: 'beaconing', address: '10.0.0.5' }, false],
    ['a network beside it', { network: '10.0.0.8/30' }, false],
    ['the victim: that a known host is attacked is not expected', { address: '10.0.0.9' }, false],
    ['the victim, said so', { address: '10.0.0.9', role: 'victim' }, true],
    ['yesterday', { address: '10.0.0.5', expires: '2026-11-26' }, false],
    ['until today', { address: '10.0.0.5', expires: TODAY }, true],
    ['several addresses, it among them', { address: ['10.0.0.7', '10.0.0.5'] }, true],
    ['several others', { address: ['10.0.0.7', '10.0.0.8'] }, false],
    ['nothing', {}, false],
  ] as const)('of %s', (_, conditions, holds) => {
    expect(expectedBy(scanOf('10.0.0.5', 'scanner.example.com'), [rule(conditions)], TODAY)).toEqual(holds ? { rule: 'r', reason: 'ours' } : null);
  });

  test('for one of two attackers does not excuse the other', () => {
    const two = { detector: 'port-scan', subjects: [...scanOf('10.0.0.5').subjects, ...scanOf('10.0.0.6').subjects] };
    expect(expectedBy(two, [rule({ address: '10.0.0.5' })], TODAY)).toBeNull();
    expect(expectedBy(two, [rule({ network: '10.0.0.0/24' })], TODAY)).not.toBeNull();
    expect(expectedBy(two, [rule({ address: ['10.0.0.5', '10.0.0.6'] })], TODAY)).not.toBeNull();
  });

  test('of an IPv6 network, however it is written', () => {
    expect(expectedBy(scanOf('2001:db8::5'), [rule({ network: '2001:0db8:0::/33' })], TODAY)).not.toBeNull();
    expect(expectedBy(scanOf('2001:db8:8000::5'), [rule({ network: '2001:db8::/33' })], TODAY)).toBeNull();
  });
});

describe('the file', () => {
  test('mistakes are told with their lines, and the other rules hold', () => {
    const { rules, problems } = parsed(
      [
        '# ours',
        'rules:',
        '  - reason: inventory',
        '    address: 10.0.0.5',
        '  - reason: typo',
        '    adress: 10.0.0.6',
        '  - detector: port-scan',
        '  - reason: no condition',
        '  - reason: bad',
        '    network: 10.0.0.0/40',
      ].join('\n'),
    );
    expect(rules).toEqual([{ id: 'rule-1', reason: 'inventory', address: '10.0.0.5' }]);
    expect(problems.map(({ line }) => line)).toEqual([6, 7, 8, 10]);
  });

  test('a rule may list addresses; one that is none is told with its line, and the rule does not hold', () => {
    const text =
      'rules:\n  - reason: storage\n    address:\n      - 10.0.0.8\n      - 10.0.0.9\n  - reason: typo\n    address:\n      - 10.0.0.8\n      - 10.0.0\n';
    expect(parsed(text)).toEqual({
      rules: [{ id: 'rule-1', reason: 'storage', address: ['10.0.0.8', '10.0.0.9'] }],
      problems: [{ line: 9, message: '"10.0.0" is no IPv4, IPv6 or MAC address.' }],
    });
    for (const wrong of ['address: []', 'address: [[10.0.0.8]]', 'address: [{a: b}]', 'detector: [smurf]'])
      expect(parsed(`rules:\n  - reason: x\n    ${wrong}\n`), wrong).toMatchObject({ rules: [], problems: [{ line: 3 }] });
  });

  test.each(['', '# nothing yet\n', 'rules:\n', 'rules: []\n'])('%j has no rules and no mistakes', (text) => {
    expect(parsed(text)).toEqual({ rules: [], problems: [] });
  });

  test.each(['rules: [', '- a', 'rules: {a: b}', '\u0000', '!!js/function x', 'a: &a [*a]', 'rules: *nobody', `rules: ${'['.repeat(5000)}`])(
    '%j throws nothing and says a line',
    (text) => {
      const { rules, problems } = parsed(text);
      expect(rules).toEqual([]);
      expect(problems[0]?.line).toBeGreaterThan(0);
    },
  );

  test('a rule more keeps what people wrote', () => {
    const text = '# of the network team\nrules:\n  # Mondays\n  - reason: inventory # ask Jo\n    address: 10.0.0.5\n';
    const more = addAllowRule(text, { reason: 'printer: old\n- detector: x', detector: 'insecure-protocol', network: '10.1.0.0/16' });
    for (const comment of ['# of the network team', '# Mondays', '# ask Jo']) expect(more).toContain(comment);
    expect(parsed(more)).toEqual({
      problems: [],
      rules: [
        { id: 'rule-1', reason: 'inventory', address: '10.0.0.5' },
        { id: 'rule-2', reason: 'printer: old\n- detector: x', detector: 'insecure-protocol', network: '10.1.0.0/16' },
      ],
    });
    for (const empty of ['', '# mine\n', 'rules:\n', 'rules: []\n'])
      expect(parsed(addAllowRule(empty, { reason: 'x', address: '10.0.0.5' })).rules).toHaveLength(1);
  });
});

test('rules and thresholds apply to an open capture without reading it again', async () => {
  const traffic = new PacketBuilder();
  for (let port = 1; port <= 40; port++) {
    traffic.tcp({ from: '10.0.0.5', to: '10.0.0.9', sourcePort: 50_000, destinationPort: port, flags: SYN });
    traffic.tcp({ from: '10.0.0.9', to: '10.0.0.5', sourcePort: port, destinationPort: 50_000, flags: RST | ACK }).wait(1);
  }
  const source = bufferSource(traffic.bytes());
  let reads = 0;
  const counting = {
    size: source.size,
    read: (...args: Parameters<typeof source.read>) => {
      reads++;
      return source.read(...args);
    },
    refresh: () => source.refresh(),
    close: () => source.close(),
  };
  const session = new CaptureSession(
    counting,
    pcap,
    { name: 'scan.pcap', fileBytes: source.size, format: 'pcap', compression: null, sha256: null, inflateStopped: null },
    { version: 'test', emit: () => undefined },
  );
  await session.read();
  const { signal } = new AbortController(),
    { handlers } = session;
  const report = async () => handlers.report({ selection: EVERYTHING, limit: 100 }, signal);
  const scan = (await report()).findings.find(({ detector }) => detector === 'port-scan');
  expect(scan?.expected).toBeNull();
  const after = reads;

  await handlers.setAllowRules({ rules: [rule({ address: '10.0.0.5' })] }, signal);
  const allowed = await report();
  expect(allowed.findings.find(({ id }) => id === scan?.id)?.expected).toEqual({ rule: 'r', reason: 'ours' });
  expect(allowed.risk.score).toBe(0);
  expect(allowed.status).not.toBe('findings');
  expect(allowed.statusText).toContain('expected by the allow-list');

  expect(await handlers.setDetectorOptions({ values: { 'port-scan': { failedPorts: 100, burstPorts: 100 } } }, signal)).toEqual({ needsReading: [] });
  expect((await report()).findings.some(({ detector }) => detector === 'port-scan')).toBe(false);
  expect(await handlers.setDetectorOptions({ values: { 'icmp-flood': { windowSeconds: 77 } } }, signal)).toEqual({
    needsReading: ['icmp-flood.windowSeconds'],
  });
  const kept = await report();
  const flood = kept.coverage.find(({ detector }) => detector === 'icmp-flood');
  expect(flood?.status).toBe('partial');
  expect(flood?.why).toContain('read again');
  expect((kept.producer.options['detectors'] as Record<string, Record<string, unknown>>)['icmp-flood']?.['windowSeconds']).not.toBe(77);
  expect(reads).toBe(after);
});
