/** Slow Protocols, IEEE 802.3 annex 57A: link aggregation (LACP and its marker) and OAM. */
import { defineFields, type Dissector, type FieldSink } from '../dissector.ts';

const LACP = 1,
  SUBTYPES: Readonly<Record<number, string>> = { [LACP]: 'LACP', 2: 'Marker Protocol', 3: 'OAM', 10: 'Organization Specific Slow Protocol' };

const slowFields = defineFields({
  subtype: { name: 'slow.subtype', label: 'Slow Protocols subtype', type: 'uint', base: 'hex', values: SUBTYPES },
});

export const slow: Dissector = {
  id: 'slow',
  name: 'Slow Protocols',
  fields: slowFields,
  on: [{ table: 'ethertype', value: 0x8809 }],
  dissect(p, offset, end, sink) {
    if (!p.has(1, offset, end)) return;
    const subtype = p.view.getUint8(offset);
    if (sink !== null) {
      sink.layer(slow, offset, 1);
      sink.add(slowFields.subtype, offset, 1);
      sink.info('Slow Protocols', SUBTYPES[subtype] ?? `subtype ${subtype}`);
    }
    if (subtype === LACP) p.nextById('lacp', offset + 1, end);
    else p.carryData(offset + 1, end);
  },
};

const f = defineFields({
  version: { name: 'lacp.version', label: 'LACP Version', type: 'uint', base: 'hex' },
  actorPriority: { name: 'lacp.actor.sys_priority', label: 'Actor System Priority', type: 'uint' },
  actorSystem: { name: 'lacp.actor.sysid', label: 'Actor System ID', type: 'ether' },
  actorKey: { name: 'lacp.actor.key', label: 'Actor Key', type: 'uint' },
  actorPort: { name: 'lacp.actor.port', label: 'Actor Port', type: 'uint' },
  actorState: { name: 'lacp.actor.state', label: 'Actor State', type: 'uint', base: 'hex' },
  partnerPriority: { name: 'lacp.partner.sys_priority', label: 'Partner System Priority', type: 'uint' },
  partnerSystem: { name: 'lacp.partner.sysid', label: 'Partner System', type: 'ether' },
  partnerKey: { name: 'lacp.partner.key', label: 'Partner Key', type: 'uint' },
  partnerPort: { name: 'lacp.partner.port', label: 'Partner Port', type: 'uint' },
  partnerState: { name: 'lacp.partner.state', label: 'Partner State', type: 'uint', base: 'hex' },
});

const ACTOR = 1,
  PARTNER = 21,
  LENGTH = 41;

export const lacp: Dissector = {
  id: 'lacp',
  name: 'LACP',
  fields: f,
  on: [],
  dissect(p, offset, end, sink) {
    if (!p.has(LENGTH, offset, end) || sink === null) return;
    sink.layer(lacp, offset, end - offset);
    sink.add(f.version, offset, 1);
    describeSide(offset + ACTOR, 'actor', sink);
    describeSide(offset + PARTNER, 'partner', sink);
    sink.info(
      'LACP',
      `v${p.view.getUint8(offset)} ACTOR port ${p.view.getUint16(offset + ACTOR + 14)} PARTNER port ${p.view.getUint16(offset + PARTNER + 14)}`,
    );
  },
};

/** Both sides have one layout behind a type and a length: system, key, port, state. */
function describeSide(at: number, side: 'actor' | 'partner', sink: FieldSink): void {
  sink.add(f[`${side}Priority`], at + 2, 2);
  sink.add(f[`${side}System`], at + 4, 6);
  sink.add(f[`${side}Key`], at + 10, 2);
  sink.add(f[`${side}Port`], at + 14, 2);
  sink.add(f[`${side}State`], at + 16, 1);
}
