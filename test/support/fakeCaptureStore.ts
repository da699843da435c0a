/** Captures in memory, for tools: each is built by a test. */
import { bufferSource } from '../../src/pcap/byteSource.ts';
import { sniffBytes } from '../../src/pcap/openCapture.ts';
import { newestFirst, type CaptureFile } from '../../src/analysis/captureFiles.ts';
import { resolveAmong, type CaptureStore, type Listed, type Opened } from '../../src/analysis/captureStore.ts';
import { CaptureSession } from '../../src/analysis/session.ts';

export class FakeCaptureStore implements CaptureStore {
  /** Captures given out and not given back. */
  givenOut = 0;
  readonly #captures: ReadonlyMap<string, Uint8Array>;

  constructor(captures: Readonly<Record<string, Uint8Array>>) {
    this.#captures = new Map(Object.entries(captures));
  }

  list(): Promise<Listed> {
    const files = [...this.#captures].map(([name, bytes], i) => ({
      location: name,
      name,
      bytes: bytes.length,
      modifiedMs: 1_700_000_000_000 + i * 1000,
    }));
    return Promise.resolve({ ok: true, files: newestFirst(files) });
  }

  async resolve(which: string): Promise<Listed> {
    const listed = await this.list();
    return listed.ok ? resolveAmong(listed.files, which, 'the test') : listed;
  }

  async open(file: CaptureFile): Promise<Opened> {
    const bytes = this.#captures.get(file.location)!,
      found = sniffBytes(bytes);
    if (found.kind !== 'capture') return { ok: false, message: `${file.name} is not a packet capture.` };
    const session = new CaptureSession(
      bufferSource(bytes),
      found.format,
      { name: file.name, fileBytes: bytes.length, format: found.format.id, compression: null, sha256: null, inflateStopped: null },
      { version: 'test', emit: () => undefined },
    );
    await session.read();
    this.givenOut++;
    return {
      ok: true,
      capture: {
        call: (method, params, signal) =>
          Promise.resolve(
            (session.handlers[method] as (params: unknown, signal: AbortSignal) => never)(params, signal ?? new AbortController().signal),
          ),
        release: () => {
          this.givenOut--;
        },
      },
    };
  }
}
