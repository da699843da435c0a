/** Address Resolution Protocol, RFC 826. */
import { formatIpv4 } from '../addresses.ts';
import { defineFields, messageKind, type Dissector, type FieldSink, type Message } from '../dissector.ts';
import type { Packet } from '../packet.ts';

const f = defineFields({
  hardwareType: { name: 'arp.hw.type', label: 'Hardware type', type: 'uint', values: { 1: 'Ethernet' } },
  protocolType: { name: 'arp.proto.type', label: 'Protocol type', type: 'uint', base: 'hex' },
  hardwareSize: { name: 'arp.hw.size', label: 'Hardware size', type: 'uint' },
  protocolSize: { name: 'arp.proto.size', label: 'Protocol size', type: 'uint' },
  opcode: { name: 'arp.opcode', label: 'Opcode', type: 'uint', values: { 1: 'request', 2: 'reply', 3: 'reverse request', 4: 'reverse reply' } },
  senderMac: { name: 'arp.src.hw_mac', label: 'Sender MAC address', type: 'ether' },
  senderIp: { name: 'arp.src.proto_ipv4', label: 'Sender IP address', type: 'ipv4' },
  targetMac: { name: 'arp.dst.hw_mac', label: 'Target MAC address', type: 'ether' },
  targetIp: { name: 'arp.dst.proto_ipv4', label: 'Target IP address', type: 'ipv4' },
  gratuitous: { name: 'arp.isgratuitous', label: 'Is gratuitous', type: 'boolean' },
  duplicate: { name: 'arp.duplicate-address-detected', label: 'Duplicate IP address configured', type: 'none', related: 'earlier' },
  duplicateFrame: { name: 'arp.duplicate-address-frame', label: 'Frame showing earlier use of IP address', type: 'uint', related: 'earlier' },
  duplicateSeconds: {
    name: 'arp.seconds-since-duplicate-address-frame',
    label: 'Seconds since earlier frame seen',
    type: 'uint',
    related: 'earlier',
  },
});

/** An ARP packet for IPv4 over Ethernet. Addresses: MAC as top 16 and low 32 bits, IPv4 as 32 bits. */
export interface ArpMessage extends Message {
  readonly kind: 'arp';
  readonly opcode: number;
  readonly senderMacHigh: number;
  readonly senderMacLow: number;
  readonly senderIp: number;
  readonly targetIp: number;
}
export const arpMessage = messageKind<ArpMessage>('arp');

const HEADER = 8,
  IPV4_OVER_ETHERNET = 28;

export const arp: Dissector = {
  id: 'arp',
  name: 'Address Resolution Protocol',
  fields: f,
  on: [
    { table: 'ethertype', value: 0x0806 },
    { table: 'ethertype', value: 0x8035 },
  ],
  dissect(p, offset, end, sink) {
    if (!p.has(HEADER, offset, end)) return;
    const view = p.view,
      opcode = view.getUint16(offset + 6);
    const ipv4OverEthernet = view.getUint8(offset + 4) === 6 && view.getUint8(offset + 5) === 4;
    if (sink !== null) {
      sink.layer(arp, offset, Math.min(IPV4_OVER_ETHERNET, end - offset));
      sink.add(f.hardwareType, offset, 2);
      sink.add(f.protocolType, offset + 2, 2);
      sink.add(f.hardwareSize, offset + 4, 1);
      sink.add(f.protocolSize, offset + 5, 1);
      sink.add(f.opcode, offset + 6, 2);
    }
    if (!ipv4OverEthernet || !p.has(IPV4_OVER_ETHERNET, offset, end)) return;
    const senderIp = view.getInt32(offset + 14),
      targetIp = view.getInt32(offset + 24);
    if (sink !== null) {
      sink.add(f.senderMac, offset + 8, 6);
      sink.add(f.senderIp, offset + 14, 4);
      sink.add(f.targetMac, offset + 18, 6);
      sink.add(f.targetIp, offset + 24, 4);
      if (senderIp === targetIp) sink.add(f.gratuitous, offset, 0, true);
      if (sink.wantsRelated) describeDuplicates(p, offset, opcode, sink);
      const sender = formatIpv4(senderIp),
        target = formatIpv4(targetIp);
      if (senderIp === targetIp) sink.info('ARP', `Gratuitous ARP for ${sender}`);
      else if (opcode === 1) sink.info('ARP', `Who has ${target}? Tell ${sender}`);
      else
        sink.info('ARP', `${sender} is at ${[...p.bytes.subarray(offset + 8, offset + 14)].map((b) => b.toString(16).padStart(2, '0')).join(':')}`);
    }
    if (p.hears('arp')) {
      p.emit({
        kind: 'arp',
        frame: p.frame,
        opcode,
        senderMacHigh: view.getUint16(offset + 8),
        senderMacLow: view.getInt32(offset + 10),
        senderIp,
        targetIp,
      } satisfies ArpMessage);
    }
  },
};

/** Who sends claims an address; who answers says whose the other is, which a question cannot know (RFC 826). */
function describeDuplicates(p: Packet, offset: number, opcode: number, sink: FieldSink): void {
  const say = (mac: number, ip: number): void => {
    const earlier = p.arpOwners.claim(p, mac, ip);
    if (earlier === null) return;
    sink.add(f.duplicate, ip, 4);
    sink.add(f.duplicateFrame, ip, 0, earlier.frame);
    sink.add(f.duplicateSeconds, ip, 0, Math.max(0, p.timeSeconds - earlier.seconds));
  };
  say(offset + 8, offset + 14);
  if (opcode !== REQUEST) say(offset + 18, offset + 24);
}

const REQUEST = 1;
