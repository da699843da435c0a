/** The tools that look into a capture: what they say, their pages, what they refuse, and that no secret leaves them. */
import fs from 'node:fs';
import path from 'node:path';
import { gunzipSync } from 'node:zlib';
import { describe, expect, test } from 'vitest';
import { hideSecrets, hideTypedSecrets } from '../../../src/analysis/hideSecrets.ts';
import { inputSchema, resultText, runTool, type Tool } from '../../../src/analysis/tool.ts';
import { reportExports } from '../../../src/analysis/exports/writeReport.ts';
import * as registry from '../../../src/analysis/tools/registry.ts';
import { FakeCaptureStore } from '../../support/fakeCaptureStore.ts';
import { growth, IN_PROPORTION } from '../../support/growth.ts';
import { ACK, PacketBuilder, PSH, SYN } from '../../support/packetBuilder.ts';

const SHARED = path.resolve(import.meta.dirname, '../../../../shared/captures');
const tools = new Map(Object.values<Tool>(registry).map((tool) => [tool.name, tool]));

const scan = new PacketBuilder();
for (let port = 1; port <= 60; port++)
  scan.tcp({ from: '10.0.0.66', to: '10.0.0.30', sourcePort: 50_000, destinationPort: port, flags: SYN }).wait(0.1);
const text = (words: string): Uint8Array => new TextEncoder().encode(words);
const login = new PacketBuilder();
const ftp = { from: '10.0.0.5', to: '10.0.0.30', sourcePort: 40_000, destinationPort: 21 };
login
  .tcp({ ...ftp, flags: SYN, sequence: 0 })
  .tcp({ from: '10.0.0.30', to: '10.0.0.5', sourcePort: 21, destinationPort: 40_000, flags: SYN | ACK, sequence: 0, acknowledgment: 1 })
  .tcp({ ...ftp, flags: PSH | ACK, sequence: 1, acknowledgment: 1, payload: text('USER anna\r\n') })
  .tcp({ ...ftp, flags: PSH | ACK, sequence: 12, acknowledgment: 1, payload: text('PASS hunter22\r\n') });
const store = (): FakeCaptureStore => new FakeCaptureStore({ 'login.pcap': login.bytes(), 'scan.pcap': scan.bytes() });

async function output(name: string, input: unknown, captures = store()): Promise<Record<string, unknown>> {
  const result = await runTool(tools.get(name)!, input, { captures });
  if (!result.ok) throw new Error(result.message);
  expect(captures.givenOut).toBe(0);
  return result.output;
}

async function failure(name: string, input: unknown): Promise<string> {
  const captures = store(),
    result = await runTool(tools.get(name)!, input, { captures });
  expect(captures.givenOut).toBe(0);
  return result.ok ? '' : result.message;
}

test('there are at most 14 tools, and what a model is told of them is under 10 kB', () => {
  expect(tools.size).toBeLessThanOrEqual(14);
  const told = [...tools.values()].map((tool) => ({ name: tool.name, description: tool.description, input_schema: inputSchema(tool) }));
  expect(Buffer.byteLength(JSON.stringify(told))).toBeLessThan(10_000);
});

