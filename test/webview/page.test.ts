/**
 * The page in Chromium under the editor's Content-Security-Policy, against a made-up capture: it shows the numbers it is
 * given, it can be worked by keyboard, and what is hostile stays text.
 */
import { describe, expect, test } from 'vitest';
import type { Page } from 'playwright-core';
import { here, Pages } from './harness/pages.ts';

if (!here) console.warn('No Chromium: the tests of the analysis page do not run.');

const pages = new Pages();

const open: Pages['open'] = (query, options) => pages.open(query, options);

const texts = (page: Page, id: string): Promise<string[]> => page.getByTestId(id).allInnerTexts();
const asked = (page: Page, name: string): Promise<unknown> =>
  page.evaluate(
    (wanted) => (window as unknown as { harness: { asked: [string, unknown][] } }).harness.asked.findLast(([method]) => method === wanted)?.[1],
    name,
  );

describe.runIf(here)('the analysis page', () => {
  pages.serve();

  test('the overview shows the report it was given', async () => {
    const page = await open();
    await page.locator('body[data-ready="1"]').waitFor();
    await expect.poll(() => page.getByTestId('headline').innerText()).toContain('One of them tried 412 ports on another.');
    await expect.poll(() => page.getByTestId('kpi-packets').innerText()).toBe('1,250');
    await expect.poll(() => page.getByTestId('kpi-duration').innerText()).toBe('12 m 04 s');
    await expect.poll(() => page.getByTestId('risk').getAttribute('data-score')).toBe('71');
    const shares = await page.getByTestId('protocol-shares').locator('li .b').allInnerTexts();
    expect(shares.reduce((sum, text) => sum + Number.parseInt(text, 10), 0)).toBeGreaterThan(95);
    await expect.poll(() => page.getByTestId('finding-rows').locator('li').count()).toBe(3);
    expect(await page.title()).toBe('Overview, office-2025-10-14.pcapng');
    await expect.poll(() => page.evaluate(() => performance.getEntriesByName('meaningful').length)).toBe(1);
  });

  test('a number leads to its packets, and Back leads back', async () => {
    const page = await open();
    await page.getByTestId('not-examined').getByRole('button', { name: '2 frames' }).click();
    await page.getByTestId('view-packets').waitFor();
    await expect.poll(() => page.getByTestId('filter-input').inputValue()).toBe('frame.cap_len < frame.len');
    await expect.poll(() => page.getByTestId('packet-count').innerText()).toMatch(/^2 of 1,250 packets/);
    await page.getByTestId('back').click();
    await page.getByTestId('view-overview').waitFor();
    await expect.poll(() => page.getByTestId('filter-input').inputValue()).toBe('');
  });

  test('a time range is drawn, applied to all views, and dropped', async () => {
    const page = await open();
    const surface = page.getByTestId('timeline-surface');
    await surface.focus();
    for (const key of ['Home', 'ArrowRight', 'Shift+ArrowRight', 'Shift+ArrowRight', 'Shift+ArrowRight']) await surface.press(key);
    await page.getByTestId('timeline-pending').waitFor();
    await surface.press('Enter');
    await expect.poll(() => page.getByTestId('kpi-packets').innerText()).not.toBe('1,250');
    const packets = await page.getByTestId('kpi-packets').innerText();
    await page.getByTestId('nav-packets').click();
    await expect.poll(() => page.getByTestId('packet-count').innerText()).toContain(`${packets} of 1,250 packets`);
    await page.getByTestId('time-range-clear').click();
    await expect.poll(() => page.getByTestId('packet-count').innerText()).toBe('1,250 packets');
  });

  test('a finding shows what was measured and its frames open as packets', async () => {
    const page = await open('view=findings');
    await expect.poll(() => page.getByTestId('finding-detail').innerText()).toContain('threshold 20');
    await page.getByTestId('finding').first().focus();
    await page.keyboard.press('ArrowDown');
    await expect.poll(() => page.getByTestId('finding-detail').getAttribute('data-finding')).toBe('expired-certificate-11aa22bb');
    await page.keyboard.press('ArrowUp');
    const frame = await page.getByTestId('evidence-frame').first().innerText();
    await page.getByTestId('evidence-frame').first().click();
    await expect.poll(() => page.getByTestId('detail-frame').innerText()).toBe(`frame ${frame}`);
    await page.locator('[data-testid=packet-row][aria-selected=true]').waitFor();
  });

  test('conversations sort, search and sum up', async () => {
    const page = await open('view=conversations&packets=100000');
    await page.getByTestId('conversations-layer-tcp').click();
    const first = (): Promise<string> => page.locator('[data-testid=conversations-row][aria-rowindex="2"]').innerText();
    await page.locator('[data-testid=conversations-row][aria-rowindex="2"]').waitFor();
    const most = await first();
    await page.locator('[data-column=bytes]').click();
    await expect.poll(() => page.locator('[role=columnheader][aria-sort=ascending]').innerText()).toContain('Bytes');
    await expect.poll(first).not.toBe(most);
    await page.getByTestId('conversations-search').fill('mail.example');
    await expect.poll(() => page.getByTestId('conversations-count').innerText()).toMatch(/^0 of/);
    await page.getByTestId('conversations-search').fill('192.0.2.44');
    await expect.poll(() => page.getByTestId('conversations-count').innerText()).toMatch(/^[1-9][\d,]* of [\d,]+ rows$/);
    await page.getByTestId('conversations-search').fill('');
    await expect.poll(() => page.getByTestId('conversations-grid-total').innerText()).toMatch(/rows[\s\S]*MB/);
  });

  test('two addresses that a finding names bear its mark', async () => {
    const page = await open('view=conversations&packets=100000');
    await page.getByTestId('conversations-layer-ip').click();
    const marked = page.getByTestId('conversations-row').filter({ has: page.locator('.sev.high') });
    await expect.poll(() => marked.allInnerTexts()).toEqual([expect.stringMatching(/10\.0\.0\.5\b[\s\S]*10\.0\.0\.9\b/)]);
  });

  test('columns are resized and hidden from the keyboard, and stay so after a reload', async () => {
    const page = await open('view=endpoints');
    await page.locator('[data-column=address]').focus();
    const width = async (): Promise<number> =>
      (await page.locator('[role=columnheader]', { has: page.locator('[data-column=address]') }).boundingBox())?.width ?? 0;
    const before = await width();
    await page.keyboard.press('Alt+ArrowRight');
    await expect.poll(width).toBeGreaterThan(before + 5);
    await page.locator('[data-column=address]').click({ button: 'right' });
    await page.getByRole('menuitemcheckbox', { name: 'Name' }).click();
    await expect.poll(() => page.locator('[data-column=name]').count()).toBe(0);
    await page.reload();
    await page.locator('[data-testid=endpoints-row]').first().waitFor();
    await expect.poll(() => page.locator('[data-column=name]').count()).toBe(0);
  });

  test('a row is copied as its table shows it, and as a filter', async () => {
    const page = await open('view=endpoints');
    await page.getByTestId('endpoints-grid').focus();
    await page.keyboard.press('Home');
    await page.keyboard.press('Control+c');
    await expect.poll(() => asked(page, 'copyText')).toMatchObject({ text: expect.stringMatching(/^10\.0\.0\.5\tlaptop-3\t/) as string });
    await expect.poll(() => page.getByTestId('notice').innerText()).toBe('Row copied');
    await page.keyboard.press('Shift+F10');
    await page.getByRole('menuitem', { name: 'Copy as Wireshark Filter' }).click();
    await expect.poll(() => asked(page, 'copyText')).toEqual({ text: 'ip.addr == 10.0.0.5' });
    // The menu gives the focus back.
    await expect.poll(() => page.evaluate(() => document.activeElement?.getAttribute('data-testid'))).toBe('endpoints-grid');
  });

  test('what did not work well stands in the overview, and leads to the packet and to the service', async () => {
    const page = await open();
    const lines = page.getByTestId('troubles').locator('li');
    await expect
      .poll(() => lines.allInnerTexts())
      .toEqual([
        expect.stringMatching(
          /^HTTP at 10\.0\.0\.9 port 80 shop\.example\.com:\s+3 of 21 requests were answered with an error \(503\) frame 412; .* the slowest 2\.75 s frame 412$/,
        ),
        expect.stringMatching(/^DNS at 10\.0\.0\.53 port 53:\s+2 of 20 requests got no answer$/),
      ]);
    await lines.first().getByRole('button', { name: 'frame 412' }).first().click();
    await expect.poll(() => page.getByTestId('detail-frame').innerText()).toBe('frame 412');
    await page.getByTestId('back').click();
    await lines.nth(1).getByRole('button').click();
    await expect.poll(() => page.getByTestId('services-detail').innerText()).toContain('10.0.0.53:53');
  });

  test('a time range that is applied as it stands leaves out no packet', async () => {
    const page = await open();
    await page.getByTestId('nav-packets').click();
    await expect.poll(() => page.getByTestId('packet-count').innerText()).toContain('1,250');
    await page.getByTestId('time-range').click();
    await page.getByRole('dialog').getByRole('button', { name: 'Apply' }).click();
    await page.getByTestId('time-range-clear').waitFor();
    await expect.poll(() => page.getByTestId('packet-count').innerText()).toMatch(/^1,250\b/);
  });

  test('services show what is slow and what fails, and lead to the packets that prove it', async () => {
    const page = await open();
    // Coming from another table with a chosen row, none is chosen here.
    await page.getByTestId('nav-endpoints').click();
    await page.getByTestId('endpoints-row').first().click();
    await page.getByTestId('nav-services').click();
    const rows = page.getByTestId('services-row');
    await rows.first().waitFor();
    await expect.poll(() => page.locator('.g-row.active').count()).toBe(0);
    // The slowest answer first.
    await expect.poll(() => rows.first().innerText()).toMatch(/10\.0\.0\.9:80[\s\S]*HTTP[\s\S]*13[\s\S]*4[\s\S]*85 ms[\s\S]*2\.8 s/);
    await expect.poll(() => rows.count()).toBe(2);
    await expect.poll(() => page.getByTestId('services-limits').innerText()).toContain('192 ports');
    await page.locator('[data-column=answerMax]').click();
    await expect.poll(() => rows.first().innerText()).toContain('10.0.0.53:53');
    await page.getByTestId('services-search').fill('shop');
    await expect.poll(() => page.getByTestId('services-count').innerText()).toBe('1 of 2 rows');
    await rows.first().click();
    const detail = page.getByTestId('services-detail');
    await expect.poll(() => detail.innerText()).toMatch(/13 of 3 clients: 2 refused, 1 not answered, 1 failed in TLS/);
    await expect.poll(() => detail.innerText()).toContain('3 without a whole answer (2 had begun)');
    await expect.poll(() => detail.innerText()).toContain('200 (17), 503 (3), TLS alert of the client: Unknown CA (48) (1)');
    await expect.poll(() => page.getByTestId('services-slowest').innerText()).toMatch(/412\s*2\.8 s\s*GET shop\.example\.com\/<img/);
    await page.getByTestId('services-slowest').getByRole('button', { name: '412' }).click();
    await page.getByTestId('view-packets').waitFor();
    await expect.poll(() => page.getByTestId('detail-frame').innerText()).toBe('frame 412');
    // The same over time: how much, how slow, how often again.
    await page.getByTestId('back').click();
    await page.getByTestId('services-graph').click();
    await expect.poll(() => page.getByTestId('graph-row').count()).toBe(3);
    await expect.poll(() => page.getByTestId('graph-field-1-input').inputValue()).toBe('http.time');
    await expect
      .poll(() => page.getByTestId('graph-filter-2-input').inputValue())
      .toMatch(/^ip\.addr == \S+ and tcp\.port == \d+ and tcp\.analysis\.retransmission$/);
  });

  test('a packet from elsewhere is in view, also where its place is known before the list', async () => {
    const page = await open('view=overview&late=packets', { width: 620 });
    await page.evaluate(() =>
      (window as unknown as { harness: { send: (command: object) => void } }).harness.send({ kind: 'goToPacket', frame: 1000 }),
    );
    const chosen = page.locator('[data-testid=packet-row].active');
    await expect.poll(() => chosen.innerText()).toMatch(/^1,?000\b/);
    const [row, list] = [await chosen.boundingBox(), await page.getByTestId('packet-list').boundingBox()];
    expect(row!.y).toBeGreaterThan(list!.y);
    expect(row!.y + row!.height).toBeLessThanOrEqual(list!.y + list!.height);
  });

  test('graphs: lines of filters and fields, their steps, and the packet of a step', async () => {
    const page = await open('view=graphs');
    const graph = page.getByTestId('graph');
    await graph.waitFor();
    await expect.poll(() => page.getByTestId('graph-row').count()).toBe(2);
    // All 1,250 packets, and every seventh of them.
    await expect.poll(() => page.getByTestId('graph-row').first().innerText()).toContain('1,250 packets');
    await expect.poll(() => page.getByTestId('graph-row').nth(1).innerText()).toContain('179 packets');
    await expect.poll(() => graph.locator('path.series').count()).toBe(2);
    // Bytes have an axis of their own.
    await page.getByTestId('graph-add').click();
    await page.getByRole('menuitem', { name: 'Bytes', exact: true }).click();
    await expect.poll(() => graph.locator('svg > g').count()).toBe(2);
    await page.getByTestId('graph-interval').selectOption({ label: '1 m 00 s' });
    await expect.poll(async () => (await asked(page, 'graph')) as object).toMatchObject({ intervalSeconds: 60 });
    // What cannot be drawn says why, and the others stay.
    await page.getByTestId('graph-measure-2').selectOption('average');
    await page.getByTestId('graph-field-2-input').fill('ip.ttl');
    await page.getByTestId('graph-field-2-input').press('Enter');
    await expect.poll(() => page.getByTestId('graph-problem').innerText()).toContain('neither a field nor a protocol name');
    await expect.poll(() => graph.locator('path.series').count()).toBe(2);
    await page.getByTestId('graph-remove-2').click();
    await expect.poll(() => page.getByTestId('graph-row').count()).toBe(2);
    // By keyboard: a step, its packet; then a range for all views.
    const surface = graph.getByTestId('timeline-surface');
    await surface.focus();
    await page.keyboard.press('ArrowRight');
    await expect.poll(() => graph.locator('.tl-tip').innerText()).toMatch(/1 m 00 s\s+Packets \d+/);
    await page.keyboard.press('Shift+ArrowRight');
    await page.getByTestId('graph-pending').waitFor();
    await page.keyboard.press('Enter');
    await expect.poll(() => page.getByTestId('time-range').innerText()).toMatch(/09:1\d:\d\d.* – 09:1\d/);
    await page.getByTestId('time-range-clear').click();
    await surface.focus();
    await page.keyboard.press('Home');
    await page.keyboard.press('Enter');
    await expect.poll(() => page.getByTestId('view-packets').count()).toBe(1);
  });

  test('graphs: a TCP conversation, its charts and directions, zoomed, and the packet of a segment', async () => {
    const page = await open('view=conversations');
    await page.getByTestId('conversations-layer-tcp').click();
    await page.getByTestId('conversations-row').first().click();
    await page.getByTestId('draw-graph').click();
    const graph = page.getByTestId('tcp-graph');
    await graph.waitFor();
    await expect.poll(() => page.getByTestId('view-graphs').innerText()).toContain('600 segments');
    // Six of three hundred were sent again.
    await expect
      .poll(() =>
        graph
          .locator('path.bad')
          .first()
          .getAttribute('d')
          .then((path) => path?.match(/M/g)?.length),
      )
      .toBe(6);
    for (const chart of ['roundTrip', 'throughput', 'window', 'sequence']) {
      await page.getByTestId(`tcp-chart-${chart}`).click();
      await expect
        .poll(() =>
          graph
            .locator('path.s0')
            .first()
            .getAttribute('d')
            .then((path) => path?.length ?? 0),
        )
        .toBeGreaterThan(100);
    }
    await page.getByTestId('tcp-sender-a').click();
    await expect.poll(() => graph.locator('svg').first().getAttribute('aria-label')).toMatch(/^Sequence numbers of what .* sends to /);
    await page.getByTestId('tcp-sender-b').click();
    const surface = graph.getByTestId('timeline-surface');
    const box = (await surface.boundingBox())!;
    await page.mouse.move(box.x + box.width * 0.5, box.y + 40);
    await page.mouse.down();
    await page.mouse.move(box.x + box.width * 0.7, box.y + 60, { steps: 4 });
    await page.mouse.up();
    await page.getByTestId('tcp-zoom').click();
    await page.getByTestId('tcp-unzoom').click();
    await expect.poll(() => page.getByTestId('tcp-unzoom').count()).toBe(0);
    await surface.focus();
    await page.keyboard.press('Home');
    await expect.poll(() => graph.locator('.tl-tip').innerText()).toContain('Frame 20');
    await page.keyboard.press('Enter');
    await expect.poll(() => page.getByTestId('view-packets').count()).toBe(1);
  });

  test('files: what they are, whether they are whole, and the way to save them', async () => {
    const page = await open('view=files');
    const rows = page.getByTestId('files-row');
    await rows.first().waitFor();
    await expect.poll(() => rows.first().innerText()).toMatch(/14\s*index\.html\s*web page\s*2\.0 kB[\s\S]*10\.0\.0\.9\s*10\.0\.0\.5/);
    // A hostile name stays text; the program is marked, and that it is not whole is said.
    await expect.poll(() => rows.nth(1).innerText()).toMatch(/<img src=x onerror=alert\(1\)>\.png\s*Windows program \(PE\)\s*40\.0 kB of 42\.0 kB/);
    await expect.poll(() => rows.nth(1).locator('.codicon-warning').count()).toBe(1);
    await rows.nth(1).click();
    const detail = page.getByTestId('files-detail');
    await expect.poll(() => detail.innerText()).toMatch(/It can run[\s\S]*40,000 bytes; 2,000 bytes more are not in the capture/);
    await page.getByTestId('files-save').click();
    await expect
      .poll(() => asked(page, 'saveTransferred'))
      .toEqual({
        files: [
          {
            id: '40',
            frame: 77,
            name: '<img src=x onerror=alert(1)>.png',
            kind: 'Windows program (PE)',
            isProgram: true,
            bytes: 40_000,
            missing: 2000,
          },
        ],
      });
    await rows.first().click();
    await expect
      .poll(() => detail.innerText())
      .toMatch(/Its hash is in your list bad\.csv:12\.[\s\S]*dcac166b2eaa64cec1f43bed1272c2c6acedd51b09911cef05445b423f27f157/);
    await detail.getByRole('button', { name: 'Copy SHA-256' }).click();
    await expect.poll(() => asked(page, 'copyText')).toEqual({ text: 'dcac166b2eaa64cec1f43bed1272c2c6acedd51b09911cef05445b423f27f157' });
    await rows.first().click({ button: 'right' });
    await page.getByRole('menuitem', { name: 'Copy as Wireshark Filter' }).click();
    await expect
      .poll(() => asked(page, 'copyText'))
      .toEqual({
        text: 'frame.number >= 12 and frame.number <= 14 and ip.addr == 10.0.0.9 and tcp.port == 80 and ip.addr == 10.0.0.5 and tcp.port == 50112',
      });
  });

  test('a million packets: constant DOM, every end in reach', async () => {
    const page = await open('view=packets&packets=1000000');
    await page.getByTestId('packet-row').first().waitFor();
    const list = page.getByTestId('packet-list');
    const elements = (): Promise<number> =>
      page.evaluate(() => document.querySelector('[data-testid=packet-list]')?.querySelectorAll('*').length ?? 0);
    await list.focus();
    await page.keyboard.press('End');
    await expect.poll(() => page.getByTestId('detail-frame').innerText()).toBe('frame 1,000,000');
    const atEnd = await elements();
    for (const part of [0.1, 0.5, 0.9]) {
      await list.evaluate((element, where) => (element.scrollTop = element.scrollHeight * where), part);
      await page.waitForTimeout(120);
      expect(Math.abs((await elements()) - atEnd)).toBeLessThan(150);
      expect(Number((await texts(page, 'packet-row'))[0]?.trim().split(/\s/)[0]?.replaceAll(',', ''))).toBeGreaterThan(part * 1_000_000 - 20_000);
    }
    await page.keyboard.press('Home');
    await expect.poll(() => page.getByTestId('detail-frame').innerText()).toBe('frame 1');
    await page.keyboard.press('PageDown');
    await expect.poll(() => page.getByTestId('detail-frame').innerText()).not.toBe('frame 1');
    // After the scrolling, document order is reading order.
    await page.waitForTimeout(300);
    const order = await page.getByTestId('packet-row').evaluateAll((rows) => rows.map((row) => Number(row.getAttribute('aria-rowindex'))));
    expect(order).toEqual([...order].sort((a, b) => a - b));
  });

  test('a field marks its bytes, and a byte selects its field', async () => {
    const page = await open('view=packets');
    await page.locator('[data-testid=packet-row][aria-rowindex="2"]').click();
    await page.locator('[data-field=ip]').dblclick();
    await page.locator('[data-field="ip.ttl"]').click();
    const marked = (): Promise<(string | null)[]> =>
      page.locator('.hex .h s.on').evaluateAll((cells) => cells.map((cell) => cell.getAttribute('data-at')));
    expect(await marked()).toEqual(['22']);
    await expect.poll(() => page.getByTestId('hex-words').innerText()).toContain('Time to live: byte 22');
    // Byte 6 is the first of the source address, in a layer that is closed: the tree opens down to it.
    await page.locator('.hex .h s[data-at="6"]').click();
    await expect.poll(() => page.locator('[role=treeitem][aria-selected=true]').getAttribute('data-field')).toBe('eth.src');
    expect(await marked()).toEqual(['6', '7', '8', '9', '10', '11']);
    await page.keyboard.press('End');
    await expect.poll(() => page.locator('[role=treeitem][aria-selected=true]').getAttribute('data-field')).toBe('data.data');
  });

  test('the details tree is worked with arrows', async () => {
    const page = await open('view=packets');
    await page.locator('[data-testid=packet-row][aria-rowindex="2"]').click();
    await page.locator('[role=treeitem]').first().click();
    await page.keyboard.press('ArrowRight');
    await page.keyboard.press('ArrowRight');
    await expect.poll(() => page.locator('[role=treeitem]:focus').getAttribute('data-field')).toBe('eth.dst');
    await page.keyboard.press('ArrowLeft');
    await page.keyboard.press('ArrowLeft');
    await expect.poll(() => page.locator('[role=treeitem]:focus').getAttribute('aria-expanded')).toBe('false');
  });

  test('a wrong filter says where, and the last good list stays', async () => {
    const page = await open('view=packets');
    const input = page.getByTestId('filter-input');
    await input.fill('dns');
    await input.press('Enter');
    await expect.poll(() => page.getByTestId('packet-count').innerText()).toMatch(/of 1,250 packets/);
    const good = await page.getByTestId('packet-count').innerText();
    await input.fill('tcp and ip.adr == 10.0.0.5');
    await input.press('Enter');
    await expect
      .poll(() => page.getByTestId('filter-error').innerText())
      .toContain('No field is called ip.adr. The views still show the last filter that worked.');
    await expect.poll(() => page.getByTestId('filter-underline').innerText()).toBe('ip.adr');
    await expect.poll(() => page.getByTestId('packet-count').innerText()).toBe(good);
    await page.getByTestId('filter-clear').click();
    await expect.poll(() => page.getByTestId('packet-count').innerText()).toMatch(/^1,250 packets/);
  });

  test('the filter box completes names and takes plain addresses', async () => {
    const page = await open('view=packets');
    const input = page.getByTestId('filter-input');
    await input.pressSequentially('tcp and ip.a');
    await page.getByRole('option', { name: 'ip.addr' }).waitFor();
    await input.press('ArrowDown');
    await input.press('Enter');
    await expect.poll(() => input.inputValue()).toBe('tcp and ip.addr');
    await input.fill('10.0.0.9');
    await input.press('Enter');
    await expect.poll(() => input.inputValue()).toBe('ip.addr == 10.0.0.9');
  });

  test('a stream is followed, searched and saved', async () => {
    const page = await open('view=packets');
    await page.locator('[data-testid=packet-row][aria-rowindex="2"]').click();
    await page.getByTestId('packet-follow').click();
    const content = page.getByTestId('stream-content');
    await expect.poll(() => content.innerText()).toContain('GET /world HTTP/1.1');
    await expect.poll(() => content.innerText()).toContain('<script>alert(1)</script>');
    await expect.poll(() => content.innerText()).toContain('1.4 kB missing here');
    await page.getByTestId('stream-search').fill('http/1.1');
    await expect.poll(() => content.locator('mark').count()).toBe(2);
    await page.getByTestId('stream-hex').click();
    await expect.poll(() => content.innerText()).toContain('00000000  47 45 54 20');
    await page.getByTestId('stream-raw').click();
    await page.getByTestId('stream-save').click();
    await expect
      .poll(async () => ((await asked(page, 'saveFile')) as { suggestedName: string } | undefined)?.suggestedName)
      .toMatch(/^(tcp|udp)-\d+\.bin$/);
    await page.getByTestId('stream-close').click();
    await expect.poll(() => page.getByTestId('stream-panel').count()).toBe(0);
  });

  test('protocols open and close from the keyboard', async () => {
    const page = await open('view=protocols');
    const rows = (): Promise<number> => page.locator('[data-testid=protocols-grid] tbody tr').count();
    const before = await rows();
    await page.locator('[data-path="eth/ip/tcp"]').click();
    await page.keyboard.press('ArrowLeft');
    await expect.poll(rows).toBe(before - 3);
    await page.keyboard.press('Enter');
    await expect.poll(() => page.getByTestId('filter-input').inputValue()).toBe('tcp');
  });

  test('the messages of a protocol stand beneath the tree, and lead to their packets', async () => {
    const page = await open('view=protocols');
    const line = page.locator('[data-testid=messages-row]').first();
    await page.locator('[data-path$="/dns"]').first().click();
    await expect.poll(() => page.getByTestId('messages-count').innerText()).toMatch(/^\d[\d,]* messages$/);
    // What a packet says is text, and of four answers three stand in the line.
    await expect.poll(() => line.innerText()).toContain('<img src=x onerror=alert(1)>.example.com');
    await expect.poll(() => line.innerText()).toMatch(/192\.0\.2\.3, …/);
    // A protocol whose info line says as much, chosen by keyboard.
    await page.locator('[data-path="eth/ip/tcp"]').click();
    await expect.poll(() => page.getByTestId('messages-count').innerText()).toMatch(/packets$/);
    await page.locator('[data-path$="/dns"]').first().click();
    await expect.poll(() => line.innerText()).toContain('example.com');
    const frame = (await line.getByRole('button').innerText()).replaceAll(',', '');
    await line.getByRole('button').click();
    await expect.poll(() => page.getByTestId('detail-frame').innerText()).toBe(`frame ${Number(frame).toLocaleString('en')}`);
    await page.getByTestId('back').click();
    await page.getByRole('button', { name: 'Close the messages' }).click();
    await expect.poll(() => page.getByTestId('messages').count()).toBe(0);
    await page.locator('[data-path$="/dns"]').first().click();
    await page.getByTestId('messages').getByRole('button', { name: 'Show packets' }).click();
    await expect.poll(() => page.getByTestId('filter-input').inputValue()).toBe('dns');
  });

  test('a field can be a column of the packet list, is copied with it, and goes again', async () => {
    const page = await open('view=packets');
    await page.getByTestId('packet-row').nth(1).click();
    const tree = page.getByTestId('details-tree'),
      head = page.getByTestId('packet-list').locator('[data-column="ip.ttl"]');
    await tree.locator('[data-field="ip"] .twist').click();
    const field = tree.locator('[data-field="ip.ttl"]').first();
    await field.click({ button: 'right' });
    await page.getByRole('menuitem', { name: 'Show as Column' }).click();
    await head.waitFor();
    await expect.poll(() => page.getByTestId('packet-row').nth(1).innerText()).toContain('<b>ip.ttl</b> of 2');
    await page.getByTestId('packet-row').nth(1).click({ button: 'right' });
    await page.getByRole('menuitem', { name: 'Copy as CSV' }).click();
    await expect
      .poll(async () => ((await asked(page, 'copyText')) as { text: string } | undefined)?.text)
      .toMatch(/,ip\.ttl\r\n.*,<b>ip\.ttl<\/b> of 2\r\n$/);
    await field.click({ button: 'right' });
    await page.getByRole('menuitem', { name: 'Remove Column' }).click();
    await expect.poll(() => head.count()).toBe(0);
  });

  test('a host is shown with its peers, and Back returns', async () => {
    const page = await open();
    await page.getByTestId('most-active').getByRole('button', { name: '10.0.0.5', exact: true }).click();
    await page.getByTestId('host-page').waitFor();
    const shown = async (id: string): Promise<string> => page.getByTestId(`host-${id}`).innerText();
    expect(await shown('peers')).toContain('mirror.example.org');
    expect(await shown('summary')).toMatch(/^A client .*inside the network/);
    expect(await shown('identity')).toContain('3c:07:54:21:aa:21');
    expect(await shown('asked')).toMatch(/gone\.example\.com\s+A\s+no such name/);
    // What a host says of itself is text.
    expect(await shown('identity')).toContain('<img src=x');
    // The story leads to the finding, and a service to its packets.
    await page.getByTestId('host-story').locator('[data-kind=finding] button').first().click();
    await page.getByTestId('finding-detail').waitFor();
    await page.getByTestId('back').click();
    await page.getByTestId('host-uses').getByRole('button').first().click();
    await expect.poll(() => page.getByTestId('filter-input').inputValue()).toMatch(/^ip\.addr == 10\.0\.0\.5 && (?:tcp|udp)\.port == \d+$/);
    await page.getByTestId('back').click();
    await page.getByTestId('host-copy').click();
    await expect
      .poll(() => page.evaluate(() => window.harness.asked.filter((each) => (each as unknown[])[0] === 'copyText')))
      .toEqual([['copyText', { text: 'ip.addr == 10.0.0.5' }]]);
    await page.getByTestId('back').click();
    await page.getByTestId('view-overview').waitFor();
  });

  test('the view, the filter and the packet survive a reload', async () => {
    const page = await open('view=packets');
    await page.getByTestId('filter-input').fill('http');
    await page.getByTestId('filter-input').press('Enter');
    await expect.poll(() => page.getByTestId('packet-count').innerText()).toMatch(/of 1,250/);
    await page.locator('[data-testid=packet-row][aria-rowindex="5"]').click();
    const frame = await page.getByTestId('detail-frame').innerText();
    await page.reload();
    await expect.poll(() => page.getByTestId('detail-frame').innerText()).toBe(frame);
    await expect.poll(() => page.getByTestId('filter-input').inputValue()).toBe('http');
    await page.locator('[data-testid=packet-row][aria-selected=true]').waitFor();
  });

  test('a capture still being read says so far, and grows', async () => {
    const page = await open('state=reading');
    await expect.poll(() => page.getByTestId('progress').innerText()).toContain('64 %');
    await expect.poll(() => page.getByTestId('headline').innerText()).toContain('So far:');
    await expect.poll(() => page.getByTestId('kpi-packets').innerText()).toBe('800');
    await page.evaluate(() =>
      (window as unknown as { harness: { emit: (event: unknown) => void } }).harness.emit({ kind: 'updated', packets: 1250, complete: true }),
    );
    await expect.poll(() => page.getByTestId('kpi-packets').innerText()).toBe('1,250');
    await expect.poll(() => page.getByTestId('progress').count()).toBe(0);
  });

  test('a file that is no capture, and a capture without packets', async () => {
    const failed = await open('state=failed', { wait: false });
    await expect.poll(() => failed.getByTestId('failed').innerText()).toContain('it is a PDF document');
    const empty = await open('state=empty');
    await expect.poll(() => empty.getByTestId('empty-state').innerText()).toContain('This capture has no packets.');
  });

  test('the legend of the chart stays while a range is selected in it', async () => {
    const page = await open();
    const legend = page.locator('section[aria-labelledby="h-time"] .leg');
    const names = await legend.innerText();
    const surface = page.getByTestId('timeline-surface');
    await surface.focus();
    for (const key of ['Home', 'ArrowRight', 'Shift+ArrowRight']) await surface.press(key);
    await page.getByTestId('timeline-pending').waitFor();
    await expect.poll(() => legend.innerText()).toBe(names);
  });

  test('reading that stops leaves what was read, and says that it stopped', async () => {
    const page = await open('state=reading', { wait: false });
    await expect.poll(() => page.getByTestId('kpi-packets').innerText()).not.toBe('');
    await page.evaluate(() =>
      (window as unknown as { harness: { emit: (event: object) => void } }).harness.emit({
        kind: 'failed',
        message: 'Reading office-2025-10-14.pcapng stopped: EIO. What was read before is kept.',
      }),
    );
    await expect.poll(() => page.getByTestId('stopped').innerText()).toContain('What was read before is kept.');
    await expect.poll(() => page.getByTestId('kpi-state').innerText()).toBe('Stopped');
    await expect.poll(() => page.getByTestId('failed').count()).toBe(0);
    await page.getByTestId('nav-packets').click();
    await page.getByTestId('packet-row').first().waitFor();
  });

  test('the same traffic is counted once beside the views, and not again inside of tunnels', async () => {
    const page = await open();
    const count = async (view: string): Promise<number> =>
      Number((await page.getByTestId(`nav-${view}`).locator('.n').innerText()).replaceAll(',', ''));
    const layers = async (view: string): Promise<Map<string, number>> => {
      await page.getByTestId(`nav-${view}`).click();
      await page.getByTestId(`${view}-row`).first().waitFor();
      const texts = await page.locator(`[data-testid^="${view}-layer-"]`).allInnerTexts();
      return new Map(texts.map((text) => [text.trim().split(/\s+/)[0]!, Number(text.trim().split(/\s+/)[1]!.replaceAll(',', ''))]));
    };
    const conversations = await layers('conversations');
    expect(await count('conversations')).toBe((conversations.get('TCP') ?? 0) + (conversations.get('UDP') ?? 0));
    const endpoints = await layers('endpoints');
    expect(await count('endpoints')).toBe((endpoints.get('IPv4') ?? 0) + (endpoints.get('IPv6') ?? 0));
  });

  test('nothing scrolls sideways at 480 pixels', async () => {
    for (const view of ['overview', 'findings', 'protocols', 'conversations', 'endpoints', 'services', 'graphs', 'files', 'packets']) {
      const page = await open(`view=${view}`, { width: 480, height: 700 });
      await page.waitForTimeout(150);
      const wide = await page.evaluate(() =>
        [...document.querySelectorAll('html, main, .viewport, .page, .g-scroll, .det, .scroll')]
          .filter((element) => element.scrollWidth > element.clientWidth + 1)
          .map((element) => element.className),
      );
      expect(wide, view).toEqual([]);
    }
  });
});
