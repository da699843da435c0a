/** Open Shortest Path First versions 2 (RFC 2328) and 3 (RFC 5340): header and hello. */
import { formatIpv4 } from '../addresses.ts';
import { defineFields, type Dissector } from '../dissector.ts';

const HELLO = 1,
  TYPES: Readonly<Record<number, string>> = { [HELLO]: 'Hello Packet', 2: 'DB Description', 3: 'LS Request', 4: 'LS Update', 5: 'LS Acknowledge' };

const f = defineFields({
  version: { name: 'ospf.version', label: 'Version', type: 'uint' },
  message: { name: 'ospf.msg', label: 'Message Type', type: 'uint', values: TYPES },
  length: { name: 'ospf.packet_length', label: 'Packet Length', type: 'uint' },
  router: { name: 'ospf.srcrouter', label: 'Source OSPF Router', type: 'ipv4' },
  area: { name: 'ospf.area_id', label: 'Area ID', type: 'ipv4' },
  authentication: { name: 'ospf.auth.type', label: 'Auth Type', type: 'uint', values: { 0: 'Null', 1: 'Simple password', 2: 'Cryptographic' } },
  mask: { name: 'ospf.hello.network_mask', label: 'Network Mask', type: 'ipv4' },
  interval: { name: 'ospf.hello.hello_interval', label: 'Hello Interval', type: 'uint', unit: 's' },
  priority: { name: 'ospf.hello.router_priority', label: 'Router Priority', type: 'uint' },
  deadInterval: { name: 'ospf.hello.router_dead_interval', label: 'Router Dead Interval', type: 'uint', unit: 's' },
  designated: { name: 'ospf.hello.designated_router', label: 'Designated Router', type: 'ipv4' },
  backup: { name: 'ospf.hello.backup_designated_router', label: 'Backup Designated Router', type: 'ipv4' },
  neighbour: { name: 'ospf.hello.active_neighbor', label: 'Active Neighbor', type: 'ipv4' },
});

const HEADER_V2 = 24,
  HEADER_V3 = 16,
  HELLO_V2 = 20;

export const ospf: Dissector = {
  id: 'ospf',
  name: 'Open Shortest Path First',
  fields: f,
  on: [{ table: 'ip.proto', value: 89 }],
  dissect(p, offset, end, sink) {
    if (!p.has(HEADER_V3, offset, end) || sink === null) return;
    const view = p.view,
      version = view.getUint8(offset),
      type = view.getUint8(offset + 1),
      to = Math.min(end, offset + view.getUint16(offset + 2));
    sink.layer(ospf, offset, end - offset);
    sink.add(f.version, offset, 1);
    sink.add(f.message, offset + 1, 1);
    sink.add(f.length, offset + 2, 2);
    sink.add(f.router, offset + 4, 4);
    sink.add(f.area, offset + 8, 4);
    const hello = offset + HEADER_V2;
    if (version === 2) {
      sink.add(f.authentication, offset + 14, 2);
      if (type === HELLO && to - hello >= HELLO_V2) {
        sink.add(f.mask, hello, 4);
        sink.add(f.interval, hello + 4, 2);
        sink.add(f.priority, hello + 7, 1);
        sink.add(f.deadInterval, hello + 8, 4);
        sink.add(f.designated, hello + 12, 4);
        sink.add(f.backup, hello + 16, 4);
        for (let at = hello + HELLO_V2; at + 4 <= to; at += 4) sink.add(f.neighbour, at, 4);
      }
    }
    sink.info('OSPF', `${TYPES[type] ?? `type ${type}`}, router ${formatIpv4(view.getInt32(offset + 4))}`);
  },
};
