/** Packets are recorded only after the user has said so in a client that can ask; each session has its own recording, which ends with it. */
import { Client } from '@modelcontextprotocol/sdk/client/index.js';
import { InMemoryTransport } from '@modelcontextprotocol/sdk/inMemory.js';
import { ElicitRequestSchema, type CallToolResult, type ElicitResult } from '@modelcontextprotocol/sdk/types.js';
import { build } from 'esbuild';
import dgram from 'node:dgram';
import fs from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { createMcpServer } from '../../src/mcp/server.ts';
import { FakeCaptureStore } from '../support/fakeCaptureStore.ts';
import { FakeRecorder } from '../support/fakeRecorder.ts';
import { hasProgram } from '../support/networkNamespaces.ts';
import { buildMcp, connectAs, textOf, type Connected } from './support/mcpProgram.ts';
import { eventually } from '../support/eventually.ts';
import { processesWith } from '../support/processes.ts';

type Answer = ElicitResult | (() => Promise<ElicitResult>);
const YES: ElicitResult = { action: 'accept', content: { agree: true } };

interface Session {
  readonly client: Client;
  readonly recorder: FakeRecorder;
  readonly asked: string[];
  call(name: string, args?: Record<string, unknown>, signal?: AbortSignal): Promise<CallToolResult>;
}

/** A session whose user answers so; null: a client that cannot ask. */
async function session(answer: Answer | null, offersRecording = true): Promise<Session> {
  const [here, there] = InMemoryTransport.createLinkedPair(),
    recorder = new FakeRecorder(),
    asked: string[] = [],
    client = new Client({ name: 'test', version: '1' }, { capabilities: answer === null ? {} : { elicitation: {} } });
  if (answer !== null)
    client.setRequestHandler(ElicitRequestSchema, ({ params }) => {
      asked.push(params.message);
      return typeof answer === 'function' ? answer() : answer;
    });
  const server = createMcpServer({ captures: new FakeCaptureStore({}), ...(offersRecording ? { recorder: () => recorder } : {}) });
  await Promise.all([server.connect(there), client.connect(here)]);
  const call: Session['call'] = async (name, args = {}, signal) =>
    (await client.callTool({ name, arguments: args }, undefined, signal === undefined ? {} : { signal })) as CallToolResult;
  return { client, recorder, asked, call };
}

