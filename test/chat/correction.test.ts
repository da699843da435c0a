/** What nothing bears out is sent back once, against a Messages API on loopback: what comes back is held against the results, too. */
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { answerRequest } from '../../src/chat/answerRequest.ts';
import { pseudonyms } from '../../src/chat/pseudonyms.ts';
import { MockClaude, type Turn } from './support/mockClaude.ts';
import { TestHost } from './support/testHost.ts';

let mock: MockClaude;
let host: TestHost;
beforeEach(async () => {
  mock = await new MockClaude().start();
  host = new TestHost(mock.url);
  host.apiKey = { value: 'sk-ant-test-0123456789abcdef', from: 'environment' };
});
afterEach(() => mock.stop());

/** A model that looks, answers, and is asked again with the third request. */
async function answered(text: string, again: Turn): Promise<string> {
  mock.turn = (n) => (n === 1 ? { tools: [{ name: 'analyze_network', input: { capture: 'latest' } }] } : n === 2 ? { text } : again);
  await answerRequest({ command: undefined, prompt: 'who scanned whom?', history: [] }, host);
  return host.text;
}
const TRUE = 'The capture has 60 packets.',
  FALSE = '10.0.0.66 scanned 10.0.0.30 with 412 packets.';
const sentBack = (): string => mock.messageRequests()[2]?.body.messages?.[0]?.content[0]?.text ?? '';

describe('what is marked', () => {
  test('is shown with its mark, and what the model says instead under the answer', async () => {
    const shown = await answered(`${TRUE} ${FALSE}\n`, { text: '1. 10.0.0.66 scanned 10.0.0.30 with 60 packets.' });
    expect(shown).toContain('with 412 (?) packets');
    expect(shown).toMatch(
      /1 of 4 claims could not be checked[\s\S]*sent back to the model once[\s\S]*Instead of “10\.0\.0\.66 scanned 10\.0\.0\.30 with 412 packets\.”: 10\.0\.0\.66 scanned 10\.0\.0\.30 with 60 packets\./,
    );
    expect(shown).toMatch(/Claude, 3 requests, 1 tool call/);
    // Chat folds away what stands before a step: none may follow the answer.
    expect(host.steps.join()).not.toMatch(/correct/);
  });

  test('goes back alone, with the records it is about, and without tools', async () => {
    await answered(`${TRUE} ${FALSE}\n`, { text: '1. withdraw' });
    const { body } = mock.messageRequests()[2]!;
    expect(body.messages).toHaveLength(1);
    expect(body.tools).toBeUndefined();
    expect(sentBack()).toContain('1. 10.0.0.66 scanned 10.0.0.30 with 412 packets.');
    expect(sentBack()).not.toContain(TRUE);
    expect(sentBack()).toMatch(/<capture-data>\n.*"detector":"port-scan".*\n<\/capture-data>/);
    expect(sentBack().length).toBeLessThan(15_000);
    expect(host.text).toMatch(/Taken back: “10\.0\.0\.66 scanned/);
  });

  test('goes back under the privacy that is set', async () => {
    host.privacy = 'pseudonyms';
    host.table = pseudonyms({});
    const shown = await answered('HOST_1 sent 9,999 packets.', { text: '1. HOST_1 sent 60 packets.' });
    expect(sentBack()).toMatch(/1\. HOST_1 sent 9,999 packets/);
    expect(mock.bodies.join()).not.toMatch(/10\.0\.0\.(?:66|30)|Scan\.pcap/);
    expect(shown).not.toContain('HOST_');
  });

  test('is asked for once, however many there are', async () => {
    const many = Array.from({ length: 40 }, (_, i) => `- 10.0.0.66 sent ${1000 + i} packets.\n`).join('');
    await answered(many, { text: Array.from({ length: 40 }, (_, i) => `${i + 1}. 10.0.0.66 sent 60 packets.`).join('\n') });
    expect(mock.messageRequests()).toHaveLength(3);
    expect(sentBack().match(/^\d+\. /gm)).toHaveLength(8);
    expect(host.text.match(/Instead of/g)).toHaveLength(8);
    expect(host.text).toContain('of 32 statements nothing better came');
  });
});

describe('a worse answer is not shown', () => {
  test.each([
    ['another invention', '1. 10.0.0.66 scanned 10.0.0.30 with 733 packets.'],
    ['the roles turned around', '1. 10.0.0.30 scanned 10.0.0.66 with 60 packets.'],
    ['no claim at all', '1. The traffic looks normal to me.'],
    ['a speech', `1. 10.0.0.66 scanned 10.0.0.30 with 60 packets. ${'I am sorry for this. '.repeat(20)}`],
    ['something else', 'I stand by what I said.'],
    ['a number that was not asked for', '7. 10.0.0.66 sent 60 packets.'],
    ['nothing', ''],
  ])('%s', async (_, text) => {
    const shown = await answered(`${FALSE}\n`, { text });
    expect(shown).toContain('with 412 (?) packets');
    expect(shown).toContain('what came back did not hold either, and is not shown');
    expect(shown).not.toMatch(/733|Instead of|sorry|stand by/);
  });

  test('nor are its links', async () => {
    const shown = await answered(`${FALSE}\n`, {
      text: '1. 10.0.0.66 scanned 10.0.0.30 with 60 packets ![x](https://evil.example/a.png) [open](command:evil).',
    });
    expect(shown).not.toMatch(/!\[x\]\(|\]\(command:|https:\/\/evil/);
  });
});

test('a request that fails leaves the answer as it was', async () => {
  const shown = await answered(`${FALSE}\n`, { status: 529, type: 'overloaded_error' });
  expect(shown).toContain('with 412 (?) packets');
  expect(shown).toContain('sent back to the model, which gave no answer');
});

test('nothing goes back where all holds, nothing was learned, or it is not wanted', async () => {
  await answered(`${TRUE}\n`, { text: '1. never' });
  expect(mock.messageRequests()).toHaveLength(2);
  mock.requests.length = 0;
  mock.turn = () => ({ text: FALSE });
  await answerRequest({ command: undefined, prompt: 'say something', history: [] }, host);
  expect(mock.messageRequests()).toHaveLength(1);
  mock.requests.length = 0;
  host.corrects = false;
  expect(await answered(`${FALSE}\n`, { text: '1. never' })).toContain('1 of 3 claims could not be checked');
  expect(mock.messageRequests()).toHaveLength(2);
});

test('cancelled while it is asked again, nothing more is shown', async () => {
  mock.turn = (n) =>
    n === 1
      ? { tools: [{ name: 'analyze_network', input: { capture: 'Scan.pcap' } }] }
      : n === 2
        ? { text: `${FALSE}\n` }
        : { text: '1. 10.0.0.66 …', hang: true };
  const asking = answerRequest({ command: undefined, prompt: 'who?', history: [] }, host);
  await expect.poll(() => mock.messageRequests().length, { timeout: 10_000 }).toBe(3);
  const before = host.text;
  host.controller.abort();
  await asking;
  expect(host.text).toBe(before);
});
