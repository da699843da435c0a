/** What ICMP errors and silence say of services. Types and codes are those of RFC 792, RFC 1191, RFC 1812 and RFC 4443; DHCP is that of RFC 2131. */
import { describe, expect, test } from 'vitest';
import { failedConnections, type Service } from '../../../src/analysis/engineApi.ts';
import { sample } from '../../support/analyzeCapture.ts';
import { ACK, ipBytes, PacketBuilder, SYN, tcpBytes, udpBytes } from '../../support/packetBuilder.ts';
import { CLIENT, connection, HANDSHAKE, SERVER, servicesOf } from '../../support/services.ts';

const ROUTER = '10.0.0.1';

/** A SYN of its own connection each time, and the error that comes back for it. */
function refusedSyn(builder: PacketBuilder, type: number, code: number, clientPort: number): PacketBuilder {
  const syn = { from: CLIENT, to: SERVER, sourcePort: clientPort, destinationPort: 25, flags: SYN, sequence: 1 };
  return builder.tcp(syn).icmpError({ from: ROUTER, to: CLIENT, type, code, quote: ipBytes({ ...syn, protocol: 6, payload: tcpBytes(syn) }) });
}
function refusedDatagram(builder: PacketBuilder, port: number, more: { readonly ttl?: number } = {}): PacketBuilder {
  const datagram = { from: CLIENT, to: SERVER, sourcePort: 50_000, destinationPort: port, payload: new Uint8Array(5), ...more };
  builder
    .udp(datagram)
    .icmpError({ from: SERVER, to: CLIENT, type: 3, code: 3, quote: ipBytes({ ...datagram, protocol: 17, payload: udpBytes(datagram) }) });
  return builder.wait(1);
}
const told = ({ outcomes }: Service): unknown => outcomes.map(({ kind, what, times, frame }) => [kind, what, times, frame]);
async function only(builder: PacketBuilder): Promise<Service> {
  const { rows } = await servicesOf(builder.bytes());
  expect(rows.length).toBe(1);
  return rows[0]!;
}

describe('connections', () => {
  test('that a router or a firewall turns away: what for is said', async () => {
    const builder = new PacketBuilder();
    refusedSyn(builder, 3, 3, 40_001);
    refusedSyn(builder, 3, 1, 40_002);
    refusedSyn(builder, 3, 13, 40_003);
    const row = await only(builder);
    expect(row).toMatchObject({ id: `tcp ${SERVER} 25`, connections: 3, refused: 1, unreachable: 2, unanswered: 0 });
    expect(failedConnections(row)).toBe(3);
    expect(told(row)).toEqual([
      ['trouble', 'ICMP: Port unreachable', 1, 2],
      ['trouble', 'ICMP: Host unreachable', 1, 4],
      ['trouble', 'ICMP: Communication administratively filtered', 1, 6],
    ]);
  });

  test('over IPv6', async () => {
    const syn = { from: '2001:db8::2', to: '2001:db8::9', sourcePort: 40_000, destinationPort: 25, flags: SYN, sequence: 1 },
      quote = ipBytes({ ...syn, protocol: 6, payload: tcpBytes(syn) }),
      builder = new PacketBuilder().tcp(syn).icmpError({ from: '2001:db8::1', to: syn.from, type: 1, code: 0, quote });
    const row = await only(builder);
    expect([row.unreachable, row.unanswered, told(row)]).toEqual([1, 0, [['trouble', 'ICMPv6: No route to destination', 1, 2]]]);
  });

  test('a loop and a path for smaller packets are told, and fail nothing by themselves', async () => {
    const looping = await only(refusedSyn(new PacketBuilder(), 11, 0, 40_001));
    expect([looping.unanswered, looping.unreachable, told(looping)]).toEqual([1, 0, [['trouble', 'ICMP: Time to live exceeded in transit', 1, 2]]]);
    // Of the server's data: it is told that they are too large.
    const large = {
      from: SERVER,
      to: CLIENT,
      sourcePort: 25,
      destinationPort: 40_000,
      flags: ACK,
      sequence: 5001,
      acknowledgment: 1001,
      payload: new Uint8Array(1400),
    };
    const path = connection(new PacketBuilder(), 25, HANDSHAKE).tcp(large);
    path.icmpError({ from: ROUTER, to: SERVER, type: 3, code: 4, quote: ipBytes({ ...large, protocol: 6, payload: tcpBytes(large) }) });
    const row = await only(path);
    expect([failedConnections(row), told(row)]).toEqual([0, [['trouble', 'ICMP: Fragmentation needed', 1, 5]]]);
  });
});

