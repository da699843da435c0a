/** Pings to all in somebody's name, and the answers they draw, are found; ordinary pings are not. */
import { describe, expect, test } from 'vitest';
import { checkFilter } from '../../../src/analysis/filtering.ts';
import { analyzeCapture, findingsOf, hasShared, indicator, sample, shared } from '../../support/analyzeCapture.ts';
import { ipBytes, PacketBuilder } from '../../support/packetBuilder.ts';

const VICTIM = '10.0.0.30';
const run = async (capture: string | Uint8Array) => findingsOf(await analyzeCapture(capture), 'smurf');

function echo(builder: PacketBuilder, from: string, to: string, isReply = false): PacketBuilder {
  return builder.ip({ from, to, protocol: 1, payload: Uint8Array.from([isReply ? 0 : 8, 0, 0, 0, 0, 1, 0, 1, 1, 2, 3, 4]) });
}

test('pings to a broadcast address, and the answers of the network', async () => {
  const builder = new PacketBuilder();
  for (let i = 0; i < 50; i++) {
    echo(builder, VICTIM, '10.0.9.255').wait(0.01);
    for (let host = 1; host <= 10; host++) echo(builder, `10.0.9.${host}`, VICTIM, true);
  }
  const [finding, ...others] = await run(builder.bytes());
  expect(others).toEqual([]);
  expect(finding).toMatchObject({ severity: 'medium', subjects: [{ role: 'victim', address: VICTIM }], attack: ['T1498.002'] });
  expect(indicator(finding!, 'pings to a broadcast address in a window')).toBe(50);
  expect(indicator(finding!, 'hosts that replied')).toBe(10);
  expect(finding!.evidence.framesTotal).toBe(550);
  expect(checkFilter(finding!.evidence.filter).ok).toBe(true);
});

// RFC 862 and 864: echo and chargen. `mausezahn -A VICTIM -B 10.0.9.255 -t udp "sp=7,dp=7"` made the same.
test('fraggle: datagrams to the echo service of everybody', async () => {
  const builder = new PacketBuilder();
  for (let i = 0; i < 60; i++)
    builder.udp({ from: VICTIM, to: '10.0.9.255', sourcePort: 7, destinationPort: 7, payload: new Uint8Array(20) }).wait(0.01);
  const [finding, ...others] = await run(builder.bytes());
  expect(others).toEqual([]);
  expect(finding).toMatchObject({ severity: 'medium', subjects: [{ role: 'victim', address: VICTIM }] });
  expect(finding!.evidence.framesTotal).toBe(60);
  expect(checkFilter(finding!.evidence.filter).ok).toBe(true);
});

test('silent on Wake-on-LAN for a whole class room', async () => {
  const builder = new PacketBuilder();
  for (let i = 0; i < 60; i++)
    builder.udp({ from: VICTIM, to: '10.0.9.255', sourcePort: 40_000, destinationPort: 7, payload: new Uint8Array(102) }).wait(0.01);
  expect(await run(builder.bytes())).toEqual([]);
});

test('the side of the victim: replies that it never asked for', async () => {
  const builder = new PacketBuilder();
  for (let i = 0; i < 400; i++) echo(builder, `10.0.9.${1 + (i % 40)}`, VICTIM, true).wait(0.005);
  const [finding] = await run(builder.bytes());
  expect(finding?.title).toContain('had not asked for');
  expect(checkFilter(finding!.evidence.filter).ok).toBe(true);
});

/** ICMPv6 in Ethernet as the tools of thc-ipv6 write it: to the group's own MAC address, an identifier and number of the tool's own, sixteen times "A". */
function smurf6(builder: PacketBuilder, from: string, to: string): PacketBuilder {
  const packet = ipBytes({
    from,
    to,
    protocol: 58,
    payload: Uint8Array.from([128, 0, 0, 0, 0xfa, 0xce, 0xba, 0xbe, ...new Array<number>(16).fill(0x41)]),
  });
  return builder.frame(Uint8Array.from([0x33, 0x33, 0, 0, 0, 1, 2, 0, 0, 0, 0, 6, 0x86, 0xdd, ...packet]));
}

function answer6(builder: PacketBuilder, from: string, to: string): PacketBuilder {
  return builder.ip({
    from,
    to,
    protocol: 58,
    payload: Uint8Array.from([129, 0, 0, 0, 0xfa, 0xce, 0xba, 0xbe, ...new Array<number>(16).fill(0x41)]),
  });
}

