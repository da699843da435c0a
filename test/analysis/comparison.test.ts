/** Two captures side by side. What differs is known from how the captures are made, or from tshark. */
import fs from 'node:fs';
import { describe, expect, test } from 'vitest';
import { compareSides, COMPARED_LISTS, limitComparison, readSide, type ComparedSide, type Comparison } from '../../src/analysis/comparison.ts';
import { comparisonMarkdown, comparisonText } from '../../src/analysis/exports/comparisonText.ts';
import { PLAIN } from '../../src/analysis/exports/textLayout.ts';
import { sample } from '../support/analyzeCapture.ts';
import { FakeCaptureStore } from '../support/fakeCaptureStore.ts';
import { ACK, FIN, PacketBuilder, PSH, RST, SYN } from '../support/packetBuilder.ts';
import { tsharkFields, tsharkVersion } from '../support/tshark.ts';

async function side(name: string, bytes: Uint8Array, filter = ''): Promise<ComparedSide> {
  const store = new FakeCaptureStore({ [name]: bytes }),
    listed = await store.list(),
    opened = await store.open(listed.ok ? listed.files[0]! : expect.fail());
  if (!opened.ok) return expect.fail(opened.message);
  return readSide(name, filter, opened.capture.call);
}

async function compared(first: Uint8Array, second: Uint8Array, filter = ''): Promise<Comparison> {
  return compareSides(await side('first.pcap', first, filter), await side('second.pcap', second, filter), { filter });
}

const text = (words: string): Uint8Array => new TextEncoder().encode(words);

interface Calls {
  readonly server: string;
  readonly port: number;
  readonly count: number;
  readonly answerMs?: number;
  readonly isRefused?: boolean;
  readonly client?: string;
}

/** Connections one after the other, each with one question and one answer so many milliseconds later. */
function calls(build: PacketBuilder, { server, port, count, answerMs = 5, isRefused = false, client = '10.0.0.5' }: Calls): PacketBuilder {
  for (let i = 0; i < count; i++) {
    const there = { from: client, to: server, sourcePort: 40_000 + i, destinationPort: port },
      back = { from: server, to: client, sourcePort: port, destinationPort: 40_000 + i };
    build.wait(0.5).tcp({ ...there, flags: SYN, sequence: 1 });
    if (isRefused) {
      build.wait(0.001).tcp({ ...back, flags: RST | ACK, acknowledgment: 2 });
      continue;
    }
    build
      .wait(0.001)
      .tcp({ ...back, flags: SYN | ACK, sequence: 1, acknowledgment: 2 })
      .wait(0.001)
      .tcp({ ...there, flags: ACK, sequence: 2, acknowledgment: 2 })
      .tcp({ ...there, flags: PSH | ACK, sequence: 2, acknowledgment: 2, payload: text('what') })
      .wait(answerMs / 1000)
      .tcp({ ...back, flags: PSH | ACK, sequence: 2, acknowledgment: 6, payload: text('that') })
      .wait(0.001)
      .tcp({ ...there, flags: FIN | ACK, sequence: 6, acknowledgment: 6 })
      .tcp({ ...back, flags: FIN | ACK, sequence: 6, acknowledgment: 7 });
  }
  return build;
}

/** RFC 1035 section 4.1: a question, and with `rcode` its answer, with an address where there is one. */
function dns(name: string, rcode: number | null, address?: string): Uint8Array {
  const labels = name.split('.').flatMap((label) => [label.length, ...text(label)]);
  const answer = address === undefined ? [] : [0xc0, 12, 0, 1, 0, 1, 0, 0, 0, 60, 0, 4, ...address.split('.').map(Number)];
  return Uint8Array.from([
    ...[0x12, 0x34, rcode === null ? 0x01 : 0x81, rcode === null ? 0 : 0x80 | rcode, 0, 1, 0, address === undefined ? 0 : 1, 0, 0, 0, 0],
    ...[...labels, 0, 0, 1, 0, 1],
    ...answer,
  ]);
}

