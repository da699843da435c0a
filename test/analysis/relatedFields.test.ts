/** Fields that relate a frame to others of its conversation, against tshark: times between them, and the numbers of those that belong together. */
import { describe, expect, test } from 'vitest';
import { openCaptureFile } from '../../src/analysis/captureFile.node.ts';
import { filterCatalog } from '../../src/analysis/filtering.ts';
import { readFields, wantedFields } from '../../src/analysis/readFields.ts';
import { nodePlatform } from '../../src/pcap/platform.node.ts';
import { installPlatform } from '../../src/pcap/platform.ts';
import { sample } from '../support/analyzeCapture.ts';
import { tsharkFields, tsharkVersion } from '../support/tshark.ts';

installPlatform(nodePlatform);

async function read(path: string, names: readonly string[], filter = ''): Promise<string[][]> {
  const opened = await openCaptureFile({ kind: 'path', path }),
    wanted = wantedFields(names),
    rows: string[][] = [];
  if (!opened.ok) throw new Error(opened.message);
  if (!wanted.ok) throw new Error(wanted.message);
  const { source, format, close } = opened.capture;
  await readFields(source, format, { filter, fields: wanted.entries, showSecrets: true, pace: () => Promise.resolve() }, ({ values }) =>
    rows.push(values.map((said) => said.join(','))),
  );
  await close();
  return rows;
}

const TCP = [...filterCatalog().entries].filter(({ name, fields }) => name.startsWith('tcp.') && fields.some(({ related }) => related !== undefined));

describe.runIf(tsharkVersion()?.includes(' 4.0.') === true)('as tshark 4.0 has them', () => {
  test.each(['lossy-download', 'one-way', 'upload-outside', 'slow-reader', 'scan-syn', 'smb-session', 'web-browsing'])(
    'times, acknowledgments and bytes in flight of %s',
    { timeout: 60_000 },
    async (name) => {
      const names = TCP.map(({ name }) => name),
        ours = await read(sample(`${name}.pcap`), names);
      expect(names.length).toBeGreaterThanOrEqual(11);
      expect(ours.some((row) => row[0] !== '')).toBe(true);
      expect(ours).toEqual(tsharkFields(sample(`${name}.pcap`), names));
    },
  );
});

const LOSSY = sample('lossy-download.pcap');

describe('a slow download is told', () => {
  // tshark -r lossy-download.pcap -Y 'tcp.analysis.rto or tcp.analysis.duplicate_ack_num == 4' -T fields -e frame.number -e ...
  test('by what was sent again and how long after, and which ACK was repeated', async () => {
    const names = ['frame.number', 'rto', 'rto_frame', 'duplicate_ack_num', 'duplicate_ack_frame', 'initial_rtt'].map((name) =>
      name.includes('.') ? name : `tcp.analysis.${name}`,
    );
    expect(await read(LOSSY, names, 'tcp.analysis.rto || tcp.analysis.duplicate_ack_num == 4')).toEqual([
      ['33', '', '', '4', '23', '0.051049000'],
      ['49', '', '', '4', '41', '0.051049000'],
      ['88', '', '', '4', '79', '0.051049000'],
      ['119', '0.012389000', '96', '', '', '0.051049000'],
      ['130', '', '', '4', '116', '0.051049000'],
      ['214', '', '', '4', '204', '0.051049000'],
      ['229', '0.261926000', '205', '', '', '0.051049000'],
    ]);
  });

  // tshark -r lossy-download.pcap -Y 'tcp.analysis.ack_rtt > 0.03' -T fields -e frame.number -e tcp.analysis.acks_frame -e tcp.analysis.ack_rtt
  test('by the ACKs that came late', async () => {
    const rows = await read(LOSSY, ['frame.number', 'tcp.analysis.acks_frame', 'tcp.analysis.ack_rtt'], 'tcp.analysis.ack_rtt > 0.03');
    expect(rows.slice(0, 3)).toEqual([
      ['8', '7', '0.050991000'],
      ['230', '227', '0.256452000'],
      ['237', '231', '0.030125000'],
    ]);
  });
});
