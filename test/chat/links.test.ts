/** What in an answer becomes a link, and where it leads. Text here is what safeMarkdown lets through. */
import { describe, expect, test } from 'vitest';
import { evidencePlace, linked, linkedStream, unlinked, type LinkTargets } from '../../src/chat/links.ts';
import { growth, IN_PROPORTION } from '../support/growth.ts';

const one: LinkTargets = {
  locationOf: (name) => (name === 'a.pcap' ? 'file:///c/a.pcap' : undefined),
  names: () => ['a.pcap'],
  opened: () => ['a.pcap'],
  current: null,
};
const two: LinkTargets = {
  locationOf: (name) => (/^[ab]\.pcap$/.test(name) ? `file:///c/${name}` : undefined),
  names: () => ['a.pcap', 'b.pcap'],
  opened: () => ['a.pcap', 'b.pcap'],
  current: 'b.pcap',
};

/** The links of a text as `label -> place`, as the command gets it. */
function linksIn(markdown: string): string[] {
  return [...markdown.matchAll(/\[([^\]]*)\]\(command:netsec\.openEvidence\?([^ )]*) "[\w ]+"\)/g)].map(([, label, argument]) => {
    const [value] = JSON.parse(decodeURIComponent(argument!)) as [unknown];
    const { capture, ...place } = evidencePlace(value)!;
    return `${label} -> ${capture.slice(-6)} ${Object.entries(place)
      .map(([key, at]) => `${key} ${String(at)}`)
      .join()}`.trim();
  });
}

test.each([
  ['see [frame 123].', ['frame 123 -> a.pcap frame 123']],
  ['see frame 7, which', ['frame 7 -> a.pcap frame 7']],
  ['[frames 1, 2 and 30]', ['frames 1 -> a.pcap frame 1', '2 -> a.pcap frame 2', '30 -> a.pcap frame 30']],
  ['frames 4-9', ['frames 4 -> a.pcap frame 4', '9 -> a.pcap frame 9']],
  ['[packet 5]', ['packet 5 -> a.pcap frame 5']],
  ['10.0.0.5 asked `10.0.0.9`', ['10.0.0.5 -> a.pcap host 10.0.0.5', '`10.0.0.9` -> a.pcap host 10.0.0.9']],
  [
    '10.0.0.5:443 and fe80::1, 02:00:00:00:00:01',
    ['10.0.0.5 -> a.pcap host 10.0.0.5', 'fe80::1 -> a.pcap host fe80::1', '02:00:00:00:00:01 -> a.pcap host 02:00:00:00:00:01'],
  ],
  ['[finding port-scan-0123abcd]', ['open finding -> a.pcap finding port-scan-0123abcd']],
  ['`tcp:3` and [flow udp:0]', ['`tcp:3` -> a.pcap flow tcp:3', 'flow udp:0 -> a.pcap flow udp:0']],
  ['`a.pcap` and a.pcap.', ['`a.pcap` -> a.pcap', 'a.pcap -> a.pcap']],
])('%j', (text, links) => {
  expect(linksIn(linked(text, one))).toEqual(links);
});

test.each([
  'frame 0',
  'frames 12 (?)',
  '[frame 99 (?)]',
  '10.9.9.9 (?)',
  'at 09:11:40 and 3:4:5',
  '10.0.0.0/8, 1.2.3.4.5, v1.2.3',
  '`ip.addr == 10.0.0.5`',
  'frame 5 %',
  '```\nframe 5 10.0.0.5\n```',
  'b.pcap',
  'frames of nothing',
])('%j has no link', (text) => {
  expect(linked(text, one)).toBe(text);
});

describe('with two captures', () => {
  test('a frame is of the capture named after it, before it, or looked at', () => {
    expect(linksIn(linked('frame 1\n[frame 2] of a.pcap\nIn a.pcap: frame 3 and 10.0.0.1\nthere, too, frame 4; b.pcap has frame 5', two))).toEqual([
      'frame 1 -> b.pcap frame 1',
      'frame 2 -> a.pcap frame 2',
      'a.pcap -> a.pcap',
      'a.pcap -> a.pcap',
      'frame 3 -> a.pcap frame 3',
      '10.0.0.1 -> a.pcap host 10.0.0.1',
      'frame 4 -> a.pcap frame 4',
      'b.pcap -> b.pcap',
      'frame 5 -> b.pcap frame 5',
    ]);
  });
});

test('of a capture that is not known there is no link', () => {
  expect(linked('[frame 1]', { ...one, opened: () => [], current: null })).toBe('[frame 1]');
});

test('a stream is linked however it is cut, and shows words before the line is whole', () => {
  const text = 'It scanned [frames 1, 2] of `10.0.0.5` and\nwent on, flow tcp:3, in a.pcap.\n```\nframe 1\n```\nframe 2';
  const whole = linked(text, one);
  for (let cut = 1; cut < text.length; cut++) {
    let shown = '';
    const stream = linkedStream((piece) => (shown += piece), one);
    stream.write(text.slice(0, cut));
    stream.write(text.slice(cut));
    stream.end();
    expect(shown).toBe(whole);
  }
  const pieces: string[] = [];
  const stream = linkedStream((piece) => pieces.push(piece), one);
  stream.write('It looks like a quiet ');
  expect(pieces.join('')).toBe('It looks like a quiet ');
});

test('a name cannot break out of its link', () => {
  const name = 'x) [y](command:evil "z.pcap';
  const targets: LinkTargets = { locationOf: () => `file:///c/${name}`, names: () => [name], opened: () => [name], current: name };
  expect(linked(`\`${name}\` ${name}`, targets)).toBe(`\`${name}\` ${name}`);
  expect(linksIn(linked(`frame 1 of \`${name}\``, targets))).toEqual(['frame 1 -> z.pcap frame 1']);
});

test('an earlier answer goes to a model without links: they hold paths of this machine', () => {
  expect(unlinked(linked('[frame 12] of `10.0.0.5` in a.pcap', one))).toBe('(frame 12) of `10.0.0.5` in a.pcap');
});

test.each([
  null,
  5,
  {},
  { capture: 5 },
  { capture: 'file:///a', frame: -1 },
  { capture: 'file:///a', frame: 1.5 },
  { capture: 'file:///a', host: 'x y' },
  { capture: 'file:///a', finding: '../x' },
  { capture: 'file:///a', flow: 'tcp:x' },
])('the command refuses %j', (argument) => {
  expect(evidencePlace(argument)).toBeNull();
});

test.each(['`', '`` ', '[frame ', 'frame 1, ', '1:', 'ff:', 'a-', '10.', ':', '`a``b', 'flow '])(
  'linking takes time in proportion to the text: %j',
  (piece) => {
    expect(growth((size) => linked(piece.repeat(size), one))).toBeLessThan(IN_PROPORTION);
  },
);
