/**
 * Tells a client when what a resource says has changed: a capture grew or was replaced, a finding appeared, there is a new capture. Captures are looked at
 * again and again instead of asking the system for news, which are lost on network drives; it rests as long as it works.
 */
import type { McpServer } from '@modelcontextprotocol/sdk/server/mcp.js';
import { ErrorCode, McpError, SubscribeRequestSchema, UnsubscribeRequestSchema } from '@modelcontextprotocol/sdk/types.js';
import type { CaptureStore } from '../analysis/captureStore.ts';
import { CAPTURES, textAt, type Resource } from './resources.ts';
import type { ToolRunner } from './toolRunner.ts';

/** Each is a whole capture that is looked after. */
const MOST_SUBSCRIPTIONS = 100;
const INTERVAL_MS = 1000;

interface Subscription {
  readonly resource: Resource;
  /** Of the file when it was last looked at: place, size and time. */
  stamp: string;
  /** What the resource said then; null until it has been read, in the background. */
  text: string | null;
  /** The stamp that `text` belongs to. */
  textStamp: string | null;
}

export interface SubscriptionsOptions {
  readonly captures: CaptureStore;
  readonly run: ToolRunner;
  /** Null where there is no such resource; throws where its address is wrong. */
  readonly resourceAt: (uri: string) => Resource | null;
  readonly intervalMs?: number | undefined;
}

/** Returns how to end it. */
export function offerSubscriptions(server: McpServer, { captures, run, resourceAt, intervalMs = INTERVAL_MS }: SubscriptionsOptions): () => void {
  const subscriptions = new Map<string, Subscription>(),
    ending = new AbortController();
  let timer: ReturnType<typeof setTimeout> | null = null;

  server.server.registerCapabilities({ resources: { subscribe: true, listChanged: true } });
  server.server.setRequestHandler(SubscribeRequestSchema, async ({ params: { uri } }) => {
    const resource = resourceAt(uri);
    if (resource === null) throw new McpError(ErrorCode.InvalidParams, `There is no resource ${uri.slice(0, 200)}.`);
    const stamp = await stampOf(resource);
    if (!stamp.ok) throw new McpError(ErrorCode.InvalidParams, stamp.message);
    // After the waiting: many may have been asked for at once.
    if (!subscriptions.has(uri) && subscriptions.size >= MOST_SUBSCRIPTIONS)
      throw new McpError(ErrorCode.InvalidParams, `${MOST_SUBSCRIPTIONS} resources are watched already: unsubscribe from one first.`);
    subscriptions.set(uri, { resource, stamp: stamp.stamp, text: null, textStamp: null });
    lookSoon(0);
    return {};
  });
  server.server.setRequestHandler(UnsubscribeRequestSchema, ({ params: { uri } }) => {
    subscriptions.delete(uri);
    return {};
  });

  async function stampOf({
    capture,
  }: Resource): Promise<{ readonly ok: true; readonly stamp: string } | { readonly ok: false; readonly message: string }> {
    const found = capture === null ? await captures.list() : await captures.resolve(capture);
    return found.ok ? { ok: true, stamp: JSON.stringify(found.files) } : found;
  }

  function lookSoon(ms: number): void {
    if (ending.signal.aborted || subscriptions.size === 0) return;
    timer ??= setTimeout(() => void look(), ms);
  }

  async function look(): Promise<void> {
    const startedMs = performance.now();
    for (const [uri, subscription] of subscriptions) {
      try {
        await lookAt(uri, subscription);
      } catch {
        // Cancelled, or the client is gone; what else goes wrong goes wrong in its own calls, too.
      }
      if (ending.signal.aborted) return;
    }
    timer = null;
    lookSoon(Math.max(intervalMs, performance.now() - startedMs));
  }

  async function lookAt(uri: string, subscription: Subscription): Promise<void> {
    const { resource } = subscription,
      found = await stampOf(resource),
      stamp = found.ok ? found.stamp : 'gone';
    if (stamp === subscription.stamp && stamp === subscription.textStamp) return;
    const text = await textAt(resource, run, { signal: ending.signal });
    // Without a text from before, the file alone says whether something may have happened since it was subscribed to.
    const changed = subscription.text === null ? stamp !== subscription.stamp : text !== subscription.text,
      after = await stampOf(resource);
    // What changed while it was read may be in this text already: the next one would be the same, and the news lost.
    const settled = stamp === (after.ok ? after.stamp : 'gone');
    Object.assign(subscription, { stamp, text: settled ? text : null, textStamp: settled ? stamp : null });
    if (!changed || subscriptions.get(uri) !== subscription) return;
    await server.server.sendResourceUpdated({ uri });
    if (uri === CAPTURES) await server.server.sendResourceListChanged();
  }

  return () => {
    ending.abort();
    subscriptions.clear();
    if (timer !== null) clearTimeout(timer);
    timer = null;
  };
}
