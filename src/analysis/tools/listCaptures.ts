/** list_captures: which captures there are, newest first. */
import * as z from 'zod';
import { recordedMs } from '../captureFiles.ts';
import { defineTool, ToolFailure } from '../tool.ts';
import { cursorInput, pageOf, pageOutput } from '../toolPages.ts';

export const listCaptures = defineTool({
  name: 'list_captures',
  title: 'List captures',
  description: 'Lists the captures that can be analysed, newest first. Tools take "latest" without it.',
  input: z.strictObject({
    contains: z.string().max(200).default('').describe('Text in the name, in any case'),
    cursor: cursorInput,
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
    ...pageOutput,
  }),
  async run(input, { captures }) {
    const { contains, limit } = input;
    const listed = await captures.list();
    if (!listed.ok)
      throw new ToolFailure(`${listed.message} Tell the user which folder is missing or unreadable; captures go into the captures folder.`);
    const wanted = listed.files.filter(({ name }) => name.toLowerCase().includes(contains.toLowerCase()));
    const { offset, next } = pageOf('list_captures', input, wanted),
      shown = wanted.slice(offset, offset + limit);
    return {
      captures: shown.map((file) => ({
        name: file.name,
        bytes: file.bytes,
        recorded: new Date(recordedMs(file)).toISOString(),
        isLatest: file === listed.files[0],
      })),
      total: wanted.length,
      next: next(shown.length, wanted.length),
    };
  },
});
