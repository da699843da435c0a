/** Findings in a real VS Code: one incident from its sentence to its packets, what somebody expects, and the Problems panel. */
import path from 'node:path';
import type { FrameLocator, Locator } from 'playwright-core';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { describeInVscode, openVscode, removeFolder, workspaceWith, type VscodeWindow } from './support/vscodeWindow.ts';
import { capturePage, closeEditors, openCapture, runCommand } from './support/workbench.ts';

const ROOT = path.resolve(import.meta.dirname, '../..');
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
    await page.locator('body[data-ready="1"]').waitFor();
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
        .toEqual(['brute-force', 'brute-force-success', 'cleartext-credentials', 'data-exfiltration', 'port-scan', 'port-scan']);
    });

    test('a click on the link of one opens the capture at the finding', async () => {
      await runCommand(window.page, 'Problems: Focus on Problems View');
      const panel = window.page.locator('.markers-panel');
      await panel.getByText(STORY).first().waitFor();
      if (process.env['NETSEC_LOOK'] !== undefined) await window.page.screenshot({ path: `${process.env['NETSEC_LOOK']}/problems.png` });
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
});
