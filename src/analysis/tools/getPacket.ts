/** get_packet: the fields of one packet, without its bytes and without secrets. */
import * as z from 'zod';
import type { FieldNode } from '../engineApi.ts';
import { HIDDEN, hideSecrets, isSecretField, secretsOf } from '../hideSecrets.ts';
import { defineTool, ToolFailure } from '../tool.ts';
import { captureInput, limitInput, withCapture } from '../toolCapture.ts';
import { cursorInput, pageOf, pageOutput } from '../toolPages.ts';

const LONGEST_VALUE = 200;

export const getPacket = defineTool({
  name: 'get_packet',
  title: 'Get packet',
  description: 'All decoded fields of one packet, as "field: value", indented as they nest. Secrets are hidden; bytes are not given.',
  input: z.strictObject({
    capture: captureInput,
    frame: z.int().min(1).describe('Frame number, from 1'),
    protocol: z.string().max(40).default('').describe('Only the fields of this protocol, such as dns'),
    cursor: cursorInput,
    limit: limitInput(500, 80),
  }),
  output: z.object({
    frame: z.number(),
    time: z.string().nullable(),
    source: z.string(),
    destination: z.string(),
    protocol: z.string(),
    length: z.number(),
    flow: z.string().nullable().describe('For follow_stream'),
    fields: z.array(z.string()),
    ...pageOutput,
  }),
  async run(input, context) {
    const { capture, frame, protocol, limit } = input;
    return withCapture(capture, context, async (opened, file) => {
      const page = pageOf('get_packet', input, file),
        { offset } = page;
      const detail = await opened.call('packet', { frame }, context.signal);
      if (detail === null) {
        const { total } = await opened.call(
          'packets',
          { selection: { filter: '', timeRange: null }, sort: null, offset: 0, limit: 0 },
          context.signal,
        );
        throw new ToolFailure(`There is no frame ${frame}: this capture holds frames 1 to ${total}.`);
      }
      const { row } = detail,
        wanted = protocol.trim().toLowerCase();
      const roots = wanted === '' ? detail.tree : detail.tree.filter((node) => isOf(node, wanted));
      if (roots.length === 0) throw new ToolFailure(`Frame ${frame} has no ${wanted}; call again without "protocol".`);
      const lines = fieldLines(roots, secretsOf(detail)),
        shown = lines.slice(offset, offset + limit);
      return {
        frame: row.frame,
        time: row.time,
        source: row.source,
        destination: row.destination,
        protocol: row.protocol,
        length: row.length,
        flow: row.flow,
        fields: shown,
        total: lines.length,
        next: page.next(shown.length, lines.length),
      };
    });
  },
});

function isOf({ name, children }: FieldNode, protocol: string): boolean {
  return name === protocol || name.startsWith(`${protocol}.`) || children.some((child) => child.name.startsWith(`${protocol}.`));
}

function fieldLines(nodes: readonly FieldNode[], secrets: ReadonlySet<string>, depth = 0): string[] {
  return nodes.flatMap((node) => {
    const label = node.name === '' ? node.label : node.name,
      value = isSecretField(node.name) ? HIDDEN : hideSecrets(node.text, secrets).slice(0, LONGEST_VALUE);
    const line = value === '' ? hideSecrets(label, secrets) : label === '' ? value : `${hideSecrets(label, secrets)}: ${value}`;
    return [`${' '.repeat(depth)}${line}`, ...fieldLines(node.children, secrets, depth + 1)];
  });
}
