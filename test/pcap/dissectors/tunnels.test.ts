/** Tunnels, routing and security protocols on IP: frames of our own making, values as tshark 4.0.17 prints them. */
import { describe, expect, it } from 'vitest';
import { NET_DST_PORT, NET_FLAGS, NET_HAS_PORTS, NET_QUOTED, NET_SRC_PORT, NET_STRIDE, NET_VIA } from '../../../src/pcap/packet.ts';
import { dissectFrame, newPacket } from '../../support/dissectFrame.ts';
import { testCases } from '../../support/dissectorCases.ts';
import { ipBytes, udpBytes } from '../../support/packetBuilder.ts';
import { hex } from '../../support/streamDriver.ts';
import { tunnelsFrames } from './frames/tunnels.ts';

describe('protocols on IP and tunnels', () => testCases(tunnelsFrames));

function viasOf(what: string): string[] {
  const found = tunnelsFrames.find((one) => one.what === what);
  if (found === undefined) throw new Error(what);
  const { packet } = dissectFrame(hex(found.frame));
  return Array.from({ length: packet.netCount }, (_, i) => packet.vias[packet.net[i * NET_STRIDE + NET_VIA]!] ?? '');
}

describe('tunnels', () => {
  it.each([
    ['IP in IP', 'ipip'],
    ['6in4', '6in4'],
    ['IPv4 in IPv6', '4in6'],
    ['IPv6 in IPv6', '6in6'],
    ['GRE', 'gre'],
    ['GRE with key', 'gre 42'],
    ['enhanced GRE with PPP', 'pptp'],
    ['GRE with ERSPAN II', 'gre'],
    ['EtherIP', 'etherip'],
    ['VXLAN', 'vxlan 123'],
    ['Geneve with Ethernet', 'geneve 123'],
    ['GTP', 'gtp 0x00000001'],
    ['Teredo with origin', 'teredo'],
    ['L2TP data', 'l2tp 1'],
    ['PIM register', 'pim'],
    ['CAPWAP with a frame of a station', 'capwap'],
    ['CAPWAP with Ethernet, to an access point', 'capwap'],
  ])('%s: the inner header came via %s, the outer one via nothing', (what, via) => {
    expect(viasOf(what)).toEqual(['', via]);
  });

  // tshark names vxlan in frames of 60 bytes, too (and the 10 bytes behind it as far as they go).
  it('VXLAN is known where a capture of 60 bytes has not the whole header of the frame in it', () => {
    const frame = hex(tunnelsFrames.find(({ what }) => what === 'VXLAN')!.frame);
    expect(dissectFrame(frame.subarray(0, 60), { originalLength: frame.length }).layers).toBe('eth:ip:udp:vxlan:eth');
  });

  it('are bounded in number: beyond 4096 labels only the kind is told', () => {
    const packet = newPacket();
    for (let i = 0; i < 5000; i++) packet.enterTunnel('vxlan', i);
    expect(packet.vias.length).toBe(4097);
    expect(packet.vias[packet.via]).toBe('vxlan');
  });
});

const ETHERNET_IPV4 = hex('020000000002020000000001 0800');

function frameOf(protocol: number, payload: Uint8Array): Uint8Array {
  return Uint8Array.from([...ETHERNET_IPV4, ...ipBytes({ from: '10.0.0.1', to: '10.0.0.2', protocol, payload })]);
}

/** A station's frame in two pieces: which of them carries it, and as what, is as tshark 4.0.17 says. */
describe('CAPWAP in fragments', () => {
  const [first, second] = [
    '02000000000202000000000108004500004c000100004011669e0a0000010a000002c350147f00380000001043800009000001082c0002aabbccdd0102aabbccdd0202aabbccdd031001aaaa0300000008004500002100010000',
    '02000000000202000000000108004500003d00020000401166ac0a0000010a000002c350147f00290000001043c0000900284011f774c0a80105c0a801019c400457000d000068656c6c6f',
  ].map(hex) as [Uint8Array, Uint8Array];

  it.each([
    ['in order', first, second],
    ['the other way round', second, first],
  ])('%s: the frame that makes it whole carries it', (_what, one, other) => {
    const packet = newPacket();
    expect(dissectFrame(one, { packet }).layers).toBe('eth:ip:udp:capwap.data');
    const { layers, fields } = dissectFrame(other, { packet });
    expect(layers).toBe('eth:ip:udp:capwap.data:wlan:llc:ip:udp');
    expect(fields.get('wlan.sa')).toEqual(['02:aa:bb:cc:dd:02']);
  });

  it('that never become whole take no more than their bound', () => {
    const packet = newPacket(),
      frame = first.slice(),
      view = new DataView(frame.buffer);
    for (let i = 0; i < 3000; i++) {
      // Fragment ID, behind Ethernet, IPv4, UDP, and the first word.
      view.setUint16(14 + 20 + 8 + 4, i);
      dissectFrame(frame, { packet, look: false });
    }
    expect(packet.capwapFragments.evicted).toBe(3000 - 1024);
  });
});

describe('SCTP', () => {
  it('notes its ports, so that its conversations count', () => {
    const found = tunnelsFrames.find(({ what }) => what === 'SCTP data')!,
      { packet } = dissectFrame(hex(found.frame));
    expect([packet.net[NET_SRC_PORT], packet.net[NET_DST_PORT], packet.net[NET_FLAGS]]).toEqual([2905, 2905, NET_HAS_PORTS]);
  });
});

describe('ICMP errors', () => {
  it('mark the headers they quote, and what those quote is dissected without a word from the application', () => {
    const quoted = ipBytes({
      from: '10.0.0.2',
      to: '10.0.0.1',
      protocol: 17,
      payload: udpBytes({
        from: '',
        to: '',
        sourcePort: 40000,
        destinationPort: 53,
        payload: hex('1234 0100 0001 0000 0000 0000 01 61 00 0001 0001'),
      }),
    });
    const { layers, packet, messages } = dissectFrame(frameOf(1, Uint8Array.from([3, 3, 0, 0, 0, 0, 0, 0, ...quoted])));
    expect(layers).toBe('eth:ip:icmp:ip:udp:dns');
    expect([packet.netCount, packet.net[NET_FLAGS]! & NET_QUOTED, packet.net[NET_STRIDE + NET_FLAGS]! & NET_QUOTED]).toEqual([2, 0, NET_QUOTED]);
    expect(packet.application).toBe(-1);
    expect(messages).toEqual([]);
  });
});

describe('near misses', () => {
  it.each([
    ['an IPv4 header without payload names no protocol above', frameOf(47, new Uint8Array(0)), 'eth:ip'],
    [
      'VXLAN without its flag',
      frameOf(17, udpBytes({ from: '', to: '', sourcePort: 1, destinationPort: 4789, payload: new Uint8Array(40) })),
      'eth:ip:udp',
    ],
    [
      'GTP of another length',
      frameOf(17, udpBytes({ from: '', to: '', sourcePort: 1, destinationPort: 2152, payload: hex('30ff ffff 00000001 45') })),
      'eth:ip:udp',
    ],
    [
      'Teredo without IPv6',
      frameOf(17, udpBytes({ from: '', to: '', sourcePort: 1, destinationPort: 3544, payload: new Uint8Array(60) })),
      'eth:ip:udp',
    ],
  ])('%s', (_what, frame, layers) => {
    expect(dissectFrame(frame).layers).toBe(layers);
  });
});
