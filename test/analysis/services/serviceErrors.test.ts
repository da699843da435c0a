/** What ICMP errors and silence say of services. Types and codes are those of RFC 792, RFC 1191, RFC 1812 and RFC 4443; DHCP is that of RFC 2131. */
import { describe, expect, test } from 'vitest';
import { failedConnections, type Service } from '../../../src/analysis/engineApi.ts';
import { sample } from '../../support/analyzeCapture.ts';
import { dnsBytes } from '../../support/dialogue.ts';
import { ACK, ipBytes, PacketBuilder, SYN, tcpBytes, udpBytes } from '../../support/packetBuilder.ts';
import { CLIENT, connection, HANDSHAKE, SERVER, servicesOf } from '../../support/services.ts';
import { tsharkFields, tsharkVersion } from '../../support/tshark.ts';

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

  // RFC 792: the header and the first 8 bytes of what it carries; tshark reads the ports from them, too.
  test('also where a router quotes no more than it must', async () => {
    const syn = { from: CLIENT, to: SERVER, sourcePort: 40_000, destinationPort: 25, flags: SYN, sequence: 1 },
      quote = ipBytes({ ...syn, protocol: 6, payload: tcpBytes(syn) }).subarray(0, 28),
      row = await only(new PacketBuilder().tcp(syn).icmpError({ from: ROUTER, to: CLIENT, type: 3, code: 1, quote }));
    expect([row.unreachable, row.unanswered, told(row)]).toEqual([1, 0, [['trouble', 'ICMP: Host unreachable', 1, 2]]]);
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

  // Memcached, DNS and NTP answer a victim that never asked, at the port of a web server, of DNS, of NTP.
  test.each<readonly [number, number, Uint8Array]>([
    [11_211, 443, new Uint8Array(30)],
    [53, 53, dnsBytes('a.example', { response: true })],
    [123, 123, Uint8Array.from({ length: 48 }, (_, at) => (at === 0 ? 0x24 : 0))],
  ])(
    'answers from port %i that nobody asked for, refused at port %i, are no service of who refuses them',
    async (sourcePort, destinationPort, payload) => {
      const answer = { from: ROUTER, to: CLIENT, sourcePort, destinationPort, payload },
        builder = new PacketBuilder();
      for (let i = 0; i < 3; i++)
        builder
          .udp(answer)
          .icmpError({ from: CLIENT, to: ROUTER, type: 3, code: 3, quote: ipBytes({ ...answer, protocol: 17, payload: udpBytes(answer) }) })
          .wait(1);
      const { rows } = await servicesOf(builder.bytes());
      expect(rows.filter(({ address }) => address === CLIENT)).toEqual([]);
      // A question between the same two ports is one.
      if (sourcePort !== destinationPort) return;
      const asked = {
          ...answer,
          payload: Uint8Array.from(payload, (byte, at) => (sourcePort === 53 ? (at === 2 ? 1 : byte) : at === 0 ? 0x23 : byte)),
        },
        refused = new PacketBuilder().udp(asked);
      refused.icmpError({ from: CLIENT, to: ROUTER, type: 3, code: 3, quote: ipBytes({ ...asked, protocol: 17, payload: udpBytes(asked) }) });
      expect((await servicesOf(refused.bytes())).rows).toMatchObject([{ id: `udp ${CLIENT} ${destinationPort}`, refused: 1 }]);
    },
  );

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

describe('DHCPv6', () => {
  const GROUP = 'ff02::1:2',
    HOST = 'fe80::2',
    V6_SERVER = 'fe80::1';
  const option = (code: number, ...bytes: readonly number[]): readonly number[] => [0, code, 0, bytes.length, ...bytes];
  /** RFC 8415 section 8, with the client's DUID. */
  const message = (type: number, id: number, ...options: readonly (readonly number[])[]): Uint8Array =>
    Uint8Array.from([type, 0, 0, id, ...option(1, 0, 3, 0, 1, 2, 0, 0, 0, 0, 7), ...options.flat()]);
  const asks = (builder: PacketBuilder, type: number, id: number): PacketBuilder =>
    builder.udp({ from: HOST, to: GROUP, sourcePort: 546, destinationPort: 547, payload: message(type, id) });
  const answers = (builder: PacketBuilder, type: number, id: number, ...options: readonly (readonly number[])[]): PacketBuilder =>
    builder.udp({ from: V6_SERVER, to: HOST, sourcePort: 547, destinationPort: 546, payload: message(type, id, ...options) });
  const ADDRESS = option(3, ...new Array<number>(12).fill(0), ...option(5, ...new Array<number>(24).fill(1)));

  test('a server that gives, and one that has nothing to give', async () => {
    const builder = new PacketBuilder();
    asks(builder, 1, 9).wait(0.5);
    answers(builder, 2, 9, ADDRESS).wait(0.5);
    asks(builder, 3, 10).wait(0.25);
    answers(builder, 7, 10, ADDRESS).wait(0.5);
    asks(builder, 1, 11).wait(0.25);
    answers(builder, 2, 11, option(3, ...new Array<number>(12).fill(0), ...option(13, 0, 2)));
    const { rows } = await servicesOf(builder.bytes());
    expect(rows).toMatchObject([
      { id: `udp ${V6_SERVER} 547`, service: 'dhcpv6', requests: 3, errors: 1, unansweredRequests: 0, answer: { count: 3, max: 0.5 } },
    ]);
    expect(told(rows[0]!)).toEqual([
      ['answer', 'Advertise', 1, 2],
      ['answer', 'Reply', 1, 4],
      ['error', 'NoAddrsAvail', 1, 6],
    ]);
  });

  test('clients that no server answers; where nobody ever set one up that is no trouble', async () => {
    const builder = new PacketBuilder();
    for (let i = 0; i < 3; i++) asks(builder, 1, 9).wait(2);
    const row = await only(builder);
    expect(row).toMatchObject({ id: `udp ${GROUP} 547`, requests: 1, unansweredRequests: 1, mayBeAnswered: 1 });
    expect(told(row)).toEqual([['trouble', 'Solicit: no server answered', 1, 1]]);
    // It has answered another one before.
    const other = { from: 'fe80::3', to: GROUP, sourcePort: 546, destinationPort: 547, payload: message(1, 1) };
    const known = new PacketBuilder().udp({ ...other, payload: Uint8Array.from([11, 0, 0, 1]) }).wait(0.1);
    known.udp({ from: V6_SERVER, to: other.from, sourcePort: 547, destinationPort: 546, payload: Uint8Array.from([7, 0, 0, 1]) });
    asks(known, 1, 9).wait(2);
    asks(known, 1, 9).wait(2);
    const { rows } = await servicesOf(known.bytes());
    expect(rows.find(({ address }) => address === GROUP)).toMatchObject({ unansweredRequests: 1, mayBeAnswered: 0 });
  });

  test('who takes what was advertised had an answer, even where that was not captured', async () => {
    const builder = new PacketBuilder();
    asks(builder, 1, 9).wait(1);
    asks(builder, 3, 10).wait(1);
    expect(await only(builder)).toMatchObject({ unansweredRequests: 1, mayBeAnswered: 1 });
  });
});

describe('NTP and SNMP', () => {
  const ntp = (mode: number): Uint8Array => Uint8Array.from({ length: 48 }, (_, at) => (at === 0 ? 0x20 | mode : 0));
  const asks = (builder: PacketBuilder, port: number, payload: Uint8Array): PacketBuilder =>
    builder.udp({ from: CLIENT, to: SERVER, sourcePort: 40_000, destinationPort: port, payload });
  const answers = (builder: PacketBuilder, port: number, payload: Uint8Array): PacketBuilder =>
    builder.udp({ from: SERVER, to: CLIENT, sourcePort: port, destinationPort: 40_000, payload });

  test('each question about the time is one', async () => {
    const builder = new PacketBuilder();
    for (let i = 0; i < 4; i++) {
      asks(builder, 123, ntp(3)).wait(0.1);
      if (i === 1) answers(builder, 123, ntp(4));
      builder.wait(64);
    }
    expect(await only(builder)).toMatchObject({
      id: `udp ${SERVER} 123`,
      requests: 4,
      unansweredRequests: 3,
      mayBeAnswered: 1,
      answer: { count: 1 },
    });
  });

  test('a clock that tells everybody the time asks nothing', async () => {
    expect(await servicesOf(asks(asks(new PacketBuilder(), 123, ntp(5)).wait(2), 123, ntp(5)).bytes())).toMatchObject({ rows: [{ requests: null }] });
  });

  /** RFC 3416: version 2c, community `a`, the PDU with an id and no bindings. */
  const snmp = (pdu: number, id: number): Uint8Array =>
    Uint8Array.from([0x30, 19, 2, 1, 1, 4, 1, 0x61, 0xa0 + pdu, 11, 2, 1, id, 2, 1, 0, 2, 1, 0, 0x30, 0]);

  test('who asks again with the same id asks once, and answers are told by it; traps ask nothing', async () => {
    const builder = new PacketBuilder();
    for (const id of [1, 1, 1, 2, 3]) asks(builder, 161, snmp(0, id)).wait(1);
    answers(builder, 161, snmp(2, 3)).wait(0.1);
    answers(builder, 161, snmp(2, 2)).wait(5);
    asks(builder, 161, snmp(7, 9));
    expect(await only(builder)).toMatchObject({ id: `udp ${SERVER} 161`, requests: 3, unansweredRequests: 1, mayBeAnswered: 0 });
  });

  // Questions and answers of the time: mode 3 and, in two passes, those with ntp.request_in, which is what Wireshark calls the answered ones.
  test.runIf(tsharkVersion() !== null).each(['dhcp-ntp.pcap', 'polling.pcap', 'snmp-walk.pcap'])('%s, as tshark counts', async (name) => {
    const fields = tsharkFields(
        sample(name),
        ['ntp.flags.mode', 'ntp.response_in', 'snmp.request_id', 'snmp.msgID', 'snmp.data', 'udp.dstport', 'snmp.response_in'],
        2,
      ),
      ntpAsked = fields.filter(([mode]) => mode === '3'),
      snmpAsked = fields.filter(([, , id, message, , port]) => (id !== '' || message !== '') && port === '161');
    const { rows } = await servicesOf(sample(name)),
      of = (service: string): readonly number[] =>
        rows.filter((row) => row.service === service).reduce((sum, row) => [sum[0]! + (row.requests ?? 0), sum[1]! + row.unansweredRequests], [0, 0]);
    expect(of('ntp')).toEqual([ntpAsked.length, ntpAsked.filter(([, answered]) => answered === '').length]);
    // Version 3 hides its ids from tshark: those of it were answered (captures/snmp-walk.md).
    expect(of('snmp')).toEqual([snmpAsked.length, snmpAsked.filter(([, , , message, , , answered]) => message === '' && answered === '').length]);
  });
});
