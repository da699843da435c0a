/** Netsec: Copy MCP Configuration, for clients other than VS Code. */
import path from 'node:path';
import * as vscode from 'vscode';
import { CLIENT_CONFIGURATIONS } from './clientConfigurations.ts';
import { LAUNCHER_NAME, launcherSource } from './launcher.ts';

export interface CopyConfigurationPlace {
  /** Path of dist/mcp.mjs. */
  readonly serverFile: string;
  /** The extension's folder of its own, which updates leave alone. */
  readonly storage: vscode.Uri;
  /** `publisher.name`. */
  readonly extensionId: () => string;
  readonly capturesFolders: () => readonly vscode.Uri[];
}

export function registerCopyConfiguration({ serverFile, storage, extensionId, capturesFolders }: CopyConfigurationPlace): vscode.Disposable {
  return vscode.commands.registerCommand('netsec.copyMcpConfiguration', async () => {
    const chosen = await vscode.window.showQuickPick(
      CLIENT_CONFIGURATIONS.map(({ id, label, detail }) => ({ id, label, detail })),
      { title: 'Copy MCP Configuration', placeHolder: 'For which client?' },
    );
    const configuration = CLIENT_CONFIGURATIONS.find(({ id }) => id === chosen?.id);
    if (configuration === undefined) return;
    const roots = [...capturesFolders(), ...(vscode.workspace.workspaceFolders ?? []).map(({ uri }) => uri)].filter(
      ({ scheme }) => scheme === 'file',
    );
    const launcher = vscode.Uri.joinPath(storage, LAUNCHER_NAME);
    await vscode.workspace.fs.createDirectory(storage);
    await vscode.workspace.fs.writeFile(launcher, new TextEncoder().encode(launcherSource(serverFile, `${extensionId().toLowerCase()}-`)));
    const started = {
      // VS Code's own program is a Node as well, so that nothing else is needed.
      program: process.execPath,
      args: [launcher.fsPath, ...[...new Set(roots.map(({ fsPath }) => path.normalize(fsPath)))].flatMap((root) => ['--root', root])],
      env: { ELECTRON_RUN_AS_NODE: '1' },
    };
    await vscode.env.clipboard.writeText(configuration.text(started, process.platform));
    void vscode.window.showInformationMessage(
      roots.length === 0
        ? `The configuration for ${configuration.label} is on the clipboard. It serves the folders that the client names; add --root with another folder where that is wanted.`
        : `The configuration for ${configuration.label} is on the clipboard: ${configuration.detail}.`,
    );
  });
}
