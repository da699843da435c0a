/** wifi-attack, stp-attack, mac-flood, vlan-hopping and rogue-router: attacks on the network next door, and what only looks like them. Layouts: IEEE 802.11, 802.1D, 802.1Q, RFC 4861. */
import { describe, expect, test } from 'vitest';
import { redirectMessage } from '../../../src/pcap/dissectors/icmp.ts';
import { routerAdvertisementMessage } from '../../../src/pcap/dissectors/icmpv6.ts';
import { stpMessage } from '../../../src/pcap/dissectors/stp.ts';
import { wifiAttack } from '../../../src/analysis/detectors/registry.ts';
import type { WlanMessage } from '../../../src/pcap/wlan/messages.ts';
import { checkFilter } from '../../../src/analysis/filtering.ts';
import type { Finding } from '../../../src/analysis/report.ts';
import { analyzeCapture, findingsOf, sample } from '../../support/analyzeCapture.ts';
import { messagesOf } from '../../support/messagesOf.ts';
import { confidenceSum, MessageDriver } from '../../support/messageDriver.ts';
import { ipBytes, PacketBuilder, udpBytes } from '../../support/packetBuilder.ts';

const run = async (capture: string | Uint8Array, detector: string) => findingsOf(await analyzeCapture(capture), detector);
const mac = (text: string): number[] => text.split(':').map((part) => parseInt(part, 16));

describe('wifi-attack', () => {
  const AP = '00:11:22:33:44:55';
  const said = (frames: readonly (Partial<WlanMessage> & { readonly gap?: number })[]) => {
    const driver = new MessageDriver(wifiAttack);
    // 2026-01-01T00:00:00Z, where the driver's clock starts.
    driver.state.firstSeconds = 1_767_225_600;
    for (const { gap, ...frame } of frames)
      driver
        .say<WlanMessage>(-1, {
          kind: 'wlan',
          subtype: 12,
          transmitter: AP,
          receiver: 'ff:ff:ff:ff:ff:ff',
          bssid: AP,
          reason: 7,
          ssid: null,
          isPrivate: false,
          isModern: false,
          channel: 0,
          clock: 0,
          wepBytes: 0,
          reserved: 0,
          ...frame,
        })
        .wait(gap ?? 0.05);
    return driver.findings;
  };
  test('a flood of deauthentications', () => {
    const [finding, ...others] = said(Array.from({ length: 64 }, () => ({})));
    expect(others).toEqual([]);
    expect(finding).toMatchObject({
      technique: 'deauthentication',
      severity: 'high',
      framesTotal: 64,
      subjects: [{ role: 'spoofed', address: AP }, { role: 'victim' }],
    });
    expect(finding!.confidence).toBe(confidenceSum(finding!));
    expect(checkFilter(finding!.filter)).toMatchObject({ ok: true });
  });
  test('silent on stations that leave now and then', () => {
    expect(said([{}])).toEqual([]);
    expect(said(Array.from({ length: 40 }, () => ({ gap: 30 })))).toEqual([]);
  });
  test('a twin without encryption, and WEP; silent on two access points of one network', () => {
    const beacon = (bssid: string, isPrivate: boolean, isModern = isPrivate) => ({ subtype: 8, bssid, ssid: 'office', isPrivate, isModern });
    const twice = (one: ReturnType<typeof beacon>) => [one, one, one];
    expect(said([...twice(beacon(AP, true)), ...twice(beacon('66:11:22:33:44:55', false))])).toMatchObject([
      { technique: 'evil-twin', severity: 'medium' },
    ]);
    expect(said([...twice(beacon(AP, true)), ...twice(beacon('66:11:22:33:44:55', true))])).toEqual([]);
    expect(said(twice(beacon(AP, true, false)))).toMatchObject([{ technique: 'wep', severity: 'low' }]);
  });
});

