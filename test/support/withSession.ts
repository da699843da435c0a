/** A capture, file or bytes, as a session that has read all of it. */
import { openCaptureFile } from '../../src/analysis/captureFile.node.ts';
import { CaptureSession } from '../../src/analysis/session.ts';

export async function withSession<T>(capture: string | Uint8Array, use: (session: CaptureSession) => Promise<T>): Promise<T> {
  const opened = await openCaptureFile(
    typeof capture === 'string' ? { kind: 'path', path: capture } : { kind: 'bytes', name: 'built.pcap', bytes: capture },
  );
  if (!opened.ok) throw new Error(opened.message);
  try {
    const session = new CaptureSession(opened.capture.source, opened.capture.format, opened.capture.file, { version: 'test', emit: () => undefined });
    await session.read();
    return await use(session);
  } finally {
    await opened.capture.close();
  }
}