function asks(build: PacketBuilder, name: string, rcode: number, address?: string, port = 5000): PacketBuilder {
  return build
    .wait(0.1)
    .udp({ from: '10.0.0.5', to: '10.0.0.53', sourcePort: port, destinationPort: 53, payload: dns(name, null) })
    .wait(0.002)
    .udp({ from: '10.0.0.53', to: '10.0.0.5', sourcePort: 53, destinationPort: port, payload: dns(name, rcode, address) });
}

/** RFC 826: the reply by which a device says which address it has. */
function hasAddress(build: PacketBuilder, mac: string, address: string): PacketBuilder {
  const octets = mac.split(':').map((octet) => parseInt(octet, 16));
  return build.frame(
    Uint8Array.from([
      ...[0xff, 0xff, 0xff, 0xff, 0xff, 0xff, ...octets, 0x08, 0x06],
      ...[0, 1, 8, 0, 6, 4, 0, 2, ...octets, ...address.split('.').map(Number), ...octets, ...address.split('.').map(Number)],
    ]),
  );
}

const whats = (rows: readonly { readonly what: string }[]): string[] => rows.map(({ what }) => what).sort();

const SAMPLES = ['dns.pcap', 'capture_20261123_022453.pcap', 'web-browsing.pcap', 'scan-syn.pcap', 'two-interfaces.pcapng', 'arp-spoofing.pcap'];

describe('a capture against itself', () => {
  test.each(SAMPLES)('%s has no difference', async (name) => {
    const bytes = fs.readFileSync(sample(name)),
      { lists, figures, verdict } = await compared(bytes, bytes);
    for (const list of COMPARED_LISTS) expect([list, lists[list].totals]).toEqual([list, { onlyFirst: 0, onlySecond: 0, changed: 0 }]);
    for (const figure of figures) expect(figure.first).toBe(figure.second);
    expect(verdict).toBe('No difference was found in what was compared.');
    expect(lists.hosts.inBoth).toBeGreaterThan(0);
  });
});

describe('in the other order', () => {
  test.each([
    ['dns.pcap', 'web-browsing.pcap'],
    ['scan-syn.pcap', 'scan-fin.pcap'],
    ['capture_20261123_022453.pcap', 'web-browsing.pcap'],
  ])('%s and %s are the mirror image', async (one, other) => {
    const [a, b] = [await side(one, fs.readFileSync(sample(one))), await side(other, fs.readFileSync(sample(other)))];
    const [there, back] = [compareSides(a, b), compareSides(b, a)];
    let differences = 0;
    for (const list of COMPARED_LISTS) {
      expect(back.lists[list].onlyFirst).toEqual(there.lists[list].onlySecond);
      expect(back.lists[list].onlySecond).toEqual(there.lists[list].onlyFirst);
      expect(back.lists[list].inBoth).toBe(there.lists[list].inBoth);
      const turned = { first: 'second', second: 'first' } as const;
      expect(
        back.lists[list].changed.map(({ changes }) =>
          changes.map(({ measure, first, second, worse }) => ({ measure, first: second, second: first, worse: worse && turned[worse] })),
        ),
      ).toEqual(
        there.lists[list].changed.map(({ changes }) => changes.map(({ measure, first, second, worse }) => ({ measure, first, second, worse }))),
      );
      differences += there.lists[list].totals.onlyFirst + there.lists[list].totals.onlySecond + there.lists[list].totals.changed;
    }
    expect(differences).toBeGreaterThan(3);
  });
});

