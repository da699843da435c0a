/** What holds for each tool, whoever adds it: it tells how far it has read, it stops when nobody waits, and it has no effect here. */
import { Client } from '@modelcontextprotocol/sdk/client/index.js';
import { InMemoryTransport } from '@modelcontextprotocol/sdk/inMemory.js';
import { expect, test } from 'vitest';
import type { CaptureFile } from '../../src/analysis/captureFiles.ts';
import type { CaptureStore, Listed, Opened } from '../../src/analysis/captureStore.ts';
import { inputSchema, type Tool } from '../../src/analysis/tool.ts';
import * as registry from '../../src/analysis/tools/registry.ts';
import type { ReadingListener } from '../../src/mcp/reading.ts';
import { createMcpServer } from '../../src/mcp/server.ts';
import { eventually } from '../support/eventually.ts';

const FILE: CaptureFile = { location: 'endless', name: 'endless.pcap', bytes: 1000, modifiedMs: 0 };

/** One capture; reading it gets a tenth of the way, and no further. */
class SlowStore implements CaptureStore {
  readonly listeners = new Set<ReadingListener>();
  opening = 0;
  list(): Promise<Listed> {
    return Promise.resolve({ ok: true, files: [FILE] });
  }
  resolve(): Promise<Listed> {
    return this.list();
  }
  open(file: CaptureFile, signal?: AbortSignal): Promise<Opened> {
    this.opening++;
    for (const listener of this.listeners) listener(file, 100, file.bytes);
    return new Promise((_resolve, reject) => {
      signal?.addEventListener('abort', () => {
        this.opening--;
        reject(new Error('aborted'));
      });
    });
  }
}

async function connected(): Promise<{ readonly client: Client; readonly store: SlowStore }> {
  const [here, there] = InMemoryTransport.createLinkedPair(),
    client = new Client({ name: 'test', version: '1' }),
    store = new SlowStore();
  const server = createMcpServer({
    captures: store,
    onReading: (listener) => {
      store.listeners.add(listener);
      return () => store.listeners.delete(listener);
    },
  });
  await Promise.all([server.connect(there), client.connect(here)]);
  return { client, store };
}

/** By argument, for those that a tool cannot do without. */
const TYPICAL: Readonly<Record<string, unknown>> = {
  address: '192.0.2.1',
  first: 'endless.pcap',
  flow: 'tcp:0',
  frame: 1,
  id: 'port-scan',
  protocol: 'dns',
  second: 'endless.pcap',
};

function argumentsOf(tool: Tool): Record<string, unknown> {
  const { required = [] } = inputSchema(tool) as { required?: readonly string[] };
  return Object.fromEntries(required.map((name) => [name, TYPICAL[name]]));
}

const OFFERED = Object.values<Tool>(registry).filter(({ effect }) => effect === undefined),
  READING = OFFERED.filter(({ name }) => name !== 'list_captures');

test.each(READING.map((tool) => [tool.name, tool] as const))('%s tells how far it has read, and stops when it is cancelled', async (name, tool) => {
  const { client, store } = await connected(),
    controller = new AbortController(),
    told: unknown[] = [];
  const call = client.callTool({ name, arguments: argumentsOf(tool) }, undefined, {
    signal: controller.signal,
    onprogress: (progress) => {
      told.push(progress);
      controller.abort(new Error('enough'));
    },
  });
  await expect(call).rejects.toThrow('enough');
  expect(told).toEqual([{ progress: 100, total: 1000, message: 'Reading endless.pcap' }]);
  await eventually(() => expect(store).toMatchObject({ opening: 0, listeners: new Set() }));
});

test('so do resources', async () => {
  const { client, store } = await connected(),
    controller = new AbortController(),
    told: number[] = [];
  const reading = client.readResource(
    { uri: 'netsec://capture/endless.pcap/report' },
    {
      signal: controller.signal,
      onprogress: ({ progress }) => {
        told.push(progress);
        controller.abort(new Error('enough'));
      },
    },
  );
  await expect(reading).rejects.toThrow('enough');
  expect(told).toEqual([100]);
  await eventually(() => expect(store).toMatchObject({ opening: 0, listeners: new Set() }));
});

test('a completion that reads a capture stops when it is cancelled', async () => {
  const { client, store } = await connected(),
    controller = new AbortController();
  const completing = client.complete(
    { ref: { type: 'ref/resource', uri: 'netsec://capture/{name}/host/{address}' }, argument: { name: 'address', value: '' } },
    { signal: controller.signal },
  );
  await eventually(() => expect(store.opening).toBe(1));
  controller.abort(new Error('enough'));
  await expect(completing).rejects.toThrow('enough');
  await eventually(() => expect(store.opening).toBe(0));
});

test('each is annotated as what it is: it reads, and nothing else', async () => {
  const { client } = await connected();
  const { tools } = await client.listTools();
  expect(tools).toHaveLength(OFFERED.length);
  for (const { annotations } of tools) expect(annotations).toEqual({ readOnlyHint: true, openWorldHint: false });
});

test('those with an effect are not offered, and not run by name', async () => {
  const { client } = await connected();
  const withEffect = Object.values<Tool>(registry).filter(({ effect }) => effect !== undefined);
  expect(withEffect.length).toBeGreaterThan(0);
  for (const { name } of withEffect) expect(await client.callTool({ name })).toMatchObject({ isError: true });
});
