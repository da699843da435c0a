/** FDDI (ISO 9314-2) and Token Ring (IEEE 802.5): rings of the past, whose recordings are still shown around. Both carry LLC. */
import { defineFields, type Dissector } from '../dissector.ts';
import { LLC_DSAP } from '../tables.ts';
import { LLC_HEADER } from './etherType.ts';

const fddiFields = defineFields({
  control: { name: 'fddi.fc', label: 'Frame Control', type: 'uint', base: 'hex' },
  destination: { name: 'fddi.dst', label: 'Destination', type: 'ether', aliases: ['fddi.addr'] },
  source: { name: 'fddi.src', label: 'Source', type: 'ether', aliases: ['fddi.addr'] },
});

const FDDI_HEADER = 13,
  FDDI_LLC = 0x50;

export const fddi: Dissector = {
  id: 'fddi',
  name: 'Fiber Distributed Data Interface',
  fields: fddiFields,
  on: [{ table: 'linktype', value: 10 }],
  dissect(p, offset, end, sink) {
    if (!p.has(FDDI_HEADER, offset, end)) return;
    const control = p.view.getUint8(offset);
    if (sink !== null) {
      sink.layer(fddi, offset, FDDI_HEADER);
      sink.add(fddiFields.control, offset, 1, control);
      sink.add(fddiFields.destination, offset + 1, 6, turned(p.bytes, offset + 1));
      sink.add(fddiFields.source, offset + 7, 6, turned(p.bytes, offset + 7));
      sink.info('FDDI', '');
    }
    const payload = offset + FDDI_HEADER;
    if ((control & 0xf0) === FDDI_LLC) p.next(LLC_DSAP, LLC_HEADER, payload, end);
    else p.carryData(payload, end);
  },
};

/** An address as it is written: FDDI sends the bits of its bytes in the other order. */
function turned(bytes: Uint8Array, offset: number): Uint8Array {
  return bytes.slice(offset, offset + 6).map((byte) => {
    let bits = 0;
    for (let n = 0; n < 8; n++) bits |= ((byte >> n) & 1) << (7 - n);
    return bits;
  });
}

const ringFields = defineFields({
  accessControl: { name: 'tr.ac', label: 'Access Control', type: 'uint', base: 'hex' },
  frameControl: { name: 'tr.fc', label: 'Frame Control', type: 'uint', base: 'hex' },
  destination: { name: 'tr.dst', label: 'Destination', type: 'ether', aliases: ['tr.addr'] },
  source: { name: 'tr.src', label: 'Source', type: 'ether', aliases: ['tr.addr'] },
  isSourceRouted: { name: 'tr.sr', label: 'Source Routed', type: 'boolean' },
});

const RING_HEADER = 14,
  RING_LLC = 1;

export const tokenRing: Dissector = {
  id: 'tr',
  name: 'Token-Ring',
  fields: ringFields,
  on: [{ table: 'linktype', value: 6 }],
  dissect(p, offset, end, sink) {
    if (!p.has(RING_HEADER, offset, end)) return;
    const { view } = p,
      isSourceRouted = view.getUint8(offset + 8) >> 7 === 1,
      // The length of the routing information is in its first byte.
      routing = isSourceRouted && p.has(RING_HEADER + 1, offset, end) ? view.getUint8(offset + RING_HEADER) & 0x1f : 0,
      payload = offset + RING_HEADER + routing;
    if (!p.has(payload - offset, offset, end)) return;
    if (sink !== null) {
      const source = p.bytes.slice(offset + 8, offset + 14);
      source[0]! &= 0x7f;
      sink.layer(tokenRing, offset, payload - offset);
      sink.add(ringFields.accessControl, offset, 1);
      sink.add(ringFields.frameControl, offset + 1, 1);
      sink.add(ringFields.destination, offset + 2, 6);
      sink.add(ringFields.source, offset + 8, 6, source);
      sink.add(ringFields.isSourceRouted, offset + 8, 1, isSourceRouted);
      sink.info('Token-Ring', '');
    }
    if (view.getUint8(offset + 1) >> 6 === RING_LLC) p.next(LLC_DSAP, LLC_HEADER, payload, end);
    else p.carryData(payload, end);
  },
};
