/** What the extension adds to VS Code: registrations and nothing else. No file is read and no thread started before somebody asks. */
import * as vscode from 'vscode';
import { registerChat } from './chat/chat.vscode.ts';
import { rememberMonitored, rememberResults } from './editor/analyses.ts';
import { allowList } from './editor/allowList.ts';
import { captureEditors, VIEW_TYPE } from './editor/captureEditor.ts';
import { captureLibrary, capturesFolders } from './editor/captureLibrary.ts';
import { capturesTree } from './editor/capturesTree.ts';
import { registerCommands } from './editor/commands.ts';
import { registerComparisons } from './editor/comparisons.ts';
import { registerLanguageModelTools } from './editor/languageModelTools.ts';
import { detectorSettings } from './editor/detectorSettings.ts';
import { keepJudged } from './editor/judging.ts';
import { netsecFolders } from './editor/netsecFolders.ts';
import { openCapture } from './editor/openCapture.ts';
import { pageStates } from './editor/pageState.ts';
import { problemsPanel } from './editor/problemsPanel.ts';
import { recordingFiles } from './editor/recordings.ts';
import { RECORDING_SCHEME } from './editor/recordingUri.ts';
import { keepThroughRenaming } from './editor/renaming.ts';
import { createSessions } from './editor/sessions.ts';
import { summaries as captureSummaries } from './editor/summaries.ts';
import { workspaceCaptures } from './editor/workspaceCaptures.ts';
import { registerMonitor } from './live/monitor.vscode.ts';
import { registerRecordings } from './live/recordings.vscode.ts';
import { registerCopyConfiguration } from './mcp/copyConfiguration.vscode.ts';
import { registerMcpServer } from './mcp/definitionProvider.vscode.ts';

export function activate(context: vscode.ExtensionContext): void {
  const dist = vscode.Uri.joinPath(context.extensionUri, 'dist');
  const workerFile = vscode.Uri.joinPath(dist, 'worker.mjs').fsPath;
  const serverFile = vscode.Uri.joinPath(dist, 'mcp.mjs').fsPath;
  const summaries = captureSummaries(context.workspaceState);
  const library = captureLibrary();
  const netsec = netsecFolders();
  const allow = allowList(netsec);
  const sessions = createSessions((key) => {
    const uri = vscode.Uri.parse(key, true);
    const session = keepJudged(uri, openCapture(uri, workerFile), allow, netsec);
    rememberResults(uri, session, { summaries, library });
    return session;
  });
  const problems = problemsPanel();
  const states = pageStates(context.workspaceState);
  const editors = captureEditors({ dist, sessions, allow, problems, states });
  const tree = capturesTree(library, summaries);
  const inFront = (): { uri: vscode.Uri; state: unknown } | null => {
    const uri = editors.inFront()?.uri;
    return uri === undefined ? null : { uri, state: states.load(uri.toString()) };
  };
  const captures = workspaceCaptures({ library, sessions });
  const recordings = registerRecordings({
    cli: vscode.Uri.joinPath(dist, 'cli.mjs').fsPath,
    capturesFolders,
    show: (uri) => editors.show(uri),
    storage: context.globalState,
  });
  context.subscriptions.push(
    library,
    netsec,
    problems,
    sessions,
    tree,
    vscode.window.registerCustomEditorProvider(VIEW_TYPE, editors, {
      supportsMultipleEditorsPerDocument: true,
      webviewOptions: { retainContextWhenHidden: false },
    }),
    vscode.window.createTreeView('netsec.captures', { treeDataProvider: tree, showCollapseAll: false, canSelectMany: true }),
    vscode.workspace.registerFileSystemProvider(RECORDING_SCHEME, recordingFiles(), { isReadonly: true }),
    vscode.window.registerFileDecorationProvider(tree),
    keepThroughRenaming([states, summaries]),
    ...registerCommands({ editors, library, sessions, summaries, netsec }),
    ...registerComparisons({ editors, library, sessions }),
    ...registerChat(context, {
      captures,
      inFront,
      show: (uri, command, column) => editors.show(uri, command, column),
      recorder: recordings.recorder,
    }),
    ...recordings.registered,
    ...registerLanguageModelTools({ captures, editors, recorder: recordings.recorder }),
    ...registerMonitor({
      cli: vscode.Uri.joinPath(dist, 'cli.mjs').fsPath,
      capturesFolders,
      detectorOptions: detectorSettings,
      allow,
      show: (uri, finding) => editors.show(uri, finding === null ? { kind: 'show', view: 'overview' } : { kind: 'showFinding', id: finding }),
      share: (uri, result) => rememberMonitored(uri, result, { summaries, library }),
      storageFolder: context.storageUri,
      memory: context.workspaceState,
    }),
    registerMcpServer({
      serverFile,
      capturesFolders,
      keepsReports: () => vscode.workspace.getConfiguration('netsec').get('keepReports', true),
    }),
    registerCopyConfiguration({ serverFile, storage: context.globalStorageUri, extensionId: () => context.extension.id, capturesFolders }),
  );
}
