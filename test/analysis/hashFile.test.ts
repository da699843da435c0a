/** The digest of a file is Node's own over the same bytes, whether it is made here or in a thread. */
import { createHash } from 'node:crypto';
import fs from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { hashFile } from '../../src/analysis/hashFile.node.ts';

const folder = fs.mkdtempSync(path.join(os.tmpdir(), 'netsec-hash-')),
  small = path.join(folder, 'small'),
  large = path.join(folder, 'large');
const bytes = new Uint8Array(33 << 20).map((_, at) => at * 7);
const digest = (of: Uint8Array): string => createHash('sha256').update(of).digest('hex');

describe('the digest of a file', () => {
  beforeAll(() => {
    fs.writeFileSync(small, 'abc');
    fs.writeFileSync(large, bytes);
  });
  afterAll(() => fs.rmSync(folder, { recursive: true }));
  const { signal } = new AbortController();

  test('of a small one is made at once', async () => {
    // FIPS 180-4's example.
    expect(await hashFile(small, signal)).toBe('ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad');
    expect(await hashFile(small, signal, 1)).toBe(digest(new TextEncoder().encode('a')));
  });

  test('of a large one is made in a thread, whole or in part', async () => {
    expect(await hashFile(large, signal)).toBe(digest(bytes));
    const part = (32 << 20) + 5;
    expect(await hashFile(large, signal, part)).toBe(digest(bytes.subarray(0, part)));
  });

  test('is null where nothing can be read, and throws when it is not wanted any more', async () => {
    expect(await hashFile(path.join(folder, 'none'), signal)).toBeNull();
    const abort = new AbortController(),
      hashed = hashFile(large, abort.signal);
    abort.abort();
    await expect(hashed).rejects.toThrow();
  });
});
