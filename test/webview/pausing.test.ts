/** A growing capture in the page: it can be told to stand still, says so, answers from what there was, and catches up. */
import { describe, expect, test } from 'vitest';
import type { Page } from 'playwright-core';
import { here, Pages } from './harness/pages.ts';
import type { Harness } from './harness/serve.ts';

if (!here) console.warn('No Chromium: the tests of a paused page do not run.');

const pages = new Pages();

async function growing(options: Parameters<Harness['open']>[1] = {}): Promise<Page> {
  // 800 of 1,250 packets are there.
  const page = await pages.open('state=reading', options);
  await emit(page, { kind: 'updated', packets: 800, complete: true });
  await expect.poll(() => kpi(page)).toBe('800');
  return page;
}

const emit = (page: Page, event: unknown): Promise<void> =>
  page.evaluate((told) => (window as unknown as { harness: { emit: (event: unknown) => void } }).harness.emit(told), event);
const send = (page: Page, command: unknown): Promise<void> =>
  page.evaluate((told) => (window as unknown as { harness: { send: (command: unknown) => void } }).harness.send(told), command);
const grow = (page: Page, packets: number): Promise<void> => emit(page, { kind: 'updated', packets, complete: true });
const kpi = (page: Page): Promise<string> => page.getByTestId('kpi-packets').innerText();
const said = (page: Page): Promise<string> => page.locator('.vh[role=status]').innerText();

