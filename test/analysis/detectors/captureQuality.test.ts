/** What limits a capture is named; a good capture is left alone. */
import { describe, expect, test } from 'vitest';
import { analyzeCapture, findingsOf, sample } from '../../support/analyzeCapture.ts';
import { ACK, PacketBuilder, PSH, SYN } from '../../support/packetBuilder.ts';
import type { Finding } from '../../../src/analysis/report.ts';

const A = '10.0.0.1',
  B = '10.0.0.2';

const notesOf = async (capture: string | Uint8Array): Promise<Finding[]> => findingsOf(await analyzeCapture(capture), 'capture-quality');
const titles = async (capture: string | Uint8Array): Promise<string[]> => (await notesOf(capture)).map(({ title }) => title);

test.each([
  'web-browsing.pcap',
  'dns.pcap',
  'ssh-session.pcap',
  'lossy-download.pcap',
  'slow-reader.pcap',
  'scan-syn.pcap',
  'nanoseconds.pcap',
  'ipv6.pcap',
  'vxlan.pcap',
])('%s has nothing to note', async (name) => {
  expect(await titles(sample(name))).toEqual([]);
});

describe('our own samples', () => {
  test('snapped-96: frames were cut', async () => {
    const [note, ...more] = await notesOf(sample('snapped-96.pcap'));
    expect(more).toEqual([]);
    expect(note).toMatchObject({
      severity: 'info',
      confidence: 100,
      title: '31 frames (41 %) were cut when captured',
      evidence: { framesTotal: 31, filter: 'frame.cap_len < frame.len' },
    });
    expect(note!.description).toContain('At most 96 bytes');
  });

  test('one-way: one direction only', async () => {
    expect(await titles(sample('one-way.pcap'))).toEqual(['2 TCP connections of 2 were captured in one direction only']);
  });

  test('linux-cooked-v2: a router on "any" sees each packet come and go', async () => {
    const [note] = await notesOf(sample('linux-cooked-v2.pcap'));
    expect(note!.title).toContain('captured twice');
  });
});

describe('built packet by packet', () => {
  /** A download of `count` segments from B. */
  function download(builder: PacketBuilder, count: number, isCaptured: (i: number) => boolean): PacketBuilder {
    const there = { from: A, to: B, sourcePort: 40_000, destinationPort: 80 },
      back = { from: B, to: A, sourcePort: 80, destinationPort: 40_000 };
    builder
      .tcp({ ...there, flags: SYN })
      .tcp({ ...back, flags: SYN | ACK, sequence: 5000, acknowledgment: 1001 })
      .tcp({ ...there, flags: ACK, sequence: 1001, acknowledgment: 5001 });
    for (let i = 0; i < count; i++) {
      if (isCaptured(i)) builder.tcp({ ...back, flags: PSH | ACK, sequence: 5001 + i * 100, acknowledgment: 1001, payload: new Uint8Array(100) });
      builder.wait(0.02).tcp({ ...there, flags: ACK, sequence: 1001, acknowledgment: 5101 + i * 100 });
    }
    return builder;
  }

  test('data that was acknowledged but never captured', async () => {
    const [note] = await notesOf(download(new PacketBuilder(), 20, (i) => i % 5 !== 4).bytes());
    expect(note!.title).toMatch(/^\d+ acknowledgements confirm data that the capture missed$/);
    expect(note!.evidence.frames[0]).toBe(12);
    expect(note!.indicators[0]).toMatchObject({ threshold: 3 });
    expect(note!.evidence.framesTotal).toBe(note!.indicators[0]!.value);
    expect(await titles(download(new PacketBuilder(), 20, () => true).bytes())).toEqual([]);
  });

  test('frames that come twice, and a program that repeats itself', async () => {
    const copied = new PacketBuilder();
    for (let i = 0; i < 20; i++)
      copied
        .udp({ from: A, to: B, sourcePort: 5000, destinationPort: 6000, payload: new Uint8Array(20) })
        .wait(0.0001)
        .again()
        .wait(0.01);
    expect(await titles(copied.bytes())).toEqual(['20 frames (50 %) were captured twice']);
    const repeating = new PacketBuilder();
    for (let i = 0; i < 40; i++) repeating.udp({ from: A, to: B, sourcePort: 5000, destinationPort: 6000, payload: new Uint8Array(20) }).wait(0.001);
    expect(await titles(repeating.bytes())).toEqual([]);
  });

  test('each of many copies, with others in between', async () => {
    const mirrored = new PacketBuilder();
    for (let i = 0; i < 20_000 + 8; i++) {
      if (i < 20_000) mirrored.frame(numberedDatagram(i)).wait(0.000_001);
      if (i >= 8) mirrored.frame(numberedDatagram(i - 8)).wait(0.000_001);
    }
    expect((await analyzeCapture(mirrored.bytes())).quality.duplicatePackets).toBe(20_000);
  });

  test('a clock that is set back, but not two interfaces in turns', async () => {
    const udp = { from: A, to: B, sourcePort: 5000, destinationPort: 6000 };
    expect(await titles(new PacketBuilder().udp(udp).wait(5).udp(udp).wait(-2).udp(udp).bytes())).toEqual([
      'The clock steps back 1 time, by 2.0 s at most',
    ]);
    expect(await titles(new PacketBuilder().udp(udp).wait(5).udp(udp).wait(-0.001).udp(udp).bytes())).toEqual([]);
  });

  test('a file that ends in the middle of a frame', async () => {
    const whole = download(new PacketBuilder(), 5, () => true).bytes();
    const [note] = await notesOf(whole.subarray(0, whole.length - 7));
    expect(note).toMatchObject({ title: 'The capture file is damaged after frame 12', evidence: { frames: [12], filter: 'frame.number == 12' } });
  });

  test('packets that the capturing program dropped, by a name that tries to break out', async () => {
    const [note] = await notesOf(pcapngWithDrops('eth0\n\u001b[31m', 1234n));
    expect(note!.title).toBe('The capturing program dropped 1,234 packets');
    expect(note!.description).toContain('eth0\\x0a\\x1b[31m: 1,234');
  });
});

