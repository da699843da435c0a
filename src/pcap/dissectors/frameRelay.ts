/** Frame Relay with the encapsulation of RFC 2427, or Cisco's, whose type stands where the other has its control byte. */
import { defineFields, type Dissector } from '../dissector.ts';
import { CISCO_PID, ETHERTYPE } from '../tables.ts';
import { ETHERNET_WITHIN } from './etherType.ts';

const f = defineFields({
  dlci: { name: 'fr.dlci', label: 'DLCI', type: 'uint' },
  forwardCongestion: { name: 'fr.fecn', label: 'FECN', type: 'boolean' },
  backwardCongestion: { name: 'fr.becn', label: 'BECN', type: 'boolean' },
  discardEligible: { name: 'fr.de', label: 'DE', type: 'boolean' },
  control: { name: 'fr.control', label: 'Control Field', type: 'uint', base: 'hex' },
  nlpid: { name: 'fr.nlpid', label: 'NLPID', type: 'uint', base: 'hex' },
  oui: { name: 'fr.snap.oui', label: 'Organization Code', type: 'uint', base: 'hex' },
  snapPid: { name: 'fr.snap.pid', label: 'Protocol ID', type: 'uint', base: 'hex' },
  snapType: { name: 'fr.snaptype', label: 'Type', type: 'uint', base: 'hex' },
  type: { name: 'fr.chdlctype', label: 'Type', type: 'uint', base: 'hex' },
});

const ADDRESS = 2,
  UNNUMBERED_INFORMATION = 0x03,
  NLPID_IPV4 = 0xcc,
  NLPID_IPV6 = 0x8e,
  NLPID_SNAP = 0x80,
  CDP = 0x2000,
  /** Of IEEE 802.1, for bridged frames; 1 and 7 are Ethernet with its checksum and without (RFC 2427 section 4.2). */
  BRIDGED = 0x0080c2,
  BRIDGED_ETHERNET = [1, 7];

export const frameRelay: Dissector = {
  id: 'fr',
  name: 'Frame Relay',
  fields: f,
  on: [{ table: 'linktype', value: 107 }],
  dissect(p, offset, end, sink) {
    if (!p.has(ADDRESS + 2, offset, end)) return;
    const { view } = p,
      address = view.getUint16(offset);
    let at = offset + ADDRESS;
    // Addresses of three and four bytes go on until a byte ends with a 1.
    for (let last = address & 1; last === 0 && at - offset < 4 && at + 2 < end; at++) last = view.getUint8(at) & 1;
    if (!p.has(at + 2 - offset, offset, end)) return;
    const control = view.getUint8(at);
    if (sink !== null) {
      sink.layer(frameRelay, offset, Math.min(end, at + 2) - offset);
      sink.add(f.dlci, offset, ADDRESS, ((address >> 6) & 0x3f0) | ((address >> 4) & 0xf));
      sink.add(f.forwardCongestion, offset + 1, 1, (address & 8) !== 0);
      sink.add(f.backwardCongestion, offset + 1, 1, (address & 4) !== 0);
      sink.add(f.discardEligible, offset + 1, 1, (address & 2) !== 0);
      sink.info('FR', '');
    }
    if (control !== UNNUMBERED_INFORMATION) {
      const type = view.getUint16(at);
      sink?.add(f.type, at, 2, type);
      if (type === CDP) p.next(CISCO_PID, CDP, at + 2, end);
      else p.next(ETHERTYPE, type, at + 2, end);
      return;
    }
    sink?.add(f.control, at, 1, control);
    // A byte of padding makes the network header even.
    let nlpid = at + 1;
    if (view.getUint8(nlpid) === 0) {
      sink?.add(f.nlpid, nlpid, 1);
      nlpid++;
    }
    if (!p.has(nlpid + 1 - offset, offset, end)) return;
    const id = view.getUint8(nlpid);
    sink?.add(f.nlpid, nlpid, 1, id);
    if (id === NLPID_IPV4) p.next(ETHERTYPE, 0x0800, nlpid + 1, end);
    else if (id === NLPID_IPV6) p.next(ETHERTYPE, 0x86dd, nlpid + 1, end);
    else if (id === NLPID_SNAP && end - nlpid >= 6) {
      const oui = (view.getUint16(nlpid + 1) << 8) | view.getUint8(nlpid + 3),
        type = view.getUint16(nlpid + 4),
        isEthernet = oui === BRIDGED && BRIDGED_ETHERNET.includes(type);
      sink?.add(f.oui, nlpid + 1, 3, oui);
      sink?.add(oui === 0 ? f.snapType : f.snapPid, nlpid + 4, 2, type);
      p.next(ETHERTYPE, isEthernet ? ETHERNET_WITHIN : type, nlpid + 6, end);
    } else p.carryData(nlpid + 1, end);
  },
};