describe('what they say', () => {
  test('list_findings and explain_finding', async () => {
    const listed = await output('list_findings', { capture: 'scan', about: '10.0.0.66' });
    expect(listed).toMatchObject({
      status: 'findings',
      total: 1,
      next: null,
      findings: [{ subjects: expect.arrayContaining(['attacker 10.0.0.66']) as string[] }],
    });
    const { id } = (listed['findings'] as { id: string }[])[0]!;
    expect(await output('explain_finding', { capture: 'scan', id })).toMatchObject({
      finding: { id, detector: 'port-scan' },
      check: { status: 'found' },
    });
    expect(await output('list_findings', { capture: 'scan', about: '10.0.0.99' })).toMatchObject({ findings: [], total: 0 });
    expect(await failure('explain_finding', { capture: 'scan', id: 'nothing' })).toContain(id);
  });

  test('list_conversations goes on where it stopped', async () => {
    const first = await output('list_conversations', { capture: 'scan', limit: 40, sort: 'startTime' });
    expect(first).toMatchObject({ total: 60, next: expect.any(String) as string });
    const second = await output('list_conversations', { capture: 'scan', limit: 40, sort: 'startTime', cursor: first['next'] });
    expect(second).toMatchObject({ next: null });
    const ids = [first, second].flatMap((page) => (page['conversations'] as { id: string }[]).map(({ id }) => id));
    expect(new Set(ids).size).toBe(60);
  });

  test('query_protocol shows a response that takes several segments, and what it answers', async () => {
    // tshark -r break-in.pcap.gz -Y 'frame.number == 32' -V; the request is in frame 29.
    const file = 'break-in.pcap',
      captures = new FakeCaptureStore({ [file]: gunzipSync(fs.readFileSync(path.resolve(import.meta.dirname, `../../../captures/${file}.gz`))) });
    const fields = { 'http.response.code': '200', 'http.content_type': 'text/html', 'http.content_length': '1975', 'http.server': 'nginx' };
    expect(await output('query_protocol', { protocol: 'http', filter: 'http.response', limit: 1 }, captures)).toMatchObject({
      messages: [{ frame: 32, fields: { ...fields, 'http.response_for.uri': 'http://intranet.example.test/' } }],
    });
  });

  test('nothing found is told from nothing there, from a check that saw too little and from a name that there is not', async () => {
    expect(await output('query_protocol', { capture: 'scan', protocol: 'tcp', filter: 'tcp.dstport == 99' })).toMatchObject({
      packets: 0,
      packetsOfProtocol: 60,
    });
    expect(await output('list_findings', { capture: 'scan', about: 'long-connection' })).toMatchObject({
      total: 0,
      check: { status: 'partial', why: expect.stringContaining('shorter') as string },
    });
    expect(await failure('list_findings', { capture: 'scan', about: 'beacon' })).toContain('Did you mean beaconing');
    expect(await failure('query_protocol', { capture: 'scan', protocol: 'tcp', count_by: 'tcp.nothing' })).toContain('no field tcp.nothing');
  });

  test('list_packets counts what a filter selects; a wrong filter is explained', async () => {
    expect(await output('list_packets', { capture: 'scan', filter: 'tcp.dstport <= 10', limit: 3 })).toMatchObject({
      packets: [{ frame: 1 }, { frame: 2 }, { frame: 3 }],
      total: 10,
      next: expect.any(String) as string,
    });
    expect(await failure('list_packets', { filter: 'tcp.dstport ===' })).toMatch(/^The filter cannot be used: .*Correct it/);
  });

  test('get_packet gives fields; a frame that is not there is named with those that are', async () => {
    const packet = await output('get_packet', { capture: 'scan', frame: 7, protocol: 'tcp' });
    expect(packet['fields']).toContainEqual(expect.stringContaining('tcp.dstport: 7'));
    expect(await failure('get_packet', { capture: 'scan', frame: 61 })).toContain('frames 1 to 60');
  });

  test('get_host tells peers and findings apart by role', async () => {
    expect(await output('get_host', { capture: 'scan', address: '10.0.0.66' })).toMatchObject({
      packets: 60,
      peersTotal: 1,
      peers: [{ address: '10.0.0.30', role: 'contacted by this host' }],
      findings: [{ role: 'attacker' }],
    });
    expect(await failure('get_host', { capture: 'scan', address: '10.0.0.6' })).toContain('does not appear');
    expect(await failure('get_host', { capture: 'scan', address: '10.0.0.66 || tcp' })).toContain('Give an IPv4');
  });

  test('get_statistics, get_timeline and compare_captures count the same packets', async () => {
    expect(await output('get_statistics', { capture: 'scan' })).toMatchObject({ rows: [{ packets: 60 }] });
    expect(await output('get_statistics', { capture: 'scan', of: 'hosts' })).toMatchObject({ total: 2 });
    expect(await output('get_statistics', { capture: 'scan', of: 'services' })).toMatchObject({
      rows: [],
      limits: [expect.stringContaining('look like a scan') as string],
    });
    const graph = await output('get_statistics', { capture: 'scan', of: 'graph', filter: 'MAX(frame.len)tcp', limit: 5 }),
      steps = graph['rows'] as { seconds: number; value: number | null; frame?: number }[];
    expect([steps.length <= 5, graph['next'], steps[0]?.seconds]).toEqual([true, null, 0]);
    expect(await failure('get_statistics', { capture: 'scan', of: 'graph', filter: 'MAX(frame.le)' })).toContain('frame.len');
    expect(await failure('get_statistics', { capture: 'scan', of: 'graph', filter: 'MAX(frame.len)tcp.prot' })).toContain('filter cannot be used');
    const packets = (await output('get_statistics', { capture: 'scan', of: 'graph' }))['rows'] as { value: number }[];
    expect(packets.reduce((sum, { value }) => sum + value, 0)).toBe(60);
    const timeline = await output('get_timeline', { capture: 'scan', steps: 7 });
    expect((timeline['packets'] as number[]).reduce((a, b) => a + b, 0)).toBe(60);
    expect((timeline['packets'] as number[]).length).toBeLessThanOrEqual(7);
    expect(await output('compare_captures', { first: 'scan', second: 'login' })).toMatchObject({
      first: { packets: 60 },
      second: { packets: 4 },
      hosts: { inFirst: ['10.0.0.66'], inSecond: ['10.0.0.5'], inBoth: 1 },
    });
  });

  test('no tool of one capture takes "all"', async () => {
    for (const name of ['list_findings', 'get_statistics', 'list_packets', 'get_timeline'])
      expect(await failure(name, { capture: 'all' })).toContain('one capture at a time');
  });
});

