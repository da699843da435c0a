/** Lists and counts of the recording programs, and the streams they write. */
import { describe, expect, test } from 'vitest';
import { dumpcap } from '../../src/live/backends/dumpcap.ts';
import { tcpdump } from '../../src/live/backends/tcpdump.ts';
import { tshark } from '../../src/live/backends/tshark.ts';
import { captureName, numberedName } from '../../src/live/captureNames.ts';
import { shellQuoted } from '../../src/live/captureSource.node.ts';
import { bytesOf, secondsOf } from '../../src/live/quantities.ts';
import { usualInterface } from '../../src/live/programs.node.ts';
import { NotACapture, RecordSplitter } from '../../src/live/recordSplitter.ts';
import { permissionRemedy } from '../../src/live/remedy.ts';

describe('interfaces', () => {
  test('of dumpcap 4.0.17 on Debian', () => {
    // Recorded: dumpcap -D -M
    const list = dumpcap.parseInterfaces(
      '1. eth0\t\t\t0\t192.0.2.2,fd00::2,fe80::fc:ff:fe00:1\tnetwork\t\n2. any\t\t\t0\t\tnetwork\t\n3. lo\t\tLoopback\t0\t127.0.0.1,::1\tloopback\t\n',
    );
    expect(list).toEqual([
      { name: 'eth0', description: '', addresses: ['192.0.2.2', 'fd00::2', 'fe80::fc:ff:fe00:1'], loopback: false },
      { name: 'any', description: '', addresses: [], loopback: false },
      { name: 'lo', description: 'Loopback', addresses: ['127.0.0.1', '::1'], loopback: true },
    ]);
    expect(usualInterface(list)?.name).toBe('eth0');
  });
  test('of dumpcap on Windows, by the columns of dumpcap.c; not recorded here', () => {
    const line = '1. \\Device\\NPF_{0B2D4F68-0000-4000-8000-000000000001}\tIntel(R) Ethernet\tEthernet 2\t0\t192.0.2.7\tnetwork\r\n';
    expect(dumpcap.parseInterfaces(line)).toEqual([
      { name: '\\Device\\NPF_{0B2D4F68-0000-4000-8000-000000000001}', description: 'Ethernet 2', addresses: ['192.0.2.7'], loopback: false },
    ]);
  });
  test('of tcpdump 4.99.3 on Debian', () => {
    // Recorded: tcpdump -D
    const output =
      '1.eth0 [Up, Running, Connected]\n2.any (Pseudo-device that captures on all interfaces) [Up, Running]\n3.lo [Up, Running, Loopback]\n';
    expect(tcpdump.parseInterfaces(output)).toEqual([
      { name: 'eth0', description: '', addresses: [], loopback: false },
      { name: 'any', description: 'Pseudo-device that captures on all interfaces', addresses: [], loopback: false },
      { name: 'lo', description: '', addresses: [], loopback: true },
    ]);
  });
  test('of tshark', () => {
    expect(tshark.parseInterfaces('1. eth0\n2. lo (Loopback)\n').map(({ name, description }) => [name, description])).toEqual([
      ['eth0', ''],
      ['lo', 'Loopback'],
    ]);
  });
  test('hostile lists give no interface and no throw', () => {
    for (const { parseInterfaces } of [dumpcap, tcpdump, tshark]) expect(parseInterfaces('\u0000\u001b[2J\n\t\t\t\n1.\n. x\n')).toEqual([]);
  });
});

test('counts are read from what the programs say', () => {
  // Recorded: dumpcap 4.0.17 and tcpdump 4.99.3 at their end.
  expect(dumpcap.parseCounts("Packets received/dropped on interface 'Loopback: lo': 12/3 (pcap:3/dumpcap:0/flushed:0/ps_ifdrop:0) (80.0%)")).toEqual({
    received: 12,
    dropped: 3,
  });
  expect(tcpdump.parseCounts('1 packet received by filter')).toEqual({ received: 1, dropped: null });
  expect(tcpdump.parseCounts('7 packets dropped by kernel')).toEqual({ received: null, dropped: 7 });
  expect(tcpdump.parseCounts('tcpdump: listening on lo')).toBe(null);
});

test('a filter is never an option of tcpdump', () => {
  const args = tcpdump.captureArguments({ interface: 'eth0', filter: '-w /etc/passwd', format: 'pcap' });
  expect(args.slice(-2)).toEqual(['--', '-w /etc/passwd']);
});

