/** @netsec without a key: the same answers every time, from the Report alone. */
import { describe, expect, test } from 'vitest';
import { answerRequest, chatCommands, commandOf, type ChatResult } from '../../src/chat/answerRequest.ts';
import { namedCapture } from '../../src/chat/namedCapture.ts';
import { summary } from '../../src/chat/summary.ts';
import { finding, sampleReport } from '../exports/sampleReport.ts';
import { TestHost } from './support/testHost.ts';

async function say(prompt: string, command?: string, current: string | null = null): Promise<{ text: string; result: ChatResult }> {
  const host = new TestHost().lookAt(current);
  const result = await answerRequest({ command, prompt, history: [] }, host);
  expect(host.captures.givenOut).toBe(0);
  return { text: host.text, result };
}

describe('without a key', () => {
  test('"analyze latest" shows the built-in summary, and offers to open the capture and to set a key', async () => {
    const { text, result } = await say('analyze latest');
    expect(text).toMatch(/^\*\*1 finding; the most serious is of \w+ severity: .*10\.0\.0\.30.*\*\*$/m);
    expect(text).toMatch(
      /\*\*What this is\.\*\*[\s\S]*\*\*Security status\.\*\*[\s\S]*\*\*Findings\*\*[\s\S]*frames 1, 2, 3, 4, 5 of 60[\s\S]*\*\*Protocols\*\*[\s\S]*\*\*Most active devices\*\*[\s\S]*\*\*What to do\*\*[\s\S]*built-in summary/,
    );
    expect(result).toMatchObject({ capture: { name: 'Scan.pcap' }, offerKey: true });
  });

  test('the same question has the same answer', async () => {
    expect((await say('latest', 'analyze')).text).toBe((await say('Analyse the newest capture.')).text);
  });

  test('/analyze is about the capture being looked at, else the newest', async () => {
    expect((await say('', 'analyze', 'quiet.pcap')).result.capture?.name).toBe('quiet.pcap');
    expect((await say('', 'analyze')).result.capture?.name).toBe('Scan.pcap');
    expect((await say('quiet', 'analyze')).result.capture?.name).toBe('quiet.pcap');
  });

  test('"analyze all" has a line for each capture and says where to look first', async () => {
    const { text } = await say('analyze all');
    expect(text).toMatch(/Look first at `?Scan\.pcap`?: risk \d+ of 100/);
    expect(text).toMatch(/- `Scan\.pcap`[\s\S]*- `quiet\.pcap`/);
  });

  test('"list captures" lists them, newest first', async () => {
    const { text } = await say('list captures');
    expect(text).toMatch(/\*\*2 captures, newest first\*\*\n\n- `Scan\.pcap`.*\n- `quiet\.pcap`/);
  });

  test('a capture that is not there is answered with those that are', async () => {
    expect((await say('nothing.pcap', 'analyze')).text).toContain('Scan.pcap, quiet.pcap');
  });

  test('a free question says how to get more, and shows what the analysis has on its words', async () => {
    const { text, result } = await say('which host is infected?');
    expect(text).toMatch(
      /Set Anthropic API Key.*\/help[\s\S]*Nothing was found by the \d+ checks[\s\S]*`executable-download`: found nothing[\s\S]*built-in summary/,
    );
    expect(result.offerKey).toBe(true);
  });

  test('a free question is about the capture that it names, whatever is open or newest', async () => {
    expect((await say('what happened in quiet.pcap?')).result.capture?.name).toBe('quiet.pcap');
    expect((await say('was there a port scan in quiet.pcap', 'hunt', 'Scan.pcap')).result.capture?.name).toBe('quiet.pcap');
    // A word of the question that is also a name names nothing.
    expect((await say('why is it so quiet here')).result.capture?.name).toBe('Scan.pcap');
  });

  test.each([
    ['analyze break-in', 'break-in.pcap.gz'],
    ['What happened in Break-In?', 'break-in.pcap.gz'],
    ['look at capture_20261123_022453, please', 'capture_20261123_022453.pcap'],
    ['which dns names failed?', null],
    ['was it in dns.pcap.', 'dns.pcap'],
    ['the break-in-2 file', null],
    ['/tmp/break-in', null],
    ['break-in or capture_20261123_022453?', null],
    ['', null],
  ])('%j names %s', (question, name) => {
    expect(namedCapture(question, ['break-in.pcap.gz', 'dns.pcap', 'capture_20261123_022453.pcap', 'dns.pcapng'])).toBe(name);
  });

  test('a free question whose words mean nothing to the analysis gets what it says of the capture', async () => {
    const { text } = await say('tell me a story');
    expect(text).toMatch(
      /^Free questions need a language model[^\n]*this is what it says of the capture[\s\S]*Most active devices[\s\S]*`10\.0\.0\.66`/,
    );
  });

  test('/help names every command', async () => {
    const { text } = await say('', 'help');
    for (const { id } of chatCommands) expect(text).toContain(`\`/${id}\``);
  });

  test('after cancelling nothing is shown', async () => {
    const host = new TestHost();
    host.controller.abort();
    await answerRequest({ command: 'analyze', prompt: 'all', history: [] }, host);
    expect(host.text).toBe('');
  });
});

test('what packets say cannot become a link, an image or a heading in the summary', () => {
  const bad = '![x](https://evil.example/?q=1) [click](command:workbench.action.quit)\n# Owned <img src=x>';
  const text = summary(sampleReport({ headline: bad, findings: [{ ...finding, title: bad, description: bad, recommendation: bad }] }), 'analyst');
  const outsideOfCode = text.replace(/(`+)[\s\S]*?\1/g, '');
  expect(outsideOfCode).not.toMatch(/\]\(|https?:|<img|^#/m);
});

test.each([
  ['analyze latest', 'analyze', 'latest'],
  ['Analyze the latest capture', 'analyze', 'latest'],
  ['analyse all captures', 'analyze', 'all'],
  ['analyze office.pcapng', 'analyze', 'office.pcapng'],
  ['analyze this capture', 'analyze', ''],
  ['list captures', 'list', ''],
  ['show me all captures', 'list', ''],
  ['help', 'help', ''],
  ['why does 10.0.0.5 analyze all captures?', undefined, 'why does 10.0.0.5 analyze all captures?'],
  ['list the captures in which telnet appears', undefined, 'list the captures in which telnet appears'],
])('%j means %s', (words, id, argument) => {
  const meant = commandOf({ command: undefined, prompt: words });
  expect([meant.command?.id, meant.argument]).toEqual([id, argument]);
});
