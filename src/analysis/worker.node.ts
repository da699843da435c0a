/** The engine in a worker thread: opens the capture it is given, serves calls, and reads on while the file grows. */
import { parentPort, workerData } from 'node:worker_threads';
import { installPlatform } from '../pcap/platform.ts';
import { nodePlatform } from '../pcap/platform.node.ts';
import { openCaptureFile, type OpenedCapture } from './captureFile.node.ts';
import type { CaptureLocation, EngineEvent, EngineMethods, ListsRead } from './engineApi.ts';
import { hashCapture } from './hashFile.node.ts';
import { intelStamp, readIntelFolder, type IntelFolder } from './intelFolder.node.ts';
import { rpcServer, type Channel, type Handlers } from './rpc.ts';
import { CaptureSession } from './session.ts';
import { VERSION } from './version.ts';

interface WorkerStart {
  readonly location: CaptureLocation;
  readonly follow: boolean;
  readonly detectorOptions?: Readonly<Record<string, unknown>>;
}

/** How often a followed file is looked at; a stat costs microseconds. */
const FOLLOW_INTERVAL_MS = 500;

installPlatform(nodePlatform);
if (parentPort === null) throw new Error('worker.node.ts runs in a worker thread');
const port = parentPort,
  start = workerData as WorkerStart;

const channel: Channel = {
  post: (message) => port.postMessage(message),
  listen: (onMessage) => {
    port.on('message', onMessage);
    return () => port.off('message', onMessage);
  },
};

const closing = new AbortController();
let opened: OpenedCapture | undefined;

/** Of the capture's own `.netsec/intel`; none for bytes, which lie in no folder. */
let listsStamp = stampOfLists(),
  lists: IntelFolder = readLists();
/** Whose events are told: a session that is still reading under other lists keeps quiet. */
let speaking: CaptureSession | undefined;

/** Calls wait until the capture is open; when it cannot be, they all say why. Another session takes its place when the lists change. */
let session: Promise<CaptureSession> = open();
session.catch(() => undefined);
const handlers = new Proxy({} as Handlers<EngineMethods>, {
  // The methods are those of the session, which does not exist yet when the first calls come.
  get: (_, method: string) =>
    method === 'rereadLists'
      ? rereadLists
      : async (params: never, signal: AbortSignal) => (await session).handlers[method as keyof EngineMethods](params, signal),
  getOwnPropertyDescriptor: (_, method: string) => ({ configurable: true, enumerable: true, value: method }),
});
const server = rpcServer<EngineMethods, EngineEvent>(channel, handlers);

async function open(): Promise<CaptureSession> {
  const result = await openCaptureFile(start.location, {
    signal: closing.signal,
    onInflate: (bytesDone, bytesTotal) => emit({ kind: 'progress', progress: { phase: 'inflating', bytesDone, bytesTotal, packets: 0 } }),
  });
  if (!result.ok) {
    emit({ kind: 'failed', message: result.message });
    throw new Error(result.message);
  }
  opened = result.capture;
  return (speaking = sessionOf(result.capture));
}

function sessionOf({ source, format, file }: OpenedCapture): CaptureSession {
  const made: CaptureSession = new CaptureSession(source, format, file, {
    version: VERSION,
    intel: lists.entries,
    ...(start.detectorOptions === undefined ? {} : { detectorOptions: start.detectorOptions }),
    emit: (event) => {
      if (made === speaking) emit(event);
    },
    hash: (bytes) => hashCapture(start.location, closing.signal, bytes),
  });
  return made;
}

function stampOfLists(): string {
  return start.location.kind === 'path' ? intelStamp(start.location.path) : '';
}

function readLists(): IntelFolder {
  return start.location.kind === 'path' ? readIntelFolder(start.location.path) : { path: null, files: 0, entries: [], problems: [] };
}

/** One after the other: lists are often written in several steps. */
let rereading: Promise<unknown> = Promise.resolve();

async function rereadLists(): Promise<ListsRead> {
  const mine = rereading.then(async () => {
    const stamp = stampOfLists();
    if (stamp !== listsStamp) {
      listsStamp = stamp;
      lists = readLists();
      const before = await session,
        next = sessionOf(opened!);
      // The old one answers until the new one has read as much.
      await next.read(closing.signal);
      next.judgeLike(before);
      session = Promise.resolve(next);
      speaking = next;
      next.tellAgain();
    }
    const { files, entries, problems } = lists;
    return { files, entries: entries.length, problems: problems.slice(0, 20) };
  });
  rereading = mine.catch(() => undefined);
  return mine;
}

let lastProgressMs = 0;

function emit(event: EngineEvent): void {
  // Inflating tells of every chunk; a page has no use for thousands a second.
  if (event.kind === 'progress' && event.progress.phase === 'inflating') {
    const now = performance.now();
    if (now - lastProgressMs < 200) return;
    lastProgressMs = now;
  }
  server.emit(event);
}

async function readAndFollow(): Promise<void> {
  await (await session).read(closing.signal);
  // Chunk by chunk between the calls; a file that grows meanwhile is hashed again when a report is exported.
  void (await session).hash();
  if (!start.follow || opened === undefined || opened.file.compression !== null || start.location.kind !== 'path') return;
  let { size } = opened.source;
  while (!closing.signal.aborted) {
    await new Promise((resolve) => setTimeout(resolve, FOLLOW_INTERVAL_MS).unref());
    const now = await opened.source.refresh();
    if (now < size) {
      emit({
        kind: 'failed',
        message: `${opened.file.name} became shorter while it was open: it was replaced or cut. Open it again to see what it holds now.`,
      });
      return;
    }
    if (now > size) await (await session).read(closing.signal);
    size = now;
  }
}

readAndFollow().catch((error: unknown) => {
  if (!closing.signal.aborted && opened !== undefined)
    emit({
      kind: 'failed',
      message: `Reading ${opened.file.name} stopped: ${error instanceof Error ? error.message : String(error)}. What was read before is kept.`,
    });
});

port.on('message', (message: unknown) => {
  if (!isClose(message)) return;
  closing.abort();
  server.dispose();
  void (opened?.close() ?? Promise.resolve()).finally(() => port.close());
});

function isClose(message: unknown): boolean {
  return (
    typeof message === 'object' &&
    message !== null &&
    'event' in message &&
    typeof message.event === 'object' &&
    message.event !== null &&
    'kind' in message.event &&
    message.event.kind === 'close'
  );
}
