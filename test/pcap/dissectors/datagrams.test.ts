/** Applications over UDP: datagrams of our own making or of the RFCs, values as tshark 4.0.17 prints them. */
import { describe, expect, it } from 'vitest';
import { dhcpMessage } from '../../../src/pcap/dhcp/message.ts';
import { dissectFrame, newPacket } from '../../support/dissectFrame.ts';
import { testCases } from '../../support/dissectorCases.ts';
import { ipBytes, udpBytes } from '../../support/packetBuilder.ts';
import { bytesOf, hex } from '../../support/streamDriver.ts';
import { controlFrames } from './frames/control.ts';
import { datagramsFrames } from './frames/datagrams.ts';
import { namesFrames } from './frames/names.ts';

describe('applications over UDP', () => testCases(datagramsFrames));
describe('industrial and building control over UDP', () => testCases(controlFrames));

function frameOf(what: string): Uint8Array {
  const found = datagramsFrames.find((one) => one.what === what);
  if (found === undefined) throw new Error(what);
  return hex(found.frame);
}

function namesOf(what: string): Uint8Array {
  const found = namesFrames.find((one) => one.what === what);
  if (found === undefined) throw new Error(what);
  return hex(found.frame);
}

function datagram(sourcePort: number, destinationPort: number, payload: Uint8Array, from = '10.0.0.1', to = '10.0.0.2'): Uint8Array {
  return Uint8Array.from([
    ...hex('020000000002020000000001 0800'),
    ...ipBytes({ from, to, protocol: 17, payload: udpBytes({ from, to, sourcePort, destinationPort, payload }) }),
  ]);
}

describe('DHCP messages', () => {
  it('tell who asks for what', () => {
    const [message] = dissectFrame(frameOf('DHCP discover')).messages;
    expect(message !== undefined && dhcpMessage.is(message) ? message : null).toMatchObject({
      isReply: false,
      messageType: 1,
      transactionId: 0x3903f326,
      clientMacHigh: 0x0200,
      clientMacLow: 1,
      requestedIp: 0x0a000064,
      hostName: 'laptop',
      fullName: 'laptop.',
      vendorClass: 'MSFT 5.0',
      requestList: [1, 3, 6, 15],
    });
  });

  it('tell what is handed out', () => {
    const [message] = dissectFrame(frameOf('DHCP acknowledgement')).messages;
    expect(message !== undefined && dhcpMessage.is(message) ? message : null).toMatchObject({
      isReply: true,
      messageType: 5,
      yourIp: 0x0a000064,
      serverId: 0x0a000001,
      subnetMask: 0xffffff00 | 0,
      routers: [0x0a000001],
      dnsServers: [0x0a000035, 0x0a000036],
      leaseSeconds: 86_400,
      domainName: 'example.com',
    });
  });
});

describe('a DHCP acknowledgement that the snap length cut', () => {
  const frame = frameOf('DHCP acknowledgement');

  it.each([
    // What tshark 4.0.17 shows of the same frame behind editcap -s.
    { bytes: 96, yourIp: ['10.0.0.100'], mac: ['02:00:00:00:00:01'], info: 'Boot Reply for 10.0.0.100' },
    { bytes: 64, yourIp: ['10.0.0.100'], mac: undefined, info: 'Boot Reply for 10.0.0.100' },
    { bytes: 54, yourIp: undefined, mac: undefined, info: 'Boot Reply - Transaction ID' },
  ])('at $bytes bytes shows what is there', ({ bytes, yourIp, mac, info }) => {
    const cut = dissectFrame(frame.subarray(0, bytes), { originalLength: frame.length });
    expect(cut.layers).toBe('eth:ip:udp:dhcp');
    expect(cut.fields.get('dhcp.type')).toEqual(['2']);
    expect(cut.fields.get('dhcp.ip.your')).toEqual(yourIp);
    expect(cut.fields.get('dhcp.hw.mac_addr')).toEqual(mac);
    expect(cut.info).toContain(info);
    expect(cut.notes).toContain('note: Packet size limited during capture');
    expect(cut.messages).toEqual([]);
  });
});

