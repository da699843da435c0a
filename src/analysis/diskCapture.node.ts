/**
 * One capture on disk for all who ask about it: its report from the cache where that is known, else read once, when something is asked that needs it, and read on where it
 * ended when the file grows.
 */
import { openCaptureFile } from './captureFile.node.ts';
import type { CaptureFile } from './captureFiles.ts';
import type { EngineMethods } from './engineApi.ts';
import { GrownFile } from './grownFile.node.ts';
import { hashFile, WORTH_A_THREAD } from './hashFile.node.ts';
import { judgedBy, judgementKey, type JudgedBy } from './judgedBy.node.ts';
import { KEPT_ROWS, limitReport } from './limitReport.ts';
import type { Report } from './report.ts';
import { placeOf, type FilePlace, type ReportCache } from './reportCache.node.ts';
import { CaptureSession } from './session.ts';

export interface DiskCaptureOptions {
  readonly version: string;
  readonly detectorOptions?: Readonly<Record<string, unknown>>;
  readonly cache: ReportCache | null;
  readonly onProgress?: (file: CaptureFile, bytesDone: number, bytesTotal: number) => void;
}

/** After so long without a byte it is taken as written. */
const QUIET_MS = 3000;

type Read = { readonly ok: true; readonly session: CaptureSession } | { readonly ok: false; readonly message: string };
type Ready = { readonly ok: true } | { readonly ok: false; readonly message: string };

interface Reading {
  readonly result: Promise<Read>;
  readonly controller: AbortController;
  close: () => Promise<void>;
}

export class DiskCapture {
  readonly #file: CaptureFile;
  readonly #options: DiskCaptureOptions;
  readonly #judged: JudgedBy;
  readonly #key: string;
  #ready: Promise<Ready> | null = null;
  /** As the file was before it was read. */
  #place: FilePlace | null = null;
  #known: Report | null = null;
  #reading: Reading | null = null;
  #session: CaptureSession | null = null;
  #isKept = false;
  #grown: GrownFile | null = null;
  #grewAtMs: number | null = null;
  #readingOn: Promise<unknown> = Promise.resolve();
  #keeping: Promise<void> = Promise.resolve();

  constructor(file: CaptureFile, options: DiskCaptureOptions) {
    this.#file = file;
    this.#options = options;
    this.#judged = judgedBy(file.location);
    this.#key = options.cache === null ? '' : judgementKey(this.#judged, options.detectorOptions);
  }

