/**
 * No password that a capture holds comes out anywhere but in the packet view of the editor: not in a report, a tool's result, an answer of the chat, nor in what the
 * command line prints of packets. The passwords of our samples are those that the recording scripts type (scripts/record); those of the captures of others are read
 * from their bytes, by rules of this test's own.
 */
import { describe, expect, test } from 'vitest';
import path from 'node:path';
import { reportExports, writeReport } from '../../src/analysis/exports/writeReport.ts';
import { REPORT_LISTS } from '../../src/analysis/exports/reportExport.ts';
import { hideSecrets, withoutSecrets } from '../../src/analysis/hideSecrets.ts';
import type { Report } from '../../src/analysis/report.ts';
import { CaptureSession } from '../../src/analysis/session.ts';
import { EVERYTHING } from '../../src/analysis/engineApi.ts';
import { bufferSource } from '../../src/pcap/byteSource.ts';
import { sniffBytes } from '../../src/pcap/openCapture.ts';
import { answerRequest } from '../../src/chat/answerRequest.ts';
import { summary } from '../../src/chat/summary.ts';
import { runTool, type Tool } from '../../src/analysis/tool.ts';
import * as registry from '../../src/analysis/tools/registry.ts';
import { TestHost } from '../chat/support/testHost.ts';
import { buildCli } from '../cli/support/buildCli.ts';
import { netsec, SAMPLES } from '../cli/support/capture.ts';
import { examineBytes } from '../hostile/support/examine.ts';
import { ownSamples, sharedSamples, type Sample } from '../hostile/support/samples.ts';
import { FakeCaptureStore } from '../support/fakeCaptureStore.ts';
import { growth, IN_PROPORTION } from '../support/growth.ts';
import { hasShared } from '../support/analyzeCapture.ts';

/** Typed by the scripts; the words are in no other text of the samples. */
const TYPED = ['not-a-real-password', 'guess-00', 'guess-07', 'guess-27', 'mistyped'];
const forms = (secret: string): string[] => [
  secret,
  Buffer.from(secret).toString('base64'),
  Buffer.from(`alice:${secret}`).toString('base64'),
  Buffer.from(`\0alice\0${secret}`).toString('base64'),
];

/** What stands in the bytes of a capture after the words that precede a password: whole lines, so that a capture is not searched for "a". */
function passwordsIn(bytes: Uint8Array): string[] {
  const said = Buffer.from(bytes).toString('latin1'),
    found = new Set<string>();
  for (const rule of [
    /\bPASS ([\x21-\x7e]{4,40})\r\n/g,
    /\bLOGIN "?[\w.@-]{1,40}"? "?([\x21-\x7e]{4,40}?)"?\r\n/g,
    /\bAuthorization: Basic ([A-Za-z0-9+/=]{8,80})\r\n/g,
    /[?&\s](?:passw(?:or)?d|pwd|Passwd)=([^&\s]{4,40})/g,
  ])
    for (const [, secret] of said.matchAll(rule)) {
      found.add(secret!);
      // "user:password".
      if (rule.source.includes('Basic')) {
        const [, password = ''] = /^[^:]*:(.{4,})$/.exec(Buffer.from(secret!, 'base64').toString('latin1')) ?? [];
        if (password !== '') found.add(password);
      }
    }
  // Words that any report may hold, an address of an anonymous login among them.
  return [...found].filter((secret) => !/^(?:anonymous|guest|password|passwd|test|true|false|admin)$|@|%|^\d+$/i.test(secret));
}

async function sessionOf({ name, bytes }: Sample): Promise<CaptureSession | null> {
  const found = sniffBytes(bytes);
  if (found.kind !== 'capture') return null;
  const session = new CaptureSession(
    bufferSource(bytes),
    found.format,
    { name, fileBytes: bytes.length, format: found.format.id, compression: null, sha256: null, inflateStopped: null },
    { version: 'test', emit: () => undefined },
  );
  await session.read();
  return session;
}

