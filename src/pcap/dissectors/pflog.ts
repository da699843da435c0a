/** Packets logged by the packet filter of OpenBSD, FreeBSD, pfSense and OPNsense (LINKTYPE_PFLOG), with the rule that decided. */
import { findByte } from '../text.ts';
import { defineFields, type Dissector } from '../dissector.ts';
import { BSD_FAMILIES, nextAfterFamily } from './etherType.ts';

const ACTIONS: Readonly<Record<number, string>> = { 0: 'passed', 1: 'blocked', 2: 'scrubbed', 8: 'binat', 4: 'nat', 6: 'rdr' };

const f = defineFields({
  length: { name: 'pflog.length', label: 'Header Length', type: 'uint' },
  family: { name: 'pflog.af', label: 'Address Family', type: 'uint', values: BSD_FAMILIES },
  action: { name: 'pflog.action', label: 'Action', type: 'uint', values: ACTIONS },
  reason: { name: 'pflog.reason', label: 'Reason', type: 'uint' },
  interfaceName: { name: 'pflog.ifname', label: 'Interface', type: 'string' },
  ruleset: { name: 'pflog.ruleset', label: 'Ruleset', type: 'string' },
  rule: { name: 'pflog.rulenr', label: 'Rule Number', type: 'int' },
  subRule: { name: 'pflog.subrulenr', label: 'Sub Rule Number', type: 'int' },
  direction: { name: 'pflog.dir', label: 'Direction', type: 'uint', values: { 0: 'inout', 1: 'in', 2: 'out' } },
});

/** Up to and with the direction; what OpenBSD appended later is passed over. */
const HEADER = 61,
  NAME_LENGTH = 16;

export const pflog: Dissector = {
  id: 'pflog',
  name: 'OpenBSD Packet Filter log file',
  fields: f,
  on: [{ table: 'linktype', value: 117 }],
  dissect(p, offset, end, sink) {
    if (!p.has(HEADER, offset, end)) return;
    const { view, bytes } = p,
      length = view.getUint8(offset),
      family = view.getUint8(offset + 1);
    if (length < HEADER) {
      p.malformed(`pflog header of ${length} bytes`, offset, end);
      return;
    }
    // The length does not count the padding to a word.
    const payload = offset + ((length + 3) & ~3);
    if (!p.has(payload - offset, offset, end)) return;
    if (sink !== null) {
      const text = (at: number): number => findByte(bytes, 0, at, at + NAME_LENGTH) - at,
        action = view.getUint8(offset + 2),
        direction = view.getUint8(offset + 60);
      sink.layer(pflog, offset, payload - offset);
      sink.add(f.length, offset, 1, length);
      sink.add(f.family, offset + 1, 1, family);
      sink.add(f.action, offset + 2, 1, action);
      sink.add(f.reason, offset + 3, 1);
      sink.add(f.interfaceName, offset + 4, text(offset + 4));
      sink.add(f.ruleset, offset + 20, text(offset + 20));
      sink.add(f.rule, offset + 36, 4);
      sink.add(f.subRule, offset + 40, 4);
      sink.add(f.direction, offset + 60, 1, direction);
      sink.info('PFLOG', `${ACTIONS[action] ?? `action ${action}`}, rule ${view.getInt32(offset + 36)}`);
    }
    nextAfterFamily(p, family, payload, end);
  },
};
