/** Questions to Claude, with Anthropic's own SDK against a Messages API on loopback. */
import net from 'node:net';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { answerRequest, type ChatResult } from '../../src/chat/answerRequest.ts';
import { claudeClient, claudeModels, DEFAULT_MODEL } from '../../src/chat/claudeClient.ts';
import { converse, LIMITS } from '../../src/chat/conversation.ts';
import { MockClaude } from './support/mockClaude.ts';
import { TestHost } from './support/testHost.ts';

const KEY = { value: 'sk-ant-test-0123456789abcdef', from: 'environment' } as const;
let mock: MockClaude;
let host: TestHost;

beforeEach(async () => {
  mock = await new MockClaude().start();
  host = new TestHost(mock.url);
  host.apiKey = KEY;
});
afterEach(() => mock.stop());

const ask = (prompt: string, command?: string): Promise<ChatResult> => answerRequest({ command, prompt, history: [] }, host);

describe('a question', () => {
  test('is answered with the tools of the analysis, streamed, with its cost below', async () => {
    mock.turn = (n) =>
      n === 1
        ? {
            text: 'Let me look.',
            tools: [
              { name: 'list_captures', input: {} },
              { name: 'analyze_network', input: { capture: 'latest', limit: 5 } },
            ],
          }
        : { text: 'A port scan by 10.0.0.66 [frame 1].' };
    await ask('what happened here?');
    expect(host.steps).toEqual(['List captures', 'Analyze network capture: latest']);
    expect(host.text).toContain('Let me look.\n\nA port scan by 10.0.0.66 [frame 1].');
    expect(host.pieces.length).toBeGreaterThan(5);
    expect(host.text).toMatch(/Claude, 2 requests, 2 tool calls; 280 tokens read \(80 from the cache\), 40 written.*ANTHROPIC_API_KEY/);
    const [first, second] = mock.messageRequests();
    expect(first?.body.model).toBe('claude-new-sonnet');
    expect(first?.headers['authorization'] ?? first?.headers['x-api-key']).toContain(KEY.value);
    expect(first?.body.system?.[0]?.cache_control).toEqual({ type: 'ephemeral' });
    const results = second?.body.messages?.at(-1)?.content ?? [];
    expect(results.map(({ type, is_error }) => [type, is_error])).toEqual([
      ['tool_result', false],
      ['tool_result', false],
    ]);
    // One fence around each result, which packet text cannot close.
    expect(results[1]?.content).toMatch(/^[^<]*<capture-data>\n[^<]*"detector":"port-scan"[^<]*\n<\/capture-data>$/);
    expect(results[1]?.cache_control).toEqual({ type: 'ephemeral' });
    expect(host.captures.givenOut).toBe(0);
  });

  test('names the capture the user is looking at, and earlier turns go along', async () => {
    host.lookAt('quiet.pcap');
    await answerRequest(
      {
        command: undefined,
        prompt: 'and who talks most?',
        history: [
          { role: 'user', text: 'hello' },
          { role: 'assistant', text: 'Hi.' },
        ],
      },
      host,
    );
    const { messages } = mock.messageRequests()[0]!.body;
    expect(messages?.map(({ role }) => role)).toEqual(['user', 'assistant', 'user']);
    expect(messages?.[2]?.content[0]?.text).toContain('"quiet.pcap"');
  });

  test('whose calls are independent has them run at the same time; results are in their order', async () => {
    const open = host.captures.open.bind(host.captures);
    let running = 0,
      most = 0;
    host.captures.open = async (file) => {
      most = Math.max(most, ++running);
      // The first one takes longest.
      await new Promise((resolve) => setTimeout(resolve, file.name === 'Scan.pcap' ? 60 : 10));
      running--;
      return open(file);
    };
    const calls = ['Scan.pcap', 'quiet.pcap', 'Scan.pcap', 'quiet.pcap'].map((capture) => ({ name: 'list_findings', input: { capture } }));
    mock.turn = (n) => (n === 1 ? { tools: calls } : { text: 'Done.' });
    await ask('compare the findings');
    const results = mock.messageRequests()[1]!.body.messages?.at(-1)?.content ?? [];
    expect(results.map(({ content }) => /port-scan/.test(content ?? ''))).toEqual([true, false, true, false]);
    expect(most).toBe(4);
  });

  test('is followed by what one may want to know next', async () => {
    mock.turn = (n) => (n === 1 ? { tools: [{ name: 'analyze_network', input: { capture: 'Scan.pcap' } }] } : { text: 'A scan.' });
    const { followUps } = await ask('what is it?');
    expect(followUps.map(({ command, prompt }) => `${command} ${prompt.replace(/[0-9a-f]{8}/, 'ID')}`)).toEqual([
      'explain port-scan-ID of Scan.pcap',
      'timeline of Scan.pcap',
      'report of Scan.pcap',
    ]);
  });

  test('goes with what the user is looking at; a password in the filter stays here', async () => {
    host.lookAt('quiet.pcap', { view: 'packets', filter: 'ftp.request.pass == "hunter2"', frame: 1 });
    await ask('what is this one?');
    const sent = JSON.stringify(mock.messageRequests()[0]!.body.messages);
    expect(sent).toMatch(/looking at:.*quiet\.pcap.*packets.*frame.*1/);
    expect(sent).not.toContain('hunter2');
  });

  test.each([
    ['explain', 'frame 3', /Explain frame 3 of the capture.*latest.*get_packet/],
    ['hunt', 'a scan', /Test this suspicion.*a scan/],
    ['timeline', '', /in order of time.*get_timeline/],
    ['compare', 'Scan.pcap and quiet.pcap', /Compare the captures.*Scan\.pcap.*quiet\.pcap.*compare_captures/],
  ])('/%s asks for %j', async (command, prompt, question) => {
    await ask(prompt, command);
    expect(mock.messageRequests()[0]!.body.messages?.at(-1)?.content[0]?.text).toMatch(question);
  });

  test('/report writes the file by code, before anything is asked; without consent it is written all the same', async () => {
    mock.turn = () => ({ text: 'In short: a scan.' });
    const { file } = await ask('', 'report');
    expect(host.text).toMatch(/^\*\*The report of `Scan\.pcap` was written to `reports\/Scan-report\.md`[\s\S]*In short: a scan\./);
    expect(file?.location).toBe('file:///reports/Scan-report.md');
    expect(mock.messageRequests()[0]!.body.tools?.map(({ name }) => name)).not.toContain('write_report');
    host.agrees = false;
    await ask('of quiet.pcap', 'report');
    expect([...host.saved!.keys()]).toEqual(['Scan-report.md', 'quiet-report.md']);
    expect(mock.messageRequests()).toHaveLength(1);
  });

  test('with wrong tool input goes on: the model is told what was wrong', async () => {
    mock.turn = (n) =>
      n === 1
        ? {
            tools: [
              { name: 'analyze_network', input: { capture: 7 } },
              { name: 'rm_rf', input: {} },
            ],
          }
        : { text: 'Sorry.' };
    await ask('what is this?');
    const results = mock.messageRequests()[1]!.body.messages?.at(-1)?.content ?? [];
    expect(results.map(({ is_error }) => is_error)).toEqual([true, true]);
    expect(results[0]?.content).toContain('corrected input');
    expect(results[1]?.content).toContain('There is no tool of this name');
  });

  test('may repeat what an earlier one learned, as long as it is of this chat', async () => {
    mock.turn = (n) => (n === 1 ? { tools: [{ name: 'list_findings', input: {} }] } : { text: 'It was 10.0.0.66, with 60 packets.' });
    const { results } = await ask('who was it?');
    expect(host.text).toContain('All 2 claims were found');
    const next = { command: undefined, prompt: 'say it again', history: [] };
    host.pieces.length = 0;
    await answerRequest({ ...next, earlier: results }, host);
    expect(host.text).toContain('All 2 claims were found');
    host.pieces.length = 0;
    await answerRequest(next, host);
    expect(host.text).toContain('2 of 2 claims could not be checked');
  });

  test('of a model that asks for data for ever ends at the limit, with what it found', async () => {
    mock.turn = () => ({ text: 'Still looking.', tools: [{ name: 'list_captures', input: {} }] });
    await ask('what is this?');
    expect(mock.messageRequests()).toHaveLength(LIMITS.rounds);
    expect(mock.messageRequests().at(-1)?.body.tool_choice).toEqual({ type: 'none' });
    expect(host.text).toContain(`stopped after ${LIMITS.rounds} rounds`);
  });

  test('is not sent when the user does not agree', async () => {
    host.agrees = false;
    await ask('latest', 'analyze');
    expect(mock.requests).toEqual([]);
    expect(host.text).toMatch(/^Nothing was sent to Claude\.[\s\S]*60 TCP ports[\s\S]*built-in summary/);
  });

  test('that needs no model is answered without one', async () => {
    await ask('list captures');
    await ask('', 'help');
    expect(mock.requests).toEqual([]);
  });
});

