/** A network that swallows what is sent: the built-in answer stands there while the request is still open. Sockets on loopback only. */
import { fork, type ChildProcess } from 'node:child_process';
import http from 'node:http';
import net, { type AddressInfo } from 'node:net';
import { afterEach, expect, test } from 'vitest';
import { answerRequest, type ChatResult } from '../../src/chat/answerRequest.ts';
import { claudeClient } from '../../src/chat/claudeClient.ts';
import { MockClaude } from './support/mockClaude.ts';
import { TestHost } from './support/testHost.ts';

const ends: (() => void)[] = [];
afterEach(() => {
  for (const end of ends.splice(0)) end();
});

/** Accepts, reads, and says nothing. */
async function mute(): Promise<string> {
  const sockets = new Set<net.Socket>(),
    server = net.createServer((socket) => {
      sockets.add(socket.on('error', () => undefined));
      socket.resume();
    });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  ends.push(() => {
    for (const socket of sockets) socket.destroy();
    server.close();
  });
  return `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
}

/** A process that sleeps, in front of which the queue is full: what comes now is not even refused. */
async function blackHole(): Promise<string> {
  const child: ChildProcess = fork(
    '-e',
    [`require('node:net').createServer().listen({ port: 0, host: '127.0.0.1', backlog: 1 }, function () { process.send(this.address().port) })`],
    { execArgv: [], stdio: 'ignore' },
  );
  const port = await new Promise<number>((resolve) => child.once('message', (value) => resolve(value as number)));
  child.kill('SIGSTOP');
  const waiting = Array.from({ length: 8 }, () => net.connect(port, '127.0.0.1').on('error', () => undefined));
  ends.push(() => {
    for (const socket of waiting) socket.destroy();
    child.kill('SIGKILL');
  });
  await new Promise((resolve) => setTimeout(resolve, 200));
  return `http://127.0.0.1:${port}`;
}

class ModelHost extends TestHost {
  constructor(url: string, id: string) {
    super(url);
    this.apiKey = { value: 'sk-ant-test-0123456789abcdef', from: 'environment' };
    const model = this.model;
    Object.assign(this, {
      model: async () => ({ ...(await model())!, client: claudeClient({ apiKey: this.apiKey!.value, baseUrl: url, model: id, maxRetries: 0 }) }),
    });
  }
}

test.each([
  ['a server that never answers', mute, ''],
  ['a server that never answers, with a model that is set', mute, 'claude-x'],
  ['a black hole', blackHole, ''],
  ['a black hole, with a model that is set', blackHole, 'claude-x'],
])('%s: the built-in answer does not wait for it', async (_, open, id) => {
  const host = new ModelHost(await open(), id);
  let result: ChatResult | null = null;
  const asking = answerRequest({ command: 'analyze', prompt: '', history: [] }, host).then((value) => (result = value));
  await expect.poll(() => host.text, { timeout: 20_000, interval: 50 }).toMatch(/built-in summary/);
  expect(result).toBeNull();
  expect(host.text).toMatch(/^Claude has not answered yet\.[\s\S]*60 TCP ports[\s\S]*built-in summary/);
  const before = host.text;
  host.controller.abort();
  await asking;
  expect(host.text).toBe(before);
});

test('an answer that comes late stands under it; a server that is only slow to think is waited for', async () => {
  const mock = await new MockClaude().start();
  ends.push(() => void mock.stop());
  mock.turn = () => ({ text: 'It is a scan.' });
  let delay = 2500;
  const slow = http.createServer((request, response) => {
    // Headers come at once when `delay` is 0, and the words when the model has them.
    setTimeout(() => {
      const through = http.request(`${mock.url}${request.url}`, { method: request.method, headers: request.headers }, (answer) => {
        response.writeHead(answer.statusCode ?? 500, answer.headers);
        response.flushHeaders();
        setTimeout(() => answer.pipe(response), delay === 0 && request.method === 'POST' ? 2500 : 0);
      });
      request.pipe(through);
    }, delay);
  });
  await new Promise<void>((resolve) => slow.listen(0, '127.0.0.1', resolve));
  ends.push(() => slow.close());
  const url = `http://127.0.0.1:${(slow.address() as AddressInfo).port}`;
  const late = new ModelHost(url, '');
  await answerRequest({ command: 'analyze', prompt: '', history: [] }, late);
  expect(late.text).toMatch(/^Claude has not answered yet[\s\S]*built-in summary[\s\S]*Claude answers now:[\s\S]*It is a scan\./);
  delay = 0;
  const thinking = new ModelHost(url, 'claude-x');
  await answerRequest({ command: 'analyze', prompt: '', history: [] }, thinking);
  expect(thinking.text).toMatch(/^It is a scan\./);
});
