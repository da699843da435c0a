/** What the command line, the MCP server and the editor's thread are shipped as: one engine between them, whose modules run as they are loaded. */
import type { BuildResult } from 'esbuild';
import path from 'node:path';
import { expect, test } from 'vitest';

test('the engine is shipped once, and none of its modules waits behind a function', { timeout: 60_000 }, async () => {
  const builder = (await import(path.resolve(import.meta.dirname, '../../esbuild.mjs'))) as {
    programsBundle(): Promise<BuildResult<{ write: false; metafile: true }>>;
  };
  const { metafile, outputFiles } = await builder.programsBundle();
  const carriedBy = new Map<string, string[]>();
  for (const [output, { inputs }] of Object.entries(metafile.outputs))
    for (const [input, { bytesInOutput }] of Object.entries(inputs))
      if (bytesInOutput > 0) carriedBy.set(input, [...(carriedBy.get(input) ?? []), output]);
  expect(carriedBy.size).toBeGreaterThan(500);
  expect([...carriedBy].filter(([, outputs]) => outputs.length > 1)).toEqual([]);
  for (const entry of ['cliMain', 'mcpMain', 'workerMain']) expect(metafile.outputs[`dist/${entry}.mjs`]).toBeDefined();
  // esbuild's helper for a module that runs when it is first asked for.
  expect(outputFiles.filter(({ text }) => /\b__esm\(/.test(text)).map((file) => path.basename(file.path))).toEqual([]);
});
