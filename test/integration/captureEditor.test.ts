/** The capture editor in a real VS Code: what a person reads off the page, and what happens to what they do. */
import { createHash } from 'node:crypto';
import fs from 'node:fs';
import path from 'node:path';
import { gunzipSync } from 'node:zlib';
import type { FrameLocator, Locator } from 'playwright-core';
import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { pcapRecords } from './support/pcapFile.ts';
import { describeInVscode, openVscode, removeFolder, workspaceWith, type VscodeWindow } from './support/vscodeWindow.ts';
import { capturePage, closeEditors, openCapture, quickPickRows, runCommand, saveAs } from './support/workbench.ts';

const CAPTURES = path.resolve(import.meta.dirname, '../../captures');
const sample = (name: string): string => path.join(CAPTURES, name);
/** Scanner and victim of captures/scan-syn.md. */
const SCANNER = '192.168.10.66';
const VICTIM = '192.168.10.30';

const english = new Intl.NumberFormat('en');

describeInVscode('the capture editor', () => {
  let window: VscodeWindow;
  let folder: string;
  let page: FrameLocator;
  const scan = pcapRecords(sample('scan-syn.pcap'));
  const inFolder = (name: string): string => path.join(folder, 'captures', name);
  const byId = (id: string): Locator => page.getByTestId(id);
  const text = async (id: string): Promise<string> => (await byId(id).first().innerText()).trim();
  const view = async (id: string): Promise<void> => {
    await byId(`nav-${id}`).click();
    await byId(`view-${id}`).waitFor();
  };
  const filter = async (expression: string): Promise<void> => {
    await byId('filter-input').fill(expression);
    await byId('filter-input').press('Enter');
  };

  beforeAll(async () => {
    folder = workspaceWith(['scan-syn.pcap', 'web-browsing.pcap', 'dns.pcap', 'executable-download.pcap'].map(sample));
    window = await openVscode({ folder });
  });
  afterAll(async () => {
    await window?.close();
    removeFolder(folder);
  });

  describe('on a port scan', () => {
    beforeAll(async () => {
      page = await openCapture(window, inFolder('scan-syn.pcap'));
      await page.locator('body[data-ready="1"]').waitFor();
    });

    test('opens by itself for .pcap files, with a title a screen reader can tell', async () => {
      await expect.poll(() => page.locator('title').textContent()).toBe('Overview, scan-syn.pcap');
    });

    test('tells on the first screen what this is: packets, the finding, who is talking', async () => {
      expect(await text('kpi-packets')).toContain(english.format(scan.length));
      expect((await text('headline')).length).toBeGreaterThan(20);
      expect(await text('finding-rows')).toContain(SCANNER);
      expect(await text('most-active')).toContain(VICTIM);
      expect(Number(await byId('risk').getAttribute('data-score'))).toBeGreaterThan(0);
    });

    test('shares of protocols add up to everything', async () => {
      const shares = await byId('protocol-shares').locator('li').allInnerTexts();
      const percents = shares.map((share) => Number(/([\d.]+) ?%/.exec(share)?.[1]));
      expect(percents.length).toBeGreaterThan(0);
      const sum = percents.reduce((total, percent) => total + percent, 0);
      // Each is rounded on its own.
      expect(Math.abs(sum - 100)).toBeLessThanOrEqual(percents.length);
    });

    test('a finding leads to its evidence', async () => {
      await view('findings');
      await byId('finding').filter({ hasText: SCANNER }).first().click();
      await byId('finding-detail').filter({ hasText: 'T1046' }).waitFor();
      await byId('finding-packets').click();
      await byId('view-packets').waitFor();
      await expect.poll(() => text('packet-count')).toMatch(new RegExp(`^[\\d,]+ of ${scan.length} packets`));
      await byId('back').click();
      await byId('finding-detail').waitFor();
      await filter('');
    });

    test('conversations can be sorted and searched', async () => {
      await view('conversations');
      await byId('conversations-layer-tcp').click();
      const packets = byId('conversations-grid')
        .getByRole('columnheader')
        .filter({ has: page.locator('[data-column="packets"]') });
      const rows = byId('conversations-row');
      await rows.first().waitFor();
      await packets.getByRole('button').click();
      const first = await packets.getAttribute('aria-sort');
      await packets.getByRole('button').click();
      await expect.poll(() => packets.getAttribute('aria-sort')).not.toBe(first);
      await byId('conversations-search').fill('8080');
      await expect.poll(() => text('conversations-count')).toMatch(/^1 of \d+ rows/);
      await expect.poll(() => rows.count()).toBe(1);
      await byId('conversations-search').fill('');
    });
  });

  test('the messages of a protocol are read in its own columns, and lead to their packets', async () => {
    page = await openCapture(window, inFolder('dns.pcap'));
    await view('protocols');
    await page.locator('[data-path$="/dns"]').first().click();
    // tshark -r captures/dns.pcap -Y frame.number==12 -T fields -e dns.qry.name -e dns.qry.type -e dns.mx.mail_exchange
    const answer = byId('messages-row').filter({ hasText: 'mail2.example.com' }).first();
    await answer.waitFor();
    expect((await answer.innerText()).split('\n').map((cell) => cell.trim())).toEqual(
      expect.arrayContaining(['12', 'Response', 'example.com', 'MX', 'mail2.example.com, mail.example.com, 10.20.0.21, …']),
    );
    await answer.getByRole('button').click();
    await expect.poll(() => text('detail-frame')).toBe('frame 12');
  });

  describe('the packet list', () => {
    /** A SYN of the scan, found by hand: IPv4 at byte 14, TCP at 34 with SYN alone in its flags. */
    const syn = scan.findIndex(({ data }) => data.readUInt16BE(12) === 0x0800 && data[23] === 6 && data[47] === 0x02);

    beforeEach(async () => {
      page = await openCapture(window, inFolder('scan-syn.pcap'));
      await view('packets');
      await byId('packet-row').first().waitFor();
    });

    test('goes to a packet by its number and shows where a field lies in its bytes', async () => {
      await window.host(async (vscode, frame) => {
        await vscode.commands.executeCommand('netsec.goToPacket', frame);
      }, syn + 1);
      await expect.poll(() => text('detail-frame')).toBe(`frame ${english.format(syn + 1)}`);
      const tree = byId('details-tree');
      const ip = tree.locator('[data-field="ip"]');
      if ((await ip.getAttribute('aria-expanded')) !== 'true') await ip.locator('.twist').click();
      await tree.locator('[data-field="ip.src"]').first().click();
      const marked = byId('hex-view').locator('.h s.on');
      // RFC 791: the source address is 12 bytes into the header, which follows 14 bytes of Ethernet.
      await expect.poll(() => marked.evaluateAll((all) => all.map((each) => (each as HTMLElement).dataset['at']))).toEqual(['26', '27', '28', '29']);
      expect((await marked.allInnerTexts()).join('')).toBe(scan[syn]?.data.subarray(26, 30).toString('hex'));
    });

    test('a field becomes a column of all packets', async () => {
      await window.host(async (vscode, frame) => {
        await vscode.commands.executeCommand('netsec.goToPacket', frame);
      }, syn + 1);
      await expect.poll(() => text('detail-frame')).toBe(`frame ${english.format(syn + 1)}`);
      const tree = byId('details-tree'),
        ip = tree.locator('[data-field="ip"]');
      if ((await ip.getAttribute('aria-expanded')) !== 'true') await ip.locator('.twist').click();
      await tree.locator('[data-field="ip.ttl"]').first().click({ button: 'right' });
      await page.getByRole('menuitem', { name: 'Show as Column' }).click();
      const head = byId('packet-list').locator('[data-column="ip.ttl"]');
      await head.waitFor();
      // RFC 791: the time to live is the ninth byte of the header, which follows 14 bytes of Ethernet.
      const chosen = byId('packet-row').and(page.locator('[aria-selected="true"]'));
      await expect.poll(async () => (await chosen.first().innerText()).split('\n').map((cell) => cell.trim())).toContain(String(scan[syn]?.data[22]));
      await tree.locator('[data-field="ip.ttl"]').first().click({ button: 'right' });
      await page.getByRole('menuitem', { name: 'Remove Column' }).click();
      await expect.poll(() => head.count()).toBe(0);
    });

    test('a byte leads back to its field', async () => {
      await byId('packet-row').nth(2).click();
      await byId('hex-view').locator('.h s[data-at="12"]').click();
      await byId('details-tree').locator('[data-field="eth.type"][aria-selected="true"]').waitFor();
    });

    test('is walked through with the keyboard alone', async () => {
      await byId('packet-row').first().click();
      await byId('packet-list').press('End');
      await expect.poll(() => text('detail-frame')).toBe(`frame ${english.format(scan.length)}`);
      await byId('packet-list').press('ArrowUp');
      await expect.poll(() => text('detail-frame')).toBe(`frame ${english.format(scan.length - 1)}`);
      await byId('packet-list').press('Home');
      await expect.poll(() => text('detail-frame')).toBe('frame 1');
    });

    test('what is looked for is found by the keys of VS Code, from match to match', async () => {
      const answers = scan.flatMap(({ data }, i) =>
        data.readUInt16BE(12) === 0x0800 && data[23] === 6 && (data[47]! & 0x12) === 0x12 ? [i + 1] : [],
      );
      await byId('packet-row').first().click();
      await window.page.keyboard.press('Control+f');
      await expect.poll(() => byId('find-input').evaluate((input) => input === document.activeElement)).toBe(true);
      await window.page.keyboard.type('[syn, ack]');
      await window.page.keyboard.press('Enter');
      await expect.poll(() => text('find-words')).toBe(`1 of ${english.format(answers.length)}`);
      await expect.poll(() => text('detail-frame')).toBe(`frame ${english.format(answers[0]!)}`);
      await window.page.keyboard.press('Escape');
      await window.page.keyboard.press('F3');
      await expect.poll(() => text('detail-frame')).toBe(`frame ${english.format(answers[1]!)}`);
      await window.page.keyboard.press('Shift+F3');
      await expect.poll(() => text('detail-frame')).toBe(`frame ${english.format(answers[0]!)}`);
      expect(await byId('packet-list').evaluate((list) => list === document.activeElement)).toBe(true);
    });

    test('shows what passes a filter, and keeps the last list when a filter is wrong', async () => {
      const synOnly = scan.filter(({ data }) => data.readUInt16BE(12) === 0x0800 && data[23] === 6 && (data[47]! & 0x12) === 0x02).length;
      await filter('tcp.flags.syn == 1 && tcp.flags.ack == 0');
      await expect.poll(() => text('packet-count')).toContain(`${english.format(synOnly)} of ${english.format(scan.length)} packets`);
      await filter('tcp.flags.syn ==');
      await byId('filter-error').waitFor();
      expect(await text('packet-count')).toContain(`${english.format(synOnly)} of ${english.format(scan.length)} packets`);
      await byId('filter-input').fill('');
      await byId('filter-input').press('Enter');
      await expect.poll(() => text('packet-count')).toBe(`${english.format(scan.length)} packets`);
    });

    test('filtered packets are saved as a capture of their own', async () => {
      await filter(`ip.src == ${SCANNER}`);
      await expect.poll(() => text('packet-count')).toContain(' of ');
      await runCommand(window.page, 'Netsec: Save Filtered Packets');
      const target = path.join(folder, 'saved.pcap');
      await saveAs(window.page, target);
      await expect.poll(() => fs.existsSync(target)).toBe(true);
      const expected = scan.filter(({ data }) => data.readUInt16BE(12) === 0x0800 && [...data.subarray(26, 30)].join('.') === SCANNER);
      await expect.poll(() => pcapRecords(target).length).toBe(expected.length);
      expect(pcapRecords(target).map(({ data }) => data.toString('hex'))).toEqual(expected.map(({ data }) => data.toString('hex')));
      await filter('');
    });
  });

  describe('on what was transferred', () => {
    test('a program is saved only by who says so, and as it was', async () => {
      page = await openCapture(window, inFolder('executable-download.pcap'));
      await view('files');
      await byId('files-row').filter({ hasText: 'holiday.png' }).click();
      await byId('files-save').click();
      const warning = window.page.locator('.monaco-dialog-box');
      await expect.poll(() => warning.innerText()).toContain('"holiday.png" is a file that can run: Linux program (ELF).');
      await warning.getByRole('button', { name: 'Save Anyway' }).click();
      const target = path.join(folder, 'holiday.bin');
      await saveAs(window.page, target);
      await expect.poll(() => fs.existsSync(target)).toBe(true);
      // tshark --export-objects http
      const sha256 = (): string => createHash('sha256').update(fs.readFileSync(target)).digest('hex');
      await expect.poll(sha256).toBe('c79bf44242829108e323378531f4ac839513ca1fba45efd6583643526e1e9fd2');
      await byId('files-detail').getByRole('button', { name: 'Show its packets' }).click();
      await byId('view-packets').waitFor();
      await expect.poll(() => text('packet-count')).toMatch(/^\d+ of \d+ packets/);
    });
  });

  describe('what was on the page', () => {
    /** Whether the chosen frame is among them is known a moment later. */
    const count = async (): Promise<string | undefined> => (await text('packet-count')).split(';')[0];

    test('is there again after another editor was in front', async () => {
      page = await openCapture(window, inFolder('scan-syn.pcap'));
      await view('packets');
      await filter('tcp.port == 8080');
      const ports = scan.filter(
        ({ data }) => data.readUInt16BE(12) === 0x0800 && data[23] === 6 && [data.readUInt16BE(34), data.readUInt16BE(36)].includes(8080),
      );
      await expect.poll(() => text('packet-count')).toContain(`${ports.length} of ${scan.length} packets`);
      const before = await count();
      await openCapture(window, inFolder('dns.pcap'));
      page = await openCapture(window, inFolder('scan-syn.pcap'));
      await expect.poll(count).toBe(before);
      await expect.poll(() => byId('filter-input').inputValue()).toBe('tcp.port == 8080');
    });

    test('is there again after it was closed and opened', async () => {
      const before = await count();
      // The page saves what it shows when nothing has changed for a moment.
      await window.page.waitForTimeout(1000);
      await closeEditors(window);
      page = await openCapture(window, inFolder('scan-syn.pcap'));
      await expect.poll(count).toBe(before);
    });

    test('is there again after the window was reloaded', async () => {
      const before = await count();
      await window.reload();
      page = capturePage(window.page);
      await expect.poll(count, { timeout: 30_000 }).toBe(before);
      await expect.poll(() => byId('filter-input').inputValue()).toBe('tcp.port == 8080');
      await filter('');
    });
  });

  test('graphs show how many packets a filter selects when, and the segments of a conversation', async () => {
    fs.copyFileSync(sample('lossy-download.pcap'), inFolder('lossy-download.pcap'));
    page = await openCapture(window, inFolder('lossy-download.pcap'));
    await view('graphs');
    // tshark -Y: 247 packets, 66 of them with trouble of TCP, 12 retransmissions.
    await expect.poll(() => byId('graph-row').first().innerText()).toContain('247 packets');
    await expect.poll(() => byId('graph-row').nth(1).innerText()).toContain('66 packets');
    await byId('graph-add').click();
    await page.getByRole('menuitem', { name: 'Retransmissions', exact: true }).click();
    await expect.poll(() => byId('graph-row').nth(2).innerText()).toContain('12 packets');
    await byId('graph-add').click();
    await page.getByRole('menuitem', { name: 'Round Trip of TCP, Greatest', exact: true }).click();
    await expect.poll(() => byId('graph').locator('svg > g').count()).toBe(2);
    await byId('graph-mode-tcp').click();
    // tshark -Y 'tcp.stream == 0'
    await expect.poll(() => text('view-graphs')).toContain('227 segments');
    await expect
      .poll(() =>
        byId('tcp-graph')
          .locator('path.s0')
          .first()
          .getAttribute('d')
          .then((path) => path?.length ?? 0),
      )
      .toBeGreaterThan(1000);
    if (process.env['NETSEC_SCREENSHOTS'] === '1')
      for (const chart of ['time', 'tcp']) {
        await byId(`graph-mode-${chart}`).click();
        await byId(chart === 'tcp' ? 'tcp-graph' : 'graph').waitFor();
        await window.page.mouse.move(750, 2);
        await window.page.screenshot({ path: path.resolve(CAPTURES, '../docs/screenshots', `graph-${chart}-light.png`) });
      }
  });

  describe('the report', () => {
    test.each([
      ['Markdown', 'md', /^# /],
      ['CSV', 'csv', /,/],
      ['JSON', 'json', /"schema": ?1/],
    ])('is exported as %s', async (format, extension, expected) => {
      page = await openCapture(window, inFolder('scan-syn.pcap'));
      await view('overview');
      await runCommand(window.page, 'Netsec: Export Report');
      await quickPickRows(window.page).filter({ hasText: format }).first().click();
      const target = path.join(folder, `report.${extension}`);
      await saveAs(window.page, target);
      await expect.poll(() => (fs.existsSync(target) ? fs.readFileSync(target, 'utf8') : '')).toMatch(expected);
    });
  });

  test('a compressed capture opens as it is', async () => {
    const name = 'rotated.pcap.gz';
    fs.copyFileSync(sample(name), inFolder(name));
    page = await openCapture(window, inFolder(name));
    await page.locator('body[data-ready="1"]').waitFor();
    expect(await text('kpi-packets')).toContain(english.format(pcapRecords(gunzipSync(fs.readFileSync(sample(name)))).length));
  });

  test('an upload leads to the conversation and to the file', async () => {
    fs.copyFileSync(sample('break-in.pcap.gz'), inFolder('break-in.pcap.gz'));
    page = await openCapture(window, inFolder('break-in.pcap.gz'));
    await view('findings');
    await byId('finding').filter({ hasText: 'sent 10.9 MB' }).click();
    await byId('finding-file').click();
    await expect.poll(() => byId('files-detail').locator('h2').innerText()).toMatch(/^customers\.csv/);
    await byId('back').click();
    await byId('finding-flow').click();
    // As many as `tshark -Y "tcp.stream == 274"` has.
    await expect.poll(() => byId('conversations-detail').innerText()).toContain('Show 8,931 packets');
    await expect.poll(() => page.locator('[data-testid="conversations-row"].sel').innerText()).toContain('203.0.113.80');
  });

  describe('files that are not what they seem', () => {
    test.each([
      ['empty.pcap', Buffer.alloc(0)],
      ['notes.pcap', Buffer.from('These are notes about a capture, not a capture.\n')],
    ])('%s is refused in words', async (name, content) => {
      fs.writeFileSync(inFolder(name), content);
      page = await openCapture(window, inFolder(name));
      await byId('failed').waitFor();
      const words = await text('failed');
      expect(words).toContain(name);
      expect(words).not.toMatch(/undefined|\[object|Error:| at .+\.ts/);
    });

    test('a capture that ends in the middle of a packet shows the packets before it', async () => {
      const bytes = fs.readFileSync(sample('scan-syn.pcap'));
      fs.writeFileSync(inFolder('cut.pcap'), bytes.subarray(0, scan[100]!.offset + 20));
      page = await openCapture(window, inFolder('cut.pcap'));
      await page.locator('body[data-ready="1"]').waitFor();
      expect(await text('kpi-packets')).toContain('100');
      expect(await text('not-examined')).toMatch(/frame 100/);
    });

    test('a file that grows is followed', async () => {
      const bytes = fs.readFileSync(sample('scan-syn.pcap'));
      const file = inFolder('growing.pcap');
      fs.writeFileSync(file, bytes.subarray(0, scan[50]!.offset));
      page = await openCapture(window, file);
      await page.locator('body[data-ready="1"]').waitFor();
      await expect.poll(() => text('kpi-packets')).toContain('50');
      fs.appendFileSync(file, bytes.subarray(scan[50]!.offset));
      await expect.poll(() => text('kpi-packets'), { timeout: 15_000 }).toContain(english.format(scan.length));
    });
  });

  test('nothing on the page was refused by its own content policy, and nothing was thrown', async () => {
    await closeEditors(window);
    const bad = window.consoleLines.filter((line) => /vscode-cdn\.net' 'nonce-|\[pageerror\]/.test(line));
    expect(bad).toEqual([]);
  });
});
