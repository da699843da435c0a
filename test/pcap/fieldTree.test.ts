/** The details tree of one packet. Expected texts and names: tshark 4.0.17 -V and -T pdml on the same bytes. */
import { describe, expect, it } from 'vitest';
import { createPacket, decode } from '../../src/pcap/decode.ts';
import type { Dissector, Field } from '../../src/pcap/dissector.ts';
import { FieldTree, type FieldNode } from '../../src/pcap/fieldTree.ts';
import { filterFor, formatValue } from '../../src/pcap/fieldValue.ts';
import { addFrame } from '../../src/pcap/frameFields.ts';
import type { Packet } from '../../src/pcap/packet.ts';
import { columnAddresses, RowSink } from '../../src/pcap/rowSink.ts';
import { checkFilter } from '../../src/analysis/filtering.ts';
import { hex } from '../support/streamDriver.ts';

/** Ethernet, IPv4 10.0.0.1 -> 10.0.0.2, TCP 40000 -> 80 SYN, no options. */
const SYN = hex(
  '02 00 00 00 00 02  02 00 00 00 00 01  08 00  45 00 00 28 12 34 40 00 40 06 00 00 0a 00 00 01 0a 00 00 02  9c 40 00 50 00 00 00 01 00 00 00 00 50 02 ff ff 00 00 00 00',
);
/** The packet lies inside of a larger block, as when a capture is read. */
const BEFORE = 100;

function packetOf(bytes: Uint8Array): Packet {
  const p = createPacket(),
    block = new Uint8Array(BEFORE + bytes.length + 10);
  block.set(bytes, BEFORE);
  p.bytes = block;
  p.view = new DataView(block.buffer);
  p.start = BEFORE;
  p.end = BEFORE + bytes.length;
  p.frame = 7;
  p.linkType = 1;
  p.capturedLength = p.originalLength = bytes.length;
  p.hasTime = true;
  p.timeSeconds = 1_000_000;
  p.timeNanoseconds = 5;
  return p;
}

function treeOf(bytes: Uint8Array): { readonly tree: FieldTree; readonly p: Packet } {
  const p = packetOf(bytes),
    tree = new FieldTree(p);
  decode(p, tree);
  addFrame(p, { firstSeconds: 999_999, firstNanoseconds: 0, previousSeconds: NaN, previousNanoseconds: 0, hasInterfaces: false }, tree);
  return { tree, p };
}

function all(nodes: readonly FieldNode[]): FieldNode[] {
  return nodes.flatMap((node) => [node, ...all(node.children)]);
}

function field(tree: FieldTree, name: string): FieldNode | undefined {
  return all(tree.nodes).find((node) => node.name === name);
}

describe('FieldTree', () => {
  it('has the frame first, then the layers from the outside in', () => {
    const { tree } = treeOf(SYN);
    expect(tree.nodes.map(({ name, label }) => [name, label])).toEqual([
      ['frame', 'Frame'],
      ['eth', 'Ethernet'],
      ['ip', 'Internet Protocol Version 4'],
      ['tcp', 'Transmission Control Protocol'],
    ]);
    expect(tree.nodes[2]?.text).toBe('Src: 10.0.0.1, Dst: 10.0.0.2');
    expect(field(tree, 'frame.time')?.text).toBe('Jan 12, 1970 13:46:40.000000005 UTC');
    expect(field(tree, 'frame.time_relative')?.text).toBe('1.000000005 seconds');
    expect(field(tree, 'frame.time_delta')).toBeUndefined();
    expect(field(tree, 'frame.protocols')?.text).toBe('eth:ethertype:ip:tcp');
    expect(field(tree, 'frame.number')?.text).toBe('7');
  });

  it('counts bytes from the start of the frame', () => {
    const { tree } = treeOf(SYN);
    expect(field(tree, 'ip')).toMatchObject({ source: 0, start: 14, length: 20 });
    expect(field(tree, 'ip.ttl')).toMatchObject({ source: 0, start: 22, length: 1 });
    expect(field(tree, 'tcp.dstport')).toMatchObject({ start: 36, length: 2, text: '80' });
  });

  it('reads as a person does, and gives a filter that selects the packet', () => {
    const { tree } = treeOf(SYN),
      shown = (name: string): unknown => [field(tree, name)?.text, field(tree, name)?.filter];
    expect(shown('ip.proto')).toEqual(['6 (TCP)', 'ip.proto == 6']);
    expect(shown('ip.src')).toEqual(['10.0.0.1', 'ip.src == 10.0.0.1']);
    expect(shown('eth.src')).toEqual(['02:00:00:00:00:01', 'eth.src == 02:00:00:00:00:01']);
    expect(shown('ip.id')).toEqual(['0x1234', 'ip.id == 0x1234']);
    expect(shown('ip.flags.df')).toEqual(['Set', 'ip.flags.df == 1']);
    expect(shown('ip.hdr_len')).toEqual(['20 bytes', 'ip.hdr_len == 20']);
    expect(
      all(tree.nodes)
        .filter(({ filter }) => filter !== '')
        .map(({ filter }) => [filter, checkFilter(filter)] as const)
        .filter(([, check]) => !check.ok),
    ).toEqual([]);
  });

  it('nests what belongs together', () => {
    const { tree } = treeOf(SYN),
      flags = field(tree, 'tcp.flags');
    expect(flags?.text).toBe('0x002 (SYN)');
    expect(flags?.children.map(({ name }) => name)).toContain('tcp.flags.syn');
    expect(tree.nodes[3]?.children.map(({ name }) => name)).not.toContain('tcp.flags.syn');
  });

  it('shows damage where it was met', () => {
    const { tree, p } = treeOf(SYN.subarray(0, 40));
    expect(p.isMalformed).toBe(true);
    const note = all(tree.nodes).find(({ severity }) => severity !== undefined);
    expect(note).toMatchObject({ name: '', severity: 'error', filter: '' });
    expect(note?.label).toMatch(/^Malformed: /);
  });

  it('stays small whatever a dissector says', () => {
    const endless: Field = { name: 'x.y', label: 'Y', type: 'uint' },
      protocol: Dissector = { id: 'x', name: 'X', fields: {}, on: [] };
    const p = packetOf(SYN),
      tree = new FieldTree(p);
    tree.layer(protocol, BEFORE, 10);
    for (let i = 0; i < 100_000; i++) {
      tree.add(endless, BEFORE, 1, i, 'z'.repeat(10_000));
      tree.open();
    }
    for (let i = 0; i < 200_000; i++) tree.close();
    tree.add(endless, BEFORE - 50, 1000, 1);
    const nodes = all(tree.nodes);
    expect(nodes.length).toBeLessThanOrEqual(20_002);
    expect(nodes.some(({ label }) => label.startsWith('Only the first'))).toBe(true);
    expect(Math.max(...nodes.map(({ text }) => text.length))).toBeLessThan(5000);
  });

  it('puts reassembled bytes into sources of their own', () => {
    const head = SYN.slice(0, 34),
      payload = hex('03 e8 03 e9 00 10 00 00 61 62 63 64 65 66 67 68'),
      p = packetOf(head),
      tree = new FieldTree(p);
    const fragment = (offset: number, more: boolean, part: Uint8Array): Uint8Array => {
      const bytes = Uint8Array.from([...head, ...part]);
      new DataView(bytes.buffer).setUint16(16, 20 + part.length);
      new DataView(bytes.buffer).setUint16(20, (more ? 0x2000 : 0) | (offset / 8));
      bytes[23] = 17;
      return bytes;
    };
    for (const bytes of [fragment(0, true, payload.subarray(0, 8)), fragment(8, false, payload.subarray(8))]) {
      const next = packetOf(bytes);
      Object.assign(p, {
        bytes: next.bytes,
        view: next.view,
        start: next.start,
        end: next.end,
        capturedLength: bytes.length,
        originalLength: bytes.length,
      });
      p.frame++;
      decode(p, p.frame === 9 ? tree : null);
    }
    expect(p.sources.map(({ name }) => name)).toEqual(['Reassembled IPv4']);
    expect(field(tree, 'udp')).toMatchObject({ source: 1, start: 0, length: 8 });
    expect(field(tree, 'ip')).toMatchObject({ source: 0, start: 14 });
  });
});

