/** The tools that show something in the editor: what they show, and what they answer when there is no such thing. */
import fs from 'node:fs';
import path from 'node:path';
import { beforeEach, describe, expect, test } from 'vitest';
import { callInWords, runTool, type Tool, type ToolContext, type ToolResult } from '../../src/analysis/tool.ts';
import * as registry from '../../src/editor/tools/registry.ts';
import { FakeCaptureStore } from '../support/fakeCaptureStore.ts';

const scan = fs.readFileSync(path.resolve(import.meta.dirname, '../../captures/scan-syn.pcap'));
const tools = Object.values(registry) as unknown as Tool[];

describe('the tools of the editor', () => {
  let shown: unknown[];
  let context: ToolContext;
  let captures: FakeCaptureStore;

  beforeEach(() => {
    shown = [];
    captures = new FakeCaptureStore({ 'scan-syn.pcap': scan });
    context = {
      captures,
      showCapture: (file, command) => {
        shown.push([file.name, command]);
        return Promise.resolve();
      },
    };
  });

  function call(name: string, input: unknown): Promise<ToolResult> {
    return runTool(
      tools.find((tool) => tool.name === name)!,
      input,
      context,
    );
  }

  test('open_capture shows the view that was asked for', async () => {
    expect(await call('open_capture', { view: 'conversations' })).toMatchObject({ ok: true, output: { capture: 'scan-syn.pcap' } });
    expect(shown).toEqual([['scan-syn.pcap', { kind: 'show', view: 'conversations' }]]);
  });

  test('go_to_frame shows the packet, and none that the capture does not have', async () => {
    expect(await call('go_to_frame', { frame: 7 })).toMatchObject({ ok: true });
    expect(shown).toEqual([['scan-syn.pcap', { kind: 'goToPacket', frame: 7 }]]);
    // Packets as the file's records count them.
    const result = await call('go_to_frame', { frame: 100_000 });
    expect(result).toMatchObject({
      ok: false,
      message: expect.stringMatching(/^There is no frame 100000: this capture holds frames 1 to \d+\.$/) as string,
    });
    expect(shown).toHaveLength(1);
  });

  test('apply_filter shows a filter with how many packets it selects, and no wrong one', async () => {
    const all = await call('apply_filter', {});
    const some = await call('apply_filter', { filter: 'tcp.flags.reset == 1' });
    expect(all.ok && some.ok && Number(some.output['packets']) > 0 && Number(some.output['packets']) < Number(all.output['packets'])).toBe(true);
    expect(shown.at(-1)).toEqual(['scan-syn.pcap', { kind: 'setFilter', filter: 'tcp.flags.reset == 1' }]);
    expect(await call('apply_filter', { filter: 'tcp.port ==' })).toMatchObject({
      ok: false,
      message: expect.stringContaining('at character') as string,
    });
    expect(shown).toHaveLength(2);
  });

  test('show_finding shows a finding by its id, and offers the ids there are', async () => {
    const wrong = await call('show_finding', { finding: 'port-scan-00000000' });
    const id = /port-scan-[0-9a-f]{8}/.exec(wrong.ok ? '' : wrong.message.replace('port-scan-00000000', ''))![0];
    expect(await call('show_finding', { finding: id })).toMatchObject({ ok: true, output: { finding: id } });
    expect(shown).toEqual([['scan-syn.pcap', { kind: 'showFinding', id }]]);
  });

  test.each(tools.map((tool) => [tool.name, tool] as const))(
    '%s fails with a sentence where there is no editor, and gives the capture back',
    async (_name, tool) => {
      const input = { ...(tool.name === 'go_to_frame' ? { frame: 1 } : {}), ...(tool.name === 'show_finding' ? { finding: 'x' } : {}) };
      const result = await runTool(tool, input, { captures });
      expect(result).toMatchObject({ ok: false });
      expect(await runTool(tool, { capture: '../../etc/passwd', ...input }, context)).toMatchObject({ ok: false });
      expect(captures.givenOut).toBe(0);
      expect(shown).toEqual([]);
    },
  );

  test('a call in words shows nothing that could be read as more than text', () => {
    const tool = tools[0]!;
    expect(callInWords(tool, { capture: 'a.pcap', frame: 3 })).toBe(`${tool.title}: a.pcap, frame 3`);
    expect(callInWords(tool, { capture: '[x](command:evil)\u202e\n`' })).not.toMatch(/[[\]`\n\u202e]/u);
    expect(callInWords(tool, null)).toBe(tool.title);
  });
});