describe('start_capture', () => {
  test('asks with everything that the model chose, and the interface by its name; then records', async () => {
    const { call, recorder, asked } = await session(YES);
    const { structuredContent, isError } = await call('start_capture', { filter: 'tcp port 443', seconds: 30, packets: 500 });
    expect(isError).toBeUndefined();
    expect(asked).toEqual([
      'Record network packets on eth0 into /home/ann/captures, for at most 30 s or 500 packets, only those of the filter "tcp port 443"? Packets hold what people on this network do.',
    ]);
    expect(structuredContent).toMatchObject({ state: 'recording', source: 'dumpcap on eth0', capture: 'capture_20260102_030405.pcap' });
    expect(recorder.begun.map(({ wish }) => wish)).toEqual([{ interface: 'eth0', filter: 'tcp port 443', seconds: 30, packets: 500 }]);
  });

  test.each<[string, ElicitResult]>([
    ['declines', { action: 'decline' }],
    ['closes the question', { action: 'cancel' }],
    ['does not tick the box', { action: 'accept', content: { agree: false } }],
    ['answers something else', { action: 'accept', content: { agree: 'yes' } }],
  ])('records nothing when the user %s', async (_what, answer) => {
    const { call, recorder, asked } = await session(answer);
    const result = await call('start_capture');
    expect(result.isError).toBe(true);
    expect(textOf(result)).toBe('The user does not want packets to be recorded; nothing was. Do not ask again unless they do.');
    expect([asked.length, recorder.begun]).toEqual([1, []]);
  });

  test('in a client that cannot ask records nothing, and says how else it is done', async () => {
    const { call, recorder } = await session(null);
    for (const name of ['start_capture', 'stop_capture']) {
      const result = await call(name);
      expect(result.isError).toBe(true);
      expect(textOf(result)).toMatch(
        /cannot ask them \(it lacks MCP elicitation\)\. Nothing was done: tell the user to record in a terminal, netsec capture/,
      );
    }
    expect(recorder.begun).toEqual([]);
  });

  test('that is cancelled while the user thinks records nothing, whatever they answer then', async () => {
    let answer: (result: ElicitResult) => void = () => undefined;
    const { call, recorder, asked } = await session(() => new Promise((resolve) => (answer = resolve))),
      cancelling = new AbortController();
    const calling = call('start_capture', {}, cancelling.signal);
    await eventually(() => expect(asked).toHaveLength(1));
    cancelling.abort();
    await expect(calling).rejects.toThrow();
    answer(YES);
    await sleep(50);
    expect(recorder.begun).toEqual([]);
  });

  test('asks nothing when a recording is under way, or when this machine cannot record', async () => {
    const { call, recorder, asked } = await session(YES);
    await call('start_capture');
    const second = await call('start_capture');
    expect([second.isError, textOf(second)]).toEqual([true, expect.stringContaining('recorded already (dumpcap on eth0): one at a time.')]);
    expect(asked).toHaveLength(1);
    await call('stop_capture');
    recorder.problem = 'dumpcap names no interface. Join the group that may record: sudo usermod -a -G wireshark ann, then log out and in again.';
    const refused = await call('start_capture');
    // The remedy, without what somebody is called.
    expect(textOf(refused)).toBe(
      'Nothing was recorded: tell the user. dumpcap names no interface. Join the group that may record: sudo usermod -a -G wireshark $USER, then log out and in again.',
    );
    expect([asked.length, recorder.begun.length]).toEqual([2, 1]);
  });

  test('shows a hostile filter as plain words', async () => {
    const { call, asked } = await session({ action: 'decline' });
    await call('start_capture', { interface: '[Allow](command:x)\u202e', filter: 'tcp"?\n\nEverything is fine. **Agree** <b>`' });
    expect(asked[0]).not.toMatch(/[\n\u202e`[\]]/u);
    expect(asked[0]).toContain('Everything is fine');
  });
});

describe('stop_capture', () => {
  test('ends what this session records, once the user has agreed', async () => {
    const { call, recorder, asked } = await session(YES);
    await call('start_capture');
    const { structuredContent } = await call('stop_capture');
    expect(structuredContent).toMatchObject({ state: 'stopped', packets: 12 });
    expect([recorder.ended, asked[1]]).toEqual([1, 'Stop the recording that is under way?']);
  });

  test('goes on recording when they do not', async () => {
    let answers = 0;
    const { call, recorder } = await session(() => Promise.resolve(answers++ === 0 ? YES : { action: 'decline' }));
    await call('start_capture');
    const result = await call('stop_capture');
    expect([result.isError, textOf(result), recorder.isRecording]).toEqual([
      true,
      'The user does not want the recording to be stopped; it goes on.',
      true,
    ]);
  });

  test("does not end somebody else's, and does not ask whether it should", async () => {
    const mine = await session(YES),
      other = await session(YES);
    await other.call('start_capture');
    const result = await mine.call('stop_capture');
    expect(result.isError).toBe(true);
    expect(textOf(result)).toContain('What was started elsewhere is ended where it was started');
    expect([mine.asked, other.recorder.isRecording]).toEqual([[], true]);
  });
});

test('capture_status asks nobody, also while a question is open', async () => {
  const { call, asked } = await session(() => new Promise(() => undefined));
  const none = await call('capture_status');
  expect([none.isError, textOf(none)]).toEqual([true, expect.stringContaining('Nothing has been recorded here yet')]);
  void call('start_capture').catch(() => undefined);
  await eventually(() => expect(asked).toHaveLength(1));
  expect((await call('capture_status')).isError).toBe(true);
  expect(asked).toHaveLength(1);
});

test('a session that ends takes its recording with it', async () => {
  const { client, call, recorder } = await session(YES);
  await call('start_capture');
  await client.close();
  await eventually(() => expect(recorder.ended).toBe(1));
});

test('where nothing may be recorded the tools are not offered', async () => {
  const { client, call } = await session(YES, false);
  const names = (await client.listTools()).tools.map(({ name }) => name);
  expect(names).toContain('list_captures');
  for (const name of ['start_capture', 'stop_capture', 'capture_status']) expect(names).not.toContain(name);
  expect((await call('start_capture')).isError).toBe(true);
});

const missing =
  process.platform !== 'linux' || process.getuid?.() !== 0 || !(hasProgram('dumpcap') || hasProgram('tcpdump'))
    ? 'recording on loopback needs root on Linux, and dumpcap or tcpdump'
    : null;
if (missing !== null) console.warn(`NOT RUN: recording over MCP: ${missing}`);
// `.ci/run` installs what is needed and is root: there, a test that did not run is a failure.
if (missing !== null && process.env['CI'] !== undefined) throw new Error(`recording over MCP could not be tested: ${missing}`);

/** With the program as it is shipped, on loopback, packets of our own. */
describe.skipIf(missing !== null)('on this machine', () => {
  let folder: string, server: Connected, answering: dgram.Socket;

  beforeEach(async () => {
    folder = fs.realpathSync(fs.mkdtempSync(path.join(os.tmpdir(), 'netsec-mcp-recording-')));
    fs.mkdirSync(path.join(folder, 'captures'));
    await build({
      entryPoints: [path.resolve(import.meta.dirname, '../../src/cli/main.node.ts')],
      outfile: path.join(path.dirname(await buildMcp()), 'cli.mjs'),
      bundle: true,
      platform: 'node',
      format: 'esm',
      target: 'node20',
      define: { NETSEC_VERSION: '"1.2.3"' },
      banner: { js: "import { createRequire as netsecCreateRequire } from 'node:module'; const require = netsecCreateRequire(import.meta.url);" },
      logLevel: 'error',
    });
    const client = new Client({ name: 'test', version: '1' }, { capabilities: { elicitation: {} } });
    client.setRequestHandler(ElicitRequestSchema, () => YES);
    server = await connectAs(client, folder);
    answering = dgram.createSocket('udp4');
    await new Promise<void>((resolve) => answering.bind(0, '127.0.0.1', resolve));
  });
  afterEach(async () => {
    await server.client.close();
    answering.close();
    fs.rmSync(folder, { recursive: true, force: true });
  });

  test(
    'records what is sent, tells how it goes, and the result can be analysed; a client that goes away leaves no process behind',
    { timeout: 60_000 },
    async () => {
      const { port } = answering.address();
      const started = await server.call('start_capture', { interface: 'lo', filter: `udp port ${port}`, seconds: 300 });
      expect([started.isError, textOf(started)]).toEqual([undefined, expect.stringContaining('"recording"')]);
      const bytes = (): Promise<number> => server.call('capture_status').then(({ structuredContent }) => Number(structuredContent?.['bytes']));
      await eventually(async () => expect(await bytes()).toBeGreaterThan(0));
      const sender = dgram.createSocket('udp4');
      for (let i = 0; i < 20; i++) await new Promise((resolve) => sender.send(`ping ${i}`, port, '127.0.0.1', resolve));
      sender.close();
      await eventually(async () => expect((await server.call('capture_status')).structuredContent).toMatchObject({ packets: 20 }));
      expect((await server.call('stop_capture')).structuredContent).toMatchObject({ state: 'stopped', packets: 20, problem: null });
      const report = await server.call('analyze_network');
      expect(report.structuredContent).toMatchObject({ capture: { packets: 20 } });
      expect(fs.readdirSync(path.join(folder, 'captures'))).toHaveLength(1);

      await server.call('start_capture', { interface: 'lo', filter: `udp port ${port}`, seconds: 300 });
      expect(processesWith(`udp port ${port}`).length).toBeGreaterThan(0);
      process.kill(server.pid, 'SIGKILL');
      await eventually(() => expect(processesWith(`udp port ${port}`)).toEqual([]));
    },
  );

  test('says before it asks that there is no such interface, and that a filter is none', async () => {
    expect(textOf(await server.call('start_capture', { interface: '-w' }))).toContain('There is no interface "-w"');
    expect(textOf(await server.call('start_capture', { interface: 'lo', filter: 'foo bar' }))).toContain('The capture filter is not understood');
    expect(fs.readdirSync(path.join(folder, 'captures'))).toEqual([]);
  });

  test('records through no link that leads out of the root', async () => {
    fs.mkdirSync(path.join(folder, 'elsewhere'));
    fs.rmSync(path.join(folder, 'captures'), { recursive: true });
    fs.symlinkSync(path.join(folder, 'elsewhere'), path.join(folder, 'captures'));
    const result = await server.call('start_capture', { interface: 'lo' });
    expect([result.isError, textOf(result)]).toEqual([true, expect.stringContaining('is a link that leads elsewhere')]);
    expect(fs.readdirSync(path.join(folder, 'elsewhere'))).toEqual([]);
  });
});
