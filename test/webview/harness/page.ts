/**
 * The page's host for tests: theme tokens, `acquireVsCodeApi`, and the fake engine behind it. By the address:
 * ?theme=dark|light|hc-dark|hc-light &packets=N &conversations=N &state=reading|failed|empty &view=... &filter=... &late=packets (a list that comes after all else)
 * Each message is cloned and arrives in a later task, as through a real channel.
 */
import type { PageMethods } from '../../../media/engine.ts';
import type { HostEvent, PageCommand, PageSaying } from '../../../src/analysis/engineApi.ts';
import { rpcServer } from '../../../src/analysis/rpc.ts';
import { pageCommands } from '../../../src/editor/pageCommands.ts';
import { fakeEngine } from './fakeEngine.ts';
import { hostileReport } from './hostileReport.ts';
import { THEMES } from './themes.ts';
import { makeTraffic } from './traffic.ts';

interface Harness {
  asked: unknown[];
  state: unknown;
  emit: (event: HostEvent) => void;
  /** Gives the page a command, as the palette or a link does. */
  send: (command: PageCommand) => void;
  setTheme: (name: string) => void;
}

declare global {
  interface Window {
    harness: Harness;
    acquireVsCodeApi: () => unknown;
  }
}

const query = new URLSearchParams(location.search);
const number = (name: string, standard: number): number => Number(query.get(name) ?? standard);
const mode = query.get('state') ?? '';
const packets = mode === 'empty' ? 0 : number('packets', 1250);
const traffic = makeTraffic(packets, number('conversations', packets >= 100_000 ? 5000 : 620));
let readable = mode === 'reading' ? Math.floor(packets * 0.64) : packets;

function setTheme(name: string): void {
  const theme = THEMES[name] ?? THEMES['dark']!;
  const { style } = document.documentElement;
  style.cssText = '';
  for (const [token, value] of Object.entries(theme.tokens)) style.setProperty(`--vscode-${token}`, value);
  style.setProperty('--vscode-font-family', '"Segoe WPC", "Segoe UI", Ubuntu, "Liberation Sans", sans-serif');
  style.setProperty('--vscode-font-size', '13px');
  style.setProperty('--vscode-editor-font-family', 'Consolas, Menlo, "Liberation Mono", monospace');
  document.body.className = theme.bodyClass;
}

const toHost = new Set<(message: unknown) => void>();
const asked: unknown[] = [];
const engine = fakeEngine(traffic, () => readable, asked);
const hostileEngine = (): typeof engine => ({ ...engine, report: async (params, signal) => hostileReport(await engine.report(params, signal)) });
const lateEngine = (): typeof engine => ({
  ...engine,
  packets: async (params, signal) => {
    await new Promise((resolve) => setTimeout(resolve, 400));
    return engine.packets(params, signal);
  },
});
const server = rpcServer<PageMethods, HostEvent>(
  {
    post: (message) => {
      const copy = structuredClone(message);
      setTimeout(() => window.postMessage(copy, '*'), 0);
    },
    listen: (onMessage) => {
      toHost.add(onMessage);
      return () => toHost.delete(onMessage);
    },
  },
  query.get('findings') === 'hostile' ? hostileEngine() : query.get('late') === 'packets' ? lateEngine() : engine,
);
const commands = pageCommands((event) => server.emit(event));

function begin(): void {
  const fileBytes = packets * 900;
  server.emit({
    kind: 'start',
    start: { fileName: 'office-2025-10-14.pcapng', fileBytes, state: null, locale: 'en', settings: { colorPackets: query.get('color') === '1' } },
  });
  if (mode === 'failed') server.emit({ kind: 'failed', message: 'Its name ends in .pcapng, but it begins with %PDF-1.7: it is a PDF document.' });
  else if (mode === 'reading') {
    server.emit({ kind: 'progress', progress: { phase: 'reading', bytesDone: fileBytes * 0.64, bytesTotal: fileBytes, packets: readable } });
    server.emit({ kind: 'updated', packets: readable, complete: false });
  } else if (mode !== 'waiting') server.emit({ kind: 'updated', packets: readable, complete: true });
  commands.listening();
}

const saved = sessionStorage.getItem('state');
window.harness = {
  asked,
  state: saved === null ? null : (JSON.parse(saved) as unknown),
  emit: (event) => {
    if (event.kind === 'updated') readable = event.packets;
    server.emit(event);
  },
  send: commands.send,
  setTheme,
};
window.acquireVsCodeApi = () => ({
  postMessage: (message: unknown) => {
    const copy = structuredClone(message);
    setTimeout(() => {
      const said = (copy as { event?: PageSaying }).event;
      if (said?.kind === 'ready') begin();
      else if (said?.kind === 'followed') commands.followed(said.number);
      else for (const listener of toHost) listener(copy);
    }, 0);
  },
  getState: () => window.harness.state,
  setState: (state: unknown) => {
    window.harness.state = state;
    sessionStorage.setItem('state', JSON.stringify(state));
  },
});

setTheme(query.get('theme') ?? 'dark');
const view = query.get('view');
if (view !== null && window.harness.state === null) window.harness.state = { view, filter: query.get('filter') ?? '', timeRange: null };
