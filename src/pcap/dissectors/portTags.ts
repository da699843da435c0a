/** Tags between a switch and its port extenders, put before the type as a VLAN tag is: Cisco's VN-Tag, and the E-Tag of IEEE 802.1BR that came of it. */
import { defineFields, type Dissector } from '../dissector.ts';
import { nextAfterType } from './etherType.ts';

const vnTagFields = defineFields({
  direction: { name: 'vntag.dir', label: 'Direction', type: 'boolean' },
  pointer: { name: 'vntag.ptr', label: 'Pointer', type: 'boolean' },
  destination: { name: 'vntag.dst', label: 'Destination', type: 'uint' },
  looped: { name: 'vntag.looped', label: 'Looped', type: 'boolean' },
  version: { name: 'vntag.version', label: 'Version', type: 'uint' },
  source: { name: 'vntag.src', label: 'Source', type: 'uint' },
  type: { name: 'vntag.etype', label: 'Type', type: 'uint', base: 'hex' },
});

const VN_TAG = 6;

export const vnTag: Dissector = {
  id: 'vntag',
  name: 'VN-Tag',
  fields: vnTagFields,
  on: [{ table: 'ethertype', value: 0x8926 }],
  dissect(p, offset, end, sink) {
    if (!p.has(VN_TAG, offset, end)) return;
    const tag = p.view.getUint32(offset),
      type = p.view.getUint16(offset + 4);
    if (sink !== null) {
      sink.layer(vnTag, offset, VN_TAG);
      sink.add(vnTagFields.direction, offset, 1, tag >>> 31 !== 0);
      sink.add(vnTagFields.pointer, offset, 1, (tag & 0x4000_0000) !== 0);
      sink.add(vnTagFields.destination, offset, 2, (tag >>> 16) & 0x3fff);
      sink.add(vnTagFields.looped, offset + 2, 1, (tag & 0x8000) !== 0);
      sink.add(vnTagFields.version, offset + 2, 1, (tag >>> 12) & 3);
      sink.add(vnTagFields.source, offset + 2, 2, tag & 0xfff);
      sink.add(vnTagFields.type, offset + 4, 2, type);
    }
    nextAfterType(p, type, offset + VN_TAG, end);
  },
};

const eTagFields = defineFields({
  priority: { name: 'etag.pcp', label: 'E-PCP', type: 'uint' },
  dropEligible: { name: 'etag.dei', label: 'E-DEI', type: 'boolean' },
  ingressChannel: { name: 'etag.iecid_base', label: 'Ingress_E-CID_base', type: 'uint', base: 'hex' },
  group: { name: 'etag.group', label: 'GRP', type: 'uint' },
  channel: { name: 'etag.ecid_base', label: 'E-CID_base', type: 'uint', base: 'hex' },
  type: { name: 'etag.etype', label: 'Type', type: 'uint', base: 'hex' },
});

const E_TAG = 8;

export const eTag: Dissector = {
  id: 'etag',
  name: '802.1BR E-Tag',
  fields: eTagFields,
  on: [{ table: 'ethertype', value: 0x893f }],
  dissect(p, offset, end, sink) {
    if (!p.has(E_TAG, offset, end)) return;
    const ingress = p.view.getUint16(offset),
      channel = p.view.getUint16(offset + 2),
      type = p.view.getUint16(offset + 6);
    if (sink !== null) {
      sink.layer(eTag, offset, E_TAG);
      sink.add(eTagFields.priority, offset, 1, ingress >> 13);
      sink.add(eTagFields.dropEligible, offset, 1, (ingress & 0x1000) !== 0);
      sink.add(eTagFields.ingressChannel, offset, 2, ingress & 0xfff);
      sink.add(eTagFields.group, offset + 2, 1, (channel >> 12) & 3);
      sink.add(eTagFields.channel, offset + 2, 2, channel & 0xfff);
      sink.add(eTagFields.type, offset + 6, 2, type);
    }
    nextAfterType(p, type, offset + E_TAG, end);
  },
};