/** Everything that is told of a capture, with a word that says where. */
async function* everythingSaid(sample: Sample, report: Report): AsyncGenerator<readonly [where: string, text: string]> {
  for (const { id } of reportExports)
    for (const list of id === 'csv' ? REPORT_LISTS : [undefined]) yield [`export ${id} ${list ?? ''}`, writeReport(report, id, { list })];
  yield ['summary', summary(report, 'everyone')];
  const captures = new FakeCaptureStore({ [sample.name]: sample.bytes });
  for (const question of [`/analyze`, 'which passwords were sent?', 'who logged in?']) {
    const host = new TestHost(undefined, captures);
    await answerRequest(
      { command: question === '/analyze' ? 'analyze' : undefined, prompt: question === '/analyze' ? '' : question, history: [] },
      host,
    );
    yield [`chat ${question}`, host.text];
  }
  const run = async (tool: unknown, input: Readonly<Record<string, unknown>>): Promise<readonly [string, string]> => [
    `${(tool as Tool).name} ${JSON.stringify(input)}`,
    JSON.stringify(await runTool(tool as Tool, input, { captures, maxCharacters: 10_000_000 })),
  ];
  yield await run(registry.analyzeNetwork, { limit: 1000 });
  yield await run(registry.listFindings, { limit: 200 });
  for (const { id } of report.findings.slice(0, 12)) yield await run(registry.explainFinding, { id });
  for (const { id, layer } of report.conversations.slice(0, 40))
    if (layer === 'tcp' || layer === 'udp') yield await run(registry.followStream, { flow: id, maxBytes: 20_000 });
  yield await run(registry.listPackets, { limit: 200 });
  for (const { address } of report.endpoints.filter(({ layer }) => layer === 'ip').slice(0, 4)) yield await run(registry.getHost, { address });
  for (const protocol of ['ftp', 'http', 'imap', 'pop', 'smtp', 'telnet', 'snmp', 'ldap', 'mqtt', 'tcp'])
    yield await run(registry.queryProtocol, { protocol, limit: 100 });
}

/** What `netsec packets` and `netsec packet` print of the frames in whose bytes a secret is. */
async function* packetsSaid(sample: Sample, secrets: readonly string[]): AsyncGenerator<readonly [where: string, text: string]> {
  const session = await sessionOf(sample);
  if (session === null) return;
  const { rows } = await session.handlers.packets({ selection: EVERYTHING, sort: null, offset: 0, limit: 3000 }, new AbortController().signal);
  let looked = 0;
  for (const row of rows) {
    yield [`info of frame ${row.frame}`, hideSecrets(row.info)];
    if (looked >= 40) continue;
    const detail = await session.handlers.packet({ frame: row.frame }, new AbortController().signal);
    if (detail === null || !secrets.some((secret) => Buffer.from(detail.sources[0]!.bytes).includes(secret))) continue;
    looked++;
    const { detail: shown, hidden } = withoutSecrets(detail);
    expect(hidden).toBe(true);
    yield [
      `frame ${row.frame}`,
      JSON.stringify([shown.row, shown.tree]) + shown.sources.map(({ bytes }) => Buffer.from(bytes).toString('latin1')).join('\n'),
    ];
  }
}

/** Filters of an agent that tell, by what they select, that a secret is in a frame. */
async function toldByFilters(sample: Sample, secrets: readonly string[]): Promise<string[]> {
  const captures = new FakeCaptureStore({ [sample.name]: sample.bytes }),
    told: string[] = [];
  for (const secret of secrets.slice(0, 4)) {
    const bytes = [...Buffer.from(secret)].map((byte) => byte.toString(16).padStart(2, '0')).join(':');
    for (const filter of [
      `frame contains ${bytes}`,
      `tcp.payload contains ${bytes}`,
      `tcp contains ${bytes} or ftp.request.arg contains "${secret.slice(0, 6).replace(/["\\]/g, '')}"`,
    ]) {
      const result = await runTool(registry.listPackets, { filter, limit: 3 }, { captures, maxCharacters: 100_000 });
      if (!result.ok) throw new Error(result.message);
      if ((result.output as { total: number }).total > 0) told.push(`${filter}: ${JSON.stringify(result.output)}`);
    }
  }
  return told;
}

async function leaksOf(sample: Sample, secrets: readonly string[]): Promise<string[]> {
  const examined = await examineBytes(sample.name, sample.bytes);
  if (!examined.ok) return [];
  const leaks: string[] = [];
  const look = ([where, text]: readonly [string, string]): void => {
    if (secrets.some((secret) => text.includes(secret))) leaks.push(where);
  };
  for await (const said of everythingSaid(sample, examined.report)) look(said);
  leaks.push(...(await toldByFilters(sample, secrets)));
  for await (const said of packetsSaid(sample, secrets)) look(said);
  return leaks;
}

const own = ownSamples.flatMap((sample) => {
  const secrets = TYPED.flatMap(forms).filter((secret) => Buffer.from(sample.bytes).includes(secret));
  return secrets.length === 0 ? [] : [{ ...sample, secrets }];
});
test('the samples do hold passwords', () => {
  expect(own.map(({ name }) => name)).toEqual(
    expect.arrayContaining(['ftp.pcap', 'guessed-passwords.pcap', 'hostile-text.pcap', 'logins-in-clear.pcap', 'smtp.pcap', 'web-browsing.pcap']),
  );
});
test.each(own)('our own $name', { timeout: 120_000 }, async ({ secrets, ...sample }) => expect(await leaksOf(sample, secrets)).toEqual([]));

