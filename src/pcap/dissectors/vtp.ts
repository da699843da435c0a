/** Cisco's VLAN Trunking Protocol: a switch tells the others of its domain which VLANs there are, and the highest revision wins. Layout: Cisco, "Understand VLAN Trunk Protocol". */
import { defineFields, messageKind, type Dissector, type Message } from '../dissector.ts';
import { textAt } from '../text.ts';

const CODES: Readonly<Record<number, string>> = {
  1: 'Summary Advertisement',
  2: 'Subset Advertisement',
  3: 'Advertisement Request',
  4: 'Join/Prune Message',
};

const f = defineFields({
  version: { name: 'vtp.version', label: 'Version', type: 'uint', base: 'hex' },
  code: { name: 'vtp.code', label: 'Code', type: 'uint', base: 'hex', values: CODES },
  followers: { name: 'vtp.followers', label: 'Followers', type: 'uint' },
  sequence: { name: 'vtp.seq_num', label: 'Sequence Number', type: 'uint' },
  domainLength: { name: 'vtp.md_len', label: 'Management Domain Length', type: 'uint' },
  domain: { name: 'vtp.md', label: 'Management Domain', type: 'string' },
  revision: { name: 'vtp.conf_rev_num', label: 'Configuration Revision Number', type: 'uint' },
  updater: { name: 'vtp.upd_id', label: 'Updater Identity', type: 'ipv4' },
  digest: { name: 'vtp.md5_digest', label: 'MD5 Digest', type: 'bytes' },
  start: { name: 'vtp.start_value', label: 'Start Value', type: 'uint', base: 'hex' },
});

/** A list of VLANs, or its summary. */
export interface VtpMessage extends Message {
  readonly kind: 'vtp';
  readonly domain: string;
  readonly revision: number;
}
export const vtpMessage = messageKind<VtpMessage>('vtp');

const SUMMARY = 1,
  SUBSET = 2,
  REQUEST = 3,
  DOMAIN_AT = 4,
  DOMAIN_ROOM = 32,
  REVISION_AT = DOMAIN_AT + DOMAIN_ROOM,
  UPDATER_AT = REVISION_AT + 4,
  DIGEST_AT = UPDATER_AT + 4 + 12,
  DIGEST = 16;

export const vtp: Dissector = {
  id: 'vtp',
  name: 'VLAN Trunking Protocol',
  fields: f,
  on: [{ table: 'llc.cisco_pid', value: 0x2003 }],
  dissect(p, offset, end, sink) {
    if (!p.has(DOMAIN_AT, offset, end)) return;
    const { bytes, view } = p,
      code = bytes[offset + 1]!,
      domainLength = Math.min(bytes[offset + 3]!, DOMAIN_ROOM),
      hasRevision = (code === SUMMARY || code === SUBSET) && offset + UPDATER_AT <= end,
      revision = hasRevision ? view.getUint32(offset + REVISION_AT) : 0;
    if (sink !== null) {
      sink.layer(vtp, offset, end - offset);
      sink.add(f.version, offset, 1);
      sink.add(f.code, offset + 1, 1);
      if (code === SUMMARY) sink.add(f.followers, offset + 2, 1);
      else if (code === SUBSET) sink.add(f.sequence, offset + 2, 1);
      if (code >= SUMMARY && code <= REQUEST) {
        sink.add(f.domainLength, offset + 3, 1);
        if (offset + REVISION_AT <= end) sink.add(f.domain, offset + DOMAIN_AT, domainLength);
      }
      if (hasRevision) sink.add(f.revision, offset + REVISION_AT, 4);
      if (code === SUMMARY && offset + DIGEST_AT + DIGEST <= end) {
        sink.add(f.updater, offset + UPDATER_AT, 4);
        sink.add(f.digest, offset + DIGEST_AT, DIGEST);
      }
      if (code === REQUEST && offset + REVISION_AT + 2 <= end) sink.add(f.start, offset + REVISION_AT, 2);
      sink.info('VTP', `${CODES[code] ?? `Code ${code}`}${hasRevision ? `, Revision: ${revision}` : ''}`);
    }
    if (hasRevision && p.hears('vtp'))
      p.emit({
        kind: 'vtp',
        frame: p.frame,
        domain: textAt(bytes, offset + DOMAIN_AT, offset + DOMAIN_AT + domainLength),
        revision,
      } satisfies VtpMessage);
  },
};
