/** Compiled code is kept in a folder of the user's own, for a few builds. */
import fs from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { afterEach, beforeEach, expect, it } from 'vitest';
import { compiledCodeFolder } from '../../src/analysis/startProgram.node.ts';

let folder: string;
beforeEach(() => void (folder = fs.mkdtempSync(path.join(os.tmpdir(), 'netsec-code-'))));
afterEach(() => fs.rmSync(folder, { recursive: true, force: true }));

it('keeps this build and the two that were used last', () => {
  for (const [i, build] of ['a', 'b', 'c', 'd'].entries()) {
    const own = compiledCodeFolder(folder, build);
    expect(own).toBe(path.join(folder, 'code', build));
    fs.writeFileSync(path.join(own!, 'compiled'), '');
    fs.utimesSync(own!, i, i);
  }
  expect(fs.readdirSync(path.join(folder, 'code'))).toEqual(['b', 'c', 'd']);
  // One that is there is not new: nothing goes.
  expect(compiledCodeFolder(folder, 'b')).not.toBeNull();
  expect(fs.readdirSync(path.join(folder, 'code'))).toEqual(['b', 'c', 'd']);
});

it.skipIf(process.getuid === undefined)('keeps nothing where others may write', () => {
  fs.mkdirSync(path.join(folder, 'code'), { mode: 0o777 });
  fs.chmodSync(path.join(folder, 'code'), 0o777);
  expect(compiledCodeFolder(folder, 'a')).toBeNull();
});