describe('write_report', () => {
  test('writes nothing where nobody can be asked, or the user refuses', async () => {
    expect(await failure('write_report', {})).toContain('cannot be written from here');
    const refused = await runTool(tools.get('write_report')!, {}, { captures: store(), saveFile: () => Promise.resolve(null) });
    expect(refused).toMatchObject({ ok: false, message: expect.stringContaining('nothing was written') as string });
  });

  test('whatever the capture is called, the file has a plain name', async () => {
    const names: string[] = [],
      captures = new FakeCaptureStore({ '..%2f..\\evil\u202e $(x).pcap': scan.bytes() });
    const saveFile = (name: string): Promise<string> => {
      names.push(name);
      return Promise.resolve(name);
    };
    await runTool(tools.get('write_report')!, {}, { captures, saveFile });
    expect(names).toEqual(['2f-evil-x-report.md']);
  });

  test('every format there is can be asked for, and a wrong one is answered with them', async () => {
    const written = new Map<string, string>(),
      saveFile = (name: string, content: string): Promise<string> => {
        written.set(name, content);
        return Promise.resolve(name);
      };
    for (const { id } of reportExports) await runTool(tools.get('write_report')!, { capture: 'scan', format: id }, { captures: store(), saveFile });
    expect([...written.keys()].map((name) => name.split('.').at(-1)).sort()).toEqual(reportExports.map(({ extension }) => extension).sort());
    expect([...written.values()].every((content) => content.length > 100)).toBe(true);
    const wrong = await runTool(tools.get('write_report')!, { capture: 'scan', format: 'docx' }, { captures: store(), saveFile });
    expect(wrong).toMatchObject({ ok: false });
    for (const { id } of reportExports) expect(resultText(wrong)).toContain(id);
  });
});

