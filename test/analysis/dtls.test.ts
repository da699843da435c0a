/** What is said in DTLS counts as what is said in TLS: names, checks, messages, host pages. The sample and what its programs were asked to do: captures/dtls.md. */
import { describe, expect, test } from 'vitest';
import { openCaptureFile } from '../../src/analysis/captureFile.node.ts';
import { checkFilter, selectFrames } from '../../src/analysis/filtering.ts';
import { messagesFilter, tellingFields } from '../../src/analysis/tellingFields.ts';
import { parseIntel } from '../../src/analysis/intelEntries.ts';
import { nodePlatform } from '../../src/pcap/platform.node.ts';
import { installPlatform } from '../../src/pcap/platform.ts';
import { analyzeCapture, findingsOf, sample } from '../support/analyzeCapture.ts';

installPlatform(nodePlatform);
const SERVER = '10.20.0.20';

describe('the sample', () => {
  test('names the server by what its clients ask for', async () => {
    const { endpoints, conversations, breakdown } = await analyzeCapture(sample('dtls.pcap'));
    expect(new Set(endpoints.find(({ layer, address }) => layer === 'ip' && address === SERVER)?.names)).toEqual(
      new Set(['vpn.example.com', 'sensors.example.com']),
    );
    expect(new Set(conversations.filter(({ layer }) => layer === 'udp').map(({ service }) => service))).toEqual(new Set(['dtls']));
    // tshark -r dtls.pcap -q -z io,phs
    expect(breakdown.find(({ name }) => name === 'dtls')?.packets).toBe(69);
  });

  test('has a server of DTLS 1.0, and certificates that nobody needs to have signed', async () => {
    const report = await analyzeCapture(sample('dtls.pcap')),
      [weak, ...others] = findingsOf(report, 'weak-tls');
    expect(others).toEqual([]);
    expect(weak).toMatchObject({
      title: `${SERVER} port 4434 agrees to DTLS 1.0`,
      severity: 'low',
      subjects: [{ role: 'server', address: SERVER, port: 4434 }],
    });
    const opened = await openCaptureFile({ kind: 'path', path: sample('dtls.pcap') });
    if (!opened.ok) throw new Error(opened.message);
    expect(checkFilter(weak!.evidence.filter)).toMatchObject({ ok: true });
    const { source, format, close } = opened.capture;
    // tshark -r dtls.pcap -Y 'dtls.handshake.type == 2 && udp.srcport == 4434'
    expect([...(await selectFrames(source, format, weak!.evidence.filter, undefined, {})).frames()]).toEqual(weak!.evidence.frames);
    await close();
    expect(weak!.evidence.frames).toEqual([33]);
    expect(findingsOf(report, 'bad-certificate')).toEqual([]);
  });

  test('is looked up in lists of names and fingerprints', async () => {
    const { entries } = parseIntel('sensors.example.com\n32b4bc40ac6a19f41c2b149c3fb0d837\n', 'list.txt'),
      found = findingsOf(await analyzeCapture(sample('dtls.pcap'), { intel: entries }), 'intel-match');
    expect(found.map(({ title }) => title).join()).toMatch(/sensors\.example\.com/);
    expect(found.map(({ description, title }) => title + description).join()).toMatch(/32b4bc40ac6a19f41c2b149c3fb0d837/);
  });

  test('shows its messages in columns whose filter and fields exist', () => {
    expect(checkFilter(messagesFilter('dtls'))).toMatchObject({ ok: true });
    for (const { names } of tellingFields('dtls')) for (const name of names) expect(checkFilter(name), name).toMatchObject({ ok: true });
  });
});