describe('wifi-attack on WEP', () => {
  const AP = mac('00:11:22:33:44:55'),
    EVERYBODY = mac('ff:ff:ff:ff:ff:ff'),
    STATION = mac('66:77:88:99:aa:bb');
  /** A frame from the access point, IEEE 802.11 9.3.2: encrypted data behind the initialisation vector, whose last byte says which kind. */
  const fromAp = (destination: readonly number[], keyByte: number, body: number, number: number): number[] => [
    ...[0x08, 0x42, 0, 0, ...destination, ...AP, ...STATION, (number << 4) & 255, (number >> 4) & 255],
    ...[number & 255, (number >> 8) & 255, 7, keyByte, ...Array.from({ length: body - 4 }, (_, i) => (i * 37 + number) & 255)],
  ];
  const capture = (frames: readonly (readonly number[])[], gap: number): Uint8Array => {
    const builder = new PacketBuilder();
    for (const frame of frames) builder.frame(Uint8Array.from(frame)).wait(gap);
    const bytes = builder.bytes();
    // LINKTYPE_IEEE802_11, where the file's header says Ethernet.
    bytes[20] = 105;
    return bytes;
  };
  const many = (count: number, destination: readonly number[], keyByte: number, body: number) =>
    Array.from({ length: count }, (_, i) => fromAp(destination, keyByte, body, i));

  test('one ARP request that the network sends again and again is somebody who looks for its key', async () => {
    const found = await run(capture(many(3000, EVERYBODY, 0, 44), 0.004), 'wifi-attack');
    expect(found).toMatchObject([
      { severity: 'medium', subjects: [{ role: 'victim', address: '00:11:22:33:44:55' }], evidence: { framesTotal: 3000 } },
      { severity: 'low', subjects: [{ role: 'server', address: '00:11:22:33:44:55' }], evidence: { framesTotal: 3000 } },
    ]);
    for (const { evidence } of found) expect(checkFilter(evidence.filter)).toMatchObject({ ok: true });
  });
  test('data with WEP and nothing else is told as WEP, without a beacon', async () => {
    // A download: long frames to one station, of one size as well.
    expect(await run(capture(many(3000, STATION, 0x40, 1500), 0.002), 'wifi-attack')).toMatchObject([{ severity: 'low' }]);
    // ARP of a network with many stations.
    expect(await run(capture(many(60, EVERYBODY, 0, 44), 0.5), 'wifi-attack')).toMatchObject([{ severity: 'low' }]);
  });
  test('silent on the same with WPA2, whose vector has the extended bit', async () => {
    expect(await run(capture(many(3000, EVERYBODY, 0x20, 52), 0.004), 'wifi-attack')).toEqual([]);
  });
});

describe('stp-attack', () => {
  /** A configuration BPDU in 802.3 with LLC, IEEE 802.1D clause 9.3.1. */
  const bpdu = (priority: number, root: string, bridge = root): Uint8Array =>
    Uint8Array.from([
      ...[1, 0x80, 0xc2, 0, 0, 0, ...mac(bridge), 0, 38, 0x42, 0x42, 3],
      ...[0, 0, 0, 0, 0, priority >> 8, priority & 255, ...mac(root), 0, 0, 0, 0, priority >> 8, priority & 255, ...mac(bridge)],
      ...[0x80, 1, 0, 0, 20, 0, 2, 0, 15, 0],
    ]);
  const SWITCH = '4e:9e:a3:a1:03:05';
  const built = (frames: readonly Uint8Array[], gap = 2): Uint8Array => {
    const builder = new PacketBuilder();
    for (const frame of frames) builder.frame(frame).wait(gap);
    return builder.bytes();
  };
  test('a claim next to the root, recorded with yersinia', async () => {
    const messages = await messagesOf(sample('stp-root-claim.pcap'), stpMessage);
    // tshark -T fields -e stp.root.prio: 32768 in all frames; two roots, of which the second stands lower.
    expect(messages[0]).toMatchObject({ rootPriority: 32_768, rootCost: 0 });
    expect(new Set(messages.map(({ rootMac }) => rootMac)).size).toBe(2);
    const [finding, ...others] = await run(sample('stp-root-claim.pcap'), 'stp-attack');
    expect(others).toEqual([]);
    expect(finding).toMatchObject({
      severity: 'medium',
      subjects: [
        { role: 'attacker', address: messages.at(-1)!.rootMac },
        { role: 'victim', address: messages[0]!.rootMac },
      ],
    });
    expect(checkFilter(finding!.evidence.filter)).toMatchObject({ ok: true });
  });
  test('a flood of bridges', async () => {
    const frames = Array.from({ length: 60 }, (_, i) => bpdu(0x8000, `02:00:00:00:01:${(0xff - i).toString(16).padStart(2, '0')}`));
    expect((await run(built(frames, 0.01), 'stp-attack')).map(({ severity }) => severity)).toContain('high');
  });
  test('silent on a tree at rest, and on two switches that start at once', async () => {
    expect(await run(built(Array.from({ length: 20 }, () => bpdu(0x8000, SWITCH))), 'stp-attack')).toEqual([]);
    expect(await run(built([bpdu(0x8000, SWITCH), bpdu(0x7000, '00:1e:bd:7a:10:01'), bpdu(0x7000, '00:1e:bd:7a:10:01')]), 'stp-attack')).toEqual([]);
  });
});

