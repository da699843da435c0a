/** Fields that relate a frame to others of its conversation, against tshark: times between them, and the numbers of those that belong together. */
import { existsSync } from 'node:fs';
import { describe, expect, test } from 'vitest';
import { openCaptureFile } from '../../src/analysis/captureFile.node.ts';
import { EVERYTHING } from '../../src/analysis/engineApi.ts';
import { filterCatalog } from '../../src/analysis/filtering.ts';
import { readFields, wantedFields } from '../../src/analysis/readFields.ts';
import { CaptureSession } from '../../src/analysis/session.ts';
import { tcpPieceFields } from '../../src/analysis/tcpPieces.ts';
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

const RELATED = [...filterCatalog().entries].filter(({ fields }) => fields.some(({ related }) => related !== undefined)).map(({ name }) => name),
  // What belongs together is told where the last of it is, or how all of it ended: in a second pass, below.
  TOGETHER = [...Object.keys(tcpPieceFields).map((key) => tcpPieceFields[key as keyof typeof tcpPieceFields].name), 'tcp.completeness'],
  TCP = RELATED.filter((name) => name.startsWith('tcp.') && !TOGETHER.includes(name)),
  // tshark tells these of DCE/RPC twice in a frame.
  PAIRS = ['http.request_in', 'http.time', ...RELATED.filter((name) => !/^(?:tcp|udp)\.|^dcerpc\..*_in$/.test(name))];

/** Where we differ, and why. */
const ACCEPTED: readonly { readonly capture: string; readonly field: string; readonly frame: number; readonly reason: string }[] = [
  { capture: 'sip-guessed', field: 'sip.response-time', frame: 18, reason: 'whole milliseconds: tshark rounds up where nanoseconds run over' },
];

describe.runIf(tsharkVersion()?.includes(' 4.0.') === true)('as tshark 4.0 has them', () => {
  test.each(['lossy-download', 'one-way', 'upload-outside', 'slow-reader', 'scan-syn', 'smb-session', 'web-browsing'])(
    'times, acknowledgments and bytes in flight of %s',
    { timeout: 60_000 },
    async (name) => {
      const ours = await read(sample(`${name}.pcap`), TCP);
      expect(TCP.length).toBeGreaterThanOrEqual(11);
      expect(ours.some((row) => row[0] !== '')).toBe(true);
      expect(ours).toEqual(tsharkFields(sample(`${name}.pcap`), TCP));
    },
  );

  test.each(['executable-download', 'dirb', 'smb-session', 'geneve', 'scan-connect', 'idle-connections', 'web-tls-keys', 'http-flood', 'flood-syn'])(
    'how much of its connections %s has, and which segments belong together',
    { timeout: 60_000 },
    async (name) => {
      const file = sample(`${name}.pcap`),
        path = [file, `${file}ng`, `${file}.gz`].find(existsSync) ?? file,
        data = TOGETHER.indexOf('tcp.segment_data'),
        // Of a ZIP or a picture tshark has the bytes without colons.
        told = (rows: string[][]): string[][] => rows.map((row) => row.map((value, i) => (i === data ? String(value !== '') : value)));
      expect(told(await read(path, TOGETHER))).toEqual(told(tsharkFields(path, TOGETHER, 2, ['-o', 'tcp.reassemble_out_of_order:TRUE'])));
    },
  );

  test.each([
    ['dns', 'dns.time'],
    ['dns-tunnel-iodine', 'dns.time'],
    ['web-browsing', 'http.time'],
    ['ping-traceroute', 'icmp.resptime'],
    ['sweep-ping', 'icmp.resptime'],
    ['ipv6', 'icmpv6.resptime'],
    ['dhcp-ntp', 'ntp.delta_time'],
    ['snmp-walk', 'snmp.time'],
    ['logins-in-clear', 'ldap.time'],
    ['sip-guessed', 'sip.response-time'],
    ['smb-session', 'smb2.time'],
    ['smb1-session', 'smb.time'],
    ['rid-cycling', 'dcerpc.time'],
  ])('which answer of %s belongs to which question, and %s', { timeout: 60_000 }, async (name, time) => {
    const theirs = tsharkFields(sample(`${name}.pcap`), PAIRS, 2),
      ours = await read(sample(`${name}.pcap`), PAIRS);
    for (const { capture, field, frame } of ACCEPTED)
      if (capture === name) theirs[frame - 1]![PAIRS.indexOf(field)] = ours[frame - 1]![PAIRS.indexOf(field)]!;
    expect(PAIRS.length).toBeGreaterThan(35);
    expect(theirs.filter((row) => row[PAIRS.indexOf(time)] !== '').length).toBeGreaterThan(1);
    expect(ours).toEqual(theirs);
  });
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

// tshark -r dns.pcap -Y dns.time -T fields -e frame.number -e dns.time | sort -k2 -rn; and of dns.qry.name in the order of the alphabet.
test('the packet list is sorted by a field as by any column, numbers as numbers', async () => {
  const opened = await openCaptureFile({ kind: 'path', path: sample('dns.pcap') });
  if (!opened.ok) throw new Error(opened.message);
  const { source, format } = opened.capture,
    session = new CaptureSession(
      source,
      format,
      { name: 'dns.pcap', fileBytes: source.size, format: format.id, compression: null, sha256: null, inflateStopped: null },
      { version: 'test', emit: () => undefined },
    );
  await session.read();
  const frames = async (column: string, descending: boolean, filter = ''): Promise<number[]> =>
    (
      await session.handlers.packets(
        { selection: { ...EVERYTHING, filter }, sort: { column, descending }, offset: 0, limit: 4, fields: [column] },
        new AbortController().signal,
      )
    ).rows.map(({ frame }) => frame);
  expect(await frames('dns.time', true)).toEqual([46, 62, 35, 4]);
  expect(await frames('dns.qry.name', false, 'dns.flags.response == 0')).toEqual([19, 17, 15, 27]);
  await opened.capture.close();
});
