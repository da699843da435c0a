/** write_report: the report of a capture as a file. The one tool that changes anything, so the shell decides where files go, and asks. */
import * as z from 'zod';
import { defineTool, ToolFailure } from '../tool.ts';
import { captureInput, filterInput, selectionOf, withCapture } from '../toolCapture.ts';

export const writeReport = defineTool({
  name: 'write_report',
  title: 'Write report',
  effect: 'writes-file',
  description: 'Writes the report of a capture into the reports folder, after the user has agreed. Only when the user asks for a file.',
  input: z.strictObject({
    capture: captureInput,
    filter: filterInput,
    format: z.string().max(20).default('markdown').describe('markdown, html ...'),
  }),
  output: z.object({ file: z.string(), bytes: z.number() }),
  async run({ capture, filter, format }, { saveFile, ...context }) {
    if (saveFile === undefined) throw new ToolFailure('Files cannot be written from here. Tell the user to use Netsec: Export Report.');
    return withCapture(capture, context, async (opened, { name }) => {
      const formats = await opened.call('exportFormats', null, context.signal),
        chosen = formats.find(({ id }) => id === format.trim().toLowerCase());
      if (chosen === undefined)
        throw new ToolFailure(`There is no such format. There are: ${formats.map(({ id, description }) => `${id} (${description})`).join(', ')}.`);
      const selection = await selectionOf(opened, filter, context.signal);
      const content = await opened.call('exportReport', { selection, format: chosen.id }, context.signal);
      context.signal?.throwIfAborted();
      // A name of letters and figures only, whatever the capture is called: it can neither leave the folder nor hide.
      const stem = name
        .replace(/\.(?:pcap|pcapng|cap)(?:\.\w+)?$/i, '')
        .replace(/[^\p{L}\p{N}_-]+/gu, '-')
        .replace(/^-+|-+$/g, '')
        .slice(0, 80);
      const file = await saveFile(`${stem === '' ? 'capture' : stem}-report.${chosen.extension}`, content);
      if (file === null) throw new ToolFailure('The user did not agree: nothing was written. Do not ask again.');
      return { file, bytes: new TextEncoder().encode(content).length };
    });
  },
});
