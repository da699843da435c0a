/** Findings in a real VS Code: one incident from its sentence to its packets, what somebody expects, and the Problems panel. */
import fs from 'node:fs';
import path from 'node:path';
import type { FrameLocator, Locator } from 'playwright-core';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { describeInVscode, openVscode, removeFolder, workspaceWith, type VscodeWindow } from './support/vscodeWindow.ts';
import {
  captureFrame,
  capturePage,
  closeEditors,
  openCapture,
  runCommand,
  seriousAccessibilityProblems,
  switchTheme,
  THEMES,
} from './support/workbench.ts';

const ROOT = path.resolve(import.meta.dirname, '../..');
const PICTURED: readonly string[] = ['light', 'dark', 'high-contrast'];
/** Its story is in captures/break-in.md. */
const STORY = 'break-in.pcap.gz';

interface Problem {
  readonly message: string;
  readonly code: string;
  readonly severity: number;
  readonly target: string;
  readonly line: number;
}

describeInVscode('findings', () => {
  let window: VscodeWindow;
  let folder: string;
  let page: FrameLocator;
  const file = (): string => path.join(folder, 'captures', STORY);
  const byId = (id: string): Locator => page.getByTestId(id);
  const open = async (): Promise<void> => {
    page = await openCapture(window, file());
    await page.locator('main[aria-busy="false"]').waitFor();
  };
  const findings = async (): Promise<void> => {
    await byId('nav-findings').click();
    await byId('view-findings').waitFor();
  };
  const setLevel = (level: string): Promise<void> =>
    window.host(async (vscode, value) => {
      await vscode.workspace.getConfiguration('netsec').update('findingsInProblems', value, vscode.ConfigurationTarget.Global);
    }, level);
  const problems = (): Promise<Problem[]> =>
    window.host(
      (vscode, path) =>
        vscode.languages.getDiagnostics(vscode.Uri.file(path)).map(({ message, code, severity, range }) => {
          const { value, target } = code as { value: string; target: { toString(): string } };
          return { message, code: value, severity, target: target.toString(), line: range.start.line };
        }),
      file(),
    );

  beforeAll(async () => {
    folder = workspaceWith([path.join(ROOT, 'captures', STORY)]);
    window = await openVscode({ folder });
  });
  afterAll(async () => {
    await window?.close();
    removeFolder(folder);
  });

  const choose = async (title: string | RegExp): Promise<void> => {
    await byId('finding').filter({ hasText: title }).first().click();
  };
  const INCIDENT =
    '192.168.10.24 scanned 10.20.0.10 and 10.20.0.20 with Nmap, then guessed SSH passwords of 10.20.0.20 and got in; 10.20.0.20 then uploaded 10.9 MB to 203.0.113.80';
  const clipboard = (): Promise<string> => window.host((vscode) => vscode.env.clipboard.readText());

  describe('of one incident', () => {
    beforeAll(async () => {
      await open();
      await findings();
    });

    test('are told in a sentence, in the list and beside it', async () => {
      await byId('incident').filter({ hasText: INCIDENT }).click();
      await byId('incident-detail').getByRole('heading', { name: INCIDENT }).waitFor();
      await expect.poll(() => byId('incident-step').count()).toBe(5);
      await byId('incident-packets').click();
      await byId('view-packets').waitFor();
      // The scan, the guesses and the upload, but neither Bob nor Alice.
      await expect.poll(() => byId('packet-count').innerText()).toMatch(/^8,\d{3} of 9,982 packets/);
      await byId('back').click();
      await byId('incident-detail').waitFor();
    });

    test('are grouped by incident, severity and host', async () => {
      const groups = (): Promise<string[]> => byId('findings-list').locator('.grp').allInnerTexts();
      expect((await groups()).join(' ')).toMatch(/Incident 1/);
      await byId('findings-by-severity').click();
      await expect.poll(async () => (await groups()).join(' ')).toMatch(/High.*Medium.*Low/s);
      await byId('findings-by-host').click();
      await expect.poll(async () => (await groups()).join(' ')).toContain('192.168.10.24');
      await byId('findings-by-incident').click();
    });

    test('lead to their packets, and to one packet', async () => {
      await choose('sent 10.9 MB');
      await byId('finding-detail').filter({ hasText: '203.0.113.80' }).waitFor();
      await byId('evidence-frame').first().click();
      await byId('view-packets').waitFor();
      await expect.poll(async () => (await byId('detail-frame').innerText()).replace(',', '')).toBe('frame 1046');
      await byId('back').click();
      await byId('finding-detail').waitFor();
    });

    test('are copied as a Wireshark filter', async () => {
      await byId('finding-detail').getByRole('button', { name: 'Copy as Wireshark filter' }).click();
      await expect.poll(clipboard).toContain('203.0.113.80');
    });
  });

  describe('that somebody expects', () => {
    const allowFile = (): string => path.join(folder, '.netsec/allow.yaml');
    const list = (): Promise<string> => byId('findings-list').innerText();
    const quickInput = (): Locator => window.page.locator('.quick-input-widget:visible');
    const choice = async (label: RegExp): Promise<void> => {
      await quickInput().locator('.monaco-list-row', { hasText: label }).first().click();
    };
    const because = async (reason: string): Promise<void> => {
      const input = quickInput().locator('.quick-input-box input');
      await expect.poll(() => input.getAttribute('placeholder')).toContain('inventory');
      await input.fill(reason);
      await input.press('Enter');
    };

    test('are written down in .netsec/allow.yaml, and stay to be seen without another reading', async () => {
      await open();
      await findings();
      await choose('gets passwords in clear over FTP');
      await byId('finding-detail').filter({ hasText: 'over FTP' }).waitFor();
      await byId('mark-expected').click();
      await choice(/^Expect cleartext-credentials by/);
      await because('The FTP server retires in March');
      await expect.poll(() => fs.existsSync(allowFile()) && fs.readFileSync(allowFile(), 'utf8')).toContain('The FTP server retires in March');
      await expect.poll(() => byId('findings-list').innerText()).toMatch(/Expected/);
      await expect.poll(() => byId('findings-list').innerText()).toContain('gets passwords in clear over FTP');
    });

    test('count again when the file is changed by hand', async () => {
      fs.rmSync(allowFile());
      await expect.poll(list).not.toMatch(/Expected/);
    });

    // captures/break-in.md: 192.168.10.24 scans 10.20.0.10 and 10.20.0.20, told in one finding.
    test('of several told in one: one is taken out, the rest stays', async () => {
      await choose(/tried 128 TCP ports on 10\.20\.0\.10 and 10\.20\.0\.20/);
      await byId('mark-expected').click();
      await expect.poll(() => quickInput().locator('.monaco-list-row').allInnerTexts()).toHaveLength(6);
      await choice(/^Expect only 10\.20\.0\.10/);
      await because('A honeypot');
      await expect.poll(list).toMatch(/TCP ports on 10\.20\.0\.20\b[\s\S]*Expected[\s\S]*TCP ports on 10\.20\.0\.10\b/);
      fs.rmSync(allowFile());
      // Each part alone has 128 ports, too.
      await expect.poll(list).toMatch(/128 TCP ports on 10\.20\.0\.10 and 10\.20\.0\.20/);
    });

    test('of several told in one: all are, also after the window was loaded anew, until it is taken back', async () => {
      await choose(/tried 128 TCP ports on 10\.20\.0\.10 and 10\.20\.0\.20/);
      await byId('mark-expected').click();
      await choice(/^Expect both parts of the finding/);
      await because('Our own scanner');
      const expected = /Expected[\s\S]*128 TCP ports/;
      await expect.poll(list).toMatch(expected);
      await window.reload();
      await open();
      await findings();
      await expect.poll(list).toMatch(expected);
      await choose(/tried 128 TCP ports/);
      await byId('unmark-expected').click();
      await expect.poll(list).not.toMatch(/Expected/);
      expect(fs.readFileSync(allowFile(), 'utf8')).not.toContain('Our own scanner');
      fs.rmSync(allowFile());
    });
  });

  describe('from lists of one’s own', () => {
    test('come and go with the lists in .netsec/intel, while the capture stays open', async () => {
      await open();
      await findings();
      const lists = path.join(folder, '.netsec/intel');
      fs.mkdirSync(lists, { recursive: true });
      fs.writeFileSync(path.join(lists, 'bad.csv'), 'drop.example.net,seen in March\n');
      await expect.poll(() => byId('findings-list').innerText()).toMatch(/which a list names/);
      fs.rmSync(path.join(lists, 'bad.csv'));
      await expect.poll(() => byId('findings-list').innerText()).not.toMatch(/which a list names/);
    });
  });

  describe('about one host', () => {
    test('are a part of its story, which leads to the packets', async () => {
      await findings();
      await choose('sent 10.9 MB');
      await byId('finding-detail').getByRole('button', { name: '10.20.0.20', exact: true }).first().click();
      await byId('host-page').waitFor();
      await expect.poll(() => byId('host-summary').innerText()).toContain('offers SSH and FTP (2 clients)');
      await expect.poll(() => byId('host-identity').innerText()).toContain('00:0c:29:f1:1e:20');
      await expect.poll(() => byId('host-asked').innerText()).toContain('drop.example.net');
      await byId('host-incident').getByRole('button').click();
      await byId('incident-detail').waitFor();
      await byId('back').click();
      await byId('host-offers').getByRole('button', { name: 'SSH' }).click();
      await byId('view-packets').waitFor();
      await expect.poll(() => byId('filter-input').inputValue()).toBe('ip.addr == 10.20.0.20 && tcp.port == 22');
      await byId('back').click();
      await byId('host-copy').click();
      await expect.poll(clipboard).toBe('ip.addr == 10.20.0.20');
    });
  });

  describe('in the Problems panel', () => {
    beforeAll(open);

    test('there are none until somebody wants them', async () => {
      await findings();
      expect(await problems()).toEqual([]);
    });

    test('they are listed from the severity that was set', async () => {
      await setLevel('high');
      await expect.poll(async () => (await problems()).map(({ code }) => code)).toEqual(['brute-force-success']);
      await setLevel('medium');
      await expect
        .poll(async () => (await problems()).map(({ code }) => code).sort())
        .toEqual(['brute-force', 'brute-force-success', 'cleartext-credentials', 'data-exfiltration', 'port-scan']);
    });

    test('a click on the link of one opens the capture at the finding', async () => {
      await runCommand(window.page, 'Problems: Focus on Problems View');
      const panel = window.page.locator('.markers-panel');
      await panel.getByText(STORY).first().waitFor();
      await panel.getByText('data-exfiltration').click();
      page = capturePage(window.page);
      await byId('finding-detail').filter({ hasText: '203.0.113.80' }).waitFor();
    });

    test('they go when the capture is closed', async () => {
      await closeEditors(window);
      await expect.poll(problems).toEqual([]);
      await setLevel('off');
    });
  });

  describe.each(Object.keys(THEMES) as (keyof typeof THEMES)[])('in the theme %s', (theme) => {
    const picture = async (name: string): Promise<void> => {
      expect(await seriousAccessibilityProblems(await captureFrame(window.page))).toEqual([]);
      if (process.env['NETSEC_SCREENSHOTS'] !== '1' || !PICTURED.includes(theme)) return;
      // Away from everything that answers to the mouse.
      await window.page.mouse.move(750, 2);
      await window.page.screenshot({ path: path.join(ROOT, 'docs/screenshots', `${name}-${theme}.png`) });
    };

    beforeAll(async () => {
      await open();
      await switchTheme(window, theme);
      await window.host(async (vscode) => {
        await vscode.commands.executeCommand('workbench.action.closeSidebar');
        await vscode.commands.executeCommand('workbench.action.closePanel');
      });
      page = capturePage(window.page);
    });

    test('an incident, a finding and a host have nothing serious to say to axe', async () => {
      await findings();
      await byId('incident').filter({ hasText: INCIDENT }).click();
      await byId('incident-detail').waitFor();
      await picture('incident');
      await choose('logs in at 10.20.0.20 over SSH');
      await byId('finding-detail').waitFor();
      await picture('finding');
      await byId('finding-detail')
        .getByRole('button', { name: /^10\.20\.0\.20/ })
        .first()
        .click();
      await byId('host-page').waitFor();
      await page.getByTestId('host-peers').waitFor();
      await picture('host');
    });
  });
});
