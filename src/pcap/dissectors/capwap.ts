/**
 * Control And Provisioning of Wireless Access Points, RFC 5415 and, for 802.11, RFC 5416: how access points (WTP) talk to their controller (AC), and the frames of
 * their stations on the way between them. Beyond its first words the control channel is in DTLS.
 */
import { capwapFields as f, elementName, MESSAGE_TYPES } from '../capwap/fields.ts';
import { endsKey, isSenderLow } from '../conversationEnds.ts';
import type { Dissector, FieldSink } from '../dissector.ts';
import { NET_DST_PORT, NET_STRIDE, type Packet } from '../packet.ts';
import { ETHERTYPE } from '../tables.ts';
import { ETHERNET_WITHIN } from './etherType.ts';

const CONTROL_PORT = 5246,
  DATA_PORT = 5247,
  HEADER = 8,
  PREAMBLE_DTLS = 1,
  DTLS_AT = 4,
  CONTROL_HEADER = 8,
  ELEMENT_HEADER = 4,
  IEEE_802_11 = 1;

const NATIVE = 0x100,
  FRAGMENT = 0x80,
  LAST = 0x40,
  WIRELESS = 0x20,
  RADIO_MAC = 0x10,
  KEEP_ALIVE = 0x08;

/** Version 0, and a header that has room. */
function recognise(p: Packet, offset: number, end: number): boolean {
  if (end - offset < HEADER) return false;
  const first = p.bytes[offset]!;
  return first === PREAMBLE_DTLS || (first === 0 && headerLength(p, offset) >= HEADER && offset + headerLength(p, offset) <= p.wireEnd);
}

const headerLength = (p: Packet, offset: number): number => (p.bytes[offset + 1]! >> 3) * 4;

export const capwap: Dissector = {
  id: 'capwap',
  name: 'Control And Provisioning of Wireless Access Points - Control',
  fields: f,
  on: [{ table: 'udp.port', value: CONTROL_PORT }],
  application: true,
  recognise,
  dissect(p, offset, end, sink) {
    dissectCapwap(p, capwap, 'CAPWAP-Control', offset, end, sink);
  },
};

export const capwapData: Dissector = {
  id: 'capwap.data',
  name: 'Control And Provisioning of Wireless Access Points - Data',
  fields: f,
  on: [{ table: 'udp.port', value: DATA_PORT }],
  application: true,
  recognise,
  dissect(p, offset, end, sink) {
    dissectCapwap(p, capwapData, 'CAPWAP-Data', offset, end, sink);
  },
};

/** Reads preamble and header, and what they carry where all of it is there. */
function dissectCapwap(p: Packet, self: Dissector, column: string, offset: number, end: number, sink: FieldSink | null): void {
  if (!p.has(HEADER, offset, end)) return;
  if (p.bytes[offset] === PREAMBLE_DTLS) {
    if (sink !== null) {
      sink.layer(self, offset, DTLS_AT);
      describePreamble(offset, DTLS_AT, sink);
      sink.add(f.preambleReserved, offset + 1, 3);
    }
    p.nextById('dtls', offset + DTLS_AT, end);
    return;
  }
  const length = headerLength(p, offset),
    bits = p.view.getUint32(offset) & 0xffffff,
    flags = bits & 0x1ff,
    payload = offset + length;
  if (sink !== null) {
    sink.layer(self, offset, Math.min(length, end - offset));
    describePreamble(offset, 1, sink);
    describeHeader(p, offset, Math.min(payload, end), bits, sink);
    sink.info(column, (flags & KEEP_ALIVE) !== 0 ? 'Keep-Alive' : '');
  }
  if (!p.has(length, offset, end)) return;
  if ((flags & FRAGMENT) === 0) {
    carried(p, self, payload, end, bits, sink);
    return;
  }
  const id = p.view.getUint16(offset + 4),
    position = (p.view.getUint16(offset + 6) >> 3) * 8;
  // A fragment that is cut would put a hole into the message; a quoted one belongs to somebody else's frame.
  if (end < p.wireEnd || p.quoted || p.netCount === 0) {
    p.carryData(payload, end);
    return;
  }
  const isLow = isSenderLow(p),
    key = `capwap ${endsKey(p, isLow)} ${isLow ? '>' : '<'} ${id}`,
    whole = p.capwapFragments.add(key, p.frame, position, (flags & LAST) === 0, 0, p.bytes, payload, end);
  if (whole === null) {
    sink?.info(column, `Fragment ID: ${id}, Fragment Offset: ${position}`);
    p.carryData(payload, end);
    return;
  }
  p.useSource('Reassembled CAPWAP', whole.bytes);
  carried(p, self, 0, whole.bytes.length, bits, sink);
}

function carried(p: Packet, self: Dissector, from: number, to: number, bits: number, sink: FieldSink | null): void {
  if (self === capwap) control(p, from, to, sink);
  else if ((bits & KEEP_ALIVE) !== 0) keepAlive(p, from, to, sink);
  else stationFrame(p, from, to, bits);
}

function describePreamble(offset: number, length: number, sink: FieldSink): void {
  sink.add(f.preamble, offset, length);
  sink.open();
  sink.add(f.version, offset, 1, 0);
  sink.add(f.preambleType, offset, 1, length === 1 ? 0 : PREAMBLE_DTLS);
  sink.close();
}

