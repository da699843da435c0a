/** Pages of one test file: the harness they are served by, and after each test the close of all that it opened, none of which may have had a problem. */
import type { BrowserContext, Page } from 'playwright-core';
import { afterAll, afterEach, beforeAll, expect } from 'vitest';
import { chromiumIsHere, startHarness, type Harness } from './serve.ts';

/** Where no Chromium can be had page.test.ts says so; in CI that fails. */
export const here = chromiumIsHere || process.env['CI'] !== undefined;

export class Pages {
  #harness: Harness | null = null;
  #opened: { readonly context: BrowserContext; readonly problems: readonly string[] }[] = [];

  /** To be called where the tests are described. */
  serve(): void {
    beforeAll(async () => {
      this.#harness = await startHarness();
    });
    afterAll(() => this.#harness?.close());
    afterEach(async () => {
      const done = this.#opened;
      this.#opened = [];
      for (const { context } of done) await context.close();
      // The policy blocked nothing, nothing was thrown, and no name in the capture ran as a script.
      expect(done.flatMap(({ problems }) => problems)).toEqual([]);
    });
  }

  async open(query = '', options: Parameters<Harness['open']>[1] = {}): Promise<Page> {
    if (this.#harness === null) throw new Error('Pages.serve() comes first');
    const opened = await this.#harness.open(query, options);
    this.#opened.push(opened);
    opened.page.setDefaultTimeout(10_000);
    return opened.page;
  }
}