describe('services', () => {
  const ofServices = async (first: Calls, second: Calls): Promise<readonly string[]> => {
    const { lists } = await compared(calls(new PacketBuilder(), first).bytes(), calls(new PacketBuilder(), second).bytes());
    return lists.services.changed.flatMap(({ changes }) => changes.map((change) => change.text));
  };
  const usual = { server: '10.0.0.80', port: 8080, count: 12 };

  test('that answer slower are told with both times', async () => {
    const { lists, verdict } = await compared(
      calls(new PacketBuilder(), usual).bytes(),
      calls(new PacketBuilder(), { ...usual, answerMs: 60 }).bytes(),
    );
    expect(lists.services.changed).toMatchObject([
      {
        what: '10.0.0.80:8080',
        changes: [{ measure: 'answers, median', worse: 'second', text: 'answers slower in the middle: 5 ms, then 60 ms (12 and 12 measured)' }],
        first: { filter: 'ip.addr == 10.0.0.80 && tcp.port == 8080' },
      },
    ]);
    expect(verdict).toBe('In the second 1 service answers worse.');
  });

  test('are not called slower where few answers, little time or too small a share say so', async () => {
    expect(await ofServices({ ...usual, count: 9 }, { ...usual, count: 9, answerMs: 60 })).toEqual([]);
    expect(await ofServices({ ...usual, answerMs: 0.2 }, { ...usual, answerMs: 0.9 })).toEqual([]);
    expect(await ofServices({ ...usual, answerMs: 50 }, { ...usual, answerMs: 70 })).toEqual([]);
    expect(await ofServices({ ...usual, answerMs: 60 }, usual)).toEqual(['answers faster in the middle: 60 ms, then 5 ms (12 and 12 measured)']);
  });

  test('that nobody gets into any more are told first, also of few tries', async () => {
    expect(await ofServices(usual, { ...usual, count: 2, isRefused: true })).toEqual(['connections failed: 0 of 12 (0 %), then 2 of 2 (100 %)']);
    expect(await ofServices({ ...usual, count: 2, isRefused: true }, { ...usual, count: 2, isRefused: true })).toEqual([]);
  });

  test('in one only', async () => {
    const first = calls(calls(new PacketBuilder(), usual), { ...usual, server: '10.0.0.81', port: 25 }),
      { lists } = await compared(first.bytes(), calls(new PacketBuilder(), usual).bytes());
    expect(whats(lists.services.onlyFirst)).toEqual(['10.0.0.81:25']);
    expect(whats(lists.hosts.onlyFirst)).toEqual(['10.0.0.81']);
    expect(lists.services.totals).toEqual({ onlyFirst: 1, onlySecond: 0, changed: 0 });
  });
});

