/** What the page cannot do itself: save, copy, ask in Chat, keep its state. */
import * as vscode from 'vscode';
import type { HostMethods } from '../analysis/engineApi.ts';
import type { Handlers } from '../analysis/rpc.ts';
import { safeFileName } from '../analysis/safeFileName.ts';
import type { AllowList } from './allowList.ts';
import { askWhereToSave } from './exports.ts';
import type { PageStates } from './pageState.ts';

export function hostMethods(
  uri: vscode.Uri,
  states: PageStates,
  allow: AllowList,
): Omit<Handlers<HostMethods>, 'exportReport' | 'savePackets' | 'saveTransferred'> {
  return {
    async saveFile({ suggestedName, content }) {
      const target = await askWhereToSave(uri, safeFileName(suggestedName));
      if (target === undefined) return false;
      await vscode.workspace.fs.writeFile(target, typeof content === 'string' ? new TextEncoder().encode(content) : content);
      return true;
    },
    async copyText({ text }) {
      await vscode.env.clipboard.writeText(text);
      return null;
    },
    async askNetsec({ question }) {
      if (vscode.workspace.getConfiguration('chat').get('disableAIFeatures') === true) {
        void vscode.window.showInformationMessage(
          'Netsec: Chat is turned off by the setting chat.disableAIFeatures. In a terminal, netsec ask answers the same questions, without a model, too.',
        );
        return null;
      }
      await vscode.commands.executeCommand('workbench.action.chat.open', { query: `@netsec ${question}`, isPartialQuery: true });
      return null;
    },
    markExpected: ({ finding }) => allow.expect(uri, finding),
    async unmarkExpected({ rule }) {
      await allow.forget(uri, rule);
      return null;
    },
    async saveState({ state }) {
      await states.save(uri.toString(), state);
      return null;
    },
  };
}
