/** Internet Group Management Protocol versions 1 to 3, RFC 1112, RFC 2236 and RFC 3376. */
import { formatIpv4 } from '../addresses.ts';
import { defineFields, type Dissector, type FieldSink } from '../dissector.ts';
import type { Packet } from '../packet.ts';

const QUERY = 0x11,
  REPORT_V1 = 0x12,
  REPORT_V2 = 0x16,
  LEAVE = 0x17,
  REPORT_V3 = 0x22;
const TYPES: Readonly<Record<number, string>> = {
  [QUERY]: 'Membership Query',
  [REPORT_V1]: 'Membership Report',
  0x13: 'DVMRP Protocol',
  [REPORT_V2]: 'Membership Report',
  [LEAVE]: 'Leave Group',
  [REPORT_V3]: 'Membership Report',
};
const RECORDS: Readonly<Record<number, string>> = {
  1: 'Mode Is Include',
  2: 'Mode Is Exclude',
  3: 'Change To Include Mode',
  4: 'Change To Exclude Mode',
  5: 'Allow New Sources',
  6: 'Block Old Sources',
};

const f = defineFields({
  version: { name: 'igmp.version', label: 'IGMP Version', type: 'uint' },
  type: { name: 'igmp.type', label: 'Type', type: 'uint', base: 'hex', values: TYPES },
  maxResponse: { name: 'igmp.max_resp', label: 'Max Resp Time', type: 'uint', unit: '1/10 s' },
  checksum: { name: 'igmp.checksum', label: 'Checksum', type: 'uint', base: 'hex' },
  group: { name: 'igmp.maddr', label: 'Multicast Address', type: 'ipv4' },
  records: { name: 'igmp.num_grp_recs', label: 'Num Group Records', type: 'uint' },
  recordType: { name: 'igmp.record_type', label: 'Record Type', type: 'uint', values: RECORDS },
  sources: { name: 'igmp.num_src', label: 'Num Src', type: 'uint' },
  source: { name: 'igmp.saddr', label: 'Source Address', type: 'ipv4' },
});

const HEADER = 8,
  QUERY_V3 = 12;

export const igmp: Dissector = {
  id: 'igmp',
  name: 'Internet Group Management Protocol',
  fields: f,
  on: [{ table: 'ip.proto', value: 2 }],
  dissect(p, offset, end, sink) {
    if (!p.has(HEADER, offset, end) || sink === null) return;
    const view = p.view,
      type = view.getUint8(offset),
      version = versionOf(type, view.getUint8(offset + 1), end - offset);
    sink.layer(igmp, offset, end - offset);
    sink.add(f.version, offset, 0, version);
    sink.add(f.type, offset, 1);
    if (type === QUERY || type === REPORT_V2 || type === LEAVE) sink.add(f.maxResponse, offset + 1, 1);
    sink.add(f.checksum, offset + 2, 2);
    if (type === REPORT_V3) {
      describeRecords(p, offset, end, sink);
      return;
    }
    const group = formatIpv4(view.getInt32(offset + 4));
    sink.add(f.group, offset + 4, 4);
    if (type === QUERY && version === 3) describeSources(offset + QUERY_V3, end, view.getUint16(offset + 10), sink);
    sink.info(
      `IGMPv${version}`,
      type === QUERY && view.getUint32(offset + 4) === 0 ? 'Membership Query, general' : `${TYPES[type] ?? `type 0x${type.toString(16)}`} ${group}`,
    );
  },
};

/** Queries are told apart by length and response time (RFC 3376 section 7.1). */
function versionOf(type: number, maxResponse: number, length: number): number {
  if (type === REPORT_V3) return 3;
  if (type === QUERY) return length >= QUERY_V3 ? 3 : maxResponse === 0 ? 1 : 2;
  return type === REPORT_V1 ? 1 : 2;
}

function describeRecords(p: Packet, offset: number, end: number, sink: FieldSink): void {
  const view = p.view,
    count = view.getUint16(offset + 6),
    words: string[] = [];
  sink.add(f.records, offset + 6, 2);
  for (let i = 0, at = offset + HEADER; i < count && at + 8 <= end; i++) {
    const type = view.getUint8(at),
      sources = view.getUint16(at + 2),
      length = 8 + sources * 4 + view.getUint8(at + 1) * 4;
    sink.add(f.recordType, at, 1);
    sink.open();
    sink.add(f.group, at + 4, 4);
    describeSources(at + 8, end, sources, sink);
    sink.close();
    const group = formatIpv4(view.getInt32(at + 4));
    // "Include nothing" is how version 3 leaves a group, "exclude nothing" how it joins one.
    if (words.length < 8) words.push(sources > 0 ? `${RECORDS[type] ?? type} ${group}` : `${type === 3 ? 'Leave group' : 'Join group'} ${group}`);
    at += length;
  }
  sink.info('IGMPv3', `Membership Report${words.length > 0 ? ` / ${words.join(' / ')}` : ''}`);
}

function describeSources(offset: number, end: number, count: number, sink: FieldSink): void {
  sink.add(f.sources, offset, 0, count);
  for (let i = 0, at = offset; i < count && at + 4 <= end; i++, at += 4) sink.add(f.source, at, 4);
}