// `atk6-smurf6 -i 3000 e0 VICTIM` of thc-ipv6 3.8 while the victim itself pinged one host eleven times; tshark: 499 requests to ff02::1, 499 answers of three hosts each.
test('smurf6 is a smurf attack, and no tunnel or flood beside it', async () => {
  const builder = new PacketBuilder(),
    victim = 'fd78::15';
  for (let i = 0; i < 499; i++) {
    smurf6(builder, victim, 'ff02::1').wait(0.006);
    for (const host of ['fd78::12', 'fd78::13', 'fd78::14']) answer6(builder, host, victim);
    if (i % 45 !== 0) continue;
    const ping = (type: number, from: string, to: string) =>
      builder.ip({
        from,
        to,
        protocol: 58,
        payload: Uint8Array.from([type, 0, 0, 0, 0, 9, 0, i / 45, ...Array.from({ length: 56 }, (_, at) => (at < 16 ? (i + at) & 255 : at))]),
      });
    ping(128, victim, 'fd78::12');
    ping(129, 'fd78::12', victim);
  }
  const { findings } = await analyzeCapture(builder.bytes());
  expect(findings.filter(({ severity }) => severity !== 'info').map(({ detector, title }) => [detector, title])).toEqual([
    ['smurf', `Smurf: 499 pings to ff02::1 in the name of ${victim}`],
  ]);
});

test('pings that very many send to all are a flood of the link', async () => {
  const builder = new PacketBuilder();
  for (let i = 0; i < 2000; i++) smurf6(builder, `fd78::1:${(i + 1).toString(16)}`, 'ff02::1').wait(0.001);
  expect((await analyzeCapture(builder.bytes())).findings.map(({ detector }) => detector)).toContain('icmp-flood');
});

test("IPv6: pings to all nodes in somebody's name", async () => {
  const builder = new PacketBuilder();
  // Ethernet to the group of all nodes, IPv6 from the victim, ICMPv6 echo request.
  const packet = [
    0x60,
    0,
    0,
    0,
    0,
    8,
    58,
    64,
    0xfd,
    ...new Array<number>(14).fill(0),
    0x30,
    0xff,
    2,
    ...new Array<number>(13).fill(0),
    1,
    128,
    0,
    0,
    0,
    0,
    1,
    0,
    1,
  ];
  for (let i = 0; i < 40; i++) builder.frame(Uint8Array.from([0x33, 0x33, 0, 0, 0, 1, 2, 0, 0, 0, 0, 1, 0x86, 0xdd, ...packet])).wait(0.01);
  const [finding] = await run(builder.bytes());
  expect(finding?.subjects).toEqual([{ role: 'victim', address: 'fd00::30' }]);
  expect(checkFilter(finding!.evidence.filter).ok).toBe(true);
});

// `atk6-rsmurf6 eth0 fd00:55::9` of thc-ipv6 3.8 sends these, identifier 0xface: tshark shows `ff02::1 -> fd00:55::9 Echo (ping) request`.
test('rsmurf6: pings in the name of all nodes; some of them are not enough', async () => {
  const rsmurf = (count: number): Uint8Array => {
    const builder = new PacketBuilder();
    for (let i = 0; i < count; i++) smurf6(builder, 'ff02::1', 'fd00:55::9').wait(0.01);
    return builder.bytes();
  };
  const sent = (count: number) => run(rsmurf(count));
  const [finding, ...others] = await sent(60);
  expect(others).toEqual([]);
  const flood = await analyzeCapture(rsmurf(400));
  expect([findingsOf(flood, 'smurf').length, findingsOf(flood, 'icmp-flood')]).toEqual([1, []]);
  expect(finding).toMatchObject({
    severity: 'medium',
    title: 'Smurf turned round: 60 pings to fd00:55::9 in the name of ff02::1',
    subjects: [{ role: 'victim', address: 'fd00:55::9' }],
    evidence: { framesTotal: 60 },
  });
  expect(checkFilter(finding!.evidence.filter).ok).toBe(true);
  expect(await sent(15)).toEqual([]);
});

describe('is silent on', () => {
  test('a few pings to the broadcast address, and a host whose address ends in 255', async () => {
    const builder = new PacketBuilder();
    for (let i = 0; i < 4; i++) echo(builder, VICTIM, '10.0.0.255').wait(1);
    for (let i = 0; i < 200; i++) echo(echo(builder, '10.0.0.66', '10.0.3.255'), '10.0.3.255', '10.0.0.66', true).wait(0.05);
    expect(await run(builder.bytes())).toEqual([]);
  });

  test('monitoring that pings many hosts and gets answers', async () => {
    const builder = new PacketBuilder();
    for (let i = 0; i < 1000; i++) echo(echo(builder, VICTIM, `10.1.0.${1 + (i % 250)}`), `10.1.0.${1 + (i % 250)}`, VICTIM, true).wait(0.005);
    expect(await run(builder.bytes())).toEqual([]);
  });

  test.each(['ping-traceroute.pcap', 'web-browsing.pcap', 'ipv6.pcap'])('%s', async (name) => {
    expect(await run(sample(name))).toEqual([]);
  });

  test.skipIf(!hasShared).each(['tunnel__icmp-tunnel.pcap', 'benign__wikipedia.pcap'])('%s', async (name) => {
    expect(await run(shared(name))).toEqual([]);
  });
});
