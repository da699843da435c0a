/** Logical Link Control, IEEE 802.2, and the Sub-Network Access Protocol within it (IEEE 802 clause 9.2). */
import { defineFields, type Dissector, type FieldSink } from '../dissector.ts';
import type { Packet } from '../packet.ts';
import { CISCO_PID, ETHERTYPE, LLC_DSAP } from '../tables.ts';
import { ETHERNET_WITHIN, LLC_HEADER } from './etherType.ts';

const SAPS: Readonly<Record<number, string>> = {
  0x00: 'NULL LSAP',
  0x02: 'LLC Sub-Layer Management',
  0x06: 'TCP/IP',
  0x42: 'Spanning Tree BPDU',
  0x7e: 'ISO 8208 (X.25 over 802.2)',
  0x80: 'XNS',
  0xaa: 'SNAP',
  0xbc: 'Banyan Vines',
  0xe0: 'NetWare',
  0xf0: 'NetBIOS',
  0xf4: 'IBM Net Management',
  0xfe: 'ISO Network Layer',
  0xff: 'Global LSAP',
};
const ENCAPSULATED_ETHERNET = 0x000000,
  CISCO = 0x00000c,
  CISCO_90 = 0x0000f8,
  BRIDGED = 0x0080c2,
  APPLE = 0x080007;
const OUIS: Readonly<Record<number, string>> = {
  [ENCAPSULATED_ETHERNET]: 'Encapsulated Ethernet',
  [CISCO]: 'Cisco',
  [CISCO_90]: 'Cisco 90-Compatible',
  [BRIDGED]: 'IEEE 802.1 Bridged',
  [APPLE]: 'Apple (AppleTalk)',
};

const f = defineFields({
  dsap: { name: 'llc.dsap', label: 'DSAP', type: 'uint', base: 'hex', values: SAPS },
  ssap: { name: 'llc.ssap', label: 'SSAP', type: 'uint', base: 'hex', values: SAPS },
  control: { name: 'llc.control', label: 'Control field', type: 'uint', base: 'hex' },
  oui: { name: 'llc.oui', label: 'Organization Code', type: 'uint', base: 'hex', values: OUIS },
  type: { name: 'llc.type', label: 'Type', type: 'uint', base: 'hex' },
  ciscoPid: {
    name: 'llc.cisco_pid',
    label: 'PID',
    type: 'uint',
    base: 'hex',
    values: { 0x0104: 'PAgP', 0x010b: 'PVSTP+', 0x0111: 'UDLD', 0x2000: 'CDP', 0x2003: 'VTP', 0x2004: 'DTP' },
  },
  pid: { name: 'llc.pid', label: 'Protocol ID', type: 'uint', base: 'hex' },
});

const SNAP_SAP = 0xaa,
  SNAP = 5,
  UNNUMBERED_INFORMATION = 0x03;
/** BPDUs by their SAP. */
const BPDU_SAP = 0x42;
/** Aligns bridged Ethernet, RFC 2684 section 5.2. */
const BRIDGED_PADDING = 2;

export const llc: Dissector = {
  id: 'llc',
  name: 'Logical-Link Control',
  fields: f,
  on: [{ table: 'llc.dsap', value: LLC_HEADER }],
  dissect(p, offset, end, sink) {
    if (!p.has(3, offset, end)) return;
    const view = p.view,
      dsap = view.getUint8(offset),
      ssap = view.getUint8(offset + 1),
      control = view.getUint8(offset + 2);
    // Unnumbered frames have one control byte, information and supervisory frames two.
    const length = (control & 3) === 3 ? 3 : 4;
    if (!p.has(length, offset, end)) return;
    if (sink !== null) {
      sink.layer(llc, offset, length);
      sink.add(f.dsap, offset, 1);
      sink.add(f.ssap, offset + 1, 1);
      sink.add(f.control, offset + 2, length - 2, length === 3 ? control : view.getUint16(offset + 2, true));
      sink.info('LLC', `DSAP ${SAPS[dsap] ?? `0x${dsap.toString(16)}`}, SSAP ${SAPS[ssap & 0xfe] ?? `0x${(ssap & 0xfe).toString(16)}`}`);
    }
    const carriesData = (control & 1) === 0 || (control & 0xef) === UNNUMBERED_INFORMATION;
    if (!carriesData) p.carryData(offset + length, end);
    else if (dsap === SNAP_SAP && (ssap & 0xfe) === SNAP_SAP) snap(p, offset + length, end, sink);
    else if (end > offset + length) p.next(LLC_DSAP, dsap, offset + length, end);
  },
};

function snap(p: Packet, offset: number, end: number, sink: FieldSink | null): void {
  if (!p.has(SNAP, offset, end)) return;
  const oui = (p.view.getUint8(offset) << 16) | p.view.getUint16(offset + 1),
    pid = p.view.getUint16(offset + 3),
    payload = offset + SNAP;
  const isType = oui === ENCAPSULATED_ETHERNET || oui === CISCO_90 || oui === APPLE;
  if (sink !== null) {
    sink.add(f.oui, offset, 3, oui);
    sink.add(isType ? f.type : oui === CISCO ? f.ciscoPid : f.pid, offset + 3, 2);
  }
  if (isType) p.next(ETHERTYPE, pid, payload, end);
  else if (oui === CISCO) p.next(CISCO_PID, pid, payload, end);
  else if (oui === BRIDGED && (pid === 1 || pid === 7)) p.next(ETHERTYPE, ETHERNET_WITHIN, payload + BRIDGED_PADDING, end);
  else if (oui === BRIDGED && pid === 14) p.next(LLC_DSAP, BPDU_SAP, payload, end);
  else p.carryData(payload, end);
}