/** One interface, one packet, one Interface Statistics Block with isb_ifdrop. draft-ietf-opsawg-pcapng, sections 4.1, 4.2, 4.3, 4.6. */
function pcapngWithDrops(name: string, drops: bigint): Uint8Array {
  const u32 = (n: number): number[] => [n & 255, (n >> 8) & 255, (n >> 16) & 255, n >>> 24],
    u16 = (n: number): number[] => [n & 255, n >> 8];
  const pad = (bytes: number[]): number[] => [...bytes, ...new Array<number>((4 - (bytes.length % 4)) % 4).fill(0)];
  const option = (code: number, value: number[]): number[] => [...u16(code), ...u16(value.length), ...pad(value)];
  const block = (type: number, body: number[]): number[] => [...u32(type), ...u32(body.length + 12), ...body, ...u32(body.length + 12)];
  const drop = [...u32(Number(drops & 0xffffffffn)), ...u32(Number(drops >> 32n))],
    frame = new Array<number>(60).fill(0);
  return Uint8Array.from([
    ...block(0x0a0d0d0a, [...u32(0x1a2b3c4d), ...u16(1), ...u16(0), ...u32(0xffffffff), ...u32(0xffffffff)]),
    ...block(1, [...u16(1), ...u16(0), ...u32(262_144), ...option(2, [...new TextEncoder().encode(name)]), ...u32(0)]),
    ...block(6, [...u32(0), ...u32(0x64000), ...u32(0), ...u32(60), ...u32(60), ...frame]),
    ...block(5, [...u32(0), ...u32(0x64000), ...u32(0), ...option(5, drop), ...u32(0)]),
  ]);
}

/** An Ethernet frame with a UDP datagram like no other: its number is the identification and the checksum of what it carries. */
function numberedDatagram(number: number): Uint8Array {
  const frame = new Uint8Array(62),
    view = new DataView(frame.buffer);
  frame.set([2, 0, 0, 0, 0, 1, 2, 0, 0, 0, 0, 2, 8, 0, 0x45, 0, 0, 48]);
  view.setUint16(18, number + 1);
  frame.set([64, 17, 0, 0, 10, 0, 0, 1, 10, 0, 0, 2], 22);
  view.setUint16(34, 5000);
  view.setUint16(36, 6000);
  view.setUint16(38, 28);
  view.setUint16(40, Math.imul(number, 40_503) & 0xffff);
  return frame;
}
