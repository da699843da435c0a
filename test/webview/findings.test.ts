/** Findings, incidents and what to do about them, in Chromium against a made-up capture; and texts that try to be more than text. */
import { describe, expect, test } from 'vitest';
import type { Page } from 'playwright-core';
import { HOSTILE } from './harness/hostileReport.ts';
import { here, Pages } from './harness/pages.ts';

const pages = new Pages();

async function open(query: string): Promise<Page> {
  const page = await pages.open(query);
  await page.getByTestId('findings-list').waitFor();
  return page;
}

const asked = (page: Page, name: string): Promise<unknown> =>
  page.evaluate(
    (wanted) => (window as unknown as { harness: { asked: [string, unknown][] } }).harness.asked.findLast(([method]) => method === wanted)?.[1],
    name,
  );

describe.runIf(here)('the findings', () => {
  pages.serve();

  test('they are grouped by incident, severity or host, and searched', async () => {
    const page = await open('view=findings');
    const groups = (): Promise<string[]> => page.locator('.grp b').allInnerTexts();
    expect(await groups()).toEqual(['Incident 1', 'On their own', 'To look for elsewhere', 'Checked']);
    await page.getByTestId('findings-by-severity').click();
    await expect.poll(groups).toEqual(['High', 'Low', 'Info', 'To look for elsewhere', 'Checked']);
    await page.getByTestId('findings-by-host').click();
    await expect.poll(groups).toContain('10.0.0.5 laptop-3');
    await page.getByTestId('findings-search').fill('certificate 10.0.0.9');
    await expect.poll(() => page.getByTestId('finding').count()).toBe(1);
  });

  test('an incident is told in steps that lead to its findings and frames', async () => {
    const page = await open('view=findings');
    await page.getByTestId('incident').click();
    await expect.poll(() => page.getByTestId('tactics').innerText()).toBe('Discovery');
    await page.getByTestId('incident-step').first().click();
    await expect.poll(() => page.getByTestId('finding-detail').getAttribute('data-finding')).toBe('port-scan-7f3a19c2');
    await page.getByTestId('to-incident').click();
    await page.getByTestId('incident-detail').waitFor();
  });

  test('marking one expected asks the editor with what decides which rules fit', async () => {
    const page = await open('view=findings');
    await page.getByTestId('finding').first().click();
    await page.getByTestId('mark-expected').click();
    await expect
      .poll(() => asked(page, 'markExpected'))
      .toMatchObject({ finding: { detector: 'port-scan', subjects: [{ role: 'attacker', address: '10.0.0.5', name: 'laptop-3' }, {}] } });
  });

  test('a threshold is moved, and put back', async () => {
    const page = await open('view=findings');
    await page.getByTestId('finding').first().click();
    await page.getByTestId('what-if').click();
    await page.getByTestId('whatif-failedPorts').fill('500');
    await page.getByTestId('whatif-failedPorts').press('Enter');
    await expect.poll(() => asked(page, 'setDetectorOptions')).toEqual({ values: { 'port-scan': { failedPorts: 500, windowHours: 24 } } });
    await expect.poll(() => page.getByTestId('whatif-detail').innerText()).toContain('was 20');
    await page.getByTestId('whatif-reset').click();
    await expect.poll(() => asked(page, 'setDetectorOptions')).toEqual({ values: null });
  });

  test('indicators are copied defanged', async () => {
    const page = await open('view=findings');
    await page.getByTestId('indicators').click();
    await page.getByTestId('copy-indicators').click();
    await expect.poll(() => asked(page, 'copyText')).toEqual({ text: '10[.]0[.]0[.]5\n' });
  });

  test('hostile text stays text in findings, incidents, rules and indicators', async () => {
    const page = await open('view=findings&findings=hostile');
    const inert = async (): Promise<void> => {
      expect(await page.title()).not.toBe('owned');
      await expect.poll(() => page.locator('main :is(img, script, a, iframe)').count()).toBe(0);
    };
    for (const id of ['finding', 'incident', 'indicators']) {
      await page.getByTestId(id).first().click();
      await expect.poll(() => page.locator('.det').innerText()).toContain('<img src=x onerror=');
      await inert();
    }
    await page.locator('[data-item=port-scan-expected]').click();
    await expect.poll(() => page.getByTestId('expected').innerText()).toContain(HOSTILE.slice(0, 40));
    await inert();
    await page.getByTestId('findings-by-host').click();
    await inert();
  });
});
