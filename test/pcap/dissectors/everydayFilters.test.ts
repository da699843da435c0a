/** Filters that analysts type every day, on frames of our own making: which of them tshark 4.0.17 selects, with its values; checksums with their validation turned on. */
import { describe, expect, test } from 'vitest';

import { checkFilter, selectFrames } from '../../../src/analysis/filtering.ts';
import { bufferSource } from '../../../src/pcap/byteSource.ts';
import { pcap } from '../../../src/pcap/formats/pcap.ts';
import { ipBytes, PacketBuilder, udpBytes } from '../../support/packetBuilder.ts';
import { hex } from '../../support/streamDriver.ts';

const frames = async (builder: PacketBuilder, filter: string): Promise<number[]> => {
  const selection = await selectFrames(bufferSource(builder.bytes()), pcap, filter, undefined, {});
  return Array.from({ length: 40 }, (_, i) => i + 1).filter((frame) => selection.has(frame));
};

describe('Ethernet', () => {
  const udp = (tail: string, payload = 'aa', destination = 'ffffffffffff'): Uint8Array =>
    Uint8Array.from([
      ...hex(`${destination}0200000000010800`),
      ...ipBytes({ from: '10.0.0.1', to: '10.0.0.2', protocol: 17, payload: udpBytes({ from: '', to: '', sourcePort: 4660, destinationPort: 4661, payload: hex(payload) }) }),
      ...hex(tail),
    ]); // prettier-ignore
  const ARP = '0001080006040001 0200000000010a000001 0000000000000a000002';
  const builder = new PacketBuilder()
    .frame(udp('00'.repeat(17)))
    .frame(udp('00'.repeat(10)))
    .frame(udp('11'.repeat(17)))
    .frame(udp(`${'00'.repeat(17)}deadbeef`))
    .frame(udp('00'.repeat(30)))
    .frame(udp('11223344', 'aa'.repeat(40), '001122334455'))
    .frame(udp('112233445566', 'aa'.repeat(40)))
    .frame(udp('0000', 'aa'.repeat(40)))
    .frame(hex(`ffffffffffff 020000000001 0806 ${ARP}${'00'.repeat(18)}`))
    .frame(hex('0180c2000000 001122334455 0026 424203 0000000000800000112233445500000000800000112233445580010000140002000f00 0000000000000000'));

  test.each([
    ['eth.padding', [1, 4, 5, 9, 10]],
    ['eth.trailer', [2, 3, 5, 7, 8]],
    ['eth.trailer == 11:22', [7]],
    ['eth.fcs', [4, 5, 6, 7]],
    ['eth.fcs == 0xdeadbeef', [4]],
    ['eth.fcs.status == "Unverified"', [4, 5, 6, 7]],
    ['eth.dst.ig == 1', [1, 2, 3, 4, 5, 7, 8, 9, 10]],
    ['eth.ig == 0', [1, 2, 3, 4, 5, 6, 7, 8, 9, 10]],
    ['eth.dst.lg == 0', [6, 10]],
    ['eth.src.lg', [1, 2, 3, 4, 5, 6, 7, 8, 9, 10]],
    ['eth.src.lg == 0', [10]],
    ['eth.addr.oui == 0x001122', [6, 10]],
    ['eth.dst.oui == 0xffffff', [1, 2, 3, 4, 5, 7, 8, 9]],
    ['eth.type == IPv4', [1, 2, 3, 4, 5, 6, 7, 8]],
    ['eth.type == "ARP"', [9]],
  ])('%s', async (filter, expected) => expect(await frames(builder, filter)).toEqual(expected));
});

describe('checksums', () => {
  // RFC 1071 by hand: the header of the first adds up to 0xffff with 0x66cd; 10.0.0.1 to 10.0.0.2, ports 1 and 2, "a" with 0x8ad6.
  const frame = (header: string, sum: string): Uint8Array =>
    hex(`020000000002 020000000001 0800 4500001d000100004011 ${header} 0a000001 0a000002 0001 0002 0009 ${sum} 61`);
  const builder = new PacketBuilder()
    .frame(frame('66cd', '8ad6'))
    .frame(frame('66ce', '8ad7'))
    .frame(frame('0000', '0000'))
    // The sum of the pseudo-header alone, which the card completes: 0x0a00 + 0x0001 + 0x0a00 + 0x0002 + 17 + 9.
    .frame(frame('66cd', '141d'));
  test.each([
    ['ip.checksum.status == "Good"', [1, 4]],
    ['ip.checksum.status == "Bad"', [2]],
    ['ip.checksum.status == "Unverified"', [3]],
    ['udp.checksum.status == "Good"', [1]],
    ['udp.checksum.status == "Bad"', [2]],
    ['udp.checksum.status == "Not present"', [3]],
    ['udp.checksum.status == "Unverified"', [4]],
  ])('%s', async (filter, expected) => expect(await frames(builder, filter)).toEqual(expected));
});