test('words for a remote shell stay one word', () => {
  expect(shellQuoted("a'; rm -rf / #$(x)`y`")).toBe("'a'\\''; rm -rf / #$(x)`y`'");
});

test('names are counted, and what is there gets a letter', () => {
  const at = new Date(2026, 0, 2, 3, 4, 5);
  expect([captureName(at, 'pcap', null), captureName(at, 'pcapng', 12), captureName(at, 'pcap', null, 1), numberedName('office.pcap', 2)]).toEqual([
    'capture_20260102_030405.pcap',
    'capture_20260102_030405_00012.pcapng',
    'capture_20260102_030405_a.pcap',
    'office_00002.pcap',
  ]);
});

test('times and sizes are what people write', () => {
  expect(['90', '5m', '1h', '0', 'x', '-1'].map(secondsOf)).toEqual([90, 300, 3600, null, null, null]);
  expect(['500', '500k', '20M', '1G', '20MB', '0', '1T'].map(bytesOf)).toEqual([500, 5e5, 2e7, 1e9, 2e7, null, null]);
});

test('the remedy is that of the machine', () => {
  const facts = { platform: 'linux', debian: true, wiresharkMembers: null, user: 'ann' };
  expect(permissionRemedy('dumpcap', '/usr/bin/dumpcap', facts)).toContain('dpkg-reconfigure wireshark-common');
  expect(permissionRemedy('dumpcap', '/usr/bin/dumpcap', { ...facts, wiresharkMembers: [] })).toContain('usermod -a -G wireshark ann');
  expect(permissionRemedy('tcpdump', '/opt/my tools/tcpdump', facts)).toContain("setcap cap_net_raw,cap_net_admin=eip '/opt/my tools/tcpdump'");
  expect(permissionRemedy('tcpdump', '/usr/sbin/tcpdump', { ...facts, platform: 'darwin' })).toContain('ChmodBPF');
  expect(permissionRemedy('dumpcap', '', { ...facts, platform: 'win32' })).toContain('Npcap');
});

describe('a stream is cut into whole records', () => {
  // draft-ietf-opsawg-pcap: 24 bytes of header; records of 16 bytes and the captured length.
  const little = Buffer.from(
    'd4c3b2a102000400000000000000000000000400010000000100000002000000030000000300000061626301000000020000000100000001000000aa',
    'hex',
  );
  const big = Buffer.from(
    'a1b2c3d400020004000000000000000000040000000000010000000100000002000000030000000361626300000001000000020000000100000001aa',
    'hex',
  );
  // draft-ietf-opsawg-pcapng: section header, interface description, enhanced packet block with 4 bytes.
  const blocks = Buffer.from(
    '0a0d0d0a1c0000004d3c2b1a01000000ffffffffffffffff1c000000' +
      '010000001400000001000000000004001400000006000000240000000000000000000000000000000400000004000000deadbeef24000000',
    'hex',
  );
  test.each([
    ['little-endian pcap', little, 'header packet packet'],
    ['big-endian pcap', big, 'header packet packet'],
    ['pcapng', blocks, 'header header packet'],
  ])('%s, however the bytes arrive', (_name, bytes, kinds) => {
    for (const step of [1, 5, 7, bytes.length]) {
      const splitter = new RecordSplitter(),
        pieces: { kind: string; text: string }[] = [];
      for (let at = 0; at < bytes.length; at += step)
        for (const piece of splitter.push(bytes.subarray(at, at + step)))
          pieces.push({ kind: piece.kind, text: Buffer.from(piece.bytes).toString('hex') });
      expect(pieces.map(({ kind }) => kind).join(' ')).toBe(kinds);
      expect(pieces.map(({ text }) => text).join('')).toBe(bytes.toString('hex'));
      expect(splitter.pending).toBe(0);
    }
  });
  test('and damage is told, not waited for', () => {
    expect(() => new RecordSplitter().push(Buffer.from('GET / HTTP/1.1'))).toThrow(NotACapture);
    const lying = Buffer.from(little);
    lying.writeUInt32LE(0xffffffff, 32);
    expect(() => new RecordSplitter().push(lying)).toThrow(NotACapture);
    const endless = Buffer.from(blocks);
    endless.writeUInt32LE(0, 32);
    expect(() => new RecordSplitter().push(endless)).toThrow(NotACapture);
  });
});
