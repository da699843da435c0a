/** What is known of a frame before any protocol: Wireshark's `frame`, a protocol of its own in the details and in filters. */
import { defineFields, type Dissector, type FieldSink } from './dissector.ts';
import { commentsOf } from './comments.ts';
import { formatSeconds } from './fieldValue.ts';
import type { Packet } from './packet.ts';
import type { ProtocolPaths } from './paths.ts';

/** Link types as Wireshark's `frame.encap_type` numbers them; LINKTYPE_ numbers are another list. */
const ENCAPSULATIONS: Readonly<Record<number, readonly [number, string]>> = {
  0: [15, 'NULL/Loopback'],
  1: [1, 'Ethernet'],
  9: [4, 'PPP'],
  50: [68, 'PPP'],
  51: [99, 'PPP-over-Ethernet session'],
  101: [7, 'Raw IP'],
  104: [28, 'Cisco HDLC'],
  105: [20, 'IEEE 802.11 Wireless LAN'],
  108: [32, 'OpenBSD enc(4) encapsulating interface'],
  113: [25, 'Linux cooked-mode capture v1'],
  127: [23, 'IEEE 802.11 plus radiotap radio header'],
  228: [129, 'Raw IPv4'],
  229: [130, 'Raw IPv6'],
  239: [141, 'NFLOG'],
  276: [210, 'Linux cooked-mode capture v2'],
};

/** Number of a link type in `frame.encap_type`; 0 (unknown) for those not listed. */
export function encapsulationOf(linkType: number): number {
  return ENCAPSULATIONS[linkType]?.[0] ?? 0;
}

export const frameFields = defineFields({
  interfaceId: { name: 'frame.interface_id', label: 'Interface id', type: 'uint' },
  encapsulation: { name: 'frame.encap_type', label: 'Encapsulation type', type: 'uint', values: Object.fromEntries(Object.values(ENCAPSULATIONS)) },
  time: { name: 'frame.time', label: 'Arrival Time', type: 'time' },
  timeEpoch: { name: 'frame.time_epoch', label: 'Epoch Time', type: 'time' },
  timeDelta: { name: 'frame.time_delta', label: 'Time delta from previous captured frame', type: 'duration' },
  timeRelative: { name: 'frame.time_relative', label: 'Time since first frame', type: 'duration' },
  number: { name: 'frame.number', label: 'Frame Number', type: 'uint' },
  length: { name: 'frame.len', label: 'Frame Length', type: 'uint', unit: 'bytes' },
  capturedLength: { name: 'frame.cap_len', label: 'Capture Length', type: 'uint', unit: 'bytes' },
  comment: { name: 'frame.comment', label: 'Comment', type: 'string' },
  protocols: { name: 'frame.protocols', label: 'Protocols in frame', type: 'string' },
});

export const frame: Dissector = { id: 'frame', name: 'Frame', fields: frameFields, on: [] };

/** What a frame's own fields relate to; NaN where there is no such frame or it has no time. */
export interface FrameContext {
  readonly firstSeconds: number;
  readonly firstNanoseconds: number;
  readonly previousSeconds: number;
  readonly previousNanoseconds: number;
  /** Interface ids mean something (pcapng). */
  readonly hasInterfaces: boolean;
}

export function epochNanoseconds(seconds: number, nanoseconds: number): bigint {
  return BigInt(seconds) * 1_000_000_000n + BigInt(nanoseconds);
}

/** Adds the frame's own layer. Call it when all layers were walked: the protocols are known by then. */
export function addFrame(p: Packet, context: FrameContext, sink: FieldSink): void {
  const f = frameFields,
    at = p.start;
  // What was reassembled in it is behind us.
  p.source = 0;
  sink.layer(frame, at, p.capturedLength, `Frame ${p.frame}: ${p.originalLength} bytes on wire, ${p.capturedLength} bytes captured`);
  for (const comment of commentsOf(p)) sink.add(f.comment, at, 0, comment);
  if (context.hasInterfaces) sink.add(f.interfaceId, at, 0, p.interfaceId);
  sink.add(f.encapsulation, at, 0, encapsulationOf(p.linkType));
  if (p.hasTime) {
    const time = epochNanoseconds(p.timeSeconds, p.timeNanoseconds);
    sink.add(f.time, at, 0, time);
    sink.add(f.timeEpoch, at, 0, time, `${p.timeSeconds}.${String(p.timeNanoseconds).padStart(9, '0')} seconds`);
    const delta = p.timeSeconds - context.previousSeconds + (p.timeNanoseconds - context.previousNanoseconds) / 1e9;
    const relative = p.timeSeconds - context.firstSeconds + (p.timeNanoseconds - context.firstNanoseconds) / 1e9;
    if (!Number.isNaN(delta)) sink.add(f.timeDelta, at, 0, delta, `${formatSeconds(delta)} seconds`);
    if (!Number.isNaN(relative)) sink.add(f.timeRelative, at, 0, relative, `${formatSeconds(relative)} seconds`);
  }
  sink.add(f.number, at, 0, p.frame);
  sink.add(f.length, at, 0, p.originalLength);
  sink.add(f.capturedLength, at, 0, p.capturedLength);
  sink.add(f.protocols, at, 0, protocolsText(p.tables.paths, p.path));
}

/** Layers after which Wireshark lists the look-up by EtherType as a protocol of its own. */
const BEFORE_ETHERTYPE = new Set(['eth', 'vlan', 'ieee8021ad', 'sll']);
const WITHOUT_ETHERTYPE = new Set(['llc', 'data']);

/** `eth:ethertype:ip:tcp`, Wireshark's `frame.protocols`. */
export function protocolsText(paths: ProtocolPaths, path: number): string {
  const ids: string[] = [],
    protocols = paths.protocolsOf(path);
  protocols.forEach(({ id }, i) => {
    ids.push(id);
    const next = protocols[i + 1];
    if (BEFORE_ETHERTYPE.has(id) && next !== undefined && !WITHOUT_ETHERTYPE.has(next.id)) ids.push('ethertype');
  });
  return ids.join(':');
}
