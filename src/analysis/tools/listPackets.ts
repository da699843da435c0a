/** list_packets: lines of the packet list that a display filter selects. */
import * as z from 'zod';
import { hideSecrets } from '../hideSecrets.ts';
import { defineTool } from '../tool.ts';
import { captureInput, filterInput, limitInput, selectionOf, withCapture } from '../toolCapture.ts';
import { cursorInput, pageOf, pageOutput } from '../toolPages.ts';

export const listPackets = defineTool({
  name: 'list_packets',
  title: 'List packets',
  description: 'Packets that match a display filter, one line each; "total" counts them all. Secrets are hidden. get_packet gives one whole.',
  input: z.strictObject({ capture: captureInput, filter: filterInput, cursor: cursorInput, limit: limitInput(200, 20) }),
  output: z.object({
    packets: z.array(
      z.object({
        frame: z.number(),
        time: z.string().nullable(),
        source: z.string(),
        destination: z.string(),
        protocol: z.string(),
        length: z.number(),
        info: z.string(),
      }),
    ),
    ...pageOutput,
  }),
  async run(input, context) {
    const { capture, filter, limit } = input;
    return withCapture(capture, context, async (opened, file) => {
      const pages = pageOf('list_packets', input, file),
        { offset } = pages;
      const selection = await selectionOf(opened, filter, context.signal);
      const page = await opened.call('packets', { selection, sort: null, offset, limit }, context.signal);
      return {
        packets: page.rows.map(({ frame, time, source, destination, protocol, length, info }) => ({
          frame,
          time,
          source,
          destination,
          protocol,
          length,
          // A Telnet line is typed character by character.
          info: protocol === 'TELNET' ? 'Telnet data' : hideSecrets(info).slice(0, 200),
        })),
        total: page.total,
        next: pages.next(page.rows.length, page.total),
      };
    });
  },
});