describe('secrets', () => {
  test('a password is in none of the results', async () => {
    const asked: [string, object][] = [
      ['list_packets', {}],
      ['get_packet', { frame: 4 }],
      ['query_protocol', { protocol: 'ftp' }],
      ['query_protocol', { protocol: 'ftp', count_by: 'ftp.request.arg' }],
      ['follow_stream', { flow: 'tcp:0' }],
      ['list_findings', {}],
      ['analyze_network', {}],
    ];
    for (const [name, input] of asked) {
      const result = await runTool(tools.get(name)!, { capture: 'login', ...input }, { captures: store() });
      expect(result.ok, `${name}: ${resultText(result)}`).toBe(true);
      expect(resultText(result), name).not.toContain('hunter22');
    }
  });

  // The forms are those of RFC 959, 1939, 3501, 4954, 7617, 6265 and the Redis documentation.
  test.each([
    'PASS s3cr3t-x',
    'C: PASS s3cr3t-x',
    'a1 LOGIN "anna" "s3cr3t-x"',
    'AUTH PLAIN s3cr3t-x',
    'AUTH s3cr3t-x',
    'Authorization: Basic s3cr3t-x',
    'Cookie: sid=s3cr3t-x; other=1',
    'GET /a?PHPSESSID=s3cr3t-x HTTP/1.1',
    'GET /login?user=anna&password=s3cr3t-x HTTP/1.1',
    '{"user":"anna","password":"s3cr3t-x"}',
    'http://anna:s3cr3t-x@example.org/',
    'get-request community: s3cr3t-x',
    'x-api-key: s3cr3t-x',
    'PRIVATE-TOKEN: s3cr3t-x',
    'api-key: s3cr3t-x',
  ])('%j is told without its secret', (line) => {
    expect(hideSecrets(line)).not.toContain('s3cr3t-x');
  });

  test.each([
    '331 Password required',
    'Beacon frame, SSID="office"',
    'TLSv1.2 Client Hello',
    'GET /index.html?page=2 HTTP/1.1',
    'AUTH TLS',
    '10.0.0.5 → 10.0.0.9',
  ])('%j stays', (line) => {
    expect(hideSecrets(line)).toBe(line);
  });

  test('what is typed after a question for a password is hidden, letter by letter', () => {
    const said = hideTypedSecrets([
      { fromClient: false, text: 'login: ' },
      { fromClient: true, text: 'anna\r\n' },
      { fromClient: false, text: 'Password: ' },
      { fromClient: true, text: 's' },
      { fromClient: true, text: '3' },
      { fromClient: true, text: '\r\n' },
      { fromClient: true, text: 'ls\r\n' },
    ]);
    expect(said).toEqual(['login: ', 'anna\r\n', 'Password: ', '(hidden)', '(hidden)', '(hidden)\r\n', 'ls\r\n']);
  });

  test.each(['password', 'LOGIN ', 'AUTH ', 'a://a', '":"', 'x-token', '= '])('hiding takes time in proportion to the text: %j', (piece) => {
    expect(growth((size) => hideSecrets(piece.repeat(size)))).toBeLessThan(IN_PROPORTION);
  });
});

test.skipIf(!fs.existsSync(SHARED))(
  'every tool answers on every small sample, within its size',
  async () => {
    for (const name of fs.readdirSync(SHARED).filter((each) => fs.statSync(path.join(SHARED, each)).size < 200_000)) {
      if (/\.(?:md|tsv)$/.test(name)) continue;
      const captures = new FakeCaptureStore({ [name]: fs.readFileSync(path.join(SHARED, name)) });
      for (const tool of tools.values()) {
        const input =
          {
            get_packet: { frame: 1 },
            query_protocol: { protocol: 'dns' },
            follow_stream: { flow: 'tcp:0' },
            get_host: { address: '10.0.0.1' },
            explain_finding: { id: 'x' },
            compare_captures: { second: 'latest' },
          }[tool.name] ?? {};
        const result = await runTool(tool, input, { captures, maxCharacters: 24_000 });
        if (!result.ok) expect(result.message, `${tool.name} of ${name}`).not.toMatch(/ failed: |breaks its own promise/);
        else expect(resultText(result).length).toBeLessThan(30_000);
      }
    }
  },
  60_000,
);
