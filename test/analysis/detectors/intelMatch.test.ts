/** Own samples and built traffic against lists: what is listed is told, what is beside it is not, and without a list nothing is claimed. */
import { expect, test } from 'vitest';
import { checkFilter } from '../../../src/analysis/filtering.ts';
import { parseIntel } from '../../../src/analysis/intelEntries.ts';
import { installPlatform } from '../../../src/pcap/platform.ts';
import { nodePlatform } from '../../../src/pcap/platform.node.ts';
import { analyzeCapture, findingsOf, sample } from '../../support/analyzeCapture.ts';
import { ACK, PacketBuilder, PSH, RST, SYN } from '../../support/packetBuilder.ts';

installPlatform(nodePlatform);

const A = '192.168.10.5',
  B = '198.51.100.9';
const there = { from: A, to: B, sourcePort: 50_000, destinationPort: 80 },
  back = { from: B, to: A, sourcePort: 80, destinationPort: 50_000 };

function request(text: string): Uint8Array {
  return new PacketBuilder()
    .tcp({ ...there, flags: SYN, sequence: 0 })
    .tcp({ ...back, flags: SYN | ACK, sequence: 0, acknowledgment: 1 })
    .tcp({ ...there, flags: PSH | ACK, sequence: 1, acknowledgment: 1, payload: new TextEncoder().encode(text) })
    .bytes();
}
const GET = request('GET /Load.bin?a=1 HTTP/1.1\r\nHost: cdn.bad.example\r\n\r\n');

async function told(capture: Uint8Array | string, list: string, values = {}) {
  const report = await analyzeCapture(capture, { intel: parseIntel(list, 'own.txt').entries, detectors: { 'intel-match': values } });
  const findings = findingsOf(report, 'intel-match');
  for (const { evidence } of findings) expect(checkFilter(evidence.filter).ok).toBe(true);
  return { findings, report };
}

test.each([
  ['the address', B],
  ['its network', '198.51.100.0/28'],
  ['the name above it', 'bad.example'],
  ['the URL', 'hxxp://CDN.bad[.]example/Load.bin?a=1'],
])('a request to %s', async (_, list) => {
  const { findings } = await told(GET, list);
  expect(findings).toHaveLength(1);
  expect(findings[0]).toMatchObject({
    severity: 'high',
    subjects: [
      { role: 'client', address: A },
      { role: 'server', address: B, port: 80 },
    ],
  });
  expect(findings[0]!.evidence.frames).toEqual([list.includes('example') ? 3 : 1]);
  expect(findings[0]!.evidence.flows).toHaveLength(1);
});

test.each([
  ['the address beside it', '198.51.100.8'],
  ['a network beside it', '198.51.100.16/28'],
  ['a name that only ends alike', 'n.bad.example\nad.example'],
  ['another path', 'http://cdn.bad.example/load.bin?a=1'],
])('silent on %s', async (_, list) => {
  expect((await told(GET, list)).findings).toEqual([]);
});

test('a refused call counts less, and can be left out', async () => {
  const refused = new PacketBuilder()
    .tcp({ ...there, flags: SYN, sequence: 0 })
    .tcp({ ...back, flags: RST | ACK, sequence: 0, acknowledgment: 1 })
    .bytes();
  expect((await told(refused, B)).findings).toMatchObject([{ severity: 'medium' }]);
  expect((await told(refused, B, { unanswered: false })).findings).toEqual([]);
  // The listed side knocks: it is the attacker, and nobody opened.
  expect((await told(refused, A)).findings).toMatchObject([
    {
      severity: 'low',
      subjects: [
        { role: 'attacker', address: A },
        { role: 'victim', address: B },
      ],
    },
  ]);
});

test('the indicators of compromise hold the listed address and the name that was asked for', async () => {
  const { report } = await told(GET, `${B}\nbad.example`);
  expect(report.indicatorsOfCompromise.map(({ type, value }) => `${type} ${value}`).sort()).toEqual(['domain cdn.bad.example', `ipv4 ${B}`]);
});

test('a look-up of a listed name is told of who asked', async () => {
  // tshark -r captures/dns.pcap -Y 'dns.qry.name contains "example.net"': frames 9 and 10, asked by 192.168.10.21.
  const { findings } = await told(sample('dns.pcap'), 'cdn.example.net');
  expect(findings).toMatchObject([{ severity: 'medium', subjects: [{ role: 'client', address: '192.168.10.21' }], evidence: { frames: [9, 10] } }]);
  expect((await told(sample('dns.pcap'), 'net.example\nn.example.net')).findings).toEqual([]);
});

test('a listed JA3 is told of the connection that has it', async () => {
  // tshark -r captures/web-browsing.pcap -T fields -e frame.number -e tls.handshake.ja3: frame 133, 192.168.10.21 to 10.20.0.10.
  const { findings } = await told(sample('web-browsing.pcap'), '0149f47eabf9a20d0893e2a44e5a6323');
  expect(findings[0]).toMatchObject({
    severity: 'medium',
    subjects: [
      { role: 'client', address: '192.168.10.21' },
      { role: 'server', address: '10.20.0.10' },
    ],
  });
  expect(findings[0]!.evidence.frames[0]).toBe(133);
  expect((await told(sample('web-browsing.pcap'), '0149f47eabf9a20d0893e2a44e5a6324')).findings).toEqual([]);
});

test('a listed certificate is told by its SHA-256', async () => {
  // tshark -T fields -e tls.handshake.certificate | xxd -r -p | sha256sum, of frame 225: 10.20.0.13 to 192.168.10.21.
  const { findings } = await told(sample('web-browsing.pcap'), '1e49ad8e4ebccbdd72d5846a3ed34989008bbfd60c5b69fa885680e51b0286f9');
  expect(findings[0]).toMatchObject({ severity: 'high', subjects: [{ address: '192.168.10.21' }, { address: '10.20.0.13', port: 443 }] });
  expect(findings[0]!.evidence.frames).toContain(225);
  // sha1sum of the same, as lists of certificates have it.
  const bySha1 = await told(sample('web-browsing.pcap'), '4782b9b432d8aea23858622d0076c93cfbaa2e95');
  expect(bySha1.findings[0]!.evidence.frames).toEqual(findings[0]!.evidence.frames);
});

test('without a list it is skipped', async () => {
  const { report } = await told(GET, '');
  expect(report.coverage.find(({ detector }) => detector === 'intel-match')).toMatchObject({
    status: 'skipped',
    why: 'There is no list in .netsec/intel.',
  });
});