const others = sharedSamples.flatMap((sample) => {
  const secrets = passwordsIn(sample.bytes);
  return secrets.length === 0 ? [] : [{ ...sample, secrets }];
});
if (!hasShared) console.warn('../shared/captures is not here: captures of others were not searched for their passwords.');
describe.runIf(hasShared)('captures of others', () => {
  test('hold passwords', () => expect(others.length).toBeGreaterThan(4));
  test.each(others)('$name', { timeout: 120_000 }, async ({ secrets, ...sample }) => expect(await leaksOf(sample, secrets)).toEqual([]));
});

test('netsec packet hides a password in fields and bytes, says so, and shows it to who asks', { timeout: 60_000 }, async () => {
  await buildCli();
  // tshark: frame 33 of ftp.pcap is "PASS not-a-real-password".
  const file = path.join(SAMPLES, 'ftp.pcap'),
    hex = Buffer.from(TYPED[0]!).toString('hex');
  for (const [extra, shows] of [
    [[], false],
    [['--json'], false],
    [['--show-secrets'], true],
    [['--json', '--show-secrets'], true],
  ] as const) {
    const { stdout, stderr } = await netsec(['packet', file, '33', ...extra]);
    expect([extra, stdout.includes(TYPED[0]!)]).toEqual([extra, shows]);
    expect(stdout.replace(/\s/g, '').includes(hex.slice(0, 12))).toBe(shows);
    expect(stderr.includes('--show-secrets')).toBe(!shows);
  }
  const listed = await netsec(['packets', file, '--filter', 'ftp.request.command == "PASS"']);
  expect(listed.stdout).toContain('PASS (hidden)');
  expect((await netsec(['packets', file, '--filter', 'ftp.request.command == "PASS"', '--show-secrets'])).stdout).toContain(`PASS ${TYPED[0]}`);
});

describe('a secret is hidden where it stands in', () => {
  const X = 'Tr0ub4dor.3';
  test.each([
    [
      'a form in parts',
      `--b\r\nContent-Disposition: form-data; name="user"\r\n\r\nalice\r\n--b\r\nContent-Disposition: form-data; name="password"\r\n\r\n${X}\r\n--b--`,
    ],
    ['a form in parts with a type', `Content-Disposition: form-data; name="api_key"\r\nContent-Type: text/plain\r\n\r\n${X}\r\n`],
    ['WS-Security', `<wsse:Username>alice</wsse:Username><wsse:Password Type="http://docs.oasis-open.org/x#PasswordText">${X}</wsse:Password>`],
    ['a pre-signed address', `GET /b/alice?X-Amz-Date=20261128T000000Z&X-Amz-Signature=${X} HTTP/1.1`],
    ['a shared access signature', `GET /c/alice?sv=2024-11-04&sig=${X}&se=2026 HTTP/1.1`],
    ['a command to Redis', `CONFIG SET requirepass ${X}\nalice`],
    ['a command to Redis on the wire', `*4\r\n$6\r\nCONFIG\r\n$3\r\nSET\r\n$11\r\nrequirepass\r\n$11\r\n${X}\r\nalice`],
    ['a WebSocket', `GET /alice HTTP/1.1\r\nSec-WebSocket-Protocol: v1.chat, bearer, ${X}\r\nHost: a\r\n`],
  ])('%s', (_where, text) => {
    const safe = hideSecrets(text);
    expect(safe).not.toContain(X);
    expect(safe).toContain('(hidden)');
    expect(safe.includes('alice')).toBe(text.includes('alice'));
  });
  test.each([
    'name="comment"\r\n\r\nmy password is easy\r\n',
    '<title>Password reset</title>',
    'GET /design?signal=3&significance=0.05 HTTP/1.1',
    'Sec-WebSocket-Protocol: graphql-ws, mqtt\r\n',
    'CONFIG GET maxmemory',
  ])('and not in %j', (text) => expect(hideSecrets(text)).toBe(text));
  test('in time that is in proportion to the text', () => {
    const piece = 'name="password"; x\r\na: b\r\nSec-WebSocket-Protocol: a, <token x requirepass\r\n$1\r\n';
    expect(growth((size) => hideSecrets(piece.repeat(size)), 50)).toBeLessThan(IN_PROPORTION);
  });
});
