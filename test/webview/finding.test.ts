/** Find in Packets by keyboard alone, the menu of a packet, and the ways from a finding to what is behind it. */
import { describe, expect, test } from 'vitest';
import type { Page } from 'playwright-core';
import { here, Pages } from './harness/pages.ts';
import type { Harness } from './harness/serve.ts';

const pages = new Pages();

async function open(options: Parameters<Harness['open']>[1] = {}): Promise<Page> {
  const page = await pages.open('', options);
  await page.locator('body[data-ready="1"]').waitFor();
  return page;
}

/** What VS Code's key bindings send. */
const send = (page: Page, command: object): Promise<void> =>
  page.evaluate((sent) => (window as unknown as { harness: { send: (command: object) => void } }).harness.send(sent), command);
const frame = (page: Page): Promise<string> => page.getByTestId('detail-frame').innerText();
const words = (page: Page): Promise<string> => page.getByTestId('find-words').innerText();
const focused = (page: Page): Promise<string | undefined> => page.evaluate(() => (document.activeElement as HTMLElement | null)?.dataset['testid']);

describe.runIf(here)('what is looked for', () => {
  pages.serve();

  test('is found from match to match by the keyboard, and the focus goes back to the rows', async () => {
    const page = await open();
    await send(page, { kind: 'find' });
    await expect.poll(() => focused(page)).toBe('find-input');
    await page.keyboard.type('hello');
    await page.keyboard.press('Enter');
    await expect.poll(() => words(page)).toBe('1 of 12');
    await expect.poll(() => frame(page)).toBe('frame 100');
    await page.keyboard.press('Enter');
    await expect.poll(() => frame(page)).toBe('frame 200');
    await page.keyboard.press('Shift+Enter');
    await expect.poll(() => frame(page)).toBe('frame 100');
    // Around the end.
    await page.keyboard.press('Shift+Enter');
    await expect.poll(() => words(page)).toBe('12 of 12');
    await page.keyboard.press('Escape');
    await expect.poll(() => focused(page)).toBe('packet-list');
    await expect.poll(() => page.getByTestId('find-bar').count()).toBe(0);
    await send(page, { kind: 'findNext', backwards: false });
    await expect.poll(() => frame(page)).toBe('frame 100');
    await expect.poll(() => page.locator('[data-testid="packet-row"].active').innerText()).toMatch(/^\s*100\b/);
    expect(await focused(page)).toBe('packet-list');
  });

  test('is a text, a filter or bytes; what is wrong with it, and that nothing has it, is said', async () => {
    const page = await open();
    await send(page, { kind: 'find' });
    const input = page.getByTestId('find-input');
    await input.fill('nowhere');
    await input.press('Enter');
    await expect.poll(() => words(page)).toBe('No packet has it');
    await expect.poll(() => input.getAttribute('aria-invalid')).toBe('true');
    await page.getByTestId('find-by-filter').click();
    await expect.poll(() => focused(page)).toBe('find-input');
    await input.fill('no.such == 1');
    await input.press('Enter');
    await expect.poll(() => words(page)).toContain('no.such');
    await page.getByTestId('find-by-bytes').click();
    await input.fill('47 45 54');
    await input.press('Enter');
    await expect.poll(() => words(page)).toBe('1 of 12');
    const asked = await page.evaluate(() =>
      (window as unknown as { harness: { asked: [string, unknown][] } }).harness.asked.filter(([name]) => name === 'findPacket').at(-1),
    );
    expect(asked).toEqual(['findPacket', { by: 'bytes', text: '47 45 54', from: expect.any(Number) as number, backwards: false }]);
  });

  test('is looked for where the reader is, if there is a search', async () => {
    const page = await open();
    await page.getByTestId('nav-conversations').click();
    await page.getByTestId('conversations-row').first().waitFor();
    await send(page, { kind: 'find' });
    await expect.poll(() => focused(page)).toBe('conversations-search');
  });

  test('the menu of a packet filters to its stream, and by the cell that was clicked', async () => {
    const page = await open();
    await page.getByTestId('nav-packets').click();
    const tcp = page.getByTestId('packet-row').filter({ hasText: 'TLS' }).first(),
      cells = tcp.locator('[role=gridcell]'),
      source = await page.getByRole('columnheader', { name: 'Source' }).getAttribute('aria-colindex'),
      address = await tcp.locator(`[aria-colindex="${source!}"]`).innerText();
    await tcp.locator(`[aria-colindex="${source!}"]`).click({ button: 'right' });
    const entries = page.getByTestId('context-menu').getByRole('menuitem');
    await expect
      .poll(() => entries.allInnerTexts().then((all) => all.slice(0, 3).map((text) => text.trim())))
      .toEqual([`Filter to Source ${address}`, `Exclude Source ${address}`, expect.stringMatching(/^Filter to TCP Stream \d+$/)]);
    await entries.nth(1).click();
    await expect.poll(() => page.getByTestId('filter-input').inputValue()).toBe(`not (ip.src == ${address})`);
    await page.getByTestId('back').click();
    await cells.first().waitFor();
    // By keyboard no cell is meant.
    await tcp.click();
    await page.keyboard.press('Shift+F10');
    await expect.poll(() => entries.first().innerText()).toMatch(/Filter to TCP Stream \d+/);
    await entries.first().click();
    await expect.poll(() => page.getByTestId('filter-input').inputValue()).toMatch(/^tcp\.stream == \d+$/);
  });

  test('a finding leads to its conversations and to the files they carried, chosen in their tables', async () => {
    const page = await open();
    await page.getByTestId('nav-findings').click();
    for (const option of await page.getByTestId('finding').all()) {
      await option.click();
      if ((await page.getByTestId('finding-traffic').count()) > 0) break;
    }
    const flow = page.getByTestId('finding-flow').first();
    const between = await flow.innerText();
    await flow.click();
    await page.getByTestId('view-conversations').waitFor();
    const [a = '', b = ''] = between.trim().split(' → ');
    await expect.poll(() => page.getByTestId('conversations-detail').locator('h2').innerText()).toBe(`${a} → ${b}`);
    await expect.poll(() => page.locator('[data-testid="conversations-row"].sel').innerText()).toContain(a);
    // The row goes with the order.
    await page.getByRole('columnheader', { name: 'Packets' }).getByRole('button').first().click();
    await expect.poll(() => page.locator('[data-testid="conversations-row"].sel').innerText()).toContain(a);
    await page.getByTestId('back').click();
    await page.getByTestId('finding-file').first().click();
    await page.getByTestId('view-files').waitFor();
    await expect.poll(() => page.getByTestId('files-detail').locator('h2').innerText()).toContain('<img src=x onerror=alert(1)>.png');
    await expect.poll(() => page.locator('[data-testid="files-row"].sel').innerText()).toContain('<img src=x onerror=alert(1)>.png');
  });
});
