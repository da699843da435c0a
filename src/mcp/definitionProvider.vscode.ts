/** Tells VS Code how to start our MCP server: with its own Node, over the folders of the workspace. The only file here that knows VS Code. */
import * as vscode from 'vscode';
import { VERSION } from '../analysis/version.ts';

export interface McpServerPlace {
  /** Path of dist/mcp.mjs. */
  readonly serverFile: string;
  /** The captures folders that settings name. */
  readonly capturesFolders: () => readonly vscode.Uri[];
  /** Whether reports are kept for the next time: the setting `netsec.keepReports`. */
  readonly keepsReports: () => boolean;
}

/** Nothing is started: VS Code asks for the definition when it wants one, and again after folders or settings change. */
export function registerMcpServer({ serverFile, capturesFolders, keepsReports }: McpServerPlace): { dispose(): void } {
  const changed = new vscode.EventEmitter<void>();
  const parts = [
    vscode.workspace.onDidChangeWorkspaceFolders(() => changed.fire()),
    vscode.workspace.onDidChangeConfiguration((event) => {
      if (['netsec.capturesFolders', 'netsec.keepReports'].some((name) => event.affectsConfiguration(name))) changed.fire();
    }),
    vscode.workspace.onDidGrantWorkspaceTrust(() => changed.fire()),
    vscode.lm.registerMcpServerDefinitionProvider('netsec.mcp', {
      onDidChangeMcpServerDefinitions: changed.event,
      // Recording is done by tools of the extension itself, which shows it in the status bar: a model would see them twice.
      provideMcpServerDefinitions: () => definitions([serverFile, '--no-recording', ...(keepsReports() ? [] : ['--no-cache'])], capturesFolders()),
    }),
    changed,
  ];
  return {
    dispose() {
      for (const part of parts) part.dispose();
    },
  };
}

function definitions(args: readonly string[], capturesFolders: readonly vscode.Uri[]): vscode.McpStdioServerDefinition[] {
  const workspaceFolders = (vscode.workspace.workspaceFolders ?? []).map(({ uri }) => uri);
  // The settings of a folder that is not trusted must not open the rest of the disk to a model.
  const folders = [...(vscode.workspace.isTrusted ? capturesFolders : []), ...workspaceFolders];
  const roots = [...new Set(folders.filter(({ scheme }) => scheme === 'file').map(({ fsPath }) => fsPath))];
  if (roots.length === 0) return [];
  // The extension host does not say by itself that its program is to run as Node.
  const env = { ELECTRON_RUN_AS_NODE: '1' };
  return [new vscode.McpStdioServerDefinition('Netsec', process.execPath, [...args, ...roots.flatMap((root) => ['--root', root])], env, VERSION)];
}