describe('cancelling', () => {
  test('ends a streaming answer at once: nothing is shown or sent after it', async () => {
    mock.turn = () => ({ text: 'This is the beginning of', hang: true });
    const asked = ask('what is this?');
    await expect.poll(() => host.pieces.length, { interval: 5 }).toBeGreaterThan(0);
    host.controller.abort();
    const shown = host.pieces.length;
    await asked;
    expect(host.pieces.length).toBe(shown);
    expect(mock.messageRequests()).toHaveLength(1);
  });

  test('between two rounds sends no second one', async () => {
    mock.turn = () => ({ tools: [{ name: 'list_captures', input: {} }] });
    const original = host.captures.list.bind(host.captures);
    host.captures.list = () => {
      host.controller.abort();
      return original();
    };
    await ask('what is this?');
    expect(mock.messageRequests()).toHaveLength(1);
    expect(host.text).toBe('');
  });
});

describe('when Claude cannot answer, a sentence says why, and the built-in summary follows', () => {
  test.each([
    [401, 'authentication_error', /does not accept the API key/],
    [403, 'permission_error', /may not use the model/],
    [404, 'not_found_error', /does not know this model/],
    [413, 'request_too_large', /too large/],
    [429, 'rate_limit_error', /rate limit.*Ask again in 7 s/],
    [500, 'api_error', /HTTP 500/],
    [529, 'overloaded_error', /overloaded/],
  ])('%i %s', async (status, type, sentence) => {
    mock.turn = () => ({ status, type, headers: { 'retry-after': '7', 'x-should-retry': 'false' } });
    const result = await ask('latest', 'analyze');
    expect(host.text).toMatch(sentence);
    expect(host.text).toMatch(/60 TCP ports[\s\S]*built-in summary/);
    expect(result.offerKey).toBe(status === 401);
    expect(host.text).not.toContain(KEY.value);
  });

  test('a free question is answered with what the analysis has on its words', async () => {
    mock.turn = () => ({ status: 529, type: 'overloaded_error', headers: { 'x-should-retry': 'false' } });
    await ask('who scanned us?');
    expect(host.text).toMatch(/^Claude is overloaded[\s\S]*1 finding speaks for it[\s\S]*60 TCP ports[\s\S]*built-in summary/);
  });

  test.each(['refusal', 'model_context_window_exceeded', 'end_turn'])('it says nothing and stops with %s', async (stop) => {
    mock.turn = () => ({ text: '', stop });
    await ask('latest', 'analyze');
    expect(host.text).toMatch(
      /^(?:The model declined|The conversation no longer fits|Claude gave no answer)[\s\S]*60 TCP ports[\s\S]*built-in summary/,
    );
  });

  test('the answer is no stream of events at all', async () => {
    mock.turn = () => ({ text: 'x', garbage: true });
    await ask('latest', 'analyze');
    expect(host.text).toMatch(/^.+\n\n[\s\S]*60 TCP ports[\s\S]*built-in summary/);
  });

  test('offline', async () => {
    await mock.stop();
    await ask('latest', 'analyze');
    expect(host.text).toMatch(/could not be reached[\s\S]*60 TCP ports[\s\S]*built-in summary/);
    mock = await new MockClaude().start();
  });

  test('without a network nobody is waited for', async () => {
    const client = claudeClient({ apiKey: KEY.value, baseUrl: 'https://api.example', model: '', hasNetwork: () => false });
    const model = { name: 'Claude', note: '', client, consent: () => Promise.resolve(true), onSent: () => undefined };
    await answerRequest(
      { command: 'analyze', prompt: 'latest', history: [] },
      Object.assign(Object.create(host) as TestHost, { model: () => Promise.resolve(model) }),
    );
    expect(host.text).toMatch(/^This machine has no network[\s\S]*60 TCP ports[\s\S]*built-in summary/);
  });

  test('where nothing answers nobody is waited for: the first contact is not tried again', async () => {
    let contacts = 0;
    const deaf = net.createServer((socket) => {
      contacts++;
      socket.destroy();
    });
    await new Promise<void>((resolve) => deaf.listen(0, '127.0.0.1', resolve));
    const client = claudeClient({ apiKey: KEY.value, baseUrl: `http://127.0.0.1:${(deaf.address() as net.AddressInfo).port}`, model: '' });
    const request = {
      system: '',
      tools: [],
      toolUse: 'auto',
      messages: [{ role: 'user', parts: [{ kind: 'text', text: 'hello' }] }],
      maxOutputTokens: 10,
    } as const;
    await expect(client.respond(request, () => undefined, host.signal)).rejects.toThrow(/could not be reached/);
    deaf.close();
    expect(contacts).toBe(1);
  });

  test('the connection breaks in the middle', async () => {
    mock.turn = () => ({ text: 'It looks like a', breakOff: true });
    await ask('latest', 'analyze');
    expect(host.text).toMatch(/^It looks like a\n\n.*connection broke[\s\S]*built-in summary/);
  });
});

