/** Machines that claim IPv6 addresses of others by Neighbor Discovery are found; a new card, anycast, routers that answer for others and hosts that defend their own are not. */
import fs from 'node:fs';
import { describe, expect, test } from 'vitest';
import { checkFilter } from '../../../src/analysis/filtering.ts';
import { analyzeCapture, findingsOf, sample } from '../../support/analyzeCapture.ts';
import { PacketBuilder } from '../../support/packetBuilder.ts';

const ROUTER = 1,
  VICTIM = 0x30,
  EVIL = 0x66,
  /** `::`, and the group of all nodes. */
  NOBODY = -1,
  EVERYBODY = -2,
  OVERRIDE = 0x20,
  SOLICITED = 0x40;
const run = async (capture: string | Uint8Array) => findingsOf(await analyzeCapture(capture), 'ndp-spoofing');

/** fd00::<last>. */
function address(last: number): number[] {
  const bytes = new Array<number>(16).fill(0);
  if (last === NOBODY) return bytes;
  bytes[0] = last === EVERYBODY ? 0xff : 0xfd;
  if (last === EVERYBODY) bytes[1] = 2;
  bytes[15] = last === EVERYBODY ? 1 : last;
  return bytes;
}
const macOf = (last: number): number[] => (last < 0 ? [0x33, 0x33, 0, 0, 0, 1] : [2, 0, 0, 0, 0, last]);

/** RFC 4861 sections 4.3 and 4.4: type, code, checksum, flags, target, and the link-layer address of the card `mac`. */
function discovery(
  builder: PacketBuilder,
  type: 135 | 136,
  mac: number,
  [from, to]: readonly [number, number],
  target: number,
  flags = 0,
): PacketBuilder {
  const option = from === NOBODY ? [] : [type === 135 ? 1 : 2, 1, ...macOf(mac)],
    message = [type, 0, 0, 0, flags, 0, 0, 0, ...address(target), ...option];
  return builder.frame(
    Uint8Array.from([
      ...macOf(to),
      ...macOf(mac),
      0x86,
      0xdd,
      0x60,
      0,
      0,
      0,
      0,
      message.length,
      58,
      255,
      ...address(from),
      ...address(to),
      ...message,
    ]),
  );
}
/** LINKTYPE_LINUX_SLL: type of the packet, kind of the device, length of the sender's address and the address, in the place of Ethernet's header. */
function cooked(path: string): Uint8Array {
  const bytes = Uint8Array.from(fs.readFileSync(path)),
    view = new DataView(bytes.buffer),
    parts: Uint8Array[] = [bytes.slice(0, 24)];
  new DataView(parts[0]!.buffer).setUint32(20, 113, true);
  for (let at = 24; at < bytes.length;) {
    const length = view.getUint32(at + 8, true),
      frame = bytes.slice(at + 16, at + 16 + length),
      record = bytes.slice(at, at + 16);
    for (const field of [8, 12]) new DataView(record.buffer).setUint32(field, length + 2, true);
    parts.push(record, Uint8Array.from([0, 1, 0, 1, 0, 6, ...frame.subarray(6, 12), 0, 0]), frame.subarray(12));
    at += 16 + length;
  }
  return Buffer.concat(parts);
}
const ask = (builder: PacketBuilder, mac: number, from: number, target: number): PacketBuilder =>
  discovery(builder, 135, mac, [from, EVERYBODY], target);
const advertise = (builder: PacketBuilder, mac: number, target: number, to: number, flags: number): PacketBuilder =>
  discovery(builder, 136, mac, [target, to], target, flags);
/** The victim asks for the router, which answers. */
const known = (): PacketBuilder => advertise(ask(new PacketBuilder(), VICTIM, VICTIM, ROUTER), ROUTER, ROUTER, VICTIM, SOLICITED | OVERRIDE).wait(8);

describe('is spoofing', () => {
  test('thc-ipv6 between a host and its router, and against hosts that look for addresses', async () => {
    const findings = await run(sample('ndp-spoofing.pcap'));
    // tshark: icmpv6.opt.linkaddr of the intruder in advertisements of fd00:10::1; advertisements of fd00:10::b1 to b5.
    expect(
      findings.map(({ evidence, subjects }) => [subjects[0]!.role, evidence.frames.filter((frame) => [15, 24, 33, 49, 69].includes(frame))]),
    ).toEqual(
      expect.arrayContaining([
        ['attacker', [15, 24, 33]],
        ['spoofed', [49, 69]],
      ]),
    );
    for (const { evidence } of findings) expect(checkFilter(evidence.filter).ok).toBe(true);
  });

  test('advertisements that nobody asked for, after the router had answered', async () => {
    const builder = known();
    ask(builder, EVIL, EVIL, VICTIM).wait(6);
    for (let i = 0; i < 3; i++) advertise(builder, EVIL, ROUTER, VICTIM, OVERRIDE).wait(4);
    expect(await run(builder.bytes())).toMatchObject([
      {
        severity: 'high',
        attack: ['T1557'],
        subjects: [
          { role: 'attacker', address: '02:00:00:00:00:66' },
          { role: 'victim', address: 'fd00::1' },
        ],
      },
    ]);
  });

  test('questions in the name of the router, which is still there', async () => {
    const builder = known();
    for (let i = 0; i < 4; i++) discovery(builder, 135, EVIL, [ROUTER, VICTIM], VICTIM).wait(1);
    discovery(builder, 135, ROUTER, [ROUTER, VICTIM], VICTIM).wait(1);
    expect(await run(builder.bytes())).toMatchObject([{ severity: 'medium', subjects: [{ address: '02:00:00:00:00:66' }, { address: 'fd00::1' }] }]);
  });
});

describe('is not spoofing', () => {
  test('a new card, twelve addresses and one that is taken', async () => {
    expect(await run(sample('ndp-new-card.pcap'))).toEqual([]);
  });

  test('the same as tcpdump -i any records it: nobody knows who asked whether an address is free', async () => {
    expect(await run(cooked(sample('ndp-new-card.pcap')))).toEqual([]);
  });

  test('a new card that never said so: the old one is silent', async () => {
    const builder = known();
    for (let i = 0; i < 6; i++) discovery(builder, 135, EVIL, [ROUTER, VICTIM], VICTIM).wait(5);
    expect(await run(builder.bytes())).toEqual([]);
  });

  test('two servers of one anycast address: neither overrides the other (RFC 4861 section 7.2.7)', async () => {
    const builder = new PacketBuilder();
    for (let i = 0; i < 8; i++) advertise(ask(builder, VICTIM, VICTIM, 0x53), i % 2 === 0 ? 5 : 6, 0x53, VICTIM, SOLICITED).wait(20);
    expect(await run(builder.bytes())).toEqual([]);
  });

  test('a host that defends its own addresses against a twin', async () => {
    const builder = new PacketBuilder();
    for (const own of [0x71, 0x72, 0x73, 0x74]) {
      ask(builder, VICTIM, own, ROUTER).wait(5);
      ask(builder, EVIL, NOBODY, own).wait(0.1);
      advertise(builder, VICTIM, own, EVERYBODY, OVERRIDE).wait(5);
    }
    expect(await run(builder.bytes())).toEqual([]);
  });
});
