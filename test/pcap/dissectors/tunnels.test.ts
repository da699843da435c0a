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
  ])('%s: the inner header came via %s, the outer one via nothing', (what, via) => {
    expect(viasOf(what)).toEqual(['', via]);
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
