/** Which path a client wants to know the servers of, [MS-DFSC] section 2.2.2. Over SMB 2, too, Wireshark has it in fields of SMB 1. */
import { defineFields, type FieldSink } from './dissector.ts';
import type { Packet } from './packet.ts';
import { utf16At } from './text.ts';

export const referralFields = defineFields({
  referralLevel: { name: 'smb.max_referral_level', label: 'Max Referral Level', type: 'uint' },
  referralFile: { name: 'smb.file', label: 'File Name', type: 'string' },
});

/** Says the question of `length` bytes at `from`, as far as it is there. */
export function describeReferral({ bytes, view }: Packet, from: number, length: number, end: number, sink: FieldSink): void {
  const name = from + 2,
    to = Math.min(end, from + length);
  if (to < name) return;
  sink.add(referralFields.referralLevel, from, 2, view.getUint16(from, true));
  let nameEnd = name;
  while (nameEnd + 2 <= to && view.getUint16(nameEnd, true) !== 0) nameEnd += 2;
  sink.add(referralFields.referralFile, name, nameEnd - name, utf16At(bytes, name, nameEnd, 1024));
}
