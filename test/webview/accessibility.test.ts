/** axe finds nothing serious in any view, in the four kinds of theme. What does not depend on colours is looked at in one of them. */
import { createRequire } from 'node:module';
import fs from 'node:fs';
import path from 'node:path';
import { setTimeout as pause } from 'node:timers/promises';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { chromiumIsHere, startHarness, type Harness } from './harness/serve.ts';

const here = chromiumIsHere || process.env['CI'] !== undefined;
const axe = fs.readFileSync(createRequire(path.join(import.meta.dirname, 'x.ts')).resolve('axe-core/axe.min.js'), 'utf8');

interface Violation {
  readonly id: string;
  readonly impact: string | null;
  readonly nodes: readonly { readonly html: string; readonly failureSummary?: string }[];
}

describe.runIf(here)('axe', () => {
  let harness: Harness;
  beforeAll(async () => {
    harness = await startHarness();
  });
  afterAll(async () => {
    await harness?.close();
  });

  test.each(['dark', 'light', 'hc-dark', 'hc-light'])('nothing serious in %s', { timeout: 120_000 }, async (theme) => {
    const { page, context } = await harness.open(`theme=${theme}`);
    await page.evaluate(axe);
    for (const view of [
      'overview',
      'host',
      'findings',
      'protocols',
      'conversations',
      'endpoints',
      'services',
      'graphs',
      'tcp graph',
      'files',
      'packets',
      'stream',
    ]) {
      if (view !== 'host' && view !== 'stream' && view !== 'tcp graph') await page.getByTestId(`nav-${view}`).click();
      if (view === 'tcp graph') await page.getByTestId('graph-mode-tcp').click();
      if (view === 'host') await page.getByTestId('most-active').getByRole('button', { name: '10.0.0.5', exact: true }).click();
      if (view === 'conversations') await page.locator('[data-testid=conversations-row]').nth(1).click();
      if (view === 'services' || view === 'files') await page.locator(`[data-testid=${view}-row]`).nth(1).click();
      if (view === 'packets' || view === 'stream') await page.locator('[data-testid=packet-row]').nth(1).click();
      if (view === 'stream') await page.getByTestId('packet-follow').click();
      await pause(200);
      const { violations } = await page.evaluate(
        (options) =>
          (window as unknown as { axe: { run: (context: Document, options: object) => Promise<{ violations: Violation[] }> } }).axe.run(
            document,
            options,
          ),
        { resultTypes: ['violations'], ...(theme === 'dark' ? {} : { runOnly: ['color-contrast', 'link-in-text-block'] }) },
      );
      const serious = violations
        .filter(({ impact }) => impact === 'serious' || impact === 'critical')
        .map(
          ({ id, nodes }) =>
            `${id}: ${nodes
              .slice(0, 3)
              .map((node) => `${node.html.slice(0, 160)} ${node.failureSummary?.slice(0, 200) ?? ''}`)
              .join(' | ')}`,
        );
      expect(serious, `${view}, ${theme}`).toEqual([]);
    }
    await context.close();
  });
});