describe('datagrams', () => {
  test('to a port where nobody listens are refused', async () => {
    const builder = new PacketBuilder();
    for (let i = 0; i < 3; i++) refusedDatagram(builder, 514);
    const row = await only(builder);
    expect(row).toMatchObject({ id: `udp ${SERVER} 514`, connections: null, refused: 3, unreachable: 0 });
    expect([failedConnections(row), told(row)]).toEqual([3, [['trouble', 'ICMP: Port unreachable', 3, 2]]]);
  });

  test('an answer that comes too late for its client is no broken service, nor is the end of a traceroute', async () => {
    const answer = { from: SERVER, to: CLIENT, sourcePort: 514, destinationPort: 50_000, payload: new Uint8Array(9) },
      late = new PacketBuilder().udp({ ...answer, from: CLIENT, to: SERVER, sourcePort: 50_000, destinationPort: 514 }).udp(answer);
    late.icmpError({ from: CLIENT, to: SERVER, type: 3, code: 3, quote: ipBytes({ ...answer, protocol: 17, payload: udpBytes(answer) }) });
    expect(await servicesOf(late.bytes())).toMatchObject({ total: 0 });
    expect(await servicesOf(refusedDatagram(new PacketBuilder(), 33_436, { ttl: 3 }).bytes())).toMatchObject({ total: 0 });
  });

  test('many closed ports of one server look like a scan, over UDP too', async () => {
    const builder = new PacketBuilder();
    for (let port = 1; port <= 9; port++) refusedDatagram(builder, port);
    expect(await servicesOf(builder.bytes())).toMatchObject({ total: 0, limits: [expect.stringContaining(`9 ports of ${SERVER}`) as string] });
  });
});

describe('DHCP', () => {
  /** RFC 2131 section 2: operation, Ethernet, transaction id, hardware address at 28, cookie at 236, then option 53. */
  function dhcp(type: number, id: number): Uint8Array {
    const bytes = new Uint8Array(244);
    bytes.set([type === 2 || type > 4 ? 2 : 1, 1, 6, 0, 0, 0, 0, id]);
    bytes.set([2, 0, 0, 0, 0, 7], 28);
    bytes.set([0x63, 0x82, 0x53, 0x63, 53, 1, type, 255], 236);
    return bytes;
  }
  const asks = (builder: PacketBuilder, type: number, id: number): PacketBuilder =>
    builder.udp({ from: '0.0.0.0', to: '255.255.255.255', sourcePort: 68, destinationPort: 67, payload: dhcp(type, id) });
  const answers = (builder: PacketBuilder, type: number, id: number): PacketBuilder =>
    builder.udp({ from: ROUTER, to: '10.0.0.77', sourcePort: 67, destinationPort: 68, payload: dhcp(type, id) });

  test('clients that no server answers', async () => {
    const builder = new PacketBuilder();
    for (let i = 0; i < 4; i++) asks(builder, 1, 9).wait(2);
    const row = await only(builder);
    expect(row).toMatchObject({
      id: 'udp 255.255.255.255 67',
      service: 'dhcp',
      clients: 1,
      packets: 4,
      requests: 1,
      unansweredRequests: 1,
      answer: null,
    });
    expect(told(row)).toEqual([['trouble', 'Discover: no server answered', 1, 1]]);
  });

  test('a server that gives, and one that refuses', async () => {
    const builder = new PacketBuilder();
    asks(builder, 1, 9).wait(0.5);
    answers(builder, 2, 9).wait(0.5);
    asks(builder, 3, 9).wait(0.25);
    answers(builder, 5, 9).wait(0.5);
    asks(builder, 3, 10).wait(0.25);
    answers(builder, 6, 10);
    const row = await only(builder);
    expect(row).toMatchObject({
      id: `udp ${ROUTER} 67`,
      service: 'dhcp',
      requests: 3,
      unansweredRequests: 0,
      errors: 1,
      answer: { count: 3, max: 0.5, maxFrame: 2 },
    });
    expect(told(row)).toEqual([
      ['answer', 'Offer', 1, 2],
      ['answer', 'ACK', 1, 4],
      ['error', 'NAK', 1, 6],
    ]);
  });

  // tshark -r dhcp-ntp.pcap -Y dhcp -e dhcp.option.dhcp: 3 Discovers, 5 Requests, 3 Offers, 5 ACKs (and one that an ICMP error quotes).
  test('in a capture of our own each request has its answer', async () => {
    const { rows } = await servicesOf(sample('dhcp-ntp.pcap'), 'dhcp');
    expect(rows.map(({ id, requests, unansweredRequests, answer }) => [id, requests, unansweredRequests, answer?.count])).toEqual([
      ['udp 192.168.10.1 67', 8, 0, 8],
    ]);
  });
});
