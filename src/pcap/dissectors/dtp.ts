/** Cisco's Dynamic Trunking Protocol, which is not published: whether the two ends of a link make it a trunk. Fields as Wireshark's dissector knows them. */
import { defineFields, messageKind, type Dissector, type Message } from '../dissector.ts';

const OPERATING: Readonly<Record<number, string>> = { 0: 'Access', 1: 'Trunk' };
const ADMINISTRATIVE: Readonly<Record<number, string>> = { 1: 'On', 2: 'Off', 3: 'Desirable', 4: 'Auto' };

const f = defineFields({
  version: { name: 'dtp.version', label: 'Version', type: 'uint' },
  type: {
    name: 'dtp.tlv_type',
    label: 'Type',
    type: 'uint',
    base: 'hex',
    values: { 1: 'Domain', 2: 'Trunk Status', 3: 'Trunk Type', 4: 'Sender ID' },
  },
  length: { name: 'dtp.tlv_len', label: 'Length', type: 'uint' },
  domain: { name: 'dtp.domain', label: 'Domain', type: 'string' },
  operating: { name: 'dtp.tos', label: 'Trunk Operating Status', type: 'uint', base: 'hex', values: OPERATING },
  administrative: { name: 'dtp.tas', label: 'Trunk Administrative Status', type: 'uint', base: 'hex', values: ADMINISTRATIVE },
  sender: { name: 'dtp.senderid', label: 'Sender ID', type: 'ether' },
});

/** What one end says of the link, and wants of it. */
export interface DtpMessage extends Message {
  readonly kind: 'dtp';
  /** It is a trunk for this end. */
  readonly isTrunk: boolean;
  /** 1 on, 2 off, 3 desirable, 4 auto. */
  readonly wanted: number;
}
export const dtpMessage = messageKind<DtpMessage>('dtp');

const TLV_HEADER = 4,
  DOMAIN = 1,
  STATUS = 2,
  SENDER = 4,
  TRUNK = 0x80,
  WANTED = 0x07;

export const dtp: Dissector = {
  id: 'dtp',
  name: 'Dynamic Trunk Protocol',
  fields: f,
  on: [{ table: 'llc.cisco_pid', value: 0x2004 }],
  dissect(p, offset, end, sink) {
    if (!p.has(1, offset, end)) return;
    const { bytes, view } = p;
    let status = -1;
    sink?.layer(dtp, offset, end - offset);
    sink?.add(f.version, offset, 1);
    for (let at = offset + 1; at + TLV_HEADER <= end;) {
      const type = view.getUint16(at),
        length = view.getUint16(at + 2),
        value = at + TLV_HEADER,
        next = at + length;
      if (length < TLV_HEADER || next > end) break;
      if (type === STATUS && next > value) status = bytes[value]!;
      if (sink !== null) {
        sink.add(f.type, at, 2);
        sink.add(f.length, at + 2, 2);
        if (type === DOMAIN) sink.add(f.domain, value, next - value);
        else if (type === STATUS && next > value) {
          sink.add(f.operating, value, 1, status >> 7);
          sink.add(f.administrative, value, 1, status & WANTED);
        } else if (type === SENDER && next - value === 6) sink.add(f.sender, value, 6);
      }
      at = next;
    }
    if (status >= 0 && p.hears('dtp'))
      p.emit({ kind: 'dtp', frame: p.frame, isTrunk: (status & TRUNK) !== 0, wanted: status & WANTED } satisfies DtpMessage);
    sink?.info(
      'DTP',
      status < 0 ? 'Dynamic Trunk Protocol' : `${(status & TRUNK) === 0 ? 'Access' : 'Trunk'}/${ADMINISTRATIVE[status & WANTED] ?? status & WANTED}`,
    );
  },
};
