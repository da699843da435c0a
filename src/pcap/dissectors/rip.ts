/** Routing Information Protocol versions 1 and 2 (RFC 1058, RFC 2453) with keyed digests (RFC 4822), and RIPng for IPv6 (RFC 2080). */
import { defineFields, type Dissector, type FieldSink } from '../dissector.ts';

const COMMANDS: Readonly<Record<number, string>> = { 1: 'Request', 2: 'Response', 3: 'Traceon', 4: 'Traceoff' };

const f = defineFields({
  command: { name: 'rip.command', label: 'Command', type: 'uint', values: COMMANDS },
  version: { name: 'rip.version', label: 'Version', type: 'uint', values: { 1: 'RIPv1', 2: 'RIPv2' } },
  family: { name: 'rip.family', label: 'Address Family', type: 'uint', values: { 0: 'Unspecified', 2: 'IP' } },
  address: { name: 'rip.ip', label: 'IP Address', type: 'ipv4' },
  netmask: { name: 'rip.netmask', label: 'Netmask', type: 'ipv4' },
  nextHop: { name: 'rip.next_hop', label: 'Next Hop', type: 'ipv4' },
  metric: { name: 'rip.metric', label: 'Metric', type: 'uint' },
  authentication: { name: 'rip.auth.type', label: 'Authentication type', type: 'uint', values: { 2: 'Simple Password', 3: 'Keyed Message Digest' } },
  digestOffset: { name: 'rip.digest_offset', label: 'Digest Offset', type: 'uint' },
  keyId: { name: 'rip.key_id', label: 'Key ID', type: 'uint' },
  digestLength: { name: 'rip.auth_data_len', label: 'Auth Data Len', type: 'uint' },
  sequence: { name: 'rip.seq_num', label: 'Seq num', type: 'uint' },
  password: { name: 'rip.auth.passwd', label: 'Password', type: 'string' },
});

const HEADER = 4,
  ENTRY = 20,
  AUTHENTICATION = 0xffff,
  PASSWORD = 2,
  DIGEST = 3,
  /** Family and type before a digest. */
  TRAILER = 4;

/** Where the entries end: before the trailer with the digest that a first entry of RFC 4822 announces, else with the datagram; -1 for none of either form. */
function entriesEnd(view: DataView, offset: number, end: number, wireEnd: number): number {
  const first = offset + HEADER;
  if (first + ENTRY <= end && view.getUint16(first) === AUTHENTICATION && view.getUint16(first + 2) === DIGEST) {
    const trailer = offset + view.getUint16(first + 4);
    return trailer >= first + ENTRY && (trailer - first) % ENTRY === 0 && trailer + TRAILER <= wireEnd ? trailer : -1;
  }
  return (wireEnd - first) % ENTRY === 0 ? wireEnd : -1;
}

export const rip: Dissector = {
  id: 'rip',
  name: 'Routing Information Protocol',
  fields: f,
  on: [{ table: 'udp.port', value: 520 }],
  application: true,
  recognise: (p, offset, end) =>
    end - offset >= HEADER &&
    p.view.getUint8(offset) >= 1 &&
    p.view.getUint8(offset) <= 11 &&
    p.view.getUint8(offset + 1) <= 2 &&
    entriesEnd(p.view, offset, end, p.wireEnd) >= 0,
  dissect(p, offset, end, sink) {
    if (sink === null) return;
    const view = p.view,
      command = view.getUint8(offset);
    sink.layer(rip, offset, end - offset);
    sink.add(f.command, offset, 1);
    sink.add(f.version, offset + 1, 1);
    const last = Math.min(end, entriesEnd(view, offset, end, p.wireEnd));
    for (let at = offset + HEADER; at + ENTRY <= last; at += ENTRY) {
      if (view.getUint16(at) === AUTHENTICATION) {
        describeAuthentication(view, at, sink);
        continue;
      }
      sink.add(f.family, at, 2);
      sink.open();
      sink.add(f.address, at + 4, 4);
      sink.add(f.netmask, at + 8, 4);
      sink.add(f.nextHop, at + 12, 4);
      sink.add(f.metric, at + 16, 4);
      sink.close();
    }
    sink.info(`RIPv${view.getUint8(offset + 1)}`, COMMANDS[command] ?? `command ${command}`);
  },
};

function describeAuthentication(view: DataView, at: number, sink: FieldSink): void {
  const type = view.getUint16(at + 2);
  sink.add(f.authentication, at + 2, 2);
  sink.open();
  if (type === PASSWORD) sink.add(f.password, at + 4, 16);
  else if (type === DIGEST) {
    sink.add(f.digestOffset, at + 4, 2);
    sink.add(f.keyId, at + 6, 1);
    sink.add(f.digestLength, at + 7, 1);
    sink.add(f.sequence, at + 8, 4);
  }
  sink.close();
}

const ngFields = defineFields({
  command: { name: 'ripng.cmd', label: 'Command', type: 'uint', values: COMMANDS },
  version: { name: 'ripng.version', label: 'Version', type: 'uint' },
  prefix: { name: 'ripng.rte.ipv6_prefix', label: 'IPv6 Prefix', type: 'ipv6' },
  prefixLength: { name: 'ripng.rte.prefix_length', label: 'Prefix Length', type: 'uint' },
  metric: { name: 'ripng.rte.metric', label: 'Metric', type: 'uint' },
});

export const ripng: Dissector = {
  id: 'ripng',
  name: 'RIPng',
  fields: ngFields,
  on: [{ table: 'udp.port', value: 521 }],
  application: true,
  recognise: (p, offset, end) =>
    end - offset >= HEADER && (p.view.getUint8(offset) === 1 || p.view.getUint8(offset) === 2) && p.view.getUint8(offset + 1) === 1,
  dissect(p, offset, end, sink) {
    if (sink === null) return;
    sink.layer(ripng, offset, end - offset);
    sink.add(ngFields.command, offset, 1);
    sink.add(ngFields.version, offset + 1, 1);
    for (let at = offset + HEADER; at + ENTRY <= end; at += ENTRY) {
      sink.add(ngFields.prefix, at, 16);
      sink.add(ngFields.prefixLength, at + 18, 1);
      sink.add(ngFields.metric, at + 19, 1);
    }
    sink.info('RIPng', COMMANDS[p.view.getUint8(offset)] ?? '');
  },
};
