/** Cisco HDLC and its keep-alive SLARP: what routers speak on serial lines when not PPP. */
import { defineFields, type Dissector } from '../dissector.ts';
import { CISCO_PID, ETHERTYPE, LLC_DSAP } from '../tables.ts';
import { LLC_HEADER } from './etherType.ts';

const f = defineFields({
  address: { name: 'chdlc.address', label: 'Address', type: 'uint', base: 'hex', values: { 0x0f: 'Unicast', 0x8f: 'Multicast' } },
  control: { name: 'chdlc.control', label: 'Control', type: 'uint', base: 'hex' },
  protocol: { name: 'chdlc.protocol', label: 'Protocol', type: 'uint', base: 'hex' },
});

const HEADER = 4,
  SLARP = 0x8035,
  CDP = 0x2000,
  OSI = 0xfefe;

export const chdlc: Dissector = {
  id: 'chdlc',
  name: 'Cisco HDLC',
  fields: f,
  on: [{ table: 'linktype', value: 104 }],
  dissect(p, offset, end, sink) {
    if (!p.has(HEADER, offset, end)) return;
    const protocol = p.view.getUint16(offset + 2),
      payload = offset + HEADER;
    if (sink !== null) {
      sink.layer(chdlc, offset, HEADER);
      sink.add(f.address, offset, 1);
      sink.add(f.control, offset + 1, 1);
      sink.add(f.protocol, offset + 2, 2);
      sink.info('CHDLC', `protocol 0x${protocol.toString(16).padStart(4, '0')}`);
    }
    // The number that is RARP on Ethernet is the keep-alive here.
    if (protocol === SLARP) p.nextById('slarp', payload, end);
    else if (protocol === CDP) p.next(CISCO_PID, CDP, payload, end);
    else if (protocol === OSI) p.next(LLC_DSAP, LLC_HEADER, payload, end);
    else p.next(ETHERTYPE, protocol, payload, end);
  },
};

const KEEPALIVE = 2,
  TYPES: Readonly<Record<number, string>> = { 0: 'Request', 1: 'Reply', [KEEPALIVE]: 'Line keepalive' };

const slarpFields = defineFields({
  type: { name: 'slarp.ptype', label: 'Packet type', type: 'uint', values: TYPES },
  address: { name: 'slarp.address', label: 'Address', type: 'ipv4' },
  netmask: { name: 'slarp.netmask', label: 'Netmask', type: 'ipv4' },
  mySequence: { name: 'slarp.mysequence', label: 'Outgoing sequence number', type: 'uint' },
  yourSequence: { name: 'slarp.yoursequence', label: 'Returned sequence number', type: 'uint' },
});

export const slarp: Dissector = {
  id: 'slarp',
  name: 'Cisco SLARP',
  fields: slarpFields,
  on: [],
  dissect(p, offset, end, sink) {
    if (!p.has(12, offset, end) || sink === null) return;
    const type = p.view.getUint32(offset);
    sink.layer(slarp, offset, Math.min(14, end - offset));
    sink.add(slarpFields.type, offset, 4);
    sink.add(type === KEEPALIVE ? slarpFields.mySequence : slarpFields.address, offset + 4, 4);
    sink.add(type === KEEPALIVE ? slarpFields.yourSequence : slarpFields.netmask, offset + 8, 4);
    sink.info('SLARP', TYPES[type] ?? `type ${type}`);
  },
};