describe('names', () => {
  test('that are no longer answered, and those that lead elsewhere', async () => {
    const before = asks(
        asks(asks(new PacketBuilder(), 'a.example', 0, '192.0.2.1'), 'b.example', 0, '192.0.2.2', 5001),
        'old.example',
        0,
        '192.0.2.3',
        5002,
      ),
      after = asks(asks(asks(new PacketBuilder(), 'a.example', 3), 'b.example', 0, '192.0.2.9', 5001), 'new.example', 2, undefined, 5002);
    const { lookups } = (await compared(before.bytes(), after.bytes())).lists;
    expect(lookups.changed.map(({ what, changes }) => [what, changes[0]!.text, changes[0]!.worse])).toEqual([
      ['a.example', 'answered, then no such name', 'second'],
      ['b.example', 'other addresses: 192.0.2.2, then 192.0.2.9', null],
    ]);
    expect(lookups.onlyFirst).toMatchObject([
      { what: 'old.example', detail: 'asked once, 192.0.2.3', place: { frame: 5, filter: 'lower(dns.qry.name) == "old.example"' } },
    ]);
    expect(lookups.onlySecond).toMatchObject([{ what: 'new.example', detail: 'asked once, server failure' }]);
  });

  test.skipIf(tsharkVersion() === null)('are those that tshark lists, in both directions', async () => {
    const [one, other] = ['dns.pcap', 'web-browsing.pcap'] as const;
    const names = (file: string, field: string): Set<string> =>
      new Set(
        tsharkFields(sample(file), ['dns.flags.response', field]).flatMap(([response, value = '']) =>
          response === '0' && value !== '' ? [value.toLowerCase()] : [],
        ),
      );
    const addresses = (file: string): Set<string> =>
      new Set(
        tsharkFields(sample(file), ['ip.src', 'ip.dst', 'ipv6.src', 'ipv6.dst', 'icmp.type'])
          .flatMap((row) => (row[4] === '' ? row.slice(0, 4) : row.slice(0, 4).map((cell) => cell.split(',')[0]!)))
          .filter((value) => value !== ''),
      );
    const { lists } = await compared(fs.readFileSync(sample(one)), fs.readFileSync(sample(other)));
    const [a, b] = [names(one, 'dns.qry.name'), names(other, 'dns.qry.name')];
    expect(whats(lists.lookups.onlyFirst)).toEqual([...a].filter((name) => !b.has(name)).sort());
    expect(whats(lists.lookups.onlySecond)).toEqual([...b].filter((name) => !a.has(name)).sort());
    const [x, y] = [addresses(one), addresses(other)];
    const isGroup = (address: string): boolean => /^(?:22[4-9]|23\d|255)\.|^ff|^0\.0\.0\.0$|^::$/.test(address);
    expect(whats(lists.hosts.onlyFirst)).toEqual([...x].filter((address) => !y.has(address) && !isGroup(address)).sort());
    expect(whats(lists.hosts.onlySecond)).toEqual([...y].filter((address) => !x.has(address) && !isGroup(address)).sort());
  });
});

describe('hosts with another address', () => {
  const card = '3c:07:54:21:aa:21',
    router = '00:1e:bd:7a:10:01',
    usual = { server: '10.0.0.80', port: 8080, count: 6 };
  const network = (address: string, mac = card): PacketBuilder =>
    calls(hasAddress(hasAddress(new PacketBuilder(), router, '10.0.0.1'), mac, address), { ...usual, client: address });

  test('are the same where their MAC address says so, and it is said how', async () => {
    const { lists, matching } = await compared(network('10.0.0.5').bytes(), network('10.0.0.77').bytes());
    expect(lists.hosts.totals).toMatchObject({ onlyFirst: 0, onlySecond: 0 });
    expect(lists.hosts.changed).toMatchObject([
      { what: '10.0.0.5, then 10.0.0.77', changes: [{ text: `the same host with another address, by MAC address ${card}` }] },
    ]);
    expect(matching.join(' ')).toContain(`1 host with another address was taken for the same: 10.0.0.5, then 10.0.0.77 (MAC address ${card}).`);
  });

  test('are others where nothing says so', async () => {
    const plain = (client: string): Uint8Array => calls(new PacketBuilder(), { ...usual, client }).bytes(),
      { lists, matching } = await compared(plain('10.0.0.5'), plain('10.0.0.77'));
    expect(whats(lists.hosts.onlySecond)).toEqual(['10.0.0.77']);
    expect(matching.join(' ')).toContain('by their addresses alone');
  });

  test('are not mixed up where the address went to somebody else', async () => {
    const second = calls(hasAddress(network('10.0.0.77'), '3c:07:54:00:00:99', '10.0.0.5'), { ...usual, client: '10.0.0.5' });
    const { lists, matching } = await compared(network('10.0.0.5').bytes(), second.bytes());
    expect(whats(lists.hosts.onlySecond)).toEqual(['10.0.0.77']);
    expect(lists.hosts.changed[0]?.changes[0]?.text).toBe(`another MAC address: ${card}, then 3c:07:54:00:00:99`);
    expect(matching.join(' ')).toContain("Not matched, because one of the addresses is somebody's in both");
  });

  test('a MAC address that software made up counts on one link only', async () => {
    const container = '02:42:ac:11:00:02';
    const lone = (address: string): Uint8Array => calls(hasAddress(new PacketBuilder(), container, address), { ...usual, client: address }).bytes();
    expect((await compared(lone('10.0.0.5'), lone('10.0.0.77'))).lists.hosts.totals.onlySecond).toBe(1);
    expect((await compared(network('10.0.0.5', container).bytes(), network('10.0.0.77', container).bytes())).lists.hosts.totals.onlySecond).toBe(0);
  });
});