function describeHeader(p: Packet, offset: number, end: number, bits: number, sink: FieldSink): void {
  const flags = bits & 0x1ff,
    at = offset + 1;
  sink.add(f.header, at, end - at);
  sink.open();
  sink.add(f.headerLength, at, 3, bits >>> 19);
  sink.add(f.radio, at, 3, (bits >> 14) & 31);
  sink.add(f.binding, at, 3, bindingOf(bits));
  sink.add(f.flags, at, 3, flags);
  sink.open();
  for (const [field, bit] of [
    [f.native, NATIVE],
    [f.isFragment, FRAGMENT],
    [f.isLast, LAST],
    [f.hasWireless, WIRELESS],
    [f.hasMac, RADIO_MAC],
    [f.isKeepAlive, KEEP_ALIVE],
  ] as const)
    sink.add(field, at, 3, (flags & bit) !== 0);
  sink.close();
  sink.add(f.fragmentId, offset + 4, 2);
  sink.add(f.fragmentOffset, offset + 6, 2, p.view.getUint16(offset + 6) >> 3);
  let next = offset + HEADER;
  // Both say how long they are, and fill up to words of four bytes.
  if ((flags & RADIO_MAC) !== 0 && next < end) {
    const length = p.bytes[next]!;
    sink.add(f.macLength, next, 1);
    if (length === 6 && next + 7 <= end) sink.add(f.mac, next + 1, 6);
    next = offset + roundUp(next + 1 + length - offset);
  }
  if ((flags & WIRELESS) !== 0 && next < end) {
    const length = p.bytes[next]!,
      data = next + 1;
    sink.add(f.wirelessLength, next, 1);
    sink.add(f.wirelessData, data, Math.min(length, end - data));
    if (bindingOf(bits) === IEEE_802_11 && data + 4 <= end) describeWireless(p, data, sink);
  }
  sink.close();
}

const bindingOf = (bits: number): number => (bits >> 9) & 31;
const roundUp = (bytes: number): number => (bytes + 3) & ~3;

/** To the controller, how the frame was heard; from it, on which networks it is to be sent: RFC 5416 section 4. */
function describeWireless(p: Packet, at: number, sink: FieldSink): void {
  sink.open();
  if (p.netCount > 0 && p.net[(p.netCount - 1) * NET_STRIDE + NET_DST_PORT] === DATA_PORT) {
    sink.add(f.signal, at, 1, p.view.getInt8(at));
    sink.add(f.signalToNoise, at + 1, 1);
    sink.add(f.dataRate, at + 2, 2);
  } else sink.add(f.wlans, at, 2);
  sink.close();
}

function keepAlive(p: Packet, from: number, to: number, sink: FieldSink | null): void {
  if (sink === null || to - from < 2) return;
  sink.add(f.keepAlive, from, to - from);
  sink.open();
  sink.add(f.keepAliveLength, from, 2);
  describeElements(p, from + 2, to, sink);
  sink.close();
}

function stationFrame(p: Packet, from: number, to: number, bits: number): void {
  const isNative = (bits & NATIVE) !== 0;
  if (isNative && bindingOf(bits) !== IEEE_802_11) {
    p.carryData(from, to);
    return;
  }
  p.enterTunnel('capwap');
  if (!isNative) {
    p.next(ETHERTYPE, ETHERNET_WITHIN, from, to);
    return;
  }
  // As access points write it, and Wireshark takes it unless told otherwise: the two bytes of the frame control change places.
  p.isFrameControlSwapped = true;
  p.nextById('wlan', from, to);
}

function control(p: Packet, from: number, to: number, sink: FieldSink | null): void {
  if (!p.has(CONTROL_HEADER, from, to) || sink === null) return;
  const type = p.view.getUint32(from);
  sink.add(f.controlHeader, from, CONTROL_HEADER);
  sink.open();
  sink.add(f.messageType, from, 4);
  sink.add(f.sequence, from + 4, 1);
  sink.add(f.elementsLength, from + 5, 2);
  sink.add(f.controlFlags, from + 7, 1);
  sink.close();
  sink.info('CAPWAP-Control', MESSAGE_TYPES[type] ?? `message type 0x${type.toString(16)}`);
  describeElements(p, from + CONTROL_HEADER, to, sink);
}

function describeElements(p: Packet, from: number, to: number, sink: FieldSink): void {
  for (let at = from; to - at >= ELEMENT_HEADER;) {
    const type = p.view.getUint16(at),
      length = p.view.getUint16(at + 2),
      value = at + ELEMENT_HEADER,
      there = Math.min(length, to - value);
    sink.add(f.element, at, ELEMENT_HEADER + there, undefined, sink.wantsText ? `Message Element: ${elementName(type)}` : undefined);
    sink.open();
    sink.add(f.elementType, at, 2);
    sink.add(f.elementLength, at + 2, 2);
    sink.add(f.elementValue, value, there);
    const field = WITH_FIELD.get(type);
    if (field !== undefined && there > 0) sink.add(field, value, type === DISCOVERY_TYPE ? 1 : there);
    sink.close();
    at = value + length;
  }
}

const DISCOVERY_TYPE = 20;
const WITH_FIELD = new Map([
  [4, f.controllerName],
  [DISCOVERY_TYPE, f.discoveryType],
  [28, f.location],
  [35, f.session],
  [45, f.accessPointName],
]);
