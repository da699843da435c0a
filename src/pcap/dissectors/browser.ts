/** The announcements of the Windows browser, [MS-BRWS] section 2.2: which hosts and workgroups there are. */
import { defineFields, type Dissector } from '../dissector.ts';
import { findByte, textAt } from '../text.ts';

const HOST = 1,
  ELECTION = 8,
  DOMAIN = 12,
  LOCAL_MASTER = 15;
const COMMANDS: Readonly<Record<number, string>> = {
  [HOST]: 'Host Announcement',
  2: 'Request Announcement',
  [ELECTION]: 'Browser Election Request',
  9: 'Get Backup List Request',
  10: 'Get Backup List Response',
  11: 'Become Backup Browser',
  [DOMAIN]: 'Domain/Workgroup Announcement',
  13: 'Master Announcement',
  14: 'Reset Browser State Announcement',
  [LOCAL_MASTER]: 'Local Master Announcement',
};

const f = defineFields({
  command: { name: 'browser.command', label: 'Command', type: 'uint', base: 'hex', values: COMMANDS },
  updateCount: { name: 'browser.update_count', label: 'Update Count', type: 'uint' },
  period: { name: 'browser.period', label: 'Update Periodicity', type: 'uint', unit: 'ms' },
  server: { name: 'browser.server', label: 'Host Name', type: 'string' },
  osMajor: { name: 'browser.os_major', label: 'OS Major Version', type: 'uint' },
  osMinor: { name: 'browser.os_minor', label: 'OS Minor Version', type: 'uint' },
  serverType: { name: 'browser.server_type', label: 'Server Type', type: 'uint', base: 'hex' },
  master: { name: 'browser.mb_server', label: 'Master Browser Server Name', type: 'string' },
  comment: { name: 'browser.comment', label: 'Host Comment', type: 'string' },
});

const ANNOUNCEMENT = 32,
  ELECTION_HEADER = 14;

export const browser: Dissector = {
  id: 'browser',
  name: 'Microsoft Windows Browser Protocol',
  fields: f,
  on: [],
  application: true,
  dissect(p, offset, end, sink) {
    if (!p.has(1, offset, end) || sink === null) return;
    const command = p.view.getUint8(offset);
    sink.layer(browser, offset, end - offset);
    sink.add(f.command, offset, 1);
    let info = COMMANDS[command] ?? `command ${command}`;
    if ((command === HOST || command === DOMAIN || command === LOCAL_MASTER) && end - offset >= ANNOUNCEMENT) {
      const name = offset + 6,
        nameEnd = findByte(p.bytes, 0, name, name + 16),
        comment = offset + ANNOUNCEMENT;
      sink.add(f.updateCount, offset + 1, 1);
      sink.add(f.period, offset + 2, 4, p.view.getUint32(offset + 2, true));
      sink.add(f.server, name, nameEnd - name);
      sink.add(f.osMajor, offset + 22, 1);
      sink.add(f.osMinor, offset + 23, 1);
      sink.add(f.serverType, offset + 24, 4, p.view.getUint32(offset + 24, true));
      if (comment < end) sink.add(command === DOMAIN ? f.master : f.comment, comment, findByte(p.bytes, 0, comment, end) - comment);
      info += ` ${textAt(p.bytes, name, nameEnd)}`;
    } else if (command === ELECTION && end - offset > ELECTION_HEADER) {
      const name = offset + ELECTION_HEADER,
        nameEnd = findByte(p.bytes, 0, name, end);
      sink.add(f.server, name, nameEnd - name);
      info += ` ${textAt(p.bytes, name, nameEnd)}`;
    }
    sink.info('BROWSER', info);
  },
};