describe.runIf(here)('a page that follows a growing capture', () => {
  pages.serve();

  test('a packet that a link leads to is shown as soon as it has been read', async () => {
    const page = await pages.open('state=reading');
    await send(page, { kind: 'goToPacket', frame: 1100 });
    await page.getByText('Frame 1100 has not been read yet.').waitFor();
    await grow(page, 1250);
    await expect.poll(() => page.getByTestId('detail-frame').innerText()).toBe('frame 1,100');
    await page.locator('[data-testid="packet-row"][aria-selected="true"]:visible').waitFor();
  });

  test('that is deleted or moved says so for as long as it is, and shows what was read', async () => {
    const page = await growing(),
      message = 'a.pcap was deleted or moved. What was read before is still shown.';
    await emit(page, { kind: 'gone', message });
    await expect.poll(() => page.getByTestId('gone').innerText()).toBe(message);
    expect(await kpi(page)).toBe('800');
    await emit(page, { kind: 'gone', message: null });
    await expect.poll(() => page.getByTestId('gone').count()).toBe(0);
  });

  test('offers to pause only once it has grown', async () => {
    const page = await growing();
    await expect.poll(() => page.getByTestId('pause').count()).toBe(0);
    await page.keyboard.press('Alt+KeyP');
    await grow(page, 900);
    await expect.poll(() => kpi(page)).toBe('900');
    await expect.poll(() => page.getByTestId('pause').innerText()).toContain('Pause');
  });

  test('pauses by the command, too, and says when there is nothing to pause', async () => {
    const page = await growing();
    await send(page, { kind: 'togglePause' });
    await expect.poll(() => page.getByTestId('notice').innerText()).toContain('nothing to pause');
    await grow(page, 900);
    await expect.poll(() => kpi(page)).toBe('900');
    await send(page, { kind: 'togglePause' });
    await expect.poll(() => page.getByTestId('paused').innerText()).toBe('Paused at 900 packets');
    await send(page, { kind: 'togglePause' });
    await expect.poll(() => page.getByTestId('paused').count()).toBe(0);
  });

  test('stands still when it is paused, says so and how much is newer, and catches up', async () => {
    const page = await growing();
    await grow(page, 900);
    await expect.poll(() => kpi(page)).toBe('900');
    await page.getByTestId('pause').click();
    await expect.poll(() => page.getByTestId('paused').innerText()).toBe('Paused at 900 packets');
    await expect.poll(() => said(page)).toBe('Paused at 900 packets. Recording and analysis go on.');
    await grow(page, 1000);
    await grow(page, 1100);
    await expect.poll(() => page.getByTestId('paused').innerText()).toBe('Paused at 900 packets, 200 newer');
    await page.waitForTimeout(300);
    await expect.poll(() => kpi(page)).toBe('900');
    // What is told of the newer ones is not spoken.
    await expect.poll(() => said(page)).toBe('Paused at 900 packets. Recording and analysis go on.');
    await page.getByTestId('pause').click();
    await expect.poll(() => kpi(page)).toBe('1,100');
    await expect.poll(() => page.getByTestId('paused').count()).toBe(0);
    await expect.poll(() => said(page)).toBe('Following again, 1,100 packets');
  });

  test('answers what is asked meanwhile from the packets of then', async () => {
    const page = await growing();
    await grow(page, 900);
    await expect.poll(() => kpi(page)).toBe('900');
    await page.getByTestId('pause').click();
    await grow(page, 1250);
    await page.getByTestId('nav-packets').click();
    await expect.poll(() => page.getByTestId('packet-count').innerText()).toMatch(/^900 packets/);
    await page.getByTestId('filter-input').fill('tcp');
    await page.keyboard.press('Enter');
    await expect.poll(() => page.getByTestId('packet-count').innerText()).toMatch(/^\d+ of 900 packets/);
    const paused = await page.getByTestId('packet-count').innerText();
    await page.getByTestId('pause').click();
    await expect.poll(() => page.getByTestId('packet-count').innerText()).toMatch(/ of 1,250 packets/);
    expect(paused).not.toBe(await page.getByTestId('packet-count').innerText());
  });

  test('graphs follow it, and stand still with it', async () => {
    const page = await growing();
    const first = page.getByTestId('graph-row').first();
    await page.getByTestId('nav-graphs').click();
    for (const packets of [900, 1000, 1100]) await grow(page, packets);
    await expect.poll(() => first.innerText()).toContain('1,100 packets');
    await page.getByTestId('pause').click();
    await grow(page, 1250);
    await page.getByTestId('graph-add').click();
    await page.getByRole('menuitem', { name: 'Bytes', exact: true }).click();
    await expect.poll(() => page.getByTestId('graph-row').nth(2).innerText()).toContain('1,100 packets');
    await page.getByTestId('pause').click();
    await expect.poll(() => first.innerText()).toContain('1,250 packets');
  });

  test('is paused and resumed by keyboard alone, by Alt+P from anywhere and by its button', async () => {
    const page = await growing();
    await grow(page, 900);
    await page.getByTestId('pause').waitFor();
    await page.getByTestId('filter-input').focus();
    await page.keyboard.press('Alt+KeyP');
    await page.getByTestId('paused').waitFor();
    await expect.poll(() => page.getByTestId('filter-input').inputValue()).toBe('');
    const button = page.getByTestId('pause');
    await expect.poll(() => button.getAttribute('aria-label')).toBe('Resume: follow the capture again');
    await button.focus();
    await page.keyboard.press('Enter');
    await expect.poll(() => button.getAttribute('aria-label')).toBe('Pause: let the page stand still');
    await expect.poll(() => button.getAttribute('aria-keyshortcuts')).toBe('Alt+P');
    // The same button, so that the next press undoes this one.
    await expect.poll(() => button.evaluate((element) => element === document.activeElement)).toBe(true);
  });

  test('that is hidden and shown again stands where it stood; a file that was replaced is followed', async () => {
    const page = await growing();
    await grow(page, 900);
    await page.getByTestId('pause').click();
    await page.getByTestId('paused').waitFor();
    await page.reload();
    await expect.poll(() => page.getByTestId('paused').innerText()).toContain('Paused at 900 packets');
    await emit(page, { kind: 'restarted', message: 'a.pcap was replaced by another file and is read again from its beginning.' });
    await grow(page, 300);
    await expect.poll(() => kpi(page)).toBe('300');
    await expect.poll(() => page.getByTestId('paused').count()).toBe(0);
  });

  test('has room for it at 480 pixels', async () => {
    const page = await growing({ width: 480, height: 700 });
    await grow(page, 900);
    await page.getByTestId('pause').click();
    await expect.poll(() => page.getByTestId('paused').innerText()).toBe('Paused');
    expect(await page.evaluate(() => document.documentElement.scrollWidth)).toBeLessThanOrEqual(480);
  });
});