describe('findings', () => {
  const scan = (ports: number, attacker = '10.0.0.66'): Uint8Array => {
    const build = new PacketBuilder();
    for (let port = 1; port <= ports; port++)
      build
        .wait(0.05)
        .tcp({ from: attacker, to: '10.0.0.9', sourcePort: 50_000, destinationPort: port, flags: SYN })
        .tcp({ from: '10.0.0.9', to: attacker, sourcePort: port, destinationPort: 50_000, flags: RST | ACK });
    return build.bytes();
  };

  test('are the same whatever their numbers are, and what grew is told', async () => {
    const { findings } = (await compared(scan(60), scan(200))).lists;
    expect(findings.totals).toMatchObject({ onlyFirst: 0, onlySecond: 0 });
    const change = findings.changed.find(({ what }) => what.includes('10.0.0.66 tried'))!;
    expect(change.changes.find(({ measure }) => measure === 'ports tried')).toMatchObject({ first: 60, second: 200 });
    expect(change.first.finding).not.toBeNull();
    expect(change.first.frame).toBe(1);
  });

  test('of others are others', async () => {
    const { findings } = (await compared(scan(60), scan(60, '10.0.0.67'))).lists;
    expect(findings.onlyFirst[0]).toMatchObject({ what: expect.stringContaining('10.0.0.66 tried 60 TCP ports') as string, place: { frame: 1 } });
    expect(findings.onlySecond[0]).toMatchObject({ what: expect.stringContaining('10.0.0.67 tried 60 TCP ports') as string });
  });
});

describe('what may be absent without being gone is said', () => {
  const usual = { server: '10.0.0.80', port: 8080, count: 12 },
    whole = calls(new PacketBuilder(), usual).bytes();

  test('of a shorter capture, a cut file, and packets that were cut', async () => {
    // Three connections of twelve, and half a record.
    const cut = whole.subarray(0, 24 + Math.floor((whole.length - 24) / 4) + 7);
    const { notes } = await compared(whole, cut);
    expect(notes.join('\n')).toMatch(/The second capture covers .*, the first .*: what only the first has may not have had its time in the second/);
    expect(notes.join('\n')).toMatch(/Of the second: .*(?:ends|incomplete|cut)/);
    const snapped = calls(new PacketBuilder(60), usual).bytes();
    // 54 bytes of headers and 4 of payload are captured; nothing is cut at 60, so cut at 56.
    expect((await compared(whole, calls(new PacketBuilder(56), usual).bytes())).notes.join('\n')).toContain(
      '24 frames that were cut while capturing',
    );
    expect((await compared(whole, snapped)).notes.join('\n')).not.toContain('cut while capturing');
  });

  test('of captures without packets', async () => {
    const empty = new PacketBuilder().bytes();
    const { verdict, notes, lists } = await compared(whole, empty);
    expect(verdict).toBe('The second capture has no packets, so everything is in the first only.');
    expect(notes).toContain('Of the second: There are no packets to compare.');
    expect(lists.hosts.totals).toEqual({ onlyFirst: 2, onlySecond: 0, changed: 0 });
    expect((await compared(empty, empty)).notesOfBoth[0]).toBe('Of both: There are no packets to compare.');
    expect((await compared(empty, empty)).verdict).toBe('Neither capture has packets to compare.');
  });

  test('of a finding whose check could not see the other capture', async () => {
    const { lists } = await compared(fs.readFileSync(sample('scan-syn.pcap')), new PacketBuilder().bytes());
    expect(lists.findings.totals.onlyFirst).toBeGreaterThan(0);
    expect(lists.findings.inBoth).toBe(0);
  });

  test('under a filter both show what it selects', async () => {
    const bytes = fs.readFileSync(sample('capture_20261123_022453.pcap')),
      { lists, notes } = compareSides(await side('all', bytes), await side('dns', bytes, 'dns'), { filter: 'dns' });
    expect(notes[0]).toContain('Only packets that the filter selects');
    expect(lists.lookups.totals).toEqual({ onlyFirst: 0, onlySecond: 0, changed: 0 });
    expect(lists.services.totals.onlyFirst).toBeGreaterThan(0);
    expect(lists.services.onlyFirst.some(({ what }) => what.endsWith(':53 UDP'))).toBe(false);
  });
});

