/** An EngineSession whose engine is still on its way: calls wait for it, and a failure to start is an event like any other. */
import type { EngineEvent, EngineSession } from '../analysis/engineApi.ts';
import { CallCancelled } from '../analysis/rpc.ts';

/** The session that `starting` resolves to. If it rejects, its message is told as a `failed` event and by every call. */
export function lazySession(starting: Promise<EngineSession>): EngineSession {
  const listeners = new Set<(event: EngineEvent) => void>();
  let disposed = false;
  const started = starting.then((session) => {
    if (disposed) {
      session.dispose();
      throw new CallCancelled('the capture was closed');
    }
    session.onEvent((event) => {
      for (const listener of [...listeners]) listener(event);
    });
    return session;
  });
  started.catch((error: unknown) => {
    const message = error instanceof Error ? error.message : String(error);
    for (const listener of [...listeners]) listener({ kind: 'failed', message });
  });
  return {
    call: async (method, params, signal) => (await started).call(method, params, signal),
    onEvent(listener) {
      listeners.add(listener);
      return () => listeners.delete(listener);
    },
    dispose() {
      disposed = true;
      listeners.clear();
      started.then(
        (session) => session.dispose(),
        () => undefined,
      );
    },
  };
}
