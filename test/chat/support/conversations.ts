/** What a model may have learned before it writes: results of all tools over our samples, in groups as a question needs them. */
import fs from 'node:fs';
import path from 'node:path';
import { runTool, type Tool } from '../../../src/analysis/tool.ts';
import * as registry from '../../../src/analysis/tools/registry.ts';
import { FakeCaptureStore } from '../../support/fakeCaptureStore.ts';

const SAMPLES = path.resolve(import.meta.dirname, '../../../captures');
type Row = Readonly<Record<string, unknown>>;
export interface Learned {
  readonly tool: string;
  readonly output: Row;
}

/** One list for each question. */
export async function learnedFromSamples(mostBytes = 300_000): Promise<readonly (readonly Learned[])[]> {
  const names = fs.readdirSync(SAMPLES).filter((each) => each.endsWith('.pcap') && fs.statSync(path.join(SAMPLES, each)).size < mostBytes);
  const captures = new FakeCaptureStore(Object.fromEntries(names.map((name) => [name, fs.readFileSync(path.join(SAMPLES, name))])));
  const tools = new Map(Object.values<Tool>(registry).map((tool) => [tool.name, tool]));
  const questions: Learned[][] = [];
  for (const [i, capture] of names.entries()) {
    let learned: Learned[] = [];
    const call = async (tool: string, input: Row): Promise<Row | null> => {
      const result = await runTool(
        tools.get(tool)!,
        { ...input, ...(tool === 'list_captures' || tool === 'compare_captures' ? {} : { capture }) },
        { captures },
      );
      if (!result.ok) return null;
      learned.push({ tool, output: result.output });
      return result.output;
    };
    const ask = async (calls: () => Promise<unknown>): Promise<void> => {
      learned = [];
      await calls();
      questions.push(learned);
    };
    let hosts: Row | null = null;
    await ask(() => call('analyze_network', {}));
    await ask(async () => {
      const found = (await call('list_findings', {}))?.['findings'] as { id: string }[] | undefined;
      for (const { id } of found?.slice(0, 2) ?? []) await call('explain_finding', { id });
      await call('get_timeline', {});
    });
    await ask(async () => {
      await call('list_conversations', {});
      hosts = await call('get_statistics', { of: 'hosts' });
      for (const { address } of ((hosts?.['rows'] ?? []) as { address: string }[]).slice(0, 2)) await call('get_host', { address });
    });
    await ask(async () => {
      for (const of of ['overview', 'breakdown', 'ports']) await call('get_statistics', { of });
      await call('list_conversations', { layer: 'udp' });
    });
    await ask(async () => {
      await call('list_packets', { limit: 15 });
      await call('get_packet', { frame: 3, limit: 60 });
    });
    await ask(async () => {
      await call('query_protocol', { protocol: 'dns' });
      await call('query_protocol', { protocol: 'dns', count_by: 'dns.qry.name' });
      await call('query_protocol', { protocol: 'http' });
      await call('query_protocol', { protocol: 'tls' });
    });
    await ask(async () => {
      await call('follow_stream', { flow: 'tcp:0' });
      await call('list_captures', {});
      await call('compare_captures', { first: capture, second: names[(i + 1) % names.length]! });
    });
  }
  return questions;
}
