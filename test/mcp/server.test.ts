/** The server without a program around it: cancelling, vanishing, and many calls at once. */
import { Client } from '@modelcontextprotocol/sdk/client/index.js';
import { InMemoryTransport } from '@modelcontextprotocol/sdk/inMemory.js';
import { expect, test } from 'vitest';
import type { CaptureStore, Listed, Opened } from '../../src/analysis/captureStore.ts';
import { createMcpServer } from '../../src/mcp/server.ts';
import { eventually } from '../support/eventually.ts';

/** One capture that is never read to its end; it notes who asked for it, and who gave up. */
class EndlessStore implements CaptureStore {
  opening = 0;
  most = 0;
  givenUp = 0;
  list(): Promise<Listed> {
    return Promise.resolve({ ok: true, files: [{ location: 'endless', name: 'endless.pcap', bytes: 1, modifiedMs: 0 }] });
  }
  resolve(): Promise<Listed> {
    return this.list();
  }
  open(_file: unknown, signal?: AbortSignal): Promise<Opened> {
    this.most = Math.max(this.most, ++this.opening);
    return new Promise((_resolve, reject) => {
      signal?.addEventListener('abort', () => {
        this.opening--;
        this.givenUp++;
        reject(new Error('aborted'));
      });
    });
  }
}

async function connected(captures: CaptureStore): Promise<Client> {
  const [here, there] = InMemoryTransport.createLinkedPair();
  const client = new Client({ name: 'test', version: '1' });
  await Promise.all([createMcpServer({ captures }).connect(there), client.connect(here)]);
  return client;
}

test('a cancelled call stops its work', async () => {
  const store = new EndlessStore(),
    client = await connected(store),
    controller = new AbortController();
  const call = client.callTool({ name: 'analyze_network' }, undefined, { signal: controller.signal });
  await eventually(() => expect(store.opening).toBe(1));
  controller.abort(new Error('enough'));
  await expect(call).rejects.toThrow('enough');
  await eventually(() => expect(store).toMatchObject({ opening: 0, givenUp: 1 }));
});

test('a client that vanishes stops the work of all its calls; those that waited never begin', async () => {
  const store = new EndlessStore(),
    client = await connected(store);
  const calls = Array.from({ length: 1000 }, () => client.callTool({ name: 'analyze_network' }).catch(() => 'gone'));
  await eventually(() => expect(store.opening).toBeGreaterThan(0));
  await client.close();
  expect(new Set(await Promise.all(calls))).toEqual(new Set(['gone']));
  await eventually(() => expect(store.opening).toBe(0));
  expect(store.most).toBeLessThanOrEqual(8);
  expect(store.givenUp).toBe(store.most);
});

test('ten thousand calls at once are all answered', async () => {
  const client = await connected(new EndlessStore());
  const answers = await Promise.all(Array.from({ length: 10_000 }, () => client.callTool({ name: 'list_captures' })));
  expect(answers.filter(({ structuredContent }) => (structuredContent as { total: number }).total === 1)).toHaveLength(10_000);
});
