/** One capture's engine in a worker thread, as an EngineSession. The thread ends with the session. */
import { Worker } from 'node:worker_threads';
import { locationName, type CaptureLocation, type EngineEvent, type EngineMethods, type EngineSession } from '../analysis/engineApi.ts';
import { rpcCaller, type Channel } from '../analysis/rpc.ts';

/** What `dist/worker.mjs` finds in `workerData`. */
export interface WorkerStart {
  readonly location: CaptureLocation;
  /** Read on when the file grows. */
  readonly follow: boolean;
  /** Options by detector id, where they differ from the defaults. */
  readonly detectorOptions: Readonly<Record<string, unknown>>;
}

/** Asks the worker to clean up and end. */
const CLOSE = { rpc: 'event', event: { kind: 'close' } } as const;
const CLOSING_MS = 2000;

/** Starts the worker bundled at `workerFile`. Failing to start is told as a `failed` event, like a file that cannot be read. */
export function startEngine(workerFile: string, start: WorkerStart): EngineSession {
  const worker = new Worker(workerFile, { workerData: start, name: `netsec ${locationName(start.location)}` });
  const channel: Channel = {
    post: (message, transfer) => {
      worker.postMessage(message, [...(transfer ?? [])]);
    },
    listen: (onMessage) => {
      worker.on('message', onMessage);
      return () => worker.off('message', onMessage);
    },
  };
  const caller = rpcCaller<EngineMethods, EngineEvent>(channel);
  const failureListeners = new Set<(event: EngineEvent) => void>();
  let disposed = false;

  const failed = (why: string): void => {
    if (disposed) return;
    // Whoever waits for an answer of a dead thread would wait for ever.
    caller.dispose();
    for (const listener of [...failureListeners])
      listener({ kind: 'failed', message: `The analysis of ${locationName(start.location)} stopped: ${why}` });
  };
  worker.on('error', (error) => failed(error instanceof Error ? error.message : String(error)));
  worker.on('exit', (code) => failed(`its thread ended with code ${code}.`));

  return {
    call: (method, params, signal) => caller.call(method, params, signal),
    onEvent(listener) {
      const stop = caller.onEvent(listener);
      failureListeners.add(listener);
      return () => {
        stop();
        failureListeners.delete(listener);
      };
    },
    dispose() {
      if (disposed) return;
      disposed = true;
      caller.dispose();
      failureListeners.clear();
      // The worker stops reading and removes its temporary files, then ends; one that does not is ended.
      worker.postMessage(CLOSE);
      const timer = setTimeout(() => void worker.terminate(), CLOSING_MS);
      worker.once('exit', () => clearTimeout(timer));
    },
  };
}
