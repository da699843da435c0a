/** Syslog over UDP, RFC 3164 and RFC 5424: a priority in angle brackets, then text. */
import { defineFields, type Dissector } from '../dissector.ts';
import { sayPlainDatagram } from '../plainDatagram.ts';
import { decimalAt, findByte, textAt } from '../text.ts';

const LEVELS: Readonly<Record<number, string>> = {
  0: 'EMERG - system is unusable',
  1: 'ALERT - action must be taken immediately',
  2: 'CRIT - critical conditions',
  3: 'ERR - error conditions',
  4: 'WARNING - warning conditions',
  5: 'NOTICE - normal but significant condition',
  6: 'INFO - informational',
  7: 'DEBUG - debug-level messages',
};
const FACILITIES: Readonly<Record<number, string>> = {
  0: 'KERN',
  1: 'USER',
  2: 'MAIL',
  3: 'DAEMON',
  4: 'AUTH',
  5: 'SYSLOG',
  6: 'LPR',
  7: 'NEWS',
  8: 'UUCP',
  9: 'CRON',
  10: 'AUTHPRIV',
  11: 'FTP',
  16: 'LOCAL0',
  17: 'LOCAL1',
  18: 'LOCAL2',
  19: 'LOCAL3',
  20: 'LOCAL4',
  21: 'LOCAL5',
  22: 'LOCAL6',
  23: 'LOCAL7',
};

const f = defineFields({
  facility: { name: 'syslog.facility', label: 'Facility', type: 'uint', values: FACILITIES },
  level: { name: 'syslog.level', label: 'Level', type: 'uint', values: LEVELS },
  message: { name: 'syslog.msg', label: 'Message', type: 'string' },
});

/** `<191>` is the highest there is. */
const LONGEST_PRIORITY = 5,
  MAX_PRIORITY = 191,
  OPEN = 0x3c,
  CLOSE = 0x3e;

export const syslog: Dissector = {
  id: 'syslog',
  name: 'Syslog message',
  fields: f,
  on: [{ table: 'udp.port', value: 514 }],
  application: true,
  recognise: (p, offset, end) => priority(p.bytes, offset, end) >= 0,
  dissect(p, offset, end, sink) {
    sayPlainDatagram(p, offset, end);
    if (sink === null) return;
    const value = priority(p.bytes, offset, end),
      text = findByte(p.bytes, CLOSE, offset, end) + 1;
    sink.layer(syslog, offset, end - offset);
    sink.add(f.facility, offset, text - offset, value >> 3);
    sink.add(f.level, offset, text - offset, value & 7);
    sink.add(f.message, text, end - text);
    sink.info('Syslog', `${FACILITIES[value >> 3] ?? value >> 3}.${LEVELS[value & 7] ?? ''}: ${textAt(p.bytes, text, end, 200)}`);
  },
};

function priority(bytes: Uint8Array, offset: number, end: number): number {
  if (end - offset < 3 || bytes[offset] !== OPEN) return -1;
  const close = findByte(bytes, CLOSE, offset, Math.min(end, offset + LONGEST_PRIORITY));
  const value = decimalAt(bytes, offset + 1, close);
  return close < end && bytes[close] === CLOSE && value <= MAX_PRIORITY ? value : -1;
}