test.each([
  ['refusal', /declined/],
  ['model_context_window_exceeded', /no longer fits/],
  ['max_tokens', /cut at its greatest length/],
])('an answer that ends with %s says so', async (stop, sentence) => {
  mock.turn = () => ({ text: 'So far.', stop });
  await ask('what is this?');
  expect(host.text).toMatch(sentence);
  expect(host.text).toContain('So far.');
});

describe('the model', () => {
  const models = async (model: string): Promise<string | undefined> => {
    const client = claudeClient({ apiKey: KEY.value, baseUrl: mock.url, model, maxRetries: 0 });
    const outcome = await converse({
      client,
      system: 'Be brief.',
      messages: [{ role: 'user', parts: [{ kind: 'text', text: 'hello' }] }],
      tools: [],
      captures: host.captures,
      signal: host.signal,
      onText: host.show,
      onProgress: host.progress,
    });
    expect(outcome.kind).toBe('answered');
    return mock.messageRequests()[0]?.body.model;
  };

  test('is the one of the setting', async () => {
    expect(await models('claude-big')).toBe('claude-big');
    expect(mock.requests).toHaveLength(1);
  });
  test('is chosen among those that the key may use, newest first', async () => {
    const options = { apiKey: KEY.value, baseUrl: mock.url, model: '', maxRetries: 0 };
    expect((await claudeModels(options)).map(({ id }) => id)).toEqual(['claude-big', 'claude-new-sonnet', 'claude-old-sonnet']);
    await mock.stop();
    await expect(claudeModels(options)).rejects.toThrow(/could not be reached/);
    mock = await new MockClaude().start();
  });
  test('is a default where the list names none of its line', async () => {
    mock.models = [];
    expect(await models('')).toBe(DEFAULT_MODEL);
  });
});
