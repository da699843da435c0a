/** The page's end of the one channel to its host: calls, answers and events over `postMessage`. */
import type { EngineEvent, EngineMethods, HostMethods, PageCommand } from '../src/analysis/engineApi.ts';
import { rpcCaller, type Caller } from '../src/analysis/rpc.ts';

/** Where the host has a method of the same name (it asks the user where to save), the host's is the one a page reaches. */
export type PageMethods = Omit<EngineMethods, keyof HostMethods> & HostMethods;
export type PageEvent = EngineEvent | PageCommand;
export type Engine = Caller<PageMethods, PageEvent>;

interface VsCodeApi {
  postMessage(message: unknown, transfer?: readonly ArrayBuffer[]): void;
  getState(): unknown;
  setState(state: unknown): void;
}

declare function acquireVsCodeApi(): VsCodeApi;

export interface Host {
  readonly engine: Engine;
  readonly getState: () => unknown;
  readonly setState: (state: unknown) => void;
  /** Tells the host that events will be heard from now on; it answers with `start`. */
  readonly ready: () => void;
}

export function connect(): Host {
  const api = acquireVsCodeApi();
  const engine = rpcCaller<PageMethods, PageEvent>({
    post: (message) => api.postMessage(message),
    listen(onMessage) {
      const listener = (event: MessageEvent<unknown>): void => onMessage(event.data);
      window.addEventListener('message', listener);
      return () => window.removeEventListener('message', listener);
    },
  });
  return {
    engine,
    getState: () => api.getState(),
    setState: (state) => api.setState(state),
    ready: () => api.postMessage({ rpc: 'event', event: { kind: 'ready' } }),
  };
}
