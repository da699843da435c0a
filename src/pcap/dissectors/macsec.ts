/** MAC Security, IEEE 802.1AE: what is only authenticated is read on, what is encrypted is not. */
import { defineFields, type Dissector } from '../dissector.ts';
import { nextAfterType } from './etherType.ts';

const f = defineFields({
  hasChannel: { name: 'macsec.TCI.SC', label: 'SC', type: 'boolean' },
  isEncrypted: { name: 'macsec.TCI.E', label: 'E', type: 'boolean' },
  isChanged: { name: 'macsec.TCI.C', label: 'C', type: 'boolean' },
  association: { name: 'macsec.AN', label: 'AN', type: 'uint' },
  shortLength: { name: 'macsec.SL', label: 'Short length', type: 'uint' },
  packetNumber: { name: 'macsec.PN', label: 'Packet number', type: 'uint' },
  system: { name: 'macsec.SCI.system_identifier', label: 'System Identifier', type: 'ether' },
  port: { name: 'macsec.SCI.port_identifier', label: 'Port Identifier', type: 'uint' },
  type: { name: 'macsec.etype', label: 'Ethertype', type: 'uint', base: 'hex' },
  integrityCheck: { name: 'macsec.ICV', label: 'ICV', type: 'bytes' },
});

const HEADER = 6,
  CHANNEL_ID = 8,
  INTEGRITY_CHECK = 16,
  HAS_CHANNEL = 0x20,
  ENCRYPTED = 0x08,
  CHANGED = 0x04;

export const macsec: Dissector = {
  id: 'macsec',
  name: '802.1AE Security tag',
  fields: f,
  on: [{ table: 'ethertype', value: 0x88e5 }],
  dissect(p, offset, end, sink) {
    if (!p.has(HEADER, offset, end)) return;
    const control = p.view.getUint8(offset),
      length = HEADER + ((control & HAS_CHANNEL) === 0 ? 0 : CHANNEL_ID),
      isReadable = (control & (ENCRYPTED | CHANGED)) === 0,
      check = end - INTEGRITY_CHECK;
    if (!p.has(length, offset, end)) return;
    if (sink !== null) {
      sink.layer(macsec, offset, length);
      sink.add(f.hasChannel, offset, 1, (control & HAS_CHANNEL) !== 0);
      sink.add(f.isEncrypted, offset, 1, (control & ENCRYPTED) !== 0);
      sink.add(f.isChanged, offset, 1, (control & CHANGED) !== 0);
      sink.add(f.association, offset, 1, control & 3);
      sink.add(f.shortLength, offset + 1, 1);
      sink.add(f.packetNumber, offset + 2, 4);
      if (length > HEADER) {
        sink.add(f.system, offset + 6, 6);
        sink.add(f.port, offset + 12, 2);
      }
      if (check >= offset + length) sink.add(f.integrityCheck, check, INTEGRITY_CHECK);
      sink.info('MACSEC', isReadable ? 'authenticated, not encrypted' : 'encrypted');
    }
    const type = offset + length;
    if (!isReadable || check < type + 2) {
      p.carryData(type, Math.max(type, check));
      return;
    }
    sink?.add(f.type, type, 2);
    p.wireEnd = Math.max(type + 2, p.wireEnd - INTEGRITY_CHECK);
    nextAfterType(p, p.view.getUint16(type), type + 2, check);
  },
};
