/** The engine in a worker thread: opens the capture it is given, serves calls, and reads on while the file grows. */
import { parentPort, workerData } from 'node:worker_threads';
import { installPlatform } from '../pcap/platform.ts';
import { nodePlatform } from '../pcap/platform.node.ts';
import { openCaptureFile, type OpenedCapture, type OpenResult } from './captureFile.node.ts';
import type { CaptureLocation, EngineEvent, EngineMethods, ListsRead } from './engineApi.ts';
import { followFile, pathsOf } from './followFile.node.ts';
import { hashCapture } from './hashFile.node.ts';
import { readIntelFolder, type IntelFolder } from './intelFolder.node.ts';
import { readKeyFolder, type KeyFolder } from './keyFolder.node.ts';
import { stampInNetsec } from './netsecFolder.node.ts';
import { rpcServer, type Channel, type Handlers } from './rpc.ts';
import { CaptureSession } from './session.ts';
import { unopenedFiles } from './unopenedFile.node.ts';
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
/** Where it lies: a ring goes on in other files. */
let location: CaptureLocation = start.location;
/** What is being read now; another one once the file was replaced. */
let opened: OpenedCapture | undefined;

/** Of the capture's own `.netsec/intel` and `.netsec/keys`; none for bytes, which lie in no folder. */
let listsStamp = stampOfLists(),
  lists: IntelFolder = readLists(),
  keyProblems = readKeys().problems;
/** Whose events are told: a session that is still reading under other lists keeps quiet. */
let speaking: CaptureSession | undefined;

/** To be opened as soon as it can be. Null for who does not follow. */
const unopened = start.follow && start.location.kind !== 'bytes' ? unopenedFiles(pathsOf(start.location), FOLLOW_INTERVAL_MS, closing.signal) : null;
/** Why it could not be opened, as it was told. */
let refusal = '';

/** Calls wait until the capture is open; while it cannot be, they all say why. Another session takes its place when the lists change. */
let session: Promise<CaptureSession> = tryToOpen();
/** The first session there is: a file that is no capture yet may become one. */
const begun: Promise<CaptureSession> = session.catch(openOnceItCanBe);
begun.catch(() => undefined);
/** They say how it is judged, once it can be. */
const JUDGING: ReadonlySet<string> = new Set<keyof EngineMethods>(['rereadLists', 'setAllowRules', 'setDetectorOptions']);
const handlers = new Proxy({} as Handlers<EngineMethods>, {
  // The methods are those of the session, which does not exist yet when the first calls come.
  get: (_, method: string) => async (params: never, signal: AbortSignal) => {
    if (JUDGING.has(method)) await begun;
    return method === 'rereadLists' ? rereadLists() : (await session).handlers[method as keyof EngineMethods](params, signal);
  },
  getOwnPropertyDescriptor: (_, method: string) => ({ configurable: true, enumerable: true, value: method }),
});
const server = rpcServer<EngineMethods, EngineEvent>(channel, handlers);

function open(): Promise<OpenResult> {
  return openCaptureFile(location, {
    signal: closing.signal,
    onInflate: (bytesDone, bytesTotal) => emit({ kind: 'progress', progress: { phase: 'inflating', bytesDone, bytesTotal, packets: 0 } }),
  });
}

async function tryToOpen(): Promise<CaptureSession> {
  const result = await open();
  if (!result.ok) {
    if (result.message !== refusal) emit({ kind: 'failed', message: result.message });
    refusal = result.message;
    throw new Error(result.message);
  }
  opened = result.capture;
  return (speaking = sessionOf(result.capture));
}

async function openOnceItCanBe(why: unknown): Promise<CaptureSession> {
  if (unopened === null) throw why;
  for (;;) {
    await unopened.changed();
    session = tryToOpen();
    const made = await session.catch(() => null);
    if (made !== null) return made;
  }
}

function sessionOf({ source, format, file }: OpenedCapture): CaptureSession {
  const made: CaptureSession = new CaptureSession(source, format, file, {
    version: VERSION,
    intel: lists.entries,
    ...(start.detectorOptions === undefined ? {} : { detectorOptions: start.detectorOptions }),
    emit: (event) => {
      if (made === speaking) emit(event);
    },
    hash: (bytes) => hashCapture(location, closing.signal, bytes),
  });
  return made;
}

function stampOfLists(): string {
  const { location: at } = start;
  return at.kind === 'path' ? `${stampInNetsec(at.path, 'intel')}\n${stampInNetsec(at.path, 'keys')}` : '';
}

function readLists(): IntelFolder {
  return start.location.kind === 'path' ? readIntelFolder(start.location.path) : { path: null, files: 0, entries: [], problems: [] };
}

function readKeys(): KeyFolder {
  return readKeyFolder(location.kind === 'path' ? location.path : undefined);
}

/** One after the other: lists are often written in several steps. */
let rereading: Promise<unknown> = Promise.resolve();

async function rereadLists(): Promise<ListsRead> {
  const mine = rereading.then(async () => {
    const stamp = stampOfLists();
    if (stamp !== listsStamp) {
      listsStamp = stamp;
      lists = readLists();
      const keys = readKeys();
      opened!.source.keys = keys.keys;
      keyProblems = keys.problems;
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
    return { files, entries: entries.length, problems: [...problems, ...keyProblems].slice(0, 20) };
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
  const first = await begun;
  const follower = start.follow && start.location.kind !== 'bytes' ? followFile(start.location, opened!) : null;
  await first.read(closing.signal);
  // Chunk by chunk between the calls; a file that grows meanwhile is hashed again when a report is exported.
  void (await session).hash();
  if (follower === null) return;
  while (!closing.signal.aborted) {
    await new Promise((resolve) => setTimeout(resolve, FOLLOW_INTERVAL_MS).unref());
    const news = await follower.look();
    switch (news.kind) {
      case 'nothing':
        break;
      case 'grew':
        (await session).isGrowing = true;
        await (await session).read(closing.signal);
        break;
      case 'quiet':
        (await session).isGrowing = false;
        break;
      case 'gone':
        emit({ kind: 'gone', message: `${news.who} deleted or moved. What was read before is still shown.` });
        break;
      case 'back':
        emit({ kind: 'gone', message: null });
        break;
      case 'replaced': {
        const before = opened,
          was = location;
        ({ location } = news);
        const result = await open();
        if (!result.ok) location = was;
        // One that has just been begun is empty; what was there stays until there is something new to see.
        if (!result.ok) break;
        // A session of the old file must not take the place of the new one.
        await rereading;
        opened = result.capture;
        follower.reopened(result.capture, news.location);
        const next = sessionOf(result.capture);
        next.judgeLike(await session);
        next.isGrowing = true;
        session = Promise.resolve(next);
        speaking = next;
        emit({ kind: 'restarted', message: `${result.capture.file.name} ${news.how} and is read again from its beginning.` });
        await before?.close();
        await next.read(closing.signal);
        break;
      }
    }
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
// Without an export esbuild takes this file for CommonJS and puts every module it imports behind a function, which all programs would start slower for.
export {};