describe('what a conversation said once', () => {
  const short = hex('41 8394c8f03e515708 00112233445566778899aabbccddeeff');

  it('makes the short headers after a QUIC handshake QUIC, in both directions and from then on', () => {
    const packet = newPacket();
    expect(dissectFrame(datagram(50000, 443, short), { packet }).layers).toBe('eth:ip:udp');
    expect(dissectFrame(frameOf('QUIC Initial (RFC 9001 appendix A)'), { packet }).layers).toBe('eth:ip:udp:quic');
    expect(dissectFrame(datagram(50000, 443, short), { packet }).layers).toBe('eth:ip:udp:quic');
    expect(dissectFrame(datagram(443, 50000, short, '10.0.0.2', '10.0.0.1'), { packet }).layers).toBe('eth:ip:udp:quic');
    expect(dissectFrame(datagram(50001, 443, short), { packet }).layers).toBe('eth:ip:udp');
  });

  it('makes the transfer after a TFTP request TFTP, though the server answers from another port', () => {
    const packet = newPacket(),
      block = bytesOf('\0\x03\0\x01data');
    expect(dissectFrame(datagram(40001, 50001, block, '10.0.0.2', '10.0.0.1'), { packet }).layers).toBe('eth:ip:udp');
    dissectFrame(frameOf('TFTP read request'), { packet });
    expect(dissectFrame(datagram(40001, 50001, block, '10.0.0.2', '10.0.0.1'), { packet }).layers).toBe('eth:ip:udp:tftp');
    expect(dissectFrame(datagram(50001, 40001, bytesOf('\0\x04\0\x01')), { packet }).layers).toBe('eth:ip:udp:tftp');
    expect(dissectFrame(datagram(50001, 40001, bytesOf('hello')), { packet }).layers).toBe('eth:ip:udp');
  });

  it('makes data WireGuard that fills a packet to the MTU, which is no multiple of 16 bytes', () => {
    const packet = newPacket(),
      full = Uint8Array.from([4, 0, 0, 0, 0x21, 0x43, 0x65, 0x87, 8, ...new Uint8Array(1443)]);
    expect(dissectFrame(datagram(51_820, 51_821, full), { packet }).layers).toBe('eth:ip:udp');
    dissectFrame(frameOf('WireGuard data'), { packet });
    expect(dissectFrame(datagram(51_821, 51_820, full, '10.0.0.2', '10.0.0.1'), { packet }).layers).toBe('eth:ip:udp:wg');
    full[1] = 1;
    expect(dissectFrame(datagram(51_820, 51_821, full), { packet }).layers).toBe('eth:ip:udp');
  });

  // tshark: `eth:ethertype:ip:udp:wg` of the same 60 bytes.
  it('knows WireGuard by as much of it as a capture of 60 bytes has', () => {
    const whole = frameOf('WireGuard initiation'),
      data = frameOf('WireGuard data');
    for (const frame of [whole, data]) expect(dissectFrame(frame.subarray(0, 60), { originalLength: frame.length }).layers).toBe('eth:ip:udp:wg');
  });

  it('makes what goes through a channel STUN, once the channel is bound (RFC 8656 section 12)', () => {
    const packet = newPacket(),
      data = hex('4003 0005 8000000104 000000');
    expect(dissectFrame(datagram(50_000, 40_003, data), { packet }).layers).toBe('eth:ip:udp');
    dissectFrame(datagram(50_000, 40_003, hex('0009 0008 2112a442 000102030405060708090a0b 000c 0004 40030000')), { packet });
    expect(dissectFrame(datagram(40_003, 50_000, data, '10.0.0.2', '10.0.0.1'), { packet })).toMatchObject({ layers: 'eth:ip:udp:stun' });
    expect(dissectFrame(datagram(50_000, 40_003, data.slice(0, 9)), { packet }).layers).toBe('eth:ip:udp:stun');
    expect(dissectFrame(datagram(50_000, 40_003, data.slice(0, 8)), { packet }).layers).toBe('eth:ip:udp');
  });

  it('is bounded: any number of conversations may be learned', () => {
    const packet = newPacket(),
      initial = frameOf('QUIC Initial (RFC 9001 appendix A)').slice(42, 100);
    for (let port = 1024; port < 21_024; port++) dissectFrame(datagram(port, 443, initial), { packet, look: false });
    expect(dissectFrame(datagram(21_023, 443, short), { packet }).layers).toBe('eth:ip:udp:quic');
  });
});

