/** What every window of VS Code loads at its start: no dissector is in it, though the names of their fields are known there. */
import type { BuildResult } from 'esbuild';
import path from 'node:path';
import vm from 'node:vm';
import { expect, test } from 'vitest';
import { filterCatalog } from '../../src/analysis/filtering.ts';

test('the extension carries names of fields, and no dissectors', async () => {
  const builder = (await import(path.resolve(import.meta.dirname, '../../esbuild.mjs'))) as {
    extensionBundle(): Promise<BuildResult<{ write: false; metafile: true }>>;
  };
  const { metafile, outputFiles } = await builder.extensionBundle();
  const [output] = Object.values(metafile.outputs);
  const carried = Object.entries(output!.inputs)
    .filter(([file, { bytesInOutput }]) => bytesInOutput > 0 && /src\/pcap\/dissectors\//.test(file))
    .map(([file]) => file);
  expect(carried).toEqual([]);
  const text = outputFiles[0]!.text;
  const names = /"(frame (?:[a-z0-9_.-]+ )+[a-z0-9_.-]+)"\.toLowerCase\(\)\.split\(" "\)/i.exec(text)?.[1]?.split(' ') ?? [];
  expect(names.toSorted()).toEqual([...filterCatalog().entries].map(({ name }) => name).toSorted());
  expect(() => new vm.Script(text)).not.toThrow();
});
