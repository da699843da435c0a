/** What a capture is judged by: the allow-list and the detectors' settings, given again to an open session when they change. Nothing is read again. */
import * as vscode from 'vscode';
import type { EngineSession } from '../analysis/engineApi.ts';
import type { AllowList } from './allowList.ts';
import { detectorSettings } from './detectorSettings.ts';

const DETECTORS = 'netsec.detectors';

/** Keeps a session judged by what holds now, until it is disposed of. */
export function keepJudged(uri: vscode.Uri, session: EngineSession, allow: AllowList): EngineSession {
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
  const listening = [
    allow.onDidChange(() => quietly(giveRules())),
    vscode.workspace.onDidChangeConfiguration((event) => {
      if (event.affectsConfiguration(DETECTORS, uri)) quietly(session.call('setDetectorOptions', { values: detectorSettings(uri) }));
    }),
  ];
  quietly(giveRules());
  return {
    call: (method, params, signal) => session.call(method, params, signal),
    onEvent: (listener) => session.onEvent(listener),
    dispose() {
      for (const each of listening) each.dispose();
      session.dispose();
    },
  };
}
