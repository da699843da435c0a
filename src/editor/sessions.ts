/**
 * The opened captures: whoever asks for the same capture shares one engine and one Report. A session ends when the
 * last one who asked has let go of it.
 */
import type { EngineEvent, EngineSession } from '../analysis/engineApi.ts';

/** One asker's hold on a session. */
export interface SessionLease {
  readonly session: EngineSession;
  /** Lets go; safe to call twice. */
  release(): void;
}

export interface Sessions {
  /** Joins the session of `key`, or opens it. */
  acquire(key: string): SessionLease;
  /** Keys of the sessions that are open now. */
  openKeys(): readonly string[];
  dispose(): void;
}

interface Shared {
  readonly session: EngineSession;
  holders: number;
}

/** `open` starts an engine; it is called once per key as long as somebody holds that key. */
export function createSessions(open: (key: string) => EngineSession): Sessions {
  const shared = new Map<string, Shared>();

  function release(key: string, entry: Shared): void {
    entry.holders -= 1;
    if (entry.holders > 0) return;
    shared.delete(key);
    entry.session.dispose();
  }

  return {
    acquire(key) {
      let entry = shared.get(key);
      if (entry === undefined) {
        entry = { session: rememberingEvents(open(key)), holders: 0 };
        shared.set(key, entry);
      }
      const held = entry;
      held.holders += 1;
      let released = false;
      return {
        session: held.session,
        release() {
          if (released) return;
          released = true;
          release(key, held);
        },
      };
    },
    openKeys: () => [...shared.keys()],
    dispose() {
      for (const { session } of shared.values()) session.dispose();
      shared.clear();
    },
  };
}

/** Who joins late hears first what was last said: how far reading is, how many packets there are, what went wrong. */
function rememberingEvents(session: EngineSession): EngineSession {
  const last = new Map<EngineEvent['kind'], EngineEvent>();
  session.onEvent((event) => {
    // Of what was read before nothing holds, and whoever joins later has missed nothing.
    if (event.kind === 'restarted') return last.clear();
    last.set(event.kind, event);
    // A file that could not be read, and by now can be.
    if (event.kind === 'updated') last.delete('failed');
    if (event.kind === 'updated' && event.complete) last.delete('progress');
  });
  return {
    call: (method, params, signal) => session.call(method, params, signal),
    onEvent(listener) {
      for (const event of last.values()) listener(event);
      return session.onEvent(listener);
    },
    dispose: () => session.dispose(),
  };
}

/** Resolves when all of the file as it is now has been read; rejects with one sentence when it cannot be. */
export function whenComplete(session: EngineSession, signal?: AbortSignal): Promise<number> {
  return new Promise((resolve, reject) => {
    const settle = (act: () => void): void => {
      // Remembered events arrive while we are still subscribing.
      queueMicrotask(() => stop());
      signal?.removeEventListener('abort', onAbort);
      act();
    };
    const onAbort = (): void => settle(() => reject(new Error('cancelled')));
    const stop = session.onEvent((event) => {
      if (event.kind === 'failed') settle(() => reject(new Error(event.message)));
      else if (event.kind === 'updated' && event.complete) settle(() => resolve(event.packets));
    });
    if (signal?.aborted === true) onAbort();
    else signal?.addEventListener('abort', onAbort);
  });
}
