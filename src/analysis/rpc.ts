/**
 * Calls, answers, cancellation and events over any channel that posts structured-cloneable values.
 * Every call settles: an answer, an error of the other side, a cancellation, or the channel closing.
 */

/** The two halves of a MessagePort, a worker, or a webview. */
export interface Channel {
  post(message: unknown, transfer?: readonly ArrayBuffer[]): void;
  /** Returns a function that stops listening. */
  listen(onMessage: (message: unknown) => void): () => void;
}

/** Method name -> [parameters, result]. */
type MethodMap<M> = { [K in keyof M]: [unknown, unknown] };

type Message =
  | { readonly rpc: 'call'; readonly id: number; readonly method: string; readonly params: unknown }
  | { readonly rpc: 'cancel'; readonly id: number }
  | { readonly rpc: 'result'; readonly id: number; readonly value: unknown }
  | { readonly rpc: 'error'; readonly id: number; readonly message: string; readonly cancelled: boolean }
  | { readonly rpc: 'event'; readonly event: unknown };

/** Thrown to the caller when a call was cancelled or its channel closed. */
export class CallCancelled extends Error {
  override readonly name = 'CallCancelled';
}

/** An aborted pass throws whatever the host's AbortSignal throws; callers know one kind. */
export async function cancellable<T>(work: Promise<T>, signal: AbortSignal): Promise<T> {
  try {
    return await work;
  } catch (error) {
    throw signal.aborted ? new CallCancelled('cancelled') : error;
  }
}

function isMessage(value: unknown): value is Message {
  return typeof value === 'object' && value !== null && 'rpc' in value;
}

export interface Caller<M extends MethodMap<M>, Event> {
  call<K extends keyof M & string>(method: K, params: M[K][0], signal?: AbortSignal): Promise<M[K][1]>;
  onEvent(listener: (event: Event) => void): () => void;
  /** Rejects all open calls and stops listening. */
  dispose(): void;
}

/** The calling side. Errors of the other side arrive as `Error` with its message. */
export function rpcCaller<M extends MethodMap<M>, Event>(channel: Channel): Caller<M, Event> {
  const open = new Map<number, { resolve: (value: never) => void; reject: (error: Error) => void }>();
  const listeners = new Set<(event: Event) => void>();
  let nextId = 1;
  let disposed = false;
  const stop = channel.listen((message) => {
    if (!isMessage(message)) return;
    if (message.rpc === 'event') {
      for (const listener of [...listeners]) listener(message.event as Event);
      return;
    }
    if (message.rpc !== 'result' && message.rpc !== 'error') return;
    const waiting = open.get(message.id);
    if (waiting === undefined) return;
    open.delete(message.id);
    if (message.rpc === 'result') waiting.resolve(message.value as never);
    else waiting.reject(message.cancelled ? new CallCancelled(message.message) : new Error(message.message));
  });
  return {
    call(method, params, signal) {
      if (disposed) return Promise.reject(new CallCancelled('the engine was closed'));
      if (signal?.aborted === true) return Promise.reject(new CallCancelled('cancelled'));
      return new Promise((resolve, reject) => {
        const id = nextId++;
        const onAbort = (): void => {
          if (!open.delete(id)) return;
          channel.post({ rpc: 'cancel', id } satisfies Message);
          reject(new CallCancelled('cancelled'));
        };
        const settle =
          <T>(f: (value: T) => void) =>
          (value: T): void => {
            (signal as EventSource | undefined)?.removeEventListener('abort', onAbort);
            f(value);
          };
        open.set(id, { resolve: settle(resolve), reject: settle(reject) });
        (signal as EventSource | undefined)?.addEventListener('abort', onAbort);
        channel.post({ rpc: 'call', id, method, params } satisfies Message);
      });
    },
    onEvent(listener) {
      listeners.add(listener);
      return () => listeners.delete(listener);
    },
    dispose() {
      if (disposed) return;
      disposed = true;
      stop();
      for (const waiting of open.values()) waiting.reject(new CallCancelled('the engine was closed'));
      open.clear();
      listeners.clear();
    },
  };
}

interface EventSource {
  addEventListener(kind: 'abort', listener: () => void): void;
  removeEventListener(kind: 'abort', listener: () => void): void;
}

export type Handlers<M extends MethodMap<M>> = {
  readonly [K in keyof M & string]: (params: M[K][0], signal: AbortSignal) => Promise<M[K][1]> | M[K][1];
};

/** The answering side. A handler that throws answers with the error's message; unknown methods are refused. */
export function rpcServer<M extends MethodMap<M>, Event>(channel: Channel, handlers: Handlers<M>): { emit(event: Event): void; dispose(): void } {
  const running = new Map<number, AbortController>();
  const stop = channel.listen((message) => {
    if (!isMessage(message)) return;
    if (message.rpc === 'cancel') running.get(message.id)?.abort();
    if (message.rpc !== 'call') return;
    const { id, method, params } = message;
    const handler = Object.hasOwn(handlers, method)
      ? (handlers as Record<string, (params: unknown, signal: AbortSignal) => unknown>)[method]
      : undefined;
    const controller = new AbortController();
    running.set(id, controller);
    void (async () => {
      try {
        if (handler === undefined) throw new Error(`unknown method ${JSON.stringify(method)}`);
        const value = await handler(params, controller.signal);
        channel.post({ rpc: 'result', id, value } satisfies Message);
      } catch (error) {
        const cancelled = controller.signal.aborted || error instanceof CallCancelled;
        channel.post({ rpc: 'error', id, cancelled, message: error instanceof Error ? error.message : String(error) } satisfies Message);
      } finally {
        running.delete(id);
      }
    })();
  });
  return {
    emit(event) {
      channel.post({ rpc: 'event', event } satisfies Message);
    },
    dispose() {
      stop();
      for (const controller of running.values()) controller.abort();
      running.clear();
    },
  };
}