describe('fragments', () => {
  const fragment = (offset: number, more: boolean, payload: string): Uint8Array =>
    hex(
      `020000000002 020000000001 0800 45000024 0007 ${((more ? 0x2000 : 0) | (offset / 8)).toString(16).padStart(4, '0')} 40fd 0000 0a000001 0a000002 ${payload}`,
    );
  const builder = new PacketBuilder().frame(fragment(0, true, '11'.repeat(16))).frame(fragment(16, true, '22'.repeat(16))).frame(fragment(32, false, '33'.repeat(16))); // prettier-ignore
  test.each([
    ['ip.fragment == 2', [3]],
    ['ip.fragment.count == 3 and ip.reassembled.length == 48', [3]],
    // What `tshark -2` knows.
    ['ip.reassembled_in == 3', [1, 2]],
  ])('%s', async (filter, expected) => expect(await frames(builder, filter)).toEqual(expected));
});

describe('ARP, ICMP, DNS, TCP', () => {
  const arp = (opcode: number, mac: string, ip: string, asked: string): Uint8Array =>
    hex(`ffffffffffff ${mac} 0806 000108000604000${opcode} ${mac}${ip} 000000000000${asked}`);
  const echo = (type: number, sequence: number, sum: string): Uint8Array => hex(`0${type}00 ${sum} 0001 000${sequence}`);
  const dns = (flags: string): Uint8Array => hex(`0007 ${flags} 0001 0000 0000 0000 0161 00 0001 0001`);
  const A = '10.0.0.1',
    B = '10.0.0.2';
  const builder = new PacketBuilder()
    .frame(arp(1, '020000000001', '0a000001', '0a000002'))
    .frame(arp(2, '020000000009', '0a000001', '0a000001'))
    .ip({ from: A, to: B, protocol: 1, payload: echo(8, 1, 'f7fd') })
    .ip({ from: B, to: A, protocol: 1, payload: echo(0, 1, 'fffd') })
    .ip({ from: A, to: B, protocol: 1, payload: echo(8, 2, 'f7fc') })
    .udp({ from: A, to: B, sourcePort: 5000, destinationPort: 53, payload: dns('0100') })
    .udp({ from: B, to: A, sourcePort: 53, destinationPort: 5000, payload: dns('8180') })
    .udp({ from: B, to: A, sourcePort: 53, destinationPort: 5001, payload: dns('8180') })
    .tcp({ from: A, to: B, sourcePort: 5000, destinationPort: 80, flags: 0x12 })
    // SACK of one block behind two NOPs.
    .ip({ from: A, to: B, protocol: 6, payload: hex('1388 0050 00000001 00000001 8010 0400 0000 0000 0101 050a 00000010 00000020') });
  test.each([
    ['arp.duplicate-address-detected', [2]],
    ['arp.duplicate-address-frame == 1', [2]],
    ['arp.isgratuitous == 1', [2]],
    ['icmp.resp_not_found', [5]],
    ['dns.unsolicited', [8]],
    ['tcp.flags.str == "·······A··S·"', [9]],
    ['tcp.options.sack', [10]],
    ['tcp.options.sack.count == 1', [10]],
  ])('%s', async (filter, expected) => expect(await frames(builder, filter)).toEqual(expected));
});

test('names that Wireshark has given up are those of today; others lead to what there is', () => {
  for (const filter of ['bootp', 'bootp.option.dhcp == 1', 'ssl', 'ssl.handshake.type == 1']) expect(checkFilter(filter)).toMatchObject({ ok: true });
  for (const [filter, words] of [
    ['http.content', 'did you mean http.file_data?'],
    ['tcp.sport == 1', 'did you mean tcp.srcport?'],
    ['xmpp', 'xmpp is not read, its packets are found by tcp.port == 5222 or tcp.port == 5269'],
    ['nfs.opcode == 3', 'nfs is not read, its packets are found by tcp.port == 2049 or udp.port == 2049'],
    ['usb', 'usb is not read'],
    ['_ws.expert', '_ws.malformed or tcp.analysis.flags'],
  ] as const)
    expect(checkFilter(filter)).toMatchObject({ ok: false, message: expect.stringContaining(words) as string });
});
