/**
 * Our tools for the agent mode of VS Code. Those that show something in the editor are always language-model tools; those of the analysis reach the
 * model either through the MCP server or as language-model tools, never both: it would see each of them twice.
 */
import * as vscode from 'vscode';
import type { CaptureStore } from '../analysis/captureStore.ts';
import { callInWords, resultText, runTool, type Tool, type ToolContext } from '../analysis/tool.ts';
import * as analysisTools from '../analysis/tools/registry.ts';
import type { CaptureEditors } from './captureEditor.ts';
import { askingRecorder, type PlainRecorder } from '../live/askingRecorder.ts';
import { askUser } from '../live/askUser.vscode.ts';
import * as recordingTools from '../live/tools/registry.ts';
import * as editorTools from './tools/registry.ts';

/** package.json declares each tool under this name, by scripts/generateManifest.mjs. */
export const languageModelToolName = ({ name }: Tool): string => `netsec_${name}`;

/** Context key of package.json's `when`: how the analysis tools reach the model. */
const VIA = 'netsec.agentToolsVia';
type Via = 'mcp' | 'languageModel';

export interface LanguageModelToolParts {
  readonly captures: CaptureStore;
  readonly editors: CaptureEditors;
  readonly recorder: PlainRecorder;
}

export function registerLanguageModelTools(parts: LanguageModelToolParts): vscode.Disposable[] {
  const context: ToolContext = {
    captures: parts.captures,
    recorder: askingRecorder(parts.recorder, askUser),
    showCapture: (file, command) => parts.editors.show(vscode.Uri.parse(file.location, true), command),
  };
  const tools: Tool[] = [
    ...Object.values(editorTools),
    ...Object.values(recordingTools),
    ...Object.values(analysisTools).filter(({ effect }: Tool) => effect === undefined),
  ];
  tellVia();
  return [
    vscode.workspace.onDidChangeConfiguration((event) => {
      if (event.affectsConfiguration('netsec.agentTools') || event.affectsConfiguration('chat.mcp')) tellVia();
    }),
    ...tools.map((tool) => vscode.lm.registerTool(languageModelToolName(tool), asLanguageModelTool(tool, context))),
  ];
}

/** Where agents get the analysis from. In `auto` through MCP, unless this VS Code has none or its user or administrator has switched it off. */
export function agentToolsVia(): Via {
  const chosen = vscode.workspace.getConfiguration('netsec').get<string>('agentTools', 'auto');
  if (chosen === 'mcp' || chosen === 'languageModel') return chosen;
  // Editors made from VS Code leave parts of its API out.
  const { registerMcpServerDefinitionProvider } = vscode.lm as Partial<typeof vscode.lm>;
  const access = vscode.workspace.getConfiguration('chat.mcp').get<unknown>('access');
  return registerMcpServerDefinitionProvider === undefined || access === 'none' ? 'languageModel' : 'mcp';
}

function tellVia(): void {
  void vscode.commands.executeCommand('setContext', VIA, agentToolsVia());
}

function asLanguageModelTool(tool: Tool, context: ToolContext): vscode.LanguageModelTool<object> {
  return {
    prepareInvocation: ({ input }) => ({ invocationMessage: callInWords(tool, input) }),
    async invoke({ input }, token) {
      const cancelled = new AbortController();
      const listening = token.onCancellationRequested(() => cancelled.abort());
      try {
        const result = await runTool(tool, input, { ...context, signal: cancelled.signal });
        return new vscode.LanguageModelToolResult([new vscode.LanguageModelTextPart(resultText(result))]);
      } catch (error) {
        if (cancelled.signal.aborted) throw new vscode.CancellationError();
        throw error;
      } finally {
        listening.dispose();
      }
    },
  };
}
