/** list_captures: which captures there are, newest first. */
import * as z from 'zod';
import { recordedMs } from '../captureFiles.ts';
import { defineTool, ToolFailure } from '../tool.ts';

export const listCaptures = defineTool({
  name: 'list_captures',
  title: 'List captures',
  description: 'Lists the captures that can be analysed, newest first. Tools take "latest" without it.',
  input: z.strictObject({
    contains: z.string().max(200).default('').describe('Text in the name, in any case'),
    limit: z.int().min(1).max(1000).default(100),
  }),
  output: z.object({
    captures: z.array(
      z.object({
        name: z.string().describe('Pass this as "capture" to other tools'),
        bytes: z.number(),
        recorded: z.string().describe('When it was taken, by its name, else when the file was last written; UTC'),
        isLatest: z.boolean(),
      }),
    ),
    total: z.number().describe('How many there are, however many are listed'),
  }),
  async run({ contains, limit }, { captures }) {
    const listed = await captures.list();
    if (!listed.ok)
      throw new ToolFailure(`${listed.message} Tell the user which folder is missing or unreadable; captures go into the captures folder.`);
    const wanted = listed.files.filter(({ name }) => name.toLowerCase().includes(contains.toLowerCase()));
    return {
      captures: wanted.slice(0, limit).map((file) => ({
        name: file.name,
        bytes: file.bytes,
        recorded: new Date(recordedMs(file)).toISOString(),
        isLatest: file === listed.files[0],
      })),
      total: wanted.length,
    };
  },
});