describe('mac-flood', () => {
  const frame = (source: number): Uint8Array =>
    Uint8Array.from([2, 0, 0, 0, 0, 1, 2, 9, 0, source >> 16, (source >> 8) & 255, source & 255, 0x88, 0xb5, ...new Array<number>(46).fill(0)]);
  test('macof', async () => {
    const builder = new PacketBuilder();
    for (let i = 0; i < 3000; i++) builder.frame(frame(i)).wait(0.001);
    const [finding, ...others] = await run(builder.bytes(), 'mac-flood');
    expect(others).toEqual([]);
    expect(finding).toMatchObject({ severity: 'high' });
    expect(checkFilter(finding!.evidence.filter)).toMatchObject({ ok: true });
  });
  test('silent on as many stations that talk, and on few', async () => {
    const builder = new PacketBuilder();
    for (let i = 0; i < 6000; i++) builder.frame(frame(i % 1200)).wait(0.001);
    expect(await run(builder.bytes(), 'mac-flood')).toEqual([]);
    expect(await run(sample('web-browsing.pcap'), 'mac-flood')).toEqual([]);
  });
});

describe('vlan-hopping', () => {
  // tshark -T fields -e frame.protocols: three frames of eth:vlan:vlan:ip:icmp, ten without a tag.
  test('recorded with yersinia', async () => {
    const [finding, ...others] = await run(sample('vlan-double-tag.pcap'), 'vlan-hopping');
    expect(others).toEqual([]);
    expect(finding).toMatchObject({ severity: 'medium', evidence: { framesTotal: 3 } });
    expect(checkFilter(finding!.evidence.filter)).toMatchObject({ ok: true });
  });
  test('silent on a link on which the answers carry two tags, too', async () => {
    const builder = new PacketBuilder(),
      macs = [2, 0, 0, 0, 0, 1, 2, 0, 0, 0, 0, 2];
    const add = (from: string, to: string, tags: readonly number[]) => {
      const packet = ipBytes({ from, to, protocol: 17, payload: udpBytes({ from, to, sourcePort: 5000, destinationPort: 5000 }) });
      const mac = from < to ? macs : [...macs.slice(6), ...macs.slice(0, 6)];
      builder.frame(Uint8Array.from([...mac, ...tags, 8, 0, ...packet])).wait(0.1);
    };
    for (let i = 0; i < 20; i++) add('10.0.0.1', '10.0.0.2', []);
    add('10.9.0.1', '10.9.0.2', [0x81, 0, 0, 5, 0x81, 0, 0, 6]);
    expect(await run(builder.bytes(), 'vlan-hopping')).toHaveLength(1);
    add('10.9.0.2', '10.9.0.1', [0x81, 0, 0, 5, 0x81, 0, 0, 6]);
    expect(await run(builder.bytes(), 'vlan-hopping')).toEqual([]);
  });
  test('silent on the link of a provider', async () => expect(await run(sample('vlan-qinq.pcap'), 'vlan-hopping')).toEqual([]));

  describe('trunks that are asked for', () => {
    const frame = (text: string): Uint8Array => Uint8Array.from(text.match(/../g)!, (byte) => parseInt(byte, 16));
    /** DTP of yersinia 0.8.2 (tshark: dtp.tas 3, dtp.tos 0), or as a switch says what it wants, and what the link is. */
    const dtp = (mac: string, status = '03'): Uint8Array =>
      frame(`01000ccccccc${mac}002aaaaa0300000c2004010001000d00000000000000000000020005${status}00030005a50004000a${mac}`);
    const YERSINIA = '00f57f1e7b39',
      SWITCH = '00aabbccdd01';
    const builder = (frames: readonly Uint8Array[], isBusy = true): PacketBuilder => {
      const made = new PacketBuilder();
      for (const one of frames) {
        if (isBusy) made.udp({ from: '10.0.0.1', to: '10.0.0.2', sourcePort: 5000, destinationPort: 5000 });
        made.frame(one).wait(2);
      }
      return made;
    };
    test('by a station are told, and that the switch agreed', async () => {
      const asked = [dtp(YERSINIA), dtp(YERSINIA), dtp(YERSINIA), dtp(YERSINIA)];
      const [finding, ...others] = await run(builder(asked).bytes(), 'vlan-hopping');
      expect(others).toEqual([]);
      expect(finding).toMatchObject({
        severity: 'medium',
        confidence: 65,
        subjects: [{ role: 'attacker', address: '00:f5:7f:1e:7b:39' }],
        evidence: { frames: [2, 4, 6, 8] },
      });
      expect(checkFilter(finding!.evidence.filter)).toMatchObject({ ok: true });
      const [agreed] = await run(builder([...asked, dtp(SWITCH, '84')]).bytes(), 'vlan-hopping');
      expect(agreed).toMatchObject({
        confidence: 80,
        description: expect.stringContaining('00:aa:bb:cc:dd:01 says that the link is a trunk') as string,
      });
    });
    // IEEE 802.1D: a BPDU every two seconds; and Cisco's CDP, 0x2000.
    test('by a switch are its own affair', async () => {
      const bpdu = frame(`0180c2000000${SWITCH}00264242030000000000800000aabbccdd00000000008000${SWITCH}80010000140002000f00`),
        cdp = frame(`01000ccccccc${SWITCH}0012aaaa0300000c2000 02b4 0000 0001 0006 6131`.replaceAll(' ', ''));
      for (const said of [bpdu, cdp])
        expect(await run(builder([dtp(SWITCH), said, dtp(SWITCH), said, dtp(SWITCH)]).bytes(), 'vlan-hopping')).toEqual([]);
    });
    test('are nothing where they are off, or wait to be asked; nor where little else was captured', async () => {
      expect(await run(builder([dtp(YERSINIA, '02'), dtp(SWITCH, '04'), dtp(SWITCH, '04'), dtp(SWITCH, '04')]).bytes(), 'vlan-hopping')).toEqual([]);
      expect(await run(builder([dtp(SWITCH), dtp(SWITCH), dtp(SWITCH), dtp(SWITCH)], false).bytes(), 'vlan-hopping')).toEqual([]);
      expect(await run(builder([dtp(SWITCH), dtp(SWITCH)]).bytes(), 'vlan-hopping')).toEqual([]);
    });
  });
});

