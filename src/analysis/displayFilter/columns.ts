/**
 * Fields whose values the packet carries as numbers anyway. A filter that needs no others runs on the first pass's own work:
 * no dissector says a field, nothing is allocated per frame.
 */
import { commentsOf } from '../../pcap/comments.ts';
import { epochNanoseconds, encapsulationOf, frameFields, protocolsText, type FrameContext } from '../../pcap/frameFields.ts';
import {
  MAC_DST_HIGH,
  MAC_DST_LOW,
  MAC_ETHERNET,
  MAC_KIND,
  MAC_SRC_HIGH,
  MAC_SRC_LOW,
  MAC_STRIDE,
  NET_DST,
  NET_DST_PORT,
  NET_FLAGS,
  NET_HAS_PORTS,
  NET_PROTOCOL,
  NET_SRC,
  NET_SRC_PORT,
  NET_STRIDE,
  NET_TTL,
  NET_VERSION,
  type Packet,
} from '../../pcap/packet.ts';
import { malformed } from './catalog.ts';
import type { Slot } from './slots.ts';

export type Column = (p: Packet, slot: Slot, context: FrameContext) => void;

const PROTOCOL_TCP = 6,
  PROTOCOL_UDP = 17;

function ipv4(...columns: readonly number[]): Column {
  return (p, slot) => {
    for (let level = 0; level < p.netCount; level++) {
      const at = level * NET_STRIDE;
      if (p.net[at + NET_VERSION] === 4) for (let i = 0; i < columns.length; i++) slot.push(p.net[at + columns[i]!]! >>> 0);
    }
  };
}

function ipv6Number(column: number): Column {
  return (p, slot) => {
    for (let level = 0; level < p.netCount; level++)
      if (p.net[level * NET_STRIDE + NET_VERSION] === 6) slot.push(p.net[level * NET_STRIDE + column]!);
  };
}

function ipv6Address(...columns: readonly number[]): Column {
  const known: Uint8Array[] = [];
  return (p, slot) => {
    for (let level = 0; level < p.netCount; level++) {
      const at = level * NET_STRIDE;
      if (p.net[at + NET_VERSION] !== 6) continue;
      for (let i = 0; i < columns.length; i++) {
        const id = p.net[at + columns[i]!]!,
          bytes = (known[id] ??= p.ipv6.bytesOf(id));
        slot.pushRange(bytes, 0, 16, 16);
      }
    }
  };
}

function ports(protocol: number, ...columns: readonly number[]): Column {
  return (p, slot) => {
    for (let level = 0; level < p.netCount; level++) {
      const at = level * NET_STRIDE;
      if ((p.net[at + NET_FLAGS]! & NET_HAS_PORTS) === 0 || p.net[at + NET_PROTOCOL] !== protocol) continue;
      for (let i = 0; i < columns.length; i++) slot.push(p.net[at + columns[i]!]!);
    }
  };
}

function ether(...columns: readonly (readonly [number, number])[]): Column {
  return (p, slot) => {
    for (let level = 0; level < p.macCount; level++) {
      const at = level * MAC_STRIDE;
      if (p.mac[at + MAC_KIND] !== MAC_ETHERNET) continue;
      for (const [high, low] of columns) slot.push(p.mac[at + high]! * 4294967296 + (p.mac[at + low]! >>> 0));
    }
  };
}

const SOURCE_MAC = [MAC_SRC_HIGH, MAC_SRC_LOW] as const,
  DESTINATION_MAC = [MAC_DST_HIGH, MAC_DST_LOW] as const;

const nanosecondsBetween = (p: Packet, seconds: number, nanoseconds: number): number =>
  (p.timeSeconds - seconds) * 1e9 + (p.timeNanoseconds - nanoseconds);

const f = frameFields;

/** Makes the columns of one pass by field name. Some remember what they have met. */
export function createColumns(): ReadonlyMap<string, Column> {
  const protocolTexts: string[] = [];
  return new Map<string, Column>([
    ['frame', (p, slot) => slot.pushRange(p.frameBytes, p.start, p.end, p.end)],
    [
      malformed.id,
      (p, slot) => {
        if (p.isMalformed) slot.push(1);
      },
    ],
    [f.number.name, (p, slot) => slot.push(p.frame)],
    [f.length.name, (p, slot) => slot.push(p.originalLength)],
    [f.capturedLength.name, (p, slot) => slot.push(p.capturedLength)],
    [f.encapsulation.name, (p, slot) => slot.push(encapsulationOf(p.linkType))],
    [
      f.interfaceId.name,
      (p, slot, { hasInterfaces }) => {
        if (hasInterfaces) slot.push(p.interfaceId);
      },
    ],
    [f.time.name, pushTime],
    [f.timeEpoch.name, pushTime],
    [f.timeRelative.name, (p, slot, { firstSeconds, firstNanoseconds }) => pushSpan(p, slot, firstSeconds, firstNanoseconds)],
    [f.timeDelta.name, (p, slot, { previousSeconds, previousNanoseconds }) => pushSpan(p, slot, previousSeconds, previousNanoseconds)],
    [
      f.comment.name,
      (p, slot) => {
        if (p.optionsTo > 0) for (const comment of commentsOf(p)) slot.push(comment);
      },
    ],
    [f.protocols.name, (p, slot) => slot.push((protocolTexts[p.path] ??= protocolsText(p.tables.paths, p.path)))],
    ['ip.src', ipv4(NET_SRC)],
    ['ip.dst', ipv4(NET_DST)],
    ['ip.addr', ipv4(NET_SRC, NET_DST)],
    ['ip.ttl', ipv4(NET_TTL)],
    ['ipv6.src', ipv6Address(NET_SRC)],
    ['ipv6.dst', ipv6Address(NET_DST)],
    ['ipv6.addr', ipv6Address(NET_SRC, NET_DST)],
    ['ipv6.hlim', ipv6Number(NET_TTL)],
    ['tcp.srcport', ports(PROTOCOL_TCP, NET_SRC_PORT)],
    ['tcp.dstport', ports(PROTOCOL_TCP, NET_DST_PORT)],
    ['tcp.port', ports(PROTOCOL_TCP, NET_SRC_PORT, NET_DST_PORT)],
    ['udp.srcport', ports(PROTOCOL_UDP, NET_SRC_PORT)],
    ['udp.dstport', ports(PROTOCOL_UDP, NET_DST_PORT)],
    ['udp.port', ports(PROTOCOL_UDP, NET_SRC_PORT, NET_DST_PORT)],
    ['eth.src', ether(SOURCE_MAC)],
    ['eth.dst', ether(DESTINATION_MAC)],
    ['eth.addr', ether(DESTINATION_MAC, SOURCE_MAC)],
  ]);
}

function pushTime(p: Packet, slot: Slot): void {
  if (p.hasTime) slot.push(epochNanoseconds(p.timeSeconds, p.timeNanoseconds));
}

function pushSpan(p: Packet, slot: Slot, seconds: number, nanoseconds: number): void {
  if (p.hasTime && seconds === seconds) slot.push(nanosecondsBetween(p, seconds, nanoseconds));
}
