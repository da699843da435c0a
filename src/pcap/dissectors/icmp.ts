/** Internet Control Message Protocol, RFC 792. Errors quote the header of the packet they are about; it is dissected as quoted. */
import { formatIpv4 } from '../addresses.ts';
import { defineFields, messageKind, type Dissector, type Message } from '../dissector.ts';
import { describeEcho } from '../echo.ts';
import { ETHERTYPE } from '../tables.ts';

/** A router says that another way is shorter. */
export interface RedirectMessage extends Message {
  readonly kind: 'icmp-redirect';
  readonly gateway: string;
}
export const redirectMessage = messageKind<RedirectMessage>('icmp-redirect');

const TYPES: Readonly<Record<number, string>> = {
  0: 'Echo (ping) reply',
  3: 'Destination unreachable',
  4: 'Source quench',
  5: 'Redirect',
  8: 'Echo (ping) request',
  9: 'Router advertisement',
  10: 'Router solicitation',
  11: 'Time-to-live exceeded',
  12: 'Parameter problem',
  13: 'Timestamp request',
  14: 'Timestamp reply',
  17: 'Address mask request',
  18: 'Address mask reply',
};
/** RFC 792, 1122 section 3.2.2, 1812 section 5.2.7 and 4884, in Wireshark's words. */
export const ICMP_CODES: Readonly<Record<number, readonly string[]>> = {
  3: [
    'Network unreachable',
    'Host unreachable',
    'Protocol unreachable',
    'Port unreachable',
    'Fragmentation needed',
    'Source route failed',
    'Destination network unknown',
    'Destination host unknown',
    'Source host isolated',
    'Network administratively prohibited',
    'Host administratively prohibited',
    'Network unreachable for TOS',
    'Host unreachable for TOS',
    'Communication administratively filtered',
    'Host precedence violation',
    'Precedence cutoff in effect',
  ],
  5: ['Redirect for network', 'Redirect for host', 'Redirect for TOS and network', 'Redirect for TOS and host'],
  11: ['Time to live exceeded in transit', 'Fragment reassembly time exceeded'],
  12: ['Pointer indicates the error', 'Required option missing', 'Bad length'],
};

const f = defineFields({
  type: { name: 'icmp.type', label: 'Type', type: 'uint', values: TYPES },
  code: { name: 'icmp.code', label: 'Code', type: 'uint' },
  checksum: { name: 'icmp.checksum', label: 'Checksum', type: 'uint', base: 'hex' },
  identifier: { name: 'icmp.ident', label: 'Identifier', type: 'uint' },
  sequence: { name: 'icmp.seq', label: 'Sequence Number', type: 'uint' },
  responseIn: { name: 'icmp.resp_in', label: 'Response frame', type: 'uint', related: 'later' },
  responseTo: { name: 'icmp.resp_to', label: 'Request frame', type: 'uint', related: 'earlier' },
  unanswered: { name: 'icmp.resp_not_found', label: 'No response seen', type: 'none', related: 'later' },
  time: { name: 'icmp.resptime', label: 'Response time', type: 'float', unit: 'ms', related: 'earlier' },
  gateway: { name: 'icmp.redir_gw', label: 'Gateway Address', type: 'ipv4' },
  mtu: { name: 'icmp.mtu', label: 'MTU of next hop', type: 'uint' },
});

/** What the checksum of an echo request lacks of its reply's, which differs in the type alone. */
const REQUEST_ABOVE_REPLY = 0x0800;

const QUOTING = new Set([3, 4, 5, 11, 12]);

export const icmp: Dissector = {
  id: 'icmp',
  name: 'Internet Control Message Protocol',
  fields: f,
  on: [{ table: 'ip.proto', value: 1 }],
  dissect(p, offset, end, sink) {
    if (!p.has(4, offset, end)) return;
    const view = p.view,
      type = view.getUint8(offset),
      code = view.getUint8(offset + 1);
    if (p.icmp < 0) p.icmp = type * 256 + code;
    if (type === 5 && end - offset >= 8 && p.hears('icmp-redirect'))
      p.emit({ kind: 'icmp-redirect', frame: p.frame, gateway: formatIpv4(view.getInt32(offset + 4)) } satisfies RedirectMessage);
    const echo = type === 0 || type === 8;
    if (sink !== null) {
      sink.layer(icmp, offset, end - offset);
      sink.add(f.type, offset, 1);
      sink.add(f.code, offset + 1, 1, code, ICMP_CODES[type]?.[code]);
      sink.add(f.checksum, offset + 2, 2);
      const words = TYPES[type] ?? `type ${type}`;
      if ((echo || type === 13 || type === 14) && end - offset >= 8) {
        sink.add(f.identifier, offset + 4, 2);
        sink.add(f.sequence, offset + 6, 2);
        if (echo) describeEcho(p, 'icmp', f, offset, type === 0, REQUEST_ABOVE_REPLY, sink);
        sink.info(
          'ICMP',
          `${words}  id=0x${view
            .getUint16(offset + 4)
            .toString(16)
            .padStart(4, '0')}, seq=${view.getUint16(offset + 6)}`,
        );
      } else {
        if (type === 5 && end - offset >= 8) sink.add(f.gateway, offset + 4, 4);
        if (type === 3 && code === 4 && end - offset >= 8) sink.add(f.mtu, offset + 6, 2);
        sink.info('ICMP', type in ICMP_CODES ? `${words} (${ICMP_CODES[type]?.[code] ?? `code ${code}`})` : words);
      }
    }
    if (QUOTING.has(type) && end - offset > 8 && !p.quoted) {
      p.quoted = true;
      p.next(ETHERTYPE, 0x0800, offset + 8, end);
    } else p.carryData(offset + 8, end);
  },
};