describe('what only switches say to each other (Cisco, "Understand VLAN Trunk Protocol"; RFC 5171)', () => {
  const frame = (text: string): Uint8Array => Uint8Array.from(text.match(/../g)!, (byte) => parseInt(byte, 16)),
    STATION = '00f57f1e7b39',
    SWITCH = '00aabbccdd01',
    vtp = (mac: string, revision: number): Uint8Array =>
      frame(
        `01000ccccccc${mac}0050aaaa0300000c2003010101036c6162${'00'.repeat(29)}${revision.toString(16).padStart(8, '0')}0a000002393330333031303030313032000102030405060708090a0b0c0d0e0f`,
      ),
    udld = (mac: string): Uint8Array => frame(`01000ccccccc${mac}001caaaa0300000c011121009a4e00010010464f43313031305831303400`),
    bpdu = frame(`0180c2000000${SWITCH}00264242030000000000800000aabbccdd00000000008000${SWITCH}80010000140002000f00`);
  const heard = (said: readonly Uint8Array[], seconds: number, withSwitch = true): Promise<Finding[]> => {
    const builder = new PacketBuilder();
    for (let i = 0; i < seconds; i += 2) {
      builder.udp({ from: '10.0.0.1', to: '10.0.0.2', sourcePort: 5000, destinationPort: 5000 });
      if (withSwitch) builder.frame(bpdu);
      if (i === 20) for (const one of said) builder.frame(one);
      builder.wait(2);
    }
    return run(builder.bytes(), 'vlan-hopping');
  };
  test('a list of VLANs from a station is told, and that it wins over that of the switches', async () => {
    const [finding, ...others] = await heard([vtp(STATION, 43)], 80);
    expect(others).toEqual([]);
    expect(finding).toMatchObject({
      severity: 'medium',
      title: '00:f5:7f:1e:7b:39 announces a list of VLANs by VTP, revision 43',
      subjects: [{ role: 'attacker', address: '00:f5:7f:1e:7b:39' }],
    });
    expect(checkFilter(finding!.evidence.filter)).toMatchObject({ ok: true });
    expect(await heard([vtp(SWITCH, 42), vtp(STATION, 43)], 80)).toMatchObject([
      { severity: 'high', title: '00:f5:7f:1e:7b:39 announces a list of VLANs by VTP, revision 43 (the switches have 42)' },
    ]);
  });
  test('UDLD from a station is told', async () =>
    expect(await heard([udld(STATION), udld(STATION)], 80)).toMatchObject([
      { severity: 'medium', title: '00:f5:7f:1e:7b:39 speaks UDLD as if it were a switch: 2 frames' },
    ]));
  test('silent on switches, where no switch is heard, and in a moment', async () => {
    expect(await heard([vtp(SWITCH, 42), udld(SWITCH)], 80)).toEqual([]);
    expect(await heard([vtp(STATION, 43), udld(STATION)], 80, false)).toEqual([]);
    expect(await heard([vtp(STATION, 43), udld(STATION)], 40)).toEqual([]);
  });
});

