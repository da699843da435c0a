/** list_conversations: who talks to whom, sorted and searched. */
import * as z from 'zod';
import { CONVERSATION_LAYERS } from '../report.ts';
import { defineTool } from '../tool.ts';
import { captureInput, filterInput, limitInput, selectionOf, withCapture } from '../toolCapture.ts';
import { cursorInput, pageOf, pageOutput } from '../toolPages.ts';

export const listConversations = defineTool({
  name: 'list_conversations',
  title: 'List conversations',
  description: 'Who talks to whom at one layer, most bytes first. "a" began it. "id" goes into follow_stream. connState and history are Zeek\'s.',
  input: z.strictObject({
    capture: captureInput,
    layer: z.enum(CONVERSATION_LAYERS).default('tcp'),
    filter: filterInput,
    search: z.string().max(200).default('').describe('Text in an address, name, port or service'),
    sort: z.enum(['bytes', 'packets', 'durationSeconds', 'startTime']).default('bytes'),
    cursor: cursorInput,
    limit: limitInput(200, 10),
  }),
  output: z.object({
    conversations: z.array(
      z.object({
        id: z.string(),
        a: z.string(),
        b: z.string(),
        service: z.string().nullable(),
        packetsAToB: z.number(),
        packetsBToA: z.number(),
        bytesAToB: z.number(),
        bytesBToA: z.number(),
        startTime: z.string().nullable(),
        durationSeconds: z.number().nullable(),
        connState: z.string().nullable(),
      }),
    ),
    ...pageOutput,
  }),
  async run(input, context) {
    const { capture, layer, filter, search, sort, limit } = input;
    return withCapture(capture, context, async (opened, file) => {
      const pages = pageOf('list_conversations', input, file),
        { offset } = pages;
      const selection = await selectionOf(opened, filter, context.signal);
      const page = await opened.call(
        'conversations',
        { layer, selection, search, sort: { column: sort, descending: sort !== 'startTime' }, offset, limit },
        context.signal,
      );
      return {
        conversations: page.rows.map((row) => ({
          id: row.id,
          a: end(row.a, row.aPort),
          b: end(row.b, row.bPort),
          service: row.service,
          packetsAToB: row.packetsAToB,
          packetsBToA: row.packetsBToA,
          bytesAToB: row.bytesAToB,
          bytesBToA: row.bytesBToA,
          startTime: row.startTime,
          durationSeconds: row.durationSeconds,
          connState: row.connState,
        })),
        total: page.total,
        next: pages.next(page.rows.length, page.total),
      };
    });
  },
});

function end(address: string, port: number | null): string {
  if (port === null) return address;
  return address.includes(':') ? `[${address}]:${port}` : `${address}:${port}`;
}
