/** The editor for capture files: VS Code's side of the page, which gets its data through the calls of engineApi.ts. */
import * as vscode from 'vscode';
import type { EngineMethods, EngineSession, HostEvent, HostMethods, PageCommand, PageSaying, PageStart } from '../analysis/engineApi.ts';
import { rpcServer, type Channel, type Handlers } from '../analysis/rpc.ts';
import type { AllowList } from './allowList.ts';
import { engineHandlers } from './engineHandlers.ts';
import { exportReport, savePackets } from './exports.ts';
import { saveFiles } from './savedFiles.ts';
import { hostMethods } from './hostMethods.ts';
import { detectorSettings } from './detectorSettings.ts';
import { nameOf } from './openCapture.ts';
import { pageHtml } from './page.ts';
import { pageCommands } from './pageCommands.ts';
import type { PageStates } from './pageState.ts';
import type { ProblemsPanel } from './problemsPanel.ts';
import type { SessionLease, Sessions } from './sessions.ts';

export const VIEW_TYPE = 'netsec.capture';

/** What the page can call: the engine, and beside it the host, whose dialogs stand before the engine's export of the same name. */
export type PageMethods = Omit<EngineMethods, keyof HostMethods> & HostMethods;

/** One page on the screen. */
export interface OpenEditor {
  readonly uri: vscode.Uri;
  readonly session: EngineSession;
  send(command: PageCommand): void;
}

export interface CaptureEditors extends vscode.CustomReadonlyEditorProvider<CaptureDocument> {
  /** The capture editor in front, if the active editor is one. */
  active(): OpenEditor | undefined;
  /** The same; else one that can be seen beside the active editor. */
  inFront(): OpenEditor | undefined;
  /** Opens a capture, in this column where one is said, or brings it to the front, and gives its page a command. */
  show(uri: vscode.Uri, command?: PageCommand, column?: vscode.ViewColumn): Promise<void>;
}

interface CaptureDocument extends vscode.CustomDocument {
  readonly lease: SessionLease;
}

export interface EditorContext {
  readonly dist: vscode.Uri;
  readonly sessions: Sessions;
  readonly allow: AllowList;
  readonly problems: ProblemsPanel;
  readonly states: PageStates;
}

export function captureEditors(context: EditorContext): CaptureEditors {
  const open = new Map<vscode.WebviewPanel, OpenEditor>();
  /** Commands for pages that VS Code is still opening. */
  const waiting = new Map<string, PageCommand>();

  return {
    openCustomDocument(uri) {
      const lease = context.sessions.acquire(uri.toString());
      const stopProblems = context.problems.watch(uri, lease.session);
      return {
        uri,
        lease,
        dispose: () => {
          stopProblems();
          lease.release();
        },
      };
    },
    resolveCustomEditor(document, panel) {
      const editor = connectPage(context, document, panel);
      open.set(panel, editor);
      panel.onDidDispose(() => open.delete(panel));
      const key = document.uri.toString();
      const command = waiting.get(key);
      if (command !== undefined) editor.send(command);
      waiting.delete(key);
    },
    active: () => [...open].find(([panel]) => panel.active)?.[1],
    inFront: () => ([...open].find(([panel]) => panel.active) ?? [...open].find(([panel]) => panel.visible))?.[1],
    async show(uri, command, column) {
      const key = uri.toString();
      const [panel, editor] = [...open].find(([, each]) => each.uri.toString() === key) ?? [];
      if (panel !== undefined && editor !== undefined) {
        // Without its column it would be taken to the one that has the focus.
        panel.reveal(panel.viewColumn);
        if (command !== undefined) editor.send(command);
        return;
      }
      if (command !== undefined) waiting.set(key, command);
      await vscode.commands.executeCommand('vscode.openWith', uri, VIEW_TYPE, column);
    },
  };
}

function connectPage(context: EditorContext, document: CaptureDocument, panel: vscode.WebviewPanel): OpenEditor {
  const { webview } = panel;
  const { uri } = document;
  const { session } = document.lease;
  const closed: vscode.Disposable[] = [];

  const channel: Channel = {
    post: (message) => {
      void webview.postMessage(message);
    },
    listen: (onMessage) => {
      const listening = webview.onDidReceiveMessage(onMessage);
      return () => {
        listening.dispose();
      };
    },
  };
  const ask = { uri, session };
  const handlers: Handlers<PageMethods> = {
    ...engineHandlers(session),
    ...hostMethods(uri, context.states, context.allow),
    exportReport: async (params) => {
      await exportReport(ask, params.selection);
      return null;
    },
    // The page ends a what-if with null: back to the settings of now, not to those of when the capture was opened.
    setDetectorOptions: ({ values }, signal) => session.call('setDetectorOptions', { values: values ?? detectorSettings(uri) }, signal),
    savePackets: async (params) => {
      await savePackets(ask, params.selection);
      return null;
    },
    saveTransferred: async ({ files }) => {
      await saveFiles(ask, files);
      return null;
    },
  };
  const server = rpcServer<PageMethods, HostEvent>(channel, handlers);
  const commands = pageCommands((event) => server.emit(event));
  let stopEvents: (() => void) | undefined;
  const stopListening = channel.listen((message) => {
    const said = sayingOf(message);
    if (said?.kind === 'followed') commands.followed(said.number);
    if (said?.kind !== 'ready') return;
    void startOf(uri, context.states).then((start) => {
      server.emit({ kind: 'start', start });
      // A page that was loaded anew has missed what the session said.
      stopEvents?.();
      stopEvents = session.onEvent((event) => server.emit(event));
      commands.listening();
    });
  });
  closed.push(
    panel.onDidChangeViewState(() => {
      if (panel.visible) commands.shown();
      else commands.hidden();
    }),
    panel.onDidDispose(() => {
      stopEvents?.();
      stopListening();
      server.dispose();
      for (const each of closed) each.dispose();
    }),
  );

  webview.options = { enableScripts: true, localResourceRoots: [context.dist] };
  webview.html = pageHtml({
    script: webview.asWebviewUri(vscode.Uri.joinPath(context.dist, 'webview.js')).toString(),
    styleSheet: webview.asWebviewUri(vscode.Uri.joinPath(context.dist, 'webview.css')).toString(),
    source: webview.cspSource,
    title: `${nameOf(uri)} - Netsec`,
    language: vscode.env.language,
  });
  return { uri, session, send: commands.send };
}

/** What the page said, unless the message is a call. */
function sayingOf(message: unknown): PageSaying | undefined {
  const { rpc, event } = (message ?? {}) as { rpc?: unknown; event?: PageSaying };
  return rpc === 'event' ? event : undefined;
}

async function startOf(uri: vscode.Uri, states: PageStates): Promise<PageStart> {
  let fileBytes = 0;
  try {
    fileBytes = (await vscode.workspace.fs.stat(uri)).size;
  } catch {
    // The engine says what is wrong with the file.
  }
  const colorPackets = vscode.workspace.getConfiguration('netsec', uri).get('colorPackets', false);
  return { fileName: nameOf(uri), fileBytes, state: states.load(uri.toString()), locale: vscode.env.language, settings: { colorPackets } };
}