describe('on ports of nobody', () => {
  const payloadOf = (frame: Uint8Array): Uint8Array => frame.subarray(42),
    query = hex('1234 0100 0001 0000 0000 0000 03777777 076578616d706c65 00 0001 0001'),
    withOpt = Uint8Array.from([...query.slice(0, 11), 1, ...query.slice(12), ...hex('00 0029 1000 00000000 0000')]);
  const sent = (payload: Uint8Array): string => dissectFrame(datagram(40_000, 8053, payload)).layers;

  // dns and sip for tshark 4.0.17, too.
  it.each(['DNS answer with CNAME, A and AAAA', 'DNS MX, NS, SOA, PTR', 'DNS DNSKEY, RRSIG and EDNS', 'DNS error answer'])(
    'a resolver is known by its words: %s',
    (what) => {
      expect(sent(payloadOf(namesOf(what)))).toBe('eth:ip:udp:dns');
    },
  );

  it('a query is DNS, with and without EDNS', () => {
    expect(sent(query)).toBe('eth:ip:udp:dns');
    expect(sent(withOpt)).toBe('eth:ip:udp:dns');
    expect(dissectFrame(datagram(40_000, 8053, query)).fields.get('dns.qry.name')).toEqual(['www.example']);
  });

  it.each([
    ['with bytes behind it', [...query, 0]],
    ['with a name that is no text', [...query.slice(0, 13), 0x80, ...query.slice(14)]],
    ['of a type that nobody knows', [...query.slice(0, -3), 0xee, 0, 1]],
    ['of a class that nobody knows', [...query.slice(0, -1), 9]],
    ['with an answer in it', [...query.slice(0, 7), 1, ...query.slice(8)]],
    ['of an opcode of its own', [...query.slice(0, 2), 0x21, ...query.slice(3)]],
    ['with something else where EDNS stands', [...withOpt.slice(0, -9), 0x10, ...withOpt.slice(-8)]],
    ['that ends within its name', [...query.slice(0, 18)]],
    ['of nothing but zeros', [0, 1, 0, 0, 0, 1, 0, 0, 0, 0, 0, 0, 0, 0, 1, 0, 1]],
  ])('a query %s is data', (_, payload) => expect(sent(Uint8Array.from(payload))).toBe('eth:ip:udp'));

  it('a telephone is known by its words', () => {
    expect(sent(payloadOf(frameOf('SIP request')))).toBe('eth:ip:udp:sip');
    expect(sent(payloadOf(frameOf('SIP status')))).toBe('eth:ip:udp:sip');
    expect(sent(bytesOf('HELLO everybody SIP/2.0\r\n\r\n'))).toBe('eth:ip:udp');
  });
});

describe('near misses: the port alone decides nothing', () => {
  const noise = Uint8Array.from({ length: 48 }, (_, i) => (i * 37 + 129) & 255);
  it.each([
    19, 53, 67, 69, 123, 137, 138, 161, 389, 443, 500, 514, 520, 546, 1701, 1812, 1900, 1985, 2152, 3478, 3544, 4789, 5060, 5353, 5355, 6081, 11211,
    17500,
  ])('noise to port %i is data', (port) => {
    expect(dissectFrame(datagram(50000, port, noise)).layers).toBe('eth:ip:udp');
  });

  it.each([
    ['a cookie in a message that is too long for its datagram', hex('0001 0100 2112a442 000102030405060708090a0b')],
    ['WireGuard of another length', Uint8Array.from([1, 0, 0, 0, ...new Uint8Array(140)])],
    ['QUIC of an unknown version', hex('c3 12345678 08 8394c8f03e515708 00 00')],
    ['a dictionary that is no DHT message', bytesOf('d3:foo3:bar5:hello5:worlde')],
  ])('%s', (_what, payload) => {
    expect(dissectFrame(datagram(50000, 40000, payload)).layers).toBe('eth:ip:udp');
  });
});