describe('laid out', () => {
  const evil = '\u001b[2J<img src=x>[a](http://evil.example)|`x`\u202e@you';
  const hostile = (): Promise<Comparison> => {
    const build = asks(new PacketBuilder(), 'a.example', 0, '192.0.2.1');
    const there = { from: '10.0.0.5', to: '192.0.2.1', sourcePort: 40_000, destinationPort: 80 };
    build
      .tcp({ ...there, flags: SYN, sequence: 1 })
      .tcp({ from: '192.0.2.1', to: '10.0.0.5', sourcePort: 80, destinationPort: 40_000, flags: SYN | ACK, sequence: 1, acknowledgment: 2 })
      .tcp({ ...there, flags: ACK, sequence: 2, acknowledgment: 2 })
      .tcp({
        ...there,
        flags: PSH | ACK,
        sequence: 2,
        acknowledgment: 2,
        payload: text(`GET / HTTP/1.1\r\nHost: ${evil}\r\nUser-Agent: ${evil}\r\n\r\n`),
      });
    return compared(build.bytes(), asks(new PacketBuilder(), 'a.example', 0, '192.0.2.1').bytes());
  };

  test('hostile text moves no cursor and is no Markdown', async () => {
    const comparison = compareSides(
        { ...(await side('x', new PacketBuilder().bytes())), name: `${evil}.pcap` },
        await side('y', new PacketBuilder().bytes()),
      ),
      both = [comparison, await hostile()];
    expect(both[1]!.lists.software.onlyFirst).toHaveLength(1);
    for (const one of both) {
      const terminal = comparisonText(one, PLAIN),
        markdown = comparisonMarkdown(one);
      for (const written of [terminal, markdown]) expect(written).not.toMatch(/[\u0000-\u0009\u000b-\u001f\u202e]/);
      // Outside of code nothing of it is left.
      const outside = markdown.replace(/(`+)(?!`)[\s\S]*?(?<!`)\1(?!`)/g, '');
      expect(outside).not.toMatch(/evil|<img|@you|\]\(/);
    }
  });

  test('lists are cut, with a count of what was left out', async () => {
    const whole = await compared(fs.readFileSync(sample('busy-services.pcap')), fs.readFileSync(sample('dns.pcap'))),
      cut = limitComparison(whole, 3);
    expect(whole.lists.services.totals.onlyFirst).toBe(28);
    expect(cut.lists.services.onlyFirst).toEqual(whole.lists.services.onlyFirst.slice(0, 3));
    expect(cut.lists.services.totals).toEqual(whole.lists.services.totals);
    expect(comparisonText(cut, PLAIN)).toMatch(/Services {2}28 only in the first, [\s\S]*2[56] more differences not shown/);
  });

  test('no line is longer than the terminal is wide', async () => {
    const comparison = await compared(fs.readFileSync(sample('web-browsing.pcap')), fs.readFileSync(sample('capture_20261123_022453.pcap')));
    for (const width of [60, 80, 132])
      for (const line of comparisonText(comparison, { ...PLAIN, width }).split('\n')) expect(line.length, line).toBeLessThanOrEqual(width);
  });
});