  /** Resolves when its report can be given; what is no capture says so. Everybody gets the same promise. */
  ready(): Promise<Ready> {
    return (this.#ready ??= this.#prepare());
  }

  /** True unless something is being read right now. */
  get isIdle(): boolean {
    return this.#session !== null || (this.#known !== null && this.#reading === null);
  }

  /** True while it is being written, as far as anybody can tell. */
  get isGrowing(): boolean {
    return this.#grewAtMs !== null;
  }

  /** Half a record at the end of a file that nobody writes any more is damage. */
  settle(): void {
    if (this.#grewAtMs === null || performance.now() - this.#grewAtMs < QUIET_MS) return;
    this.#grewAtMs = null;
    if (this.#session !== null) this.#session.isGrowing = false;
  }

  /**
   * Reads what has been appended to the file; false when it has to be read anew, or never was. One after the other. `seenBytes` is what it had when it was asked for last:
   * more may have been read already.
   */
  readOn(seenBytes: number): Promise<boolean> {
    const mine = this.#readingOn.then(() => this.#readOn(seenBytes)).catch(() => false);
    this.#readingOn = mine;
    return mine;
  }

  async call<M extends keyof EngineMethods>(method: M, params: EngineMethods[M][0], signal?: AbortSignal): Promise<EngineMethods[M][1]> {
    if (method === 'report') {
      const known = this.#fromCache(params as EngineMethods['report'][0]);
      if (known !== null) return known;
    }
    const reading = this.#read(),
      read = await unlessAborted(reading.result, signal);
    if (!read.ok) throw new Error(read.message);
    const handler = read.session.handlers[method] as (params: unknown, signal: AbortSignal) => Promise<EngineMethods[M][1]>;
    return handler(params, signal ?? reading.controller.signal);
  }

  /** Puts the report aside for the next time, once, after those who asked have their answers. */
  keep(): void {
    const { cache } = this.#options,
      place = this.#place,
      session = this.#session;
    if (cache === null || place === null || session === null || this.#isKept) return;
    this.#isKept = true;
    this.#keeping = this.#keep(cache, place, session).catch(() => undefined);
  }

  /** Stops reading, and waits until the report is put aside and the file closed. */
  async close(): Promise<void> {
    await this.#keeping;
    await this.#stopReading();
  }

  async #prepare(): Promise<Ready> {
    const { cache } = this.#options;
    if (cache === null) return this.#read().result;
    this.#place = await placeOf(this.#file.location);
    const place = this.#place;
    if (place === null) return this.#read().result;
    this.#known = await cache.atPlace(place, this.#key);
    if (this.#known !== null) return { ok: true };
    const mayBeElsewhere = await cache.mayHave(place.bytes),
      reading = this.#read();
    if (!mayBeElsewhere) return reading.result;
    // The first pass waits for nothing: whichever is sooner answers. A report that is found ends the reading, which is no answer then.
    const found = this.#findContent(cache, place, reading),
      { signal } = reading.controller;
    const read = reading.result.then(
      (result) => (signal.aborted ? found : result),
      (error: unknown) => {
        if (signal.aborted) return found;
        throw error;
      },
    );
    return Promise.race([read, found]);
  }

  /** The report of the same content, read at another place. Without one it takes as long as the reading. */
  async #findContent(cache: ReportCache, place: FilePlace, reading: Reading): Promise<Ready> {
    const sha256 = await hashFile(this.#file.location, reading.controller.signal, place.bytes).catch(() => null),
      found = sha256 === null ? null : await cache.ofContent(place, sha256, this.#key);
    if (found === null || this.#session !== null || reading.controller.signal.aborted || !(await this.#isUnchanged(place))) return reading.result;
    this.#known = { ...found, capture: { ...found.capture, file: this.#file.name } };
    await this.#stopReading();
    return { ok: true };
  }

  #fromCache({ selection, limit }: EngineMethods['report'][0]): Report | null {
    const isEverything = selection.filter.trim() === '' && selection.timeRange === null;
    return this.#known === null || !isEverything ? null : limitReport(this.#known, KEPT_ROWS, limit);
  }

  #read(): Reading {
    if (this.#reading !== null) return this.#reading;
    const controller = new AbortController(),
      reading: Reading = { controller, close: () => Promise.resolve(), result: this.#readWith(controller, (close) => (reading.close = close)) };
    this.#reading = reading;
    reading.result.catch(() => undefined);
    return reading;
  }

  async #readWith({ signal }: AbortController, opened: (close: () => Promise<void>) => void): Promise<Read> {
    const { version, detectorOptions, onProgress } = this.#options,
      file = this.#file;
    const result = await openCaptureFile({ kind: 'path', path: file.location }, { signal });
    if (!result.ok) return result;
    const { capture } = result;
    opened(() => capture.close());
    const grown = new GrownFile(file.location, capture);
    const session = new CaptureSession(capture.source, capture.format, capture.file, {
      version,
      ...(detectorOptions === undefined ? {} : { detectorOptions }),
      intel: this.#judged.intel,
      emit: (event) => {
        if (event.kind === 'progress') onProgress?.(file, event.progress.bytesDone, event.progress.bytesTotal);
      },
      // What is read of a compressed file are its contents.
      hash: (bytes) =>
        capture.file.compression !== null || (this.#grewAtMs === null && bytes >= WORTH_A_THREAD)
          ? hashFile(file.location, signal, bytes)
          : grown.sha256(bytes, signal),
    });
    await session.handlers.setAllowRules({ rules: this.#judged.allow }, signal);
    await Promise.all([session.read(signal), session.hash()]);
    await grown.wasRead();
    // What was ended on the way has read a part only.
    signal.throwIfAborted();
    this.#grown = grown;
    this.#session = session;
    return { ok: true, session };
  }

  async #readOn(seenBytes: number): Promise<boolean> {
    const reading = this.#reading,
      read = reading === null ? null : await reading.result,
      grown = this.#grown;
    if (reading === null || read?.ok !== true || grown === null || !(await grown.grew(seenBytes))) return false;
    const { signal } = reading.controller;
    this.#grewAtMs = performance.now();
    read.session.isGrowing = true;
    // Another file now, for the cache as for who knew its report.
    this.#place = this.#options.cache === null ? null : await placeOf(this.#file.location);
    this.#known = null;
    this.#isKept = false;
    await Promise.all([read.session.read(signal), read.session.hash()]);
    await grown.wasRead();
    return true;
  }

  async #stopReading(): Promise<void> {
    const reading = this.#reading;
    this.#reading = null;
    this.#session = null;
    this.#grown = null;
    if (reading === null) return;
    reading.controller.abort();
    await reading.result.catch(() => undefined);
    await reading.close();
  }

  async #keep(cache: ReportCache, place: FilePlace, session: CaptureSession): Promise<void> {
    const report = await session.handlers.report({ selection: { filter: '', timeRange: null }, limit: KEPT_ROWS }, new AbortController().signal);
    // A file that changed while it was read: nobody knows which of the two this is the report of.
    if (await this.#isUnchanged(place)) await cache.keep(place, this.#key, report);
  }

  async #isUnchanged(place: FilePlace): Promise<boolean> {
    return (await placeOf(this.#file.location))?.id === place.id;
  }
}

/** The result, or the reason of the abort if that comes first: one caller's turning away must not stop the others' reading. */
export function unlessAborted<T>(work: Promise<T>, signal: AbortSignal | undefined): Promise<T> {
  if (signal === undefined) return work;
  return new Promise((resolve, reject) => {
    const onAbort = (): void => reject(signal.reason instanceof Error ? signal.reason : new Error('cancelled'));
    if (signal.aborted) onAbort();
    else signal.addEventListener('abort', onAbort, { once: true });
    work.then(resolve, reject).finally(() => signal.removeEventListener('abort', onAbort));
  });
}
