/** Data connections of FTP: `tshark -r ftp.pcap -Y ftp-data -T fields -e frame.number -e ftp-data.setup-frame -e ftp-data.setup-method -e ftp-data.command`, tshark 4.0.17. */
import { describe, expect, test } from 'vitest';
import { openCaptureFile } from '../../src/analysis/captureFile.node.ts';
import { EVERYTHING } from '../../src/analysis/engineApi.ts';
import { readFields, wantedFields } from '../../src/analysis/readFields.ts';
import { analyzeCapture, sample } from '../support/analyzeCapture.ts';
import { withSession } from '../support/withSession.ts';

describe('data connections of FTP', () => {
  test('are known by what announced them', async () => {
    const opened = await openCaptureFile({ kind: 'path', path: sample('ftp.pcap') }),
      wanted = wantedFields(['ftp-data.setup-frame', 'ftp-data.setup-method', 'ftp-data.command']),
      rows: string[] = [];
    if (!opened.ok || !wanted.ok) throw new Error('not there');
    const { source, format, close } = opened.capture;
    await readFields(
      source,
      format,
      { filter: 'ftp-data', fields: wanted.entries, showSecrets: true, pace: () => Promise.resolve() },
      ({ frame, values }) => rows.push([frame, ...values.map((said) => said.join())].join(' ')),
    );
    await close();
    expect(rows.filter((row) => !row.includes('EPRT'))).toEqual([
      '48 40 EPASV TYPE A',
      '89 79 PASV TYPE I',
      '91 79 PASV TYPE I',
      '183 174 PORT TYPE A',
      ...[223, 224, 225, 226, 227].map((frame) => `${frame} 215 EPASV TYPE I`),
      ...[274, 276, 278].map((frame) => `${frame} 262 EPASV TYPE I`),
      '325 317 EPASV TYPE A',
    ]);
    // Of these tshark names frame 128, the handshake, and no method.
    expect(rows.filter((row) => row.includes('EPRT'))).toEqual([132, 134, 136, 138, 140, 142, 144].map((frame) => `${frame} 121 EPRT TYPE I`));
  });

  test('are told in the list and in the report', async () => {
    const rows = await withSession(
      sample('ftp.pcap'),
      async (session) =>
        (
          await session.handlers.packets(
            { selection: { ...EVERYTHING, filter: 'ftp-data' }, sort: null, offset: 0, limit: 2 },
            new AbortController().signal,
          )
        ).rows,
    );
    expect(rows.map(({ protocol, info }) => `${protocol} ${info}`)).toEqual([
      'FTP-DATA FTP Data: 204 bytes (EPASV) (TYPE A)',
      'FTP-DATA FTP Data: 1448 bytes (PASV) (TYPE I)',
    ]);
    const report = await analyzeCapture(sample('ftp.pcap'));
    expect(report.protocols.find(({ protocol }) => protocol === 'ftp-data')?.packets).toBe(20);
    expect(new Set(report.conversations.filter(({ layer }) => layer === 'tcp').map(({ service }) => service))).toEqual(new Set(['ftp', 'ftp-data']));
  });
});