describe('rogue-router', () => {
  test('a second router that asks to be preferred, recorded with fake_router26', async () => {
    const messages = await messagesOf(sample('fake-router-ipv6.pcap'), routerAdvertisementMessage);
    // tshark -T fields -e icmpv6.nd.ra.router_lifetime -e icmpv6.opt.prefix -e icmpv6.nd.ra.flag.prf
    expect(messages).toContainEqual(expect.objectContaining({ lifetimeSeconds: 2048, preference: 1, prefixes: ['fd00:66::/64'] }));
    const found = await run(sample('fake-router-ipv6.pcap'), 'rogue-router');
    expect(found.map(({ subjects }) => subjects[0]!.address)).toEqual(['fe80::a00:27ff:fe5e:6666']);
    expect(checkFilter(found[0]!.evidence.filter)).toMatchObject({ ok: true });
  });
  test('redirects in the name of the gateway', async () => {
    expect(await messagesOf(sample('icmp-redirect.pcap'), redirectMessage)).toHaveLength(5);
    expect(await run(sample('icmp-redirect.pcap'), 'rogue-router')).toMatchObject([
      { severity: 'high', subjects: [{ role: 'spoofed', address: '192.168.10.1' }, { address: '192.168.10.66' }] },
    ]);
  });
  test('silent on one router', async () => expect(await run(sample('ipv6.pcap'), 'rogue-router')).toEqual([]));

  describe('HSRP (RFC 2281 section 5.1)', () => {
    /** Hello 0, coup 1; listen 2, standby 8, active 16. */
    const say = (builder: PacketBuilder, from: string, op: number, state: number, priority: number): void => {
      const payload = Uint8Array.from([0, op, state, 3, 10, priority, 1, 0, ...[...'cisco\0\0\0'].map((c) => c.charCodeAt(0)), 192, 168, 0, 1]);
      builder.udp({ from, to: '224.0.0.2', sourcePort: 1985, destinationPort: 1985, payload }).wait(1);
    };
    const election = (priority: number): Uint8Array => {
      const builder = new PacketBuilder();
      for (let i = 0; i < 8; i++) {
        say(builder, '192.168.0.30', 0, 16, 100);
        say(builder, '192.168.0.20', 0, 8, 90);
      }
      if (priority > 0) {
        say(builder, '192.168.0.10', 1, 2, priority);
        for (let i = 0; i < 5; i++) say(builder, '192.168.0.10', 0, 16, priority);
      }
      return builder.bytes();
    };
    test('a newcomer that takes over at once by a higher priority is told; with the highest there is, as an attack', async () => {
      const found = await run(election(200), 'rogue-router');
      expect(found).toMatchObject([{ severity: 'low', subjects: [{ address: '192.168.0.10' }, { address: '192.168.0.30' }] }]);
      expect(await run(election(255), 'rogue-router')).toMatchObject([{ severity: 'medium' }]);
    });
    test('silent on a router and its standby', async () => expect(await run(election(0), 'rogue-router')).toEqual([]));
  });
});
