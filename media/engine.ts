/** The page's end of the one channel to its host: calls, answers and events over `postMessage`. */
import type { EngineMethods, HostEvent, HostMethods, PageCommand, PageSaying } from '../src/analysis/engineApi.ts';
import { rpcCaller, type Caller } from '../src/analysis/rpc.ts';

/** Where the host has a method of the same name (it asks the user where to save), the host's is the one a page reaches. */
export type PageMethods = Omit<EngineMethods, keyof HostMethods> & HostMethods;
/** What the store hears: a command without its number. */
export type PageEvent = Exclude<HostEvent, { kind: 'command' }> | PageCommand;
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
  const say = (event: PageSaying): void => api.postMessage({ rpc: 'event', event });
  const caller = rpcCaller<PageMethods, HostEvent>({
    post: (message) => api.postMessage(message),
    listen(onMessage) {
      const listener = (event: MessageEvent<unknown>): void => onMessage(event.data);
      window.addEventListener('message', listener);
      return () => window.removeEventListener('message', listener);
    },
  });
  let followed = 0;
  return {
    engine: {
      ...caller,
      onEvent: (listener) =>
        caller.onEvent((event) => {
          if (event.kind !== 'command') {
            listener(event);
            return;
          }
          // It comes again when the host could not know that it had arrived.
          if (event.number > followed) {
            followed = event.number;
            listener(event.command);
          }
          say({ kind: 'followed', number: event.number });
        }),
    },
    getState: () => api.getState(),
    setState: (state) => api.setState(state),
    ready: () => say({ kind: 'ready' }),
  };
}
