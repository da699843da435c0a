/**
 * What a capture is judged by: the allow-list, the user's own lists and the detectors' settings, given again to an open session when they change.
 * Only other lists make the engine read the capture again.
 */
import * as vscode from 'vscode';
import type { EngineSession } from '../analysis/engineApi.ts';
import type { AllowList } from './allowList.ts';
import { detectorSettings } from './detectorSettings.ts';
import type { NetsecFolders } from './netsecFolders.ts';

const DETECTORS = 'netsec.detectors';

/** Keeps a session judged by what holds now, until it is disposed of. */
export function keepJudged(uri: vscode.Uri, session: EngineSession, allow: AllowList, netsec: NetsecFolders): EngineSession {
  let told = '';
  let rules = '[]';
  // A session that failed or was closed has said so itself.
  const quietly = (work: Promise<unknown>): void => void work.catch(() => undefined);
  const giveRules = async (): Promise<void> => {
    const now = await allow.rulesFor(uri);
    const text = JSON.stringify(now);
    if (text === rules) return;
    rules = text;
    await session.call('setAllowRules', { rules: now });
  };
  /** The engine finds and reads the lists itself: they may be large. */
  const readLists = async (): Promise<void> => {
    // First: what changes while they are read is told again.
    await netsec.watch(uri);
    const { problems } = await session.call('rereadLists', null);
    const words = problems.slice(0, 3).join(' ');
    if (words !== '' && words !== told) void vscode.window.showWarningMessage(`Netsec: ${words}`);
    told = words;
  };
  const listening = [
    allow.onDidChange(() => {
      quietly(giveRules());
      quietly(readLists());
    }),
    vscode.workspace.onDidChangeConfiguration((event) => {
      if (event.affectsConfiguration(DETECTORS, uri)) quietly(session.call('setDetectorOptions', { values: detectorSettings(uri) }));
    }),
  ];
  quietly(giveRules());
  quietly(readLists());
  return {
    call: (method, params, signal) => session.call(method, params, signal),
    onEvent: (listener) => session.onEvent(listener),
    dispose() {
      for (const each of listening) each.dispose();
      session.dispose();
    },
  };
}
