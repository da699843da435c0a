/** A file as a ByteSource. Reads run in libuv's pool, so that the next block arrives while this one is analysed. */
import { constants, type Stats } from 'node:fs';
import { open, stat as statPath, type FileHandle } from 'node:fs/promises';
import type { ByteSource } from './byteSource.ts';
import { onDisk } from './diskName.node.ts';

class FileSource implements ByteSource {
  size: number;
  readonly #handle: FileHandle;

  constructor(handle: FileHandle, size: number) {
    this.#handle = handle;
    this.size = size;
  }

  async read(into: Uint8Array, offset: number, length: number, position: number): Promise<number> {
    let done = 0;
    while (done < length) {
      const { bytesRead } = await this.#handle.read(into, offset + done, length - done, position + done);
      if (bytesRead === 0) break;
      done += bytesRead;
    }
    return done;
  }

  async refresh(): Promise<number> {
    this.size = (await this.#handle.stat()).size;
    return this.size;
  }

  close(): Promise<void> {
    return this.#handle.close();
  }
}

/** Opens a regular file for reading; throws what the system says, and for directories and devices. */
export async function openFile(path: string): Promise<ByteSource> {
  // Looked at before it is opened: opening a FIFO waits for a writer, and opening a device can do things.
  refuseOthers(path, await statPath(onDisk(path)));
  const handle = await open(onDisk(path), constants.O_RDONLY | (constants.O_NONBLOCK ?? 0));
  try {
    const stat = await handle.stat();
    refuseOthers(path, stat);
    return new FileSource(handle, stat.size);
  } catch (error) {
    await handle.close();
    throw error;
  }
}

function refuseOthers(path: string, stat: Stats): void {
  if (!stat.isFile()) throw Object.assign(new Error(`${path} is not a regular file`), { code: stat.isDirectory() ? 'EISDIR' : 'ENOTFILE' });
}
