/** @netsec records only what its user has agreed to in a question that VS Code asks, and that no model can answer. */
import { afterEach, beforeEach, expect, test } from 'vitest';
import { answerRequest } from '../../src/chat/answerRequest.ts';
import { askingRecorder } from '../../src/live/askingRecorder.ts';
import { FakeRecorder } from '../support/fakeRecorder.ts';
import { MockClaude } from './support/mockClaude.ts';
import { TestHost } from './support/testHost.ts';

let mock: MockClaude, host: TestHost, recorder: FakeRecorder;
const asked: [string, string][] = [];

beforeEach(async () => {
  mock = await new MockClaude().start();
  host = new TestHost(mock.url);
  host.apiKey = { value: 'sk-ant-test-0123456789abcdef', from: 'environment' };
  recorder = new FakeRecorder();
  asked.length = 0;
});
afterEach(() => mock.stop());

/** What the model was told its calls came to. */
async function ask(calls: readonly { readonly name: string; readonly input: unknown }[], agrees: boolean | null): Promise<string[]> {
  mock.turn = (n) => (n <= calls.length ? { tools: [calls[n - 1]!] } : { text: 'Done.' });
  const asking = askingRecorder(recorder, (question, action) => {
    asked.push([question, action]);
    return Promise.resolve(agrees === true);
  });
  await answerRequest(
    { command: undefined, prompt: 'record the web traffic for a minute', history: [] },
    agrees === null ? host : Object.assign(host, { recorder: asking }),
  );
  return mock
    .messageRequests()
    .slice(1)
    .map(({ body }) => String(body.messages?.at(-1)?.content?.[0]?.content));
}

const START = { name: 'start_capture', input: { filter: 'tcp port 80', seconds: 60 } },
  STOP = { name: 'stop_capture', input: {} },
  STATUS = { name: 'capture_status', input: {} };

test('a model starts, looks and stops, each effect after a yes', async () => {
  const [started, status, stopped] = await ask([START, STATUS, STOP], true);
  expect(asked).toEqual([
    [expect.stringMatching(/^Record network packets on eth0 .* only those of the filter "tcp port 80"\?/), 'Record'],
    ['Stop the recording that is under way?', 'Stop'],
  ]);
  expect([started, status]).toEqual([expect.stringContaining('"state":"recording"'), expect.stringContaining('dumpcap on eth0')]);
  expect(stopped).toContain('"state":"stopped"');
  // Where somebody's files are is not sent.
  expect(JSON.stringify(mock.messageRequests())).not.toContain('/home/ann');
});

test('a no begins nothing, and the model is told so', async () => {
  const [started] = await ask([START], false);
  expect(started).toContain('The user does not want packets to be recorded; nothing was.');
  expect(recorder.begun).toEqual([]);
});

test('a recording that the user began goes on when they say no to its end', async () => {
  recorder.isRecording = true;
  const [stopped] = await ask([STOP], false);
  expect(stopped).toContain('it goes on');
  expect([recorder.isRecording, recorder.ended]).toEqual([true, 0]);
});

test('a request that was cancelled while the question stood there begins nothing', async () => {
  mock.turn = () => ({ tools: [START] });
  const asking = askingRecorder(recorder, () => {
    host.controller.abort();
    return Promise.resolve(true);
  });
  await answerRequest({ command: undefined, prompt: 'record', history: [] }, Object.assign(host, { recorder: asking }));
  expect(recorder.begun).toEqual([]);
  expect(mock.messageRequests()).toHaveLength(1);
});

test('where nothing can be recorded there are no such tools', async () => {
  const [refused] = await ask([START], null);
  expect(refused).toContain('There is no tool of this name');
  expect(mock.messageRequests()[0]!.body.tools?.map(({ name }) => name)).not.toContain('start_capture');
});