describe('values', () => {
  const of = (type: Field['type'], more: Partial<Field> = {}): Field => ({ name: 'x.y', label: 'Y', type, ...more });

  it('are written so that the filter reads them back', () => {
    const long = 'a'.repeat(300);
    expect(filterFor(of('string'), 'a"b\\c\n\x01', 0)).toBe('x.y == "a\\"b\\\\c\\x0a\\x01"');
    expect(filterFor(of('string'), long, 0)).toBe('x.y');
    expect(filterFor(of('bytes'), hex('00 1a ff'), 3)).toBe('x.y == 00:1a:ff');
    expect(filterFor(of('bytes'), new Uint8Array(100), 100)).toBe('x.y');
    expect(filterFor(of('duration'), 0.5, 0)).toBe('x.y == 0.500000000');
    expect(filterFor(of('time'), 1_000_000_000_000_000_005n, 0)).toBe('x.y == "2001-09-09 01:46:40.000000005Z"');
    expect(filterFor(of('none'), true, 0)).toBe('x.y');
    expect(filterFor(of('ether'), hex('01 02'), 2)).toBe('x.y');
  });

  it('are shown with their words and units', () => {
    expect(formatValue(of('uint', { values: { 3: 'three' }, base: 'hex' }), 3, 2)).toBe('0x0003 (three)');
    expect(formatValue(of('uint', { unit: 'ms' }), 12, 1)).toBe('12 ms');
    expect(formatValue(of('uint64'), 18_446_744_073_709_551_615n, 8)).toBe('18446744073709551615');
    expect(formatValue(of('bytes'), new Uint8Array(40), 40)).toBe(`${'00'.repeat(32)}…`);
    expect(formatValue(of('ipv6'), hex('fe80 0000 0000 0000 0000 0000 0000 0001'), 16)).toBe('fe80::1');
    expect(formatValue(of('boolean'), false, 0)).toBe('False');
  });
});

describe('RowSink', () => {
  it('keeps the info columns, and the addresses come from the packet', () => {
    const p = packetOf(
        hex('ff ff ff ff ff ff 02 00 00 00 00 01 08 06 00 01 08 00 06 04 00 01 02 00 00 00 00 01 0a 00 00 01 00 00 00 00 00 00 0a 00 00 02'),
      ),
      sink = new RowSink();
    sink.reset(p);
    decode(p, sink);
    expect([sink.protocol, sink.text]).toEqual(['ARP', 'Who has 10.0.0.2? Tell 10.0.0.1']);
    expect(columnAddresses(p)).toEqual({ source: '02:00:00:00:00:01', destination: 'ff:ff:ff:ff:ff:ff' });
    const ip = packetOf(SYN);
    sink.reset(ip);
    expect([sink.protocol, sink.text]).toEqual(['', '']);
    decode(ip, sink);
    expect(columnAddresses(ip)).toEqual({ source: '10.0.0.1', destination: '10.0.0.2' });
  });
});
